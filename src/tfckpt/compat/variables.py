"""tf.Variable and what makes one. A session has its value; outside of a session it has its own.

In the graph a variable is what this library writes beside checkpoints: a VarHandleOp, with a read,
and an assignment of zeros as its initializer. The value that it begins with stays outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import numpy as np

from tfckpt.compat.absent import NeedsTensorFlow, refuse_given
from tfckpt.compat.dtypes import DType, as_dtype
from tfckpt.compat.errors import FailedPreconditionError, InvalidArgumentError
from tfckpt.compat.graphs import get_default_graph, global_variables
from tfckpt.compat.shapes import TensorShape
from tfckpt.compat.tensors import (
    OPERATORS,
    Array,
    Node,
    Run,
    Tensor,
    as_array,
    get_default_session,
    zeros,
)
from tfckpt.dtypes import data_type_of
from tfckpt.graph import GraphKeys
from tfckpt.graph.default_stack import innermost
from tfckpt.graphdef.rescoping import stripped
from tfckpt.protos import AttrValue, TensorProto, TensorShapeProto, VariableDef


class VariableSynchronization(IntEnum):
    """When copies of a variable are made equal; there is one copy only."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(IntEnum):
    """How copies of a variable become one; there is one copy only."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class AutoReuse:
    """Whether get_variable makes what it does not find: `AUTO_REUSE` says so."""

    def __repr__(self) -> str:
        return "AUTO_REUSE"


AUTO_REUSE = AutoReuse()


class Operation(Node):
    """What a session runs for its effect: an assignment, or several."""

    def __init__(self, name: str, effect: Any) -> None:
        super().__init__(name, "NoOp", [], None)
        self._effect, self.outputs = effect, []
        self._graph = get_default_graph()

    @property
    def graph(self) -> Any:
        return self._graph

    def _evaluate(self, run: Run) -> None:
        self._effect(run)


class Assignment(Tensor):
    """What ``tf.assign`` returns: running it puts the value into the variable, and gives it."""

    def __init__(self, variable: Any, value: Any, add: int = 0) -> None:
        given = value if hasattr(value, "_evaluate") else as_array(value, variable.dtype)
        _check_shape(variable, given.shape, adds=bool(add))
        self._variable, self._given, self._add = variable, given, add
        super().__init__("Assign", [variable], lambda value: value, dtype=variable.dtype)

    def _evaluate(self, run: Run) -> Any:
        value = np.asarray(run.value(self._given))
        if self._add:
            value = np.asarray(run.value(self._variable)) + self._add * value
        return put(self._variable, value, run)

    def numpy(self) -> Any:
        return self._variable.numpy()


class Variable:
    """A variable of a graph, and of eager programs.

    `initial_value` is what it begins with: an array, a tensor, or a function that makes one.
    """

    _is_constant = False

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: Any = None,
    ) -> None:
        refuse_given("Variable", variable_def=variable_def, import_scope=import_scope)
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        if callable(initial_value) and not hasattr(initial_value, "_evaluate"):
            initial_value = initial_value()
        if hasattr(initial_value, "_evaluate"):
            value = initial_value
        else:
            value = as_array(initial_value, dtype)
        self._setup(
            value,
            as_dtype(value.dtype if dtype is None else dtype).base_dtype,
            shape=TensorShape(value.shape) if validate_shape else TensorShape(shape),
            name=name or "Variable",
            trainable=trainable is not False,
            collections=collections,
        )
        self.synchronization, self.aggregation = synchronization, aggregation
        self.constraint = constraint

    def _setup(
        self,
        initial_value: Any,
        dtype: DType,
        shape: TensorShape,
        name: str,
        trainable: bool,
        collections: Any,
        exact: bool = False,
    ) -> None:
        self.graph = graph = get_default_graph()
        self.dtype, self.shape, self.trainable = dtype, shape, trainable
        self._initial = initial_value
        self._own: Array | None = None
        if exact:
            with graph.name_scope(None):
                self._add_nodes(name)
        else:
            self._add_nodes(name)
        keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
        if trainable and GraphKeys.TRAINABLE_VARIABLES not in keys and collections is None:
            keys.append(GraphKeys.TRAINABLE_VARIABLES)
        for key in keys:
            graph.add_to_collection(key, self)

    def _add_nodes(self, name: str) -> None:
        graph, sizes = self.graph, self.shape
        kind = (
            data_type_of(np.dtype(self.dtype.as_numpy_dtype)) if self.dtype.name != "string" else 7
        )
        type_attr = AttrValue(type=int(kind))
        known = None if sizes.rank is None else tuple(sizes.as_list())
        attrs = {"dtype": type_attr, "shape": known}
        self.op = graph.create_op("VarHandleOp", name=name, attrs=attrs)
        self.op._node.attr["shared_name"].s = self.op.name.encode()
        with graph.name_scope(f"{self.op.name}/"):
            dims = [TensorShapeProto.Dim(size=size or 0) for size in known or ()]
            zero = TensorProto(dtype=int(kind), tensor_shape=TensorShapeProto(dim=dims))
            attrs = {"dtype": type_attr, "value": AttrValue(tensor=zero)}
            value = graph.create_op("Const", name="Initializer/zeros", attrs=attrs)
            handle = self.op.outputs[0]
            inputs = [handle, value.outputs[0]]
            assign = graph.create_op(
                "AssignVariableOp", inputs, name="Assign", attrs={"dtype": type_attr}
            )
            read = graph.create_op(
                "ReadVariableOp", [handle], name="Read/ReadVariableOp", attrs={"dtype": type_attr}
            )
        self._definition = VariableDef(
            variable_name=self.name,
            initializer_name=assign.name,
            snapshot_name=f"{read.name}:0",
            initial_value_name=f"{value.name}:0",
            is_resource=True,
            trainable=self.trainable,
        )

    # What it is

    @property
    def name(self) -> str:
        return f"{self.op.name}:0"

    @property
    def _shared_name(self) -> str:
        return self.op.name

    @property
    def device(self) -> str:
        return ""

    @property
    def initializer(self) -> Operation:
        """The operation that gives it its initial value."""
        return Operation(f"{self.op.name}/Assign", self._initialize)

    @property
    def initial_value(self) -> Any:
        return self._initial

    def get_shape(self) -> TensorShape:
        return self.shape

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Return its VariableDef; None outside of the scope."""
        if export_scope and not self.name.startswith(export_scope):
            return None
        return stripped(self._definition, export_scope)

    def _as_graph_element(self) -> Any:
        return self.op.outputs[0]

    # Its value

    def _initialize(self, run: Run) -> None:
        if self.op.name not in run.session.values or not hasattr(self._initial, "unmade"):
            put(self, run.value(self._initial), run)

    def _evaluate(self, run: Run) -> Any:
        if run.session is not None:
            return run.session.variable(self.op.name)
        if self._own is None:
            self._own = np.array(_checked(self, run.value(self._initial)))
        return self._own

    def numpy(self) -> Any:
        """Return the value that it has without a session."""
        value = self._evaluate(Run())
        return value.copy() if value.ndim else value[()]

    def value(self) -> Tensor:
        """Return the value as a tensor."""
        return Tensor(
            "ReadVariableOp", [self], lambda value: value, dtype=self.dtype, shape=self.shape
        )

    read_value = value

    def eval(self, session: Any = None) -> Any:
        """Return the value in a session, or in the default one."""
        return self.value().eval(session=session)

    def load(self, value: Any, session: Any = None) -> None:
        """Set the value in a session, or in the default one."""
        session = get_default_session() if session is None else session
        if session is None:
            raise ValueError(
                "Either session argument should be provided or default session should be "
                "established"
            )
        put(self, value, Run(session))

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Set the value: now, and again whenever a session runs what is returned."""
        return self._changed(Assignment(self, value))

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Add to the value, as `assign` sets it."""
        return self._changed(Assignment(self, delta, 1))

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtract from the value, as `assign` sets it."""
        return self._changed(Assignment(self, delta, -1))

    def _changed(self, assignment: Assignment) -> Assignment:
        if getattr(assignment._given, "_is_constant", True) and executing_eagerly():
            assignment._evaluate(Run())
        return assignment

    def ref(self) -> Any:
        return self

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype)

    def __getitem__(self, key: Any) -> Tensor:
        return self.value()[key]

    def __repr__(self) -> str:
        return f"<tf.Variable {self.name!r} shape={self.shape} dtype={self.dtype.name}>"


for _name in OPERATORS:
    setattr(Variable, _name, getattr(Tensor, _name))


class _Mode:
    """Whether the program has said that it builds graphs."""

    builds_graphs = False


def executing_eagerly() -> bool:
    """Whether variables change at once: not after ``disable_eager_execution``, nor in a session."""
    return not (_Mode.builds_graphs or get_default_session() or innermost())


def disable_eager_execution() -> None:
    """Say that the program builds graphs."""
    _Mode.builds_graphs = True


def enable_eager_execution(
    config: Any = None, device_policy: Any = None, execution_mode: Any = None
) -> None:
    """Say that the program builds no graphs."""
    _Mode.builds_graphs = False


def disable_v2_behavior() -> None:
    """Say that the program builds graphs."""
    disable_eager_execution()


def enable_v2_behavior() -> None:
    """Say that the program builds no graphs."""
    enable_eager_execution()


def put(variable: Any, value: Any, run: Run) -> Array:
    """Give a variable a value, in the session of the run or its own."""
    array = np.array(_checked(variable, value))
    if run.session is not None:
        run.session.values[variable.op.name] = array
    else:
        variable._own = array
    return array


def _checked(variable: Any, value: Any) -> Array:
    array = value if isinstance(value, np.ndarray) else as_array(value, variable.dtype)
    wanted = variable.dtype if isinstance(variable.dtype, DType) else as_dtype(variable.dtype)
    if as_dtype(array.dtype) != wanted:
        array = array.astype(wanted.as_numpy_dtype)
    _check_shape(variable, array.shape)
    return array


def _check_shape(variable: Any, shape: Any, *, adds: bool = False) -> None:
    """Raise ValueError for a shape that a variable cannot have.

    InvalidArgumentError where something of that shape is added, and no graph is made.
    """
    if TensorShape(variable.shape).is_compatible_with(shape):
        return
    message = (
        f"Cannot assign a value of shape {shape} to variable {variable.name!r} of shape "
        f"{variable.shape}"
    )
    if adds and executing_eagerly():
        raise InvalidArgumentError(None, None, message)
    raise ValueError(message)


def unset(name: str) -> FailedPreconditionError:
    """Make the error of a variable that has no value."""
    return FailedPreconditionError(None, None, f"Attempting to use uninitialized value {name}")


# --- operations on variables


def assign(
    ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Return what sets a variable when a session runs it."""
    return ref.assign(value) if hasattr(ref, "assign") else Assignment(ref, value)


