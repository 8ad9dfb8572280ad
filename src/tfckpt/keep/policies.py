"""Policies: which checkpoints of a folder are worth keeping.

A policy is given what is known of all checkpoints, oldest first, and names those that it keeps.
It has no memory. Whether it keeps one must not change when others that it does not keep go:
then a folder is the same whether it is pruned after each save or once a week.
"""

from __future__ import annotations

import fnmatch
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tfckpt.keep.record import Record


class Policy(ABC):
    """What keeps some of a folder's checkpoints; ``a | b`` keeps what either of them keeps."""

    @abstractmethod
    def chosen(self, records: Sequence[Record]) -> dict[str, str]:
        """Return the names of the checkpoints to keep, each with why."""

    @property
    def parts(self) -> tuple[Policy, ...]:
        return (self,)

    def reasons(self, records: Sequence[Record]) -> dict[str, tuple[str, ...]]:
        """Return, for each checkpoint to keep, all that keeps it."""
        found: dict[str, tuple[str, ...]] = {}
        for part in self.parts:
            for name, why in part.chosen(records).items():
                found[name] = (*found.get(name, ()), why)
        return found

    def __or__(self, other: Policy) -> Policy:
        if not isinstance(other, Policy):
            return NotImplemented
        return AnyOf((*self.parts, *(part for part in other.parts if part not in self.parts)))


@dataclass(frozen=True, repr=False)
class AnyOf(Policy):
    """Keeps what any of its parts keeps."""

    policies: tuple[Policy, ...]

    @property
    def parts(self) -> tuple[Policy, ...]:
        return self.policies

    def chosen(self, records: Sequence[Record]) -> dict[str, str]:
        return {name: "; ".join(why) for name, why in self.reasons(records).items()}

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.policies))


@dataclass(frozen=True, repr=False)
class Last(Policy):
    count: int

    def chosen(self, records: Sequence[Record]) -> dict[str, str]:
        return {record.name: f"of the last {self.count}" for record in records[-self.count :]}

    def __repr__(self) -> str:
        return f"last({self.count})"


@dataclass(frozen=True, repr=False)
class Best(Policy):
    metric: str
    count: int
    mode: Literal["min", "max"]

    def chosen(self, records: Sequence[Record]) -> dict[str, str]:
        unknown = {
            record.name: f"its {self.metric} is not known"
            for record in records
            if record.metrics is None
        }
        sign = 1 if self.mode == "min" else -1
        # Of equals the later one comes first.
        ranked = sorted(
            (sign * record.metrics[self.metric], -at, record)
            for at, record in enumerate(records)
            if record.metrics and not math.isnan(record.metrics.get(self.metric, math.nan))
        )
        best = {
            record.name: f"{self.metric} {sign * value:g} is {self._place(place)}"
            for place, (value, _, record) in enumerate(ranked[: self.count])
        }
        return unknown | best

    def _place(self, place: int) -> str:
        word = "lowest" if self.mode == "min" else "highest"
        return f"the {word}" if place == 0 else f"number {place + 1} of the {word}"

    def __repr__(self) -> str:
        count = "" if self.count == 1 else f", {self.count}"
        mode = "" if self.mode == "min" else f", mode={self.mode!r}"
        return f"best({self.metric!r}{count}{mode})"


