"""A real S3 server, behind a proxy that counts requests, fails them and cuts answers."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

import tfckpt
from proxy import Proxy
from tfckpt.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    UnimplementedError,
)

URL = "s3://bucket/run"
MIB = 1 << 20


@pytest.fixture(autouse=True)
def quick() -> Any:
    with tfckpt.RemoteOptions(pause=0.01):
        yield


def weights(step: int, size: int = 1000) -> dict[str, Any]:
    return {"w": np.full(size, step, np.float32), "step": np.int64(step)}


def names() -> list[str]:
    files = fsspec.filesystem("s3")
    files.invalidate_cache()
    return sorted(one.removeprefix("bucket/run/") for one in files.find("bucket/run"))


def test_one_tensor_takes_four_requests(s3: Proxy) -> None:
    tfckpt.save(f"{URL}/m", {f"w{n}": np.full(100_000, n) for n in range(50)})
    s3.requests.clear()
    assert tfckpt.load_variable(f"{URL}/m", "w7")[0] == 7
    assert len(s3.requests) <= 4
    s3.requests.clear()
    assert len(tfckpt.list_variables(f"{URL}/m")) == 50
    assert len(s3.requests) <= 5


def test_a_load_takes_eight_requests_and_one_for_sixteen_megabytes(s3: Proxy) -> None:
    arrays = {f"w{n:03d}": np.full(MIB // 4, n, np.float32) for n in range(100)}
    tfckpt.save(f"{URL}/m", arrays)
    s3.requests.clear()
    loaded = tfckpt.load(f"{URL}/m")
    assert all(np.array_equal(loaded[name], arrays[name]) for name in arrays)
    assert len(s3.requests) <= 8 + 100 // 16 + 1


def test_requests_are_under_way_together(s3: Proxy) -> None:
    tfckpt.save(f"{URL}/m", {"w": np.zeros(8 * MIB)})
    s3.pause, s3.most = 0.05, 0
    with tfckpt.RemoteOptions(memory=32 * MIB):  # sixteen requests of four megabytes
        tfckpt.load(f"{URL}/m")
    assert 4 <= s3.most <= 8


def test_tensors_are_replaced_as_a_whole(s3: Proxy) -> None:
    for step in (1, 2, 3):
        tfckpt.save(f"{URL}/m", weights(step))
        assert tfckpt.load(f"{URL}/m")["step"] == step
    assert len(names()) <= 3


def test_a_long_file_goes_in_parts(s3: Proxy) -> None:
    big = np.arange(5 * MIB, dtype=np.float64)
    tfckpt.save(f"{URL}/m", {"big": big})
    assert sum("partNumber=" in path for _, path in s3.requests) == 3
    assert np.array_equal(tfckpt.load_variable(f"{URL}/m", "big"), big)


def test_a_long_file_that_fails_leaves_nothing(s3: Proxy) -> None:
    s3.fault = lambda number, verb, path: 403 if "partNumber=2" in path else None
    with pytest.raises(FailedPreconditionError):
        tfckpt.save(f"{URL}/m", {"big": np.zeros(5 * MIB)})
    s3.fault = None
    files = fsspec.filesystem("s3")
    assert not files.call_s3("list_multipart_uploads", Bucket="bucket").get("Uploads")
    assert names() == []


def test_a_reader_is_told_that_the_checkpoint_was_replaced(s3: Proxy) -> None:
    tfckpt.save(f"{URL}/m", weights(1))
    with tfckpt.load_checkpoint(f"{URL}/m") as reader:
        reader.info("w")
        tfckpt.save(f"{URL}/m", weights(2))
        with pytest.raises(DataLossError, match="since it was opened"):
            reader["w"]


def test_the_second_of_two_writers_is_refused(s3: Proxy) -> None:
    first, second = tfckpt.BundleWriter(f"{URL}/m"), tfckpt.BundleWriter(f"{URL}/m")
    for number, bundle in enumerate((first, second)):
        bundle.add("w", np.full(3, number))
    first.finish()
    with pytest.raises(FailedPreconditionError, match="another writer has saved here"):
        second.finish()
    assert tfckpt.load(f"{URL}/m")["w"].tolist() == [0, 0, 0]


def test_an_index_that_was_replaced_meanwhile_is_not_overwritten(s3: Proxy) -> None:
    tfckpt.save(f"{URL}/m", weights(1))
    late = tfckpt.BundleWriter(f"{URL}/m")
    late.add("w", np.zeros(3))
    tfckpt.save(f"{URL}/m", weights(2))
    with pytest.raises(FailedPreconditionError, match="another writer has saved here"):
        late.finish()
    assert tfckpt.load(f"{URL}/m")["step"] == 2


@pytest.mark.parametrize("fault", [500, 503, "cut"])
def test_failures_that_pass_are_not_noticed(fault: Any, s3: Proxy) -> None:
    tfckpt.save(f"{URL}/m", weights(1, 2 * MIB))
    s3.renew()
    s3.fault = lambda number, verb, path: fault if number % 3 == 2 and verb != "HEAD" else None
    assert (tfckpt.load(f"{URL}/m")["w"] == 1).all()
    tfckpt.save(f"{URL}/n", weights(2))
    s3.fault = None
    assert tfckpt.load(f"{URL}/n")["step"] == 2


TRAINING = """
    import numpy as np, tfckpt
    saver = tfckpt.Saver(max_to_keep=2)
    weights = {"w": np.zeros(1000, np.float32), "step": np.array(0)}
    latest = tfckpt.latest_checkpoint("s3://bucket/run")
    if latest:
        saver.restore(weights, latest)
        state = tfckpt.get_checkpoint_state("s3://bucket/run")
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
    for step in range(int(weights["step"]) + 1, 1000):
        weights["w"] += 1
        weights["step"][...] = step
        saver.save(weights, "s3://bucket/run/m", global_step=step)
        print(step, flush=True)
