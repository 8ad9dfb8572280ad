"""``tfckpt stats``: what the numbers in a checkpoint are like."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_name, complete_path
from tfckpt.cli.output import harmless
from tfckpt.looking.statistics import Statistics, TensorStatistics, statistics

_BARS = " ▁▂▃▄▅▆▇█"
_ASCII_BARS = " .:-=+*#@"
_SHOWN = 16  # bins in a row of a table, half of them where it is narrow
_WIDE = 100


@click.command("stats")
@click.argument("path", shell_complete=complete_path)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_name)
@click.option("--since", metavar="OTHER", help="How far each has moved since this checkpoint.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def stats_command(path: str, names: tuple[str, ...], since: str | None, as_json: bool) -> None:
    """Show the numbers of the tensors of PATH, or of each NAME; suspicious ones first.

    NAME may be the path of an object or the full name of a variable too. Suspicious are NaN,
    infinite and huge values, and tensors that are all zero or all the same.
    """
    found = statistics(path, names or None, since=since)
    if as_json:
        text.write([json.dumps(found.to_json())])
    elif names:
        text.write(line for one in found.tensors for line in _one(one))
    else:
        text.write(_table(found))


def _table(found: Statistics) -> Iterator[str]:
    titles = ["name", "type", "min", "mean", "max", "std", "histogram"]
    titles += ["moved"] if found.since is not None else []
    width = text.columns()
    bins = _SHOWN if width is None or width >= _WIDE else _SHOWN // 2
    rows = []
    for one in found.tensors:
        row = [one.name, one.dtype, *map(_number, (one.min, one.mean, one.max, one.std))]
        row.append(histogram(_fewer(one.histogram, bins)) if one.histogram else one.unread or "")
        if found.since is not None:
            row.append("" if one.moved is None else _moved(one))
        rows.append([*row, ", ".join(one.suspicious)])
    titles.append("")
    yield from text.table(
        titles,
        rows,
        right=("min", "mean", "max", "std"),
        beside=("type", "moved", ""),
        width=width,
    )
    yield ""
    yield f"{found.summary()} in {harmless(found.path)}"


def _one(one: TensorStatistics) -> Iterator[str]:
    shape = ", ".join(map(str, one.shape))
    yield f"{text.bold(harmless(one.name))}  {one.dtype} [{shape}]"
    if one.unread:
        yield f"  {harmless(one.unread)}"
    if one.min is not None and one.quantiles is not None and one.histogram is not None:
        yield f"  min {_number(one.min)}, max {_number(one.max)}, mean {_number(one.mean)}, " + (
            f"std {_number(one.std)}, norm {_number(one.norm)}"
        )
        quantiles = ", ".join(map(_number, one.quantiles))
        yield f"  1, 25, 50, 75, 99 %: {quantiles}"
        yield f"  {_number(one.min)} {histogram(one.histogram)} {_number(one.max)}"
    counts = {"zero": one.zeros, "NaN": one.nan, "infinite": one.inf}
    said = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    yield f"  {one.size:,} elements" + (f": {said}" if said else "")
    if one.suspicious:
        yield f"  suspicious: {', '.join(one.suspicious)}"
    if one.moved is not None:
        yield f"  moved by {_moved(one)}"


def histogram(counts: Sequence[int]) -> str:
    """Draw counts as bars; a bin that is not empty has at least the lowest."""
    bars = _BARS if text.can_print(_BARS) else _ASCII_BARS
    top = max(counts, default=0) or 1
    return "".join(bars[-(-count * (len(bars) - 1) // top)] for count in counts)


def _fewer(counts: Sequence[int], bins: int) -> list[int]:
    """Join neighbouring bins."""
    edges = [len(counts) * at // bins for at in range(bins + 1)]
    return [sum(counts[a:b]) for a, b in pairwise(edges)]


def _moved(one: TensorStatistics) -> str:
    moved = one.moved
    assert moved is not None
    share = "" if moved.relative is None else f" ({moved.relative:.2%})"
    return f"{moved.norm:.3g}{share}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
