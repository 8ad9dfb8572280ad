"""Models that Keras 2 and Keras 3 both make, and what is done to them in a process of its own.

    KERAS_BACKEND=torch python keras_models.py FOLDER
    KERAS_BACKEND=torch python keras_models.py MODEL CHECKPOINT NPZ

The first trains the models without TensorFlow, which this process refuses to import, saving
checkpoints with `CheckpointCallback`, and leaves the weights beside them. The second loads what
TensorFlow saved of a model, and leaves what the model makes of some input.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def sequential(k: Any) -> Any:
    layers = k.layers
    return k.Sequential(
        [
            layers.Input((5, 5, 1)),
            layers.Conv2D(3, 3),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(4, name="mine"),
            layers.Dense(2),
        ]
    )


def functional(k: Any) -> Any:
    layers = k.layers
    inputs = k.Input((6, 5))
    inner = k.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(3),
            layers.BatchNormalization(),
            layers.Dense(3),
        ],
        name="nest",
    )
    hidden = inner(layers.Bidirectional(layers.LSTM(4))(inputs))
    return k.Model(inputs, layers.Add()([hidden, layers.Dense(3)(hidden)]))


def block_of(k: Any) -> Any:
    """Return the class of a layer of two layers and a variable of its own."""

    class Block(k.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = k.layers.Dense(4)
            self.norm = k.layers.LayerNormalization()

        def build(self, shape: Any) -> None:
            self.dense.build(shape)
            self.scale = self.add_weight(shape=(1,), name="scale")
            self.norm.build((None, 4))
            self.built = True

        def call(self, x: Any) -> Any:
            return self.norm(self.dense(x)) * self.scale

    return Block


def subclassed(k: Any) -> Any:
    Block = block_of(k)

    class Net(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.z = k.layers.Dense(4)
            self.block = Block()
            self.blocks = [Block() for _ in range(2)]
            self.a = k.layers.Dense(2)

        def call(self, x: Any) -> Any:
            x = self.block(self.z(x))
            for block in self.blocks:
                x = block(x)
            return self.a(x)

    model = Net()
    model(np.ones((1, 3), np.float32))
    return model


MODELS = {"sequential": sequential, "functional": functional, "subclassed": subclassed}
INPUTS = {"sequential": (8, 5, 5, 1), "functional": (8, 6, 5), "subclassed": (8, 3)}


def made(name: str, k: Any, seed: int) -> Any:
    """Make a model with random weights, compiled."""
    k.backend.clear_session()
    model = MODELS[name](k)
    draws = np.random.default_rng(seed)
    model.set_weights([draws.random(one.shape, np.float32) for one in model.get_weights()])
    model.compile("adam", "mse")
    return model


def inputs(name: str) -> np.ndarray:
    return np.random.default_rng(9).random(INPUTS[name], np.float32)


def outputs(name: str, model: Any) -> np.ndarray:
    given = model(inputs(name))
    return np.asarray(given.detach() if hasattr(given, "detach") else given)


def train(name: str, model: Any, callbacks: list[Any], **options: Any) -> None:
    given = inputs(name)
    targets = np.zeros(outputs(name, model).shape, np.float32)
    model.fit(given, targets, batch_size=4, verbose=0, callbacks=callbacks, **options)


def main(name: str, folder: Path) -> None:
    import keras

    import tfckpt

    model = made(name, keras, 1)
    both = tfckpt.keras.CheckpointCallback(folder / "both", max_to_keep=2, background=True)
    alone = tfckpt.keras.CheckpointCallback(
        folder / "alone", checkpoint_name="w", optimizer=False, save_freq=3
    )
    train(name, model, [both, alone], epochs=3)
    latest = both.manager.latest_checkpoint
    assert latest == str(folder / "both" / "ckpt-3")
    again = made(name, keras, 2)
    train(name, again, [])
    loaded = tfckpt.keras.load_weights(again, latest, optimizer=True)
    assert not loaded.unused
    assert len(loaded.loaded) == len(model.weights) + len(model.optimizer.variables)
    for mine, there in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, there)
    for mine, there in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), there.numpy())
    tfckpt.write_tensors(
        folder / "weights.npz",
        {f"{number:03d}": one for number, one in enumerate(model.get_weights())}
        | {"outputs": outputs(name, model)},
    )


def load(name: str, checkpoint: str, weights: Path) -> None:
    """Load what TensorFlow saved of a model."""
    import keras

    import tfckpt

    model = made(name, keras, 2)
    tfckpt.keras.load_weights(model, checkpoint)
    tfckpt.write_tensors(weights, {"outputs": outputs(name, model)})


if __name__ == "__main__":
    sys.modules["tensorflow"] = None
    if len(sys.argv) == 2:
        for each in MODELS:
            main(each, Path(sys.argv[1]) / each)
    else:
        load(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
