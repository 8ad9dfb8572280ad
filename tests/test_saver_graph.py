"""The graph beside a checkpoint, without TensorFlow: what it says of itself."""

from __future__ import annotations

import hashlib
import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.dtypes import DataType, numpy_dtype
from tfckpt.graph.meta_graph_import import add_saver
from tfckpt.protos import AttrValue, GraphDef, NodeDef, VariableDef
from tfckpt.saver.alike import Alike
from tfckpt.saver.definition import make_saver_def
from tfckpt.saver.given_graph import places_in, to_write, variable_places
from tfckpt.saver.restored import restored_variables, wanted_tensors
from tfckpt.saver.sharding import choose_shards
from tfckpt.saver.variables_graph import NO_VARIABLE, valid_name

NAMES = {
    "w": "w",
    "scope/w": "scope/w",
    "with space": "with_space",
    "a:0": "a_0",
    "_x": "v_x",
    "/x": "v/x",
    "-x": "v-x",
    "x/": "x_",
    "a>b": "a_b",
    "漢": "v_",
    ".x": ".x",
}


@pytest.mark.parametrize(("name", "node"), NAMES.items())
def test_names_become_those_of_operations(name: str, node: str) -> None:
    assert valid_name(name) == node


@pytest.mark.parametrize("sharded", [False, True])
def test_every_input_is_a_node_and_every_name_is_there_once(sharded: bool) -> None:
    weights = {name: np.zeros(2, np.float32) for name in [*NAMES, "save/Const", "w/Assign"]}
    saver = tfckpt.Saver(sharded=sharded, shards=2)
    graph = saver.export_meta_graph(variables=weights)
    names = [node.name for node in graph.graph_def.node]
    assert len(set(names)) == len(names)
    inputs = {name.lstrip("^").split(":")[0] for n in graph.graph_def.node for name in n.input}
    assert inputs <= set(names)
    assert all(re.fullmatch(r"[A-Za-z0-9.][\w.\-/>]*", name, re.ASCII) for name in names)
    stored = [
        one.decode()
        for node in graph.graph_def.node
        if re.search(r"SaveV2(_\d)?/tensor_names", node.name)
        for one in node.attr["value"].tensor.string_val
    ]
    assert sorted(stored) == sorted(weights)
    assert graph.saver_def.restore_op_name == "save_1/restore_all"
    assert graph.saver_def.restore_op_name in names


# Operation, its type, its inputs: as TensorFlow's own Saver links them.
SHARDED = {
    "StringJoin": ("StringJoin", "Const Const_1"),
    "ShardedFilename": ("ShardedFilename", "StringJoin ShardedFilename/shard num_shards"),
    "ShardedFilename_1": ("ShardedFilename", "StringJoin ShardedFilename/shard_1 num_shards"),
    "SaveV2": (
        "SaveV2",
        "ShardedFilename SaveV2/tensor_names SaveV2/shape_and_slices ReadVariableOp",
    ),
    "control_dependency": ("Identity", "ShardedFilename ^SaveV2"),
    "control_dependency_1": ("Identity", "ShardedFilename_1 ^SaveV2_1"),
    "MergeV2Checkpoints/checkpoint_prefixes": (
        "Pack",
        "ShardedFilename ShardedFilename_1 ^control_dependency ^control_dependency_1",
    ),
    "MergeV2Checkpoints": (
        "MergeV2Checkpoints",
        "MergeV2Checkpoints/checkpoint_prefixes Const",
    ),
    "Identity": ("Identity", "Const ^MergeV2Checkpoints"),
    "RestoreV2_1": (
        "RestoreV2",
        "Const RestoreV2/tensor_names_1 RestoreV2/shape_and_slices_1",
    ),
    "Reshape": ("Reshape", "RestoreV2 Reshape/shape"),
    "Reshape_1": ("Reshape", "RestoreV2_1 Reshape/shape_1"),
    "restore_all": ("NoOp", "^AssignVariableOp ^AssignVariableOp_1"),
}


