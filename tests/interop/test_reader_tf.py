"""What a reader hands out is what TensorFlow's hands out: class, dtype, shape and value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfckpt

PATH = str(Path(__file__).parent.parent / "golden" / "dtypes" / "all")
NAMES = [name for name, _ in tfckpt.list_variables(PATH)]


@pytest.mark.parametrize("name", NAMES)
def test_get_tensor(name: str) -> None:
    theirs = tf.train.load_checkpoint(PATH).get_tensor(name)
    ours = tfckpt.load_checkpoint(PATH).get_tensor(name)
    assert type(ours) is type(theirs)
    if isinstance(theirs, bytes):
        assert ours == theirs
        return
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    if ours.dtype == object:
        assert ours.tolist() == theirs.tolist()
    else:
        assert ours.tobytes() == theirs.tobytes()
    assert type(tfckpt.load_variable(PATH, name)) is type(theirs)


def test_names_as_bytes() -> None:
    for reader in (tf.train.load_checkpoint(PATH), tfckpt.load_checkpoint(PATH)):
        assert reader.has_tensor(b"float32/scalar")
        assert not reader.has_tensor(b"float33/scalar")
        assert reader.get_tensor(b"float32/scalar").dtype == np.float32
