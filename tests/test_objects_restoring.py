"""Restoring: what is added later, who wins, roots, full names, and what is said at the end."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import (
    FailedPreconditionError,
    FileMissingError,
    InvalidArgumentError,
    NotFoundError,
)

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def zeros() -> np.ndarray:
    return np.zeros(2, np.float32)


def full(number: float) -> np.ndarray:
    return np.full(2, number, np.float32)


def said_of(path: str, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was logged of a checkpoint, after all that is unused has gone."""
    gc.collect()
    return [one for one in caplog.records if path in one.getMessage()]


def keys(path: str) -> list[str]:
    names = [name for name, _ in tfckpt.list_variables(path)]
    return [name.removesuffix(VALUE) for name in names if name.endswith(VALUE)]


# What is added later


def test_an_attribute_gets_its_value_when_it_is_set(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=full(3), net={"v": full(4)}).save(prefix)
    checkpoint = tfckpt.Checkpoint()
    status = checkpoint.restore(path)
    assert status.unused == ["w" + VALUE, "net/v" + VALUE]
    checkpoint.w = zeros()
    assert checkpoint.w.tolist() == [3, 3]
    assert status.unused == ["net/v" + VALUE]
    checkpoint.net = {"v": zeros()}
    assert checkpoint.net["v"].tolist() == [4, 4]
    assert status.assert_consumed().restored == [
        f"{one}{VALUE}" for one in ("net/v", "save_counter", "w")
    ]


@pytest.mark.parametrize(
    "ask",
    [
        lambda checkpoint, status: status.assert_existing_objects_matched(),
        lambda checkpoint, status: status.expect_partial(),
        lambda checkpoint, status: status.run_restore_ops(),
        lambda checkpoint, status: status.initialize_or_restore(session=None),
        lambda checkpoint, status: status.unused,
        lambda checkpoint, status: checkpoint.save_counter,
    ],
    ids=["matched", "partial", "run", "initialize", "unused", "counter"],
)
def test_what_comes_into_a_dict_gets_its_value_when_the_status_is_asked(
    ask: Any, prefix: Path
) -> None:
    path = tfckpt.Checkpoint(net={"layers": [full(1), full(2)]}).save(prefix)
    checkpoint = tfckpt.Checkpoint(net={"layers": []})
    status = checkpoint.read(path)
    checkpoint.net["layers"] += [zeros(), zeros()]
    assert checkpoint.net["layers"][1].tolist() == [0, 0]
    ask(checkpoint, status)
    assert [one.tolist() for one in checkpoint.net["layers"]] == [[1, 1], [2, 2]]


def test_what_is_saved_has_got_its_value_before(tmp_path: Path) -> None:
    path = tfckpt.Checkpoint(net={"v": full(7)}).write(tmp_path / "old")
    inner = tfckpt.Checkpoint(net={})
    inner.read(path)
    inner.net["v"] = zeros()
    new = tfckpt.Checkpoint(part=inner).write(tmp_path / "new")
    assert tfckpt.load_object_tree(new)["part"]["net"]["v"].tolist() == [7, 7]


def test_a_counter_that_waits_is_counted_on(tmp_path: Path) -> None:
    old = tfckpt.Checkpoint(w=zeros())
    old.save_counter = 6
    path = old.save(tmp_path / "m")
    checkpoint = tfckpt.Checkpoint(w=zeros())
    checkpoint.read(path)
    assert checkpoint.save(tmp_path / "m") == str(tmp_path / "m-8")


def test_a_value_is_given_once(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=full(3), x=full(4)).write(prefix)
    checkpoint = tfckpt.Checkpoint()
    status = checkpoint.read(path)
    checkpoint.w = zeros()
    checkpoint.w = full(9)
    del checkpoint.w
    checkpoint.w = zeros()
    status.expect_partial()
    assert checkpoint.w.tolist() == [0, 0]


