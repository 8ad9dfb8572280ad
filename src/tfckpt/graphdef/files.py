"""Files of graphs: binary or text, whichever it is.

    .meta               a MetaGraphDef
    .pb, .pbtxt         a GraphDef, a MetaGraphDef or a SavedModel

Takes paths, gives messages. Nothing in the bytes says which message they are. They are tried as
each in turn, and taken for the first that makes sense: a GraphDef's nodes have names and ops, a
SavedModel has a version and graphs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from tfckpt.detect import describe_file
from tfckpt.errors import DataLossError, InvalidArgumentError, UnparsableFileError
from tfckpt.graphdef.live import LiveGraph
from tfckpt.graphdef.messages import MESSAGE_LIMIT, check_size
from tfckpt.graphdef.text import parse_graph_text
from tfckpt.names import AnyPath, as_path
from tfckpt.parsing import TextError, parse_binary
from tfckpt.protos import GraphDef, MetaGraphDef, SavedModel
from tfckpt.storage import is_remote, open_source, write_file

M = TypeVar("M", bound=Message)
GraphFile: TypeAlias = GraphDef | MetaGraphDef | SavedModel
_NODE_NAME = re.compile(r'^\s*name: "([^"]*)"')


def write_graph(
    graph_or_graph_def: Any, logdir: AnyPath, name: str, as_text: bool = True, *, fsync: bool = True
) -> str:
    """Write a graph to `logdir`/`name` and return that path; the folder is made if need be.

    Takes a Graph, a GraphDef, or any other message. A reader sees the old file or the new one.
    `fsync=False` does not wait for the disk.

    Raises ValueError if it is larger than the 2 GiB that protobuf can read.

    >>> import tempfile, tfckpt
    >>> path = tfckpt.write_graph(tfckpt.Graph(), tempfile.mkdtemp(), "graph.pbtxt")
    >>> tfckpt.read_graph_def(path).versions.producer
    2474
    """
    is_graph = isinstance(graph_or_graph_def, LiveGraph)
    message = graph_or_graph_def.as_graph_def() if is_graph else graph_or_graph_def
    if not isinstance(message, Message):
        raise TypeError(f"write_graph takes a Graph or a message, not {type(message).__name__}")
    path = os.path.join(as_path(logdir), name)
    write_message(message, path, as_text=as_text, fsync=fsync)
    return path


def write_message(message: Message, path: str, *, as_text: bool, fsync: bool = True) -> None:
    """Write a message as text, or as bytes that are the same each time."""
    check_size(message)
    if as_text:
        data = text_format.MessageToString(message).encode()
    else:
        data = message.SerializeToString(deterministic=True)
    write_file(path, data, fsync=fsync)


def read_graph_file(path: AnyPath) -> GraphFile:
    """Read a graph's file of any kind, binary or text.

    Returns the GraphDef, MetaGraphDef or SavedModel that it is.

    Raises FileMissingError (a FileNotFoundError) if there is no such file; UnparsableFileError (an
    OSError and a ValueError) if it is none of these, with the line and the node for text.
    """
    path = as_path(path)
    data = _read(path)
    for kind in _KINDS:
        message: GraphFile | None = _parse_binary(data, kind)
        if message is not None:
            return message
    text = _as_text(data)
    if text is not None:
        parsed: GraphFile = _parse_text(text, _kind_of_text(text), path)
        return parsed
    raise _no_graph(path)


def read_graph_def(path: AnyPath) -> GraphDef:
    """Read a GraphDef, also out of the MetaGraphDef or SavedModel that a file may be.

    Raises what `read_graph_file` does, and ValueError for a SavedModel of several graphs.
    """
    found = read_graph_file(path)
    if isinstance(found, SavedModel):
        if len(found.meta_graphs) != 1:
            tags = [sorted(graph.meta_info_def.tags) for graph in found.meta_graphs]
            raise InvalidArgumentError(
                f"this SavedModel has {len(tags)} graphs, tagged {tags}: take one of meta_graphs",
                path=as_path(path),
            )
        found = found.meta_graphs[0]
    return found.graph_def if isinstance(found, MetaGraphDef) else found


def read_meta_graph(path: AnyPath) -> MetaGraphDef:
    """Read a MetaGraphDef (a ``.meta`` file), binary or text.

    Raises FileMissingError (a FileNotFoundError) if there is no such file; UnparsableFileError (an
    OSError and a ValueError) if it is no MetaGraphDef.
    """
    path = as_path(path)
    found = read_graph_file(path)
    if isinstance(found, MetaGraphDef):
        return found
    what = found.DESCRIPTOR.name
    ask = "import_graph_def" if isinstance(found, GraphDef) else "saved_model.load"
    raise UnparsableFileError(f"this is a {what}, not a MetaGraphDef (see {ask})", path=path)


def _read(path: str) -> bytes:
    source = open_source(path)
    try:
        if source.size > MESSAGE_LIMIT:
            raise UnparsableFileError(
                f"the file has {source.size} bytes, a graph can have {MESSAGE_LIMIT} (2 GiB)",
                path=path,
            )
        data = bytes(source.read(0, source.size))
    finally:
        source.close()
    if not data:
        raise UnparsableFileError("this is an empty file, not a graph", path=path)
    return data


def _parse_binary(data: bytes, kind: Any) -> Any:
    try:
        message = parse_binary(data, kind)
    except DataLossError:
        return None
    return message if _KINDS[kind](message) else None


def _is_graph_def(message: Any) -> bool:
    if not all(node.name and node.op for node in message.node):
        return False
    return bool(message.node or message.library.function or message.versions.producer)


def _is_meta_graph_def(message: Any) -> bool:
    if message.HasField("graph_def"):
        return _is_graph_def(message.graph_def) or not message.graph_def.node
    info = message.meta_info_def
    return bool(message.HasField("meta_info_def") and info.HasField("stripped_op_list"))


def _is_saved_model(message: Any) -> bool:
    return bool(message.saved_model_schema_version and message.meta_graphs)


_KINDS: dict[Any, Callable[[Any], bool]] = {
    GraphDef: _is_graph_def,
    MetaGraphDef: _is_meta_graph_def,
    SavedModel: _is_saved_model,
}


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if _FIRST_FIELD.search(text) and "\0" not in text else None


# A field at the margin of the text tells which message it is.
_FIRST_FIELD = re.compile(r"^[ \t]*(\w+)[ \t]*[:{<]", re.MULTILINE)


def _kind_of_text(text: str) -> Any:
    for field in _FIRST_FIELD.finditer(text):
        for kind in _KINDS:
            if field[1] in kind.DESCRIPTOR.fields_by_name:
                return kind
    return GraphDef


def _parse_text(text: str, kind: type[M], path: str) -> M:
    try:
        return parse_graph_text(text, kind)
    except TextError as error:
        where = _node_at(text, error.line) if error.line else ""
        raise UnparsableFileError(
            f"this is no {kind.DESCRIPTOR.name}: {where}{error.message}", path=path
        ) from None


def _node_at(text: str, line: int) -> str:
    """Say in which node a line of a text lies."""
    for before in reversed(text.splitlines()[:line]):
        found = _NODE_NAME.match(before)
        if found:
            return f"in node {found[1]!r}, line "
    return "line "


# Files that lie beside graphs and are called like them.
_OTHERS = {
    "fingerprint.pb": "the fingerprint of the SavedModel beside it",
    "keras_metadata.pb": "what Keras says of the SavedModel beside it",
}


def _no_graph(path: str) -> UnparsableFileError:
    kind = _OTHERS.get(os.path.basename(path))
    if kind is None:
        kind = describe_file(path) if not is_remote(path) else "something else"
    if "protobuf" in kind:
        kind = "a protobuf message of another kind, or one that was cut short"
    return UnparsableFileError(
        f"this is no graph, neither as binary nor as text; it is {kind}", path=path
    )


__all__ = ["read_graph_def", "read_graph_file", "read_meta_graph", "write_graph"]
