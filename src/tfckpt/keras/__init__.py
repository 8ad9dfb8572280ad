"""A model's checkpoint as the files that Keras loads weights from.

layers.py    the objects of a checkpoint -> the layers of its model
classes.py   what the layers are called, and their classes are, as far as anything tells
places.py    where each variable of each layer lies in ``.weights.h5`` and in ``.h5``
"""

from tfckpt.keras.places import Placed, keras_places

__all__ = ["Placed", "keras_places"]
