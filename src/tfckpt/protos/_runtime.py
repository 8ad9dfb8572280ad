"""Builds the message classes from descriptors.binpb, in a descriptor pool of our own.

Protobuf's default pool holds one file for each name of a message, for the whole process. Were our
messages there, they would clash with TensorFlow's own of the same names as soon as both are
imported. In a pool of our own they do not, and no TensorFlow is needed.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterator
from typing import Any, TypeGuard, TypeVar

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    wrappers_pb2,
)
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

_MODULE = "tfckpt.protos"
_WELL_KNOWN = (any_pb2, wrappers_pb2)

# Two messages are called VersionDef; the one for tensors keeps the name.
_RENAMED = {"tensorflow.proto_splitter.VersionDef": "SplitterVersionDef"}


class Bindings:
    """The messages and enums of a serialised FileDescriptorSet, by the names Python has for them.

    Files must come after those they import, as protoc puts them.
    """

    def __init__(self, descriptor_set: bytes) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        self._messages: dict[str, str] = {}
        self._enums: dict[str, str] = {}
        self._values: dict[str, int] = {}
        for module in _WELL_KNOWN:
            self._pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        # Before protobuf 4.22 a factory has to be kept, so as to make each class but once.
        self._factory: Any = None
        if not hasattr(message_factory, "GetMessageClass"):
            self._factory = message_factory.MessageFactory(self._pool)
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file:
            self._pool.AddSerializedFile(file.SerializeToString())
            self._note_names(file)

    def names(self) -> list[str]:
        """Of all messages and enums that are not nested in others."""
        return sorted([*self._messages, *self._enums])

    def values(self) -> list[str]:
        """Names of the values of these enums."""
        return sorted(self._values)

    def get(self, name: str) -> Any:
        """The class, enum or value of that name, or None."""
        if name in self._messages:
            return self._message_class(name)
        if name in self._enums:
            return EnumTypeWrapper(self._pool.FindEnumTypeByName(self._enums[name]))
        return self._values.get(name)

    def _note_names(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        for message in file.message_type:
            full_name = f"{file.package}.{message.name}"
            self._messages[_RENAMED.get(full_name, message.name)] = full_name
        for enum in file.enum_type:
            self._enums[enum.name] = f"{file.package}.{enum.name}"
            self._values.update((value.name, value.number) for value in enum.value)

    def _message_class(self, name: str) -> Any:
        descriptor = self._pool.FindMessageTypeByName(self._messages[name])
        cls = self._class_of(descriptor)
        _settle(cls, name)
        for outer, nested in _nested(descriptor):
            inner = self._class_of(nested)
            # upb finds nested classes by itself, the pure-Python runtime has to be told.
            if not hasattr(self._class_of(outer), nested.name):
                setattr(self._class_of(outer), nested.name, inner)
            _settle(inner, name + nested.full_name[len(descriptor.full_name) :])
        return cls

    def _class_of(self, descriptor: Any) -> Any:
        if self._factory is None:
            return message_factory.GetMessageClass(descriptor)
        return self._factory.GetPrototype(descriptor)


def full_name(value: object) -> str | None:
    """The full name of a message's type; None for what is no message."""
    return getattr(getattr(value, "DESCRIPTOR", None), "full_name", None)


def is_message(value: object, cls: type[M]) -> TypeGuard[M]:
    """Whether a value is such a message, of this class or of any other with the same full name."""
    return full_name(value) == cls.DESCRIPTOR.full_name


def adopt(message: Message, cls: type[M]) -> M:
    """The message as one of our classes: itself if it is one already, else a copy.

    For messages of TensorFlow's own classes, or of any others with the same full name.
    """
    if isinstance(message, cls):
        return message
    if not is_message(message, cls):
        theirs = full_name(message) or type(message).__name__
        raise TypeError(f"Expected a message of type {cls.DESCRIPTOR.full_name}, got {theirs}")
    return cls.FromString(message.SerializePartialToString())


def _nested(descriptor: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of a message and one nested in it, at all depths."""
    for nested in descriptor.nested_types:
        yield descriptor, nested
        yield from _nested(nested)


def _settle(cls: Any, qualname: str) -> None:
    """Let pickle find the class: protobuf itself looks for nested ones in the default pool."""
    cls.__module__ = _MODULE
    cls.__qualname__ = qualname
    copyreg.pickle(cls, _reduce)


def _reduce(message: Message) -> tuple[Any, ...]:
    return _parse, (type(message), message.SerializePartialToString())


def _parse(cls: type[M], data: bytes) -> M:
    return cls.FromString(data)