def test_the_operations_of_a_sharded_saver() -> None:
    weights = {"a": np.zeros(2, np.float32), "b": np.zeros(3, np.float32)}
    saver = tfckpt.Saver(sharded=True, shards=2, reshape=True)
    nodes = {node.name: node for node in saver.export_meta_graph(variables=weights).graph_def.node}

    for name, (op, inputs) in SHARDED.items():
        node = nodes["save/" + name]
        assert node.op == op
        assert [one.replace("save/", "") for one in node.input] == inputs.split()
    for number, variable in enumerate("ba"):  # the bigger goes first
        end = f"_{number}" if number else ""
        assert list(nodes[f"save/ReadVariableOp{end}"].input) == [variable]
        assert list(nodes[f"save/AssignVariableOp{end}"].input) == [variable, f"save/Reshape{end}"]


PIECES = [
    "w",
    "layer_1",
    "layer_22",
    "kernel",
    "Assign",
    "save",
    "a b",
    "x:0",
    "é",
    "%d",
    "n" * 130,
]
DTYPES = [np.float32, np.float32, np.float32, np.int64, np.bool_, np.complex64]

# Digests of what was written when each node was made as a message of its own.
GRAPHS = {
    0: "005d42a9f830fb56",
    1: "ba5d750024339b3a",
    2: "8eabeb56aaa1f59d",
    3: "0da686f4c675c8b1",
}


def random_weights(seed: int) -> dict[str, np.ndarray[Any, Any]]:
    rng = random.Random(seed)
    names = {
        "/".join(rng.choices(PIECES, [9] * 4 + [1] * 7, k=rng.randint(1, 4))) for _ in "a" * 99
    }
    names |= {f"{name}_{rng.randrange(2000)}" for name in sorted(names) for _ in range(4)}
    if seed % 2:
        names = {name for name in names if not name.endswith("Assign")}
    shapes = [(2,), (2, 3), (), (300, 0), (1, 300)]
    return {name: np.zeros(rng.choice(shapes), rng.choice(DTYPES)) for name in sorted(names)}


@pytest.mark.parametrize(("seed", "digest"), GRAPHS.items())
def test_many_nodes_are_the_bytes_that_each_of_them_is_alone(
    seed: int, digest: str, tmp_path: Path
) -> None:
    sharded = seed == 2
    saver = tfckpt.Saver(sharded=sharded, shards=3 if sharded else None, reshape=seed == 3)
    path = saver.save(random_weights(seed), tmp_path / "m")

    written = Path(f"{path}.meta").read_bytes()

    assert hashlib.sha256(written).hexdigest()[:16] == digest
    graph = tfckpt.read_meta_graph(f"{path}.meta")
    assert graph.SerializeToString(deterministic=True) == written


def test_messages_that_are_alike_are_those_that_are_made_one_by_one() -> None:
    def make(kind: str, *names: bytes) -> bytes:
        first, second = (name.decode() for name in names)
        node = NodeDef(name=first, op=kind, input=[f"{first}/{second}", f"^{second}"])
        node.attr["%b"].s = names[0]
        return node.SerializeToString()

    rng = random.Random(0)
    columns = [
        [rng.choice("ab漢%c").encode() * rng.choice([1, 2, 130]) for _ in range(500)] for _ in "ab"
    ]
    kinds = rng.choices(["One", "Other"], k=500)

    assert Alike(make).each(kinds, *columns) == [make(*one) for one in zip(kinds, *columns)]


def test_one_operation_restores_all_of_a_shard() -> None:
    weights = {"a": np.zeros(2, np.float32), "b": np.zeros(3, np.float32)}
    nodes = tfckpt.Saver().export_meta_graph(variables=weights).graph_def.node

    assert [list(node.input) for node in nodes if node.name.startswith("save/Assign")] == [
        ["a", "save/RestoreV2"],
        ["b", "save/RestoreV2:1"],
    ]


def test_a_saver_of_a_graph_has_the_variables_that_it_restores_there() -> None:
    graph = variables_alone(a=2, b=3)
    saved = tfckpt.Saver({"old": "a"}, meta_graph=graph).export_meta_graph()

    assert places_in(saved, saved.saver_def) == {"old": "a"}
    assert places_in(graph, saved.saver_def) == {"a": "a", "b": "b"}  # without the operations


