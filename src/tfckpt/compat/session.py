"""tf.Session: holds the values of a graph's variables; runs what sets, joins and reshapes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfckpt.compat.absent import NeedsTensorFlow, refuse_given
from tfckpt.compat.errors import InvalidArgumentError
from tfckpt.compat.graphs import get_default_graph
from tfckpt.compat.tensors import Run, as_array, default_session, set_default_session
from tfckpt.compat.variables import put, unset
from tfckpt.graph import Operation, Tensor
from tfckpt.graph import Variable as GraphVariable
from tfckpt.tensors.tensor_proto import make_ndarray


class BaseSession:
    """The values of a graph's variables, by the names of their operations, in `values`."""

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        if target:
            refuse_given("Session", target=target)
        self.graph = get_default_graph() if graph is None else graph
        self.sess_str, self._closed = target, False
        self.values: dict[str, np.ndarray[Any, Any]] = {}

    @property
    def graph_def(self) -> Any:
        """The graph as a message."""
        return self.graph.as_graph_def(add_shapes=False)

    def run(
        self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Return the values of tensors and variables, and do what operations do.

        `fetches` is one of them, a name, or lists, tuples and dicts of these. Of an operation the
        value is None. Nothing is computed: NeedsTensorFlow for a node that would have to be.
        """
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        feeds = dict(self._feed(key, value) for key, value in (feed_dict or {}).items())
        return self._fetch(fetches, Run(self, feeds))

    def _feed(self, key: Any, value: Any) -> tuple[str, Any]:
        """Return the name of what is fed, and its value in that one's type."""
        name = key if isinstance(key, str) else key.name
        name = name if ":" in name else f"{name}:0"
        try:
            tensor = self.graph.get_tensor_by_name(name) if isinstance(key, str) else key
        except KeyError as error:
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error}") from None
        return name, as_array(value, tensor.dtype)

    def _fetch(self, item: Any, run: Run) -> Any:
        if item is None:
            raise TypeError("Argument `fetch` = None has invalid type NoneType.")
        if isinstance(item, Mapping):
            return type(item)({key: self._fetch(part, run) for key, part in item.items()})  # type: ignore[call-arg]
        if isinstance(item, tuple) and hasattr(item, "_fields"):
            return type(item)(*[self._fetch(part, run) for part in item])
        if isinstance(item, list | tuple):
            return type(item)([self._fetch(part, run) for part in item])
        if isinstance(item, str | bytes):
            item = self._named(item.decode() if isinstance(item, bytes) else item)
        if isinstance(item, Operation | Tensor | GraphVariable):
            value = self.node_value(item, run)
        elif hasattr(item, "_evaluate"):
            value = run.value(item)
        else:
            raise TypeError(f"Argument `fetch` = {item!r} has invalid type {type(item)}.")
        return handed_out(value)

    def _named(self, name: str) -> Any:
        try:
            return self.graph.as_graph_element(name)
        except KeyError as error:
            raise ValueError(
                f"Fetch argument {name!r} cannot be interpreted as a Tensor. ({error})"
            ) from None

    # Variables

    def variable(self, name: str) -> np.ndarray[Any, Any]:
        """Return the value of a variable, by the name of its operation."""
        if name not in self.values:
            raise unset(name)
        return self.values[name]

    def initialize(self, variable: Any) -> None:
        """Give a variable its initial value; one that needs random numbers stays without."""
        run = Run(self)
        if not isinstance(variable, GraphVariable):
            if not hasattr(variable._initial, "unmade"):
                put(variable, run.value(variable._initial), run)
            return
        try:
            self.node_value(
                variable.graph.as_graph_element(variable.definition.initializer_name), run
            )
        except NeedsTensorFlow:
            self.values.pop(variable.op.name, None)

    # Nodes of graphs that came from files

    def node_value(self, item: Any, run: Run) -> Any:
        """Return the value of a tensor of the graph, or run an operation."""
        if isinstance(item, GraphVariable):
            return self.variable(item.op.name)
        if isinstance(item, Operation):
            self._node(item, run)
            return None
        if item.name in run.feeds:
            return run.feeds[item.name]
        return self._node(item.op, run)

    def _node(self, op: Operation, run: Run) -> Any:
        rule = _RULES.get(op.type)
        if rule is None:
            raise NeedsTensorFlow(
                f"the operation {op.name!r} ({op.type})", "a session runs variables and constants"
            )
        for before in op.control_inputs:
            self._node(before, run)
        return rule(self, op, run)

    # As in TensorFlow

    def as_default(self) -> Any:
        """Make it the session of ``eval`` and ``run`` within a ``with`` block."""
        return default_session(self)

    def close(self) -> None:
        """Forget the values."""
        self._closed = True

    def list_devices(self) -> list[Any]:
        """Return no devices."""
        return []


class Session(BaseSession):
    """A session for variables; as a context manager it is the default one, with its graph."""

    def __enter__(self) -> Session:
        self._contexts = [self.graph.as_default(), self.as_default()]
        for context in self._contexts:
            context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        for context in reversed(self._contexts):
            context.__exit__(*error)
        self.close()


class InteractiveSession(BaseSession):
    """A session that is the default one from the start."""

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        set_default_session(self)


def handed_out(value: Any) -> Any:
    """Return a value as ``Session.run`` gives it: scalars as numpy's, arrays of one's own."""
    if isinstance(value, np.ndarray):
        return value.copy() if value.ndim else value[()]
    return value


def _input(session: BaseSession, op: Operation, run: Run) -> Any:
    return session.node_value(op.inputs[0], run)


def _assign(session: BaseSession, op: Operation, run: Run) -> Any:
    value = np.array(session.node_value(op.inputs[1], run))
    session.values[op.inputs[0].op.name] = value
    return value


def _variable(session: BaseSession, op: Operation, run: Run) -> Any:
    return session.variable(op.name)


def _placeholder(session: BaseSession, op: Operation, run: Run) -> Any:
    if op.type == "PlaceholderWithDefault":
        return _input(session, op, run)
    raise InvalidArgumentError(
        None, None, f"You must feed a value for placeholder tensor '{op.name}'"
    )


def _fill(session: BaseSession, op: Operation, run: Run) -> Any:
    shape, value = (session.node_value(tensor, run) for tensor in op.inputs)
    return np.full(np.asarray(shape), value)


_RULES: dict[str, Callable[[BaseSession, Operation, Run], Any]] = {
    **dict.fromkeys(("VarHandleOp", "VariableV2", "Variable"), _variable),
    **dict.fromkeys(("Assign", "AssignVariableOp"), _assign),
    **dict.fromkeys(("Identity", "ReadVariableOp", "StopGradient", "Snapshot"), _input),
    **dict.fromkeys(("Placeholder", "PlaceholderWithDefault"), _placeholder),
    "Const": lambda session, op, run: make_ndarray(op.node_def.attr["value"].tensor),
    "Fill": _fill,
    "NoOp": lambda session, op, run: None,
}
