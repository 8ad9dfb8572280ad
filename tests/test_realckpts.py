"""Checkpoints that other people's TensorFlow left, between 2016 and now."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

import tfckpt
from tfckpt.dtypes import python_name
from tfckpt.errors import FileMissingError, UnimplementedError

FOLDER = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
SETS = sorted(path.parent.name for path in FOLDER.glob("*/expected.json")) or ["none here"]
V1_MARK = " [V1 file]"


def digest(value: Any) -> str:
    """The form in which expected.json gives values."""
    if not isinstance(value, bytes) and value.dtype != object:
        return hashlib.sha256(value.tobytes()).hexdigest()
    strings = [value] if isinstance(value, bytes) else value.ravel().tolist()
    parts = [struct.pack("<Q", len(one)) + one for one in strings]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize("name", SETS)
def test_values_are_as_expected(name: str, realckpts: Path, tmp_path: Path) -> None:
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for prefix, tensors in expected.items():
        path = realckpts / name / prefix.removesuffix(V1_MARK)
        if prefix.endswith(V1_MARK):  # a V2 checkpoint of the same prefix would win
            path = Path(os.fspath(tmp_path / path.name))
            path.write_bytes((realckpts / name / prefix.removesuffix(V1_MARK)).read_bytes())
        with tfckpt.load_checkpoint(path) as reader:
            infos = reader.infos()
            assert sorted(tensors) == sorted(infos)
            for tensor, want in tensors.items():
                info = infos[tensor]
                assert (want["dtype"], want["shape"]) == (
                    python_name(info.data_type),
                    list(info.shape),
                )
                if "sha256" in want:
                    assert want["sha256"] == digest(reader[tensor]), tensor
                else:
                    with pytest.raises((FileMissingError, UnimplementedError)):
                        reader[tensor]


@pytest.mark.parametrize("name", SETS)
def test_rewriting_keeps_every_value(name: str, realckpts: Path, tmp_path: Path) -> None:
    expected = json.loads((realckpts / name / "expected.json").read_text())
    for number, (prefix, tensors) in enumerate(expected.items()):
        if prefix.endswith(V1_MARK) or any("sha256" not in one for one in tensors.values()):
            continue
        with tfckpt.load_checkpoint(realckpts / name / prefix) as reader:
            copy = tfckpt.save(tmp_path / str(number), reader)
        again = tfckpt.load(copy)
        assert {tensor: one["sha256"] for tensor, one in tensors.items()} == {
            tensor: digest(value) for tensor, value in again.items()
        }
