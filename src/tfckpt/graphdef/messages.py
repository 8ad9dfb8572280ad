"""Messages of any kind: taking over those of TensorFlow's own classes, copies, sizes."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import Message

from tfckpt.protos import adopt

M = TypeVar("M", bound=Message)

MESSAGE_LIMIT = 2**31 - 1  # bytes that a protobuf message may have


def as_message(message: object, kind: type[M], what: str) -> M:
    """Return `message` itself if it is a `kind`; a copy if it is TensorFlow's own class of it.

    Raises TypeError for anything else; `what` is the argument's name there.
    """
    if isinstance(message, kind):
        return message
    if is_message(message, kind):
        return adopt(message, kind)  # type: ignore[arg-type]
    raise TypeError(f"{what} must be a {kind.__name__}, not {type(message).__name__}")


def is_message(value: object, kind: type[Any]) -> bool:
    return bool(full_name(value) == kind.DESCRIPTOR.full_name)


def full_name(value: object) -> str | None:
    """Return the full name of a message's type, None for what is no message."""
    return getattr(getattr(value, "DESCRIPTOR", None), "full_name", None)


def copied(message: M) -> M:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def check_size(message: Any) -> None:
    """Raise ValueError for a message that protobuf cannot write or read."""
    size = message.ByteSize()
    if not 0 <= size <= MESSAGE_LIMIT:
        raise ValueError(
            f"the graph takes {size} bytes, a message can have {MESSAGE_LIMIT} (2 GiB): keep large "
            f"constants in a checkpoint instead"
        )
