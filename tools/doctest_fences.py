"""A griffe extension: the examples in docstrings are shown as code, wherever they stand.

mkdocstrings takes ``>>>`` for an example in sections of that name only; Markdown takes it for a
quotation.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?m)^>>> .*(?:\n(?!\n).*)*")  # up to the next empty line


def fenced(text: str) -> str:
    """Put a docstring's examples between fences."""
    return _EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", text)


class DoctestFences(griffe.Extension):
    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
