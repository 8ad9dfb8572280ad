"""Timing two ways of doing the same work, in turn, and comparing them pair by pair.

The machine may be shared and noisy: a slow moment then hits both sides of a pair, and the median of
the pairs' ratios forgets the pairs that it hit unequally.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Way(NamedTuple):
    """One way of doing the work; `prepare` runs before each turn, outside the clock."""

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


class Pairs(NamedTuple):
    """What the turns took, in seconds: ours and the peer's, pair by pair."""

    ours: list[float]
    peer: list[float]

    @property
    def ratio(self) -> float:
        """How many times as fast as the peer we are."""
        return statistics.median(p / o for o, p in zip(self.ours, self.peer, strict=True))


def take_turns(ours: Way, peer: Way, rounds: int) -> Pairs:
    """Run both once to warm up, then `rounds` times in turn."""
    pairs = Pairs([], [])
    for turn in range(rounds + 1):
        for way, times in ((ours, pairs.ours), (peer, pairs.peer)):
            seconds = once(way)
            if turn:
                times.append(seconds)
    return pairs


def once(way: Way) -> float:
    way.prepare()
    tidy()
    start = time.perf_counter()
    result = way.run()
    seconds = time.perf_counter() - start
    del result  # freeing is not part of the work
    return seconds


def tidy() -> None:
    """Let nobody pay for what the other left: freed objects, and glibc's heap of freed chunks.

    After a peer has freed some 100,000 chunks, the next few allocations of whoever comes next take
    milliseconds.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
