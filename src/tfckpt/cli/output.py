"""How commands print: tables as wide as they need when nobody's terminal limits them."""

from __future__ import annotations

import re
import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_UNLIMITED = 10_000


def console() -> Console:
    """Return a console; one that is piped into a file or program cuts no line."""
    width = None if sys.stdout.isatty() else _UNLIMITED
    return Console(width=width, highlight=False, soft_wrap=False, emoji=False)


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table; the columns in `right` are numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


# Control characters steer a terminal, and some turn the direction of what follows.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    r"""Return a text of others, such as a name, that may be printed: nothing in it acts.

    >>> print(harmless("a\x1b[31mb"))
    a\x1b[31mb
    """
    return _STEERING.sub(lambda found: repr(found[0])[1:-1], text)


def markup(text: str) -> str:
    """Return a text of others for output in which rich's markup counts."""
    return escape(harmless(text))


def bytes_text(size: int) -> str:
    """Return a size in bytes in the unit that suits it.

    >>> bytes_text(999), bytes_text(41_200_000)
    ('999 B', '41.2 MB')
    """
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            break
    return f"{value:.1f} {unit}"


def shape_text(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
