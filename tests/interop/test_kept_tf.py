"""TensorFlow reads what incremental saves, policies and salvage leave in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from tfckpt import keep


def theirs(path: str | Path) -> dict[str, object]:
    """Return every tensor of a checkpoint as TensorFlow's reader gives it."""
    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_each_incremental_checkpoint_is_whole_for_tensorflow(tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=2, incremental=True)
    frozen = np.random.default_rng(0).standard_normal((300, 40)).astype(np.float32)
    paths = [
        saver.save({"frozen": frozen, "head": np.full(7, step)}, tmp_path / "m", step)
        for step in range(5)
    ]
    assert tf.train.latest_checkpoint(str(tmp_path)) == paths[-1]
    for step in (3, 4):  # those before are gone, and their data with them
        found = theirs(paths[step])
        np.testing.assert_array_equal(found["frozen"], frozen)
        np.testing.assert_array_equal(found["head"], np.full(7, step))


def test_a_folder_kept_by_a_policy_is_one_of_tensorflows(tmp_path: Path) -> None:
    saver = tfckpt.Saver(keep=keep.last(2) | keep.best("loss"))
    for step, loss in enumerate((3.0, 0.5, 2.0, 1.0, 4.0)):
        saver.save({"w": np.full(3, step)}, tmp_path / "m", step, metrics={"loss": loss})
    state = tf.train.get_checkpoint_state(str(tmp_path))
    kept = [Path(path).name for path in state.all_model_checkpoint_paths]
    assert sorted(kept) == ["m-1", "m-3", "m-4"]
    for path in state.all_model_checkpoint_paths:
        np.testing.assert_array_equal(theirs(path)["w"], np.full(3, int(path[-1])))


@pytest.mark.parametrize("seed", range(5))
def test_tensorflow_reads_what_was_salvaged_of_its_checkpoint(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    values = {f"layer/v{n}": rng.standard_normal(rng.integers(1, 99)) for n in range(9)}
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "m"),
        tensor_names=list(values),
        shape_and_slices=[""] * len(values),
        tensors=[tf.constant(value) for value in values.values()],
    )
    data = tmp_path / "m.data-00000-of-00001"
    octets = bytearray(data.read_bytes())
    at = int(rng.integers(len(octets)))
    octets[at] ^= 0x10
    data.write_bytes(octets)

    # SaveV2 lays the data out in the order of its arguments, back to back.
    bounds = np.cumsum([0, *(values[name].nbytes for name in values)])
    hit = list(values)[int(np.searchsorted(bounds, at, side="right")) - 1]
    report = tfckpt.salvage(tmp_path / "m", tmp_path / "rescued")
    assert [lost.tensor for lost in report.lost] == [hit]
    found = theirs(tmp_path / "rescued")
    assert found.keys() == values.keys() - {hit}
    for name, value in found.items():
        np.testing.assert_array_equal(value, values[name])