def variables_alone(**sizes: int) -> tfckpt.MetaGraphDef:
    """A graph of variables, as it is without a Saver."""
    weights = {name: np.zeros(size, np.float32) for name, size in sizes.items()}
    graph = tfckpt.Saver().export_meta_graph(variables=weights)
    rest = [node for node in graph.graph_def.node if not node.name.startswith("save/")]
    del graph.graph_def.node[:]
    graph.graph_def.node.extend(rest)
    graph.ClearField("saver_def")
    return graph


def test_a_saver_of_a_graph_takes_all_its_variables_or_those_that_are_named() -> None:
    graph = variables_alone(a=2, b=3)
    for var_list, restored in ((None, {"a": "a", "b": "b"}), (["b"], {"b": "b"})):
        saved = tfckpt.Saver(var_list, meta_graph=graph).export_meta_graph()
        assert places_in(saved, saved.saver_def) == restored
    with pytest.raises(ValueError, match="'v0', 'v1', 'v2', 'v3', 'v4' and 1 more"):
        tfckpt.Saver([f"v{n}" for n in range(6)], meta_graph=graph).export_meta_graph()


@pytest.mark.parametrize("clear", [False, True])
def test_devices_are_kept_unless_they_are_to_be_cleared(clear: bool) -> None:
    graph = variables_alone(a=2)
    graph.graph_def.node[0].device = "/gpu:1"
    exported = tfckpt.Saver(meta_graph=graph).export_meta_graph(clear_devices=clear)
    assert {node.device for node in exported.graph_def.node} == ({""} if clear else {"", "/gpu:1"})
    assert not exported.meta_info_def.stripped_default_attrs


@pytest.mark.parametrize("clear", [False, True])
def test_other_savers_are_kept_unless_they_are_to_be_cleared(clear: bool) -> None:
    graph = tfckpt.Saver(name="other").export_meta_graph(variables={"w": 1.0})
    saver = tfckpt.Saver(meta_graph=graph, name="mine")
    exported = saver.export_meta_graph(clear_extraneous_savers=clear)
    scopes = {node.name.split("/")[0] for node in exported.graph_def.node}
    assert scopes == ({"w", "mine"} if clear else {"w", "mine", "other"})


def test_a_graph_is_given_the_saver_that_a_new_one_would_be() -> None:
    with tfckpt.Graph().as_default() as graph:
        tfckpt.import_graph_def(variables_alone(a=2).graph_def, name="")
        added = add_saver(graph)
        assert added == tfckpt.Saver().as_saver_def()
        assert graph.get_operation_by_name("save/AssignVariableOp").inputs[0].name == "a:0"
    assert add_saver(tfckpt.Graph()) is None


def node(name: str, op: str, inputs: str = "", **attrs: Any) -> NodeDef:
    attr = {key: AttrValue(**value) for key, value in attrs.items()}
    return NodeDef(name=name, op=op, input=inputs.split(), attr=attr)


def test_what_a_restore_gives_to_which_variable() -> None:
    names = {"tensor": {"dtype": 7, "string_val": list(b"a b c d".split())}}
    names["tensor"]["tensor_shape"] = {"dim": [{"size": 4}]}
    graph = GraphDef(
        node=[
            node("names", "Const", value=names),
            node("r", "RestoreV2", "prefix names slices", dtypes={"list": {"type": [1] * 4}}),
            node("i", "Identity", "r"),
            node("n", "IdentityN", "r:1 r:2"),
            node("to_x", "Assign", "x i"),
            node("to_y", "AssignVariableOp", "y n"),
            node("to_z", "Assign", "z:0 n:1"),
            node("to_part_0", "Assign", "part_0 r:3"),
            node("to_part_1", "Assign", "part_1 r:3"),
            node("elsewhere", "Assign", "w r"),
            node("all", "NoOp", "^to_x ^to_y ^to_z ^to_part_0 ^to_part_1"),
        ]
    )

    found = restored_variables(graph, tfckpt.SaverDef(restore_op_name="all"))
    assert found == {"a": "x", "b": "y", "c": "z", "d": "d"}  # d lies in two parts
    assert restored_variables(graph, tfckpt.SaverDef(restore_op_name="none")) is None


