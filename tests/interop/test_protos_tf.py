"""Messages: the same as TensorFlow's in every field, on the wire and as text, side by side."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import (
    config_pb2,
    control_flow_pb2,
    fingerprint_pb2,
    queue_runner_pb2,
    rewriter_config_pb2,
    saved_model_pb2,
    tensor_bundle_pb2,
)
from tensorflow.core.util import saved_tensor_slice_pb2
from tensorflow.python.training import checkpoint_state_pb2

from tfckpt import protos

ROOTS = [
    config_pb2,
    checkpoint_state_pb2,
    control_flow_pb2,
    fingerprint_pb2,
    queue_runner_pb2,
    rewriter_config_pb2,
    saved_model_pb2,
    saved_tensor_slice_pb2,
    tensor_bundle_pb2,
    variable_pb2,
]
SPLITTER = ["versions.proto", "chunk.proto"]
PACKABLE = {
    number
    for name, number in FieldDescriptorProto.Type.items()
    if name not in {"TYPE_STRING", "TYPE_BYTES", "TYPE_GROUP", "TYPE_MESSAGE"}
}


def files(descriptor: Any, found: dict[str, Any]) -> dict[str, Any]:
    """A file and all those it imports, by name."""
    for dependency in descriptor.dependencies:
        files(dependency, found)
    found[descriptor.name] = descriptor
    return found


def embedded_file(data: bytes, name: str) -> bytes:
    """The serialised descriptor of a .proto file within TensorFlow's library."""
    key = name.encode()
    start = data.index(b"\n" + bytes([len(key)]) + key)
    end = b"b\x06proto3"  # syntax, the last field
    return data[start : data.index(end, start) + len(end)]


def splitter_pool() -> descriptor_pool.DescriptorPool:
    """The messages of chunked files: TensorFlow has no Python module for them."""
    library = Path(tf.sysconfig.get_lib(), "libtensorflow_framework.so.2").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for name in SPLITTER:
        pool.AddSerializedFile(embedded_file(library, f"tensorflow/tools/proto_splitter/{name}"))
    return pool


SPLITTER_POOL = splitter_pool()
OURS: dict[str, Any] = {}
for root in protos.__all__:
    if hasattr(getattr(protos, root), "FromString"):
        cls = getattr(protos, root)
        OURS[cls.DESCRIPTOR.full_name] = cls


def theirs(full_name: str) -> Any:
    """TensorFlow's descriptor of a message."""
    if ".proto_splitter." in full_name:
        return SPLITTER_POOL.FindMessageTypeByName(full_name)
    return descriptor_pool.Default().FindMessageTypeByName(full_name)


def theirs_class(full_name: str) -> Any:
    return message_factory.GetMessageClass(theirs(full_name))


def as_proto(descriptor: Any) -> tuple[DescriptorProto, str]:
    """A message's descriptor as a message, and the syntax of its file."""
    file = descriptor_pb2.FileDescriptorProto()
    descriptor.file.CopyToProto(file)
    found = DescriptorProto()
    descriptor.CopyToProto(found)
    return found, file.syntax or "proto2"


def field_facts(field: FieldDescriptorProto, message: DescriptorProto, syntax: str) -> Any:
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    packed = field.options.packed if field.options.HasField("packed") else syntax == "proto3"
    in_oneof = field.HasField("oneof_index")
    return {
        "number": field.number,
        "type": FieldDescriptorProto.Type.Name(field.type),
        "type_name": field.type_name,
        "label": FieldDescriptorProto.Label.Name(field.label),
        "packed": repeated and field.type in PACKABLE and packed,
        "oneof": message.oneof_decl[field.oneof_index].name if in_oneof else None,
        "optional": field.proto3_optional,
        "default": field.default_value,
        "deprecated": field.options.deprecated,
    }


def enum_facts(enum: descriptor_pb2.EnumDescriptorProto) -> Any:
    return {
        "values": [(value.name, value.number) for value in enum.value],
        "alias": enum.options.allow_alias,
        "reserved": [(r.start, r.end) for r in enum.reserved_range],
        "reserved names": list(enum.reserved_name),
    }


def message_facts(message: DescriptorProto, syntax: str) -> Any:
    return {
        "fields": {field.name: field_facts(field, message, syntax) for field in message.field},
        "oneofs": [oneof.name for oneof in message.oneof_decl],
        "enums": {enum.name: enum_facts(enum) for enum in message.enum_type},
        "nested": {inner.name: message_facts(inner, syntax) for inner in message.nested_type},
        "map": message.options.map_entry,
        "reserved": [(r.start, r.end) for r in message.reserved_range],
        "reserved names": list(message.reserved_name),
        "syntax": syntax,
    }


@pytest.mark.parametrize("full_name", sorted(OURS))
def test_fields(full_name: str) -> None:
    found = message_facts(*as_proto(OURS[full_name].DESCRIPTOR))
    assert found == message_facts(*as_proto(theirs(full_name)))


@pytest.mark.parametrize("name", [n for n in protos.__all__ if hasattr(getattr(protos, n), "keys")])
def test_enums(name: str) -> None:
    enum = getattr(protos, name).DESCRIPTOR
    expected = descriptor_pool.Default().FindEnumTypeByName(enum.full_name)
    facts = []
    for descriptor in (enum, expected):
        proto = descriptor_pb2.EnumDescriptorProto()
        descriptor.CopyToProto(proto)
        facts.append(enum_facts(proto))
    assert facts[0] == facts[1]
    for value, number in facts[0]["values"]:
        assert getattr(protos, value) == number


