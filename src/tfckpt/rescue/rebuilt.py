"""The index of a checkpoint that has lost it, made anew.

A data file is its tensors back to back, and says nothing of them but the lengths of strings. So
the layout of another checkpoint, or of a graph, is put over it, and has to end exactly where each
file ends. That is a guess still. It is confirmed, tensor by tensor, where another checkpoint of the
run has the same bytes under the same name, by its checksum: all that training left as it was. Bytes
that are the same element over and over look alike wherever they lie, and what two layouts that fit
put in two places may be in either: that is confirmed only where all of a file is.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from tfckpt.bundle.commit import committed_index, committed_shard
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.bundle.fetch import fits
from tfckpt.bundle.naming import index_path, shards_on_disk
from tfckpt.checking.checksums import workers, wrong_checksums
from tfckpt.checking.finding import Finding
from tfckpt.coding import MAX_VARINT64_BYTES, Buffer
from tfckpt.dtypes import DataType, data_type_name, numpy_dtype
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError, located
from tfckpt.names import decode_name, shown, shown_lines
from tfckpt.rescue.layouts import Layout, Unusable, layouts_for
from tfckpt.rescue.survey import Survey
from tfckpt.rescue.tables import Recovered
from tfckpt.storage import Source
from tfckpt.tensors.slices import volume
from tfckpt.tensors.strings import count_strings, measure_strings

_READ = 1 << 20
_LENGTHS = 1 << 20  # bytes in which all lengths of a lookup table's strings are looked for
_WITHOUT_ITEMS = (DataType.DT_STRING, DataType.DT_VARIANT)

_Named = tuple[bytes, Entry]


class _Fitted(NamedTuple):
    """A layout, put over the data files."""

    layout: Layout
    shards: dict[int, dict[bytes, Entry]]
    """Of each data file that it fits, what lies where."""
    misfits: dict[int, str]
    unplaced: dict[bytes, str]
    """What lies somewhere in a data file that fits, and why nothing says where."""

    def places(self) -> dict[bytes, Entry]:
        return {
            key: entry._replace(crc32c=0)
            for entries in self.shards.values()
            for key, entry in entries.items()
        }


class _Known(NamedTuple):
    copies: Mapping[bytes, list[Entry]]
    """What other checkpoints have under each key."""
    disputed: set[bytes]


def rebuilt(survey: Survey, like: str | None) -> Recovered:
    """Make the index anew; what lies in files that no layout fits is noted as lost.

    Raises FileMissingError where nothing says what the layout is, DataLossError where none fits.
    """
    found = list(layouts_for(survey.path, like))
    layouts = [layout for layout in found if isinstance(layout, Layout)]
    refused = [f"{other.path}: {other.reason}" for other in found if isinstance(other, Unusable)]
    doubts = [(layout, _doubt(survey.path, layout)) for layout in layouts]
    refused += [f"{layout.path}: {doubt}" for layout, doubt in doubts if doubt]
    layouts = [layout for layout, doubt in doubts if not doubt]
    fitted = [_fitted(survey, layout) for layout in layouts]
    refused += [
        f"{fit.layout.path}: {reason}"
        for fit in fitted
        for reason in ([] if fit.shards else fit.misfits.values())
    ]
    usable = [fit for fit in fitted if fit.shards]
    if not usable:
        raise _nothing(survey.path, refused)
    best = max(usable, key=lambda fit: (len(fit.shards), -len(fit.unplaced)))
    _note(survey, best, usable)
    items: dict[bytes, Buffer] = {
        HEADER_KEY: best.layout.header.encode(),
        **{key: entry.encode() for key, entry in best.layout.entries.items() if entry.slices},
    }
    doubtful: dict[bytes, bytes] = {}
    known = _Known(_copies(layouts, best.layout.header), _disputed(best, usable))
    for shard_id, entries in best.shards.items():
        path = _shard(survey.path, best.layout, shard_id)
        for key, entry, is_confirmed in _confirmed(survey, path, best, entries, known):
            (items if is_confirmed else doubtful)[key] = entry.encode()
    doubt = f"the index is gone, and its place a guess by {best.layout.path}"
    support = "no checksum confirms that"
    return Recovered(items, doubtful, [], doubt=doubt, support=support)


def _doubt(prefix: str, layout: Layout) -> str:
    """Say why a graph's layout may be that of other data files, which no checksum would tell."""
    others = [] if layout.is_checkpoint else _other_sets(prefix, layout)
    if not others:
        return ""
    return (
        f"it describes a save of {layout.header.num_shards} data files, and those of another, of "
        f"{shown(others)}, lie there as well: move away the files of the save that is not wanted"
    )


def _nothing(prefix: str, refused: list[str]) -> CheckpointError:
    index = committed_index(prefix)
    if not refused:
        is_there = os.path.lexists(index)
        what = "there is nothing of an index in this file" if is_there else "the index is missing"
        kind = DataLossError if is_there else FileMissingError
        return kind(
            f"{what}, and nothing beside it says what lies where in its data files: another "
            f"checkpoint of the run does, or its .meta or SavedModel (like=)",
            path=index,
        )
    return DataLossError(
        f"the index is gone, and its data files have no layout that is known:\n"
        f"{shown_lines(refused)}",
        path=index,
    )


