"""Data files by policy, and views of checkpoints, with real TensorFlow on the other side."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.trackable.autotrackable import AutoTrackable

import tfckpt
from tfckpt.dtypes import OPAQUE, UNREAD_SLICES, DataType, numpy_dtype
from tfckpt.errors import CheckpointError

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
DTYPES = ["f2", "f4", "f8", "i1", "i8", "?", "c16", "S"]


def random_leaf(rng: random.Random) -> Any:
    dtype = rng.choice(DTYPES)
    shape = [rng.randint(1, 6) for _ in range(rng.randint(0, 1 if dtype == "S" else 3))]
    count = math.prod(shape)
    if dtype == "S":
        texts = np.array([rng.randbytes(rng.randint(0, 9)) for _ in range(count)] + [b""], object)
        return texts[:-1].reshape(shape) if shape else texts[0]
    return np.array([rng.randint(0, 1) for _ in range(count)]).astype(dtype).reshape(shape)


def smallest_limit(leaf: Any) -> int:
    """The smallest limit with which TensorFlow comes to an end: that of its smallest slice."""
    if isinstance(leaf, bytes) or leaf.dtype == object:
        return max((len(text) for text in np.asarray(leaf, object).ravel()), default=0)
    return leaf.nbytes // max(leaf.shape, default=1)


def files(prefix: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(prefix.parent.iterdir())}


def limited(lib: Any, experimental: Any, size: int) -> Any:
    policy = experimental.MaxShardSizePolicy(size)
    return lib.CheckpointOptions(experimental_sharding_callback=policy)


@pytest.mark.parametrize("seed", range(60))
def test_a_policy_makes_the_same_files(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    tree = {f"v{number}": random_leaf(rng) for number in range(rng.randint(1, 5))}
    least = max(map(smallest_limit, tree.values()))
    size = max(1, rng.choice([least, least + 1, 2 * least, 3 * least + 5, 200]), least)
    ours, theirs = tmp_path / "ours" / "ckpt", tmp_path / "theirs" / "ckpt"
    tfckpt.Checkpoint(**tree).write(ours, limited(tfckpt, tfckpt, size))
    variables = {name: tf.Variable(leaf) for name, leaf in tree.items()}
    options = limited(tf.train, tf.train.experimental, size)
    tf.train.Checkpoint(**variables).write(str(theirs), options)
    assert files(ours) == files(theirs)


@pytest.mark.parametrize("shape", [(4, 5, 6), (7, 3), (1, 9, 1), (64,)])
def test_tensorflow_restores_what_was_halved(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    path = tfckpt.Checkpoint(w=array).write(tmp_path / "ckpt", limited(tfckpt, tfckpt, 5))
    variable = tf.Variable(np.zeros_like(array))
    tf.train.Checkpoint(w=variable).read(path).assert_consumed()
    assert variable.numpy().tolist() == array.tolist()


KINDS = [
    kind
    for kind in DataType
    if kind not in {DataType.DT_INVALID, DataType.DT_FLOAT4_E2M1FN, *OPAQUE}
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_which_slices_tensorflow_restores(kind: DataType, tmp_path: Path) -> None:
    array = np.zeros(4, numpy_dtype(kind))
    if kind is DataType.DT_STRING:
        array[:] = b"text"
    path = tfckpt.Checkpoint(w=array).write(
        tmp_path / "ckpt", limited(tfckpt, tfckpt, 8 if array.itemsize == 8 else 2)
    )
    assert len(tfckpt.load_checkpoint(path).info("w" + SUFFIX).slices) > 1
    arguments = {
        "prefix": path,
        "tensor_names": ["w" + SUFFIX],
        "shape_and_slices": [""],
        "dtypes": [tf.dtypes.as_dtype(int(kind))],
    }
    if kind in UNREAD_SLICES:
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.raw_ops.RestoreV2(**arguments)
    else:
        assert tf.raw_ops.RestoreV2(**arguments)[0].shape == array.shape
    assert tfckpt.load_checkpoint(path)["w" + SUFFIX].tolist() == array.tolist()


def test_entries_of_merged_slices_are_the_same(tmp_path: Path) -> None:
    """With the shard of the first slice, though nobody reads which shard such an entry names."""
    whole = np.arange(12, dtype=np.float32).reshape(4, 3)
    parts = {
        side: [str(tmp_path / side / f"part-{number}") for number in range(3)]
        for side in ("ours", "theirs")
    }
    for prefixes in parts.values():
        tf.raw_ops.SaveV2(
            prefix=prefixes[0], tensor_names=["a"], shape_and_slices=[""], tensors=[whole]
        )
        for prefix, row in ((prefixes[1], 2), (prefixes[2], 0)):
            tf.raw_ops.SaveV2(
                prefix=prefix,
                tensor_names=["w"],
                shape_and_slices=[f"4 3 {row},2:-"],
                tensors=[whole[row : row + 2]],
            )
    tfckpt.merge_bundles(parts["ours"], tmp_path / "ours" / "m")
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=parts["theirs"], destination_prefix=str(tmp_path / "theirs" / "m")
    )
    assert files(tmp_path / "ours" / "m") == files(tmp_path / "theirs" / "m")


# Views


def both(tree: dict[str, Any] | None) -> tuple[Any, Any]:
    """The same objects of TensorFlow's and of ours; None is a variable."""
    if tree is None:
        return tf.Variable(0.0), np.zeros(2)
    theirs, ours = AutoTrackable(), {}
    for name, child in tree.items():
        their_child, ours[name] = both(child)
        theirs._track_trackable(their_child, name=name)
    return theirs, ours


def program(view: Any, rng: random.Random, node_id: int = 0, depth: int = 0) -> dict[str, Any]:
    """Most of the objects of a checkpoint, some of them under another name."""
    tree: dict[str, Any] = {}
    for name, child in view.children(node_id).items():
        if child and rng.random() < 0.8:
            name += "_renamed" if rng.random() < 0.1 else ""
            has_children = depth < 3 and view.children(child)
            tree[name] = program(view, rng, child, depth + 1) if has_children else None
    return tree


def kinds(objects: Any) -> list[bool]:
    return [isinstance(one, (tf.Variable, np.ndarray)) for one in objects]


def test_views_of_real_checkpoints_are_the_same(realckpts: Path) -> None:
    rng = random.Random(0)
    seen = 0
    for path in sorted(realckpts.rglob("*.index")):
        prefix = str(path)[: -len(".index")]
        try:
            ours = tfckpt.CheckpointView(prefix)
        except CheckpointError:
            with pytest.raises((ValueError, RuntimeError, tf.errors.OpError)):
                tf.train.CheckpointView(prefix)
            continue
        theirs = tf.train.CheckpointView(prefix)
        seen += 1
        nodes = ours.descendants()
        assert nodes == theirs.descendants()
        for node_id in nodes:
            assert list(ours.children(node_id).items()) == list(theirs.children(node_id).items())
        their_root, our_root = both(program(ours, rng))
        our_match, our_nodes, our_objects = ours.diff(our_root)
        their_match, their_nodes, their_objects = theirs.diff(their_root)
        assert list(our_match) == list(their_match)
        assert kinds(our_match.values()) == kinds(their_match.values())
        assert our_nodes == their_nodes
        assert kinds(our_objects) == kinds(their_objects)
    assert seen
