"""`hooks`: connects agents to the memory by their own settings, shows whether they are, and disconnects them."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from agent_memory import project_stores
from agent_memory.agents import registry
from agent_memory.agents.agent import Agent
from agent_memory.cli.agent_choice import agents_argument, chosen
from agent_memory.cli.options import (
    HELP,
    Command,
    daemon_and_store,
    echo_next,
    for_daemon,
    json_option,
    settings_options,
)
from agent_memory.errors import AgentMemoryError, NotRunning
from agent_memory.hook.install import config_paths, self_test
from agent_memory.hook.install.files import Change
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.hook_status import HookStatus, hook_statuses
from agent_memory.hook.install.installation import Installation
from agent_memory.hook.install.statuses import PLUGIN, by_plugin, twice
from agent_memory.present.text import printable
from agent_memory.present.times import relative
from agent_memory.settings import Settings, load

if TYPE_CHECKING:  # gRPC costs 100 ms, and --help has no use for it
    from agent_memory.rpc.memory_pb2 import GetEventsResponse

# A hook that finds the daemon busy spools its event, and the daemon takes it from there.
_ARRIVAL_S: Final = 10.0
_POLL_S: Final = 0.1
_NAMES: Final = ", ".join(registry.AGENTS)
_TELL_US: Final = "If no event comes, please report it."


def _scope_option(command: Command) -> Command:
    return click.option(
        "--project/--user", "in_project", default=False, help="For this folder's project, or for all (the default)."
    )(command)


@click.group(
    context_settings=HELP,
    help=f"""Connect coding agents, so that their sessions are remembered.

    The agents are {_NAMES}.

    Example: memory-daemon hooks install --all-found
    """,
)
@settings_options
def hooks() -> None:
    """`memory-daemon hooks`."""


@hooks.command()
@agents_argument(registry.AGENTS)
@click.option("--all-found", is_flag=True, help="Every agent whose program is on PATH.")
@_scope_option
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@settings_options
@click.pass_context
def install(context: click.Context, agents: Sequence[str], all_found: bool, in_project: bool, dry_run: bool) -> None:
    """Add our hooks to agents' settings, and change nothing else.

    If one of the files can't be changed, none is. With --project-store, they bring every session to that store,
    whatever its folder.

    Example: memory-daemon hooks install claude-code
    """
    wanted = chosen(agents, registry.AGENTS, all_found=all_found)
    settings, project_store = daemon_and_store(context)
    store = store_named_to_hooks(settings)
    installations = [Installation(agent, _project(in_project), store, project_store) for agent in wanted]
    # Plan all of them before the first is made: if one is refused, none is made.
    changes = [each.connected() for each in installations]
    for each, change in zip(installations, changes, strict=True):
        click.echo(f"{each.agent.name}: {each.path}")
        if change.before == change.after:
            click.echo(f"The hooks are installed and up to date{_to_store(each)}.\n")
            continue
        if dry_run:
            click.echo(f"{difference(change)}\nDRY RUN - No changes were made\n")
            continue
        copy = each.connect(datetime.now())
        click.echo(f"Installed{_to_store(each)}. Restart the agent; capture begins with its next session.")
        for note in notes(each.agent, in_project):
            click.echo(note)
        click.echo(f"The file as it was before is kept in {copy}\n" if copy else "")
    if not dry_run:
        echo_next(context, "hooks status", "backfill")


@hooks.command()
@agents_argument(registry.AGENTS)
@_scope_option
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@settings_options
@click.pass_context
def uninstall(context: click.Context, agents: Sequence[str], in_project: bool, dry_run: bool) -> None:
    """Remove our hooks from agents' settings.

    Without an AGENT, from those of all agents. A file that nobody else has changed since becomes what it was before,
    to the byte.

    Example: memory-daemon hooks uninstall codex
    """
    store = store_named_to_hooks(for_daemon(context))
    names = dict.fromkeys(agents or registry.AGENTS)
    installations = [Installation(registry.named(name), _project(in_project), store) for name in names]
    there = [each for each in installations if each.state is not State.ABSENT]
    changes = [each.disconnected() for each in there]
    for each in installations if agents else ():
        if each not in there:
            click.echo(f"{each.agent.name}: {each.path}\nNone of our hooks are there.\n")
    for each, change in zip(there, changes, strict=True):
        click.echo(f"{each.agent.name}: {each.path}")
        if dry_run:
            click.echo(f"{difference(change)}\nDRY RUN - No changes were made\n")
        else:
            click.echo(f"Uninstalled. The file as it was before is kept in {each.disconnect(datetime.now())}\n")
    if not there and not agents:
        click.echo("No hooks of ours are installed.")


@hooks.command()
@json_option
@settings_options
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show which agents are connected.

    For each one: where its hooks are, whether they are up to date, and when its last event came.

    Example: memory-daemon hooks status
    """
    settings = for_daemon(context)
    rows = hook_statuses(config_paths.project_root(Path.cwd()), store_named_to_hooks(settings))
    last_events = _last_events(settings)
    if as_json:
        shown = [{**asdict(row), "last_event_ms": (last_events or {}).get(row.agent)} for row in rows]
        click.echo(json.dumps({"daemon_answers": last_events is not None, "hooks": shown}, indent=2))
        return
    click.echo(_table(rows, last_events or {}))
    if last_events is None:
        click.echo("No daemon answers: events wait in its spool. Start it with: memory-daemon start")


