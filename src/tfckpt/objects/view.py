"""CheckpointView: the objects of a checkpoint by their numbers, beside those of a program."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any, NamedTuple

import numpy as np

from tfckpt.names import Path
from tfckpt.objects.building import children_of, has_identity, is_container, is_nothing
from tfckpt.objects.checkpoint import Checkpoint
from tfckpt.objects.nodes import NodePaths, object_graph

logger = logging.getLogger("tfckpt")


class CheckpointView:
    """Which objects an object-based checkpoint has, and which objects of a program they are.

    Stands in for ``tf.train.CheckpointView``. Objects of the checkpoint are numbers of nodes: 0
    is the root. Objects of the program are what `Checkpoint` takes: dicts, lists, tuples and
    arrays, or a `Checkpoint` itself. Only the graph is read, no values.

    >>> import numpy as np, tempfile, tfckpt
    >>> tree = {"kernel": np.zeros(2), "layers": [np.ones(1)]}
    >>> path = tfckpt.Checkpoint(**tree).write(tempfile.mkdtemp() + "/ckpt")
    >>> view = tfckpt.CheckpointView(path)
    >>> view.children(0), view.descendants()
    ({'kernel': 1, 'layers': 2}, [0, 1, 2, 3])
    >>> view.match({"layers": [np.zeros(1)]})
    {0: {'layers': [array([0.])]}, 2: [array([0.])], 3: array([0.])}

    Raises what `object_graph` raises: InvalidArgumentError (a ValueError) for a name-based
    checkpoint.
    """

    def __init__(self, save_path: Path) -> None:
        self._graph = object_graph(save_path)

    def children(self, node_id: int) -> dict[str, int]:
        """Return the children of a node: local name -> node.

        Raises IndexError for a number that is no node's.
        """
        count = len(self._graph.nodes)
        if not 0 <= node_id < count:
            raise IndexError(f"there is no node {node_id}: this checkpoint has {count}")
        return {child.local_name: child.node_id for child in self._graph.nodes[node_id].children}

    def descendants(self) -> list[int]:
        """Return the nodes that the root leads to, itself first, nearer ones before others."""
        return list(NodePaths(self._graph).links)

    def match(self, obj: object) -> dict[int, Any]:
        """Return the objects below `obj` that nodes have, by node: the same way leads to both.

        The roots always match. A node to which several ways lead is matched by the first.

        Raises ValueError for what is no object.
        """
        program = _Program.of(obj)
        return {node: program.objects[own] for node, own in self._matched(program).items()}

    def diff(self, obj: object) -> tuple[dict[int, Any], list[int], list[Any]]:
        """Return what `match` does, the nodes without an object, and the objects without a node.

        Raises ValueError for what is no object.
        """
        program = _Program.of(obj)
        matched = self._matched(program)
        found = {node: program.objects[own] for node, own in matched.items()}
        only_stored = [node for node in self.descendants() if node not in matched]
        with_node = set(matched.values())
        only_here = [one for own, one in enumerate(program.objects) if own not in with_node]
        return found, only_stored, only_here

    def _matched(self, program: _Program) -> dict[int, int]:
        matched = {0: 0}
        queue = deque(matched.items())
        while queue:
            node, own = queue.popleft()
            mine = program.children[own]
            for name, child in self.children(node).items():
                if name not in mine or not child:
                    continue
                if child not in matched:
                    matched[child] = mine[name]
                    queue.append((child, mine[name]))
                elif matched[child] != mine[name]:
                    logger.warning(
                        "node %d of the checkpoint is two objects here, one of them %r of a %s",
                        child,
                        name,
                        type(program.objects[own]).__name__,
                    )
        return matched


class _Program(NamedTuple):
    """The objects that a root leads to, nearer ones first, and the children of each by number."""

    objects: list[Any]
    children: list[dict[str, int]]

    @classmethod
    def of(cls, root: object) -> _Program:
        if not (_leads_on(root) or isinstance(root, np.ndarray)):
            raise ValueError(
                f"Expected a Checkpoint, dict, list, tuple or array, got {root!r:.80} of type "
                f"{type(root)}."
            )
        objects, children = [root], []
        numbers = {id(root): 0}
        for one in objects:  # grows meanwhile
            mine: dict[str, int] = {}
            for name, child in _children(one):
                known = numbers.get(id(child)) if has_identity(child) else None
                if known is None:
                    known = numbers[id(child)] = len(objects)
                    objects.append(child)
                mine[name] = known
            children.append(mine)
        return cls(objects, children)


def _leads_on(value: object) -> bool:
    return isinstance(value, Checkpoint) or is_container(value)


def _children(value: Any) -> list[tuple[str, Any]]:
    if not _leads_on(value):
        return []
    tree = value._tree if isinstance(value, Checkpoint) else value
    return [(name, child) for name, child in children_of(tree) if not is_nothing(child)]
