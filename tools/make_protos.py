"""Writes what tfckpt.protos is built from, out of the .proto files under protos/.

    python tools/make_protos.py           writes the files
    python tools/make_protos.py --check   writes none, and fails if some are out of date

Those are descriptors.binpb (all messages, as protoc describes them) and __init__.pyi (their types,
for type checkers). Needs grpcio-tools >= 1.62, < 2; 1.62, 1.73 and 1.85 write the same bytes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "protos"
TARGET = ROOT / "src" / "tfckpt" / "protos"

WIDTH = 92

# As in tfckpt.protos._runtime.
RENAMED = {"tensorflow.proto_splitter.VersionDef": "SplitterVersionDef"}

WELL_KNOWN = {
    "google.protobuf.Any": "_any_pb2.Any",
    "google.protobuf.BoolValue": "_wrappers_pb2.BoolValue",
}

STUB_HEAD = """\
# Written by tools/make_protos.py; not to be edited.

from collections.abc import Iterable as _Iterable
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar
from typing import Final as _Final
from typing import Literal as _Literal

from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
from google.protobuf.internal.containers import MessageMap as _MessageMap
from google.protobuf.internal.containers import RepeatedCompositeFieldContainer as _Messages
from google.protobuf.internal.containers import RepeatedScalarFieldContainer as _Scalars
from google.protobuf.internal.containers import ScalarMap as _ScalarMap
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper as _EnumTypeWrapper
from google.protobuf.message import Message as _Message

from tfckpt.protos._runtime import adopt as adopt
from tfckpt.protos._runtime import full_name as full_name
from tfckpt.protos._runtime import is_message as is_message
"""

Field = FieldDescriptorProto

_SCALARS = {
    Field.TYPE_BOOL: "bool",
    Field.TYPE_BYTES: "bytes",
    Field.TYPE_DOUBLE: "float",
    Field.TYPE_FLOAT: "float",
    Field.TYPE_STRING: "str",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what tfckpt.protos is built from.")
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    check = parser.parse_args().check
    stale = {path: data for path, data in generate().items() if read(path) != data}
    if not check:
        for path, data in stale.items():
            path.write_bytes(data)
    elif stale:
        print("Out of date; run `python tools/make_protos.py`:")
        print(*(f"  {path.relative_to(ROOT)}" for path in sorted(stale)), sep="\n")
        return 1
    return 0


def generate() -> dict[Path, bytes]:
    """The contents of all files to write."""
    descriptors = compile_protos()
    files = FileDescriptorSet.FromString(descriptors).file
    return {
        TARGET / "descriptors.binpb": descriptors,
        TARGET / "__init__.pyi": Stub(files).text().encode(),
    }


def read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def compile_protos() -> bytes:
    """A FileDescriptorSet of the .proto files, each after those it imports."""
    sources = sorted(path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "descriptors.binpb")
        protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{SOURCES}"]
        subprocess.run([*protoc, f"--descriptor_set_out={out}", *sources], check=True)
        return out.read_bytes()


class Stub:
    """Writes __init__.pyi.

    Enums are typed as the ints that they are at run time: protoc's own stubs make each a class,
    which neither a number read from elsewhere nor what Value() returns can be assigned to.
    """

    def __init__(self, files: Iterable[FileDescriptorProto]) -> None:
        self._files = list(files)
        self._types = dict(WELL_KNOWN)
        self._maps: dict[str, DescriptorProto] = {}
        for file in self._files:
            for message in file.message_type:
                full_name = f"{file.package}.{message.name}"
                self._note_types(message, full_name, RENAMED.get(full_name, message.name))

    def _note_types(self, message: DescriptorProto, full_name: str, name: str) -> None:
        self._types[full_name] = name
        if message.options.map_entry:
            self._maps[full_name] = message
        for nested in message.nested_type:
            self._note_types(nested, f"{full_name}.{nested.name}", f"{name}.{nested.name}")

    def text(self) -> str:
        enums = sorted((enum for file in self._files for enum in file.enum_type), key=by_name)
        messages = sorted(
            (self._types[f"{file.package}.{message.name}"], message)
            for file in self._files
            for message in file.message_type
        )
        ours = ["adopt", "full_name", "is_message"]
        names = sorted([*ours, *(enum.name for enum in enums), *(name for name, _ in messages)])
        lines = [STUB_HEAD, "__all__ = [", *(f'    "{name}",' for name in names), "]", ""]
        for enum in enums:
            lines += [*enum_lines(enum), ""]
            lines += [*value_lines(enum), ""]
        for name, message in messages:
            lines += [*self._message_lines(message, name), ""]
        return "\n".join(lines).rstrip() + "\n"

    def _message_lines(self, message: DescriptorProto, name: str) -> list[str]:
        body: list[str] = []
        for enum in message.enum_type:
            body += enum_lines(enum, nested=True)
            body += [*value_lines(enum), ""]
        for nested in message.nested_type:
            body += [*self._message_lines(nested, nested.name), ""]
        body += [f"{f.name.upper()}_FIELD_NUMBER: _Final = {f.number}" for f in message.field]
        body += [line for field in message.field for line in self._field_lines(field)]
        parameters = [f"{f.name}: {self._accepted(f)} | None = ..." for f in message.field]
        body += def_lines("__init__", ["*", *parameters] if parameters else [], "None")
        body += presence_lines(message)
        return [f"class {name}(_Message):", *indented(body)]

    def _field_lines(self, field: FieldDescriptorProto) -> list[str]:
        declared = self._type(field)
        if field.type_name.lstrip(".") in self._maps:
            entry = self._maps[field.type_name.lstrip(".")]
            key, value = map(self._type, entry.field)
            kind = "_MessageMap" if is_message(entry.field[1]) else "_ScalarMap"
            declared = f"{kind}[{key}, {value}]"
        elif is_repeated(field):
            declared = f"{'_Messages' if is_message(field) else '_Scalars'}[{declared}]"
        elif not is_message(field):
            return [f"{field.name}: {declared}"]
        # Read-only: messages and containers are changed in place.
        return ["@property", *def_lines(field.name, [], declared)]

    def _accepted(self, field: FieldDescriptorProto) -> str:
        """The type of the field's value in a call of the class."""
        if field.type_name.lstrip(".") in self._maps:
            key, value = map(self._accepted, self._maps[field.type_name.lstrip(".")].field)
            return f"_Mapping[{key}, {value}]"
        one = "int | str" if field.type == Field.TYPE_ENUM else self._type(field)
        return f"_Iterable[{one}]" if is_repeated(field) else one

    def _type(self, field: FieldDescriptorProto) -> str:
        """The type of one value of the field."""
        if is_message(field):
            return self._types[field.type_name.lstrip(".")]
        return _SCALARS.get(field.type, "int")


