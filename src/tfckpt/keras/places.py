"""Where the weights of a model lie in Keras' files.

    .weights.h5   layers/CLASS_1/vars/0    a layer of a model, by class in snake case and number
                  ATTRIBUTE/vars/0         what a model or layer of one's own keeps
                  ATTRIBUTE/CLASS/vars/0   what it keeps in a list
    .h5           LAYER/NAME:0             the weights of each layer, trained ones first

Keras 3 looks its variables up by these paths (``saving/saving_lib.py``), Keras 2 goes through
``layer_names`` and each layer's ``weight_names`` in order (``legacy_h5_format.py``), and Keras 3
does so for ``.h5``, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from tfckpt.errors import InvalidArgumentError
from tfckpt.formats.keras_files import Placed, placed, placed_in_order
from tfckpt.keras.classes import DICT, Said, said_of, snake_case
from tfckpt.keras.layers import Layer, Variable, model_of
from tfckpt.names import OBJECT_GRAPH_KEY, shown_lines
from tfckpt.objectgraph.nodes import read_object_graph
from tfckpt.objectgraph.resolving import resolve
from tfckpt.reader import TensorReader


def keras_places(
    reader: TensorReader,
    version: int,
    layers: Mapping[str, Any] | None = None,
    model: str | None = None,
) -> Placed:
    """Say where the weights of a model lie in ``.weights.h5`` (`version` 3) or ``.h5`` (2).

    `layers` says what the checkpoint does not tell: the class of a layer by the path of its object;
    or the model, as ``model.to_json()`` describes it; or, for a checkpoint of another kind, the
    names of tensors by layer, in the order in which the layer has them. `model` is the path of the
    model's object, where there are more.

    Raises InvalidArgumentError where it takes to know more, which names every layer.
    """
    if layers and all(isinstance(names, list | tuple) for names in layers.values()):
        return placed(version, layers, partial(resolve, reader))
    if OBJECT_GRAPH_KEY not in reader:
        raise InvalidArgumentError(
            "a name-based checkpoint does not tell a model's layers: give the names of the tensors "
            "of each (layers={'dense': ['fc/weights', 'fc/biases'], ...}), or to='hdf5' for "
            "datasets by name",
            path=reader.path,
        )
    graph = read_object_graph(reader)
    root = model_of(graph, model, reader.path)
    if not root.all_variables():
        raise InvalidArgumentError(
            "its objects tell of no layer with weights (an exported model of Keras 3 has a list of "
            "variables alone): give the names of the tensors of each (layers={'dense': "
            "['variables/0', 'variables/1'], ...})",
            path=reader.path,
        )
    said = said_of(root, graph, reader.path, layers)
    if version == 2:
        return _in_order(root, said)
    return Placed(_ByPath(reader, said).places(root), {})


# Keras 3


class _ByPath:
    def __init__(self, reader: TensorReader, said: Mapping[int, Said]) -> None:
        self._reader = reader
        self._said = said
        self._unknown: list[Layer] = []

    def places(self, root: Layer) -> dict[str, str]:
        found = dict(self._placed(root, ""))
        if self._unknown:
            raise InvalidArgumentError(
                f"Keras 3 finds these layers by their classes, of which the checkpoint tells "
                f"nothing: give each (layers={{{self._unknown[0].path!r}: 'Dense', ...}}) or the "
                f"model's to_json():\n{shown_lines(list(map(self._described, self._unknown)))}",
                path=self._reader.path,
            )
        return found

    def _placed(self, layer: Layer, above: str) -> Iterator[tuple[str, str]]:
        for number, variable in enumerate(layer.variables):
            yield f"{above}vars/{number}", variable.key
        for name, kept in layer.kept.items():
            if isinstance(kept, Layer):
                # a dict of layers looks as a layer does, unless something tells
                if self._said.get(kept.node_id, Said()).kind == DICT:
                    kept = list(kept.inner())
                else:
                    yield from self._placed(kept, f"{above}{name}/")
                    continue
            for place, inner in self._named(kept):
                yield from self._placed(inner, f"{above}{name}/{place}/")

    def _named(self, layers: Sequence[Layer]) -> Iterator[tuple[str, Layer]]:
        """Yield the layers of a list by their classes, numbered where one comes again."""
        counts: dict[str, int] = {}
        models = any(layer.is_model and layer.all_variables() for layer in layers)
        for layer in layers:
            kind = self._said.get(layer.node_id, Said()).kind
            if not kind:
                if layer.all_variables() or (layer.is_model and models):
                    self._unknown.append(layer)
                continue
            name = snake_case(kind)
            number = counts[name] = counts.get(name, -1) + 1
            yield (f"{name}_{number}" if number else name), layer

    def _described(self, layer: Layer) -> str:
        infos = (self._reader.info(variable.key) for variable in layer.all_variables())
        shapes = ", ".join(str(list(info.shape)) for info in infos)
        return f"{layer.path}: {shapes or 'a model without weights'}"


# Keras 2


def _in_order(root: Layer, said: Mapping[int, Said]) -> Placed:
    groups: dict[str, list[Variable]] = {}
    for layer in root.inner():
        variables = layer.in_order()
        if not variables:
            continue
        name = said.get(layer.node_id, Said()).name or layer.path.rpartition("/")[2]
        name = next(free for free in _numbered(name) if free not in groups)
        groups[name] = variables
    names = list(groups)
    if root.variables:
        groups["top_level_model_weights"] = root.variables
    return placed_in_order(names, {name: _named(group) for name, group in groups.items()})


def _named(variables: Sequence[Variable]) -> dict[str, str]:
    """Return the name and the key of each variable of a layer; by number where names repeat."""
    own = [variable.full_name for variable in variables]
    unique = all(own) and len(set(own)) == len(own)
    return {
        f"{name if unique else at}:0": variable.key
        for at, (name, variable) in enumerate(zip(own, variables, strict=True))
    }


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 1
    while True:
        yield f"{name}_{number}"
        number += 1
