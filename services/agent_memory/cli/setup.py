"""`setup` and `uninstall`: everything in one conversation, each step shown first and refusable."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from agent_memory.agents import registry
from agent_memory.agents.agent import Agent
from agent_memory.cli import backfill, hooks, lifecycle, mcp, service
from agent_memory.cli.options import QUIET, Command, echo_next, for_daemon, settings_options, unattended
from agent_memory.control import service as services
from agent_memory.control import stack
from agent_memory.errors import AgentMemoryError
from agent_memory.hook.install import config_paths, plugins, programs
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import Installation
from agent_memory.mcp.install.clients import CLIENTS, Client
from agent_memory.mcp.install.installation import ServerInstallation
from agent_memory.mcp.install.server_status import has_plugin
from agent_memory.paths import data_dir, default_config_path
from agent_memory.present.text import counted, printable

_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the conversation."""

    title: str
    # What it would change, a line for each thing; or, in a sentence, why there is nothing to do.
    plan: Callable[[], Sequence[str] | str]
    act: Callable[[], None]


def _yes_option(command: Command) -> Command:
    return click.option("-y", "--yes", is_flag=True, help="Do every step without asking.")(command)


@click.command()
@_yes_option
@settings_options
@click.pass_context
def setup(context: click.Context, yes: bool) -> None:
    """Set everything up, step by step.

    Runs the daemon as a service, or else starts it; connects the agents that are found on PATH by hooks and by tools;
    imports their past sessions. Each step is shown first, and done if you agree. What is done already is left alone.

    Example: memory-daemon setup
    """
    steps = [
        Step("Run the daemon whenever you are logged in", lambda: _service_plan(context), lambda: _serve(context)),
        Step("Start the daemon", lambda: _start_plan(context), lambda: context.invoke(lifecycle.start)),
        Step("Remember what agents say, by hooks", lambda: _hooks_plan(context), lambda: _connect(context)),
        Step("Let agents ask, by tools", lambda: _tools_plan(context), lambda: _inform(context)),
        Step("Import past sessions", _backfill_plan, lambda: context.invoke(backfill.backfill)),
    ]
    with unattended("Nobody answered: this step and those after it are not done."):
        failed = _walk(context, steps, yes)
    context.meta[QUIET] = False
    echo_next(context, "doctor", "query map")
    _report(failed)


@click.command()
@_yes_option
@settings_options
@click.pass_context
def uninstall(context: click.Context, yes: bool) -> None:
    """Undo what setup did, and keep what is remembered.

    Removes the tools and the hooks from agents' settings, removes the service, and stops the daemon. Each step is shown
    first, and done if you agree. Says at the end where the data is.

    Example: memory-daemon uninstall
    """
    steps = [
        Step(
            "Take the tools out of agents' settings", lambda: _knowing(context), lambda: context.invoke(mcp.uninstall)
        ),
        Step("Take out the hooks", lambda: _connected(context), lambda: context.invoke(hooks.uninstall)),
        Step("Remove the service", lambda: _service_there(context), lambda: context.invoke(service.uninstall)),
        Step("Stop the daemon", lambda: _running(context), lambda: context.invoke(lifecycle.stop)),
    ]
    with unattended("Nobody answered: this step and those after it are not done."):
        failed = _walk(context, steps, yes)
    for agent in registry.AGENTS.values():
        if (file := plugins.switched_on_in(agent, _project())) is not None:
            click.echo(f"{agent.name} still has our plugin, by {file}: take it out there.")
    settings = for_daemon(context)
    places = [settings.db_path, settings.runtime.logs, data_dir(), default_config_path().parent]
    kept = [place for place in dict.fromkeys(places) if place.exists()]
    # What is in another of them goes with that.
    kept = [place for place in kept if not any(other in place.parents for other in kept)]
    if kept:
        click.echo(f"What is remembered stays, in {settings.db_path}.\nTo delete it, with settings and logs:")
        click.echo(f"  {shlex.join(['rm', '-r', *map(str, kept)])}")
    _report(failed)


def _walk(context: click.Context, steps: Sequence[Step], yes: bool) -> list[str]:
    """Show each step, ask, and do it; returns the titles of those that failed."""
    context.meta[QUIET] = True
    failed = []
    for number, step in enumerate(steps, 1):
        click.echo(f"{click.style(f'{number}/{len(steps)}', bold=True)}  {step.title}")
        try:
            planned = step.plan()
            lines = [planned] if isinstance(planned, str) else planned
            for line in lines:
                click.echo(f"     {printable(line)}")
            if isinstance(planned, str):
                pass
            elif yes or click.confirm("     Do it?", default=True):
                step.act()
            else:
                click.echo("     Left out.")
        except AgentMemoryError as error:
            click.echo(f"     Not done: {error}", err=True)
            failed.append(step.title)
        click.echo()
    return failed


