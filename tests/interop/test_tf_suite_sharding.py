"""TensorFlow's cases of sharding_policies_test.py and sharding_util_test.py, for both libraries.

Policies are asked by way of a save, through a callback that notes what they answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.checkpoint.sharding import sharding_util

from interop.tf_suite_objects import LIBS, SUFFIX, lib_name

pytestmark = pytest.mark.parametrize("lib", LIBS, ids=lib_name)

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
V0, V1, V2 = (name + SUFFIX for name in ("v0", "v1", "v2"))


def callback(lib: Any, shard: Callable[[Any], Any], description: str) -> Any:
    """A ShardingCallback that does what the function does."""

    class Callback(lib.ShardingCallback):
        @property
        def description(self) -> str:
            return description

        def __call__(self, shardable_tensors: Any) -> Any:
            return shard(shardable_tensors)

    return Callback()


def write(lib: Any, prefix: Path, sharding: Any, **tree: Any) -> str:
    given = lib.CheckpointOptions(experimental_sharding_callback=sharding)
    return lib.Checkpoint(**tree).write(str(prefix), options=given)


def shards_of(
    lib: Any, prefix: Path, policy: Any, prepare: Any = list, **tree: Any
) -> list[dict[str, dict[str, Any]]]:
    """What the policy makes of a tree: shards of plain values, by key and slice."""
    noted: list[Any] = []

    def note(shardable_tensors: Any) -> Any:
        noted.extend(policy(prepare(shardable_tensors)))
        return lib.ShardByTaskPolicy()(shardable_tensors)  # for what is prepared fits no file

    write(lib, prefix, callback(lib, note, "noted"), **tree)
    return [
        {
            key: {spec: np.asarray(part).tolist() for spec, part in slices.items()}
            for key, slices in shard.items()
        }
        for shard in noted
    ]


def parts(shards: list[dict[str, dict[str, Any]]]) -> list[dict[str, dict[str, Any]]]:
    """The shards, of the object graph only that it is there."""
    return [
        {key: {} if key == GRAPH else slices for key, slices in shard.items()} for shard in shards
    ]


def flat_pair(lib: Any) -> dict[str, Any]:
    return {"v0": lib.variable([0.0, 1.0, 2.0, 3.0]), "v1": lib.variable([[4], [5], [6], [7]])}


HALVES = [
    {V0: {"4 0,2": [0, 1]}},
    {V0: {"4 2,2": [2, 3]}},
    {V1: {"4 1 0,2:0,1": [[4], [5]]}},
    {V1: {"4 1 2,2:0,1": [[6], [7]]}, GRAPH: {}},
]
WHOLES = [
    {V0: {"4 0,4": [0, 1, 2, 3]}},
    {V1: {"4 1 0,4:0,1": [[4], [5], [6], [7]]}, GRAPH: {}},
]


FLAT = {
    4: [
        *({V0: {f"4 {one},1": [one]}} for one in range(4)),
        *({V1: {f"4 1 {one},1:0,1": [[4 + one]]}} for one in range(3)),
        {V1: {"4 1 3,1:0,1": [[7]]}, GRAPH: {}},
    ],
    8: HALVES,
    10: HALVES,  # no room for half an element
    16: WHOLES,
    18: WHOLES,
}


@pytest.mark.parametrize("size", FLAT)
def test_one_dimension_is_cut_to_size(size: int, lib: Any, tmp_path: Path) -> None:
    policy = lib.MaxShardSizePolicy(max_shard_size=size)
    assert parts(shards_of(lib, tmp_path / "ckpt", policy, **flat_pair(lib))) == FLAT[size]


def deep_pair(lib: Any) -> dict[str, Any]:
    return {
        "v0": lib.variable([[0, 1], [2, 3], [4, 5]]),
        "v1": lib.variable([[[6.0], [7.0]], [[8.0], [9.0]], [[10.0], [11.0]]]),
    }


ROWS = [
    *({V0: {f"3 2 {row},1:0,2": [[2 * row, 2 * row + 1]]}} for row in range(3)),
    *({V1: {f"3 2 1 {row},1:0,2:0,1": [[[6 + 2 * row], [7 + 2 * row]]]}} for row in range(2)),
    {V1: {"3 2 1 2,1:0,2:0,1": [[[10], [11]]]}, GRAPH: {}},
]


DEEP = {
    8: ROWS,
    10: ROWS,
    12: [  # columns fit better than rows
        {V0: {"3 2 0,3:0,1": [[0], [2], [4]]}},
        {V0: {"3 2 0,3:1,1": [[1], [3], [5]]}},
        {V1: {"3 2 1 0,3:0,1:0,1": [[[6]], [[8]], [[10]]]}},
        {V1: {"3 2 1 0,3:1,1:0,1": [[[7]], [[9]], [[11]]]}, GRAPH: {}},
    ],
    16: [  # one and a half shards for each, so that they share the one in the middle
        {V0: {"3 2 0,2:0,2": [[0, 1], [2, 3]]}},
        {V0: {"3 2 2,1:0,2": [[4, 5]]}, V1: {"3 2 1 0,1:0,2:0,1": [[[6], [7]]]}},
        {V1: {"3 2 1 1,2:0,2:0,1": [[[8], [9]], [[10], [11]]]}, GRAPH: {}},
    ],
}


@pytest.mark.parametrize("size", DEEP)
def test_more_dimensions_are_cut_where_least_parts_come_of_it(
    size: int, lib: Any, tmp_path: Path
) -> None:
    policy = lib.MaxShardSizePolicy(max_shard_size=size)
    assert parts(shards_of(lib, tmp_path / "ckpt", policy, **deep_pair(lib))) == DEEP[size]


def test_strings_are_cut_by_their_length(lib: Any, tmp_path: Path) -> None:
    words = [b"ABCDEFGHI1", b"2JKLMNOPQR", b"STUVW34XYZ", b"0123456789"]
    shards = shards_of(
        lib,
        tmp_path / "ckpt",
        lib.MaxShardSizePolicy(max_shard_size=10),
        v0=lib.variable(words, object if lib.is_ours else tf.string),
    )
    expected = [{V0: {f"4 {number},1": [word]}} for number, word in enumerate(words)]
    expected[-1][GRAPH] = {}
    assert parts(shards) == expected


def test_a_string_that_is_too_long_comes_last_and_whole(lib: Any, tmp_path: Path) -> None:
    shards = shards_of(
        lib,
        tmp_path / "ckpt",
        lib.MaxShardSizePolicy(max_shard_size=8),
        v0=lib.variable(b"ABCDEFGHI1", object if lib.is_ours else tf.string),
    )
    assert parts(shards) == [{GRAPH: {}}, {V0: {"": b"ABCDEFGHI1"}}]


def test_the_number_of_files(lib: Any, tmp_path: Path) -> None:
    tree = {**deep_pair(lib), "v2": lib.variable(b"test_string", object if lib.is_ours else None)}
    checkpoint = lib.Checkpoint(**tree)
    policy = lib.MaxShardSizePolicy(max_shard_size=10)
    given = lib.CheckpointOptions(experimental_sharding_callback=policy)
    path = checkpoint.save(str(tmp_path / "ckpt"), options=given)
    # Three for each of v0 and v1, one for v2, one for the counter and the object graph.
    assert len(list(tmp_path.glob("*.data-*"))) == 8
    expected = {"v0": [[0, 1], [2, 3], [4, 5]], "v1": [[[6], [7]], [[8], [9]], [[10], [11]]]}
    for name in expected:
        lib.assign(tree[name], np.zeros_like(np.asarray(lib.value(tree[name]))))
    checkpoint.restore(path).assert_consumed()
    assert {name: lib.value(tree[name]) for name in expected} == expected
    assert checkpoint.v2 == b"test_string"


@pytest.mark.parametrize("size", [8, 10, 12, 16, 18, 100])
def test_either_library_reads_what_was_cut(size: int, lib: Any, tmp_path: Path) -> None:
    policy = lib.MaxShardSizePolicy(max_shard_size=size)
    path = write(lib, tmp_path / "ckpt", policy, **deep_pair(lib))
    for other in LIBS:
        reader = other.load_checkpoint(path)
        assert reader.get_tensor(V0).tolist() == [[0, 1], [2, 3], [4, 5]]
        assert reader.get_tensor(V1).tolist() == [[[6], [7]], [[8], [9]], [[10], [11]]]


SLICED = {
    8: [
        {V0: {"2 5 0,2:1,1": [[1], [6]]}},
        {V0: {"2 5 0,1:2,2": [[2, 3]]}},
        {V0: {"2 5 1,1:2,2": [[7, 8]]}, GRAPH: {}},
    ],
    12: [
        {V0: {"2 5 0,1:1,3": [[1, 2, 3]]}},
        {V0: {"2 5 1,1:1,3": [[6, 7, 8]]}, GRAPH: {}},
    ],
}


@pytest.mark.parametrize("size", SLICED)
def test_a_slice_of_a_variable_is_cut_further(size: int, lib: Any, tmp_path: Path) -> None:
    """Of [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]] the columns 1 to 3."""

    def prepare(shardable_tensors: Any) -> Any:
        return [
            dataclasses.replace(one, slice_spec="2 5 0,2:1,3") if one.checkpoint_key == V0 else one
            for one in shardable_tensors
        ]

    policy = lib.MaxShardSizePolicy(max_shard_size=size)
    variable = lib.variable([[1.0, 2.0, 3.0], [6.0, 7.0, 8.0]])
    shards = shards_of(lib, tmp_path / "ckpt", policy, prepare, v0=variable)
    assert parts(shards) == SLICED[size]


# Callbacks of one's own


def three(lib: Any) -> dict[str, Any]:
    return {f"v{number}": lib.variable(float(number)) for number in range(3)}


def test_by_task_everything_of_one_process_is_one_shard(lib: Any, tmp_path: Path) -> None:
    shards = shards_of(lib, tmp_path / "ckpt", lib.ShardByTaskPolicy(), **three(lib))
    assert [list(shard) for shard in shards] == [[V0, V1, V2, GRAPH]]
    assert [shards[0][key][""] for key in (V0, V1, V2)] == [0, 1, 2]


def test_by_task_is_what_is_done_without_a_policy(lib: Any, tmp_path: Path) -> None:
    lib.Checkpoint(**three(lib)).write(str(tmp_path / "plain"))
    write(lib, tmp_path / "by_task", lib.ShardByTaskPolicy(), **three(lib))
    for suffix in (".index", ".data-00000-of-00001"):
        by_task = (tmp_path / f"by_task{suffix}").read_bytes()
        assert by_task == (tmp_path / f"plain{suffix}").read_bytes()


def test_what_a_callback_is_told_of_a_tensor(lib: Any, tmp_path: Path) -> None:
    told: list[Any] = []

    def note(shardable_tensors: Any) -> Any:
        told.extend(shardable_tensors)
        return lib.ShardByTaskPolicy()(shardable_tensors)

    variable = lib.variable([[0.0, 1.0]])
    write(lib, tmp_path / "ckpt", callback(lib, note, "noted"), v0=variable)
    assert [one.checkpoint_key for one in told] == [V0, GRAPH]
    assert all(isinstance(one, lib.ShardableTensor) for one in told)
    first = told[0]
    assert np.asarray(first.tensor).tolist() == [[0, 1]]
    assert tuple(first.shape) == (1, 2)
    assert first.dtype == np.float32
    assert first.name == V0
    assert first.slice_spec == ""
    assert first.trackable is variable


def test_a_shard_for_each_tensor(lib: Any, tmp_path: Path) -> None:
    def one_each(shardable_tensors: Any) -> Any:
        return [{one.checkpoint_key: {one.slice_spec: one.tensor}} for one in shardable_tensors]

    path = write(lib, tmp_path / "ckpt", callback(lib, one_each, "one each"), **three(lib))
    assert len(list(tmp_path.glob("*.data-*-of-00004"))) == 4
    fresh = {name: lib.variable(-1.0) for name in ("v0", "v1", "v2")}
    lib.Checkpoint(**fresh).read(path).assert_consumed()
    assert [lib.value(one) for one in fresh.values()] == [0, 1, 2]


def refused(lib: Any, prefix: Path, shard: Callable[[Any], Any], **tree: Any) -> str:
    """Say with which words the shards of a callback are refused.

    TensorFlow documents and tests a check that its own saves do not call, as of 2.21.
    """
    description = "the callback's description"

    def checked(shardable_tensors: Any) -> Any:
        shards = shard(shardable_tensors)
        if not lib.is_ours:
            sharding_util.validate_shards(shards, shardable_tensors, description)
        return shards

    with pytest.raises(RuntimeError) as caught:
        write(lib, prefix, callback(lib, checked, description), **tree)
    assert description in str(caught.value)
    return str(caught.value)


def test_a_tensor_may_not_come_twice(lib: Any, tmp_path: Path) -> None:
    def twice(shardable_tensors: Any) -> Any:
        one = shardable_tensors[0]
        return [{one.checkpoint_key: {one.slice_spec: one.tensor}} for _ in range(2)]

    assert V0 in refused(lib, tmp_path / "ckpt", twice, **three(lib))


def test_a_tensor_may_not_be_added(lib: Any, tmp_path: Path) -> None:
    def added(shardable_tensors: Any) -> Any:
        return [{"ADDED_TENSOR_ABC123": {"": shardable_tensors[0].tensor}}]

    message = refused(lib, tmp_path / "ckpt", added, v0=lib.variable(0.0))
    assert "ADDED_TENSOR_ABC123" in message


@pytest.mark.parametrize(
    ("change", "told"), [(np.transpose, "shape"), (np.int32, "dtype")], ids=["shape", "dtype"]
)
def test_a_tensor_may_not_be_changed(
    change: Callable[[Any], Any], told: str, lib: Any, tmp_path: Path
) -> None:
    def changed(shardable_tensors: Any) -> Any:
        shards = []
        for one in shardable_tensors:
            tensor = one.tensor
            if one.checkpoint_key == V0:
                tensor = change(np.asarray(tensor))
                tensor = tensor if lib.is_ours else tf.constant(tensor)
            shards.append({one.checkpoint_key: {one.slice_spec: tensor}})
        return shards

    message = refused(lib, tmp_path / "ckpt", changed, v0=lib.variable([[0.0, 1.0]]))
    assert V0 in message
    assert told in message


def test_a_tensor_may_not_be_left_out(lib: Any, tmp_path: Path) -> None:
    message = refused(lib, tmp_path / "ckpt", lambda tensors: [], v0=lib.variable(0.0))
    assert V0 in message


@pytest.mark.parametrize("by", ["nothing", "twice", "dtype"])
def test_what_was_refused_leaves_no_checkpoint(by: str, lib: Any, tmp_path: Path) -> None:
    def shard(shardable_tensors: Any) -> Any:
        one = shardable_tensors[0]
        tensor = tf.constant(1) if by == "dtype" and not lib.is_ours else np.int32(1)
        shards = [{one.checkpoint_key: {"": tensor if by == "dtype" else one.tensor}}] * 2
        return {"nothing": [], "twice": shards, "dtype": shards[:1]}[by]

    refused(lib, tmp_path / "ckpt", shard, v0=lib.variable(0.0))
    assert not (tmp_path / "ckpt.index").exists()


def test_callbacks_of_the_same_settings_have_the_same_hash(lib: Any) -> None:
    class Blank(lib.ShardingCallback):
        @property
        def description(self) -> str:
            return ""

        def __call__(self, shardable_tensors: Any) -> Any:
            return []

    class Valued(Blank):
        def __init__(self, value: int) -> None:
            self.value = value

    assert hash(Blank()) == hash(Blank())
    assert hash(Valued(1)) == hash(Valued(1))
    assert hash(Valued(1)) != hash(Valued(2))
    assert hash(lib.MaxShardSizePolicy(8)) == hash(lib.MaxShardSizePolicy(8))


def test_a_callback_needs_a_description_and_a_call(lib: Any) -> None:
    class Neither(lib.ShardingCallback):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Neither()
    assert lib.ShardByTaskPolicy().description
    assert lib.MaxShardSizePolicy(8).description