@hooks.command()
@click.argument("name", metavar="AGENT", type=click.Choice(list(registry.AGENTS)))
@_scope_option
@json_option
@settings_options
@click.pass_context
def test(context: click.Context, name: str, in_project: bool, as_json: bool) -> None:
    """Send a sentence through an agent's hook, and see it arrive.

    The hook is called as it is installed, and the daemon takes the sentence in as it would any other. It is only shown:
    nothing of it stays in the memory.

    Example: memory-daemon hooks test codex
    """
    settings = for_daemon(context)
    store = store_named_to_hooks(settings)
    installation = Installation(registry.named(name), _project(in_project), store)
    if installation.state is not State.CURRENT:
        scope = " --project" if in_project else ""
        raise AgentMemoryError(
            f"The hooks in {installation.path} are {installation.state.value}. "
            f"Install them with: memory-daemon hooks install {name}{scope}"
        )
    from agent_memory.capture import trials
    from agent_memory.present.json_text import reply_json

    reply = _try_out(settings, installation, trials.new_session())
    if as_json:
        click.echo(reply_json(reply))
        return
    click.echo(f"{name}: the hook in {installation.path} works. The daemon got:")
    for event in reply.events:
        click.echo(f"  {event.event_id}  {printable(event.text)}")
    click.echo("Nothing of it stays in the memory.")


def _try_out(settings: Settings, installation: Installation, session_id: str) -> GetEventsResponse:
    """The events that a sentence became; raises AgentMemoryError if it does not arrive in time."""
    from agent_memory.control.connection import connect_to_store
    from agent_memory.rpc.memory_pb2 import GetEventsRequest

    agent, request = installation.agent, GetEventsRequest(session_id=session_id)
    prompt = f"This is a test of {agent.name}'s hook, from: memory-daemon hooks test {agent.name}"
    project_store = installation.project_store
    if project_store:
        project_stores.create(settings.db_path, project_store)
    with connect_to_store(settings).of_store(project_store) as client:
        client.stats()  # fails at once where no daemon answers
        self_test.send(agent, installation.path, prompt, session_id, store_named_to_hooks(settings), project_store)
        deadline = time.monotonic() + _ARRIVAL_S
        while prompt not in [event.text for event in client.events(request).events]:
            if time.monotonic() > deadline:
                raise AgentMemoryError(
                    f"The hook ran, but nothing arrived within {_ARRIVAL_S:.0f} s. Is MEMORY_HOOK_DISABLED set, or "
                    "another store configured? See: memory-daemon status"
                )
            time.sleep(_POLL_S)
        return client.events(request)