def test_no_message_is_missing() -> None:
    """Every message of the files that ours stand for is there."""
    found: dict[str, Any] = {}
    for root in ROOTS:
        files(root.DESCRIPTOR, found)
    expected = {
        message.full_name
        for name, file in found.items()
        if not name.startswith("google/")
        for message in file.message_types_by_name.values()
    }
    splitter = {name for name in OURS if ".proto_splitter." in name}
    assert set(OURS) - splitter == expected
    chunk = SPLITTER_POOL.FindFileByName("tensorflow/tools/proto_splitter/chunk.proto")
    files(chunk, splitter_files := {})
    assert splitter == {
        message.full_name
        for file in splitter_files.values()
        for message in file.message_types_by_name.values()
    }


class Builder:
    """Fills messages at random, as their descriptors allow."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def fill(self, message: Any, depth: int = 4) -> Any:
        for field in message.DESCRIPTOR.fields:
            if self.random.random() < 0.8:
                self.fill_field(message, field, depth)
        return message

    def fill_field(self, message: Any, field: Any, depth: int) -> None:
        entry = field.message_type
        if entry is not None and depth == 0:
            return
        if entry is not None and entry.GetOptions().map_entry:
            self.fill_map(getattr(message, field.name), entry, depth)
        elif field.is_repeated:
            self.fill_list(getattr(message, field.name), field, depth)
        elif entry is not None:
            getattr(message, field.name).SetInParent()
            self.fill(getattr(message, field.name), depth - 1)
        else:
            setattr(message, field.name, self.scalar(field))

    def fill_map(self, items: Any, entry: Any, depth: int) -> None:
        key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            if value.message_type is not None:
                self.fill(items[self.scalar(key)], depth - 1)
            else:
                items[self.scalar(key)] = self.scalar(value)

    def fill_list(self, items: Any, field: Any, depth: int) -> None:
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            if field.message_type is not None:
                self.fill(items.add(), depth - 1)
            else:
                items.append(self.scalar(field))

    def scalar(self, field: Any) -> Any:
        if field.enum_type is not None:
            # Numbers that have no name yet are kept too.
            return self.random.choice([value.number for value in field.enum_type.values] + [4711])
        return next(self.values(field))

    def values(self, field: Any) -> Iterator[Any]:
        pick = self.random.choice
        if field.cpp_type == field.CPPTYPE_BOOL:
            yield pick([False, True])
        elif field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
            yield pick([0.0, -0.0, 1.5, 1 / 3, 1e-30, -3e38, float("inf"), float("-inf")])
        elif field.type == field.TYPE_BYTES:
            yield self.random.randbytes(self.random.randrange(9))
        elif field.type == field.TYPE_STRING:
            yield "".join(self.random.choices('a/_:0 "\\\n\0é漢🙂', k=self.random.randrange(9)))
        else:
            bits = 32 if field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_UINT32) else 64
            signed = field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_INT64)
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
            yield pick([0, 1, 127, 300, low, high - 1, self.random.randrange(low, high)])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("full_name", sorted(OURS))
def test_random_messages(full_name: str, seed: int) -> None:
    message = Builder(seed).fill(theirs_class(full_name)())
    data = message.SerializeToString(deterministic=True)
    ours = OURS[full_name].FromString(data)
    assert ours.SerializeToString(deterministic=True) == data
    assert theirs_class(full_name).FromString(ours.SerializeToString()) == message
    assert text_format.MessageToString(ours) == text_format.MessageToString(message)
    assert protos.adopt(message, OURS[full_name]) == ours


def test_random_messages_are_not_empty() -> None:
    sizes = {
        full_name: max(Builder(seed).fill(cls()).ByteSize() for seed in range(5))
        for full_name, cls in OURS.items()
    }
    assert sizes["tensorflow.SavedModel"] > 1000
    assert [full_name for full_name, size in sizes.items() if not size] == ["tensorflow.NoneValue"]


def test_well_known_messages_within_ours() -> None:
    saved = theirs_class("tensorflow.SavedObject")()
    saved.serialized_user_proto.Pack(wrappers_pb2.StringValue(value="x"))
    ours = protos.adopt(saved, protos.SavedObject)
    found = wrappers_pb2.StringValue()
    assert ours.serialized_user_proto.Unpack(found)
    assert found.value == "x"
    assert any_pb2.Any.FromString(ours.serialized_user_proto.SerializeToString()) == (
        saved.serialized_user_proto
    )


def test_adopt_of_a_traced_graph() -> None:
    function = tf.function(lambda x: tf.nn.relu(x) + 1.0)
    graph = function.get_concrete_function(tf.TensorSpec([None, 3])).graph.as_graph_def()
    ours = protos.adopt(graph, protos.GraphDef)
    assert [node.op for node in ours.node] == [node.op for node in graph.node]
    assert tf.compat.v1.GraphDef.FromString(ours.SerializeToString()) == graph


IMPORTS = ["import tensorflow as tf", "from tfckpt import protos; protos.SavedModel()"]
USE = """
data = tf.make_tensor_proto([1.0, 2.0]).SerializeToString()
ours, theirs = protos.TensorProto.FromString(data), tf.make_tensor_proto([1.0, 2.0])
assert ours.SerializeToString() == theirs.SerializeToString() == data
assert type(ours) is not type(theirs)
assert protos.adopt(theirs, protos.TensorProto) == ours
"""


@pytest.mark.parametrize("imports", [IMPORTS, IMPORTS[::-1]], ids=["after", "before"])
def test_import_order(imports: list[str]) -> None:
    subprocess.run([sys.executable, "-c", "\n".join([*imports, USE])], check=True)
