"""Every format becomes every other: what one holds arrives in the other bit by bit, or is named."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import tfckpt
from tfckpt.errors import DataLossError, InvalidArgumentError, TensorNotFoundError
from tfckpt.tensors.stored import same_bits

ENDS = {
    "v2": "m.ckpt",
    "v1": "m-1",
    "safetensors": "m.safetensors",
    "torch": "m.pt",
    "npz": "m.npz",
    "hdf5": "m.h5",
}
TENSORS: dict[str, Any] = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense/bias": np.array([np.nan, -0.0], np.float64),
    "empty": np.zeros((0, 3), np.int32),
    "flags": np.array([True, False]),
    "step": np.int64(7),
}


def write(folder: Path, form: str, tensors: dict[str, Any] = TENSORS) -> str:
    folder.mkdir(exist_ok=True)
    return tfckpt.write_tensors(folder / ENDS[form], tensors, format=form)


def equal(path: str, expected: dict[str, Any]) -> bool:
    with tfckpt.open_tensors(path) as tensors:
        return tensors.keys() == expected.keys() and all(
            same_bits(np.asarray(expected[name]), tensors[name]) for name in expected
        )


@pytest.mark.parametrize("new", ENDS)
@pytest.mark.parametrize("old", ENDS)
def test_there(old: str, new: str, tmp_path: Path) -> None:
    path = write(tmp_path / "old", old)
    (tmp_path / "new").mkdir()
    made = tfckpt.convert_checkpoint(path, tmp_path / "new" / ENDS[new], to=new)
    assert equal(made, TENSORS)
    assert (made.file_format, made.summary, made.left_out) == (new, "5 of 5 tensors", {})
    if new != "v1":  # the end of the name says the same
        again = tfckpt.convert_checkpoint(path, tmp_path / "new" / ENDS[new], overwrite=True)
        assert again.file_format == new


def test_names_types_and_what_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "v2", {**TENSORS, "half": np.ones(2, ml_dtypes.bfloat16)})
    made = tfckpt.convert_checkpoint(
        path,
        tmp_path / "m.npz",
        keep=["dense/", "half"],
        drop="*/bias",
        rename={"dense/": "layer/"},
        cast={"bfloat16": "float32"},
    )
    assert equal(made, {"layer/kernel": TENSORS["dense/kernel"], "half": np.ones(2, np.float32)})
    assert made.written == {"layer/kernel": "dense/kernel", "half": "half"}
    assert sorted(made.left_out) == ["dense/bias", "empty", "flags", "step"]


@pytest.fixture
def objects(tmp_path: Path) -> str:
    """A checkpoint of objects, with a variable of two children's names and a counter."""
    root = tfckpt.Checkpoint(net={"dense.1": {"kernel": np.eye(2)}, "bias": np.ones(2)})
    return root.save(tmp_path / "objects" / "ckpt")


def test_objects_by_path(objects: str, tmp_path: Path) -> None:
    made = tfckpt.convert_checkpoint(objects, tmp_path / "m.safetensors", by="path")
    assert equal(made, {"net/dense..1/kernel": np.eye(2), "net/bias": np.ones(2)})
    assert sorted(made.left_out) == [
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        "save_counter/.ATTRIBUTES/VARIABLE_VALUE",
    ]
    with pytest.raises(InvalidArgumentError, match=r"name-based.*no object graph"):
        tfckpt.convert_checkpoint(made, tmp_path / "again.npz", by="path")
    with pytest.raises(InvalidArgumentError, match=r"leave out by='name', and the tensors keep"):
        tfckpt.convert_checkpoint(made, tmp_path / "again.npz", by="name")


def test_objects_by_name(tmp_path: Path) -> None:
    places = {"dense/kernel": "net/0/w", "dense/bias": "net/0/b"}
    weights = {name: TENSORS[name] for name in places}
    path = tfckpt.save(tmp_path / "objects", tfckpt.to_object_based(weights, places))
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.npz", by="name")
    assert equal(made, weights)
    assert made.written["dense/kernel"] == "net/0/w/.ATTRIBUTES/VARIABLE_VALUE"


def test_what_a_format_cannot_hold_is_refused_with_all_names_before_writing(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "v2", {"a": b"text", "b": np.array([b"x"], object), "c": 1})
    there = sorted(os.listdir(tmp_path))
    with pytest.raises(
        InvalidArgumentError, match=r"cannot hold a \(string\), b \(string\).*drop="
    ):
        tfckpt.convert_checkpoint(path, tmp_path / "m.safetensors")
    assert sorted(os.listdir(tmp_path)) == there


def test_the_graph_of_objects_goes_into_checkpoints_alone(objects: str, tmp_path: Path) -> None:
    made = tfckpt.convert_checkpoint(objects, tmp_path / "m.safetensors")
    assert "net/bias/.ATTRIBUTES/VARIABLE_VALUE" in made.written
    assert list(made.left_out) == ["_CHECKPOINTABLE_OBJECT_GRAPH"]
    again = tfckpt.convert_checkpoint(objects, tmp_path / "m.ckpt")
    assert again.summary == "4 of 4 tensors"


@pytest.mark.parametrize(("old", "new"), [("safetensors", "hdf5"), ("hdf5", "safetensors")])
def test_metadata_goes_along(old: str, new: str, tmp_path: Path) -> None:
    said = {"author": "somebody"}
    path = tfckpt.write_tensors(tmp_path / ENDS[old], TENSORS, metadata=said)
    made = tfckpt.convert_checkpoint(path, tmp_path / ENDS[new])
    with tfckpt.open_tensors(made) as tensors:
        assert (tensors.metadata, made.metadata_left_out) == (said, [])
    lost = tfckpt.convert_checkpoint(path, tmp_path / "m.npz")
    assert lost.metadata_left_out == ["author"]
    given = tfckpt.convert_checkpoint(
        path, tmp_path / ENDS[new], metadata={"author": "another"}, overwrite=True
    )
    with tfckpt.open_tensors(given) as tensors:
        assert tensors.metadata == {"author": "another"}


