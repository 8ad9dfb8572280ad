"""Converting keeps every value, checks what it wrote, and overwrites nothing unasked."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.bundle.reader import BundleReader
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError
from tfckpt.protos import SavedModel, TrackableObjectGraph
from tfckpt.v1.reader import V1Reader

GOLDEN = Path(__file__).parent / "golden" / "v1"
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
STATE = "layer/.ATTRIBUTES/OBJECT_CONFIG_JSON"


def values(path: Path | str) -> dict[str, Any]:
    return {
        name: (value.dtype, value.shape, value.tolist())
        for name, value in tfckpt.load(path).items()
    }


@pytest.mark.parametrize("name", ["all", "sliced", "snappy", "sharded-?????-of-00002"])
def test_there_and_back(name: str, tmp_path: Path) -> None:
    v2 = tfckpt.convert_checkpoint(GOLDEN / name, tmp_path / "new")
    v1 = tfckpt.convert_checkpoint(v2, tmp_path / "old", to="v1")

    assert (tmp_path / "new.index").exists()
    assert values(GOLDEN / name) == values(v2) == values(v1)
    if name == "all":  # nothing is partitioned there
        assert (GOLDEN / name).read_bytes() == (tmp_path / "old").read_bytes()


def test_progress_covers_writing_and_checking(tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    prefix = tfckpt.save(tmp_path / "a", {"x": np.zeros(10), "y": np.zeros(5)})

    tfckpt.convert_checkpoint(
        prefix, tmp_path / "b", to="v1", progress=lambda *call: calls.append(call)
    )

    assert calls == [(80, 240, "x"), (120, 240, "y"), (200, 240, "x"), (240, 240, "y")]


@pytest.mark.parametrize("options", [{}, {"fsync": False}], ids=str)
def test_what_is_converted_is_on_the_disk_unless_that_may_wait(
    options: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tfckpt.save(tmp_path / "m", {"w": [1.0]})
    flushed: list[int] = []
    for name in ("fsync", "fdatasync"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, flushed.append)
    for to in ("v1", "v2"):
        tfckpt.convert_checkpoint(source, tmp_path / to, to, **options)
        assert bool(flushed) == (not options)
        flushed.clear()


@pytest.mark.parametrize("to", ["v1", "v2"])
def test_nothing_is_overwritten_unasked(to: str, tmp_path: Path) -> None:
    source = tfckpt.save(tmp_path / "a", {"x": 1})
    for there in ("v1", "v2"):
        target = tmp_path / f"{there}-there"
        before = tfckpt.convert_checkpoint(tfckpt.save(tmp_path / "b", {"x": 2}), target, to=there)
        with pytest.raises(FileExistsError, match="there is a checkpoint already"):
            tfckpt.convert_checkpoint(source, target, to=to)
        assert tfckpt.load(before)["x"] == 2

        tfckpt.convert_checkpoint(source, target, to=to, overwrite=True)
        assert tfckpt.load(before)["x"] == 1


def test_a_v1_file_can_be_converted_beside_itself(tmp_path: Path) -> None:
    with tfckpt.V1Writer(tmp_path / "m") as writer:
        writer.add("x", 1)

    tfckpt.convert_checkpoint(tmp_path / "m", tmp_path / "m")

    assert sorted(os.listdir(tmp_path)) == ["m", "m.data-00000-of-00001", "m.index"]
    with pytest.raises(InvalidArgumentError, match="choose another prefix"):
        tfckpt.convert_checkpoint(tmp_path / "m", tmp_path / "m", to="v1", overwrite=True)
    with pytest.raises(InvalidArgumentError, match="is a v2 checkpoint already"):
        tfckpt.convert_checkpoint(tmp_path / "m", tmp_path / "m", overwrite=True)


def test_types_that_v1_lacks_are_all_named_first(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "a", {"x": 1, "y": np.uint32(1), "z": np.uint64(1)})

    with pytest.raises(InvalidArgumentError, match=r"y \(uint32\), z \(uint64\).*drop=.*cast="):
        tfckpt.convert_checkpoint(prefix, tmp_path / "b", to="v1")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("to", ["v1", "v2"])
def test_a_tensor_without_a_name_has_no_place_in_a_checkpoint(to: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"": np.ones(2), "a": np.ones(2)})  # zip takes such names
    with pytest.raises(InvalidArgumentError, match="name cannot be empty"):
        tfckpt.convert_checkpoint(tmp_path / "w.npz", tmp_path / "m", to)
    assert os.listdir(tmp_path) == ["w.npz"]


def test_a_damaged_source_leaves_nothing(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "a", {"x": np.arange(9)})
    with open(prefix + ".data-00000-of-00001", "r+b") as file:
        file.write(b"damage")

    with pytest.raises(DataLossError):
        tfckpt.convert_checkpoint(prefix, tmp_path / "b", to="v1")
    assert sorted(os.listdir(tmp_path)) == ["a.data-00000-of-00001", "a.index"]


def test_what_was_written_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = tfckpt.save(tmp_path / "a", {"x": np.arange(9)})
    read = V1Reader.read
    monkeypatch.setattr(V1Reader, "read", lambda *args: read(*args) + 1)

    with pytest.raises(DataLossError, match="differs from the source"):
        tfckpt.convert_checkpoint(prefix, tmp_path / "b", to="v1")


def test_the_source_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = tfckpt.save(tmp_path / "a", {"x": np.arange(9), "y": np.array([b"s", b""])})
    asked: list[str] = []
    read = BundleReader.read

    def noted(reader: BundleReader, name: str, *index: Any) -> Any:
        asked.append(name)
        return read(reader, name, *index)

    monkeypatch.setattr(BundleReader, "read", noted)

    tfckpt.convert_checkpoint(prefix, tmp_path / "b", to="v1")

    assert asked == ["x", "y"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"to": "v3"}, ValueError),
        ({"dst": "b-?????-of-00002"}, ValueError),
        ({"src": "nothing"}, FileMissingError),
        ({"dst": "folder/"}, ValueError),
    ],
)
def test_misuse(
    arguments: dict[str, Any], error: type[Exception], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    tfckpt.save("a", {"x": 1})
    with pytest.raises(error):
        tfckpt.convert_checkpoint(**{"src": "a", "dst": "b", **arguments})


def run(*arguments: object) -> Any:
    testing = pytest.importorskip("click.testing")
    pytest.importorskip("rich")
    from tfckpt.cli.convert import convert_command

    return testing.CliRunner().invoke(convert_command, [str(one) for one in arguments])


def test_the_command(tmp_path: Path) -> None:
    done = run(GOLDEN / "all", tmp_path / "m")
    assert (0, f"{tmp_path / 'm'}: 41 of 41 tensors written as v2, and checked") == (
        done.exit_code,
        done.output.strip(),
    )

    again = run(GOLDEN / "sliced", tmp_path / "m", "--to", "v1")
    assert again.exit_code == 1
    assert "--force replaces it" in again.output
    assert values(GOLDEN / "all") == values(tmp_path / "m")

    forced = run(GOLDEN / "sliced", tmp_path / "m", "--to", "v1", "--force")
    assert forced.exit_code == 0
    assert os.listdir(tmp_path) == ["m"]
    assert values(GOLDEN / "sliced") == values(tmp_path / "m")


def test_names_of_objects_become_full_names_and_back(tmp_path: Path) -> None:
    objects = tfckpt.to_object_based(
        {"w": np.arange(3), "b": np.zeros(2)}, {"w": "layer/kernel", "b": "layer/bias"}
    )
    src = tfckpt.save(tmp_path / "objects", objects)
    testing = pytest.importorskip("click.testing")
    from tfckpt.cli.convert import convert_command

    run = testing.CliRunner().invoke

    done = run(convert_command, [src, str(tmp_path / "names"), "--by-name"])
    assert done.exit_code == 0, done.output
    assert {name: value.tolist() for name, value in tfckpt.load(tmp_path / "names").items()} == {
        "b": [0, 0],
        "w": [0, 1, 2],
    }

    tfckpt.save(tmp_path / "new", {"w": np.array([7, 8, 9]), "b": np.ones(2)})
    back = [str(tmp_path / "new"), str(tmp_path / "again"), "--like", src]
    assert run(convert_command, back).exit_code == 0
    again = tfckpt.load(tmp_path / "again")
    assert again["layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"].tolist() == [7, 8, 9]

    refused = run(convert_command, back)
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert run(convert_command, [*back, "--by-name"]).exit_code == 2


def test_a_folder_is_no_prefix(tmp_path: Path) -> None:
    source = tfckpt.save(tmp_path / "m-7", {"x": 1})
    folder = tmp_path / "folder"
    folder.mkdir()
    for convert in (
        lambda: tfckpt.convert_checkpoint(source, folder),
        lambda: tfckpt.convert_checkpoint(GOLDEN / "sharded-?????-of-00002", folder),
        lambda: tfckpt.convert_checkpoint(source, f"{folder}/", "v1"),
    ):
        with pytest.raises(
            InvalidArgumentError, match=r"this is a folder: .* in it, such as"
        ) as at:
            convert()
    assert str(at.value).endswith(f"such as {folder}/m-7")
    refused = run(source, folder)
    assert (refused.exit_code, "m-7" in refused.output) == (1, True)
    assert sorted(os.listdir(tmp_path)) == ["folder", "m-7.data-00000-of-00001", "m-7.index"]
    assert os.listdir(folder) == []

    tfckpt.save(folder, {"x": 2})  # but a checkpoint that stands beside it may be replaced
    assert tfckpt.convert_checkpoint(source, folder, overwrite=True) == str(folder)


# Names. A model: layer/kernel, its slot m of opt, and the totals of two metrics.

KEYS = {
    "layer/kernel" + VALUE: "dense/kernel",
    "layer/kernel/.OPTIMIZER_SLOT/opt/m" + VALUE: "Adam/dense/kernel/m",
    "m0/total" + VALUE: "total",
    "m1/total" + VALUE: "total",
    "m2/total" + VALUE: "total",
    "t" + VALUE: "total_1",
}


def tracked(names: dict[str, str]) -> bytes:
    """The checkpoint's graph of objects, with these full names."""
    kernel, slot, *totals, last = KEYS
    graph = TrackableObjectGraph()
    children = [{"layer": 1, "opt": 2, "m0": 5, "m1": 6, "m2": 7, "t": 11}, {"kernel": 3}, {}, {}]
    children += [{}, {"total": 8}, {"total": 9}, {"total": 10}, {}, {}, {}, {}]
    attributes = {3: kernel, 4: slot, 8: totals[0], 9: totals[1], 10: totals[2], 11: last}
    for number, those in enumerate(children):
        node = graph.nodes.add()
        for name, child in those.items():
            node.children.add(local_name=name, node_id=child)
        if number in attributes:
            key = attributes[number]
            node.attributes.add(
                name="VARIABLE_VALUE", checkpoint_key=key, full_name=names.get(key, "")
            )
    graph.nodes[1].attributes.add(name="OBJECT_CONFIG_JSON", checkpoint_key=STATE)
    graph.nodes[2].slot_variables.add(
        slot_name="m", original_variable_node_id=3, slot_variable_node_id=4
    )
    return graph.SerializeToString()


