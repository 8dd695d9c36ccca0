"""The tools of an agent: the protocol in both its eras, what a call becomes, and what an answer may be."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture.recalled import CLOSING, OPENING, marked_in
from agent_memory.mcp.for_agent import TEXT_MAX_BYTES, error_for_agent, for_agent
from agent_memory.mcp.protocol import (
    HANDSHAKE_VERSIONS,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    NO_JSON,
    UNSUPPORTED_VERSION,
    Server,
)
from agent_memory.mcp.tools import INSTRUCTIONS, NOTE, TOOLS, WrongArguments, command_line

MODERN = {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
METHODS = st.sampled_from(["initialize", "server/discover", "tools/list", "tools/call", "ping", "x", "notifications/x"])


@pytest.fixture
def server() -> Server:
    return Server("1.2.3", lambda name, arguments, *who: (f"{name} {sorted(arguments)} {who}", name == "wrong"))


def request(method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


@pytest.mark.parametrize("version", HANDSHAKE_VERSIONS)
def test_the_older_era_begins_with_a_handshake(server: Server, version: str) -> None:
    """The version that the client asks for, if it is known, else our latest; nothing of the newer era."""
    known = server.answer(request("initialize", protocolVersion=version))
    unknown = server.answer(request("initialize", protocolVersion="1999-01-01"))
    listed = server.answer(request("tools/list"))

    assert known
    assert unknown
    assert listed
    assert known["result"]["protocolVersion"] == version  # type: ignore[index]
    assert unknown["result"]["protocolVersion"] == HANDSHAKE_VERSIONS[-1]  # type: ignore[index]
    assert listed["result"] == {"tools": TOOLS}


def test_the_newer_era_says_its_version_in_each_request(server: Server) -> None:
    """A result says that it is complete and by whom; a version that is not known is refused with those that are."""
    found = server.answer(request("server/discover", **MODERN))
    listed = server.answer(request("tools/list", **MODERN))
    called = server.answer(request("tools/call", name="map", arguments={}, **MODERN))
    refused = server.answer(request("tools/list", _meta={"io.modelcontextprotocol/protocolVersion": "2031-01-01"}))

    for reply in (found, listed, called):
        assert reply
        assert reply["result"]["resultType"] == "complete"  # type: ignore[index]
    assert refused
    assert refused["error"]["code"] == UNSUPPORTED_VERSION  # type: ignore[index]
    assert refused["error"]["data"]["supported"] == ["2026-07-28"]  # type: ignore[index]


def test_an_unknown_method_is_refused_at_once(server: Server) -> None:
    """Silence would cost the client its patience."""
    reply = server.answer(request("resources/list"))

    assert reply
    assert reply["error"]["code"] == METHOD_NOT_FOUND  # type: ignore[index]


@given(st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params"]), ANY_JSON | METHODS) | ANY_JSON)
def test_any_message_is_answered_or_needs_no_answer(message: object) -> None:
    """Never an exception; whoever asks with an id gets one answer with that id."""
    reply = Server("1", lambda *call: ("text", False)).answer(message)

    assert reply is None or json.loads(json.dumps(reply))["jsonrpc"] == "2.0"
    if isinstance(message, dict) and isinstance(message.get("id"), str) and isinstance(message.get("method"), str):
        assert reply
        assert reply["id"] == message["id"]


@pytest.mark.parametrize("line", [b"{", b"\xff", b"[" * 100_000, b'{"id": ' + b"9" * 5000 + b"}"])
def test_a_line_that_is_no_json_is_answered(server: Server, line: bytes) -> None:
    """However deep it is nested and whatever it names: the server goes on."""
    reply = server.answer_line(line)

    assert reply
    assert json.loads(reply)["error"]["code"] == NO_JSON


def test_a_number_that_json_does_not_have_is_no_id(server: Server) -> None:
    """The reply would be no JSON, with that id in it."""
    reply = server.answer_line(b'{"jsonrpc": "2.0", "id": 1e999, "method": "ping"}')

    assert reply
    assert json.loads(reply)["id"] is None


def test_a_version_that_is_no_text_is_refused(server: Server) -> None:
    """Even one that is nested so deep that nothing can print it."""
    version = b"[" * 900 + b"]" * 900
    line = (
        b'{"id": 1, "method": "ping", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": %s}}}' % version
    )

    reply = server.answer_line(line)

    assert reply
    assert json.loads(reply)["error"]["code"] == INVALID_PARAMS


@given(st.sampled_from([str(each["name"]) for each in (*TOOLS, NOTE)]), st.dictionaries(st.text(max_size=12), ANY_JSON))
def test_any_arguments_make_a_command_or_are_refused(name: str, arguments: dict[str, object]) -> None:
    """No other error; a command only reads, but for a note's."""
    with suppress(WrongArguments):
        assert command_line(name, arguments, "")[0] in ("query", "search", "note")


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("forget", {}, "There is no tool 'forget'; there are: map, search, open, expand, events, projects."),
        ("search", {}, "search needs query."),
        ("search", {"query": " "}, "search needs query."),
        ("map", {"size": 3}, "map has no argument 'size'; it has: project, tokens."),
        ("map", {"tokens": "many"}, "tokens must be of type integer."),
        ("note", {"text": "We use SQLite."}, "note needs kind."),
        ("note", {"text": "Hello.", "kind": "story"}, "kind must be one of decision, fact, rejected, todo."),
        ("map", {"tokens": 9}, "tokens must be from 50 to 3000."),
        ("search", {"query": "a\0b"}, "query holds a NUL, or half a character."),
        ("search", {"query": "\ud83d"}, "query holds a NUL, or half a character."),
    ],
)
def test_wrong_arguments_are_told_in_words(name: str, arguments: dict[str, object], reason: str) -> None:
    """What an agent can mend by itself."""
    with pytest.raises(WrongArguments, match=re.escape(reason)):
        command_line(name, arguments, "")


