"""TensorFlow's checkpoints, without TensorFlow.

>>> import numpy as np, tempfile, tfckpt
>>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"kernel": np.eye(2, dtype="f4")})
>>> tfckpt.list_variables(prefix)
[('kernel', [2, 2])]
>>> tfckpt.load(prefix)["kernel"].sum()
2.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tfckpt import errors, protos
    from tfckpt.bundle import BundleReader, BundleWriter, merge_bundles
    from tfckpt.checkpoint import list_variables, load, load_checkpoint, load_variable, save
    from tfckpt.convert import convert_checkpoint
    from tfckpt.protos import CheckpointState, GraphDef, MetaGraphDef, SaverDef
    from tfckpt.reader import CheckpointReader
    from tfckpt.saver import Saver
    from tfckpt.state import checkpoint_exists, get_checkpoint_state, latest_checkpoint
    from tfckpt.tensors.tensor_proto import make_ndarray, make_tensor_proto
    from tfckpt.v1.reader import V1Reader
    from tfckpt.v1.writer import V1Writer

# Where each public name lives. They are imported on first use, so that `import tfckpt` costs
# next to nothing and reading a checkpoint does not load the parts for graphs.
_HOMES = {
    "BundleReader": "bundle",
    "BundleWriter": "bundle",
    "CheckpointReader": "reader",
    "CheckpointState": "protos",
    "GraphDef": "protos",
    "MetaGraphDef": "protos",
    "Saver": "saver",
    "SaverDef": "protos",
    "V1Reader": "v1.reader",
    "V1Writer": "v1.writer",
    "checkpoint_exists": "state",
    "convert_checkpoint": "convert",
    "get_checkpoint_state": "state",
    "latest_checkpoint": "state",
    "list_variables": "checkpoint",
    "load": "checkpoint",
    "load_checkpoint": "checkpoint",
    "load_variable": "checkpoint",
    "make_ndarray": "tensors.tensor_proto",
    "make_tensor_proto": "tensors.tensor_proto",
    "merge_bundles": "bundle",
    "save": "checkpoint",
}
_MODULES = ("errors", "protos")

__all__ = [
    "BundleReader",
    "BundleWriter",
    "CheckpointReader",
    "CheckpointState",
    "GraphDef",
    "MetaGraphDef",
    "Saver",
    "SaverDef",
    "V1Reader",
    "V1Writer",
    "checkpoint_exists",
    "convert_checkpoint",
    "errors",
    "get_checkpoint_state",
    "latest_checkpoint",
    "list_variables",
    "load",
    "load_checkpoint",
    "load_variable",
    "make_ndarray",
    "make_tensor_proto",
    "merge_bundles",
    "protos",
    "save",
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