def model_file() -> SavedModel:
    """A saved_model.pb that knows the names; its objects have other numbers."""
    kernel, slot, *_ = KEYS.values()
    model = SavedModel(saved_model_schema_version=1)
    graph = model.meta_graphs.add().object_graph_def
    children = [
        {"signatures": 1, "opt": 2, "layer": 4, "m0": 6, "m1": 8, "m2": 10, "t": 12},
        *({}, {}, {}, {"kernel": 5}, {}),
        *({"total": 7}, {}, {"total": 9}, {}, {"total": 11}, {}, {}),
    ]
    names = {3: slot, 5: kernel, 7: "total", 9: "total", 11: "total", 12: "total_1"}
    for number, those in enumerate(children):
        node = graph.nodes.add()
        for name, child in those.items():
            node.children.add(local_name=name, node_id=child)
        if number in names:
            node.variable.name = names[number]
        else:
            node.user_object.identifier = "_generic_user_object"
    graph.nodes[2].slot_variables.add(
        slot_name="m", original_variable_node_id=5, slot_variable_node_id=3
    )
    return model


def tensors(names: dict[str, str]) -> dict[str, Any]:
    values = {key: np.float32(number) for number, key in enumerate(KEYS)}
    return {**values, STATE: b"{}", GRAPH: tracked(names)}


