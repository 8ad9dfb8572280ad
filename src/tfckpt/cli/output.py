"""What commands print for scripts: JSON that says what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def json_line(schema: str, found: Mapping[str, Any]) -> str:
    """Return an object as a line of JSON whose first key says what it is.

    >>> print(json_line("ls/1", {"name": "w"}))
    {"schema": "tfckpt.ls/1", "name": "w"}
    """
    return json.dumps({"schema": f"tfckpt.{schema}", **found})