def test_values_without_elements_are_replaced_when_they_come(prefix: Path) -> None:
    path = tfckpt.Checkpoint(step=np.int64(5), pair=(1.5, "text")).write(prefix)
    checkpoint = tfckpt.Checkpoint()
    status = checkpoint.read(path)
    checkpoint.step = 0
    checkpoint.pair = (0.0, "")
    assert (checkpoint.step, checkpoint.pair) == (5, (1.5, "text"))
    checkpoint.step += 1
    status.assert_consumed()
    assert checkpoint.step == 6


def test_a_checkpoint_within_another_hears_of_what_waits(prefix: Path) -> None:
    path = tfckpt.Checkpoint(inner=tfckpt.Checkpoint(w=full(2))).write(prefix)
    inner = tfckpt.Checkpoint()
    outer = tfckpt.Checkpoint(inner=inner)
    outer.read(path)
    inner.w = zeros()
    assert inner.w.tolist() == [2, 2]


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    """A checkpoint with 1 in w and step, and one with 2 in them and 3 in x."""
    first = tfckpt.Checkpoint(w=full(1), step=1, y=full(5)).write(tmp_path / "first")
    return first, tfckpt.Checkpoint(w=full(2), step=2, x=full(3)).write(tmp_path / "second")


def test_the_newest_restore_decides(two: tuple[str, str]) -> None:
    checkpoint = tfckpt.Checkpoint()
    statuses = [checkpoint.read(path) for path in two]
    checkpoint.w, checkpoint.y, checkpoint.step = zeros(), zeros(), 0
    assert (checkpoint.w[0], checkpoint.y[0], checkpoint.step) == (2, 5, 2)
    statuses[0].assert_consumed()
    assert statuses[1].unused == ["x" + VALUE]


@pytest.mark.parametrize("child", [zeros(), {"part": zeros()}], ids=["array", "dict"])
def test_an_older_restore_of_another_tree_overwrites_nothing(child: Any, tmp_path: Path) -> None:
    leaf = child["part"] if isinstance(child, dict) else child
    paths = []
    for number in (1, 2):
        leaf[...] = number
        paths.append(tfckpt.Checkpoint(c=child).write(tmp_path / f"m-{number}"))
    old, new = tfckpt.Checkpoint(), tfckpt.Checkpoint()
    status = old.read(paths[0])
    new.read(paths[1])
    new.c = child
    assert leaf.tolist() == [2, 2]
    old.c = child
    assert leaf.tolist() == [2, 2]
    status.assert_consumed()


def test_many_restores_of_one_structure_do_not_pile_up(tmp_path: Path) -> None:
    writer = tfckpt.Checkpoint(w=zeros(), step=0, net={"v": zeros()})
    checkpoint = tfckpt.Checkpoint(net={})
    statuses = []
    for number in range(5):
        writer.w, writer.step = full(number), number
        statuses.append(checkpoint.read(writer.write(tmp_path / f"m-{number}")))
    assert len(checkpoint._waiting) == 1
    checkpoint.w, checkpoint.step, checkpoint.net["v"] = zeros(), 0, zeros()
    statuses[-1].assert_consumed()
    for status in statuses:
        status.assert_consumed()
        assert (checkpoint.w[0], checkpoint.step) == (4, 4)
    assert not checkpoint._waiting


def test_another_shape_that_comes_later_is_told_once(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=full(1), v=full(2)).write(prefix)
    checkpoint = tfckpt.Checkpoint(v=zeros())
    status = checkpoint.read(path)
    with pytest.raises(InvalidArgumentError, match=r"'w/.*has shape \[2\]"):
        checkpoint.w = np.zeros(3, np.float32)
    assert not hasattr(checkpoint, "w")  # nothing has changed
    checkpoint.w = np.zeros(3, np.float32)
    checkpoint.write(prefix.with_name("other"))
    with pytest.raises(AssertionError, match="w/"):
        status.assert_existing_objects_matched()
    checkpoint.w = zeros()
    status.assert_consumed()
    assert checkpoint.w.tolist() == [1, 1]


def test_a_file_that_was_replaced_gives_nothing(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=full(1), v=full(2)).write(prefix)
    checkpoint = tfckpt.Checkpoint(v=zeros())
    checkpoint.read(path).expect_partial()
    tfckpt.Checkpoint(w=full(1)).write(prefix)
    with pytest.raises(FailedPreconditionError, match="another checkpoint was written here"):
        checkpoint.w = zeros()
    tfckpt.remove_checkpoint(path)
    with pytest.raises(FileMissingError):
        checkpoint.w = zeros()


