"""A Saver's `var_list`: which weights it saves, and what they are called in the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Set
from typing import Any, NamedTuple

import numpy as np

from tfckpt.dtypes import DataType
from tfckpt.errors import TensorNotFoundError
from tfckpt.names import close_names, shown
from tfckpt.reader import CheckpointReader
from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.tensors.strings import to_bytes_list

# A name in the mapping of weights, or the weights themselves.
Place = object
Weights = Mapping[str, Any]


class Spec(NamedTuple):
    """What a graph, or a choice of shards, needs to know of a tensor."""

    data_type: DataType
    shape: Shape
    nbytes: int


class ToSave(NamedTuple):
    """A tensor on its way to a checkpoint; a reader's is read only when `value` is called."""

    spec: Spec
    array: Array | None
    """None for one that a reader is yet to read."""
    read: Callable[[], object] | None = None

    def value(self) -> object:
        return self.array if self.read is None else self.read()


def check_var_list(var_list: object) -> dict[str, Place] | None:
    """Return a `var_list` as a dict from name in the checkpoint to name in the mapping, or array.

    Raises TypeError for what is no list, tuple, set or dict, or holds what is no name; ValueError
    for an empty name, and for one (or an array) that comes twice.
    """
    if var_list is None:
        return None
    if isinstance(var_list, Mapping):
        pairs = list(var_list.items())
    elif isinstance(var_list, (list, tuple, Set)):
        pairs = [(name, name) for name in var_list]
    else:
        raise TypeError(
            f"Variables to save should be passed in a dict or a list of names: {var_list!r}"
        )
    seen: dict[object, str] = {}
    places: dict[str, Place] = {}
    for name, place in pairs:
        if not isinstance(name, str):
            raise TypeError(f"a variable's name is a str, not {name!r}")
        if not name:
            raise ValueError("a variable's name cannot be empty")
        if name in places:
            raise ValueError(f"At least two variables have the same name: {name}")
        same = place if isinstance(place, str) else id(place)
        if same in seen:
            raise ValueError(
                f"The same saveable will be restored with two names: {seen[same]} and {name}"
            )
        seen[same] = name
        places[name] = place
    return places


def tensors_to_save(places: Mapping[str, Place] | None, variables: object) -> dict[str, ToSave]:
    """Find every value that a save writes, sorted by name as TensorFlow does, and check it.

    Raises TypeError for what no checkpoint can hold, ValueError for an empty name,
    TensorNotFoundError (a KeyError) for names that the mapping lacks.
    """
    weights = as_mapping(variables, places)
    if places is None:
        if isinstance(weights, CheckpointReader):
            weights.check_complete()
        places = dict(zip(weights, weights, strict=True))
    check_names(places)
    missing = sorted(p for p in places.values() if isinstance(p, str) and p not in weights)
    if missing:
        raise not_in_mapping(missing, list(weights))
    return {name: _to_save(name, places[name], weights) for name in sorted(places)}


def as_mapping(variables: object, places: Mapping[str, Place] | None) -> Weights:
    """Return the mapping of weights; None stands for an empty one where arrays are listed."""
    if variables is None and places is not None:
        return {}
    if not isinstance(variables, Mapping):
        raise TypeError(
            f"the weights are a mapping from name to array (TensorFlow has a session here), "
            f"not {type(variables).__name__}"
        )
    return variables


def as_mutable_mapping(
    variables: object, places: Mapping[str, Place] | None
) -> MutableMapping[str, Any]:
    """Return the mapping of weights to restore into."""
    weights = as_mapping(variables, places)
    if not isinstance(weights, MutableMapping):
        raise TypeError(f"nothing can be restored into a {type(variables).__name__}")
    return weights


def check_names(places: Mapping[str, Place]) -> None:
    """Raise TypeError for a name that is no str, ValueError for an empty one."""
    for name in places:
        if not isinstance(name, str):
            raise TypeError(f"a variable's name is a str, not {name!r}")
        if not name:
            raise ValueError("a variable's name cannot be empty")


def not_in_mapping(missing: list[str], known: list[str]) -> TensorNotFoundError:
    return TensorNotFoundError(
        f"var_list names {len(missing)} variables that the mapping of {len(known)} lacks: "
        + shown(missing, 20, lambda name: f"{name!r}{_hint(name, known)}")
    )


def _hint(name: str, known: list[str]) -> str:
    close = close_names(name, known)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _to_save(name: str, place: Place, weights: Weights) -> ToSave:
    if isinstance(place, str) and isinstance(weights, CheckpointReader):
        info = weights.info(place)
        spec = Spec(DataType(info.data_type), info.shape, info.stored_size)
        return ToSave(spec, None, lambda: weights[place])
    value = weights[place] if isinstance(place, str) else place
    try:
        array, data_type = as_storable(value)
        if array.dtype == object:
            to_bytes_list(array)  # refuses what is no string
    except (TypeError, ValueError) as error:
        raise type(error)(f"variable {name!r}: {error}") from None
    return ToSave(Spec(data_type, array.shape, array.nbytes), array)


def spec_of(value: object) -> Spec:
    """Return dtype and shape of a value in a mapping of weights.

    Raises TypeError for what no checkpoint can hold.
    """
    array, data_type = as_storable(value)
    return Spec(data_type, array.shape, array.nbytes)


def fill_array(target: Array, value: object) -> bool:
    """Copy a tensor into an array that is there already; return False if that is not possible."""
    if not target.flags.writeable or target.dtype.kind in "SUT":
        return False
    target[...] = np.asarray(value, target.dtype) if target.dtype == object else value
    return True
