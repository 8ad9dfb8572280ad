"""The names of V1 files: ``P``, or ``P-00000-of-00002``, ``P-00001-of-00002``.

All shards together are called ``P-?????-of-00002``, with these very question marks
(TensorFlow's ``sharded_filename_ops.cc``). They are never expanded as a file pattern, so the rest
of the name may hold any character.
"""

from __future__ import annotations

import os
import re

from tfckpt.errors import InvalidArgumentError
from tfckpt.storage import is_file, list_beginning, split

_PATTERN = re.compile(r"(.+)-\?{5}-of-([0-9]{5,9})", re.DOTALL)
_UNNUMBERED = re.compile(r"(.+)-\?{5}-of-\?{5}", re.DOTALL)
_SHARD = re.compile(r"(.+)-([0-9]{5,9})-of-([0-9]{5,9})", re.DOTALL)
# Looser than the others: what TensorFlow takes off the end to name a graph (``saver.py``).
_NUMBERS = re.compile(r"-[\d?]+-of-\d+$")
# Each shard has a file: a count beyond what a folder can hold comes from a mistyped name.
_MOST_SHARDS = 99999


def pattern_of(prefix: str, num_shards: int) -> str:
    """Return the name of a sharded checkpoint as a whole."""
    return f"{prefix}-?????-of-{num_shards:05d}"


def shard_path(prefix: str, shard_id: int, num_shards: int) -> str:
    return f"{prefix}-{shard_id:05d}-of-{num_shards:05d}"


def is_pattern(path: str) -> bool:
    """Whether `path` is the name of a sharded V1 checkpoint, ``P-?????-of-00002``."""
    return _PATTERN.fullmatch(path) is not None


def split_pattern(path: str) -> tuple[str, int] | None:
    """Return the prefix of a pattern and how many shards it stands for; None if it is none."""
    found = _PATTERN.fullmatch(path)
    return None if found is None else (found[1], min(int(found[2]), _MOST_SHARDS))


def without_shard(path: str) -> str:
    """Return the prefix of a pattern or a shard, by which its ``.meta`` file goes.

    >>> without_shard("run/m-7-?????-of-00002"), without_shard("run/m-7")
    ('run/m-7', 'run/m-7')
    """
    return _NUMBERS.sub("", path)


def patterns_at(path: str) -> list[str]:
    """Return the patterns of the sets that ``P-?????-of-?????`` stands for and that have a shard.

    Any other path stands for none.
    """
    found = _UNNUMBERED.fullmatch(path)
    if found is None:
        return []
    folder, base = split(found[1])
    names = (split(path)[1] for path in list_beginning(folder, f"{base}-"))
    shards = map(_SHARD.fullmatch, names)
    counts = {shard[3] for shard in shards if shard and shard[1] == base and len(shard[3]) == 5}
    return [pattern_of(found[1], int(count)) for count in sorted(counts)]


def numbered(path: str) -> str | None:
    """Return the one set that ``P-?????-of-?????`` stands for, None if there is none.

    Raises InvalidArgumentError if there are several: an earlier save's shards may lie there still.
    """
    patterns = patterns_at(path)
    if len(patterns) > 1:
        names = ", ".join(map(os.path.basename, patterns))
        raise InvalidArgumentError(
            f"several checkpoints have such names: give one of {names}", path=path
        )
    return patterns[0] if patterns else None


def files_at(path: str) -> list[str]:
    """Return the existing files of a V1 checkpoint: the path itself, or a pattern's shards.

    In the order of their numbers; a name of as many digits as the pattern has is one of them.
    """
    if not is_pattern(path):
        return [path] if is_file(path) else []
    folder, base = split(path)
    head, _, tail = base.rpartition("?????")
    length = len(base)
    named = ((path, split(path)[1]) for path in list_beginning(folder, head))
    return [
        path
        for path, name in named
        if len(name) == length
        and name.endswith(tail)
        and name[len(head) : length - len(tail)].isdigit()
    ]


def siblings(path: str) -> list[str] | None:
    """Return the paths of all shards of which `path` is one; None if it is no shard's name."""
    found = _SHARD.fullmatch(path)
    if found is None or not int(found[2]) < int(found[3]):
        return None
    return all_shards(found[1], min(int(found[3]), _MOST_SHARDS))


def pattern_around(path: str) -> str | None:
    """Return the pattern of the set that shard `path` belongs to, if all of it is there."""
    found = _SHARD.fullmatch(path)
    shards = siblings(path)
    if found is None or shards is None or not all(map(is_file, shards)):
        return None
    return pattern_of(found[1], int(found[3]))


def pattern_at(prefix: str) -> str | None:
    """Return the pattern of the one whole set of shards with this prefix, None if there is none.

    `prefix` is what a user gave to the save, and what the ``.meta`` file beside a set is named by.
    """
    folder, base = split(prefix)
    if not base:
        return None
    patterns = set(map(pattern_around, list_beginning(folder, f"{base}-00000-of-")))
    return patterns.pop() if len(patterns) == 1 else None


def all_shards(prefix: str, num_shards: int) -> list[str]:
    return [shard_path(prefix, shard_id, num_shards) for shard_id in range(num_shards)]
