"""A release is built, summed, signed and tagged, or refused with the reason.

Run in a repository of its own, a copy of this checkout whose changelog is ready.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = version("agent-memory")
TAG = f"v{VERSION}"
NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", ".bench", "__pycache__", "dist")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout, committed, with nothing unreleased; beside it an SSH key."""
    if shutil.which("git") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("needs git and ssh-keygen")
    folder = tmp_path_factory.mktemp("release")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    copy = folder / "checkout"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=NOT_COPIED)
    changelog = copy / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    ready = re.sub(r"(?<=^## Unreleased\n).*?(?=^## )", "\n", text, count=1, flags=re.MULTILINE | re.DOTALL)
    changelog.write_text(ready, encoding="utf-8")
    git(copy, "init", "--quiet")
    commit(copy, "Release")
    return copy


def test_a_dry_run_builds_all_and_signs_nothing(checkout: Path) -> None:
    """Source, wheel and bill of materials, with their sums; the same commit gives the same bytes again."""
    first = release(checkout, "--dry-run")
    written = contents(checkout)
    again = release(checkout, "--dry-run")

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "not ready" not in first.stderr
    built = {f"agent_memory-{VERSION}.tar.gz", f"agent_memory-{VERSION}-py3-none-any.whl", "sbom.cdx.json"}
    names = {*built, "provenance.json"}
    assert written.keys() == {*names, "SHA256SUMS"}
    sums = {name: digest for digest, name in map(str.split, written["SHA256SUMS"].decode().splitlines())}
    assert sums == {name: hashlib.sha256(written[name]).hexdigest() for name in names}
    assert contents(checkout) == written
    assert git(checkout, "tag") == ""


def test_an_attestation_says_what_the_files_were_built_from(checkout: Path) -> None:
    """Each file with its hash, the commit and the lock; the signed sums hold the attestation's own hash."""
    release(checkout, "--dry-run")
    written = contents(checkout)
    attested = json.loads(written["provenance.json"])

    subjects = {each["name"]: each["digest"]["sha256"] for each in attested["subject"]}
    files = written.keys() - {"provenance.json", "SHA256SUMS"}
    assert subjects == {name: hashlib.sha256(written[name]).hexdigest() for name in files}
    source, lock = attested["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source["digest"] == {"gitCommit": git(checkout, "rev-parse", "HEAD").strip()}
    assert lock["digest"] == {"sha256": hashlib.sha256((checkout / "requirements.lock").read_bytes()).hexdigest()}


def test_the_bill_of_materials_names_every_pin_and_who_asked_for_it(checkout: Path) -> None:
    """All of requirements.lock; what only builds the wheel is marked, and each dependency leads to a component."""
    release(checkout, "--dry-run")
    bill = json.loads(contents(checkout)["sbom.cdx.json"])

    components = {each["purl"]: each for each in bill["components"]}
    pins = re.findall(r"^([\w.-]+)==(\S+)", (checkout / "requirements.lock").read_text(), re.MULTILINE)
    assert components.keys() == {f"pkg:pypi/{name}@{at}" for name, at in pins}
    scopes = {each["name"]: each["scope"] for each in components.values()}
    assert (scopes["hatchling"], scopes["grpcio"], scopes["pygments"]) == ("excluded", "required", "required")
    edges = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    root = bill["metadata"]["component"]
    assert root["purl"] == f"pkg:pypi/agent-memory@{VERSION}"
    assert edges.keys() == {*components, root["purl"]}
    assert {ref for refs in edges.values() for ref in refs} <= components.keys()
    assert {components[ref]["name"] for ref in edges[root["purl"]]} >= {"click", "grpcio", "rich", "rocksdict"}


def test_a_formula_installs_the_source_and_what_the_lock_pins(checkout: Path, tmp_path: Path) -> None:
    """Its hash is the source's, in which are the lock that it installs by and the man pages; Ruby can read it."""
    assert release(checkout, "--dry-run", "--from", "https://example.org/0/").returncode == 0
    written = contents(checkout)
    formula = written["agent-memory.rb"].decode()

    source = f"agent_memory-{VERSION}.tar.gz"
    assert f'url "https://example.org/0/{source}"' in formula
    assert f'sha256 "{hashlib.sha256(written[source]).hexdigest()}"' in formula
    assert "@" not in formula.replace("python@", "")
    assert (
        f"{hashlib.sha256(written['agent-memory.rb']).hexdigest()}  agent-memory.rb" in written["SHA256SUMS"].decode()
    )
    with tarfile.open(checkout / "dist" / VERSION / source) as unpacked:
        unpacked.extractall(tmp_path, filter="data")
    folder = tmp_path / f"agent_memory-{VERSION}"
    lock = (folder / "requirements.lock").read_bytes()
    assert lock == (checkout / "requirements.lock").read_bytes()
    assert b"\nhatchling==" in lock  # it builds the package, for which the formula gets nothing else
    assert list(folder.glob("ops/man/memory-daemon*.1"))
    if shutil.which("ruby"):
        subprocess.run(["ruby", "-c", "-"], input=formula.encode(), check=True)


@pytest.mark.drill
@pytest.mark.timeout(1200)
def test_a_file_that_runs_by_itself_serves_in_a_fresh_home(checkout: Path, tmp_path: Path) -> None:
    """Made from the wheel and the lock; from anywhere, without an environment, it starts, stores, answers and stops."""
    made = release(checkout, "--dry-run", "--pex")
    assert made.returncode == 0, made.stderr
    (file,) = (checkout / "dist" / VERSION).glob("*.pex")
    assert f"  {file.name}" in (checkout / "dist" / VERSION / "SHA256SUMS").read_text()
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("MEMORY_", "XDG_", "PYTHON", "PEX"))
    }
    with tempfile.TemporaryDirectory(prefix="am-") as home:  # short: sockets are below it

        def run(*words: str) -> str:
            done = subprocess.run([file, *words], env={**own, "HOME": home}, cwd=home, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        assert run("--version") == f"memory-daemon {VERSION}\n"
        run("start", "--port", str(port))
        try:
            assert run("note", "The heron sleeps in the third willow") == "Noted.\n"
            assert "third willow" in run("query", "events")
            run("hooks", "install", "codex")
            run("mcp", "install", "codex")
            assert "the server answers" in run("mcp", "test", "codex")
        finally:
            run("stop")
        hooks = (Path(home) / ".codex" / "hooks.json").read_text()
        assert f"{home}/.local/share/agent-memory-program/" in hooks


@pytest.mark.parametrize(
    ("file", "changed", "reason"),
    [
        (
            "CHANGELOG.md",
            ("## Unreleased\n", "## Unreleased\n\n- A change.\n"),
            'has changes under "Unreleased"',
        ),
        ("CHANGELOG.md", (f"## {VERSION} -", "## 99.0.0 -"), "newest version is 99.0.0"),
        ("README.md", ("a", "b"), "there are changes that are not committed"),
    ],
)
def test_what_is_not_ready_is_refused(checkout: Path, file: str, changed: tuple[str, str], reason: str) -> None:
    """The reason is printed, and nothing is built."""
    shutil.rmtree(checkout / "dist", ignore_errors=True)
    path = checkout / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(*changed, 1), encoding="utf-8")
    try:
        refused = release(checkout, "--key", str(checkout.parent / "key"))
    finally:
        path.write_text(text, encoding="utf-8")

    assert refused.returncode == 1
    assert re.search(rf"^not ready: .*{re.escape(reason)}", refused.stderr, re.MULTILINE)
    assert not (checkout / "dist").exists()
    assert git(checkout, "tag") == ""


