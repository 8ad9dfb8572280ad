"""The places of weights in Keras' HDF5 files, where the names of each layer's tensors are given.

.weights.h5   LAYER/vars/0    by number; LAYER is the path that Keras 3 looks up, such as
                              layers/dense (``saving/saving_lib.py``)
.h5           LAYER/NAME:0    by the attributes layer_names, and weight_names of each layer, in
                              whose order Keras 2 goes (``legacy_h5_format.py``)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

VERSIONS = {"keras3": 3, "keras2": 2}
"""The formats by their names -> the version of Keras."""

# An attribute of HDF5 takes 64 KB; a longer list of names is several, numbered ones.
_NAMES_AT_ONCE = 2000
_KERAS_2 = {"backend": "tensorflow", "keras_version": "2.15.0"}

Layers = Mapping[str, Sequence[str]]


class Placed(NamedTuple):
    """Which tensor goes where in a file of Keras, and what else the file says."""

    keys: dict[str, str]
    """Path of a dataset -> name of the tensor."""
    metadata: dict[str, Any]


def placed(version: int, layers: Layers, key_of: Callable[[str], str] = str) -> Placed:
    """Give each tensor its place; `layers` has the names of each layer's tensors, in its order.

    `key_of` says under which name a tensor is found.

    >>> placed(3, {"layers/dense": ["w", "b"]}).keys
    {'layers/dense/vars/0': 'w', 'layers/dense/vars/1': 'b'}
    """
    if version == 3:
        return Placed(
            {
                f"{layer}/vars/{number}": key_of(name)
                for layer, names in layers.items()
                for number, name in enumerate(names)
            },
            {},
        )
    groups = {layer: {f"{name}:0": key_of(name) for name in layers[layer]} for layer in layers}
    return placed_in_order(list(layers), groups)


def placed_in_order(layers: Sequence[str], groups: Mapping[str, Mapping[str, str]]) -> Placed:
    """Give the weights of `groups` their places in a file of Keras 2.

    Each group has its weights, name -> tensor. Not all of them are `layers`: a model's own weights
    are a group, too.
    """
    metadata: dict[str, Any] = _KERAS_2 | _list("", "layer_names", list(layers))
    for group, weights in groups.items():
        metadata |= _list(f"{group}@", "weight_names", list(weights))
    keys = {
        f"{group}/{name}": key for group, weights in groups.items() for name, key in weights.items()
    }
    return Placed(keys, metadata)


def _list(place: str, name: str, items: list[str]) -> dict[str, Any]:
    if len(items) <= _NAMES_AT_ONCE:
        return {f"{place}{name}": items}
    return {
        f"{place}{name}{number}": items[at : at + _NAMES_AT_ONCE]
        for number, at in enumerate(range(0, len(items), _NAMES_AT_ONCE))
    }
