"""``tfckpt convert``: tensors once more, in another format or under other names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import json_line
from tfckpt.cli.writing import pair
from tfckpt.convert import FORMATS, Converted, convert_checkpoint, convert_naming
from tfckpt.errors import UnimplementedError
from tfckpt.keras.classes import read_layers
from tfckpt.names import shown
from tfckpt.progress import Progress, rich_bar
from tfckpt.renaming import NAMELESS, REPEATED, Nameless, Repeated
from tfckpt.wording import harmless


@click.command("convert")
@click.argument("src", shell_complete=complete_path)
@click.argument("dst", shell_complete=complete_path)
@click.option(
    "--to",
    type=click.Choice(FORMATS),
    help="The format; without it the end of DST says it: .safetensors; .pt, .pth, .bin; .npz; .h5, "
    ".hdf5; no suffix, .ckpt or a number for v2.",
)
@click.option("--by-name", is_flag=True, help="Give the variables of objects their full names.")
@click.option("--by-path", is_flag=True, help="Give them their objects' paths (layer/kernel).")
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
@click.option(
    "--layers",
    metavar="FILE",
    help="JSON with what SRC does not tell of a Keras model's layers: the classes of layers by "
    "path, the model's to_json(), or lists of tensors by layer.",
)
@click.option("--model", metavar="PATH", help="The object that is the Keras model.")
@click.option("--keep", multiple=True, metavar="PATTERN", help="Keep only these tensors.")
@click.option("--drop", multiple=True, metavar="PATTERN", help="Leave these tensors out.")
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="A name, or a scope with a '/'.")
@click.option(
    "--cast",
    multiple=True,
    metavar="DTYPE=DTYPE",
    help="What becomes of an element type, such as bfloat16=float32.",
)
@click.option("--compressed", is_flag=True, help="Pack the tensors (npz, hdf5).")
@click.option(
    "--max-shard-size",
    type=click.IntRange(min=1),
    metavar="BYTES",
    help="Several safetensors files of at most so many bytes, and their index.",
)
@click.option("--skip-unreadable", is_flag=True, help="Leave out variants, resources and the like.")
@click.option("--force", is_flag=True, help="Replace what is at DST.")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as one JSON object.")
def convert_command(
    src: str,
    dst: str,
    to: str | None,
    by_name: bool,
    by_path: bool,
    repeated: Repeated,
    nameless: Nameless,
    like: str | None,
    layers: str | None,
    model: str | None,
    keep: tuple[str, ...],
    drop: tuple[str, ...],
    rename: tuple[str, ...],
    cast: tuple[str, ...],
    compressed: bool,
    max_shard_size: int | None,
    skip_unreadable: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write the tensors of SRC, a checkpoint or another library's file, at DST, and check them.

    A checkpoint is written at a prefix, V2 by default; V1 is the single-file format, the default
    before TensorFlow 0.12. The weights of a Keras model's checkpoint go to .weights.h5 (keras3) and
    .h5 (keras2) by its layers, as Keras loads them. Patterns and names are those that the tensors
    have in DST before --rename. With --by-name, --by-path or --like the tensors of an object-based
    checkpoint change
    their names; with --like a V2 checkpoint is written for the program that wrote CKPT.
    """
    other = (
        to,
        by_name,
        by_path,
        layers,
        model,
        keep,
        drop,
        rename,
        cast,
        compressed,
        max_shard_size,
    )
    if (like and any((*other, skip_unreadable))) or (by_name and by_path):
        raise click.UsageError(
            "--by-name, --by-path and --like exclude each other; --like goes with --force alone"
        )
    if not by_name and (repeated, nameless) != ("error", "error"):
        raise click.UsageError("--repeated and --nameless go with --by-name")
    convert: Any = partial(
        convert_checkpoint,
        to=to,
        by="name" if by_name else "path" if by_path else None,
        repeated=repeated,
        nameless=nameless,
        keep=list(keep) or None,
        drop=list(drop) or None,
        model=model,
        rename=dict(pair("--rename", rule) for rule in rename) or None,
        cast=dict(pair("--cast", rule) for rule in cast),
        compressed=compressed,
        max_shard_size=max_shard_size,
        unreadable="skip" if skip_unreadable else "error",
    )
    if like:
        convert = partial(convert_naming, like=like)
    with _as_messages(), rich_bar() as bar:
        if layers is not None:
            convert = partial(convert, layers=read_layers(layers))
        made = convert(src, dst, overwrite=force, progress=_by_step(bar))
    if as_json:
        text.write([json_line("convert/1", _as_json(made))])
        return
    how = f"like {like}" if like else f"as {made.file_format}"
    how += ", by name" if by_name else ", by path" if by_path else ""
    line = f"{harmless(made)}: {made.summary} written {how}, and checked{_left_out(made)}"
    text.write([line])


def _by_step(bar: Progress) -> Progress:
    """Have a bar name the step in place of the tensor; both steps go over all the bytes."""
    return lambda done, total, name: bar(
        done, total, "converting" if 2 * done <= total else "checking"
    )


def _as_json(made: Converted) -> dict[str, Any]:
    return {
        "path": str(made),
        "format": made.file_format,
        "written": made.written,
        "left_out": made.left_out,
        "metadata_left_out": made.metadata_left_out,
    }


def _left_out(made: Converted) -> str:
    said = _some("left out", list(made.left_out))
    return said + _some("metadata left out", made.metadata_left_out)


def _some(what: str, names: list[str]) -> str:
    return f"; {what}: {shown(names, text=harmless)}" if names else ""


@contextmanager
def _as_messages() -> Iterator[None]:
    """Say in the command's terms what the library says in its own."""
    try:
        yield
    except FileExistsError as error:
        raise click.ClickException(f"{error} (--force replaces it)") from None
    except (ImportError, ValueError, UnimplementedError) as error:
        said = str(error)
        for theirs, ours in _OPTIONS.items():
            said = re.sub(theirs, ours, said)
        raise click.ClickException("\n".join(map(harmless, said.splitlines()))) from error


_OPTIONS = {
    r"unreadable='skip'": "--skip-unreadable",
    r"repeated='number'": "--repeated number",
    r"nameless='key'": "--nameless key",
    r"drop=\[\.\.\.\]": "--drop NAME",
    r"cast=\{'(.*?)': \.\.\.\}": r"--cast \1=DTYPE",
    r"give format=": "give --to",
    r"to='hdf5'": "--to hdf5",
    r"\(model=\)": "(--model)",
    r"\(layers=(\{.*?\})\)": r"(--layers FILE, with \1 as JSON)",
    r"by='(name|path)'": r"--by-\1",
    r"by=, keep= and rename=": "--by-name, --by-path, --keep and --rename",
}
