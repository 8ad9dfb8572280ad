"""Whether a V2 checkpoint is sound: index, shards, slices, and the checksum of every tensor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from tfckpt.bundle.bulk_entries import decode_entries
from tfckpt.bundle.commit import committed_index, committed_shard
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.bundle.fetch import by_shard, fits
from tfckpt.bundle.naming import shards_on_disk
from tfckpt.bundle.reader import BundleReader
from tfckpt.checking.checksums import workers, wrong_checksums
from tfckpt.checking.finding import Finding
from tfckpt.checking.tables import check_table, unused
from tfckpt.dtypes import data_type_name, why_unreadable
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError, located
from tfckpt.names import decode_name, encode_name, shown
from tfckpt.progress import Progress
from tfckpt.storage import is_remote, open_source, size_of
from tfckpt.tensors.selection import Selection
from tfckpt.tensors.slices import TensorSlice
from tfckpt.wording import plural


@dataclass
class Checked:
    """What was looked at of a checkpoint, and what was found."""

    path: str
    stem: str = ""
    """The name that its ``.meta`` has before that."""
    findings: list[Finding] = field(default_factory=list)
    tensors: int = 0
    size: int = 0
    files: list[str] = field(default_factory=list)
    sound: set[str] = field(default_factory=set)
    """Tensors of which nothing is wrong, as far as was looked."""
    names: list[str] = field(default_factory=list)


def check_bundle(
    prefix: str, *, quick: bool, executor: Executor | None = None, progress: Progress | None = None
) -> Checked:
    """Look at all of a V2 checkpoint; with `quick` only at what takes no reading of shards."""
    checked = Checked(prefix)
    index = committed_index(prefix)
    found = _read_index(index, checked)
    if found is None:
        return checked
    header, entries = found
    whole = _check_slices(index, entries, checked)
    checked.tensors, checked.names = len(whole), list(whole)
    shards = _Shards(prefix, index, header, checked)
    placed = [(name, entry) for name, entry in entries.items() if not entry.slices]
    sound: list[tuple[str, list[tuple[str, Entry]]]] = []
    absent: set[str] = set()
    for shard_id, tensors in by_shard(placed):
        path = shards.path_of(shard_id, tensors)
        if path is None:
            absent.update(name for name, _ in tensors)
        else:
            sound.append((path, list(shards.fitting(path, tensors))))
    shards.check_others()
    if not quick:
        total = sum(entry.size for _, tensors in sound for _, entry in tensors)
        reporter = _Reporter(progress, total, prefix)
        with workers(executor, total, prefix) as pool:
            for path, tensors in sound:
                wrong = wrong_checksums(
                    path, header.big_endian, entries=tensors, executor=pool, report=reporter
                )
                checked.findings += (_mismatch(path, *found) for found in wrong)
    bad = absent | {finding.tensor for finding in checked.findings}
    checked.sound = {name for name in whole if name not in bad}
    return checked


def missing_data(reader: BundleReader) -> list[Finding]:
    """Return what is missing of the shards of an open checkpoint, without reading any."""
    findings = []
    for path, tensors in _needed_shards(reader).items():
        needed = max(entry.offset + entry.size for _, entry in tensors)
        size = size_of(path)
        if size is None:
            message = f"this shard is missing, and with it {plural(len(tensors), 'tensor')}"
            findings.append(Finding("missing", message, path))
        elif size < needed:
            message = f"it has {size} bytes, its tensors need {needed}"
            findings.append(Finding("damage", message, path))
    return findings


def shards_of(reader: BundleReader) -> list[str]:
    """Return the shards of an open checkpoint: those that tensors need, and others that are there.

    Not as many as the header speaks of: a forged one speaks of billions.
    """
    paths = set(_needed_shards(reader))
    if not is_remote(reader.path):
        count, base = reader.header.num_shards, os.path.basename(reader.path)
        there = (path for path, of in shards_on_disk(reader.path) if of == count)
        paths |= {reader.path + os.path.basename(path).removeprefix(base) for path in there}
    return sorted(paths)


def _needed_shards(reader: BundleReader) -> dict[str, list[tuple[str, Entry]]]:
    """Return the paths of shards that tensors lie in, and what lies in each."""
    index, count = committed_index(reader.path), reader.header.num_shards
    pieces = (
        (name, piece)
        for name, entry in reader.entries.items()
        for _, piece in reader.stored_pieces(name, entry)
    )
    return {
        committed_shard(reader.path, shard_id, count, index): tensors
        for shard_id, tensors in by_shard(list(pieces))
        if shard_id < count
    }


class _Reporter:
    def __init__(self, progress: Progress | None, total: int, what: str) -> None:
        self._progress, self._total, self._what = progress, total, what
        self._done = 0

    def __call__(self, size: int) -> None:
        self._done += size
        if self._progress is not None:
            self._progress(self._done, self._total, self._what)


def _read_index(index: str, checked: Checked) -> tuple[Header, dict[str, Entry]] | None:
    """Return what an index says, as much as can be read of it; None without a header."""
    try:
        source = open_source(index)
    except CheckpointError as error:
        checked.findings.append(Finding.of(error, index))
        return None
    try:
        checked.files.append(index)
        checked.size += source.size
        items = {bytes(k): bytes(v) for k, v in check_table(source, checked.findings)}
    finally:
        source.close()
    value = items.pop(HEADER_KEY, None)
    try:
        with located(index):
            if value is None:
                raise DataLossError("the index has no header, or it is in a damaged block")
            header = Header.decode(value)
    except CheckpointError as error:
        if value is not None or not checked.findings:
            checked.findings.append(Finding.of(error))
        return None
    return header, _decode(index, items, checked.findings)


def _decode(index: str, items: dict[bytes, bytes], findings: list[Finding]) -> dict[str, Entry]:
    names = list(map(decode_name, items))
    try:
        return dict(zip(names, decode_entries(list(items.values())), strict=True))
    except CheckpointError:
        entries = {}
        for name, value in zip(names, items.values(), strict=True):
            try:
                with located(index, name):
                    entries[name] = Entry.decode(value)
            except CheckpointError as error:
                findings.append(Finding.of(error))
        return entries


def _check_slices(index: str, entries: dict[str, Entry], checked: Checked) -> dict[str, Entry]:
    """Check that slices make up their tensors; return the tensors without what is a slice's."""
    slices: set[str] = set()
    for name, entry in entries.items():
        if not entry.slices:
            continue
        for tensor_slice in entry.slices:
            key = decode_name(tensor_slice.key(encode_name(name)))
            slices.add(key)
            try:
                with located(index, name):
                    _check_slice(entry, tensor_slice, entries.get(key))
            except CheckpointError as error:
                checked.findings.append(Finding.of(error))
        try:
            with located(index, name):
                Selection.of(..., entry.shape).parts(entry.slices, entry.shape)
        except CheckpointError as error:
            checked.findings.append(Finding.of(error))
    return {name: entry for name, entry in entries.items() if name not in slices}


