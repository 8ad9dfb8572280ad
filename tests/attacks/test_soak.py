"""Two training runs save into one folder for long, are killed now and then, and begin again.

Each saves in the background, incrementally, by one policy. Meanwhile this process reads. It lasts
seconds in the plain run, two minutes with TFCKPT_FAULTS=some and 30 with "all".
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tfckpt
from attacks import soak
from attacks.faults import AMOUNT
from attacks.saves import half_made
from tfckpt import keep

SECONDS = {"all": 1800, "some": 120, "little": 4}[AMOUNT]
A_LIFE = {"all": (1, 60), "some": (1, 20), "little": (0.5, 2)}[AMOUNT]  # seconds, of a process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Run:
    """A training run, which is begun again each time that it was killed."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.acknowledged: list[int] = []
        self.deleted: dict[str, str] = {}
        self.ended: list[tuple[int, int]] = []
        self._begin()

    def _begin(self) -> None:
        step = max(self.acknowledged, default=0)
        self._process = subprocess.Popen(
            [sys.executable, soak.__file__, self.folder, self.name, str(step)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() in ("begun\n", "")  # now it knows signals
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.endswith("\n"):
                return  # cut short by a kill
            said, *rest = line.split(maxsplit=2)
            if said == "saved":
                self.acknowledged.append(int(rest[0].rpartition("-")[2]))
            elif said == "deleted":
                self.deleted[rest[0]] = rest[1].strip()
            else:
                self.ended.append((int(rest[0]), int(rest[1])))

    def _finish(self, code: int) -> None:
        assert self._process.stderr is not None
        errors = self._process.stderr.read()
        assert self._process.wait(60) == code, errors
        self._reading.join()
        assert "Traceback" not in errors, errors
        self._process.stderr.close()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def check(self) -> None:
        """Fail, with what the process said, where it has ended by itself."""
        if self._process.poll() is not None:
            self._finish(-9)

    def kill(self) -> None:
        self._process.kill()
        self._finish(-9)
        self._begin()

    def stop(self) -> None:
        self._process.terminate()

    def end(self) -> None:
        self._finish(0)

    def best(self) -> float:
        return min((soak.loss_of(self.name, step) for step in self.acknowledged), default=2.0)


def losses(folder: Path) -> list[float]:
    """Return the losses of the checkpoints that are there."""
    names = [path.name.removesuffix(".index") for path in folder.glob("*.index")]
    return [soak.loss_of(*_split(name)) for name in names]


def _split(name: str) -> tuple[str, int]:
    start, _, step = name.rpartition("-")
    return start, int(step)


def look(folder: Path, runs: list[Run]) -> None:
    """Check what a reader is promised at any moment."""
    best = min(run.best() for run in runs)
    count = sum(len(run.acknowledged) for run in runs)
    # Between a glob's look at one file and another's, both runs save and delete.
    there = losses(folder)
    assert min(there) <= best or min(losses(folder)) <= best
    assert len(there) >= min(3, count)
    latest = tfckpt.latest_checkpoint(folder)
    assert latest is not None
    try:
        with keep.lease(latest) as held:
            assert soak.step_in(tfckpt.load(held)) == int(held.rpartition("-")[2])
    except tfckpt.errors.NotFoundError:
        pass  # deleted before the lease was there


def test_two_runs_in_one_folder_keep_what_is_promised(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    lives = random.Random(24)
    runs = [Run(folder, name) for name in ("one", "other")]
    until = time.monotonic() + SECONDS
    next_kill = time.monotonic() + lives.uniform(*A_LIFE)
    looks = 0
    try:
        while time.monotonic() < until or looks < 3:
            time.sleep(0.05)
            for run in runs:
                run.check()
            if not all(run.acknowledged for run in runs):
                continue
            look(folder, runs)
            looks += 1
            if time.monotonic() > next_kill:
                lives.choice(runs).kill()
                next_kill = time.monotonic() + lives.uniform(*A_LIFE)
    finally:
        for run in runs:
            run.stop()
    for run in runs:
        run.end()
    look(folder, runs)
    for run in runs:
        assert all(run.deleted.values()), "each deletion has a reason"
        ((grown, descriptors),) = run.ended
        assert grown < 64 << 10, "kilobytes"
        assert descriptors < 40
    # What is waiting to be deleted goes with the next save: then the policy alone decides.
    saver = tfckpt.Saver(keep=soak.policy())
    last = saver.save({"step": 0}, folder / "last", 1, metrics={"loss": 3.0})
    assert last == tfckpt.latest_checkpoint(folder)
    assert sorted(losses_of_the_state(folder)) == sorted(losses(folder))
    # What a killed save had begun stays beside the checkpoints until somebody asks.
    tfckpt.doctor(folder, fix=True)
    assert not half_made(folder)
    # A kill in the middle of a deletion leaves data files without their index, and no reader takes
    # them for a checkpoint; nothing else may be wrong.
    wrong = {finding.message for finding in tfckpt.verify(folder).findings if finding.is_serious}
    assert wrong <= {"a shard without its index"}


def losses_of_the_state(folder: Path) -> list[float]:
    state = tfckpt.get_checkpoint_state(folder)
    assert state is not None
    return [soak.loss_of(*_split(Path(path).name)) for path in state.all_model_checkpoint_paths]
