"""From the paths of objects to the full names of variables.

A full name need not be unique, and a checkpoint need not have one for each variable. `repeated` and
`nameless` say what to do then.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from itertools import count
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from tfckpt.bookkeeping import is_bookkeeping
from tfckpt.checkpoint import load_checkpoint
from tfckpt.errors import InvalidArgumentError, TensorNotFoundError
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, shown, shown_lines
from tfckpt.objectgraph.keys import VARIABLE_VALUE, unescape_name
from tfckpt.objectgraph.nodes import attributes_of, read_object_graph
from tfckpt.objects.values import ObjectValues
from tfckpt.reader import TensorReader, Unreadable, readable
from tfckpt.saved_model.full_names import export_dir_of, full_names
from tfckpt.saved_model.loader import Variables
from tfckpt.tensors.stored import Array

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

Repeated: TypeAlias = Literal["error", "number", "first", "key"]
Nameless: TypeAlias = Literal["error", "key"]
REPEATED = ("error", "number", "first", "key")
NAMELESS = ("error", "key")

logger = logging.getLogger("tfckpt")


class Renaming(NamedTuple):
    """Which tensors get which names, and which get none.

    `keys` goes from new name to key, `left_out` from key to why it is.
    """

    keys: dict[str, str]
    left_out: dict[str, str]


def to_name_based(
    path: AnyPath | Variables,
    *,
    repeated: Repeated = "error",
    nameless: Nameless = "error",
    unreadable: Unreadable = "error",
) -> dict[str, Array]:
    """Read the variables of an object-based checkpoint by their full names.

    What comes out can be saved as a name-based checkpoint, which ``tf.compat.v1.train.Saver``
    restores. A SavedModel's variables whose names the checkpoint lacks get those that its
    ``saved_model.pb`` has. What is no variable (Python state, tables) is left out, and a logged
    warning names it.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> named = {"dense/kernel": np.eye(2)}
    >>> objects = tfckpt.to_object_based(named, {"dense/kernel": "layers/0/kernel"})
    >>> tfckpt.to_name_based(tfckpt.save(folder + "/ckpt", objects))
    {'dense/kernel': array([[1., 0.],
           [0., 1.]])}

    Where variables share a full name, InvalidArgumentError lists their keys. With `repeated`
    "number" they are told apart as TensorFlow's graphs do it (``total``, ``total_1``); with "first"
    the others are left out (and named in a warning); with "key" each comes under its path instead.
    Where variables have no name at all, that is an InvalidArgumentError too; with `nameless` "key"
    they come under their paths. `unreadable` is that of `load`.

    `saved_model.Variables`, which a SavedModel was loaded into, can be given in the checkpoint's
    place: names are those of the model, values are as they are in the mapping by now.
    """
    with load_checkpoint(_checkpoint_of(path)) as reader:
        chosen = renaming(reader, repeated=repeated, nameless=nameless, unreadable=unreadable)
        warn_of(chosen.left_out, reader)
        keys = chosen.keys.values()
        values = path if isinstance(path, Variables) else reader.get_tensors(keys)
        gone = sorted(key for key in keys if key not in values)
        if gone:
            raise TensorNotFoundError(
                f"the model's variables {shown(gone)} are not in the mapping", path=reader.path
            )
        return {name: values[key] for name, key in chosen.keys.items()}


def _checkpoint_of(given: AnyPath | Variables) -> AnyPath:
    """Return the checkpoint that says what the variables' names are."""
    if not isinstance(given, Variables):
        return given
    if given.export_dir is None:
        raise InvalidArgumentError(
            "these Variables do not know their model: saved_model.load fills them, without an "
            "import_scope"
        )
    return given.export_dir


def warn_of(left_out: Mapping[str, str], reader: TensorReader) -> None:
    """Log what is left out of a checkpoint.

    Two are passed over: the graph of objects, which names replace, and unreadable tensors, of which
    reading has warned.
    """
    infos = reader.infos()
    lines = [
        f"  {name}: {why}"
        for name, why in left_out.items()
        if name != OBJECT_GRAPH_KEY and why != infos[name].why_unreadable
    ]
    if lines:
        listing = "\n".join(lines)
        logger.warning(
            "%s: %d of %d tensors are left out:\n%s", reader.path, len(lines), len(infos), listing
        )


