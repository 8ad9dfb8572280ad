"""Rows and columns of a checkpoint's matrix in another order, new ones among them.

As TensorFlow's ``kernels/load_and_remap_matrix_op.cc`` does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.checkpoint import open_prefix
from tfckpt.dtypes import data_type_name
from tfckpt.errors import InvalidArgumentError, UnimplementedError
from tfckpt.initial.vocabulary import Ids
from tfckpt.names import AnyPath
from tfckpt.reader import CheckpointReader
from tfckpt.tensors.stored import Array

# Rows between two that are wanted are read along with them up to so many bytes.
_GAP = 256 << 10


def load_and_remap_matrix(
    ckpt_path: AnyPath | Sequence[AnyPath],
    old_tensor_name: str,
    row_remapping: npt.ArrayLike,
    col_remapping: npt.ArrayLike,
    initializing_values: npt.ArrayLike,
    num_rows: int,
    num_cols: int,
    max_rows_in_memory: int = -1,
) -> Array:
    """Load a matrix from a checkpoint with its rows, and its columns, in another order.

    `row_remapping` says for each of the `num_rows` new rows which old one it is, -1 for a new
    one; `col_remapping` the same of the `num_cols` columns, and may be empty: then they stay as
    they are. `generate_vocab_remapping` makes both. Cells of a new row or column have the
    `initializing_values`, row by row; there must be as many as there are such cells.

    `ckpt_path` is the prefix of a checkpoint, or a list of one. Returns an array of shape
    [num_rows, num_cols] of the tensor's dtype. Only rows that are wanted are read, with what lies
    between them where that is little; at most `max_rows_in_memory` at a time, if that is positive.

    Raises InvalidArgumentError (a ValueError) where remappings, sizes and values do not fit each
    other or the tensor; UnimplementedError where two new rows (or columns) are the same old one;
    FileMissingError without a checkpoint, TensorNotFoundError without such a tensor.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.save(tempfile.mkdtemp() + "/m", {"w": np.arange(6.0).reshape(3, 2)})
    >>> tfckpt.load_and_remap_matrix(path, "w", [2, -1], [], [8, 9], 2, 2)
    array([[4., 5.],
           [8., 9.]])
    """
    rows = _remapping("row", row_remapping)
    _check_size("row", rows, num_rows)
    cols = _remapping("col", col_remapping)
    if len(cols):
        _check_size("col", cols, num_cols)
    with open_prefix(_single(ckpt_path)) as reader:
        shape = reader.info(old_tensor_name).shape
        if len(shape) != 2:
            raise InvalidArgumentError(
                f"a matrix has the rank 2, this has the shape {list(shape)}",
                path=reader.path,
                tensor=old_tensor_name,
            )
        return remapped(
            reader,
            old_tensor_name,
            rows=rows,
            cols=cols if len(cols) else None,
            num_cols=num_cols,
            initializing_values=initializing_values,
            max_rows_in_memory=max_rows_in_memory,
        )


def remapped(
    reader: CheckpointReader,
    name: str,
    rows: Ids,
    cols: Ids | None,
    num_cols: int,
    initializing_values: npt.ArrayLike,
    max_rows_in_memory: int = -1,
) -> Array:
    """Return the matrix of a reader; a vector counts as a matrix of one column."""
    info = reader.info(name)
    height, width = (*info.shape, 1)[:2]
    if info.dtype == object:
        raise _unfit(reader, name, f"{data_type_name(info.data_type)} is no dtype of a matrix")
    _check_ids(reader, name, axis="row", remapping=rows, count=height)
    if cols is not None:
        _check_ids(reader, name, axis="column", remapping=cols, count=width)
    elif num_cols != width:
        raise _unfit(reader, name, f"it has {width} columns, num_cols is {num_cols}")

    matrix = np.empty((len(rows), num_cols), info.dtype)
    _initialize(matrix, rows, cols, initializing_values)
    places = np.flatnonzero(rows >= 0)
    places = places[np.argsort(rows[places], kind="stable")]
    row_size = max(1, width * info.dtype.itemsize)
    new_cols = np.flatnonzero(cols >= 0) if cols is not None else np.arange(width)
    old_cols = cols[new_cols] if cols is not None else None
    for start, stop, at in _stretches(rows[places], _GAP // row_size, max_rows_in_memory):
        block = reader.get_tensor(name, np.s_[start:stop]).reshape(stop - start, width)
        into = places[at]
        wanted = block[rows[into] - start]
        if old_cols is None:
            matrix[into] = wanted
        else:
            matrix[np.ix_(into, new_cols)] = wanted[:, old_cols]
    return matrix


def _remapping(axis: str, remapping: npt.ArrayLike) -> Ids:
    array = np.asarray(remapping)
    if array.ndim != 1:
        raise InvalidArgumentError(
            f"The `{axis}_remapping` must be 1-D, got an array of shape {list(array.shape)}"
        )
    if len(array) and array.dtype.kind not in "iu":
        raise InvalidArgumentError(f"`{axis}_remapping` holds integers, not {array.dtype}")
    return array.astype(np.int64)


def _check_size(axis: str, remapping: Ids, count: int) -> None:
    if len(remapping) != count:
        raise InvalidArgumentError(
            f"Size of {axis}_remapping is {len(remapping)} instead of being equal to "
            f"num_{axis}s={count}"
        )


def _single(ckpt_path: AnyPath | Sequence[AnyPath]) -> AnyPath:
    if isinstance(ckpt_path, list | tuple | np.ndarray):
        if len(ckpt_path) != 1:
            raise InvalidArgumentError(f"ckpt_path is one path, not {len(ckpt_path)}")
        (single,) = ckpt_path
        return single
    return ckpt_path  # type: ignore[return-value]


def _check_ids(reader: CheckpointReader, name: str, axis: str, remapping: Ids, count: int) -> None:
    most = int(remapping.max(initial=-1))
    if most >= count:
        raise _unfit(reader, name, f"it has {count} {axis}s, old ID {most} is beyond them")
    ids, numbers = np.unique(remapping[remapping >= 0], return_counts=True)
    if numbers.max(initial=1) > 1:
        old = int(ids[np.argmax(numbers > 1)])
        first, second = np.flatnonzero(remapping == old)[:2].tolist()
        raise UnimplementedError(
            f"old {axis} {old} is wanted for both the new ones {first} and {second}",
            path=reader.path,
            tensor=name,
        )


def _unfit(reader: CheckpointReader, name: str, what: str) -> InvalidArgumentError:
    return InvalidArgumentError(what, path=reader.path, tensor=name)


def _initialize(
    matrix: Array, rows: Ids, cols: Ids | None, initializing_values: npt.ArrayLike
) -> None:
    """Put the initial values into the cells of new rows and columns, row by row."""
    values: Any = np.asarray(initializing_values).reshape(-1)
    new_rows = rows < 0
    known_cols = matrix.shape[1] if cols is None else int(np.count_nonzero(cols >= 0))
    count = matrix.size - int(np.count_nonzero(~new_rows)) * known_cols
    if len(values) != count:
        raise InvalidArgumentError(
            f"initializing_values has {len(values)} elements, {count} cells of "
            f"{list(matrix.shape)} are new"
        )
    values = values.astype(matrix.dtype, casting="same_kind", copy=False)
    if cols is None:
        matrix[new_rows] = values.reshape(int(np.count_nonzero(new_rows)), matrix.shape[1])
    else:
        matrix[new_rows[:, None] | (cols < 0)] = values


def _stretches(ids: Ids, gap: int, most: int) -> Iterator[tuple[int, int, slice]]:
    """Cover ascending IDs by ranges of rows: start, stop, and which of the IDs lie in between.

    Ranges are no longer than `most` if that is positive; nor do they go over `gap` rows without
    an ID.
    """
    ends = [*(np.flatnonzero(np.diff(ids) > max(gap, 1)) + 1).tolist(), len(ids)]
    low = 0
    for end in ends:
        while low < end:
            start, stop = int(ids[low]), int(ids[end - 1]) + 1
            high = end
            if 0 < most < stop - start:
                high = int(np.searchsorted(ids, start + most))
                stop = int(ids[high - 1]) + 1
            yield start, stop, slice(low, high)
            low = high
