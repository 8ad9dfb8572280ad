"""TensorFlow's checkpoints, without TensorFlow.

>>> import numpy as np, tempfile, tfckpt
>>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"kernel": np.eye(2, dtype="f4")})
>>> tfckpt.list_variables(prefix)
[('kernel', [2, 2])]
>>> print(tfckpt.load(prefix)["kernel"].sum())
2.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tfckpt import errors, graph, protos, saved_model
    from tfckpt.bundle import BundleReader, BundleWriter, merge_bundles
    from tfckpt.checkpoint import list_variables, load, load_checkpoint, load_variable, save
    from tfckpt.convert import convert_checkpoint, convert_naming
    from tfckpt.formats import open_tensors, write_tensors
    from tfckpt.graph import (
        Graph,
        add_to_collection,
        convert_constants_to_variables,
        convert_variables_to_constants,
        export_meta_graph,
        get_collection,
        get_default_graph,
        graph_constants,
        import_graph_def,
        import_meta_graph,
        list_graph_variables,
        read_graph_def,
        read_meta_graph,
        write_graph,
    )
    from tfckpt.limits import Limits
    from tfckpt.manager import CheckpointManager
    from tfckpt.objects import (
        Checkpoint,
        load_object_tree,
        object_graph,
        resolve,
        to_name_based,
        to_object_based,
    )
    from tfckpt.protos import CheckpointState, GraphDef, MetaGraphDef, SaverDef
    from tfckpt.reader import CheckpointReader, TensorReader
    from tfckpt.saver import RestoreReport, Saver, remove_checkpoint
    from tfckpt.state import (
        checkpoint_exists,
        generate_checkpoint_state_proto,
        get_checkpoint_mtimes,
        get_checkpoint_state,
        latest_checkpoint,
        update_checkpoint_state,
    )
    from tfckpt.tensors.tensor_proto import make_ndarray, make_tensor_proto
    from tfckpt.v1.reader import V1Reader
    from tfckpt.v1.writer import V1Writer
    from tfckpt.watch import checkpoints_iterator, wait_for_new_checkpoint

# Where each public name lives. They are imported on first use, so that `import tfckpt` costs
# next to nothing and reading a checkpoint does not load the parts for graphs.
_HOMES = {
    "BundleReader": "bundle",
    "BundleWriter": "bundle",
    "Checkpoint": "objects",
    "CheckpointManager": "manager",
    "CheckpointReader": "reader",
    "CheckpointState": "protos",
    "Graph": "graph",
    "GraphDef": "protos",
    "Limits": "limits",
    "MetaGraphDef": "protos",
    "RestoreReport": "saver",
    "Saver": "saver",
    "SaverDef": "protos",
    "TensorReader": "reader",
    "V1Reader": "v1.reader",
    "V1Writer": "v1.writer",
    "add_to_collection": "graph",
    "checkpoint_exists": "state",
    "checkpoints_iterator": "watch",
    "convert_checkpoint": "convert",
    "convert_naming": "convert",
    "convert_constants_to_variables": "graph",
    "convert_variables_to_constants": "graph",
    "export_meta_graph": "graph",
    "generate_checkpoint_state_proto": "state",
    "get_checkpoint_mtimes": "state",
    "get_checkpoint_state": "state",
    "get_collection": "graph",
    "get_default_graph": "graph",
    "graph_constants": "graph",
    "import_graph_def": "graph",
    "import_meta_graph": "graph",
    "latest_checkpoint": "state",
    "list_graph_variables": "graph",
    "list_variables": "checkpoint",
    "load": "checkpoint",
    "load_checkpoint": "checkpoint",
    "load_object_tree": "objects",
    "load_variable": "checkpoint",
    "make_ndarray": "tensors.tensor_proto",
    "make_tensor_proto": "tensors.tensor_proto",
    "merge_bundles": "bundle",
    "object_graph": "objects",
    "open_tensors": "formats",
    "read_graph_def": "graph",
    "read_meta_graph": "graph",
    "remove_checkpoint": "saver",
    "resolve": "objects",
    "save": "checkpoint",
    "to_name_based": "objects",
    "to_object_based": "objects",
    "update_checkpoint_state": "state",
    "wait_for_new_checkpoint": "watch",
    "write_graph": "graph",
    "write_tensors": "formats",
}
_MODULES = ("errors", "graph", "protos", "saved_model")

__all__ = [
    "BundleReader",
    "BundleWriter",
    "Checkpoint",
    "CheckpointManager",
    "CheckpointReader",
    "CheckpointState",
    "Graph",
    "GraphDef",
    "Limits",
    "MetaGraphDef",
    "RestoreReport",
    "Saver",
    "SaverDef",
    "TensorReader",
    "V1Reader",
    "V1Writer",
    "add_to_collection",
    "checkpoint_exists",
    "checkpoints_iterator",
    "convert_checkpoint",
    "convert_constants_to_variables",
    "convert_naming",
    "convert_variables_to_constants",
    "errors",
    "export_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "get_collection",
    "get_default_graph",
    "graph",
    "graph_constants",
    "import_graph_def",
    "import_meta_graph",
    "latest_checkpoint",
    "list_graph_variables",
    "list_variables",
    "load",
    "load_checkpoint",
    "load_object_tree",
    "load_variable",
    "make_ndarray",
    "make_tensor_proto",
    "merge_bundles",
    "object_graph",
    "open_tensors",
    "protos",
    "read_graph_def",
    "read_meta_graph",
    "remove_checkpoint",
    "resolve",
    "save",
    "saved_model",
    "to_name_based",
    "to_object_based",
    "update_checkpoint_state",
    "wait_for_new_checkpoint",
    "write_graph",
    "write_tensors",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"tfckpt.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'tfckpt' has no attribute {name!r}")
    value = getattr(import_module(f"tfckpt.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
