"""Errors: what they say, and that they keep it on their way between processes."""

from __future__ import annotations

import copy
import errno
import pickle
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt import errors


def everything(error: errors.CheckpointError) -> tuple[object, ...]:
    names = ("message", "path", "tensor", "offset", "errno", "strerror", "filename")
    return type(error), str(error), *(getattr(error, name, None) for name in names)


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_keeps_what_it_says_when_it_is_pickled(name: str) -> None:
    kind = getattr(errors, name)
    error = kind("cut short", path="m.index", tensor="w", offset=7)
    if isinstance(error, OSError):
        error.errno, error.strerror, error.filename = errno.EIO, "failed", "m"

    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert everything(again) == everything(error)
        assert str(again) == "m.index, tensor 'w', offset 7: cut short"


def test_a_missing_checkpoint_is_the_systems_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        tfckpt.load(tmp_path / "m")
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(tmp_path / "m")


def test_a_refusal_has_the_systems_number(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError) as caught:
        tfckpt.save(tmp_path / "file" / "m", {"w": np.ones(3)})
    assert caught.value.errno in (errno.ENOTDIR, errno.EEXIST)
    assert caught.value.filename == str(tmp_path / "file")
