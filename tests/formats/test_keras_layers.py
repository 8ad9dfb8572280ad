"""A Keras model's checkpoint becomes the files that Keras loads, as far as its objects tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import InvalidArgumentError
from tfckpt.protos import SavedModel, TrackableObjectGraph

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


def test_arrays_have_their_layers_said(tmp_path: Path) -> None:
    arrays = {"w": np.ones(2), "b": np.zeros(1), "step": np.full(1, 3)}
    layers = {"layers/dense": ["w", "b"]}

    def write(path: str, **options: Any) -> dict[str, float]:
        return places(tfckpt.write_tensors(tmp_path / path, arrays, **options))

    for taken in ({"path": "m.weights.h5"}, {"path": "m", "format": "keras3"}):
        found = write(**taken, layers=layers, skip=["step"])
        assert found == {"layers/dense/vars/0": 1, "layers/dense/vars/1": 0}
    assert write("m.h5", layers={"dense": ["b", "w"], "other": ["step"]}) == {
        "dense/b:0": 0,
        "dense/w:0": 1,
        "other/step:0": 3,
    }
    assert write("flat.h5") == {"w": 1, "b": 0, "step": 3}
    assert write("cast.h5", layers=layers, skip=["step"], cast={"float64": "float16"})


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"layers": {"a": ["w"]}}, "1 of 2 tensors are in no layer: b; .* skip="),
        ({"layers": {"a": ["w", "b", "w"]}}, "names w more than once"),
        ({"layers": {"a": ["w", "c"]}}, "'c'"),
        ({"format": "keras3"}, "keras3 needs the names of each layer's tensors"),
        ({"format": "npz", "layers": {"a": ["w", "b"]}}, "npz knows no layers; keras3 and"),
        ({"format": "keras4"}, "keras3, keras2, not 'keras4'"),
    ],
)
def test_layers_that_do_not_fit(options: dict[str, Any], match: str, tmp_path: Path) -> None:
    arrays = {"w": np.ones(2), "b": np.zeros(1)}
    with pytest.raises((ValueError, KeyError), match=match):
        tfckpt.write_tensors(tmp_path / "m.weights.h5", arrays, **options)
    assert list(tmp_path.iterdir()) == []


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


# A SavedModel of Keras 2 says what its objects are


def saved_model(folder: Path, kinds: dict[str, Any], *, in_a_file: bool) -> str:
    """Make a model of the layers of SEQUENTIAL that says, by path of an object, what it is."""
    prefix = save(folder / "variables/variables", SEQUENTIAL)
    with tfckpt.load_checkpoint(prefix) as reader:
        tracked = TrackableObjectGraph.FromString(reader["_CHECKPOINTABLE_OBJECT_GRAPH"][()])
    model = SavedModel(saved_model_schema_version=1)
    graph = model.meta_graphs.add().object_graph_def
    paths = {0: ""}
    metadata = b""
    for number, node in enumerate(tracked.nodes):
        made = graph.nodes.add()
        made.user_object.identifier = "_tf_keras_layer"
        for child in node.children:
            made.children.add(local_name=child.local_name, node_id=child.node_id)
            above = paths[number]
            paths[child.node_id] = f"{above}/{child.local_name}" if above else child.local_name
    for number, path in paths.items():
        text = json.dumps(kinds[path]).encode() if path in kinds else b""
        if in_a_file:  # SavedMetadata: nodes = 1 {node_id = 2, metadata = 5}
            inner = b"\x10" + bytes([number]) + b"\x2a" + bytes([len(text)]) + text
            metadata += b"\x0a" + bytes([len(inner)]) + inner
        else:
            graph.nodes[number].user_object.metadata = text.decode()
    if in_a_file:
        (folder / "keras_metadata.pb").write_bytes(metadata)
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    return prefix


@pytest.mark.parametrize("in_a_file", [True, False], ids=["since 2.5", "before"])
def test_a_saved_model_tells_classes_and_names(in_a_file: bool, tmp_path: Path) -> None:
    kinds = {
        "layer-0": {"class_name": "Dense", "name": "first"},
        "layer-1": {"class_name": "BatchNormalization", "name": "normal"},
        "layer-2": {"class_name": "ListWrapper"},  # which says nothing of a layer
    }
    prefix = saved_model(tmp_path / "model", kinds, in_a_file=in_a_file)
    made = tfckpt.convert_checkpoint(prefix, tmp_path / "m.weights.h5")
    assert places(made)["layers/batch_normalization/vars/0"] == 3
    assert places(made)["layers/sequential/layers/dense/vars/0"] == 4
    old = tfckpt.convert_checkpoint(prefix, tmp_path / "m.h5")
    with tfckpt.open_tensors(old) as tensors:
        assert tensors.metadata["layer_names"] == ["first", "normal", "layer-2"]


def test_a_saved_model_that_says_nothing_is_asked_no_further(tmp_path: Path) -> None:
    prefix = saved_model(tmp_path / "model", {"layer-1": "no object"}, in_a_file=False)
    with pytest.raises(InvalidArgumentError, match=r"by their classes"):
        tfckpt.convert_checkpoint(prefix, tmp_path / "m.weights.h5")


def test_layers_of_one_name_are_numbered_for_keras_2(tmp_path: Path) -> None:
    config = {
        "class_name": "Sequential",
        "config": {
            "layers": [
                {"class_name": kind, "config": {"name": "same"}}
                for kind in ("Dense", "BatchNormalization", "Sequential")
            ]
        },
    }
    path = save(tmp_path / "m", SEQUENTIAL)
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.h5", layers=config)
    with tfckpt.open_tensors(made) as tensors:
        assert tensors.metadata["layer_names"] == ["same", "same_1", "same_2"]


def test_variables_of_the_model_itself_come_last_for_keras_2(tmp_path: Path) -> None:
    path = save(tmp_path / "m", {**SEQUENTIAL, "scale": "scale"})
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.h5")
    assert places(made)["top_level_model_weights/scale:0"] == 6


def test_a_checkpoint_without_layers_says_so(tmp_path: Path) -> None:
    path = save(tmp_path / "m", {"step": "optimizer/iter"})
    with pytest.raises(InvalidArgumentError, match="layer"):
        tfckpt.convert_checkpoint(path, tmp_path / "m.weights.h5", model="")
