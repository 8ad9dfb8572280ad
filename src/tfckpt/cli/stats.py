"""``tfckpt stats``: what the numbers in a checkpoint are like."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_name, complete_path
from tfckpt.looking.statistics import Statistics, TensorStatistics, statistics
from tfckpt.wording import harmless, plural

_BARS = " ▁▂▃▄▅▆▇█"
_ASCII_BARS = " .:-=+*#@"
_SHOWN = 16  # bins in a row of a table, half of them where it is narrow
_WIDE = 100
_REASONS = 5


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
        text.write(line for tensor in found.tensors for line in _one(tensor))
    else:
        text.write(_table(found))


def _table(found: Statistics) -> Iterator[str]:
    titles = ["name", "type", "min", "mean", "max", "std", "histogram"]
    titles += ["moved"] if found.since is not None else []
    width = text.columns()
    bins = _SHOWN if width is None or width >= _WIDE else _SHOWN // 2
    rows = []
    for tensor in found.tensors:
        row = [
            tensor.name,
            tensor.dtype,
            *map(_number, (tensor.min, tensor.mean, tensor.max, tensor.std)),
        ]
        unread = "not read" if tensor.unread else ""
        row.append(histogram(_fewer(tensor.histogram, bins)) if tensor.histogram else unread)
        if found.since is not None:
            row.append("" if tensor.moved is None else _moved(tensor))
        rows.append([*row, ", ".join(tensor.suspicious)])
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
    reasons = Counter(tensor.unread for tensor in found.tensors if tensor.unread)
    for reason, count in reasons.most_common(_REASONS):
        yield f"{plural(count, 'tensor')} not read: {harmless(reason)}"
    if len(reasons) > _REASONS:
        yield f"and {len(reasons) - _REASONS} more reasons (name a tensor to see its own)"


def _one(tensor: TensorStatistics) -> Iterator[str]:
    shape = ", ".join(map(str, tensor.shape))
    yield f"{text.bold(harmless(tensor.name))}  {tensor.dtype} [{shape}]"
    if tensor.unread:
        yield f"  {harmless(tensor.unread)}"
    if tensor.min is not None and tensor.quantiles is not None and tensor.histogram is not None:
        yield (
            f"  min {_number(tensor.min)}, max {_number(tensor.max)}, mean {_number(tensor.mean)}, "
            + (f"std {_number(tensor.std)}, norm {_number(tensor.norm)}")
        )
        quantiles = ", ".join(map(_number, tensor.quantiles))
        yield f"  1, 25, 50, 75, 99 %: {quantiles}"
        yield f"  {_number(tensor.min)} {histogram(tensor.histogram)} {_number(tensor.max)}"
    counts = {"zero": tensor.zeros, "NaN": tensor.nan, "infinite": tensor.inf}
    said = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    yield f"  {tensor.size:,} elements" + (f": {said}" if said else "")
    if tensor.suspicious:
        yield f"  suspicious: {', '.join(tensor.suspicious)}"
    if tensor.moved is not None:
        yield f"  moved by {_moved(tensor)}"


def histogram(counts: Sequence[int]) -> str:
    """Draw counts as bars; a bin that is not empty has at least the lowest."""
    bars = _BARS if text.can_print(_BARS) else _ASCII_BARS
    top = max(counts, default=0) or 1
    return "".join(bars[-(-count * (len(bars) - 1) // top)] for count in counts)


def _fewer(counts: Sequence[int], bins: int) -> list[int]:
    """Join neighbouring bins."""
    edges = [len(counts) * at // bins for at in range(bins + 1)]
    return [sum(counts[a:b]) for a, b in pairwise(edges)]


def _moved(tensor: TensorStatistics) -> str:
    moved = tensor.moved
    assert moved is not None
    share = "" if moved.relative is None else f" ({moved.relative:.2%})"
    return f"{moved.norm:.3g}{share}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
