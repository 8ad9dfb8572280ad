"""tf.Graph, the default graph and its collections. A session runs variables and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tfckpt
from tfckpt.compat.absent import refuse_given
from tfckpt.compat.errors import tensorflow_errors
from tfckpt.graph import GraphKeys


class Graph(tfckpt.Graph):
    """A graph of this library, with what programs also ask of TensorFlow's."""

    def __init__(self) -> None:
        super().__init__()
        self.variable_store: dict[str, Any] = {}  # of get_variable
        self.scopes: list[Any] = []  # of variable_scope, the innermost last
        self.seed: int | None = None
        self.finalized = False

    def finalize(self) -> None:
        """Say that nothing is added any more; nothing is checked here."""
        self.finalized = True

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        """Do nothing where there is nothing to wait for; raise NeedsTensorFlow otherwise."""
        refuse_given("Graph.control_dependencies", control_inputs=control_inputs or None)
        yield

    def __repr__(self) -> str:
        return f"<tf.Graph of {len(self.get_operations())} operations>"


def get_default_graph() -> Graph:
    """Return the graph of the innermost ``with graph.as_default()``, else one of the thread."""
    graph = tfckpt.get_default_graph()
    if not isinstance(graph, Graph):
        fresh = Graph()
        tfckpt.graph.reset_default_graph(fresh)
        return fresh
    return graph


def reset_default_graph() -> None:
    """Start over with an empty graph."""
    tfckpt.graph.reset_default_graph(Graph())


def control_dependencies(control_inputs: Any) -> Any:
    """Do nothing where there is nothing to wait for; raise NeedsTensorFlow otherwise."""
    return get_default_graph().control_dependencies(control_inputs)


def add_to_collection(name: Any, value: Any) -> None:
    """Add to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Add to several collections of the default graph, or to the one that is named."""
    for name in (names,) if isinstance(names, str) else dict.fromkeys(names):
        get_default_graph().add_to_collection(name, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """List a collection of the default graph, of a scope if one is given."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """Return a collection of the default graph itself."""
    return get_default_graph().get_collection_ref(key)


def global_variables(scope: str | None = None) -> list[Any]:
    """List the variables of the default graph."""
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """List the variables of the default graph, by the name that this had before TensorFlow 0.12."""
    return global_variables()


def trainable_variables(scope: str | None = None) -> list[Any]:
    """List the variables of the default graph that are trained."""
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def local_variables(scope: str | None = None) -> list[Any]:
    """List the variables of the default graph that no checkpoint has."""
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """List the variables of the default graph that make the model."""
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """List the variables of the default graph that have moving averages."""
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


class name_scope:  # noqa: N801  TensorFlow's name
    """A scope for the names of what is made within it."""

    def __init__(
        self, name: str | None, default_name: str | None = None, values: Any = None
    ) -> None:
        self._name = default_name if name is None else name

    def __enter__(self) -> str:
        self._scope = get_default_graph().name_scope(self._name)
        return self._scope.__enter__()

    def __exit__(self, *error: Any) -> Any:
        return self._scope.__exit__(*error)


@contextmanager
def device(device_name_or_function: Any) -> Iterator[None]:
    """Do nothing: there are no devices."""
    yield


@tensorflow_errors
def import_graph_def(
    graph_def: Any,
    input_map: Any = None,
    return_elements: Any = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> Any:
    """Add the nodes of a GraphDef to the default graph."""
    get_default_graph()
    given = {"producer_op_list": producer_op_list} if producer_op_list is not None else {}
    return tfckpt.import_graph_def(graph_def, input_map, return_elements, name, **given)


@tensorflow_errors
def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Write a graph to a file; return its path."""
    return tfckpt.write_graph(graph_or_graph_def, logdir, name, as_text)


@tensorflow_errors
def export_meta_graph(
    filename: Any = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Any = None,
    as_text: bool = False,
    graph: Any = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> Any:
    """Return the MetaGraphDef of a graph, and write it to a file if one is named."""
    chosen = get_default_graph() if graph is None and graph_def is None else graph
    return tfckpt.export_meta_graph(
        filename,
        meta_info_def=meta_info_def,
        graph_def=graph_def,
        saver_def=saver_def,
        collection_list=collection_list,
        as_text=as_text,
        graph=chosen,
        export_scope=export_scope,
        clear_devices=clear_devices,
        clear_extraneous_savers=clear_extraneous_savers,
        strip_default_attrs=strip_default_attrs,
        **kwargs,
    )
