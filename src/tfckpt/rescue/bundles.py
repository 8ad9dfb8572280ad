"""What is left of a V2 checkpoint.

Takes a prefix and gives a Survey: which tensors are whole, which are lost and why. Three steps:

1. `recover` reads the index, block by block; an entry from a damaged block is kept, with a doubt.
2. The bytes of every entry are compared with its checksum, shard by shard.
3. Tensors are made of entries whose bytes are right, partitioned ones of their whole slices.

Nothing is written, and no value is handed out that no checksum confirms, unless the caller asks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from tfckpt.bundle.bulk_entries import decode_entries
from tfckpt.bundle.commit import committed_index, committed_shard
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.bundle.fetch import Shard, by_shard, fits, itemtype
from tfckpt.bundle.naming import shards_on_disk
from tfckpt.checking.checksums import workers, wrong_checksums
from tfckpt.checking.finding import Finding
from tfckpt.coding import Buffer
from tfckpt.dtypes import DataType, data_type_name, why_unreadable
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError
from tfckpt.names import decode_name, encode_name
from tfckpt.pause import no_collection
from tfckpt.rescue.rebuilt import rebuilt
from tfckpt.rescue.survey import Files, Lost, Piece, Survey, Survivor, everything, notation
from tfckpt.rescue.tables import Hole, Recovered, recover
from tfckpt.tensors.selection import Selection
from tfckpt.tensors.slices import Shape, TensorSlice, volume
from tfckpt.tensors.stored import Array

_KEY_OF_SLICE = re.compile("\0(.+?)\0\1", re.DOTALL)


@no_collection()
def survey_bundle(prefix: str, like: str | None = None) -> Survey:
    """Find what is whole of the checkpoint at `prefix`.

    Where the index is gone altogether, `like` or what lies beside it says how it was.

    Raises FileMissingError where nothing says it, DataLossError where it fits no data file.
    """
    survey = Survey(prefix)
    index = committed_index(prefix)
    try:
        found = _table(survey, index)
        if found is None:
            found = rebuilt(survey, like)
        elif like is not None:
            message = f"it is there, so that {like} was not asked"
            survey.notes.append(Finding("note", message, index))
        _Bundle(survey, index, found).look()
    except BaseException:
        survey.files.close()
        raise
    return survey


def _table(survey: Survey, index: str) -> Recovered | None:
    """Read what is left of an index; None if nothing is."""
    try:
        source = survey.files.source(index)
    except FileMissingError:
        return None
    found = recover(source)
    return found if found.is_table else None


class _Placed(NamedTuple):
    """An entry that says where bytes lie, and why it may not be believed."""

    entry: Entry
    doubt: str | None


class _Bundle:
    """One look at a checkpoint: its index, then its shards, then which tensors that makes."""

    def __init__(self, survey: Survey, index: str, found: Recovered) -> None:
        self.survey, self.index, self.support = survey, index, found.support
        self._paths: dict[int, str] = {}
        self.header, self.order_doubt = self._header(found)
        for hole in found.holes:
            self._lose_hole(hole)
        self.entries = self._decode(found.items, doubt=None)
        self.entries |= self._decode(found.doubtful, found.doubt)

    def look(self) -> None:
        slices = self._keys_of_slices()
        with_bytes = {
            name: placed for name, placed in self.entries.items() if not placed.entry.slices
        }
        wrong = self._wrong(with_bytes)
        if self._order_is_confirmed(with_bytes, wrong):
            self.order_doubt = None
        for name, placed in self.entries.items():
            if name in slices or _KEY_OF_SLICE.match(name):
                continue
            if placed.entry.slices:
                self._add_sliced(name, placed, wrong)
            elif name in wrong:
                self.survey.lost.append(wrong[name])
            else:
                self._add(
                    name, placed, (self._piece(name, placed.entry, everything(placed.entry.shape)),)
                )
        self._lose_orphans(slices)

    # The index

    def _header(self, found: Recovered) -> tuple[Header, str | None]:
        """Return the header, and why its order of bytes may not be believed."""
        counts = sorted({count for _, count in shards_on_disk(self.survey.path)})
        if HEADER_KEY in found.items:
            try:
                return Header.decode(found.items.pop(HEADER_KEY)), None
            except DataLossError as error:
                self.survey.notes.append(Finding.of(error, self.index))
        value = found.doubtful.pop(HEADER_KEY, b"")
        for big_endian in (False, True):
            for count in counts:
                # No single byte makes one form of a header of the other.
                header = Header(count, big_endian)
                if value == header.encode():
                    return header, None
        message = "the header is lost: little-endian numbers are assumed"
        self.survey.notes.append(Finding("damage", message, self.index))
        return Header(counts[-1] if counts else 1), (
            "the header of the index is lost, and with it the order of its bytes"
        )

    def _lose_hole(self, hole: Hole) -> None:
        ends = [] if hole.after is None else [f"after {decode_name(hole.after)!r}"]
        ends += [] if hole.upto is None else [f"up to {decode_name(hole.upto)!r}"]
        names = f", those of names {' and '.join(ends)}" if ends else ""
        self.survey.lose(None, f"{hole.reason}{names}", self.index, [(hole.start, hole.stop)])

    def _decode(self, items: Mapping[bytes, Buffer], doubt: str | None) -> dict[str, _Placed]:
        names = list(map(decode_name, items))
        values = list(map(bytes, items.values()))
        try:
            decoded = decode_entries(values)
        except CheckpointError:
            return self._decode_one_by_one(dict(zip(names, values, strict=True)), doubt)
        return {name: _Placed(entry, doubt) for name, entry in zip(names, decoded, strict=True)}

    def _decode_one_by_one(
        self, values: Mapping[str, bytes], doubt: str | None
    ) -> dict[str, _Placed]:
        entries = {}
        for name, value in values.items():
            try:
                entries[name] = _Placed(Entry.decode(value), doubt)
            except CheckpointError as error:
                self.survey.lose(name, error.message if doubt is None else doubt, self.index)
        return entries

    def _keys_of_slices(self) -> set[str]:
        return {
            decode_name(part.key(encode_name(name)))
            for name, placed in self.entries.items()
            for part in placed.entry.slices
        }

    def _lose_orphans(self, slices: set[str]) -> None:
        """Take note of slices whose tensor has lost its entry."""
        for name in self.entries:
            found = _KEY_OF_SLICE.match(name)
            if found and name not in slices:
                self.survey.lose(
                    found[1],
                    "a slice of it is there, but not its entry, with its shape",
                    self.index,
                )

    # The shards

    def _wrong(self, placed: Mapping[str, _Placed]) -> dict[str, Lost]:
        """Read all that the entries speak of; return what is not whole, by name."""
        wrong: dict[str, Lost] = {}
        named = [(name, found.entry) for name, found in placed.items()]
        for shard_id, tensors in by_shard(named):
            path = self._path(shard_id)
            size, why = _size(self.survey.files, path)
            fitting = []
            for name, entry in tensors:
                problem = why or self._problem(entry, size, shard_id)
                if problem is None:
                    fitting.append((name, entry))
                else:
                    wrong[name] = _lost(name, entry, problem, path, placed[name].doubt)
            total = sum(entry.size for _, entry in fitting)
            with workers(None, total, path) as pool:
                for name, entry, found in wrong_checksums(
                    path, self.header.big_endian, fitting, pool, lambda size: None
                ):
                    problem = (
                        found.message
                        if isinstance(found, CheckpointError)
                        else f"the checksum of its {entry.size} bytes is {found:#010x}, the index "
                        f"says {entry.crc32c:#010x}"
                    )
                    wrong[name] = _lost(name, entry, problem, path, placed[name].doubt)
        return wrong

    def _path(self, shard_id: int) -> str:
        if shard_id not in self._paths:
            count = max(self.header.num_shards, 1)
            path = committed_shard(self.survey.path, shard_id, count, self.index)
            self._paths[shard_id] = path
        return self._paths[shard_id]

    def _problem(self, entry: Entry, size: int, shard_id: int) -> str | None:
        end = entry.offset + entry.size
        if shard_id >= self.header.num_shards:
            return f"it lies in shard {shard_id} of {self.header.num_shards}"
        if end > size:
            return f"its bytes end at {end}, the file has {size}"
        if why_unreadable(entry.data_type) is None and not fits(entry):
            return (
                f"{data_type_name(entry.data_type)} {list(entry.shape)} does not take the "
                f"{entry.size} bytes that its entry says"
            )
        return None

    def _order_is_confirmed(self, placed: Mapping[str, _Placed], wrong: Mapping[str, Lost]) -> bool:
        """Whether a string tensor checks: its checksums depend on the order of bytes."""
        return any(
            found.entry.data_type == DataType.DT_STRING and volume(found.entry.shape)
            for name, found in placed.items()
            if name not in wrong and found.doubt is None
        )

    # Tensors

    def _add(
        self, name: str, placed: _Placed, pieces: tuple[Piece, ...], lost: Lost | None = None
    ) -> None:
        entry = placed.entry
        unread = why_unreadable(entry.data_type)
        if unread is not None:
            self.survey.lose(name, f"its bytes are whole, but {unread}")
            return
        doubt = placed.doubt
        if doubt is not None:
            doubt += f"; {self.support}"
        elif self.order_doubt and itemtype(entry).itemsize > 1:
            doubt = self.order_doubt
        self.survey.tensors[name] = Survivor(
            entry.data_type, entry.shape, pieces, lost=lost, doubt=doubt
        )

    def _add_sliced(self, name: str, placed: _Placed, wrong: Mapping[str, Lost]) -> None:
        entry = placed.entry
        try:
            Selection.of(..., entry.shape).parts(entry.slices, entry.shape)
        except CheckpointError as error:
            self.survey.lose(name, error.message, self.index)
            return
        pieces, parts, reasons, doubts = [], [], [], [placed.doubt]
        ranges: list[tuple[int, int]] = []
        path: str | None = self.index
        for part in entry.slices:
            key = decode_name(part.key(encode_name(name)))
            stored = self.entries.get(key)
            shape = part.shape_in(entry.shape)
            if key not in wrong and stored is not None and _is_part(stored.entry, entry, shape):
                pieces.append(self._piece(key, stored.entry, part))
                doubts.append(stored.doubt)
                continue
            parts.append(notation(part, entry.shape))
            if key in wrong:
                reasons.append(wrong[key].reason)
                ranges += wrong[key].ranges
                path = wrong[key].path
            else:
                reasons.append("the index has no entry for it that fits")
        lost = None
        if parts:
            lost = Lost(name, reasons[0], path, ranges=tuple(ranges), parts=tuple(parts))
            self.survey.lost.append(lost)
        if pieces:
            doubt = next(filter(None, doubts), None)
            self._add(name, _Placed(entry, doubt), tuple(pieces), lost)

    def _piece(self, name: str, entry: Entry, part: TensorSlice) -> Piece:
        files, path, big_endian = (
            self.survey.files,
            self._path(entry.shard_id),
            (self.header.big_endian),
        )

        def read() -> Array:
            shard = Shard(files.source(path), big_endian)
            return shard.fetch([(name, entry)])[name]

        return Piece(part, entry.size, read)


def _is_part(stored: Entry, whole: Entry, shape: Shape) -> bool:
    return not stored.slices and (stored.data_type, stored.shape) == (whole.data_type, shape)


def _size(files: Files, path: str) -> tuple[int, str | None]:
    """Return the size of a shard, and why it cannot be read."""
    try:
        return files.source(path).size, None
    except CheckpointError as error:
        missing = not os.path.lexists(path)
        return 0, "its shard is missing" if missing else error.message


def _lost(name: str, entry: Entry, problem: str, path: str, doubt: str | None) -> Lost:
    reason = problem if doubt is None else f"{doubt}, and {problem}"
    return Lost(name, reason, path, ((entry.offset, entry.offset + entry.size),))
