"""A saving process, killed or refused by the system at every system call that changes a file.

strace does both, at the nth call of a kind. The plain run takes a few of them;
TFCKPT_FAULTS=all takes every one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tfckpt

CALLS = (
    "openat,write,pwrite64,writev,fsync,fdatasync,rename,renameat2,unlink,unlinkat,mkdir,ftruncate"
)
KINDS = CALLS.split(",")
EVERY = 1 if os.environ.get("TFCKPT_FAULTS") == "all" else 40
FAULTS = ["signal=KILL", "error=ENOSPC", "error=EIO"]

# Saves step after step, and says so after each; the parent believes what it has read.
CHILD = """
import os, sys
import numpy as np
import tfckpt

def saves(folder, shards, place, first, last):
    saver = tfckpt.Saver(max_to_keep=2, sharded=shards > 1, shards=shards)
    state = tfckpt.get_checkpoint_state(folder)
    if state is not None:
        saver.recover_last_checkpoints(list(state.all_model_checkpoint_paths))
    for step in range(first, last):
        weights = {name: np.full(3, step, np.float32) for name in "abcd"}
        saver.save(weights, folder + "/m", global_step=None if place == "in place" else step)
        print(step, flush=True)

if __name__ == "__main__":
    tfckpt.Saver().save({"warm": [0.0]}, sys.argv[1] + "-warm/m")
    saves(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
"""
IN_PROCESS: dict[str, Any] = {}
exec(CHILD, IN_PROCESS)

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


def child(folder: Path, shards: int, place: str, first: int, last: int) -> list[str]:
    arguments = [str(folder), str(shards), place, str(first), str(last)]
    return [sys.executable, "-B", "-c", CHILD, *arguments]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def traced(log: Path, inject: list[str], command: list[str]) -> subprocess.CompletedProcess[str]:
    return run(
        ["strace", "-f", "-qq", "-y", "-o", str(log), "-e", f"trace={CALLS}", *inject, *command]
    )


@pytest.fixture(scope="module", autouse=True)
def _strace_works(tmp_path_factory: pytest.TempPathFactory) -> None:
    log = tmp_path_factory.mktemp("strace") / "log"
    if traced(log, ["-e", "inject=mkdir:error=EIO:when=1"], ["true"]).returncode:
        pytest.skip("strace may not trace here")


def calls_on(log: Path, folder: Path) -> list[tuple[str, int]]:
    """Return which calls of the main thread changed something in `folder`: kind, and its number."""
    lines = [line.split(maxsplit=1) for line in log.read_text().splitlines()]
    main = lines[0][0]
    counts: dict[str, int] = {}
    found = []
    for thread, line in lines:
        kind = re.match(r"\w+", line)
        if thread != main or kind is None or kind[0] not in KINDS:
            continue
        counts[kind[0]] = counts.get(kind[0], 0) + 1
        reads = kind[0] == "openat" and "O_CREAT" not in line
        if re.search(rf"{re.escape(str(folder))}[/>]", line) and not reads:
            found.append((kind[0], counts[kind[0]]))
    return found


def latest_step(folder: Path) -> int:
    path = tfckpt.latest_checkpoint(folder)
    assert path is not None
    loaded = tfckpt.load(path)
    steps = {float(value) for array in loaded.values() for value in array}
    assert len(loaded) == 4
    assert len(steps) == 1, "a checkpoint of two saves"
    return int(steps.pop())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("place", ["numbered", "in place"])
def test_the_latest_checkpoint_is_whole_after(
    fault: str, shards: int, place: str, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    IN_PROCESS["saves"](str(start), shards, place, 1, 3)
    folder, log = tmp_path / "run", tmp_path / "log"
    begin(start, folder)
    assert traced(log, [], child(folder, shards, place, 3, 5)).returncode == 0
    calls = calls_on(log, folder)
    assert len(calls) > 20
    first = (7 * FAULTS.index(fault) + 13 * shards + len(place)) % EVERY
    for kind, nth in calls[first::EVERY]:
        begin(start, folder)
        inject = ["-e", f"inject={kind}:{fault}:when={nth}"]
        result = traced(log, inject, child(folder, shards, place, 3, 5))
        where = f"{kind} {nth}: {result.stderr}"
        returned = [int(word) for word in result.stdout.split() if word.isdigit()]
        assert latest_step(folder) >= max([2, *returned]), where
        if fault != "signal=KILL":
            assert half_made(folder) == [], where
        IN_PROCESS["saves"](str(folder), shards, place, 3, 5)
        assert latest_step(folder) == 4
        assert half_made(folder) == [], where


def begin(start: Path, folder: Path) -> None:
    """Put the folder back to how it was after two saves."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(start, folder)
    state = folder / "checkpoint"
    state.write_bytes(state.read_bytes().replace(bytes(start), bytes(folder)))


def half_made(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if ".tempstate" in name or ".commit" in name]
