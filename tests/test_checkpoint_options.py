"""CheckpointOptions: callbacks, slots, and how a checkpoint is cut into data files."""

from __future__ import annotations

import copy
import inspect
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.protos import TrackableObjectGraph

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"

# The fields


def test_the_fields_stand_in_tensorflows_order() -> None:
    parameters = inspect.signature(tfckpt.CheckpointOptions).parameters
    assert {name: one.default for name, one in parameters.items()} == {
        "experimental_io_device": None,
        "experimental_enable_async_checkpoint": False,
        "experimental_write_callbacks": None,
        "enable_async": False,
        "experimental_skip_slot_variables": False,
        "experimental_sharding_callback": None,
    }


def test_either_name_of_async_sets_both() -> None:
    for given in (
        tfckpt.CheckpointOptions(enable_async=True),
        tfckpt.CheckpointOptions(experimental_enable_async_checkpoint=True),
    ):
        assert given.enable_async
        assert given.experimental_enable_async_checkpoint


def test_a_copy_has_a_list_of_callbacks_of_its_own() -> None:
    policy = tfckpt.ShardByTaskPolicy()
    original = tfckpt.CheckpointOptions("/cpu:0", False, [print_path], True, True, policy)
    copied = copy.copy(original)
    assert copied is not original
    assert copied.experimental_write_callbacks == [print_path]
    copied.experimental_write_callbacks.append(print_path)
    assert original.experimental_write_callbacks == [print_path]
    assert copied.experimental_sharding_callback is policy
    assert (copied.experimental_io_device, copied.enable_async) == ("/cpu:0", True)
    assert copied.experimental_skip_slot_variables


def print_path(path: str) -> None:
    print(path)


def test_what_the_options_refuse() -> None:
    with pytest.raises(AssertionError, match="takes the path or nothing"):
        tfckpt.CheckpointOptions(experimental_write_callbacks=[lambda path, more: None])
    with pytest.raises(TypeError, match=r"not (a )?callable"):
        tfckpt.CheckpointOptions(experimental_write_callbacks=[5])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="must be a ShardingCallback"):
        tfckpt.CheckpointOptions(experimental_sharding_callback=list)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["write", "save", "read", "restore"])
def test_something_else_than_options_is_refused(method: str, prefix: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    checkpoint.write(prefix)
    with pytest.raises(TypeError, match="CheckpointOptions, not 5"):
        getattr(checkpoint, method)(prefix, 5)
    assert len(list(prefix.parent.iterdir())) == 2


# Callbacks after a write


def test_callbacks_are_called_in_order_once_the_files_are_there(prefix: Path) -> None:
    calls: list[Any] = []

    def told(path: str) -> None:
        state = tfckpt.get_checkpoint_state(str(prefix.parent))
        calls.append((path, tfckpt.checkpoint_exists(path), state))

    given = tfckpt.CheckpointOptions(
        experimental_write_callbacks=[lambda: calls.append("first"), told]
    )
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    assert checkpoint.write(prefix, given) == str(prefix)
    assert calls == ["first", (str(prefix), True, None)]
    checkpoint.save(prefix, options=given)
    assert calls[2:] == ["first", (f"{prefix}-1", True, None)]  # no state file names it yet
    assert tfckpt.latest_checkpoint(str(prefix.parent)) == f"{prefix}-1"


def test_a_save_whose_callback_fails_is_not_counted(prefix: Path) -> None:
    def fail() -> None:
        raise KeyError("no")

    given = tfckpt.CheckpointOptions(experimental_write_callbacks=[fail])
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    with pytest.raises(KeyError):
        checkpoint.save(prefix, given)
    assert checkpoint.save_counter == 0
    assert tfckpt.get_checkpoint_state(str(prefix.parent)) is None


def test_a_manager_hands_options_on(tmp_path: Path) -> None:
    paths: list[str] = []
    given = tfckpt.CheckpointOptions(
        experimental_write_callbacks=[paths.append],
        experimental_sharding_callback=tfckpt.MaxShardSizePolicy(16),
    )
    manager = tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.arange(4.0)), tmp_path, 1)
    saved = [manager.save(options=given) for _ in range(2)]
    assert paths == saved
    assert given.experimental_write_callbacks == [paths.append]
    assert manager.checkpoints == saved[1:]
    # Two halves, and the counter with the graph of the objects; nothing of the first save.
    names = {path.name for path in tmp_path.glob("ckpt-*.data-*")}
    assert names == {f"ckpt-2.data-{number:05d}-of-00003" for number in range(3)}


