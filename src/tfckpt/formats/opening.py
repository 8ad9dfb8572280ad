"""Opening a file of tensors, whatever its format.

Takes a path and gives a `TensorReader`. The content decides which format it is, not the name:
people rename files, and names like ``.bin`` and ``.h5`` say little.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from tfckpt.checkpoint import load_checkpoint
from tfckpt.errors import FileMissingError, InvalidArgumentError, located
from tfckpt.formats import hdf5, numpys
from tfckpt.formats.hdf5 import KERAS_WEIGHTS, Hdf5Reader, KerasReader
from tfckpt.formats.indexed import JSON_INDEX_SUFFIX, KERAS_SUFFIX, IndexedReader
from tfckpt.formats.numpys import SUFFIX, NpyReader, NpzReader
from tfckpt.formats.pickled import first_bytes
from tfckpt.formats.pytorch import DATA, TorchReader
from tfckpt.formats.safetensors import HEADER_LIMIT, SafetensorsReader
from tfckpt.formats.zipped import Archive
from tfckpt.locate import locate
from tfckpt.names import AnyPath, as_path, shown
from tfckpt.reader import TensorReader, Verify
from tfckpt.storage import is_remote, list_folder, open_source, read_ends

_HEAD = 4096

MakeReader = Callable[..., TensorReader]


def open_tensors(
    path: AnyPath, *, verify: Verify = True, mmap: bool = True, format: str | None = None
) -> TensorReader:
    """Open a file of tensors, of TensorFlow or another library, as a lazy mapping.

    `path` is whatever `load_checkpoint` opens; or a file of safetensors, of PyTorch
    (``torch.save``), of numpy (``.npy``, ``.npz``), of HDF5 or Keras (``.h5``, ``.weights.h5``,
    ``.keras``), or a frozen graph; or the index of a set of such files
    (``model.safetensors.index.json``), or the folder that has one. Its content says what it is;
    `format` forces one: "checkpoint", "safetensors", "torch", "npz", "npy", "hdf5", "keras" or
    "graph".

    `verify=False` skips the checksums of tensors, where the format has any; `mmap=False` the
    mapping of files. Nothing that a file holds is run: of a pickle only what tensors need is read.

    Raises FileMissingError if there is nothing, InvalidArgumentError if it is no file of tensors,
    DataLossError if it is a damaged one.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.write_tensors(tempfile.mkdtemp() + "/m.safetensors", {"w": np.eye(2)})
    >>> with tfckpt.open_tensors(path) as tensors:
    ...     print(tensors.info("w").dtype, tensors["w"].tolist())
    float64 [[1.0, 0.0], [0.0, 1.0]]
    """
    given = as_path(path)
    if format is None:
        given, format = _recognised(given)
    elif format not in READERS:
        raise ValueError(f"a format is one of {', '.join(READERS)}, not {format!r}")
    return READERS[format](given, verify, mmap)


def _of_source(make: Callable[..., TensorReader]) -> MakeReader:
    """Make the opener of a format of one file, from what reads such a file."""

    def opened(path: str, verify: Verify, mmap: bool) -> TensorReader:
        if path.endswith((JSON_INDEX_SUFFIX, KERAS_SUFFIX)):
            return IndexedReader(
                path, lambda source: make(source, verify=verify), verify=verify, mmap=mmap
            )
        source = open_source(path, mmap=mmap)
        try:
            return make(source, verify=verify)
        except BaseException:
            source.close()
            raise

    return opened


def _checkpoint(path: str, verify: Verify, mmap: bool) -> TensorReader:
    return load_checkpoint(path, verify=verify, mmap=mmap)


def _graph(path: str, verify: Verify, mmap: bool) -> TensorReader:
    from tfckpt.formats.frozen import FrozenReader  # loads all of the graphs' part

    return FrozenReader(path)


READERS: dict[str, MakeReader] = {
    "checkpoint": _checkpoint,
    "safetensors": _of_source(SafetensorsReader),
    "torch": _of_source(TorchReader),
    "hdf5": _of_source(Hdf5Reader),
    "keras": _of_source(KerasReader),
    "npz": _of_source(NpzReader),
    "npy": _of_source(NpyReader),
    "graph": _graph,
}


# Telling formats apart


def _recognised(path: str) -> tuple[str, str]:
    """Return the file that is meant, and its format."""
    if not path:
        raise ValueError("the path of a file of tensors cannot be empty")
    if is_remote(path) or os.path.isfile(path):
        try:
            return path, _kind_of(path)
        except FileMissingError:  # a prefix, behind a URL
            return path, "checkpoint"
    inside = _in_folder(path) if os.path.isdir(path) else None
    return (path, "checkpoint") if inside is None else _recognised(inside)


def _kind_of(path: str) -> str:
    """Say of which format a file is, by its first bytes."""
    head, _, _ = read_ends(path, _HEAD, 0)
    if any(head.startswith(hdf5.MAGIC, at) for at in (512, 1024, 2048)):  # behind a user's block
        return "hdf5"
    if head[8:].lstrip()[:1] == b"{" and int.from_bytes(head[:8], "little") <= HEADER_LIMIT:
        return "safetensors"
    if head.lstrip()[:1] == b"{":
        for suffix, kind in _INDEXES.items():
            if path.endswith(suffix):
                return kind
    for magic, kind in ((numpys.MAGIC, "npy"), (hdf5.MAGIC, "hdf5")):
        if head.startswith(magic):
            return kind
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _kind_of_archive(path)
    if first_bytes(head):
        return "torch"
    return "graph" if _is_graph(path, head) else "checkpoint"


# What the files of an index are, by its name.
_INDEXES = {
    f".safetensors{JSON_INDEX_SUFFIX}": "safetensors",
    JSON_INDEX_SUFFIX: "torch",
    KERAS_SUFFIX: "hdf5",
}

# The first field of a GraphDef, MetaGraphDef or SavedModel, or what each has in its text form.
_GRAPH_STARTS = (b"\x08", b"\x0a", b"\x12", b"\x1a", b"\x22")
_GRAPH_TEXTS = (b"node {", b"meta_graphs {", b"graph_def {", b"meta_info_def {")


def _is_graph(path: str, head: bytes) -> bool:
    """Whether a file that begins as a graph may is no part of a checkpoint."""
    begins = head.startswith(_GRAPH_STARTS) or any(text in head for text in _GRAPH_TEXTS)
    if is_remote(path) or not begins:
        return False
    try:
        locate(path)
    except InvalidArgumentError:
        return True
    return False


def _kind_of_archive(path: str) -> str:
    """Say of which format a zip archive is, by its members."""
    source = open_source(path, mmap=False)
    try:
        with located(path):
            names = list(Archive(source).members)
    finally:
        source.close()
    if any(name.rpartition("/")[2] == DATA for name in names):
        return "torch"
    if KERAS_WEIGHTS in names:
        return "keras"
    if not names or any(name.endswith(SUFFIX) for name in names):
        return "npz"
    raise InvalidArgumentError(
        f"a zip archive, with no tensors of any kind known here; its members: {shown(names)}",
        path=path,
    )


# What a folder of another library's model has, the better one first.
_IN_FOLDERS = (
    f".safetensors{JSON_INDEX_SUFFIX}",
    ".safetensors",
    f".bin{JSON_INDEX_SUFFIX}",
    ".bin",
    ".keras",
    KERAS_SUFFIX,
    ".weights.h5",
)


def _in_folder(folder: str) -> str | None:
    """Return the file that a folder of a model in another format has; None for a checkpoint's."""
    names = list_folder(folder)
    if "checkpoint" in names or any(name.endswith((".index", ".pb")) for name in names):
        return None
    for suffix in _IN_FOLDERS:
        found = [name for name in names if name.endswith(suffix)]
        if len(found) > 1:
            raise InvalidArgumentError(
                f"it has {len(found)} of {suffix}: give one of {shown(found)}", path=folder
            )
        if found:
            return os.path.join(folder, found[0])
    return None
