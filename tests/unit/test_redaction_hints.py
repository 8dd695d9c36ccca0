"""Where a pattern finds something, there is a hint: a text without one is not looked at any closer."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_memory.redaction.finders.commands import COMMANDS
from agent_memory.redaction.hints import HINT, HINTED, LOOSE
from agent_memory.redaction.linear import search_for
from agent_memory.redaction.prefilter import candidates, may_contain_secret
from support.secret_samples import samples

FINDS_HINT = search_for(HINT)
# Together, and those with the longest way from their beginning to their end alone.
PATTERNS = (*HINTED, *(pattern.encode() for pattern in (*LOOSE, *COMMANDS[-7:])))


@pytest.mark.parametrize("pattern", PATTERNS, ids=range(len(PATTERNS)))
def test_hint_is_in_whatever_pattern_finds(pattern: bytes) -> None:
    search = search_for(pattern)
    # RE2 writes a character's number so.
    python = re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", pattern.decode())
    found = 0

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(re.compile(python, re.ASCII)))
    def check(text: str) -> None:
        nonlocal found
        content = text.encode("utf-8", "surrogatepass")
        if search(content, 0, len(content)):
            found += 1
            assert FINDS_HINT(content, 0, len(content)), content

    check()
    assert found > 0


def test_batch_finds_what_is_found_alone() -> None:
    contents = [sample.text.encode() for sample in samples()]
    found = set(candidates(contents))
    assert {place for place, content in enumerate(contents) if may_contain_secret(content)} <= found
    assert len(found) < len(contents)
