"""JSON that may be anything: a name comes once, and what is no JSON is a DataLossError."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NoReturn

from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError
from tfckpt.names import is_text


def parse_json(data: Buffer, what: str) -> Any:
    """Return what the bytes spell out. Raises DataLossError, also where a name comes twice."""
    try:
        text = bytes(data).decode()
        found = json.loads(text, parse_constant=_no_constant)
        if "\\" in text or text.count(":") != _pairs(found):
            found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        return found
    except DataLossError as error:
        raise DataLossError(f"{what}: {error.message}") from None
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError too
        raise DataLossError(f"{what} is no JSON: {error}") from None


def _pairs(found: Any) -> int:
    """Return how many names there are, in an object of objects.

    As many as the text has colons, and none was dropped because it came twice: to look at each name
    takes three times as long. Colons in names and objects deeper down are only not counted.
    """
    if not isinstance(found, dict):
        return 0
    return len(found) + sum(len(value) for value in found.values() if type(value) is dict)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataLossError(f"{twice!r} comes twice")
    for name, value in pairs:
        if not is_text(name) or (isinstance(value, str) and not is_text(value)):
            raise DataLossError(f"{name!r} has half a character")
    return made


def _no_constant(name: str) -> NoReturn:
    raise DataLossError(f"{name} is no JSON")