@pytest.fixture
def nameless(tmp_path: Path) -> Path:
    """A SavedModel whose checkpoint has no full names."""
    folder = tmp_path / "model"
    tfckpt.save(folder / "variables" / "variables", tensors({}))
    (folder / "saved_model.pb").write_bytes(model_file().SerializeToString())
    return folder


@pytest.fixture
def named(tmp_path: Path) -> str:
    """A checkpoint with full names, some of which repeat."""
    return tfckpt.save(tmp_path / "named", tensors(KEYS))


NUMBERED = {
    "dense/kernel": 0,
    "Adam/dense/kernel/m": 1,
    "total": 2,
    "total_2": 3,  # total_1 is another's
    "total_3": 4,
    "total_1": 5,
}


def test_a_saved_model_knows_the_names_that_its_checkpoint_lacks(
    nameless: Path, tmp_path: Path
) -> None:
    assert tfckpt.to_name_based(nameless, repeated="number") == NUMBERED
    made = tfckpt.convert_naming(nameless, tmp_path / "m", repeated="number")
    assert made == str(tmp_path / "m")
    assert made.summary == "6 of 8 tensors"
    assert made.written["Adam/dense/kernel/m"] == "layer/kernel/.OPTIMIZER_SLOT/opt/m" + VALUE
    assert sorted(made.left_out) == [GRAPH, STATE]
    assert tfckpt.load(made) == NUMBERED


