"""CheckpointView: the objects of a checkpoint, and those of a program beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError
from tfckpt.protos import TrackableObjectGraph


def stored(prefix: Path, *nodes: dict[str, int]) -> tfckpt.CheckpointView:
    """A view of objects without values: the children of each by name."""
    graph = TrackableObjectGraph()
    for children in nodes:
        node = graph.nodes.add()
        for name, node_id in children.items():
            node.children.add(local_name=name, node_id=node_id)
    key = "_CHECKPOINTABLE_OBJECT_GRAPH"
    with tfckpt.BundleWriter(prefix) as bundle:  # takes also a graph that contradicts itself
        bundle.add(key, graph.SerializeToString())
    return tfckpt.CheckpointView(prefix)


@pytest.fixture
def view(prefix: Path) -> tfckpt.CheckpointView:
    """As ``Checkpoint(root=root)`` stores it; node 4 is found two ways, node 6 none."""
    return stored(
        prefix,
        {"net": 1, "step": 2, "root": 0},
        {"layers": 3, "main": 4, "owner": 0},
        {},
        {"0": 5, "1": 4},
        {},
        {},
        {},
    )


def ids(objects: list[Any]) -> list[int]:
    return [id(one) for one in objects]


def test_children_are_nodes_by_name(view: tfckpt.CheckpointView) -> None:
    assert view.children(0) == {"net": 1, "step": 2, "root": 0}
    assert list(view.children(1)) == ["layers", "main", "owner"]
    assert view.children(2) == {}


@pytest.mark.parametrize("node_id", [-1, 7])
def test_a_number_that_is_no_nodes_is_refused(node_id: int, view: tfckpt.CheckpointView) -> None:
    with pytest.raises(IndexError, match=f"no node {node_id}: this checkpoint has 7"):
        view.children(node_id)


def test_descendants_are_nodes_nearer_ones_first(view: tfckpt.CheckpointView) -> None:
    assert view.descendants() == [0, 1, 2, 3, 4, 5]


def test_objects_match_by_the_way_that_leads_to_them(view: tfckpt.CheckpointView) -> None:
    layers = [np.zeros(1), np.zeros(2)]
    net = {"layers": layers, "other": np.zeros(3)}
    root = {"net": net, "step": 7}
    found = view.match(root)
    assert list(found) == [0, 1, 2, 3, 5, 4]
    assert ids(list(found.values())) == ids([root, net, 7, layers, layers[0], layers[1]])


def test_the_difference_is_what_either_side_has_alone(view: tfckpt.CheckpointView) -> None:
    layers = [{"kernel": np.zeros(1)}]
    root = {"net": {"layers": layers}, "more": {"a": np.zeros(2), "b": (np.zeros(3), ())}}
    found, only_stored, only_here = view.diff(root)
    assert found == view.match(root)
    assert list(found) == [0, 1, 3, 5]
    assert only_stored == [2, 4]
    more = root["more"]
    expected = [more, more["a"], more["b"], more["b"][0], layers[0]["kernel"]]
    assert ids(only_here) == ids(expected)


def test_numbers_that_are_equal_are_different_objects(prefix: Path) -> None:
    view = stored(prefix, {"a": 1, "b": 2}, {}, {})
    found, only_stored, only_here = view.diff({"a": 0, "c": 0})
    assert found == {0: {"a": 0, "c": 0}, 1: 0}
    assert (only_stored, only_here) == ([2], [0])


def test_an_object_of_two_ways_is_one(prefix: Path) -> None:
    view = stored(prefix, {"one": 1, "two": 1, "three": 2}, {}, {})
    one, two = np.zeros(1), np.zeros(2)
    both, only_stored, only_here = view.diff({"one": one, "two": two, "three": one})
    assert ids([both[1], both[2]]) == ids([one, one])
    assert only_stored == []
    assert ids(only_here) == [id(two)]


def test_objects_that_hold_each_other_come_to_an_end(view: tfckpt.CheckpointView) -> None:
    root: dict[str, Any] = {"net": {}}
    root["net"]["owner"] = root
    root["self"] = root
    found, _, only_here = view.diff(root)
    assert list(found) == [0, 1]
    assert only_here == []


class Pair(NamedTuple):
    first: Any
    second: Any


def test_fields_of_a_namedtuple_are_found_by_name_and_number(prefix: Path) -> None:
    pair = Pair(np.zeros(1), np.zeros(2))
    view = tfckpt.CheckpointView(tfckpt.Checkpoint(pair=pair).write(prefix))
    assert view.children(1) == {"first": 2, "second": 3, "0": 2, "1": 3}
    both, only_stored, only_here = view.diff({"pair": pair})
    assert ids([both[2], both[3]]) == ids(list(pair))
    assert (only_stored, only_here) == ([], [])


def test_a_checkpoint_is_matched_with_its_children(prefix: Path) -> None:
    w = np.zeros(2)
    checkpoint = tfckpt.Checkpoint(net={"w": w})
    view = tfckpt.CheckpointView(checkpoint.save(prefix))
    found = view.match(checkpoint)
    assert found[0] is checkpoint
    assert found[view.children(1)["w"]] is w
    assert found[view.children(0)["save_counter"]] == 1
    assert view.diff(tfckpt.Checkpoint(net={}))[1:] == ([2, 3], [])


def test_the_root_of_a_checkpoint_is_only_the_roots(view: tfckpt.CheckpointView) -> None:
    root: dict[str, Any] = {"root": {}, "net": {"owner": {}}}
    both, _, only_here = view.diff(root)
    assert list(both) == [0, 1]
    assert ids(only_here) == ids([root["root"], root["net"]["owner"]])


def test_a_checkpoint_with_a_root_is_its_own_object(prefix: Path) -> None:
    root = {"w": np.zeros(2)}
    checkpoint = tfckpt.Checkpoint(root=root)
    view = tfckpt.CheckpointView(checkpoint.save(prefix))
    assert view.children(0) == {"w": 1, "root": 0, "save_counter": 2}
    assert ids(list(view.match(root).values())) == ids([root, root["w"]])
    assert ids(list(view.match(checkpoint).values())) == ids([checkpoint, checkpoint.save_counter])


def test_an_array_is_an_object_without_children(view: tfckpt.CheckpointView) -> None:
    array = np.zeros(2)
    assert view.match(array) == {0: array}


@pytest.mark.parametrize("value", ["not a tree", b"bytes", 5, None, object])
def test_what_is_no_object_is_refused(value: Any, view: tfckpt.CheckpointView) -> None:
    for ask in (view.match, view.diff):
        with pytest.raises(ValueError, match=r"Expected a Checkpoint, dict, .* got"):
            ask(value)


def test_what_is_no_checkpoint_of_objects_is_refused(prefix: Path, golden: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="_CHECKPOINTABLE_OBJECT_GRAPH"):
        tfckpt.CheckpointView(golden / "trained" / "model.ckpt-40")
    with pytest.raises(FileMissingError):
        tfckpt.CheckpointView(prefix)
    with pytest.raises(DataLossError, match="child 'a' is node 5"):
        stored(prefix, {"a": 5})


def test_a_view_keeps_no_file_open(view: tfckpt.CheckpointView, prefix: Path) -> None:
    for path in prefix.parent.iterdir():
        path.unlink()
    assert view.children(3) == {"0": 5, "1": 4}
