"""The layers of the model that an object-based checkpoint holds.

Keras 2 tracks the layers of a Sequential or functional model as ``layer-0``, ``layer-1``, ... (and
those with weights a second time), Keras 3 as the list ``_operations``; a Sequential model of Keras
3 has them one step below, in ``_functional``. A model or layer that is a class of its own tracks
what it keeps in attributes, by their names (``engine/functional.py``, ``models/functional.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tfckpt import limits
from tfckpt.errors import InvalidArgumentError
from tfckpt.objectgraph.keys import VARIABLE_VALUE, is_sequence, join_path
from tfckpt.objectgraph.nodes import node_at

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

_NUMBERED = re.compile(r"layer-(\d+)")
_AGAIN = re.compile(r"layer_with_weights-\d+")
# What Keras and SavedModels track beside a model's own attributes.
_BOOKKEEPING = frozenset(
    {
        *("variables", "trainable_variables", "non_trainable_variables", "_all_variables"),
        *("keras_api", "signatures", "regularization_losses", "optimizer", "save_counter"),
        *("loss_tracker", "compiled_metrics", "keras_metrics", "_tracked", "_misc_assets"),
    }
)
# What layers of Keras keep that is not trained.
_NOT_TRAINED = frozenset(
    {
        *("moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"),
        *("adapt_mean", "adapt_variance", "mean", "variance", "count", "vector_u", "u"),
        *("seed_generator_state", "spectral_norm_u"),
    }
)


class Variable(NamedTuple):
    """A variable of a layer; `full_name` is "" where the checkpoint has none."""

    key: str
    full_name: str
    trained: bool


@dataclass
class Layer:
    """A layer, or a model: its own variables, and what it keeps by attribute.

    The layers of a model of layers are what it keeps as ``layers``.
    """

    path: str
    node_id: int
    kind: str = ""
    variables: list[Variable] = field(default_factory=list)
    kept: dict[str, Layer | list[Layer]] = field(default_factory=dict)

    def inner(self) -> Iterator[Layer]:
        """Yield the layers that it keeps."""
        for kept in self.kept.values():
            yield from kept if isinstance(kept, list) else (kept,)

    def all_variables(self) -> list[Variable]:
        """Return its variables and those below it, in Keras' order."""
        found = list(self.variables)
        for layer in self.inner():
            found += layer.all_variables()
        return found

    def in_order(self) -> list[Variable]:
        """Return its variables and those below it as Keras' HDF5 files have them: trained first."""
        return sorted(self.all_variables(), key=lambda variable: not variable.trained)

    @property
    def is_model(self) -> bool:
        """Whether it is made of layers in an order, as Sequential and functional models are."""
        return isinstance(self.kept.get("layers"), list)


def model_of(graph: TrackableObjectGraph, path: str | None, where: str) -> Layer:
    """Return the model at the path of an object, or without one the one model that there is.

    Raises InvalidArgumentError if there is no such object, or it does not tell which is the model.
    """
    if path is None:
        path = _only_model(graph, where)
    node_id = node_at(graph, path)
    if node_id is None:
        raise InvalidArgumentError(f"there is no object {path!r}, that model= names", path=where)
    return _Reader(graph).layer(node_id, (path,) if path else ())


def _only_model(graph: TrackableObjectGraph, where: str) -> str:
    children = {child.local_name: child.node_id for child in graph.nodes[0].children}
    if any(map(_NUMBERED.fullmatch, children)) or {"_operations", "_functional"} & set(children):
        return ""
    if "model" in children:
        return "model"
    if "save_counter" not in children:
        return ""  # written by the model itself: it is the root
    reader = _Reader(graph)
    found = [
        name
        for name, child in children.items()
        if name not in _BOOKKEEPING
        and not graph.nodes[child].attributes
        and not graph.nodes[child].slot_variables
        and reader.layer(child, (name,)).all_variables()
    ]
    if len(found) != 1:
        raise InvalidArgumentError(
            f"which of its objects is the model? give its path: {', '.join(found)}, or "
            f"'' for all of it",
            path=where,
        )
    return found[0]


