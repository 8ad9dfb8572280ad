"""More of other people's packages, as they are, without TensorFlow: t5, texar-pytorch, flax.

Run by `make compat`. The programs that use them are in `others/`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

import tfckpt

OTHERS = Path(__file__).parent / "others"


def run(*arguments: object) -> list[str]:
    """The lines that a program prints under tfckpt.compat."""
    command = [sys.executable, "-W", "ignore", "-m", "tfckpt.compat", *map(str, arguments)]
    env = {**os.environ, "USE_TF": "", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_t5_averages_the_last_checkpoints(tmp_path: Path) -> None:
    """A script of TensorFlow 1: readers, variables, placeholders, a Session and a Saver."""
    (script,) = [
        one.locate() for one in metadata.files("t5") or () if one.name == "transform_checkpoints.py"
    ]
    saver = tfckpt.Saver()
    for step in (100, 200, 300):
        weights = {"w": np.float32([[1, 2]]) * step, "global_step": np.int64(step)}
        saver.save(weights, tmp_path / "run" / "model.ckpt", global_step=step)
    run(
        script, f"--model_dirs_or_checkpoints={tmp_path}/run", f"--output_dir={tmp_path}/out",
        "--operation=average_last_n", "--number_of_checkpoints=2",
    )  # fmt: skip
    latest = tfckpt.latest_checkpoint(tmp_path / "out")
    assert latest == f"{tmp_path}/out/model.ckpt-200"  # it numbers them by the first of the two
    found = {name: array.tolist() for name, array in tfckpt.load(latest).items()}
    assert found == {"w": [[250, 500]], "global_step": 200}


def test_texar_loads_bert_and_gpt2(tmp_path: Path) -> None:
    assert run(OTHERS / "texar_models.py", tmp_path) == [
        "BERT 39 of 39 tensors True True",
        "GPT-2 28 of 28 tensors True True",
    ]


def test_flax_keeps_its_files_through_gfile(tmp_path: Path) -> None:
    assert run(OTHERS / "flax_checkpoints.py", tmp_path) == [
        "BackendMode.TF",
        "['checkpoint_2', 'checkpoint_3']",
        "[0.0, 3.0, 6.0]",
        "not found, also for Python: True",
    ]


def test_tensorboard_reads_its_files_by_itself(tmp_path: Path) -> None:
    assert run(OTHERS / "tensorboard_scalars.py", tmp_path) == [
        "[(7, 0.5)]",
        "TensorBoard uses stub and not 2.21.0",
    ]
