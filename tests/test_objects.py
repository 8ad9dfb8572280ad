"""Object-based checkpoints: their keys, their objects, and how damaged ones are refused."""

from __future__ import annotations

import json
import os
import pickle
import random
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import (
    CheckpointError,
    DataLossError,
    FileMissingError,
    InvalidArgumentError,
    TensorNotFoundError,
    UnimplementedError,
)
from tfckpt.objectgraph.keys import (
    KeyParts,
    attribute_key,
    escape_name,
    is_sequence,
    join_path,
    parse_key,
    slot_path,
    split_path,
    unescape_name,
)
from tfckpt.protos import TrackableObjectGraph

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
Pair = namedtuple("Pair", ["first", "second"])

# Names

NAMES = [
    ("kernel", "kernel"),
    ("a.b", "a..b"),
    ("c/d", "c.Sd"),
    (".S", "..S"),
    ("./", "...S"),
    ("/.ATTRIBUTES/", ".S..ATTRIBUTES.S"),
    ("", ""),
    ("é", "é"),
]


@pytest.mark.parametrize(("name", "escaped"), NAMES)
def test_names_are_escaped_and_back(name: str, escaped: str) -> None:
    assert escape_name(name) == escaped
    assert unescape_name(escaped) == name


def test_escaping_random_names_loses_nothing() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        names = tuple("".join(rng.choices("./SA0", k=rng.randrange(1, 6))) for _ in range(3))
        assert split_path(join_path(names)) == names
        assert "/.ATTRIBUTES/" not in join_path(names)


KEYS = [
    ("w" + VALUE, KeyParts(("w",), "VARIABLE_VALUE")),
    ("a..b/c.Sd/0" + VALUE, KeyParts(("a.b", "c/d", "0"), "VARIABLE_VALUE")),
    ("/.ATTRIBUTES/OBJECT_CONFIG_JSON", KeyParts((), "OBJECT_CONFIG_JSON")),
    (
        "net/w/.OPTIMIZER_SLOT/opt/adam/m" + VALUE,
        KeyParts(("net", "w"), "VARIABLE_VALUE", ("opt", "adam"), "m"),
    ),
    ("dense/kernel", None),
    (GRAPH, None),
]


@pytest.mark.parametrize(("key", "parts"), KEYS)
def test_keys_are_taken_apart(key: str, parts: KeyParts | None) -> None:
    assert parse_key(key) == parts


def test_keys_are_put_together() -> None:
    assert attribute_key("a/b", "x/y") == "a/b/.ATTRIBUTES/x.Sy"
    assert attribute_key(slot_path("net/w", "opt", "m")) == "net/w/.OPTIMIZER_SLOT/opt/m" + VALUE


def test_only_all_numbers_from_zero_make_a_list() -> None:
    assert is_sequence(["0"])
    assert is_sequence(["1", "0", "2"])
    for names in ([], ["1"], ["0", "2"], ["0", "a"], ["00"], ["0", "-1"]):
        assert not is_sequence(names)


# Objects, as they are read


def as_is(prefix: Path, tensors: dict[str, Any]) -> str:
    """Write tensors without a look at the object graph among them, which may be wrong."""
    with tfckpt.BundleWriter(prefix, fsync=False) as writer:
        for name, value in tensors.items():
            writer.add(name, value)
    return str(prefix)


def stored(prefix: Path, nodes: list[dict[str, Any]], **tensors: Any) -> str:
    """Write a checkpoint with just this object graph."""
    graph = TrackableObjectGraph()
    for node in nodes:
        message = graph.nodes.add()
        for name, child in node.get("children", {}).items():
            message.children.add(local_name=name, node_id=child)
        for name, key in node.get("attributes", {}).items():
            message.attributes.add(name=name, checkpoint_key=key, full_name=node.get("full", ""))
        for variable, name, slot in node.get("slots", ()):
            message.slot_variables.add(
                original_variable_node_id=variable, slot_name=name, slot_variable_node_id=slot
            )
    return as_is(prefix, {**tensors, GRAPH: graph.SerializeToString()})


