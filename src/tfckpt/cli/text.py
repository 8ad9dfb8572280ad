"""Lines of plain text: what listings of many thousand lines are printed with.

A table's columns are as wide as they need. In a terminal that is narrower, columns of names fold,
after a separator where there is one.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice, zip_longest

from tfckpt.wording import harmless

_GAP = "  "
_BELOW = "    "  # before what stands below a name, more than a folded name's own lines have
_LEAST = 20  # a folded name is not made narrower than this
_LINES = 500  # written at a time
# Where a name may end a line: after a slash if there is one, else after one of the others.
_SEPARATORS = ("/", "._: ")


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
    folds: Sequence[str] | None = None,
    beside: Sequence[str] = (),
    width: int | None = None,
) -> Iterator[str]:
    """Yield the lines of a table, its titles first; the columns in `right` are numbers.

    Where `width` is too narrow the columns in `folds` (the first, if nothing is said) fold. Where
    that leaves them less than a name needs, the first column, and those in `beside` after it, get
    lines of their own above the others'. Nothing in a cell acts on the terminal.
    """
    if rows and not all(map(str.isprintable, map("".join, rows))):
        rows = [list(map(harmless, row)) for row in rows]
    folding = {titles.index(title) for title in (titles[:1] if folds is None else folds)}
    natural = [max(map(cells, column)) for column in zip(titles, *rows, strict=True)]
    sizes = _fitting_sizes(natural, folding, width)
    if sizes is None:
        yield from _stacked(
            titles, rows, right=right, folding=folding, beside=beside, width=width or 0
        )
    else:
        at_right = [title in right for title in titles]
        yield from _heading(_lines(titles, sizes, at_right))
        for row in rows:
            yield from _lines(row, sizes, at_right)


def _fitting_sizes(
    natural: Sequence[int], folding: Collection[int], width: int | None
) -> list[int] | None:
    """Return how wide each column is to be; None where those that fold are left too little."""
    sizes = list(natural)
    if width is None:
        return sizes
    left = width - len(_GAP) * (len(sizes) - 1)
    left -= sum(size for at, size in enumerate(sizes) if at not in folding)
    # The narrowest come first: what they do not need is the others'.
    for done, at in enumerate(sorted(folding, key=natural.__getitem__)):
        share = left // (len(folding) - done)
        if share < min(_LEAST, natural[at]):
            return None
        sizes[at] = min(natural[at], share)
        left -= sizes[at]
    return sizes


def _stacked(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str],
    folding: Collection[int],
    beside: Sequence[str],
    width: int,
) -> Iterator[str]:
    """Yield a table whose rows are a name, and below it the rest."""
    above = [at for at, title in enumerate(titles) if not at or title in beside]
    rest = [at for at in range(len(titles)) if at not in above]
    natural = [max(cells(row[at]) for row in [titles, *rows]) for at in rest]
    folding = {number for number, at in enumerate(rest) if at in folding}
    sizes = _fitting_sizes(natural, folding, width - len(_BELOW)) or natural
    at_right = [titles[at] in right for at in rest]

    def lines(row: Sequence[str]) -> Iterator[str]:
        yield from fold(_GAP.join(row[at] for at in above if row[at]), width)
        for line in _lines([row[at] for at in rest], sizes, at_right) if rest else ():
            if line:
                yield _BELOW + line

    yield from _heading(lines(titles))
    for row in rows:
        yield from lines(row)


def _heading(lines: Iterable[str]) -> Iterator[str]:
    yield from (bold(line) if line.strip() else line for line in lines)


def _lines(row: Sequence[str], sizes: Sequence[int], at_right: Sequence[bool]) -> Iterator[str]:
    """Yield a row in one line, or in as many as its longest cell takes."""
    if all(len(cell) <= size and cell.isascii() for cell, size in zip(row, sizes, strict=True)):
        yield _line(row, sizes, at_right)
        return
    folded = (fold(cell, size) for cell, size in zip(row, sizes, strict=True))
    for line in zip_longest(*folded, fillvalue=""):
        yield _line(line, sizes, at_right)


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
        end = _break(text, _fitting(text, max(width - len(indent), 1)))
        lines.append(indent + text[:end])
        text, indent = text[end:], "  "
    return [*lines, indent + text]


def _break(text: str, most: int) -> int:
    """Return where a line that has room for `most` letters is to end: not too early."""
    for separators in _SEPARATORS:
        found = [at for at in range(most // 3, most) if text[at] in separators]
        if found:
            return found[-1] + 1
    return most


def wrapped(label: str, value: str, width: int | None) -> Iterator[str]:
    """Yield what a value is, and the value: a list of things in lines as wide as there is room.

    >>> list(wrapped("files:  ", "a.index, a.data, a.meta", 24))
    ['files:  a.index, a.data,', '        a.meta']
    """
    line = label
    for number, part in enumerate(value.split(", ")):
        part = f", {part}" if number else part
        if number and width is not None and cells(line + part) >= width:
            yield f"{line},"
            line, part = " " * len(label), part[2:]
        line += part
    yield line


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
