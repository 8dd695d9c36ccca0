"""How much of what is no secret is taken for one: in what real tools print on this machine, and in real source trees.

    python tests/bench/precision.py [--show] [--megabytes N] [KIND=PATH ...]

Runs the tools that are on PATH (compilers, test runners, linters, package managers, git, manual pages), looks at what
they print as events of 8 kB, and at trees of sources that are installed with them. By kind of text: its size, how many
texts are left as they are or lose nothing but what a manual shows as a password, and what is taken out of a megabyte.
`--show` prints each. KIND=PATH adds a file or a folder of your own.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.redaction.prefilter import may_contain_secret
from bench.redaction import Recording

ROOT: Final = Path(__file__).resolve().parents[2]
SCRIPTS: Final = sysconfig.get_path("scripts")
EVENT_BYTES: Final = 8000
TIMEOUT_S: Final = 240
FILE_MAX_BYTES: Final = 2_000_000
# Our own tests and rules hold made-up secrets, which are to be found.
WITHOUT_SAMPLES: Final = (
    "--ignore=tests/unit/test_redaction.py --ignore=tests/unit/test_redaction_nearby.py "
    "--ignore=tests/unit/test_value_ends.py --ignore=tests/unit/test_material.py --ignore=tests/unit/test_erasing.py"
)
OTHER_FILES: Final = "'*' ':!tests' ':!shared/agent_memory/redaction' ':!docs'"
# Manuals and examples show these as a password, or as the hash of one.
SHOWN: Final = frozenset(
    (
        "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d",
        *("secr3t", "examplePa$$w0rd", "p@ssw0rd", "P@ssw0rd", "bobwillknow", "carolknows", "CgcOo0m9oW", "1234"),
    )
)
# What prints much about tokens, keys and passwords, or looks like them.
COMMANDS: Final = {
    "pytest": f"{SCRIPTS}/pytest -v --no-header tests/unit/test_settings.py tests/unit/test_private.py",
    "pytest names": f"{SCRIPTS}/pytest --collect-only -q tests/unit {WITHOUT_SAMPLES}",
    "ruff": f"{SCRIPTS}/ruff check --select ALL --output-format full shared",
    "mypy": f"{SCRIPTS}/mypy --strict --pretty --no-incremental tests/support",
    "pip": f"{sys.executable} -m pip list -v; {sys.executable} -m pip inspect",
    "go test": "go test -v net/url net/http/cookiejar crypto/x509 encoding/base64 text/template",
    "go doc": "go doc -all net/http; go doc -all crypto/tls; go env",
    "cargo": "cargo --help; cargo help login; cargo help publish; rustc --explain E0308",
    "gcc": "printf 'struct a{char*password;};int f(struct a*a,char*b){a->pasword=b;return key2;}' | gcc -Wall -x c -",
    "javac": "printf 'class A{String password=5;int token(){return key2;}}' > A.java; javac A.java",
    "mvn": "mvn --version; mvn -B -X help:help",
    "node": "node --help; node --v8-options; npm help; npm help token; npm ls -g --all",
    "git log": f"git -C {ROOT} log -p -40 -- {OTHER_FILES}",
    "git log, coloured": f"git -C {ROOT} log -p -20 --color=always -- {OTHER_FILES}",
    "git stat": f"git -C {ROOT} log --stat -200",
    "kubectl": "kubectl --help; kubectl create secret --help; kubectl config --help; kubectl options",
    "docker": "docker --help; docker login --help; docker run --help",
    "terraform": "terraform --help; terraform login -help",
    "man": "for p in curl openssl ssh git-credential gpg passwd shadow psql bash; do man $p | col -b; done",
    "openssl": "openssl help; openssl req -help; openssl list -all-algorithms",
    "ls": "ls -laR /usr/lib /etc",
    "ps": "ps auxww; df -h; mount",
    "sums": f"sha256sum {ROOT}/shared/agent_memory/*.py; md5sum {ROOT}/shared/agent_memory/*.py",
}
TREES: Final = {
    "our sources": ROOT / "services",
    "site-packages": Path(sysconfig.get_path("purelib")),
    "standard library": Path(sysconfig.get_path("stdlib")),
    "Go's sources": Path("/usr/local/go/src"),
    "node_modules": Path("/usr/lib/node_modules"),
    "cargo's sources": Path.home() / ".cargo" / "registry" / "src",
    "Go's modules": Path.home() / "go" / "pkg" / "mod",
    "documents": Path("/usr/share/doc"),
}


def main(*, show: bool, max_bytes: int, own: Sequence[str]) -> None:
    print(
        f"{'kind of text':22} {'MB':>6} {'texts':>6} {'left alone':>11} {'wrong':>6} {'shown':>6} {'a MB':>7} "
        f"{'ms a MB':>8}  kinds"
    )
    with tempfile.TemporaryDirectory() as folder:
        for kind, command in COMMANDS.items():
            if shutil.which(command.split()[0]) or command.startswith(("printf", "for")):
                # The tools' own failures are texts like others.
                run = subprocess.run(
                    ["bash", "-c", command],
                    cwd=ROOT if SCRIPTS in command else folder,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    timeout=TIMEOUT_S,
                    check=False,
                )
                measure(kind, [run.stdout[:max_bytes]], show=show)
        for kind, tree in TREES.items():
            measure(kind, contents(tree, max_bytes), show=show)
        for kind, _, path in (each.partition("=") for each in own):
            measure(kind, contents(Path(path), max_bytes), show=show)


def contents(path: Path, max_bytes: int) -> Iterator[bytes]:
    """The files of a tree, in an order that is always the same and mixes its folders."""
    paths = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    random.Random(1).shuffle(paths)
    size = 0
    for each in paths:
        try:
            content = each.read_bytes() if each.stat().st_size < FILE_MAX_BYTES else b""
        except OSError:
            continue
        if b"\0" not in content[:4000]:
            yield content
            size += len(content)
        if size > max_bytes:
            return


def measure(kind: str, found: Sequence[bytes] | Iterator[bytes], *, show: bool) -> None:
    """Print a line for that kind of text, and with `show` one for each part that was taken out."""
    size = texts = alone = shown = 0
    seconds = 0.0
    kinds: Counter[str] = Counter()
    lines: list[str] = []
    for content in found:
        for text in events(content.decode("utf-8", "replace")):
            recording = Recording()
            started = time.process_time()
            if may_contain_secret(text.encode()):
                recording.redact(text)
            seconds += time.process_time() - started
            size += len(text)
            texts += 1
            wrong = [part for _, part in recording.taken if part not in SHOWN]
            alone += not wrong
            shown += len(recording.taken) - len(wrong)
            kinds.update(kind for kind, _ in recording.taken)
            lines += [f"    {name}: {part[:80]!r} in {around(text, part)!r}" for name, part in recording.taken]
    if texts:
        taken = kinds.total()
        megabytes = size / 1e6
        print(
            f"{kind:22} {megabytes:6.2f} {texts:6} {alone / texts:11.4f} {taken - shown:6} {shown:6} "
            f"{taken / megabytes:7.2f} {seconds / megabytes * 1000:8.0f}  {dict(kinds) or ''}",
            flush=True,
        )
    if show and lines:
        print(*lines, sep="\n")


def events(text: str) -> Iterator[str]:
    """The text in parts of some kilobytes that end with a line, as tools' results are stored."""
    part: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        part.append(line)
        size += len(line)
        if size >= EVENT_BYTES:
            yield "".join(part)
            part, size = [], 0
    if part:
        yield "".join(part)


def around(text: str, part: str) -> str:
    place = text.find(part)
    return text[max(0, place - 60) : place + 100] if place >= 0 else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--megabytes", type=float, default=2.0)
    parser.add_argument("own", nargs="*", metavar="KIND=PATH")
    arguments = parser.parse_args()
    main(show=arguments.show, max_bytes=int(arguments.megabytes * 1e6), own=arguments.own)
