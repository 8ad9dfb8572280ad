"""Tensors of programs that compute next to nothing: constants, and what arranges them anew.

A `Tensor` knows how to work out its value from a session's variables and what is fed; one that is
made of constants alone has it at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tfckpt.compat.absent import NeedsTensorFlow
from tfckpt.compat.dtypes import DType, as_dtype
from tfckpt.compat.errors import InvalidArgumentError
from tfckpt.compat.graphs import get_default_graph
from tfckpt.compat.shapes import TensorShape
from tfckpt.tensors.tensor_proto import make_tensor_proto

Array = np.ndarray[Any, Any]


class Run:
    """One call of ``Session.run``: where variables and what is fed come from.

    Without a session values are those that variables have by themselves.
    """

    def __init__(self, session: Any = None, feeds: Mapping[str, Any] | None = None) -> None:
        self.session = session
        self.feeds = feeds or {}
        self._known: dict[int, Any] = {}

    def value(self, item: Any) -> Any:
        """Return the value of a tensor, a variable, or of what is a value already."""
        name = getattr(item, "name", None)
        if isinstance(name, str) and name in self.feeds and not isinstance(item, np.ndarray):
            return self.feeds[name]
        evaluate = getattr(item, "_evaluate", None)
        if evaluate is None:
            return item
        if id(item) not in self._known:
            self._known[id(item)] = evaluate(self)
        return self._known[id(item)]


class Node:
    """The operation of a tensor, as far as a name goes."""

    def __init__(self, name: str, kind: str, inputs: Sequence[Any], output: Any) -> None:
        self.name, self.type, self.inputs, self.outputs = name, kind, tuple(inputs), [output]
        self.device = ""

    @property
    def graph(self) -> Any:
        return self.outputs[0].graph

    def _evaluate(self, run: Run) -> None:
        run.value(self.outputs[0])

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run it in a session, or in the default one."""
        _session(session).run(self, feed_dict)

    def __repr__(self) -> str:
        return f"<tf.Operation {self.name!r} type={self.type}>"


class Tensor:
    """What ``tf.Tensor`` is, for values that need no computing."""

    __array_priority__ = 100

    def __init__(
        self,
        kind: str,
        inputs: Sequence[Any],
        compute: Callable[..., Any],
        *,
        name: str | None = None,
        dtype: DType | None = None,
        shape: Any = None,
        node: str | None = None,
    ) -> None:
        self.graph = get_default_graph()
        own = node or (self.graph.unique_name(name) if name else kind)
        self.op = Node(own, kind, inputs, self)
        self._compute, self._inputs = compute, tuple(inputs)
        self._value: Array | bytes | None = None
        self._dtype, self._shape, self._is_inferred = dtype, TensorShape(shape), False
        if node is None and all(getattr(tensor, "_is_constant", True) for tensor in inputs):
            self._value = self._evaluate(Run())
            value = np.asarray(self._value)
            self._dtype = dtype or as_dtype(value.dtype)
            self._shape = TensorShape(value.shape)

    @property
    def _is_constant(self) -> bool:
        return self._value is not None

    def _evaluate(self, run: Run) -> Any:
        if self._value is not None:
            return self._value
        return self._compute(*map(run.value, self._inputs))

    @property
    def name(self) -> str:
        return f"{self.op.name}:0"

    @property
    def dtype(self) -> DType:
        self._infer()
        if self._dtype is None:
            raise NeedsTensorFlow(f"the dtype of {self.name}", "it is known only once it is run")
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        self._infer()
        return self._shape

    def _infer(self) -> None:
        """Find out shape and type, by arranging zeros in the place of the inputs."""
        if self._is_inferred or self._value is not None:
            return
        self._is_inferred = True
        if not all(_is_defined(tensor) for tensor in self._inputs) or not self._inputs:
            return
        made = np.asarray(self._compute(*map(_stand_in, self._inputs)))
        if self._dtype is None:
            self._dtype = as_dtype(made.dtype)
        if self._shape.rank is None:
            self._shape = TensorShape(made.shape)

    @property
    def ndim(self) -> int | None:
        return self.shape.rank

    @property
    def device(self) -> str:
        return ""

    def get_shape(self) -> TensorShape:
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Say more of the shape. Raises ValueError for one that contradicts what is known."""
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"Tensor's shape {self._shape} is not compatible with {shape}")
        self._shape = TensorShape(shape)

    def numpy(self) -> Any:
        """Return the value, if no session is needed for it."""
        value = Run().value(self)
        return value[()] if isinstance(value, np.ndarray) and not value.ndim else value

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Work out the value in a session, or in the default one."""
        return _session(session).run(self, feed_dict)

    def ref(self) -> Any:
        return self

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype)

    def __len__(self) -> int:
        return len(self.shape) and int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[at] for at in range(len(self)))

    def __getitem__(self, key: Any) -> Tensor:
        return Tensor("strided_slice", [self], lambda value: np.asarray(value)[key])

    def __bool__(self) -> bool:
        return bool(self._known())

    def __int__(self) -> int:
        return int(self._known())

    def __float__(self) -> float:
        return float(self._known())

    def __index__(self) -> int:
        return int(self._known())

    def _known(self) -> Any:
        if self._value is None:
            raise TypeError(f"{self!r} has a value only in a session: use session.run(...)")
        return self._value

    def __repr__(self) -> str:
        if self._value is None:
            shape, kind = self.shape, "<unknown>" if self._dtype is None else self._dtype.name
            return f"<tf.Tensor {self.name!r} shape={shape} dtype={kind}>"
        return f"<tf.Tensor: shape={self._shape}, dtype={self.dtype.name}, numpy={self.numpy()!r}>"


