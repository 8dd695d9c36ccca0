"""The documents say what is: their commands parse, their settings exist, their files and functions are there."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agent_memory import settings
from agent_memory.agents.registry import AGENTS
from agent_memory.cli.main import cli
from agent_memory.errors import AgentMemoryError
from agent_memory.jobs import jobs_for
from agent_memory.rpc.memory_pb2 import DESCRIPTOR

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [ROOT / "services" / "agent_memory", ROOT / "shared" / "agent_memory"]
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), *ROOT.glob("ops/**/*.md")])
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

CODE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S* )*(?:bin/)?memory-daemon (.+)$")
# `services/agent_memory/hook/wire.py`, `wire.py:parse`, `store/reader.py:Reader.catch_up`.
SOURCE = re.compile(r"`([\w./-]+\.py)(?::([\w.]+)(?:\(\))?)?`")
PLACE = re.compile(r"`((?:\.ci|bin|ops|proto|services|shared|tests)/[\w./-]*)`")
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
VARIABLE = re.compile(r"\bMEMORY_[A-Z_]+[A-Z]\b")


@every_document
def test_every_command_parses(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `memory-daemon ...` of a code block, or of a sentence, is one the command line takes as it is printed."""
    # Parsing goes down to the last subcommand; what would then run is left out.
    monkeypatch.setattr(click.Command, "invoke", lambda command, context: None)

    refused = []
    for arguments in commands(document.read_text(encoding="utf-8")):
        try:
            cli.main(arguments, prog_name="memory-daemon", standalone_mode=False)
        except click.ClickException as error:
            refused.append(f"memory-daemon {shlex.join(arguments)}: {error.format_message()}")

    assert refused == []


@every_document
def test_every_config_example_can_be_read(document: Path, tmp_path: Path) -> None:
    """Each block of TOML is a config file whose every key and value is accepted."""
    for language, block in CODE.findall(document.read_text(encoding="utf-8")):
        if language == "toml":
            assert tomllib.loads(block)
            (tmp_path / "config.toml").write_text(block, encoding="utf-8")
            settings.load(tmp_path / "config.toml")


@every_document
def test_every_variable_is_read_somewhere(document: Path) -> None:
    """Each MEMORY_... that is named stands in the program."""
    program = "".join(path.read_text(encoding="utf-8") for path in source_files())

    named = set(VARIABLE.findall(document.read_text(encoding="utf-8")))

    assert sorted(named - set(VARIABLE.findall(program))) == []


@every_document
def test_every_file_and_function_exists(document: Path) -> None:
    """Each file, folder, class, method and function in backticks is where the text says."""
    text = document.read_text(encoding="utf-8")

    missing = [place for place in PLACE.findall(text) if not (ROOT / place).exists()]
    missing += [
        f"{file}:{name}" if name else file
        for file, name in SOURCE.findall(text)
        if not any(not name or name in definitions(path) for path in found(file))
    ]

    assert missing == []


def test_the_architecture_names_every_room() -> None:
    """Each folder with modules of ours stands in it, so that nobody has to guess what a new one is for."""
    rooms = {path.parent for path in source_files()}
    # What is particular to one agent is in a folder that is named after it.
    rooms -= {*(ROOT / "shared" / "agent_memory" / "agents").iterdir()}

    text = page("architecture")

    assert sorted(str(room) for room in rooms if f"`{room.relative_to(ROOT).as_posix()}/`" not in text) == []


