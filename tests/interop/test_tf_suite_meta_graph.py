"""What TensorFlow's own tests say of MetaGraphDefs (meta_graph_test.py, and the scopes of
saver_test.py), on both libraries by the same assertions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.any_pb2 import Any as Packed
from tensorflow.core.protobuf import queue_runner_pb2
from tensorflow.python.framework import function

import tfckpt
from interop.tf_suite import BOTH, Library, Theirs, comparable, control_flow, node

v1 = tf.compat.v1
VARIABLES, TRAINABLE = "variables", "trainable_variables"


@pytest.fixture(params=BOTH, ids=str)
def lib(request: pytest.FixtureRequest) -> Library:
    return request.param


def names(items: Sequence[Any]) -> list[str]:
    return sorted(one.name for one in items)


def exported_variables(lib: Library, meta: Any) -> list[str]:
    """The variables that a message lists."""
    if VARIABLES not in meta.collection_def:
        return []
    values = meta.collection_def[VARIABLES].bytes_list.value
    return sorted(tfckpt.protos.VariableDef.FromString(one).variable_name for one in values)


def export(lib: Library, graph: Any, filename: Path | None = None, **options: Any) -> Any:
    with graph.as_default():
        path = None if filename is None else str(filename)
        return lib.export_meta_graph(path, graph=graph, **options)


# --- SimpleMetaGraphTest


def test_a_graph_without_variables_goes_through_a_file(lib: Library, tmp_path: Path) -> None:
    def build() -> None:
        taken = v1.placeholder(tf.float32, [], name="input")
        given = tf.add(taken, tf.constant(42, tf.float32, name="offset"), name="add_offset")
        v1.add_to_collection("input_tensor", taken)
        v1.add_to_collection("output_tensor", given)

    path = tmp_path / "metafile"
    original = lib.graph(build)
    assert lib.run(original, "add_offset:0", {"input:0": -10}) == 32
    meta = export(
        lib,
        original,
        path,
        graph_def=original.as_graph_def(add_shapes=True),
        collection_list=["input_tensor", "output_tensor"],
        saver_def=None,
    )
    assert meta.HasField("meta_info_def")
    assert meta.meta_info_def.tensorflow_version
    assert meta.meta_info_def.tensorflow_git_version
    assert exported_variables(lib, meta) == []

    new = lib.Graph()
    assert lib.import_meta_graph(str(path), new) == {}
    again = export(lib, new, tmp_path / "metafile_new")
    assert comparable(again) == comparable(meta)
    assert (tmp_path / "metafile_new").exists()
    (taken,), (given,) = new.get_collection("input_tensor"), new.get_collection("output_tensor")
    assert lib.run(new, given.name, {taken.name: -10}) == 32


def ops(lib: Library, graph_def: Any) -> list[str]:
    meta = export(lib, lib.Graph(), graph_def=graph_def)
    return [op.name for op in meta.meta_info_def.stripped_op_list.op]


def test_the_ops_of_functions_are_listed_if_they_are_called(lib: Library) -> None:
    def build() -> None:
        @function.Defun(tf.int32)
        def f0(x: Any) -> Any:
            return tf.square(x)

        @function.Defun(tf.int32)
        def f1(x: Any) -> Any:
            return f0(x)

        f1(tf.constant(7))

    graph_def = lib.graph(build).as_graph_def()
    assert ops(lib, graph_def) == ["Const", "Square"]
    del graph_def.node[:]
    assert len(graph_def.library.function) == 2
    assert ops(lib, graph_def) == []


def test_functions_that_call_each_other(lib: Library) -> None:
    graph_def = lib.graph_def("""
    node { op: 'A' }
    library {
      function { signature { name: 'A' } node_def { op: 'B' } }
      function { signature { name: 'B' } node_def { op: 'Const' } node_def { op: 'A' } }
    }
    """)
    assert ops(lib, graph_def) == ["Const"]


def complex_of(kind: tf.DType) -> Any:
    def build() -> None:
        real, imag = tf.constant(1.0, kind, name="real"), tf.constant(2.0, kind, name="imag")
        tf.complex(real, imag, name="complex")

    return build


@pytest.mark.parametrize("strip", [True, False])
def test_attributes_that_are_the_default_are_stripped(lib: Library, strip: bool) -> None:
    graph = lib.graph(complex_of(tf.float32))
    meta = export(lib, graph, graph_def=graph.as_graph_def(), strip_default_attrs=strip)
    attrs = node(meta.graph_def, "complex").attr
    assert ("T" in attrs, "Tout" in attrs) == (not strip, not strip)
    assert meta.meta_info_def.stripped_default_attrs == strip


def test_attributes_that_are_not_the_default_stay(lib: Library) -> None:
    graph = lib.graph(complex_of(tf.float64))
    meta = export(lib, graph, graph_def=graph.as_graph_def(), strip_default_attrs=True)
    attrs = node(meta.graph_def, "complex").attr
    assert attrs["T"].type == tf.float64.as_datatype_enum
    assert attrs["Tout"].type == tf.complex128.as_datatype_enum
    assert meta.meta_info_def.stripped_default_attrs


def test_attributes_within_functions_are_stripped(lib: Library) -> None:
    def build() -> None:
        @function.Defun(tf.float32, tf.float32)
        def f0(i: Any, j: Any) -> Any:
            return tf.complex(i, j, name="double_nested_complex")

        @function.Defun(tf.float32, tf.float32)
        def f1(i: Any, j: Any) -> Any:
            return f0(i, j)

        f1(tf.constant(1.0), tf.constant(2.0))

    graph = lib.graph(build)
    meta = export(lib, graph, graph_def=graph.as_graph_def(), strip_default_attrs=True)
    (found,) = [
        one
        for one_function in meta.graph_def.library.function
        for one in one_function.node_def
        if one.name.startswith("double_nested_complex")
    ]
    assert "T" not in found.attr
    assert "Tout" not in found.attr
    assert meta.meta_info_def.stripped_default_attrs


def test_attributes_of_an_unknown_op_stay(lib: Library) -> None:
    graph_def = lib.graph_def(
        "node { name: 'one' op: 'unreg_op' attr { key: 'attr_1' value { i: 1 } } }"
    )
    info = type(lib.protos.MetaGraphDef().meta_info_def)()
    info.stripped_op_list.op.add()
    meta = export(
        lib, lib.Graph(), meta_info_def=info, graph_def=graph_def, strip_default_attrs=True
    )
    assert node(meta.graph_def, "one").attr["attr_1"].i == 1
    assert meta.meta_info_def.stripped_default_attrs
    assert len(meta.meta_info_def.stripped_op_list.op) == 1


@pytest.mark.parametrize("use_resource", [False, True])
def test_collections_share_a_variable(lib: Library, use_resource: bool) -> None:
    first = lib.graph(lambda: v1.Variable(3.0, use_resource=use_resource))
    second = lib.Graph()
    lib.import_meta_graph(export(lib, first), second)
    for graph in (first, second):
        (variable,), (trainable,) = graph.get_collection(VARIABLES), graph.get_collection(TRAINABLE)
        assert variable is trainable


def test_a_collection_of_metric_variables_holds_variables(lib: Library) -> None:
    graph = lib.graph(lambda: v1.Variable([1, 2, 3], dtype=tf.float64, name="v", use_resource=True))
    (variable,) = graph.get_collection(VARIABLES)
    meta = export(lib, graph)
    meta.collection_def["metric_variables"].CopyFrom(meta.collection_def[VARIABLES])
    new = lib.Graph()
    lib.import_meta_graph(meta, new)
    (found,) = new.get_collection("metric_variables")
    assert isinstance(found, lib.Variable)
    assert found.name == variable.name == "v:0"
    assert found.dtype == variable.dtype == np.float64
    assert tuple(found.shape) == tuple(variable.shape) == (3,)


# --- ScopedMetaGraphTest


def layers(use_resource: bool = False, user_defined: bool = False) -> None:
    """Three layers in scopes, with a conditional and a loop of control flow v1."""

    def variable(value: Any, name: str = "Variable") -> Any:
        return v1.Variable(value, name=name, use_resource=use_resource)

    def weights(*shape: int) -> Any:
        initial = v1.truncated_normal(shape, stddev=1.0 / np.sqrt(shape[0]))
        return variable(initial, "weights")

    constraint = tf.constant(1.2, name="constraint")
    images = tf.constant(1.2, tf.float32, [100, 28], name="images")
    with control_flow(v2=False):
        with v1.name_scope("hidden1"):
            if user_defined:
                weights1 = weights(28, 128)
            else:
                with v1.colocate_with(constraint.op):
                    weights1 = weights(28, 128)
            chosen = v1.cond(tf.less(0.4, 0.5), lambda: tf.ones([128]), lambda: tf.zeros([128]))
            biases1 = variable(chosen, "biases")
            hidden1 = tf.nn.relu(tf.matmul(images, weights1) + biases1)
        with v1.name_scope("hidden2"):
            weights2 = weights(128, 32)
            _, biases2 = v1.while_loop(
                lambda it, _: it < 2,
                lambda it, biases: (it + 1, biases + tf.constant(0.1, shape=[32])),
                [tf.constant(0), variable(tf.zeros([32]), "biases")],
            )
            hidden2 = tf.nn.relu(tf.matmul(hidden1, weights2) + biases2)
        with v1.name_scope("softmax_linear"):
            weights3 = weights(32, 10)
            biases3 = variable(tf.zeros([10]), "biases")
            v1.add_to_collection("logits", tf.matmul(hidden2, weights3) + biases3)
    if user_defined:
        runner = queue_runner_pb2.QueueRunnerDef(queue_name="test_queue")
        packed = Packed()
        packed.Pack(runner)
        v1.add_to_collection("user_defined_string_collection", str(runner))
        v1.add_to_collection("user_defined_bytes_collection", runner.SerializeToString())
        v1.add_to_collection("user_defined_any_collection", packed)


LAYERS = ("hidden1", "hidden2", "softmax_linear")


@pytest.mark.parametrize("use_resource", [False, True])
def test_layers_go_into_new_scopes_of_a_new_graph(
    lib: Library, tmp_path: Path, use_resource: bool
) -> None:
    graph = lib.graph(lambda: layers(use_resource))
    originals = []
    for scope in LAYERS:
        # Only the first one lists what it takes from outside.
        options: dict[str, Any] = {} if scope == "hidden1" else {"unbound_inputs_col_name": None}
        meta = export(lib, graph, tmp_path / f"{scope}.pbtxt", export_scope=scope, **options)
        assert exported_variables(lib, meta) == ["biases:0", "weights:0"]
        originals.append(meta)
    in_scope = graph.get_collection(VARIABLES, scope="hidden1")
    assert names(in_scope) == ["hidden1/biases:0", "hidden1/weights:0"]

    new = lib.Graph()
    image = lib.constant(new, np.full((100, 28), 1.2, np.float32), "images")
    first = str(tmp_path / "hidden1.pbtxt")
    for wrong in (None, {"image:0": image}):
        with pytest.raises(ValueError, match="Graph contains unbound inputs"):
            lib.import_meta_graph(first, new, import_scope="new_hidden1", input_map=wrong)

    def taken(scope: str, source: str, value: Any, **options: Any) -> None:
        variables = lib.import_meta_graph(
            str(tmp_path / f"{scope}.pbtxt"),
            new,
            input_map={f"$unbound_inputs_{source}": value},
            import_scope=f"new_{scope}",
            **options,
        )
        assert variables == {
            "biases:0": f"new_{scope}/biases:0",
            "weights:0": f"new_{scope}/weights:0",
        }

    def handed_on(scope: str) -> Any:
        source = new.as_graph_element(f"new_{scope}/Relu:0")
        added = lib.add(new, "Identity", [source], f"{scope}/Relu", T="type: DT_FLOAT")
        return added.outputs[0]

    taken("hidden1", "images", image)
    taken("hidden2", "hidden1/Relu", handed_on("hidden1"), unbound_inputs_col_name=None)
    taken("softmax_linear", "hidden2/Relu", handed_on("hidden2"), unbound_inputs_col_name=None)

    for scope, original in zip(LAYERS, originals):
        options = {} if scope == "hidden1" else {"unbound_inputs_col_name": None}
        meta = export(lib, new, export_scope=f"new_{scope}", **options)
        assert exported_variables(lib, meta) == ["biases:0", "weights:0"]
        for one in (meta, original):
            one.collection_def.pop("unbound_inputs", None)
        assert comparable(meta) == comparable(original)


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_while_loop_goes_into_another_scope(lib: Library, use_resource: bool) -> None:
    made = []

    def build() -> None:
        with control_flow(v2=False), v1.name_scope("export"):
            variable = v1.Variable(0.0, use_resource=use_resource)
            _, output = v1.while_loop(
                lambda i, x: i < 5, lambda i, x: (i + 1, x + tf.cast(i, tf.float32)), [0, variable]
            )
            made.extend([variable.name, variable.initializer.name, output.name])

    meta = export(lib, lib.graph(build), export_scope="export")
    new = lib.Graph()
    lib.import_meta_graph(meta, new, import_scope="import")
    assert comparable(export(lib, new, export_scope="import")) == comparable(meta)
    variable, init, output = (name.replace("export/", "import/") for name in made[:3])
    assert new.get_tensor_by_name(variable).op.name == variable.partition(":")[0]
    assert lib.run(new, output, init=[init]) == 0 + 1 + 2 + 3 + 4


def my_variable(name: str = "myvar") -> Any:
    return lambda: v1.Variable(1.0, trainable=True, name=name)


@pytest.mark.parametrize(
    ("scope", "expected"), [("bar", "foo/bar/myvar:0"), (None, "foo/myvar:0"), ("", "foo/myvar:0")]
)
def test_an_import_within_a_name_scope(lib: Library, scope: str | None, expected: str) -> None:
    meta = export(lib, lib.graph(my_variable()))
    graph = lib.Graph()
    with graph.as_default(), graph.name_scope("foo"):
        variables = lib.import_meta_graph(meta, graph, import_scope=scope)
    assert list(variables.values()) == [expected]


def test_imports_into_the_same_scope(lib: Library) -> None:
    meta = export(lib, lib.graph(my_variable("v")))
    graph = lib.Graph()
    for suffix in ("", "_1"):
        variables = lib.import_meta_graph(meta, graph, import_scope="s")
        assert variables == {"v:0": f"s{suffix}/v:0"}


@pytest.mark.parametrize(
    "wanted", [[VARIABLES, TRAINABLE], [VARIABLES], [TRAINABLE], []], ids=lambda one: "+".join(one)
)
def test_collections_are_restored_by_choice(
    lib: Library, tmp_path: Path, wanted: list[str]
) -> None:
    path = tmp_path / "meta_graph.pb"
    graph = lib.graph(my_variable())
    assert graph.get_collection(VARIABLES)
    assert graph.get_collection(TRAINABLE)
    export(lib, graph, path)
    new, scope = lib.Graph(), "some_scope_name"
    lib.import_meta_graph(
        str(path),
        new,
        import_scope=scope,
        restore_collections_predicate=lambda key: key in wanted,
    )
    for key in (VARIABLES, TRAINABLE):
        assert bool(new.get_collection(key, scope=scope)) == (key in wanted)


def test_a_scope_with_a_queue(lib: Library, tmp_path: Path) -> None:
    def build() -> None:
        with v1.name_scope("queue1"):
            queue = v1.FIFOQueue(10, tf.float32)
            enqueue = queue.enqueue((9876,), name="enqueue")
            close = queue.close(name="close")
            v1.train.add_queue_runner(v1.train.QueueRunner(queue, [enqueue], close))
            queue.dequeue(name="dequeue")

    path = tmp_path / "exported_queue1.pbtxt"
    original = export(lib, lib.graph(build), path, export_scope="queue1")
    assert len(original.collection_def["queue_runners"].bytes_list.value) == 1
    new = lib.Graph()
    lib.import_meta_graph(str(path), new, import_scope="new_queue1")
    assert new.as_graph_element("new_queue1/dequeue:0").name == "new_queue1/dequeue:0"
    assert new.as_graph_element("new_queue1/close").name == "new_queue1/close"
    again = export(lib, new, tmp_path / "exported_new_queue1.pbtxt", export_scope="new_queue1")
    assert comparable(again) == comparable(original)


@pytest.mark.parametrize("use_resource", [False, True])
def test_scopes_in_scopes(lib: Library, use_resource: bool) -> None:
    def build() -> None:
        with v1.name_scope("hidden1/hidden2/hidden3"):
            images = tf.constant(1.0, tf.float32, [3, 2], name="images")
            weights = v1.Variable(
                [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="weights", use_resource=False
            )
            biases = v1.Variable([0.1] * 3, name="biases", use_resource=use_resource)
            tf.nn.relu(tf.matmul(images, weights) + biases, name="relu")

    graph = lib.graph(build)
    meta = export(lib, graph, export_scope="hidden1/hidden2")
    inner = ["hidden3/biases:0", "hidden3/weights:0"]
    assert exported_variables(lib, meta) == inner
    found = names(graph.get_collection(VARIABLES, scope="hidden1/hidden2"))
    assert found == [f"hidden1/hidden2/{name}" for name in inner]
    assert all(one.name.startswith("hidden3") for one in meta.graph_def.node)

    new = lib.Graph()
    variables = lib.import_meta_graph(meta, new, import_scope="new_hidden1/new_hidden2")
    assert variables == {name: f"new_hidden1/new_hidden2/{name}" for name in inner}


def test_a_name_in_the_scope_that_is_also_outside(lib: Library) -> None:
    def build() -> None:
        ones, twos = tf.constant(1.0, shape=[2, 2]), tf.constant(2.0, shape=[2, 2])
        product = tf.matmul(ones, twos)
        with v1.name_scope("hidden1"):
            tf.matmul(tf.nn.relu(product), tf.constant(3.0, shape=[2, 2]))

    meta = export(lib, lib.graph(build), export_scope="hidden1")
    new = lib.Graph()
    with pytest.raises(ValueError, match="Graph contains unbound inputs"):
        lib.import_meta_graph(meta, new, import_scope="new_hidden1")
    fours = lib.constant(new, np.full((2, 2), 4.0, np.float32))
    lib.import_meta_graph(
        meta, new, import_scope="new_hidden1", input_map={"$unbound_inputs_MatMul": fours}
    )
    (product,) = [one for one in lib.names(new) if one.endswith("MatMul")]
    assert lib.run(new, f"{product}:0").tolist() == [[24.0, 24.0], [24.0, 24.0]]


# --- devices


def with_devices() -> None:
    with tf.device("/device:CPU:0"):
        a = v1.Variable(tf.constant(1.0, shape=[2, 2]), name="a", use_resource=False)
    with tf.device("/job:ps/replica:0/task:0/device:GPU:0"):
        b = v1.Variable(tf.constant(2.0, shape=[2, 2]), name="b", use_resource=False)
    with tf.device("/job:localhost/replica:0/task:0/cpu:0"):
        tf.matmul(a, b, name="matmul")


def devices(graph: Any) -> list[str]:
    return [str(graph.as_graph_element(name).device) for name in ("a", "b", "matmul")]


@pytest.mark.parametrize("where", ["export", "export of a graph_def", "import"])
def test_devices_are_cleared(lib: Library, where: str) -> None:
    graph = lib.graph(with_devices)
    assert devices(graph) == [
        "/device:CPU:0",
        "/job:ps/replica:0/task:0/device:GPU:0",
        "/job:localhost/replica:0/task:0/device:CPU:0",
    ]
    if where == "export of a graph_def":
        meta = export(lib, lib.Graph(), graph_def=graph.as_graph_def(), clear_devices=True)
    else:
        meta = export(lib, graph, clear_devices=where == "export")
    new = lib.Graph()
    lib.import_meta_graph(meta, new, clear_devices=where == "import")
    assert devices(new) == ["", "", ""]


# --- MetaGraphWithVariableScopeTest


def metric() -> None:
    queue = v1.FIFOQueue(4, tf.float32, shapes=[(1, 2)])
    v1.metrics.mean(queue.dequeue())


def test_local_variables_come_back(lib: Library, tmp_path: Path) -> None:
    graph = lib.graph(metric)
    export(lib, graph, tmp_path / "meta_graph.pb")
    new = lib.Graph()
    lib.import_meta_graph(str(tmp_path / "meta_graph.pb"), new)
    found = new.get_collection("local_variables")
    assert names(found) == ["mean/count:0", "mean/total:0"]
    assert all(isinstance(one, lib.Variable) for one in found)
    for one in found:
        assert f"{one.op.name}/Assign" in lib.names(new)


def test_local_variables_of_an_old_file_are_tensors(lib: Library) -> None:
    meta = export(lib, lib.graph(metric))
    listed = meta.collection_def["local_variables"]
    values = list(listed.bytes_list.value)
    variables = [tfckpt.protos.VariableDef.FromString(one).variable_name for one in values]
    listed.node_list.value.extend(variables)  # as TensorFlow listed them in 2016
    new = lib.Graph()
    lib.import_meta_graph(meta, new)
    found = new.get_collection("local_variables")
    assert len(found) == 2
    assert names(found) == sorted(variables)
    assert not any(hasattr(one, "initializer") for one in found)
    assert not any(isinstance(one, lib.Variable) for one in found)


# --- ExportImportAcrossScopesTest


def partitioned(use_resource: bool) -> None:
    v1.get_variable(
        "weights",
        partitioner=v1.fixed_size_partitioner(3, axis=0),
        initializer=v1.truncated_normal([100, 10], seed=5),
        use_resource=use_resource,
    )
    # In many collections: their order must not show in the graph.
    v1.get_variable(
        "another",
        shape=[],
        initializer=v1.zeros_initializer(),
        collections=["a", "b", "z", "f", "e", "d", "g"],
        use_resource=use_resource,
    )


@pytest.mark.parametrize("use_resource", [False, True])
def test_partitioned_variables_go_across_scopes(lib: Library, use_resource: bool) -> None:
    def within(scope: str) -> Any:
        def build() -> None:
            with v1.variable_scope(scope):
                partitioned(use_resource)

        return build

    meta = export(lib, lib.graph(within("dropA/dropB/keepA")), export_scope="dropA/dropB")
    imported = lib.Graph()
    lib.import_meta_graph(meta, imported, import_scope="importA")
    expected = lib.graph(within("importA/keepA"))
    found = [export(lib, graph) for graph in (imported, expected)]
    for one in found:
        for each in one.graph_def.node:
            for key in ("shared_name", "debug_name"):  # stay what they were
                if key in each.attr:
                    each.attr[key].s = b""
    assert comparable(found[0]) == comparable(found[1])


# --- saver_test.py, ScopedGraphTest


def hidden1() -> None:
    with v1.name_scope("hidden1"):
        images = tf.constant(1.0, tf.float32, [3, 2], name="images")
        weights = v1.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="weights")
        biases = v1.Variable([0.1] * 3, name="biases")
        tf.nn.relu(tf.matmul(images, weights) + biases, name="relu")


EXPECTED = np.array([[5.1, 7.1, 9.1]] * 3, np.float32)


def relu(lib: Library, graph: Any, scope: str) -> Any:
    init = [f"{scope}/weights/Assign", f"{scope}/biases/Assign"]
    return lib.run(graph, f"{scope}/relu:0", init=init)


def test_a_scope_is_copied_within_a_graph(lib: Library) -> None:
    graph = lib.graph(hidden1)
    with graph.as_default():
        with pytest.raises(ValueError, match="need to be different"):
            lib.copy_scoped_meta_graph(from_scope="hidden1", to_scope="hidden1")
        variables = lib.copy_scoped_meta_graph(from_scope="hidden1", to_scope="hidden2")
    assert variables == {"biases:0": "hidden2/biases:0", "weights:0": "hidden2/weights:0"}
    for scope in ("hidden1", "hidden2"):
        np.testing.assert_allclose(relu(lib, graph, scope), EXPECTED)


@pytest.mark.parametrize("same_scope", [False, True])
def test_a_scope_is_copied_into_another_graph(lib: Library, same_scope: bool) -> None:
    graph, new = lib.graph(hidden1), lib.Graph()
    scope = "hidden1" if same_scope else "new_hidden1"
    with new.as_default():
        variables = lib.copy_scoped_meta_graph("hidden1", scope, from_graph=graph, to_graph=new)
    assert variables == {"biases:0": f"{scope}/biases:0", "weights:0": f"{scope}/weights:0"}
    np.testing.assert_allclose(relu(lib, new, scope), EXPECTED)


def test_a_scope_of_a_graph_def_is_exported(lib: Library) -> None:
    graph = lib.graph(hidden1)
    meta = export(lib, graph, graph_def=graph.as_graph_def(), export_scope="hidden1")
    assert exported_variables(lib, meta) == ["biases:0", "weights:0"]
    new = lib.Graph()
    lib.import_meta_graph(meta, new, import_scope="x")
    np.testing.assert_allclose(relu(lib, new, "x"), EXPECTED)


def test_a_scope_is_saved_and_restored_into_another(lib: Library, tmp_path: Path) -> None:
    """Its checkpoint has the names without the scope; the rest of the graph does not matter."""
    theirs = Theirs().model(lambda: layers(user_defined=True))
    variables = [
        one for one in theirs.graph.get_collection(VARIABLES) if one.name.startswith("hidden1/")
    ]
    with theirs.graph.as_default():
        names_in_file = {one.op.name.removeprefix("hidden1/"): one for one in variables}
        saver = v1.train.Saver(names_in_file, max_to_keep=1)
        prefix = saver.save(theirs.values, str(tmp_path / "ckpt"), write_state=False)
        values = dict(zip(names_in_file, theirs.values.run(list(names_in_file.values()))))
    graph = lib.graph(lambda: layers(user_defined=True))
    path = tmp_path / "exported_hidden1.pbtxt"
    meta = export(lib, graph, path, export_scope="hidden1")
    assert exported_variables(lib, meta) == ["biases:0", "weights:0"]
    runner = queue_runner_pb2.QueueRunnerDef(queue_name="test_queue")
    whole = export(lib, graph).collection_def["user_defined_string_collection"]
    assert list(whole.bytes_list.value) == [str(runner).encode()]
    raw = meta.collection_def["user_defined_bytes_collection"].bytes_list.value
    assert list(raw) == [runner.SerializeToString()]
    (packed,) = meta.collection_def["user_defined_any_collection"].any_list.value
    assert packed.value == runner.SerializeToString()

    new = lib.Graph()
    image = lib.constant(new, np.full((100, 28), 1.2, np.float32), "images")
    found = lib.import_meta_graph(
        str(path),
        new,
        input_map={"$unbound_inputs_images": image},
        import_scope="new_hidden1",
    )
    assert found == {"biases:0": "new_hidden1/biases:0", "weights:0": "new_hidden1/weights:0"}
    for name in ("new_hidden1/Relu:0", "new_hidden1/weights:0", "new_hidden1/biases:0"):
        assert new.as_graph_element(name).name == name
    places = {key.removesuffix(":0"): name.removesuffix(":0") for key, name in found.items()}
    if lib.name == "tensorflow":
        with new.as_default(), v1.Session(graph=new) as session:
            tensors = {key: new.get_tensor_by_name(f"{one}:0") for key, one in places.items()}
            by_name = {one.op.name: one for one in new.get_collection(VARIABLES)}
            v1.train.Saver({key: by_name[one] for key, one in places.items()}).restore(
                session, prefix
            )
            restored = {places[key]: session.run(by_name[places[key]]) for key in tensors}
    else:
        restored = {}
        tfckpt.Saver(places).restore(restored, prefix)
    assert sorted(restored) == ["new_hidden1/biases", "new_hidden1/weights"]
    for key, value in values.items():
        np.testing.assert_array_equal(restored[places[key]], value)


@pytest.mark.parametrize(("number", "value"), [(1, 1.0), (2, 2.0)])
def test_savers_of_a_scope_are_copied_with_it(
    lib: Library, tmp_path: Path, number: int, value: float
) -> None:
    def build() -> None:
        with v1.name_scope("hidden1"):
            variable1 = v1.Variable([1.0], name="variable1")
            saver1 = v1.train.Saver([variable1])
            v1.add_to_collection("savers", saver1)
        with v1.name_scope("hidden2"):
            variable2 = v1.Variable([2.0], name="variable2")
        v1.add_to_collection("savers", v1.train.Saver([variable2], name="hidden2/"))

    prefix = str(tmp_path / f"saver{number}.ckpt")
    theirs = Theirs().model(build)
    with theirs.graph.as_default():
        saver = theirs.graph.get_collection("savers")[number - 1]
        saver.save(theirs.values, prefix, write_state=False)

    graph, new = lib.graph(build), lib.Graph()
    with new.as_default():
        variables = lib.copy_scoped_meta_graph(
            f"hidden{number}", f"new_hidden{number}", from_graph=graph, to_graph=new
        )
    assert variables == {f"variable{number}:0": f"new_hidden{number}/variable{number}:0"}
    (saver,) = new.get_collection("savers")
    definition = saver.as_saver_def()
    for name in (definition.restore_op_name, definition.save_tensor_name):
        assert name.startswith(f"new_hidden{number}/")
    # The nodes are those of the scope, the names in the checkpoint what they were.
    restore = definition.restore_op_name
    feed = {definition.filename_tensor_name: prefix}
    theirs_def = v1.GraphDef.FromString(new.as_graph_def().SerializeToString())
    with v1.Graph().as_default() as running, v1.Session(graph=running) as session:
        v1.import_graph_def(theirs_def, name="")
        session.run(restore, feed)
        place = f"new_hidden{number}/variable{number}/Read/ReadVariableOp:0"
        assert session.run(place).tolist() == [value]
