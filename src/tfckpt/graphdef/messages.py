"""Messages of any kind: taking over those of TensorFlow's own classes, copies, sizes."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import Message

from tfckpt.protos import adopt, is_message

M = TypeVar("M", bound=Message)

MESSAGE_LIMIT = 2**31 - 1  # bytes that a protobuf message may have


def as_message(message: object, kind: type[M], what: str) -> M:
    """Return `message` itself if it is a `kind`; a copy if it is TensorFlow's own class of it.

    Raises TypeError for anything else; `what` is the argument's name there.
    """
    if is_message(message, kind):
        return adopt(message, kind)
    raise TypeError(f"{what} must be a {kind.__name__}, not {type(message).__name__}")


def copied(message: M) -> M:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def check_size(message: Any) -> None:
    """Raise ValueError for a message that protobuf cannot write or read."""
    check_message_size(message.ByteSize())


def check_message_size(size: int) -> None:
    if not 0 <= size <= MESSAGE_LIMIT:
        raise ValueError(
            f"the graph takes {size} bytes, a message can have {MESSAGE_LIMIT} (2 GiB): keep large "
            f"constants in a checkpoint instead"
        )
