"""What tells the classes and names of a model's layers.

1. What the caller gives: the class by the path of a layer, or the model as ``model.to_json()`` says
   it.
2. A SavedModel of Keras 2: ``keras_metadata.pb``, and before TensorFlow 2.5 the graph of objects,
   say of each object what it is (``saving/saved_model/load.py``).
3. The layer's name in the full names of its variables, if it is one that Keras itself gives layers
   without a name (``dense_1``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tfckpt.errors import DataLossError, InvalidArgumentError, located
from tfckpt.formats.jsons import parse_json
from tfckpt.keras.layers import Layer
from tfckpt.objectgraph.nodes import check_references, node_at
from tfckpt.objects.matching import match_children
from tfckpt.saved_model.files import read_saved_model
from tfckpt.saved_model.full_names import export_dir_of
from tfckpt.storage import read_file
from tfckpt.wire import fields

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

_METADATA_FILE = "keras_metadata.pb"
_DICTS = frozenset({"trackable_dict_wrapper", "trackable_mapping"})

DICT = "dict"
"""What stands for a class where a layer is none, but a dict of some."""


class Said(NamedTuple):
    """What is said of a layer: its class and its name, "" where nothing tells."""

    kind: str = ""
    name: str = ""


def said_of(
    model: Layer, graph: TrackableObjectGraph, prefix: str, layers: Mapping[str, Any] | None
) -> dict[int, Said]:
    """Return what is said of the layers of a model, by node."""
    said = {layer.node_id: _by_its_variables(layer) for layer in _below(model)}
    said |= _by_the_saved_model(graph, prefix)
    for layer in _below(model):
        if layer.kind and not said[layer.node_id].kind:
            said[layer.node_id] = said[layer.node_id]._replace(kind=layer.kind)
    if layers is not None and _is_model(layers):
        said |= _by_the_config(model, layers)
    else:
        for path, kind in (layers or {}).items():
            node_id = node_at(graph, path)
            if node_id is None or not isinstance(kind, str):
                raise InvalidArgumentError(
                    f"layers= maps the path of a layer to its class: {path!r} to {kind!r}"
                    + (" names no object" if node_id is None else ""),
                    path=prefix,
                )
            said[node_id] = said.get(node_id, Said())._replace(kind=kind)
    return said


def snake_case(kind: str) -> str:
    """Return the name that Keras gives layers of a class (``utils/naming.py``).

    >>> [snake_case(one) for one in ("Conv2D", "LSTMCell", "BatchNormalization")]
    ['conv2d', 'lstm_cell', 'batch_normalization']
    """
    kind = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", kind).lower()
    return _NOW.get(name, name)


# Names of classes of Keras 2 that have others in Keras 3.
_NOW = {
    "model": "functional",
    "batch_normalization_v1": "batch_normalization",
    "batch_normalization_v2": "batch_normalization",
}


def _below(model: Layer) -> Iterator[Layer]:
    yield model
    for layer in model.inner():
        yield from _below(layer)


# By the names of variables

# Those layers of Keras, in snake case, that have weights.
_KNOWN = frozenset(
    {
        *("dense", "einsum_dense", "embedding", "reversible_embedding"),
        *("conv1d", "conv2d", "conv3d", "separable_conv1d", "separable_conv2d"),
        *("conv1d_transpose", "conv2d_transpose", "conv3d_transpose"),
        *("depthwise_conv1d", "depthwise_conv2d", "conv_lstm1d", "conv_lstm2d", "conv_lstm3d"),
        *("batch_normalization", "layer_normalization", "group_normalization"),
        *("rms_normalization", "spectral_normalization", "normalization", "p_re_lu"),
        *("lstm", "gru", "simple_rnn", "rnn", "lstm_cell", "gru_cell", "simple_rnn_cell"),
        *("bidirectional", "time_distributed", "stacked_rnn_cells", "locally_connected1d"),
        *("multi_head_attention", "group_query_attention", "attention", "additive_attention"),
        *("sequential", "functional"),
    }
)


def _by_its_variables(layer: Layer) -> Said:
    name, depth = "", layer
    steps = 1
    while not depth.variables:
        inner = next((layer for layer in depth.inner() if layer.all_variables()), None)
        if inner is None:
            return Said()
        depth, steps = inner, steps + 1
    parts = depth.variables[0].full_name.split("/")
    if len(parts) <= steps:
        return Said()
    name = parts[-1 - steps]
    stem = snake_case(re.sub(r"_\d+$", "", name))
    return Said(stem if stem in _KNOWN else "", name)


# By a SavedModel


def _by_the_saved_model(graph: TrackableObjectGraph, prefix: str) -> dict[int, Said]:
    folder = export_dir_of(prefix)
    if folder is None:
        return {}
    found: dict[int, Said] = {}
    for meta_graph in read_saved_model(folder).meta_graphs:
        saved = meta_graph.object_graph_def
        if not saved.nodes:
            continue
        check_references(saved)
        texts = {
            number: node.user_object.metadata
            for number, node in enumerate(saved.nodes)
            if node.user_object.metadata
        }
        texts |= _metadata_file(folder)
        for there, here in match_children(saved, graph).items():
            said = _of_metadata(texts.get(here, ""))
            if saved.nodes[here].user_object.identifier in _DICTS:
                said = Said(DICT)
            if said.kind or said.name:
                found[there] = said
    return found


def _metadata_file(folder: str) -> dict[int, str]:
    """Read ``SavedMetadata``: nodes = 1 {node_id = 2, metadata = 5}."""
    path = os.path.join(folder, _METADATA_FILE)
    if not os.path.isfile(path):
        return {}
    texts = {}
    with located(path):
        for number, _, node in fields(read_file(path)):
            if number != 1 or isinstance(node, int):
                continue
            held = {field: value for field, _, value in fields(node)}
            said, node_id = held.get(5), held.get(2, 0)
            if isinstance(said, memoryview) and isinstance(node_id, int):
                texts[node_id] = bytes(said).decode(errors="replace")
    return texts


def _of_metadata(text: str) -> Said:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return Said()
    if not isinstance(said, dict) or said.get("class_name") in (None, "ListWrapper"):
        return Said()
    kind, name = said.get("class_name"), said.get("name")
    return Said(kind if isinstance(kind, str) else "", name if isinstance(name, str) else "")


# By the model's own description


def read_layers(path: str) -> Mapping[str, Any]:
    """Read what `layers` is to be from a file of JSON. Raises InvalidArgumentError."""
    try:
        said = parse_json(read_file(path), "what says the layers")
    except DataLossError as error:
        raise InvalidArgumentError(error.message, path=path) from None
    if not isinstance(said, dict):
        raise InvalidArgumentError("what says the layers is a JSON object", path=path)
    return said


def _is_model(layers: Mapping[str, Any]) -> bool:
    return "class_name" in layers and isinstance(layers.get("config"), Mapping)


def _by_the_config(model: Layer, said: Mapping[str, Any]) -> dict[int, Said]:
    config = said.get("config")
    config = config if isinstance(config, Mapping) else {}
    name = config.get("name", said.get("name"))
    found = {
        model.node_id: Said(str(said.get("class_name", "")), name if isinstance(name, str) else "")
    }
    mine, theirs = model.kept.get("layers"), config.get("layers")
    if not isinstance(mine, list) or not isinstance(theirs, list):
        return found
    if len(theirs) != len(mine):
        theirs = [layer for layer in theirs if layer.get("class_name") != "InputLayer"]
    if len(theirs) != len(mine):
        raise InvalidArgumentError(
            f"layers= says that {model.path or 'the model'} has {len(theirs)} layers, the "
            f"checkpoint has {len(mine)}"
        )
    for layer, config in zip(mine, theirs, strict=True):
        found |= _by_the_config(layer, config)
    return found
