"""Errors: what they say, and that they keep it on their way between processes."""

from __future__ import annotations

import copy
import errno
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt import errors, saved_model


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


GRAPH_FILES: dict[str, tuple[bytes, Callable[[Path], object]]] = {
    "graph": (b"\xff\xff", tfckpt.read_graph_def),
    "graph as text": (b"node { nam: 3 }", tfckpt.read_graph_def),
    "empty graph": (b"", tfckpt.read_graph_def),
    "meta": (b"\x0a\x03abc", tfckpt.read_meta_graph),
    "meta that is a graph": (b"\x0a\x06\x0a\x01x\x12\x01y", tfckpt.read_meta_graph),
    "imported meta": (b"\x0a\x03abc", tfckpt.import_meta_graph),
    "model": (b"\xff\xff", lambda path: saved_model.parse_saved_model(path.parent)),
    "empty model": (b"", lambda path: saved_model.parse_saved_model(path.parent)),
    "loaded model": (b"\xff\xff", lambda path: saved_model.load({}, ["serve"], path.parent)),
}


@pytest.mark.parametrize("what", GRAPH_FILES)
def test_a_file_that_does_not_parse_is_an_oserror_too(what: str, tmp_path: Path) -> None:
    data, read = GRAPH_FILES[what]
    path = tmp_path / "saved_model.pb"
    path.write_bytes(data)
    with pytest.raises(OSError) as caught:
        read(path)
    assert isinstance(caught.value, errors.DataLossError)
    assert caught.value.filename == str(path)


def test_a_model_as_text_that_does_not_parse_is_an_oserror_too(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pbtxt").write_text("meta_graphs { nothing }")
    with pytest.raises(OSError, match="no SavedModel as text"):
        saved_model.parse_saved_model(tmp_path)