def _report(failed: Sequence[str]) -> None:
    if failed:
        raise AgentMemoryError(f"Not done: {'; '.join(failed)}. The others are; the same command can be run again.")


def _service_plan(context: click.Context) -> Sequence[str] | str:
    wanted = services.service(service.service_options(context))
    manager = wanted.reach[0]
    if not services.is_reachable(wanted):
        return f"{manager} does not answer here, so no service can be run. Start the daemon at login by yourself."
    found = services.status(wanted)
    if found.up_to_date and found.active:
        return "The service is installed and runs."
    return [f"{wanted.path}, and {manager} is told of it"]


def _serve(context: click.Context) -> None:
    context.invoke(service.install)


def _start_plan(context: click.Context) -> Sequence[str] | str:
    settings = for_daemon(context)
    if stack.status(settings).running:
        return "It is running."
    return [f"It listens on {settings.address} and stores in {settings.db_path}"]


def _hooks_plan(context: click.Context) -> Sequence[str] | str:
    agents = programs.on_path(registry.AGENTS.values())
    if not agents:
        return "No agent is on PATH."
    missing = _unconnected(context)
    return [f"{each.agent.name}: {each.path}" for each in missing] or f"Connected: {_names(agents)}."


def _unconnected(context: click.Context) -> list[Installation]:
    store = hooks.store_named_to_hooks(for_daemon(context))
    present = programs.on_path(registry.AGENTS.values())
    agents = [each for each in present if plugins.switched_on_in(each, _project()) is None]
    return [each for agent in agents if (each := Installation(agent, None, store)).state is not State.CURRENT]


def _connect(context: click.Context) -> None:
    context.invoke(hooks.install, agents=[each.agent.name for each in _unconnected(context)])


def _tools_plan(context: click.Context) -> Sequence[str] | str:
    clients = programs.on_path(CLIENTS.values())
    if not clients:
        return "No agent is on PATH that takes tools."
    missing = _unknowing(context)
    return [f"{each.client.name}: {each.path}" for each in missing] or f"All have them: {_names(clients)}."


def _unknowing(context: click.Context) -> list[ServerInstallation]:
    settings = for_daemon(context)
    clients = [each for each in programs.on_path(CLIENTS.values()) if not has_plugin(each, _project())]
    return [each for client in clients if (each := ServerInstallation(client, settings)).state is not State.CURRENT]


def _inform(context: click.Context) -> None:
    context.invoke(mcp.install, agents=[each.client.name for each in _unknowing(context)])


def _backfill_plan() -> Sequence[str] | str:
    found = backfill.kept_transcripts(None, None, lambda broken: None)
    by_agent = Counter(each.agent for each in found)
    size = sum(each.size for each in found)
    if not found:
        return "Agents have kept none."
    agents = [f"{agent}: {counted(number, 'transcript')}" for agent, number in sorted(by_agent.items())]
    return [*agents, f"{size / _MEGABYTE:.1f} MB in all; what is stored already stays as it is"]


def _knowing(context: click.Context) -> Sequence[str] | str:
    settings = for_daemon(context)
    found = [ServerInstallation(client, settings) for client in CLIENTS.values()]
    there = [f"{each.client.name}: {each.path}" for each in found if each.state is not State.ABSENT]
    return there or "They are nowhere installed."


def _connected(context: click.Context) -> Sequence[str] | str:
    store = hooks.store_named_to_hooks(for_daemon(context))
    found = [Installation(agent, None, store) for agent in registry.AGENTS.values()]
    there = [f"{each.agent.name}: {each.path}" for each in found if each.state is not State.ABSENT]
    return there or "They are nowhere installed."


def _service_there(context: click.Context) -> Sequence[str] | str:
    found = services.status(services.service(service.service_options(context)))
    return [found.path] if found.installed else "None is installed."


def _running(context: click.Context) -> Sequence[str] | str:
    found = stack.status(for_daemon(context))
    return [f"PID {found.pid}"] if found.running else "It is not running."


def _project() -> Path:
    return config_paths.project_root(Path.cwd())


def _names(clients: Sequence[Agent] | Sequence[Client]) -> str:
    return ", ".join(client.name for client in clients)
