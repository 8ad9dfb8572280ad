"""Which tensors of a new bundle stay in the data files where they are, so that none is read.

A file is linked as a whole. Bytes in it that no tensor of the new bundle needs are dead; where many
would be, copying what is needed takes less of the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from tfckpt.bundle.entry import Entry
from tfckpt.bundle.reader import BundleReader
from tfckpt.bundle.stored import StoredTensor, stored_in_bundle
from tfckpt.bundle.writer import BundleWriter, LinkedFile

Link: TypeAlias = bool | Literal["auto"]

MAX_DEAD = 0.5


class LinkedData(NamedTuple):
    """A data file that is to be linked, and how much of it no tensor needs."""

    file: LinkedFile
    size: int
    dead: int


class LinkPlan(NamedTuple):
    """What is linked, and which tensors lie there: where they are, and the numbers of the files."""

    files: list[LinkedData]
    tensors: dict[str, tuple[StoredTensor, Mapping[int, int]]]

    @property
    def dead(self) -> int:
        """Bytes in linked files that belong to no tensor."""
        return sum(file.dead for file in self.files)

    def add_to(self, bundle: BundleWriter) -> None:
        """List all linked tensors in a bundle that has the files."""
        for name, (stored, numbers) in self.tensors.items():
            bundle.add_linked(name, stored, numbers)


NOTHING_LINKED = LinkPlan([], {})


def plan_links(
    tensors: Mapping[str, object], link: Link = True, max_dead: float = MAX_DEAD
) -> LinkPlan:
    """Decide which tensors are linked.

    True links whatever lies in a bundle of this machine; "auto" only files of which at most the
    share `max_dead` would be dead, and those with values that mean something to TensorFlow alone.

    Raises ValueError for another `link` or share.
    """
    if link not in (True, False, "auto"):
        raise ValueError(f"link is True, False or 'auto', not {link!r}")
    if not 0 <= max_dead <= 1:
        raise ValueError(f"max_dead is a share between 0 and 1, not {max_dead!r}")
    if not link:
        return NOTHING_LINKED
    stored = {name: found for name in tensors if (found := stored_in_bundle(tensors, name))}
    return _Planning(stored).plan(1.0 if link is True else max_dead)


def links_of(stored: Mapping[str, StoredTensor]) -> LinkPlan:
    """Link all of these tensors that lie on this machine."""
    return _Planning(stored).plan(1.0)


class _File:
    """A data file, and what of it is needed."""

    def __init__(self, file: LinkedFile, size: int) -> None:
        self.file = file
        self.size = size
        self.needed: set[tuple[int, int]] = set()
        self.must_be_linked = False

    @property
    def dead(self) -> int:
        return max(0, self.size - sum(size for _, size in self.needed))


class _Planning:
    def __init__(self, stored: Mapping[str, StoredTensor]) -> None:
        self._by_version: dict[object, _File] = {}
        self._by_shard: dict[tuple[int, int], _File | None] = {}
        self._stored = stored
        for tensor in stored.values():
            self._add(tensor)

    def _add(self, stored: StoredTensor) -> None:
        for _, entry in stored.pieces:
            file = self._file(stored, entry)
            if file is not None:
                stored.reader.shard_of(stored.name, entry).check_place(stored.name, entry)
                file.needed.add((entry.offset, entry.size))
                file.must_be_linked |= stored.is_opaque

    def _file(self, stored: StoredTensor, entry: Entry) -> _File | None:
        """Return the file that an entry speaks of; None where it cannot be linked."""
        where = id(stored.reader), entry.shard_id
        if where not in self._by_shard:
            self._by_shard[where] = self._opened(stored.reader, stored.name, entry)
        return self._by_shard[where]

    def _opened(self, reader: BundleReader, name: str, entry: Entry) -> _File | None:
        source = reader.shard_of(name, entry).source
        if source.distant:
            return None
        path = reader.shard_path(entry.shard_id)
        made = _File(LinkedFile(path, source.version), source.size)
        return self._by_version.setdefault(source.version, made)

    def plan(self, max_dead: float) -> LinkPlan:
        chosen = [
            file
            for file in self._by_version.values()
            if file.must_be_linked or file.dead <= max_dead * file.size
        ]
        number = {id(file): at for at, file in enumerate(chosen)}
        # Of each reader: its shards that are linked -> the number of the file.
        numbers: dict[int, dict[int, int]] = {}
        for (reader, shard_id), file in self._by_shard.items():
            if id(file) in number:
                numbers.setdefault(reader, {})[shard_id] = number[id(file)]
        tensors: dict[str, tuple[StoredTensor, Mapping[int, int]]] = {}
        for name, stored in self._stored.items():
            mine = numbers.get(id(stored.reader), {})
            if all(entry.shard_id in mine for _, entry in stored.pieces):
                tensors[name] = stored, mine
        return LinkPlan([LinkedData(file.file, file.size, file.dead) for file in chosen], tensors)
