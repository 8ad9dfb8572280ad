"""How many requests work on an object store takes: counted, so the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

import tfckpt

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from stores import Store

URL = "store://bucket/run/m"
PIECE = 16 << 20


class Counted(NamedTuple):
    """A piece of work, what it took, and what it may take."""

    work: str
    requests: int
    allowed: int


def counted(work: str, run: Callable[[], object], allowed: int) -> Counted:
    Store.requests.clear()
    run()
    return Counted(work, len(Store.requests), allowed)


def remote_requests(big: int, small: int) -> Iterator[Counted]:
    """Count requests for so many tensors of a megabyte, and so many small ones."""
    shapes = {f"{big} x 1 MB": (big, 1 << 18), f"{small:,} x 64 B": (small, 16)}
    for what, (count, elements) in shapes.items():
        Store.renew()
        tensors = {f"w{n:06d}": np.full(elements, n, np.float32) for n in range(count)}
        pieces = -(-count * elements * 4 // PIECE)
        yield counted(f"{what}: save", partial(tfckpt.save, URL, tensors), 6 + pieces)
        yield counted(f"{what}: one", lambda: tfckpt.load_variable(URL, "w000007"), 4)
        yield counted(f"{what}: list", lambda: tfckpt.list_variables(URL), 5)
        yield counted(f"{what}: load all", lambda: tfckpt.load(URL), 8 + pieces)
        yield counted(f"{what}: a loop", loop, 8 + 2 * pieces)
    Store.renew()


def loop() -> None:
    with tfckpt.load_checkpoint(URL) as reader:
        for name in reader:
            reader[name]
