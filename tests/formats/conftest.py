"""What the tests of all formats share."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import CheckpointError
from tfckpt.reader import TensorReader
from tfckpt.storage import MemorySource

Open = Callable[[MemorySource], TensorReader]


def read_all(opened: Open, data: bytes) -> dict[str, np.ndarray] | None:
    """Read all that bytes hold; None where they are refused, as they may be."""
    try:
        with opened(MemorySource(data, "damaged")) as reader:
            for name, info in reader.infos().items():
                assert info.why_unreadable or info.dtype is not None
                try:
                    array = np.asarray(reader[name])
                except CheckpointError:
                    continue
                assert array.shape == info.shape
            return reader.get_tensors()
    except CheckpointError:
        return None


@pytest.fixture(scope="session")
def survive() -> Callable[..., None]:
    """Every bit flip and truncation of a small file gives values or a CheckpointError."""

    def check(opened: Open, data: bytes, masks: tuple[int, ...] = (1, 0x80, 0xFF)) -> None:
        assert read_all(opened, data) is not None
        for at in range(len(data)):
            read_all(opened, data[:at])
            for mask in masks:
                damaged = bytearray(data)
                damaged[at] ^= mask
                read_all(opened, bytes(damaged))

    return check


@pytest.fixture
def refuse() -> Callable[..., None]:
    """A hostile file is refused (`match`), at once and without memory."""

    def check(opened: Open, data: bytes, match: str) -> None:
        tracemalloc.start()
        try:
            with (
                tfckpt.Limits.untrusted(),
                pytest.raises(CheckpointError, match=match),
                opened(MemorySource(data, "hostile")) as reader,
            ):
                reader.get_tensors()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < (32 << 20) + 64 * len(data)

    return check
