"""salvage where the index is gone: another checkpoint or a graph says what lies where.

Values come out only where a checksum of another copy confirms them, or marked when asked for.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt.errors import DataLossError, FileMissingError

DATA = ".data-00000-of-00001"
SETTINGS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


def first_save() -> dict[str, Any]:
    return {
        "a/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
        "embedding": np.linspace(0, 1, 40),
        "names": np.array([b"one", b"two"], object),
        "step": np.int64(1),
        "zeros": np.zeros(7),
    }


def second_save() -> dict[str, Any]:
    """The same run later: the embedding is frozen, and the zeros have not moved."""
    changed = {
        "a/kernel": np.full((3, 4), 0.5, np.float32) + np.eye(3, 4, dtype=np.float32),
        "names": np.array([b"three and more", b""], object),
        "step": np.int64(2),
    }
    return first_save() | changed


def run(folder: Path) -> Path:
    """Save twice, and lose the index of the second."""
    tfckpt.save(folder / "m-1", first_save())
    tfckpt.save(folder / "m-2", second_save())
    os.remove(folder / "m-2.index")
    return folder / "m-2"


def same(found: Any, expected: Any) -> bool:
    found, expected = np.asarray(found), np.asarray(expected)
    if found.dtype == object:
        return bool(found.shape == expected.shape and found.tolist() == expected.tolist())
    return found.dtype == expected.dtype and found.tobytes() == expected.tobytes()


def check_marked(report: tfckpt.SalvageReport, values: dict[str, Any]) -> None:
    assert set(report.tensors) == set(values)
    assert set(report.unconfirmed) == set(values) - set(report.intact)
    assert all(same(report.tensors[name], value) for name, value in values.items())


def test_what_a_copy_confirms_comes_out_and_the_rest_only_when_asked_for(tmp_path: Path) -> None:
    prefix = run(tmp_path)
    report = tfckpt.salvage(prefix)
    # Zeros lie among zeros, and look alike wherever a wrong layout would put them.
    assert report.intact == ("embedding",)
    assert {one.tensor for one in report.lost} == {"a/kernel", "names", "step", "zeros"}
    assert all("no checksum confirms that" in one.reason for one in report.lost)
    assert same(report.tensors["embedding"], first_save()["embedding"])
    assert f"by the layout of {tmp_path / 'm-1'}" in str(report.notes[0])
    check_marked(tfckpt.salvage(prefix, unconfirmed=True), second_save())


def test_it_is_written_and_read_as_any_checkpoint(tmp_path: Path) -> None:
    prefix = run(tmp_path)
    tfckpt.salvage(prefix, tmp_path / "out", unconfirmed=True)
    loaded = tfckpt.load(tmp_path / "out")
    assert all(same(loaded[name], value) for name, value in second_save().items())


def test_a_copy_of_all_of_it_confirms_all_of_it(tmp_path: Path) -> None:
    values = second_save()
    tfckpt.save(tmp_path / "m-2", values)
    tfckpt.save(tmp_path / "backup" / "m", values)
    os.remove(tmp_path / "m-2.index")
    report = tfckpt.salvage(tmp_path / "m-2", like=tmp_path / "backup/m")
    assert set(report.intact) == set(values)
    assert (report.ok, report.unconfirmed) == (True, {})
    assert all(same(report.tensors[name], value) for name, value in values.items())


def test_each_of_several_checkpoints_confirms_what_it_has(tmp_path: Path) -> None:
    run(tmp_path)
    tfckpt.save(tmp_path / "m-3", first_save() | {"a/kernel": second_save()["a/kernel"]})
    assert tfckpt.salvage(tmp_path / "m-2").intact == ("a/kernel", "embedding")


@pytest.mark.parametrize("change", ["longer", "shorter", "empty"])
def test_a_data_file_of_another_size_is_refused(change: str, tmp_path: Path) -> None:
    prefix = run(tmp_path)
    path = Path(f"{prefix}{DATA}")
    whole = path.read_bytes()
    path.write_bytes({"longer": whole + b"x", "shorter": whole[:-1], "empty": b""}[change])
    with pytest.raises(DataLossError, match="no layout that is known") as caught:
        tfckpt.salvage(prefix, unconfirmed=True)
    if change != "empty":
        message = f"has {len(whole):,} bytes, and it has {path.stat().st_size:,}"
        assert message in str(caught.value)


def test_a_checkpoint_of_another_program_is_refused(tmp_path: Path) -> None:
    prefix = run(tmp_path)
    tfckpt.save(tmp_path / "other/m", {"w": np.ones(3)})
    with pytest.raises(DataLossError, match="has 24 bytes, and it has"):
        tfckpt.salvage(prefix, like=tmp_path / "other/m")


def test_with_nothing_beside_it_the_error_says_what_would_help(tmp_path: Path) -> None:
    prefix = run(tmp_path)
    os.remove(tmp_path / "m-1.index")
    with pytest.raises(FileMissingError, match="another checkpoint of the run does") as caught:
        tfckpt.salvage(prefix)
    assert "like=" in str(caught.value)


def test_an_index_that_is_a_web_page_counts_as_none(tmp_path: Path) -> None:
    prefix = run(tmp_path)
    Path(f"{prefix}.index").write_text("<!DOCTYPE html><html>404</html>")
    assert tfckpt.salvage(prefix).intact == ("embedding",)


def test_an_index_that_is_there_is_believed_and_like_said_to_be_idle(tmp_path: Path) -> None:
    run(tmp_path)
    report = tfckpt.salvage(tmp_path / "m-1", like=tmp_path / "m-2.meta")
    assert set(report.intact) == set(first_save())
    assert "was not asked" in str(report.notes[0])


def test_layouts_that_both_fit_are_named(tmp_path: Path) -> None:
    values = {"a": np.arange(4.0), "b": np.arange(2.0)}
    tfckpt.save(tmp_path / "m-1", values)
    tfckpt.save(tmp_path / "m-2", {"a": np.arange(2.0), "b": np.arange(4.0)})
    tfckpt.save(tmp_path / "m-3", values)
    os.remove(tmp_path / "m-3.index")
    report = tfckpt.salvage(tmp_path / "m-3", like=None)
    assert "another, and fits as well" in str(report.notes[1])
    assert all(same(report.tensors[name], values[name]) for name in report.intact)


def test_bytes_that_fit_by_chance_confirm_nothing(tmp_path: Path) -> None:
    """Under the layout of another program zeros are found where other zeros lie."""
    tfckpt.save(tmp_path / "m-1", {"a": np.zeros(4), "b": np.arange(1.0, 5.0)})
    tfckpt.save(tmp_path / "m-2", {"a": np.arange(4.0), "zz": np.zeros(4)})
    tfckpt.save(tmp_path / "m-3", {"x": np.zeros(4), "y": np.full(4, 7.0)})
    os.remove(tmp_path / "m-3.index")
    assert tfckpt.salvage(tmp_path / "m-3").intact == ()


def test_each_data_file_stands_for_itself(tmp_path: Path) -> None:
    first = {f"w{number}": np.arange(100.0) * number for number in range(6)}
    later = {name: value + (name == "w5") for name, value in first.items()}
    tfckpt.save(tmp_path / "m-1", first, num_shards=3)
    prefix = tfckpt.save(tmp_path / "m-2", later, num_shards=3)
    with tfckpt.BundleReader(prefix) as reader:
        homes = {name: reader.entry(name).shard_id for name in later}
    os.remove(f"{prefix}.index")
    gone, cut = (f"{prefix}.data-{number:05d}-of-00003" for number in (0, 1))
    os.remove(gone)
    with open(cut, "r+b") as file:
        file.truncate(1500)
    report = tfckpt.salvage(prefix, unconfirmed=True)
    assert {*report.tensors} == {name for name, home in homes.items() if home == 2}
    assert all(same(report.tensors[name], later[name]) for name in report.tensors)
    reasons = {one.tensor: one.reason for one in report.lost}
    assert all("is missing" in reasons[name] for name, home in homes.items() if home == 0)
    assert all("and it has 1,500" in reasons[name] for name, home in homes.items() if home == 1)


def test_partitioned_tensors_lie_where_those_of_the_other_do(tmp_path: Path) -> None:
    table = np.arange(24, dtype=np.float32).reshape(8, 3)
    for step in (1, 2):
        with tfckpt.BundleWriter(tmp_path / f"m-{step}") as bundle:
            bundle.add("other", np.arange(3.0) * step)
            for start in (0, 2, 4, 6):
                rows = table[start : start + 2] * (step if start == 4 else 1)
                bundle.add_slice("table", (8, 3), [(start, 2), (0, -1)], rows)
    os.remove(tmp_path / "m-2.index")
    expected = table.copy()
    expected[4:6] *= 2
    assert tfckpt.salvage(tmp_path / "m-2").intact == ()
    report = tfckpt.salvage(tmp_path / "m-2", unconfirmed=True)
    check_marked(report, {"other": np.arange(3.0) * 2, "table": expected})


def test_big_endian_checkpoints_keep_their_order(golden: Path, tmp_path: Path) -> None:
    for name in ("m-1", "m-2"):
        for path in (golden / "big_endian").glob("all.*"):
            shutil.copy(path, tmp_path / path.name.replace("all", name))
    right = tfckpt.load(tmp_path / "m-1", unreadable="skip")
    os.remove(tmp_path / "m-2.index")
    report = tfckpt.salvage(tmp_path / "m-2")
    assert set(report.intact) == set(right)
    assert all(same(report.tensors[name], value) for name, value in right.items())


# Graphs


def test_the_graph_beside_it_says_names_types_and_shapes(tmp_path: Path) -> None:
    values = {name: value for name, value in second_save().items() if name != "names"}
    prefix = tfckpt.Saver().save(values, tmp_path / "m", global_step=2)
    os.remove(f"{prefix}.index")
    assert tfckpt.salvage(prefix).intact == ()
    check_marked(tfckpt.salvage(prefix, unconfirmed=True), values)


Saved = tuple[str, int, str]


def graph_that_saves(path: Path, *files: list[Saved], merged: list[int] | None = None) -> None:
    """Write a graph with a SaveV2 a data file, each of names, element types and slices."""
    graph = tfckpt.protos.MetaGraphDef()
    add = graph.graph_def.node.add
    graph.saver_def.save_tensor_name = "save/done:0"
    for number, saved in enumerate(files):
        names, types, slices = zip(*saved, strict=True)
        for kind, values in (("names", names), ("slices", slices)):
            tensor = add(name=f"{kind}_{number}", op="Const").attr["value"].tensor
            tensor.string_val.extend(value.encode() for value in values)
            tensor.tensor_shape.dim.add(size=len(values))
        add(name=f"file_{number}", op="ShardedFilename")
        node = add(name=f"save_{number}", op="SaveV2")
        node.input.extend([f"file_{number}", f"names_{number}", f"slices_{number}"])
        node.attr["dtypes"].list.type.extend(types)
        add(name=f"after_{number}", op="Identity").input.extend([f"file_{number}"])
    done = add(name="save/done", op="Identity")
    done.input.extend(["prefix", *(f"^save_{number}" for number in range(len(files)))])
    if merged is not None:
        add(name="pack", op="Pack").input.extend(f"after_{number}" for number in merged)
        add(name="merge", op="MergeV2Checkpoints").input.extend(["pack", "prefix"])
        done.input.append("^merge")
    path.write_bytes(graph.SerializeToString())


def variable(path: Path, **shapes: tuple[int, ...]) -> None:
    """Add to a graph's objects what says the shapes of variables, as a model of TensorFlow 2."""
    graph = tfckpt.protos.MetaGraphDef.FromString(path.read_bytes())
    root = graph.object_graph_def.nodes.add()
    for number, (name, shape) in enumerate(shapes.items(), 1):
        root.children.add(node_id=number, local_name=name)
        proto = graph.object_graph_def.nodes.add().variable
        for size in shape:
            proto.shape.dim.add(size=size)
    path.write_bytes(graph.SerializeToString())


VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
FLOAT, DOUBLE, STRING, INT64 = 1, 2, 7, 9
TABLE = np.arange(24, dtype=np.float32).reshape(8, 3)


def test_a_graph_says_where_the_slices_of_its_tensors_lie(tmp_path: Path) -> None:
    with tfckpt.BundleWriter(tmp_path / "m") as bundle:
        for start in (0, 4):
            bundle.add_slice("table", (8, 3), [(start, 4), (0, -1)], TABLE[start : start + 4])
        bundle.add("whole", TABLE)
    graph_that_saves(
        tmp_path / "m.meta",
        [
            ("table", FLOAT, "8 3 0,4:-"),
            ("table", FLOAT, "8 3 4,4:-"),
            ("whole", FLOAT, "8 3 0,8:0,3"),
        ],
    )
    os.remove(tmp_path / "m.index")
    assert tfckpt.salvage(tmp_path / "m").intact == ()
    check_marked(tfckpt.salvage(tmp_path / "m", unconfirmed=True), {"table": TABLE, "whole": TABLE})


def test_a_graph_says_which_data_file_is_which(tmp_path: Path) -> None:
    """Its files are numbered as they are merged, whichever node is first."""
    with tfckpt.BundleWriter(tmp_path / "m", num_shards=2) as bundle:
        bundle.add_slice("table", (8, 3), [(4, 4), (0, -1)], TABLE[4:], shard=0)
        bundle.add_slice("table", (8, 3), [(0, 4), (0, -1)], TABLE[:4], shard=1)
    files: list[list[Saved]] = [[("table", FLOAT, f"8 3 {start},4:-")] for start in (0, 4)]
    graph_that_saves(tmp_path / "m.meta", *files, merged=[1, 0])
    os.remove(tmp_path / "m.index")
    check_marked(tfckpt.salvage(tmp_path / "m", unconfirmed=True), {"table": TABLE})
    os.remove(tmp_path / "m.data-00000-of-00002")
    report = tfckpt.salvage(tmp_path / "m", unconfirmed=True, fill=-1)
    assert report.lost[0].parts == ("[4:8, :]",)
    assert same(report.tensors["table"], np.vstack([TABLE[:4], np.full((4, 3), -1, "f4")]))