# Slots


@pytest.fixture
def with_slots(prefix: Path) -> str:
    """A variable and an optimizer, with a slot that is also a child of the optimizer's."""
    graph = TrackableObjectGraph()
    for _ in range(4):
        graph.nodes.add()
    root, variable, optimizer, slot = graph.nodes
    root.children.add(node_id=1, local_name="w")
    root.children.add(node_id=2, local_name="opt")
    slots = {"w": variable, "w/.OPTIMIZER_SLOT/opt/m": slot}
    for path, node in slots.items():
        node.attributes.add(name="VARIABLE_VALUE", checkpoint_key=path + VALUE)
    optimizer.slot_variables.add(
        original_variable_node_id=1, slot_name="m", slot_variable_node_id=3
    )
    tensors: dict[str, Any] = {path + VALUE: np.full(2, 7.0) for path in slots}
    return tfckpt.save(prefix, {**tensors, GRAPH: graph.SerializeToString()})


def test_slots_are_skipped_on_request(with_slots: str) -> None:
    checkpoint = tfckpt.Checkpoint.from_checkpoint(with_slots)
    slot = checkpoint.opt["m"]["w"]
    for skip, expected in ((True, [0, 0]), (False, [7, 7])):
        checkpoint.w[:] = 0
        slot[:] = 0
        given = tfckpt.CheckpointOptions(experimental_skip_slot_variables=skip)
        status = checkpoint.read(with_slots, given).assert_consumed()
        assert checkpoint.w.tolist() == [7, 7]
        assert slot.tolist() == expected
        assert (len(status.restored), status.unrestored, status.unused) == (2 - skip, [], [])


def test_skipped_slots_are_not_missed_where_there_are_none(with_slots: str) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2), opt={})
    with pytest.raises(AssertionError, match="OPTIMIZER_SLOT/opt/m"):
        checkpoint.read(with_slots).assert_consumed()
    given = tfckpt.CheckpointOptions(experimental_skip_slot_variables=True)
    checkpoint.read(with_slots, given).assert_consumed()


# Shards of a limited size


def limited(prefix: Path, size: float, **tree: Any) -> str:
    given = tfckpt.CheckpointOptions(experimental_sharding_callback=tfckpt.MaxShardSizePolicy(size))
    return tfckpt.Checkpoint(**tree).write(prefix, given)


def sizes(path: str) -> list[int]:
    files = Path(path).parent.glob(Path(path).name + ".data-*")
    return [file.stat().st_size for file in sorted(files)]


def slices(path: str, name: str) -> list[str]:
    with tfckpt.load_checkpoint(path) as reader:
        return [str(one) for one in reader.info(name + VALUE).slices]


def value(path: str, name: str) -> Any:
    with tfckpt.load_checkpoint(path) as reader:
        return reader.get_tensor(name + VALUE)


def test_a_tensor_fills_what_room_is_left_and_goes_on_in_the_next_shard(prefix: Path) -> None:
    a, b = np.arange(24.0).reshape(3, 8), np.arange(40.0).reshape(5, 8)
    path = limited(prefix, 256, a=a, b=b)  # four rows of 64 bytes
    graph = len(tfckpt.load_checkpoint(path).get_tensor(GRAPH))
    assert sizes(path)[0] == 256
    assert 256 + graph < sizes(path)[1] < 256 + graph + 16  # the graph does not count
    assert slices(path, "a") == []  # the slice that is all of it
    assert slices(path, "b") == ["0,1:0,8", "1,4:0,8"]
    assert value(path, "b").tolist() == b.tolist()


