"""Which tensors to list, in which order, and how to say much in few lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any, NamedTuple

from tfckpt.reader import TensorInfo

_NUMBER = re.compile(r"[0-9]+")
_HOLE = "\ufdd0"  # no letter: it stands for a number

SORTS: dict[str, Callable[[tuple[str, TensorInfo]], Any]] = {
    "name": lambda item: 0,  # the order that they have
    "size": lambda item: -item[1].stored_size,
    "elements": lambda item: -item[1].size,
    "type": lambda item: item[1].data_type,
    "shape": lambda item: (len(item[1].shape), item[1].shape),
}


def chosen_tensors(
    infos: Mapping[str, TensorInfo], patterns: Sequence[str] = (), sort: str = "name"
) -> list[tuple[str, TensorInfo]]:
    """Return the tensors whose names match one of the patterns, or all where there is none.

    A pattern without wildcards matches what it is a part of.
    """
    items = list(infos.items())
    if patterns:
        globs = [pattern if set(pattern) & set("*?[") else f"*{pattern}*" for pattern in patterns]
        items = [item for item in items if any(fnmatchcase(item[0], glob) for glob in globs)]
    return sorted(items, key=SORTS[sort])


class Scope(NamedTuple):
    """What lies below a part of names."""

    name: str
    tensors: int
    elements: int
    size: int


def by_scope(items: Sequence[tuple[str, TensorInfo]], depth: int) -> list[Scope]:
    """Add up tensors by the first parts of their names, as ``du`` does for folders."""
    found: dict[str, list[int]] = {}
    for name, info in items:
        parts = name.partition("/.ATTRIBUTES/")[0].split("/")
        scope = "/".join(parts[:depth]) + ("/" if len(parts) > depth else "")
        sums = found.setdefault(scope, [0, 0, 0])
        sums[0] += 1
        sums[1] += info.size
        sums[2] += info.stored_size
    return [Scope(scope, *sums) for scope, sums in found.items()]


class Folded(NamedTuple):
    """Tensors alike but for numbers in their names."""

    name: str
    info: TensorInfo
    times: int


def folded(items: Sequence[tuple[str, TensorInfo]]) -> list[Folded]:
    """Put tensors of one type and shape, whose names differ in numbers only, into one line.

    >>> alike = TensorInfo(1, (4,), 16)
    >>> folded([(f"layer_{n}/bias", alike) for n in range(12)])[0].name
    'layer_[0-11]/bias'
    """
    groups: dict[tuple[str, TensorInfo], list[tuple[str, ...]]] = {}
    for name, info in items:
        key = _NUMBER.sub(_HOLE, name), info
        groups.setdefault(key, []).append(tuple(_NUMBER.findall(name)))
    made = []
    for (pattern, info), numbers in groups.items():
        for sets in _products(numbers):
            count = 1
            for numbers_there in sets:
                count *= len(numbers_there)
            made.append(Folded(_filled(pattern, sets), info, count))
    return made


def _products(rows: list[tuple[str, ...]]) -> Iterator[list[list[str]]]:
    """Part rows of numbers into groups, each of which is a full product of its columns' values."""
    columns = [list(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
    combinations = 1
    for column in columns:
        combinations *= len(column)
    if combinations == len(rows):
        yield columns
        return
    at = min(
        (n for n, column in enumerate(columns) if len(column) > 1), key=lambda n: len(columns[n])
    )
    rows = sorted(rows, key=lambda row: columns[at].index(row[at]))
    for _, group in groupby(rows, key=lambda row: row[at]):
        yield from _products(list(group))


def _filled(pattern: str, sets: list[list[str]]) -> str:
    texts = iter([numbers[0] if len(numbers) == 1 else f"[{_ranges(numbers)}]" for numbers in sets])
    return re.sub(_HOLE, lambda _: next(texts), pattern)


def _ranges(numbers: list[str]) -> str:
    """Return numbers as ranges: ``0-3,7``."""
    if any(len(number) > 1 and number[0] == "0" for number in numbers):  # 007 is no 7
        return ",".join(numbers)
    ordered = sorted(map(int, numbers))
    ranges: list[list[int]] = []
    for number in ordered:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
