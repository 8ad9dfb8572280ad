"""compare: what is different between two checkpoints, of whatever format."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from tfckpt.errors import CheckpointError
from tfckpt.looking.opening import Looked, Subject, TypeAndShape, numbers, opened
from tfckpt.notebook import Printed
from tfckpt.reader import in_pieces
from tfckpt.tensors.stored import Array
from tfckpt.wording import plural

SCHEMA = "tfckpt.diff/1"
_CHUNK = 1 << 20  # elements that are compared at a time


@dataclass(frozen=True)
class TensorDifference:
    """What is different of one tensor that both have.

    Of values: how many differ, and the largest and mean absolute and relative difference of all
    elements that are finite in both; relative is to the larger of the two. None where there is
    no such number: strings.
    """

    name: str
    what: Literal["dtype", "shape", "values", "unread"]
    a: str
    b: str
    differing: int | None = None
    size: int | None = None
    max_abs: float | None = None
    mean_abs: float | None = None
    max_rel: float | None = None
    mean_rel: float | None = None

    def __str__(self) -> str:
        if self.what != "values":
            return f"{self.name}: {self.a} -> {self.b}"
        text = f"{self.name}: {self.differing:,} of {self.size:,} differ"
        if self.max_abs is not None:
            text += f", by at most {self.max_abs:.3g} (mean {self.mean_abs:.3g}"
            text += f", relative {self.max_rel:.3g})"
        return text


@dataclass(frozen=True)
class Comparison(Printed):
    """How two sets of tensors differ; what is in none of these lists is equal."""

    a: str
    b: str
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    """Names in `a` and in `b` of tensors with equal bytes."""
    different: tuple[TensorDifference, ...]
    equal: int
    """Tensors of the same name that are the same."""
    structure: bool = False
    """Whether values were left out."""

    @property
    def same(self) -> bool:
        return not (self.only_a or self.only_b or self.renamed or self.different)

    @property
    def unread(self) -> tuple[TensorDifference, ...]:
        """Tensors whose values could not be read."""
        return tuple(difference for difference in self.different if difference.what == "unread")

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "schema": SCHEMA,
            "a": self.a,
            "b": self.b,
            "same": self.same,
            "structure": self.structure,
            "equal": self.equal,
            "only_a": list(self.only_a),
            "only_b": list(self.only_b),
            "renamed": [list(pair) for pair in self.renamed],
            "different": [asdict(difference) for difference in self.different],
        }

    def summary(self) -> str:
        """Return one line."""
        if self.same:
            equal = plural(self.equal, "tensor")
            return f"the same: {equal}{', values not compared' if self.structure else ''}"
        counts = {
            "only in A": len(self.only_a),
            "only in B": len(self.only_b),
            "renamed": len(self.renamed),
            "different": len(self.different),
        }
        said = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        return f"{said}, {self.equal:,} the same"

    def __str__(self) -> str:
        lines = [f"A {self.a}", f"B {self.b}"]
        lines += (f"- {name}" for name in self.only_a)
        lines += (f"+ {name}" for name in self.only_b)
        lines += (f"> {old} -> {new}" for old, new in self.renamed)
        lines += (f"! {difference}" for difference in self.different)
        return "\n".join([*lines, self.summary()])


def compare(
    a: Looked,
    b: Looked,
    *,
    rtol: float = 0.0,
    atol: float = 0.0,
    by_name: bool = False,
    structure: bool = False,
    executor: Executor | None = None,
) -> Comparison:
    """Compare the tensors of two checkpoints, or of any mappings of arrays.

    Values are the same where ``|a - b| <= atol + rtol * |b|``; NaN is the same as NaN, strings
    are equal or not. Tensors of one checksum, type and shape in both indexes are not read. A
    tensor that only `a` has and one that only `b` has count as renamed where their bytes are the
    same and nothing else could be meant. With `by_name` the variables of objects are compared
    by their full names; with `structure` only names, types and shapes are. The workers of an
    `executor` read and compare what has to be read; arrays are sent to them, readers they open.

    Raises ValueError for tolerances below zero, and what `open_tensors` raises. Tensors that
    cannot be read are among the differences.

    >>> import numpy as np, tfckpt
    >>> print(tfckpt.compare({"w": np.ones(3), "b": [0.5]}, {"w": np.ones(3) * 1.5, "bias": [0.5]}))
    A <dict>
    B <dict>
    > b -> bias
    ! w: 3 of 3 differ, by at most 0.5 (mean 0.5, relative 0.333)
    1 renamed, 1 different, 0 the same
    """
    if rtol < 0 or atol < 0 or math.isnan(rtol + atol):
        raise ValueError(f"tolerances are not below zero: rtol={rtol}, atol={atol}")
    with opened(a) as tensors_a, opened(b) as tensors_b:
        if by_name:
            tensors_a.by_name()
            tensors_b.by_name()
        return _compared(tensors_a, tensors_b, _Rule(rtol, atol, structure), executor)


class _Rule(NamedTuple):
    """What counts as the same."""

    rtol: float
    atol: float
    structure: bool


def _compared(a: Subject, b: Subject, rule: _Rule, executor: Executor | None) -> Comparison:
    names_a, names_b = a.names, b.names
    in_a, in_b = set(names_a), set(names_b)
    only_a = [name for name in names_a if name not in in_b]
    only_b = [name for name in names_b if name not in in_a]
    renamed = [] if rule.structure else list(_renamed(a, b, only_a, only_b))
    both = [name for name in names_a if name in in_b]
    if executor is None:
        different = _differences(a, b, both, rule)
    else:
        pieces = list(in_pieces({name: a.size(name) for name in both}))
        # lists, because dask's workers take no iterators
        parts = [[side.part(names) for names in pieces] for side in (a, b)]
        found = executor.map(partial(_differences, rule=rule), *parts, pieces)
        different = [one for ones in found for one in ones]
    old, new = {pair[0] for pair in renamed}, {pair[1] for pair in renamed}
    return Comparison(
        a.path,
        b.path,
        only_a=tuple(name for name in only_a if name not in old),
        only_b=tuple(name for name in only_b if name not in new),
        renamed=tuple(renamed),
        different=tuple(different),
        equal=len(both) - len(different),
        structure=rule.structure,
    )


def _differences(
    a: Subject, b: Subject, names: Sequence[str], rule: _Rule
) -> list[TensorDifference]:
    found = (_difference(a, b, name, rule) for name in names)
    return [one for one in found if one is not None]


def _difference(a: Subject, b: Subject, name: str, rule: _Rule) -> TensorDifference | None:
    kind, other = a.kind(name), b.kind(name)
    if kind.dtype != other.dtype:
        return TensorDifference(name, "dtype", str(kind), str(other))
    if kind.shape != other.shape:
        return TensorDifference(name, "shape", str(kind), str(other))
    if rule.structure or _known_equal(a, b, name, name):
        return None
    try:
        one, two = a.value(name), b.value(name)
    except CheckpointError as error:
        return TensorDifference(name, "unread", str(kind), error.message)
    return _of_values(name, kind, one=one, two=two, rtol=rule.rtol, atol=rule.atol)


def _known_equal(a: Subject, b: Subject, name: str, other: str) -> bool:
    checksum = a.stored_checksum(name)
    return checksum is not None and checksum == b.stored_checksum(other)


def _of_values(
    name: str, kind: TypeAndShape, one: Array, two: Array, rtol: float, atol: float
) -> TensorDifference | None:
    first, second = numbers(one), numbers(two)
    if first is None or second is None:
        count = int(np.count_nonzero(one != two))
        if not count:
            return None
        return TensorDifference(
            name, "values", a=str(kind), b=str(kind), differing=count, size=one.size
        )
    counted = _Counted()
    flat, other = first.reshape(-1), second.reshape(-1)
    with np.errstate(all="ignore"):
        for at in range(0, flat.size, _CHUNK):
            counted.add(flat[at : at + _CHUNK], other[at : at + _CHUNK], rtol, atol)
    if not counted.differing:
        return None
    return TensorDifference(
        name,
        "values",
        a=str(kind),
        b=str(kind),
        differing=counted.differing,
        size=flat.size,
        max_abs=counted.max_abs,
        mean_abs=counted.sum_abs / counted.finite if counted.finite else None,
        max_rel=counted.max_rel,
        mean_rel=counted.sum_rel / counted.finite if counted.finite else None,
    )


class _Counted:
    """What was found of a tensor's values so far."""

    def __init__(self) -> None:
        self.differing = self.finite = 0
        self.max_abs: float | None = None
        self.max_rel: float | None = None
        self.sum_abs = self.sum_rel = 0.0

    def add(self, a: Array, b: Array, rtol: float, atol: float) -> None:
        wide = np.complex128 if a.dtype.kind == "c" else np.float64
        exact = a == b
        x, y = a.astype(wide), b.astype(wide)
        delta = np.abs(x - y)
        exact |= np.isnan(x) & np.isnan(y)
        if a.dtype.kind in "iu":  # beyond 2**53 floats are not exact
            delta = np.where(exact, 0.0, np.maximum(delta, _nearest(a, b)))
        both = np.isfinite(x) & np.isfinite(y)
        near = exact | (both & (delta <= atol + rtol * np.abs(y))) if rtol or atol else exact
        self.differing += int(near.size - np.count_nonzero(near))
        delta, size = delta[both], np.maximum(np.abs(x), np.abs(y))[both]
        if delta.size:
            relative = np.divide(delta, size, out=np.zeros_like(delta), where=size > 0)
            self.finite += delta.size
            self.sum_abs += float(delta.sum())
            self.sum_rel += float(relative.sum())
            self.max_abs = max(self.max_abs or 0.0, float(delta.max()))
            self.max_rel = max(self.max_rel or 0.0, float(relative.max()))


