"""The default graph: what functions without a graph argument work on."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from tfckpt.graph.default_stack import innermost
from tfckpt.graph.graph import Graph


class _Fallback(threading.local):
    graph: Graph | None = None


_fallback = _Fallback()


def get_default_graph() -> Graph:
    """Return the thread's default graph: that of the innermost ``as_default``, else one of its own.

    >>> import tfckpt
    >>> with tfckpt.Graph().as_default() as graph:
    ...     tfckpt.get_default_graph() is graph
    True
    """
    graph = innermost()
    if isinstance(graph, Graph):
        return graph
    if _fallback.graph is None:
        _fallback.graph = Graph()
    return _fallback.graph


def reset_default_graph(graph: Graph | None = None) -> None:
    """Start over with an empty default graph, or with another one.

    Raises AssertionError within ``as_default``.
    """
    if innermost() is not None:
        raise AssertionError("reset_default_graph() cannot be used within Graph.as_default()")
    _fallback.graph = Graph() if graph is None else graph


def add_to_collection(name: str, value: Any) -> None:
    """Add to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: str | Iterable[str], value: Any) -> None:
    """Add to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: str, scope: str | None = None) -> list[Any]:
    """Return a copy of a collection of the default graph (see `Graph.get_collection`)."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: str) -> list[Any]:
    """Return a collection of the default graph itself."""
    return get_default_graph().get_collection_ref(key)


def get_all_collection_keys() -> list[str]:
    """List the collections of the default graph."""
    return get_default_graph().get_all_collection_keys()
