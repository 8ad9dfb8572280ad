"""Names in use, and the scopes that new names go into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tfckpt.graphdef.names import is_scope_name


class NameScopes:
    """The part of a graph that hands out names."""

    def __init__(self) -> None:
        super().__init__()
        self._names_in_use: dict[str, int] = {}  # how often each was asked for; lower case
        self._scope = ""

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """Return `name` in the current scope, with ``_1`` and so on if it is taken.

        Names that differ only in case count as the same.
        """
        if self._scope:
            name = f"{self._scope}/{name}"
        key = name.lower()
        number = self._names_in_use.get(key, 0)
        if mark_as_used:
            self._names_in_use[key] = number + 1
        if not number:
            return name
        while f"{key}_{number}" in self._names_in_use:
            number += 1
        if mark_as_used:
            self._names_in_use[f"{key}_{number}"] = 1
        return f"{name}_{number}"

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Put the names made in a ``with`` block into a scope; gives it with a ``/`` at the end.

        The scope's name is made unique. One that ends in ``/`` is entered as it is; None or
        ``""`` leaves all scopes.

        Raises ValueError for a name that no scope may have.
        """
        if name and not is_scope_name(name, inner=bool(self._scope)):
            raise ValueError(f"{name!r} is not a valid scope name")
        outer = self._scope
        if not name:
            self._scope = ""
        else:
            self._scope = name[:-1] if name.endswith("/") else self.unique_name(name)
        try:
            yield name if name and name.endswith("/") else self._scope and f"{self._scope}/"
        finally:
            self._scope = outer

    def get_name_scope(self) -> str:
        """Return the current scope, without a ``/`` at the end."""
        return self._scope
