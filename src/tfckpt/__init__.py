"""TensorFlow's checkpoints, without TensorFlow.

>>> import numpy as np, tempfile, tfckpt
>>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"kernel": np.eye(2, dtype="f4")})
>>> tfckpt.list_variables(prefix)
[('kernel', [2, 2])]
>>> print(tfckpt.load(prefix)["kernel"].sum())
2.0

What there is, by subject, is in the stub beside this file, `__init__.pyi`.
"""

from importlib import import_module as _import_module

from tfckpt.versions import TFCKPT_VERSION as _TFCKPT_VERSION

__version__ = _TFCKPT_VERSION

# Where each public name lives. They are imported on first use, so that `import tfckpt` costs
# next to nothing and reading a checkpoint does not load the parts for graphs.
_HOMES = {
    "background": "BackgroundSaver PendingSave",
    "bundle.merge": "merge_bundles",
    "bundle.parts": "PartOfTensor commit_shards save_shard",
    "bundle.reader": "BundleReader",
    "bundle.writer": "BundleWriter",
    "checkpoint": "list_variables load load_checkpoint load_variable",
    "convert": "Converted convert_checkpoint convert_naming",
    "formats": "open_tensors write_tensors",
    "graph": "Graph add_to_collection convert_constants_to_variables "
    "convert_variables_to_constants export_meta_graph get_collection get_default_graph "
    "graph_constants import_graph_def import_meta_graph list_graph_variables read_graph_def "
    "read_meta_graph write_graph",
    "initial": "VocabInfo generate_vocab_remapping init_from_checkpoint load_and_remap_matrix "
    "warm_start",
    "latest": "latest_checkpoint",
    "limits": "Limits",
    "looking.compare": "Comparison TensorDifference compare",
    "looking.describe": "CheckpointDescription Description describe",
    "checking.finding": "Finding",
    "looking.report": "write_report",
    "looking.statistics": "Moved Statistics TensorStatistics statistics",
    "looking.verify": "VerifyReport verify",
    "manager": "CheckpointManager",
    "nested": "flatten unflatten",
    "objectgraph.resolving": "resolve",
    "objects": "Checkpoint CheckpointOptions CheckpointView LoadStatus MaxShardSizePolicy "
    "ShardByTaskPolicy ShardableTensor ShardingCallback Variable load_object_tree object_graph "
    "to_object_based",
    "pruning": "PruneReport Pruned prune",
    "protos": "CheckpointState GraphDef MetaGraphDef SaverDef",
    "reader": "CheckpointReader TensorInfo TensorReader",
    "renaming": "to_name_based",
    "rescue.doctor": "Diagnosis DoctorReport doctor",
    "rescue.salvage": "SalvageReport salvage",
    "rescue.state_file": "StateRepair repair_state",
    "rescue.survey": "Lost",
    "saver": "RestoreReport Saver remove_checkpoint values_by_node",
    "saving": "save",
    "state": "checkpoint_exists generate_checkpoint_state_proto get_checkpoint_mtimes "
    "get_checkpoint_state update_checkpoint_state",
    "storage": "RemoteOptions",
    "tensors.tensor_proto": "make_ndarray make_tensor_proto",
    "v1.reader": "V1Reader",
    "v1.writer": "V1Writer",
    "watch": "checkpoints_iterator wait_for_new_checkpoint",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
_MODULES = (
    "compat",
    "errors",
    "graph",
    "keep",
    "keras",
    "progress",
    "protos",
    "saved_model",
    "transform",
)

__all__ = sorted((*_HOME_OF, *_MODULES))


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return _import_module(f"tfckpt.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'tfckpt' has no attribute {name!r}")
    value = getattr(_import_module(f"tfckpt.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
