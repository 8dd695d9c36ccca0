"""`completion`: the script that lets a shell complete commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete commands.

    Example: eval "$(memory-daemon completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click knows the three that the choice allows
    root = context.find_root().command
    click.echo(kind(root, {}, "memory-daemon", "_MEMORY_DAEMON_COMPLETE").source())
