"""Graphs without TensorFlow: files, imports and exports, collections, constants, freezing.

What works on messages alone is in `tfckpt.graphdef`; here are graphs in memory.

graph.py            the class Graph; parts of it: name_scopes.py, device_scopes.py,
                    collection_store.py, default_stack.py
operation.py        its operations and tensors
default.py          the default graph
graph_import.py     import_graph_def, by construction.py and import_order.py
collection_items.py what collections hold        collection_defs.py   as messages
meta_graph_import.py, meta_graph_export.py       graphs with their collections
"""

from tfckpt.graph.collection_items import (
    CondContext,
    QueueRunner,
    Variable,
    WhileContext,
    register_proto_function,
)
from tfckpt.graph.default import (
    add_to_collection,
    add_to_collections,
    get_all_collection_keys,
    get_collection,
    get_collection_ref,
    get_default_graph,
    reset_default_graph,
)
from tfckpt.graph.graph import Graph
from tfckpt.graph.graph_import import import_graph_def
from tfckpt.graph.meta_graph_export import export_meta_graph
from tfckpt.graph.meta_graph_import import copy_scoped_meta_graph, import_meta_graph
from tfckpt.graph.operation import Operation, Tensor
from tfckpt.graphdef.comparing import graph_defs_equal
from tfckpt.graphdef.files import read_graph_def, read_graph_file, read_meta_graph, write_graph
from tfckpt.graphdef.freeze import convert_constants_to_variables, convert_variables_to_constants
from tfckpt.graphdef.keys import GraphKeys
from tfckpt.graphdef.listing import GraphVariable, graph_constants, list_graph_variables
from tfckpt.graphdef.op_defs import get_op_def
from tfckpt.graphdef.pruning import extract_sub_graph, remove_training_nodes
from tfckpt.graphdef.summary import GraphSummary, summarize

__all__ = [
    "CondContext",
    "Graph",
    "GraphKeys",
    "GraphSummary",
    "GraphVariable",
    "Operation",
    "QueueRunner",
    "Tensor",
    "Variable",
    "WhileContext",
    "add_to_collection",
    "add_to_collections",
    "convert_constants_to_variables",
    "convert_variables_to_constants",
    "copy_scoped_meta_graph",
    "export_meta_graph",
    "extract_sub_graph",
    "get_all_collection_keys",
    "get_collection",
    "get_collection_ref",
    "get_default_graph",
    "get_op_def",
    "graph_constants",
    "graph_defs_equal",
    "import_graph_def",
    "import_meta_graph",
    "list_graph_variables",
    "read_graph_def",
    "read_graph_file",
    "read_meta_graph",
    "register_proto_function",
    "remove_training_nodes",
    "reset_default_graph",
    "summarize",
    "write_graph",
]
