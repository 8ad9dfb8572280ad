"""TensorFlow's messages and enums for graphs and checkpoints.

>>> from tfckpt import protos
>>> protos.TensorProto(dtype=protos.DT_FLOAT).dtype == protos.DataType.Value("DT_FLOAT")
True

They are the same on the wire as TensorFlow's, and classes of their own: `adopt` turns a message of
TensorFlow's classes into one of these. Their types are in __init__.pyi.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfckpt.protos._runtime import Bindings, adopt, full_name, is_message

_bindings = Bindings(Path(__file__).with_name("descriptors.binpb").read_bytes())

__all__ = ["adopt", "full_name", "is_message", *_bindings.names()]


def __getattr__(name: str) -> Any:
    # Classes are built when first asked for: few programs need more than some of them.
    value = _bindings.get(name)
    if value is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_bindings.values()})
