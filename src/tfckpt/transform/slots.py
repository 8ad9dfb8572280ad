"""What optimizers keep in a checkpoint beside the weights, found by its structure.

In name-based checkpoints (``training/slot_creator.py``, Keras' ``optimizer_v2.py``):

    [SCOPE/]VARIABLE/SLOT        of TF1's optimizers: a tensor of the variable's dtype and shape,
                                 Adam, Adam_1, Momentum ...; SCOPE is where the optimizer was made
    [SCOPE/]beta1_power[_1]      a number beside such slots
    OPTIMIZER/VARIABLE/SLOT      of Keras' optimizers: m, v, momentum ...
    OPTIMIZER/NUMBER             beside such slots: iter, learning_rate ...

A name alone makes no slot: the variable has to be there, and be of that shape. In object-based
ones the graph tells: slot variables are listed by their optimizer, and what else nothing but an
optimizer leads to (``iter``, Keras 3's ``_variables``, ``_momentums``) is its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from tfckpt.dtypes import number_kind
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objectgraph.nodes import NodePaths, given_object_graph
from tfckpt.objects.values import Holders
from tfckpt.transform.selecting import without_tensors
from tfckpt.transform.tensors import LazyTensors, Tensors, as_lazy

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph
    from tfckpt.reader import TensorInfo

# What TF1's optimizers call their slots: after themselves, the second one with _1.
_OPTIMIZERS = frozenset(
    [
        "AddSign",
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "AdagradDA",
        "AdaMax",
        "Adam",
        "AdamW",
        "AdaMoo",
        "Ftrl",
        "LARSOptimizer",
        "LAMB",
        "LazyAdam",
        "Momentum",
        "MomentumW",
        "Nadam",
        "NadamOptimizer",
        "PowerSign",
        "ProximalAdagrad",
        "RMSProp",
        "ShampooW",
        "Shampoo",
        "YellowFin",
        "Yogi",
        "adam_m",
        "adam_v",
        "lamb_m",
        "lamb_v",
        "LAMBOptimizer",
        "AdamWeightDecayOptimizer",
        "AdamWeightDecayOptimizer_m",
        "vr",
        "vc",
    ]
)
# Those that are rows and columns of a matrix.
_FACTORED = frozenset({"Adafactor", "vr", "vc"})
_KERAS_SLOTS = frozenset(
    [
        "accum_grad",
        "accum_var",
        "accumulator",
        "linear",
        "m",
        "mg",
        "momentum",
        "rms",
        "v",
        "velocity",
        "vhat",
    ]
)
_KERAS_OPTIMIZER = re.compile(
    r"(adadelta|adafactor|adagrad|adam|adamax|adamw|ftrl|lamb|lion|nadam|rmsprop|sgd|optimizer)"
    r"(_\d+)?$",
    re.IGNORECASE,
)
_POWER = re.compile(r"beta[12]_power(_\d+)?$")
_NUMBERED = re.compile(r"_\d+$")


def slots(tensors: Tensors) -> dict[str, str]:
    """Return the names of an optimizer's tensors, each with the reason why it is taken for one.

    >>> import numpy as np
    >>> w = np.zeros(2)
    >>> slots({"w": w, "w/Adam": w, "w/Adam_1": w, "adam/m": w, "beta1_power": np.float32(0.9)})
    {'w/Adam': 'slot Adam of w', 'w/Adam_1': 'slot Adam_1 of w', 'beta1_power': 'beside slots'}
    """
    given = as_lazy(tensors)
    if OBJECT_GRAPH_KEY in given:
        graph = given_object_graph(given.tensors[OBJECT_GRAPH_KEY].read(), given.path)
        holders = Holders(given.tensors.keys(), graph)
        reasons = object_slots(graph)
        found = {name: why for key, why in reasons.items() for name in holders.of(key)}
        return {name: found[name] for name in given if name in found}
    return _Named(given.infos()).slots()


def without_slots(tensors: Tensors) -> LazyTensors:
    """Return the tensors without what `slots` finds: all state of optimizers.

    Of an object-based checkpoint the object graph loses the optimizers, too. Weights that had their
    names from these (Keras 3's ``optimizer/_trainable_variables/0``) get those of their layers.

    >>> import numpy as np
    >>> list(without_slots({"w": np.zeros(2), "w/Momentum": np.zeros(2), "global_step": 7}))
    ['w', 'global_step']
    """
    given = as_lazy(tensors)
    objects: set[int] = set()
    if OBJECT_GRAPH_KEY in given:
        objects = optimizers(given_object_graph(given.tensors[OBJECT_GRAPH_KEY].read(), given.path))
    return without_tensors(given, slots(given), objects)


def primaries(name: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the scope and the variable that a name before a slot's can be made of.

    >>> list(primaries("train/dense/w", {"dense/w", "w"}))
    [('train', 'dense/w'), ('train/dense', 'w')]
    """
    parts = name.split("/")
    for start in range(len(parts)):
        variable = "/".join(parts[start:])
        if variable in names:
            yield "/".join(parts[:start]), variable


class _Named:
    """The tensors of a name-based checkpoint."""

    def __init__(self, infos: Mapping[str, TensorInfo]) -> None:
        self._infos = infos
        self._found: dict[str, str] = {}
        self._scopes: set[str] = set()  # of Keras' optimizers
        self._has_powers = any(_POWER.match(name.rpartition("/")[2]) for name in infos)

    def slots(self) -> dict[str, str]:
        for name in self._infos:
            why = self._why(name)
            if why:
                self._found[name] = why
        if self._found:
            for name, info in self._infos.items():
                scope, _, base = name.rpartition("/")
                number = info.size == 1 and len(info.shape) <= 1
                if number and (_POWER.match(base) or scope in self._scopes):
                    self._found.setdefault(name, "beside slots")
        return {name: self._found[name] for name in self._infos if name in self._found}

    def _why(self, name: str) -> str:
        before, _, slot = name.rpartition("/")
        kind = _NUMBERED.sub("", slot)
        for scope, variable in primaries(before, self._infos) if before else ():
            if not self._fits(name, variable, factored=kind in _FACTORED):
                continue
            if slot in _KERAS_SLOTS and self._is_keras_scope(scope):
                self._scopes.add(scope)
                return f"slot {slot} of {variable} in {scope}"
            if kind in _OPTIMIZERS or self._is_one_of_two(before, kind):
                return f"slot {slot} of {variable}" + (f" in {scope}" if scope else "")
        return ""

    def _fits(self, name: str, variable: str, *, factored: bool) -> bool:
        slot, whole = self._infos[name], self._infos[variable]
        if number_kind(slot.dtype) not in ("fraction", "complex") or slot.slices != whole.slices:
            return False
        if slot.shape == whole.shape:
            return slot.data_type == whole.data_type or factored
        rows_or_columns = (whole.shape[:-1], (*whole.shape[:-2], *whole.shape[-1:]), (1,), ())
        return factored and slot.shape in rows_or_columns

    def _is_keras_scope(self, scope: str) -> bool:
        """Whether an optimizer of Keras is called so: by its name, or by its counter of steps."""
        counter = f"{scope}/iter" in self._infos or f"{scope}/iterations" in self._infos
        return bool(scope) and (
            counter or _KERAS_OPTIMIZER.match(scope.rpartition("/")[2]) is not None
        )

    def _is_one_of_two(self, before: str, kind: str) -> bool:
        """Whether an optimizer of a name of its own keeps two slots there, as Adam does.

        It has then its powers of beta, too.
        """
        pair = f"{before}/{kind}", f"{before}/{kind}_1"
        return self._has_powers and all(name in self._infos for name in pair)


def object_slots(graph: TrackableObjectGraph) -> dict[str, str]:
    """Return the keys of values that only optimizers lead to, each with a text that says why."""
    paths = NodePaths(graph)
    reached = _reached(graph, 0, optimizers(graph))
    found: dict[str, str] = {}
    for node_id in paths:
        if node_id in reached:
            continue
        for attribute in graph.nodes[node_id].attributes:
            found[attribute.checkpoint_key] = f"nothing but an optimizer has {paths[node_id]}"
    for owner in paths.links:
        for slot in graph.nodes[owner].slot_variables:
            variable = paths.get(slot.original_variable_node_id, "a variable")
            if slot.slot_variable_node_id not in reached:
                for attribute in graph.nodes[slot.slot_variable_node_id].attributes:
                    found[attribute.checkpoint_key] = f"slot {slot.slot_name} of {variable}"
    return found


def optimizers(graph: TrackableObjectGraph) -> set[int]:
    """Return the nodes of optimizers, but not the root."""
    return {
        node_id
        for node_id, node in enumerate(graph.nodes)
        if node.slot_variables or _is_optimizer({child.local_name for child in node.children})
    } - {0}


# Children of Keras' optimizers: up to 2.10; from 2.11 on; of Keras 3.
_OPTIMIZERS_HAVE = (
    {"iter", "learning_rate"},
    {"iter", "decay"},
    {"_variables", "_iterations"},
    {"_variables", "_learning_rate"},
    {"_variables", "_current_learning_rate"},
)


def _is_optimizer(names: set[str]) -> bool:
    return any(wanted <= names for wanted in _OPTIMIZERS_HAVE)


def _reached(graph: TrackableObjectGraph, start: int, without_tensors: set[int]) -> set[int]:
    """Return the nodes that children lead to, not by way of some."""
    found, todo = {start}, [start]
    while todo:
        for child in graph.nodes[todo.pop()].children:
            if child.node_id not in found and child.node_id not in without_tensors:
                found.add(child.node_id)
                todo.append(child.node_id)
    return found