def test_a_tensor_is_cut_across_the_axis_with_the_fewest_parts(prefix: Path) -> None:
    wide = np.arange(12, dtype="i4").reshape(3, 4)
    # Two rows fit into 32 bytes, and two columns: two parts either way, rows first.
    assert slices(limited(prefix, 32, w=wide), "w") == ["0,2:0,4", "2,1:0,4"]
    # No more than one row fits into 24 bytes, but two columns.
    path = limited(prefix, 24, w=wide)
    assert slices(path, "w") == ["0,3:0,2", "0,3:2,2"]
    assert value(path, "w").tolist() == wide.tolist()


def test_what_fits_in_no_slice_is_halved_first(prefix: Path) -> None:
    """TensorFlow never ends here."""
    cube = np.arange(8 * 8 * 8, dtype="i4").reshape(8, 8, 8)
    path = limited(prefix, 100, w=cube)  # a slice across any axis has 256 bytes
    assert value(path, "w").tolist() == cube.tolist()
    assert max(sizes(path)[:-1]) <= 100
    assert len(sizes(path)) < 2 * cube.nbytes / 100


def test_an_element_that_is_too_big_has_a_shard_of_its_own(
    prefix: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts = np.array(["a", "bc", "long enough", "d", "e"], object)
    path = limited(prefix, 4, s=texts, z=np.float64(1), y=np.int8(2))
    assert value(path, "s").tolist() == [b"a", b"bc", b"long enough", b"d", b"e"]
    assert value(path, "z") == 1
    messages = [record.getMessage() for record in caplog.records]
    assert [f"s{VALUE} has 11 bytes" in one for one in messages][:1] == [True]
    assert [f"z{VALUE} has 8 bytes" in one for one in messages][1:2] == [True]
    # The small ones and the graph; then the text, with its length and that one's checksum; then z.
    assert sizes(path)[-2:] == [11 + 1 + 4, 8]


def test_what_has_no_elements_is_kept(prefix: Path) -> None:
    """TensorFlow leaves it out, and cannot restore the rest."""
    tree = {"a": np.zeros((0, 3), "f4"), "b": np.zeros(4), "c": np.zeros((2, 0), object)}
    path = limited(prefix, 8, **tree)
    for name, array in tree.items():
        assert value(path, name).shape == array.shape
    tfckpt.Checkpoint(**tree).read(path).assert_consumed()


def test_strings_of_more_dimensions_are_cut_too(prefix: Path) -> None:
    """TensorFlow raises ValueError for them."""
    texts = np.array([[b"ab", b"c"], [b"de", b"f"], [b"g", b""]], object)
    path = limited(prefix, 4, s=texts)
    assert value(path, "s").tolist() == texts.tolist()
    assert len(slices(path, "s")) == 3


@pytest.mark.parametrize("axis", [0, 1])
def test_slices_are_views(axis: int) -> None:
    shape = (4, 2**20) if axis else (2**20, 4)
    array = np.zeros(shape, "f4")
    one = tfckpt.ShardableTensor(array, array.dtype, "", "w", shape, "", "w", array)
    shards = tfckpt.MaxShardSizePolicy(2**20)([one])
    parts = [part for shard in shards for part in shard["w"].values()]
    assert len(parts) == 16
    assert all(np.shares_memory(part, array) for part in parts)
    assert {part.nbytes for part in parts} == {2**20}


@pytest.mark.parametrize("size", [0, -5, math.nan])
def test_a_limit_is_above_zero(size: float) -> None:
    with pytest.raises(ValueError, match="max_shard_size must be above zero"):
        tfckpt.MaxShardSizePolicy(size)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [8.5, 1e9])
def test_a_limit_may_be_a_float(size: float, prefix: Path) -> None:
    path = limited(prefix, size, w=np.arange(3.0))
    assert len(sizes(path)) == (3 if size < 24 else 1)