def test_what_a_graph_wants_of_a_checkpoint() -> None:
    graph = tfckpt.Saver().export_meta_graph(
        variables={"a": np.zeros((0, 3), np.float32), "n": np.int64(1)}
    )
    assert wanted_tensors(graph) == {"a": (1, (0, 3)), "n": (9, ())}
    for node in graph.graph_def.node:
        node.attr.pop("shape", None)
    assert wanted_tensors(graph) == {"a": (1, None), "n": (9, None)}


@pytest.mark.parametrize("size", [-1, -(2**63), 0, 1, 2**62])
def test_a_list_of_names_is_as_long_as_it_says_and_no_longer_than_the_types(size: int) -> None:
    names = {"tensor": {"dtype": 7, "string_val": [b"a"]}}
    names["tensor"]["tensor_shape"] = {"dim": [{"size": size}]}
    graph = tfckpt.MetaGraphDef(saver_def={"restore_op_name": "r"})
    types = {"list": {"type": [1, 1]}}
    graph.graph_def.node.append(node("names", "Const", value=names))
    graph.graph_def.node.append(node("r", "RestoreV2", "prefix names slices", dtypes=types))
    assert wanted_tensors(graph) == {"a": (1, None)}


def test_what_stands_around_a_variable() -> None:
    weights = {"a": np.ones((2, 3), np.float32), "n": np.int32(7)}
    graph = tfckpt.Saver().export_meta_graph(variables=weights)
    nodes = {node.name: node for node in graph.graph_def.node}

    for name, kind, shape in (("a", 1, [2, 3]), ("n", 3, [])):
        handle, assign = nodes[name], nodes[f"{name}/Assign"]
        read = nodes[f"{name}/Read/ReadVariableOp"]
        assert (handle.op, list(handle.input)) == ("VarHandleOp", [])
        assert [dim.size for dim in handle.attr["shape"].shape.dim] == shape
        assert handle.attr["shared_name"].s == name.encode()
        assert (assign.op, list(assign.input)) == (
            "AssignVariableOp",
            [name, f"{name}/Initializer/zeros"],
        )
        assert (read.op, list(read.input)) == ("ReadVariableOp", [name])
        assert {one.attr["dtype"].type for one in (handle, assign, read)} == {kind}
    for collection, listed in (("variables", "an"), ("trainable_variables", "a")):
        definitions = graph.collection_def[collection].bytes_list.value
        assert list(map(VariableDef.FromString, definitions)) == [
            VariableDef(
                variable_name=f"{name}:0",
                initializer_name=f"{name}/Assign",
                snapshot_name=f"{name}/Read/ReadVariableOp:0",
                initial_value_name=f"{name}/Initializer/zeros:0",
                is_resource=True,
                trainable=name == "a",
            )
            for name in listed
        ]


NO_VALUES = {DataType.DT_INVALID, DataType.DT_RESOURCE, DataType.DT_VARIANT}
KINDS = sorted(set(DataType) - NO_VARIABLE - NO_VALUES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_variables_begin_as_zeros(kind: DataType) -> None:
    dtype = numpy_dtype(kind)
    if dtype is None:
        pytest.skip("this ml_dtypes is older than the type")
    value = np.full(2, b"x", object) if dtype.kind == "O" else np.ones(2).astype(dtype)
    graph = tfckpt.Saver().export_meta_graph(variables={"w": value}).graph_def
    (zeros,) = (node for node in graph.node if node.name == "w/Initializer/zeros")

    tensor = zeros.attr["value"].tensor
    assert tensor.dtype == kind
    if kind in (DataType.DT_FLOAT8_E5M2, DataType.DT_FLOAT8_E4M3FN):
        assert tensor.float8_val == b"\0"
    assert tfckpt.make_ndarray(tensor).tolist() == (
        [b""] * 2 if dtype.kind == "O" else np.zeros(2, dtype).tolist()
    )


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ([4, 4, 4], 2),
        ([1 << 30, 1 << 30, 1 << 29, 1 << 29], 3),  # a shard for each GiB
        ([1 << 30, 1 << 30, 1 << 29, (1 << 29) + 1], 4),
    ],
)
def test_how_many_shards_there_are_unless_told(sizes: list[int], count: int) -> None:
    tensors: Any = {
        f"w{n}": SimpleNamespace(spec=SimpleNamespace(nbytes=size)) for n, size in enumerate(sizes)
    }
    assert len(choose_shards(tensors, None)) == count


