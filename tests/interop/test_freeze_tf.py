"""Freezing a TensorFlow 2 model with nothing but its files; TensorFlow runs both and compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from interop.tf_suite import run, serve

v1 = tf.compat.v1


def frozen_signature(folder: Path, key: str) -> tuple[Any, dict[str, str], dict[str, str]]:
    """Return a signature's frozen graph, and the tensors that it takes and gives."""
    meta = tfckpt.saved_model.parse_saved_model(folder).meta_graphs[0]
    signature = meta.signature_def[key]
    inputs, outputs = (
        {name: infos[name].name for name in infos}
        for infos in (signature.inputs, signature.outputs)
    )
    with tfckpt.load_checkpoint(folder / "variables" / "variables") as reader:
        frozen = tfckpt.convert_variables_to_constants(
            tfckpt.values_by_node(meta, reader),
            meta.graph_def,
            sorted({name.partition(":")[0] for name in outputs.values()}),
        )
    return v1.GraphDef.FromString(frozen.SerializeToString()), inputs, outputs


def assert_gives_the_same(
    folder: Path, feed: Mapping[str, Any], key: str = "serving_default"
) -> Any:
    frozen, inputs, outputs = frozen_signature(folder, key)
    model = serve(folder, ["serve"])
    expected = model.session.run(outputs, {inputs[name]: feed[name] for name in feed})
    wrapped = v1.wrap_function(lambda: tf.graph_util.import_graph_def(frozen, name=""), [])
    graph = wrapped.graph
    run = wrapped.prune(
        [graph.as_graph_element(inputs[name]) for name in feed],
        {name: graph.as_graph_element(tensor) for name, tensor in outputs.items()},
    )
    found = run(*[tf.constant(value) for value in feed.values()])
    for name, value in expected.items():
        # The same sums in another order: what is lost goes with the biggest of them.
        scale = float(np.max(np.abs(value), initial=1))
        np.testing.assert_allclose(found[name].numpy(), value, rtol=1e-5, atol=1e-6 * scale)
    return frozen


class Everything(tf.Module):
    """Lookups, functions in functions, a conditional and a choice within a loop."""

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        # Two have one full name.
        for name, full_name, shape in (
            *(("table", "table", (20, 6)), ("kernel", "w", (6, 6)), ("bias", "w", 6)),
            ("cube", "cube", (3, 4, 5)),
        ):
            value = rng.normal(size=shape).astype("f4") / 3
            setattr(self, name, tf.Variable(value, name=full_name))
        self.most = tf.Variable(2.5, name="most")

    @tf.function
    def dense(self, x: Any) -> Any:
        return tf.tanh(x @ self.kernel + self.bias)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.int32, name="ids")])
    def serve(self, ids: Any) -> Any:
        def body(i: Any, x: Any) -> Any:
            x = tf.cond(
                tf.reduce_sum(x) > self.most,
                lambda: self.dense(x) + tf.nn.embedding_lookup(self.table, [1]),
                lambda: x * 0.5 + self.bias,
            )
            branches = [lambda: x, lambda: x + self.bias, lambda: self.dense(x)]
            return i + 1, tf.switch_case(i % 3, branches)

        x = self.dense(tf.reduce_sum(tf.nn.embedding_lookup(self.table, ids), 1))
        _, x = tf.while_loop(
            lambda i, x: (i < 5) & (tf.reduce_sum(x) < 100 * self.most), body, [0, x]
        )
        at = tf.stack([ids[:, 0] % 3, ids[:, 1] % 4], 1)
        return {"x": x, "y": tf.gather_nd(self.cube, at), "shape": tf.shape(self.cube)}


