"""Train a small model that can be stopped at any moment, and goes on where it was.

    python examples/training.py FOLDER [--steps N] [--with numpy|torch|jax]

Saves go on beside the loop, write only what has changed, and keep the last three checkpoints and
the best. Kill it and start it again: it ends with the same weights as one that nobody stopped.
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from typing import Any

import numpy as np

import tfckpt
from tfckpt import keep

Weights = dict[str, Any]
FEATURES = 8


def fresh_weights() -> Weights:
    """Return a frozen embedding, what is trained on top of it, and the step."""
    embedding = np.random.default_rng(0).standard_normal((1000, FEATURES)).astype(np.float32)
    return {
        "embedding": embedding,
        "dense/kernel": np.zeros(FEATURES, np.float32),
        "dense/bias": np.zeros((), np.float32),
        "global_step": np.array(0),
    }


def batch(weights: Weights, step: int) -> tuple[Any, Any]:
    """Return the inputs and targets of a step: the same whenever it is asked for."""
    rows = np.random.default_rng(step).integers(0, 1000, 64)
    inputs = weights["embedding"][rows]
    return inputs, inputs @ np.arange(FEATURES, dtype=np.float32) + 3


def numpy_step(weights: Weights, inputs: Any, targets: Any) -> float:
    errors = inputs @ weights["dense/kernel"] + weights["dense/bias"] - targets
    weights["dense/kernel"] -= 0.1 * (inputs.T @ errors) / len(errors)
    weights["dense/bias"] -= 0.1 * errors.mean()
    return float((errors**2).mean())


def torch_step(weights: Weights, inputs: Any, targets: Any) -> float:
    """The tensors share the arrays' memory, so that what torch changes is what is saved."""
    import torch

    kernel, bias = (torch.from_numpy(weights[name]) for name in ("dense/kernel", "dense/bias"))
    kernel.requires_grad_()
    bias.requires_grad_()
    errors = torch.from_numpy(inputs) @ kernel + bias - torch.from_numpy(targets)
    loss = (errors**2).mean()
    loss.backward()
    with torch.no_grad():
        for tensor in (kernel, bias):
            tensor -= 0.05 * tensor.grad
    return float(loss.detach())


def jax_step(weights: Weights, inputs: Any, targets: Any) -> float:
    """Arrays of jax never change: new ones take their place, and a save copies nothing of them."""
    import jax

    def loss_of(kernel: Any, bias: Any) -> Any:
        return ((inputs @ kernel + bias - targets) ** 2).mean()

    names = ("dense/kernel", "dense/bias")
    values = [jax.numpy.asarray(weights[name]) for name in names]
    loss, slopes = jax.value_and_grad(loss_of, argnums=(0, 1))(*values)
    for name, value, slope in zip(names, values, slopes, strict=True):
        weights[name] = value - 0.05 * slope
    return float(loss)


STEPS: dict[str, Callable[[Weights, Any, Any], float]] = {
    "numpy": numpy_step,
    "torch": torch_step,
    "jax": jax_step,
}


def train(folder: str, steps: int, make_step: Callable[[Weights, Any, Any], float]) -> Weights:
    weights = fresh_weights()
    saver = tfckpt.Saver(
        keep=keep.last(3) | keep.best("loss"),
        incremental=True,
        on_saved=lambda path: print("saved", path, flush=True),
    )
    resumed = saver.restore_latest(weights, folder)
    if resumed is not None:
        print("goes on with", resumed.path, flush=True)
    drain_on = (signal.SIGTERM,)
    with tfckpt.BackgroundSaver(saver, drain_on=drain_on) as background:
        for step in range(int(weights["global_step"]) + 1, steps + 1):
            loss = make_step(weights, *batch(weights, step))
            weights["global_step"] = np.array(step)
            background.save(weights, f"{folder}/model.ckpt", step, metrics={"loss": loss})
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--with", dest="library", choices=list(STEPS), default="numpy")
    given = parser.parse_args()
    weights = train(given.folder, given.steps, STEPS[given.library])
    kernel = " ".join(f"{value:.6f}" for value in np.asarray(weights["dense/kernel"]))
    print(f"step {int(weights['global_step'])}: {kernel} + {float(weights['dense/bias']):.6f}")


if __name__ == "__main__":
    main()