def test_it_says_who_made_it() -> None:
    info = tfckpt.Saver().export_meta_graph(variables={"w": 1.0}).meta_info_def
    assert info.tensorflow_version == ""
    assert info.tensorflow_git_version == f"tfckpt {tfckpt.__version__}"


def test_the_same_variables_make_the_same_bytes() -> None:
    weights = {"b": np.zeros(2), "a": np.array([b"x"], object)}
    graphs = [tfckpt.Saver().export_meta_graph(variables=weights) for _ in range(2)]
    first, second = (graph.SerializeToString(deterministic=True) for graph in graphs)
    assert first == second


def test_types_without_variables_are_left_out() -> None:
    assert DataType.DT_QINT16 in NO_VARIABLE
    weights = {"q": np.zeros(2, [("qint16", np.int16)]), "w": np.zeros(2, np.float32)}
    graph = tfckpt.Saver().export_meta_graph(variables=weights)
    assert len(graph.collection_def["variables"].bytes_list.value) == 1


def test_a_saver_stands_in_a_scope_that_no_node_has() -> None:
    graph = variables_alone(a=2)
    graph.graph_def.node.add(name="save/x", op="NoOp")
    saver_def = tfckpt.Saver(meta_graph=graph).export_meta_graph().saver_def
    assert saver_def.filename_tensor_name == "save_1/Const:0"
    assert saver_def.save_tensor_name == "save_1/control_dependency:0"
    assert saver_def.restore_op_name == "save_1/restore_all"


def test_a_saver_that_is_added_to_a_graph_goes_round_the_nodes_in_its_scope() -> None:
    graph = variables_alone(a=2)
    graph.graph_def.node.add(name="save/x", op="NoOp")
    saved = to_write(graph, make_saver_def("save"), None, []).saver_def
    assert saved.filename_tensor_name == "save_1/Const:0"
    assert saved.save_tensor_name == "save_1/control_dependency:0"
    assert saved.restore_op_name == "save_1/restore_all"


def test_a_variable_that_no_collection_lists_is_saved_only_if_it_is_named() -> None:
    graph = variables_alone(a=2)
    graph.graph_def.node.add(name="cache", op="VarHandleOp").attr["dtype"].type = 1
    assert variable_places(graph) == {"a": "a"}
    assert variable_places(graph, unlisted=True) == {"a": "a", "cache": "cache"}
    for var_list, restored in ((None, {"a": "a"}), (["cache"], {"cache": "cache"})):
        saved = tfckpt.Saver(var_list, meta_graph=graph).export_meta_graph()
        assert places_in(saved, saved.saver_def) == restored


def test_a_reference_variable_takes_no_other_shape_and_is_locked() -> None:
    graph = tfckpt.MetaGraphDef()
    graph.graph_def.node.append(
        node("a", "VariableV2", dtype={"type": 1}, shape={"shape": {"dim": [{"size": 2}]}})
    )
    saved = tfckpt.Saver(meta_graph=graph).export_meta_graph()
    (assign,) = [one for one in saved.graph_def.node if one.op == "Assign"]
    assert list(assign.input) == ["a", "save/RestoreV2"]
    assert dict(assign.attr.items()) == {
        "T": AttrValue(type=1),
        "validate_shape": AttrValue(b=True),
        "use_locking": AttrValue(b=True),
    }


def test_shards_are_numbered_in_the_graph() -> None:
    weights = {"a": np.zeros(2, np.float32), "b": np.zeros(3, np.float32)}
    graph = tfckpt.Saver(sharded=True, shards=2).export_meta_graph(variables=weights)
    numbers = {
        node.name.removeprefix("save/"): list(node.attr["value"].tensor.int_val)
        for node in graph.graph_def.node
        if node.op == "Const" and node.attr["dtype"].type == DataType.DT_INT32
    }
    assert numbers == {
        "num_shards": [2],
        "ShardedFilename/shard": [0],
        "ShardedFilename/shard_1": [1],
    }