def variable(key: str, full: str = "") -> dict[str, Any]:
    return {"attributes": {"VARIABLE_VALUE": key}, "full": full}


@pytest.fixture
def trained(prefix: Path) -> str:
    """A network of two variables, and its optimizer with a slot for one of them."""
    return stored(
        prefix,
        [
            {"children": {"net": 1, "opt": 2}},
            {"children": {"0": 3, "1": 4}},
            {"children": {"lr": 5, "net": 1, "self": 2}, "slots": [(3, "m", 6)]},
            variable("net/0" + VALUE, "w"),
            variable("net/1" + VALUE, "b"),
            {"attributes": {"py_state": "opt/lr/.ATTRIBUTES/py_state"}},
            variable("net/0/.OPTIMIZER_SLOT/opt/m" + VALUE, "w/Adam"),
        ],
        **{
            "net/0" + VALUE: np.float32([1, 2]),
            "net/1" + VALUE: np.float32(3),
            "opt/lr/.ATTRIBUTES/py_state": b'{"rate": 0.5}',
            "net/0/.OPTIMIZER_SLOT/opt/m" + VALUE: np.float32([4, 5]),
        },
    )


def test_a_tree_has_children_lists_python_state_and_slots(trained: str) -> None:
    with tfckpt.load_object_tree(trained) as tree:
        assert list(tree) == ["net", "opt"]
        assert [one.tolist() for one in tree["net"]] == [[1, 2], 3]
        assert tree["net"][-1] == 3
        assert len(tree["net"][:1]) == 1
        with pytest.raises(IndexError):
            tree["net"][2]
        with pytest.raises(KeyError):
            tree["missing"]
        assert list(tree["opt"]) == ["lr", "net", "self", "m"]
        assert tree["opt"]["lr"] == '{"rate": 0.5}'
        assert tree["opt"]["m"]["net/0"].tolist() == [4, 5]
        assert tree["opt"].slots["m"]["net/0"].tolist() == [4, 5]
        assert tree.child("net").child("0").attributes["VARIABLE_VALUE"].tolist() == [1, 2]
        assert tree["opt"].path == "opt"


def test_circles_are_followed_as_far_as_one_goes(trained: str) -> None:
    tree = tfckpt.load_object_tree(trained)
    assert tree["opt"]["self"]["self"]["net"] is tree["net"]
    plain = tree.materialize()
    assert plain["opt"]["self"] is plain["opt"]
    assert plain["opt"]["net"] is plain["net"]
    assert [one.tolist() for one in plain["net"]] == [[1, 2], 3]
    assert plain["opt"]["m"]["net/0"].tolist() == [4, 5]


def test_an_object_that_is_its_own_child_ends(prefix: Path) -> None:
    path = stored(prefix, [{"children": {"me": 0}}])
    plain = tfckpt.load_object_tree(path).materialize()
    assert plain["me"] is plain


def test_deep_objects_do_not_exhaust_the_stack(prefix: Path) -> None:
    depth = 3000
    nodes = [{"children": {"next": number + 1}} for number in range(depth)]
    path = stored(prefix, [*nodes, variable("end" + VALUE)], **{"end" + VALUE: 1})
    plain = tfckpt.load_object_tree(path).materialize()
    for _ in range(depth):
        plain = plain["next"]
    assert plain == 1


def test_a_value_of_several_tensors_is_a_dict(prefix: Path) -> None:
    path = stored(
        prefix,
        [{"children": {"table": 1, "other": 2}}, {"attributes": {"table": "t"}}, variable("t2")],
        **{"t-keys": [b"a"], "t-values": [1], "t2": 5},
    )
    table = tfckpt.load_object_tree(path)["table"]
    assert {name: one.tolist() for name, one in table.items()} == {"-keys": [b"a"], "-values": [1]}


