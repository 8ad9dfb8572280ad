"""A training run as test_soak has two of, in one folder: it goes on until it is killed or told.

    python soak.py FOLDER NAME STEP

Saves go on in the background, incrementally, by a policy, while the loop changes its arrays. Each
checkpoint has one number in all that changes: the step.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

import tfckpt
from tfckpt import keep

SIZE = 50_000
FROZEN = -1.0


def policy() -> keep.Policy:
    return keep.last(3) | keep.best("loss", 2)


def loss_of(name: str, step: int) -> float:
    return random.Random(f"{name} {step}").random()


def step_in(values: dict[str, Any]) -> int:
    """Return the step of a checkpoint's values; AssertionError for those of two saves."""
    assert (values["frozen"] == FROZEN).all()
    steps = {float(one) for name in ("a", "b", "step") for one in np.unique(values[name])}
    assert len(steps) == 1, f"values of several steps: {sorted(steps)}"
    return int(steps.pop())


def main(folder: str, name: str, step: int) -> None:
    going = True

    def stop(number: int, frame: object) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    print("begun", flush=True)
    weights: dict[str, Any] = {
        "frozen": np.full(SIZE, FROZEN),
        "a": np.zeros(SIZE // 10),
        "b": np.zeros(SIZE // 10),
        "step": np.array(0),
    }
    saver = tfckpt.Saver(
        keep=policy(),
        incremental=True,
        fsync=False,
        on_saved=lambda path: print("saved", path, flush=True),
        on_deleted=lambda path, reason: print("deleted", path, reason, flush=True),
    )
    if saver.restore_latest(weights, folder) is not None:
        step_in(weights)
    peak = 0
    with tfckpt.BackgroundSaver(saver) as background:
        end = step + 5  # by then what a kill left half made of these steps is replaced
        while going or step < end:
            step += 1
            weights["a"][...] = step
            weights["b"][...] = step
            weights["step"][()] = step
            metrics = {"loss": loss_of(name, step)}
            background.save(weights, f"{folder}/{name}", step, metrics=metrics)
            for _ in range(random.randrange(20)):  # what the next step does while this is written
                weights["a"] += 1
                weights["b"] -= 1
            if step % 50 == 0:
                peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak if peak else 0
    print("ended", grown, len(list(Path("/proc/self/fd").glob("*"))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