def _nearest(a: Array, b: Array) -> Array:
    """Return the differences of integers that floats may not tell apart, 0.0 for others."""
    apart = np.maximum(a, b) - np.minimum(a, b)
    distance: Array = apart.astype(np.uint64 if apart.itemsize == 8 else np.int64)
    return np.where(distance < 1 << 53, distance, 0).astype(np.float64)


def _renamed(
    a: Subject, b: Subject, only_a: list[str], only_b: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield pairs of names of equal bytes: the only two, or those of one last part."""
    there: dict[TypeAndShape, list[str]] = {}
    for name in only_b:
        there.setdefault(b.kind(name), []).append(name)
    groups: dict[TypeAndShape, list[str]] = {}
    for name in only_a:
        if (kind := a.kind(name)) in there:
            groups.setdefault(kind, []).append(name)
    for kind, names in groups.items():
        old, new = _by_bytes(a, b, names, there[kind])
        for content, mine in old.items():
            yield from _paired(mine, new.get(content, []))


def _by_bytes(
    a: Subject, b: Subject, names_a: list[str], names_b: list[str]
) -> tuple[dict[object, list[str]], dict[object, list[str]]]:
    """Group names by what their tensors hold: by stored checksums if all have one, else read."""
    sums_a = {name: a.stored_checksum(name) for name in names_a}
    sums_b = {name: b.stored_checksum(name) for name in names_b}
    stored = None not in (*sums_a.values(), *sums_b.values())
    groups: tuple[dict[object, list[str]], dict[object, list[str]]] = {}, {}
    for group, tensors, sums in zip(groups, (a, b), (sums_a, sums_b), strict=True):
        for name, known in sums.items():
            content = known if stored else _digest(tensors, name)
            if content is not None:
                group.setdefault(content, []).append(name)
    return groups


def _digest(tensors: Subject, name: str) -> bytes | None:
    from hashlib import blake2b

    try:
        array = tensors.value(name)
    except CheckpointError:
        return None
    if array.dtype.kind == "O":
        return blake2b(repr(array.tolist()).encode()).digest()
    return blake2b(np.ascontiguousarray(array).view(np.uint8).data).digest()


def _paired(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    if len(old) == len(new) == 1:
        yield old[0], new[0]
        return
    ends: dict[str, tuple[list[str], list[str]]] = {}
    for side, names in enumerate((old, new)):
        for name in names:
            ends.setdefault(_end(name), ([], []))[side].append(name)
    for mine, theirs in ends.values():
        if len(mine) == len(theirs) == 1:
            yield mine[0], theirs[0]


def _end(name: str) -> str:
    return name.partition("/.ATTRIBUTES/")[0].rpartition("/")[2]
