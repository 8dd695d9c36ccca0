"""Build, check, sign and tag a release.

    .venv/bin/python ops/release.py --key ~/.ssh/id_ed25519
    .venv/bin/python ops/release.py --dry-run

Writes to dist/VERSION/: the source and the wheel, a bill of materials (sbom.cdx.json), an attestation of what they were
built from (provenance.json), SHA256SUMS of all of it and its signature, SHA256SUMS.sig. With --pex, which needs the
package index, also a file that runs by itself on this platform; with --from URL, the address at which all of it will
be, a formula for Homebrew. Then tags the commit vVERSION, signed with the same SSH key. Uploads nothing.

VERSION is pyproject.toml's. It must be the newest in CHANGELOG.md, with nothing left under "Unreleased"; every change
must be committed. A dry run only prints what is missing of that, builds all the same, and neither signs nor tags.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pex
from provenance import statement
from sbom import bill_of_materials

ROOT = Path(__file__).resolve().parent.parent
NAME = "agent-memory"
SUMS = "SHA256SUMS"
NAMESPACE = "file"  # what OpenSSH's manual recommends for signatures of files


def main() -> None:
    parser = argparse.ArgumentParser(description="Build, check, sign and tag a release.")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--key", type=Path, help="the SSH key to sign with; a .pub file if an agent holds the other half")
    how.add_argument("--dry-run", action="store_true", help="build and check, but neither sign nor tag")
    parser.add_argument("--pex", action="store_true", help="make a file that runs by itself on this platform, too")
    parser.add_argument("--from", dest="address", metavar="URL", help="where the files will be; writes a formula")
    arguments = parser.parse_args()

    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    missing = what_is_missing(version)
    for each in missing:
        print(f"not ready: {each}", file=sys.stderr)
    if missing and not arguments.dry_run:
        raise SystemExit(1)
    folder = build(version)
    if arguments.pex:
        pex.make(NAME, version, next(folder.glob("*.whl")), ROOT / "requirements.lock")
    if arguments.address:
        formula = (ROOT / "ops" / "homebrew" / f"{NAME}.rb").read_text(encoding="utf-8")
        source = next(folder.glob("*.tar.gz"))
        (folder / f"{NAME}.rb").write_text(formula_of(formula, source, arguments.address), encoding="utf-8")
    attest(folder, version)
    sum_up(folder)
    if arguments.key:
        key = arguments.key.expanduser().resolve()
        sign(folder / SUMS, key)
        tag(version, key)
    for path in sorted(folder.iterdir()):
        print(path.relative_to(ROOT))


def what_is_missing(version: str) -> list[str]:
    """Why `version` can't be released from this checkout; empty if it can."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## (\d\S*) - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    unreleased = re.search(r"^## Unreleased\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    tagged = git("tag", "--list", f"v{version}") and git("rev-list", "-1", f"v{version}")
    reasons = {
        f"CHANGELOG.md's newest version is {next(iter(released), None)}, pyproject.toml's {version}": (
            released[:1] != [version]
        ),
        'CHANGELOG.md has changes under "Unreleased"': unreleased is not None and unreleased[1].strip(),
        "there are changes that are not committed": git("status", "--porcelain"),
        f"the tag v{version} is at another commit": tagged and tagged != git("rev-parse", "HEAD"),
    }
    return [reason for reason, applies in reasons.items() if applies]


def build(version: str) -> Path:
    """Make dist/VERSION/ from nothing; the same commit gives the same bytes. Raises SystemExit if it can't be built."""
    folder = ROOT / "dist" / version
    shutil.rmtree(folder, ignore_errors=True)
    committed_s = git("log", "-1", "--format=%ct")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": committed_s}
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, environment=environment)

    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    bill = bill_of_materials(NAME, version, lock, int(committed_s))
    (folder / "sbom.cdx.json").write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    return folder


def formula_of(formula: str, source: Path, address: str) -> str:
    """The formula with the source's address below `address` and its hash."""
    values = {"HOMEPAGE": address, "URL": f"{address.rstrip('/')}/{source.name}", "SHA256": digest(source)}
    for name, value in values.items():
        formula = formula.replace(f'"@{name}@"', json.dumps(value))
    return formula


def attest(folder: Path, version: str) -> None:
    """Write what all that is in the folder was built from."""
    digests = {path.name: digest(path) for path in folder.iterdir()}
    made = statement(version, digests, git("rev-parse", "HEAD"), digest(ROOT / "requirements.lock"))
    (folder / "provenance.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def sum_up(folder: Path) -> None:
    """Write the hashes of all that is in the folder."""
    sums = [f"{digest(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sign(path: Path, key: Path) -> None:
    """Write `path`.sig, and check that it fits."""
    run("ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", NAMESPACE, path)
    check = ["ssh-keygen", "-q", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", f"{path}.sig"]
    subprocess.run(check, input=path.read_bytes(), check=True)


def tag(version: str, key: Path) -> None:
    """Tag the commit, if a release that was interrupted has not done so."""
    if git("tag", "--list", f"v{version}"):
        return
    settings = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"]
    run("git", *settings, "tag", "--sign", "--message", f"{NAME} {version}", f"v{version}")
    print(f"Tagged v{version}. To publish it: git push origin v{version}, and upload what dist/{version}/ holds.")


def git(*arguments: str) -> str:
    """What git prints, without the last newline."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def run(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    """Run it here, with its own words on standard error; raises SystemExit when it fails."""
    if subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr).returncode != 0:
        raise SystemExit(f"{command[0]} failed; its message stands above")


if __name__ == "__main__":
    main()
