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
    from tfckpt import errors, protos, saved_model
    from tfckpt.bundle import BundleReader, BundleWriter, merge_bundles
    from tfckpt.checkpoint import list_variables, load, load_checkpoint, load_variable, save
    from tfckpt.matching import RestoreReport
    from tfckpt.protos import CheckpointState, GraphDef, MetaGraphDef, SaverDef
    from tfckpt.reader import CheckpointReader
    from tfckpt.retention import remove_checkpoint
    from tfckpt.saver import Saver
    from tfckpt.state import (
        checkpoint_exists,
        generate_checkpoint_state_proto,
        get_checkpoint_mtimes,
        get_checkpoint_state,
        latest_checkpoint,
        update_checkpoint_state,
    )

# Where each public name lives. They are imported on first use, so that `import tfckpt` costs
# next to nothing and reading a checkpoint does not load the parts for graphs.
_HOMES = {
    "BundleReader": "bundle",
    "BundleWriter": "bundle",
    "CheckpointReader": "reader",
    "CheckpointState": "protos",
    "GraphDef": "protos",
    "MetaGraphDef": "protos",
    "RestoreReport": "matching",
    "Saver": "saver",
    "SaverDef": "protos",
    "checkpoint_exists": "state",
    "generate_checkpoint_state_proto": "state",
    "get_checkpoint_mtimes": "state",
    "get_checkpoint_state": "state",
    "latest_checkpoint": "state",
    "list_variables": "checkpoint",
    "load": "checkpoint",
    "load_checkpoint": "checkpoint",
    "load_variable": "checkpoint",
    "merge_bundles": "bundle",
    "remove_checkpoint": "retention",
    "save": "checkpoint",
    "update_checkpoint_state": "state",
}
_MODULES = ("errors", "protos", "saved_model")

__all__ = [
    "BundleReader",
    "BundleWriter",
    "CheckpointReader",
    "CheckpointState",
    "GraphDef",
    "MetaGraphDef",
    "RestoreReport",
    "Saver",
    "SaverDef",
    "checkpoint_exists",
    "errors",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "latest_checkpoint",
    "list_variables",
    "load",
    "load_checkpoint",
    "load_variable",
    "merge_bundles",
    "protos",
    "remove_checkpoint",
    "save",
    "saved_model",
    "update_checkpoint_state",
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
