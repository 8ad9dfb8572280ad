"""Restoring, which goes on after the call: what a program adds later gets its value then.

Each value of a checkpoint is given once, to the first value of the program that matches it. Where
several restorations have a value for the same place, the newest decides, in whatever order they
come to match. The rules are those of TensorFlow's ``checkpoint/restore.py``, where objects remember
what waits for them; here the restorations do, because arrays cannot.
"""

from __future__ import annotations

import logging
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

from tfckpt.checkpoint import open_prefix
from tfckpt.errors import FailedPreconditionError, InvalidArgumentError, located
from tfckpt.names import OBJECT_GRAPH_KEY, shown
from tfckpt.objectgraph.keys import VARIABLE_VALUE
from tfckpt.objectgraph.nodes import attributes_of, read_object_graph
from tfckpt.objects.assigning import fitted
from tfckpt.objects.building import COUNTER_KEY, DEFAULT_NAME, Built
from tfckpt.objects.matching import Match, match, slot_keys
from tfckpt.objects.trackable import Names
from tfckpt.objects.values import ObjectValues
from tfckpt.progress import Progress
from tfckpt.reader import CheckpointReader, read_in_pieces

logger = logging.getLogger("tfckpt")
_numbers = count(1)


class Restoration(ABC):
    """One checkpoint that a tree is restored from.

    `number` says which of two began later. A restoration is superseded by a later one that has a
    value for all that it has: it still matches, but gives nothing.
    """

    def __init__(
        self, reader: CheckpointReader, keys: Iterable[str], progress: Progress | None
    ) -> None:
        self.number = next(_numbers)
        self.path = reader.path
        self.places: set[Names] = set()
        """The places of the program's values that were restored."""
        self.misfits: set[tuple[str, str]] = set()
        """Keys of values that did not fit, and why: each raises an error only once."""
        self.is_superseded = False
        self._left = _Left(self.path, dict.fromkeys(keys))
        self._reader: CheckpointReader | None = reader
        self._progress = progress

    @abstractmethod
    def match(self, own: Built) -> Match:
        """Pair the values of the checkpoint with those of the program."""

    @abstractmethod
    def is_new(self, key: str, places: Sequence[Names]) -> bool:
        """Whether a value of the checkpoint that matches was not given yet."""

    @abstractmethod
    def values(self, reader: CheckpointReader, keys: Sequence[str]) -> Mapping[str, Any]:
        """Read values of the checkpoint."""

    def supersedes(self, older: Restoration) -> bool:
        return False

    def skipped(self, own: Built) -> set[str]:
        """Return the keys of the program's values that are not to be restored."""
        return set()

    @property
    def unused(self) -> list[str]:
        """The keys of the checkpoint's values that found no place."""
        return list(self._left.keys)

    def note(self, key: str, places: Sequence[Names]) -> None:
        """Note that a value has found its place."""
        self._left.keys.pop(key, None)
        self.places.update(places)

    def expect_partial(self) -> None:
        """Log no warning, when the restoration goes, for values that found no place."""
        self._left.is_expected = True

    def release(self) -> None:
        """Let go of the open file, and of `progress`. What is read later opens it again."""
        self._reader, self._progress = None, None

    @contextmanager
    def opened(self) -> Iterator[CheckpointReader]:
        if self._reader is not None:
            yield self._reader
            return
        with open_prefix(self.path) as reader:
            self.check(reader)
            yield reader

    @abstractmethod
    def check(self, reader: CheckpointReader) -> None:
        """Raise FailedPreconditionError where the file is no longer that of the restoration."""


class ByObject(Restoration):
    """From an object-based checkpoint: by the ways that lead to the objects."""

    def __init__(self, reader: CheckpointReader, progress: Progress | None, *, slots: bool) -> None:
        self._slots = slots
        self._graph = read_object_graph(reader)
        self._attributes = {
            attribute.checkpoint_key: (node_id, attribute)
            for node_id, attribute in attributes_of(self._graph)
        }
        skipped = set[str]() if slots else slot_keys(self._graph)
        super().__init__(reader, (key for key in self._attributes if key not in skipped), progress)
        weakref.finalize(self, self._left.warn)

    def match(self, own: Built) -> Match:
        return match(own.graph, self._graph, slots=self._slots)

    def is_new(self, key: str, places: Sequence[Names]) -> bool:
        return key in self._left.keys

    def values(self, reader: CheckpointReader, keys: Sequence[str]) -> Mapping[str, Any]:
        attributes, source = self._attributes, ObjectValues(reader, self._graph)
        plain = [key for key in keys if attributes[key][1].name == VARIABLE_VALUE and key in reader]
        # Many at once are read faster.
        values = dict[str, Any](read_in_pieces(reader, plain, self._progress))
        return values | {key: source.value(*attributes[key]) for key in keys if key not in values}

    def supersedes(self, older: Restoration) -> bool:
        if not isinstance(older, ByObject) or older._graph != self._graph:
            return False
        return self._slots or not older._slots

    def skipped(self, own: Built) -> set[str]:
        return set() if self._slots else slot_keys(own.graph)

    def check(self, reader: CheckpointReader) -> None:
        if OBJECT_GRAPH_KEY not in reader or read_object_graph(reader) != self._graph:
            raise FailedPreconditionError(
                "another checkpoint was written here since `restore`, which still has values to "
                "give to what is added now",
                path=reader.path,
            )


