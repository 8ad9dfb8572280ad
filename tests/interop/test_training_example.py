"""The training example with torch and with jax: killed, and started again where it was."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

import tfckpt

EXAMPLE = Path(__file__).parents[2] / "examples" / "training.py"
KILLS = 3


def command(folder: Path, library: str, steps: int) -> list[str]:
    return [sys.executable, str(EXAMPLE), str(folder), "--steps", str(steps), "--with", library]


def last_line(folder: Path, library: str, steps: int) -> str:
    done = subprocess.run(
        command(folder, library, steps), capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


def step_of(path: str) -> int:
    return int(path.rpartition("-")[2])


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_killed_training_goes_on_at_the_last_acknowledged_step(
    library: str, tmp_path: Path
) -> None:
    lives = random.Random(library)
    folder, acknowledged = tmp_path / "run", 0
    for _ in range(KILLS):
        child = subprocess.Popen(
            command(folder, library, 1_000_000),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lives.randrange(2, 12))]
        child.kill()
        child.communicate()
        if acknowledged:
            assert said[0].startswith("goes on with")
            assert step_of(said[0].strip()) >= acknowledged
        acknowledged = max(step_of(line.strip()) for line in said if line.startswith("saved"))
        latest = tf.train.latest_checkpoint(str(folder))
        assert step_of(latest) >= acknowledged
        assert tfckpt.load(latest)["global_step"] == step_of(latest)
    end = step_of(tfckpt.latest_checkpoint(folder)) + 5
    assert last_line(folder, library, end) == last_line(tmp_path / "whole", library, end)
