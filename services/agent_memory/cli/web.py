"""`web`: the memory as a page in a browser on this machine."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING

import click

from agent_memory.cli.lifecycle import end_like_an_interrupt
from agent_memory.cli.options import Number, command_line, current, settings_options

if TYPE_CHECKING:
    from agent_memory.web.server import PageServer

# Without one of these, Python would open a browser in the terminal itself.
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
_LINE_BYTES = 4096


@click.command()
@click.option("--open", "open_browser", is_flag=True, help="Open it in the browser.")
@click.option(
    "--port", default=0, type=Number(0, 65535), metavar="PORT", help="The port to serve it on; by default, a free one."
)
@settings_options
@click.pass_context
def web(context: click.Context, open_browser: bool, port: int) -> None:
    """Look at the memory in a browser.

    Prints a link that opens the page once, and serves the page to this machine until Ctrl-C, or until nobody has looked
    at it for 30 minutes.

    Example: memory-daemon web --open
    """
    from agent_memory.web.server import IDLE_S, PageServer

    settings = current(context)
    end_like_an_interrupt()
    server = PageServer(settings.main_path, settings.store, port)
    link = server.new_link()
    click.echo(f"The memory is at {link}")
    if not server.daemon.is_up():
        click.echo(f"Nothing is shown before the daemon runs: {command_line(context, 'start')}")
    if open_browser and not _opened(link):
        click.echo("No browser can be opened here. Over ssh, forward the port and open the link there:")
        click.echo(f"ssh -L {server.port}:127.0.0.1:{server.port} HOST")
    if sys.stdin is not None and sys.stdin.isatty():
        click.echo("The link opens once; Enter gives another one, Ctrl-C ends.")
        threading.Thread(target=_give_links, args=(server,), name="links", daemon=True).start()
    try:
        is_idle = server.serve_until_idle(threading.Event())
    except KeyboardInterrupt:
        is_idle = False
    why = f"nobody looked at it for {IDLE_S / 60:.0f} minutes" if is_idle else "it was told to end"
    click.echo(f"The page has ended: {why}. Again: {command_line(context, 'web')}")


def _opened(link: str) -> bool:
    if sys.platform != "darwin" and not any(os.environ.get(name) for name in _SCREENS):
        return False
    return webbrowser.open(link)


def _give_links(server: PageServer) -> None:
    """Print another link for each line of input."""
    # Not by sys.stdin: its lock would be held when the process ends.
    while os.read(0, _LINE_BYTES):
        click.echo(f"The memory is at {server.new_link()}")
