"""What a file is, judged by its first and last bytes.

People hand over the wrong file more often than a damaged one: an error that names what it is
saves them the search.
"""

from __future__ import annotations

from tfckpt.errors import CheckpointError
from tfckpt.storage import read_ends
from tfckpt.table.format import MAGIC

_BEGINNINGS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, of Keras perhaps (tfckpt.open_tensors reads it)",
    b"PK\x03\x04": "a zip archive: numpy's, Keras's, PyTorch's? (tfckpt.open_tensors reads it)",
    b"PK\x05\x06": "an empty zip archive",
    b"\x93NUMPY": "a numpy .npy file (tfckpt.open_tensors reads it)",
    b"version https://git-lfs": "a git-LFS pointer, not the file itself: run `git lfs pull`",
    b"\x1f\x8b": "a gzip-compressed file: unpack it first",
    b"BZh": "a bzip2-compressed file: unpack it first",
    b"\xfd7zXZ\x00": "an xz-compressed file: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstandard-compressed file: unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it first",
    b"\x80\x02": "a Python pickle, of PyTorch perhaps (tfckpt.open_tensors reads it)",
    b"\x80\x03": "a Python pickle",
    b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle",
    b"GGUF": "a GGUF file",
    b"%PDF": "a PDF file",
}
_WITHIN = {
    (4, b"TFL3"): "a TensorFlow Lite model",
    (257, b"ustar"): "a tar archive: unpack it first",
}
_HTML = (b"<!doctype html", b"<html", b"<?xml", b"<head")
_HEAD = 4096


def is_table(path: str) -> bool:
    """Whether a file ends as a table does: an index, or a V1 checkpoint."""
    try:
        return read_ends(path, 0, len(MAGIC))[1] == MAGIC
    except (CheckpointError, OSError):
        return False


def describe_file(path: str) -> str:
    """Say what kind of file there is at `path`, as the end of "this is ..."."""
    head, _, size = read_ends(path, _HEAD, 0)
    return describe_bytes(head, size, path)


def describe_bytes(head: bytes, size: int, path: str = "") -> str:
    """Say the same of a file that begins with `head`."""
    unknown = f"a file of {size} bytes of no kind known here, or a checkpoint that was cut short"
    return _recognise(head, size, path) or unknown


def recognise(path: str) -> str | None:
    """Say what kind of file there is, None for one of no kind that is known here."""
    head, _, size = read_ends(path, _HEAD, 0)
    return _recognise(head, size, path)


def _recognise(head: bytes, size: int, path: str) -> str | None:
    if not size:
        return "an empty file (a download that failed?)"
    for beginning, what in _BEGINNINGS.items():
        if head.startswith(beginning):
            return what
    for (at, mark), what in _WITHIN.items():
        if head[at : at + len(mark)] == mark:
            return what
    text = head.lstrip().lower()
    if text.startswith(_HTML):
        return "an HTML page (a link that led to a web page instead of the file?)"
    if text.startswith((b"{", b"[")):
        return "a JSON file"
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < size:
        return "a safetensors file (tfckpt.open_tensors reads it)"
    if b"model_checkpoint_path" in head:
        return "a state file, which names checkpoints; give its folder instead"
    if path.endswith(".pb") or head[:1] == b"\x0a":
        return "a serialized protobuf, such as a frozen graph: it holds nodes, not a checkpoint"
    if b"node {" in head or b"meta_graphs {" in head or b"graph_def {" in head:
        return "a graph in protobuf's text form"
    if not any(head[:512]):
        return f"{size} bytes beginning with zeros (a download that never finished?)"
    return None
