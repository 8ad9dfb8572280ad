"""``tfckpt suggest``: which tensors of a checkpoint a program's names may mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import json_line
from tfckpt.formats import open_tensors
from tfckpt.transform.suggesting import Suggestions, suggest

if TYPE_CHECKING:
    from tfckpt.tensors.slices import Shape

_GRAPHS = (".meta", ".pb", ".pbtxt")


@click.command("suggest")
@click.argument("src", shell_complete=complete_path)
@click.argument("like", shell_complete=complete_path)
@click.option("--table", "as_table", is_flag=True, help="Show a table, not a file of rules.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def suggest_command(src: str, like: str, as_table: bool, as_json: bool) -> None:
    """Suggest how the tensors of SRC have to be renamed to be those of LIKE.

    LIKE is a checkpoint that the program wrote, or its graph (.meta, .pb, .pbtxt). What is printed
    is a file of rules for `tfckpt edit --rules`, to be looked through first.
    """
    with open_tensors(src) as reader:
        if like.endswith(_GRAPHS):
            found = suggest(reader, _variables(like))
        else:
            with open_tensors(like) as program:
                found = suggest(reader, program)
    if as_json:
        made = [suggestion._asdict() for suggestion in found]
        text.write([json_line("suggest/1", {"suggestions": made})])
    elif as_table:
        text.write(_table(found))
    else:
        click.echo(found.to_toml(), nl=False)


def _variables(path: str) -> dict[str, Shape]:
    """Return the variables of a graph whose shapes are known."""
    from tfckpt.graph import list_graph_variables

    shapes = {variable.checkpoint_key: variable.shape for variable in list_graph_variables(path)}
    known: dict[str, Shape] = {}
    for name, shape in shapes.items():
        sizes = [size for size in shape or () if size is not None]
        if shape is not None and len(sizes) == len(shape):
            known[name] = tuple(sizes)
    return known


def _table(found: Suggestions) -> Iterator[str]:
    titles = ("target", "tensor", "sure", "why")
    rows = [
        (
            suggestion.target,
            suggestion.name or " or ".join(suggestion.candidates),
            f"{suggestion.confidence:.2f}" if suggestion.name else "open",
            suggestion.reason,
        )
        for suggestion in found
    ]
    yield from text.table(titles, rows, right=("sure",), folds=titles[:2], width=text.columns())