def assign_add(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Return what adds to a variable when a session runs it."""
    return ref.assign_add(value)


def assign_sub(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Return what subtracts from a variable when a session runs it."""
    return ref.assign_sub(value)


def group(*inputs: Any, **kwargs: Any) -> Operation:
    """Return an operation that runs several."""
    flat = [
        operation
        for item in inputs
        for operation in (item if isinstance(item, list | tuple) else [item])
    ]
    return Operation(
        kwargs.get("name") or "group_deps", lambda run: [run.value(operation) for operation in flat]
    )


def no_op(name: str | None = None) -> Operation:
    """Return an operation that does nothing."""
    return Operation(name or "NoOp", lambda run: None)


def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """Return the operation that gives variables their initial values."""
    variables = list(var_list)
    return Operation(name, lambda run: [run.session.initialize(variable) for variable in variables])


def global_variables_initializer() -> Operation:
    """Return the operation that gives the graph's variables their initial values."""
    return variables_initializer(global_variables())


def initialize_all_variables() -> Operation:
    """Do what global_variables_initializer does, by its name before TensorFlow 0.12."""
    return global_variables_initializer()


def local_variables_initializer() -> Operation:
    """Return the operation that gives local variables their initial values."""
    return variables_initializer(get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES))


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """Return an operation that does nothing: there are no tables."""
    return no_op(name)


