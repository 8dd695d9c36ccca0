"""What is particular to one coding agent: one record, which each agent's folder fills in under the name `AGENT`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Final

from agent_memory.agents.payload import Payload
from agent_memory.agents.replayed_call import Advance, Reader, Replay, ReplayedCall, Report

# A hook takes a fifth of a second at most; a machine that has no time for it must not hold up the agent for long.
# One agent grants a session's end no more than this, and complains at every start where more is asked for.
HOOK_TIMEOUT_S: Final = 3

# A folder of the agent's, from the environment and the user's home.
Folder = Callable[[Mapping[str, str], Path], Path]


def folder(variable: str, below_home: str) -> Folder:
    """The folder that this variable names; without it, the one below the user's home."""
    return partial(_folder, variable, below_home)


def _folder(variable: str, below_home: str, environ: Mapping[str, str], home: Path) -> Path:
    value = environ.get(variable)
    return Path(value).expanduser() if value else home / below_home


class Evidence(IntEnum):
    """How surely a payload is an agent's own: agents run each other's hooks, so a name given by flag proves nothing."""

    NONE = 0
    # Its fields fit this agent, and may fit another.
    FIELDS_FIT = 1
    # Its transcript lies in this agent's folder.
    OWN_FOLDER = 2
    # It has fields that no other agent sends.
    OWN_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook to connect, under the name that its agent has for it."""

    event: str
    # The one tool to call it for, of a hook that tools call; empty for all of them.
    tool: str = ""
    # What its agent is answered, where it refuses our usual answer or complains of it; empty for nothing at all.
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class JsonSettings:
    """JSON that holds other settings too: `{"hooks": {EVENT: [{"hooks": [HANDLER, ...]}, ...]}}`."""

    # A handler of ours; the command takes the place of the empty one.
    handler: Mapping[str, object]
    # The object that the events are in; empty where they are in the outermost one.
    within: str = "hooks"
    # Whether an event's list holds its handlers themselves: `{"hooks": {EVENT: [HANDLER, ...]}}`.
    is_flat: bool = False
    # What a file must have beside the hooks.
    beside: Mapping[str, object] = field(default_factory=dict)
    # What the agent can read: a file with anything else in it, it ignores as a whole.
    reads_comments: bool = False
    reads_mark: bool = False


@dataclass(frozen=True, slots=True)
class HookCommands:
    """How our hook is called."""

    # The program and its arguments but for the event, to be started without a shell.
    program: Sequence[str]
    # By the event's name, a line for a POSIX shell.
    lines: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that is ours alone, in a folder from which the agent reads every file."""

    content: Callable[[HookCommands], str]


@dataclass(frozen=True, slots=True)
class HookPlace:
    """A hook's place in a file: its event, the group in that, and its number in the group, both from 0."""

    event: str
    group: int
    number: int


@dataclass(frozen=True, slots=True)
class Trust:
    """The user's leave to run a hook, where an agent asks for it."""

    # Below the user's folder, the file with the answers.
    file: str
    # Whether the answers allow the hook in that place of that file.
    is_given: Callable[[Payload, str, HookPlace], bool]
    # What to do where it was not given.
    remedy: str


def never_disabled(settings: Payload) -> str:
    return ""


def disabled_where(setting: str) -> Callable[[Payload], str]:
    """For an agent whose hooks are switched off by one setting that is true."""
    return lambda settings: setting if settings.get(setting) is True else ""