def test_a_graph_does_not_choose_among_the_data_files_of_two_saves(tmp_path: Path) -> None:
    with tfckpt.BundleWriter(tmp_path / "m") as bundle:
        bundle.add_slice("table", (8, 3), [(0, 8), (0, -1)], TABLE)
    graph_that_saves(tmp_path / "m.meta", [("table", FLOAT, "8 3 0,8:-")])
    os.remove(tmp_path / "m.index")
    other = tmp_path / "m.data-00000-of-00002"
    other.write_bytes(b"older")
    with pytest.raises(DataLossError, match=r"those of another, of 2, lie there .* move away"):
        tfckpt.salvage(tmp_path / "m", unconfirmed=True)
    other.unlink()
    check_marked(tfckpt.salvage(tmp_path / "m", unconfirmed=True), {"table": TABLE})


def test_data_files_of_another_save_are_told(tmp_path: Path) -> None:
    run(tmp_path)
    for name in ("m-2.data-00000-of-00002", "m-2.data-00001-of-00002"):
        (tmp_path / name).write_bytes(b"older")
    notes = [str(note) for note in tfckpt.salvage(tmp_path / "m-2").notes]
    assert (
        "another save lie there as well, of sets of 2; these values are from the set of 1"
        in (notes[1])
    )


@pytest.mark.parametrize(
    ("files", "merged", "reason"),
    [
        ([[("a", FLOAT, "8 0,4")]] * 2, None, "does not say in which order"),
        ([[("a", FLOAT, "8 0,4")]] * 2, [0], "does not say in which order"),
        ([[("a", FLOAT, "8 0,9")]], None, "of a: slice 0,9 reaches outside"),
        ([[("a", FLOAT, "8 0,4"), ("a", FLOAT, "9 4,5")]], None, "it saves a twice"),
        ([[("a", FLOAT, "8 0,4"), ("a", FLOAT, "8 0,8")]], None, "it saves a twice"),
        ([], None, "this graph saves none"),
    ],
)
def test_a_graph_that_does_not_say_it_is_refused(
    files: list[list[Saved]], merged: list[int] | None, reason: str, tmp_path: Path
) -> None:
    tfckpt.save(tmp_path / "m", {"a": np.arange(8, dtype=np.float32)})
    graph_that_saves(tmp_path / "m.meta", *files, merged=merged)
    os.remove(tmp_path / "m.index")
    with pytest.raises(DataLossError, match=reason):
        tfckpt.salvage(tmp_path / "m")


