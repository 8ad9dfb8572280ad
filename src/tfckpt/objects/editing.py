"""The object graph of a checkpoint that some values are left out of, or whose objects move.

TensorFlow matches objects by the names on the way from the root, and reads each value under the
key that its node says. Both change together here: a value that is left out takes the objects with
it that were there for it alone, and one that gets another path takes them along.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import OBJECT_GRAPH_KEY, shown
from tfckpt.objectgraph.keys import attribute_key, join_path, parse_key, slot_path, split_path
from tfckpt.objectgraph.nodes import NodePaths
from tfckpt.objects.building import mark_checkpoint_values
from tfckpt.objects.trackable import Names

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

    TrackableObject = TrackableObjectGraph.TrackableObject


def without_values(
    graph: TrackableObjectGraph, gone: Collection[str], objects: Collection[int] = ()
) -> tuple[TrackableObjectGraph, dict[str, str]]:
    """Return the graph without the values of these keys, and without the objects these leave empty.

    Of `objects`, too, nothing is left but what others lead to. Values that had their keys from a
    path through what is gone get those of the paths that are left: new keys are returned by the
    old ones.

    Raises InvalidArgumentError for slot variables that would stay without their variables.
    """
    before, paths = _leading_to_values(graph), NodePaths(graph)
    pruned = _copied(graph)
    for node in pruned.nodes:
        left = [child for child in node.children if child.node_id not in objects]
        del node.children[:]
        node.children.extend(left)
    for node in pruned.nodes:
        kept = [attribute for attribute in node.attributes if attribute.checkpoint_key not in gone]
        del node.attributes[:]
        node.attributes.extend(kept)
    _remove_emptied(pruned, before)
    keys = _keys_after(pruned, paths)
    stray = sorted(keys_of(graph) - keys.keys() - set(gone))
    if stray:
        raise InvalidArgumentError(
            f"{len(stray)} slot variables would be left without their variables: {shown(stray)}; "
            f"leave them out, too",
            tensor=OBJECT_GRAPH_KEY,
        )
    return _renumbered(pruned), keys


def _keys_after(graph: TrackableObjectGraph, before: NodePaths) -> dict[str, str]:
    """Give values whose keys were those of paths `before` the keys of their paths now."""
    keys: dict[str, str] = {}
    for node_id, path in NodePaths(graph).items():
        for attribute in graph.nodes[node_id].attributes:
            key, parts = attribute.checkpoint_key, parse_key(attribute.checkpoint_key)
            changed = path != before[node_id] and key.startswith(f"{before[node_id]}/.ATTRIBUTES/")
            if changed and parts is not None:
                attribute.checkpoint_key = attribute_key(path, parts.attribute)
            keys[key] = attribute.checkpoint_key
    return keys


def moved(
    graph: TrackableObjectGraph, wanted: Mapping[str, str], objects: Mapping[str, str]
) -> tuple[TrackableObjectGraph, dict[str, str]]:
    """Return the graph whose values have other paths, and the new key of each by its old one.

    `wanted` has the new keys of those that change, `objects` the new paths of objects by the old
    ones, which count for those that no value has its key from. Where all values below an object
    move alike, it moves itself, with all that belongs to it; objects on the way that are not there
    are made.
    Keys of slot variables follow those of variable and optimizer, whatever `wanted` says of them.

    Raises InvalidArgumentError for a key that is no path, and where two values would have one.
    """
    return _Move(graph, wanted, objects).result()


def keys_of(graph: TrackableObjectGraph) -> set[str]:
    """Return the keys of all values."""
    return {attribute.checkpoint_key for node in graph.nodes for attribute in node.attributes}


class _Move:
    def __init__(
        self,
        graph: TrackableObjectGraph,
        wanted: Mapping[str, str],
        objects: Mapping[str, str],
    ) -> None:
        self._before = _leading_to_values(graph)
        self._paths = NodePaths(graph)
        self._old = graph
        self._objects = objects
        self._targets = self._new_paths(wanted)
        self._graph = _copied(graph)

    def _new_paths(self, wanted: Mapping[str, str]) -> dict[int, Names]:
        """Return the path that each object with values shall have."""
        targets: dict[int, Names] = {}
        for node_id in self._paths.links:
            for attribute in self._old.nodes[node_id].attributes:
                key = attribute.checkpoint_key
                path = self._paths.names(node_id)
                if key in wanted and wanted[key] != key:
                    path = _path_of(key, wanted[key])
                if targets.setdefault(node_id, path) != path:
                    raise InvalidArgumentError(
                        f"the object at {self._paths[node_id]!r} has several values, which can "
                        f"only move together",
                        tensor=key,
                    )
        return targets

    def result(self) -> tuple[TrackableObjectGraph, dict[str, str]]:
        units = self._units()
        if 0 in units:
            self._sink_root(units.pop(0))
        else:
            for node_id in units:
                self._cut(node_id)
            for node_id, path in units.items():
                self._put(node_id, path)
        _remove_emptied(self._graph, self._before)
        keys = self._name_values()
        made = _renumbered(self._graph)
        lost = sorted(set(keys.values()) - keys_of(made))
        if lost:
            raise InvalidArgumentError(f"nothing leads to {shown(lost)} any more")
        return made, keys

    def _units(self) -> dict[int, Names]:
        """Return the objects that move as a whole, none below another: node -> new path."""
        aims = self._aims()
        units: dict[int, Names] = {}
        inside: set[int] = set()
        for node_id, (parent, _) in self._paths.links.items():  # parents come first
            aim = aims.get(node_id)
            if parent in inside:
                inside.add(node_id)
            elif aim is not None:
                inside.add(node_id)
                if aim != self._paths.names(node_id):
                    units[node_id] = aim
        return units

    def _aims(self) -> dict[int, Names | None]:
        """Return where each object goes if all below it go alike, None where they do not."""
        links = self._paths.links
        valueless = self._valueless()
        ends = valueless - {parent for parent, _ in links.values()}
        aims: dict[int, Names | None] = {end: self._objects_path(end) for end in ends}
        aims |= self._targets
        for node_id, (parent, name) in reversed(links.items()):
            counts = parent in valueless or node_id not in valueless
            if node_id in aims and parent >= 0 and counts:
                aim = aims[node_id]
                above = aim[:-1] if aim and aim[-1] == name else None
                if aims.setdefault(parent, above) != above:
                    aims[parent] = None
        for node_id, path in self._targets.items():
            if aims[node_id] is None and path != self._paths.names(node_id):
                raise InvalidArgumentError(
                    f"the object at {self._paths[node_id]!r} has a value, and others below it: "
                    f"they can only move together",
                    tensor=OBJECT_GRAPH_KEY,
                )
        return aims

    def _valueless(self) -> set[int]:
        """Return the objects that no value has its path through."""
        ways = set(self._targets)
        for node_id, (parent, _) in reversed(self._paths.links.items()):
            if node_id in ways:
                ways.add(parent)
        return self._paths.links.keys() - ways

    def _objects_path(self, node_id: int) -> Names:
        path = self._paths[node_id]
        return split_path(self._objects.get(path, path))

    def _sink_root(self, path: Names) -> None:
        """Put all that there is below a new root."""
        nodes = self._graph.nodes
        new_id = len(nodes)
        nodes.add().CopyFrom(nodes[0])
        nodes[0].Clear()
        self._redirect(0, new_id)
        self._before.add(new_id)
        self._targets = {
            new_id if target == 0 else target: p for target, p in self._targets.items()
        }
        self._put(new_id, path)

    def _cut(self, node_id: int) -> None:
        """Take away the edge by which an object has its path."""
        parent, name = self._paths.links[node_id]
        children = self._graph.nodes[parent].children
        kept = [child for child in children if child.local_name != name]
        del children[:]
        children.extend(kept)

    def _put(self, node_id: int, path: Names) -> None:
        """Give an object its new path; what has it already becomes one with it."""
        at = 0
        for depth, name in enumerate(path):
            last = depth == len(path) - 1
            below = self._child(at, name)
            if below is None:
                below = node_id if last else self._new_node()
                self._graph.nodes[at].children.add(node_id=below, local_name=name)
            at = below
        if at != node_id:
            self._merge(node_id, at)

    def _child(self, node_id: int, name: str) -> int | None:
        children = self._graph.nodes[node_id].children
        return next((child.node_id for child in children if child.local_name == name), None)

    def _new_node(self) -> int:
        self._graph.nodes.add()
        return len(self._graph.nodes) - 1

    def _merge(self, node_id: int, into: int) -> None:
        """Make two objects one. Raises InvalidArgumentError where both have a value or child."""
        node, other = self._graph.nodes[node_id], self._graph.nodes[into]
        names = {child.local_name: child.node_id for child in other.children}
        clash = [
            child.local_name
            for child in node.children
            if names.get(child.local_name, child.node_id) != child.node_id
        ]
        if clash or (node.attributes and other.attributes):
            raise InvalidArgumentError(
                f"what is at {self._paths.get(node_id, '')!r} cannot go where "
                f"{self._paths.get(into, '')!r} is: both have {shown(clash) or 'values'}",
                tensor=OBJECT_GRAPH_KEY,
            )
        other.children.extend(c for c in node.children if c.local_name not in names)
        other.attributes.extend(node.attributes)
        other.slot_variables.extend(node.slot_variables)
        node.Clear()
        self._redirect(node_id, into)
        if node_id in self._targets:
            self._targets[into] = self._targets.pop(node_id)
        self._before.add(into)

    def _redirect(self, old: int, new: int) -> None:
        for node in self._graph.nodes:
            for child in node.children:
                child.node_id = new if child.node_id == old else child.node_id
            for slot in node.slot_variables:
                if slot.original_variable_node_id == old:
                    slot.original_variable_node_id = new

    def _name_values(self) -> dict[str, str]:
        """Give values the keys of their new paths; return these by the old ones."""
        paths = NodePaths(self._graph)
        at = {node_id: join_path(path) for node_id, path in self._targets.items()}
        for owner in paths.links:
            for slot in self._graph.nodes[owner].slot_variables:
                variable, slot_node = slot.original_variable_node_id, slot.slot_variable_node_id
                path = at.get(variable) or paths.get(variable)
                if path is not None and slot_node not in at:
                    at[slot_node] = slot_path(path, paths[owner], slot.slot_name)
        keys: dict[str, str] = {}
        for node_id, node in enumerate(self._graph.nodes):
            for attribute in node.attributes:
                parts = parse_key(attribute.checkpoint_key)
                new = attribute.checkpoint_key
                if node_id in at and parts is not None:
                    new = attribute_key(at[node_id], parts.attribute)
                keys[attribute.checkpoint_key] = attribute.checkpoint_key = new
        twice = sorted(key for key, count in Counter(keys.values()).items() if count > 1)
        if twice:
            raise InvalidArgumentError(
                f"several values would have the keys {shown(twice)}", tensor=OBJECT_GRAPH_KEY
            )
        return keys


def _path_of(key: str, new_key: str) -> Names:
    old, new = parse_key(key), parse_key(new_key)
    if new is None or old is None or new.slot is not None or new.attribute != old.attribute:
        raise InvalidArgumentError(
            f"in an object-based checkpoint it cannot be called {new_key!r}: only the path before "
            f"/.ATTRIBUTES/ can change. Leave out {OBJECT_GRAPH_KEY!r} for a name-based checkpoint",
            tensor=key,
        )
    return new.names


def _copied(graph: TrackableObjectGraph) -> TrackableObjectGraph:
    made = type(graph)()
    made.CopyFrom(graph)
    return made


def _leading_to_values(graph: TrackableObjectGraph) -> set[int]:
    """Return the nodes that have a value, or from which children or slots lead to one."""
    parents: dict[int, list[int]] = {}
    for node_id, node in enumerate(graph.nodes):
        for child in node.children:
            parents.setdefault(child.node_id, []).append(node_id)
        for slot in node.slot_variables:
            parents.setdefault(slot.slot_variable_node_id, []).append(node_id)
    todo = [node_id for node_id, node in enumerate(graph.nodes) if node.attributes]
    found = set(todo)
    while todo:
        for parent in parents.get(todo.pop(), ()):
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return found


def _remove_emptied(graph: TrackableObjectGraph, before: set[int]) -> None:
    """Take away the references to objects that led to values `before` and do no more."""
    gone = before - _leading_to_values(graph)
    for node in graph.nodes:
        children = [child for child in node.children if child.node_id not in gone]
        slots = [
            slot
            for slot in node.slot_variables
            if not {slot.slot_variable_node_id, slot.original_variable_node_id} & gone
        ]
        del node.children[:], node.slot_variables[:]
        node.children.extend(children)
        node.slot_variables.extend(slots)


def _renumbered(graph: TrackableObjectGraph) -> TrackableObjectGraph:
    """Return the graph without the nodes that nothing leads to."""
    reached = sorted(NodePaths(graph))
    number = {node_id: at for at, node_id in enumerate(reached)}
    made = type(graph)()
    for node_id in reached:
        made.nodes.add().CopyFrom(graph.nodes[node_id])
    for node in made.nodes:
        for child in node.children:
            child.node_id = number[child.node_id]
        slots = [
            slot
            for slot in node.slot_variables
            if slot.slot_variable_node_id in number and slot.original_variable_node_id in number
        ]
        for slot in slots:
            slot.slot_variable_node_id = number[slot.slot_variable_node_id]
            slot.original_variable_node_id = number[slot.original_variable_node_id]
        del node.slot_variables[:]
        node.slot_variables.extend(slots)
    if any(node.HasField("has_checkpoint_values") for node in graph.nodes):
        mark_checkpoint_values(made)
    return made
