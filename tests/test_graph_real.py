"""Graphs that other people's TensorFlow left between 2016 and now."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

import tfckpt
from tfckpt import errors
from tfckpt.graph.meta_graph_import import import_graph_and_collections
from tfckpt.graphdef.listing import meta_graphs_of
from tfckpt.graphdef.summary import summarize

# Not graphs, though their names end like one.
OTHERS = ("fingerprint.pb", "keras_metadata.pb", "projector_config.pbtxt")
# Collections that name operations the file has not: TensorFlow cannot import it either.
BROKEN = "model.tflearn.meta"


def graph_files(folder: Path) -> list[Path]:
    found = [path for ext in ("meta", "pb", "pbtxt") for path in folder.rglob(f"*.{ext}")]
    return sorted(path for path in found if path.name not in OTHERS)


def same(one, other):
    """By their bytes: some of these hold NaN constants, which equal nothing."""
    return one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)


def test_every_graph_round_trips_in_both_forms(realckpts, tmp_path):
    files = graph_files(realckpts)
    assert files
    for path in files:
        message = tfckpt.graph.read_graph_file(path)
        data = path.read_bytes()
        try:
            again = type(message).FromString(data)
        except Exception:  # a text
            again = text_format.Parse(data.decode(), type(message)())
        assert same(message, again), path
        written = tfckpt.write_graph(message, tmp_path, "g", as_text=False)
        assert same(message, tfckpt.graph.read_graph_file(written)), path


def test_every_graph_imports_and_exports_again(realckpts):
    for path in graph_files(realckpts):
        for meta_graph in meta_graphs_of(path):
            kept = set(meta_graph.collection_def) - {"savers"}
            kept -= {"trainops"} if path.name == BROKEN else set()
            with tfckpt.Graph().as_default() as graph:
                import_graph_and_collections(
                    meta_graph, restore_collections_predicate=kept.__contains__
                )
            exported = tfckpt.export_meta_graph(graph=graph)
            names = [node.name for node in exported.graph_def.node]
            assert sorted(names) == sorted(node.name for node in meta_graph.graph_def.node), path
            assert set(exported.collection_def) == kept, path
            for key in kept:
                mine, theirs = exported.collection_def[key], meta_graph.collection_def[key]
                assert mine.WhichOneof("kind") == theirs.WhichOneof("kind"), (path, key)


def test_every_graph_is_summed_up(realckpts):
    for path in graph_files(realckpts):
        for meta_graph in meta_graphs_of(path):
            assert summarize(meta_graph).nodes == len(meta_graph.graph_def.node)
        tfckpt.graph_constants(path)


def test_what_is_no_graph_is_said_so(realckpts):
    others = [path for name in OTHERS for path in realckpts.rglob(name)]
    assert others
    for path in others:
        with pytest.raises(errors.DataLossError, match=path.name):
            tfckpt.graph.read_graph_file(path)
