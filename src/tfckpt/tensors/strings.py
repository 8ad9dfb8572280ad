"""String tensors as bytes, and back.

    [length of each string: varint64]*, masked crc32c of the lengths: u32, [bytes of each string]*

The tensor's own checksum covers the lengths as integers, that u32, and the bytes. An integer is
4 bytes there, 8 above 2**32 - 1 (TensorFlow's ``tensor_bundle.cc``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.checksum import crc32c, mask
from tfckpt.coding import (
    Buffer,
    decode_varint,
    decode_varints,
    encode_fixed32,
    encode_varint,
)
from tfckpt.errors import DataLossError
from tfckpt.tensors.unfit import why_unfit

_UINT32_MAX = 0xFFFFFFFF


def encode_strings(strings: Sequence[bytes]) -> tuple[bytes, int]:
    """Return the stored bytes and their (unmasked) checksum."""
    lengths = [len(string) for string in strings]
    length_crc = crc32c(_length_integers(np.array(lengths, np.uint64), "<"), 0)
    stored_crc = encode_fixed32(mask(length_crc))
    characters = b"".join(strings)
    crc = crc32c(characters, crc32c(stored_crc, length_crc))
    return b"".join((*map(encode_varint, lengths), stored_crc, characters)), crc


def decode_strings(data: Buffer, count: int, *, big_endian: bool) -> tuple[list[bytes], int]:
    """Return `count` strings and the (unmasked) checksum of all that was read.

    A writer of the other byte order checksummed its integers as it held them.
    """
    lengths, length_crc, pos = _decode_lengths(data, count, big_endian=big_endian)
    stored_crc = bytes(data[pos - 4 : pos])
    total = sum(lengths.tolist())
    if pos + total != len(data):
        raise DataLossError(
            f"the strings take {pos + total} bytes by their lengths, {len(data)} are stored"
        )
    crc = crc32c(memoryview(data)[pos:], crc32c(stored_crc, length_crc))
    characters = bytes(data[pos:])
    ends = np.cumsum(lengths).tolist()
    return [characters[a:b] for a, b in zip([0, *ends], ends, strict=False)], crc


def measure_strings(data: Buffer, count: int, *, big_endian: bool) -> int:
    """Return how many bytes `count` strings take whose lengths `data` begins with."""
    lengths, _, pos = _decode_lengths(data, count, big_endian=big_endian)
    total: int = sum(lengths.tolist())
    return pos + total


def count_strings(data: Buffer, *, big_endian: bool) -> int | None:
    """Return of how many strings `data` begins with the lengths; None if of no number of them.

    The checksum of all lengths follows them, and so ends them.
    """
    data = memoryview(data)
    order = ">" if big_endian else "<"
    count = pos = crc = 0
    while pos + 4 <= len(data):
        if mask(crc) == int.from_bytes(data[pos : pos + 4], "big" if big_endian else "little"):
            return count
        try:
            length, pos = decode_varint(data, pos)
        except DataLossError:
            return None
        crc = crc32c(_length_integers(np.array([length], np.uint64), order), crc)
        count += 1
    return None


def _decode_lengths(
    data: Buffer, count: int, *, big_endian: bool
) -> tuple[npt.NDArray[np.uint64], int, int]:
    """Return the lengths, their (unmasked) checksum, and where the strings begin."""
    if count + 4 > len(data):
        raise DataLossError(f"{count} strings cannot be stored in {len(data)} bytes")
    lengths, pos = decode_varints(memoryview(data)[: len(data) - 4], count)
    expected = int.from_bytes(bytes(data[pos : pos + 4]), "big" if big_endian else "little")
    crc = crc32c(_length_integers(lengths, ">" if big_endian else "<"), 0)
    if mask(crc) != expected:
        raise DataLossError(
            f"checksum of the string lengths is {mask(crc):#010x}, stored is {expected:#010x}"
        )
    return lengths, crc, pos + 4


def _length_integers(lengths: npt.NDArray[np.uint64], order: str) -> bytes:
    if not len(lengths) or int(lengths.max()) <= _UINT32_MAX:
        return lengths.astype(f"{order}u4").tobytes()
    return b"".join(
        np.array(n, f"{order}u4" if n <= _UINT32_MAX else f"{order}u8").tobytes() for n in lengths
    )


def to_bytes_list(array: npt.NDArray[Any]) -> list[bytes]:
    """Return the elements of an array of strings, in C order; text becomes UTF-8.

    Raises TypeError, which says what to do, for an element that is neither bytes nor str.
    """
    elements = array.ravel().tolist()
    try:
        return [e if type(e) is bytes else _as_bytes(e) for e in elements]
    except UnicodeEncodeError as error:
        raise ValueError(f"a string cannot be stored as UTF-8: {error}") from None
    except TypeError:
        raise TypeError(why_unfit(array)) from None


def _as_bytes(element: object) -> bytes:
    if isinstance(element, str):
        return element.encode()
    if isinstance(element, (bytes, bytearray, memoryview)):
        return bytes(element)
    raise TypeError("no string")


def to_array(strings: list[bytes], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return an object array of bytes."""
    array = np.empty(len(strings), object)
    array[:] = strings
    return array.reshape(shape)
