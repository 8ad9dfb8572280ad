"""What an edit will do, tensor by tensor, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tfckpt.bundle.linking import MAX_DEAD, Link, plan_links
from tfckpt.bundle.stored import stored_at
from tfckpt.dtypes import python_name
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.transform.tensors import Held, LazyTensor, LazyTensors, Read, Tensors, as_lazy


class Change(NamedTuple):
    """What becomes of a tensor, and how many bytes of data are written for it.

    `before` is "" for what is new, `after` for what is left out.
    """

    before: str
    after: str
    what: str
    written: int


class Plan(NamedTuple):
    """All that an edit will do."""

    changes: list[Change]
    linked: int
    """Bytes of the data files that become the new checkpoint's without being read."""
    dead: int
    """How many of these belong to no tensor of it."""

    @property
    def written(self) -> int:
        return sum(change.written for change in self.changes)


def plan(
    source: Tensors, edited: LazyTensors, *, link: Link = False, max_dead: float = MAX_DEAD
) -> Plan:
    """Say what ``save(prefix, edited, link=link)`` will do, of the tensors that `source` has.

    >>> import numpy as np
    >>> from tfckpt import transform
    >>> weights = {"w": np.ones(2, np.float32), "b": np.ones(1, np.float32)}
    >>> edited = transform.rename(transform.select(weights, drop="b"), {"w": "kernel"})
    >>> for change in transform.plan(weights, edited).changes:
    ...     print(*change)
    w kernel renamed, encoded 8
    b  left out 0
    """
    given = as_lazy(source)
    links = plan_links(edited, link, max_dead)
    changes: dict[str, list[Change]] = {}
    new: list[Change] = []
    for after, tensor in edited.tensors.items():
        befores = list(dict.fromkeys(_sources(tensor, given)))
        if not befores and after == OBJECT_GRAPH_KEY and after in given:
            befores = [after]
        what = [*_differences(befores, after, tensor, given), _way(tensor, after in links.tensors)]
        size = 0 if after in links.tensors else tensor.info.stored_size
        made = Change(", ".join(befores), after, ", ".join(what), size)
        if befores:
            changes.setdefault(befores[0], []).append(made)
        else:
            new.append(made)
    used = {
        name for made in changes.values() for change in made for name in change.before.split(", ")
    }
    listed = []
    for name in given:
        listed += changes.get(name, [])
        if name not in used:
            listed.append(Change(name, "", "left out", 0))
    return Plan([*listed, *new], sum(file.size for file in links.files), links.dead)


def _sources(tensor: LazyTensor, given: LazyTensors) -> Iterator[str]:
    """Yield the source's names of the tensors that a tensor is worked out from."""
    if isinstance(tensor, Read | Held):
        if tensor.name in given:
            yield tensor.name
        return
    for source in tensor.made_of:
        yield from _sources(source, given)


def _differences(
    befores: list[str], after: str, tensor: LazyTensor, given: LazyTensors
) -> Iterator[str]:
    if after == OBJECT_GRAPH_KEY:
        if given.tensors.get(after) is not tensor:
            yield "adapted"
        return
    if befores and befores != [after]:
        yield "renamed"
    before = given.tensors.get(befores[0]) if befores else None
    if before is not None and before.info.data_type != tensor.info.data_type:
        yield f"cast to {python_name(tensor.info.data_type)}"
    if before is not None and before.info.slices != tensor.info.slices:
        yield f"in {len(tensor.info.slices) or 1} parts"


def _way(tensor: LazyTensor, linked: bool) -> str:
    """Say how a tensor gets to its place."""
    if linked:
        return "linked"
    stored = None if tensor.origin is None else stored_at(*tensor.origin)
    return "copied" if stored is not None and stored.can_be_copied else "encoded"