def _is_defined(item: Any) -> bool:
    return not hasattr(item, "_evaluate") or item.shape.is_fully_defined()


def _stand_in(item: Any) -> Any:
    if not hasattr(item, "_evaluate") or item._is_constant:
        return Run().value(item)
    return np.zeros(item.shape.as_list(), item.dtype.base_dtype.as_numpy_dtype)


def _computed(name: str) -> Callable[..., Any]:
    def method(self: Any, *others: Any) -> Any:
        raise NeedsTensorFlow(
            f"tensorflow.Tensor.{name}", "no op is computed; numpy does it, on what numpy() returns"
        )

    return method


OPERATORS = [
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__rtruediv__",
    "__floordiv__",
    "__mod__",
    "__pow__",
    "__rpow__",
    "__matmul__",
    "__rmatmul__",
    "__neg__",
    "__abs__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
]
for _name in OPERATORS:
    setattr(Tensor, _name, _computed(_name))


# --- the default session


class _Sessions(threading.local):
    def __init__(self) -> None:
        self.stack: list[Any] = []


_sessions = _Sessions()


def get_default_session() -> Any:
    """Return the session of the innermost ``with session``, None outside."""
    return _sessions.stack[-1] if _sessions.stack else None


@contextmanager
def default_session(session: Any) -> Iterator[Any]:
    _sessions.stack.append(session)
    try:
        yield session
    finally:
        _sessions.stack.remove(session)


def set_default_session(session: Any) -> None:
    """Make a session the default for good, as an InteractiveSession is."""
    _sessions.stack.append(session)


def _session(session: Any) -> Any:
    session = get_default_session() if session is None else session
    if session is None:
        raise ValueError(
            "Cannot evaluate: No default session is registered. Use `with sess.as_default()` or "
            "pass an explicit session to `eval(session=sess)`"
        )
    return session


# --- functions that make tensors


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """Make a tensor of a value: numpy's, Python's, or nested lists."""
    array = as_array(value, dtype)
    if shape is not None:
        sizes = TensorShape(shape).as_list()
        if verify_shape and list(array.shape) != sizes:
            raise TypeError(f"Expected Tensor's shape: {tuple(sizes)}, got {array.shape}.")
        array = _filled(array, sizes)
    kind = as_dtype(array.dtype) if dtype is None else as_dtype(dtype)
    return Tensor("Const", [], lambda: array, name=None if name == "Const" else name, dtype=kind)


