"""The full names of a TensorFlow 2 model's variables, as ``saved_model.pb`` has them.

The checkpoint beside it may know its variables by their objects' paths alone. The model's own graph
of objects has the same paths, and each variable's name.
"""

from __future__ import annotations

import os

from tfckpt.errors import located
from tfckpt.objectgraph.keys import VARIABLE_VALUE
from tfckpt.objectgraph.nodes import check_references
from tfckpt.objects.matching import matched_objects
from tfckpt.protos import SavedObjectGraph, TrackableObjectGraph
from tfckpt.saved_model.files import model_file, read_saved_model, variables_prefix


def export_dir_of(prefix: str) -> str | None:
    """Return the SavedModel's folder that a checkpoint is in, None for one that stands alone."""
    folder = os.path.dirname(os.path.dirname(prefix)) or os.curdir
    own = os.path.normpath(prefix) == os.path.normpath(variables_prefix(folder))
    return folder if own and model_file(folder) is not None else None


def full_names(export_dir: str, tracked: TrackableObjectGraph) -> dict[str, str]:
    """Return the full names of a checkpoint's variables by key; `tracked` is its graph of objects.

    Variables that the model has no name for are left out.

    Raises as `read_saved_model`; DataLossError for a graph of objects that contradicts itself.
    """
    names: dict[str, str] = {}
    with located(model_file(export_dir)):
        for meta_graph in read_saved_model(export_dir).meta_graphs:
            names = {**names_in(meta_graph.object_graph_def, tracked), **names}
    return names


def names_in(saved: SavedObjectGraph, tracked: TrackableObjectGraph) -> dict[str, str]:
    """Return what `full_names` does, of one graph of objects."""
    if not saved.nodes:
        return {}
    check_references(saved)
    return {
        attribute.checkpoint_key: saved.nodes[here].variable.name
        for there, here in matched_objects(saved, tracked).items()
        if saved.nodes[here].variable.name
        for attribute in tracked.nodes[there].attributes
        if attribute.name == VARIABLE_VALUE
    }