# --- initializers


class _Constant:
    """An initializer with one value for all elements, or an array of them."""

    value: Any = 0

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        kind = as_dtype(dtype or getattr(self, "dtype", None) or "float32")
        array = as_array(self.value, kind)
        sizes = tuple(int(size or 0) for size in TensorShape(shape).as_list())
        if array.size == np.prod(sizes):
            return _made(array.reshape(sizes), kind)
        return _made(np.broadcast_to(array, sizes).copy(), kind)


def _made(array: Array, dtype: DType) -> Tensor:
    return Tensor("Const", [], lambda: array, dtype=dtype)


class zeros_initializer(_Constant):  # noqa: N801
    """Zeros."""

    def __init__(self, dtype: Any = "float32") -> None:
        self.dtype = as_dtype(dtype)


class ones_initializer(_Constant):  # noqa: N801
    """Ones."""

    value = 1

    def __init__(self, dtype: Any = "float32") -> None:
        self.dtype = as_dtype(dtype)


class constant_initializer(_Constant):  # noqa: N801
    """One value, or an array of them."""

    def __init__(self, value: Any = 0, dtype: Any = "float32", verify_shape: bool = False) -> None:
        self.value, self.dtype = value, as_dtype(dtype)


class Unmade:
    """An initial value that TensorFlow draws at random: nobody can read it before it is set."""

    _is_constant = False
    unmade = True

    def __init__(self, name: str, shape: Any, dtype: Any) -> None:
        self._name, self.shape, self.dtype = name, TensorShape(shape), as_dtype(dtype or "float32")

    def _evaluate(self, run: Run) -> Any:
        raise NeedsTensorFlow(
            f"the initial value of a variable, {self._name}", "its random numbers are TensorFlow's"
        )


