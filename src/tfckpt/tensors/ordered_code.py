"""Byte strings that sort like the values they hold (TensorFlow's ``ordered_code.cc``).

Slices of a partitioned tensor are looked up under keys made of these.
"""

from __future__ import annotations

import re

_ESCAPED = {b"\x00": b"\x00\xff", b"\xff": b"\xff\x00"}
_SPECIAL = re.compile(rb"[\x00\xff]")


def encode_string(value: bytes) -> bytes:
    """Escape the two bytes that mean something, and end with the separator."""
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], value) + b"\x00\x01"


def encode_uint(value: int) -> bytes:
    """A length byte, then the value's bytes without leading zeros, high ones first."""
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def encode_int(value: int) -> bytes:
    """Two's complement in `size` bytes; the first `size` bits are flipped from the sign's.

    Each byte so carries seven bits of the value, and the count of leading equal bits is the size.
    """
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    header = ((1 << size) - 1) << (7 * size)
    return ((value & ((1 << 8 * size) - 1)) ^ header).to_bytes(size, "big")