@dataclass(frozen=True, slots=True)
class PluginSwitch:
    """Where an agent notes which of its plugins run; one of ours may bring hooks."""

    # Below the user's folder, and below a project's; what a later file says goes before an earlier one.
    user: tuple[str, ...]
    project: tuple[str, ...]
    # Whether ours runs by these settings; None where they do not say.
    is_on: Callable[[Payload], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFiles:
    """Where an agent looks for hooks, in which form, and what keeps it from running them."""

    # The folder for this user, the file below it, and the file below a project's folder.
    user_folder: Folder
    user: str
    project: str
    format: JsonSettings | OwnFile
    # A file beside that one which may hold hooks too, as TOML tables.
    toml: str = ""
    # A file beside that one from which hooks are read instead, as soon as it is there; and its format.
    instead: str = ""
    instead_format: JsonSettings | None = None
    # By which setting the user has switched hooks off, or ours; empty where they run.
    disabled_by: Callable[[Payload], str] = never_disabled
    # The file with that setting, below the user's folder; empty where it is the one with the hooks.
    switches: str = ""
    trust: Trust | None = None
    plugin: PluginSwitch | None = None
    # Whether it runs a project's hooks only in a folder that its user trusts.
    trusts_folders: bool = False
    # What a user must know once they are installed.
    notes: tuple[str, ...] = ()


def command_and_arguments(words: Sequence[str]) -> Payload:
    """A server as most agents write it down."""
    return {"command": words[0], "args": [*words[1:]]}


def typed_command(words: Sequence[str]) -> Payload:
    """The same for agents that want to know how to talk to it, too."""
    return {"type": "stdio", **command_and_arguments(words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServers:
    """Where an agent keeps the MCP servers that it starts, and in which form."""

    # The folder for this user, and the files below it; ours belongs in the first, unless there is only another.
    user_folder: Folder
    files: tuple[str, ...]
    # The object that the servers are in, by their names; in TOML, the table.
    within: str = "mcpServers"
    entry: Callable[[Sequence[str]], Payload] = command_and_arguments
    reads_comments: bool = False
    # Where only the agent itself may write that file: its words to add a server, before the server's own, and to
    # remove it.
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    # What a user may write so that it need not ask before each call.
    allow: str = ""
    # Whether it starts servers only in a folder that its user trusts.
    trusts_folders: bool = False


class TranscriptHead:
    """The beginning of a file that may be a transcript."""

    def __init__(self, name: str, data: bytes, records: Sequence[Payload]) -> None:
        self.name = name
        self.data = data
        self.records = records

    def has(self, is_own: Callable[[Payload], bool]) -> bool:
        return any(map(is_own, self.records))


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who made a hook's call: a session, or one of its subagents; and the transcript that the payload names."""

    transcript_path: str
    session_id: str
    subagent_id: str


def named_in_payload(speaker: Speaker) -> Iterable[str]:
    """The transcript that the payload names: it is the speaker's own, or holds what subagents say, too."""
    return (speaker.transcript_path,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcripts:
    """Where an agent keeps its transcripts, and how they are read."""

    folder: Folder
    # Below it, the folders to search; and how the files end there.
    parts: tuple[str, ...]
    endings: tuple[str, ...]
    # A folder that each of them is below, at whatever depth; empty where there is none.
    below: str = ""
    # How files end that lie beside them and belong to them.
    beside: tuple[str, ...] = ()
    recognises: Callable[[TranscriptHead], bool]
    replay: Replay
    # What reads the lines of one while its session is live; None where hooks tell all that is said.
    reader: Callable[[Path], Reader] | None = None
    # The transcripts that what the speaker says is written to.
    paths_of: Callable[[Speaker], Iterable[str]] = named_in_payload


def no_transcripts() -> Transcripts:
    """Of an agent that keeps none that can be read."""
    return Transcripts(
        folder=folder("", ""), parts=(), endings=(), recognises=_recognises_none, replay=_replays_nothing
    )


def _recognises_none(head: TranscriptHead) -> bool:
    return False


def _replays_nothing(path: Path, report: Report, advance: Advance) -> Iterator[tuple[int, ReplayedCall]]:
    return iter(())


def no_model(tail: bytes) -> str:
    return ""


def no_last_words(tail: bytes, until_ms: int | None) -> str:
    return ""


def all_words(tail: bytes, words: str) -> str:
    return words


def no_success(tail: bytes, use_id: str) -> bool | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What the end of a transcript adds to a payload that leaves it out."""

    # The model that wrote the last of it; empty where it does not say.
    model: Callable[[bytes], str] = no_model
    # The assistant's last words of the turn, up to that time; empty where there are none.
    last_words: Callable[[bytes, int | None], str] = no_last_words
    # Of a turn's words as the hook has them, the last ones: the others are stored by themselves.
    last_words_of: Callable[[bytes, str], str] = all_words
    # Whether the tool call with that id succeeded; None where it does not say.
    success: Callable[[bytes, str], bool | None] = no_success
    # Whether `success` can answer at all: only then is the transcript read for each call of a tool.
    has_success: bool = False
    # How long after a turn's end the transcript may still lack it.
    late_s: float = 0


@dataclass(frozen=True, slots=True)
class SamplePrompt:
    """A prompt that no user typed, to try an installed hook with."""

    text: str
    session_id: str
    folder: Path
    home: Path
    at: datetime


@dataclass(frozen=True, slots=True)
class CommandTest:
    """Tries a hook that is a command: the event by which a prompt comes, and the payload that it comes with."""

    event: str
    payload: Callable[[SamplePrompt], Payload]


@dataclass(frozen=True, slots=True)
class PluginTest:
    """Tries a hook that is a plugin in JavaScript."""

    # Gets as its arguments the plugin's path, the session's id, the prompt and the folder.
    script: str
    # What can run it: the first that is on PATH.
    programs: tuple[str, ...]


def nested_context(context: str) -> Payload:
    """As Claude Code reads it, and most others after it."""
    return {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": context}}


def flat_context(context: str) -> Payload:
    """For agents that read one key of the top level and no other."""
    return {"additionalContext": context}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One coding agent."""

    # The name that events are stored under, and its program on PATH.
    name: str
    program: str
    # Those of its hooks that bring something worth storing: the agent waits for each of them.
    hooks: tuple[Hook, ...]
    hook_files: HookFiles
    self_test: CommandTest | PluginTest
    # None where it is not known how it learns of servers.
    mcp_servers: McpServers | None = None
    detect: Callable[[Payload], Evidence]
    # The payload in Claude Code's terms, given the event's name where the command line has it. What it does not know
    # it passes on under its own name.
    normalise: Callable[[Payload, str], Payload]
    # What reads its transcripts is imported when it is asked for: a hook's call seldom needs it, and of one agent only.
    load_transcripts: Callable[[], Transcripts] = no_transcripts
    load_tail: Callable[[], Tail] = Tail
    # What the hook of a session's start prints, to put a context before the model. An agent drops the whole of a reply
    # that has a key it does not know, so there is no form for all of them.
    session_start_reply: Callable[[str], Payload] = nested_context
    # Whether a session that is resumed needs that context again.
    forgets_context: bool = False
    # Whether a subagent is a session of its own, and only its first call names its parent.
    subagents_are_sessions: bool = False
    # Whether other agents run the hooks in its settings, with payloads that look like its own.
    others_run_its_hooks: bool = False
    # Whether two kinds of its hooks have two names for the same tool.
    renames_tools: bool = False
    # Whether its payloads have neither times nor ids: then a call's own time is what its transcript has in common.
    is_untimed: bool = False
    # Whether its real program was seen to run our hooks, in tests.
    seen_running: bool = True

    @property
    def transcripts(self) -> Transcripts:
        return self.load_transcripts()

    @property
    def tail(self) -> Tail:
        return self.load_tail()