def _note(survey: Survey, best: _Fitted, usable: list[_Fitted]) -> None:
    index = index_path(survey.path)
    message = f"it is gone, and was made anew by the layout of {best.layout.path}"
    survey.notes.append(Finding("note", message, index))
    for other in usable:
        if _disputed(best, [other]):
            message = f"that of {other.layout.path} is another, and fits as well"
            survey.notes.append(Finding("note", message, index))
    others = _other_sets(survey.path, best.layout)
    if others:
        message = (
            f"data files of another save lie there as well, of sets of {shown(others)}; these "
            f"values are from the set of {best.layout.header.num_shards}"
        )
        survey.notes.append(Finding("note", message, survey.path))
    for shard_id, reason in best.misfits.items():
        path = _shard(survey.path, best.layout, shard_id)
        for key, entry in best.layout.entries.items():
            if entry.shard_id == shard_id and not entry.slices and not key.startswith(b"\0"):
                survey.lose(decode_name(key), reason, path)
    for key, reason in best.unplaced.items():
        if not key.startswith(b"\0"):
            shard_id = best.layout.entries[key].shard_id
            survey.lose(decode_name(key), reason, _shard(survey.path, best.layout, shard_id))


def _disputed(best: _Fitted, others: list[_Fitted]) -> set[bytes]:
    """Return the tensors that another layout, which fits as well, puts somewhere else."""
    mine = best.places()
    return {
        key
        for other in others
        if len(other.shards) == len(best.shards)
        for key, place in mine.items() - other.places().items()
        if key not in other.unplaced
    }


def _shard(prefix: str, layout: Layout, shard_id: int) -> str:
    return committed_shard(prefix, shard_id, layout.header.num_shards, index_path(prefix))


# Where it all lies


def _fitted(survey: Survey, layout: Layout) -> _Fitted:
    fitted = _Fitted(layout, {}, {}, {})
    placed = [named for named in layout.entries.items() if not named[1].slices]
    # One without bytes lies where the next one begins.
    placed.sort(key=lambda named: (named[1].shard_id, named[1].offset, named[1].size))
    for shard_id, entries in groupby(placed, key=lambda named: named[1].shard_id):
        path = _shard(survey.path, layout, shard_id)
        try:
            found, unplaced = _places(survey.files.source(path), layout, list(entries))
        except FileMissingError:
            reason = f"its data file {path} is missing{_others(survey.path, layout)}"
            fitted.misfits[shard_id] = reason
        except CheckpointError as error:
            fitted.misfits[shard_id] = error.message
        else:
            fitted.shards[shard_id] = found
            fitted.unplaced.update(unplaced)
    return fitted


def _others(prefix: str, layout: Layout) -> str:
    counts = _other_sets(prefix, layout)
    return f"; there are some of sets of {shown(counts)}" if counts else ""


def _other_sets(prefix: str, layout: Layout) -> list[str]:
    """Return of how many data files the other sets are that lie there."""
    counts = {count for _, count in shards_on_disk(prefix)} - {layout.header.num_shards}
    return list(map(str, sorted(counts)))


def _places(
    source: Source, layout: Layout, entries: list[_Named]
) -> tuple[dict[bytes, Entry], dict[bytes, str]]:
    """Return each tensor of a data file with its place, and those that have none with the reason.

    Raises DataLossError unless they end exactly where the file ends.
    """
    try:
        return dict(_from_start(source, layout, entries)), {}
    except DataLossError:
        if layout.shapeless.isdisjoint(key for key, _ in entries):
            raise
    return _around_shapeless(source, layout, entries)


def _from_start(source: Source, layout: Layout, entries: list[_Named]) -> Iterator[_Named]:
    at = end = 0  # the end of the last tensor, here and in the other checkpoint
    before: _Named | None = None
    for key, entry in entries:
        gap = entry.offset - end if layout.is_checkpoint else 0
        if gap < 0:
            raise DataLossError("tensors share bytes there")
        with located(source.path, decode_name(key)):
            if key in layout.shapeless:
                shape = (_rows(source, at, key, entry, layout, before),)
                entry = entry._replace(shape=shape)
            size = _size(source, at + gap, entry, layout)
        before = key, entry._replace(offset=at + gap, size=size)
        yield before
        at += gap + size
        end += gap + entry.size
    if at != source.size:
        raise DataLossError(
            f"by this layout {source.path} has {at:,} bytes, and it has {source.size:,}"
        )


def _rows(
    source: Source, at: int, key: bytes, entry: Entry, layout: Layout, before: _Named | None
) -> int:
    """Return how many keys, or values, a lookup table has of which the graph does not say it.

    Strings say it themselves. The values of a table lie behind its keys, and are as many.
    """
    if entry.data_type == DataType.DT_STRING:
        head = source.read(at, min(_LENGTHS, max(source.size - at, 0)))
        count = count_strings(head, big_endian=layout.header.big_endian)
        if count is not None:
            return count
    elif before is not None and _is_table(before[0], key) and before[0] in layout.shapeless:
        return before[1].shape[0]
    raise DataLossError("nothing says how long it is")


