"""How commands print: tables as wide as they need when nobody's terminal limits them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from tfckpt.wording import bytes_text, shape_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["bytes_text", "console", "harmless", "markup", "shape_text", "table"]

_UNLIMITED = 10_000


def console() -> Console:
    """Return a console; one that is piped into a file or program cuts no line."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _UNLIMITED
    return Console(width=width, highlight=False, soft_wrap=False, emoji=False)


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table; the columns in `right` are numbers."""
    from rich.table import Table

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
    from rich.markup import escape

    return escape(harmless(text))