def notes(agent: Agent, in_project: bool) -> Iterator[str]:
    """What the user must know for the hooks to run."""
    yield from agent.hook_files.notes
    if not agent.seen_running:
        yield f"Not yet seen running: these hooks follow what is known of {agent.name}. {_TELL_US}"
    if in_project and agent.hook_files.trusts_folders:
        yield "The agent runs a project's hooks only in a folder that you trust."
    if in_project:
        yield "The file contains paths of this machine: do not commit it."


def _project(in_project: bool) -> Path | None:
    return config_paths.project_root(Path.cwd()) if in_project else None


def store_named_to_hooks(settings: Settings) -> str:
    """The store that must be named to hooks: empty where they find it by themselves."""
    return "" if settings.db_path == load().db_path else str(settings.db_path)


def _to_store(installation: Installation) -> str:
    return f", for the store {installation.project_store}" if installation.project_store else ""


def difference(change: Change) -> str:
    """What changes in a file, line by line; added and removed lines in colour."""
    lines = difflib.unified_diff(
        change.before.splitlines(), change.after.splitlines(), "before", "after", lineterm="", n=1
    )
    colours = {"+": "green", "-": "red"}
    return "\n".join(click.style(printable(line), fg=colours.get(line[:1])) for line in lines)


def _last_events(settings: Settings) -> dict[str, int] | None:
    """By agent, the time of its newest event in milliseconds since 1970; None where no daemon answers."""
    from agent_memory.control.connection import connect_to_store
    from agent_memory.rpc.memory_pb2 import GetEventsRequest

    try:
        with connect_to_store(settings) as client:
            requests = {agent: GetEventsRequest(agent=agent, newest_first=True, limit=1) for agent in registry.AGENTS}
            replies = {agent: client.events(request).events for agent, request in requests.items()}
    except NotRunning:
        return None
    return {agent: events[0].timestamp_ms for agent, events in replies.items() if events}


def _table(rows: Sequence[HookStatus], last_events: Mapping[str, int]) -> str:
    now_ms = int(time.time() * 1000)
    lines = [_line("AGENT", "VERSION", "HOOKS", "LAST EVENT", "FILE")]
    for row in rows:
        last = relative(last_events[row.agent], now_ms) if row.agent in last_events else "-"
        version = (row.version or "yes") if row.program else "not found"
        state = "by plugin" if row.scope == PLUGIN else row.state
        lines.append(_line(row.agent, version, state, last, row.file))
    lines.append("")
    lines += [row.problem for row in rows if row.problem]
    for row in rows:
        trust = registry.named(row.agent).hook_files.trust
        if trust and row.trusted is False:
            lines.append(trust.remedy)
        is_untried = row.state == State.CURRENT.value and not registry.named(row.agent).seen_running
        if is_untried and row.agent not in last_events:
            lines.append(f"{row.agent}: not yet seen running. {_TELL_US}")
        if row.state == State.OUTDATED.value:
            scope = " --project" if row.scope == "project" else ""
            lines.append(f"Bring up to date: memory-daemon hooks install {row.agent}{scope}")
    for row in twice(rows):
        scope = " --project" if row.scope == "project" else ""
        lines.append(f"{row.agent} has the hooks twice, also by the plugin; each event is stored once.")
        lines.append(f"Leave the plugin's: memory-daemon hooks uninstall {row.agent}{scope}")
    connected = by_plugin(rows)
    absent = [row.agent for row in rows if row.state == State.ABSENT.value and row.program]
    if absent := [agent for agent in absent if agent not in connected]:
        lines.append(f"Connect: memory-daemon hooks install {' '.join(absent)}")
    return "\n".join(lines)


def _line(agent: str, version: str, state: str, last: str, file: str) -> str:
    return f"{agent:<13}{version:<11}{state:<15}{last:<16}{file}"
