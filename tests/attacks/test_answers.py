"""Bad files and bad arguments get this library's errors, and commands a line: never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import tfckpt
from attacks.saves import plain
from attacks.test_costs import OBJECT_GRAPH, chain, forged, objects, table
from tfckpt.bundle.entry import Entry
from tfckpt.cli import cli
from tfckpt.errors import CheckpointError, DataLossError, UnimplementedError
from tfckpt.protos import GraphDef, MetaGraphDef, SavedModel
from tfckpt.v1.records import META_KEY

# V1: the versions of a file


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        (b"\x12\x00", ""),  # min_consumer as an empty list: a field of the future
        (b"\x1a\x00", ""),  # no bad consumers, packed
        (b"\x1a\x01\x07", ""),
        (b"\x1a\x02\x81\x01", ""),  # one number of two bytes, not 0x81 and 1
        (b"\x1a\x01\x81", "no VersionDef"),
    ],
)
def test_versions_of_a_v1_file(versions: bytes, problem: str, tmp_path: Path) -> None:
    inner = b"\x12" + bytes([len(versions)]) + versions
    (tmp_path / "m").write_bytes(table({META_KEY: b"\x0a" + bytes([len(inner)]) + inner}))
    if problem:
        with pytest.raises(DataLossError, match=problem):
            tfckpt.load(tmp_path / "m")
    else:
        assert tfckpt.load(tmp_path / "m") == {}


# Shapes at the ends of what numpy has


@pytest.mark.parametrize("rank", [32, 64])
def test_part_of_a_tensor_of_as_many_dimensions_as_numpy_has(rank: int, tmp_path: Path) -> None:
    try:
        np.empty((1,) * rank)
    except ValueError:
        pytest.skip(f"this numpy has no {rank} dimensions")
    shape = (*(1,) * (rank - 1), 3)
    path = forged(tmp_path, {b"w": Entry(1, shape, 0, 0, 12)}, np.float32([1, 2, 3]).tobytes())
    with tfckpt.load_checkpoint(path, verify=False) as reader:
        assert (
            reader.get_tensor("w", (..., slice(1, 3))).tolist()
            == np.reshape(np.float32([2, 3]), (*(1,) * (rank - 1), 2)).tolist()
        )


def test_part_of_a_tensor_of_more_dimensions_than_numpy_has(tmp_path: Path) -> None:
    path = forged(tmp_path, {b"w": Entry(1, (1,) * 100, 0, 0, 4)}, bytes(4))
    with tfckpt.load_checkpoint(path, verify=False) as reader:
        for index in (..., (..., slice(0, 1)), 0):
            with pytest.raises(UnimplementedError, match="numpy has no array"):
                reader.get_tensor("w", index)


# Objects


def test_a_damaged_object_graph_is_said_by_a_savers_restore(tmp_path: Path) -> None:
    path = str(tmp_path / "m")
    with tfckpt.BundleWriter(path) as writer:
        writer.add(OBJECT_GRAPH, b"\xff\xff")
        writer.add("w", np.ones(2))
    with pytest.raises(DataLossError, match="TrackableObjectGraph"):
        tfckpt.Saver().restore({"v": np.zeros(2)}, path)


def test_a_tree_with_a_child_that_only_a_slot_leads_to(tmp_path: Path) -> None:
    graph = chain(1)
    graph.nodes.add()
    graph.nodes.add()
    graph.nodes[1].slot_variables.add(
        slot_name="m", original_variable_node_id=1, slot_variable_node_id=2
    )
    graph.nodes[2].children.add(node_id=3, local_name="beyond")
    assert run("tree", str(objects(tmp_path, graph)))[0] == 0


# Graphs


@pytest.mark.parametrize("text", ["x:" + "9" * 5000, "x:" + "0" * 5000])
def test_very_long_numbers_of_outputs_are_no_numbers(text: str) -> None:
    graph_def = GraphDef()
    graph_def.node.add(name="x", op="NoOp")
    graph_def.node.add(name="y", op="Identity", input=[text])
    with tfckpt.Graph().as_default(), pytest.raises(CheckpointError):
        tfckpt.import_graph_def(graph_def)


@pytest.mark.parametrize("device", ["/task:" + "9" * 5000, "/cpu:²", "/job:a/task:٣"])
def test_strange_devices_are_kept(device: str) -> None:
    graph_def = GraphDef()
    graph_def.node.add(name="x", op="NoOp", device=device)
    with tfckpt.Graph().as_default() as graph:
        tfckpt.import_graph_def(graph_def, name="")
    assert graph.get_operation_by_name("x").device


@pytest.mark.parametrize("name", ["m-" + "0" * 5000 + "-of-00002", "m-00000-of-" + "9" * 5000])
def test_very_long_numbers_of_shards_are_no_numbers(name: str, tmp_path: Path) -> None:
    assert not tfckpt.checkpoint_exists(str(tmp_path / name))
    with pytest.raises(FileNotFoundError):
        tfckpt.load_checkpoint(tmp_path / name)


def test_types_that_are_none_are_named_in_freezing() -> None:
    graph = tfckpt.Graph()
    w = graph.create_op("VarHandleOp", name="w", attrs={"dtype": np.float32, "shape": (2,)})
    graph.create_op("VariableShape", w.outputs, name="y", attrs={"out_type": np.int32})
    graph_def = graph.as_graph_def()
    for attr, node in (("out_type", 1), ("dtype", 0)):
        bad = GraphDef()
        bad.CopyFrom(graph_def)
        bad.node[node].attr[attr].type = 125
        with pytest.raises(CheckpointError, match="names no type"):
            tfckpt.convert_variables_to_constants({"w": np.zeros(2, np.float32)}, bad, ["y"])


def test_a_saver_of_a_file_without_its_operations(tmp_path: Path) -> None:
    meta_graph = MetaGraphDef()
    meta_graph.graph_def.node.add(name="x", op="NoOp")
    meta_graph.saver_def.save_tensor_name = "x:0"
    with tfckpt.Graph().as_default(), pytest.raises(CheckpointError, match="restore_op_name"):
        tfckpt.import_meta_graph(meta_graph)


# What the system refuses


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    plain(1)(tmp_path, 1)
    (tmp_path / "m.index").chmod(0)
    with pytest.raises(CheckpointError, match="Permission denied"):
        tfckpt.load_checkpoint(tmp_path / "m")


def test_a_folder_in_place_of_a_graph(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="folder") as caught:
        tfckpt.read_graph_def(tmp_path)
    assert isinstance(caught.value, CheckpointError)


# Commands


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def run_alone(*arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tfckpt", *arguments],
        capture_output=True,
        env={**os.environ, **environment},
    )
    out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    assert "Traceback" not in err, err
    return done.returncode, out, err


@pytest.mark.parametrize("part", ["::0", "1:2:3:4", "x", "9", "0,0,0", ""])
def test_a_slice_that_is_none(part: str, tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": np.ones(3)})
    code, _, said = run("show", path, "w", "--slice", part)
    assert (code != 0) == bool(part)
    assert len(said.splitlines()) <= 4


TWO_PATHS = ("show", "convert", "diff", "edit", "average", "merge", "suggest")


@pytest.mark.parametrize("command", sorted({*cli.list_commands(None)} - {"completion"}))  # type: ignore[arg-type]
@pytest.mark.parametrize("path", ["", "/nowhere", "."])
def test_paths_that_lead_nowhere(
    command: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, said = run(command, path, *(["w"] if command in TWO_PATHS else []))
    if (command, path) == ("info", "."):  # a folder is something, too
        assert (code, out) == (0, ".: a folder without checkpoints, with 0 files\n")
        return
    assert code in (1, 2)
    diagnosis = (command, path) == ("doctor", ".") and "no checkpoint here" in out
    assert said.strip() or diagnosis
    assert list(tmp_path.iterdir()) == []


def test_two_init_ops(tmp_path: Path) -> None:
    meta_graph = MetaGraphDef()
    meta_graph.collection_def["legacy_init_op"].node_list.value.extend(["a", "b"])
    model = SavedModel(saved_model_schema_version=1, meta_graphs=[meta_graph])
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    code, _, said = run("saved-model", str(tmp_path))
    assert code == 1
    assert "Found 2" in said


NAMES = ["\udc80bad", "é漢字", "a\x1b[31mred", "a\u202ebc", ":fire:", "[bold]x[/bold]", "a\nb"]


@pytest.mark.parametrize("command", ["ls", "tree", "show"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_of_any_letters_are_shown_and_do_nothing(
    command: str, encoding: str, tmp_path: Path
) -> None:
    path = tfckpt.save(tmp_path / "m", {name: np.float32(1) for name in NAMES})
    for name in NAMES[:3] if command == "show" else [""]:
        arguments = [path] if not name else [path, name]
        code, out, said = run_alone(command, *arguments, PYTHONIOENCODING=encoding)
        assert code == 0, said
        assert "\x1b" not in out
        assert "\u202e" not in out
        for text in [":fire:", "[bold]x["] if not name else []:
            assert text in out
        if not name:
            assert ("é漢字" in out) == (encoding == "utf-8")


def test_errors_do_nothing_either(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": np.ones(3)})
    code, _, said = run("show", path, "a\x1b[31mred")
    assert code == 1
    assert "\x1b" not in said
