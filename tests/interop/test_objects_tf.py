"""Object-based checkpoints, with real TensorFlow on the other side."""

from __future__ import annotations

import json
import os
import random
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.saved_model import registration as tf_registration
from tensorflow.python.trackable.autotrackable import AutoTrackable

import tfckpt
from tfckpt.errors import FileMissingError, UnimplementedError
from tfckpt.objectgraph.nodes import NodePaths
from tfckpt.objects.building import is_nothing

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
FOLDER = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
SETS = sorted(
    path.parent.name for path in FOLDER.glob("*/expected.json") if GRAPH in path.read_text()
) or ["none here"]
Pair = namedtuple("Pair", ["first", "second"])
DTYPES = [np.float32, np.float64, np.int32, np.int64, np.bool_, np.uint8, np.complex64, np.float16]
NAMES = ["a", "b.c", "d/e", "layer_1", "..", ".S", "x y", "é", "10", "0", "ATTRIBUTES", "1"]


def random_tree(rng: random.Random, shared: list[np.ndarray], depth: int = 0) -> Any:
    kind = rng.choice(
        ["array", "array", "dict", "list", "tuple", "pair"] if depth < 3 else ["array"]
    )
    if kind == "array":
        if shared and rng.random() < 0.2:
            return rng.choice(shared)
        dtype = rng.choice(DTYPES)
        shape = [rng.randrange(4) for _ in range(rng.randrange(3))]
        array = np.array(np.random.default_rng(rng.randrange(99)).normal(size=shape) * 9)
        shared.append(array.astype(dtype) if dtype != np.uint8 else np.asarray(abs(array), dtype))
        return shared[-1]
    items = [random_tree(rng, shared, depth + 1) for _ in range(rng.randrange(4))]
    if kind == "dict":
        return dict(zip(rng.sample(NAMES, len(items)), items))
    if kind == "pair":
        return Pair(random_tree(rng, shared, depth + 1), random_tree(rng, shared, depth + 1))
    return items if kind == "list" else tuple(items)


