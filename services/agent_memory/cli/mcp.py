"""`mcp`: the memory as tools of an agent: serves them, and adds the server to agents' settings."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from agent_memory.cli.agent_choice import agents_argument, chosen, none_named
from agent_memory.cli.hooks import difference
from agent_memory.cli.options import (
    HELP,
    current,
    daemon_and_store,
    echo_next,
    for_daemon,
    json_option,
    settings_options,
)
from agent_memory.errors import AgentMemoryError
from agent_memory.hook.install import config_paths
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.statuses import PLUGIN, by_plugin, twice
from agent_memory.mcp.install import trial
from agent_memory.mcp.install.clients import CLIENTS, Client
from agent_memory.mcp.install.installation import ServerInstallation, call
from agent_memory.mcp.install.server_status import ServerStatus, command_of, has_plugin, server_statuses
from agent_memory.model import DEFAULT_STORE
from agent_memory.present.text import printable

_NAMES = ", ".join(CLIENTS)


@click.group(
    context_settings=HELP,
    invoke_without_command=True,
    help=f"""Serve the memory to an agent as tools.

    Without a command, speaks the Model Context Protocol on standard input and output until the agent is gone. Agents
    start it by themselves, once `mcp install` has added it to their settings.

    The agents are {_NAMES}.

    Example: memory-daemon mcp install --all-found
    """,
)
@click.option("--agent", metavar="NAME", help="Which agent asks; where each has a store of its own, that one answers.")
@settings_options
@click.pass_context
def mcp(context: click.Context, agent: str | None) -> None:
    """`memory-daemon mcp`."""
    if context.invoked_subcommand is None:
        from agent_memory.mcp import server

        settings = current(context)
        named = [] if settings.store == DEFAULT_STORE else ["--project-store", settings.store]
        server.main(["--db-path", str(settings.main_path), *named, *(["--agent", agent] if agent else [])])


@mcp.command()
@agents_argument(CLIENTS)
@click.option("--all-found", is_flag=True, help="Every agent whose program is on PATH.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@settings_options
@click.pass_context
def install(context: click.Context, agents: Sequence[str], all_found: bool, dry_run: bool) -> None:
    """Add the tools to agents' settings, and change nothing else.

    If one of the files can't be changed, none is. Where only the agent may write its file, its own command is run. With
    --project-store, the tools answer from that store, whatever the folder.

    Example: memory-daemon mcp install codex
    """
    wanted = chosen(agents, CLIENTS, all_found=all_found)
    with_plugin = [client for client in wanted if has_plugin(client, _project())]
    settings, store = daemon_and_store(context)
    choice = ["--project-store", store] if store else []
    installations = [ServerInstallation(client, settings, choice) for client in wanted if client not in with_plugin]
    for client in with_plugin:
        click.echo(f"{client.name}: has the tools by the plugin.\n")
    # Plan all of them before the first is made: if one is refused, none is made.
    for each in installations:
        each.connected()
    failed = []
    for each in installations:
        click.echo(f"{each.client.name}: {each.path}")
        if each.state is State.CURRENT:
            click.echo("The tools are installed and up to date.\n")
        elif each.client.servers.add:
            if not _called(each, each.own_commands(), dry_run):
                failed.append(each.client.name)
            elif not dry_run:
                click.echo("\n".join([*notes(each.client), ""]))
        elif dry_run:
            click.echo(f"{difference(each.connected())}\nDRY RUN - No changes were made\n")
        else:
            copy = each.connect(datetime.now())
            kept = [f"The file as it was before is kept in {copy}"] if copy else []
            click.echo("\n".join(["Installed. Restart the agent.", *notes(each.client), *kept, ""]))
    if failed:
        raise AgentMemoryError(f"Not installed: {', '.join(failed)}. Type the commands above where the program is.")
    if not dry_run:
        echo_next(context, "mcp status", "mcp test --all-found")


@mcp.command()
@agents_argument(CLIENTS)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@settings_options
@click.pass_context
def uninstall(context: click.Context, agents: Sequence[str], dry_run: bool) -> None:
    """Take the tools out of agents' settings.

    Without an AGENT, out of those of all agents. A file that nobody else has changed since becomes what it was before,
    to the byte.

    Example: memory-daemon mcp uninstall codex
    """
    installations = [_installation(context, CLIENTS[name]) for name in dict.fromkeys(agents or CLIENTS)]
    there = [each for each in installations if each.state is not State.ABSENT]
    for each in there:
        each.disconnected()
    for each in installations if agents else ():
        if each not in there:
            click.echo(f"{each.client.name}: {each.path}\nThe tools are not there.\n")
    failed = []
    for each in there:
        click.echo(f"{each.client.name}: {each.path}")
        if each.client.servers.remove:
            if not _called(each, each.own_commands(removes=True), dry_run):
                failed.append(each.client.name)
            elif not dry_run:
                click.echo()
        elif dry_run:
            click.echo(f"{difference(each.disconnected())}\nDRY RUN - No changes were made\n")
        else:
            click.echo(f"Uninstalled. The file as it was before is kept in {each.disconnect(datetime.now())}\n")
    if failed:
        raise AgentMemoryError(f"Not uninstalled: {', '.join(failed)}. Type the commands above where the program is.")
    if not there and not agents:
        click.echo("The tools are nowhere installed.")


@mcp.command()
@json_option
@settings_options
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show which agents have the tools.

    Example: memory-daemon mcp status
    """
    rows = server_statuses(_project(), for_daemon(context))
    if as_json:
        shown = {"servers": [asdict(row) for row in rows], "twice": [row.agent for row in twice(rows)]}
        click.echo(json.dumps(shown, indent=2))
        return
    click.echo(_table(rows))


