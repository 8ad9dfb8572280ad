"""Work on pieces that numpy does without holding the interpreter, by as many threads as pay."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(4, os.cpu_count() or 1)
_WORTH_THREADS = 4  # pieces


def in_parallel(work: Callable[[T], R], pieces: Sequence[T]) -> list[R]:
    """Return what `work` makes of each piece, in order. A piece should take a millisecond."""
    if THREADS == 1 or len(pieces) < _WORTH_THREADS:
        return [work(piece) for piece in pieces]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(THREADS, thread_name_prefix="tfckpt-work") as executor:
        return list(executor.map(work, pieces))
