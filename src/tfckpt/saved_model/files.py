"""The file that makes a folder a SavedModel, and the paths beside it.

saved_model.pb           a SavedModel message: the graphs, each with tags and signatures
saved_model.pbtxt        the same as text; read where there is no .pb
saved_model.cpb          the same in chunks, for models beyond 2 GiB; read where there is no other
variables/variables.*    a checkpoint, shared by all graphs
assets/                  files that the graphs read
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from google.protobuf import text_format

from tfckpt.detect import describe_bytes
from tfckpt.errors import DataLossError, FileMissingError, UnimplementedError, UnparsableFileError
from tfckpt.graphdef.messages import check_size
from tfckpt.names import AnyPath, as_path
from tfckpt.parsing import parse_binary, parse_text
from tfckpt.protos import MetaGraphDef, SavedModel
from tfckpt.saved_model.constants import (
    SAVED_MODEL_FILENAME_CPB,
    SAVED_MODEL_FILENAME_PB,
    SAVED_MODEL_FILENAME_PBTXT,
    SAVED_MODEL_SCHEMA_VERSION,
    VARIABLES_DIRECTORY,
    VARIABLES_FILENAME,
)
from tfckpt.state import checkpoint_exists
from tfckpt.storage import is_file, read_file

# Where the messages inside an Any are looked up: text spells them out.
_POOL: Any = SavedModel.DESCRIPTOR.file.pool


def as_folder(export_dir: AnyPath) -> str:
    """Return a SavedModel's folder as a str. Raises TypeError for what is no path."""
    path = as_path(export_dir)
    if not path:
        raise ValueError("a SavedModel's folder cannot have an empty name")
    return path


def variables_prefix(export_dir: str) -> str:
    return os.path.join(export_dir, VARIABLES_DIRECTORY, VARIABLES_FILENAME)


def has_variables(export_dir: str) -> bool:
    return checkpoint_exists(variables_prefix(export_dir))


def model_file(export_dir: str) -> str | None:
    """Return the path of the file that is read, None where the folder has none of the three."""
    paths = (os.path.join(export_dir, name) for name in _PARSERS)
    return next((path for path in paths if is_file(path)), None)


def read_saved_model(export_dir: AnyPath) -> SavedModel:
    """Return the SavedModel message of a folder, TensorFlow's ``parse_saved_model``.

    Raises FileMissingError (an OSError) if the folder has none; UnparsableFileError (an OSError
    too) for a damaged one; UnimplementedError for a schema version other than 1.
    """
    folder = as_folder(export_dir)
    path = model_file(folder)
    if path is None:
        raise FileMissingError(
            f"SavedModel file does not exist at: {folder}{os.path.sep}"
            f"{{{SAVED_MODEL_FILENAME_PBTXT}|{SAVED_MODEL_FILENAME_PB}}}"
        )
    data = read_file(path)
    if not data:
        raise UnparsableFileError("an empty file, not a SavedModel", path=path)
    model = _PARSERS[os.path.basename(path)](data, path)
    _check_version(model, path)
    return model


def _parse_binary(data: bytes, path: str) -> SavedModel:
    try:
        return parse_binary(data, SavedModel)
    except DataLossError:
        what = describe_bytes(data[:4096], len(data))
        if what.startswith("a serialized protobuf"):
            what = "another protobuf message, or one that was cut short or damaged"
        raise UnparsableFileError(f"this is no SavedModel: it is {what}", path=path) from None


def _parse_text(data: bytes, path: str) -> SavedModel:
    try:
        return parse_text(data.decode(), SavedModel)
    except ValueError as error:
        raise UnparsableFileError(f"this is no SavedModel as text: {error}", path=path) from None


def _parse_chunks(data: bytes, path: str) -> SavedModel:
    raise UnimplementedError(
        "a SavedModel in chunks (.cpb, TensorFlow's experimental_image_format), which this library "
        "does not read: let TensorFlow save it as saved_model.pb",
        path=path,
    )


def tag_set(tags: str | Iterable[str]) -> set[str]:
    """Return tags as a set; one may be given as a str."""
    return {tags} if isinstance(tags, str) else set(tags)


def graphs_tagged(model: SavedModel, tags: set[str]) -> list[MetaGraphDef]:
    """Return the graphs that have these tags and no others, as they stand in the model."""
    return [graph for graph in model.meta_graphs if set(graph.meta_info_def.tags) == tags]


# In the order of precedence (``loader_impl.py``; TensorFlow's Python has no parser for chunks).
_PARSERS = {
    SAVED_MODEL_FILENAME_PB: _parse_binary,
    SAVED_MODEL_FILENAME_PBTXT: _parse_text,
    SAVED_MODEL_FILENAME_CPB: _parse_chunks,
}


def _check_version(model: SavedModel, path: str) -> None:
    version = model.saved_model_schema_version
    if version == SAVED_MODEL_SCHEMA_VERSION or (version == 0 and model.meta_graphs):
        return
    if version == 0:
        raise UnparsableFileError(
            "this is no SavedModel: it has neither a schema version nor a graph", path=path
        )
    raise UnimplementedError(
        f"this SavedModel has schema version {version}; version {SAVED_MODEL_SCHEMA_VERSION} is "
        f"the only one known",
        path=path,
    )


def serialized(model: SavedModel, *, as_text: bool) -> bytes:
    """Return the message as its file holds it. Raises ValueError beyond the 2 GiB of protobuf."""
    check_size(model)
    if as_text:
        return text_format.MessageToString(model, descriptor_pool=_POOL).encode()
    return model.SerializeToString(deterministic=True)