class _Reader:
    """Makes layers of nodes; a node that several lead to is a part of the first."""

    def __init__(self, graph: TrackableObjectGraph) -> None:
        self._graph = graph
        self._seen: set[int] = set()

    def layer(self, node_id: int, path: tuple[str, ...]) -> Layer:
        limits.current().check("nesting", len(path), "layers below each other")
        self._seen.add(node_id)
        children = self._children(node_id)
        made = Layer(join_path(path), node_id)
        inner = children.get("_functional")
        if inner is not None and inner not in self._seen:
            below = self.layer(inner, (*path, "_functional"))
            below.kind, below.node_id = "Sequential", node_id
            return below
        self._keep_layers(made, children, path)
        untrained = self._untrained(children)
        for name, child in children.items():
            if name in _BOOKKEEPING or name == "_operations" or _AGAIN.fullmatch(name):
                continue
            if not _NUMBERED.fullmatch(name) and child not in self._seen:
                self._keep(made, name, child, (*path, name), untrained)
        if untrained >= {
            variable.key for variable in made.variables
        }:  # frozen: its order is its own
            untrained = set()
        made.variables = [
            variable._replace(trained=variable.trained and variable.key not in untrained)
            for variable in made.variables
        ]
        made.variables.sort(key=lambda variable: not variable.trained)
        return made

    def _children(self, node_id: int) -> dict[str, int]:
        return {child.local_name: child.node_id for child in self._graph.nodes[node_id].children}

    def _keep_layers(self, made: Layer, children: dict[str, int], path: tuple[str, ...]) -> None:
        """Keep the layers of a model of layers, in their order."""
        found = {
            int(match[1]): (name, child)
            for name, child in children.items()
            if (match := _NUMBERED.fullmatch(name))
        }
        above = path
        if "_operations" in children:
            made.kind, above = "Functional", (*path, "_operations")
            items = self._children(children["_operations"])
            found = {int(name): (name, child) for name, child in items.items() if name.isdecimal()}
        if not found:
            return
        layers = [self.layer(found[at][1], (*above, found[at][0])) for at in sorted(found)]
        made.kept["layers"] = layers
        first = layers[0]
        if not made.kind and (first.variables or first.kept):
            made.kind = "Sequential"  # a functional model of Keras 2 begins with an InputLayer

    def _keep(
        self, made: Layer, name: str, child: int, path: tuple[str, ...], untrained: set[str]
    ) -> None:
        node = self._graph.nodes[child]
        held = next(
            (attribute for attribute in node.attributes if attribute.name == VARIABLE_VALUE), None
        )
        if held is not None:
            self._seen.add(child)
            trained = name.lstrip("_") not in _NOT_TRAINED
            made.variables.append(Variable(held.checkpoint_key, held.full_name, trained))
            return
        inside = self._children(child)
        if not is_sequence(list(inside)):
            layer = self.layer(child, path)
            if layer.variables or layer.kept:
                made.kept[name] = layer
            return
        self._seen.add(child)
        below = Layer("", child)
        for number in sorted(inside, key=int):
            if inside[number] not in self._seen:
                self._keep(below, number, inside[number], (*path, number), untrained)
        made.variables += below.variables
        layers = list(below.inner())
        if layers:
            made.kept[name] = layers

    def _untrained(self, children: dict[str, int]) -> set[str]:
        """Return the variables that a SavedModel lists as not trained."""
        lists = [children.get("non_trainable_variables")]
        if "keras_api" in children:
            lists.append(self._children(children["keras_api"]).get("non_trainable_variables"))
        return {
            held.checkpoint_key
            for listed in lists
            if listed is not None
            for child in self._children(listed).values()
            for held in self._graph.nodes[child].attributes
        }