def test_names_that_are_no_constant_are_refused(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "m", {"a": np.arange(8, dtype=np.float32)})
    graph_that_saves(tmp_path / "m.meta", [("a", FLOAT, "")])
    graph = tfckpt.protos.MetaGraphDef.FromString((tmp_path / "m.meta").read_bytes())
    graph.graph_def.node[0].op = "Placeholder"
    (tmp_path / "m.meta").write_bytes(graph.SerializeToString())
    os.remove(tmp_path / "m.index")
    with pytest.raises(DataLossError, match="save_0 does not say what it saves"):
        tfckpt.salvage(tmp_path / "m")


def tables(folder: Path, keys: Any, values: Any, *, tail: Any) -> tuple[Path, dict[str, Any]]:
    """Save a lookup table between two variables, and lose the index; its graph knows no lengths."""
    saved = {
        f"a{VALUE}": np.arange(5.0),
        "t/.ATTRIBUTES/table-keys": keys,
        "t/.ATTRIBUTES/table-values": values,
        f"z{VALUE}": tail,
    }
    tfckpt.save(folder / "m", saved)
    kinds = {"f": DOUBLE, "O": STRING, "i": INT64}
    types = [(name, kinds[np.asarray(value).dtype.kind], "") for name, value in saved.items()]
    graph_that_saves(folder / "m.meta", types)
    variable(folder / "m.meta", a=(5,), z=np.shape(tail))
    os.remove(folder / "m.index")
    return folder / "m", saved


