"""The object graph: which objects a checkpoint has, and which keys hold their values.

    node       an object: children by local name, attributes, slot variables; node 0 is the root
    attribute  a value of the object, and the key of the tensor that holds it
    slot       (variable, slot name, node with the value), kept by the optimizer's node

Objects may refer to each other in circles. Nodes are numbered breadth first, so that a key has the
shortest way to its object. Slot variables come last, and are no node's children
(``trackable_object_graph.proto``, ``checkpoint/graph_view.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from tfckpt import limits
from tfckpt.errors import (
    DataLossError,
    InvalidArgumentError,
    ResourceExhaustedError,
    TensorNotFoundError,
    located,
)
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objectgraph.keys import join_path, slot_path, split_path, split_slot
from tfckpt.parsing import parse_binary
from tfckpt.reader import TensorReader
from tfckpt.tensors.stored import as_storable

if TYPE_CHECKING:
    from tfckpt.protos import SavedObject, SavedObjectGraph, TrackableObjectGraph

    TrackableObject = TrackableObjectGraph.TrackableObject
    SerializedTensor = TrackableObject.SerializedTensor
    # That of a checkpoint, or that of a SavedModel: children and slots are the same in both.
    ObjectGraph: TypeAlias = TrackableObjectGraph | SavedObjectGraph


def read_object_graph(reader: TensorReader) -> TrackableObjectGraph:
    """Return the object graph of an open checkpoint.

    Raises InvalidArgumentError for a name-based checkpoint, DataLossError for a graph that
    contradicts itself: no root, or a reference to a node that is not there.
    """
    try:
        serialized = reader.get_tensor(OBJECT_GRAPH_KEY)
    except TensorNotFoundError:
        raise InvalidArgumentError(
            f"a name-based checkpoint: it has no object graph ({OBJECT_GRAPH_KEY}); "
            f"read it with `load` or `load_checkpoint`",
            path=reader.path,
        ) from None
    if not isinstance(serialized, bytes):
        raise DataLossError(
            "the object graph should be one string", path=reader.path, tensor=OBJECT_GRAPH_KEY
        )
    return parse_object_graph(serialized, reader.path)


def given_object_graph(value: object, path: str) -> TrackableObjectGraph:
    """Return the object graph that is among tensors to be written.

    Raises InvalidArgumentError for what is not one string, or not an object graph.
    """
    array, _ = as_storable(value)
    serialized = array.item() if array.shape == () else None
    if not isinstance(serialized, bytes):
        raise InvalidArgumentError(
            "the object graph should be one string of bytes", path=path, tensor=OBJECT_GRAPH_KEY
        )
    try:
        return parse_object_graph(serialized, path)
    except DataLossError as error:
        raise InvalidArgumentError(error.message, path=path, tensor=error.tensor) from None


def parse_object_graph(serialized: bytes, path: str | None = None) -> TrackableObjectGraph:
    """Return the object graph that the bytes hold.

    Raises DataLossError if they hold none, or one that contradicts itself.
    """
    from tfckpt.protos import TrackableObjectGraph

    with located(path, OBJECT_GRAPH_KEY):
        graph = parse_binary(serialized, TrackableObjectGraph)
    check_object_graph(graph, path)
    return graph


def check_object_graph(graph: TrackableObjectGraph, path: str | None = None) -> None:
    """Check that a graph has a root, that what its nodes refer to is there, and names are unique.

    Raises DataLossError, which names the node.
    """
    try:
        check_references(graph)
        _check_keys(graph)
    except (DataLossError, ResourceExhaustedError) as error:
        raise type(error)(error.message, path=path, tensor=OBJECT_GRAPH_KEY) from None


def check_references(graph: ObjectGraph) -> None:
    """Check that a graph has a root, that what its nodes refer to is there, and names are unique.

    Raises DataLossError, which names the node.
    """
    if not graph.nodes:
        raise DataLossError("the object graph has no nodes, not even a root")
    nodes: Sequence[TrackableObject | SavedObject] = graph.nodes
    count = objects = len(nodes)
    for node_id, node in enumerate(nodes):
        objects += len(node.children) + len(node.slot_variables)
        objects += len(getattr(node, "attributes", ()))
        limits.current().check("objects", objects, "objects and references")
        check_node(node_id, node, count)


def check_node(node_id: int, node: TrackableObject | SavedObject, count: int) -> None:
    """Check one of `count` nodes: what it refers to is there, and no name comes twice."""
    names: set[str] = set()
    for child in node.children:
        name = child.local_name
        if not 0 <= child.node_id < count:
            raise _no_node(node_id, f"child {name!r}", child.node_id, count)
        if name in names:
            raise DataLossError(f"node {node_id}: two children are named {name!r}")
        names.add(name)
    for slot in node.slot_variables:
        for target in (slot.slot_variable_node_id, slot.original_variable_node_id):
            if not 0 <= target < count:
                raise _no_node(node_id, f"slot {slot.slot_name!r}", target, count)


def _no_node(node_id: int, what: str, target: int, count: int) -> DataLossError:
    return DataLossError(f"node {node_id}: {what} is node {target}, there are {count}")


def _check_keys(graph: TrackableObjectGraph) -> None:
    owners: dict[str, str] = {}
    for node_id, attribute in attributes_of(graph):
        owner = f"attribute {attribute.name!r} of node {node_id}"
        if not attribute.checkpoint_key:
            raise DataLossError(f"{owner} names no tensor: its key is empty")
        first = owners.setdefault(attribute.checkpoint_key, owner)
        if first is not owner:
            raise DataLossError(
                f"{first} and {owner} have the same key {attribute.checkpoint_key!r}"
            )


def attributes_of(graph: TrackableObjectGraph) -> Iterator[tuple[int, SerializedTensor]]:
    """Yield each attribute of a graph with the number of its node, in the order of the nodes."""
    for node_id, node in enumerate(graph.nodes):
        for attribute in node.attributes:
            yield node_id, attribute


def node_at(graph: ObjectGraph, path: str) -> int | None:
    """Return the node at a path, which may be a slot variable's; None if there is none.

    Any way from the root will do, not only the shortest, which keys have.
    """
    found = split_slot(path)
    if found is None:
        return _follow(graph, split_path(path))
    variable, optimizer, slot = found
    owner, original = _follow(graph, optimizer), _follow(graph, variable)
    if owner is None or original is None:
        return None
    slots = graph.nodes[owner].slot_variables
    of_variable = (found for found in slots if found.original_variable_node_id == original)
    return next((it.slot_variable_node_id for it in of_variable if it.slot_name == slot), None)


def _follow(graph: ObjectGraph, names: Sequence[str]) -> int | None:
    node_id = 0
    for name in names:
        children = graph.nodes[node_id].children
        found = next((child.node_id for child in children if child.local_name == name), None)
        if found is None:
            return None
        node_id = found
    return node_id


class NodePaths(Mapping[int, str]):
    """The path of every node that the root leads to, shortest first, then of slot variables.

    Slot variables have the path that their keys begin with. Nodes that nothing leads to have none.
    Paths are made when asked for: all those of a long chain would be far bigger than its graph.
    """

    def __init__(self, graph: TrackableObjectGraph) -> None:
        self.links: dict[int, tuple[int, str]] = {0: (-1, "")}
        """Node -> the node from which it is first reached, and its name there."""
        self._slots: dict[int, tuple[int, int, str]] = {}
        level, depth = [0], 0
        while level:
            limits.current().check("nesting", depth, "objects below each other")
            depth += 1
            level = [child for node_id in level for child in self._enter(graph, node_id)]
        for node_id in self.links:
            for slot in graph.nodes[node_id].slot_variables:
                variable, owned = slot.original_variable_node_id, slot.slot_variable_node_id
                if variable in self.links and owned not in self.links:
                    self._slots.setdefault(owned, (variable, node_id, slot.slot_name))

    def _enter(self, graph: TrackableObjectGraph, node_id: int) -> Iterator[int]:
        """Yield the children that were not reached before."""
        for child in graph.nodes[node_id].children:
            if child.node_id not in self.links:
                self.links[child.node_id] = node_id, child.local_name
                yield child.node_id

    def names(self, node_id: int) -> tuple[str, ...]:
        """Return the local names on the way to a node that is no slot variable."""
        names: list[str] = []
        while node_id:
            node_id, name = self.links[node_id]
            names.append(name)
        return tuple(reversed(names))

    def __getitem__(self, node_id: int) -> str:
        if node_id in self.links:
            return join_path(self.names(node_id))
        variable, optimizer, slot = self._slots[node_id]
        return slot_path(self[variable], self[optimizer], slot)

    def __iter__(self) -> Iterator[int]:
        yield from self.links
        yield from self._slots

    def __len__(self) -> int:
        return len(self.links) + len(self._slots)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self.links or node_id in self._slots
