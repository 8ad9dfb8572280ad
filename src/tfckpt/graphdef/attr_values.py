"""Attributes of nodes as Python and numpy values, and back.

Takes and gives AttrValue messages. A value that went there and back is the same; functions stay
NameAttrList messages, for nothing in Python is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfckpt.dtypes import DataType, data_type_of
from tfckpt.protos import AttrValue, TensorShapeProto
from tfckpt.tensors.tensor_proto import make_ndarray, make_tensor_proto

PartialShape = tuple[int | None, ...]


def shape_of(proto: TensorShapeProto) -> PartialShape | None:
    """Return a message's shape: None if it is unknown; each unknown dimension is None in it."""
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in proto.dim)


def shape_proto(shape: PartialShape | None) -> TensorShapeProto:
    proto = TensorShapeProto(unknown_rank=shape is None)
    for size in shape or ():
        proto.dim.add(size=-1 if size is None else size)
    return proto


def _array(tensor: Any) -> Any:
    return make_ndarray(tensor)


def known_type(number: int) -> DataType:
    """Return a number's DataType, DT_INVALID for one that names none."""
    try:
        return DataType(number)
    except ValueError:
        return DataType.DT_INVALID


def _data_type(number: int) -> DataType | int:
    try:
        return DataType(number)
    except ValueError:  # a reference, or a type that came after TensorFlow 2.21
        return number


# By the field of an AttrValue. Functions stay NameAttrList messages.
_TO_PYTHON: dict[str, Callable[[Any], Any]] = {
    "type": _data_type,
    "shape": shape_of,
    "tensor": _array,
}


def attr_to_python(value: AttrValue) -> Any:
    """Return what an attribute holds.

    bytes, int, float, bool; a DataType for a type; a tuple for a shape (None where unknown); a
    numpy array for a tensor; a NameAttrList for a function; a list of these; None if unset.
    """
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "list":
        return _list_to_python(value)
    field = getattr(value, kind)
    return _TO_PYTHON[kind](field) if kind in _TO_PYTHON else field


def _list_to_python(value: AttrValue) -> list[Any]:
    for descriptor, items in value.list.ListFields():
        convert = _TO_PYTHON.get(descriptor.name)
        return [convert(item) for item in items] if convert else list(items)
    return []


def python_to_attr(value: Any) -> AttrValue:
    """Return the AttrValue of a Python value, the inverse of `attr_to_python`.

    A tuple is a shape, None an unknown one, a list a list; numpy arrays are tensors,
    ``np.float32`` is a type.

    Raises TypeError for what no attribute holds.
    """
    if isinstance(value, AttrValue):
        return value
    if isinstance(value, list):
        return _list_to_attr(value)
    for kinds, field, convert in _FROM_PYTHON:
        if isinstance(value, kinds):
            attr = AttrValue()
            item = convert(value)
            if field in ("shape", "tensor"):
                getattr(attr, field).CopyFrom(item)
            else:
                setattr(attr, field, item)
            return attr
    raise TypeError(f"an attribute cannot hold {value!r}")


def _list_to_attr(values: list[Any]) -> AttrValue:
    attr = AttrValue(list=AttrValue.ListValue())
    for value in values:
        item = python_to_attr(value)
        field = item.WhichOneof("value")
        getattr(attr.list, str(field)).append(getattr(item, str(field)))
    return attr


def _tensor(array: Any) -> Any:
    return make_tensor_proto(array)


# The order tells bool from int and DataType from int.
_FROM_PYTHON: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    (bool, "b", bool),
    (DataType, "type", int),
    (int, "i", int),
    (float, "f", float),
    (bytes, "s", bytes),
    (str, "s", str.encode),
    (type, "type", lambda kind: int(data_type_of(np.dtype(kind)))),
    (np.dtype, "type", lambda dtype: int(data_type_of(dtype))),
    (tuple, "shape", shape_proto),
    (type(None), "shape", shape_proto),
    (np.ndarray, "tensor", _tensor),
    (np.generic, "tensor", _tensor),
    (TensorShapeProto, "shape", lambda shape: shape),
)


class Attrs(Mapping[str, Any]):
    """A node's attributes by name, converted when they are asked for."""

    __slots__ = ("_attr",)

    def __init__(self, attr: Mapping[str, AttrValue]) -> None:
        self._attr = attr

    def __getitem__(self, name: str) -> Any:
        if name not in self._attr:  # asking the message itself would add the name to it
            raise KeyError(name)
        return attr_to_python(self._attr[name])

    def __iter__(self) -> Any:
        return iter(sorted(self._attr))

    def __len__(self) -> int:
        return len(self._attr)

    def __contains__(self, name: object) -> bool:
        return name in self._attr

    def __repr__(self) -> str:
        return repr(dict(self))
