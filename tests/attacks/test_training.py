"""The training example, killed at random moments and started again each time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tfckpt
from attacks.faults import AMOUNT

EXAMPLE = Path(__file__).parents[2] / "examples" / "training.py"
KILLS = {"all": 100, "some": 20, "little": 2}[AMOUNT]


def command(folder: Path, steps: int) -> list[str]:
    return [sys.executable, str(EXAMPLE), str(folder), "--steps", str(steps)]


def last_line(folder: Path, steps: int) -> str:
    done = subprocess.run(
        command(folder, steps), capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stderr == ""
    return done.stdout.splitlines()[-1]


def step_of(path: str) -> int:
    return int(path.rpartition("-")[2])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["KILL", "TERM"])
def test_a_killed_training_goes_on_at_the_last_acknowledged_step(
    number: signal.Signals, tmp_path: Path
) -> None:
    moments = random.Random(int(number))
    folder = tmp_path / "run"
    for _ in range(KILLS):
        child = subprocess.Popen(
            command(folder, 1_000_000), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        said = [child.stdout.readline()]
        time.sleep(moments.uniform(0, 0.3))
        child.send_signal(number)
        rest, errors = child.communicate(timeout=60)
        assert child.returncode == -number, errors
        said += rest.splitlines(keepends=True)  # a last line may be cut
        saved = [line.split()[1] for line in said if line.startswith("saved") and line[-1] == "\n"]
        latest = tfckpt.latest_checkpoint(folder)
        assert latest is not None
        acknowledged = max(map(step_of, saved), default=0)
        # What was saved and not yet acknowledged may be there.
        assert step_of(latest) >= acknowledged
        assert tfckpt.load(latest)["global_step"] == step_of(latest)
        # One, or what is about to be deleted; and what the state file names is there.
        left = sorted(step_of(path.stem) for path in folder.glob("*.index"))
        assert 1 <= len(left) <= 6
        assert tfckpt.verify(latest).ok
    latest = tfckpt.latest_checkpoint(folder)
    assert latest is not None
    end = step_of(latest) + 20
    assert last_line(folder, end) == last_line(tmp_path / "whole", end)
    assert not [name for name in os.listdir(folder) if ".tempstate" in name or "lock" in name]
