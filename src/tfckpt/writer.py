"""What every writer of checkpoints does, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, TypeVar

from tfckpt.dtypes import DataType
from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.names import encode_name
from tfckpt.tensors.slices import Shape, TensorSlice
from tfckpt.tensors.stored import Array, as_storable

Self = TypeVar("Self", bound="CheckpointWriter")


@contextmanager
def tensor_named(tensor: str) -> Iterator[None]:
    """Add the tensor's name to what is said of a value that a user gave."""
    try:
        yield
    except CheckpointError:
        raise
    except (TypeError, ValueError) as error:
        raise type(error)(f"tensor {tensor!r}: {error}") from None


class NewSlice(NamedTuple):
    """One slice of a partitioned tensor, about to be written."""

    key: bytes
    full_shape: Shape
    slice: TensorSlice
    value: Array
    data_type: DataType

    @classmethod
    def of(
        cls,
        full_name: str,
        full_shape: Sequence[int],
        slice_spec: Iterable[Sequence[int]],
        array: object,
    ) -> NewSlice:
        """Check what a user gave for a slice.

        Raises ValueError where slice, shape and array do not fit together.
        """
        key, shape = encode_name(full_name), tuple(int(size) for size in full_shape)
        tensor_slice = TensorSlice.of(slice_spec)
        try:
            expected = tensor_slice.shape_in(shape)
        except DataLossError as error:
            raise ValueError(f"tensor {full_name!r}: {error.message}") from None
        with tensor_named(full_name):
            value, data_type = as_storable(array)
        if value.shape != expected:
            raise ValueError(
                f"slice {tensor_slice} of tensor {full_name!r} has shape {list(expected)}, "
                f"the array {list(value.shape)}"
            )
        return cls(key, shape, slice=tensor_slice, value=value, data_type=data_type)


def check_apart(
    tensor_slice: TensorSlice, others: Iterable[TensorSlice], shape: Shape, full_name: str
) -> None:
    """Raise ValueError if a slice overlaps one that was added before: no reader takes both."""
    box = tensor_slice.index_in(shape)
    for other in others:
        pairs = zip(box, other.index_in(shape), strict=True)
        if all(a.start < b.stop and b.start < a.stop for a, b in pairs):
            raise ValueError(
                f"slice {tensor_slice} of tensor {full_name!r} overlaps slice {other}, "
                f"there already"
            )


class CheckpointWriter(ABC):
    """Takes tensors one by one, and makes all of them visible at once.

    As a context manager it finishes where the block ends, and leaves nothing behind where the
    block is left by an error.
    """

    path: str
    _finished = False

    @abstractmethod
    def add(self, name: str, array: object, *, shard: int = 0) -> None:
        """Write a tensor."""

    @abstractmethod
    def add_slice(
        self,
        full_name: str,
        full_shape: Sequence[int],
        slice_spec: Iterable[Sequence[int]],
        array: object,
        *,
        shard: int = 0,
    ) -> None:
        """Write one part of a partitioned tensor."""

    def finish(self) -> None:
        """Make the checkpoint visible.

        Raises RuntimeError when called twice, FailedPreconditionError when the file system
        refuses.
        """
        self._check_open()
        try:
            self._publish()
        finally:
            self.discard()

    @abstractmethod
    def _publish(self) -> None:
        """Write what is left to write, and give all files their names at one moment."""

    @abstractmethod
    def discard(self) -> None:
        """Remove what was written, unless `finish` has made it visible."""

    @staticmethod
    def _check_shard(shard: int, count: int) -> None:
        if not 0 <= shard < count:
            raise ValueError(f"there is no shard {shard}: this checkpoint has {count}")

    def _check_open(self) -> None:
        if self._finished:
            raise RuntimeError(f"the writer of {self.path} is closed")

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and not self._finished:
            self.finish()
        else:
            self.discard()
