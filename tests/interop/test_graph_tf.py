"""Graphs against real TensorFlow: the same import and export with both, node by node.

Not compared, because they come from running TensorFlow's inference: `_output_shapes` where a
graph's file had none, and `experimental_type`.
"""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.any_pb2 import Any as TfAny
from tensorflow.python.framework import meta_graph as tf_meta_graph

import tfckpt.protos as protos
from tfckpt import graph as ours
from tfckpt.graph.meta_graph_import import import_graph_and_collections
from tfckpt.graphdef.messages import as_message

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def graph_mode():
    with v1.Graph().as_default():
        yield


# --- graphs that TensorFlow builds


def layers(use_resource):
    def build():
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        for name in ("first", "second"):
            with v1.variable_scope(name, use_resource=use_resource):
                w = v1.get_variable("w", [4, 4], initializer=v1.ones_initializer())
                b = v1.get_variable("b", [4], initializer=v1.zeros_initializer(), trainable=False)
                x = tf.nn.relu(tf.matmul(x, w) + b)
        v1.add_to_collection("activations", x)
        v1.add_to_collection("losses", tf.reduce_sum(x, name="loss"))
        step = v1.train.get_or_create_global_step()
        v1.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(x), global_step=step)
        v1.train.Saver(name="saver")

    return build


def partitioned():
    with v1.variable_scope("emb", partitioner=v1.fixed_size_partitioner(3)):
        w = v1.get_variable("w", [10, 4], initializer=v1.ones_initializer())
    with v1.variable_scope("res", use_resource=True, partitioner=v1.fixed_size_partitioner(2)):
        v1.get_variable("w", [10, 4], initializer=v1.ones_initializer())
    tf.nn.embedding_lookup(w, [1, 2], name="emb/look")
    v1.train.Saver(sharded=True)


def devices():
    with v1.device("/job:ps/task:0/cpu:0"):
        w = v1.get_variable("w", [2], use_resource=False)
    with v1.device("/device:CPU:0"), v1.name_scope("second"):
        c = tf.constant([1.0, 2.0], name="c")
        with v1.colocate_with(w):
            d = tf.add(c, w, name="d")
    with v1.control_dependencies([d, c.op]):
        tf.no_op(name="second/done")
    v1.train.Saver(sharded=True)


def loops():
    i = tf.constant(0, name="first/i")
    n = v1.placeholder(tf.int32, [], name="n")
    with v1.name_scope("first"):
        out = v1.while_loop(
            lambda i, a: i < n,
            lambda i, a: [i + 1, v1.cond(a > 3.0, lambda: a * 2.0, lambda: a + 1.0)],
            [i, tf.constant(1.0)],
            maximum_iterations=100,
        )
    v1.cond(out[1] > 2.0, lambda: out[1] - 1.0, lambda: out[1], name="choice")
    v1.while_loop(
        lambda j: j < 3,
        lambda j: v1.while_loop(lambda k: k < 7, lambda k: k + 1, [j]),
        [tf.constant(0)],
        name="outer",
    )


def functions():
    @tf.function
    def inner(a, b):
        return a * b + 1.0

    @tf.function
    def outer(a):
        return inner(a, a) - tf.cond(tf.reduce_sum(a) > 0.0, lambda: a, lambda: -a)

    with v1.name_scope("first"):
        x = v1.placeholder(tf.float32, [2], name="x")
        outer(x)
    ds = tf.data.Dataset.range(3).map(lambda e: e * 2).batch(2)
    v1.data.make_initializable_iterator(ds)


def several_savers():
    layers(False)()
    variables = v1.global_variables()
    v1.train.Saver(variables[:2], name="first/saver")
    v1.train.Saver(variables[2:], name="other")
    v1.train.Saver(variables, sharded=True)
    for saver in [v1.train.Saver(variables, max_to_keep=3)]:
        v1.add_to_collection("savers", saver)
    v1.add_to_collection("savers", v1.train.Saver(variables[:1], name="first/one"))


