"""Words that this project no longer uses: one thing has one name, the field's."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parents[2]

# In names of code: the retired one, and what it is called now.
NAMES: Final = {
    r"[a-z_]*letters?": "envelope",
    r"Letter\w*|letterbox": "Envelope, HookInbox",
    r"handover|handed_over|hand_over": "hook.client, send",
    r"unheard\w*": "excluded_sessions",
    r"glance|holds_nothing|suspects?": "may_contain_secret, candidates",
    r"[sS]tandstill|as_it_is_now": "RebuildSnapshot, open_snapshot",
    r"is_to_lead": "AppendBatcher's leader",
    r"tellings?|_?told\w*|_?tell|_?tells|retell|[rR]etold|_?telling": "build, replace_summary, summarized",
    r"Words|words_by|words_of|_words_of": "Summary, summarized_by, summary_source",
    r"[uU]pgrades|Upgrader": "Resummarizer",
    r"Walk": "PendingSummaries",
    r"anew|put_cut|_?cuts": "resegment, StoredSegments",
    r"_?claim|Claim|claimed": "stack_lock, reserve_ids",
    r"_?survey|[sS]urveyed": "rebuild_scope, hook_status",
    r"_?moments?|Moment|moment_ms|_moment": "ReplayedCall, at_ms",
    r"_?seals?|_?sealed|unsealed|\w*_unsealed": "evidence_checksum",
    r"Attempts?": "RunOutcome",
    r"[tT]imetable": "Scheduler",
    r"lives": "crash_times",
    r"_?front|gateway": "the query service",
    r"_?doors?": "socket, socket_link",
    r"_explaining|spelled_out|_?understood": "translate_errors, expand_alias, parse",
}
# In prose: comments, docstrings, help, errors, documents.
PROSE: Final = {
    r"\bletterbox\b": "hook inbox",
    r"\b(?:hook's|hooks'|spooled|waiting) letters?\b|\bletters? (?:of|from) hooks?\b": "envelope",
    r"\bhand-?overs?\b": "send, pass on",
    r"\bunheard\b": "excluded",
    r"\bstandstill\b": "snapshot",
    r"\btellings\b|\bretell\b|\bretold\b|\btold anew\b": "build, summarize, replace the summary",
    r"\banew\b": "again",
    r"\btimetable\b": "scheduler",
    r"\bseals?\b|\bsealed\b|\bunsealed\b": "evidence checksum",
    r"\bthe front\b|\bfront's\b|\bgateway\b|\bgRPC front\b|\bfront process\b": "the query service",
    r"\bdoors?\b": "socket",
}
# Words of data, not ours: lists of ordinary words, samples of conversations, what other programs call things.
NOT_OURS: Final = re.compile(
    r"(_pb2|tests/data/|demo_sessions|CHANGELOG\.md|requirements.*\.lock|summarizer/(common|stopwords|cues)|phrases/|"
    r"tests/house/test_words\.py|secret_samples|seed_words|redaction/finders/codes|redaction/words/secret_words|\.svg$|\.png$|LICENSE)"
)
# Lines that must keep an earlier name, to read what an earlier version wrote. Each says so beside itself.
KEPT: Final = re.compile(
    r"\.tell\(|agent-memory-letter-1|b\"-unheard\"|\"words_by\"|\"words_of\"|\"seal\"|agent_memory/capture/"
)


def files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name and not NOT_OURS.search(name)]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def names_in(text: str) -> Iterator[tuple[int, str]]:
    """Every identifier of a Python source, with its line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def retired_in(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    where = path.relative_to(ROOT)
    if path.suffix == ".py":
        for number, name in names_in(text):
            for pattern, now in NAMES.items():
                if re.fullmatch(pattern, name) and not KEPT.search(lines[number - 1]):
                    yield f"{where}:{number}: `{name}` is retired, say {now}"
    for number, line in enumerate(lines, start=1):
        for pattern, now in PROSE.items():
            if (found := re.search(pattern, line, re.IGNORECASE)) and not KEPT.search(line):
                yield f"{where}:{number}: {found.group()!r} is retired, say {now}"


def test_no_retired_word_comes_back() -> None:
    """Names and prose use the words of docs/glossary.md."""
    assert [found for path in files() for found in retired_in(path)] == []


@pytest.mark.parametrize("line", ["letter = 1", "def standstill(): ...", "x.seal", "# The front forwards it."])
def test_a_retired_word_is_found(tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "sample.py").write_text(line + "\n")

    assert list(retired_in(tmp_path / "sample.py"))
