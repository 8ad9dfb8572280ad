"""The headings of docs/troubleshooting.md are messages: each is provoked here, in its words."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

import tfckpt

PAGE = Path(__file__).parent.parent / "docs" / "troubleshooting.md"
DATA = "m.data-00000-of-00001"


def change(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)


def data() -> bytes:
    return Path(DATA).read_bytes()


def empty_folder() -> None:
    os.mkdir("empty")
    tfckpt.load("empty")


def two_without_state() -> None:
    os.mkdir("two")
    for name in ("two/a", "two/b"):
        tfckpt.save(name, {"x": 1.0})
    tfckpt.load("two")


def without(path: str) -> None:
    os.remove(path)
    tfckpt.load(DATA if path != DATA else "m")


def another_layout() -> None:
    tfckpt.save("other", {"x": 1.0})
    os.remove("m.index")
    tfckpt.salvage("m")


def dropped_key() -> None:
    tensors = tfckpt.load(tfckpt.Checkpoint(w=1.0).write("objects"))
    tfckpt.save("q", {name: one for name, one in tensors.items() if name[0] != "w"})


def variant() -> None:
    from tfckpt.bundle.entry import Entry
    from tfckpt.dtypes import why_unreadable

    raise NotImplementedError(why_unreadable(Entry(21, (), 0, 0, 1, 0).data_type))


def too_much() -> None:
    tfckpt.Limits.untrusted().check_memory(1 << 30, 100, "a value")


# What each heading is about, done in a folder with the checkpoint "m".
PROVOKED = {
    "no checkpoint of this name": lambda: tfckpt.load("m-9"),
    "Couldn't find 'checkpoint' file or checkpoints in given directory": empty_folder,
    "no usable state file says which of its checkpoints is the latest": two_without_state,
    "not found among the N tensors of this checkpoint; did you mean ...?": (
        lambda: tfckpt.load_variable("m", "kernal")
    ),
    "Restoring from checkpoint failed; nothing was changed": (
        lambda: tfckpt.Saver().restore({"kernel": np.zeros(3)}, "m")
    ),
    "checksum of the N bytes is ..., the index says ...": (
        lambda: (change(DATA, b"\1" + data()[1:]), tfckpt.load("m"))
    ),
    "it is cut short (an unfinished copy or download?)": (
        lambda: (change(DATA, data()[:-1]), tfckpt.load("m"))
    ),
    "the index ... needs this shard, which is missing": lambda: without(DATA),
    "this is a shard; the index that belongs to it ... is missing": lambda: without("m.index"),
    "the index is gone, and its data files have no layout that is known": another_layout,
    "a git-LFS pointer, not the file itself": (
        lambda: (change("m.index", b"version https://git-lfs.github.com/spec/v1"), tfckpt.load("m"))
    ),
    "an HTML page": lambda: (change("m.ckpt", b"<!DOCTYPE html>"), tfckpt.load("m.ckpt")),
    "an HDF5 file, a zip archive, a safetensors file": (
        lambda: (change("m.h5", b"\x89HDF\r\n\x1a\n"), tfckpt.load("m.h5"))
    ),
    "an object is no array": lambda: tfckpt.save("q", {"a": object()}),
    "values of the object graph are not among the tensors": dropped_key,
    "a DT_VARIANT has a value only inside TensorFlow": variant,
    "no more than N are allowed": too_much,
}
# Provoked where they are tested: a store, a server, another package, another process, a full disk,
# a line of the log.
ELSEWHERE = {
    "Please install gcsfs (or s3fs, ...)",
    "the folder is locked by process N of HOST",
    "No space left on device",
    "was restored only in part",
    "its server gives no parts of files",
    "another writer has saved here since this save began",
}
FREE = re.compile(r" ?\.\.\.\??|\bN\b|, a zip.*")


def headings() -> list[str]:
    return re.findall(r"^### (.*)$", PAGE.read_text(), re.MULTILINE)


def test_every_heading_is_provoked_somewhere() -> None:
    assert set(headings()) == PROVOKED.keys() | ELSEWHERE


@pytest.mark.parametrize("heading", PROVOKED)
def test_a_heading_is_what_the_library_says(
    heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tfckpt.save("m", {"kernel": np.arange(6.0).reshape(2, 3), "bias": np.zeros(3)})
    with pytest.raises((tfckpt.errors.CheckpointError, TypeError, NotImplementedError)) as caught:
        PROVOKED[heading]()
    for piece in FREE.split(heading):
        assert piece.strip() in re.sub(r"\b\d+ ", " ", str(caught.value)).replace("  ", " ")
