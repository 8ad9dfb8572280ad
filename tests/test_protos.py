"""Messages: their names, their classes, and that they keep to a pool of their own."""

from __future__ import annotations

import ast
import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import json_format, text_format
from google.protobuf.message import Message

from tfckpt import protos
from tfckpt.protos import _runtime

FOLDER = Path(protos.__file__).parent
DESCRIPTORS = (FOLDER / "descriptors.binpb").read_bytes()

ENUMS = {"Code", "DataType", "FullTypeId", "VariableAggregation", "VariableSynchronization"}
MESSAGES = set(protos.__all__) - ENUMS - {"adopt", "full_name", "is_message"}

# What programs that read checkpoints, graphs and SavedModels start from.
ROOTS = [
    "BundleEntryProto",
    "BundleHeaderProto",
    "CheckpointState",
    "CondContextDef",
    "FingerprintDef",
    "FunctionDefLibrary",
    "GraphDebugInfo",
    "GraphDef",
    "MetaGraphDef",
    "NameAttrList",
    "OpList",
    "QueueRunnerDef",
    "ResourceHandleProto",
    "SaveSliceInfoDef",
    "SavedModel",
    "SavedObjectGraph",
    "SavedTensorSlices",
    "SaverDef",
    "StructuredValue",
    "TensorProto",
    "TrackableObjectGraph",
    "VariableDef",
    "VariantTensorDataProto",
    "WhileContextDef",
]
SPLITTER = ["ChunkInfo", "ChunkMetadata", "ChunkedField", "ChunkedMessage", "FieldIndex"]


def entry() -> protos.BundleEntryProto:
    message = protos.BundleEntryProto(dtype=protos.DT_FLOAT, shard_id=1, crc32c=7)
    message.shape.dim.add(size=3, name="rows")
    return message


def test_full_names_are_tensorflows() -> None:
    for name in ROOTS:
        assert getattr(protos, name).DESCRIPTOR.full_name == f"tensorflow.{name}"
    for name in SPLITTER:
        assert getattr(protos, name).DESCRIPTOR.full_name == f"tensorflow.proto_splitter.{name}"
    nested = protos.TrackableObjectGraph.TrackableObject.ObjectReference
    assert nested.DESCRIPTOR.full_name == (
        "tensorflow.TrackableObjectGraph.TrackableObject.ObjectReference"
    )
    assert protos.Code.DESCRIPTOR.full_name == "tensorflow.error.Code"


def test_two_messages_called_version_def() -> None:
    assert protos.VersionDef.DESCRIPTOR.full_name == "tensorflow.VersionDef"
    splitter = protos.SplitterVersionDef
    assert splitter.DESCRIPTOR.full_name == "tensorflow.proto_splitter.VersionDef"
    assert type(protos.ChunkMetadata().version) is splitter


def test_all_lists_classes_and_enums() -> None:
    assert {*ROOTS, *SPLITTER} <= MESSAGES
    assert len(MESSAGES) == 107
    for name in MESSAGES:
        assert issubclass(getattr(protos, name), Message)
        assert getattr(protos, name) is getattr(protos, name)
    for name in ENUMS:
        assert getattr(protos, name).keys()


def test_each_name_is_a_different_message() -> None:
    assert len({getattr(protos, name).DESCRIPTOR.full_name for name in MESSAGES}) == len(MESSAGES)


def test_stub_has_the_same_names() -> None:
    tree = ast.parse((FOLDER / "__init__.pyi").read_text())
    stubs: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            stubs.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            stubs.add(node.target.id)
    public = {name for name in stubs if not name.startswith("_")}
    enums = [getattr(protos, name).DESCRIPTOR for name in ENUMS]
    values = {value for enum in enums for value in enum.values_by_name}
    assert public == MESSAGES | ENUMS | values


def test_enums() -> None:
    assert protos.DT_FLOAT == 1
    assert protos.DataType.Name(1) == "DT_FLOAT"
    assert protos.DataType.Value("DT_HALF") == protos.DataType.DT_HALF == protos.DT_HALF == 19
    assert protos.SaverDef.V2 == protos.SaverDef.CheckpointFormatVersion.Value("V2") == 2
    assert protos.OK == 0
    assert protos.ChunkInfo.Type.Name(protos.ChunkInfo.BYTES) == "BYTES"


