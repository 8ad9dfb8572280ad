"""TensorFlow's cases of checkpoint_view_test.py and trackable_view_test.py, for both libraries.

With those that the documentation of CheckpointView goes through. tfckpt has no TrackableView: what
that shows of an object is asked of the view of its checkpoint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import tfckpt
from interop.tf_suite_objects import LIBS, lib_name

pytestmark = pytest.mark.parametrize("lib", LIBS, ids=lib_name)


def saved(lib: Any, root: Any, folder: Path) -> Any:
    return lib.CheckpointView(lib.Checkpoint(root=root).save(str(folder / "root_ckpt")))


def test_children_are_numbers_of_nodes_by_name(lib: Any, tmp_path: Path) -> None:
    view = saved(lib, lib.module(leaf=lib.module()), tmp_path)
    assert next(iter(view.children(0).items())) == ("leaf", 1)
    assert view.children(1) == {}


def test_a_root_that_was_given_is_its_own_child(lib: Any, tmp_path: Path) -> None:
    view = saved(lib, lib.module(leaf=lib.module()), tmp_path)
    assert view.children(0) == {"leaf": 1, "root": 0, "save_counter": 2}


def test_descendants_are_the_numbers_of_all_nodes(lib: Any, tmp_path: Path) -> None:
    nodes = saved(lib, lib.module(leaf=lib.module()), tmp_path).descendants()
    assert len(nodes) == 3
    assert nodes[0] == 0
    assert nodes[1] == 1


def test_a_child_is_found_by_its_name(lib: Any, tmp_path: Path) -> None:
    leaf = lib.module()
    root = lib.module(leaf=leaf)
    view = saved(lib, root, tmp_path)
    found = view.match(root)
    (name,) = set(view.children(0)) - {"root", "save_counter"}
    assert name == "leaf"
    assert found[view.children(0)[name]] is lib.child(root, "leaf")


def test_the_root_comes_first_among_descendants(lib: Any, tmp_path: Path) -> None:
    root = lib.module(leaf=lib.module())
    view = saved(lib, root, tmp_path)
    found = view.match(root)
    assert [found.get(node_id) for node_id in view.descendants()[:2]] == [
        root,
        lib.child(root, "leaf"),
    ]
    assert found[0] is root
    assert len(found) == 2  # the counter is the checkpoint's, not the root's


def test_a_checkpoint_without_a_given_root(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(leaf=lib.module(v=lib.variable(1.0)))
    view = lib.CheckpointView(checkpoint.write(str(tmp_path / "ckpt")))
    assert view.children(0) == {"leaf": 1}
    assert view.children(1) == {"v": 2}
    assert view.descendants() == [0, 1, 2]
    found = view.match(checkpoint)
    assert found[0] is checkpoint
    assert found[2] is lib.child(checkpoint.leaf, "v")


def simple(lib: Any) -> Any:
    """The module of the documentation."""
    return lib.module(
        a_var=lib.variable(5.0),
        b_var=lib.variable(4.0),
        vars=[lib.variable(1.0), lib.variable(2.0)],
    )


def with_leaf(lib: Any, name: str) -> Any:
    root, leaf = simple(lib), simple(lib)
    lib.put(leaf, "leaf3", lib.variable(6.0))
    lib.put(leaf, "leaf4", lib.variable(7.0))
    lib.put(root, name, leaf)
    return root


def test_children_of_the_documented_module(lib: Any, tmp_path: Path) -> None:
    root = simple(lib)
    lib.put(root, "leaf", simple(lib))
    view = saved(lib, root, tmp_path)
    assert list(view.children(0).items()) == [
        ("a_var", 1),
        ("b_var", 2),
        ("vars", 3),
        ("leaf", 4),
        ("root", 0),
        ("save_counter", 5),
    ]


def test_match_pairs_nodes_with_objects_of_the_same_way(lib: Any, tmp_path: Path) -> None:
    view = saved(lib, with_leaf(lib, "leaf"), tmp_path)
    other = with_leaf(lib, "leaf2")
    found = view.match(other)
    variables = lib.child(other, "vars")
    assert list(found) == [0, 1, 2, 3, 6, 7]
    assert found[0] is other
    assert found[1] is lib.child(other, "a_var")
    assert found[2] is lib.child(other, "b_var")
    assert found[3] is variables
    assert found[6] is variables[0]
    assert found[7] is variables[1]


def test_diff_lists_what_either_side_has_alone(lib: Any, tmp_path: Path) -> None:
    view = saved(lib, with_leaf(lib, "leaf"), tmp_path)
    other = with_leaf(lib, "leaf2")
    both, only_stored, only_here = view.diff(other)
    assert list(both) == [0, 1, 2, 3, 6, 7]
    assert only_stored == [4, 5, 8, 9, 10, 11, 12, 13, 14]
    leaf = lib.child(other, "leaf2")
    inner = lib.child(leaf, "vars")
    names = ("a_var", "b_var", "vars", "leaf3", "leaf4")
    expected = [leaf, *(lib.child(leaf, name) for name in names), inner[0], inner[1]]
    assert [id(one) for one in only_here] == [id(one) for one in expected]


def test_a_node_of_two_ways_is_matched_once(lib: Any, tmp_path: Path) -> None:
    shared = lib.variable(1.0)
    view = saved(lib, lib.module(one=shared, two=shared), tmp_path)
    assert view.children(0) == {"one": 1, "two": 1, "root": 0, "save_counter": 2}
    other = lib.module(one=lib.variable(0.0), two=lib.variable(0.0))
    both, only_stored, only_here = view.diff(other)
    assert both[1] is lib.child(other, "one")
    assert only_stored == [2]
    assert [id(one) for one in only_here] == [id(lib.child(other, "two"))]


def test_what_is_no_object_is_refused(lib: Any, tmp_path: Path) -> None:
    view = saved(lib, lib.module(leaf=lib.module()), tmp_path)
    with pytest.raises(ValueError, match="not a tree"):
        view.match("not a tree")
    with pytest.raises(ValueError, match="not a tree"):
        view.diff("not a tree")


def test_a_name_based_checkpoint_has_no_view(lib: Any, tmp_path: Path) -> None:
    saver = tf.compat.v1.train.Saver({"v": tf.Variable(1.0)})
    path = saver.save(None, str(tmp_path / "named"))
    with pytest.raises(ValueError, match="_CHECKPOINTABLE_OBJECT_GRAPH"):
        lib.CheckpointView(path)


def test_a_view_of_what_tensorflow_wrote_is_the_same(lib: Any, tmp_path: Path) -> None:
    root = tf.Module()
    root.layers = [tf.Module(), {"w": tf.Variable(1.0)}]
    root.layers[0].first = root
    path = tf.train.Checkpoint(root=root).save(str(tmp_path / "ckpt"))
    view = lib.CheckpointView(path)
    assert view.children(0) == {"layers": 1, "root": 0, "save_counter": 2}
    assert view.children(1) == {"0": 3, "1": 4}
    assert view.children(3) == {"first": 0}
    assert view.children(4) == {"w": 5}
    assert view.descendants() == [0, 1, 2, 3, 4, 5]
    assert len(tfckpt.object_graph(path).nodes) == 6