# What is said at the end


def test_what_nothing_has_taken_is_logged_when_all_is_over(
    prefix: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tfckpt.Checkpoint(w=full(1), v=full(2)).write(prefix)
    for silence in (True, False):
        checkpoint = tfckpt.Checkpoint(v=zeros())
        status = checkpoint.read(path)
        if silence:
            status.expect_partial()
        del checkpoint, status
        assert len(said_of(path, caplog)) == (0 if silence else 1)
    (record,) = said_of(path, caplog)
    assert (record.name, record.levelno) == ("tfckpt", logging.WARNING)
    assert "w" + VALUE in record.getMessage()
    assert "v" + VALUE not in record.getMessage()
    assert "expect_partial()" in record.getMessage()


def test_nothing_is_logged_of_what_failed_or_was_taken_later(
    prefix: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tfckpt.Checkpoint(w=full(1), v=full(2)).write(prefix)
    checkpoint = tfckpt.Checkpoint(v=np.zeros(5))
    with pytest.raises(InvalidArgumentError):
        checkpoint.read(path)
    checkpoint = tfckpt.Checkpoint(v=zeros())
    checkpoint.read(path)
    checkpoint.w = zeros()
    del checkpoint
    assert not said_of(path, caplog)


def test_restoring_none_does_nothing() -> None:
    status = tfckpt.Checkpoint(w=1).restore(None)
    assert status.expect_partial() is status
    assert status.initialize_or_restore() is None
    for name in ("assert_consumed", "assert_nontrivial_match", "run_restore_ops"):
        with pytest.raises(AssertionError, match="No checkpoint specified"):
            getattr(status, name)()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=zeros())
    with pytest.raises(NotFoundError, match="nowhere"):
        checkpoint.restore(tmp_path / "nowhere")
    assert dir(checkpoint).count("save_counter") == 1
    assert "save_counter" not in checkpoint._tree


# Roots


@pytest.mark.parametrize(
    "root",
    [{"a": full(1), "b": [full(2)]}, tfckpt.Checkpoint(a=full(1), b=[full(2)])],
    ids=["dict", "checkpoint"],
)
def test_a_root_has_no_name_in_keys(root: Any, prefix: Path) -> None:
    checkpoint = tfckpt.Checkpoint(root, step=np.int64(3))
    path = checkpoint.save(prefix)
    assert keys(path) == ["a", "b/0", "save_counter", "step"]
    graph = tfckpt.object_graph(path)
    assert [(one.local_name, one.node_id) for one in graph.nodes[0].children] == [
        ("a", 1),
        ("b", 2),
        ("root", 0),
        ("step", 3),
        ("save_counter", 4),
    ]
    assert checkpoint.root is root
    assert checkpoint.step == 3
    fresh = {"a": zeros(), "b": [zeros()]}
    other = tfckpt.Checkpoint(root=fresh, step=0)
    other.restore(path).assert_consumed()
    assert (fresh["a"][0], fresh["b"][0][0], other.step) == (1, 2, 3)
    assert other.save_counter == 1


def test_a_list_may_be_the_root(prefix: Path) -> None:
    path = tfckpt.Checkpoint([full(1), {"x": full(2)}]).write(prefix)
    assert keys(path) == ["0", "1/x"]
    items = [zeros(), {"x": zeros()}]
    tfckpt.Checkpoint(items).read(path).assert_consumed()
    assert (items[0][0], items[1]["x"][0]) == (1, 2)


def test_an_empty_root_may_be_filled_later(prefix: Path) -> None:
    net: dict[str, Any] = {}
    checkpoint = tfckpt.Checkpoint(net)
    net["w"] = full(1)
    assert keys(checkpoint.write(prefix)) == ["w"]


def test_the_counter_of_a_root_that_has_one_is_that(prefix: Path) -> None:
    inner = tfckpt.Checkpoint(w=zeros())
    inner.save(prefix)
    outer = tfckpt.Checkpoint(inner)
    assert outer.save(prefix) == f"{prefix}-2"
    assert inner.save_counter == 2


def test_no_root_and_no_keyword_is_ambiguous(prefix: Path) -> None:
    net, w = {"w": zeros()}, zeros()
    with pytest.raises(ValueError, match=r"keyword argument w if root\.w already exists"):
        tfckpt.Checkpoint(net, w=w)
    same = tfckpt.Checkpoint(net, w=net["w"], step=1)
    for root in (5, zeros(), (zeros(),), "text"):
        with pytest.raises(ValueError, match="expects root to be"):
            tfckpt.Checkpoint(root)
    same.step = 2
    for name in ("other", "root"):
        with pytest.raises(ValueError, match=f"'{name}' would not be saved"):
            setattr(same, name, {})
    assert tfckpt.load_object_tree(same.write(prefix))["step"] == 2
    net["step"] = 4
    with pytest.raises(ValueError, match=r"root\.step already exists"):
        same.write(prefix)


def test_a_number_that_is_the_roots_and_a_keyword_is_restored_as_both(prefix: Path) -> None:
    net = {"step": 3}
    checkpoint = tfckpt.Checkpoint(net, step=net["step"])
    path = tfckpt.Checkpoint({"step": 8}).write(prefix)
    checkpoint.read(path).assert_consumed()
    assert (net["step"], checkpoint.step) == (8, 8)


class Net(dict):  # type: ignore[type-arg]
    """A dict that weak references can lead to."""


def test_a_root_may_be_a_weak_reference(prefix: Path) -> None:
    net = Net(w=full(1))
    checkpoint = tfckpt.Checkpoint(weakref.ref(net), step=1)
    path = checkpoint.write(prefix)
    net["w"][:] = 0
    checkpoint.read(path).assert_consumed()
    assert net["w"].tolist() == [1, 1]
    del net
    with pytest.raises(ReferenceError, match="root of the checkpoint is gone"):
        checkpoint.write(prefix)


# Objects that are shared, in circles, or were read


def test_containers_in_circles_are_what_they_are_above(prefix: Path) -> None:
    net: dict[str, Any] = {"w": zeros(), "items": []}
    net["items"] += [net, (net, net["items"])]
    graph = tfckpt.object_graph(tfckpt.Checkpoint(net=net).write(prefix))
    children = [{one.local_name: one.node_id for one in node.children} for node in graph.nodes]
    assert children == [
        {"net": 1},
        {"w": 2, "items": 3},
        {},
        {"0": 1, "1": 4},
        {"0": 1, "1": 3},
    ]


def test_a_dict_at_two_places_is_two_objects_and_a_checkpoint_one(prefix: Path) -> None:
    shared = {"w": zeros()}
    for child, expected in ((shared, [1, 2]), (tfckpt.Checkpoint(**shared), [1, 1])):
        graph = tfckpt.object_graph(tfckpt.Checkpoint(a=child, b=child).write(prefix))
        assert [one.node_id for one in graph.nodes[0].children] == expected
        assert keys(str(prefix)) == ["a/w"]


@pytest.mark.parametrize("how", ["lazy", "materialized"])
def test_a_tree_that_was_read_is_written_as_the_same_objects(how: str, tmp_path: Path) -> None:
    w = full(1)
    layer = tfckpt.Checkpoint(w=w, list=[w, full(2)])
    layer.self = layer
    path = tfckpt.Checkpoint(first=layer, layers=[layer, layer], w=w).write(tmp_path / "old")
    with tfckpt.load_object_tree(path) as tree:
        again = tfckpt.Checkpoint(**(tree if how == "lazy" else tree.materialize()))
    assert again.layers[0] is again.layers[1]
    assert again.layers[0] is again.first
    assert again.layers[0]["w"] is again.w
    new = again.write(tmp_path / "new")
    assert tfckpt.object_graph(new) == tfckpt.object_graph(path)
    again.w *= 3
    again.read(new).assert_consumed()
    assert again.layers[0]["list"][0].tolist() == [1, 1]


def test_a_tree_that_was_read_may_be_the_root(tmp_path: Path) -> None:
    path = tfckpt.Checkpoint({"__call__": {"w": full(1)}, "save": [full(2)]}).save(tmp_path / "m")
    with tfckpt.load_object_tree(path) as tree:
        checkpoint = tfckpt.Checkpoint(tree)
    assert checkpoint.root["root"] is checkpoint.root
    checkpoint.root["save"][0] += 1
    again = checkpoint.save(tmp_path / "m")
    assert again == str(tmp_path / "m-2")
    assert tfckpt.object_graph(again) == tfckpt.object_graph(path)
    assert tfckpt.load_object_tree(again)["save"][0].tolist() == [3, 3]


def test_what_is_read_lazily_within_a_container_is_refused(tmp_path: Path) -> None:
    path = tfckpt.Checkpoint(net=[full(1)]).write(tmp_path / "old")
    with tfckpt.load_object_tree(path) as tree:
        for view in (tree["net"], tree):
            with pytest.raises(TypeError, match=r"'x/y' is part of .* materialize\(\)"):
                tfckpt.Checkpoint(x={"y": view}).write(tmp_path / "new")


# Copies


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
@pytest.mark.parametrize("read", [True, False], ids=["read", "made"])
def test_a_copy_shares_no_children(make: Any, read: bool, tmp_path: Path) -> None:
    original = tfckpt.Checkpoint(w=full(1), net={"v": full(2)})
    path = original.write(tmp_path / "m")
    if read:
        original = tfckpt.Checkpoint.from_checkpoint(path)
    copied = make(original)
    copied.w = full(5)
    assert original.w.tolist() == [1, 1]
    assert (copied.net is original.net) == (make is copy.copy)
    assert tfckpt.load_object_tree(original.save(tmp_path / "a"))["w"].tolist() == [1, 1]
    assert tfckpt.load_object_tree(copied.save(tmp_path / "b"))["w"].tolist() == [5, 5]


def test_a_copy_of_circles_goes_in_circles() -> None:
    original = tfckpt.Checkpoint()
    original.me = original
    copied = copy.deepcopy(original)
    assert copied.me is copied


def test_a_copy_waits_for_nothing(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=full(1)).write(prefix)
    original = tfckpt.Checkpoint()
    original.read(path).expect_partial()
    copied = copy.copy(original)
    copied.w = zeros()
    assert copied.w.tolist() == [0, 0]


# Full names


def test_a_variable_is_an_array_with_a_name() -> None:
    given = np.arange(3)
    variable = tfckpt.Variable(given, name="dense/kernel", dtype=np.float32)
    assert isinstance(variable, np.ndarray)
    assert (variable.name, variable.dtype, variable.tolist()) == ("dense/kernel", "f4", [0, 1, 2])
    variable[0] = 5
    assert given[0] == 0
    for same in (
        copy.copy(variable),
        copy.deepcopy(variable),
        pickle.loads(pickle.dumps(variable)),
    ):
        assert (type(same), same.name, same.tolist()) == (
            tfckpt.Variable,
            "dense/kernel",
            [5, 1, 2],
        )
        same[1] = 9
    assert variable.tolist() == [5, 1, 2]
    assert (variable[1:].name, (variable + 1).name) == (None, None)
    assert tfckpt.Variable(1).name is None
    with pytest.raises(ValueError, match="not ''"):
        tfckpt.Variable(1, name="")
    with pytest.raises(TypeError):
        tfckpt.Variable([1, [2]])


def test_full_names_are_written(prefix: Path) -> None:
    tree = {"a": tfckpt.Variable([1.0], name="x/a"), "b": zeros()}
    graph = tfckpt.object_graph(tfckpt.Checkpoint(**tree).write(prefix))
    assert [one.full_name for node in graph.nodes for one in node.attributes] == ["x/a", "Variable"]


@pytest.fixture(params=["V2", "V1"])
def named(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A name-based checkpoint."""
    weights = {"x/a": full(1), "x/b": full(2), "Variable": full(3)}
    version = getattr(tfckpt.SaverDef, request.param)
    return tfckpt.Saver(write_version=version).save(weights, tmp_path / "named")


def test_a_name_based_checkpoint_is_restored_by_full_names(named: str) -> None:
    net = {"a": tfckpt.Variable(zeros(), name="x/a")}
    checkpoint = tfckpt.Checkpoint(net=net)
    status = checkpoint.restore(named).assert_consumed().assert_nontrivial_match()
    assert net["a"].tolist() == [1, 1]
    net["b"] = tfckpt.Variable(zeros(), name="x/b")
    status.assert_existing_objects_matched()
    assert net["b"].tolist() == [2, 2]
    net["c"] = tfckpt.Variable(zeros(), name="x/c")
    net["d"] = zeros()  # no name, and not that of the checkpoint's "Variable"
    with pytest.raises(AssertionError, match=r"x/c \(net/c/.*net/d/.* \(no name\)"):
        status.assert_consumed()
    assert net["d"].tolist() == [0, 0]


def test_a_name_based_checkpoint_says_nothing_at_the_end(
    named: str, caplog: pytest.LogCaptureFixture
) -> None:
    tfckpt.Checkpoint(a=tfckpt.Variable(zeros(), name="x/a")).restore(named)
    assert not said_of(named, caplog)


def test_without_any_name_a_name_based_checkpoint_is_refused(named: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"name-based.*tfckpt\.Variable"):
        tfckpt.Checkpoint(w=zeros()).restore(named)
    later = tfckpt.Checkpoint()
    later.restore(named)
    later.a = tfckpt.Variable(zeros(), name="x/a")
    assert later.a.tolist() == [1, 1]


def test_the_newest_decides_between_names_and_objects(named: str, prefix: Path) -> None:
    objects = tfckpt.Checkpoint(a=full(8)).write(prefix)
    for paths, expected in (((named, objects), 8), ((objects, named), 1)):
        checkpoint = tfckpt.Checkpoint()
        for path in paths:
            checkpoint.read(path).expect_partial()
        checkpoint.a = tfckpt.Variable(zeros(), name="x/a")
        assert checkpoint.a[0] == expected


# Object graphs that are edited by hand

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def test_values_may_be_changed_by_hand_names_not(tmp_path: Path) -> None:
    path = tfckpt.Checkpoint(net={"w": full(1), "v": full(2)}).write(tmp_path / "old")
    tensors = tfckpt.load(path)
    new = tmp_path / "new"
    tfckpt.save(new, {**tensors, "net/w" + VALUE: full(5), "more": 1})
    assert tfckpt.load_object_tree(new)["net"]["w"].tolist() == [5, 5]
    before = sorted(tmp_path.iterdir())
    dropped = {name: one for name, one in tensors.items() if name != "net/w" + VALUE}
    renamed = {name.replace("net/w", "net/kernel"): one for name, one in tensors.items()}
    for edited, message in (
        (dropped, rf"1 values of the object graph are not among the tensors: net/w{VALUE}\. "),
        (renamed, rf"\(which lacks net/kernel{VALUE}\) are not among the tensors: net/w{VALUE}"),
        ({**tensors, GRAPH: b"\xff"}, "TrackableObjectGraph"),
        ({**tensors, GRAPH: [b"a"]}, "one string"),
    ):
        for save in (tfckpt.save, lambda path, tensors: tfckpt.Saver().save(tensors, path)):
            with pytest.raises(InvalidArgumentError, match=message):
                save(tmp_path / "bad", edited)
    assert sorted(tmp_path.iterdir()) == before
    del renamed[GRAPH]
    tfckpt.save(tmp_path / "names", renamed)


def test_tables_are_whole_without_a_tensor_of_their_key(prefix: Path) -> None:
    from tfckpt.protos import TrackableObjectGraph

    graph = TrackableObjectGraph()
    graph.nodes.add().attributes.add(name="table", checkpoint_key="t")
    tfckpt.save(prefix, {"t-keys": [1], "t-values": [2], GRAPH: graph.SerializeToString()})
    assert tfckpt.load_object_tree(prefix)["table"]["-keys"].tolist() == [1]
