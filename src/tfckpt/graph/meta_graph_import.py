"""import_meta_graph: a MetaGraphDef's nodes and collections, into the default graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from tfckpt.errors import located
from tfckpt.graph.collection_defs import CollectionReader
from tfckpt.graph.default import get_default_graph
from tfckpt.graph.graph import Graph
from tfckpt.graph.graph_import import import_graph_def
from tfckpt.graph.meta_graph_export import UNBOUND_INPUTS, export_meta_graph
from tfckpt.graph.operation import Operation, Tensor
from tfckpt.graphdef.devices import clear_devices as without_devices
from tfckpt.graphdef.files import read_meta_graph
from tfckpt.graphdef.keys import GraphKeys
from tfckpt.graphdef.live import as_meta_graph
from tfckpt.graphdef.messages import as_message, copied
from tfckpt.graphdef.names import strip_scope
from tfckpt.names import AnyPath, as_path
from tfckpt.protos import GraphDef, MetaGraphDef, SaverDef, is_message
from tfckpt.saver import Saver
from tfckpt.saver.definition import make_saver_def
from tfckpt.saver.given_graph import variables_of, with_saver

_VERSION = re.compile(r"(\d+)\.(\d+)")
_SAYS_TRAINABLE = (1, 9)  # from this version on a VariableDef says whether it is trainable


def import_meta_graph(
    meta_graph_or_file: MetaGraphDef | AnyPath,
    clear_devices: bool = False,
    import_scope: str | None = None,
    *,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = UNBOUND_INPUTS,
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
) -> Saver | None:
    """Add a MetaGraphDef, or the one in a file, to the default graph; return its Saver.

    Nodes are imported into `import_scope` (see `import_graph_def`), then the collections for
    whose name `restore_collections_predicate` is true, with what they hold put into the scope.
    Inputs that an export from a scope left unbound must be given in `input_map`.

    Returns the Saver of the message's SaverDef: it handles the variables that the graph restores,
    under the names that they have in a checkpoint, and writes the graph as it is by then beside
    the checkpoints that it saves. If the message has no SaverDef, a Saver of the graph's variables
    is added to the graph; None if there are none either. The message is left as it is.

    Raises ValueError for a malformed graph and for unbound inputs that `input_map` does not
    give; FileMissingError and DataLossError for a file that is not there or is no MetaGraphDef.

    >>> import tfckpt
    >>> meta_graph = tfckpt.MetaGraphDef()
    >>> node = meta_graph.graph_def.node.add(name="x", op="NoOp")
    >>> with tfckpt.Graph().as_default() as graph:
    ...     saver = tfckpt.import_meta_graph(meta_graph, import_scope="a")
    >>> graph.get_operations(), saver
    ([<Operation 'a/x' type=NoOp>], None)
    """
    return import_meta_graph_with_return_elements(
        meta_graph_or_file,
        clear_devices,
        import_scope,
        input_map=input_map,
        unbound_inputs_col_name=unbound_inputs_col_name,
        restore_collections_predicate=restore_collections_predicate,
    )[0]


def import_meta_graph_with_return_elements(
    meta_graph_or_file: MetaGraphDef | AnyPath,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: Sequence[str] | None = None,
    **options: Any,
) -> tuple[Saver | None, list[Operation | Tensor] | None]:
    """Do what `import_meta_graph` does; return the Saver, and what `return_elements` names."""
    if is_message(meta_graph_or_file, MetaGraphDef):
        message = as_message(meta_graph_or_file, MetaGraphDef, "meta_graph_or_file")
        place: AbstractContextManager[None] = nullcontext()
    else:
        path = as_path(meta_graph_or_file)  # type: ignore[arg-type]
        message, place = read_meta_graph(path), located(path=path)
    with place:
        scope, elements = import_graph_and_collections(
            message, clear_devices, import_scope, return_elements, **options
        )
    return _saver(get_default_graph(), message, import_scope, scope), elements


def copy_scoped_meta_graph(
    from_scope: str,
    to_scope: str,
    from_graph: Graph | None = None,
    to_graph: Graph | None = None,
) -> dict[str, Any]:
    """Copy what is in a scope, with its collections, into a scope of this graph or another.

    Returns the variables that were made, by their names within the scope. Graphs that are left
    out are the default graph.

    Raises ValueError for the same scope of the same graph.

    >>> import tfckpt
    >>> with tfckpt.Graph().as_default() as graph:
    ...     with graph.name_scope("a"):
    ...         x = graph.create_op("NoOp", name="x")
    ...     variables = tfckpt.graph.copy_scoped_meta_graph("a", "b")
    >>> graph.get_operations(), variables
    ([<Operation 'a/x' type=NoOp>, <Operation 'b/x' type=NoOp>], {})
    """
    source = get_default_graph() if from_graph is None else from_graph
    target = get_default_graph() if to_graph is None else to_graph
    if source is target and from_scope == to_scope:
        raise ValueError(
            f"from_scope and to_scope need to be different in the same graph: {from_scope!r}"
        )
    message = export_meta_graph(graph=source, export_scope=from_scope)
    with target.as_default():
        scope, _ = import_graph_and_collections(message, import_scope=to_scope)
    made = target.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=re.escape(scope))
    return {strip_scope(variable.name, scope): variable for variable in made}


def import_graph_and_collections(
    message: MetaGraphDef,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: Sequence[str] | None = None,
    *,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = UNBOUND_INPUTS,
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
) -> tuple[str, list[Operation | Tensor] | None]:
    """Do what `import_meta_graph` does, without making a Saver.

    Returns the scope, made unique, and what `return_elements` names.
    """
    graph = get_default_graph()
    if unbound_inputs_col_name:
        _check_unbound(message, unbound_inputs_col_name, input_map)
    scope = import_scope or ""
    if not scope.endswith("/"):  # one that does is entered as it is
        scope = graph.unique_name(scope, mark_as_used=False)
    name = import_scope or scope
    elements = _import_nodes(
        message,
        name,
        input_map=input_map,
        return_elements=return_elements,
        clear_devices=clear_devices,
    )
    reader = CollectionReader(graph, scope, say_trainable=not _says_trainable(message))
    for key in _in_order(message):
        if key != unbound_inputs_col_name and restore_collections_predicate(key):
            reader.read(key, message.collection_def[key])
    return scope, elements


def _check_unbound(message: MetaGraphDef, key: str, input_map: Mapping[str, Any] | None) -> None:
    if key not in message.collection_def:
        return
    definition = message.collection_def[key]
    kind = definition.WhichOneof("kind")
    values = getattr(definition, kind).value if kind else ()
    names = {
        value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        for value in values
    }
    if names and names != set(input_map or ()):
        missing = sorted(names - set(input_map or ()))
        raise ValueError(
            f"Graph contains unbound inputs: {','.join(sorted(names))}. input_map must give these "
            f"and no others; it lacks {','.join(missing) or 'none'}"
        )


def _import_nodes(
    message: MetaGraphDef,
    name: str,
    *,
    input_map: Mapping[str, Any] | None,
    return_elements: Sequence[str] | None,
    clear_devices: bool,
) -> list[Operation | Tensor] | None:
    nodes, info = message.graph_def, message.meta_info_def
    if clear_devices:
        nodes = copied(nodes)
        without_devices(nodes)
    producer = info.stripped_op_list if info.HasField("stripped_op_list") else None
    return import_graph_def(
        nodes,
        input_map=input_map,
        return_elements=return_elements,
        name=name,
        producer_op_list=producer,
    )


def _says_trainable(message: MetaGraphDef) -> bool:
    version = _VERSION.match(message.meta_info_def.tensorflow_version)
    return version is None or (int(version[1]), int(version[2])) >= _SAYS_TRAINABLE


def _in_order(message: MetaGraphDef) -> list[str]:
    """Return the keys, trainable variables first: in an older message only this key says so."""
    first = GraphKeys.TRAINABLE_VARIABLES
    return sorted(message.collection_def, key=lambda key: (key != first, key))


def _saver(
    graph: Graph, message: MetaGraphDef, import_scope: str | None, scope: str
) -> Saver | None:
    """Return the Saver of a graph that was imported; it writes the graph as it is by then."""
    variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=re.escape(scope))
    if not message.HasField("saver_def"):
        added = add_saver(graph) if variables else None
        return None if added is None else Saver(saver_def=added, meta_graph=graph)
    if variables:
        # The Saver's nodes are in the scope into which the first variable came.
        name = variables[0].name
        import_scope = name[: len(name) - len(strip_scope(name, scope))]
    return Saver(saver_def=message.saver_def, name=import_scope, meta_graph=graph)


def add_saver(graph: Graph) -> SaverDef | None:
    """Add a Saver of all variables to a graph, as TensorFlow's constructor does.

    Returns its definition; None for a graph without variables.
    """
    meta_graph = as_meta_graph(graph)
    variables = variables_of(meta_graph)
    if not variables:
        return None
    before = len(meta_graph.graph_def.node)
    saver_def = make_saver_def(graph.unique_name("save"))
    added = with_saver(meta_graph, [variables], saver_def, own_scope=False)
    nodes = GraphDef(node=added.graph_def.node[before:], versions=added.graph_def.versions)
    with graph.as_default():
        inputs = {saved.node: graph.get_tensor_by_name(f"{saved.node}:0") for saved in variables}
        import_graph_def(nodes, inputs, name="")
    return added.saver_def
