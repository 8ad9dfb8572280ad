"""MetaGraphDefs: collections of every kind, scopes, savers, defaults."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from google.protobuf.any_pb2 import Any as GoogleAny

import tfckpt
from tfckpt import errors
from tfckpt.graph.meta_graph_export import extraneous_saver_nodes
from tfckpt.graph.meta_graph_import import import_graph_and_collections
from tfckpt.protos import (
    CollectionDef,
    CondContextDef,
    GraphDef,
    MetaGraphDef,
    QueueRunnerDef,
    SaverDef,
    VariableDef,
    WhileContextDef,
)

F = 1  # DT_FLOAT


def nodes(*described):
    graph_def = GraphDef()
    graph_def.versions.producer = 27
    for name, op, inputs, attrs in described:
        node = graph_def.node.add(name=name, op=op, input=inputs)
        for key, value in attrs.items():
            if isinstance(value, bytes):
                node.attr[key].s = value
            elif key in ("shape",):
                for size in value:
                    node.attr[key].shape.dim.add(size=size)
            else:
                node.attr[key].type = value
    return graph_def


def a_variable(name, **fields):
    return VariableDef(
        variable_name=f"{name}:0",
        initializer_name=f"{name}/Assign",
        snapshot_name=f"{name}/read:0",
        initial_value_name=f"{name}/zeros:0",
        **fields,
    )


def variable_nodes(name):
    types = {"T": F}
    return (
        (f"{name}/zeros", "Placeholder", [], {"dtype": F, "shape": [2]}),
        (name, "VariableV2", [], {"dtype": F, "shape": [2]}),
        (f"{name}/Assign", "Assign", [name, f"{name}/zeros"], types),
        (f"{name}/read", "Identity", [name], types),
    )


def a_meta_graph():
    """Two variables, one in scope s, and collections of every kind."""
    meta_graph = MetaGraphDef(
        graph_def=nodes(*variable_nodes("v"), *variable_nodes("s/w"), ("s/n", "NoOp", [], {}))
    )
    sliced = a_variable("s/w")
    sliced.save_slice_info_def.full_name = "s/whole"
    sliced.save_slice_info_def.full_shape.append(4)
    collections = meta_graph.collection_def
    items = [a_variable("v", trainable=True), sliced]
    collections["variables"].bytes_list.value.extend(map(serialized, items))
    collections["trainable_variables"].bytes_list.value.append(serialized(items[0]))
    collections["nodes"].node_list.value.extend(["s/n", "v:0", "s/w/read:0"])
    collections["ints"].int64_list.value.extend([1, -(1 << 40)])
    collections["floats"].float_list.value.extend([0.5, -2.0])
    collections["bytes"].bytes_list.value.extend([b"s/x", b"\xff"])
    collections["any"].any_list.value.add(type_url="t/a", value=b"123")
    runner = QueueRunnerDef(
        queue_name="s/n",
        enqueue_op_name=["s/n"],
        close_op_name="s/n",
        cancel_op_name="s/n",
        queue_closed_exception_types=[11],
    )
    collections["queue_runners"].bytes_list.value.append(serialized(runner))
    cond = CondContextDef(context_name="s/cond", pred_name="s/w:0", pivot_name="s/n", branch=1)
    cond.values_def.values.append("s/w:0")
    cond.values_def.external_values["s/w/read:0"] = "s/w:0"
    nested = cond.nested_contexts.add().cond_ctxt
    nested.context_name = "s/cond/inner"
    collections["cond_context"].bytes_list.value.append(serialized(cond))
    loop = WhileContextDef(
        context_name="s/loop",
        parallel_iterations=10,
        pivot_for_pred_name="s/n",
        pivot_for_body_name="s/n",
        pivot_name="s/n",
        loop_exit_names=["s/w:0"],
        loop_enter_names=["s/w:0"],
    )
    collections["while_context"].bytes_list.value.append(serialized(loop))
    return meta_graph


def serialized(message):
    return message.SerializeToString(deterministic=True)


def imported(meta_graph, **options):
    """The graph alone: no Saver is asked for."""
    graph = tfckpt.Graph()
    with graph.as_default():
        import_graph_and_collections(meta_graph, **options)
    return graph


def collections_of(meta_graph):
    return {key: str(value) for key, value in meta_graph.collection_def.items()}


def test_every_collection_survives_a_round_trip():
    meta_graph = a_meta_graph()
    exported = tfckpt.export_meta_graph(graph=imported(meta_graph))
    assert collections_of(meta_graph) == collections_of(exported)
    assert [n.name for n in exported.graph_def.node] == [n.name for n in meta_graph.graph_def.node]


def test_a_scope_is_put_into_everything_and_taken_out_again():
    meta_graph = a_meta_graph()
    graph = imported(meta_graph, import_scope="in/er")
    assert {op.name.startswith("in/er/") for op in graph.get_operations()} == {True}
    variable = graph.get_collection("variables")[1]
    assert variable.name == "in/er/s/w:0"
    assert variable.definition.save_slice_info_def.full_name == "in/er/s/whole"
    assert variable.checkpoint_key == "in/er/s/whole"
    assert variable.definition.initial_value_name == "in/er/s/w/zeros:0"
    assert graph.get_collection("nodes")[1].name == "in/er/v:0"
    cond = graph.get_collection("cond_context")[0].definition
    assert dict(cond.values_def.external_values) == {"in/er/s/w/read:0": "in/er/s/w:0"}
    assert cond.nested_contexts[0].cond_ctxt.context_name == "in/er/s/cond/inner"
    # Bytes that are text count as names; others, and numbers, stay.
    assert graph.get_collection("bytes") == ["in/er/s/x", b"\xff"]
    assert graph.get_collection("ints") == [1, -(1 << 40)]
    exported = tfckpt.export_meta_graph(graph=graph, export_scope="in/er")
    assert collections_of(meta_graph).keys() - collections_of(exported).keys() == set()
    for key in set(meta_graph.collection_def) - {"bytes"}:
        assert str(meta_graph.collection_def[key]) == str(exported.collection_def[key])


def test_a_scope_with_a_slash_is_entered_as_it_is():
    graph = tfckpt.Graph()
    with graph.as_default(), graph.name_scope("outer"):
        import_graph_and_collections(a_meta_graph(), import_scope="a/")
    assert graph.get_collection("variables")[0].op.name == "a/v"


def test_an_export_of_a_scope_holds_what_is_in_it():
    exported = tfckpt.export_meta_graph(graph=imported(a_meta_graph()), export_scope="s")
    assert [n.name for n in exported.graph_def.node] == ["w/zeros", "w", "w/Assign", "w/read", "n"]
    assert list(exported.collection_def["nodes"].node_list.value) == ["n", "w/read:0"]
    only = VariableDef.FromString(exported.collection_def["variables"].bytes_list.value[0])
    assert only.variable_name == "w:0"
    assert "trainable_variables" not in exported.collection_def


def test_inputs_from_outside_are_listed_and_must_be_given():
    graph_def = nodes(
        ("x", "Placeholder", [], {"dtype": F}),
        ("go", "NoOp", [], {}),
        ("s/y", "AddV2", ["x", "x", "^go"], {"T": F}),
    )
    exported = tfckpt.export_meta_graph(graph_def=graph_def, export_scope="s/")
    unbound = ["$unbound_inputs_x", "^$unbound_inputs_go"]
    assert list(exported.graph_def.node[0].input) == [unbound[0], *unbound]
    definition = exported.collection_def["unbound_inputs"]
    assert [value.decode() for value in definition.bytes_list.value] == unbound
    with tfckpt.Graph().as_default() as graph:
        with pytest.raises(ValueError, match=r"unbound inputs: \$unbound_inputs_x"):
            tfckpt.import_meta_graph(exported)
        given = graph.create_op("Placeholder", name="mine", attrs={"dtype": np.float32})
        tfckpt.import_meta_graph(exported, input_map=dict.fromkeys(unbound, given.outputs[0]))
    assert list(graph.get_operation_by_name("y").node_def.input) == ["mine", "mine", "^mine"]


def test_variables_in_several_collections_are_one_object():
    graph = imported(a_meta_graph())
    (trainable,) = graph.get_collection("trainable_variables")
    assert trainable is graph.get_collection("variables")[0]
    assert (trainable.shape, trainable.dtype, trainable.trainable) == ((2,), "float32", True)
    assert trainable.op.name == "v"


@pytest.mark.parametrize(("version", "trainable"), [("1.8.0", [True, False]), ("1.9", [False] * 2)])
def test_before_1_9_the_collection_says_what_is_trainable(version, trainable):
    meta_graph = a_meta_graph()
    meta_graph.meta_info_def.tensorflow_version = version
    for key in ("variables", "trainable_variables"):
        values = meta_graph.collection_def[key].bytes_list.value
        for at, value in enumerate(values):
            definition = VariableDef.FromString(value)
            definition.trainable = False
            values[at] = serialized(definition)
    found = imported(meta_graph).get_collection("variables")
    assert [variable.trainable for variable in found] == trainable


def test_a_collection_can_be_left_out():
    graph = imported(a_meta_graph(), restore_collections_predicate=lambda key: key == "ints")
    assert graph.get_all_collection_keys() == ["ints"]
    exported = tfckpt.export_meta_graph(graph=graph, collection_list=["floats", "ints"])
    assert list(exported.collection_def) == ["ints"]


BAD_ITEMS = {
    "nodes": (CollectionDef(node_list={"value": ["nobody"]}), KeyError, "no operation 'nobody'"),
    "variables": (
        CollectionDef(bytes_list={"value": [b"\x0a\xff"]}),
        ValueError,
        "collection 'variables'.* no VariableDef",
    ),
    "trainable_variables": (
        CollectionDef(bytes_list={"value": [serialized(VariableDef(variable_name="y:;"))]}),
        ValueError,
        "';' is no output number",
    ),
    "queue_runners": (
        CollectionDef(bytes_list={"value": [serialized(QueueRunnerDef(queue_name="q"))]}),
        KeyError,
        "no operation 'q'",
    ),
}


@pytest.mark.parametrize("key", BAD_ITEMS)
def test_a_collection_that_names_what_is_not_there_is_refused_by_name(key):
    definition, kind, message = BAD_ITEMS[key]
    meta_graph = MetaGraphDef(graph_def=nodes(("a", "NoOp", [], {})))
    meta_graph.collection_def[key].CopyFrom(definition)
    with tfckpt.Graph().as_default(), pytest.raises(kind, match=message) as caught:
        tfckpt.import_meta_graph(meta_graph)
    assert isinstance(caught.value, errors.CheckpointError)
    assert key in str(caught.value)


def test_what_has_no_form_in_a_file_is_left_out_with_a_warning(caplog):
    graph = tfckpt.Graph()
    graph.add_to_collection("odd", object())
    graph.add_to_collection("mixed", 1)
    graph.add_to_collection("mixed", "a")
    graph.add_to_collection("fine", 1)
    with caplog.at_level(logging.WARNING, "tfckpt"):
        exported = tfckpt.export_meta_graph(graph=graph)
    assert list(exported.collection_def) == ["fine"]
    assert "'odd'" in caplog.text
    assert "'mixed'" in caplog.text


def test_any_messages_of_google_are_taken():
    graph = tfckpt.Graph()
    graph.add_to_collection("any", GoogleAny(type_url="t/x", value=b"1"))
    exported = tfckpt.export_meta_graph(graph=graph)
    assert exported.collection_def["any"].any_list.value[0].type_url == "t/x"


def test_collections_of_a_graph():
    graph = tfckpt.Graph()
    with graph.as_default():
        op = graph.create_op("NoOp", name="s/a")
        tfckpt.add_to_collection("k", op)
        tfckpt.graph.add_to_collections(["k", "l", "l"], 5)
        assert tfckpt.get_collection("k") == [op, 5]
        assert tfckpt.get_collection("k", scope="s/") == [op]
        assert tfckpt.get_collection("l") == [5]
        assert tfckpt.get_collection("none") == []
        tfckpt.get_collection("k").clear()
        tfckpt.graph.get_collection_ref("l").append(6)
        assert tfckpt.get_collection("l") == [5, 6]
        assert tfckpt.graph.get_all_collection_keys() == ["k", "l"]
    graph.clear_collection("k")
    assert graph.collections == ["l"]


def test_items_of_a_registered_collection_become_messages():
    tfckpt.graph.register_proto_function(
        "test_registered",
        SaverDef,
        to_proto=lambda item, export_scope=None: SaverDef(restore_op_name=item),
        from_proto=lambda message, import_scope=None: message.restore_op_name,
    )
    graph = tfckpt.Graph()
    graph.add_to_collection("test_registered", "x")
    exported = tfckpt.export_meta_graph(graph=graph)
    assert imported(exported).get_collection("test_registered") == ["x"]
    with pytest.raises(KeyError):
        tfckpt.graph.register_proto_function("test_registered", SaverDef, str, str)


def two_savers():
    described = []
    for scope in ("save", "save_1"):
        described += [
            (f"{scope}/Const", "Placeholder", [], {"dtype": 7}),
            (f"{scope}/RestoreV2", "MyRestore", [f"{scope}/Const"], {}),
        ]
    graph_def = nodes(*described, ("x", "NoOp", [], {}))
    for node in graph_def.node:
        node.op = "RestoreV2" if node.op == "MyRestore" else node.op
    return graph_def


def test_extraneous_savers_are_dropped_with_their_scope():
    kept = SaverDef(
        filename_tensor_name="save_1/Const:0",
        save_tensor_name="save_1/Identity:0",
        restore_op_name="save_1/restore_all",
    )
    assert extraneous_saver_nodes(two_savers(), kept) == {"save/Const", "save/RestoreV2"}
    exported = tfckpt.export_meta_graph(
        graph_def=two_savers(), saver_def=kept, clear_extraneous_savers=True
    )
    names = [node.name for node in exported.graph_def.node]
    assert names == ["save_1/Const", "save_1/RestoreV2", "x"]
    assert exported.saver_def == kept


def test_devices_and_defaults_can_be_dropped():
    graph_def = nodes(("x", "Placeholder", [], {"dtype": F}))
    graph_def.node[0].device = "/cpu:0"
    graph_def.node[0].attr["shape"].shape.unknown_rank = True
    exported = tfckpt.export_meta_graph(
        graph_def=graph_def, clear_devices=True, strip_default_attrs=True
    )
    assert exported.graph_def.node[0].device == ""
    assert list(exported.graph_def.node[0].attr) == ["dtype"]
    assert exported.meta_info_def.stripped_default_attrs
    assert graph_def.node[0].device == "/cpu:0"


def test_the_message_says_who_made_it_and_which_ops_it_needs():
    info = MetaGraphDef.MetaInfoDef(tags=["serve"])
    exported = tfckpt.export_meta_graph(graph_def=two_savers(), meta_info_def=info)
    assert list(exported.meta_info_def.tags) == ["serve"]
    assert exported.meta_info_def.tensorflow_version == "2.21.0"
    assert exported.meta_info_def.tensorflow_git_version.startswith("tfckpt ")
    assert [op.name for op in exported.meta_info_def.stripped_op_list.op] == [
        "NoOp",
        "Placeholder",
        "RestoreV2",
    ]


WRONG = ["graph", "meta_info_def", "graph_def", "saver_def"]


@pytest.mark.parametrize("argument", WRONG)
def test_arguments_of_the_wrong_class_are_refused(argument):
    with pytest.raises(TypeError, match=argument):
        tfckpt.export_meta_graph(**{argument: object()})


def test_no_variables_and_no_saver_def_give_no_saver():
    meta_graph = MetaGraphDef(graph_def=nodes(("a", "NoOp", [], {})))
    with tfckpt.Graph().as_default():
        assert tfckpt.import_meta_graph(meta_graph) is None


def test_a_saver_def_gives_its_saver():
    meta_graph = MetaGraphDef(graph_def=nodes(*variable_nodes("v")))
    meta_graph.collection_def["variables"].bytes_list.value.append(serialized(a_variable("v")))
    with tfckpt.Graph().as_default():
        assert tfckpt.import_meta_graph(meta_graph) is not None
    meta_graph.saver_def.CopyFrom(
        SaverDef(
            filename_tensor_name="save/Const:0",
            save_tensor_name="save/control_dependency:0",
            restore_op_name="save/restore_all",
            max_to_keep=3,
            version=2,
        )
    )
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(meta_graph, import_scope="s")
    assert saver.saver_def.restore_op_name == "s/save/restore_all"
    assert saver.saver_def.max_to_keep == 3


def test_a_saver_writes_the_graph_that_it_came_with(tmp_path):
    meta_graph = MetaGraphDef(graph_def=nodes(*variable_nodes("v"), ("mine", "NoOp", [], {})))
    meta_graph.saver_def.CopyFrom(
        SaverDef(
            filename_tensor_name="save/Const:0",
            save_tensor_name="save/control_dependency:0",
            restore_op_name="save/restore_all",
            version=2,
        )
    )
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(meta_graph)
    prefix = saver.save({"v": np.zeros(2, np.float32)}, str(tmp_path / "m"))
    written = tfckpt.read_meta_graph(f"{prefix}.meta")
    assert "mine" in [node.name for node in written.graph_def.node]
    assert written.saver_def.restore_op_name == "save/restore_all"


def test_files_are_written_in_both_forms(tmp_path):
    for as_text in (False, True):
        path = tmp_path / f"new{as_text}" / "m.meta"
        exported = tfckpt.export_meta_graph(str(path), graph_def=two_savers(), as_text=as_text)
        assert exported == tfckpt.read_meta_graph(path)
