"""Checkpoints that several processes write: workers of an executor, hosts that train together."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError

ARRAYS: dict[str, Any] = {f"w{n}": np.full((50, 10), n, np.float32) for n in range(9)}
ARRAYS |= {"text": np.array([b"a", b"b"], object), "step": np.int64(7)}


@pytest.fixture(params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "threads":
        with ThreadPoolExecutor(2) as threads:
            yield threads
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
            yield processes


def same(prefix: Any, arrays: Any) -> bool:
    loaded = tfckpt.load(prefix)
    return loaded.keys() == arrays.keys() and all(
        np.array_equal(loaded[name], arrays[name]) for name in arrays
    )


def test_workers_write_shards_and_the_caller_makes_them_visible(
    executor: Executor, tmp_path: Path
) -> None:
    prefix = tmp_path / "m"
    for _ in range(2):  # the second replaces the first
        assert tfckpt.save(prefix, ARRAYS, executor=executor, num_shards=3) == str(prefix)
    assert same(prefix, ARRAYS)
    assert sorted(os.listdir(tmp_path)) == [
        "m.data-00000-of-00003",
        "m.data-00001-of-00003",
        "m.data-00002-of-00003",
        "m.index",
    ]


def test_the_files_are_those_of_one_process(executor: Executor, tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "a" / "m", ARRAYS, num_shards=3)
    tfckpt.save(tmp_path / "b" / "m", ARRAYS, num_shards=3, executor=executor)
    for file in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / file.name).read_bytes() == file.read_bytes()


def test_a_reader_goes_to_the_workers_as_a_place(executor: Executor, tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "a", ARRAYS)
    done: list[tuple[int, int]] = []
    with tfckpt.load_checkpoint(tmp_path / "a") as reader:
        tfckpt.save(
            tmp_path / "b",
            reader,
            executor=executor,
            progress=lambda now, total, name: done.append((now, total)),
        )
    assert same(tmp_path / "b", ARRAYS)
    assert done[-1][0] == done[-1][1]


class Bad:
    """A value that ends the process that it is sent to."""

    nbytes = 8

    def __reduce__(self) -> Any:
        return os._exit, (1,)


@pytest.mark.parametrize("value", [object(), "dies"])
def test_a_worker_that_fails_fails_the_save_and_leaves_nothing(value: Any, tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "m", {"w": np.zeros(3)})
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    arrays = {**ARRAYS, "bad": Bad() if value == "dies" else value}
    with (
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
        pytest.raises(BrokenProcessPool if value == "dies" else TypeError),
    ):
        tfckpt.save(tmp_path / "m", arrays, executor=pool, num_shards=4)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


# Processes that train together


def test_nothing_counts_before_the_commit(tmp_path: Path) -> None:
    prefix = tmp_path / "m"
    tfckpt.save(prefix, {"w": np.zeros(2)})
    tfckpt.save_shard(prefix, 0, 2, {"a": np.ones(3)})
    with pytest.raises(FileMissingError, match="part 1 of 2 is missing"):
        tfckpt.commit_shards(prefix, 2)
    assert list(tfckpt.load(prefix)) == ["w"]
    tfckpt.save_shard(prefix, 1, 2, {"b": np.ones(3)})
    assert list(tfckpt.load(prefix)) == ["w"]
    assert tfckpt.commit_shards(prefix, 2) == str(prefix)
    assert list(tfckpt.load(prefix)) == ["a", "b"]
    assert len(os.listdir(tmp_path)) == 3


def rows(shard: int, count: int, size: int = 12) -> tfckpt.PartOfTensor:
    """Return one process' rows of a table whose elements are their row's number."""
    each = size // count
    mine = np.arange(shard * each, (shard + 1) * each)[:, None] * np.ones((1, 3))
    return tfckpt.PartOfTensor((size, 3), [(shard * each, each), (0, 3)], mine)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_parts_of_a_tensor_are_restored_by_any_number_of_processes(
    count: int, tmp_path: Path
) -> None:
    prefix = tmp_path / "m"
    for shard in reversed(range(count)):
        own = {"table": rows(shard, count), f"own/{shard}": np.float32(shard)}
        tfckpt.save_shard(prefix, shard, count, own)
    tfckpt.commit_shards(prefix, count)
    with tfckpt.load_checkpoint(prefix) as reader:
        assert reader["table"][:, 1].tolist() == list(range(12))
        for others in (1, 2, 3, 4):  # each takes its own rows, whoever wrote them
            each = 12 // others
            for shard in range(others):
                part = reader.read("table", np.s_[shard * each : (shard + 1) * each])
                assert np.array_equal(part, rows(shard, others).value)


def test_several_parts_of_one_tensor_may_be_of_one_process(tmp_path: Path) -> None:
    prefix = tmp_path / "m"
    tfckpt.save_shard(prefix, 0, 1, {"table": [rows(0, 3), rows(2, 3), rows(1, 3)]})
    tfckpt.commit_shards(prefix, 1)
    assert tfckpt.load(prefix)["table"][:, 0].tolist() == list(range(12))


def test_what_two_processes_both_have_is_refused(tmp_path: Path) -> None:
    for shard in (0, 1):
        tfckpt.save_shard(tmp_path / "m", shard, 2, {"w": np.ones(3)})
    with pytest.raises(InvalidArgumentError, match="hold this tensor"):
        tfckpt.commit_shards(tmp_path / "m", 2)
    assert not tfckpt.checkpoint_exists(tmp_path / "m")


def test_a_part_whose_data_are_gone_is_refused(tmp_path: Path) -> None:
    for shard in (0, 1):
        tfckpt.save_shard(tmp_path / "m", shard, 2, {f"w{shard}": np.ones(3)})
    for file in tmp_path.glob("m.data-00001*"):
        os.truncate(file, 5)
    with pytest.raises(DataLossError, match="24 bytes expected by its part, it has 5"):
        tfckpt.commit_shards(tmp_path / "m", 2)


def test_arguments_that_make_no_shard() -> None:
    for shard, count in ((2, 2), (-1, 2), (0, 0)):
        with pytest.raises(ValueError, match="shard"):
            tfckpt.save_shard("m", shard, count, {})


def test_parts_in_a_bucket() -> None:
    pytest.importorskip("fsspec")
    from stores import Store

    Store.renew()
    prefix = "store://bucket/run/m"
    for value in (1, 2, 3):
        for shard in range(2):
            tfckpt.save_shard(prefix, shard, 2, {f"w{shard}": np.full(3, value)})
        tfckpt.commit_shards(prefix, 2)
        assert tfckpt.load(prefix)["w1"].tolist() == [value] * 3
        assert not any(".tempstate" in name for name in Store.names())
    with ThreadPoolExecutor(2) as threads:
        tfckpt.save(prefix, ARRAYS, executor=threads, num_shards=3)
    assert same(prefix, ARRAYS)
    assert len([name for name in Store.names() if ".data-" in name]) <= 4
    Store.renew()


def test_four_processes_train_are_killed_and_go_on(tmp_path: Path) -> None:
    """The example of the documentation, each worker a process; the first round ends by a kill."""
    example = Path(__file__).parent.parent / "examples" / "train_together.py"
    command = [sys.executable, str(example), str(tmp_path / "run")]
    killed = subprocess.run([*command, "--kill-at", "5"], capture_output=True, text=True)
    assert killed.returncode != 0
    latest = str(tfckpt.latest_checkpoint(tmp_path / "run"))
    assert latest.endswith("m-4")
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "going on from step 4" in again.stdout, textwrap.indent(again.stdout, "  ")
    found = tfckpt.load(str(tfckpt.latest_checkpoint(tmp_path / "run")))
    assert found["step"] == 8
    assert (found["table"] == 8).all()
