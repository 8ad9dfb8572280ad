"""What commands print: texts of others that act on nothing, and JSON that says what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Control characters steer a terminal, and some turn the direction of what follows.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    r"""Return a text of others, such as a name, that may be printed: nothing in it acts.

    >>> print(harmless("a\x1b[31mb"))
    a\x1b[31mb
    """
    return _STEERING.sub(lambda found: repr(found[0])[1:-1], text)


def json_line(schema: str, found: Mapping[str, Any]) -> str:
    """Return an object as a line of JSON whose first key says what it is.

    >>> print(json_line("ls/1", {"name": "w"}))
    {"schema": "tfckpt.ls/1", "name": "w"}
    """
    return json.dumps({"schema": f"tfckpt.{schema}", **found})