@mcp.command()
@agents_argument(CLIENTS)
@click.option("--all-found", is_flag=True, help="Every agent that has the tools.")
@json_option
@settings_options
@click.pass_context
def test(context: click.Context, agents: Sequence[str], all_found: bool, as_json: bool) -> None:
    """Start the server as agents would, and ask it once.

    Starts it by the command in the agent's settings, with the few environment variables that every agent passes on.

    Example: memory-daemon mcp test codex
    """
    settings = for_daemon(context)
    found = {name: command_of(client, _project(), settings) for name, client in CLIENTS.items()}
    commands = {name: words for name, words in found.items() if words}
    names = dict.fromkeys([*agents, *(commands if all_found else ())])
    if not names and all_found:
        raise AgentMemoryError("No agent has the tools. Install them: memory-daemon mcp install --all-found")
    if not names:
        raise none_named(CLIENTS)
    for name in names:
        if name not in commands:
            raise AgentMemoryError(f"{name} does not have the tools. Install them: memory-daemon mcp install {name}")
    shown = []
    for name in names:
        begun = time.monotonic()
        done = trial.tried(commands[name])
        took_ms = round((time.monotonic() - begun) * 1000)
        shown.append({"agent": name, **asdict(done), "took_ms": took_ms})
        if not as_json:
            click.echo(f"{name}: the server answers, by the protocol of {done.protocol}, in {took_ms} ms in all.")
            click.echo(f"  tools: {', '.join(done.tools)}")
            click.echo(f"  {trial.TOOL}: {_first_line(done.answer)}")
    if as_json:
        click.echo(json.dumps({"servers": shown}, indent=2))
    if any(each["is_error"] for each in shown):
        raise AgentMemoryError("The server was started, but had nothing to answer from. See: memory-daemon status")


def _installation(context: click.Context, client: Client) -> ServerInstallation:
    return ServerInstallation(client, for_daemon(context))


def _project() -> Path:
    return config_paths.project_root(Path.cwd())


def _called(installation: ServerInstallation, commands: Sequence[list[str]], dry_run: bool) -> bool:
    """Let the agent change its own file; False where its program is not there."""
    for words in commands:
        click.echo(f"  {shlex.join(words)}")
    if dry_run:
        click.echo("DRY RUN - No changes were made\n")
        return True
    if not installation.runs():
        click.echo(f"{installation.client.program} is not on PATH, and only it may write that file.\n")
        return False
    for words in commands:
        call(words)
    click.echo("Done by the agent's own command. Restart the agent.")
    return True


def notes(client: Client) -> Iterator[str]:
    """What the user may want to know, or to write."""
    if client.servers.allow:
        yield f"It asks before each call. To let it read the memory unasked: {client.servers.allow}"
    if client.servers.trusts_folders:
        yield "It starts them only in folders that you trust."
    if not client.seen_running:
        yield f"Not yet seen running: this follows what is known of {client.name}. If it fails, please report it."


def _first_line(answer: str) -> str:
    """Of what a model would read, the first line that is not the fence, without the branch of a tree before it."""
    lines = [line for line in answer.splitlines() if line.strip() and not line.startswith("<")]
    return printable(lines[0]).lstrip("├└─ ") if lines else "(nothing)"


def _table(rows: Sequence[ServerStatus]) -> str:
    lines = [_line("AGENT", "VERSION", "TOOLS", "FILE")]
    for row in rows:
        version = (row.version or "yes") if row.program else "not found"
        lines.append(_line(row.agent, version, "by plugin" if row.scope == PLUGIN else row.state, row.file))
    lines.append("")
    lines += [row.problem for row in rows if row.problem]
    there_twice = [row.agent for row in twice(rows)]
    outdated = [row.agent for row in rows if row.state == State.OUTDATED.value]
    if outdated := [agent for agent in outdated if agent not in there_twice]:
        lines.append(f"Bring up to date: memory-daemon mcp install {' '.join(outdated)}")
    for agent in there_twice:
        lines.append(f"{agent} has the tools twice, also by the plugin, and may start two servers.")
        lines.append(f"Leave the plugin's: memory-daemon mcp uninstall {agent}")
    absent = [row.agent for row in rows if row.state == State.ABSENT.value and row.program]
    if absent := [agent for agent in absent if agent not in by_plugin(rows)]:
        lines.append(f"Install: memory-daemon mcp install {' '.join(absent)}")
    return "\n".join(lines)


def _line(agent: str, version: str, state: str, file: str) -> str:
    return f"{agent:<16}{version:<12}{state:<15}{file}"
