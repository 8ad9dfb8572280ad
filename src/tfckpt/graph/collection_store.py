"""Collections: lists of anything under a name, kept with a graph."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


class Collections:
    """The part of a graph that holds its collections."""

    def __init__(self) -> None:
        super().__init__()
        self._collections: dict[Any, list[Any]] = {}

    def add_to_collection(self, name: str, value: Any) -> None:
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: str | Iterable[str], value: Any) -> None:
        """Add a value to several collections, once to each."""
        for name in [names] if isinstance(names, str) else dict.fromkeys(names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: str) -> list[Any]:
        """Return the collection itself, made if there is none: adding to the list adds to it."""
        return self._collections.setdefault(name, [])

    def get_collection(self, name: str, scope: str | None = None) -> list[Any]:
        """Return a copy of a collection, empty if there is none.

        With `scope`, a regular expression, only items whose ``name`` begins with a match.
        """
        values = self._collections.get(name, [])
        if scope is None:
            return list(values)
        begins = re.compile(scope).match
        return [value for value in values if hasattr(value, "name") and begins(value.name)]

    def get_all_collection_keys(self) -> list[str]:
        return [key for key in self._collections if isinstance(key, str)]

    @property
    def collections(self) -> list[Any]:
        return list(self._collections)

    def clear_collection(self, name: str) -> None:
        self._collections.pop(name, None)