def test_the_readme_can_be_read_in_five_minutes() -> None:
    """Whatever takes longer has a page below docs/."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) < 1000


def test_the_index_names_every_page() -> None:
    """Each page, and each decision in the index of its own."""
    missing = [
        path
        for folder in (DOCS, DOCS / "decisions")
        for path in folder.glob("*.md")
        if path.name != "README.md" and f"]({path.name})" not in (folder / "README.md").read_text(encoding="utf-8")
    ]

    assert missing == []


def test_every_decision_says_what_would_change_it() -> None:
    """They are numbered without gaps, and have the same sections."""
    decisions = sorted((DOCS / "decisions").glob("[0-9]*.md"))

    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {path.name[:4]}\. .+\n\nDecided on 20\d\d-\d\d-\d\d\.", text), path.name
        sections = ["Context", "Decision", "Figures", "What would change our mind"]
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == sections, path.name


def test_the_reference_of_settings_is_whole() -> None:
    """Each setting has its meaning, its variable and its built-in value."""
    entries = re.findall(r"^## `(\w+)`\n\n(.+)\n\n- environment: `(\w+)`", page("settings"), re.MULTILINE)

    assert {name: variable for name, _, variable in entries} == settings.VARIABLES


def test_every_exit_code_is_explained() -> None:
    """Each code that a command can end with."""
    explained = re.findall(r"^\| (\d) \|", page("cli"), re.MULTILINE)

    assert {int(code) for code in explained} == {0, *(error.exit_code for error in every_error(AgentMemoryError))}


def test_every_job_is_explained() -> None:
    """Each scheduled job stands in a table, with the hour it runs at."""
    rows = re.findall(r"^\| `(\w+)` \| (\d\d):(\d\d) ", page("operations"), re.MULTILINE)

    assert {name: f"{int(minute)} {int(hour)}" for name, hour, minute in rows} == {
        name: " ".join(job.cron.split()[:2]) for name, job in jobs_for(1, "/backups").items()
    }


def test_the_protocol_explains_every_call() -> None:
    """Each RPC of the service stands in a table."""
    explained = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.+?) \|", page("protocol"), re.MULTILINE)))

    assert {method.name for method in DESCRIPTOR.services_by_name["MemoryService"].methods} <= set(explained)


def test_every_hook_of_every_agent_is_listed() -> None:
    """Each agent has a row with the hooks that ours are put into."""
    table = page("agents").partition("## What each agent reports")[2]
    rows = re.findall(r"^\| [^|`]+ \| (.*`.+) \|$", table, re.MULTILINE)

    assert sorted(sorted(re.findall(r"`([\w.]+)`", hooks)) for hooks in rows) == sorted(
        sorted({name for hook in agent.hooks for name in (hook.event, hook.tool) if name}) for agent in AGENTS.values()
    )


def test_every_benchmark_is_listed() -> None:
    """Each program of tests/bench that answers a question; the others are parts of them."""
    programs = {path.name for path in (ROOT / "tests" / "bench").glob("*.py") if "__main__" in path.read_text()}

    assert programs == set(re.findall(r"^\| `tests/bench/(\w+\.py)` \|", page("benchmarks"), re.MULTILINE))


def test_the_glossary_is_in_order() -> None:
    words = re.findall(r"^\*\*([^*]+)\.\*\*", page("glossary"), re.MULTILINE)

    assert words == sorted(words, key=str.lower)


def test_every_link_leads_somewhere() -> None:
    """Each link from one document to another, or to a heading, has a target."""
    dead = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if not leads_somewhere(document, target)
    ]

    assert dead == []


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def leads_somewhere(document: Path, target: str) -> bool:
    if target.startswith("https://"):
        return True
    file, _, anchor = target.partition("#")
    path = document.parent / file if file else document
    if not anchor:
        return path.exists()
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def every_error(error: type[AgentMemoryError]) -> Iterator[type[AgentMemoryError]]:
    yield error
    for narrower in error.__subclasses__():
        yield from every_error(narrower)


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of each `memory-daemon ...` line: up to a comment, a pipe or the end of the command."""
    # In a block of text, as in the reference, stands how a command is used, not one to be typed.
    blocks = [block for language, block in CODE.findall(text) if language != "text"]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    # In a sentence, brackets and dots stand for what a reader fills in.
    lines += [code for code in INLINE.findall(CODE.sub("", text)) if not re.search(r"[\[<…]|\.\.\.", code)]
    for match in filter(None, map(COMMAND.match, map(str.strip, lines))):
        words = shlex.shlex(match[1], posix=True, punctuation_chars=True)
        words.whitespace_split = True
        arguments = list(words)
        ends = [index for index, word in enumerate(arguments) if word[0] in "|&;<>()"]
        yield arguments[: ends[0]] if ends else arguments


def source_files() -> Iterator[Path]:
    for root in SOURCES:
        yield from root.rglob("*.py")


def found(file: str) -> list[Path]:
    """The files that a text may mean by `reader.py`, `store/reader.py` or `shared/agent_memory/store/reader.py`."""
    written = [ROOT / file] if (ROOT / file).is_file() else []
    return written + [path for path in source_files() if path.as_posix().endswith(f"/{file}")]


def definitions(path: Path) -> set[str]:
    """The names of a module: `function`, `Class`, `Class.method` and constants."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name, body=body):
                names |= {name, *(f"{name}.{inner.name}" for inner in body if isinstance(inner, ast.FunctionDef))}
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names
