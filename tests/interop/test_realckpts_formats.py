"""Other libraries read other people's checkpoints, from files of their own kinds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import tfckpt
from tfckpt.errors import FileMissingError

FOLDER = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
SETS = sorted(path.parent.name for path in FOLDER.glob("*/expected.json")) or ["none here"]


@pytest.mark.parametrize("name", SETS)
def test_the_libraries_read_the_same_values(name: str, tmp_path: Path) -> None:
    if not FOLDER.is_dir():
        pytest.skip("TFCKPT_REALCKPTS names no folder")
    for number, index in enumerate(sorted(FOLDER.glob(f"{name}/**/*.index"))):
        path = str(index).removesuffix(".index")
        try:
            values = {
                tensor: value
                for tensor, value in tfckpt.load(path, unreadable="skip").items()
                if value.dtype.kind != "O"
            }
        except FileMissingError:  # only the index is there
            continue
        given: Any = {"keep": lambda tensor, values=values: tensor in values, "unreadable": "skip"}
        made = tfckpt.convert_checkpoint(path, tmp_path / f"{number}.safetensors", **given)
        theirs = load_file(made)
        assert theirs.keys() == values.keys()
        made = tfckpt.convert_checkpoint(path, tmp_path / f"{number}.pt", **given)
        state = torch.load(made, weights_only=True, mmap=True)
        assert state.keys() == values.keys()
        for tensor, value in values.items():
            assert same(theirs[tensor], value), tensor
            assert same(state[tensor].numpy(), value), tensor


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
