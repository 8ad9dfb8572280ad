"""export_meta_graph: a graph, or a scope of it, with its collections, as a MetaGraphDef."""

from __future__ import annotations

from collections.abc import Iterable

from tfckpt import __version__
from tfckpt.graph.collections import UNBOUND_PREFIX, add_collection_def
from tfckpt.graph.default import get_default_graph
from tfckpt.graph.files import write_message
from tfckpt.graph.graph import Graph, check_size
from tfckpt.graph.keys import GraphKeys
from tfckpt.graph.messages import own
from tfckpt.graph.names import op_name, split_mark, strip_scope
from tfckpt.graph.op_defs import TENSORFLOW_VERSION, strip_defaults, stripped_op_list
from tfckpt.names import Path, as_path
from tfckpt.protos import GraphDef, MetaGraphDef, NodeDef, SaverDef

UNBOUND_INPUTS = "unbound_inputs"
SAVER_OPS = (
    *("SaveV2", "Save", "SaveSlice", "LegacySave", "LegacySaveSlice"),
    *("RestoreV2", "Restore", "RestoreSlice", "LegacyRestore", "LegacyRestoreSlice"),
)
_ENTERS = ("Enter", "RefEnter")


def export_meta_graph(
    filename: Path | None = None,
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
    export = _Export(graph, export_scope, clear_devices, unbound_inputs_col_name)
    if saver_def is not None:
        saver_def = own(saver_def, SaverDef, "saver_def")
    if graph_def is None:
        nodes = graph.as_graph_def(add_shapes=True)
    else:
        nodes = own(graph_def, GraphDef, "graph_def")
    result = MetaGraphDef()
    if meta_info_def is not None:
        kind = MetaGraphDef.MetaInfoDef
        result.meta_info_def.CopyFrom(own(meta_info_def, kind, "meta_info_def"))
    if clear_extraneous_savers:
        export.excluded = extraneous_saver_nodes(nodes, saver_def)
    export.copy_nodes(nodes, result.graph_def)
    _describe(result, strip_default_attrs)
    if saver_def is not None:
        result.saver_def.CopyFrom(saver_def)
    export.copy_collections(result, collection_list, clear_extraneous_savers)
    check_size(result)
    if filename:
        write_message(result, as_path(filename), as_text=as_text)
    return result


def _describe(meta_graph_def: MetaGraphDef, strip_default_attrs: bool) -> None:
    info = meta_graph_def.meta_info_def
    info.tensorflow_version = TENSORFLOW_VERSION
    info.tensorflow_git_version = f"tfckpt {__version__}"
    if not info.stripped_op_list.op:
        info.stripped_op_list.CopyFrom(stripped_op_list(meta_graph_def.graph_def))
    if strip_default_attrs:
        strip_defaults(meta_graph_def.graph_def)
        info.stripped_default_attrs = True


class _Export:
    def __init__(
        self, graph: Graph, scope: str | None, clear_devices: bool, unbound_key: str | None
    ) -> None:
        self.graph = graph
        self.scope = scope
        self.clear_devices = clear_devices
        self.excluded: set[str] = set()
        self.unbound_key = unbound_key
        self.unbound: dict[str, None] = {}  # in order, each once

    def included(self, name: str) -> bool:
        if name in self.excluded or op_name(name) in self.excluded:
            return False
        return not self.scope or name.startswith((self.scope, UNBOUND_PREFIX))

    def copy_nodes(self, source: GraphDef, target: GraphDef) -> None:
        if not (self.scope or self.excluded or self.clear_devices):
            target.CopyFrom(source)
            return
        target.versions.CopyFrom(source.versions)
        target.library.CopyFrom(source.library)
        target.node.extend(node for node in source.node if self.included(node.name))
        for node in target.node:
            if self.scope:
                self._take_out(node, self.scope)
            if self.clear_devices:
                node.device = ""

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
            if key == self.unbound_key and (self.scope or only_saver or self.clear_devices):
                items = list(self.unbound)
            if key == GraphKeys.SAVERS and only_saver and items:
                items = [target.saver_def] if target.HasField("saver_def") else []
            included = (lambda _: True) if key == self.unbound_key else self.included
            add_collection_def(target, key, items, self.scope, included)


def _text(value: bytes) -> str:
    return value.decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _in_scope(group: str, scope: str) -> bool:
    mark, name = split_mark(group)
    return not mark or name.startswith(scope)


def extraneous_saver_nodes(graph_def: GraphDef, saver_def: SaverDef | None) -> set[str]:
    """Name the nodes of the scopes in which Savers other than `saver_def` save and restore."""
    savers = {node.name for node in graph_def.node if node.op in SAVER_OPS}
    scopes = {_scope(name) for name in savers} - savers
    if saver_def is not None:
        scopes -= {_scope(op_name(saver_def.save_tensor_name))}
        scopes -= {_scope(op_name(saver_def.restore_op_name))}
    inside = tuple(f"{scope}/" for scope in scopes)
    return {node.name for node in graph_def.node if node.name.startswith(inside)}


def drop_extraneous_savers(meta_graph: MetaGraphDef) -> None:
    """Drop the scopes of all Savers but the one that a message names, and what names them."""
    saver_def = meta_graph.saver_def if meta_graph.HasField("saver_def") else None
    extraneous = extraneous_saver_nodes(meta_graph.graph_def, saver_def)
    nodes = meta_graph.graph_def.node
    kept = [node for node in nodes if node.name not in extraneous]
    del nodes[:]
    nodes.extend(kept)
    for definition in meta_graph.collection_def.values():
        names = definition.node_list.value if definition.HasField("node_list") else []
        names[:] = [name for name in names if op_name(name) not in extraneous]
    if GraphKeys.SAVERS in meta_graph.collection_def:
        del meta_graph.collection_def[GraphKeys.SAVERS]
        if saver_def is not None:
            data = saver_def.SerializeToString(deterministic=True)
            meta_graph.collection_def[GraphKeys.SAVERS].bytes_list.value.append(data)


def _scope(name: str) -> str:
    return name.rpartition("/")[0]
