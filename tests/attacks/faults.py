"""The os module as the library's storage sees it, of which the nth changing call goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tfckpt.storage import (
    commit,
    descriptor,
    folder,
    lease,
    leftovers,
    links,
    lock,
    source,
    spool,
    sync,
    write,
)

MODULES = (commit, descriptor, folder, lease, leftovers, links, lock, source, spool, sync, write)
CHANGING = frozenset(
    {
        *("open", "write", "pwrite", "ftruncate", "fsync", "link", "copy_file_range"),
        *("replace", "rename", "remove", "rmdir", "makedirs"),
    }
)
# How much of a loop is run: "all" of it, "some", or (in the plain run) a little.
AMOUNT = os.environ.get("TFCKPT_FAULTS", "little")


class FaultyOs:
    """Counts the calls that change a file; from the nth on they are `instead`."""

    def __init__(
        self, nth: int, instead: Callable[[str], object], *, once: bool, only: frozenset[str]
    ) -> None:
        self.calls = 0
        self._nth, self._instead, self._once, self._only = nth, instead, once, only

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in self._only:
            return real

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self._nth or (not self._once and self.calls > self._nth):
                self._instead(name)
            return real(*args, **kwargs)

        return call


def faulty(
    patch: pytest.MonkeyPatch,
    nth: int,
    instead: Callable[[str], object],
    *,
    once: bool = True,
    only: frozenset[str] = CHANGING,
) -> FaultyOs:
    module = FaultyOs(nth, instead, once=once, only=only)
    for part in MODULES:
        patch.setattr(part, "os", module)
    return module


def refusing(number: int) -> Callable[[str], object]:
    def refuse(name: str) -> None:
        raise OSError(number, os.strerror(number))

    return refuse