def test_nested_classes() -> None:
    assert type(protos.AttrValue().list) is protos.AttrValue.ListValue
    graph = protos.TrackableObjectGraph()
    assert type(graph.nodes.add()) is protos.TrackableObjectGraph.TrackableObject
    reference = protos.TrackableObjectGraph.TrackableObject.ObjectReference
    assert type(graph.nodes[0].children.add()) is reference
    assert reference.__module__ == "tfckpt.protos"
    assert reference.__qualname__ == "TrackableObjectGraph.TrackableObject.ObjectReference"


def test_presence() -> None:
    assert not protos.ChunkedMessage().HasField("chunk_index")
    assert protos.ChunkedMessage(chunk_index=0).HasField("chunk_index")
    extent = protos.TensorSliceProto.Extent(length=0)
    assert extent.WhichOneof("has_length_hack") == "length"
    assert protos.GraphDebugInfo.FileLineCol(line=0).HasField("line")


def test_any_is_the_well_known_one() -> None:
    info = protos.MetaGraphDef.MetaInfoDef()
    info.any_info.Pack(entry())
    found = protos.BundleEntryProto()
    assert info.any_info.Unpack(found)
    assert found == entry()
    assert not info.any_info.Unpack(protos.GraphDef())


def test_text_and_json() -> None:
    graph = text_format.Parse(
        'node { name: "x" op: "Const" attr { key: "dtype" value { type: DT_HALF } } }',
        protos.GraphDef(),
    )
    assert graph.node[0].attr["dtype"].type == protos.DT_HALF
    assert json_format.Parse(json_format.MessageToJson(graph), protos.GraphDef()) == graph


@pytest.mark.parametrize(
    "message",
    [entry(), entry().shape.dim[0], protos.MetaGraphDef.MetaInfoDef(tags=["serve"])],
    ids=lambda message: message.DESCRIPTOR.full_name,
)
def test_copies(message: Message) -> None:
    for found in (pickle.loads(pickle.dumps(message)), copy.deepcopy(message)):
        assert type(found) is type(message)
        assert found == message
        assert found is not message


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match=r"'tfckpt\.protos' has no attribute 'Nope'"):
        _ = protos.Nope
    assert not hasattr(protos, "DT_NOPE")


def test_dir() -> None:
    assert {"GraphDef", "DataType", "DT_FLOAT", "adopt"} <= set(dir(protos))


def test_adopt_keeps_our_own() -> None:
    message = entry()
    assert protos.adopt(message, protos.BundleEntryProto) is message


def test_adopt_takes_the_same_message_of_other_classes() -> None:
    theirs = _runtime.Bindings(DESCRIPTORS).get("BundleEntryProto")
    assert theirs is not protos.BundleEntryProto
    message = theirs.FromString(entry().SerializeToString())
    found = protos.adopt(message, protos.BundleEntryProto)
    assert type(found) is protos.BundleEntryProto
    assert found == entry()


def test_adopt_refuses_other_messages() -> None:
    expected = r"type tensorflow\.GraphDef, got tensorflow\.BundleEntryProto"
    with pytest.raises(TypeError, match=expected):
        protos.adopt(entry(), protos.GraphDef)
    with pytest.raises(TypeError, match=r"type tensorflow\.GraphDef, got bytes"):
        protos.adopt(b"", protos.GraphDef)  # type: ignore[type-var]


def test_a_message_of_any_class_is_told_by_its_full_name() -> None:
    theirs = _runtime.Bindings(DESCRIPTORS).get("BundleEntryProto")()
    assert protos.is_message(theirs, protos.BundleEntryProto)
    assert not protos.is_message(theirs, protos.GraphDef)
    assert protos.full_name(theirs) == "tensorflow.BundleEntryProto"
    assert protos.full_name(b"") is None


CLASH = """
from google.protobuf import descriptor_pb2, descriptor_pool

def clash():
    file = descriptor_pb2.FileDescriptorProto(name="{file}", package="tensorflow")
    file.message_type.add(name="TensorShapeProto").field.add(
        name="other", number=2, type=9, label=1
    )
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())

def use():
    from tfckpt import protos
    shape = protos.BundleEntryProto.FromString(bytes.fromhex("120412020805")).shape
    assert [dim.size for dim in shape.dim] == [5], shape
"""


@pytest.mark.parametrize("order", ["clash(); use(); use()", "use(); clash(); use()"])
@pytest.mark.parametrize(
    "file", ["tensorflow/core/framework/tensor_shape.proto", "tfckpt/protos/tensor_shape.proto"]
)
def test_others_may_have_the_same_names(order: str, file: str) -> None:
    program = CLASH.format(file=file) + order
    subprocess.run([sys.executable, "-c", program], check=True)
