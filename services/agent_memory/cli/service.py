"""`service`: the daemon as a service of this user."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from typing import Final

import click

from agent_memory.cli.options import HELP, for_daemon, given, json_option, settings_options
from agent_memory.control import service as services
from agent_memory.settings import VARIABLES

_NOT_INSTALLED: Final = 3
# What of the command line the service starts the daemon with.
_KEPT: Final = ("config", "db_path", "log_level")


@click.group(context_settings=HELP)
@settings_options
def service() -> None:
    """Run the daemon whenever you are logged in.

    Example: memory-daemon service install
    """


@service.command()
@click.option("--dry-run", is_flag=True, help="Print the file and the commands, and change nothing.")
@settings_options
@click.pass_context
def install(context: click.Context, dry_run: bool) -> None:
    """Install the daemon as a service, and start it.

    Writes a systemd unit or a launchd agent. --config, --db-path and --log-level are kept in it. A running
    daemon is stopped first; meanwhile hooks keep events in the spool.

    Example: memory-daemon service install --dry-run
    """
    settings = for_daemon(context)
    wanted = services.service(service_options(context))
    unseen = [VARIABLES[name] for name, source in settings.sources.items() if source == VARIABLES[name]]
    if unseen:
        click.echo(f"Note: the service does not see {', '.join(unseen)}; put that in the config file.", err=True)
    if dry_run:
        click.echo(f"Would write {wanted.path}:\n\n{wanted.text.decode()}")
        for command in (*wanted.load, *wanted.start):
            click.echo(f"Would run: {shlex.join(command)}")
        return
    from agent_memory.control import stack

    was_active = services.status(wanted).active
    changed = services.install(wanted)
    if was_active and not changed:
        click.echo(f"The service is installed and runs ({wanted.path})")
        return
    if not was_active and (pid := stack.stop(settings)) is not None:
        click.echo(f"Memory daemon stopped (PID {pid}); the service starts it")
    services.start(wanted)
    click.echo(f"The service is installed and runs ({wanted.path})")


@service.command()
@click.option("--dry-run", is_flag=True, help="Print what would be done, and change nothing.")
@settings_options
@click.pass_context
def uninstall(context: click.Context, dry_run: bool) -> None:
    """Stop the service, and remove it.

    A file of the same name that was there before comes back. The store is not touched.

    Example: memory-daemon service uninstall
    """
    wanted = services.service(service_options(context))
    if dry_run:
        for command in wanted.end:
            click.echo(f"Would run: {shlex.join(command)}")
        click.echo(f"Would remove {wanted.path}")
        return
    if services.uninstall(wanted):
        click.echo(f"The service is removed ({wanted.path})")
    else:
        click.echo("No service is installed")


@service.command()
@json_option
@settings_options
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show whether the service is installed and running.

    Exits 3 if it is not installed.

    Example: memory-daemon service status
    """
    found = services.status(services.service(service_options(context)))
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    elif not found.installed:
        click.echo("No service is installed. To install it: memory-daemon service install")
    else:
        click.echo(f"The service is installed and {'runs' if found.active else 'does not run'} ({found.path})")
        if not found.up_to_date:
            click.echo("It is not what memory-daemon service install, with these options, would write now.")
    context.exit(0 if found.installed else _NOT_INSTALLED)


def service_options(context: click.Context) -> list[str]:
    values = given(context)
    return [word for name in _KEPT if name in values for word in (f"--{name.replace('_', '-')}", values[name])]
