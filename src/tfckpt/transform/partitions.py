"""Tensors cut into parts, and whole again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.reader import tensor_not_found
from tfckpt.tensors.selection import Index, Selection
from tfckpt.tensors.slices import FULL, TensorSlice, volume
from tfckpt.tensors.stored import Array, new_array
from tfckpt.transform.tensors import LazyTensor, LazyTensors, Tensors, as_lazy, part_of

Form: TypeAlias = Literal["slices", "names"]


def repartition(
    tensors: Tensors, name: str, axis: int = 0, count: int = 1, *, form: Form = "slices"
) -> LazyTensors:
    """Return the tensors with one of them in `count` parts along an axis, or whole again.

    `name` is whole, in slices, or in tensors of its own called ``name/part_0``, ``name/part_1``
    and so on; ``count=1`` makes it whole. With `form` "slices" the parts are slices of one
    tensor, as TensorFlow's partitioned variables are saved; with "names" tensors of their own. The
    first parts are larger by one where the axis does not divide, as in TensorFlow.

    Raises TensorNotFoundError; InvalidArgumentError where the parts make no whole, or the tensor
    has no such axis or fewer rows than parts.

    >>> import numpy as np
    >>> parts = repartition({"x": np.arange(5)}, "x", count=2, form="names")
    >>> list(parts), parts["x/part_0"]
    (['x/part_0', 'x/part_1'], array([0, 1, 2]))
    >>> repartition(parts, "x")["x"]
    array([0, 1, 2, 3, 4])
    """
    given = as_lazy(tensors)
    if form not in ("slices", "names"):
        raise ValueError(f"form is 'slices' or 'names', not {form!r}")
    if form == "names" and OBJECT_GRAPH_KEY in given:
        raise InvalidArgumentError(
            "an object of the checkpoint has this value: it cannot be several tensors, only slices",
            path=given.path,
            tensor=name,
        )
    old, whole = _found(given, name, axis)
    shape = whole.info.shape
    if not -len(shape) <= axis < len(shape) and (shape or count != 1):
        raise InvalidArgumentError(f"shape {list(shape)} has no axis {axis}", tensor=name)
    made = _parts(name, whole, axis=axis % max(1, len(shape)), count=count, form=form)
    replaced: dict[str, LazyTensor] = {}
    for known, tensor in given.tensors.items():
        if known == old[0]:
            replaced |= made
        elif known not in old:
            replaced[known] = tensor
    return given.with_tensors(replaced)


def _found(given: LazyTensors, name: str, axis: int) -> tuple[list[str], LazyTensor]:
    """Return a tensor, put together if it is in parts, and the names that it has."""
    if name in given:
        return [name], given.tensors[name]
    names: list[str] = []
    while (part := f"{name}/part_{len(names)}") in given:
        names.append(part)
    if not names:
        raise tensor_not_found(name, given, given.path)
    return names, Joined(name, [given.tensors[part] for part in names], axis)


def _parts(
    name: str, whole: LazyTensor, axis: int, count: int, form: Form
) -> dict[str, LazyTensor]:
    shape = whole.info.shape
    if count == 1:
        return {name: Sliced(whole, ()) if whole.info.slices else whole}
    size = shape[axis]
    if not 1 <= count <= max(1, size):
        raise InvalidArgumentError(
            f"axis {axis} of shape {list(shape)} cannot be cut into {count} parts", tensor=name
        )
    slices = cut(shape, axis, count)
    if form == "slices":
        return {name: Sliced(whole, slices)}
    return {
        f"{name}/part_{number}": LazySlice(whole, tensor_slice)
        for number, tensor_slice in enumerate(slices)
    }


def cut(shape: Sequence[int], axis: int, count: int) -> tuple[TensorSlice, ...]:
    """Cut a shape as TensorFlow's ``fixed_size_partitioner`` does.

    >>> [str(tensor_slice) for tensor_slice in cut((5, 2), 0, 2)]
    ['0,3:-', '3,2:-']
    """
    least, more = divmod(shape[axis], count)
    slices, start = [], 0
    for number in range(count):
        length = least + (number < more)
        extents = [(0, FULL)] * len(shape)
        extents[axis] = (start, length)
        slices.append(TensorSlice(tuple(extents)))
        start += length
    return tuple(slices)


class Sliced(LazyTensor):
    """A tensor that is to be stored in other slices than it is, or in one piece."""

    def __init__(self, tensor: LazyTensor, slices: tuple[TensorSlice, ...]) -> None:
        self._tensor = tensor
        self.info = tensor.info._replace(slices=slices)

    @property
    def made_of(self) -> Sequence[LazyTensor]:
        return (self._tensor,)

    def read(self, index: Index | None = None) -> Array:
        return self._tensor.read(index)


class LazySlice(LazyTensor):
    """A slice of a tensor, as a tensor of its own."""

    def __init__(self, tensor: LazyTensor, part: TensorSlice) -> None:
        self._tensor = tensor
        self._index = part.index_in(tensor.info.shape)
        shape = part.shape_in(tensor.info.shape)
        size = volume(shape) * tensor.info.dtype.itemsize
        self.info = tensor.info._replace(shape=shape, slices=(), stored_size=size)

    @property
    def made_of(self) -> Sequence[LazyTensor]:
        return (self._tensor,)

    def read(self, index: Index | None = None) -> Array:
        mine = self._tensor.read(self._index)
        return mine if index is None else part_of(mine, index)


class Joined(LazyTensor):
    """Tensors that are the parts of one."""

    def __init__(self, name: str, parts: Sequence[LazyTensor], axis: int) -> None:
        infos = [part.info for part in parts]
        first = infos[0]
        if len({(info.data_type, len(info.shape)) for info in infos}) > 1 or not first.shape:
            raise InvalidArgumentError("its parts are of several dtypes or ranks", tensor=name)
        differing = [
            number
            for number, sizes in enumerate(zip(*(info.shape for info in infos), strict=True))
            if len(set(sizes)) > 1
        ]
        if len(differing) > 1:
            raise InvalidArgumentError("its parts differ in several dimensions", tensor=name)
        along = differing[0] if differing else axis % len(first.shape)
        shape = list(first.shape)
        shape[along] = sum(info.shape[along] for info in infos)
        self._parts: dict[TensorSlice, LazyTensor] = {}
        start = 0
        for part in parts:
            extents = [(0, FULL)] * len(shape)
            extents[along] = (start, part.info.shape[along])
            self._parts[TensorSlice(tuple(extents))] = part
            start += part.info.shape[along]
        size = sum(info.stored_size for info in infos)
        self.info = first._replace(shape=tuple(shape), slices=(), stored_size=size)

    @property
    def made_of(self) -> Sequence[LazyTensor]:
        return list(self._parts.values())

    def read(self, index: Index | None = None) -> Array:
        selection = Selection.of(... if index is None else index, self.info.shape)
        elements = new_array(selection.shape, self.info.dtype)
        for part in selection.parts(list(self._parts), self.info.shape):
            inside = tuple(slice(axis.start, axis.stop, axis.step) for axis in part.axes)
            elements[part.place] = self._parts[part.stored].read(inside)
        return selection.finished(elements)