def test_a_module_of_all_kinds_of_functions(tmp_path: Path) -> None:
    module = Everything()
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    feed = {"ids": np.array([[1, 2, 3], [4, 5, 6]], np.int32)}
    frozen = assert_gives_the_same(tmp_path, feed)
    ops = {one.op for made in frozen.library.function for one in made.node_def}
    assert {"If", "Case", "GatherV2", "GatherNd"} <= ops
    assert not ops & {"VarHandleOp", "ReadVariableOp", "ResourceGather", "ResourceGatherNd"}


def recurrent() -> Any:
    layers = keras.layers
    return [
        *(keras.Input((7,), dtype="int32"), layers.Embedding(30, 8)),
        *(layers.LSTM(6, return_sequences=True), layers.GRU(5), layers.Dense(3)),
    ]


def convolutional() -> Any:
    layers = keras.layers
    return [
        *(keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization()),
        *(layers.ReLU(), layers.Flatten(), layers.Dense(2)),
    ]


@pytest.mark.parametrize("layers", [recurrent, convolutional])
def test_a_keras_model(tmp_path: Path, layers: Callable[[], Any]) -> None:
    """All of one process: TensorFlow takes two functions of a name for the same."""
    model = keras.Sequential(layers())
    model.export(str(tmp_path), verbose=False)
    meta = tfckpt.saved_model.parse_saved_model(tmp_path).meta_graphs[0]
    (name,) = meta.signature_def["serving_default"].inputs
    shape = (2, *model.input_shape[1:])
    feed = np.arange(np.prod(shape)).reshape(shape) % 30
    assert_gives_the_same(tmp_path, {name: feed.astype(model.inputs[0].dtype)})


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_partitioned_variable(tmp_path: Path, use_resource: bool) -> None:
    with v1.Graph().as_default(), v1.Session() as session:
        table = v1.get_variable(
            "table",
            (4, 3),
            initializer=v1.random_normal_initializer(seed=1),
            partitioner=v1.fixed_size_partitioner(2),
            use_resource=use_resource,
        )
        doubled = tf.identity(tf.convert_to_tensor(table) * 2.0, name="y")
        session.run(v1.global_variables_initializer())
        expected = session.run(doubled)
        prefix = v1.train.Saver({"saved/as": table}).save(session, str(tmp_path / "model"))
    meta = tfckpt.read_meta_graph(f"{prefix}.meta")
    with tfckpt.load_checkpoint(prefix) as reader:
        values = tfckpt.values_by_node(meta, reader)
        frozen = tfckpt.convert_variables_to_constants(values, meta.graph_def, ["y"])
    assert sorted(values) == ["table/part_0", "table/part_1"]
    np.testing.assert_array_equal(run(frozen, "y:0"), expected)


def numbers(info: Any, size: int) -> Any:
    shape = [dim.size if dim.size > 0 else size for dim in info.tensor_shape.dim]
    values = np.random.default_rng(size).random(shape)
    return values.astype(tf.dtypes.as_dtype(info.dtype).as_numpy_dtype)


def takes_numbers(signature: Any) -> bool:
    kinds = [tf.dtypes.as_dtype(signature.inputs[key].dtype) for key in signature.inputs]
    return all(kind.is_floating or kind.is_integer for kind in kinds)


def test_models_of_other_people(realckpts: Path) -> None:
    """Those whose functions do the work, where they take numbers and train nothing."""
    compared = set()
    for path in sorted(realckpts.rglob("saved_model.pb")):
        meta = tfckpt.saved_model.parse_saved_model(path.parent).meta_graphs[0]
        if not meta.HasField("object_graph_def"):
            continue
        for key, signature in meta.signature_def.items():
            if not key.startswith("__") and takes_numbers(signature) and key != "train":
                infos = signature.inputs
                size = 32 if "cnn-ripple" in str(path) else 1  # it halves a length some times
                feed = {name: numbers(infos[name], size) for name in infos}
                frozen = assert_gives_the_same(path.parent, feed, key)
                assert "VarHandleOp" not in {one.op for one in frozen.node}
                compared.add(path)
    assert len(compared) >= 12
