"""Writing a bundle, byte for byte as TensorFlow's ``BundleWriter`` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tfckpt.bundle.commit import publish
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.bundle.naming import index_path, shard_path
from tfckpt.bundle.shard import ShardWriter
from tfckpt.names import AnyPath, check_prefix, encode_name
from tfckpt.storage import FileWriter, ThreadLock
from tfckpt.table import write_table
from tfckpt.tensors.stored import as_storable
from tfckpt.writer import CheckpointWriter, Part, check_apart


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
    speed.
    """

    def __init__(self, prefix: AnyPath, *, num_shards: int = 1, fsync: bool = True) -> None:
        self.prefix = self.path = check_prefix(prefix)
        if num_shards < 1:
            raise ValueError(f"num_shards must be at least 1, not {num_shards}")
        self._fsync = fsync
        self._lock = ThreadLock()
        self._keys: set[bytes] = set()
        self._sliced: dict[bytes, Entry] = {}
        self._slice_shards: dict[bytes, int] = {}
        self._executor: ThreadPoolExecutor | None = None
        if num_shards == 1 and (os.cpu_count() or 1) > 1:  # else other shards use the other cores
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="tfckpt-checksum")
        self._shards: list[ShardWriter] = []
        try:
            for shard_id in range(num_shards):
                path = shard_path(self.prefix, shard_id, num_shards)
                self._shards.append(ShardWriter(FileWriter(path, fsync=fsync), self._executor))
        except BaseException:
            self.discard()
            raise

    def add(self, name: str, array: object, *, shard: int = 0) -> None:
        """Write a tensor: an array, or anything that numpy makes one of.

        Text (``str``, numpy's ``U`` and string dtypes) is stored as UTF-8.

        Raises ValueError for an empty or repeated name, TypeError for a dtype that no checkpoint
        can hold. Neither changes the bundle.
        """
        key = encode_name(name)
        with self._lock:
            if key in self._keys or key in self._sliced:
                raise ValueError(f"tensor {name!r} is in this bundle already")
            self._keys.add(key)
        self._write(name, key, array, shard)

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
        key, shape, one, value, data_type = Part.of(full_name, full_shape, slice_spec, array)
        if value.shape == shape:
            self.add(full_name, value, shard=shard)
            return
        slice_key = one.key(key)
        with self._lock:
            known = self._sliced.get(key, Entry(data_type, shape))
            if key in self._keys or (known.data_type, known.shape) != (data_type, shape):
                raise ValueError(
                    f"tensor {full_name!r} is in this bundle already, whole or with another dtype "
                    f"or shape"
                )
            check_apart(one, known.slices, shape, full_name)
            self._keys.add(slice_key)
        self._write(full_name, slice_key, value, shard)
        with self._lock:
            known = self._sliced.get(key, known)
            self._slice_shards[slice_key] = shard
            self._sliced[key] = known._replace(slices=(*known.slices, one))

    def finish(self) -> None:
        """Make the checkpoint visible.

        Raises RuntimeError when called twice, FailedPreconditionError when the file system
        refuses.
        """
        self._check_open()
        try:
            for shard in self._shards:
                shard.close()
            with FileWriter(index_path(self.prefix), fsync=self._fsync) as index:
                write_table(index.write, self._items())
                index.flush()
                files = [shard.file for shard in self._shards]
                publish(self.prefix, index, files, fsync=self._fsync)
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove what was written, unless `finish` has made it visible."""
        self._finished = True
        if self._executor is not None:
            self._executor.shutdown()
        for shard in self._shards:
            shard.file.discard()

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
        except BaseException:  # the shard may hold half a tensor: no more can follow
            self._finished = True
            self._shards[shard].file.discard()  # the others may be in use by other threads
            raise

    def _items(self) -> Iterator[tuple[bytes, bytes]]:
        values = {key: self._in_order(key, entry).encode() for key, entry in self._sliced.items()}
        for shard_id, shard in enumerate(self._shards):
            values.update(shard.entries(shard_id))
        yield HEADER_KEY, Header(len(self._shards)).encode()
        for key in sorted(values):
            yield key, values[key]

    def _in_order(self, key: bytes, entry: Entry) -> Entry:
        """List slices shard by shard, whichever thread was first, as MergeV2Checkpoints does.

        The entry then names the shard of the first, which nobody reads.
        """
        shard_ids = {one: self._slice_shards[one.key(key)] for one in entry.slices}
        order = tuple(sorted(entry.slices, key=shard_ids.__getitem__))
        return entry._replace(slices=order, shard_id=shard_ids[order[0]])