def by_name(enum: EnumDescriptorProto) -> str:
    return enum.name


def is_message(field: FieldDescriptorProto) -> bool:
    return field.type == Field.TYPE_MESSAGE


def is_repeated(field: FieldDescriptorProto) -> bool:
    return field.label == Field.LABEL_REPEATED


def enum_lines(enum: EnumDescriptorProto, nested: bool = False) -> list[str]:
    """A wrapper class for the enum, and the one instance of it under the enum's name."""
    declared = f"_ClassVar[_{enum.name}]" if nested else f"_{enum.name}"
    head = f"class _{enum.name}(_EnumTypeWrapper):"
    return [head, *indented(value_lines(enum)), "", f"{enum.name}: {declared}"]


def value_lines(enum: EnumDescriptorProto) -> list[str]:
    return [f"{value.name}: _Final = {value.number}" for value in enum.value]


def presence_lines(message: DescriptorProto) -> Iterator[str]:
    """Methods that take names of fields, for the names that they can take."""
    synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
    oneofs = [o.name for i, o in enumerate(message.oneof_decl) if i not in synthetic]
    members = [f.name for f in message.field if f.HasField("oneof_index") and not f.proto3_optional]
    present = [f.name for f in message.field if is_message(f) and not is_repeated(f)]
    present += [f.name for f in message.field if f.HasField("oneof_index")]
    fields = [field.name for field in message.field]
    if present:
        names = sorted({*present, *oneofs})
        yield from def_lines("HasField", [f"field_name: {literal(names)}"], "bool")
    if fields:
        yield from def_lines("ClearField", [f"field_name: {literal([*fields, *oneofs])}"], "None")
    if oneofs:
        group = f"oneof_group: {literal(oneofs)}"
        yield from def_lines("WhichOneof", [group], f"{literal(members)} | None")


def literal(names: Iterable[str]) -> str:
    return "_Literal[" + ", ".join(f'"{name}"' for name in names) + "]"


def def_lines(name: str, parameters: list[str], result: str) -> list[str]:
    line = f"def {name}({', '.join(['self', *parameters])}) -> {result}: ..."
    if len(line) < WIDTH:
        return [line]
    return [f"def {name}(", *(f"    {p}," for p in ["self", *parameters]), f") -> {result}: ..."]


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


if __name__ == "__main__":
    sys.exit(main())
