"""What the examples of docs/from-tensorflow.md write, in TensorFlow."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

tf1 = tf.compat.v1
ROOT = Path(__file__).parent.parent.parent
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
BIAS, KERNEL = np.zeros(2, np.float32), np.ones((4, 2), np.float32)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's examples ran."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "tests").symlink_to(ROOT / "tests")
    names: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for code in EXAMPLE.findall((ROOT / "docs" / "from-tensorflow.md").read_text()):
            exec(code, names)
    return folder


def restored(prefix: Path) -> dict[str, np.ndarray]:
    """Import a checkpoint's graph and restore it, as TensorFlow 1 does."""
    with tf1.Session(graph=tf.Graph()) as session:
        tf1.train.import_meta_graph(f"{prefix}.meta").restore(session, str(prefix))
        return {one.op.name: session.run(one) for one in tf1.global_variables()}


@pytest.mark.parametrize(
    ("prefix", "step"),
    [
        ("checkpoint_dir/MyModel", 0),
        ("my-save-dir/my-model-1000", 1000),
        ("my-save-dir/my-model-3000", 3000),
    ],
)
def test_checkpoints_are_restored_with_their_graphs(written: Path, prefix: str, step: int) -> None:
    found = restored(written / prefix)
    assert sorted(found) == ["dense/bias", "dense/kernel", "global_step"]
    assert found["global_step"] == step
    np.testing.assert_array_equal(KERNEL, found["dense/kernel"])
    reader = tf.train.load_checkpoint(str(written / prefix))
    np.testing.assert_array_equal(BIAS, reader.get_tensor("dense/bias"))


def test_the_state_file_names_the_latest(written: Path) -> None:
    folder = str(written / "my-save-dir")
    state = tf1.train.get_checkpoint_state(folder)
    assert tf1.train.latest_checkpoint(folder) == f"{folder}/my-model-3000"
    assert [path.rpartition("-")[2] for path in state.all_model_checkpoint_paths] == [
        "1000",
        "2000",
        "3000",
    ]


def test_graphs_are_imported_from_text_and_binary(written: Path) -> None:
    text = tf1.GraphDef()
    text_format.Parse((written / "my-model" / "train.pbtxt").read_text(), text)
    binary = tf1.GraphDef.FromString((written / "my-model" / "train.pb").read_bytes())
    assert text == binary
    with tf.Graph().as_default() as graph:
        tf1.import_graph_def(text, name="tfgraph")
        assert graph.get_tensor_by_name("tfgraph/my_input:0").shape.as_list() == [None, 4]


def test_the_exported_meta_graph_has_its_collection(written: Path) -> None:
    with tf.Graph().as_default():
        tf1.train.import_meta_graph(str(written / "my-model.meta"))
        (found,) = tf1.get_collection("input_tensor")
        assert found.name == "tfgraph/my_input:0"
        assert tf1.get_collection("output_tensor") == []


def test_training_goes_on_from_the_imported_graph(written: Path) -> None:
    prefix = written / "trained" / "model.ckpt-60"
    before = tf.train.load_checkpoint(str(ROOT / "tests/golden/trained/model.ckpt-60"))
    with tf1.Session(graph=tf.Graph()) as session:
        saver = tf1.train.import_meta_graph(f"{prefix}.meta")
        saver.restore(session, str(prefix))
        (train_op,) = tf1.get_collection("train_op")
        values = {one.op.name: one for one in tf1.global_variables()}
        np.testing.assert_array_equal(
            2 * before.get_tensor("linear/kernel"), session.run(values["linear/kernel"])
        )
        session.run(train_op)
        assert session.run(values["global_step"]) == 61


def test_the_saved_model_loads_both_ways(written: Path) -> None:
    folder = str(written / "saved-model")
    with tf1.Session(graph=tf.Graph()) as session:
        tf1.saved_model.loader.load(session, [tf1.saved_model.tag_constants.TRAINING], folder)
        found = {one.op.name: session.run(one) for one in tf1.global_variables()}
    np.testing.assert_array_equal(KERNEL, found["dense/kernel"])
    model = tf.saved_model.load(folder, tags=["train"])
    assert {one.name: one.shape.as_list() for one in model.variables} == {
        "dense/bias:0": [2],
        "dense/kernel:0": [4, 2],
        "global_step:0": [],
    }
