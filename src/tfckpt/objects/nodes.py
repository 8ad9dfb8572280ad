"""The object graph: which objects a checkpoint has, and which keys hold their values.

    node       an object: children by local name, attributes, slot variables; node 0 is the root
    attribute  a value of the object, and the key of the tensor that holds it
    slot       (variable, slot name, node with the value), kept by the optimizer's node

Objects may refer to each other in circles. Nodes are numbered breadth first, so the shortest way
to an object is the one its key has; slot variables come last and are nobody's child
(``trackable_object_graph.proto``, ``checkpoint/graph_view.py``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from tfckpt.checkpoint import load_checkpoint
from tfckpt.errors import DataLossError, InvalidArgumentError, TensorNotFoundError
from tfckpt.names import Path
from tfckpt.objects.keys import OBJECT_GRAPH_KEY, join_path, slot_path
from tfckpt.reader import CheckpointReader

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

    TrackableObject = TrackableObjectGraph.TrackableObject


def object_graph(path: Path) -> TrackableObjectGraph:
    """Return the graph of the objects that an object-based checkpoint was made of.

    `path` is whatever `load_checkpoint` takes.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.Checkpoint(w=np.zeros(2)).write(tempfile.mkdtemp() + "/ckpt")
    >>> [child.local_name for child in tfckpt.object_graph(path).nodes[0].children]
    ['w']

    Raises InvalidArgumentError for a name-based checkpoint, DataLossError for a graph that
    contradicts itself: no root, or a reference to a node that is not there.
    """
    with load_checkpoint(path) as reader:
        return read_object_graph(reader)


def read_object_graph(reader: CheckpointReader) -> TrackableObjectGraph:
    """Return the object graph of an open checkpoint; raises as `object_graph` does."""
    from tfckpt.protos import TrackableObjectGraph

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
    try:
        graph = TrackableObjectGraph.FromString(serialized)
    except DecodeError as error:
        raise DataLossError(
            f"no TrackableObjectGraph: {error}", path=reader.path, tensor=OBJECT_GRAPH_KEY
        ) from None
    check_object_graph(graph, reader.path)
    return graph


def check_object_graph(graph: TrackableObjectGraph, path: str | None = None) -> None:
    """Check that a graph has a root, that what its nodes refer to is there, and names are unique.

    Raises DataLossError, which names the node.
    """
    try:
        if not graph.nodes:
            raise DataLossError("the object graph has no nodes, not even a root")
        for node_id, node in enumerate(graph.nodes):
            _check_references(node_id, node, len(graph.nodes))
        _check_keys(graph)
    except DataLossError as error:
        raise DataLossError(error.message, path=path, tensor=OBJECT_GRAPH_KEY) from None


def _check_references(node_id: int, node: TrackableObject, count: int) -> None:
    references = [(f"child {one.local_name!r}", one.node_id) for one in node.children]
    for slot in node.slot_variables:
        references.append((f"slot {slot.slot_name!r}", slot.slot_variable_node_id))
        variable = f"the variable of slot {slot.slot_name!r}"
        references.append((variable, slot.original_variable_node_id))
    for what, target in references:
        if not 0 <= target < count:
            raise DataLossError(f"node {node_id}: {what} is node {target}, there are {count}")
    names = [child.local_name for child in node.children]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataLossError(f"node {node_id}: two children are named {twice!r}")


def _check_keys(graph: TrackableObjectGraph) -> None:
    owners: dict[str, str] = {}
    for node_id, node in enumerate(graph.nodes):
        for attribute in node.attributes:
            owner = f"attribute {attribute.name!r} of node {node_id}"
            first = owners.setdefault(attribute.checkpoint_key, owner)
            if first is not owner:
                raise DataLossError(
                    f"{first} and {owner} have the same key {attribute.checkpoint_key!r}"
                )


class NodePaths(Mapping[int, str]):
    """The path of every node that the root leads to, shortest first, then of slot variables.

    Slot variables have the path that their keys begin with. Nodes that nothing leads to have none.
    Paths are made when asked for: all those of a long chain would be far bigger than its graph.
    """

    def __init__(self, graph: TrackableObjectGraph) -> None:
        self.links: dict[int, tuple[int, str]] = {0: (-1, "")}
        """The node from which each is first come to, and its name there."""
        self._slots: dict[int, tuple[int, int, str]] = {}
        queue = deque([0])
        while queue:
            node_id = queue.popleft()
            for child in graph.nodes[node_id].children:
                if child.node_id not in self.links:
                    self.links[child.node_id] = node_id, child.local_name
                    queue.append(child.node_id)
        for node_id in self.links:
            for slot in graph.nodes[node_id].slot_variables:
                variable, owned = slot.original_variable_node_id, slot.slot_variable_node_id
                if variable in self.links and owned not in self.links:
                    self._slots.setdefault(owned, (variable, node_id, slot.slot_name))

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
