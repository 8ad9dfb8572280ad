"""What the layers below `tfckpt.graph` know of a Graph: that messages can be made of it.

They write and list graphs, and so take a `tfckpt.graph.Graph`, which they cannot import: it stands
above them, and registers itself here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import singledispatch
from typing import Any

from tfckpt.graphdef.messages import copied
from tfckpt.protos import GraphDef, MetaGraphDef


class LiveGraph(ABC):
    """The base of Graph."""

    @abstractmethod
    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> GraphDef:
        """Return the nodes, functions and versions as a message of the caller's own."""


@singledispatch
def as_meta_graph(graph: Any) -> MetaGraphDef:
    """Return a graph with its collections as a message of the caller's own.

    A MetaGraphDef is copied; whoever makes graphs in memory registers how they are exported.
    """
    raise TypeError(f"a graph is a Graph or a MetaGraphDef, not {type(graph).__name__}")


@as_meta_graph.register(MetaGraphDef)
def _(graph: MetaGraphDef) -> MetaGraphDef:
    return copied(graph)
