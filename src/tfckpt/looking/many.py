"""The numbers of many small arrays at once.

One after another, what numpy's calls cost by themselves is fifty times the work. Here arrays of one
element type lie one behind the other, and each call does all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tfckpt.tensors.stored import Array

BINS = 32
QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.intp]
Counts: TypeAlias = npt.NDArray[np.intp]


class Numbers(NamedTuple):
    """What `TensorStatistics` has of the elements of an array."""

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


def numbers_of(arrays: Sequence[Array]) -> list[Numbers | None]:
    """Measure arrays of one type and one dimension, none of them empty.

    None for those whose elements, or whose range, are not all finite.
    """
    joined = np.concatenate(arrays)
    if joined.dtype.kind == "c":
        joined = np.abs(joined)
    sizes = np.array([len(array) for array in arrays])
    starts = np.cumsum(sizes) - sizes
    with np.errstate(all="ignore"):
        values = joined.astype(np.float64)
        width = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
        is_finite = np.isfinite(width)
        if is_finite.all():
            return list(map(Numbers, *_columns(joined, values, starts, sizes)))
    found: list[Numbers | None] = [None] * len(arrays)
    finite = np.flatnonzero(is_finite).tolist()
    measured = numbers_of([arrays[at] for at in finite]) if finite else []
    for at, numbers in zip(finite, measured, strict=True):
        found[at] = numbers
    return found


def _columns(joined: Array, values: Floats, starts: Places, sizes: Places) -> list[Sequence[Any]]:
    """Return each field of `Numbers`, a value for each array."""
    exact = joined if joined.dtype.kind in "iu" else values
    low, high = np.minimum.reduceat(exact, starts), np.maximum.reduceat(exact, starts)
    mean = np.add.reduceat(values, starts) / sizes
    deviation = np.add.reduceat(np.square(values - np.repeat(mean, sizes)), starts)
    none = [0] * len(sizes)
    return [
        np.add.reduceat(values == 0, starts, dtype=np.intp).tolist(),
        none,
        none,
        low.tolist(),
        high.tolist(),
        mean.tolist(),
        np.sqrt(deviation / sizes).tolist(),
        np.sqrt(np.add.reduceat(np.square(values), starts)).tolist(),
        _quantiles(values, starts, sizes),
        _histograms(values, low.astype(np.float64), high.astype(np.float64), sizes),
    ]


def _quantiles(values: Floats, starts: Places, sizes: Places) -> list[tuple[float, ...]]:
    """Return those of each array, as ``numpy.quantile`` does: between two elements linearly."""
    owners = np.repeat(np.arange(len(sizes)), sizes)
    ordered = values[np.lexsort((values, owners))]
    places = np.multiply.outer(sizes - 1, QUANTILES)
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, (sizes - 1)[:, None])
    part = places - below
    left, right = ordered[starts[:, None] + below], ordered[starts[:, None] + above]
    # Interpolated from the nearer end, so that rounding takes no quantile past the two values.
    found = np.where(part < 0.5, left + (right - left) * part, right - (right - left) * (1 - part))
    return list(map(tuple, found.tolist()))


def histogram(values: Floats, low: float, high: float, bins: int) -> Counts:
    """Count elements, all from `low` to `high`, in bins of equal width."""
    edges = (np.array([low]), np.array([high]))
    owners = np.zeros(len(values), np.intp)
    counts: Counts = _counts(values, owners, *edges, bins=bins)[0]
    return counts


def _histograms(values: Floats, low: Floats, high: Floats, sizes: Places) -> list[tuple[int, ...]]:
    owners = np.repeat(np.arange(len(sizes)), sizes)
    return list(map(tuple, _counts(values, owners, low, high, bins=BINS).tolist()))


def _counts(values: Floats, owners: Places, low: Floats, high: Floats, *, bins: int) -> Counts:
    """Count elements in the bins of their owners, as ``numpy.histogram`` does: the edges decide.

    Where neighbouring edges are one number, which numpy refuses, the first of their bins counts.
    """
    count, width = len(low), high - low
    edges = low[:, None] + np.multiply.outer(width / bins, np.arange(bins + 1))
    edges[:, -1] = high
    divisor = np.where(width > 0, width, 1)[owners]
    places = ((values - low[owners]) / divisor * bins).astype(np.intp).clip(0, bins - 1)
    places -= values < edges[owners, places]
    begins, ends = edges[owners, places], edges[owners, places + 1]
    places += (values >= ends) & (ends > begins) & (places < bins - 1)
    counts = np.bincount(owners * bins + places, minlength=count * bins)
    return counts.reshape(count, bins)