def renaming(
    reader: TensorReader, *, repeated: Repeated, nameless: Nameless, unreadable: Unreadable
) -> Renaming:
    """Choose the names of a checkpoint's variables; raises as `to_name_based`."""
    if repeated not in REPEATED:
        raise ValueError(f"repeated is one of {', '.join(map(repr, REPEATED))}, not {repeated!r}")
    if nameless not in NAMELESS:
        raise ValueError(f"nameless is 'error' or 'key', not {nameless!r}")
    infos = reader.infos()
    there = set(readable(infos, unreadable, reader.path))
    left_out = {name: str(infos[name].why_unreadable) for name in infos if name not in there}
    named = _named(reader, read_object_graph(reader), there)
    try:
        keys = _chosen(named, repeated, nameless)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(error.message, path=reader.path) from None
    if repeated == "first":
        left_out.update(_others(named))
    written = set(keys.values())
    for name in infos:
        if name not in written:
            left_out.setdefault(name, _why_no_variable(name))
    return Renaming(keys, left_out)


def by_path(reader: TensorReader, *, unreadable: Unreadable) -> Renaming:
    """Choose the paths of a checkpoint's objects for names; what is no model's value has none.

    Where an object has other values than a variable's, the value's name comes behind its path.
    """
    read_object_graph(reader)  # raises for what is not object-based
    infos = reader.infos()
    there = readable(infos, unreadable, reader.path)
    left_out = {name: str(infos[name].why_unreadable) for name in infos if name not in there}
    keys: dict[str, str] = {}
    for key in there:
        if is_bookkeeping(key):
            left_out[key] = "TensorFlow keeps it for itself"
            continue
        path, marker, attribute = key.rpartition("/.ATTRIBUTES/")
        if marker and attribute != VARIABLE_VALUE:
            path = f"{path}/{unescape_name(attribute)}"
        name = path or key  # the root's own value has no path
        if name in keys:
            raise InvalidArgumentError(
                f"{key} and {keys[name]} have one path, {name!r}", path=reader.path
            )
        keys[name] = key
    return Renaming(keys, left_out)


def _named(
    reader: TensorReader, graph: TrackableObjectGraph, there: Container[str]
) -> dict[str, list[str]]:
    """Return the keys of the variables of each full name; "" stands for no name.

    Raises DataLossError for a key that the index lacks.
    """
    source = ObjectValues(reader, graph)
    keys = {
        attribute.checkpoint_key: attribute.full_name
        for node_id, attribute in attributes_of(graph)
        if (attribute.full_name or attribute.name == VARIABLE_VALUE)
        and source.keys(node_id, attribute.checkpoint_key) == [attribute.checkpoint_key]
        and attribute.checkpoint_key in there
    }
    folder = export_dir_of(reader.path)
    if folder is not None and "" in keys.values():
        known = full_names(folder, graph)
        keys = {key: name or known.get(key, "") for key, name in keys.items()}
    named: dict[str, list[str]] = {}
    for key, name in keys.items():
        named.setdefault(name, []).append(key)
    return named


def _chosen(
    named: Mapping[str, list[str]], repeated: Repeated, nameless: Nameless
) -> dict[str, str]:
    """Return the key that each name is to stand for."""
    if "" in named and nameless == "error":
        raise _no_names(named[""])
    twice = {name: keys for name, keys in named.items() if name and len(keys) > 1}
    if twice and repeated == "error":
        raise _several(twice)
    by_path = list(named.get("", ()))
    chosen = {name: keys[0] for name, keys in named.items() if name}
    for name, keys in twice.items():
        if repeated == "number":
            numbered = (f"{name}_{number}" for number in count(1))
            free = (new for new in numbered if new not in chosen)
            chosen.update(zip(free, keys[1:], strict=False))
        elif repeated == "key":
            del chosen[name]
            by_path += keys
    for key in by_path:
        # The root's own value has an empty path: its key stands for it.
        path = key.partition("/.ATTRIBUTES/")[0] or key
        if path in chosen:
            raise InvalidArgumentError(f"the path {path!r} is the full name of {chosen[path]} too")
        chosen[path] = key
    return chosen


def _others(named: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the variables whose name an earlier one has -> a sentence that says which one."""
    return {
        key: f"its name, {name!r}, is that of {keys[0]} too"
        for name, keys in named.items()
        for key in (keys[1:] if name else ())
    }


def _no_names(keys: list[str]) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{len(keys)} variables have no full name, neither in the checkpoint nor in a "
        f"saved_model.pb that it belongs to (nameless='key' gives them their paths):\n"
        f"{shown_lines(keys)}"
    )


def _several(twice: Mapping[str, list[str]]) -> InvalidArgumentError:
    lines = [f"{name!r}: {shown(keys)}" for name, keys in twice.items()]
    return InvalidArgumentError(
        f"full names that several variables have (repeated='number' numbers them, 'first' takes "
        f"the first of each, 'key' gives them their paths):\n{shown_lines(lines)}"
    )


def _why_no_variable(key: str) -> str:
    if key == OBJECT_GRAPH_KEY:
        return "the graph of objects, in whose place there are names"
    return "no variable, but another value of an object: it has no full name"
