"""Keras 3 and Keras 2 load the weights of a model from what its TensorFlow checkpoint became."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from interop.keras_models import block_of, sequential

tf_keras = pytest.importorskip("tf_keras")

pytestmark = pytest.mark.filterwarnings("ignore")


def functional(k: Any) -> Any:
    layers = k.layers
    inputs = k.Input((6, 5))
    inner = k.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(3),
            layers.BatchNormalization(),
            layers.Dense(3),
        ],
        name="nest",
    )
    hidden = inner(layers.LSTM(4)(inputs))
    return k.Model(inputs, layers.Add()([hidden, layers.Dense(3)(hidden)]))


def built(model: Any) -> Any:
    model(np.ones((1, 3), np.float32))
    return model


def subclassed(k: Any) -> Any:
    Block = block_of(k)

    class Net(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.z = k.layers.Dense(4)
            self.blocks = [Block() for _ in range(2)]
            self.a = k.layers.Dense(2)

        def call(self, x: Any) -> Any:
            x = self.z(x)
            for block in self.blocks:
                x = block(x)
            return self.a(x)

    return built(Net())


def nested(k: Any) -> Any:
    """The same with its layers as attributes: Keras 3 saves no list of them as objects."""
    Block = block_of(k)

    class Net(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.z = k.layers.Dense(4)
            self.second = Block()
            self.first = Block()
            self.a = k.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.a(self.second(self.first(self.z(x))))

    return built(Net())


INPUTS = {sequential: (2, 5, 5, 1), functional: (2, 6, 5), subclassed: (2, 3), nested: (2, 3)}
# What nothing tells of: a layer of a name of its own, classes of one's own in a list.
ASKED = {
    (sequential, tf_keras): {"layer-4": "Dense"},
    (sequential, keras): {"_functional/_operations/5": "Dense"},
    (subclassed, tf_keras): {"blocks/0": "Block", "blocks/1": "Block"},
}


def fresh(make: Any, k: Any, seed: int) -> Any:
    k.backend.clear_session()
    model = make(k)
    draws = np.random.default_rng(seed)
    model.set_weights([draws.random(one.shape, np.float32) for one in model.get_weights()])
    return model


def outputs(model: Any, shape: tuple[int, ...]) -> np.ndarray:
    given = np.random.default_rng(9).random(shape, np.float32)
    return np.asarray(model(given))


def bits(model: Any) -> list[bytes]:
    """Return the bytes of all weights; outputs show that each is at its place."""
    return sorted(weight.tobytes() for weight in model.get_weights())


CASES = [
    *((make, tf_keras, how) for make in INPUTS for how in ("weights", "checkpoint", "model")),
    *((make, keras, "checkpoint") for make in (sequential, functional, nested)),
]


@pytest.mark.parametrize(("make", "k", "how"), CASES)
def test_weights_go_where_keras_loads_them_from(
    make: Any, k: Any, how: str, tmp_path: Path
) -> None:
    trained = fresh(make, k, 1)
    expected = outputs(trained, INPUTS[make])
    path = str(tmp_path / "saved")
    layers = ASKED.get((make, k))
    if how == "weights":
        trained.save_weights(path)
    elif how == "checkpoint":
        tf.train.Checkpoint(model=trained).write(path)
        layers = layers and {f"model/{name}": kind for name, kind in layers.items()}
    else:
        trained.save(path)
        layers = None  # the model tells all
    for end, libraries in ((".weights.h5", [keras]), (".h5", [keras, tf_keras])):
        made = tfckpt.convert_checkpoint(path, f"{path}{end}", layers=layers)
        for library in libraries:
            model = fresh(make, library, 2)
            model.load_weights(made)
            assert bits(model) == bits(trained), end
            assert np.allclose(expected, outputs(model, INPUTS[make]), atol=1e-5), end


@pytest.mark.parametrize("make", [sequential, functional])
def test_the_models_json_tells_its_layers(make: Any, tmp_path: Path) -> None:
    import json

    trained = fresh(make, tf_keras, 1)
    trained.save_weights(tmp_path / "saved")
    said = json.loads(trained.to_json())
    made = tfckpt.convert_checkpoint(tmp_path / "saved", tmp_path / "m.weights.h5", layers=said)
    model = fresh(make, keras, 2)
    model.load_weights(made)
    assert np.allclose(outputs(trained, INPUTS[make]), outputs(model, INPUTS[make]), atol=1e-5)
