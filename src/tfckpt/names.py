"""Names that users give, tensors' and checkpoints', as they are used on disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice
from os import PathLike, fspath
from typing import TypeAlias, TypeVar

from tfckpt.errors import InvalidArgumentError

AnyPath: TypeAlias = str | bytes | PathLike[str]
T = TypeVar("T")

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The tensor of an object-based checkpoint that says which objects it has."""

_THIS_MACHINE = re.compile(r"file://[^/]*(?=/)|local://")


def as_path(path: AnyPath) -> str:
    """Return a path as a str, ``file://`` and ``local://`` URLs as the paths that they mean.

    As in TensorFlow a host in the URL counts for nothing, and no ``%20`` in it is undone
    (``platform/file_system.cc``, ``TranslateName``).

    >>> as_path(b"run/m-1"), as_path("file:///run/m-1")
    ('run/m-1', '/run/m-1')
    """
    plain = fspath(path)
    if isinstance(plain, bytes):
        plain = plain.decode("utf-8", "surrogateescape")
    if not isinstance(plain, str):
        raise TypeError(f"a path is a str, bytes or a path, not {path!r}")
    found = _THIS_MACHINE.match(plain)
    return plain if found is None else plain[found.end() :]


def encode_name(name: str) -> bytes:
    """Return the key of a tensor.

    Raises TypeError for what is no str, InvalidArgumentError for what has no key: the empty name,
    whose key is the header's, and text that is no UTF-8. Files of other formats have both.
    """
    if name and isinstance(name, str):
        try:
            return name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise InvalidArgumentError(
                f"a tensor's name has to be UTF-8 text, {name!r} is not"
            ) from None
    if name == "":
        raise InvalidArgumentError("a tensor's name cannot be empty")
    raise TypeError(f"a tensor's name is a str, not {name!r}")


def key_of(name: object) -> bytes | None:
    """Return the key that a tensor of this name would have, None for what names none."""
    try:
        return encode_name(name)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def is_text(name: str) -> bool:
    """Whether a name is Unicode text, with nothing in it that only stands for other bytes."""
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def decode_name(key: bytes) -> str:
    return key.decode("utf-8", "surrogateescape")


def decode_names(keys: Sequence[bytes]) -> list[str]:
    """Return the name of each key, in a third of the time that `decode_name` takes for them."""
    try:
        return list(map(bytes.decode, keys))
    except UnicodeDecodeError:
        return list(map(decode_name, keys))


def check_prefix(prefix: AnyPath) -> str:
    """Return `prefix` as a str.

    Raises ValueError for one that has no base name to give to files.
    """
    path = as_path(prefix)
    if not path or path.endswith("/"):
        raise ValueError(f"{path!r} names no checkpoint: it has no base name")
    return path


def shown(names: Sequence[T], limit: int = 10, text: Callable[[T], str] = str) -> str:
    """Return the first names for a sentence, and how many more there are.

    `text` says how one is written; it is asked only for those that are shown.

    >>> shown(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(text, names[:limit])) + more


def shown_lines(items: Sequence[T], limit: int = 20, text: Callable[[T], str] = str) -> str:
    """Return the first items, indented, a line each, and a line that says how many more there are.

    >>> print(shown_lines(["a: 1", "b: 2", "c: 3"], 2))
      a: 1
      b: 2
      ... and 1 more
    """
    more = [f"... and {len(items) - limit} more"] if len(items) > limit else []
    return "\n".join(f"  {line}" for line in (*map(text, items[:limit]), *more))


# Comparing takes a time that grows with the square of the lengths.
_COMPARED = 1000
_LONGEST_COMPARED = 200


def close_names(name: str, names: Sequence[str]) -> list[str]:
    """Return up to three of `names` that may have been meant.

    >>> close_names("kernel", ["layer/bias", "layer/kernel"])
    ['layer/kernel']
    """
    from difflib import get_close_matches

    ends = (known for known in names if known.endswith(f"/{name}") or name.endswith(f"/{known}"))
    same_end = list(islice(ends, 3))
    if len(name) > _LONGEST_COMPARED:
        return same_end
    alike = (known for known in names if abs(len(known) - len(name)) <= 3)
    close = get_close_matches(name, list(islice(alike, _COMPARED)), 3)
    return list(dict.fromkeys([*same_end, *close]))[:3]
