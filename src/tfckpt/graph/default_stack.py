"""Which graphs are the default ones of each thread, innermost last.

Apart from `tfckpt.graph.default`, which imports Graph, because Graph itself has `as_default`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from tfckpt.graphdef.live import LiveGraph

G = TypeVar("G", bound=LiveGraph)


class _Stack(threading.local):
    def __init__(self) -> None:
        self.graphs: list[LiveGraph] = []


_stack = _Stack()


@contextmanager
def as_default(graph: G) -> Iterator[G]:
    """Make a graph the thread's default within a ``with`` block."""
    _stack.graphs.append(graph)
    try:
        yield graph
    finally:
        _stack.graphs.remove(graph)


def innermost() -> LiveGraph | None:
    """Return the graph of the innermost block, None outside of all."""
    return _stack.graphs[-1] if _stack.graphs else None
