"""SavedModels of ours in TensorFlow, and TensorFlow's in ours; changed ones, served again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

import tfckpt
from tfckpt import saved_model
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.protos import TensorInfo

tf1 = tf.compat.v1
V1 = tf1.saved_model
ROWS = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)


def load_v1(folder: Path, tags: list[str]) -> dict[str, np.ndarray]:
    """Load as TensorFlow 1 does; return the variables of its session by name."""
    with tf1.Session(graph=tf.Graph()) as session:
        V1.loader.load(session, tags, str(folder))
        found = tf1.global_variables()
        return {one.op.name: session.run(one) for one in found}


def load_v2(folder: Path, tags: list[str] | None = None) -> dict[str, np.ndarray]:
    model = tf.saved_model.load(str(folder), tags=tags)
    return {one.name.removesuffix(":0"): one.numpy() for one in model.variables}


def assert_same(expected: dict[str, Any], found: dict[str, Any]) -> None:
    assert sorted(expected) == sorted(found)
    for name, value in expected.items():
        assert np.asarray(value).dtype == np.asarray(found[name]).dtype, name
        np.testing.assert_array_equal(value, found[name], err_msg=name)


def floats(name: str) -> TensorInfo:
    info = TensorInfo(name=name, dtype=1)
    info.tensor_shape.unknown_rank = True
    return info


# A model from nothing but arrays.


def arrays_of_many_types() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    types = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "c16"]
    arrays = {
        f"of_{kind.replace('?', 'bool')}": rng.integers(0, 2, (2, 3)).astype(kind) for kind in types
    }
    arrays["dense/kernel"] = rng.normal(size=(3, 2)).astype("f4")
    arrays["scalar"] = np.float32(4)
    arrays["empty"] = np.zeros((0, 3), "f4")
    arrays["texts"] = np.array([b"a", b"bc\0"], object)
    arrays["half"] = np.arange(3).astype(tf.bfloat16.as_numpy_dtype)
    return arrays


@pytest.mark.parametrize("load", [load_v1, load_v2])
def test_arrays_alone_make_a_model_that_tensorflow_loads(tmp_path: Path, load: Any) -> None:
    arrays = arrays_of_many_types()
    builder = saved_model.Builder(tmp_path / "m")
    builder.add_meta_graph_and_variables(arrays, ["serve"])
    builder.save()
    assert_same(arrays, load(tmp_path / "m", ["serve"]))


PIECES = ["a", "w", "save", "Assign", "Read", "RestoreV2", "w_1", "Initializer", "zeros", "0"]


@pytest.mark.parametrize("seed", range(12))
def test_any_names_do_even_those_of_the_operations_around(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = {"/".join(rng.choice(PIECES, rng.integers(1, 4))) for _ in range(rng.integers(1, 12))}
    arrays = {
        name: rng.integers(0, 9, rng.integers(0, 3, rng.integers(0, 3))).astype(
            rng.choice(["f4", "f8", "i4", "i8", "c8"])
        )
        for name in sorted(names)
    }
    builder = saved_model.Builder(tmp_path / "m", fsync=False)
    builder.add_meta_graph_and_variables(arrays, ["serve"])
    builder.save()
    assert_same(arrays, load_v1(tmp_path / "m", ["serve"]))
    assert_same(arrays, load_v2(tmp_path / "m"))


@pytest.mark.parametrize("as_text", [False, True])
def test_signatures_can_name_the_variables_of_such_a_model(tmp_path: Path, as_text: bool) -> None:
    info = floats("w/Read/ReadVariableOp:0")
    signature = saved_model.build_signature_def({}, {"w": info}, "m")
    builder = saved_model.Builder(tmp_path / "m")
    builder.add_meta_graph_and_variables({"w": ROWS}, ["serve", "x"], {"read": signature})
    builder.add_meta_graph(["train"])
    builder.save(as_text=as_text)
    model = tf.saved_model.load(str(tmp_path / "m"), tags=["x", "serve"])
    np.testing.assert_array_equal(ROWS, model.signatures["read"]()["w"])
    assert_same({"w": ROWS}, load_v1(tmp_path / "m", ["train"]))


def test_a_model_without_variables(tmp_path: Path) -> None:
    builder = saved_model.Builder(tmp_path / "m")
    builder.add_meta_graph_and_variables({}, ["serve"])
    builder.save()
    assert load_v1(tmp_path / "m", ["serve"]) == {}
    assert load_v2(tmp_path / "m") == {}


# TensorFlow 1: weights replaced.


def make_v1(folder: Path, asset: Path, *, resource: bool = True, as_text: bool = False) -> None:
    """A linear model with an asset, a table, an init op and two graphs."""
    builder = V1.Builder(str(folder))
    with tf1.Session(graph=tf.Graph()) as session:
        x = tf1.placeholder(tf.float32, [None, 2], name="x")
        w = tf1.get_variable("w", initializer=ROWS, use_resource=resource)
        b = tf1.get_variable("part/b", initializer=np.float32([1, -1]), use_resource=resource)
        y = tf.add(x @ w, b, name="y")
        words = tf1.placeholder(tf.string, [None], name="words")
        source = tf.constant(str(asset), name="vocabulary")
        table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(source, tf.string, 0, tf.int64, 1, delimiter=" "), -1
        )
        found = tf.identity(table.lookup(words), name="found")
        signatures = {
            "serving_default": V1.predict_signature_def({"x": x}, {"y": y}),
            "look": V1.predict_signature_def({"words": words}, {"found": found}),
        }
        session.run(tf1.global_variables_initializer())
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signatures,
            assets_collection=[source],
            main_op=tf1.tables_initializer(),
        )
        builder.add_meta_graph(["train", "gpu"])
    builder.save(as_text=as_text)


def serve_v1(folder: Path, tags: list[str], key: str, x: np.ndarray) -> np.ndarray:
    with tf1.Session(graph=tf.Graph()) as session:
        graph = V1.loader.load(session, tags, str(folder))
        signature = graph.signature_def[key]
        (taken,), (given,) = signature.inputs.values(), signature.outputs.values()
        return session.run(given.name, {taken.name: x})


@pytest.fixture
def asset(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "words.txt"
    path.parent.mkdir()
    path.write_text("one 1\ntwo 2\n")
    return path


@pytest.mark.parametrize("resource", [True, False])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_tensorflow_1_model_serves_replaced_weights(
    tmp_path: Path, asset: Path, resource: bool, as_text: bool
) -> None:
    make_v1(tmp_path / "old", asset, resource=resource, as_text=as_text)
    weights = saved_model.Variables()
    saved_model.load(weights, ["serve"], tmp_path / "old")
    assert_same({"w": ROWS, "part/b": np.float32([1, -1])}, weights)

    weights["w"] *= 10
    builder = saved_model.Builder(tmp_path / "new")
    builder.add_meta_graph_and_variables(weights, ["serve"])
    train = saved_model.load({}, ["gpu", "train"], tmp_path / "old")
    builder.add_meta_graph(["train", "gpu"], graph=train)
    builder.save(as_text=not as_text)

    asset.unlink()
    for name in ("old", "new"):
        rows = ROWS * (10 if name == "new" else 1)
        x = np.float32([[1, 0], [1, 1]])
        expected = x @ rows + np.float32([1, -1])
        np.testing.assert_array_equal(
            expected, serve_v1(tmp_path / name, ["serve"], "serving_default", x)
        )
        model = tf.saved_model.load(str(tmp_path / name), tags=["serve"])
        found = model.signatures["serving_default"](x=tf.constant(x))["y"]
        np.testing.assert_array_equal(expected, found)
        words = np.array([b"two", b"none"], object)
        np.testing.assert_array_equal([2, -1], serve_v1(tmp_path / name, ["serve"], "look", words))
        assert_same(
            {"w": rows, "part/b": np.float32([1, -1])}, load_v1(tmp_path / name, ["train", "gpu"])
        )


def test_a_plain_dict_does_too(tmp_path: Path, asset: Path) -> None:
    make_v1(tmp_path / "old", asset)
    weights: dict[str, np.ndarray] = {}
    graph = saved_model.load(weights, ["serve"], tmp_path / "old")
    weights["part/b"][:] = 0
    builder = saved_model.Builder(tmp_path / "new")
    builder.add_meta_graph_and_variables(
        weights, ["serve"], graph=graph, assets_dir=tmp_path / "old/assets"
    )
    builder.save()
    found = serve_v1(tmp_path / "new", ["serve"], "serving_default", np.eye(2, dtype="f4"))
    np.testing.assert_array_equal(ROWS, found)


def test_signatures_and_tags_are_added_and_renamed(tmp_path: Path, asset: Path) -> None:
    make_v1(tmp_path / "old", asset)
    weights = saved_model.Variables()
    graph = saved_model.load(weights, ["serve"], tmp_path / "old")
    signatures = {"renamed": graph.signature_def["serving_default"]}
    signatures["backwards"] = saved_model.predict_signature_def(
        {"sum": floats("y:0")}, {"rows": floats("y:0")}
    )
    builder = saved_model.Builder(tmp_path / "new")
    builder.add_meta_graph_and_variables(weights, ["eval", "mine"], signatures)
    builder.save()
    model = tf.saved_model.load(str(tmp_path / "new"), tags=["mine", "eval"])
    assert sorted(model.signatures) == ["backwards", "renamed"]
    x = np.float32([[5, 6]])
    np.testing.assert_array_equal(
        x @ ROWS + [1, -1], model.signatures["renamed"](x=tf.constant(x))["y"]
    )


def test_a_checkpoint_with_its_meta_becomes_a_model(tmp_path: Path) -> None:
    with tf1.Session(graph=tf.Graph()) as session:
        x = tf1.placeholder(tf.float32, [None, 2], name="x")
        y = tf.matmul(x, tf1.get_variable("w", initializer=ROWS, use_resource=False), name="y")
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, str(tmp_path / "ckpt"))
    graph = tfckpt.Graph()
    with graph.as_default():
        saver = tfckpt.import_meta_graph(tmp_path / "ckpt.meta")
    with tfckpt.load_checkpoint(tmp_path / "ckpt") as reader:
        saved_model.simple_save(
            reader,
            tmp_path / "m",
            {"x": graph.get_tensor_by_name("x:0")},
            {"y": graph.get_tensor_by_name(y.name)},
            graph=graph,
        )
    found = serve_v1(tmp_path / "m", ["serve"], "serving_default", np.eye(2, dtype="f4"))
    np.testing.assert_array_equal(ROWS, found)
    model = tf.saved_model.load(str(tmp_path / "m"))
    np.testing.assert_array_equal(ROWS, model.signatures["serving_default"](x=tf.eye(2))["y"])
    assert saver is not None


@pytest.mark.parametrize("resource", [True, False])
def test_a_graph_without_saver_gets_one(tmp_path: Path, resource: bool) -> None:
    with tf.Graph().as_default() as made:
        x = tf1.placeholder(tf.float32, [None, 2], name="x")
        tf.matmul(x, tf1.get_variable("w", [2, 2], use_resource=resource), name="save/y")
    builder = saved_model.Builder(tmp_path / "m")
    signature = saved_model.predict_signature_def({"x": floats("x:0")}, {"y": floats("save/y:0")})
    builder.add_meta_graph_and_variables(
        {"w": ROWS, "unused": np.zeros(3)},
        ["serve"],
        {"serving_default": signature},
        graph=made.as_graph_def(),
        clear_devices=True,
        strip_default_attrs=True,
    )
    builder.save()
    found = serve_v1(tmp_path / "m", ["serve"], "serving_default", np.eye(2, dtype="f4"))
    np.testing.assert_array_equal(ROWS, found)


def test_partitioned_variables_are_replaced_whole(tmp_path: Path) -> None:
    with tf1.Session(graph=tf.Graph()) as session:
        rows = tf1.get_variable(
            "rows",
            [6, 2],
            initializer=tf1.random_uniform_initializer(),
            partitioner=tf1.fixed_size_partitioner(4),
            use_resource=False,
        )
        total = tf.reduce_sum(tf.convert_to_tensor(rows), axis=1, name="total")
        session.run(tf1.global_variables_initializer())
        builder = V1.Builder(str(tmp_path / "old"))
        nothing = tf1.placeholder_with_default(np.float32(0), [], name="nothing")
        signature = V1.predict_signature_def({"nothing": nothing}, {"total": total})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    weights = saved_model.Variables()
    saved_model.load(weights, ["serve"], tmp_path / "old")
    assert list(weights) == ["rows"]
    assert weights["rows"].shape == (6, 2)
    weights["rows"] += 1
    builder = saved_model.Builder(tmp_path / "new")
    builder.add_meta_graph_and_variables(weights, ["serve"])
    builder.save()
    found = serve_v1(tmp_path / "new", ["serve"], "serving_default", np.float32(0))
    np.testing.assert_array_equal(weights["rows"].sum(axis=1), found)


def test_a_graph_in_memory_carries_assets_and_init_op(tmp_path: Path, asset: Path) -> None:
    make_v1(tmp_path / "old", asset)
    graph, weights = tfckpt.Graph(), dict[str, Any]()
    message = saved_model.load(weights, ["serve"], tmp_path / "old", graph=graph)
    builder = saved_model.Builder(tmp_path / "new")
    builder.add_meta_graph_and_variables(
        weights,
        ["serve"],
        dict(message.signature_def),
        graph=graph,
        assets_dir=tmp_path / "old" / "assets",
    )
    builder.save()
    words = np.array([b"two", b"none"], object)
    np.testing.assert_array_equal([2, -1], serve_v1(tmp_path / "new", ["serve"], "look", words))


@pytest.mark.parametrize("resource", [True, False])
def test_a_model_goes_through_the_loader_and_back(
    tmp_path: Path, asset: Path, resource: bool
) -> None:
    make_v1(tmp_path / "old", asset, resource=resource)
    loader, graph = saved_model.SavedModelLoader(tmp_path / "old"), tfckpt.Graph()
    weights: dict[str, Any] = {}
    saver, _ = loader.load_graph(graph, ["serve"])
    loader.restore_variables(weights, saver)
    assert_same({"w": ROWS, "part/b": np.float32([1, -1])}, weights)
    builder = saved_model.Builder(tmp_path / "new")
    builder.add_meta_graph_and_variables(
        weights,
        ["serve"],
        dict(loader.get_meta_graph_def_from_tags(["serve"]).signature_def),
        saver=saver,
        assets_dir=tmp_path / "old" / "assets",
    )
    builder.save()
    words, x = np.array([b"two", b"none"], object), np.float32([[1, 0], [1, 1]])
    for key, value in {"look": words, "serving_default": x}.items():
        np.testing.assert_array_equal(
            serve_v1(tmp_path / "old", ["serve"], key, value),
            serve_v1(tmp_path / "new", ["serve"], key, value),
        )


def test_a_saver_says_what_tensorflow_restores(tmp_path: Path) -> None:
    with tf.Graph().as_default() as made:
        for name in ("a", "b", "c"):
            tf1.get_variable(name, [2], use_resource=True)
    builder = saved_model.Builder(tmp_path / "m")
    weights = {"a": np.float32([1, 2]), "b": np.float32([3, 4]), "c": np.float32([5, 6])}
    builder.add_meta_graph_and_variables(
        weights,
        ["serve"],
        graph=made.as_graph_def(),
        saver=tfckpt.Saver({"b": "a", "a": "b"}, name="mine"),
    )
    builder.save()
    assert_same({"a": weights["b"], "b": weights["a"]}, tfckpt.load(tmp_path / "m"))
    with tf1.Session(graph=tf.Graph()) as session:
        graph = V1.loader.load(session, ["serve"], str(tmp_path / "m"))
        assert graph.saver_def.restore_op_name == "mine/restore_all"
        for name in ("a", "b"):
            read = tf1.raw_ops.ReadVariableOp(
                resource=session.graph.get_tensor_by_name(f"{name}:0"), dtype=tf.float32
            )
            np.testing.assert_array_equal(weights[name], session.run(read))
        c = session.graph.get_tensor_by_name("c:0")
        with pytest.raises(tf.errors.FailedPreconditionError):
            session.run(tf1.raw_ops.ReadVariableOp(resource=c, dtype=tf.float32))


def test_assets_and_init_ops_of_ours_run(tmp_path: Path, asset: Path) -> None:
    with tf.Graph().as_default() as made:
        words = tf1.placeholder(tf.string, [None], name="words")
        source = tf.constant(str(asset), name="vocabulary")
        table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(source, tf.string, 0, tf.int64, 1, delimiter=" "), -1
        )
        tf.identity(table.lookup(words), name="found")
        setup = tf1.tables_initializer()
    graph = tfckpt.Graph()
    with graph.as_default():
        nodes = tfckpt.GraphDef.FromString(made.as_graph_def().SerializeToString())
        tfckpt.import_graph_def(nodes, name="")
        graph.add_to_collection("asset_filepaths", graph.get_tensor_by_name("vocabulary:0"))
        saved_model.simple_save(
            {},
            tmp_path / "m",
            {"words": graph.get_tensor_by_name("words:0")},
            {"found": graph.get_tensor_by_name("found:0")},
            legacy_init_op=graph.get_operation_by_name(setup.name),
            graph=graph,
        )
    asset.unlink()
    given = np.array([b"two", b"none"], object)
    found = serve_v1(tmp_path / "m", ["serve"], "serving_default", given)
    np.testing.assert_array_equal([2, -1], found)
    model = tf.saved_model.load(str(tmp_path / "m"))
    found = model.signatures["serving_default"](words=tf.constant(given))["found"]
    np.testing.assert_array_equal([2, -1], found)


# TensorFlow 2: weights replaced, object graph and all.


class Linear(tf.Module):
    def __init__(self, asset: Path) -> None:
        self.w = tf.Variable(ROWS, name="w")
        self.more = [tf.Variable([1.0, -1.0]), tf.Variable(7, dtype=tf.int64)]
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(str(asset), tf.string, 0, tf.int64, 1, delimiter=" "), -1
        )

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def __call__(self, x: Any) -> Any:
        return {"y": x @ self.w + self.more[0]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def look(self, words: Any) -> Any:
        return {"found": self.table.lookup(words)}


def test_a_tensorflow_2_model_serves_replaced_weights(tmp_path: Path, asset: Path) -> None:
    module = Linear(asset)
    tf.saved_model.save(
        module,
        str(tmp_path / "old"),
        signatures={"serving_default": module.__call__, "look": module.look},
    )
    weights = saved_model.Variables()
    graph = saved_model.load(weights, ["serve"], tmp_path / "old")
    assert sorted(weights) == [
        OBJECT_GRAPH_KEY,
        "more/0/.ATTRIBUTES/VARIABLE_VALUE",
        "more/1/.ATTRIBUTES/VARIABLE_VALUE",
        "w/.ATTRIBUTES/VARIABLE_VALUE",
    ]
    weights["w/.ATTRIBUTES/VARIABLE_VALUE"] *= 10
    signatures = {
        "renamed": graph.signature_def["serving_default"],
        "look": graph.signature_def["look"],
    }
    builder = saved_model.Builder(tmp_path / "new")
    builder.add_meta_graph_and_variables(weights, ["serve", "mine"], signatures)
    builder.save()

    asset.unlink()
    x = np.float32([[1, 0], [1, 1]])
    expected = x @ (ROWS * 10) + np.float32([1, -1])
    model = tf.saved_model.load(str(tmp_path / "new"))
    assert sorted(model.signatures) == ["look", "renamed"]
    np.testing.assert_array_equal(expected, model(tf.constant(x))["y"])
    np.testing.assert_array_equal(expected, model.signatures["renamed"](x=tf.constant(x))["y"])
    np.testing.assert_array_equal([2, -1], model.look(tf.constant(["two", "none"]))["found"])
    assert int(model.more[1]) == 7
    found = serve_v1(tmp_path / "new", ["mine", "serve"], "renamed", x)
    np.testing.assert_array_equal(expected, found)


def test_a_keras_model_serves_replaced_weights(tmp_path: Path) -> None:
    layers = [tf.keras.Input([2]), tf.keras.layers.Dense(3, "relu"), tf.keras.layers.Dense(1)]
    model = tf.keras.Sequential(layers)
    model.compile("adam", "mse")
    model.fit(ROWS, np.float32([1, 2]), verbose=0)
    model.export(str(tmp_path / "exported"), verbose=False)
    tf.saved_model.save(model, str(tmp_path / "saved"))
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("f4")
    for name in ("exported", "saved"):
        weights = saved_model.Variables()
        saved_model.load(weights, ["serve"], tmp_path / name)
        changed = {key: value for key, value in weights.items() if key != OBJECT_GRAPH_KEY}
        for key, value in changed.items():
            if value.dtype == np.float32 and value.shape in {(2, 3), (3,), (3, 1), (1,)}:
                weights[key] = value * 2
        builder = saved_model.Builder(tmp_path / f"{name}-new")
        builder.add_meta_graph_and_variables(weights, ["serve"])
        builder.save()
        served = tf.saved_model.load(str(tmp_path / f"{name}-new"))
        (output,) = served.signatures["serving_default"](tf.constant(x)).values()
        model.set_weights([2 * one for one in model.get_weights()])
        np.testing.assert_allclose(model.predict(x, verbose=0), output, rtol=1e-5)
        model.set_weights([one / 2 for one in model.get_weights()])


# Ours reads what TensorFlow reads, and refuses what it refuses.


def test_protos_are_the_same_as_tensorflow_reads(tmp_path: Path, asset: Path) -> None:
    make_v1(tmp_path / "m", asset)
    ours = saved_model.load({}, ["gpu", "train"], tmp_path / "m")
    data = (tmp_path / "m/saved_model.pb").read_bytes()
    theirs = saved_model_pb2.SavedModel.FromString(data).meta_graphs[1]
    assert theirs.SerializeToString(deterministic=True) == ours.SerializeToString(
        deterministic=True
    )


def test_assets_get_the_names_that_tensorflow_gives(tmp_path: Path) -> None:
    paths = []
    for folder, text in {"a": "1", "b": "2", "c": "1", "d": "3"}.items():
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "words")
        paths[-1].write_text(text)
    with tf1.Session(graph=tf.Graph()) as session:
        assets = [tf.constant(str(path), name=f"path_{path.parent.name}") for path in paths]
        theirs = V1.Builder(str(tmp_path / "theirs"))
        theirs.add_meta_graph_and_variables(session, ["serve"], assets_collection=assets)
        theirs.save()
        graph = session.graph.as_graph_def()
    ours = saved_model.Builder(tmp_path / "ours")
    ours.add_meta_graph_and_variables(
        {}, ["serve"], graph=graph, assets_collection=[one.name for one in assets]
    )
    ours.save()
    files = [
        {path.name: path.read_text() for path in (tmp_path / name / "assets").iterdir()}
        for name in ("theirs", "ours")
    ]
    assert files[0] == files[1]
    collections = [
        saved_model.load({}, ["serve"], tmp_path / name).collection_def["saved_model_assets"]
        for name in ("theirs", "ours")
    ]
    assert collections[0] == collections[1]


def test_signatures_are_those_that_tensorflow_makes(tmp_path: Path) -> None:
    with tf.Graph().as_default() as made:
        text = tf1.placeholder(tf.string, [None], name="text")
        number = tf1.placeholder(tf.float32, [None, 3], name="number")
        graph = tfckpt.Graph()
        with graph.as_default():
            tfckpt.import_graph_def(
                tfckpt.GraphDef.FromString(made.as_graph_def().SerializeToString()), name=""
            )
        ours = [graph.get_tensor_by_name(one.name) for one in (text, number)]
        pairs = {
            "predict": ({"a": 0, "b": 1}, {"c": 1}),
            "regression": (0, 1),
            "classification": (0, 0, 1),
        }
        for kind, places in pairs.items():
            made_by = [
                getattr(module, f"{kind}_signature_def")(
                    *(
                        {key: tensors[at] for key, at in place.items()}
                        if isinstance(place, dict)
                        else tensors[place]
                        for place in places
                    )
                )
                for module, tensors in ((V1, (text, number)), (saved_model, ours))
            ]
            data = [one.SerializeToString(deterministic=True) for one in made_by]
            assert data[0] == data[1], kind
            assert V1.is_valid_signature(made_by[0])
            assert saved_model.is_valid_signature(made_by[1])


REFUSED_BY_BOTH = {
    "a folder that is not empty": AssertionError,
    "a second graph without variables": AssertionError,
    "variables twice": AssertionError,
    "a reserved signature": KeyError,
    "a tensor without type": AssertionError,
    "a tensor without name": AssertionError,
    "a main op that is none": TypeError,
    "an asset that is none": TypeError,
}


@pytest.mark.parametrize("case", REFUSED_BY_BOTH)
@pytest.mark.parametrize("module", [V1, saved_model], ids=["tensorflow", "tfckpt"])
def test_both_refuse_alike(tmp_path: Path, case: str, module: Any) -> None:
    is_ours = module is saved_model
    infos = (
        tfckpt.protos
        if is_ours
        else __import__("tensorflow.core.protobuf.meta_graph_pb2", fromlist=["x"])
    )
    build = module.build_signature_def
    good = infos.TensorInfo(name="x:0", dtype=1)
    if case == "a folder that is not empty":
        (tmp_path / "file").touch()
    with pytest.raises(REFUSED_BY_BOTH[case]), tf1.Session(graph=tf.Graph()) as session:
        x = tf1.placeholder(tf.float32, name="x")
        weights = {} if is_ours else session
        more = {"graph": session.graph.as_graph_def()} if is_ours else {}
        builder = module.Builder(str(tmp_path if case.startswith("a folder") else tmp_path / "m"))
        if case == "a second graph without variables":
            builder.add_meta_graph(["a"])
        if case == "variables twice":
            builder.add_meta_graph_and_variables(weights, ["a"])
        arguments: dict[str, dict[str, Any]] = {
            "a reserved signature": {
                "signature_def_map": {"__saved_model_init_op": build({"x": good}, {"x": good})}
            },
            "a tensor without type": {
                "signature_def_map": {"s": build({"x": infos.TensorInfo(name="x:0")})}
            },
            "a tensor without name": {
                "signature_def_map": {"s": build({"x": infos.TensorInfo(dtype=1)})}
            },
            "a main op that is none": {"main_op": 5},
            "an asset that is none": {"assets_collection": ["x:0" if is_ours else x]},
        }
        builder.add_meta_graph_and_variables(weights, ["a"], **arguments.get(case, {}), **more)
