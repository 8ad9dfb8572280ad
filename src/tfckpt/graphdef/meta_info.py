"""What a MetaGraphDef says of itself: who made it, and which ops it has."""

from __future__ import annotations

from tfckpt.graphdef.op_defs import TENSORFLOW_VERSION, strip_defaults, stripped_op_list
from tfckpt.protos import MetaGraphDef
from tfckpt.versions import TFCKPT_VERSION

# Stands where TensorFlow names the commit that it was built from.
GIT_VERSION = f"tfckpt {TFCKPT_VERSION}"


def add_meta_info(meta_graph_def: MetaGraphDef, *, strip_default_attrs: bool) -> None:
    """Say what a graph was made by, and which ops it has; drop attributes' defaults if asked."""
    info = meta_graph_def.meta_info_def
    info.tensorflow_version = TENSORFLOW_VERSION
    info.tensorflow_git_version = GIT_VERSION
    if not info.stripped_op_list.op:
        info.stripped_op_list.CopyFrom(stripped_op_list(meta_graph_def.graph_def))
    if strip_default_attrs:
        strip_attrs(meta_graph_def)


def strip_attrs(meta_graph_def: MetaGraphDef) -> None:
    """Drop attributes that equal their op's default, and say that this was done."""
    strip_defaults(meta_graph_def.graph_def)
    meta_graph_def.meta_info_def.stripped_default_attrs = True
