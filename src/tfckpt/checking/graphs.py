"""Whether a graph of objects, and a graph of nodes, agrees with itself."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tfckpt.checking.finding import Finding
from tfckpt.errors import CheckpointError
from tfckpt.names import OBJECT_GRAPH_KEY, shown
from tfckpt.objectgraph.keys import parse_key
from tfckpt.objectgraph.nodes import check_node
from tfckpt.objects.values import Holders
from tfckpt.parsing import parse_binary
from tfckpt.wording import plural

if TYPE_CHECKING:
    from tfckpt.objectgraph.nodes import ObjectGraph, TrackableObject
    from tfckpt.protos import FunctionDef, MetaGraphDef, NodeDef, SavedObject, TrackableObjectGraph


def check_objects(serialized: bytes, names: Collection[str], path: str) -> Iterator[Finding]:
    """Look at the object graph of a checkpoint that has tensors of these names."""
    from tfckpt.protos import TrackableObjectGraph

    try:
        graph = parse_binary(serialized, TrackableObjectGraph)
    except CheckpointError as error:
        yield Finding("damage", error.message, path, OBJECT_GRAPH_KEY)
        return
    for finding in reference_findings(graph, path):
        yield finding._replace(tensor=OBJECT_GRAPH_KEY)
    yield from _check_keys(graph, names, path)


def reference_findings(graph: ObjectGraph, path: str) -> Iterator[Finding]:
    """Look at the nodes of a graph of objects, a checkpoint's or a SavedModel's."""
    if not graph.nodes:
        yield Finding("damage", "the object graph has no nodes, not even a root", path)
    nodes: Sequence[TrackableObject | SavedObject] = graph.nodes
    for node_id, node in enumerate(nodes):
        try:
            check_node(node_id, node, len(graph.nodes))
        except CheckpointError as error:
            yield Finding("damage", error.message, path)


def _check_keys(
    graph: TrackableObjectGraph, names: Collection[str], path: str
) -> Iterator[Finding]:
    holders = Holders(names, graph)
    owners: dict[str, str] = {}
    for node_id, node in enumerate(graph.nodes):
        for attribute in node.attributes:
            key = attribute.checkpoint_key
            owner = f"attribute {attribute.name!r} of node {node_id}"
            first = owners.setdefault(key, owner)
            if first is not owner:
                message = f"{first} and {owner} have the same key {key!r}"
                yield Finding("damage", message, path, OBJECT_GRAPH_KEY)
            elif not holders.of(key):
                message = f"{owner} has its value there, but there is no such tensor"
                yield Finding("missing", message, path, key)
    strange = [name for name in names if parse_key(name) and name not in owners]
    # Objects with savers of their own add something to the keys of the graph.
    strange = [name for name in strange if not any(map(name.startswith, _stems(name, owners)))]
    if strange:
        message = f"{plural(len(strange), 'tensor')} of no object: {shown(strange)}"
        yield Finding("note", message, path, OBJECT_GRAPH_KEY)


def _stems(name: str, owners: Collection[str]) -> Iterator[str]:
    ends = (at for at in range(len(name) - 1, 0, -1) if name[at] in "-_/")
    return (name[:at] for at in ends if name[:at] in owners)


def check_graph(graph: MetaGraphDef, path: str) -> Iterator[Finding]:
    """Look at the nodes of a MetaGraphDef and of its functions: names, and what they refer to."""
    yield from _check_nodes(graph.graph_def.node, (), path, "")
    for function in graph.graph_def.library.function:
        arguments = [argument.name for argument in function.signature.input_arg]
        where = f"function {function.signature.name!r}: "
        yield from _check_nodes(function.node_def, arguments, path, where)
        yield from _check_results(function, arguments, path, where)


def _check_nodes(
    nodes: Iterable[NodeDef], known: Iterable[str], path: str, where: str
) -> Iterator[Finding]:
    nodes = list(nodes)
    names = set(known)
    for node in nodes:
        if node.name in names:
            yield Finding("damage", f"{where}two nodes are named {node.name!r}", path)
        names.add(node.name)
    for node in nodes:
        if not node.op:
            yield Finding("damage", f"{where}node {node.name!r} says no op", path)
        for text in node.input:
            source = text.removeprefix("^").partition(":")[0]
            if source not in names:
                message = f"{where}node {node.name!r} takes {text!r}, and there is no {source!r}"
                yield Finding("damage", message, path)


def _check_results(
    function: FunctionDef, arguments: list[str], path: str, where: str
) -> Iterator[Finding]:
    names = {*arguments, *(node.name for node in function.node_def)}
    for result in function.signature.output_arg:
        if result.name not in function.ret:
            yield Finding("damage", f"{where}nothing gives its result {result.name!r}", path)
        elif function.ret[result.name].partition(":")[0] not in names:
            message = (
                f"{where}its result {result.name!r} is of no node: {function.ret[result.name]!r}"
            )
            yield Finding("damage", message, path)


def check_meta(path: str) -> Iterator[Finding]:
    """Look at a graph file, if there is one."""
    from tfckpt.graphdef.listing import meta_graphs_of

    if not os.path.isfile(path):
        return
    try:
        graphs = meta_graphs_of(path)
    except CheckpointError as error:
        yield Finding.of(error, path)
        return
    for graph in graphs:
        yield from check_graph(graph, path)
