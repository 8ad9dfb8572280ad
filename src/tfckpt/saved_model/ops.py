"""The operations that a graph names: what a loader runs after restoring, and what trains it.

    signature     __saved_model_init_op    __saved_model_train_op     the output of the same key
    collections   saved_model_main_op      saved_model_train_op       the one name
                  legacy_init_op

A loader takes the first that is there, from above (``loader_impl.py``).
"""

from __future__ import annotations

from typing import NamedTuple

from tfckpt.graph import Operation, Tensor
from tfckpt.graphdef.names import op_name, prepend_scope
from tfckpt.protos import MetaGraphDef
from tfckpt.saved_model.constants import (
    INIT_OP_SIGNATURE_KEY,
    LEGACY_INIT_OP_KEY,
    MAIN_OP_KEY,
    TRAIN_OP_KEY,
    TRAIN_OP_SIGNATURE_KEY,
)
from tfckpt.saved_model.signature_def_utils import op_signature_def


class _Places(NamedTuple):
    what: str
    signature: str
    collections: tuple[str, ...]


_INIT = _Places("init op", INIT_OP_SIGNATURE_KEY, (MAIN_OP_KEY, LEGACY_INIT_OP_KEY))
_TRAIN = _Places("train op", TRAIN_OP_SIGNATURE_KEY, (TRAIN_OP_KEY,))


def get_init_op(meta_graph_def: MetaGraphDef, import_scope: str | None = None) -> str | None:
    """Return the name of the operation that a loader runs after restoring, None if there is none.

    Raises RuntimeError for a collection of other than one such operation.
    """
    return _found(meta_graph_def, _INIT, import_scope)


def get_train_op(meta_graph_def: MetaGraphDef, import_scope: str | None = None) -> str | None:
    """Return the name of the operation (or tensor) that trains the model, None if there is none.

    Raises RuntimeError for a collection of other than one.
    """
    return _found(meta_graph_def, _TRAIN, import_scope)


def _found(meta_graph: MetaGraphDef, places: _Places, scope: str | None) -> str | None:
    key = places.signature
    if key in meta_graph.signature_def and key in meta_graph.signature_def[key].outputs:
        return prepend_scope(meta_graph.signature_def[key].outputs[key].name, scope)
    for key in places.collections:
        if key in meta_graph.collection_def:
            names = meta_graph.collection_def[key].node_list.value
            if len(names) != 1:
                raise RuntimeError(
                    f"Expected exactly one SavedModel {places.what} in {key}. "
                    f"Found {len(names)}: {list(names)}."
                )
            return prepend_scope(names[0], scope)
    return None


def set_main_op(graph: MetaGraphDef, main_op: Operation | str) -> None:
    """Name the operation that a loader runs after restoring, in the collection.

    Raises TypeError for what is no operation, ValueError for one that the graph does not have, or
    if it names one already.
    """
    name = _checked(graph, "main_op", main_op)
    for key in _INIT.collections:
        if key in graph.collection_def and graph.collection_def[key].node_list.value:
            raise ValueError(
                f"Graph already contains one or more main ops under the collection {key}."
            )
    _check_agrees(graph, _INIT, name)
    graph.collection_def[MAIN_OP_KEY].node_list.value.append(name)


def set_init_op(graph: MetaGraphDef, init_op: Operation | str) -> None:
    """Name the operation that a loader runs after restoring, by the signature.

    Raises TypeError for what is no operation (TensorFlow's loader fails at a tensor), ValueError
    for one that the graph does not have, or if it names another already.
    """
    _set_signature(graph, _INIT, _checked(graph, "init_op", init_op))


def set_train_op(graph: MetaGraphDef, train_op: Operation | Tensor | str) -> None:
    """Name the operation or tensor that trains the model, by the signature.

    Raises TypeError for what is neither, ValueError for one that the graph does not have, or if it
    names another already.
    """
    name = _checked(graph, "train_op", train_op, kinds=(Operation, Tensor))
    _set_signature(graph, _TRAIN, name)


def _set_signature(graph: MetaGraphDef, places: _Places, name: str) -> None:
    _check_agrees(graph, places, name)
    key = places.signature
    graph.signature_def[key].CopyFrom(op_signature_def(name, key))


def _checked(
    graph: MetaGraphDef,
    argument: str,
    element: object,
    *,
    kinds: tuple[type, ...] = (Operation,),
) -> str:
    """Return the name of an operation (or tensor, if that is of the kinds) of a graph."""
    if not isinstance(element, (*kinds, str)):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(
            f"Expected {argument} {element} to be an {wanted} (or the name of one) but got type "
            f"{type(element)} instead."
        )
    name = element if isinstance(element, str) else str(element.name)  # type: ignore[attr-defined]
    node = op_name(name) if Tensor in kinds else name
    if all(known.name != node for known in graph.graph_def.node):
        raise ValueError(f"the graph has no operation {node!r}, which is to be its {argument}")
    return name


def _check_agrees(graph: MetaGraphDef, places: _Places, name: str) -> None:
    """Refuse a second operation, of which a loader would not know."""
    found = _found(graph, places, None)
    if found not in (None, name):
        raise ValueError(
            f"Graph already contains the {places.what} {found!r}, which {name!r} would hide"
        )
