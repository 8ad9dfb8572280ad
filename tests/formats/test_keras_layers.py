"""A Keras model's checkpoint becomes the files that Keras loads, as far as its objects tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import InvalidArgumentError

pytest.importorskip("h5py")


def save(path: Path, places: dict[str, str]) -> str:
    """Write a checkpoint of variables by full name, at these paths of objects."""
    values = {name: np.full((number + 1,), number, "f4") for number, name in enumerate(places)}
    return tfckpt.save(path, tfckpt.to_object_based(values, places))


def places(made: str) -> dict[str, float]:
    """The value of each dataset, which tells them apart."""
    with tfckpt.open_tensors(made) as tensors:
        return {name: float(array[0]) for name, array in tensors.items()}


# A Sequential of Keras 2: Dense, BatchNormalization, and a nested one of two Dense.
SEQUENTIAL = {
    "dense/kernel": "layer-0/kernel",
    "dense/bias": "layer-0/bias",
    "bn/moving_mean": "layer-1/moving_mean",
    "bn/gamma": "layer-1/gamma",
    "dense_1/kernel": "layer-2/layer-0/kernel",
    "dense_2/kernel": "layer-2/layer-1/kernel",
}


def test_by_classes_for_keras_3(tmp_path: Path) -> None:
    path = save(tmp_path / "m", SEQUENTIAL)
    with pytest.raises(InvalidArgumentError, match=r"(?s)by their classes.*layer-1: \[4\], \[3\]$"):
        tfckpt.convert_checkpoint(path, tmp_path / "m.weights.h5")
    made = tfckpt.convert_checkpoint(
        path, tmp_path / "m.weights.h5", layers={"layer-1": "BatchNormalization"}
    )
    assert made.file_format == "keras3"
    assert places(made) == {
        "layers/dense/vars/0": 0,
        "layers/dense/vars/1": 1,
        "layers/batch_normalization/vars/0": 3,  # trained ones first
        "layers/batch_normalization/vars/1": 2,
        "layers/sequential/layers/dense/vars/0": 4,
        "layers/sequential/layers/dense_1/vars/0": 5,
    }
    assert list(made.left_out) == ["_CHECKPOINTABLE_OBJECT_GRAPH"]


def test_by_order_for_keras_2(tmp_path: Path) -> None:
    made = tfckpt.convert_checkpoint(save(tmp_path / "m", SEQUENTIAL), tmp_path / "m.h5")
    assert made.file_format == "keras2"
    assert places(made) == {
        "dense/dense/kernel:0": 0,
        "dense/dense/bias:0": 1,
        "bn/bn/gamma:0": 3,
        "bn/bn/moving_mean:0": 2,
        "layer-2/dense_1/kernel:0": 4,
        "layer-2/dense_2/kernel:0": 5,
    }
    with tfckpt.open_tensors(made) as tensors:
        said = tensors.metadata
        assert list(tensors) == list(places(made))  # layer_names and weight_names have the order
    assert said["layer_names"] == ["dense", "bn", "layer-2"]
    assert said["bn@weight_names"] == ["bn/gamma:0", "bn/moving_mean:0"]


CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "net",
        "layers": [
            {"class_name": "InputLayer", "config": {}},
            {"class_name": "Dense", "config": {"name": "first"}},
            {"class_name": "BatchNormalization", "config": {"name": "normal"}},
            {
                "class_name": "Functional",
                "config": {
                    "name": "inner",
                    "layers": [
                        {"class_name": "Dense", "config": {"name": "a"}},
                        {"class_name": "Dense", "config": {"name": "b"}},
                    ],
                },
            },
        ],
    },
}


def test_the_models_own_description_tells_classes_and_names(tmp_path: Path) -> None:
    path = save(tmp_path / "m", SEQUENTIAL)
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.weights.h5", layers=CONFIG)
    assert "layers/functional/layers/dense_1/vars/0" in places(made)
    old = tfckpt.convert_checkpoint(path, tmp_path / "m.h5", layers=CONFIG)
    with tfckpt.open_tensors(old) as tensors:
        assert tensors.metadata["layer_names"] == ["first", "normal", "inner"]
    other: dict[str, Any] = {"class_name": "Sequential", "config": {"layers": []}}
    with pytest.raises(InvalidArgumentError, match="has 0 layers, the checkpoint has 3"):
        tfckpt.convert_checkpoint(path, tmp_path / "n.h5", layers=other)


def test_what_a_class_of_ones_own_keeps_lies_by_attribute(tmp_path: Path) -> None:
    kept = {
        "scale": "scale",
        "net/dense/kernel": "head/kernel",
        "net/block/w": "blocks/0/inner/w",
        "net/block_1/w": "blocks/1/inner/w",
        "net/x/kernel": "heads/x/kernel",
    }
    path = save(tmp_path / "m", kept)
    layers = {"blocks/0": "MyBlock", "blocks/1": "MyBlock", "heads": "dict", "heads/x": "Dense"}
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.weights.h5", layers=layers)
    assert places(made) == {
        "vars/0": 0,
        "head/vars/0": 1,
        "blocks/my_block/inner/vars/0": 2,
        "blocks/my_block_1/inner/vars/0": 3,
        "heads/dense/vars/0": 4,
    }
    with pytest.raises(InvalidArgumentError, match=r"'nowhere' .* names no object"):
        tfckpt.convert_checkpoint(path, tmp_path / "n.weights.h5", layers={"nowhere": "Dense"})


def test_which_object_is_the_model(tmp_path: Path) -> None:
    net = {"layer-0": {"kernel": np.ones(2)}}
    path = tfckpt.Checkpoint(net=net, optimizer={"m": np.ones(2)}, step=np.int64(3)).save(
        tmp_path / "a"
    )
    layers = {"net/layer-0": "Dense"}
    made = tfckpt.convert_checkpoint(path, tmp_path / "a.weights.h5", layers=layers)
    assert list(places(made)) == ["layers/dense/vars/0"]
    assert "step/.ATTRIBUTES/VARIABLE_VALUE" in made.left_out
    two = tfckpt.Checkpoint(a=net, b={"w": np.ones(1)}).save(tmp_path / "b")
    with pytest.raises(InvalidArgumentError, match=r"which .* is the model\? .*: a, b, or ''"):
        tfckpt.convert_checkpoint(two, tmp_path / "b.weights.h5")
    made = tfckpt.convert_checkpoint(two, tmp_path / "b.weights.h5", model="b")
    assert list(places(made)) == ["vars/0"]
    with pytest.raises(InvalidArgumentError, match="there is no object 'c'"):
        tfckpt.convert_checkpoint(two, tmp_path / "c.weights.h5", model="c")


def test_a_checkpoint_of_names_has_its_layers_said(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"fc/w": np.ones(2), "fc/b": np.zeros(1), "step": 3})
    with pytest.raises(InvalidArgumentError, match=r"name-based .* does not tell .* to='hdf5'"):
        tfckpt.convert_checkpoint(path, tmp_path / "m.weights.h5")
    layers = {"layers/dense": ["fc/w", "fc/b"]}
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.weights.h5", layers=layers)
    assert places(made) == {"layers/dense/vars/0": 1, "layers/dense/vars/1": 0}
    assert list(made.left_out) == ["step"]
    old = tfckpt.convert_checkpoint(path, tmp_path / "m.h5", layers={"dense": ["fc/w", "fc/b"]})
    assert places(old) == {"dense/fc/w:0": 1, "dense/fc/b:0": 0}
    flat = tfckpt.convert_checkpoint(path, tmp_path / "flat.h5")  # no layers: datasets by name
    with tfckpt.open_tensors(flat) as tensors:
        assert set(tensors) == {"fc/b", "fc/w", "step"}


def test_a_long_list_of_names_is_several_attributes(tmp_path: Path) -> None:
    many = {f"dense_{n}/kernel": f"layer-{n}/kernel" for n in range(2100)}
    values = {name: np.zeros(1, "f4") for name in many}
    path = tfckpt.save(tmp_path / "m", tfckpt.to_object_based(values, many))
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.h5", fsync=False)
    with tfckpt.open_tensors(made) as tensors:
        assert [len(tensors.metadata[f"layer_names{n}"]) for n in range(2)] == [2000, 100]
        assert list(tensors)[2050] == "dense_2050/dense_2050/kernel:0"


@pytest.mark.parametrize("option", [{"by": "path"}, {"keep": "a"}, {"rename": {"a": "b"}}])
def test_keras_files_have_names_of_their_own(option: Any, tmp_path: Path) -> None:
    path = save(tmp_path / "m", SEQUENTIAL)
    with pytest.raises(ValueError, match="keras3 has names of its own"):
        tfckpt.convert_checkpoint(path, tmp_path / "m.weights.h5", to="keras3", **option)


def test_the_command_takes_a_file(tmp_path: Path) -> None:
    testing = pytest.importorskip("click.testing")
    pytest.importorskip("rich")
    from tfckpt.cli.convert import convert_command

    path, target = save(tmp_path / "m", SEQUENTIAL), str(tmp_path / "m.weights.h5")
    run = testing.CliRunner().invoke
    asked = run(convert_command, [path, target])
    assert asked.exit_code == 1
    assert "--layers FILE, with {'layer-1': 'Dense', ...} as JSON" in asked.output
    file = tmp_path / "layers.json"
    file.write_text(json.dumps({"layer-1": "BatchNormalization"}))
    done = run(convert_command, [path, target, "--layers", str(file)])
    assert done.output == (
        f"{target}: 6 of 7 tensors written as keras3, and checked; left out: "
        f"_CHECKPOINTABLE_OBJECT_GRAPH\n"
    )
    file.write_text("[")
    assert "layers.json: what says the layers is no JSON" in run(
        convert_command, [path, target, "--force", "--layers", str(file)]
    ).output.replace("\n", " ")