class ByName(Restoration):
    """From a name-based checkpoint: by full names, whatever the objects are."""

    def __init__(self, reader: CheckpointReader, progress: Progress | None) -> None:
        self._names = dict.fromkeys(reader)
        super().__init__(reader, self._names, progress)

    def match(self, own: Built) -> Match:
        named = given_full_names(own)
        return Match([(name, key) for key, name in named.items() if name in self._names])

    def is_new(self, key: str, places: Sequence[Names]) -> bool:
        return self.places.isdisjoint(places)

    def values(self, reader: CheckpointReader, keys: Sequence[str]) -> Mapping[str, Any]:
        return read_in_pieces(reader, keys, self._progress)

    def check(self, reader: CheckpointReader) -> None:
        if OBJECT_GRAPH_KEY in reader:
            raise FailedPreconditionError("is no longer a name-based one", path=reader.path)


def begin(
    reader: CheckpointReader, own: Built, *, slots: bool = True, progress: Progress | None = None
) -> Restoration:
    """Begin to restore a tree from an open checkpoint; `slots`: slot variables too.

    `progress` is told of what is read until the restoration is released.

    Raises InvalidArgumentError for a name-based checkpoint where no value has a full name.
    """
    if OBJECT_GRAPH_KEY in reader:
        return ByObject(reader, progress, slots=slots)
    unnamed = own.values.keys() - given_full_names(own).keys()
    if unnamed and given_full_names(own).keys() <= {COUNTER_KEY}:
        raise InvalidArgumentError(
            f"a name-based checkpoint (it has no {OBJECT_GRAPH_KEY}), and no value here has a full "
            f"name: tfckpt.Variable(value, name=...) has one; `load` reads it as it is",
            path=reader.path,
        )
    return ByName(reader, progress)


def given_full_names(own: Built) -> dict[str, str]:
    """Return the full names that were given, by key."""
    return {
        attribute.checkpoint_key: attribute.full_name
        for _, attribute in attributes_of(own.graph)
        if attribute.full_name not in ("", DEFAULT_NAME)
    }


def give(own: Built, restorations: Iterable[Restoration], put: Callable[[str, Any], Any]) -> None:
    """Give the values of a tree what the restorations have for them.

    `put` assigns a value by key, and returns what is there then.

    Raises InvalidArgumentError for another shape or dtype. The restoration gives nothing then; the
    next time it gives all but that value.
    """
    decided: set[str] = set()
    for restoration in sorted(restorations, key=lambda begun: -begun.number):
        pairs = restoration.match(own).keys
        found = [(key, mine, own.places.get(mine, [])) for key, mine in pairs]
        new = [each for each in found if restoration.is_new(each[0], each[2])]
        wanted: dict[str, str] = {}
        for key, mine, _ in () if restoration.is_superseded else new:
            if mine not in own.values or mine in decided:
                continue
            if _newest.of(own.values[mine]) <= restoration.number:
                wanted.setdefault(mine, key)
        given = _read(restoration, own, wanted)
        for mine, value in given.items():
            _newest.note(put(mine, value), restoration.number)
        for key, mine, places in new:
            if mine in given or mine not in wanted:
                restoration.note(key, places)
        decided.update(mine for _, mine, _ in found)


def _read(restoration: Restoration, own: Built, wanted: dict[str, str]) -> dict[str, Any]:
    """Read the values, by the program's keys, each as the kind of thing that it replaces."""
    if not wanted:
        return {}
    values = {}
    with restoration.opened() as reader, located(reader.path):
        stored = restoration.values(reader, list(wanted.values()))
        for mine, key in wanted.items():
            try:
                values[mine] = fitted(own.values[mine], stored[key], key)
            except InvalidArgumentError as error:
                if (key, error.message) not in restoration.misfits:
                    restoration.misfits.add((key, error.message))
                    raise
    return values


class _Left:
    """The values of a checkpoint that found no place, and whether to warn of them.

    It is apart from Restoration, which it must not refer to: it is what a finalizer of that calls.
    """

    def __init__(self, path: str, keys: dict[str, None]) -> None:
        self.path = path
        self.keys = keys
        self.is_expected = False

    def warn(self) -> None:
        if self.keys and not self.is_expected:
            logger.warning(
                "%s was restored only in part: nothing has taken %s (expect_partial() of what "
                "restore returns silences this)",
                self.path,
                shown(list(self.keys)),
            )


class _Newest:
    """Which restoration last gave an array its elements.

    There is one for the process, for the same array may be in several trees. Python's numbers are
    not looked after: they are replaced, not filled, so that each tree has its own.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], int]] = {}

    def note(self, value: Any, number: int) -> None:
        key = id(value)

        def forget(_: object) -> None:
            self._known.pop(key, None)

        with suppress(TypeError):  # what has no weak references
            self._known[key] = weakref.ref(value, forget), number

    def of(self, value: Any) -> int:
        return self._known[id(value)][1] if id(value) in self._known else 0


_newest = _Newest()
