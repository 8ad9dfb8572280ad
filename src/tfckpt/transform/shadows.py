"""Averages that training kept of the weights, in place of the weights."""

from __future__ import annotations

import re

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objectgraph.nodes import given_object_graph
from tfckpt.transform.selecting import without_tensors
from tfckpt.transform.slots import primaries
from tfckpt.transform.tensors import LazyTensors, Tensors, as_lazy

# The name that tf.train.ExponentialMovingAverage has unless it is given another.
SHADOW = "ExponentialMovingAverage"
# The slot in which optimizers of objects keep averages (TensorFlow Addons' MovingAverage, SWA).
_SLOT = "average"


def with_averages(tensors: Tensors, name: str = SHADOW) -> LazyTensors:
    """Return the tensors with the moving averages of the weights in place of the weights.

    `name` is that of the ``tf.train.ExponentialMovingAverage`` that kept them, beside the weights:
    ``w/ExponentialMovingAverage`` becomes ``w``, also where there is no ``w``. Weights without an
    average stay. In an object-based checkpoint slot variables called ``average`` are meant.

    Raises InvalidArgumentError if there are none.

    >>> import numpy as np
    >>> both = {"w": np.zeros(2), "w/ExponentialMovingAverage": np.ones(2), "step": 3}
    >>> averages = with_averages(both)
    >>> list(averages), averages["w"]
    (['w', 'step'], array([1., 1.]))
    """
    given = as_lazy(tensors)
    found = _slots(given) if OBJECT_GRAPH_KEY in given else _shadows(given, name)
    if not found:
        what = f"slot variables called {_SLOT!r}" if OBJECT_GRAPH_KEY in given else f"{name!r}"
        raise InvalidArgumentError(
            f"among its {len(given)} tensors are no averages of weights ({what})", path=given.path
        )
    replaced = dict(given.tensors)
    for shadow, weight in found.items():
        replaced[weight] = given.tensors[shadow]
    return without_tensors(given.with_tensors(replaced), found)


def _shadows(given: LazyTensors, name: str) -> dict[str, str]:
    """Return, for each average by its name, the name of the weight that it replaces."""
    shadow = re.compile(rf"(.+)/{re.escape(name)}(_\d+)?")
    found: dict[str, str] = {}
    for average, info in given.infos().items():
        match = shadow.fullmatch(average)
        if match is None:
            continue
        weights = [variable for _, variable in primaries(match[1], given.tensors)]
        same = (w for w in weights if given.info(w)[:2] == info[:2])
        found[average] = next(same, match[1] if not weights else "")
    return {shadow: weight for shadow, weight in found.items() if weight}


def _slots(given: LazyTensors) -> dict[str, str]:
    graph = given_object_graph(given.tensors[OBJECT_GRAPH_KEY].read(), given.path)
    found: dict[str, str] = {}
    for node in graph.nodes:
        for slot in node.slot_variables:
            average = graph.nodes[slot.slot_variable_node_id].attributes
            variable = graph.nodes[slot.original_variable_node_id].attributes
            if slot.slot_name == _SLOT and len(average) == len(variable) == 1:
                found[average[0].checkpoint_key] = variable[0].checkpoint_key
    return {
        average: weight for average, weight in found.items() if average in given and weight in given
    }
