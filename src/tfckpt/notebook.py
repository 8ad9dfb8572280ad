"""What objects look like in a notebook: a small table, or their text as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

_ROWS = 60


def table_html(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], count: int
) -> str:
    """Return an HTML table of the first of `count` rows; nothing in a cell is markup.

    >>> table_html("t", ["a"], [["<b>"]], 1)
    '<table><caption>t</caption><tr><th>a</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    lines = [f"<table><caption>{_safe(title)}</caption>", _row(columns, "th")]
    lines += (_row(row, "td") for row in islice(rows, _ROWS))
    if count > _ROWS:
        lines.append(f'<tr><td colspan="{len(columns)}">and {count - _ROWS:,} more</td></tr>')
    return "".join([*lines, "</table>"])


def _row(cells: Sequence[str], kind: str) -> str:
    return f"<tr>{''.join(f'<{kind}>{_safe(cell)}</{kind}>' for cell in cells)}</tr>"


def _safe(text: str) -> str:
    return escape(text.encode("utf-8", "backslashreplace").decode())


class Printed:
    """An object that a notebook shows as `print` does."""

    def _repr_html_(self) -> str:
        return f"<pre>{_safe(str(self))}</pre>"
