"""``tfckpt completion``: what makes a shell complete commands, options, paths and names."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem, get_completion_class

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_TFCKPT_COMPLETE"  # what click's scripts set when they ask


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion_command(shell: str) -> None:
    """Print the script that makes SHELL complete tfckpt's commands, options, paths and names.

    For bash: eval "$(tfckpt completion bash)", in ~/.bashrc.
    """
    from tfckpt.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None, "click has all of these shells"
    # Not `source()`, which looks for the shell's version: the script is all that is wanted.
    made = kind(cli, {}, "tfckpt", _VARIABLE)
    click.echo(made.source_template % made.source_vars())


def complete_path(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer checkpoints by their prefixes, folders, and other files."""
    folder, start = os.path.split(incomplete)
    try:
        names = sorted(os.listdir(folder or os.curdir))
    except OSError:
        return []
    offered: dict[str, str] = {}
    for name in names:
        if name.startswith(start) and (start.startswith(".") or not name.startswith(".")):
            path = os.path.join(folder, name)
            prefix = path.removesuffix(".index")
            is_shard = ".data-" in name and f"{name.rpartition('.data-')[0]}.index" in names
            if os.path.isdir(path):
                offered[path + "/"] = "folder"
            elif not is_shard:
                offered[prefix] = "checkpoint" if prefix != path else "file"
    return [CompletionItem(path, help=what) for path, what in offered.items()]


def complete_name(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the names of the tensors in the PATH that was given."""
    from tfckpt.errors import CheckpointError
    from tfckpt.looking.opening import open_any

    try:
        with open_any(context.params["path"]) as reader:
            return [CompletionItem(name) for name in reader if name.startswith(incomplete)]
    except (CheckpointError, OSError, ValueError, KeyError):
        return []
