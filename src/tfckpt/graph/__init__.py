"""Graphs without TensorFlow: files, imports and exports, collections, constants, freezing."""

from tfckpt.graph.comparing import graph_defs_equal
from tfckpt.graph.default import (
    add_to_collection,
    add_to_collections,
    get_all_collection_keys,
    get_collection,
    get_collection_ref,
    get_default_graph,
    reset_default_graph,
)
from tfckpt.graph.exporting import export_meta_graph
from tfckpt.graph.files import read_graph_def, read_graph_file, read_meta_graph, write_graph
from tfckpt.graph.freeze import convert_constants_to_variables, convert_variables_to_constants
from tfckpt.graph.graph import Graph
from tfckpt.graph.importer import import_graph_def
from tfckpt.graph.importing import copy_scoped_meta_graph, import_meta_graph
from tfckpt.graph.items import (
    CondContext,
    QueueRunner,
    Variable,
    WhileContext,
    register_proto_function,
)
from tfckpt.graph.keys import GraphKeys
from tfckpt.graph.listing import GraphVariable, graph_constants, list_graph_variables
from tfckpt.graph.op_defs import get_op_def
from tfckpt.graph.operation import Operation, Tensor
from tfckpt.graph.pruning import extract_sub_graph, remove_training_nodes
from tfckpt.graph.summary import GraphSummary, summarize

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