def _filled(array: Array, sizes: Sequence[Any]) -> Array:
    wanted = int(np.prod(sizes))
    if array.size == wanted:
        return array.reshape(sizes)
    if not 0 < array.size < wanted:
        raise ValueError(
            f"Too many elements provided. Needed at most {wanted}, but received {array.size}"
        )
    return np.append(array.ravel(), np.full(wanted - array.size, array.ravel()[-1])).reshape(sizes)


def as_array(value: Any, dtype: Any = None) -> Array:
    """Return a value as the array that TensorFlow makes of it: Python's floats are float32."""
    if isinstance(value, Tensor) or hasattr(value, "_evaluate"):
        value = Run().value(value)
    kind = None if dtype is None else as_dtype(dtype).base_dtype
    if isinstance(value, np.ndarray | np.generic) and kind is None:
        array = np.asarray(value)
        return array if array.dtype.kind not in "SU" else _strings(array)
    if kind is not None and kind.name != "string" and isinstance(value, np.ndarray | np.generic):
        return np.asarray(value).astype(kind.as_numpy_dtype)
    if kind is not None and kind.name == "string":
        return _strings(np.asarray(value, object))
    from tfckpt.tensors.tensor_proto import make_ndarray

    made = make_ndarray(make_tensor_proto(value, None if kind is None else kind.as_numpy_dtype))
    return np.asarray(made)


def _strings(array: Array) -> Array:
    out = np.empty(array.shape, object)
    flat = [
        string.encode() if isinstance(string, str) else bytes(string)
        for string in array.ravel().tolist()
    ]
    out.ravel()[...] = flat if array.ndim else flat[0]
    return out


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
) -> Any:
    """Make a tensor of a value; return a tensor or variable as it is."""
    if hasattr(value, "_evaluate"):
        if dtype is not None and value.dtype.base_dtype != as_dtype(dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {as_dtype(dtype).name} for {value!r}"
            )
        return value.value() if hasattr(value, "assign") else value
    return constant(value, dtype, name=name or "Const")


def zeros(
    shape: Any, dtype: Any = "float32", name: str | None = None, layout: Any = None
) -> Tensor:
    """Make a tensor of zeros."""
    return _full("zeros", shape, value=0, dtype=dtype, name=name)


def ones(shape: Any, dtype: Any = "float32", name: str | None = None, layout: Any = None) -> Tensor:
    """Make a tensor of ones."""
    return _full("ones", shape, value=1, dtype=dtype, name=name)


def _full(kind: str, shape: Any, value: Any, dtype: Any, name: str | None) -> Tensor:
    wanted = as_dtype(dtype)
    if wanted.name == "string":
        value = b""
    array = np.full(_sizes(shape), value, wanted.as_numpy_dtype)
    return Tensor(kind, [], lambda: array, name=name, dtype=wanted)


def _sizes(shape: Any) -> tuple[int, ...]:
    if isinstance(shape, TensorShape):
        return tuple(int(size) for size in shape.as_list())  # type: ignore[arg-type]
    sizes = np.asarray(Run().value(shape) if hasattr(shape, "_evaluate") else shape)
    return tuple(int(size) for size in np.atleast_1d(sizes)) if sizes.size else ()


def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Make zeros of another tensor's shape and type."""
    kind = None if dtype is None else as_dtype(dtype).as_numpy_dtype
    return _apply("zeros_like", [tensor], lambda array: np.zeros_like(array, dtype=kind), name)


def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Make ones of another tensor's shape and type."""
    kind = None if dtype is None else as_dtype(dtype).as_numpy_dtype
    return _apply("ones_like", [tensor], lambda array: np.ones_like(array, dtype=kind), name)


