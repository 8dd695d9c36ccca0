"""What is ignored is what git ignores: the same rules and paths are put before both."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_memory.capture.privacy import gitignore
from agent_memory.capture.privacy.ignore import Rule, RuleSet, rules

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git to compare with")

PLAIN = ["a", "b", "ab", "abc", "a.b", "x", "*", "?", "**", "[ab]"]
# Whatever has a meaning somewhere: to git, to a regular expression, to a shell.
ODD = [
    *("[!a]", "[^a]", "[a-c]", "[]a]", "[!]a]", "[a-]", "[-a]", "[b-a]", "[a/b]", "[*]", "[!-a]", "[+-9]", "[\\]]"),
    *("[[:alpha:]]", "[![:digit:]]", "[[:punct:]x]", "[[:none:]]", "[[:a]", "[", "]", "[!]", "[]", "[a", "[^"),
    *("\\*", "\\?", "\\[", "\\a", "\\!", "\\#", "\\/", "\\ ", "\\\\", "\\", "***", "**\\/", "!", "#", " ", "  ", "\t"),
    *("é", "日", "\xa0", "-", "{", "}", ".", "..", "$", "^", "(", ")", "+", "|", ",", "~", "A", "//", "&&", "--"),
]
NAMES = [
    *("a", "b", "ab", "abc", "a.b", "x", "axb", "ba", "a*b", "*", "?", "[", "]", "[a]", "!", "!a", "#", "#a", "\\"),
    *("a\\", "é", "日", "à", "\xa0", "A", "-", "+", "9", "{", "(a)", "a|b", "^a", "$", " ", "a ", "a b", "\t", "a\tb"),
    *("..a", ".x", "~", "&", ",", "_", "a\nb"),
]
# These lines mean more to us than to git.
OURS = ("/", ".", "./")


@dataclass(frozen=True, slots=True)
class Case:
    """The lines of two files, the second in the folder `a`, and the paths to decide about."""

    outer: list[str]
    inner: list[str]
    files: list[str]
    folders: list[str]


def case(chance: random.Random, paths: int) -> Case:
    found = sorted({_path(chance) for _ in range(paths)})
    folders = [path for path in found if chance.random() < 0.5 or path == "a"]
    # What has something in it is no file.
    files = [path for path in found if not any(f"{folder}/".startswith(f"{path}/") for folder in folders)]
    return Case(_lines(chance, 4), _lines(chance, 2) if chance.random() < 0.3 else [], files, folders)


def _lines(chance: random.Random, most: int) -> list[str]:
    lines = [_line(chance) for _ in range(chance.randint(1, most))]
    return [line for line in lines if line.removeprefix("!").strip(" \r") not in OURS]


def _line(chance: random.Random) -> str:
    line = "/".join(_name(chance, PLAIN, ODD) for _ in range(chance.choice([1, 1, 1, 2, 2, 3])))
    begin = chance.choice(["", "", "", "", "/", "!", "!", "!/"])
    end = chance.choice(["", "", "", "", "", "/", "/", "/**", "**", "/*", " ", "\\ ", "  ", "\r"])
    return begin + line + end


def _path(chance: random.Random) -> str:
    return "/".join(chance.choice(NAMES[:6] if chance.random() < 0.6 else NAMES) for _ in range(chance.randint(1, 4)))


def _name(chance: random.Random, usual: list[str], odd: list[str]) -> str:
    return "".join(chance.choice(usual if chance.random() < 0.6 else odd) for _ in range(chance.randint(1, 3)))


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository, which tells of the files in a folder beside it what git would ignore there."""

    folder: Path

    def ignored(self, case: Case) -> set[str]:
        """Those of the case's paths that git ignores."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        for folder in ["a", *case.folders]:
            (work / folder).mkdir(parents=True, exist_ok=True)
        for place, lines in ((work, case.outer), (work / "a", case.inner)):
            (place / ".gitignore").write_bytes("".join(f"{line}\n" for line in lines).encode())
        result = subprocess.run(
            ["git", f"--git-dir={self.folder / 'git'}", "--work-tree=.", *CHECK],
            cwd=work,
            env=ENVIRONMENT,
            input="\0".join(f"./{path}" for path in [*case.files, *case.folders]).encode(),
            capture_output=True,
        )
        assert result.returncode in (0, 1), result.stderr
        return {path.removeprefix("./") for path in result.stdout.decode().split("\0") if path}


CHECK = ["check-ignore", "--no-index", "--stdin", "-z"]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder = tmp_path_factory.mktemp("ignored")
    subprocess.run(["git", "init", "--quiet", "--bare", folder / "git"], check=True, env=ENVIRONMENT)
    return Repository(folder)


def differences(repository: Repository, case: Case) -> Iterator[str]:
    """What only one of us ignores."""
    by_git = repository.ignored(case)
    found = RuleSet([*rules(case.outer, "/base"), *rules(case.inner, "/base/a")])
    for path in case.files:
        if found.ignores([], [f"/base/{path}"], "") != (path in by_git):
            yield f"{case.outer} {case.inner} {path!r}: git says {path in by_git}"
    for path in case.folders:
        # Of the folder that a file with rules stands in, git has nothing to say.
        if path != "a" and found.ignores([f"/base/{path}"], [], "") != (path in by_git):
            yield f"{case.outer} {case.inner} {path!r}/: git says {path in by_git}"


@needs_git
@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_git_ignores_the_same(repository: Repository, chance: random.Random) -> None:
    assert list(differences(repository, case(chance, 20))) == []


@needs_git
@pytest.mark.drill
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
def test_git_ignores_the_same_in_many_thousand_cases(repository: Repository, seed: int) -> None:
    """Sixteen thousand decisions a seed."""
    chance = random.Random(seed)
    different: list[str] = []
    decided = 0

    while decided < 16_000:
        each = case(chance, 20)
        different += differences(repository, each)
        decided += len(each.files) + len(each.folders)

    assert different == []


@given(st.text())
def test_no_line_is_too_odd_to_be_read(line: str) -> None:
    """Whatever stands in a file: it makes no rule, or one that can be asked."""
    found = RuleSet(rules([line, f"a/{line}", f"[{line}"], "/base"))

    assert found.ignores([f"/base/{line}"], [f"/base/a/{line}"], line) in (True, False)


def test_a_path_is_compared_in_a_time_that_grows_with_it_and_no_faster() -> None:
    """A file from a stranger keeps nobody busy: with backtracking, this would take longer than there is time."""
    (rule,) = rules(["*a" * 200 + "b"], "/")

    assert not rule.matches("a" * 250, is_folder=False)


@pytest.mark.parametrize("line", ["x" * 5000, "[" + "a" * 5000 + "]", "[!a]" * 2000])
def test_a_line_that_is_too_long_to_be_read_hides_too_much_rather_than_too_little(line: str) -> None:
    assert RuleSet(rules([line], "/base")).ignores(["/base/a"], [], "")
    assert not RuleSet(rules([f"!{line}"], "/base")).ignores(["/base/a"], [], "")
    assert RuleSet(rules(["a", f"!{line}"], "/base")).ignores(["/base/a"], [], "")


@given(st.text(st.characters(exclude_characters="/\n\0", exclude_categories=["Cs"]), min_size=1))
def test_an_escaped_path_is_the_pattern_for_itself(name: str) -> None:
    pattern = gitignore.compiled(f"/{gitignore.escaped(name)}")

    assert pattern is not None
    assert pattern.matches(gitignore.bytewise(name), is_folder=False)
    assert not pattern.matches(gitignore.bytewise(f"{name}x"), is_folder=False)


def test_a_rule_of_a_tool_means_no_path() -> None:
    assert not Rule(ignores=True, tool="a").matches("/a", is_folder=False)