def test_a_release_is_signed_and_tagged(checkout: Path, tmp_path: Path) -> None:
    """The sums and the tag with the maintainer's key; once more does no harm, and another commit is refused."""
    repository = tmp_path / "checkout"
    shutil.copytree(checkout, repository, symlinks=True)
    key = checkout.parent / "key"
    signers = tmp_path / "allowed_signers"
    signers.write_text(f"maintainer {key.with_suffix('.pub').read_text()}")

    done = release(repository, "--key", str(key))

    assert done.returncode == 0, done.stderr
    folder = repository / "dist" / VERSION
    verify = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "maintainer", "-n", "file"]
    with (folder / "SHA256SUMS").open() as sums:
        subprocess.run([*verify, "-s", str(folder / "SHA256SUMS.sig")], stdin=sums, check=True)
    git(repository, "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-tag", TAG)
    assert git(repository, "rev-list", "-1", TAG) == git(repository, "rev-parse", "HEAD")
    assert release(repository, "--key", str(key)).returncode == 0

    commit(repository, "A change after the release", "--allow-empty")
    assert f"the tag {TAG} is at another commit" in release(repository, "--key", str(key)).stderr


def release(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "ops" / "release.py"), *arguments]
    return subprocess.run(command, env=environment(), capture_output=True, text=True)


def contents(checkout: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (checkout / "dist" / VERSION).iterdir()}


def commit(repository: Path, subject: str, *options: str) -> None:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", subject, *options)


def git(repository: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    result = subprocess.run(command, cwd=repository, env=environment(), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def environment() -> dict[str, str]:
    """Nobody's git settings and a name to commit under."""
    who = {f"GIT_{role}_{part}": "dev@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    return {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
