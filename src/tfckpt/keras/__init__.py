"""Models of Keras, and what its files and TensorFlow's checkpoints have in common.

layers.py    the objects of a checkpoint -> the layers of its model
classes.py   what the layers are called, and their classes are, as far as anything tells
places.py    where each variable of each layer lies in ``.weights.h5`` and in ``.h5``
tree.py      a model of Keras 3 -> the objects that it is to TensorFlow
loading.py   a checkpoint -> the variables of a model of Keras 3
callback.py  saving such checkpoints while Keras 3 trains
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tfckpt.formats.keras_files import Placed
from tfckpt.keras.places import keras_places

if TYPE_CHECKING:
    from tfckpt.keras.callback import CheckpointCallback
    from tfckpt.keras.loading import LoadedWeights, load_weights

# These load Keras, where it is there.
_HOMES = {"CheckpointCallback": "callback", "LoadedWeights": "loading", "load_weights": "loading"}

__all__ = ["CheckpointCallback", "LoadedWeights", "Placed", "keras_places", "load_weights"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
