"""Tensors of another element type."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tfckpt.dtypes import DataType, data_type_of, number_kind, numpy_dtype, python_name
from tfckpt.errors import InvalidArgumentError
from tfckpt.reader import TensorInfo
from tfckpt.tensors.selection import Index
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array, new_array
from tfckpt.transform.patterns import Patterns, chosen_names, say_unmet
from tfckpt.transform.tensors import LazyTensor, LazyTensors, Tensors, as_lazy

OnLoss: TypeAlias = Literal["error", "round", "warn"]

ON_LOSS = ("error", "round", "warn")
_CHUNK = 1 << 18  # elements that are looked at together

logger = logging.getLogger("tfckpt")


def cast(
    tensors: Tensors,
    dtype: npt.DTypeLike | str | DataType,
    only: Patterns | None = None,
    on_loss: OnLoss = "error",
    *,
    strict: bool = False,
) -> LazyTensors:
    """Return the tensors with elements of another type.

    `dtype` is numpy's, one of ml_dtypes, or a name (``"bfloat16"``, ``"float8_e4m3fn"``). `only`
    chooses tensors as in `select`; without it those of the same kind are cast: fractions to
    fractions, integers to integers, complex to complex. Strings never are. Where that means none a
    warning is logged; with `strict` it is an InvalidArgumentError.

    Rounding a fraction to the nearest that the new type has is no loss. A number is lost if it
    becomes infinite or NaN, or is an integer that the new type does not have. Losses are counted
    when a tensor is read: with `on_loss` "error" they are an InvalidArgumentError, which names the
    tensor; with "warn" a warning is logged; with "round" nothing is said.

    Raises TypeError for a dtype that no checkpoint can hold, and for strings in `only`.

    >>> import numpy as np
    >>> cast({"w": np.ones(2, np.float32), "step": 3}, "bfloat16").infos()["w"].dtype
    dtype(bfloat16)
    """
    given = as_lazy(tensors)
    to = _as_dtype(dtype)
    if on_loss not in ON_LOSS:
        raise ValueError(f"on_loss is one of {', '.join(ON_LOSS)}, not {on_loss!r}")
    if only is None:
        names = {
            name
            for name, info in given.infos().items()
            if number_kind(info.dtype) == number_kind(to)
        }
        if not names:
            say_unmet(f"cast to {to}", "", strict, given.path)
    else:
        names = chosen_names(given, only, "cast", strict=strict, path=given.path)
    for name in sorted(names):
        _check_castable(name, given.info(name), to)
    return given.with_tensors(
        {
            name: Cast(name, tensor, to, on_loss)
            if name in names and tensor.info.dtype != to
            else tensor
            for name, tensor in given.tensors.items()
        }
    )


def _check_castable(name: str, info: TensorInfo, to: np.dtype[Any]) -> None:
    kind = number_kind(info.dtype)
    if not kind or (kind == "complex" and number_kind(to) != "complex"):
        raise TypeError(f"tensor {name!r}: {python_name(info.data_type)} cannot be cast to {to}")


class Cast(LazyTensor):
    """A tensor whose elements become others of another type when they are read."""

    def __init__(
        self, name: str, tensor: LazyTensor, dtype: np.dtype[Any], on_loss: OnLoss
    ) -> None:
        self._name = name
        self._tensor = tensor
        self._dtype = dtype
        self._on_loss = on_loss
        size = volume(tensor.info.shape) * dtype.itemsize
        self.info = tensor.info._replace(data_type=data_type_of(dtype), stored_size=size)

    @property
    def made_of(self) -> Sequence[LazyTensor]:
        return (self._tensor,)

    def read(self, index: Index | None = None) -> Array:
        made, loss = _converted(self._tensor.read(index), self._dtype)
        if any(loss) and self._on_loss != "round":
            said = (
                f"{loss.unbounded} of {made.size} elements become infinite or NaN as "
                f"{self._dtype}, {loss.integers} are integers that it does not have"
            )
            if self._on_loss == "error":
                raise InvalidArgumentError(
                    f"{said} (on_loss='round' takes what rounding gives)", tensor=self._name
                )
            logger.warning("tensor %r: %s", self._name, said)
        return made


class _Loss(NamedTuple):
    unbounded: int
    integers: int


def _converted(array: Array, dtype: np.dtype[Any]) -> tuple[Array, _Loss]:
    """Return an array as another type, and how many elements have not survived it."""
    made = new_array(array.shape, dtype)
    flat, target = array.reshape(-1), made.reshape(-1)
    unbounded = integers = 0
    for at in range(0, flat.size, _CHUNK):
        chunk = flat[at : at + _CHUNK]
        with np.errstate(all="ignore"):
            cast = chunk.astype(dtype)
            target[at : at + _CHUNK] = cast
            if (
                number_kind(dtype) in ("fraction", "complex")
                and number_kind(chunk.dtype) != "integer"
            ):
                unbounded += int(np.count_nonzero(_finite(chunk) & ~_finite(cast)))
            else:
                integers += int(np.count_nonzero(_differ(chunk, cast)))
    return made, _Loss(unbounded, integers)


def _finite(array: Array) -> npt.NDArray[np.bool_]:
    finite: npt.NDArray[np.bool_] = np.isfinite(array)
    return finite


def _differ(before: Array, after: Array) -> npt.NDArray[np.bool_]:
    """Compare integers with what they became, or what became integers with these."""
    back = after.astype(before.dtype)
    differ: npt.NDArray[np.bool_] = back != before
    if number_kind(before.dtype) == number_kind(after.dtype) == "integer":
        # -1 as uint8 is 255, and comes back as -1 from there: the sign tells.
        differ |= (before < 0) != (after < 0)
    return differ


def _as_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the numpy dtype that is meant, by TensorFlow's names too.

    Raises TypeError for one that no checkpoint can hold, or no number can be cast to.
    """
    found: np.dtype[Any] | None = None
    if isinstance(dtype, DataType):
        found = numpy_dtype(dtype)
    elif isinstance(dtype, str):
        names = {python_name(kind): kind for kind in DataType if numpy_dtype(kind) is not None}
        kind = names.get(dtype.removeprefix("DT_").lower())
        found = None if kind is None else numpy_dtype(kind)
    if found is None:
        found = np.dtype(dtype)
    data_type_of(found)
    if not number_kind(found):
        raise TypeError(f"numbers cannot be cast to {dtype}")
    return found.newbyteorder("=")
