"""Device strings, in the one form that TensorFlow gives them when it imports a graph."""

from __future__ import annotations

from functools import lru_cache

_ORDER = ("job", "replica", "task", "device")
_MOST_DIGITS = 10  # of a number, which is an int32
_TYPES = ("CPU", "GPU", "TPU")  # may stand alone, as before TensorFlow 1.0: /cpu:0


@lru_cache(maxsize=4096)
def canonical_device(device: str) -> str:
    """Return ``/job:ps/device:CPU:0`` for ``/device:CPU:0/job:ps`` or ``/job:ps/cpu:0``.

    What names no device by TensorFlow's rules is kept as it is.
    """
    parts: dict[str, str] = {}
    for piece in filter(None, device.split("/")):
        parsed = _parse(*piece.split(":"))
        if parsed is None:
            return device
        key, value = parsed
        parts[key] = value
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
