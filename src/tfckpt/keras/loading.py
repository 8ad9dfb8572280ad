"""Giving a model of Keras 3 the values of a TensorFlow checkpoint, on any backend.

1. By the objects: what ``tf.train.Checkpoint(model=...)`` saved of a model of Keras 3, and of Keras
   2 where its layers have the same attributes.
2. By the layers in their order, as Keras loads ``.h5`` files: whatever Keras 2 saved.
3. By the full names of variables, from a name-based checkpoint.

The first that has a value for each weight of the model decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tfckpt.bookkeeping import is_bookkeeping
from tfckpt.checkpoint import load_checkpoint
from tfckpt.dtypes import numpy_dtype
from tfckpt.errors import InvalidArgumentError
from tfckpt.keras.layers import model_of
from tfckpt.keras.tree import ModelTree, places_of
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, shown_lines
from tfckpt.objectgraph.nodes import read_object_graph
from tfckpt.objects.building import build
from tfckpt.objects.matching import match
from tfckpt.reader import TensorInfo, TensorReader

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

Pairs = dict[int, str]  # id of a variable -> the tensor that it gets

_MANY = 20  # of so many objects none is a model's only layer: they are not tried one by one


class LoadedWeights(NamedTuple):
    """What `load_weights` gave to whom."""

    path: str
    loaded: dict[str, str]
    """Tensor of the checkpoint -> path of the variable that got it."""
    unused: list[str]
    """Tensors of the checkpoint that no variable took."""


def load_weights(
    model: Any, path: AnyPath, *, optimizer: bool = False, name: str | None = None
) -> LoadedWeights:
    """Give a model of Keras 3 the weights of a TensorFlow checkpoint; return what went where.

    `model` is built, on any backend. The checkpoint is one that `CheckpointCallback` or
    ``tf.train.Checkpoint`` saved of the model, under any name; that ``model.save_weights`` of Keras
    2 wrote; or a name-based one with the paths of the variables. With `optimizer` the state of the
    optimizer that the model is compiled with is loaded too, from a checkpoint of Keras 3. `name` is
    the path of the model's object, where the checkpoint has several models.

    Everything is checked before anything changes. Raises InvalidArgumentError, which names every
    variable that the checkpoint has not, or has with another shape or dtype; ValueError for a model
    that has no weights yet; ImportError without Keras.
    """
    with load_checkpoint(path) as reader:
        if optimizer and model.optimizer is not None and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        tree = places_of(model, optimizer=optimizer)
        pairs = _paired(model, tree, reader, name)
        missing = [variable for key, variable in tree.variables.items() if key not in pairs]
        _refuse("lacks", [f"{lack.path}: {list(lack.shape)}" for lack in missing], model, reader)
        _refuse("does not fit", [*_misfits(tree, pairs, reader.infos())], model, reader)
        taken = dict.fromkeys(pairs.values())
        values = reader.get_tensors(list(taken))
        for key, tensor in pairs.items():
            tree.variables[key].assign(values[tensor])
        loaded = {tensor: tree.variables[key].path for key, tensor in pairs.items()}
        unused = [key for key in reader if key not in taken and not is_bookkeeping(key)]
        return LoadedWeights(reader.path, loaded, unused)


def _paired(model: Any, tree: ModelTree, reader: TensorReader, name: str | None) -> Pairs:
    """Decide which tensor each variable gets."""
    if OBJECT_GRAPH_KEY not in reader:
        return {
            key: variable.path
            for key, variable in tree.variables.items()
            if variable.path in reader
        }
    graph = read_object_graph(reader)
    pairs = _by_object(model, tree, graph, name)
    if not all(id(weight) in pairs for weight in model.weights):
        pairs |= _by_order(model, graph, reader, name)
    return pairs


def _refuse(what: str, lines: Sequence[str], model: Any, reader: TensorReader) -> None:
    if lines:
        raise InvalidArgumentError(
            f"{what} {len(lines)} variables of model {model.name!r}:\n{shown_lines(lines)}",
            path=reader.path,
        )


def _misfits(tree: ModelTree, pairs: Pairs, infos: Mapping[str, TensorInfo]) -> Iterator[str]:
    for key, tensor in pairs.items():
        variable, info = tree.variables[key], infos[tensor]
        dtype = np.dtype(variable.dtype)
        stored = numpy_dtype(info.data_type)
        both_integers = stored is not None and stored.kind == dtype.kind == "i"
        if info.shape != tuple(variable.shape) or not (stored == dtype or both_integers):
            yield (
                f"{variable.path} is {variable.dtype} {list(variable.shape)}, "
                f"{tensor} {info.type_name} {list(info.shape)}"
            )


# By the objects


def _by_object(model: Any, tree: ModelTree, graph: TrackableObjectGraph, name: str | None) -> Pairs:
    """Pair by the ways that lead to the objects, the model being where most is found."""
    names = _names_in(graph) if name is None else [name]
    found = [_below(tree, graph, path) for path in names]
    return max(found, key=lambda pairs: sum(id(weight) in pairs for weight in model.weights))


def _names_in(graph: TrackableObjectGraph) -> list[str]:
    """Return what may be the model: the root itself, or an object of its."""
    children = [child.local_name for child in graph.nodes[0].children]
    return ["", *children] if len(children) <= _MANY else [""]


def _below(tree: ModelTree, graph: TrackableObjectGraph, name: str) -> Pairs:
    """Pair, with the model at the path `name`."""
    root: Any = tree.model
    for step in reversed(name.split("/") if name else ()):
        root = {step: root}
    if name and tree.optimizer is not None:
        root.setdefault("optimizer", tree.optimizer)
    own = build(root)
    pairs = match(own.graph, graph, slots=False).keys
    return {tree.key_of(own.values[mine]): stored for stored, mine in pairs}


# By the layers in their order


def _by_order(
    model: Any, graph: TrackableObjectGraph, reader: TensorReader, name: str | None
) -> Pairs:
    """Pair the layers with weights, one after the other, and the weights of each."""
    root = model_of(graph, name, reader.path)
    theirs = [layer for layer in root.inner() if layer.all_variables()]
    mine = [layer for layer in model.layers if layer.weights]
    inside = {id(weight) for layer in mine for weight in layer.weights}
    groups = [_in_order(layer) for layer in mine]
    groups.append([weight for weight in _in_order(model) if id(weight) not in inside])
    stored = [*(layer.in_order() for layer in theirs), root.variables]
    if list(map(len, groups)) != list(map(len, stored)):
        raise InvalidArgumentError(
            f"has other layers than model {model.name!r}. With weights, the model's are "
            f"{_counted([(layer.name, group) for layer, group in zip(mine, groups)])}; the "
            f"checkpoint's {_counted([(layer.path, held) for layer, held in zip(theirs, stored)])}",
            path=reader.path,
        )
    return {
        id(weight): variable.key
        for group, variables in zip(groups, stored, strict=True)
        for weight, variable in zip(group, variables, strict=True)
    }


def _in_order(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _counted(layers: Sequence[tuple[str, Sequence[object]]]) -> str:
    return ", ".join(f"{name} ({len(weights)})" for name, weights in layers) or "none"