def test_python_state_that_is_no_text_stays_bytes(prefix: Path) -> None:
    nodes = [{"children": {"a": 1}}, {"attributes": {"py_state": "k"}}]
    assert tfckpt.load_object_tree(stored(prefix, nodes, k=b"\xff\x00"))["a"] == b"\xff\x00"


def test_the_root_may_have_a_value_of_its_own(prefix: Path) -> None:
    nodes = [{"attributes": {"OBJECT_CONFIG_JSON": "/.ATTRIBUTES/OBJECT_CONFIG_JSON"}}]
    path = stored(prefix, nodes, **{"/.ATTRIBUTES/OBJECT_CONFIG_JSON": b"{}"})
    assert dict(tfckpt.load_object_tree(path)) == {"OBJECT_CONFIG_JSON": "{}"}


def test_values_are_read_when_asked_for(trained: str) -> None:
    tree = tfckpt.load_object_tree(trained)
    assert "net" in tree
    shard = Path(trained + ".data-00000-of-00001")
    data = bytearray(shard.read_bytes())
    data[8] ^= 1  # in net/1
    shard.write_bytes(data)
    with tfckpt.load_object_tree(trained, mmap=False) as tree:
        assert tree["net"][0].tolist() == [1, 2]
        with pytest.raises(DataLossError, match="net/1"):
            tree["net"][1]


# Damage

