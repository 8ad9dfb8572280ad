"""statistics: what the numbers in a checkpoint are like, and which are suspicious."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from tfckpt.errors import CheckpointError
from tfckpt.looking.many import BINS, QUANTILES, Numbers, histogram, numbers_of
from tfckpt.looking.opening import Looked, Subject, numbers, opened, resolved
from tfckpt.notebook import Printed
from tfckpt.reader import TensorReader, listed, tensor_not_found
from tfckpt.tensors.stored import Array
from tfckpt.wording import plural

SCHEMA = "tfckpt.stats/1"
_CHUNK = 1 << 20  # elements that are looked at a time
_EXACT = 1 << 22  # up to so many elements quantiles are exact
_FINE = 1 << 16  # bins that those of more are read from
_HUGE = 1e6
_SMALL = 1 << 14  # arrays of so few elements are looked at together,
_TOGETHER = 1 << 18  # so many elements at a time


@dataclass(frozen=True)
class Moved:
    """How far a tensor is from what it was in an earlier checkpoint."""

    norm: float
    """Of the difference."""
    relative: float | None
    """That, by the norm of the earlier values; None where these are all zero."""
    max_abs: float


@dataclass(frozen=True)
class TensorStatistics:
    """The numbers of one tensor; of a complex one their absolute values.

    `min` to `histogram` are those of its finite elements, None where there are none; of integers
    `min` and `max` are exact. `histogram` counts elements in bins of equal width from `min` to
    `max`. Of strings there is only the `size`.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    zeros: int = 0
    nan: int = 0
    inf: int = 0
    min: float | int | None = None
    max: float | int | None = None
    mean: float | None = None
    std: float | None = None
    norm: float | None = None
    quantiles: tuple[float, ...] | None = None
    histogram: tuple[int, ...] | None = None
    suspicious: tuple[str, ...] = ()
    moved: Moved | None = None
    unread: str | None = None
    """Why it could not be read."""


@dataclass(frozen=True)
class Statistics(Printed):
    """The statistics of tensors, suspicious ones first."""

    path: str
    tensors: tuple[TensorStatistics, ...]
    since: str | None = None

    @property
    def suspicious(self) -> tuple[TensorStatistics, ...]:
        return tuple(tensor for tensor in self.tensors if tensor.suspicious)

    def __getitem__(self, name: str) -> TensorStatistics:
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        raise KeyError(name)

    def _ipython_key_completions_(self) -> list[str]:
        return [tensor.name for tensor in self.tensors]

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "since": self.since,
            "quantiles": list(QUANTILES),
            "tensors": [asdict(tensor) for tensor in self.tensors],
        }

    def summary(self) -> str:
        """Return one line."""
        elements = sum(tensor.size for tensor in self.tensors)
        odd = f", {len(self.suspicious):,} suspicious" if self.suspicious else ""
        return f"{plural(len(self.tensors), 'tensor')}, {plural(elements, 'element')}{odd}"

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.summary()}"]
        for tensor in self.tensors:
            text = f"  {tensor.name}: {tensor.unread or 'no numbers'}"
            if tensor.min is not None and tensor.max is not None:
                text = (
                    f"  {tensor.name}: {tensor.min:.6g} to {tensor.max:.6g}, mean {tensor.mean:.6g}"
                )
                text += f", std {tensor.std:.6g}"
            lines.append(text + "".join(f", {why}" for why in tensor.suspicious))
        return "\n".join(lines)