def collections():
    x = v1.placeholder(tf.string, [None], name="first/x")
    with v1.name_scope("first"):
        queue = v1.FIFOQueue(3, [tf.string], name="q")
        runner = v1.train.QueueRunner(queue, [queue.enqueue(["a"])])
        v1.train.add_queue_runner(runner)
        v1.get_variable("local", [2], collections=["local_variables"], use_resource=True)
        v1.get_variable("model", [2], collections=["variables", "model_variables"])
        v1.get_variable("metric", [2], collections=["metric_variables", "moving_average_variables"])
    packed = TfAny()
    packed.Pack(tf.compat.v1.MetaGraphDef(meta_info_def={"tags": ["a"]}))
    v1.add_to_collection("any", packed)
    for key, values in {
        "ints": [1, -5, 1 << 40],
        "floats": [0.5, -1.0],
        "bytes": [b"first/raw", b"x"],
        "text": ["first/a", "b"],
        "tensors": [x, v1.identity(x)],
        "ops": [x.op],
        "mixed": [x, 5],
        "odd": [object()],
    }.items():
        for value in values:
            v1.add_to_collection(key, value)


GRAPHS = {
    "ref": (layers(False), False),
    "resource": (layers(True), False),
    "partitioned": (partitioned, False),
    "devices": (devices, False),
    "loops_v1": (loops, False),
    "loops_v2": (loops, True),
    "functions": (functions, True),
    "several_savers": (several_savers, False),
    "collections": (collections, False),
}
_built = {}


def built(name):
    if name not in _built:
        build, control_flow_v2 = GRAPHS[name]
        (v1.enable_control_flow_v2 if control_flow_v2 else v1.disable_control_flow_v2)()
        _built[name] = v1.Graph()
        with _built[name].as_default():
            build()
    return _built[name]


each_graph = pytest.mark.parametrize("name", GRAPHS)


# --- comparing


def nodes_of(graph_def, drop=("_output_shapes",)):
    """The nodes in order, as messages of ours, without what TensorFlow infers."""
    graph_def = as_message(graph_def, protos.GraphDef, "graph")
    nodes = []
    for node in graph_def.node:
        copy = protos.NodeDef()
        copy.CopyFrom(node)
        copy.ClearField("experimental_type")
        for attr in drop:
            if attr in copy.attr:
                del copy.attr[attr]
        nodes.append(copy)
    return nodes


def functions_of(graph_def):
    return {
        f.signature.name: f.SerializeToString(deterministic=True)
        for f in graph_def.library.function
    }


def assert_same_graph(theirs, mine, **kwargs):
    want, got = nodes_of(theirs, **kwargs), nodes_of(mine, **kwargs)
    assert [n.name for n in want] == [n.name for n in got]
    for a, b in zip(want, got):
        assert a == b, f"{a}\n---\n{b}"
    assert functions_of(as_message(theirs, protos.GraphDef, "g")) == functions_of(mine)
    assert str(theirs.versions) == str(mine.versions)


MESSAGES = {
    "variables": protos.VariableDef,
    "trainable_variables": protos.VariableDef,
    "local_variables": protos.VariableDef,
    "model_variables": protos.VariableDef,
    "metric_variables": protos.VariableDef,
    "moving_average_variables": protos.VariableDef,
    "global_step": protos.VariableDef,
    "savers": protos.SaverDef,
    "queue_runners": protos.QueueRunnerDef,
    "cond_context": protos.CondContextDef,
    "while_context": protos.WhileContextDef,
}


def without_nested(message):
    """TensorFlow leaves the scope in the names of nested contexts; here it is taken out."""
    if hasattr(message, "nested_contexts"):
        message.ClearField("nested_contexts")
    if hasattr(message, "values_def"):  # a set, in any order
        values = sorted(message.values_def.values)
        message.values_def.values[:] = values
    return message


def collection(definition, key, nested):
    kind = definition.WhichOneof("kind")
    values = list(getattr(definition, kind).value) if kind else []
    if key in MESSAGES:
        values = [MESSAGES[key].FromString(value) for value in values]
        values = values if nested else [without_nested(value) for value in values]
    elif kind == "any_list":
        values = [value.SerializeToString() for value in values]
    elif key == "unbound_inputs":
        values = sorted(set(values))
    return kind, values


def assert_same_collections(theirs, mine, nested=True):
    # An item that is in no scope leaves TensorFlow an empty collection behind.
    def all_of(meta):
        found = {k: collection(v, k, nested) for k, v in meta.collection_def.items()}
        return {k: v for k, v in found.items() if v[1]}

    want, got = all_of(theirs), all_of(mine)
    assert want.keys() == got.keys()
    for key in want:
        assert want[key] == got[key], key