"""


def test_training_goes_on_after_each_kill(s3: Proxy) -> None:
    """A program is killed amid its requests, again and again; no save that it told of is lost."""
    reached = 0
    for kill_after in (0.0, 0.02, 0.05, 0.09):
        program = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(TRAINING)], stdout=subprocess.PIPE, text=True
        )
        assert program.stdout is not None
        first = int(program.stdout.readline())
        assert first in (reached + 1, reached + 2)  # one more may have been saved than was said
        time.sleep(kill_after)
        program.kill()
        reached = max([first, *(int(line) for line in program.stdout.read().split())])
        program.wait()
        program.stdout.close()
        found = tfckpt.load(str(tfckpt.latest_checkpoint(URL)))
        assert int(found["step"]) >= reached
        assert (found["w"] == int(found["step"])).all()
        reached = int(found["step"])
    # What kills have left is at most what each was in the middle of.
    assert len([name for name in names() if name.endswith(".index")]) <= 2 + 4


def test_what_is_written_there_is_what_is_written_here(s3: Proxy, tmp_path: Path) -> None:
    tfckpt.save(f"{URL}/m", weights(1), num_shards=2)
    tfckpt.save(tmp_path / "m", weights(1), num_shards=2)
    files = fsspec.filesystem("s3")
    for name in names():
        assert files.cat_file(f"bucket/run/{name}") == (tmp_path / name).read_bytes()


# The web


def test_a_server_without_ranges_is_read_whole_or_refused(web: str, tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "web" / "m", weights(7, 2 * MIB))
    assert tfckpt.load(f"{web}/m")["step"] == 7
    with tfckpt.RemoteOptions(memory=MIB), pytest.raises(UnimplementedError, match="no parts"):
        tfckpt.load_variable(f"{web}/m", "w")


def test_the_listing_of_a_folder_is_no_checkpoint(web: str, tmp_path: Path) -> None:
    (tmp_path / "web" / "m.index").mkdir()
    with pytest.raises((InvalidArgumentError, FileNotFoundError)):
        tfckpt.load(f"{web}/m")
    with pytest.raises((InvalidArgumentError, FileNotFoundError)):
        tfckpt.load(f"{web}/")


def test_the_web_takes_no_writes(web: str) -> None:
    with pytest.raises(UnimplementedError):
        tfckpt.save(f"{web}/m", weights(1))
