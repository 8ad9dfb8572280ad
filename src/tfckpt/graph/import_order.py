"""The order in which the nodes of a message enter a graph: that of TensorFlow's importer.

Takes nodes whose inputs were read, gives their numbers. The order shows: it is that of
`Graph.get_operations`, and of the nodes in what is exported later.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tfckpt.errors import InvalidArgumentError
from tfckpt.graphdef.checks import bad_node
from tfckpt.graphdef.names import CONTROL, TensorId
from tfckpt.protos import NodeDef

_MERGES = ("Merge", "RefMerge", "_XlaMerge")
_NEXT_ITERATIONS = ("NextIteration", "RefNextIteration")
_SHOWN = 8


class Wiring(NamedTuple):
    """Nodes, and where their inputs come from."""

    nodes: Sequence[NodeDef]
    numbers: Mapping[str, int]
    """The number of each node by its name."""
    inputs: Sequence[Sequence[TensorId]]
    """Those of each node, as the message names them."""
    mapping: Mapping[TensorId, TensorId]
    """Inputs that come from the graph instead, and what they are there."""


def import_order(wiring: Wiring) -> Sequence[int]:
    """Return the nodes' numbers: inputs first, else as they stand in the message.

    Raises InvalidArgumentError for an input that is no node, and for a cycle outside of loops.
    """
    _check_inputs(wiring)
    if _is_ordered(wiring):
        return range(len(wiring.nodes))
    waiting, takers = _dependencies(wiring)
    ready = [at for at, count in enumerate(waiting) if not count]  # sorted, so a heap
    order = []
    while ready:
        at = heapq.heappop(ready)
        order.append(at)
        for taker in takers[at]:
            waiting[taker] -= 1
            if not waiting[taker]:
                heapq.heappush(ready, taker)
    if len(order) < len(wiring.nodes):
        raise _cycle(wiring, set(range(len(wiring.nodes))) - set(order))
    return order


def _check_inputs(wiring: Wiring) -> None:
    numbers, mapping = wiring.numbers, wiring.mapping
    for node, inputs in zip(wiring.nodes, wiring.inputs, strict=True):
        for source in inputs:
            if source not in mapping and source.node not in numbers:
                raise bad_node(node, f"its input {str(source)!r} is no node of the graph")


def _is_ordered(wiring: Wiring) -> bool:
    numbers, mapping = wiring.numbers, wiring.mapping
    for at, inputs in enumerate(wiring.inputs):
        for source in inputs:
            if source not in mapping and numbers[source.node] >= at:
                return False
    # A Merge may come before its inputs, and then what takes it too.
    return not any(node.op in _MERGES for node in wiring.nodes)


def _dependencies(wiring: Wiring) -> tuple[list[int], list[list[int]]]:
    """Return for each node how many inputs it waits for, and the nodes that wait for it."""
    nodes, numbers, mapping = wiring.nodes, wiring.numbers, wiring.mapping
    waiting = [0] * len(nodes)
    takers: list[list[int]] = [[] for _ in nodes]
    for at, (node, inputs) in enumerate(zip(nodes, wiring.inputs, strict=True)):
        sources = [numbers[source.node] for source in inputs if source not in mapping]
        waiting[at] = len(sources)
        if node.op in _MERGES and _closes_loop(wiring, inputs):
            # A loop's Merge starts with any one input, and never waits for the iteration.
            waiting[at] -= sum(source.slot != CONTROL for source in inputs) - 1
            sources = [source for source in sources if nodes[source].op not in _NEXT_ITERATIONS]
        for source in sources:
            takers[source].append(at)
    return waiting, takers


def _closes_loop(wiring: Wiring, inputs: Sequence[TensorId]) -> bool:
    """Whether one of the inputs of a Merge comes from the iteration before."""
    return any(
        source.slot != CONTROL
        and source.node in wiring.numbers
        and wiring.nodes[wiring.numbers[source.node]].op in _NEXT_ITERATIONS
        for source in inputs
    )


def _cycle(wiring: Wiring, left: set[int]) -> InvalidArgumentError:
    """Follow inputs that are not ready either, until a node comes twice."""
    path: dict[int, int] = {}  # node -> its place on the way
    first = at = min(left)
    while at not in path:
        path[at] = len(path)
        sources = [wiring.numbers.get(source.node, -1) for source in wiring.inputs[at]]
        at = next((source for source in sources if source in left), first)
    circle = [*list(path)[path[at] :], at]
    names = [wiring.nodes[number].name for number in circle]
    shown = " <- ".join(map(repr, names[:_SHOWN])) + (" <- ..." if len(names) > _SHOWN else "")
    return InvalidArgumentError(f"{len(left)} nodes are in a cycle, or need one: {shown}")
