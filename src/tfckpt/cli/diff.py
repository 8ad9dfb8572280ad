"""``tfckpt diff``: what is different between two checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.errors import CheckpointError
from tfckpt.looking.compare import Comparison, compare
from tfckpt.wording import harmless

_DIFFERENT, _TROUBLE = 1, 2


@click.command("diff")
@click.argument("a", shell_complete=complete_path)
@click.argument("b", shell_complete=complete_path)
@click.option("--rtol", type=click.FloatRange(min=0), default=0.0, help="Allowed, of B's value.")
@click.option("--atol", type=click.FloatRange(min=0), default=0.0, help="Allowed in any value.")
@click.option("--by-name", is_flag=True, help="Compare variables of objects by full names.")
@click.option("--structure", is_flag=True, help="Only names, types and shapes, no values.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def diff_command(
    a: str, b: str, rtol: float, atol: float, by_name: bool, structure: bool, as_json: bool
) -> None:
    """Compare the tensors of A and B: names, types, shapes, values.

    Lines begin with - for what only A has, + for what only B has, > for what has another name in
    B, ! for what is different.

    Exits with 0 where they are the same, 1 where they differ, 2 in case of trouble.
    """
    try:
        found = compare(a, b, rtol=rtol, atol=atol, by_name=by_name, structure=structure)
    except (CheckpointError, OSError) as error:
        click.echo(f"Error: {harmless(str(error))}", err=True)
        raise click.exceptions.Exit(_TROUBLE) from None
    text.write([json.dumps(found.to_json())] if as_json else _lines(found))
    if found.unread:
        raise click.exceptions.Exit(_TROUBLE)
    if not found.same:
        raise click.exceptions.Exit(_DIFFERENT)


def _lines(found: Comparison) -> Iterator[str]:
    yield f"A {harmless(found.a)}"
    yield f"B {harmless(found.b)}"
    if not found.same:
        yield ""
    yield from (f"- {harmless(name)}" for name in found.only_a)
    yield from (f"+ {harmless(name)}" for name in found.only_b)
    yield from (f"> {harmless(old)} -> {harmless(new)}" for old, new in found.renamed)
    yield from (
        f"! {harmless(str(difference))}"
        for difference in found.different
        if difference.what != "values"
    )
    valued = [difference for difference in found.different if difference.what == "values"]
    if valued:
        rows = [
            (
                f"! {difference.name}",
                difference.a,
                f"{difference.differing:,} of {difference.size:,}",
                _number(difference.max_abs),
                _number(difference.mean_abs),
                _number(difference.max_rel),
                _number(difference.mean_rel),
            )
            for difference in valued
        ]
        titles = ("  values", "", "differ", "max", "mean", "max rel", "mean rel")
        yield from text.table(titles, rows, right=titles[2:], beside=("",), width=text.columns())
    yield ""
    yield found.summary()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
