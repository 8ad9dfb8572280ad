"""SaverDef: a Saver's settings, and the names of its operations in a graph."""

from __future__ import annotations

from tfckpt.errors import InvalidArgumentError
from tfckpt.graphdef.messages import as_message, copied
from tfckpt.graphdef.rescoping import NAME_FIELDS
from tfckpt.protos import SaverDef, is_message

_NAMES = NAME_FIELDS["SaverDef"]


def make_saver_def(
    name: str | None,
    *,
    sharded: bool = False,
    max_to_keep: int | None = 5,
    keep_checkpoint_every_n_hours: float = 10000.0,
    write_version: int = SaverDef.V2,
) -> SaverDef:
    """Make the SaverDef of a Saver's arguments, with the defaults that a Saver has.

    Raises ValueError for a negative `max_to_keep` and for a version that there is not.
    """
    if max_to_keep is not None and max_to_keep < 0:
        raise ValueError(f"max_to_keep must not be negative, as {max_to_keep} is: 0 keeps all")
    if write_version not in (SaverDef.V1, SaverDef.V2):
        raise ValueError(f"write_version must be SaverDef.V1 or SaverDef.V2, not {write_version!r}")
    scope = (name or "save").rstrip("/")
    return SaverDef(
        filename_tensor_name=f"{scope}/Const:0",
        save_tensor_name=save_tensor_name(scope, sharded),
        restore_op_name=f"{scope}/restore_all",
        max_to_keep=max_to_keep or 0,
        sharded=sharded,
        keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
        version=write_version,
    )


def save_tensor_name(scope: str, sharded: bool) -> str:
    return f"{scope}/Identity:0" if sharded else f"{scope}/control_dependency:0"


def scope_of(saver_def: SaverDef) -> str:
    """Return the name scope in which a Saver's operations stand; ``save`` where none is named.

    >>> scope_of(make_saver_def("mine"))
    'mine'
    """
    return saver_def.restore_op_name.partition(":")[0].rpartition("/")[0] or "save"


def check_saver_def(saver_def: object) -> SaverDef:
    """Return a copy of a SaverDef, TensorFlow's own class of it too.

    Raises ValueError for anything else; InvalidArgumentError (also a ValueError, as a file may say
    it) for one that names no operations, and for a negative `max_to_keep`.
    """
    if not is_message(saver_def, SaverDef):
        raise ValueError(f"saver_def must be a SaverDef: {saver_def!r}")
    ours = copied(as_message(saver_def, SaverDef, "saver_def"))
    if not ours.save_tensor_name:
        raise InvalidArgumentError(f"saver_def must specify the save_tensor_name: {ours}")
    if not ours.restore_op_name:
        raise InvalidArgumentError(f"saver_def must specify the restore_op_name: {ours}")
    if ours.max_to_keep < 0:
        raise InvalidArgumentError(f"max_to_keep must not be negative, as {ours.max_to_keep} is")
    return ours


def in_scope(saver_def: SaverDef, scope: str | None) -> SaverDef:
    """Return a SaverDef whose names lie under `scope`."""
    moved = copied(saver_def)
    for field in _NAMES if scope else ():
        # A scope may be given as TensorFlow's name scopes end, with a slash.
        setattr(moved, field, f"{scope.rstrip('/') if scope else ''}/{getattr(moved, field)}")
    return moved


def is_in_scope(saver_def: SaverDef, scope: str) -> bool:
    """Whether all names of a SaverDef begin with `scope`."""
    return all(getattr(saver_def, field).startswith(scope) for field in _NAMES)


def out_of_scope(saver_def: SaverDef, scope: str) -> SaverDef | None:
    """Return a SaverDef with its names taken out of `scope`; None if they are not in it."""
    if not is_in_scope(saver_def, scope):
        return None
    moved = copied(saver_def)
    start = scope.rstrip("/") + "/"
    for field in _NAMES:
        setattr(moved, field, getattr(moved, field).removeprefix(start))
    return moved
