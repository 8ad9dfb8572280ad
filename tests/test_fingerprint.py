"""Arrays have the same fingerprint where they have the same dtype, shape and bits."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tfckpt.tensors.fingerprint import Fingerprint

MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
BIG = np.arange(5_000_000, dtype=np.float64)  # checked in pieces, by several threads


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MATRIX, np.asfortranarray(MATRIX)),
        (MATRIX, MATRIX.astype(">f4")),
        (BIG, np.repeat(BIG, 2)[::2]),
        (np.array([b"a", b""], object), np.array(["a", ""])),
        (np.array([np.nan, -0.0]), np.array([np.nan, -0.0])),
        (np.array(1, ml_dtypes.bfloat16), np.array(1, ml_dtypes.bfloat16)),
        (np.zeros((0, 2)), np.empty((0, 2))),
    ],
)
def test_the_same_values(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> None:
    assert Fingerprint.of(one) == Fingerprint.of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MATRIX, MATRIX.T),
        (MATRIX, MATRIX.astype(np.float64)),
        (MATRIX, MATRIX.reshape(4, 3)),
        (MATRIX, MATRIX + 1),
        (BIG, np.roll(BIG, 600_000)),
        (np.array([b"ab", b""], object), np.array([b"a", b"b"], object)),
        (np.array(0.0), np.array(-0.0)),
    ],
)
def test_other_values(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> None:
    assert Fingerprint.of(one) != Fingerprint.of(other)


def test_the_checksum_is_that_of_a_bundle() -> None:
    # RFC 3720, appendix B.4: 32 bytes that count up.
    assert Fingerprint.of(np.arange(32, dtype=np.uint8)).crc == 0x46DD794E