def assert_same_meta(theirs, mine, nested=True):
    assert_same_graph(theirs.graph_def, mine.graph_def)
    assert_same_collections(theirs, mine, nested)
    assert str(theirs.saver_def) == str(mine.saver_def)
    assert theirs.HasField("saver_def") == mine.HasField("saver_def")
    info, own_info = theirs.meta_info_def, mine.meta_info_def
    assert info.stripped_default_attrs == own_info.stripped_default_attrs
    assert info.tensorflow_version == own_info.tensorflow_version
    assert list(info.tags) == list(own_info.tags)
    assert ops_of(info) == ops_of(own_info)


def ops_of(info):
    for op in info.stripped_op_list.op:
        if op.HasField("deprecation"):
            op.deprecation.explanation = ""
    return [str(op) for op in info.stripped_op_list.op]


# --- import_graph_def


@each_graph
@pytest.mark.parametrize("scope", [None, "", "a", "a/b", "x", "first"])
@pytest.mark.parametrize("twice", [False, True])
def test_import_gives_the_same_nodes(name, scope, twice):
    graph_def = built(name).as_graph_def(add_shapes=True)
    theirs, mine = v1.Graph(), ours.Graph()
    for _ in range(1 + twice):
        with theirs.as_default():
            v1.import_graph_def(graph_def, name=scope)
        with mine.as_default():
            ours.import_graph_def(graph_def, name=scope)
    assert_same_graph(theirs.as_graph_def(), mine.as_graph_def())
    # With shapes in the file, both give them back.
    assert_same_graph(
        theirs.as_graph_def(add_shapes=True), mine.as_graph_def(add_shapes=True), drop=()
    )


@each_graph
@pytest.mark.parametrize("scope", [None, "", "a", "a/"])
def test_import_inside_of_a_scope(name, scope):
    meta = v1.train.export_meta_graph(graph=built(name))
    theirs, mine = v1.Graph(), ours.Graph()
    with theirs.as_default(), theirs.name_scope("outer"):
        v1.import_graph_def(meta.graph_def, name=scope)
        if scope != "a/":  # for TensorFlow nodes are then in a/, collections in outer/a/
            tf_train.import_meta_graph(meta, import_scope=scope)
    with mine.as_default(), mine.name_scope("outer"):
        ours.import_graph_def(meta.graph_def, name=scope)
        if scope != "a/":
            import_graph_and_collections(
                as_message(meta, protos.MetaGraphDef, "m"), import_scope=scope
            )
    assert_same_graph(theirs.as_graph_def(), mine.as_graph_def())
    want = v1.train.export_meta_graph(graph=theirs)
    assert_same_collections(want, ours.export_meta_graph(graph=mine))


@each_graph
@pytest.mark.parametrize("seed", range(20))
def test_import_maps_inputs_and_returns_elements_the_same(name, seed):
    rng = random.Random(f"{name}{seed}")
    graph_def = built(name).as_graph_def()
    nodes = list(graph_def.node)
    rng.shuffle(nodes) if seed % 2 else None
    graph_def.ClearField("node")
    graph_def.node.extend(nodes)
    # A mapped input of a loop's Merge aborts TensorFlow's process.
    merged = {i for n in nodes if n.op == "Merge" for i in n.input}
    tensors = sorted({i for n in nodes for i in n.input if not i.startswith("^")} - merged)
    controls = sorted({i for n in nodes for i in n.input if i.startswith("^")})
    by_name = {n.name: n for n in nodes}
    tf_types = {t.name: t.dtype for op in built(name).get_operations() for t in op.outputs}
    chosen = {}
    for tensor in rng.sample(tensors, min(3, len(tensors))):
        dtype = tf_types[tensor if ":" in tensor else tensor + ":0"]
        if dtype in (tf.float32, tf.int32, tf.bool, tf.string):
            chosen[tensor] = dtype
    remapped = rng.sample(controls, min(2, len(controls)))
    wanted = rng.sample(sorted(by_name), min(3, len(by_name)))
    wanted += [t if ":" in t else t + ":0" for t in rng.sample(tensors, min(3, len(tensors)))]
    theirs, mine = v1.Graph(), ours.Graph()

    def places(graph, make):
        return {t: make(f"p{i}", dtype) for i, (t, dtype) in enumerate(sorted(chosen.items()))}

    outcomes = []
    for library, graph in ((v1, theirs), (ours, mine)):
        with graph.as_default():
            if library is v1:
                mapping = places(theirs, lambda n, d: v1.placeholder(d, name=n))
                mapping |= dict.fromkeys(remapped, v1.placeholder(tf.float32, name="c"))
            else:
                make = lambda n, d: mine.create_op(  # noqa: E731
                    "Placeholder", name=n, attrs={"dtype": ours_type(d), "shape": None_shape()}
                ).outputs[0]
                mapping = places(mine, make)
                mapping |= dict.fromkeys(remapped, make("c", tf.float32))
            try:
                found = library.import_graph_def(graph_def, mapping, wanted, name=rng_name(seed))
                outcomes.append([one.name for one in found])
            except ValueError:
                outcomes.append("refused")
    assert outcomes[0] == outcomes[1]
    if outcomes[0] != "refused":
        assert_same_graph(theirs.as_graph_def(), mine.as_graph_def())


