"""TensorFlow reads what was written to a store, by several processes, and over what was there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfckpt

pytest.importorskip("fsspec")
from stores import Store


def downloaded(folder: Path) -> Path:
    for name, one in Store.objects.items():
        (folder / name.rpartition("/")[2]).write_bytes(one.data)
    return folder


@pytest.mark.parametrize("saves", [1, 2, 3])
def test_tensorflow_reads_what_took_the_place_of_another(saves: int, tmp_path: Path) -> None:
    Store.renew()
    for value in range(saves):
        weights = {"w": np.full(1000, value, np.float32), "text": np.array([b"a"], object)}
        tfckpt.Saver().save(weights, "store://bucket/run/m")
    reader = tf.train.load_checkpoint(str(downloaded(tmp_path) / "m"))
    assert reader.get_tensor("w").tolist() == [saves - 1] * 1000
    assert reader.get_tensor("text").tolist() == [b"a"]
    Store.renew()


@pytest.mark.parametrize("url", [False, True], ids=["a folder", "a bucket"])
def test_tensorflow_reads_what_several_processes_wrote(url: bool, tmp_path: Path) -> None:
    Store.renew()
    prefix = "store://bucket/run/m" if url else str(tmp_path / "m")
    for _ in range(2):
        for shard in range(3):
            rows = np.full((4, 5), shard, np.float32)
            part = tfckpt.PartOfTensor((12, 5), [(4 * shard, 4), (0, -1)], rows)
            tfckpt.save_shard(prefix, shard, 3, {"table": part, f"own/{shard}": np.int32(shard)})
        tfckpt.commit_shards(prefix, 3)
    if url:
        downloaded(tmp_path)
    path = str(tmp_path / "m")
    (table,) = tf.raw_ops.RestoreV2(
        prefix=path, tensor_names=["table"], shape_and_slices=[""], dtypes=[tf.float32]
    )
    assert table.numpy()[:, 2].tolist() == [0.0] * 4 + [1.0] * 4 + [2.0] * 4
    (rows,) = tf.raw_ops.RestoreV2(
        prefix=path, tensor_names=["table"], shape_and_slices=["12 5 2,6:-"], dtypes=[tf.float32]
    )
    assert rows.numpy()[:, 0].tolist() == [0, 0, 1, 1, 1, 1]
    assert tf.train.load_variable(path, "own/2") == 2
    Store.renew()
