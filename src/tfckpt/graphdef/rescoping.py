"""Messages full of names, taken into a scope or out of it.

Takes and gives messages of any of the types in the table, which says which of their fields are
names. All other fields stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from tfckpt.graphdef.messages import copied
from tfckpt.graphdef.names import prepend_scope, strip_scope

M = TypeVar("M", bound=Message)

NAME_FIELDS: dict[str, tuple[str, ...]] = {
    "VariableDef": (
        "variable_name",
        "initial_value_name",
        "initializer_name",
        "snapshot_name",
    ),
    "SaveSliceInfoDef": ("full_name",),
    "SaverDef": ("filename_tensor_name", "save_tensor_name", "restore_op_name"),
    "QueueRunnerDef": ("queue_name", "enqueue_op_name", "close_op_name", "cancel_op_name"),
    "CondContextDef": ("context_name", "pred_name", "pivot_name"),
    "WhileContextDef": (
        "context_name",
        "maximum_iterations_name",
        "pivot_for_pred_name",
        "pivot_for_body_name",
        "pivot_name",
        "loop_exit_names",
        "loop_enter_names",
    ),
    "ValuesDef": ("values", "external_values"),
}
# Messages inside a message that have names of their own.
_PARTS: dict[str, tuple[str, ...]] = {
    "VariableDef": ("save_slice_info_def",),
    "CondContextDef": ("values_def", "nested_contexts"),
    "WhileContextDef": ("values_def", "nested_contexts"),
    "ControlFlowContextDef": ("cond_ctxt", "while_ctxt"),
}


def prepended(message: M, scope: str | None) -> M:
    """Return the message with all its names in `scope`."""
    return renamed(message, lambda name: prepend_scope(name, scope))


def stripped(message: M, scope: str | None) -> M:
    """Return the message with all its names out of `scope`."""
    return renamed(message, lambda name: strip_scope(name, scope))


def renamed(message: M, rename: Callable[[str], str]) -> M:
    """Return a copy in which each name that is set went through `rename`."""
    result = copied(message)
    _rename(result, rename)
    return result


def _rename(message: Any, rename: Callable[[str], str]) -> None:
    kind = message.DESCRIPTOR.name
    for field in NAME_FIELDS.get(kind, ()):
        value = getattr(message, field)
        if isinstance(value, str):
            if value:
                setattr(message, field, rename(value))
        elif hasattr(value, "items"):
            names = {rename(key): rename(name) for key, name in value.items()}
            value.clear()
            value.update(names)
        else:
            value[:] = [rename(name) for name in value]
    for field in _PARTS.get(kind, ()):
        part = getattr(message, field)
        if not isinstance(part, Message):
            for message_of_list in part:
                _rename(message_of_list, rename)
        elif message.HasField(field):
            _rename(part, rename)
