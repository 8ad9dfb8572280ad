"""Whatever a user points at leads to the checkpoint that is meant, or is named as what it is."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import CheckpointError, FileMissingError, InvalidArgumentError

POINTERS = [
    ("trained", "trained/model.ckpt-60"),
    ("trained/checkpoint", "trained/model.ckpt-60"),
    ("trained/model.ckpt-40", "trained/model.ckpt-40"),
    ("trained/model.ckpt-40.index", "trained/model.ckpt-40"),
    ("trained/model.ckpt-40.meta", "trained/model.ckpt-40"),
    ("trained/model.ckpt-40.data-00000-of-00001", "trained/model.ckpt-40"),
    ("sharded", "sharded/model.ckpt"),
    ("sharded/model.ckpt.data-00001-of-00003", "sharded/model.ckpt"),
    ("saved_model", "saved_model/variables/variables"),
    ("saved_model/saved_model.pb", "saved_model/variables/variables"),
    ("saved_model/variables", "saved_model/variables/variables"),
]


@pytest.mark.parametrize(("given", "found"), POINTERS)
def test_what_leads_to_a_checkpoint(given: str, found: str, golden: Path) -> None:
    for path in (golden / given, str(golden / given)):
        with tfckpt.load_checkpoint(path) as reader:
            assert str(golden / found) == reader.path


def zip_bytes() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.npy", b"x")
    return out.getvalue()


def tar_bytes() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


def npy_bytes() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros(3))
    return out.getvalue()


SAFETENSORS = json.dumps({"w": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}).encode()
STRANGERS = [
    ("weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    ("weights.npz", zip_bytes(), "zip archive"),
    ("weights.npy", npy_bytes(), "npy"),
    ("w.ckpt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-LFS pointer"),
    ("w.index", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-LFS pointer"),
    ("frozen.pb", b"\x0a\x10\x0a\x05Const" + bytes(9), "frozen graph"),
    ("download", b"<!DOCTYPE html><html>Not found</html>", "HTML page"),
    ("download.index", b"\n <html>Sign in</html>" + bytes(99), "HTML page"),
    ("w.tar", tar_bytes(), "tar archive"),
    ("w.gz", gzip.compress(b"x", mtime=0), "gzip"),
    ("w.safetensors", struct.pack("<Q", len(SAFETENSORS)) + SAFETENSORS, "safetensors"),
    ("w.tflite", b"\x1c\0\0\0TFL3" + bytes(40), "TensorFlow Lite"),
    ("empty", b"", "empty file"),
    ("graph.pbtxt", b'node {\n  name: "a"\n}\n', "text form"),
    ("zeros.ckpt", bytes(5000), "never finished"),
    ("random", bytes(range(7, 200)) * 3, "no kind known here"),
]


@pytest.mark.parametrize(("name", "content", "kind"), STRANGERS, ids=[one[0] for one in STRANGERS])
def test_what_is_no_checkpoint_is_named(
    name: str, content: bytes, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=kind) as caught:
        tfckpt.load_checkpoint(path)
    assert str(path) in str(caught.value)


def test_a_truncated_index_is_named_with_its_size(golden: Path, tmp_path: Path) -> None:
    whole = (golden / "dtypes" / "all.index").read_bytes()
    (tmp_path / "all.index").write_bytes(whole[:-200])

    with pytest.raises(ValueError, match=r"cut short|last 8 bytes"):
        tfckpt.load_checkpoint(tmp_path / "all")


def test_a_shard_alone_asks_for_its_index(golden: Path, tmp_path: Path) -> None:
    shutil.copy(golden / "trained" / "model.ckpt-60.data-00000-of-00001", tmp_path)
    with pytest.raises(FileMissingError, match=r"index that belongs to it, .*model.ckpt-60.index"):
        tfckpt.load_checkpoint(tmp_path / "model.ckpt-60.data-00000-of-00001")


def test_a_missing_checkpoint_names_its_neighbours(golden: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model.ckpt-40, model.ckpt-60"):
        tfckpt.load_checkpoint(golden / "trained" / "model.ckpt")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        tfckpt.load_checkpoint(golden / "nowhere" / "model.ckpt")


def test_a_folder_of_several_without_a_state_file_asks_which(golden: Path, tmp_path: Path) -> None:
    for path in (golden / "trained").glob("model.ckpt-*"):
        shutil.copy(path, tmp_path)
    with pytest.raises(InvalidArgumentError, match=r"give one of model.ckpt-40, model.ckpt-60"):
        tfckpt.load_checkpoint(tmp_path)


def test_an_empty_folder_has_tensorflows_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file or checkpoints in"):
        tfckpt.load_checkpoint(tmp_path)


def test_a_moved_folder_still_finds_its_latest(golden: Path, tmp_path: Path) -> None:
    shutil.copytree(golden / "trained", tmp_path / "moved")
    state = tmp_path / "moved" / "checkpoint"
    for gone in ("/home/someone/run/", r"C:\\Users\\someone\\", "../old/"):
        state.write_text(f'model_checkpoint_path: "{gone}model.ckpt-40"\n')
        with tfckpt.load_checkpoint(tmp_path / "moved") as reader:
            assert reader["global_step"] == 40


@pytest.mark.parametrize("path", [None, 3])
def test_paths_are_strings_bytes_or_pathlike(path: object) -> None:
    with pytest.raises(TypeError):
        tfckpt.load_checkpoint(path)
