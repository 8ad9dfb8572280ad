"""Lines of plain text: what listings of many thousand lines are printed with.

A table's columns are as wide as they need. In a terminal that is narrower, the first column folds,
after a separator of names where there is one.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tfckpt.cli.output import harmless as harmless

_GAP = "  "
_LEAST = 16  # what the first column keeps in the narrowest terminal
_LINES = 500  # that are written at a time
_SEPARATORS = "/._-:"


def columns() -> int | None:
    """Return the width of the terminal that is written to, None if it is none."""
    is_wanted = sys.stdout.isatty() or os.environ.get("FORCE_COLOR")
    return shutil.get_terminal_size().columns if is_wanted else None


def is_styled() -> bool:
    """Whether bold and faint text is wanted: in a terminal, or by FORCE_COLOR; not by NO_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if is_styled() else text


def faint(text: str) -> str:
    return f"\x1b[2m{text}\x1b[0m" if is_styled() else text


def can_print(text: str) -> bool:
    """Whether the encoding of the output has these letters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write(lines: Iterable[str]) -> None:
    """Print lines, some hundred at a time: the first are there while others are being made."""
    made = iter(lines)
    while some := list(islice(made, _LINES)):
        sys.stdout.write("\n".join(some) + "\n")
        sys.stdout.flush()


def table(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    width: int | None = None,
) -> Iterator[str]:
    """Yield the lines of a table, its titles first; the columns in `right` are numbers.

    Nothing in a cell acts on the terminal.
    """
    if rows and not all(map(str.isprintable, map("".join, rows))):
        rows = [list(map(harmless, row)) for row in rows]
    sizes = [max(map(cells, column)) for column in zip(titles, *rows, strict=True)]
    if width is not None:
        rest = sum(sizes[1:]) + len(_GAP) * (len(sizes) - 1)
        sizes[0] = max(min(sizes[0], width - rest), min(_LEAST, sizes[0]))
    at_right = [title in right for title in titles]
    head = _line(titles, sizes, at_right)
    yield bold(head) if head.strip() else head
    for row in rows:
        first, *more = fold(row[0], sizes[0])
        yield _line([first, *row[1:]], sizes, at_right)
        yield from more


def _line(row: Sequence[str], sizes: Sequence[int], at_right: Sequence[bool]) -> str:
    parts = []
    for cell, size, is_right in zip(row, sizes, at_right, strict=True):
        blank = " " * (size - cells(cell))
        parts.append(blank + cell if is_right else cell + blank)
    return _GAP.join(parts).rstrip()


def cells(text: str) -> int:
    """Return how wide a terminal shows a text.

    >>> cells("bias"), cells("重み")
    (4, 4)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def fold(text: str, width: int) -> list[str]:
    """Return a text in lines of no more than `width`; all but the first are indented.

    >>> fold("model/encoder/layer_0/kernel", 16)
    ['model/encoder/', '  layer_0/kernel']
    """
    lines, indent = [], ""
    while len(indent) + cells(text) > width:
        end = _fitting(text, max(width - len(indent), 1))
        after = [at + 1 for at in range(end // 2, end) if text[at] in _SEPARATORS]
        end = after[-1] if after else end
        lines.append(indent + text[:end])
        text, indent = text[end:], "  "
    return [*lines, indent + text]


def _fitting(text: str, width: int) -> int:
    """Return how many letters of a text fit, at least one."""
    if text.isascii():
        return width
    used = 0
    for at, char in enumerate(text):
        used += cells(char)
        if used > width and at:
            return at
    return len(text)
