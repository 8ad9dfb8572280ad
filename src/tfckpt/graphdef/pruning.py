"""Leaving nodes out of a graph: those that some do not need, and those that only training needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tfckpt.errors import TensorNotFoundError
from tfckpt.graphdef.messages import as_message, copied
from tfckpt.graphdef.names import op_name, split_mark
from tfckpt.protos import GraphDef, NodeDef


def extract_sub_graph(graph_def: GraphDef, dest_nodes: Iterable[str]) -> GraphDef:
    """Return the part of a graph that the named nodes need, in the same order.

    Functions and versions are kept. Of nodes that have one name the last counts, as in TensorFlow.
    Raises TypeError if `dest_nodes` is a single string, and TensorNotFoundError (a KeyError) for a
    node or an input that the graph has not.

    >>> import tfckpt
    >>> graph_def = tfckpt.GraphDef()
    >>> for name, source in [("a", []), ("b", ["a"]), ("c", ["a"])]:
    ...     _ = graph_def.node.add(name=name, op="Identity", input=source)
    >>> [node.name for node in tfckpt.graph.extract_sub_graph(graph_def, ["c"]).node]
    ['a', 'c']
    """
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list of names, not a string")
    graph_def = as_message(graph_def, GraphDef, "graph_def")
    places = {node.name: at for at, node in enumerate(graph_def.node)}
    needed: set[str] = set()
    todo = list(dest_nodes)
    while todo:
        name = todo.pop()
        if name in needed:
            continue
        if name not in places:
            raise TensorNotFoundError(f"the graph has no node {name!r}")
        needed.add(name)
        todo.extend(map(op_name, graph_def.node[places[name]].input))
    result = GraphDef(versions=graph_def.versions, library=graph_def.library)
    result.node.extend(graph_def.node[at] for at in sorted(map(places.__getitem__, needed)))
    return result


def remove_training_nodes(
    input_graph: GraphDef, protected_nodes: Collection[str] | None = None
) -> GraphDef:
    """Return a graph without its CheckNumerics, and without Identity nodes that do nothing.

    What took such an Identity takes the Identity's own input instead. Nodes whose names are in
    `protected_nodes` stay, and so do those that another node waits for (a control input) or is
    placed with (``_class``).

    >>> import tfckpt
    >>> graph_def = tfckpt.GraphDef()
    >>> for name, op, source in [("a", "Const", []), ("b", "Identity", ["a"]), ("c", "Neg", ["b"])]:
    ...     _ = graph_def.node.add(name=name, op=op, input=source)
    >>> [(node.name, list(node.input)) for node in remove_training_nodes(graph_def).node]
    [('a', []), ('c', ['a'])]
    """
    graph_def = as_message(input_graph, GraphDef, "input_graph")
    protected = set(protected_nodes or ())
    checks = {node.name for node in graph_def.node if node.op == "CheckNumerics"} - protected
    nodes = [_without_inputs(node, checks) for node in graph_def.node if node.name not in checks]
    spliced = _identities(nodes, protected)
    result = GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in nodes:
        if node.name not in spliced:
            node.input[:] = [_source(text, spliced) for text in node.input]
            result.node.append(node)
    return result


def _without_inputs(node: NodeDef, names: Collection[str]) -> NodeDef:
    copy = copied(node)
    copy.input[:] = [text for text in node.input if text.removeprefix("^") not in names]
    return copy


def _identities(nodes: Iterable[NodeDef], protected: Collection[str]) -> dict[str, str]:
    """Return each Identity that does nothing -> the input that it hands on."""
    found: dict[str, str] = {}
    needed = set(protected)
    for node in nodes:
        controls = [text[1:] for text in node.input if text.startswith("^")]
        needed.update(controls)
        if "_class" in node.attr:
            groups = node.attr["_class"].list.s
            needed.update(split_mark(group.decode(errors="replace"))[1] for group in groups)
        if node.op == "Identity" and node.input and not controls:
            found[node.name] = node.input[0]
    return {name: source for name, source in found.items() if name not in needed}


def _source(text: str, spliced: dict[str, str]) -> str:
    seen: set[str] = set()
    while text in spliced and text not in seen:  # identities of each other lead nowhere
        seen.add(text)
        text = spliced[text]
    return text
