"""Timing two ways of doing the same work, in turn, and comparing them pair by pair.

The machine may be shared and noisy: a slow moment then hits both sides of a pair, and the median of
the pairs' ratios forgets the pairs that it hit unequally.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

# What else a machine does every so many seconds (the host of a virtual one takes free memory back,
# every two) must not fall in step with the turns, and always hit the same way.
PAUSE = 1.0  # seconds before a turn, at most


class Way(NamedTuple):
    """One way of doing the work; `prepare` runs before each turn, outside the clock."""

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


def take_turns(ways: Sequence[Way], rounds: int) -> list[list[float]]:
    """Run all once to warm up, then `rounds` times in turn; return the seconds of each way."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds + 1):
        for way, mine in zip(ways, times, strict=True):
            if turn and rounds > 1:
                time.sleep(random.uniform(0, PAUSE))
            seconds = once(way)
            if turn:
                mine.append(seconds)
    return times


def times_as_fast(ours: Sequence[float], peer: Sequence[float]) -> float:
    """Return how many times as fast as the peer we are: the median over the turns."""
    return statistics.median(p / o for o, p in zip(ours, peer, strict=True))


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