def _is_table(keys: bytes, values: bytes) -> bool:
    """Whether these are the names of the two tensors of a lookup table (``lookup_ops.py``)."""
    stem = keys.removesuffix(b"-keys")
    return stem != keys and values == stem + b"-values"


def _around_shapeless(
    source: Source, layout: Layout, entries: list[_Named]
) -> tuple[dict[bytes, Entry], dict[bytes, str]]:
    """Place what lies before the first tensor of unknown length, and what lies behind the last."""
    first = next(at for at, (key, _) in enumerate(entries) if key in layout.shapeless)
    found: dict[bytes, Entry] = {}
    start, stop, last = 0, source.size, len(entries)
    for key, entry in entries[:first]:
        with located(source.path, decode_name(key)):
            size = _size(source, start, entry, layout)
        found[key] = entry._replace(offset=start, size=size)
        start += size
    while last > first and not _is_open(layout, entries[last - 1]):
        last -= 1
        key, entry = entries[last]
        size = _size(source, stop, entry, layout)
        stop -= size
        found[key] = entry._replace(offset=stop, size=size)
    if start > stop:
        raise DataLossError(
            f"by this layout {source.path} has {start + source.size - stop:,} bytes and more, "
            f"and it has {source.size:,}"
        )
    name = shown([decode_name(entries[first][0])])
    reason = f"{layout.path} does not say how long {name} is, and so not where this lies"
    own = f"{layout.path} does not say how long it is"
    unplaced = {key: own if key in layout.shapeless else reason for key, _ in entries[first:last]}
    return found, unplaced


def _is_open(layout: Layout, named: _Named) -> bool:
    """Whether a tensor is one whose length is not known before it is known where it begins."""
    return named[0] in layout.shapeless or named[1].data_type == DataType.DT_STRING


def _size(source: Source, at: int, entry: Entry, layout: Layout) -> int:
    """Return how many bytes a tensor takes; strings say it themselves."""
    if entry.data_type == DataType.DT_STRING:
        count = volume(entry.shape)
        most = min(count * MAX_VARINT64_BYTES + 4, max(source.size - at, 0))
        head = source.read(at, most)
        return measure_strings(head, count, big_endian=layout.header.big_endian)
    if layout.is_checkpoint:
        return entry.size
    dtype = numpy_dtype(entry.data_type)
    if dtype is None:
        raise DataLossError(f"how long a {data_type_name(entry.data_type)} is, it does not say")
    return volume(entry.shape) * dtype.itemsize


# Whether it is so


def _copies(layouts: list[Layout], header: Header) -> dict[bytes, list[Entry]]:
    copies = defaultdict(list)
    for layout in layouts:
        if layout.is_checkpoint and layout.header.big_endian == header.big_endian:
            for key, entry in layout.entries.items():
                copies[key].append(entry)
    return copies


def _confirmed(
    survey: Survey,
    path: str,
    fitted: _Fitted,
    entries: Mapping[bytes, Entry],
    known: _Known,
) -> Iterator[tuple[bytes, Entry, bool]]:
    """Yield each tensor with the checksum of its bytes, and whether a copy confirms it."""
    big_endian = fitted.layout.header.big_endian
    # All are compared with a checksum, that of the layout, and those that differ are told.
    named = [(decode_name(key), entry) for key, entry in entries.items()]
    with workers(None, sum(entry.size for _, entry in named), path) as pool:
        differing = {
            name: crc
            for name, _, crc in wrong_checksums(path, big_endian, named, pool, lambda size: None)
        }
    confirmed: dict[bytes, Entry] = {}
    rest: dict[bytes, Entry] = {}
    for key, entry in entries.items():
        crc = differing.get(decode_name(key), entry.crc32c)
        if isinstance(crc, int):
            entry = entry._replace(crc32c=crc)
        copies = known.copies.get(key, ())
        is_copy = isinstance(crc, int) and any(_same(entry, other) for other in copies)
        (confirmed if is_copy else rest)[key] = entry
    source = survey.files.source(path)
    for key, entry in confirmed.items():
        is_sure = key not in known.disputed and not _is_uniform(source, entry)
        yield key, entry, is_sure or not rest
    for key, entry in rest.items():
        yield key, entry, False


def _same(entry: Entry, other: Entry) -> bool:
    ours = (entry.data_type, entry.shape, entry.size, entry.crc32c)
    return ours == (other.data_type, other.shape, other.size, other.crc32c)


def _is_uniform(source: Source, entry: Entry) -> bool:
    """Whether all elements are the same, as those of zeros, and of a single one."""
    dtype = numpy_dtype(entry.data_type)
    if entry.data_type in _WITHOUT_ITEMS or dtype is None or not fits(entry):
        return False
    step = dtype.itemsize
    if entry.size <= step:
        return True
    first = bytes(source.read(entry.offset, step))
    for at in range(0, entry.size, _READ // step * step):
        size = min(_READ // step * step, entry.size - at)
        if bytes(source.read(entry.offset + at, size)) != first * (size // step):
            return False
    return True