def ours_type(dtype):
    from tfckpt.dtypes import DataType

    return DataType(dtype.as_datatype_enum)


def None_shape():
    return protos.AttrValue(shape=protos.TensorShapeProto(unknown_rank=True))


def rng_name(seed):
    return [None, "", "deep/er", "p0"][seed % 4]


def tiny(**changes):
    """A small graph with something wrong in it."""
    graph_def = v1.GraphDef()
    graph_def.node.add(name="a", op="Placeholder").attr["dtype"].type = 1
    node = graph_def.node.add(name="b", op="Relu", input=["a"])
    node.attr["T"].type = 1
    for field, value in changes.items():
        if field == "input":
            node.input[:] = value
        elif field == "attr":
            for key, attr in value.items():
                node.attr[key].CopyFrom(attr)
        elif field == "without":
            del node.attr[value]
        else:
            setattr(node, field, value)
    return graph_def


REFUSED = {
    "duplicate": (tiny(name="a"), {}),
    "dangling": (tiny(input=["nowhere"]), {}),
    "self": (tiny(input=["b"]), {}),
    "bad output": (tiny(input=["a:3"]), {}),
    "too many inputs": (tiny(input=["a", "a"]), {}),
    "no input": (tiny(input=[]), {}),
    "control first": (tiny(input=["^a", "a"]), {}),
    "bad name": (tiny(name="b c"), {}),
    "bad first character": (tiny(name="_b"), {}),
    "no name": (tiny(name=""), {}),
    "no op": (tiny(op=""), {}),
    "unknown attr": (tiny(attr={"zzz": v1.AttrValue(i=1)}), {}),
    "missing attr": (tiny(without="T"), {}),
    "attr of wrong kind": (tiny(attr={"T": v1.AttrValue(i=1)}), {}),
    "attr not allowed": (tiny(attr={"T": v1.AttrValue(type=7)}), {}),
    "wrong type": (tiny(attr={"T": v1.AttrValue(type=2)}), {}),
    "unknown group": (
        tiny(attr={"_class": v1.AttrValue(list={"s": [b"loc:@zz"]})}),
        {},
    ),
    "unused mapping": (tiny(), {"input_map": ["zz"]}),
    "mapping of no output": (tiny(), {"input_map": ["a:5"]}),
    "two colons": (tiny(), {"input_map": ["a:0:0"]}),
    "mapping of control": (tiny(), {"input_map": ["^zz"]}),
    "no such element": (tiny(), {"return_elements": ["zz"]}),
    "no such tensor": (tiny(), {"return_elements": ["a:7"]}),
    "bad element": (tiny(), {"return_elements": ["a:x"]}),
    "bad scope": (tiny(), {"name": "a b"}),
    "no strings": (tiny(), {"return_elements": [5]}),
    "fine": (tiny(), {}),
    "fine mapping": (tiny(), {"input_map": ["a"]}),
    "mapping of an output that nobody takes": (tiny(), {"input_map": ["b"]}),
    "internal attr": (tiny(attr={"_x": v1.AttrValue(i=1)}), {}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_tensorflow_refuses_is_refused(case):
    graph_def, options = REFUSED[case]
    outcomes = []
    for library in (v1, ours):
        graph = library.Graph()
        with graph.as_default():
            options = dict(options)
            if "input_map" in REFUSED[case][1]:
                tensor = (
                    v1.placeholder(tf.float32)
                    if library is v1
                    else graph.create_op(
                        "Placeholder", attrs={"dtype": ours_type(tf.float32)}
                    ).outputs[0]
                )
                options["input_map"] = dict.fromkeys(REFUSED[case][1]["input_map"], tensor)
            copy = v1.GraphDef.FromString(graph_def.SerializeToString())
            try:
                library.import_graph_def(copy, **options)
                outcomes.append(None)
            except (ValueError, TypeError) as error:
                outcomes.append(TypeError if isinstance(error, TypeError) else ValueError)
    assert outcomes[0] == outcomes[1]
    if outcomes[1] is not None:
        assert "zz" not in [op.name for op in graph.get_operations()]


# --- export_meta_graph


class tf_train:
    """TensorFlow's, without the nodes of a new Saver where the message brings none."""

    export_meta_graph = staticmethod(v1.train.export_meta_graph)

    @staticmethod
    def import_meta_graph(meta, clear_devices=False, import_scope=None):
        if meta.HasField("saver_def"):
            return v1.train.import_meta_graph(meta, clear_devices, import_scope)
        tf_meta_graph.import_scoped_meta_graph(meta, clear_devices, import_scope=import_scope)
        return None


class our_train:
    """The library's, without these nodes too: a Saver's are not TensorFlow's one by one."""

    export_meta_graph = staticmethod(ours.export_meta_graph)

    @staticmethod
    def import_meta_graph(meta, clear_devices=False, import_scope=None):
        meta = as_message(meta, protos.MetaGraphDef, "meta")
        if meta.HasField("saver_def"):
            return ours.import_meta_graph(meta, clear_devices, import_scope)
        import_graph_and_collections(meta, clear_devices, import_scope)
        return None


def both(name):
    """The same graph in TensorFlow and here, with all of its collections."""
    meta = v1.train.export_meta_graph(graph=built(name))
    theirs, mine = v1.Graph(), ours.Graph()
    with theirs.as_default():
        tf_train.import_meta_graph(meta)
    with mine.as_default():
        our_train.import_meta_graph(meta)
    return theirs, mine


_both = {}


def pair(name):
    if name not in _both:
        _both[name] = both(name)
    return _both[name]


def saver_defs(graph):
    with graph.as_default():
        savers = graph.get_collection("savers")
    return [None] + [saver.to_proto() for saver in savers[:2]]


# A loop's frame, or a group without "@", outside of the scope.
TRIPS = (UnboundLocalError, IndexError)

EXPORT_OPTIONS = [
    dict(zip(("export_scope", "clear_devices", "strip_default_attrs", "saver"), values))
    for values in itertools.product(
        [None, "", "first", "first/", "second"], [False, True], [False, True], [None, 0, "clear"]
    )
]


@each_graph
@pytest.mark.parametrize("options", EXPORT_OPTIONS, ids=lambda o: "-".join(map(str, o.values())))
def test_export_gives_the_same_meta_graph(name, options):
    theirs, mine = pair(name)
    options = dict(options)
    saver = options.pop("saver")
    saver_def = v1.train.SaverDef(
        filename_tensor_name="other/Const:0",
        save_tensor_name="other/control_dependency:0",
        restore_op_name="other/restore_all",
    )
    if saver is not None:
        options["saver_def"] = saver_def
    options["clear_extraneous_savers"] = saver == "clear"
    if saver == "clear" and name != "several_savers":
        pytest.skip("has no such saver")
    try:
        want = v1.train.export_meta_graph(graph=theirs, **options)
    except TRIPS:
        pytest.skip("TensorFlow trips over a node outside of the scope")
    got = ours.export_meta_graph(graph=mine, **options)
    assert_same_meta(want, got, nested=not options["export_scope"])


@each_graph
@pytest.mark.parametrize("scope", [None, "first"])
def test_export_of_a_graph_def_and_some_collections(name, scope):
    theirs, mine = pair(name)
    info = v1.MetaGraphDef.MetaInfoDef(tags=["a", "b"], meta_graph_version="v")
    graph_def = theirs.as_graph_def()
    options = {
        "graph_def": graph_def,
        "meta_info_def": info,
        "collection_list": ["variables", "ints", "savers", "nothing"],
        "export_scope": scope,
    }
    try:
        want = v1.train.export_meta_graph(graph=theirs, **options)
    except TRIPS:
        pytest.skip("TensorFlow trips over a node outside of the scope")
    assert_same_meta(want, ours.export_meta_graph(graph=mine, **options))


@each_graph
@pytest.mark.parametrize("as_text", [False, True])
def test_files_are_tensorflows(name, as_text, tmp_path):
    theirs, mine = pair(name)
    meta = v1.train.export_meta_graph(graph=theirs)
    v1.train.write_graph(meta, str(tmp_path), "theirs", as_text=as_text)
    ours.write_graph(as_message(meta, protos.MetaGraphDef, "m"), tmp_path, "mine", as_text=as_text)
    assert (tmp_path / "theirs").read_bytes() == (tmp_path / "mine").read_bytes()
    ours.export_meta_graph(str(tmp_path / "export"), graph=mine, as_text=as_text)
    with v1.Graph().as_default() as again:
        tf_meta_graph.import_scoped_meta_graph(str(tmp_path / "export"))
    assert_same_graph(theirs.as_graph_def(), as_message(again.as_graph_def(), protos.GraphDef, "g"))


# --- import_meta_graph


@each_graph
@pytest.mark.parametrize("scope", [None, "", "s", "s/t", "first"])
@pytest.mark.parametrize("clear_devices", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_import_meta_graph_gives_the_same_graph_and_collections(name, scope, clear_devices, before):
    meta = v1.train.export_meta_graph(
        graph=built(name), saver_def=next(iter(saver_defs(built(name))[1:]), None)
    )
    theirs, mine = v1.Graph(), ours.Graph()
    savers = []
    for library, graph in ((tf_train, theirs), (our_train, mine)):
        copy = v1.MetaGraphDef.FromString(meta.SerializeToString())
        with graph.as_default():
            if before:
                v1.no_op(name="s/x") if library is tf_train else graph.create_op("NoOp", name="s/x")
                if library is tf_train:
                    v1.import_graph_def(
                        v1.GraphDef(node=[{"name": "zz", "op": "NoOp"}]), name="first"
                    )
                else:
                    ours.import_graph_def(
                        protos.GraphDef(node=[{"name": "zz", "op": "NoOp"}]), name="first"
                    )
            savers.append(library.import_meta_graph(copy, clear_devices, scope))
    assert_same_graph(theirs.as_graph_def(), mine.as_graph_def())
    want = v1.train.export_meta_graph(graph=theirs)
    got = ours.export_meta_graph(graph=mine)
    assert_same_meta(want, got)
    if meta.HasField("saver_def"):
        assert str(savers[0].saver_def) == str(savers[1].saver_def)


@each_graph
def test_a_saver_comes_back_if_there_is_one_or_variables_are(name):
    meta = v1.train.export_meta_graph(graph=built(name))
    with v1.Graph().as_default():
        theirs = v1.train.import_meta_graph(meta)
    with ours.Graph().as_default():
        mine = ours.import_meta_graph(meta)
    assert (theirs is None) == (mine is None)


@each_graph
def test_scopes_move_between_graphs_as_in_tensorflow(name):
    theirs, mine = pair(name)
    outcomes = []
    for library, graph, new in ((tf_train, theirs, v1.Graph()), (ours, mine, ours.Graph())):
        try:
            meta = library.export_meta_graph(graph=graph, export_scope="first")
        except TRIPS:
            pytest.skip("TensorFlow trips over a node outside of the scope")
        if "unbound_inputs" in meta.collection_def:
            outcomes.append("unbound")
            with new.as_default(), pytest.raises(ValueError, match="unbound inputs"):
                library.import_meta_graph(meta, import_scope="moved")
            continue
        with new.as_default():
            library.import_meta_graph(meta, import_scope="moved")
        outcomes.append(new)
    if outcomes[0] == "unbound":
        assert outcomes[1] == "unbound"
    else:
        assert_same_meta(
            v1.train.export_meta_graph(graph=outcomes[0]), ours.export_meta_graph(graph=outcomes[1])
        )


@each_graph
def test_tensorflow_imports_what_is_exported_here(name):
    _, mine = pair(name)
    for scope, strip in itertools.product([None, "first"], [False, True]):
        got = ours.export_meta_graph(graph=mine, export_scope=scope, strip_default_attrs=strip)
        if "unbound_inputs" in got.collection_def:
            continue
        meta = v1.MetaGraphDef.FromString(got.SerializeToString())
        with v1.Graph().as_default() as graph:
            tf_train.import_meta_graph(meta, import_scope=scope)
        assert len(graph.get_operations()) == len(meta.graph_def.node)


def test_values_in_the_input_map_become_the_same_constants():
    graph_def = tiny()
    theirs, mine = v1.Graph(), ours.Graph()
    value = np.array([[1, 2], [3, 4]], np.float32)
    with theirs.as_default():
        v1.import_graph_def(graph_def, {"a": value}, name="s")
    with mine.as_default():
        pytest.importorskip("tfckpt.tensors.tensor_proto")
        ours.import_graph_def(graph_def, {"a": value}, name="s")
    assert_same_graph(theirs.as_graph_def(), mine.as_graph_def())


# --- freezing and thawing


def model(use_resource, control_flow_v2=False):
    """A model with a loop, a conditional and a lookup in it; and its weights."""
    (v1.enable_control_flow_v2 if control_flow_v2 else v1.disable_control_flow_v2)()
    with v1.Graph().as_default() as graph, v1.variable_scope("m", use_resource=use_resource):
        init = v1.random_normal_initializer(seed=3)
        x = v1.placeholder(tf.int32, [None], name="x")
        table = v1.get_variable("table", [7, 4], initializer=init)
        w = v1.get_variable("w", [4, 4], initializer=init)
        h = tf.nn.embedding_lookup(table, x)
        _, h = v1.while_loop(
            lambda i, a: i < 3, lambda i, a: [i + 1, tf.tanh(tf.matmul(a, w))], [0, h]
        )
        b = v1.get_variable("b", [4], initializer=init)
        y = v1.cond(tf.reduce_sum(h) > 0.0, lambda: h + b, lambda: h - b)
        tf.identity(y, name="y")
        init_op = v1.global_variables_initializer()
        with v1.Session(graph=graph) as session:
            session.run(init_op)
            weights = {v.op.name: session.run(v) for v in v1.global_variables()}
            results = [session.run("m/y:0", {"m/x:0": x}) for x in ([0, 3], [6])]
    v1.disable_control_flow_v2()
    return graph.as_graph_def(), weights, results


def run(graph_def, restore=None):
    graph_def = v1.GraphDef.FromString(graph_def.SerializeToString())
    with v1.Graph().as_default() as graph:
        v1.import_graph_def(graph_def, name="")
        with v1.Session(graph=graph) as session:
            if restore:
                prefix, names = restore
                tensors = {name: graph.get_tensor_by_name(name + ":0") for name in names}
                v1.train.Saver(tensors).restore(session, prefix)
            return [session.run("m/y:0", {"m/x:0": x}) for x in ([0, 3], [6])]


@pytest.mark.parametrize(
    ("use_resource", "control_flow_v2"), [(False, False), (True, False), (True, True)]
)
def test_a_frozen_graph_gives_what_the_weights_gave(use_resource, control_flow_v2, tmp_path):
    import tfckpt

    graph_def, weights, results = model(use_resource, control_flow_v2=control_flow_v2)
    prefix = tfckpt.save(str(tmp_path / "w"), weights)
    with tfckpt.load_checkpoint(prefix) as reader:
        frozen = tfckpt.convert_variables_to_constants(reader, graph_def, ["m/y"])
    assert not any(node.op in ("VariableV2", "VarHandleOp") for node in frozen.node)
    for want, got in zip(results, run(frozen)):
        np.testing.assert_array_equal(want, got)
    constants = tfckpt.graph_constants(frozen)
    for name, value in weights.items():
        np.testing.assert_array_equal(value, constants[name])


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_thawed_graph_takes_its_values_from_a_checkpoint(use_resource, tmp_path):
    import tfckpt

    graph_def, weights, results = model(use_resource)
    frozen = tfckpt.convert_variables_to_constants(weights, graph_def, ["m/y"])
    thawed, values = tfckpt.convert_constants_to_variables(frozen)
    assert weights.keys() <= values.keys()
    prefix = tfckpt.save(str(tmp_path / "w"), values)
    for want, got in zip(results, run(thawed, (prefix, list(values)))):
        np.testing.assert_array_equal(want, got)


def test_frozen_as_tensorflow_freezes(tmp_path):
    import tfckpt

    graph_def, weights, _ = model(False)
    with v1.Graph().as_default() as graph:
        v1.import_graph_def(graph_def, name="")
        with v1.Session(graph=graph) as session:
            session.run([graph.get_operation_by_name(f"m/{n}/Assign") for n in ("table", "w", "b")])
            weights = {n: session.run(n + ":0") for n in weights}
            want = v1.graph_util.convert_variables_to_constants(session, graph_def, ["m/y"])
    got = tfckpt.convert_variables_to_constants(weights, graph_def, ["m/y"])
    drop = ("_output_shapes", "_class")
    key = lambda node: node.name  # noqa: E731
    want_nodes = sorted(nodes_of(want, drop), key=key)
    got_nodes = sorted(nodes_of(got, drop), key=key)
    assert [(n.name, n.op) for n in want_nodes] == [(n.name, n.op) for n in got_nodes]
    assert [n.SerializeToString(deterministic=True) for n in want_nodes] == [
        n.SerializeToString(deterministic=True) for n in got_nodes
    ]


# --- a whole life: TensorFlow saves, tfckpt restores and saves, TensorFlow restores


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_checkpoint_goes_through_an_imported_graphs_saver(use_resource, tmp_path):
    import tfckpt

    with v1.Graph().as_default(), v1.Session() as session:
        with v1.variable_scope("m", use_resource=use_resource):
            w = v1.get_variable("w", [3], initializer=v1.ones_initializer())
            v1.get_variable("b", [2], initializer=v1.zeros_initializer())
        session.run(v1.global_variables_initializer())
        prefix = v1.train.Saver().save(session, str(tmp_path / "theirs"))
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(f"{prefix}.meta")
    weights = {}
    saver.restore(weights, prefix)
    weights["m/w"] = weights["m/w"] * 5
    prefix = saver.save(weights, str(tmp_path / "mine"))
    with v1.Graph().as_default() as graph, v1.Session() as session:
        v1.train.import_meta_graph(f"{prefix}.meta").restore(session, prefix)
        (w,) = [v for v in v1.global_variables() if v.op.name == "m/w"]
        assert session.run(w).tolist() == [5.0, 5.0, 5.0]
        assert "save/restore_all" in [op.name for op in graph.get_operations()]


# --- other people's graphs


def test_real_graphs_import_as_in_tensorflow(tmp_path):
    import os
    from pathlib import Path

    from tfckpt.graphdef.listing import meta_graphs_of

    folder = os.environ.get("TFCKPT_REALCKPTS", "")
    if not os.path.isdir(folder):
        pytest.skip("TFCKPT_REALCKPTS names no folder of real checkpoints")
    others = ("fingerprint.pb", "keras_metadata.pb", "projector_config.pbtxt")
    compared, refused = 0, []
    for path in sorted(p for e in ("meta", "pb", "pbtxt") for p in Path(folder).rglob(f"*.{e}")):
        for meta_graph in meta_graphs_of(path) if path.name not in others else ():
            theirs, mine = v1.Graph(), ours.Graph()
            graph_def = v1.GraphDef.FromString(meta_graph.graph_def.SerializeToString())
            try:
                with theirs.as_default():
                    v1.import_graph_def(graph_def, name="s")
            except ValueError as error:
                refused.append(str(error))  # an op that is not in this TensorFlow
                continue
            with mine.as_default():
                ours.import_graph_def(meta_graph.graph_def, name="s")
            assert_same_graph(theirs.as_graph_def(), mine.as_graph_def())
            compared += 1
    assert compared > 50
    assert all("not registered" in text or "not available" in text for text in refused)
