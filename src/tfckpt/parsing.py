"""Messages from bytes or text that may be anything: what protobuf raises becomes ours.

Protobuf's runtimes differ in what they raise for the same bytes, and its text reader goes deeper
than messages may be nested: what it then makes cannot be written or copied.
"""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import DecodeError, EncodeError, Message

from tfckpt.errors import DataLossError

M = TypeVar("M", bound=Message)

# From here on it is tried whether a message that came as text can be written: 100 is the limit of
# most runtimes, and a text has its braces in strings, too.
_DEEP = 40


class TextError(DataLossError):
    """A text is no such message; `line` says where, if that is known."""

    line: int | None = None


def parse_binary(data: bytes, kind: type[M]) -> M:
    """Return the message that the bytes are. Raises DataLossError if they are none."""
    try:
        return kind.FromString(data)
    except (DecodeError, UnicodeDecodeError) as error:  # the latter of the pure-Python runtime
        raise DataLossError(f"no {kind.DESCRIPTOR.name}: {error}") from None


def parse_text(text: str, kind: type[M], *, last_counts: bool = False) -> M:
    """Return the message that a text spells out.

    With `last_counts` a field may come twice that is no list. Raises TextError.
    """
    from google.protobuf import text_format

    message = kind()
    read: Any = text_format.Merge if last_counts else text_format.Parse
    pool = kind.DESCRIPTOR.file.pool  # where what is inside an Any is looked up
    try:
        read(text, message, descriptor_pool=pool)
        if text.count("{") + text.count("<") > _DEEP:
            kind.FromString(message.SerializePartialToString())
    except text_format.ParseError as error:
        failure = TextError(str(error))
        failure.line = error.GetLine()
        raise failure from None
    except (RecursionError, DecodeError, EncodeError):
        raise TextError("it is nested too deeply: a message has at most 100 levels") from None
    except ValueError as error:
        raise TextError(str(error)) from None
    return message
