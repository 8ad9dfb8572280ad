"""Checkpoints that other people's TensorFlow left, between 2016 and now."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import tfckpt
from tfckpt.dtypes import python_name
from tfckpt.errors import (
    DataLossError,
    FileMissingError,
    InvalidArgumentError,
    UnimplementedError,
)
from tfckpt.names import OBJECT_GRAPH_KEY

FOLDER = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
SETS = sorted(path.parent.name for path in FOLDER.glob("*/expected.json")) or ["none here"]
V1_MARK = " [V1 file]"


def digest(value: Any) -> str:
    """The form in which expected.json gives values."""
    if value.dtype != object:
        return hashlib.sha256(value.tobytes()).hexdigest()
    parts = [struct.pack("<Q", len(one)) + one for one in value.ravel().tolist()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize("name", SETS)
def test_values_are_as_expected(name: str, realckpts: Path, tmp_path: Path) -> None:
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for prefix, tensors in expected.items():
        path = realckpts / name / prefix.removesuffix(V1_MARK)
        if prefix.endswith(V1_MARK):  # a V2 checkpoint of the same prefix would win
            path = Path(os.fspath(tmp_path / path.name))
            path.write_bytes((realckpts / name / prefix.removesuffix(V1_MARK)).read_bytes())
        with tfckpt.load_checkpoint(path) as reader:
            infos = reader.infos()
            assert sorted(tensors) == sorted(infos)
            for tensor, want in tensors.items():
                info = infos[tensor]
                assert (want["dtype"], want["shape"]) == (
                    python_name(info.data_type),
                    list(info.shape),
                )
                if "sha256" in want:
                    assert want["sha256"] == digest(reader[tensor]), tensor
                else:
                    with pytest.raises((FileMissingError, UnimplementedError)):
                        reader[tensor]


@pytest.mark.parametrize("name", SETS)
def test_rewriting_keeps_every_value(name: str, realckpts: Path, tmp_path: Path) -> None:
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for number, (prefix, tensors) in enumerate(expected.items()):
        if prefix.endswith(V1_MARK) or any("sha256" not in one for one in tensors.values()):
            continue
        with tfckpt.load_checkpoint(realckpts / name / prefix) as reader:
            copy = tfckpt.save(tmp_path / str(number), reader)
        again = tfckpt.load(copy)
        assert {tensor: one["sha256"] for tensor, one in tensors.items()} == {
            tensor: digest(value) for tensor, value in again.items()
        }


# What a conversion by name leaves out, by the end of its key; everything else is written.
NO_VARIABLES = (OBJECT_GRAPH_KEY, "/.ATTRIBUTES/OBJECT_CONFIG_JSON", "/ITERATOR_STATE")
WITHOUT_VARIABLES = {"keras-multiple-2.0.0-alpha0", "01", "tft_tf2_saved_model"}


@pytest.mark.parametrize("name", SETS)
def test_converting_writes_everything_or_names_it(
    name: str, realckpts: Path, tmp_path: Path
) -> None:
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for number, (prefix, tensors) in enumerate(expected.items()):
        path = realckpts / name / prefix
        if prefix.endswith(V1_MARK) or not all(map(_is_there, tensors.values())):
            continue
        sizes = [len(tensors) - len(_unreadable(tensors)), len(tensors)]
        skip: Any = {"unreadable": "skip"} if _unreadable(tensors) else {}
        if skip:
            with pytest.raises(UnimplementedError, match=_unreadable(tensors)[0]):
                tfckpt.convert_checkpoint(path, tmp_path / f"{number}-v2")
        with tfckpt.load_checkpoint(path) as reader:
            own, other = ("v2", "v1") if isinstance(reader, tfckpt.BundleReader) else ("v1", "v2")
            object_based = OBJECT_GRAPH_KEY in reader
        there = tfckpt.convert_checkpoint(path, tmp_path / f"{number}-there", other, **skip)
        back = tfckpt.convert_checkpoint(there, tmp_path / f"{number}-back", own)
        assert there.summary == "{} of {} tensors".format(*sizes)
        assert len(back.written) == sizes[0]
        wanted = {tensor: one["sha256"] for tensor, one in tensors.items() if "sha256" in one}
        assert wanted == {tensor: digest(value) for tensor, value in tfckpt.load(back).items()}

        if not object_based:
            continue
        if set(path.parts) & WITHOUT_VARIABLES:
            with pytest.raises(InvalidArgumentError, match="nothing to write"):
                tfckpt.convert_naming(path, tmp_path / f"{number}-named", **skip)
            continue
        named = tfckpt.convert_naming(path, tmp_path / f"{number}-named", repeated="number", **skip)
        assert all(key.endswith(NO_VARIABLES) for key in named.left_out)
        assert named.written.keys() == tfckpt.load(named).keys()
        assert sorted([*named.written.values(), *named.left_out]) == sorted(tensors)
        for new, value in tfckpt.load(named).items():
            assert wanted[named.written[new]] == digest(value)


def _is_there(tensor: dict[str, Any]) -> bool:
    return "sha256" in tensor or tensor["dtype"] in ("variant", "resource")


def _unreadable(tensors: dict[str, Any]) -> list[str]:
    return [name for name, one in tensors.items() if one["dtype"] in ("variant", "resource")]


# Which inputs of TensorFlow's training ops are slots, and numbers beside them.
SLOT_INPUTS = {
    "Adam": (1, 2, 3, 4),
    "Momentum": (1,),
    "RMSProp": (1, 2),
    "CenteredRMSProp": (1, 2, 3),
    "Adagrad": (1,),
    "Adadelta": (1, 2),
    "Ftrl": (1, 2),
    "ScatterAdd": (0,),  # what Adam does to the slots of sparse gradients' variables
}


TRAINING_OP = re.compile(r"(?:Resource)?(?:Sparse)?(?:Apply(\w+?)(?:V2)?|(ScatterAdd))")


def optimizers_own(meta_graph: Any) -> set[str]:
    """What training ops take for slots, by the graph, and the numbers in the optimizer's scope."""
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    variables = {one.name: one for one in tfckpt.list_graph_variables(meta_graph)}

    def variable(name: str) -> Any:
        name = name.partition(":")[0]
        while nodes[name].op in ("Identity", "ReadVariableOp"):
            name = nodes[name].input[0].partition(":")[0]
        return variables[name]

    own, scopes = set(), set()
    for node in nodes.values():
        kind = TRAINING_OP.fullmatch(node.op)
        for at in SLOT_INPUTS.get(kind[1] or kind[2], ()) if kind else ():
            slot = variable(node.input[at])
            own.add(slot.checkpoint_key)
            scope, of_keras, _ = slot.name.partition(f"/{variable(node.input[0]).name}/")
            scopes |= {scope} if of_keras else set()
    numbers = {one.name for one in variables.values() if one.shape == ()}
    return own | {name for name in numbers if name.rpartition("/")[0] in scopes}


