"""How tensors are chosen: by name, scope, glob, regular expression or function."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import TypeAlias

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import close_names

# A name; a scope ("dense/"); a glob ("*/kernel"); a regular expression; a function.
Pattern: TypeAlias = str | re.Pattern[str] | Callable[[str], object]
Patterns: TypeAlias = Pattern | Sequence[Pattern]

logger = logging.getLogger("tfckpt")


def chosen_names(
    names: Iterable[str], patterns: Patterns, what: str, *, strict: bool = False, path: str = ""
) -> set[str]:
    """Return the names that one of the patterns meets.

    A pattern that meets none is said in a logged warning, or in the InvalidArgumentError that is
    raised if `strict`; `what` says there what it was for.
    """
    names = list(names)
    found: set[str] = set()
    for pattern in as_list(patterns):
        mine = set(filter(matcher(pattern), names))
        if not mine:
            say_unmet(f"{what} {pattern_text(pattern)}", _meant(pattern, names), strict, path)
        found |= mine
    return found


def as_list(patterns: Patterns) -> list[Pattern]:
    if isinstance(patterns, str | re.Pattern) or callable(patterns):
        return [patterns]
    return list(patterns)


def matcher(pattern: Pattern) -> Callable[[str], bool]:
    """Return what says of a name whether a pattern meets it.

    >>> patterns = "dense/", "*/kernel", "kernel", re.compile("k")
    >>> [matcher(pattern)("dense/kernel") for pattern in patterns]
    [True, True, False, True]
    """
    if isinstance(pattern, re.Pattern):
        search = pattern.search
        return lambda name: search(name) is not None
    if isinstance(pattern, str):
        if pattern.endswith("/"):
            return lambda name: name.startswith(pattern)
        glob = re.compile(translate(pattern))
        return lambda name: name == pattern or glob.match(name) is not None
    if callable(pattern):
        return lambda name: bool(pattern(name))
    raise TypeError(
        f"tensors are chosen by a name, a glob, a compiled regular expression or a function, not "
        f"{pattern!r}"
    )


def pattern_text(pattern: Pattern) -> str:
    if isinstance(pattern, re.Pattern):
        return f"the regular expression {pattern.pattern!r}"
    return repr(pattern) if isinstance(pattern, str) else getattr(pattern, "__name__", str(pattern))


def say_unmet(what: str, hint: str, strict: bool, path: str) -> None:
    """Say that a rule meets no tensor."""
    if strict:
        raise InvalidArgumentError(f"{what} meets no tensor{hint}", path=path or None)
    logger.warning("%s: %s meets no tensor%s", path, what, hint)


def _meant(pattern: Pattern, names: Sequence[str]) -> str:
    close = close_names(pattern, names) if isinstance(pattern, str) else []
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
