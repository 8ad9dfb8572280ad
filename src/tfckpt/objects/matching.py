"""Which object of a program is which of a checkpoint: the same way leads to both.

Takes two object graphs, gives pairs of nodes or of keys. By TensorFlow's ``checkpoint/restore.py``

- the two roots match;
- children of one name match, if the objects that have them do;
- slots of one name match, if the optimizers that have them and the variables that they are for do.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tfckpt.objectgraph.nodes import ObjectGraph
    from tfckpt.protos import TrackableObjectGraph


class Match(NamedTuple):
    """Which values of a checkpoint and of a program belong together."""

    keys: list[tuple[str, str]]
    """Key of the checkpoint's value, key of the program's."""
    is_trivial: bool = False
    """Whether nothing but the roots match."""


def match(own: TrackableObjectGraph, stored: TrackableObjectGraph, *, slots: bool = True) -> Match:
    """Pair the objects of a program with those of a checkpoint; `slots`: slot variables too."""
    objects = matched_objects(own, stored) if slots else match_children(own, stored)
    keys = []
    for stored_id, own_id in objects.items():
        mine = {
            attribute.name: attribute.checkpoint_key for attribute in own.nodes[own_id].attributes
        }
        keys += [
            (attribute.checkpoint_key, mine[attribute.name])
            for attribute in stored.nodes[stored_id].attributes
            if attribute.name in mine
        ]
    return Match(keys, len(objects) <= 1)


def matched_objects(own: ObjectGraph, stored: TrackableObjectGraph) -> dict[int, int]:
    """Return which object of the program each object of the checkpoint is, slot variables too."""
    objects = match_children(own, stored)
    _add_slots(objects, own, stored)
    return objects


def match_children(own: ObjectGraph, stored: TrackableObjectGraph) -> dict[int, int]:
    """Return which object of the program each object of the checkpoint is, nearer ones first."""
    objects = {0: 0}
    queue = deque([(0, 0)])
    while queue:
        stored_id, own_id = queue.popleft()
        mine = {child.local_name: child.node_id for child in own.nodes[own_id].children}
        for child in stored.nodes[stored_id].children:
            found = mine.get(child.local_name)
            if found is not None and child.node_id not in objects:
                objects[child.node_id] = found
                queue.append((child.node_id, found))
    return objects


def slot_keys(graph: TrackableObjectGraph) -> set[str]:
    """Return the keys of slot variables that are not an object's children too."""
    owned = {slot.slot_variable_node_id for node in graph.nodes for slot in node.slot_variables}
    owned -= {child.node_id for node in graph.nodes for child in node.children}
    return {held.checkpoint_key for node_id in owned for held in graph.nodes[node_id].attributes}


def _add_slots(objects: dict[int, int], own: ObjectGraph, stored: TrackableObjectGraph) -> None:
    for stored_id, own_id in list(objects.items()):
        slots = {
            (slot.slot_name, slot.original_variable_node_id): slot.slot_variable_node_id
            for slot in own.nodes[own_id].slot_variables
        }
        for slot in stored.nodes[stored_id].slot_variables:
            variable = objects.get(slot.original_variable_node_id)
            found = slots.get((slot.slot_name, -1 if variable is None else variable))
            if found is not None:
                objects.setdefault(slot.slot_variable_node_id, found)
