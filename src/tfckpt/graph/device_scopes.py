"""Devices: their names in TensorFlow's form, and the scopes that give them to operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfckpt.graph.operation import Operation

_ORDER = ("job", "replica", "task", "device")
_MOST_DIGITS = 10  # of a number, which is an int32
_TYPES = ("CPU", "GPU", "TPU")  # may stand alone, as before TensorFlow 1.0: /cpu:0

# What a scope gives: the name of a device, what names one for an operation, or None for "none".
Device = str | Callable[["Operation"], str | None] | None


@lru_cache(maxsize=4096)
def canonical_device(device: str) -> str:
    """Return ``/job:ps/device:CPU:0`` for ``/device:CPU:0/job:ps`` or ``/job:ps/cpu:0``.

    What names no device by TensorFlow's rules is kept as it is.
    """
    parts = _parts(device)
    return device if parts is None else _joined(parts)


def merged_device(outer: str, inner: str) -> str:
    """Return the device that `inner` leaves open where `outer` says more.

    >>> merged_device("/job:ps/device:GPU:1", "/device:CPU:*")
    '/job:ps/device:CPU:1'

    Raises ValueError for what names no device.
    """
    both = [_parts(one) for one in (outer, inner)]
    if None in both:
        bad = outer if both[0] is None else inner
        raise ValueError(f"{bad!r} names no device, as /job:ps/task:0/device:CPU:0 does")
    mine, theirs = (dict(one or {}) for one in both)
    kind, _, index = theirs.pop("device", "").partition(":")
    outer_kind, _, outer_index = mine.pop("device", "").partition(":")
    parts = {**mine, **theirs}
    if kind or outer_kind:
        number = index if index not in ("", "*") else outer_index
        parts["device"] = f"{kind or outer_kind}:{number or '*'}"
    return _joined(parts)


def _parts(device: str) -> dict[str, str] | None:
    parts: dict[str, str] = {}
    for piece in filter(None, device.split("/")):
        parsed = _parse(*piece.split(":"))
        if parsed is None:
            return None
        key, value = parsed
        parts[key] = value
    return parts


def _joined(parts: dict[str, str]) -> str:
    return "".join(f"/{key}:{parts[key]}" for key in _ORDER if parts.get(key))


def _parse(key: str, *values: str) -> tuple[str, str] | None:
    if key.upper() in _TYPES and len(values) < 2:
        key, values = "device", (key.upper(), *values, "*")[:2]
    if key == "device" and len(values) == 2:
        return key, f"{values[0]}:{_number(values[1])}"
    if key in _ORDER and len(values) == 1:
        return key, values[0] if key == "job" else _number(values[0])
    return None


def _number(text: str) -> str:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return str(int(text)) if is_number else text


class DeviceScopes:
    """The part of a graph that gives its operations their devices."""

    def __init__(self) -> None:
        super().__init__()
        self._devices: list[Device] = []

    @contextmanager
    def device(self, device_name_or_function: Device) -> Iterator[None]:
        """Give the operations made, or imported, in a ``with`` block a device.

        A name is merged with the one that an operation has, and with those of the blocks around:
        the inner one counts. A function gets the operation and returns the name. None ends the
        effect of the blocks around.

        Raises ValueError for a name that is none.
        """
        if isinstance(device_name_or_function, str):
            merged_device(device_name_or_function, "")
        self._devices.append(device_name_or_function)
        try:
            yield
        finally:
            self._devices.pop()

    def apply_devices(self, op: Operation) -> None:
        for device in reversed(self._devices):
            if device is None:
                return
            op._node.device = (
                merged_device(device, op.device) if isinstance(device, str) else device(op) or ""
            )