def test_a_warning_tells_of_slices_that_tensorflow_does_not_restore(
    prefix: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limited(prefix, 8, half=np.zeros(6, "f2"), single=np.zeros(6, "f4"), whole=np.zeros(2, "f2"))
    (record,) = (one for one in caplog.records if "TensorFlow restores none" in one.getMessage())
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"half{VALUE} is cut into slices")
    assert "DT_HALF" in record.getMessage()


# Callbacks of one's own


class Callback(tfckpt.ShardingCallback):
    """Does what a function does."""

    description = "what a test does"

    def __init__(self, shards: Callable[[Any], Any]) -> None:
        self.shards = shards

    def __call__(self, shardable_tensors: Any) -> Any:
        return self.shards(shardable_tensors)


def write(prefix: Path, shards: Callable[[Any], Any], **tree: Any) -> str:
    given = tfckpt.CheckpointOptions(experimental_sharding_callback=Callback(shards))
    return tfckpt.Checkpoint(**tree).write(prefix, given)


def test_what_a_callback_is_told(prefix: Path) -> None:
    told: list[tfckpt.ShardableTensor] = []

    def note(tensors: list[tfckpt.ShardableTensor]) -> Any:
        told.extend(tensors)
        return tfckpt.ShardByTaskPolicy()(tensors)

    w = np.zeros((1, 2), "f4")
    path = write(prefix, note, w=w, more={"n": 3})
    first, number, graph = told  # nodes, nearest first
    assert first.checkpoint_key == first.name == "w" + VALUE
    assert first.tensor is w
    assert first.trackable is w
    assert (first.shape, first.dtype, first.slice_spec) == ((1, 2), np.float32, "")
    assert (number.checkpoint_key, number.trackable) == ("more/n" + VALUE, 3)
    assert number.dtype == np.int64
    assert (graph.checkpoint_key, graph.trackable, graph.shape) == (GRAPH, None, ())
    plain = tfckpt.Checkpoint(w=w, more={"n": 3}).write(prefix.parent / "plain")
    for suffix in (".index", ".data-00000-of-00001"):
        assert Path(path + suffix).read_bytes() == Path(plain + suffix).read_bytes()


def test_a_checkpoint_that_was_read_is_cut_too(with_slots: str) -> None:
    checkpoint = tfckpt.Checkpoint.from_checkpoint(with_slots)
    given = tfckpt.CheckpointOptions(experimental_sharding_callback=tfckpt.MaxShardSizePolicy(8))
    path = checkpoint.write(with_slots + "-cut", given)
    assert len(sizes(path)) == 4
    tfckpt.Checkpoint.from_checkpoint(with_slots).read(path).assert_consumed()


def test_shards_without_tensors_are_left_out(prefix: Path) -> None:
    path = write(prefix, lambda all_of: [{}, *tfckpt.ShardByTaskPolicy()(all_of), {}], w=np.ones(2))
    assert len(sizes(path)) == 1


def test_slices_are_listed_shard_by_shard(prefix: Path) -> None:
    """Whichever thread was first: as MergeV2Checkpoints does."""

    def columns(tensors: Any) -> Any:
        w, graph = tensors
        first = {graph.checkpoint_key: {"": graph.tensor}}
        parts = [
            {w.checkpoint_key: {f"9 2 {n},1:-": w.tensor[n : n + 1]}} for n in range(8, -1, -1)
        ]
        return [first, *parts]

    path = write(prefix, columns, w=np.arange(18.0).reshape(9, 2))
    assert slices(path, "w") == [f"{n},1:-" for n in range(8, -1, -1)]
    with tfckpt.BundleReader(path) as reader:
        assert reader.entry("w" + VALUE).shard_id == 1  # that of the first slice
    assert value(path, "w").tolist() == np.arange(18).reshape(9, 2).tolist()


def replaced(change: Callable[[Any], dict[str, Any]]) -> Callable[[Any], Any]:
    """Shards in which the first tensor's slices are others."""

    def shards(tensors: Any) -> Any:
        first, *rest = tensors
        return [{first.checkpoint_key: change(first.tensor)}, *tfckpt.ShardByTaskPolicy()(rest)]

    return shards


