"""What is to be ignored: rules as in a `.gitignore`, for folders, files and tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_memory.capture.privacy.ignore import Ignoring, RuleSet, publish, rules

BASE = "/home/dev/app"


@pytest.mark.parametrize(
    ("line", "ignored", "not_ignored"),
    [
        ("*.pem", ["key.pem", "a/b/key.pem"], ["key.pem.txt", "pem"]),
        ("secrets/", ["secrets/a", "x/secrets/a/b"], ["secrets", "secret/a"]),
        ("/build", ["build", "build/x"], ["a/build"]),
        ("a/b", ["a/b", "a/b/c"], ["x/a/b", "a/c"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["a/zz"]),
        ("**/logs", ["logs/a", "x/logs"], ["logs2"]),
        ("docs/*.md", ["docs/a.md"], ["docs/x/a.md"]),
        ("file?.[ch]", ["file1.c", "x/file2.h"], ["file.c", "file1.o"]),
        ("[!a]bc", ["xbc"], ["abc"]),
        ("# a comment", [], ["# a comment", "a comment"]),
        ("\\#hash", ["#hash"], ["hash"]),
        ("*", ["a", "a/b"], []),
        ("\\*", ["*", "a/*"], ["a", "a/b"]),
        ("secret\\ ", ["secret ", "secret /a"], ["secret", "secret\\ "]),
        ("a**b", ["ab", "axb", "x/axb"], ["a/b", "a/x/b"]),
        ("[a/b]", ["a", "b/x"], ["x/a", "[a/b]"]),
        ("[[:digit:]]*", ["1", "x/1a"], ["a1", "[:digit:]"]),
        ("[!a]x", ["bx"], ["ax", "b/x"]),
        ("  a", ["  a"], ["a"]),
        ("a  ", ["a"], ["a  "]),
        ("a\r", ["a"], ["a\r"]),
        ("[a", [], ["a", "[a"]),
        ("a\\", [], ["a", "a\\"]),
        ("tool:Bash", [], ["tool:Bash", "Bash"]),
    ],
)
def test_a_line_means_what_it_means_to_git(line: str, ignored: list[str], not_ignored: list[str]) -> None:
    found = RuleSet(rules([line], BASE))

    verdicts = {path: found.ignores([], [f"{BASE}/{path}"], "") for path in [*ignored, *not_ignored]}

    assert verdicts == {**dict.fromkeys(ignored, True), **dict.fromkeys(not_ignored, False)}
    assert not found.ignores(["/elsewhere"], ["/elsewhere/key.pem", f"{BASE}s/key.pem"], "")


def test_the_last_line_that_matches_decides() -> None:
    found = RuleSet(rules(["*.env", "!example.env"], BASE))

    assert found.ignores([], [f"{BASE}/prod.env"], "")
    assert not found.ignores([], [f"{BASE}/example.env"], "")
    assert found.ignores([], [f"{BASE}/example.env", f"{BASE}/prod.env"], "")


def test_nothing_brings_back_what_lies_in_a_folder_that_is_ignored() -> None:
    """As with git: what is to be taken back must be the folder itself."""
    assert RuleSet(rules(["secret/", "!secret/open"], BASE)).ignores([], [f"{BASE}/secret/open"], "")
    assert not RuleSet(rules(["secret/*", "!secret/open"], BASE)).ignores([], [f"{BASE}/secret/open"], "")
    assert not RuleSet(rules(["*", "!docs/", "!docs/**"], BASE)).ignores([f"{BASE}/docs"], [f"{BASE}/docs/a"], "")


def test_a_path_is_the_same_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / ".memoryignore").write_bytes(b"\xef\xbb\xbfsecret/\n")
    ignoring = Ignoring([])

    for folder in (f"/{tmp_path}/secret", f"{tmp_path}/x/..//secret/", f"{tmp_path}/./secret/."):
        assert ignoring.ignores([folder], [], ""), folder


def test_rules_of_an_inner_folder_hold_whichever_folder_is_named_first(tmp_path: Path) -> None:
    (tmp_path / ".memoryignore").write_text("*.key\n")
    inner, other = tmp_path / "inner", tmp_path / "other"
    inner.mkdir()
    other.mkdir()
    (inner / ".memoryignore").write_text("!*.key\n")

    for folders in ([inner, other], [other, inner]):
        assert not Ignoring([]).ignores(map(str, folders), [f"{inner}/a.key"], "")
        assert Ignoring([]).ignores(map(str, folders), [f"{other}/a.key"], "")


def test_a_home_with_odd_characters_is_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/tmp/[dev]*")
    found = RuleSet(rules(["~/clients/"], "/"))

    assert found.ignores(["/tmp/[dev]*/clients/acme"], [], "")
    assert not found.ignores(["/tmp/dx/clients/acme"], [], "")


def test_a_folder_is_ignored_with_all_that_happens_in_it() -> None:
    """A star means the folder that the file is in; another pattern, folders below it."""
    assert RuleSet(rules(["*"], BASE)).ignores([BASE], [], "")
    assert RuleSet(rules(["*"], BASE)).ignores([f"{BASE}/sub"], [], "")
    assert RuleSet(rules(["clients/acme/"], BASE)).ignores([f"{BASE}/clients/acme/x"], [], "")
    assert not RuleSet(rules(["clients/acme/"], BASE)).ignores([BASE], [], "")


def test_tools_are_ignored_by_name() -> None:
    found = RuleSet(rules(["tool:mcp__vault__*", "tool:Read", "!tool:mcp__vault__list"], "/"))

    verdicts = {
        name: found.ignores([], [], name) for name in ("mcp__vault__get", "mcp__vault__list", "Read", "Bash", "")
    }

    assert verdicts == {"mcp__vault__get": True, "mcp__vault__list": False, "Read": True, "Bash": False, "": False}


def test_rules_are_read_from_the_folder_and_from_those_it_lies_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting comes first and the innermost file last; what was written a while ago is in force."""
    monkeypatch.setenv("HOME", "/home/dev")
    now = 0.0
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".memoryignore").write_text("*.key\nb/\n")
    (inner / ".memoryignore").write_text("!*.key\n")
    ignoring = Ignoring(["~/clients/", "tool:Secret"], clock=lambda: now)

    assert ignoring.ignores([str(tmp_path)], ["x.key"], "")
    assert ignoring.ignores([str(inner)], [], "")
    assert not ignoring.ignores([str(tmp_path / "a")], ["b.txt"], "")
    assert ignoring.ignores(["/home/dev/clients/acme"], [], "")
    assert ignoring.ignores([], [], "Secret")
    assert not ignoring.ignores(["relative"], ["x.key"], "Bash")

    (tmp_path / ".memoryignore").write_text("")
    now = 60.0
    assert not ignoring.ignores([str(inner)], ["x.key"], "")


def test_what_hooks_are_told_goes_when_the_setting_goes(tmp_path: Path) -> None:
    publish(tmp_path / "db", ["tool:Bash"])
    assert (tmp_path / "db-ignore").read_text() == "tool:Bash\n"

    publish(tmp_path / "db", [])

    assert not (tmp_path / "db-ignore").exists()


def test_a_folder_with_a_nul_in_its_name_has_no_rules() -> None:
    """No folder has one; whoever sends it gets no error of ours."""
    ignoring = Ignoring(["*.pem"])

    assert not ignoring.ignores(["/home/dev/a\0b"], ["/home/dev/a\0b/a"], "")
    assert ignoring.ignores(["/home/dev/a\0b"], ["/home/dev/a\0b/a.pem"], "")