def statistics(
    path: Looked, names: Iterable[str] | None = None, *, since: Looked | None = None
) -> Statistics:
    """Return the statistics of a checkpoint's tensors, or of those named.

    Names may be paths of objects and full names of variables, as `resolve` takes them. Values are
    looked at in pieces, in float64. With `since`, an earlier checkpoint, each says how far it has
    moved from there.

    Suspicious are NaN, infinite and huge values (over a million), tensors that are all zero and
    those that are one constant. Quantiles (1, 25, 50, 75 and 99 %) of more than four million
    elements are exact to 1/65,536 of the range.

    Raises TensorNotFoundError, and what `open_tensors` raises.

    >>> import numpy as np, tfckpt
    >>> found = tfckpt.statistics({"w": np.arange(5.0), "dead": np.zeros(3)})
    >>> print(found)
    <dict>: 2 tensors, 8 elements, 1 suspicious
      dead: 0 to 0, mean 0, std 0, all zero
      w: 0 to 4, mean 2, std 1.41421
    >>> found["w"].quantiles
    (0.04, 1.0, 2.0, 3.0, 3.96)
    """
    with opened(path) as tensors:
        wanted = tensors.names if names is None else _resolved(tensors, listed(names))
        made = statistics_of(tensors, wanted)
        earlier = None
        if since is not None:
            with opened(since) as before:
                earlier = before.path
                known = set(before.names)
                made = [
                    replace(tensor, moved=_moved(tensors, before, tensor.name))
                    if tensor.name in known and tensor.min is not None
                    else tensor
                    for tensor in made
                ]
        made.sort(key=lambda tensor: _rank(tensor.suspicious))
        return Statistics(tensors.path, tuple(made), earlier)


def _resolved(tensors: Subject, names: Iterable[str]) -> list[str]:
    known = set(tensors.names)
    found = []
    for name in names:
        if name in known:
            found.append(name)
        elif isinstance(tensors.mapping, TensorReader):
            found.append(resolved(tensors.mapping, name))
        else:
            raise tensor_not_found(name, tensors.names, tensors.path)
    return found


_ORDER = ("NaN", "infinite", "huge", "all zero", "constant")


def _rank(suspicious: tuple[str, ...]) -> int:
    return min((_ORDER.index(why) for why in suspicious), default=len(_ORDER))


class _Read(NamedTuple):
    """A tensor that was read, and its elements in one dimension."""

    at: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    flat: Array

    def measured(self, numbers: Numbers) -> TensorStatistics:
        odd = _suspicious(numbers, self.flat)
        return TensorStatistics(
            self.name, self.dtype, self.shape, self.flat.size, *numbers, suspicious=odd
        )


def statistics_of(tensors: Subject, names: Sequence[str]) -> list[TensorStatistics]:
    """Return the statistics of tensors, in the order of their names."""
    made: dict[int, TensorStatistics] = {}
    waiting: dict[np.dtype[Any], list[_Read]] = defaultdict(list)
    elements: Counter[np.dtype[Any]] = Counter()
    for at, name in enumerate(names):
        dtype, shape = tensors.kind(name)
        try:
            flat = numbers(tensors.value(name))
        except CheckpointError as error:
            size = math.prod(shape)
            made[at] = TensorStatistics(name, dtype, shape, size, unread=error.message)
            continue
        if flat is None:
            made[at] = TensorStatistics(name, dtype, shape, math.prod(shape))
            continue
        read = _Read(at, name, dtype, shape, flat.reshape(-1))
        kind = flat.dtype
        if not 0 < flat.size <= _SMALL:
            made[at] = read.measured(_numbers_of(read.flat))
            continue
        waiting[kind].append(read)
        elements[kind] += flat.size
        if elements[kind] >= _TOGETHER:
            made |= _together(waiting.pop(kind))
            del elements[kind]
    for several in waiting.values():
        made |= _together(several)
    return [made[at] for at in range(len(names))]


def _together(several: Sequence[_Read]) -> dict[int, TensorStatistics]:
    measured = zip(several, numbers_of([read.flat for read in several]), strict=True)
    return {
        read.at: read.measured(_numbers_of(read.flat) if numbers is None else numbers)
        for read, numbers in measured
    }


def _numbers_of(flat: Array) -> Numbers:
    """Measure an array of any size, and whatever it holds."""
    seen = _Seen()
    with np.errstate(all="ignore"):
        for chunk in _chunks(flat):
            seen.add(chunk)
        if not seen.count:
            return Numbers(seen.zeros, seen.nan, seen.inf)
        low, high = float(seen.min), float(seen.max)
        quantiles, histogram = _distribution(flat, seen.count, low, high)
    return Numbers(
        seen.zeros,
        seen.nan,
        seen.inf,
        min=seen.min,
        max=seen.max,
        mean=seen.mean,
        std=math.sqrt(max(seen.deviation, 0.0) / seen.count),
        norm=seen.norm,
        quantiles=quantiles,
        histogram=histogram,
    )