def _check_slice(whole: Entry, part: TensorSlice, stored: Entry | None) -> None:
    if stored is None:
        raise DataLossError(f"the index lists slice {part} and has no entry for it")
    expected = part.shape_in(whole.shape)
    if stored.slices:
        raise DataLossError(f"slice {part} is said to be sliced itself")
    if (stored.data_type, stored.shape) != (whole.data_type, expected):
        raise DataLossError(
            f"slice {part} should be {data_type_name(whole.data_type)} {list(expected)}, its entry "
            f"says {data_type_name(stored.data_type)} {list(stored.shape)}"
        )


class _Shards:
    """The shards of a checkpoint: whether they are there, and as long as their tensors need."""

    def __init__(self, prefix: str, index: str, header: Header, checked: Checked) -> None:
        self._prefix, self._index, self._header = prefix, index, header
        self._checked = checked

    def path_of(self, shard_id: int, tensors: list[tuple[str, Entry]]) -> str | None:
        """Return the path of a shard that there is."""
        findings = self._checked.findings
        count = self._header.num_shards
        if shard_id >= count:
            for name, entry in tensors:
                message = f"lies in shard {shard_id}, the checkpoint has {count}"
                findings.append(
                    Finding("damage", message, self._index, tensor=name, offset=entry.offset)
                )
            return None
        path = committed_shard(self._prefix, shard_id, count, self._index)
        try:
            source = open_source(path, mmap=False)
        except FileMissingError:
            message = f"this shard is missing, and with it {_listed(tensors)}"
            findings.append(Finding("missing", message, path))
            return None
        except CheckpointError as error:
            findings.append(Finding.of(error, path))
            return None
        self.size = source.size
        source.close()
        self._checked.files.append(path)
        self._checked.size += self.size
        return path

    def fitting(self, path: str, tensors: list[tuple[str, Entry]]) -> Iterator[tuple[str, Entry]]:
        """Yield the tensors whose bytes there are."""
        findings = self._checked.findings
        spans = []
        for name, entry in tensors:
            end = entry.offset + entry.size
            spans.append((entry.offset, end))
            problem = None
            if end > self.size:
                problem = f"its {entry.size} bytes end at {end}, the file has {self.size}"
            elif not _fits(entry):
                problem = (
                    f"{data_type_name(entry.data_type)} {list(entry.shape)} does not take the "
                    f"{entry.size} bytes that its entry says"
                )
            if problem is None:
                yield name, entry
            else:
                findings.append(Finding("damage", problem, path, tensor=name, offset=entry.offset))
        findings += unused(path, spans, self.size)

    def check_others(self) -> None:
        """Take note of shards that no tensor is in, and of those of another save."""
        findings, count = self._checked.findings, self._header.num_shards
        if is_remote(self._prefix):
            return
        there = dict(shards_on_disk(self._prefix))
        for path, of in there.items():
            if of != count:
                message = f"a shard of a save in {of}, the index speaks of {count}: it is left over"
                findings.append(Finding("note", message, path))


def _fits(entry: Entry) -> bool:
    return why_unreadable(entry.data_type) is not None or fits(entry)


def _mismatch(path: str, name: str, entry: Entry, found: int | CheckpointError) -> Finding:
    if isinstance(found, CheckpointError):
        kind = Finding.of(found, path)
        return kind._replace(tensor=name, offset=entry.offset)
    message = (
        f"the checksum of the {entry.size} bytes is {found:#010x}, the index says "
        f"{entry.crc32c:#010x}"
    )
    return Finding("damage", message, path, tensor=name, offset=entry.offset)


def _listed(tensors: Sequence[tuple[str, Entry]]) -> str:
    names = shown(tensors, 3, lambda tensor: repr(tensor[0]))
    return f"{plural(len(tensors), 'tensor')}: {names}"