REFUSED = {
    "left out": (lambda w: {}, "was not found"),
    "another shape": (
        lambda w: {"": w.T},
        r"another shape was found \(\(3, 2\), expected \(2, 3\)",
    ),
    "a shape of its own": (lambda w: {"3 2 -:-": w.T}, "another shape"),
    "slice and shape apart": (lambda w: {"2 3 0,1:-": w}, "another shape"),
    "another dtype": (
        lambda w: {"": w.astype("f4")},
        r"another dtype was found \(DT_FLOAT, expected DT_DOUBLE",
    ),
    "no array": (lambda w: {"": [[1], [2, 3]]}, "no tensor was found"),
    "no slice": (lambda w: {"x y": w}, "cannot be read"),
    "a slice outside": (lambda w: {"2 3 0,3:-": w}, "outside shape"),
    "a slice of another rank": (lambda w: {"2 3 0,2": w}, "rank"),
    "a part twice": (
        lambda w: {"2 3 0,1:-": w[:1], "2 3 -:0,2": w[:, :2]},
        r"the same elements were found more than once[^$]*0,1:- and -:0,2",
    ),
    "all and a part": (lambda w: {"": w, "2 3 0,1:-": w[:1]}, "more than once"),
    "a part left out": (
        lambda w: {"2 3 0,1:-": w[:1], "2 3 1,1:0,2": w[1:, :2]},
        r"such as that at \[1, 2\]",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_tensor_has_to_be_there_once_and_unchanged(fault: str, prefix: Path) -> None:
    change, message = REFUSED[fault]
    with pytest.raises(RuntimeError, match=message) as caught:
        write(prefix, replaced(change), w=np.arange(6.0).reshape(2, 3))
    assert "callback_description: what a test does" in str(caught.value)
    assert "checkpoint_key: w" + VALUE in str(caught.value)
    assert list(prefix.parent.iterdir()) == []


def test_a_tensor_in_two_shards_or_of_another_name_is_refused(prefix: Path) -> None:
    def twice(tensors: Any) -> Any:
        return tfckpt.ShardByTaskPolicy()(tensors) * 2

    for array in (np.zeros(2), np.zeros(0), np.float32(0)):
        with pytest.raises(RuntimeError, match=r"more than once[^$]*w/\.ATTR"):
            write(prefix, twice, w=array)
    with pytest.raises(RuntimeError, match=r"not in the object graph[^$]*checkpoint_key: other"):
        write(prefix, lambda tensors: [{"other": {"": tensors[0].tensor}}], w=np.zeros(2))


@pytest.mark.parametrize(
    "answer",
    [None, {}, "w", [5], [{"w": np.zeros(2)}], [{5: {}}], [{"w": {0: np.zeros(2)}}]],
    ids=repr,
)
def test_an_answer_that_is_no_list_of_shards_is_refused(answer: Any, prefix: Path) -> None:
    with pytest.raises(TypeError, match=r"'what a test does'.* should return a list of shards"):
        write(prefix, lambda tensors: answer, w=np.zeros(2))
    assert list(prefix.parent.iterdir()) == []


def test_callbacks_of_the_same_settings_hash_alike() -> None:
    def shards(tensors: Any) -> Any:
        return []

    assert hash(tfckpt.MaxShardSizePolicy(8)) == hash(tfckpt.MaxShardSizePolicy(8))
    assert hash(tfckpt.MaxShardSizePolicy(8)) != hash(tfckpt.MaxShardSizePolicy(9))
    assert hash(tfckpt.MaxShardSizePolicy(8)) != hash(tfckpt.ShardByTaskPolicy())
    assert hash(Callback(shards)) == hash(Callback(lambda tensors: []))  # functions are no settings


def test_a_callback_needs_its_description_and_its_call() -> None:
    class Neither(tfckpt.ShardingCallback):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Neither()  # type: ignore[abstract]
