"""CRC-32C as checkpoints use it.

Every checksum on disk is masked, because the CRC of bytes that hold their own CRC is weak
(leveldb's ``util/crc32c.h``; TensorFlow's ``tsl/lib/hash/crc32c.h``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec

import numpy as np
import numpy.typing as npt

from tfckpt.coding import Buffer

Checksum = Callable[[Buffer, int], int]


def _imported() -> Checksum:
    """Return crc32c's function, which gives up the interpreter lock from 32 KiB on.

    Its package asks for its own version, and the parts of Python that answer (importlib.metadata,
    email ...) take as long to import as a quarter of all that opening a checkpoint needs. So its
    extension module is loaded by itself, where it lies as it does in all versions so far.
    """
    if "crc32c" not in sys.modules:
        package = find_spec("crc32c")
        found = package and PathFinder.find_spec(
            "crc32c._crc32c", package.submodule_search_locations
        )
        if found and found.loader:
            module = module_from_spec(found)
            found.loader.exec_module(module)
            function: Checksum = module.crc32c
            return function
    from crc32c import crc32c

    return crc32c


crc32c = _imported()

MASK_DELTA = 0xA282EAD8  # leveldb's constant, kept by TensorFlow
POLYNOMIAL = 0x82F63B78  # Castagnoli, bits reversed


def mask(crc: int) -> int:
    """Return the form of `crc` that is stored."""
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF


def mask_all(crcs: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Mask each of many checksums."""
    return (crcs >> np.uint32(15) | crcs << np.uint32(17)) + np.uint32(MASK_DELTA)


def first_unlike(crcs: Sequence[int], stored: Sequence[int]) -> int | None:
    """Return where the first of some checksums is that was not stored like that, masked."""
    if len(crcs) == 1:  # as arrays it would take ten times as long
        return None if mask(crcs[0]) == stored[0] else 0
    unlike = mask_all(np.array(crcs, np.uint32)) != np.array(stored, np.uint32)
    return int(unlike.argmax()) if unlike.any() else None


def unmask(stored: int) -> int:
    rotated = (stored - MASK_DELTA) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def masked_crc32c(data: Buffer) -> int:
    return mask(crc32c(data, 0))


def combine(parts: Iterable[tuple[int, int]]) -> int:
    """CRC-32C of a concatenation, from the (CRC-32C, size) of its parts."""
    whole = 0
    for crc, size in parts:
        whole = _multiply(_shift(size), whole) ^ crc
    return whole


@lru_cache(maxsize=8)
def _shift(size: int) -> int:
    """Return x**(8 * size) modulo the polynomial: what `size` more bytes do to a CRC."""
    result, power, bits = 1 << 31, 1 << 23, size  # x**0 and x**8, bits reversed
    while bits:
        if bits & 1:
            result = _multiply(power, result)
        power = _multiply(power, power)
        bits >>= 1
    return result


def _multiply(a: int, b: int) -> int:
    """Multiply two polynomials over GF(2), modulo the CRC's."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ POLYNOMIAL if b & 1 else b >> 1
    return product