def _chunks(flat: Array) -> Iterator[Array]:
    for at in range(0, flat.size, _CHUNK):
        chunk = flat[at : at + _CHUNK]
        yield np.abs(chunk) if chunk.dtype.kind == "c" else chunk


class _Seen:
    """Sums over the chunks of a tensor (Chan's formula joins deviations)."""

    def __init__(self) -> None:
        self.count = self.zeros = self.nan = self.inf = 0
        self.min: float | int = math.inf
        self.max: float | int = -math.inf
        self.mean = self.deviation = self.norm = 0.0

    def add(self, chunk: Array) -> None:
        values = chunk.astype(np.float64)
        self.zeros += int(values.size - np.count_nonzero(values))
        finite = np.isfinite(values)
        if chunk.dtype.kind not in "iub" and not finite.all():
            nan = int(np.count_nonzero(np.isnan(values)))
            self.nan += nan
            self.inf += int(values.size - np.count_nonzero(finite)) - nan
            values = values[finite]
            chunk = values
        if not values.size:
            return
        is_exact = chunk.dtype.kind in "iu"
        low, high = chunk.min(), chunk.max()
        self.min = min(self.min, int(low) if is_exact else float(low))
        self.max = max(self.max, int(high) if is_exact else float(high))
        mean = float(values.mean())
        total = self.count + values.size
        delta = mean - self.mean
        self.deviation += float(np.square(values - mean).sum())
        self.deviation += delta * (delta * self.count) * values.size / total
        self.mean += delta * values.size / total
        self.count = total
        self.norm = math.hypot(self.norm, float(np.linalg.norm(values)))


def _distribution(
    flat: Array, count: int, low: float, high: float
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Return quantiles and histogram of the finite values, which reach from low to high."""
    fine = np.zeros(_FINE, np.int64)
    coarse = np.zeros(BINS, np.int64)
    is_small = count <= _EXACT
    kept = []
    for chunk in _chunks(flat):
        values = chunk.astype(np.float64)
        values = values[np.isfinite(values)]
        if is_small:
            kept.append(values)
        if high > low and math.isfinite(high - low):
            coarse += histogram(values, low, high, BINS)
            if not is_small:
                fine += histogram(values, low, high, _FINE)
        else:
            coarse[0] += values.size
            fine[0] += values.size
    if is_small:
        quantiles = np.quantile(np.concatenate(kept), QUANTILES)
    else:
        ends = np.concatenate([[0], np.cumsum(fine)])
        quantiles = np.interp(
            np.multiply(QUANTILES, count), ends, np.linspace(low, high, _FINE + 1)
        )
    return tuple(map(float, quantiles)), tuple(coarse.tolist())


def _suspicious(measured: Numbers, flat: Array) -> tuple[str, ...]:
    found = []
    if measured.nan:
        found.append("NaN")
    if measured.inf:
        found.append("infinite")
    if measured.min is not None and measured.max is not None:
        is_float = flat.dtype.kind not in "iub"
        if is_float and max(abs(measured.min), abs(measured.max)) > _HUGE:
            found.append("huge")
        if flat.size > 1 and measured.min == measured.max and not (measured.nan or measured.inf):
            found.append("constant" if measured.min else "all zero")
    return tuple(found)


def _moved(now: Subject, before: Subject, name: str) -> Moved | None:
    if now.kind(name).shape != before.kind(name).shape:
        return None
    try:
        new, old = numbers(now.value(name)), numbers(before.value(name))
    except CheckpointError:
        return None
    if new is None or old is None:
        return None
    distance = norm = largest = 0.0
    new, old = new.reshape(-1), old.reshape(-1)
    wide = np.complex128 if "c" in (new.dtype.kind, old.dtype.kind) else np.float64
    with np.errstate(all="ignore"):
        for at in range(0, new.size, _CHUNK):
            was = old[at : at + _CHUNK].astype(wide)
            delta = np.abs(new[at : at + _CHUNK].astype(wide) - was)
            delta = delta[np.isfinite(delta)]
            distance = math.hypot(distance, float(np.linalg.norm(delta)))
            norm = math.hypot(norm, float(np.linalg.norm(was[np.isfinite(was)])))
            largest = max(largest, float(delta.max(initial=0.0)))
    return Moved(distance, distance / norm if norm else None, largest)
