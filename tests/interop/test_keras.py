"""Keras's files, as Keras 3 writes them: each of its kinds holds the weights of the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import tfckpt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's own


@pytest.fixture(scope="module")
def model() -> Any:
    inputs = keras.Input((4,))
    inner = keras.Sequential([keras.layers.Dense(3, name="inside")], name="nested")
    hidden = keras.layers.BatchNormalization(name="normal")(inner(inputs))
    outputs = keras.layers.Dense(2, name="a_last", dtype="bfloat16")(hidden)
    made = keras.Model(inputs, outputs)
    made.compile("adam", "mse")
    made.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
    return made


def weights(model: Any) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(one)) for one in model.weights]


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
def test_what_keras_3_writes(name: str, model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / name) if name.endswith(".keras") else model.save_weights(tmp_path / name)
    with tfckpt.open_tensors(tmp_path / name) as tensors:
        found = {key: one for key, one in tensors.items() if not key.startswith("optimizer/")}
        expected = weights(model)
        assert len(found) == len(expected)
        # each layer's variables in their order; the layers by the names that Keras gives paths
        by_layer = {
            "layers/sequential/layers/dense/vars": model.get_layer("nested"),
            "layers/batch_normalization/vars": model.get_layer("normal"),
            "layers/dense/vars": model.get_layer("a_last"),
        }
        for path, layer in by_layer.items():
            for number, weight in enumerate(weights(layer)):
                assert same(found[f"{path}/{number}"], weight), path
        assert tensors["optimizer/vars/0"] == 1  # iterations
        numbers = [int(key.rpartition("/")[2]) for key in tensors if key.startswith("optimizer/")]
        assert numbers == list(range(len(numbers)))
        if name.endswith(".keras"):
            assert json.loads(tensors.metadata["config.json"])["class_name"] == "Functional"


def test_weights_in_several_files(model: Any, tmp_path: Path) -> None:
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=1e-7)
    assert len(list(tmp_path.glob("*.weights.h5"))) > 2
    (tmp_path / "one").mkdir()
    model.save_weights(tmp_path / "one" / "m.weights.h5")
    for path in (tmp_path, tmp_path / "m.weights.json"):
        with (
            tfckpt.open_tensors(path) as several,
            tfckpt.open_tensors(tmp_path / "one" / "m.weights.h5") as one,
        ):
            assert set(several) == set(one)
            assert all(same(several[name], one[name]) for name in one)


@pytest.mark.filterwarnings("ignore")
def test_the_older_format_of_whole_models(model: Any, tmp_path: Path) -> None:
    keras.models.save_model(model, tmp_path / "m.h5")
    with tfckpt.open_tensors(tmp_path / "m.h5") as tensors:
        mine = [key for key in tensors if key.startswith("model_weights/")]
        assert [key.split("/")[1] for key in mine] == (
            ["nested"] * 2 + ["normal"] * 4 + ["a_last"] * 2
        )
        for key, weight in zip(mine, weights(model), strict=True):
            assert same(tensors[key], weight)
        assert json.loads(tensors.metadata["model_config"])["class_name"] == "Functional"
        with h5py.File(tmp_path / "m.h5") as file:
            names = file["optimizer_weights"].attrs["weight_names"]
            names = [one if isinstance(one, str) else one.decode() for one in names]
        rest = [key for key in tensors if key.startswith("optimizer_weights/")]
        assert rest == [f"optimizer_weights/{one}" for one in names]


@pytest.mark.filterwarnings("ignore")
def test_keras_loads_a_whole_model_that_is_written_again(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, name="second"),
            keras.layers.Dropout(0.5, name="empty"),
            keras.layers.Dense(2, name="first"),
        ]
    )
    keras.models.save_model(model, tmp_path / "theirs.h5")
    with tfckpt.open_tensors(tmp_path / "theirs.h5") as tensors:
        changed = {name: array + 1 for name, array in tensors.items()}
        tfckpt.write_tensors(tmp_path / "ours.h5", changed, metadata=tensors.metadata)
    loaded = keras.models.load_model(tmp_path / "ours.h5")
    for old, new in zip(weights(model), weights(loaded), strict=True):
        assert same(new, old + 1)


def test_keras_loads_what_is_written(model: Any, tmp_path: Path) -> None:
    model.save_weights(tmp_path / "theirs.weights.h5")
    before = weights(model)
    with tfckpt.open_tensors(tmp_path / "theirs.weights.h5") as tensors:
        changed = {
            name: array + np.ones((), array.dtype) if name.startswith("layers/dense/") else array
            for name, array in tensors.items()
        }
        tfckpt.write_tensors(tmp_path / "ours.weights.h5", changed)
    try:
        model.load_weights(tmp_path / "ours.weights.h5")
        last = weights(model.get_layer("a_last"))
        assert same(last[0], before[-2] + np.ones((), before[-2].dtype))
        assert all(same(a, b) for a, b in zip(weights(model)[:-2], before[:-2], strict=True))
    finally:
        model.load_weights(tmp_path / "theirs.weights.h5")


@pytest.mark.parametrize(
    ("end", "first", "second"),
    [(".weights.h5", "layers/dense", "layers/dense_1"), (".h5", "one", "two")],
    ids=["Keras 3", "Keras 2"],
)
def test_keras_loads_arrays_whose_layers_are_said(
    end: str, first: str, second: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(7)
    weights = {
        "fc1/w": rng.standard_normal((4, 3)).astype("f4"),
        "fc1/b": rng.standard_normal(3).astype("f4"),
        "fc2/w": rng.standard_normal((3, 2)).astype("f4"),
        "fc2/b": rng.standard_normal(2).astype("f4"),
    }
    layers = {first: ["fc1/w", "fc1/b"], second: ["fc2/w", "fc2/b"]}
    path = tfckpt.write_tensors(tmp_path / f"m{end}", weights, layers=layers)
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((4,)), dense(3, name="one"), dense(2, name="two")])
    model.load_weights(path)
    for array, loaded in zip(weights.values(), model.get_weights(), strict=True):
        assert np.array_equal(array, loaded)
