"""Writing a bundle, byte for byte as TensorFlow's ``BundleWriter`` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tfckpt.bundle.bulk_entries import encode_entries
from tfckpt.bundle.commit import Standing, publish
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header, encode_head
from tfckpt.bundle.naming import data_path
from tfckpt.bundle.readback import read_back
from tfckpt.bundle.shard import ShardWriter
from tfckpt.bundle.stored import StoredTensor
from tfckpt.checksum import mask
from tfckpt.errors import UnimplementedError
from tfckpt.names import AnyPath, check_prefix, encode_name
from tfckpt.storage import NewFile, ThreadLock, create_file, is_remote, link_file
from tfckpt.table import write_table
from tfckpt.tensors.slices import Shape, TensorSlice
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.writer import CheckpointWriter, NewSlice, check_apart


class LinkedFile(NamedTuple):
    """A data file of another bundle, and which version of it is meant."""

    path: str
    version: object


class BundleWriter(CheckpointWriter):
    """Writes tensors to a V2 checkpoint, each straight from its array to the file.

    Data lies in the order of `add`; `finish` (or leaving a ``with`` block without an error)
    makes the checkpoint visible, all of it at once. Leaving by an error, or dropping the writer,
    leaves no file behind, and whatever was at `prefix` stays.

    >>> import numpy as np, tempfile, tfckpt
    >>> prefix = tempfile.mkdtemp() + "/model.ckpt"
    >>> with tfckpt.BundleWriter(prefix) as bundle:
    ...     bundle.add("step", np.int64(7))
    ...     bundle.add_slice("table", (4, 2), [(0, 1), (0, -1)], np.zeros((1, 2), np.float32))
    ...     bundle.add_slice("table", (4, 2), [(1, 3), (0, -1)], np.ones((3, 2), np.float32))
    >>> print(tfckpt.load(prefix)["table"].sum())
    6.0

    With `num_shards` above one, each tensor goes to the shard its `add` names; threads may fill
    different shards at the same time. `fsync=False` trades safety against a loss of power for
    speed. With one shard a second thread computes checksums, unless `threads` is 1.

    The data files in `linked`, of other bundles, become the last shards without being copied (where
    the file system has links), for `add_linked`; there need then be no others.

    With `check` the files are read back before they show, and compared with what was to be written;
    `finish` raises DataLossError where they differ. It is for files of this machine.
    """

    _first = 0  # the number of the first of its shards

    def __init__(
        self,
        prefix: AnyPath,
        *,
        num_shards: int = 1,
        fsync: bool = True,
        linked: Sequence[LinkedFile] = (),
        threads: int | None = None,
        check: bool = False,
    ) -> None:
        self.prefix = self.path = check_prefix(prefix)
        if check and is_remote(self.prefix):
            raise UnimplementedError(
                "a store gives back what is visible alone: verify the checkpoint once it is saved",
                path=self.prefix,
            )
        self._check = check
        if num_shards < (0 if linked else 1):
            raise ValueError(f"num_shards must be at least 1, not {num_shards}")
        self._fsync = fsync
        self._lock = ThreadLock()
        self._keys: set[bytes] = set()
        self._sliced: dict[bytes, Entry] = {}
        self._slice_shards: dict[bytes, int] = {}
        self._executor: ThreadPoolExecutor | None = None
        if (
            num_shards == 1 and (threads or os.cpu_count() or 1) > 1
        ):  # else other shards use the other cores
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="tfckpt-checksum")
        self._shards: list[ShardWriter] = []
        self._rest: list[NewFile] = []  # data files without a ShardWriter: linked or empty
        self._elsewhere: dict[bytes, Entry] = {}
        try:
            self._open(num_shards, linked)
        except BaseException:
            self.discard()
            raise

    def _open(self, num_shards: int, linked: Sequence[LinkedFile]) -> None:
        """Begin all data files."""
        self._standing = Standing.at(self.prefix)
        count = self._standing.unused_count(num_shards + len(linked))
        paths = [data_path(self.prefix, shard_id, count) for shard_id in range(count)]
        for path in paths[:num_shards]:
            file = create_file(path, fsync=self._fsync, exclusive=True)
            self._shards.append(ShardWriter(file, self._executor))
        rest = paths[num_shards:]
        for link, path in zip(linked, rest, strict=False):
            self._rest.append(link_file(link.path, path, version=link.version, fsync=self._fsync))
        # A store has a set of as many shards already: this one has empty ones besides.
        for path in rest[len(linked) :]:
            self._rest.append(create_file(path, fsync=self._fsync, exclusive=True))

    def add(self, name: str, array: object, *, shard: int = 0) -> None:
        """Write a tensor: an array, or anything that numpy makes one of.

        Text (``str``, numpy's ``U`` and string dtypes) is stored as UTF-8.

        Raises ValueError for an empty or repeated name, TypeError for a dtype that no checkpoint
        can hold. Neither changes the bundle.
        """
        self._write(name, self._take(name), array, shard)

    def add_slice(
        self,
        full_name: str,
        full_shape: Sequence[int],
        slice_spec: Iterable[Sequence[int]],
        array: object,
        *,
        shard: int = 0,
    ) -> None:
        """Write one part of a partitioned tensor.

        `slice_spec` has a (start, length) for each dimension of `full_shape`; a length of -1
        takes the whole dimension. `array` has the shape of the slice. A slice that is the whole
        tensor is written as a plain tensor, as in TensorFlow.

        Raises ValueError where slice, array and what was added before do not fit together.
        """
        key, shape, tensor_slice, value, data_type = NewSlice.of(
            full_name, full_shape, slice_spec, array
        )
        if value.shape == shape:
            self.add(full_name, value, shard=shard)
            return
        slice_key = self._take_slice(full_name, Entry(data_type, shape), tensor_slice)
        self._write(full_name, slice_key, value, shard)
        self._list_slice(key, Entry(data_type, shape), tensor_slice, shard)

    def add_pieces(
        self,
        name: str,
        data_type: int,
        shape: Shape,
        pieces: Iterable[Array],
        *,
        shard: int = 0,
    ) -> None:
        """Write a tensor of numbers whose elements come as flat arrays, one after another.

        Raises ValueError for an empty or repeated name, and what `pieces` raises; after that
        nothing more can be written.
        """
        self._check_open()
        self._check_shard(shard, len(self._shards))
        key = self._take(name)
        try:
            self._shards[shard].append_pieces(key, data_type, shape, pieces)
        except BaseException:
            self._give_up(shard)
            raise

    def add_stored(self, name: str, stored: StoredTensor, *, shard: int = 0) -> None:
        """Write a tensor of numbers of another bundle: copy its bytes, and check them on the way.

        A tensor in slices stays in slices.

        Raises ValueError for an empty or repeated name; DataLossError where bytes do not have
        the checksum of their entry; after that nothing more can be written.
        """
        self._check_open()
        self._check_shard(shard, len(self._shards))
        for tensor_slice, entry in stored.pieces:
            key = self._take_piece(name, stored.entry, tensor_slice)
            try:
                source = stored.reader.shard_of(stored.name, entry)
                source.check(stored.name, entry)
                crc = self._shards[shard].copy(key, entry, source.source)
                if mask(crc) != entry.crc32c and stored.reader.verifies:
                    raise source.mismatch(stored.name, entry, crc)
            except BaseException:
                self._give_up(shard)
                raise
            if tensor_slice is not None:
                self._list_slice(encode_name(name), stored.entry, tensor_slice, shard)

    def add_linked(self, name: str, stored: StoredTensor, numbers: Mapping[int, int]) -> None:
        """List a tensor whose bytes lie in linked files; none of them is read.

        `numbers` says which of the linked files a shard of the tensor's bundle is.

        Raises ValueError for an empty or repeated name.
        """
        self._check_open()
        for tensor_slice, entry in stored.pieces:
            key = self._take_piece(name, stored.entry, tensor_slice)
            shard = len(self._shards) + numbers[entry.shard_id]
            self._elsewhere[key] = entry._replace(shard_id=shard)
            if tensor_slice is not None:
                self._list_slice(encode_name(name), stored.entry, tensor_slice, shard)

    def _take_piece(self, name: str, whole: Entry, tensor_slice: TensorSlice | None) -> bytes:
        """Claim the key of a tensor, or of a slice of it."""
        return (
            self._take(name)
            if tensor_slice is None
            else self._take_slice(name, whole, tensor_slice)
        )

    def _take(self, name: str) -> bytes:
        key = encode_name(name)
        with self._lock:
            if key in self._keys or key in self._sliced:
                raise ValueError(f"tensor {name!r} is in this bundle already")
            self._keys.add(key)
        return key

    def _take_slice(self, name: str, whole: Entry, tensor_slice: TensorSlice) -> bytes:
        key, shape = encode_name(name), whole.shape
        slice_key = tensor_slice.key(key)
        with self._lock:
            known = self._sliced.get(key, Entry(whole.data_type, shape))
            if key in self._keys or (known.data_type, known.shape) != (whole.data_type, shape):
                raise ValueError(
                    f"tensor {name!r} is in this bundle already, whole or with another dtype "
                    f"or shape"
                )
            check_apart(tensor_slice, known.slices, shape, name)
            self._keys.add(slice_key)
        return slice_key

    def _list_slice(self, key: bytes, whole: Entry, tensor_slice: TensorSlice, shard: int) -> None:
        with self._lock:
            known = self._sliced.get(key, Entry(whole.data_type, whole.shape))
            self._slice_shards[tensor_slice.key(key)] = shard
            self._sliced[key] = known._replace(slices=(*known.slices, tensor_slice))

    def _publish(self) -> None:
        for shard in self._shards:
            shard.close()
        self._make_visible()

    def _make_visible(self) -> None:
        """Give all files their names; the data have been written."""
        with self._standing.create_index(self.prefix, fsync=self._fsync) as index:
            items = list(self._items())
            write_table(index.write, items)
            index.flush()
            for file in self._rest:
                file.flush()
            files = [*(shard.file for shard in self._shards), *self._rest]
            if self._check:
                read_back(index, files, items)
            publish(self.prefix, index, files, fsync=self._fsync)

    def discard(self) -> None:
        self._finished = True
        if self._executor is not None:
            self._executor.shutdown()
        for file in (*(shard.file for shard in self._shards), *self._rest):
            file.discard()

    def _write(self, name: str, key: bytes, array: object, shard: int) -> None:
        try:
            self._check_open()
            self._check_shard(shard, len(self._shards))
            value, data_type = as_storable(array)
            self._shards[shard].append(key, value, data_type)
        except (TypeError, ValueError) as error:  # nothing was written
            self._keys.remove(key)
            raise type(error)(f"tensor {name!r}: {error}") from None
        except RuntimeError:
            raise
        except BaseException:
            self._give_up(shard)
            raise

    def _give_up(self, shard: int) -> None:
        """Take no more: the shard may hold half a tensor."""
        self._finished = True
        self._shards[shard].file.discard()  # the others may be in use by other threads

    def _items(self) -> Iterator[tuple[bytes, bytes]]:
        values = {key: self._in_order(key, entry).encode() for key, entry in self._sliced.items()}
        for shard_id, shard in enumerate(self._shards, self._first):
            values.update(shard.entries(shard_id))
        values.update(_encoded(self._elsewhere))
        yield HEADER_KEY, Header(len(self._shards) + len(self._rest)).encode()
        for key in sorted(values):
            yield key, values[key]

    def _in_order(self, key: bytes, entry: Entry) -> Entry:
        """List slices shard by shard, whichever thread was first, as MergeV2Checkpoints does.

        The entry then names the shard of the first, which nobody reads.
        """
        shard_ids = {
            tensor_slice: self._slice_shards[tensor_slice.key(key)] for tensor_slice in entry.slices
        }
        order = tuple(sorted(entry.slices, key=shard_ids.__getitem__))
        return entry._replace(slices=order, shard_id=shard_ids[order[0]])


def _encoded(entries: Mapping[bytes, Entry]) -> Iterator[tuple[bytes, bytes]]:
    heads = [encode_head(entry.data_type, entry.shape) for entry in entries.values()]
    columns = [
        [getattr(entry, field) for entry in entries.values()]
        for field in ("shard_id", "offset", "size", "crc32c")
    ]
    return zip(entries, encode_entries(heads, *columns), strict=True)
