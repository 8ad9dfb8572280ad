"""Names of devices: ``/job:ps/replica:0/task:0/device:GPU:1``, of which any part may be left out.

Names come and go as NodeDefs have them. The rules are those of ``device_name_utils.cc`` for names
alone: nothing here knows which devices there are.
"""

from __future__ import annotations

from functools import lru_cache

from tfckpt.protos import GraphDef

_ORDER = ("job", "replica", "task", "device")
_MOST_DIGITS = 10  # of a number, which is an int32
_TYPES = ("CPU", "GPU", "TPU")  # may stand alone, as before TensorFlow 1.0: /cpu:0


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
    both = [_parts(device) for device in (outer, inner)]
    if None in both:
        bad = outer if both[0] is None else inner
        raise ValueError(f"{bad!r} names no device, as /job:ps/task:0/device:CPU:0 does")
    mine, theirs = (dict(parts or {}) for parts in both)
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


def clear_devices(graph_def: GraphDef) -> None:
    """Let TensorFlow choose the device of each node; nodes of functions keep theirs, as there."""
    for node in graph_def.node:
        node.device = ""
