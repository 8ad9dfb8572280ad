"""Files of graphs: both forms, all kinds, and what is no graph."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tfckpt
from tfckpt import errors
from tfckpt.protos import GraphDef, MetaGraphDef, SavedModel


def a_graph():
    graph_def = GraphDef()
    graph_def.versions.producer = 27
    x = graph_def.node.add(name="x", op="Placeholder", device="/cpu:0")
    x.attr["dtype"].type = 1
    x.attr["shape"].shape.dim.add(size=-1)
    graph_def.node.add(name="y", op="Relu", input=["x"]).attr["T"].type = 1
    return graph_def


def a_meta_graph():
    meta_graph = MetaGraphDef(graph_def=a_graph())
    meta_graph.meta_info_def.tensorflow_version = "1.15.0"
    meta_graph.collection_def["names"].node_list.value.append("x:0")
    return meta_graph


def a_saved_model():
    return SavedModel(saved_model_schema_version=1, meta_graphs=[a_meta_graph()])


KINDS = {"GraphDef": a_graph, "MetaGraphDef": a_meta_graph, "SavedModel": a_saved_model}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("name", ["graph", "graph.pb", "graph.pbtxt", "model.meta"])
def test_a_file_is_read_as_what_it_is_whatever_its_name(kind, as_text, name, tmp_path):
    message = KINDS[kind]()
    path = tfckpt.write_graph(message, tmp_path / "new" / "folder", name, as_text=as_text)
    assert path == str(tmp_path / "new" / "folder" / name)
    assert message == tfckpt.graph.read_graph_file(path)
    assert tfckpt.read_graph_def(path) == a_graph()


def test_binary_files_are_the_same_every_time(tmp_path):
    path = tfckpt.write_graph(a_graph(), tmp_path, "a.pb", as_text=False)
    again = tfckpt.write_graph(tfckpt.read_graph_def(path), tmp_path, "b.pb", as_text=False)
    with open(path, "rb") as a, open(again, "rb") as b:
        assert a.read() == b.read()


def test_a_graph_is_written_as_its_message(tmp_path):
    graph = tfckpt.Graph()
    graph.create_op("NoOp", name="n")
    path = tfckpt.write_graph(graph, tmp_path, "g")
    assert graph.as_graph_def() == tfckpt.read_graph_def(path)
    with pytest.raises(TypeError, match="a Graph or a message"):
        tfckpt.write_graph("g", tmp_path, "h")


def test_text_with_comments_and_without_a_first_node_is_a_graph(tmp_path):
    (tmp_path / "g").write_text("# a comment\n\nversions { producer: 5 }")
    assert tfckpt.read_graph_def(tmp_path / "g").versions.producer == 5


def test_a_missing_file_is_one():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        tfckpt.graph.read_graph_file("/nowhere/x.meta")


TEXT = text_format.MessageToString(a_graph())
NO_GRAPHS = {
    "empty": (b"", "empty file"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(50), "HDF5"),
    "page": (b"<!doctype html><html>", "HTML"),
    "noise": (b"\xff\xfe\xfd" * 30, "neither as binary nor as text"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "LFS"),
    "cut binary": (a_graph().SerializeToString()[:-3], "neither as binary"),
    "unknown field": (TEXT.replace("input:", "inputs:").encode(), "node 'y', line .*inputs"),
    "cut text": (TEXT[: TEXT.rindex("}")].encode(), "no GraphDef"),
    "unknown text": (b"embeddings {\n}\n", 'no field named "embeddings"'),
    "no enum": (TEXT.replace("DT_FLOAT", "DT_FLOOT", 1).encode(), "node 'x', line .*DT_FLOOT"),
}


@pytest.mark.parametrize("case", NO_GRAPHS)
def test_what_is_no_graph_is_said_with_file_and_node(case, tmp_path):
    data, message = NO_GRAPHS[case]
    path = tmp_path / "graph.pb"
    path.write_bytes(data)
    with pytest.raises(errors.DataLossError, match=message) as caught:
        tfckpt.graph.read_graph_file(path)
    assert caught.value.path == str(path)


def test_a_file_beyond_2_gib_is_refused_unread(tmp_path):
    with open(tmp_path / "big.pb", "wb") as file:
        file.truncate(2**31 + 5)
    with pytest.raises(errors.DataLossError, match=r"2147483653 bytes.*2 GiB"):
        tfckpt.read_graph_def(tmp_path / "big.pb")


def test_a_graph_def_is_no_meta_graph(tmp_path):
    path = tfckpt.write_graph(a_graph(), tmp_path, "g.pb", as_text=False)
    with pytest.raises(errors.DataLossError, match="GraphDef, not a MetaGraphDef"):
        tfckpt.read_meta_graph(path)
    with pytest.raises(errors.DataLossError, match="GraphDef, not a MetaGraphDef"):
        tfckpt.import_meta_graph(path)


def test_errors_of_an_import_name_the_file(tmp_path):
    meta_graph = a_meta_graph()
    meta_graph.graph_def.node.add(name="z", op="NoOp", input=["^nobody"])
    path = tfckpt.write_graph(meta_graph, tmp_path, "m.meta")
    with tfckpt.Graph().as_default(), pytest.raises(ValueError, match=r"m\.meta.*'z'.*nobody"):
        tfckpt.import_meta_graph(path)


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_file_gives_a_graph_or_a_checkpoint_error(tmp_path, data):
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    as_text = data.draw(st.booleans())
    path = tfckpt.write_graph(KINDS[kind](), tmp_path, "g", as_text=as_text)
    with open(path, "rb") as file:
        content = bytearray(file.read())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(1, len(content))) :]
    (tmp_path / "g").write_bytes(content)
    with tfckpt.Graph().as_default():
        try:
            found = tfckpt.graph.read_graph_file(path)
            if isinstance(found, GraphDef):
                tfckpt.import_graph_def(found)
                tfckpt.export_meta_graph(graph_def=found, export_scope="x")
            elif isinstance(found, MetaGraphDef):
                tfckpt.import_meta_graph(found)
            tfckpt.list_graph_variables(path)
        except errors.CheckpointError:
            pass
