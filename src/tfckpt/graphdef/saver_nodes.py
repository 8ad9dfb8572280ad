"""The nodes that Savers have in a graph, and which of them go when other Savers are not wanted."""

from __future__ import annotations

from tfckpt.graphdef.keys import GraphKeys
from tfckpt.graphdef.names import op_name
from tfckpt.protos import GraphDef, MetaGraphDef, SaverDef

SAVER_OPS = (
    *("SaveV2", "Save", "SaveSlice", "LegacySave", "LegacySaveSlice"),
    *("RestoreV2", "Restore", "RestoreSlice", "LegacyRestore", "LegacyRestoreSlice"),
)


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
