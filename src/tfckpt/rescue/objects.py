"""The graph of objects of a checkpoint that has lost some of its values.

TensorFlow refuses a checkpoint whose graph names a tensor that is not there. So the graph loses the
lost values too; the objects stay, because others are found by their numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from tfckpt.errors import CheckpointError
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objectgraph.nodes import parse_object_graph
from tfckpt.objects.values import Holders
from tfckpt.rescue.survey import Piece, Survivor, everything
from tfckpt.tensors.stored import Array


def without_lost(graph: Survivor, names: Collection[str]) -> tuple[Survivor, list[str]] | None:
    """Take what has no value among `names` off a graph of objects; return the keys too.

    The objects stay, so that all others are found as they were. None for what is no graph.
    """
    try:
        serialized: Any = graph.pieces[0].read()[()]
        message = parse_object_graph(serialized)
    except (CheckpointError, TypeError):
        return None
    holders = Holders(set(names) - {OBJECT_GRAPH_KEY}, message)
    gone: list[str] = []
    for node in message.nodes:
        stay = [attribute for attribute in node.attributes if holders.of(attribute.checkpoint_key)]
        if len(stay) < len(node.attributes):
            kept = {attribute.checkpoint_key for attribute in stay}
            gone += (
                attribute.checkpoint_key
                for attribute in node.attributes
                if attribute.checkpoint_key not in kept
            )
            del node.attributes[:]
            node.attributes.extend(stay)
    if not gone:
        return graph, []
    changed = message.SerializeToString(deterministic=True)

    def read() -> Array:
        return np.array(changed, object)

    piece = Piece(everything(()), len(changed), read)
    return graph._replace(pieces=(piece,)), gone
