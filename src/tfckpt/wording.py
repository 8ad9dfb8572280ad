"""Numbers, and texts of others, as people can read them."""

from __future__ import annotations

import re

# Control characters steer a terminal, and some turn the direction of what follows.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


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


def plural(count: int, what: str) -> str:
    """Return a number of things.

    >>> plural(1, "tensor"), plural(12_000, "tensor")
    ('1 tensor', '12,000 tensors')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def shape_text(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def age_text(seconds: float) -> str:
    """Return how long ago something was, in the unit that suits it.

    >>> age_text(0.2), age_text(200), age_text(400_000)
    ('just now', '3 minutes ago', '4 days ago')
    """
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{plural(int(seconds // length), unit)} ago"
    return "just now"


def harmless(text: str) -> str:
    r"""Return a text of others, such as a name, that may be printed: nothing in it acts.

    >>> print(harmless("a\x1b[31mb"))
    a\x1b[31mb
    """
    return _STEERING.sub(lambda found: repr(found[0])[1:-1], text)
