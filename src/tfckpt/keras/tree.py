"""A model of Keras 3, on any backend, as the tree of objects that it is to TensorFlow.

With TensorFlow as the backend, layers and optimizers are TensorFlow's objects, whose children are
their attributes (``backend/tensorflow/trackable.py``). With another they have the same attributes,
and become nodes of the same names here. Keras 2 has other names for some, which lead to the same
nodes, so that both find their variables in a checkpoint:

    _operations/N, _functional/_operations/N    the layers of a model; layer-N in Keras 2
    _kernel                                     kernel in Keras 2

Metrics, and the state of random numbers, are no part of it, as they are none of TensorFlow's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.objects.trackable import Trackable
from tfckpt.objects.variable import Variable

Leaf = npt.NDArray[Any]

_UNNAMED = "unnamed_weights"
# What a layer keeps for itself: TensorFlow does not track it.
_OWN = frozenset(
    {"_layers", "_trainable_variables", "_non_trainable_variables", "_metrics", "_seed_generators"}
)


def keras() -> Any:
    """Return the package; ImportError says how to get it."""
    try:
        import keras
    except ImportError:
        raise ImportError("models of Keras need keras: pip install 'tfckpt[keras]'") from None
    return keras


class ModelTree:
    """What stands for a model, and its optimizer's state, in a tree that `build` takes."""

    def __init__(self, model: Any, leaf: Callable[[Any], Leaf], *, optimizer: bool) -> None:
        """Stand for a model. `leaf` makes the array of a variable; `optimizer`: its state, too.

        Raises ValueError for a model that has no variables yet.
        """
        self.variables: dict[int, Any] = {id(weight): weight for weight in model.weights}
        if not self.variables:
            raise ValueError(
                f"model {model.name!r} has no weights yet: build it, or call it once on some input"
            )
        self._optimizer = getattr(model, "optimizer", None) if optimizer else None
        if self._optimizer is not None:
            self.variables |= {id(state): state for state in self._optimizer.variables}
        self._leaf = leaf
        self._leaves: dict[int, Leaf] = {}
        self._nodes: dict[int, _Node] = {}
        self._keras = keras()
        self.model = self._object(model)
        """What stands for the model."""
        self.optimizer = None if self._optimizer is None else self._object(self._optimizer)
        """What stands for its optimizer, if that is part of it."""
        _visit(self.model)
        lost = [weight for weight in model.weights if id(weight) not in self._leaves]
        if lost:
            self.model.also[_UNNAMED] = list(map(self._array, lost))
        self._keys = {id(leaf): key for key, leaf in self._leaves.items()}

    def key_of(self, leaf: Leaf) -> int:
        """Return the key in `variables` of what an array of the tree stands for."""
        return self._keys[id(leaf)]

    def node(self, value: Any) -> Any:
        """Return what stands for the value of an attribute; None for what has no part in it."""
        if id(value) in self.variables:
            return self._array(value)
        if isinstance(value, self._keras.Layer) or value is self._optimizer is not None:
            return self._object(value)
        if isinstance(value, self._keras.optimizers.Optimizer):  # one that wraps another
            return self._object(value) if self._optimizer is not None else None
        if isinstance(value, (list, tuple)):
            return self._of_items((str(number), item) for number, item in enumerate(value))
        if isinstance(value, Mapping):
            return self._of_items((name, item) for name, item in value.items() if _is_name(name))
        return None

    def _of_items(self, items: Iterable[tuple[str, Any]]) -> dict[str, Any] | None:
        nodes = ((name, self.node(value)) for name, value in items)
        return {name: node for name, node in nodes if node is not None} or None

    def _object(self, value: Any) -> _Node:
        if id(value) not in self._nodes:
            self._nodes[id(value)] = _Node(self, value)
        return self._nodes[id(value)]

    def _array(self, variable: Any) -> Leaf:
        if id(variable) not in self._leaves:
            self._leaves[id(variable)] = self._leaf(variable)
        return self._leaves[id(variable)]


def _visit(node: _Node) -> None:
    """Go through a tree once, so that each variable that an attribute leads to has its array."""
    todo: list[Any] = [node]
    seen: set[int] = set()
    while todo:
        item = todo.pop()
        if isinstance(item, _Node) and id(item) not in seen:
            seen.add(id(item))
            todo += item.named.values()
        elif isinstance(item, dict):
            todo += item.values()


class _Node(Trackable):
    """A layer, model or optimizer."""

    def __init__(self, tree: ModelTree, value: Any) -> None:
        self._tree = tree
        self._value = value
        self.also: dict[str, Any] = {}

    def _children(self) -> Iterable[tuple[str, Any]]:
        return self.named.items()

    def _child(self, name: str) -> Any:
        return self.named[name]

    @property
    def named(self) -> dict[str, Any]:
        """The children by name: those of Keras 3 first, then what Keras 2 calls them."""
        named = {name: self._tree.node(value) for name, value in _attributes(self._value)}
        named = {name: node for name, node in named.items() if node is not None} | self.also
        bare = {name[1:]: node for name, node in named.items() if _is_hidden(name, node)}
        old = {name: self._tree.node(layer) for name, layer in _numbered(self._value)}
        also = {name: node for name, node in (bare | old).items() if name not in named}
        return named | also


def _is_hidden(name: str, node: Any) -> bool:
    return name.startswith("_") and isinstance(node, np.ndarray)


def _is_name(name: object) -> bool:
    return isinstance(name, str)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a layer or optimizer.

    torch's modules keep the modules among them elsewhere.
    """
    is_layer = hasattr(value, "weights")
    yield from getattr(value, "named_children", lambda: ())()
    for name, attribute in list(vars(value).items()):
        if not name.startswith("_self_") and not (is_layer and name in _OWN):
            yield name, attribute


def _numbered(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the layers of a model of layers as Keras 2 names them (``engine/functional.py``)."""
    if not any(hasattr(value, name) for name in ("_operations", "_functional")):
        return
    layers = list(value.layers)
    yield from ((f"layer-{number}", layer) for number, layer in enumerate(layers))
    weighted = [layer for layer in layers if layer.weights]
    yield from ((f"layer_with_weights-{number}", layer) for number, layer in enumerate(weighted))


def values_of(model: Any, *, optimizer: bool) -> ModelTree:
    """Return a tree of a model's values, which may share their memory.

    Raises ValueError for a model that has no variables yet.
    """
    state = getattr(model, "optimizer", None)
    counts = {id(variable) for variable in state.variables} if state is not None else set()

    def leaf(variable: Any) -> Leaf:
        array = np.asarray(variable.numpy())
        if array.dtype == np.int32 and id(variable) in counts:
            array = array.astype(np.int64)  # as they are with TensorFlow as the backend
        named = array.view(Variable)
        named.name = variable.path
        return named

    return ModelTree(model, leaf, optimizer=optimizer)


def places_of(model: Any, *, optimizer: bool) -> ModelTree:
    """Return a tree of arrays that have the dtypes and shapes of a model's variables, no memory.

    Raises ValueError for a model that has no variables yet.
    """

    def leaf(variable: Any) -> Leaf:
        nothing = np.zeros((), np.dtype(variable.dtype)).view(Variable)
        place: Leaf = np.broadcast_to(nothing, tuple(variable.shape), subok=True)
        place.name = variable.path  # type: ignore[attr-defined]
        return place

    return ModelTree(model, leaf, optimizer=optimizer)