def as_variables(tree: Any, made: dict[int, tf.Variable] | None = None) -> Any:
    """The same tree with TensorFlow's variables for arrays."""
    made = {} if made is None else made
    if isinstance(tree, dict):
        return {name: as_variables(one, made) for name, one in tree.items()}
    if isinstance(tree, Pair):
        return Pair(*(as_variables(one, made) for one in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(as_variables(one, made) for one in tree)
    if id(tree) not in made:
        made[id(tree)] = tf.Variable(tree)
    return made[id(tree)]


def zeroed(tree: Any, made: dict[int, np.ndarray] | None = None) -> Any:
    made = {} if made is None else made
    if isinstance(tree, dict):
        return {name: zeroed(one, made) for name, one in tree.items()}
    if isinstance(tree, Pair):
        return Pair(*(zeroed(one, made) for one in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(zeroed(one, made) for one in tree)
    return made.setdefault(id(tree), np.zeros_like(tree))


def root(rng: random.Random) -> dict[str, Any]:
    shared: list[np.ndarray] = []
    names = rng.sample(["net", "Opt", "step", "_x", "zz", "b2"], rng.randrange(1, 5))
    tree = {name: random_tree(rng, shared) for name in names}
    return {name: one for name, one in tree.items() if not is_nothing(one)}


def files(prefix: str) -> tuple[bytes, bytes]:
    return Path(prefix + ".index").read_bytes(), Path(prefix + ".data-00000-of-00001").read_bytes()


@pytest.mark.parametrize("seed", range(60))
def test_the_same_structure_gives_the_same_bytes(seed: int, tmp_path: Path) -> None:
    tree = root(random.Random(seed))
    ours = tfckpt.Checkpoint(**tree).write(tmp_path / "ours")
    theirs = tf.train.Checkpoint(**as_variables(tree)).write(str(tmp_path / "theirs"))
    assert tfckpt.object_graph(ours) == tfckpt.object_graph(theirs)
    assert files(ours) == files(theirs)


@pytest.mark.parametrize("seed", range(20))
def test_both_restore_what_the_other_wrote(seed: int, tmp_path: Path) -> None:
    tree = root(random.Random(1000 + seed))
    empty = zeroed(tree)
    ours = tfckpt.Checkpoint(**tree).save(tmp_path / "ours")
    variables = as_variables(empty)
    checkpoint = tf.train.Checkpoint(**variables)
    checkpoint.restore(ours).assert_consumed()
    theirs = checkpoint.write(str(tmp_path / "theirs"))
    mine = tfckpt.Checkpoint(**empty)
    mine.restore(theirs).assert_consumed()
    assert int(mine.save_counter) == 1
    assert files(mine.write(tmp_path / "again")) == files(theirs)


def test_children_that_come_later_come_later(tmp_path: Path) -> None:
    def fill(checkpoint: Any, variable: Any) -> Any:
        _ = checkpoint.save_counter
        checkpoint.z = variable
        checkpoint.a = [variable]
        return checkpoint

    one = np.float32(1)
    ours = fill(tfckpt.Checkpoint(v=np.array(one)), np.array(one)).save(tmp_path / "ours")
    theirs = fill(tf.train.Checkpoint(v=tf.Variable(one)), tf.Variable(one)).save(
        str(tmp_path / "theirs")
    )
    assert files(ours) == files(theirs)


def test_save_counts_and_names_as_tensorflow_does(tmp_path: Path) -> None:
    for folder, checkpoint in [
        ("ours", tfckpt.Checkpoint(w=np.ones(2, np.float32))),
        ("theirs", tf.train.Checkpoint(w=tf.Variable(np.ones(2, np.float32)))),
    ]:
        for _ in range(3):
            checkpoint.save(str(tmp_path / folder / "ckpt"))
    names = sorted(one.name for one in (tmp_path / "theirs").iterdir())
    assert sorted(one.name for one in (tmp_path / "ours").iterdir()) == names
    for name in names:
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()


def test_managers_take_turns_in_one_folder(tmp_path: Path) -> None:
    ours = tfckpt.Checkpoint(w=np.zeros(2, np.float32))
    theirs = tf.train.Checkpoint(w=tf.Variable(np.zeros(2, np.float32)))
    for turn in range(4):
        manager = tfckpt.CheckpointManager(ours, tmp_path, max_to_keep=3)
        manager.restore_or_initialize()
        ours.w += 1
        manager.save()
        other = tf.train.CheckpointManager(theirs, str(tmp_path), max_to_keep=3)
        assert other.restore_or_initialize() == str(tmp_path / f"ckpt-{2 * turn + 1}")
        theirs.w.assign_add([1.0, 1.0])
        other.save()
    assert [Path(one).name for one in other.checkpoints] == ["ckpt-6", "ckpt-7", "ckpt-8"]
    assert ours.restore(str(tmp_path / "ckpt-8")).assert_consumed()
    assert ours.w.tolist() == [8, 8]
    assert int(ours.save_counter) == 8


# TensorFlow's own objects: read, change every weight, write, and let TensorFlow restore them.


class Dense(tf.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.w = tf.Variable(tf.ones([size, 2]), name="w")
        self.b = tf.Variable(tf.zeros([2]), name="b")
        self.twin = self


def module() -> dict[str, Any]:
    return {"module": Dense(3)}


def modules_in_containers() -> dict[str, Any]:
    return {"net": {"layers": [Dense(1), Dense(2)], "head/1.0": (Dense(3),)}}


def plain_dict() -> dict[str, Any]:
    return {"weights": {"a": tf.Variable(1.0), "b": {"c": tf.Variable([1, 2])}}}


def plain_list() -> dict[str, Any]:
    return {"items": [tf.Variable(float(one)) for one in range(12)], "none": [], "nothing": {}}


def shared_variable() -> dict[str, Any]:
    variable = tf.Variable([1.0, 2.0])
    return {"one": variable, "two": [variable], "three": {"x": variable}}


def strings() -> dict[str, Any]:
    return {"vocabulary": tf.Variable([b"a", b"bc"]), "step": tf.Variable(3, dtype=tf.int64)}


def module_root() -> dict[str, Any]:
    return {"root": Dense(2), "extra": [tf.Variable(2.0)]}


def keras_model() -> Any:
    keras = tf.keras
    model = keras.Sequential(
        [
            keras.layers.Dense(4, name="one"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )
    model.build((None, 3))
    return model


def keras_weights() -> dict[str, Any]:
    return {"model": keras_model()}


def keras_with_adam() -> dict[str, Any]:
    model = keras_model()
    optimizer = tf.keras.optimizers.Adam(0.1)
    model.compile(optimizer, "mse")
    model.fit(np.ones((4, 3), np.float32), np.ones((4, 1), np.float32), verbose=0)
    return {"model": model, "optimizer": optimizer}


def keras_functional_with_momentum() -> dict[str, Any]:
    keras = tf.keras
    entry = keras.Input((3,))
    shared = keras.layers.Dense(3)
    model = keras.Model(entry, keras.layers.Dense(1)(shared(shared(entry))))
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(np.ones((4, 3), np.float32), np.ones((4, 1), np.float32), verbose=0)
    return {"model": model, "step": tf.Variable(7, dtype=tf.int64)}


def tf1_adam() -> dict[str, Any]:
    variables = [tf.Variable([1.0, 2.0], name="v"), tf.Variable(3.0, name="s")]
    optimizer = tf.compat.v1.train.AdamOptimizer(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(variables[0]) * variables[1]
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"net": variables, "optimizer": optimizer}


def tf1_momentum() -> dict[str, Any]:
    variable = tf.Variable([1.0, 2.0], name="v")
    optimizer = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)
    optimizer.apply_gradients([(tf.ones([2]), variable)])
    return {"net": Dense(2), "v": variable, "optimizer": optimizer}


def table() -> dict[str, Any]:
    made = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    made.insert(tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64))
    return {"table": made, "w": tf.Variable(1.0)}


def generator() -> dict[str, Any]:
    return {"generator": tf.random.Generator.from_seed(3), "epoch": tf.Variable(0)}


class Counter(tf.train.experimental.PythonState):
    def __init__(self) -> None:
        self.count = 3

    def serialize(self) -> str:
        return str(self.count)

    def deserialize(self, text: str) -> None:
        self.count = int(text)


def python_state() -> dict[str, Any]:
    return {"counter": Counter(), "zz": tf.Variable(1.0), "after": {"x": tf.Variable(2.0)}}


class Registered(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        vars(self)["hidden"] = tf.Variable(5.0)  # not tracked: only the saver below knows of it


def save_registered(trackables: dict[str, Any], file_prefix: Any) -> Any:
    names = list(trackables)
    tf.raw_ops.SaveV2(
        prefix=file_prefix,
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[trackables[name].hidden for name in names],
    )
    return file_prefix


def restore_registered(trackables: dict[str, Any], merged_prefix: Any) -> None:
    for name, one in trackables.items():
        (value,) = tf.raw_ops.RestoreV2(
            prefix=merged_prefix, tensor_names=[name], shape_and_slices=[""], dtypes=[tf.float32]
        )
        one.hidden.assign(value)


tf_registration.register_checkpoint_saver(
    package="Tests",
    name="hidden",
    predicate=lambda one: isinstance(one, Registered),
    save_fn=save_registered,
    restore_fn=restore_registered,
)


def registered_saver() -> dict[str, Any]:
    return {"special": Registered(), "w": tf.Variable(1.0)}


STRUCTURES = [
    module,
    modules_in_containers,
    plain_dict,
    plain_list,
    shared_variable,
    strings,
    module_root,
    keras_weights,
    keras_with_adam,
    keras_functional_with_momentum,
    tf1_adam,
    tf1_momentum,
    table,
    generator,
    python_state,
    registered_saver,
]


def in_name(make: Any) -> str:
    return make.__name__


@pytest.mark.parametrize("make", STRUCTURES, ids=in_name)
def test_unchanged_it_is_written_as_it_was(make: Any, tmp_path: Path) -> None:
    theirs = tf.train.Checkpoint(**make()).save(str(tmp_path / "theirs"))
    ours = tfckpt.Checkpoint.from_checkpoint(theirs).write(tmp_path / "ours")
    if make is registered_saver:  # whose tensors TensorFlow puts into a shard of their own
        assert tfckpt.load(ours) == tfckpt.load(theirs)
    else:
        assert files(ours) == files(theirs)


@pytest.mark.parametrize("make", STRUCTURES, ids=in_name)
def test_tensorflow_restores_changed_weights_in_full(make: Any, tmp_path: Path) -> None:
    theirs = tf.train.Checkpoint(**make()).save(str(tmp_path / "theirs"))
    checkpoint = tfckpt.Checkpoint.from_checkpoint(theirs)
    changed = 0
    for array in checkpoint._stored.values().values():
        if isinstance(array, np.ndarray) and array.dtype == np.float32:
            array += 1
            changed += 1
    ours = checkpoint.save(tmp_path / "ours")
    fresh = tf.train.Checkpoint(**make())
    fresh.restore(ours).assert_consumed()
    again = fresh.write(str(tmp_path / "again"))
    before, after = tfckpt.load(theirs), tfckpt.load(again)
    for key, value in after.items():
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            kept = key in checkpoint._stored.others  # a registered saver's
            assert np.array_equal(value, before[key] + (not kept)), key
            changed -= not kept
    assert changed == 0
    assert after["save_counter/.ATTRIBUTES/VARIABLE_VALUE"] == 2


@pytest.mark.parametrize("make", STRUCTURES, ids=in_name)
def test_paths_are_those_that_keys_begin_with(make: Any, tmp_path: Path) -> None:
    graph = tfckpt.object_graph(tf.train.Checkpoint(**make()).write(str(tmp_path / "theirs")))
    paths = NodePaths(graph)
    assert len(paths) == len(graph.nodes)
    for node_id, node in enumerate(graph.nodes):
        for attribute in node.attributes:
            assert attribute.checkpoint_key.startswith(paths[node_id] + "/.ATTRIBUTES/")


# The tree that a checkpoint is read as, in a Checkpoint of its own.

OF_VARIABLES = [
    module,
    modules_in_containers,
    plain_dict,
    plain_list,
    shared_variable,
    strings,
    module_root,
    keras_weights,
    keras_with_adam,
    keras_functional_with_momentum,
    generator,
]


def floats(tree: Any) -> dict[int, np.ndarray]:
    """The float arrays in a tree that may go in circles."""
    found: dict[int, np.ndarray] = {}
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, (dict, list)):
            waiting += one.values() if isinstance(one, dict) else one
        elif isinstance(one, np.ndarray) and one.dtype == np.float32:
            found[id(one)] = one
    return found


@pytest.mark.parametrize("is_root", [False, True], ids=["keywords", "root"])
@pytest.mark.parametrize("make", OF_VARIABLES, ids=in_name)
def test_a_tree_that_was_read_is_restored_by_tensorflow_and_back(
    make: Any, is_root: bool, tmp_path: Path
) -> None:
    theirs = tf.train.Checkpoint(**make()).save(str(tmp_path / "theirs"))
    with tfckpt.load_object_tree(theirs) as lazy:
        tree = lazy.materialize()
    weights = floats(tree)
    for array in weights.values():
        array += 1
    checkpoint = tfckpt.Checkpoint(tree) if is_root else tfckpt.Checkpoint(**tree)
    ours = checkpoint.save(tmp_path / "ours")

    fresh = tf.train.Checkpoint(**make())
    status = fresh.restore(ours)
    status.assert_existing_objects_matched()
    if not is_root:  # where "root" is one more name of the root
        status.assert_consumed()
    assert fresh.save_counter == 2
    again = fresh.write(str(tmp_path / "again"))
    before, after = tfckpt.load(theirs), tfckpt.load(again)
    assert before.keys() == after.keys()
    for key, value in after.items():
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            assert np.array_equal(value, before[key] + 1), key

    for array in weights.values():
        array[...] = 0
    checkpoint.restore(again).assert_consumed()
    sums = sorted(float(one.sum()) for one in weights.values())
    stored = {key: one for key, one in after.items() if isinstance(one, np.ndarray)}
    assert sums == sorted(float(one.sum()) for one in stored.values() if one.dtype == np.float32)


def as_objects(path: Path, graph: Any) -> AutoTrackable:
    """TensorFlow's objects in the structure of a graph, with zeros for the variables."""
    reader = tf.train.load_checkpoint(str(path))
    made: list[Any] = []
    for node in graph.nodes:
        key = "".join(one.checkpoint_key for one in node.attributes if one.name == "VARIABLE_VALUE")
        zero = np.zeros_like(reader.get_tensor(key)) if key and not node.children else None
        made.append(AutoTrackable() if zero is None else tf.Variable(zero))
    for node, one in zip(graph.nodes, made):
        for child in node.children:
            one._track_trackable(made[child.node_id], child.local_name, overwrite=True)
    return made[0]


@pytest.mark.parametrize("name", SETS)
def test_trees_of_other_peoples_checkpoints_are_restored_by_tensorflow(
    name: str, realckpts: Path, tmp_path: Path
) -> None:
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for stored in (one for one, tensors in expected.items() if GRAPH in tensors):
        path = realckpts / name / stored
        try:
            with tfckpt.load_object_tree(path) as lazy:
                tree = lazy.materialize()
        except (FileMissingError, UnimplementedError):
            continue
        weights = floats(tree)
        for array in weights.values():
            array += 1
        ours = tfckpt.Checkpoint(tree).write(tmp_path / "ours", fsync=False)
        before, after = tf.train.load_checkpoint(str(path)), tf.train.load_checkpoint(ours)
        for key, dtype in before.get_variable_to_dtype_map().items():
            if dtype == tf.float32 and ".OPTIMIZER_SLOT" not in key:
                assert np.array_equal(after.get_tensor(key), before.get_tensor(key) + 1), key
        root = as_objects(path, tfckpt.object_graph(path))
        status = tf.train.Checkpoint(root).read(ours)
        status.assert_existing_objects_matched().expect_partial()


def test_a_root_gives_the_same_bytes(tmp_path: Path) -> None:
    def made(lib: Any, variable: Any, root: Any) -> Any:
        checkpoint = lib.Checkpoint(root, z=variable(2.0), a=[variable(3.0)])
        return checkpoint.save(str(tmp_path / lib.__name__.rpartition(".")[2]))

    theirs = AutoTrackable()
    theirs.w, theirs.b = tf.Variable(1.0), tf.Variable(4.0)
    ours = {"w": np.float32(1), "b": np.float32(4)}
    assert files(made(tfckpt, np.float32, ours)) == files(made(tf.train, tf.Variable, theirs))


def test_full_names_give_the_same_bytes(tmp_path: Path) -> None:
    value = np.float32([1, 2])
    ours = tfckpt.Checkpoint(w=tfckpt.Variable(value, name="x/w"), v=value)
    theirs = tf.train.Checkpoint(w=tf.Variable(value, name="x/w"), v=tf.Variable(value))
    path = ours.write(tmp_path / "ours")
    assert files(path) == files(theirs.write(str(tmp_path / "theirs")))


def test_slots_are_found_under_their_optimizer(tmp_path: Path) -> None:
    made = tf1_adam()
    path = tf.train.Checkpoint(**made).write(str(tmp_path / "theirs"))
    tree = tfckpt.load_object_tree(path)
    for slot in ("m", "v"):
        for number, variable in enumerate(made["net"]):
            expected = made["optimizer"].get_slot(variable, slot).numpy()
            assert np.array_equal(tree["optimizer"][slot][f"net/{number}"], expected)


def test_a_name_based_checkpoint_becomes_one_of_objects_and_back(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.get_variable("dense/kernel", initializer=np.ones((2, 3), np.float32))
        tf.compat.v1.get_variable("dense/bias", initializer=np.arange(3, dtype=np.float32))
        session.run(tf.compat.v1.global_variables_initializer())
        named = tf.compat.v1.train.Saver().save(session, str(tmp_path / "named"))
    variables = tfckpt.load(named)
    places = {"dense/kernel": "net/layers/0/kernel", "dense/bias": "net/layers/0/bias"}
    ours = tfckpt.save(tmp_path / "objects", tfckpt.to_object_based(variables, places))
    layer = {"kernel": tf.Variable(tf.zeros([2, 3])), "bias": tf.Variable(tf.zeros([3]))}
    tf.train.Checkpoint(net={"layers": [layer]}).read(ours).assert_consumed()
    assert layer["bias"].numpy().tolist() == [0, 1, 2]
    back = tfckpt.to_name_based(ours)
    assert {name: one.tolist() for name, one in back.items()} == {
        name: one.tolist() for name, one in variables.items()
    }
