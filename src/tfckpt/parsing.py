"""Messages from bytes or text that may be anything: what protobuf raises becomes ours.

Protobuf's runtimes differ in what they raise for the same bytes, and its text reader goes deeper
than messages may be nested: what it then makes cannot be written or copied.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, EncodeError, Message

from tfckpt.errors import DataLossError

M = TypeVar("M", bound=Message)

_MOST_LEVELS = 100  # of messages in each other: what most runtimes read and write
# From so many braces on they are counted, and it is tried whether the message can be written.
_DEEP = 40
# Braces in strings, closed or not, and in comments do not count.
_BRACES = re.compile(
    r"""([{<])|([}>])|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|\#[^\n]*""", re.VERBOSE
)


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
    is_deep = text.count("{") + text.count("<") > _DEEP
    if is_deep:
        _check_levels(text)
    pool = kind.DESCRIPTOR.file.pool  # where what is inside an Any is looked up
    try:
        read(text, message, descriptor_pool=pool)
        if is_deep:
            kind.FromString(message.SerializePartialToString())
    except text_format.ParseError as error:
        failure = TextError(str(error))
        failure.line = error.GetLine()
        raise failure from None
    except (RecursionError, DecodeError, EncodeError):
        raise _too_deep() from None
    except ValueError as error:
        raise TextError(str(error)) from None
    return message


def _check_levels(text: str) -> None:
    """Raise TextError for levels beyond what can be copied: protobuf 4.21 crashes at them."""
    level = 0
    for brace in _BRACES.finditer(text):
        level += (brace[1] is not None) - (brace[2] is not None)
        if level > _MOST_LEVELS:
            raise _too_deep()


def _too_deep() -> TextError:
    return TextError(f"it is nested too deeply: a message has at most {_MOST_LEVELS} levels")
