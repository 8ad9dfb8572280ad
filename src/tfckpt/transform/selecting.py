"""Some tensors of a checkpoint."""

from __future__ import annotations

from collections.abc import Collection

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objectgraph.nodes import given_object_graph
from tfckpt.objects.editing import keys_of, without_values
from tfckpt.objects.values import Holders
from tfckpt.transform.patterns import Patterns, as_list, chosen_names
from tfckpt.transform.tensors import Held, LazyTensors, Tensors, as_lazy


def select(
    tensors: Tensors,
    keep: Patterns | None = None,
    drop: Patterns | None = None,
    *,
    strict: bool = False,
) -> LazyTensors:
    """Return the tensors that `keep` meets (all, without one), without those that `drop` meets.

    Each is a pattern or several: a name, a scope that ends in ``/``, a glob (whose ``*`` goes over
    slashes), a compiled regular expression (searched for), or a function of the name. A pattern
    that meets nothing is logged as a warning; with `strict` it is an InvalidArgumentError.

    The object graph of an object-based checkpoint is kept, and loses the objects whose values are
    left out; if it is dropped by its name, what remains is a name-based checkpoint.

    Raises InvalidArgumentError where slot variables would stay without their variables.

    >>> import numpy as np
    >>> weights = {"a/w": np.eye(2), "a/b": np.ones(2), "step": 3}
    >>> list(select(weights, keep="a/", drop="*/b"))
    ['a/w']
    """
    given = as_lazy(tensors)
    names = [name for name in given if name != OBJECT_GRAPH_KEY]
    dropped = [] if drop is None else as_list(drop)
    graph_too = OBJECT_GRAPH_KEY in dropped
    kept = set(names)
    if keep is not None:
        kept = chosen_names(names, keep, "keep", strict=strict, path=given.path)
    patterns = [pattern for pattern in dropped if pattern != OBJECT_GRAPH_KEY]
    kept -= chosen_names(names, patterns, "drop", strict=strict, path=given.path)
    gone = [name for name in names if name not in kept]
    return without_tensors(given, [*gone, OBJECT_GRAPH_KEY] if graph_too else gone)


def without_tensors(
    given: LazyTensors, gone: Collection[str], objects: Collection[int] = ()
) -> LazyTensors:
    """Return all tensors but some, and the object graph without their objects and some more.

    A value that had its name from a path through these gets that of the path that is left.
    """
    gone = set(gone)
    kept = {name: tensor for name, tensor in given.tensors.items() if name not in gone}
    if OBJECT_GRAPH_KEY in kept and (gone or objects):
        graph = given_object_graph(kept[OBJECT_GRAPH_KEY].read(), given.path)
        holders = Holders(given.tensors.keys(), graph)
        held = {key: holders.of(key) for key in keys_of(graph)}
        lost = {key for key, names in held.items() if _is_gone(names, gone)}
        graph, keys = without_values(graph, lost, objects)
        new = {name: keys[key] + name.removeprefix(key) for key in keys for name in held[key]}
        kept = {new.get(name, name): tensor for name, tensor in kept.items()}
        kept[OBJECT_GRAPH_KEY] = Held(graph.SerializeToString())
    return given.with_tensors(kept)


def _is_gone(holders: list[str], gone: Collection[str]) -> bool:
    """Whether all tensors of one value are left out. Raises if only some of them are."""
    left = [name for name in holders if name not in gone]
    if left and len(left) < len(holders):
        raise InvalidArgumentError(
            f"{', '.join(holders)} are one value of an object: keep all of them, or none"
        )
    return bool(holders) and not left
