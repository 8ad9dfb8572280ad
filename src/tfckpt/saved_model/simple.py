"""simple_save: a SavedModel for serving, in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfckpt.graph import Operation, get_collection
from tfckpt.graphdef.keys import GraphKeys
from tfckpt.names import AnyPath
from tfckpt.saved_model import signature_constants, tag_constants
from tfckpt.saved_model.builder import SavedModelBuilder
from tfckpt.saved_model.graphs import GraphToSave
from tfckpt.saved_model.signature_def_utils import predict_signature_def


def simple_save(
    variables: Mapping[str, Any],
    export_dir: AnyPath,
    inputs: Mapping[str, object],
    outputs: Mapping[str, object],
    legacy_init_op: Operation | str | None = None,
    *,
    graph: GraphToSave | None = None,
) -> None:
    """Build a SavedModel for serving: tag ``serve``, one signature, ``serving_default``.

    `inputs` and `outputs` map names to tensors of the graph, or to TensorInfos. Assets are those
    of the default graph's collection ``asset_filepaths``.

    Raises what `SavedModelBuilder` does; ValueError without inputs or outputs.
    """
    signature = predict_signature_def(inputs, outputs)
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        variables,
        tags=[tag_constants.SERVING],
        signature_def_map={signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: signature},
        assets_collection=get_collection(GraphKeys.ASSET_FILEPATHS),
        main_op=legacy_init_op,
        clear_devices=True,
        graph=graph,
    )
    builder.save()
