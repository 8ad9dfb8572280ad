"""Tensors that lie in a bundle just as they are to be written, and need no decoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tfckpt.bundle.entry import Entry
from tfckpt.bundle.reader import BundleReader
from tfckpt.dtypes import DataType, why_unreadable
from tfckpt.reader import TensorReader
from tfckpt.tensors.slices import TensorSlice


class StoredTensor(NamedTuple):
    """A tensor in a bundle: what its index says of it, and of each of its pieces."""

    reader: BundleReader
    name: str
    entry: Entry
    pieces: list[tuple[TensorSlice | None, Entry]]

    @property
    def can_be_copied(self) -> bool:
        """Whether its stored bytes alone show whether its checksum is right.

        Those of strings do not: the checksum covers the lengths as integers, which are stored as
        varints.
        """
        return self.entry.data_type != DataType.DT_STRING and not self.is_opaque

    @property
    def is_opaque(self) -> bool:
        """Whether nobody but TensorFlow can decode it."""
        return why_unreadable(self.entry.data_type) is not None

    @property
    def size(self) -> int:
        """Its bytes, those of all of its pieces."""
        return sum(entry.size for _, entry in self.pieces)


def stored_in_bundle(tensors: Mapping[str, object], name: str) -> StoredTensor | None:
    """Return where a tensor lies unchanged in a bundle; None if it has to be decoded first."""
    origin = tensors.origin(name) if isinstance(tensors, TensorReader) else None
    return None if origin is None else stored_at(*origin)


def stored_at(reader: TensorReader, name: str) -> StoredTensor | None:
    """Return where a tensor of a reader lies in its bundle; None if the reader is of no bundle.

    None for a big-endian bundle too: its tensors have to be decoded, because a writer writes
    little-endian.
    """
    if not isinstance(reader, BundleReader) or reader.header.big_endian:
        return None
    entry = reader.entries.get(name) or reader.entry(name)
    return StoredTensor(reader, name, entry, reader.stored_pieces(name, entry))