def test_a_question_is_never_taken_for_an_option() -> None:
    """Whatever the agent writes is one word behind the options."""
    words = command_line("search", {"query": "--json -x", "tokens": 100}, "/home/dev/atlas")

    assert words == ["search", "--tokens", "100", "--project", "/home/dev/atlas", "--", "--json -x"]
    assert "--project" not in command_line("map", {"project": "all"}, "/home/dev/atlas")


def test_the_tools_say_in_few_words_when_to_use_them() -> None:
    """All of them are in the prompt of every session: a few hundred tokens."""
    assert len(json.dumps(TOOLS, separators=(",", ":"))) < 4_500
    assert "before asking the user" in INSTRUCTIONS[:240]
    assert all(tool["annotations"] == {"readOnlyHint": True, "openWorldHint": False} for tool in TOOLS)


def test_a_note_says_that_it_adds_something_and_nothing_is_lost_by_it() -> None:
    """By that, clients ask before they let an agent keep one."""
    annotations = NOTE["annotations"]

    assert isinstance(annotations, dict)
    assert (annotations["readOnlyHint"], annotations["destructiveHint"], annotations["idempotentHint"]) == (
        False, False, True,
    )  # fmt: skip
    assert len(json.dumps(NOTE, separators=(",", ":"))) < 900


def test_a_call_tells_whose_it_is_as_far_as_the_client_says() -> None:
    """The older era names the client once, the newer one in each request; one client names its session."""
    asked: list[tuple[str, str]] = []

    def call(name: str, arguments: dict[str, object], client: str, session: str) -> tuple[str, bool]:
        asked.append((client, session))
        return "", False

    server = Server("1", call)
    server.answer(request("tools/call", name="map"))
    server.answer(request("initialize", clientInfo={"name": "codex-mcp-client"}))
    server.answer(request("tools/call", name="map", _meta={"turn": {"session_id": "s1"}}))
    modern = {"io.modelcontextprotocol/clientInfo": {"name": "claude-code"}, "session_id": "s2"}
    server.answer(request("tools/call", name="map", _meta={**MODERN["_meta"], **modern}))
    server.answer(request("tools/call", name="map", _meta={"session_id": 7}))

    assert asked == [("", ""), ("codex-mcp-client", "s1"), ("claude-code", "s2"), ("codex-mcp-client", "")]


@given(st.text() | st.text().map(lambda text: f"x\n{text * 500}"))
def test_an_answer_is_fenced_and_bounded(page: str) -> None:
    """Whatever was said once: it ends no fence, and clients show it whole."""
    answer = for_agent(page)

    assert len(answer.encode(errors="replace")) <= TEXT_MAX_BYTES
    if page.strip():
        assert answer.startswith(OPENING)
        assert answer.rstrip("\n").endswith(CLOSING)
        assert len(marked_in(answer)) == 1


def test_commands_for_people_are_left_out() -> None:
    """What it costs, and where the next page begins, stays."""
    page = (
        "Two events\n\nNext: memory-daemon query events --limit 3 --cursor mx0k.0000\n"
        "      memory-daemon query root\n~12 tokens\n"
    )

    assert for_agent(page) == f"{OPENING}\nTwo events\n~12 tokens\nMore: cursor mx0k.0000\n{CLOSING}\n"


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (
            "- A day  toc:day:2026-01-30  ~9\n~ tokens to read it: query node ID (more with --tokens)",
            "open(id) (more with",
        ),
        ("Two events\n~91 tokens (more with --tokens 154)", "~91 tokens (more with tokens 154)"),
        ('"last month" is October; any time: --when any\nA hit', "any time: when any"),
    ],
)
def test_a_page_names_arguments_and_no_options(page: str, shown: str) -> None:
    """The legend, the price and the window, as the tools' schemas call them."""
    assert shown in for_agent(page)
    assert "--" not in for_agent(page)


def test_what_was_said_once_is_not_put_into_other_words() -> None:
    """A command that somebody typed stays one."""
    assert "memory-daemon query root --tokens 9" in for_agent("- He typed memory-daemon query root --tokens 9")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            "Error: There is no node. See what there is with: memory-daemon query root\n",
            "See what there is with: map\n",
        ),
        ("Error: It is a grip. See: memory-daemon query expand grip:1:A", "It is a grip. See: expand grip:1:A"),
        ("Error: --to 2025 is before --from 2026.", "to 2025 is before from 2026."),
        ("Error: Not now. See: memory-daemon status", "Not now. See: memory-daemon status"),
    ],
)
def test_an_error_names_tools_and_no_commands(error: str, shown: str) -> None:
    """Save for those that only the user can type."""
    assert error_for_agent(error).endswith(shown)
    assert not error_for_agent(error).startswith("Error")
