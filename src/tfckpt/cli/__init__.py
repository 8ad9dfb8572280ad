"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from tfckpt.errors import CheckpointError
from tfckpt.versions import TFCKPT_VERSION

# command -> the module beside this one and its function
_COMMANDS = {
    "info": "info:info_command",
    "ls": "ls:ls_command",
    "show": "show:show_command",
    "stats": "stats:stats_command",
    "verify": "verify:verify_command",
    "doctor": "doctor:doctor_command",
    "salvage": "salvage:salvage_command",
    "repair-state": "repair_state:repair_state_command",
    "diff": "diff:diff_command",
    "report": "report:report_command",
    "convert": "convert:convert_command",
    "tree": "tree:tree_command",
    "graph": "graph:graph_command",
    "edit": "edit:edit_command",
    "average": "average:average_command",
    "merge": "merge:merge_command",
    "suggest": "suggest:suggest_command",
    "prune": "prune:prune_command",
    "saved-model": "saved_model:saved_model_command",
    "completion": "completion:completion_command",
}


class _Commands(click.Group):
    """Finds commands in the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, _, function = _COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(f"tfckpt.cli.{module}"), function)
        if "Exits with" not in (command.help or ""):
            command.epilog = "Exits with 0, 1 in case of an error, 2 for wrong arguments."
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Show the library's errors, and the system's, as a line and not as a traceback."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, click.exceptions.Exit, click.Abort):
            raise
        except (CheckpointError, OSError, ValueError, RuntimeError) as error:
            raise click.ClickException(_line(error)) from error


def _line(error: Exception) -> str:
    from tfckpt.wording import harmless

    return "\n".join(harmless(line) for line in str(error).splitlines())


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(TFCKPT_VERSION, prog_name="tfckpt")
def cli() -> None:
    """Look into TensorFlow checkpoints, without TensorFlow.

    PATH is a checkpoint's prefix, any of its files, its folder, or a SavedModel's.
    """
