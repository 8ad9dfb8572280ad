"""The tensors of several checkpoints in one."""

from __future__ import annotations

from typing import Literal, TypeAlias

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import OBJECT_GRAPH_KEY, shown
from tfckpt.tensors.stored import same_bits
from tfckpt.transform.tensors import LazyTensor, LazyTensors, Tensors, as_lazy

OnConflict: TypeAlias = Literal["error", "first", "last", "equal"]

ON_CONFLICT = ("error", "first", "last", "equal")


def merge(*tensors: Tensors, on_conflict: OnConflict = "error") -> LazyTensors:
    """Return the tensors of all of them.

    A name that several have is an InvalidArgumentError, which lists them; with `on_conflict`
    "first" or "last" the tensor of the first or last counts; with "equal" they have to be equal,
    bit by bit, for which they are read.

    At most one of them may have an object graph, unless all graphs are equal: only the programs
    know how their objects belong together.

    >>> import numpy as np
    >>> both = merge({"a": np.zeros(2)}, {"a": np.ones(2), "b": np.ones(1)}, on_conflict="last")
    >>> both["a"]
    array([1., 1.])
    """
    if on_conflict not in ON_CONFLICT:
        raise ValueError(f"on_conflict is one of {', '.join(ON_CONFLICT)}, not {on_conflict!r}")
    sources = [as_lazy(given) for given in tensors]
    merged: dict[str, LazyTensor] = {}
    conflicts: list[str] = []
    for source in sources:
        for name, tensor in source.tensors.items():
            known = merged.get(name)
            if known is None:
                merged[name] = tensor
            elif name == OBJECT_GRAPH_KEY or on_conflict == "equal":
                if not same_tensor(known, tensor):
                    conflicts.append(name)
            elif on_conflict == "error":
                conflicts.append(name)
            elif on_conflict == "last":
                merged[name] = tensor
    if OBJECT_GRAPH_KEY in conflicts:
        raise InvalidArgumentError(
            f"several of the checkpoints have object graphs of their own, which do not merge: "
            f"leave out {OBJECT_GRAPH_KEY!r} (select(tensors, drop=...)) of all but one",
            path=sources[0].path,
        )
    if conflicts:
        names = list(dict.fromkeys(conflicts))
        differ = "differ" if on_conflict == "equal" else "are in several of the checkpoints"
        raise InvalidArgumentError(
            f"{len(names)} tensors {differ}: {shown(names)} "
            f"(on_conflict='first' or 'last' takes one of them)",
            path=sources[0].path,
        )
    return LazyTensors(merged, [reader for source in sources for reader in source.readers])


def same_tensor(a: LazyTensor, b: LazyTensor) -> bool:
    """Whether two tensors are equal, bit by bit. Reads them only if dtype and shape are equal."""
    if (a.info.data_type, a.info.shape) != (b.info.data_type, b.info.shape):
        return False
    return a is b or same_bits(a.read(), b.read())