WORDS = np.array([b"one", b"", b"three"], object)
IDS = np.array([5, 6, 7])


@pytest.mark.parametrize("values", [IDS, WORDS[::-1]])
def test_the_strings_of_a_lookup_table_say_how_long_it_is(values: Any, tmp_path: Path) -> None:
    prefix, saved = tables(tmp_path, WORDS, values, tail=np.arange(3.0))
    assert tfckpt.salvage(prefix).intact == ()
    check_marked(tfckpt.salvage(prefix, unconfirmed=True), saved)


def test_an_empty_lookup_table_has_no_length(tmp_path: Path) -> None:
    prefix, saved = tables(tmp_path, WORDS[:0], IDS[:0], tail=np.arange(3.0))
    check_marked(tfckpt.salvage(prefix, unconfirmed=True), saved)


@pytest.mark.parametrize(("keys", "values"), [(IDS, IDS * 2), (WORDS, np.arange(6).reshape(3, 2))])
def test_what_lies_around_a_lookup_table_of_unknown_length_is_had(
    keys: Any, values: Any, tmp_path: Path
) -> None:
    prefix, saved = tables(tmp_path, keys, values, tail=np.arange(3.0))
    report = tfckpt.salvage(prefix, unconfirmed=True)
    check_marked(report, {name: saved[name] for name in (f"a{VALUE}", f"z{VALUE}")})
    assert {one.tensor for one in report.lost} == set(saved) - set(report.tensors)
    assert all("does not say how long it is" in one.reason for one in report.lost)


def test_strings_behind_a_lookup_table_of_unknown_length_are_lost(tmp_path: Path) -> None:
    prefix, saved = tables(tmp_path, IDS, IDS, tail=WORDS)
    report = tfckpt.salvage(prefix, unconfirmed=True)
    check_marked(report, {f"a{VALUE}": saved[f"a{VALUE}"]})
    reasons = {one.tensor: one.reason for one in report.lost}
    assert (
        "how long t/.ATTRIBUTES/table-keys is, and so not where this lies" in reasons[f"z{VALUE}"]
    )


