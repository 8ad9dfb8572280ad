"""transformers' converters, as they are, without TensorFlow: what they make is what it was with it.

Run by `make compat`, in an environment that has transformers and torch and no TensorFlow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected_transformers.json").read_text())
CLI = "transformers.commands.transformers_cli"


def run(*arguments: str) -> str:
    """What a program prints."""
    env = {**os.environ, "USE_TF": "", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return json.loads(run(str(HERE / "run_transformers.py"), "tfckpt"))


def test_there_is_no_tensorflow() -> None:
    with pytest.raises(ImportError):
        __import__("tensorflow")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_converter_makes_what_it_made_with_tensorflow(name: str, found: dict[str, Any]) -> None:
    assert found[name] == EXPECTED[name]


def test_nearly_all_tensors_are_filled() -> None:
    """The rest are buffers, and biases that the original has not."""
    shares = [one["filled"] / one["tensors"] for one in EXPECTED.values() if "filled" in one]
    assert len(shares) >= 25 and min(shares) > 0.8


@pytest.fixture
def tiny_bert(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """A checkpoint with Google's names, and its configuration."""
    sys.path.insert(0, str(HERE))
    from run_transformers import CONVERTERS, TINY, bert, numbers

    sys.path.pop(0)
    from transformers import BertConfig, BertForPreTraining

    config = BertConfig(**TINY)
    tensors = {name: numbers(name, shape) for name, shape in bert(BertForPreTraining(config))}
    assert CONVERTERS["bert"].names is bert
    tfckpt.save(tmp_path / "model.ckpt", tensors)
    config.architectures = ["BertForPreTraining"]
    config.save_pretrained(tmp_path)
    return tmp_path, tensors


def test_the_command_converts(tiny_bert: tuple[Path, dict[str, np.ndarray]]) -> None:
    import torch

    folder, tensors = tiny_bert
    run(
        "-m", "tfckpt.compat", "-m", CLI, "convert", "--model_type", "bert",
        "--tf_checkpoint", f"{folder}/model.ckpt", "--config", f"{folder}/config.json",
        "--pytorch_dump_output", f"{folder}/out.bin",
    )  # fmt: skip
    state = torch.load(folder / "out.bin", weights_only=True)
    key = "bert.encoder.layer.1.output.dense.weight"
    expected = tensors["bert/encoder/layer_1/output/dense/kernel"].T
    np.testing.assert_array_equal(state[key].numpy(), expected)


def test_from_tf(tiny_bert: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, tensors = tiny_bert
    program = folder / "load.py"
    program.write_text(
        "import sys, transformers\n"
        "from transformers.utils import is_tf_available\n"
        "model = transformers.BertForPreTraining.from_pretrained(sys.argv[1], from_tf=True)\n"
        "weight = model.bert.embeddings.word_embeddings.weight\n"
        "print(is_tf_available(), weight.detach().numpy().ravel().tolist() == eval(sys.argv[2]))\n"
    )
    words = tensors["bert/embeddings/word_embeddings"].ravel().tolist()
    out = run("-m", "tfckpt.compat", str(program), str(folder), repr(words))
    assert out.splitlines()[-1] == "False True"
