"""A checkpoint that was read to be changed and written again, with all it says of its objects.

The graph is kept as it was, because a tree of dicts and lists cannot say all that it says: slots,
registered savers, Python state, the order of nodes. Beside it is kept where in the tree each value
stands. So values can be changed, and objects neither added nor removed.
"""

from __future__ import annotations

from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any

from tfckpt.bundle.reader import BundleReader
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath
from tfckpt.objectgraph.keys import VARIABLE_VALUE, join_path
from tfckpt.objectgraph.nodes import attributes_of
from tfckpt.objects.building import COUNTER_KEY, SAVE_COUNTER, mark_checkpoint_values
from tfckpt.objects.trackable import Names
from tfckpt.objects.tree import Maker, open_views
from tfckpt.objects.values import ObjectValues
from tfckpt.reader import TensorReader

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

    TrackableObject = TrackableObjectGraph.TrackableObject


class StoredObjects:
    """The graph and values of a checkpoint, and the tree that was made of them."""

    def __init__(self, path: AnyPath) -> None:
        views = open_views(path)
        source = views.source
        with source.reader:
            self.graph: TrackableObjectGraph = source.graph
            maker = Maker(views)
            self.tree: dict[str, Any] = maker.make(0)
            self.places = _places(source, maker.made)
            self._read = {key: _at(self.tree, where[0]) for key, where in self.places.items()}
            tensors = tensors_of({**self._read, OBJECT_GRAPH_KEY: b""})
            # Tensors that no attribute names: a registered saver's.
            self.others = source.reader.get_tensors(
                name for name in source.reader if name not in tensors
            )
            self._order = _disk_order(source.reader)

    def tensors(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the tensors to write, in the order of those that were read."""
        tensors = tensors_of(values)
        tensors.update(self.others)
        tensors[OBJECT_GRAPH_KEY] = self.graph.SerializeToString()
        last = len(self._order)
        order = sorted(tensors, key=lambda name: self._order.get(name, last))
        return {name: tensors[name] for name in order}

    def values(self) -> dict[str, Any]:
        """Return the values as they are in the tree now, by key.

        Raises ValueError where the tree no longer fits the graph, or two places of one variable
        were given different values.
        """
        values: dict[str, Any] = {}
        for key, places in self.places.items():
            values[key] = self._current(key, places)
        return values

    def _current(self, key: str, places: list[Names]) -> Any:
        read = self._read[key]
        changed: dict[int, tuple[Names, Any]] = {}
        for place in places:
            try:
                value = _at(self.tree, place)
            except (LookupError, TypeError, ValueError):
                raise ValueError(
                    f"there is nothing at {join_path(place)!r} any more: the objects of a "
                    f"checkpoint that was read cannot be removed, only their values changed"
                ) from None
            if value is not read:
                changed.setdefault(id(value), (place, value))
        if len(changed) > 1:
            among = " and ".join(repr(join_path(place)) for place, _ in changed.values())
            raise ValueError(f"{among} are the same variable, and were given different values")
        return next(iter(changed.values()))[1] if changed else read

    def add_counter(self) -> None:
        """Take the save_counter that the tree was given into the graph."""
        key = COUNTER_KEY
        self.graph.nodes[0].children.add(node_id=len(self.graph.nodes), local_name=SAVE_COUNTER)
        node = self.graph.nodes.add()
        node.attributes.add(name=VARIABLE_VALUE, full_name=SAVE_COUNTER, checkpoint_key=key)
        mark_checkpoint_values(self.graph)
        self.places[key] = [(SAVE_COUNTER,)]
        self._read[key] = self.tree[SAVE_COUNTER]

    def over(self, tree: dict[str, Any]) -> StoredObjects:
        """Return a Stored for `tree`, a copy of this one's; changes to either stay there."""
        stored = copy(self)
        stored.tree, stored._read, stored.places = tree, dict(self._read), dict(self.places)
        stored.graph = deepcopy(self.graph)
        return stored

    def settle(self, key: str, value: Any) -> None:
        """Take note of what all places of a variable have been given."""
        self._read[key] = value


def tensors_of(values: dict[str, Any]) -> dict[str, Any]:
    """Return the tensors that values are written as."""
    tensors: dict[str, Any] = {}
    for key, value in values.items():
        items = value.items() if isinstance(value, dict) else [("", value)]
        tensors.update((key + end, tensor) for end, tensor in items)
    return tensors


def _disk_order(reader: TensorReader) -> dict[str, int]:
    """Return the rank of each tensor by where its bytes lie."""
    assert isinstance(reader, BundleReader), "V1 has no object graphs"
    entries = reader.entries
    order = sorted(
        entries, key=lambda name: (entries[name].shard_id, entries[name].offset, entries[name].size)
    )
    return {name: rank for rank, name in enumerate(order)}


def _places(source: ObjectValues, made: dict[int, Any]) -> dict[str, list[Names]]:
    """Find where in the tree the values of a checkpoint stand, by key."""
    places: dict[str, list[Names]] = {}
    for node_id in source.paths.links:
        node = source.graph.nodes[node_id]
        if not _holds_values(source.graph, node):
            continue
        way = source.paths.names(node_id)
        taken = {child.local_name for child in node.children}
        for child in node.children:
            if child.node_id not in made:
                key = source.graph.nodes[child.node_id].attributes[0].checkpoint_key
                places.setdefault(key, []).append((*way, child.local_name))
        for attribute in node.attributes if node_id in made else ():
            if attribute.name not in taken:
                taken.add(attribute.name)
                places.setdefault(attribute.checkpoint_key, []).append((*way, attribute.name))
        for slot in node.slot_variables:
            owned = source.graph.nodes[slot.slot_variable_node_id].attributes
            variable = source.paths.get(slot.original_variable_node_id)
            if slot.slot_name not in taken and variable is not None and len(owned) == 1:
                where = (*way, slot.slot_name, variable)
                places.setdefault(owned[0].checkpoint_key, []).append(where)
    order = [attribute.checkpoint_key for _, attribute in attributes_of(source.graph)]
    return {key: places[key] for key in order if key in places}


def _holds_values(graph: TrackableObjectGraph, node: TrackableObject) -> bool:
    children = any(graph.nodes[child.node_id].attributes for child in node.children)
    return bool(children or node.attributes or node.slot_variables)


def _at(tree: Any, place: Names) -> Any:
    for name in place:
        tree = tree[int(name)] if isinstance(tree, (list, tuple)) else tree[name]
    return tree