@dataclass(frozen=True, repr=False)
class EverySteps(Policy):
    steps: int

    def chosen(self, records: Sequence[Record]) -> dict[str, str]:
        first: dict[int, Record] = {}
        for record in sorted(records, key=lambda record: record.step or 0):
            first.setdefault((record.step or 0) // self.steps, record)
        first.pop(0, None)
        return {
            record.name: f"the first from step {passed * self.steps} on"
            for passed, record in first.items()
        }

    def __repr__(self) -> str:
        return f"every(steps={self.steps})"


@dataclass(frozen=True, repr=False)
class EveryHours(Policy):
    hours: float

    def chosen(self, records: Sequence[Record]) -> dict[str, str]:
        found: dict[str, str] = {}
        due = -math.inf
        for record in sorted(records, key=lambda record: record.time):
            if record.time >= due:
                found[record.name] = f"one in {self.hours:g} hours"
                due = record.time + self.hours * 3600
        return found

    def __repr__(self) -> str:
        return f"every(hours={self.hours:g})"


@dataclass(frozen=True, repr=False)
class Pinned(Policy):
    patterns: tuple[str, ...]
    steps: tuple[int, ...]

    def chosen(self, records: Sequence[Record]) -> dict[str, str]:
        by_step = {
            record.name: f"step {record.step} is pinned" for record in records if self._has(record)
        }
        by_name = {
            record.name: f"pinned by {pattern!r}"
            for pattern in self.patterns
            for record in records
            if fnmatch.fnmatchcase(record.name, pattern)
        }
        return by_step | by_name

    def _has(self, record: Record) -> bool:
        return record.step is not None and record.step in self.steps

    def __repr__(self) -> str:
        given = [repr(pattern) for pattern in self.patterns]
        return f"pinned({', '.join([*given, repr(list(self.steps))] if self.steps else given)})"


def last(count: int) -> Policy:
    """Keep the newest `count` checkpoints, by the order in which they were saved.

    Raises ValueError for a count below 1.

    >>> from tfckpt import keep
    >>> keep.last(3) | keep.every(hours=6)
    last(3) | every(hours=6)
    """
    return Last(_count("last", count))


def best(metric: str, count: int = 1, mode: Literal["min", "max"] = "min") -> Policy:
    """Keep the `count` checkpoints with the lowest (``mode="max"``: the highest) `metric`.

    The metric is what ``save(..., metrics={"loss": 0.3})`` noted, or `record_metrics` afterwards.
    Of equals the later ones are kept. A checkpoint without this metric, or with NaN, is not among
    the best; one whose metrics are not known, since the file with them was lost, stays.

    Raises ValueError for a count below 1 or another mode.
    """
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max', not {mode!r}")
    if not isinstance(metric, str):
        raise TypeError(f"a metric's name is a str, not {metric!r:.80}")
    return Best(metric, _count("best", count), mode)


def every(*, hours: float | None = None, steps: int | None = None) -> Policy:
    """Keep one checkpoint in so many hours, or steps, for good.

    By hours: the first there is, then each that was saved so much or more after the last one
    kept. By steps: the first one that reaches each multiple of `steps`. Steps are those of
    `global_step`, or the number that ends a checkpoint's name.

    Raises ValueError unless one of both is given, above zero.
    """
    if (hours is None) == (steps is None):
        raise ValueError("every takes hours= or steps=, one of both")
    if hours is not None:
        if not (hours > 0 and math.isfinite(hours)):
            raise ValueError(f"every(hours=...) takes a number above zero, not {hours!r}")
        return EveryHours(float(hours))
    return EverySteps(_count("every", steps))


def pinned(*names: str | Iterable[int]) -> Policy:
    """Keep checkpoints by name or step: ``pinned("release-*", [1000, 2000])``.

    A text is a pattern for file names (``*``, ``?``, ``[abc]``; ``[*]`` is an asterisk itself), a
    list has steps.

    Raises ValueError where nothing is pinned, TypeError for what is neither.
    """
    patterns = [name for name in names if isinstance(name, str)]
    steps = [step for name in names if not isinstance(name, str) for step in _steps(name)]
    if not patterns and not steps:
        raise ValueError("pinned takes patterns for names, or lists of steps")
    return Pinned(tuple(patterns), tuple(steps))


def _steps(given: object) -> list[int]:
    if not isinstance(given, Iterable):
        raise TypeError(f"pinned takes patterns and lists of steps, not {given!r:.80}")
    steps = list(given)
    for step in steps:
        if not isinstance(step, int):
            raise TypeError(f"a step is an int, not {step!r:.80}")
    return steps


def _count(what: str, count: object) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ValueError(f"{what} takes a whole number of at least 1, not {count!r}")
    return count
