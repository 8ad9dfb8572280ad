"""Train, be interrupted, resume; then read what TensorFlow wrote. Run by `make demo`.

Everything is numpy and tfckpt: TensorFlow need not be installed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

import tfckpt

ROOT = Path(__file__).parent.parent
RUN = ROOT / "demo-run"
BY_TENSORFLOW = ROOT / "tests" / "golden" / "trained"

TRUE_WEIGHTS = np.array([[2.0], [-3.0], [0.5]], np.float32)
TRUE_BIAS = 4.0


class PowerOffError(Exception):
    """Stands for the power going off."""


def make_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((256, 3)).astype(np.float32)
    noise = 0.01 * rng.standard_normal((256, 1)).astype(np.float32)
    return x, x @ TRUE_WEIGHTS + TRUE_BIAS + noise


def train(until: int, interrupt_at: int | None = None) -> dict[str, np.ndarray]:
    """Fit y = x @ kernel + bias, saving every 20 steps; go on from the latest checkpoint."""
    x, y = make_data()
    weights: dict[str, np.ndarray] = {
        "linear/kernel": np.zeros((3, 1), np.float32),
        "linear/bias": np.zeros(1, np.float32),
        "global_step": np.array(0, np.int64),
    }
    saver = tfckpt.Saver(max_to_keep=3)
    latest = tfckpt.latest_checkpoint(RUN)
    if latest:
        saver.restore(weights, latest)
        # A new Saver knows nothing of the old one's checkpoints: hand them over, to be rotated.
        state = tfckpt.get_checkpoint_state(RUN)
        assert state is not None
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        print(f"  resuming from {Path(latest).name}")
    for step in range(int(weights["global_step"]) + 1, until + 1):
        error = x @ weights["linear/kernel"] + weights["linear/bias"] - y
        weights["linear/kernel"] -= 0.1 * x.T @ error / len(x)
        weights["linear/bias"] -= 0.1 * error.mean(axis=0)
        weights["global_step"][...] = step
        if step % 20 == 0:
            path = saver.save(weights, RUN / "model.ckpt", global_step=step)
            print(f"  step {step:3d}  loss {np.mean(error**2):9.6f}  saved {Path(path).name}")
        if step == interrupt_at:
            raise PowerOffError(f"at step {step}")
    return weights


def main() -> None:
    shutil.rmtree(RUN, ignore_errors=True)

    print("1. Training a small model, with a Saver that keeps 3 checkpoints")
    try:
        train(until=200, interrupt_at=110)
    except PowerOffError as stop:
        print(f"  interrupted {stop}!\n")

    print("2. The same program again")
    weights = train(until=200)
    found = weights["linear/kernel"].ravel()
    print(f"  learnt kernel {found.round(3)}, bias {weights['linear/bias'].round(3)}")
    print(f"  the truth was {TRUE_WEIGHTS.ravel()}, [{TRUE_BIAS}]\n")

    print("3. What is in the folder now")
    for file in sorted(RUN.iterdir()):
        print(f"  {file.stat().st_size:6d}  {file.name}")
    print("  ... and the state file says:")
    print("  " + (RUN / "checkpoint").read_text().replace("\n", "\n  "))

    print("4. A checkpoint that real TensorFlow wrote (tests/golden/trained)")
    with tfckpt.load_checkpoint(BY_TENSORFLOW) as reader:
        for name, array in reader.items():
            values = np.array2string(array.ravel(), precision=3)
            print(f"  {name:15s} {array.dtype!s:8s} {list(array.shape)!s:8s} {values}")


if __name__ == "__main__":
    main()