BROKEN = {
    "a child that is not there": ([{"children": {"w": 7}}], "node 0: child 'w' is node 7"),
    "a negative child": ([{"children": {"w": -1}}], "node 0: child 'w' is node -1"),
    "no nodes": ([], "no nodes"),
    "a slot that is not there": ([{"slots": [(0, "m", 4)]}], "slot 'm' is node 4"),
    "a slot of nothing": ([{"slots": [(9, "m", 0)]}], "slot 'm' is node 9"),
    "an attribute without a key": (
        [{"children": {"a": 1}}, variable("")],
        "attribute 'VARIABLE_VALUE' of node 1 names no tensor: its key is empty",
    ),
    "two attributes of one key": (
        [{"children": {"a": 1, "b": 2}}, variable("k"), variable("k")],
        "attribute 'VARIABLE_VALUE' of node 1 and attribute 'VARIABLE_VALUE' of node 2 "
        "have the same key 'k'",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_graphs_are_refused_by_node(case: str, prefix: Path) -> None:
    nodes, message = BROKEN[case]
    path = stored(prefix, nodes, k=1)
    for use in (tfckpt.object_graph, tfckpt.load_object_tree, tfckpt.Checkpoint().restore):
        with pytest.raises(DataLossError) as caught:
            use(path)
        assert message in str(caught.value)
        assert caught.value.path == path


def test_two_children_of_one_name_are_refused(prefix: Path) -> None:
    graph = TrackableObjectGraph()
    for _ in range(2):
        graph.nodes.add()
        graph.nodes[0].children.add(local_name="x", node_id=0)
    with pytest.raises(DataLossError, match="two children are named 'x'"):
        tfckpt.object_graph(as_is(prefix, {GRAPH: graph.SerializeToString()}))


def test_a_key_that_the_index_lacks_is_named(prefix: Path) -> None:
    path = stored(prefix, [{"children": {"w": 1, "x": 2}}, variable("gone"), variable("k")], k=1)
    tree = tfckpt.load_object_tree(path)
    assert tree["x"] == 1
    with pytest.raises(DataLossError, match=r"tensor 'gone': node 1 \('w'\)"):
        tree["w"]
    checkpoint = tfckpt.Checkpoint(w=0, x=0)
    with pytest.raises(DataLossError, match="'gone'"):
        checkpoint.read(path)
    assert checkpoint.x == 0


@pytest.mark.parametrize("value", [b"\xff\xff\xff", [b"a", b"b"], 5])
def test_what_is_no_graph_is_refused(value: Any, prefix: Path) -> None:
    with pytest.raises(DataLossError):
        tfckpt.object_graph(as_is(prefix, {GRAPH: value}))


def test_name_based_checkpoints_are_told_apart(prefix: Path) -> None:
    path = tfckpt.save(prefix, {"w": 1})
    for use in (tfckpt.object_graph, tfckpt.load_object_tree, tfckpt.Checkpoint(w=1).restore):
        with pytest.raises(InvalidArgumentError, match="name-based"):
            use(path)


def test_random_graphs_are_read_or_refused(trained: str, tmp_path: Path) -> None:
    tensors = tfckpt.load(trained)
    serialized = tensors[GRAPH]
    rng = random.Random(5)
    for _ in range(300):
        damaged = bytearray(serialized)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path = as_is(tmp_path / "bad", {**tensors, GRAPH: bytes(damaged)})
        try:
            tfckpt.load_object_tree(path).materialize()
            tfckpt.Checkpoint.from_checkpoint(path)
        except CheckpointError:
            pass


# Checkpoint


def tree() -> dict[str, Any]:
    shared = np.arange(3, dtype=np.float32)
    return {
        "step": np.int64(5),
        "net": {"layers": [{"w": shared}, {"w": np.eye(2)}], "pair": Pair(shared, (1.5, True))},
        "empty": [],
        "text": np.array([b"a", b"\x00"], object),
    }


def test_tensorflows_own_checkpoint_is_made_again_byte_for_byte(
    golden: Path, tmp_path: Path
) -> None:
    layer = {"kernel": np.float32([[1, 2]]), "bias": np.float32([3])}
    tfckpt.Checkpoint(layer=layer, step=np.int64(7)).save(tmp_path / "ckpt")
    for name in ("ckpt-1.index", "ckpt-1.data-00000-of-00001", "checkpoint"):
        assert (tmp_path / name).read_bytes() == (golden / "objects" / name).read_bytes()


def test_keys_follow_the_shortest_way_in_breadth_first_order(prefix: Path) -> None:
    path = tfckpt.Checkpoint(**tree()).write(prefix)
    keys = [
        one.checkpoint_key for node in tfckpt.object_graph(path).nodes for one in node.attributes
    ]
    assert [key.removesuffix(VALUE) for key in keys] == [
        "step",
        "text",
        "net/pair/first",
        "net/layers/1/w",
        "net/pair/second/0",
        "net/pair/second/1",
    ]


def test_what_was_written_is_restored(prefix: Path) -> None:
    path = tfckpt.Checkpoint(**tree()).write(prefix)
    shared = np.zeros(3, np.float32)
    net = {"layers": [{"w": shared}, {"w": np.zeros((2, 2))}], "pair": Pair(shared, (0.0, False))}
    checkpoint = tfckpt.Checkpoint(
        step=np.int64(0), net=net, empty=[], text=np.array([b"", b""], object)
    )
    assert checkpoint.read(path).assert_consumed().assert_nontrivial_match()
    assert checkpoint.step == 5
    assert shared.tolist() == [0, 1, 2]  # in place
    assert net["pair"].first is shared
    assert net["pair"].second == (1.5, True)  # tuples are replaced
    assert isinstance(net["pair"], Pair)
    assert checkpoint.text.tolist() == [b"a", b"\x00"]


def test_read_only_arrays_are_replaced(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=[np.ones(2)]).write(prefix)
    fixed = np.zeros(2)
    fixed.flags.writeable = False
    checkpoint = tfckpt.Checkpoint(w=[fixed])
    checkpoint.read(path)
    assert fixed.tolist() == [0, 0]
    assert checkpoint.w[0].tolist() == [1, 1]


def test_what_does_not_match_is_told(prefix: Path) -> None:
    path = tfckpt.Checkpoint(a=np.ones(1), b={"x": np.ones(2)}).write(prefix)
    status = tfckpt.Checkpoint(a=np.zeros(1), c=np.zeros(1)).read(path)
    assert status.restored == ["a" + VALUE]
    assert status.unrestored == ["c" + VALUE]
    assert status.unused == ["b/x" + VALUE]
    assert status.expect_partial() is status
    assert status.assert_nontrivial_match() is status
    with pytest.raises(AssertionError, match="not in the checkpoint: c/"):
        status.assert_existing_objects_matched()
    part = tfckpt.Checkpoint(a=np.zeros(1)).read(path)
    assert part.assert_existing_objects_matched() is part
    with pytest.raises(AssertionError, match="b/x"):
        part.assert_consumed()
    with pytest.raises(AssertionError, match="nothing but the root"):
        tfckpt.Checkpoint(z=np.zeros(1)).read(path).assert_nontrivial_match()
    with pytest.raises(AssertionError, match="No checkpoint specified"):
        tfckpt.Checkpoint(z=1).restore(None).assert_consumed()


@pytest.mark.parametrize("other", [np.zeros(3), np.zeros(2, np.float32), np.zeros((2, 1))])
def test_another_shape_or_dtype_changes_nothing(other: np.ndarray, prefix: Path) -> None:
    path = tfckpt.Checkpoint(a=np.ones(1), w=np.ones(2)).write(prefix)
    checkpoint = tfckpt.Checkpoint(a=np.zeros(1), w=other)
    with pytest.raises(InvalidArgumentError, match="tensor 'w/"):
        checkpoint.restore(path)
    assert checkpoint.a == 0
    assert list(checkpoint._tree) == ["a", "w"]


def test_save_counts_and_names_the_latest(tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.ones(1))
    assert [checkpoint.save(tmp_path / "ckpt") for _ in range(2)] == [
        str(tmp_path / "ckpt-1"),
        str(tmp_path / "ckpt-2"),
    ]
    assert tfckpt.latest_checkpoint(tmp_path) == str(tmp_path / "ckpt-2")
    assert 'all_model_checkpoint_paths: "ckpt-1"' not in (tmp_path / "checkpoint").read_text()
    later = tfckpt.Checkpoint(w=np.zeros(1))
    later.restore(tmp_path / "ckpt-2").assert_consumed()
    assert later.save(tmp_path / "ckpt") == str(tmp_path / "ckpt-3")


def test_a_save_that_fails_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    checkpoint = tfckpt.Checkpoint(w=np.ones(1))
    with pytest.raises(OSError):
        checkpoint.save(tmp_path / "file" / "ckpt")
    assert checkpoint.save_counter == 0


def test_a_missing_number_is_recalled(tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.ones(1))
    checkpoint.save(tmp_path / "ckpt")
    with pytest.raises(FileMissingError, match="ckpt-1 meant"):
        checkpoint.restore(tmp_path / "ckpt")


def test_the_manager_keeps_the_newest(tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.zeros(1))
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    for _ in range(3):
        checkpoint.w += 1
        manager.save()
    fresh = tfckpt.Checkpoint(w=np.zeros(1))
    again = tfckpt.CheckpointManager(fresh, tmp_path, max_to_keep=2)
    assert again.restore_or_initialize() == str(tmp_path / "ckpt-3")
    assert (fresh.w, fresh.save_counter) == (3, 3)
    assert [os.path.basename(one) for one in again.checkpoints] == ["ckpt-2", "ckpt-3"]


def test_children_are_attributes() -> None:
    checkpoint = tfckpt.Checkpoint(b=1, a=2)
    assert repr(checkpoint) == "<Checkpoint of a, b>"
    checkpoint.c = 3
    del checkpoint.a
    assert (checkpoint.b, checkpoint.c) == (1, 3)
    assert {"b", "c", "save"} <= set(dir(checkpoint))
    with pytest.raises(AttributeError, match="has no 'a'"):
        _ = checkpoint.a
    with pytest.raises(AttributeError, match="has no 'a'"):
        del checkpoint.a
    with pytest.raises(ValueError, match="'save'"):
        checkpoint.save = 1
    again = pickle.loads(pickle.dumps(checkpoint))
    assert (again.b, again.c) == (1, 3)


REFUSED = [
    ({"x": {"y": None}}, ValueError, "'x/y' is None"),
    ({"x": [object()]}, TypeError, "'x/0': an object is no array"),
    ({"x": {1: 2}}, TypeError, "'x' has the key 1"),
    ({"x": [{1, 2}]}, TypeError, "'x/0': a set is no array"),
]


@pytest.mark.parametrize(("given", "error", "message"), REFUSED)
def test_what_no_checkpoint_holds_is_named(
    given: dict[str, Any], error: type[Exception], message: str, prefix: Path
) -> None:
    with pytest.raises(error, match=message):
        tfckpt.Checkpoint(**given).write(prefix)
    assert not list(prefix.parent.iterdir())


# A checkpoint that was read, changed, and written again


def test_a_read_checkpoint_is_written_as_it_was(trained: str, tmp_path: Path) -> None:
    ours = tfckpt.Checkpoint.from_checkpoint(trained).write(tmp_path / "again")
    assert tfckpt.object_graph(ours) == tfckpt.object_graph(trained)
    before, after = tfckpt.load(trained), tfckpt.load(ours)
    assert {key: np.asarray(one).tolist() for key, one in before.items()} == {
        key: np.asarray(one).tolist() for key, one in after.items()
    }


def test_changed_values_are_written_at_all_places(trained: str, tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint.from_checkpoint(trained)
    checkpoint.net[0] *= 10
    checkpoint.opt["net"][1] = np.float32(9)
    checkpoint.opt["m"]["net/0"] = np.float32([7, 7])
    checkpoint.opt["lr"] = "{}"
    again = tfckpt.load_object_tree(checkpoint.save(tmp_path / "again"))
    assert [one.tolist() for one in again["net"]] == [[10, 20], 9]
    assert again["opt"]["m"]["net/0"].tolist() == [7, 7]
    assert again["opt"]["lr"] == "{}"
    assert again["save_counter"] == 1


def test_one_variable_cannot_have_two_values(prefix: Path, tmp_path: Path) -> None:
    w = np.ones(1)
    checkpoint = tfckpt.Checkpoint.from_checkpoint(tfckpt.Checkpoint(a=w, b=[w]).write(prefix))
    assert checkpoint.a is checkpoint.b[0]
    checkpoint.a, checkpoint.b[0] = np.zeros(1), np.full(1, 2.0)
    with pytest.raises(ValueError, match="'a' and 'b/0' are the same variable"):
        checkpoint.write(tmp_path / "again")


def test_a_string_at_two_places_is_one_too(prefix: Path, tmp_path: Path) -> None:
    nodes = [{"children": {"a": 1, "b": 1}}, variable("a" + VALUE)]
    path = stored(prefix, nodes, **{"a" + VALUE: b"a long enough text"})
    checkpoint = tfckpt.Checkpoint.from_checkpoint(path)
    checkpoint.a = b"another text"
    again = tfckpt.load_object_tree(checkpoint.write(tmp_path / "again"))
    assert (again["a"], again["b"]) == (b"another text", b"another text")


def test_the_objects_of_a_read_checkpoint_stay(trained: str, tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint.from_checkpoint(trained)
    checkpoint.more = 1
    with pytest.raises(ValueError, match="has no 'more'"):
        checkpoint.write(tmp_path / "again")
    del checkpoint.more
    del checkpoint.net[1]
    with pytest.raises(ValueError, match="nothing at 'net/1'"):
        checkpoint.write(tmp_path / "again")


def test_a_read_checkpoint_restores_another(trained: str, tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint.from_checkpoint(trained)
    checkpoint.net[0] += 1
    checkpoint.opt["m"]["net/0"] += 1
    newer = checkpoint.save(tmp_path / "newer")
    fresh = tfckpt.Checkpoint.from_checkpoint(trained)
    fresh.restore(newer).assert_consumed()
    assert fresh.net[0].tolist() == [2, 3]
    assert fresh.opt["m"]["net/0"].tolist() == [5, 6]
    assert fresh.save_counter == 1


# Two kinds of names


def test_a_name_is_a_key_a_path_or_a_full_name(trained: str) -> None:
    with tfckpt.load_checkpoint(trained) as reader:
        for name in ("net/0" + VALUE, "net/0", "w"):
            assert tfckpt.resolve(reader, name) == "net/0" + VALUE
        assert tfckpt.resolve(reader, "w/Adam") == "net/0/.OPTIMIZER_SLOT/opt/m" + VALUE
        with pytest.raises(TensorNotFoundError):
            tfckpt.resolve(reader, "nothing")


def test_readers_take_each_name_and_list_the_keys(trained: str) -> None:
    with tfckpt.load_checkpoint(trained) as reader:
        expected = reader["net/0" + VALUE]
        slot = reader["net/0/.OPTIMIZER_SLOT/opt/m" + VALUE]
        keys = list(reader)
        for name in ("net/0", "w"):
            assert reader[name].tolist() == expected.tolist()
            assert reader.get_tensor(name, np.s_[:1]).tolist() == expected[:1].tolist()
            assert reader.info(name) == reader.info("net/0" + VALUE)
            assert reader.get_tensors([name])[name].tolist() == expected.tolist()
            assert tfckpt.load_variable(trained, name).tolist() == expected.tolist()
            assert (name in reader, reader.has_tensor(name)) == (False, False)
        assert reader["w/Adam"].tolist() == slot.tolist()
        assert list(reader) == keys
        with pytest.raises(TensorNotFoundError, match=f"among the {len(keys)} tensors"):
            reader["nothing"]
        with pytest.raises(TensorNotFoundError, match="no value of its own"):
            reader["net"]
    with tfckpt.load_checkpoint(trained) as reader:
        assert dict(reader).keys() == set(keys)  # read ahead, and then by path
        assert reader["net/0"].tolist() == expected.tolist()


def test_a_path_that_is_another_variables_full_name_is_said_to_be(prefix: Path) -> None:
    path = tfckpt.Checkpoint(a=tfckpt.Variable(1, "b"), b=tfckpt.Variable(2, "c")).save(prefix)
    with tfckpt.load_checkpoint(path) as reader:
        assert reader["c"] == 2
        with pytest.raises(InvalidArgumentError, match=f"b{VALUE}, a{VALUE}"):
            reader["b"]


def test_a_sliced_variable_is_found_by_its_path(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=np.zeros((4, 2))).write(prefix)
    tensors = tfckpt.load(path)
    with tfckpt.BundleWriter(prefix) as bundle:
        bundle.add(GRAPH, tensors[GRAPH])
        for start in (0, 2):
            rows = np.full((2, 2), start)
            bundle.add_slice("w" + VALUE, (4, 2), [(start, 2), (0, -1)], rows * 1.0)
    with tfckpt.load_checkpoint(path) as reader:
        assert reader["w"][:, 0].tolist() == [0, 0, 2, 2]
        assert reader.get_tensor("w", np.s_[3]).tolist() == [2, 2]


def test_full_names_that_repeat_are_listed_or_replaced_by_paths(prefix: Path) -> None:
    path = tfckpt.Checkpoint(a=1, b=[2]).save(prefix)
    with pytest.raises(InvalidArgumentError, match=f"'Variable': a{VALUE}, b/0{VALUE}"):
        tfckpt.to_name_based(path)
    assert tfckpt.to_name_based(path, repeated="key") == {"save_counter": 1, "a": 1, "b/0": 2}
    with (
        tfckpt.load_checkpoint(path) as reader,
        pytest.raises(InvalidArgumentError, match="several"),
    ):
        tfckpt.resolve(reader, "Variable")


def test_bookkeeping_is_loaded_unless_it_is_left_out(prefix: Path) -> None:
    path = tfckpt.Checkpoint(w=np.ones(2), save_counter_of_mine=3).save(prefix)
    config = {"layer/.ATTRIBUTES/OBJECT_CONFIG_JSON": b"{}", "_CHECKPOINTABLE": 4}
    path = tfckpt.save(prefix, {**tfckpt.load(path), **config})
    everything = tfckpt.load(path)
    assert {type(value) for value in everything.values()} == {np.ndarray}
    assert everything[GRAPH].shape == ()
    weights = tfckpt.load(path, bookkeeping=False)
    assert weights.keys() < everything.keys()
    assert everything.keys() - weights.keys() == {GRAPH, "save_counter" + VALUE, *list(config)[:1]}


def test_names_become_paths_and_back(prefix: Path) -> None:
    named = {"dense/w": np.float32([1]), "dense/b": [2, 3], "step": np.int64(4)}
    places = {"dense/w": "net/0/w", "dense/b": "net/0/b", "step": "step"}
    path = tfckpt.save(prefix, tfckpt.to_object_based(named, places))
    tree = tfckpt.load_object_tree(path)
    assert tree["net"][0]["b"].tolist() == [2, 3]
    back = tfckpt.to_name_based(path)
    assert {name: one.tolist() for name, one in back.items()} == {
        "dense/w": [1],
        "dense/b": [2, 3],
        "step": 4,
    }
    again = tfckpt.to_object_based(back, tfckpt.object_graph(path))
    assert again[GRAPH] == tfckpt.load(path)[GRAPH]
    assert again["net/0/w" + VALUE].tolist() == [1]


def test_the_same_array_under_two_names_stays_two_variables(prefix: Path) -> None:
    one = np.ones(1)
    objects = tfckpt.to_object_based({"a": one, "b": one}, lambda name: f"all/{name}")
    assert set(objects) == {"all/a" + VALUE, "all/b" + VALUE, GRAPH}


@pytest.mark.parametrize(
    ("places", "error", "message"),
    [
        ({"a": "x", "b": "x"}, ValueError, "taken"),
        ({"a": "x", "b": "x/y"}, ValueError, "leads through a variable"),
        ({"a": "x/y", "b": "x"}, ValueError, "taken"),
        ({"a": "", "b": "x"}, ValueError, "empty"),
        ({"a": "x"}, KeyError, "b"),
    ],
)
def test_places_that_contradict_each_other_are_refused(
    places: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tfckpt.to_object_based({"a": 1, "b": 2}, places)


def test_variables_that_a_graph_needs_must_be_there(trained: str) -> None:
    with pytest.raises(InvalidArgumentError, match="w/Adam"):
        tfckpt.to_object_based({"w": 1, "b": 2}, tfckpt.object_graph(trained))


# Other people's

FOLDER = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
SETS = sorted(
    path.parent.name for path in FOLDER.glob("*/expected.json") if GRAPH in path.read_text()
) or ["none here"]


@pytest.mark.parametrize("name", SETS)
def test_real_trees_hold_every_tensor(name: str, realckpts: Path, tmp_path: Path) -> None:
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for prefix, tensors in expected.items():
        if GRAPH not in tensors:
            continue
        path = realckpts / name / prefix
        try:
            checkpoint = tfckpt.Checkpoint.from_checkpoint(path)
        except (FileMissingError, UnimplementedError):
            assert any("sha256" not in one for one in tensors.values())
            continue
        assert not checkpoint._stored.others  # the tree has them all
        ours = checkpoint.write(tmp_path / "again", fsync=False)
        before, after = tfckpt.load(path), tfckpt.load(ours)
        assert before.keys() == after.keys()
        for key, value in before.items():
            if key != GRAPH:
                assert np.array_equal(value, after[key]), key
        assert tfckpt.object_graph(path) == tfckpt.object_graph(ours)