def test_a_name_that_an_operation_may_have_stays() -> None:
    graph = tfckpt.Saver().export_meta_graph(variables={"a>b": 1.0, "c/": 2.0})
    nodes = {node.name for node in graph.graph_def.node if node.op == "VarHandleOp"}
    assert nodes == {"a>b", "c_"}


def test_attributes_of_a_given_graph_lose_their_defaults_when_that_is_asked_for() -> None:
    graph = variables_alone(a=2)
    graph.graph_def.node.add(name="m", op="MatMul").attr["transpose_a"].b = False
    for strip in (False, True):
        exported = tfckpt.Saver(meta_graph=graph).export_meta_graph(strip_default_attrs=strip)
        (product,) = [node for node in exported.graph_def.node if node.name == "m"]
        assert ("transpose_a" in product.attr) is not strip
        assert exported.meta_info_def.stripped_default_attrs is strip


def test_other_savers_stay_where_nothing_is_said() -> None:
    graph = tfckpt.Saver(name="other").export_meta_graph(variables={"w": 1.0})
    exported = tfckpt.Saver(meta_graph=graph, name="mine").export_meta_graph()
    assert any(node.name.startswith("other/") for node in exported.graph_def.node)


def test_names_that_repeat_are_written_once() -> None:
    """A constant of three strings lists two, the last of which stands for the third."""
    names = {"tensor": {"dtype": 7, "string_val": [b"a", b"b"]}}
    names["tensor"]["tensor_shape"] = {"dim": [{"size": 3}]}
    graph = GraphDef(
        node=[
            node("names", "Const", value=names),
            node("r", "RestoreV2", "prefix names slices", dtypes={"list": {"type": [1] * 3}}),
            node("i", "Identity", "r:2 ^r"),
            node("to_x", "Assign", "x i"),
            node("all", "NoOp", "^to_x"),
        ]
    )
    found = restored_variables(graph, tfckpt.SaverDef(restore_op_name="all"))
    assert found == {"a": "a", "b": "x"}  # nothing takes a


def test_what_functions_within_functions_restore_is_wanted() -> None:
    """The outer one calls the inner one, and each of them itself."""
    names = {"tensor": {"dtype": 7, "string_val": [b"deep"]}}
    names["tensor"]["tensor_shape"] = {"dim": [{"size": 1}]}
    meta_graph = tfckpt.MetaGraphDef(saver_def=tfckpt.SaverDef(restore_op_name="call"))
    meta_graph.graph_def.node.append(calling("call", "outer"))
    for name, nodes in {
        "outer": [calling("down", "inner"), calling("again", "outer")],
        "inner": [
            node("names", "Const", value=names),
            node("r", "RestoreV2", "p names:output:0 s", dtypes={"list": {"type": [1]}}),
            node("to", "AssignVariableOp", "x r:tensors:0"),
            calling("again", "inner"),
        ],
    }.items():
        function = meta_graph.graph_def.library.function.add(node_def=nodes)
        function.signature.name = name
    assert wanted_tensors(meta_graph) == {"deep": (1, None)}


def calling(name: str, function: str, inputs: str = "") -> NodeDef:
    return node(name, "StatefulPartitionedCall", inputs, f={"func": {"name": function}})


def test_a_function_that_calls_itself_restores_its_variables_once() -> None:
    names = {"tensor": {"dtype": 7, "string_val": [b"deep"]}}
    names["tensor"]["tensor_shape"] = {"dim": [{"size": 1}]}
    meta_graph = tfckpt.MetaGraphDef(saver_def=tfckpt.SaverDef(restore_op_name="call"))
    variable = node("x", "VarHandleOp", dtype={"type": 1})
    meta_graph.graph_def.node.extend([variable, calling("call", "restores", "x")])
    function = meta_graph.graph_def.library.function.add()
    function.signature.name = "restores"
    function.signature.input_arg.add(name="taken")
    function.node_def.extend(
        [
            node("names", "Const", value=names),
            node("r", "RestoreV2", "p names:output:0 s", dtypes={"list": {"type": [1]}}),
            node("to", "AssignVariableOp", "taken r:tensors:0"),
            calling("again", "restores", "taken"),
        ]
    )
    assert dict(tfckpt.values_by_node(meta_graph, {"deep": 7.0})) == {"x": 7.0}