def test_attributes_go_where_their_tensors_go(tmp_path: Path) -> None:
    said = {"layers/w@unit": "m", "layers@names": ["w", "v"], "layers/v@unit": "s"}
    tensors = {"layers/w": np.ones(2), "layers/v": np.ones(2)}
    path = tfckpt.write_tensors(tmp_path / "a.h5", tensors, metadata=said)
    made = tfckpt.convert_checkpoint(
        path, tmp_path / "b.h5", drop="layers/v", rename={"layers/w": "layers/x"}
    )
    with tfckpt.open_tensors(made) as reader:
        assert reader.metadata == {"layers/x@unit": "m", "layers@names": ["w", "v"]}


def test_several_files(tmp_path: Path) -> None:
    path = write(tmp_path, "v2", {"a": np.ones(100), "b": np.zeros(100)})
    made = tfckpt.convert_checkpoint(path, tmp_path / "m.safetensors", max_shard_size=900)
    assert made == str(tmp_path / "m.safetensors.index.json")
    assert len(list(tmp_path.glob("m-*-of-00002.safetensors"))) == 2
    with pytest.raises(FileExistsError, match="there is a file already"):
        tfckpt.convert_checkpoint(path, tmp_path / "m.safetensors", max_shard_size=900)
    assert tfckpt.convert_checkpoint(made, tmp_path / "back.ckpt").summary == "2 of 2 tensors"


@pytest.mark.parametrize("form", ["safetensors", "torch", "npz", "hdf5"])
def test_a_refusal_leaves_what_is_there(form: str, tmp_path: Path) -> None:
    source = write(tmp_path / "old", "v2")
    path = write(tmp_path, form, {"other": np.ones(1)})
    before = Path(path).read_bytes()
    with pytest.raises(FileExistsError, match="there is a file already; it was left as it is"):
        tfckpt.convert_checkpoint(source, path)
    with pytest.raises(InvalidArgumentError, match="it is the file that is read"):
        tfckpt.convert_checkpoint(path, path, overwrite=True)
    with pytest.raises(TensorNotFoundError, match="'nothing'"):
        tfckpt.write_tensors(path, {"a": 1}, skip=["nothing"], format=form)
    with open(source + ".data-00000-of-00001", "r+b") as file:
        file.write(b"damage")
    with pytest.raises(DataLossError):
        tfckpt.convert_checkpoint(source, path, overwrite=True)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidArgumentError, match="this is a folder"):
        tfckpt.convert_checkpoint(source, tmp_path / "folder", to=form)
    assert Path(path).read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == sorted([ENDS[form], "folder", "old"])


@pytest.mark.parametrize("by", ["key", True])
def test_misuse(by: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "v2")
    with pytest.raises(ValueError, match="by is 'name' or 'path'"):
        tfckpt.convert_checkpoint(path, tmp_path / "m.npz", by=by)
    with pytest.raises(ValueError, match="does not say which format is meant"):
        tfckpt.convert_checkpoint(path, tmp_path / "m.onnx")


@pytest.mark.parametrize("name", ["m", "m.ckpt", "m.ckpt-7", "m.ckpt-best", "m-0.5", "m.v2"])
def test_names_of_checkpoints_are_known_as_such(name: str, tmp_path: Path) -> None:
    made = tfckpt.convert_checkpoint(write(tmp_path, "v2"), tmp_path / "new" / name)
    assert os.path.exists(f"{made}.index")


def run(*arguments: object) -> Any:
    testing = pytest.importorskip("click.testing")
    pytest.importorskip("rich")
    from tfckpt.cli.convert import convert_command

    return testing.CliRunner().invoke(convert_command, [str(one) for one in arguments])


def test_the_command(objects: str, tmp_path: Path) -> None:
    target = tmp_path / "m.npz"
    refused = run(write(tmp_path / "text", "v2", {"words": b"text"}), target)
    assert refused.exit_code == 1
    assert "cannot hold words (string): leave them out (--drop NAME)" in refused.output
    done = run(objects, target, "--by-path", "--rename", "net/=model/", "--drop", "*/bias")
    assert done.output == (
        f"{target}: 1 of 4 tensors written as npz, by path, and checked; left out: "
        f"_CHECKPOINTABLE_OBJECT_GRAPH, save_counter/.ATTRIBUTES/VARIABLE_VALUE, "
        f"net/bias/.ATTRIBUTES/VARIABLE_VALUE\n"
    )
    assert equal(str(target), {"model/dense..1/kernel": np.eye(2)})
    half = write(tmp_path, "v2", {"w": np.ones(2, ml_dtypes.bfloat16)})
    refused = run(half, target, "--force")
    assert "or make them something else (--cast bfloat16=DTYPE)" in refused.output
    done = run(half, target, "--force", "--cast", "bfloat16=float32", "--compressed", "--json")
    assert json.loads(done.output) == {
        "schema": "tfckpt.convert/1",
        "path": str(target),
        "format": "npz",
        "written": {"w": "w"},
        "left_out": {},
        "metadata_left_out": [],
    }
    assert run(half, tmp_path / "m.onnx").output.endswith("give --to\n")
    assert run(half, target, "--by-path", "--by-name").exit_code == 2
    assert run(half, target, "--rename", "w").exit_code == 2