@pytest.mark.parametrize("name", SETS)
def test_slots_are_those_of_the_graph(name: str, realckpts: Path) -> None:
    """Without them exactly the model's variables are left."""
    for prefix in json.loads((realckpts / name / "expected.json").read_text()):
        meta = realckpts / name / (prefix.removesuffix(V1_MARK) + ".meta")
        if not meta.exists():
            continue
        with tfckpt.load_checkpoint(realckpts / name / prefix.removesuffix(V1_MARK)) as reader:
            own = optimizers_own(tfckpt.read_meta_graph(meta)) & set(reader)
            assert set(tfckpt.transform.slots(reader)) == own


FILES = {"safetensors": "m.safetensors", "torch": "m.pt", "npz": "m.npz", "hdf5": "m.hdf5"}


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("name", SETS)
def test_every_format_and_back(name: str, form: str, realckpts: Path, tmp_path: Path) -> None:
    """Bit by bit; strings, which most of them lack, and what cannot be read are left out."""
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for number, (prefix, tensors) in enumerate(expected.items()):
        path, folder = realckpts / name / prefix, tmp_path / str(number)
        if prefix.endswith(V1_MARK) or not all(map(_is_there, tensors.values())):
            continue
        strings = [tensor for tensor, one in tensors.items() if one["dtype"] == "string"]
        wanted = {
            tensor: one["sha256"]
            for tensor, one in tensors.items()
            if "sha256" in one and tensor not in strings
        }
        folder.mkdir()
        # a slot lies below its variable, and no dataset of HDF5 below another
        there: Any = (lambda old: old.replace("/", "|")) if form == "hdf5" else None
        back: Any = (lambda old: old.replace("|", "/")) if form == "hdf5" else None
        chosen: Any = {"drop": lambda tensor, strings=strings: tensor in strings}
        made = tfckpt.convert_checkpoint(
            path, folder / FILES[form], rename=there, unreadable="skip", fsync=False, **chosen
        )
        assert made.written.keys() == {there(one) if there else one for one in wanted}
        again = tfckpt.convert_checkpoint(made, folder / "back", "v2", rename=back, fsync=False)
        assert wanted == {tensor: digest(value) for tensor, value in tfckpt.load(again).items()}
        if form == "npz":
            with np.load(made) as arrays:
                assert wanted == {tensor: digest(arrays[tensor]) for tensor in arrays.files}
        if form == "hdf5":
            with h5py.File(made) as file:
                assert wanted == {back(one): digest(file[one][()]) for one in file}


@pytest.mark.parametrize("name", SETS)
def test_without_its_index_a_checkpoint_is_laid_out_by_its_graph(
    name: str, realckpts: Path, tmp_path: Path
) -> None:
    """All values are as they were, or the data file is refused; never is one wrong."""
    for index in (realckpts / name).rglob("*.index"):
        prefix = index.with_suffix("")
        model = prefix.parent.parent
        graphs = [Path(f"{prefix}.meta"), *model.glob("saved_model.pb")]
        copied = tmp_path / "copy" / prefix.name
        copied.parent.mkdir(exist_ok=True)
        for shard in prefix.parent.glob(f"{prefix.name}.data-*"):
            (copied.parent / shard.name).write_bytes(shard.read_bytes())
        for graph in filter(Path.exists, graphs):
            alone = tmp_path / f"graph{graph.suffix}"  # beside its index, that would be asked
            alone.write_bytes(graph.read_bytes())
            try:
                report = tfckpt.salvage(copied, unconfirmed=True, like=alone)
            except (DataLossError, FileMissingError):
                continue
            right = tfckpt.load(prefix)
            assert (report.intact, set(report.unconfirmed)) == ((), set(right))
            for tensor, value in report.tensors.items():
                assert digest(value) == digest(right[tensor]), tensor
            report.tensors.close()
