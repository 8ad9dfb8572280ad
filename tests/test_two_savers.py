"""Several Savers at work in one folder, in threads and in processes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt

# Every array of a checkpoint holds who saved it and when: a mixed one shows.
WORK = """
import sys
import numpy as np
import tfckpt

def work(folder, who, base, in_place, saves):
    saver = tfckpt.Saver(max_to_keep=2, sharded=who % 2 == 1, shards=2, fsync=False)
    for step in range(saves):
        weights = {name: np.full(200, who * 1000 + step) for name in "abc"}
        saver.save(weights, folder + "/" + base, global_step=None if in_place else step)

if __name__ == "__main__":
    folder, who, base, in_place, saves = sys.argv[1:]
    work(folder, int(who), base, in_place == "True", int(saves))
"""
HERE: dict[str, Any] = {}
exec(WORK, HERE)


def assert_whole(path: str) -> None:
    values = {int(value) for array in tfckpt.load(path).values() for value in array}
    assert len(values) == 1


def assert_all_whole(folder: Path) -> None:
    latest = tfckpt.latest_checkpoint(folder)
    assert latest is not None
    assert_whole(latest)
    for path in folder.glob("*.index"):
        assert_whole(str(path.with_suffix("")))
    assert [name for name in os.listdir(folder) if ".tempstate" in name or ".commit" in name] == []


@pytest.mark.parametrize("in_place", [False, True], ids=["numbered", "in place"])
@pytest.mark.parametrize("bases", [("m", "m", "m"), ("a", "b", "c")], ids=["same", "other names"])
def test_threads(bases: tuple[str, ...], in_place: bool, tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(bases)) as threads:
        for done in [
            threads.submit(HERE["work"], str(tmp_path), who, base, in_place, 25)
            for who, base in enumerate(bases)
        ]:
            done.result()
    assert_all_whole(tmp_path)


@pytest.mark.parametrize("in_place", [False, True], ids=["numbered", "in place"])
def test_processes(in_place: bool, tmp_path: Path) -> None:
    arguments = [str(tmp_path), "m", str(in_place), "30"]
    workers = [
        subprocess.Popen([sys.executable, "-c", WORK, arguments[0], str(who), *arguments[1:]])
        for who in range(3)
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert_all_whole(tmp_path)


def test_a_file_in_the_making_is_not_taken_for_a_leftover(tmp_path: Path) -> None:
    slow = tfckpt.BundleWriter(tmp_path / "m")
    slow.add("w", np.zeros(3))
    (tmp_path / "m.index.tempstate123").write_bytes(b"of a killed process")
    tfckpt.save(tmp_path / "m", {"w": np.ones(3)})
    assert not (tmp_path / "m.index.tempstate123").exists()
    slow.finish()
    assert tfckpt.load(tmp_path / "m")["w"].tolist() == [0, 0, 0]


def test_leftovers_of_other_prefixes_stay(tmp_path: Path) -> None:
    (tmp_path / "m2.index.tempstate123").write_bytes(b"")
    (tmp_path / "m.index2.tempstate123").write_bytes(b"")
    tfckpt.save(tmp_path / "m", {"w": np.ones(3)})
    assert len(list(tmp_path.glob("*.tempstate*"))) == 2
