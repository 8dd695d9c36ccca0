"""The parsers that face outside, each with samples of what it reads."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from google.protobuf.message import DecodeError

from agent_memory import page_tokens
from agent_memory.agents.agent import Agent, TranscriptHead
from agent_memory.agents.jsonl import document, objects
from agent_memory.agents.registry import AGENTS
from agent_memory.backfill.generic import events_of as generic_events
from agent_memory.bus import frames
from agent_memory.capture import ENVELOPE_VERSION, envelope
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.privacy.ignore import RuleSet, rules
from agent_memory.capture.privacy.pauses import Pauses
from agent_memory.capture.project.git import remotes, rewrites, texts
from agent_memory.capture.project.projects import Projects
from agent_memory.command_client import pack
from agent_memory.errors import AgentMemoryError, InvalidEvent, SettingsError, UsageError
from agent_memory.hook.install import jsontext
from agent_memory.hook.install.unusable import Unusable
from agent_memory.hook.json_end import JsonEnd
from agent_memory.mcp.protocol import Server
from agent_memory.mcp.tools import NOTE, TOOLS, WrongArguments, command_line
from agent_memory.messages import error_from_bytes, event_to_pb
from agent_memory.present.typed_times import parse_time
from agent_memory.query.commands.command_calls import CommandCalls, unpack
from agent_memory.query.inbound.intake import Intake
from agent_memory.rpc import bus_pb2, memory_pb2
from agent_memory.search import question
from agent_memory.settings import CHOICES, VARIABLES, Settings, load
from chaos.fuzzing import Parser
from support.mutations import Samples

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 1, 30, 14, 30, tzinfo=ZoneInfo("Europe/Berlin"))
NOW_MS = 1_769_779_800_000


def parsers(folder: Path) -> Iterator[Parser]:
    """All of them; `folder` is for what they read from files."""
    for agent in AGENTS.values():
        yield from _hooks(agent, folder)
        yield from _transcripts(agent)
    yield from _lines()
    yield from _frames()
    yield from _typed(folder)
    yield from _files(folder)


def _hooks(agent: Agent, folder: Path) -> Iterator[Parser]:
    """From standard input of a hook to the event as it is stored."""
    pipeline = Pipeline(Projects({}, str(folder)).with_project)
    intake = Intake(Settings(db_path=folder / "db"), b"k" * 32)

    def event_of(data: bytes) -> None:
        captured = pipeline.event_of(Envelope("0" * 19 + "1-" + "0" * 16, agent.name, "", "", data), NOW_MS)
        if captured.event is not None:
            intake.admit(event_to_pb(captured.event))

    yield Parser(f"hook of {agent.name}", Samples(_payloads(agent)), event_of, (InvalidEvent,))


def _payloads(agent: Agent) -> list[bytes]:
    found = [path.read_bytes() for path in sorted((DATA / "hooks" / agent.name).glob("*.json"))]
    recorded = DATA / "transcripts" / agent.name / "hooks.jsonl"
    if recorded.exists():
        found += [json.loads(line)["stdin"].encode() for line in recorded.read_text(encoding="utf-8").splitlines()]
    return found


def _transcripts(agent: Agent) -> Iterator[Parser]:
    """A transcript of lines, and what is looked for at the end of one."""
    samples = Samples([_short(each) for each in _recorded(agent)] or _payloads(agent))
    make = agent.transcripts.reader
    yield Parser(f"tail of {agent.name}", samples, partial(_looked_at, agent))
    if make is None:
        return
    pipeline = Pipeline(lambda call, late_ms: call)

    def replayed(data: bytes) -> None:
        reader = make(Path("/nowhere/chats/transcript.jsonl"))
        records = [record for line in data.split(b"\n") if line.strip() for record in objects(line)[0]]
        agent.transcripts.recognises(TranscriptHead("transcript.jsonl", data, records))
        calls = [call for record in records for call in reader.take(record)]
        for number, call in enumerate([*calls, *reader.end()]):
            event = pipeline.event_of_replayed(agent.name, call, number)
            if event is not None:
                event_to_pb(event)

    yield Parser(f"transcript of {agent.name}", samples, replayed)


def _looked_at(agent: Agent, end: bytes) -> None:
    agent.tail.model(end)
    agent.tail.last_words(end, NOW_MS)
    agent.tail.last_words(end, None)
    agent.tail.last_words_of(end, "I have done it.\n\nAll tests pass.")
    agent.tail.success(end, "toolu_1")


def _recorded(agent: Agent) -> list[bytes]:
    home = DATA / "transcripts" / agent.name / "home"
    return [path.read_bytes() for path in sorted(home.rglob("*.json*")) if path.is_file()]


def _short(transcript: bytes) -> bytes:
    """So much of a transcript that a parser reads thousands of them in a second."""
    return b"\n".join(transcript.split(b"\n")[:25])


def _lines() -> Iterator[Parser]:
    line = {"text": "Use Postgres.", "timestamp": "2026-01-30T14:30:00+01:00", "role": "user", "session_id": "s1"}
    more = {"agent": "x", "event_type": "user_message", "event_id": "e1", "metadata": {"project": "p", "n": [1]}}
    imported = [json.dumps(each).encode() for each in (line, {**line, **more}, {**line, "timestamp": 1769779800})]
    mail = json.dumps({**line, "timestamp": "Fri, 30 Jan 2026 14:30:00 +0100"}).encode()
    yield Parser(
        "import lines",
        Samples([*imported, mail, b"\n".join(imported)]),
        lambda data: list(generic_events(io.BytesIO(data), "s", lambda broken: None, lambda read: None)),
    )
    every = [payload for agent in AGENTS.values() for payload in _payloads(agent)]
    yield Parser("document", Samples(every), document)
    yield Parser("lines that are torn", Samples(every), objects)
    yield Parser("end of JSON", Samples(every), lambda data: JsonEnd().cut([data[:7], data[7:90], data[90:]]))
    yield Parser(
        "settings of agents",
        Samples([*every, b'{\n  // one\n  "hooks": {"Stop": [{"hooks": []}]} /* two */\n}\n']),
        lambda data: jsontext.parse(data.decode(errors="replace"), comments=True),
        (Unusable,),
    )


def _frames() -> Iterator[Parser]:
    key = b"0" * 19 + b"1-" + b"0" * 16
    fields, payload = key + b"\0claude-code\0Stop\0/home/dev", b'{"hook_event_name":"Stop"}'
    framed = b"%s %d %d\n%s%s" % (ENVELOPE_VERSION, len(fields), len(payload), fields, payload)
    yield Parser("envelope", Samples([framed]), envelope.read, (AgentMemoryError,))
    call = pack(b"1.0", b"/home/dev", True, [b"NO_COLOR=1", b"TERM=dumb"], [b"search", b"--tokens", b"400", b"Redis"])
    calls = CommandCalls(lambda call: None)
    yield Parser("command call", Samples([call]), lambda data: unpack(data, len(data)))
    yield Parser(
        "framed command call",
        Samples([b"agent-memory-command-1 %d\n" % len(call) + call]),
        lambda data: calls.answer(data[: data.find(b"\n") + 1], io.BytesIO(data[data.find(b"\n") + 1 :])),
        (InvalidEvent,),
    )
    event = memory_pb2.Event(
        event_id="e1", session_id="s1", timestamp_ms=NOW_MS, event_type=memory_pb2.EVENT_TYPE_USER_MESSAGE,
        role=memory_pb2.EVENT_ROLE_USER, text="Use Postgres.", agent="codex",
        metadata={"project": "/home/dev", "files": "a\nb", "tool_name": "Bash"},
    )  # fmt: skip
    commands = [
        bus_pb2.Command(
            protocol=frames.PROTOCOL, append_events=bus_pb2.AppendEvents(events=[event.SerializeToString()])
        ),
        bus_pb2.Command(protocol=frames.PROTOCOL, store="default", ping=bus_pb2.Ping()),
    ]
    replies = [frames.refused(bus_pb2.Refused.STALE, "Read again.", "Again."), bus_pb2.Reply(protocol=frames.PROTOCOL)]
    yield Parser(
        "bus command",
        Samples([each.SerializeToString() for each in commands]),
        bus_pb2.Command.FromString,
        (DecodeError,),
    )
    yield Parser(
        "bus reply",
        Samples([each.SerializeToString() for each in replies]),
        lambda data: frames.raise_if_refused(bus_pb2.Reply.FromString(data)),
        (DecodeError, AgentMemoryError),
    )
    error = memory_pb2.ErrorStatus(code=3, message="No. Do so.").SerializeToString()
    yield Parser("error status", Samples([error]), lambda data: error_from_bytes(data, AgentMemoryError))
    intake = Intake(Settings(db_path=Path("/nowhere/db")), b"k" * 32)
    yield Parser(
        "event of a call",
        Samples([event.SerializeToString()]),
        lambda data: intake.admit(memory_pb2.Event.FromString(data)),
        (DecodeError, InvalidEvent),
    )
    yield Parser("MCP message", Samples(_mcp_messages()), _answered)


def _mcp_messages() -> list[bytes]:
    meta: dict[str, object] = {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}
    arguments = {"query": "Redis", "when": "last week", "tokens": 400, "project": "all", "id": "toc:year:2026"}
    noted = ("tools/call", {"name": NOTE["name"], "arguments": {"text": "We use SQLite.", "kind": "decision"}})
    calls = [("tools/call", {"name": tool["name"], "arguments": arguments}) for tool in TOOLS]
    others: list[tuple[str, dict[str, object]]] = [
        ("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}}),
        *((method, meta) for method in ("tools/list", "server/discover", "ping", "notifications/initialized")),
    ]
    return [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        for method, params in [*calls, noted, *others]
    ]


def _called(name: str, arguments: dict[str, object], client: str, session: str) -> tuple[str, bool]:
    try:
        words = command_line(name, arguments, "/home/dev")
    except WrongArguments as error:
        return str(error), True
    return b" ".join(word.encode(errors="surrogateescape") for word in words).decode(), False


def _answered(data: bytes) -> None:
    reply = Server("1", _called).answer_line(data)
    assert reply is None or b"\n" not in reply


def _typed(folder: Path) -> Iterator[Parser]:
    """What people type: times, questions, tokens of pages, settings."""
    phrases = [
        line.partition("\t")[0].encode()
        for path in sorted((DATA / "when").glob("*.tsv"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "\t" in line
    ]
    yield Parser("time", Samples(phrases), _on_text(partial(parse_time, now=NOW)), (UsageError,))
    asked = [b'why did we drop "two workers" -redis agent:codex last week', b"when:any file:a/b.py role:user x"]
    yield Parser("question", Samples([*asked, *phrases]), _on_text(partial(question.parse, now=NOW)))
    yield Parser(
        "cursor",
        Samples([page_tokens.of_event(NOW_MS, "e1").encode(), b"0.", b"zzzzzzzzz.01H"]),
        _on_text(page_tokens.event_position),
        (UsageError,),
    )
    values = "\n".join(f"{name} = 1" for name in VARIABLES) + '\n[summarizer]\nprovider = "local"\n'
    config = folder / "config.toml"
    lines = (
        b'db_path = "/x"\ngrpc_port = 50051\nignore = ["*.pem"]\n[project_names]\na = "b"\n[summarizer]\nmodel = "m"\n'
    )
    texts = [b'log_level = "debug"', b'timezone = "Europe/Berlin"', b"redaction = true", b"retention_days = 3", lines]

    def from_file(data: bytes) -> None:
        config.write_bytes(data)
        load(config, environ={})

    yield Parser("config file", Samples([*texts, values.encode(), b"\n".join(texts)]), from_file, (SettingsError,))
    variables = [name for name in VARIABLES.values() if name != "MEMORY_CONFIG"]
    words = [word.encode() for choice in CHOICES.values() for word in choice]
    samples = [
        b"1",
        b"on",
        b"50051",
        b"/home/dev/x",
        b"Europe/Berlin",
        b'["*.pem"]',
        b'{"a": "b"}',
        b"0.5",
        b"[::1]",
        *words,
    ]

    def from_environment(data: bytes) -> None:
        text = data.replace(b"\0", b"").decode(errors="surrogateescape")
        load(environ={variables[len(data) % len(variables)]: text, variables[sum(data) % len(variables)]: text})

    yield Parser("MEMORY_ variables", Samples(samples), from_environment, (SettingsError,))


def _files(folder: Path) -> Iterator[Parser]:
    """Small files of other programs and of people."""
    lines = b"*.pem\nsecrets/\n/build\na/**/z\n!keep\n[!a]bc\ntool:mcp__*\n~/x\n[[:digit:]]*\n# no\n\\#hash\na\\ \n**\n"
    yield Parser(".memoryignore", Samples([lines, *lines.split(b"\n")]), _ignored)
    config = b'[remote "origin"]\n\turl = git@github.com:a/b.git\n'
    config += b'[url "ssh://x/"]\n\tinsteadOf = "x:"\n[include]\npath = ~\\\nz'
    others = [b"ref: refs/heads/main\n", b"gitdir: ../.git/worktrees/a\n", b"a" * 40 + b" refs/heads/main\n"]
    addresses = [
        b"https://user:pw@dev.azure.com/a/b/_git/c",
        b"ssh://git@[::1]:22/x.git",
        b"file:///home/dev/x",
        b"h:p",
    ]
    ssh = b"Host a *.b !c\n  HostName = x.%h\nMatch all\n"
    yield Parser("files of git", Samples([config, *others, *addresses, ssh]), _on_text(_read_as_gits))
    pauses = Pauses(folder / "paused")

    def paused(data: bytes) -> None:
        pauses.path.write_bytes(data)
        os.utime(pauses.path, ns=(time.time_ns(), time.time_ns()))
        pauses.current(NOW_MS)

    yield Parser("pauses", Samples([b"1769779800000 9999999999999\n" * 2]), paused, (AgentMemoryError,))


def _ignored(data: bytes) -> None:
    found = RuleSet(rules(data.decode(errors="replace").split("\n"), "/home/dev"))
    found.ignores(["/home/dev/app", data[:99].decode(errors="replace")], ["/home/dev/app/key.pem"], "Bash")


def _read_as_gits(text: str) -> None:
    for read in (texts.remotes, texts.rewrites, texts.includes, texts.reference, texts.object_id, texts.leads_to):
        read(text)
    texts.began_here(text)
    texts.packed(text, "refs/heads/main")
    remotes.name_of(text)
    remotes.folder_of(text)
    rewrites._aliases(text)


def _on_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode(errors="replace"))