def test_variables_without_a_name_are_an_error_or_come_under_their_paths(nameless: Path) -> None:
    (nameless / "saved_model.pb").unlink()
    variables = nameless / "variables" / "variables"
    with pytest.raises(InvalidArgumentError, match=r"(?s)6 variables have no full name.*nameless="):
        tfckpt.to_name_based(variables)
    assert sorted(tfckpt.to_name_based(variables, nameless="key")) == sorted(
        key.removesuffix(VALUE) for key in KEYS
    )
    with pytest.raises(ValueError, match="nameless is 'error' or 'key', not 'path'"):
        tfckpt.to_name_based(variables, nameless="path")


def test_the_names_of_another_folders_model_are_not_taken(nameless: Path) -> None:
    (nameless / "variables").rename(nameless / "weights")
    with pytest.raises(InvalidArgumentError, match="no full name"):
        tfckpt.to_name_based(nameless / "weights" / "variables")


@pytest.mark.parametrize("where", ["child", "slot"])
def test_a_model_whose_objects_are_not_there_is_damaged(where: str, nameless: Path) -> None:
    model = model_file()
    nodes = model.meta_graphs[0].object_graph_def.nodes
    if where == "child":
        nodes[0].children[0].node_id = 99
    else:
        nodes[2].slot_variables[0].slot_variable_node_id = -1
    (nameless / "saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.raises(DataLossError, match=r"saved_model\.pb.*there are 13"):
        tfckpt.to_name_based(nameless, repeated="number")


def test_names_that_repeat(named: str) -> None:
    everything = r"(?s)repeated='number'.*\n  'total': m0/total[^,]*, m1/total[^,]*, m2/total"
    with pytest.raises(InvalidArgumentError, match=everything):
        tfckpt.to_name_based(named)
    assert tfckpt.to_name_based(named, repeated="number") == NUMBERED
    once = {"dense/kernel": 0, "Adam/dense/kernel/m": 1, "total_1": 5}
    assert tfckpt.to_name_based(named, repeated="first") == {**once, "total": 2}
    paths = {"m0/total": 2, "m1/total": 3, "m2/total": 4}
    assert tfckpt.to_name_based(named, repeated="key") == {**once, **paths}
    with pytest.raises(ValueError, match="repeated is one of 'error', 'number'"):
        tfckpt.to_name_based(named, repeated="last")


def test_a_path_that_is_a_name_too_is_not_guessed(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", tensors({**KEYS, "t" + VALUE: "m1/total"}))
    with pytest.raises(InvalidArgumentError, match=r"'m1/total' is the full name of t/"):
        tfckpt.to_name_based(path, repeated="key")


def test_what_is_left_out_is_said(
    named: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    made = tfckpt.convert_naming(named, tmp_path / "m", repeated="first")
    assert made.summary == "4 of 8 tensors"
    assert set(made.left_out) == {GRAPH, STATE, "m1/total" + VALUE, "m2/total" + VALUE}
    warning, count = (record.getMessage() for record in caplog.records)
    assert warning.startswith(f"{named}: 3 of 8 tensors are left out:\n")
    assert f"m1/total{VALUE}: its name, 'total', is that of m0/total{VALUE} too" in warning
    assert f"{STATE}: no variable" in warning
    assert count == f"{made}: 4 of 8 tensors of {named} written"


def test_nothing_to_write_is_an_error(tmp_path: Path) -> None:
    graph = TrackableObjectGraph()
    graph.nodes.add()
    path = tfckpt.save(tmp_path / "m", {GRAPH: graph.SerializeToString()})
    with pytest.raises(InvalidArgumentError, match="none of its 1 tensors is a variable"):
        tfckpt.convert_naming(path, tmp_path / "n")
    assert not (tmp_path / "n.index").exists()


def test_what_no_object_takes_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    like = tfckpt.save(tmp_path / "objects", tfckpt.to_object_based({"w": 1}, {"w": "layer/w"}))
    source = tfckpt.save(tmp_path / "names", {"w": 2, "global_step": 7})

    made = tfckpt.convert_naming(source, tmp_path / "m", like)

    assert made.written == {"layer/w" + VALUE: "w"}
    assert list(made.left_out) == ["global_step"]
    assert "1 of 2 tensors are left out:\n  global_step: the objects of" in caplog.text


def test_the_command_by_name(nameless: Path, tmp_path: Path) -> None:
    refused = run(nameless, tmp_path / "m", "--by-name")
    assert refused.exit_code == 1
    assert "--repeated number" in refused.output
    done = run(nameless, tmp_path / "m", "--by-name", "--repeated", "number")
    assert done.exit_code == 0
    assert f"{tmp_path / 'm'}: 6 of 8 tensors written as v2, by name, and checked" in done.output
    assert f"left out: {STATE}, {GRAPH}" in done.output.replace(
        f"{GRAPH}, {STATE}", f"{STATE}, {GRAPH}"
    )
    assert tfckpt.load(tmp_path / "m") == NUMBERED
    (nameless / "saved_model.pb").unlink()
    again = (nameless / "variables" / "variables", tmp_path / "m", "--force", "--by-name")
    assert "--nameless key" in run(*again).output
    assert run(*again, "--nameless", "key").exit_code == 0
    for wrong in (
        ("--repeated", "number"),
        ("--like", "a", "--skip-unreadable"),
        ("--like", "a", "--to", "v1"),
    ):
        assert run(nameless, tmp_path / "n", *wrong).exit_code == 2


def test_what_was_converted_is_a_prefix(named: str, tmp_path: Path) -> None:
    made = tfckpt.convert_checkpoint(named, tmp_path / "m")
    again = pickle.loads(pickle.dumps(made))
    assert (again, again.written, again.left_out) == (made, made.written, {})
    assert made + ".index" == str(tmp_path / "m.index")