def test_a_file_too_short_for_what_lies_around_a_lookup_table_is_refused(tmp_path: Path) -> None:
    prefix, _ = tables(tmp_path, IDS[:0], IDS[:0], tail=np.arange(3.0))
    with open(f"{prefix}{DATA}", "r+b") as file:
        file.truncate(60)
    with pytest.raises(DataLossError, match="has 64 bytes and more, and it has 60"):
        tfckpt.salvage(prefix)


def test_a_copy_confirms_what_lies_behind_a_lookup_table(tmp_path: Path) -> None:
    """The other checkpoint had fewer words: its layout fits no more, its checksums do."""
    tables(tmp_path, WORDS[:1], IDS[:1], tail=np.arange(3.0))
    prefix, saved = tables(tmp_path, WORDS, IDS, tail=np.arange(3.0))
    older = saved | {
        "t/.ATTRIBUTES/table-keys": WORDS[:1],
        "t/.ATTRIBUTES/table-values": IDS[:1],
    }
    tfckpt.save(tmp_path / "older", older)
    assert set(tfckpt.salvage(prefix).intact) == {f"a{VALUE}", f"z{VALUE}"}


def test_a_saved_model_says_it_of_its_variables(golden: Path, tmp_path: Path) -> None:
    shutil.copytree(golden / "saved_model", tmp_path / "model")
    right = tfckpt.load(tmp_path / "model")
    os.remove(tmp_path / "model/variables/variables.index")
    check_marked(tfckpt.salvage(tmp_path / "model", unconfirmed=True), right)


def test_an_older_saved_model_says_it_too(tmp_path: Path) -> None:
    values = {"w": np.arange(6.0).reshape(2, 3), "b": np.ones(3, np.float32)}
    builder = tfckpt.saved_model.Builder(tmp_path / "model")
    builder.add_meta_graph_and_variables(values, ["serve"])
    builder.save()
    os.remove(tmp_path / "model/variables/variables.index")
    check_marked(tfckpt.salvage(tmp_path / "model", unconfirmed=True), values)


# Anything


KINDS = [np.dtype(kind) for kind in ("f4", "f8", "i8", "u1", "bool", "c8", "f2")]
arrays = st.one_of(
    hnp.arrays(st.sampled_from(KINDS), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)),
    hnp.arrays(object, hnp.array_shapes(max_dims=1, max_side=4), elements=st.binary(max_size=200)),
)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)


@SETTINGS
@given(st.dictionaries(names, arrays, min_size=1, max_size=8), st.data())
def test_no_value_is_ever_wrong(
    tmp_path: Path, values: dict[str, Any], data: st.DataObject
) -> None:
    """The other checkpoint has some tensors as they are, some changed, some longer, some not."""
    other: dict[str, Any] = {}
    same_layout = True
    for name, value in values.items():
        change = data.draw(st.sampled_from(["none", "none", "values", "values", "shape", "gone"]))
        fill = b"*" if value.dtype == object else 1
        if change == "values":
            other[name] = np.full(value.shape, fill, value.dtype)
        elif change == "shape":
            other[name] = np.full((3, *value.shape), fill, value.dtype)
        elif change == "none":
            other[name] = value
        same_layout &= change in ("none", "values")
    assume(other)
    with_strings = any(value.dtype == object for value in values.values())
    folder = tmp_path / "run"
    shutil.rmtree(folder, ignore_errors=True)
    tfckpt.save(folder / "m-1", other)
    tfckpt.save(folder / "m-2", values)
    os.remove(folder / "m-2.index")
    try:
        report = tfckpt.salvage(folder / "m-2")
    except DataLossError:
        assert not same_layout
        return
    assert all(same(report.tensors[name], values[name]) for name in report.intact)
    if same_layout:
        check_marked(tfckpt.salvage(folder / "m-2", unconfirmed=True), values)
        held = {name for name in values if same(other[name], values[name])}
        assert with_strings or set(report.intact) <= held