class _Random:
    """An initializer whose numbers are TensorFlow's own."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Unmade:
        return Unmade(type(self).__name__, shape, dtype or getattr(self, "dtype", None))


class random_normal_initializer(_Random):  # noqa: N801
    """Random numbers: a variable that has them needs another value before it is read."""

    def __init__(
        self, mean: float = 0.0, stddev: float = 1.0, seed: Any = None, dtype: Any = "float32"
    ) -> None:
        self.dtype = as_dtype(dtype)


class random_uniform_initializer(_Random):  # noqa: N801
    """Random numbers: a variable that has them needs another value before it is read."""

    def __init__(
        self, minval: Any = 0.0, maxval: Any = None, seed: Any = None, dtype: Any = "float32"
    ) -> None:
        self.dtype = as_dtype(dtype)


class truncated_normal_initializer(_Random):  # noqa: N801
    """Random numbers: a variable that has them needs another value before it is read."""

    def __init__(
        self, mean: float = 0.0, stddev: float = 1.0, seed: Any = None, dtype: Any = "float32"
    ) -> None:
        self.dtype = as_dtype(dtype)


class glorot_uniform_initializer(_Random):  # noqa: N801
    """Random numbers: a variable that has them needs another value before it is read."""

    def __init__(self, seed: Any = None, dtype: Any = "float32") -> None:
        self.dtype = as_dtype(dtype)


# --- variable_scope and get_variable


class VariableScope:
    """What the variables of a ``variable_scope`` have in common."""

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = "float32",
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self.reuse, self.name, self.initializer = reuse, name, initializer
        self.dtype, self.original_name_scope = as_dtype(dtype), name_scope

    def reuse_variables(self) -> None:
        """Have get_variable return what is there from now on."""
        self.reuse = True

    def set_initializer(self, initializer: Any) -> None:
        self.initializer = initializer

    def global_variables(self) -> list[Any]:
        return global_variables(f"{self.name}/" if self.name else None)

    def trainable_variables(self) -> list[Any]:
        scope = f"{self.name}/" if self.name else None
        return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def get_variable_scope() -> VariableScope:
    """Return the innermost scope."""
    scopes = get_default_graph().scopes
    if not scopes:
        scopes.append(VariableScope(False))
    return scopes[-1]  # type: ignore[no-any-return]


class variable_scope:  # noqa: N801  TensorFlow's name
    """A scope for the names of variables, and whether they are made or found."""

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        refuse_given(
            "variable_scope",
            regularizer=regularizer,
            partitioner=partitioner,
            custom_getter=custom_getter,
        )
        if name_or_scope is None and default_name is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        self._given, self._default = name_or_scope, default_name
        self._reuse, self._initializer, self._dtype = reuse, initializer, dtype
        self._named = auxiliary_name_scope

    def __enter__(self) -> VariableScope:
        self._manager = self._entered()
        return self._manager.__enter__()

    def __exit__(self, *error: Any) -> Any:
        return self._manager.__exit__(*error)

    @contextmanager
    def _entered(self) -> Iterator[VariableScope]:
        outer, graph = get_variable_scope(), get_default_graph()
        given = self._given
        old: Any = given if isinstance(given, VariableScope) else outer
        if isinstance(given, VariableScope):
            name = given.name
        else:
            own = given if given is not None else self._unused(outer.name)
            name = f"{outer.name}/{own}" if outer.name and own else own or outer.name
        reuse = old.reuse if self._reuse is None else self._reuse
        if reuse is not True and outer.reuse is True and given is not outer:
            reuse = True
        scope = VariableScope(
            reuse, name, self._initializer or old.initializer, dtype=self._dtype or old.dtype
        )
        last = name.rpartition("/")[2]
        with graph.name_scope(last) if self._named and last else _nothing() as names:
            scope.original_name_scope = names or ""
            graph.scopes.append(scope)
            try:
                yield scope
            finally:
                graph.scopes.remove(scope)

    def _unused(self, outer: str) -> str:
        """Return the default name, with a number where its scope has variables already."""
        base, number = str(self._default), 0
        store = get_default_graph().variable_store
        while True:
            name = f"{base}_{number}" if number else base
            start = f"{outer}/{name}/" if outer else f"{name}/"
            if not any(name.startswith(start) for name in store):
                return name
            number += 1


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Variable:
    """Make a variable in the scope, or return the one that is there if the scope reuses it."""
    refuse_given(
        "get_variable",
        regularizer=regularizer,
        partitioner=partitioner,
        custom_getter=custom_getter,
    )
    scope, graph = get_variable_scope(), get_default_graph()
    full = f"{scope.name}/{name}" if scope.name else name
    found = graph.variable_store.get(full)
    if found is not None:
        if not scope.reuse:
            raise ValueError(
                f"Variable {full} already exists, disallowed. Did you mean to set reuse=True or "
                f"reuse=tf.AUTO_REUSE in VarScope?"
            )
        if not found.shape.is_compatible_with(shape):
            raise ValueError(
                f"Trying to share variable {full}, but specified shape {TensorShape(shape)} and "
                f"found shape {found.shape}."
            )
        return found  # type: ignore[no-any-return]
    if scope.reuse is True:
        raise ValueError(
            f"Variable {full} does not exist, or was not created with tf.get_variable(). Did you "
            f"mean to set reuse=tf.AUTO_REUSE in VarScope?"
        )
    initializer = scope.initializer if initializer is None else initializer
    made = Variable.__new__(Variable)
    value, kind = _initial(
        full, shape, dtype=dtype or scope.dtype, given=dtype, initializer=initializer
    )
    keys = None if collections is None else list(collections)
    made._setup(
        value,
        kind,
        shape=TensorShape(value.shape),
        name=full,
        trainable=trainable is not False,
        collections=keys,
        exact=True,
    )
    made.synchronization, made.aggregation = synchronization, aggregation
    made.constraint = constraint
    graph.variable_store[full] = made
    return made


def _initial(name: str, shape: Any, dtype: Any, given: Any, initializer: Any) -> tuple[Any, DType]:
    """Return the initial value of a variable to be made, and its type."""
    kind = as_dtype(dtype).base_dtype
    if isinstance(initializer, type):
        initializer = initializer()
    if initializer is None:
        sizes = TensorShape(shape)
        if shape is None or not sizes.is_fully_defined():
            raise ValueError(
                f"Shape of a new variable ({name}) must be fully defined, but instead was {sizes}."
            )
        if kind.is_floating:
            return Unmade("glorot_uniform_initializer", sizes, kind), kind
        if kind.is_integer or kind.is_bool or kind.name == "string":
            return zeros(sizes, kind), kind
        raise ValueError(f"An initializer for variable {name} of {kind} is required")
    if callable(initializer):
        if shape is None:
            return as_array(initializer()), kind
        try:
            value = initializer(TensorShape(shape).as_list(), dtype=kind)
        except TypeError:
            value = initializer(TensorShape(shape).as_list())
        return value, kind
    if shape is not None:
        raise ValueError("If initializer is a constant, do not specify shape.")
    value = initializer if hasattr(initializer, "_evaluate") else as_array(initializer, given)
    return value, as_dtype(value.dtype).base_dtype


# --- the global step


def get_global_step(graph: Any = None) -> Any:
    """Return the variable that counts the steps, None if there is none."""
    chosen = get_default_graph() if graph is None else graph
    found = chosen.get_collection(GraphKeys.GLOBAL_STEP)
    if found:
        return found[0]
    named = [
        variable
        for variable in chosen.get_collection(GraphKeys.GLOBAL_VARIABLES)
        if variable.op.name == "global_step"
    ]
    return named[0] if named else None


def create_global_step(graph: Any = None) -> Any:
    """Make the variable that counts the steps. Raises ValueError if there is one."""
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    keys = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP]
    step = np.int64(0)
    return Variable(step, trainable=False, name="global_step", dtype="int64", collections=keys)


def get_or_create_global_step(graph: Any = None) -> Any:
    """Return the variable that counts the steps; make it if there is none."""
    return get_global_step(graph) or create_global_step(graph)


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """Return the step that a session is at."""
    return int(sess.run(global_step_tensor))
