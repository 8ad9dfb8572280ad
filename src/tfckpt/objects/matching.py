"""Which object of a program is which of a checkpoint: the same way leads to both.

Two roots match, children of the same name of objects that match, and slots of the same name of
optimizers that match, for variables that match (``checkpoint/restore.py``).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tfckpt.objects.nodes import ObjectGraph
    from tfckpt.protos import TrackableObjectGraph


class Match(NamedTuple):
    """What belongs together, and what is left over on either side (paths or keys)."""

    objects: dict[int, int]
    """Stored node -> node of the program."""
    keys: dict[str, str]
    """Key of the program's value -> stored key."""
    unrestored: list[str]
    """Values of the program that the checkpoint has not: their keys."""
    unused: list[str]
    """Values of the checkpoint that the program has not: their keys."""


def match(own: TrackableObjectGraph, stored: TrackableObjectGraph) -> Match:
    """Pair the objects of a program with those of a checkpoint."""
    objects = matched_objects(own, stored)
    keys: dict[str, str] = {}
    unused: list[str] = []
    for stored_id, node in enumerate(stored.nodes):
        own_id = objects.get(stored_id)
        mine = {} if own_id is None else {one.name: one for one in own.nodes[own_id].attributes}
        for attribute in node.attributes:
            if attribute.name in mine:
                keys.setdefault(mine[attribute.name].checkpoint_key, attribute.checkpoint_key)
            else:
                unused.append(attribute.checkpoint_key)
    own_keys = [one.checkpoint_key for node in own.nodes for one in node.attributes]
    return Match(objects, keys, [key for key in own_keys if key not in keys], unused)


def matched_objects(own: ObjectGraph, stored: TrackableObjectGraph) -> dict[int, int]:
    """Return which node of `own` each node of `stored` is; those that are none are left out."""
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
    for stored_id, own_id in list(objects.items()):
        slots = {
            (one.slot_name, one.original_variable_node_id): one.slot_variable_node_id
            for one in own.nodes[own_id].slot_variables
        }
        for slot in stored.nodes[stored_id].slot_variables:
            variable = objects.get(slot.original_variable_node_id)
            found = slots.get((slot.slot_name, -1 if variable is None else variable))
            if found is not None:
                objects.setdefault(slot.slot_variable_node_id, found)
    return objects
