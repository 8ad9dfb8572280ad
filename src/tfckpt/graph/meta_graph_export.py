"""export_meta_graph: a graph, or a scope of it, with its collections, as a MetaGraphDef."""

from __future__ import annotations

from collections.abc import Iterable

from tfckpt.graph.collection_defs import UNBOUND_PREFIX, add_collection_def
from tfckpt.graph.default import get_default_graph
from tfckpt.graph.graph import Graph
from tfckpt.graphdef.devices import clear_devices
from tfckpt.graphdef.files import write_message
from tfckpt.graphdef.keys import GraphKeys
from tfckpt.graphdef.live import as_meta_graph
from tfckpt.graphdef.messages import as_message, check_size
from tfckpt.graphdef.meta_info import add_meta_info
from tfckpt.graphdef.names import op_name, split_mark, strip_scope
from tfckpt.graphdef.saver_nodes import extraneous_saver_nodes
from tfckpt.names import AnyPath, as_path
from tfckpt.protos import GraphDef, MetaGraphDef, NodeDef, SaverDef

UNBOUND_INPUTS = "unbound_inputs"
_ENTERS = ("Enter", "RefEnter")


def export_meta_graph(
    filename: AnyPath | None = None,
    meta_info_def: MetaGraphDef.MetaInfoDef | None = None,
    graph_def: GraphDef | None = None,
    saver_def: SaverDef | None = None,
    collection_list: Iterable[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    *,
    unbound_inputs_col_name: str | None = UNBOUND_INPUTS,
) -> MetaGraphDef:
    """Return the MetaGraphDef of a graph (the default one), and write it to `filename` if given.

    `graph_def` takes the place of the graph's nodes. `collection_list` says which collections to
    keep (all). `export_scope` keeps what is in a name scope, with names out of it; inputs from
    outside become ``$unbound_inputs_...`` and are listed in the collection
    `unbound_inputs_col_name` (in none if that is None).
    `clear_extraneous_savers` drops the scopes with the nodes of Savers other than `saver_def`;
    `strip_default_attrs` drops attributes that equal the default of TensorFlow 2.21's ops.

    The message says TensorFlow 2.21's version, whose ops and rules these are, and this library's
    as its ``tensorflow_git_version``. Nodes carry the ``_output_shapes`` that they came with;
    TensorFlow would infer more.

    Raises TypeError for an argument of the wrong class, ValueError beyond 2 GiB.

    >>> import numpy as np, tfckpt
    >>> graph = tfckpt.Graph()
    >>> x = graph.create_op("Placeholder", name="x", attrs={"dtype": np.float32})
    >>> graph.add_to_collection("inputs", x.outputs[0])
    >>> meta_graph = tfckpt.export_meta_graph(graph=graph)
    >>> meta_graph.collection_def["inputs"].node_list.value
    ['x:0']
    >>> [op.name for op in meta_graph.meta_info_def.stripped_op_list.op]
    ['Placeholder']
    """
    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(f"graph must be a Graph, not {type(graph).__name__}")
    graph = get_default_graph() if graph is None else graph
    export = _Export(
        graph, export_scope, without_devices=clear_devices, unbound_key=unbound_inputs_col_name
    )
    if saver_def is not None:
        saver_def = as_message(saver_def, SaverDef, "saver_def")
    if graph_def is None:
        nodes = graph.as_graph_def(add_shapes=True)
    else:
        nodes = as_message(graph_def, GraphDef, "graph_def")
    result = MetaGraphDef()
    if meta_info_def is not None:
        kind = MetaGraphDef.MetaInfoDef
        result.meta_info_def.CopyFrom(as_message(meta_info_def, kind, "meta_info_def"))
    if clear_extraneous_savers:
        export.excluded = extraneous_saver_nodes(nodes, saver_def)
    export.copy_nodes(nodes, result.graph_def)
    add_meta_info(result, strip_default_attrs=strip_default_attrs)
    if saver_def is not None:
        result.saver_def.CopyFrom(saver_def)
    export.copy_collections(result, collection_list, clear_extraneous_savers)
    check_size(result)
    if filename:
        write_message(result, as_path(filename), as_text=as_text)
    return result


@as_meta_graph.register(Graph)
def _(graph: Graph) -> MetaGraphDef:
    return export_meta_graph(graph=graph)


class _Export:
    def __init__(
        self, graph: Graph, scope: str | None, *, without_devices: bool, unbound_key: str | None
    ) -> None:
        self.graph = graph
        self.scope = scope
        self.without_devices = without_devices
        self.excluded: set[str] = set()
        self.unbound_key = unbound_key
        self.unbound: dict[str, None] = {}  # in order, each once

    def included(self, name: str) -> bool:
        if name in self.excluded or op_name(name) in self.excluded:
            return False
        return not self.scope or name.startswith((self.scope, UNBOUND_PREFIX))

    def copy_nodes(self, source: GraphDef, target: GraphDef) -> None:
        if not (self.scope or self.excluded or self.without_devices):
            target.CopyFrom(source)
            return
        target.versions.CopyFrom(source.versions)
        target.library.CopyFrom(source.library)
        target.node.extend(node for node in source.node if self.included(node.name))
        for node in target.node if self.scope else ():
            self._take_out(node, str(self.scope))
        if self.without_devices:
            clear_devices(target)

    def _take_out(self, node: NodeDef, scope: str) -> None:
        node.name = strip_scope(node.name, scope)
        for at, text in enumerate(node.input):
            node.input[at] = self._input(text, scope)
        if "_class" in node.attr:
            groups = node.attr["_class"].list.s
            kept = [group for group in map(_text, groups) if _in_scope(group, scope)]
            groups[:] = [_bytes(strip_scope(group, scope)) for group in kept]
        if node.op in _ENTERS and "frame_name" in node.attr:
            frame = node.attr["frame_name"]
            frame.s = _bytes(strip_scope(_text(frame.s), scope))

    def _input(self, text: str, scope: str) -> str:
        mark, name = split_mark(text)
        if name.startswith(scope):
            return strip_scope(text, scope)
        unbound = f"{mark}{UNBOUND_PREFIX}{name}"
        self.unbound[unbound] = None
        return unbound

    def copy_collections(
        self, target: MetaGraphDef, keys: Iterable[str] | None, only_saver: bool
    ) -> None:
        graph = self.graph
        if keys is None:
            unbound = [self.unbound_key] if self.unbound_key else []
            keys = dict.fromkeys([*graph.get_all_collection_keys(), *unbound])
        for key in keys:
            items = graph.get_collection(key)
            if key == self.unbound_key and (self.scope or only_saver or self.without_devices):
                items = list(self.unbound)
            if key == GraphKeys.SAVERS and only_saver and items:
                items = [target.saver_def] if target.HasField("saver_def") else []
            included = (lambda _: True) if key == self.unbound_key else self.included
            add_collection_def(target, key, items, export_scope=self.scope, included=included)


def _text(value: bytes) -> str:
    return value.decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _in_scope(group: str, scope: str) -> bool:
    mark, name = split_mark(group)
    return not mark or name.startswith(scope)
