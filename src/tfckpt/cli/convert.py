"""``tfckpt convert``: a checkpoint once more, in the other format or under other names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import harmless, json_line
from tfckpt.cli.progress import progress_bar
from tfckpt.convert import CHECKPOINT_FORMATS, Converted, convert_checkpoint, convert_naming
from tfckpt.errors import UnimplementedError
from tfckpt.names import shown
from tfckpt.renaming import NAMELESS, REPEATED, Nameless, Repeated


@click.command("convert")
@click.argument("src", shell_complete=complete_path)
@click.argument("dst", shell_complete=complete_path)
@click.option("--to", type=click.Choice(CHECKPOINT_FORMATS), default="v2", show_default=True)
@click.option("--by-name", is_flag=True, help="Give the variables of objects their full names.")
@click.option(
    "--repeated",
    type=click.Choice(REPEATED),
    default="error",
    show_default=True,
    help="Full names that several variables have: number them, take the first, use their paths.",
)
@click.option(
    "--nameless",
    type=click.Choice(NAMELESS),
    default="error",
    show_default=True,
    help="Variables without a full name: use their paths.",
)
@click.option("--like", metavar="CKPT", help="Give variables to the objects of CKPT, by full name.")
@click.option("--skip-unreadable", is_flag=True, help="Leave out variants, resources and the like.")
@click.option("--force", is_flag=True, help="Replace a checkpoint that is at DST.")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as one JSON object.")
def convert_command(
    src: str,
    dst: str,
    to: str,
    by_name: bool,
    repeated: Repeated,
    nameless: Nameless,
    like: str | None,
    skip_unreadable: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write checkpoint SRC as a V2 or V1 checkpoint at prefix DST, and check it.

    V1 is the single-file format, the default before TensorFlow 0.12. With --by-name or --like the
    tensors of a V2 checkpoint change their names, between those of tf.compat.v1.train.Saver and
    those of tf.train.Checkpoint.
    """
    if (by_name or like) and (to != "v2" or (by_name and like)):
        raise click.UsageError("--by-name and --like exclude each other, and --to v1")
    if not by_name and (repeated, nameless) != ("error", "error"):
        raise click.UsageError("--repeated and --nameless go with --by-name")
    if like and skip_unreadable:
        raise click.UsageError("--like and --skip-unreadable exclude each other")
    convert: Any = partial(convert_checkpoint, to=to)
    how = f"as {to}, and checked"
    if like:
        convert, how = partial(convert_naming, like=like), f"like {like}, and checked"
    elif by_name:
        convert = partial(convert_naming, repeated=repeated, nameless=nameless)
        how = "by name, and checked"
    if skip_unreadable:
        convert = partial(convert, unreadable="skip")
    with _as_messages(), progress_bar("converting", "checking") as progress:
        made = convert(src, dst, overwrite=force, progress=progress)
    if as_json:
        found = {"path": str(made), "written": made.written, "left_out": made.left_out}
        text.write([json_line("convert/1", found)])
    else:
        text.write([f"{harmless(made)}: {made.summary} written {how}{_left_out(made)}"])


def _left_out(made: Converted) -> str:
    names = [harmless(name) for name in made.left_out]
    return f"; left out: {shown(names)}" if names else ""


@contextmanager
def _as_messages() -> Iterator[None]:
    """Say in the command's terms what the library says in its own."""
    try:
        yield
    except FileExistsError as error:
        raise click.ClickException(f"{error} (--force replaces it)") from None
    except (ValueError, UnimplementedError) as error:
        said = str(error)
        for theirs, ours in _OPTIONS.items():
            said = said.replace(theirs, ours)
        raise click.ClickException("\n".join(map(harmless, said.splitlines()))) from error


_OPTIONS = {
    "unreadable='skip'": "--skip-unreadable",
    "repeated='number'": "--repeated number",
    "nameless='key'": "--nameless key",
}