def fill(dims: Any, value: Any, name: str | None = None, layout: Any = None) -> Tensor:
    """Make a tensor of one value."""
    return _apply(
        "Fill", [dims, value], lambda shape, element: np.full(_sizes(shape), element), name
    )


def _apply(
    kind: str, inputs: Sequence[Any], compute: Callable[..., Any], name: str | None
) -> Tensor:
    """Make a tensor out of others, and of values."""
    given = [tensor if hasattr(tensor, "_evaluate") else as_array(tensor) for tensor in inputs]
    return Tensor(kind, given, lambda *values: compute(*map(np.asarray, values)), name=name)


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Join tensors along an axis."""
    return _apply(
        "concat", list(values), lambda *all: np.concatenate(all, int(axis)), _given(name, "concat")
    )


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Join tensors along a new axis."""
    return _apply("stack", list(values), lambda *all: np.stack(all, axis), _given(name, "stack"))


def split(
    value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """Cut a tensor into parts along an axis: so many, or of these sizes."""
    sizes = num_or_size_splits
    many = isinstance(sizes, int | np.integer)
    cuts: Any = int(sizes) if many else np.cumsum([int(size) for size in sizes])[:-1]
    count = int(sizes) if many else len(sizes)

    def part(at: int) -> Tensor:
        return _apply("split", [value], lambda array: np.split(array, cuts, axis)[at], None)

    return [part(at) for at in range(count)]


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Turn the elements of a tensor into another type."""
    wanted = as_dtype(dtype).base_dtype
    if wanted.name == "string":
        raise NeedsTensorFlow("tensorflow.cast", "numbers are not made strings by it")
    made = _apply("Cast", [x], lambda array: array.astype(wanted.as_numpy_dtype), name)
    made._dtype = wanted
    return made


def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """Reorder the axes of a tensor, or reverse them."""
    order = None if perm is None else _sizes(perm)

    def compute(array: Array) -> Array:
        moved = np.ascontiguousarray(np.transpose(array, order))
        return np.conj(moved) if conjugate else moved

    return _apply("transpose", [a], compute, _given(name, "transpose"))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """Give a tensor another shape of as many elements; -1 stands for what is left."""
    return _apply("Reshape", [tensor], lambda array: array.reshape(_sizes(shape)), name)


def identity(input: Any, name: str | None = None) -> Tensor:
    """Return the same value as another tensor."""
    made = _apply("Identity", [input], lambda array: array, name)
    made._dtype = made._dtype or getattr(input, "dtype", None)
    return made


def squeeze(
    input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None
) -> Tensor:
    """Take out the axes of size 1, or those that are given."""
    chosen = axis if axis is not None else squeeze_dims
    where = None if chosen is None else _sizes(chosen)
    return _apply("Squeeze", [input], lambda array: np.squeeze(array, where), name)


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Put in an axis of size 1."""
    where = axis if axis is not None else dim
    return _apply("ExpandDims", [input], lambda array: np.expand_dims(array, int(where)), name)


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """Make a tensor whose value is fed to ``Session.run``."""
    kind, graph = as_dtype(dtype), get_default_graph()
    sizes = TensorShape(shape)
    given = None if sizes.rank is None else tuple(sizes.as_list())
    attrs = {"dtype": np.dtype(kind.as_numpy_dtype), "shape": given}
    if kind.name == "string":
        attrs["dtype"] = np.dtype("S")
    node = graph.create_op("Placeholder", name=name or "Placeholder", attrs=attrs)

    def unfed() -> Any:
        raise InvalidArgumentError(
            None,
            None,
            f"You must feed a value for placeholder tensor '{node.name}' with dtype {kind.name}",
        )

    return Tensor("Placeholder", [], unfed, dtype=kind, shape=shape, node=node.name)


def is_tensor(x: Any) -> bool:
    """Whether something is a tensor or a variable."""
    return hasattr(x, "_evaluate") and hasattr(x, "dtype")


def _given(name: str, default: str) -> str | None:
    return None if name == default else name
