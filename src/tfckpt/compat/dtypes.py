"""tf.dtypes: TensorFlow's element types, equal to numpy's."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tfckpt.dtypes import DataType, data_type_of, numpy_dtype

_REF = 100  # what is added to a type's number for a reference to a variable of it
_QUANTIZED = ("qint8", "quint8", "qint16", "quint16", "qint32")
# What Python's own types are taken for; ``int`` and ``str`` are not.
_PYTHONS = {float: DataType.DT_FLOAT, bool: DataType.DT_BOOL, object: DataType.DT_STRING}
_PICTURES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
# TensorFlow's names that are not the number's (``DT_HALF``).
_NAMES = {DataType.DT_FLOAT: "float32", DataType.DT_DOUBLE: "float64", DataType.DT_HALF: "float16"}
_ALIASES = {"half": "float16", "float": "float32", "double": "float64"}


class DType:
    """The element type of a tensor: its number in TensorFlow's ``types.proto``."""

    def __init__(self, type_enum: int) -> None:
        number = int(type_enum)
        if number % _REF not in _members() or number >= 2 * _REF:
            raise TypeError(f"{type_enum!r} is not a valid type_enum")
        self._number = number

    @property
    def as_datatype_enum(self) -> int:
        """The number."""
        return self._number

    @property
    def _data_type(self) -> DataType:
        return DataType(self._number % _REF)

    @property
    def name(self) -> str:
        """TensorFlow's name of it, such as ``float32``."""
        return _name_of(self._data_type) + ("_ref" if self._is_ref_dtype else "")

    @property
    def _is_ref_dtype(self) -> bool:
        return self._number > _REF

    @property
    def as_numpy_dtype(self) -> Any:
        """The numpy type of its elements; ``object`` for strings. Raises KeyError without one."""
        dtype = numpy_dtype(self._data_type)
        if dtype is None or not self.is_numpy_compatible:
            raise KeyError(f"{self!r} has no numpy type")
        if dtype.hasobject:
            return object
        return dtype if dtype.names else dtype.type

    @property
    def base_dtype(self) -> DType:
        """The type without the reference."""
        return as_dtype(int(self._data_type))

    @property
    def real_dtype(self) -> DType:
        """The type of the real part of a complex one."""
        return as_dtype({"complex64": "float32", "complex128": "float64"}.get(self.name, self.name))

    @property
    def is_bool(self) -> bool:
        return self._data_type == DataType.DT_BOOL

    @property
    def is_quantized(self) -> bool:
        return self.base_dtype.name in _QUANTIZED

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer that is not quantized."""
        plain = self.base_dtype.name
        return not self.is_quantized and plain.removeprefix("u").startswith("int")

    @property
    def is_unsigned(self) -> bool:
        return self.is_integer and self.name.startswith("u")

    @property
    def is_floating(self) -> bool:
        return "float" in self.name

    @property
    def is_complex(self) -> bool:
        return self.name.startswith("complex")

    @property
    def is_numeric(self) -> bool:
        return self.is_integer or self.is_floating or self.is_complex or self.is_quantized

    @property
    def is_numpy_compatible(self) -> bool:
        return self._data_type not in (DataType.DT_RESOURCE, DataType.DT_VARIANT)

    @property
    def size(self) -> int:
        """How many bytes an element takes; 0 for a string, resource or variant."""
        dtype = numpy_dtype(self._data_type)
        return 0 if dtype is None or dtype.hasobject else dtype.itemsize

    @property
    def min(self) -> Any:
        """The least value. Raises TypeError where there is none."""
        return self._limit("min")

    @property
    def max(self) -> Any:
        """The greatest value. Raises TypeError where there is none."""
        return self._limit("max")

    @property
    def limits(self) -> tuple[Any, Any]:
        """The least and the greatest value that a picture's elements have; none is negative.

        Raises ValueError for types that pictures do not have.
        """
        if self.is_bool:
            return 0, True
        if self.name in ("float32", "float64"):
            return 0, 1
        if self.is_integer and self.size > 0 and self.name in _PICTURES:
            return 0, self.max
        raise ValueError(f"{self!r} has no limits")

    def _limit(self, which: str) -> Any:
        if self.is_integer:
            return getattr(_integer_limits(self.as_numpy_dtype), which)
        if self.is_floating:
            import ml_dtypes

            finfo: Any = ml_dtypes.finfo
            return np.dtype(self.as_numpy_dtype).type(getattr(finfo(self.as_numpy_dtype), which))
        raise TypeError(f"Cannot find {which}imum value of {self!r}.")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether it is the same type, or a reference to it."""
        other = as_dtype(other)
        return self._number in (other.as_datatype_enum, other.base_dtype.as_datatype_enum)

    def __eq__(self, other: object) -> bool:
        if other is None:
            return False
        try:
            return self._number == as_dtype(other).as_datatype_enum
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._number

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self._number,)


def _integer_limits(kind: Any) -> Any:
    import ml_dtypes

    iinfo: Any = ml_dtypes.iinfo
    return iinfo(kind)


@cache
def _members() -> frozenset[int]:
    return frozenset(int(kind) for kind in DataType if kind)


def _name_of(kind: DataType) -> str:
    return _NAMES.get(kind, kind.name.removeprefix("DT_").lower())


@cache
def _by_name() -> dict[str, int]:
    names = {_name_of(kind): int(kind) for kind in DataType if kind}
    names |= {f"{name}_ref": number + _REF for name, number in names.items()}
    return names | {short: names[long] for short, long in _ALIASES.items()}


@cache
def _of_number(number: int) -> DType:
    return DType(number)


def as_dtype(type_value: Any) -> DType:
    """Return the type that a name, a number or a numpy type stands for."""
    if isinstance(type_value, DType):
        return type_value
    if isinstance(type_value, str) and type_value in _by_name():
        return _of_number(_by_name()[type_value])
    if isinstance(type_value, int):
        try:
            return _of_number(int(type_value))
        except TypeError:
            pass
    if isinstance(type_value, type) and type_value in _PYTHONS:
        return _of_number(int(_PYTHONS[type_value]))
    dtype = getattr(type_value, "dtype", type_value)
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, type) and issubclass(dtype, np.generic):
        dtype = np.dtype(dtype)
    elif isinstance(type_value, type) and issubclass(type_value, np.generic):
        dtype = np.dtype(type_value)  # of ml_dtypes, whose dtype is a descriptor
    if isinstance(dtype, np.dtype):
        try:
            return _of_number(int(data_type_of(dtype)))
        except TypeError:
            pass
    raise TypeError(
        f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType."
    )


def __getattr__(name: str) -> DType:
    """Return the type of that name: ``dtypes.float32``."""
    if name in _by_name():
        return as_dtype(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
