"""Where a save puts its files, decided and checked before any of them is written.

Takes the arguments of `Saver.save`, gives a Target. Whatever is refused, no file has changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from tfckpt.bundle.naming import index_path, prefix_of
from tfckpt.names import AnyPath, as_path, check_prefix
from tfckpt.protos import SaverDef
from tfckpt.saver.retention import meta_graph_filename
from tfckpt.state import STATE_FILE, checkpoint_exists, state_path
from tfckpt.storage import check_path, folder_of, is_remote


class Target(NamedTuple):
    """The files of one save."""

    prefix: str
    latest_filename: str
    meta: str | None
    version: int
    sharded: bool
    path: str
    """What names the checkpoint: the prefix, or the pattern of a sharded V1 one."""

    @property
    def folder(self) -> str:
        return folder_of(self.prefix)

    @property
    def state(self) -> str:
        return state_path(self.folder, self.latest_filename)

    @property
    def is_v1(self) -> bool:
        return self.version != SaverDef.V2  # LEGACY is V1 too

    def with_shards(self, count: int) -> Target:
        if self.is_v1 and self.sharded:
            return self._replace(path=f"{self.prefix}-?????-of-{count:05d}")
        return self

    def exists(self) -> bool:
        return checkpoint_exists(self.path)


def name_files(
    save_path: AnyPath,
    global_step: object,
    *,
    latest_filename: str | None,
    meta_graph_suffix: str,
    saver_def: SaverDef,
    variables: Mapping[str, Any] | None,
    write_meta_graph: bool,
    pad_step_number: bool,
) -> Target:
    """Check the arguments of a save and name its files."""
    latest = STATE_FILE if latest_filename is None else latest_filename
    _check_latest_filename(latest)
    _check_suffix(meta_graph_suffix)
    given = as_path(save_path)
    prefix = check_prefix(given)
    check_path(prefix)
    if global_step is not None:
        step = as_step(global_step, variables)
        prefix = f"{given}-{step:08d}" if pad_step_number else f"{given}-{step:d}"
    elif os.path.basename(given) == latest and not saver_def.sharded:
        raise ValueError(f"'latest_filename' collides with 'save_path': '{latest}' and '{given}'")
    meta = meta_graph_filename(prefix, meta_graph_suffix)
    target = Target(
        prefix=prefix,
        latest_filename=latest,
        meta=meta if write_meta_graph else None,
        version=saver_def.version,
        sharded=saver_def.sharded,
        path=prefix,
    )
    _check_distinct(target, meta)
    _check_folder(target)
    return target


def _check_latest_filename(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"'latest_filename' is a str, not {name!r}")
    if os.path.split(name)[0]:
        raise ValueError(f"'latest_filename' must not contain path components: {name!r}")
    if name in {"", os.curdir, os.pardir}:
        raise ValueError(f"'latest_filename' names no file: {name!r}")


def _check_suffix(suffix: str) -> None:
    if not isinstance(suffix, str):
        raise TypeError(f"'meta_graph_suffix' is a str, not {suffix!r}")
    if not suffix or os.path.split(suffix)[0]:
        raise ValueError(f"'meta_graph_suffix' makes no file name: {suffix!r}")


def _check_distinct(target: Target, meta: str) -> None:
    """Refuse names by which one file of the save would replace another."""
    for path, argument in ((target.state, "latest_filename"), (meta, "meta_graph_suffix")):
        if prefix_of(path) == target.prefix or path == index_path(target.prefix):
            raise ValueError(f"{argument!r} collides with the checkpoint's own file {path!r}")
    if meta in {target.state, target.prefix}:
        raise ValueError(f"'meta_graph_suffix' collides with {meta!r}")


def _check_folder(target: Target) -> None:
    """Refuse a folder that cannot be made because a file is in its way."""
    folder = target.folder
    if is_remote(folder):  # stores have no folders, or make them
        return
    while folder and not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if folder and not os.path.isdir(folder):
        raise ValueError(
            f"Parent directory of {target.prefix} doesn't exist, can't save: {folder} is a file"
        )
    if os.path.isdir(target.state):
        raise ValueError(f"the state file {target.state} cannot be written: it is a folder")


def as_step(global_step: object, variables: Mapping[str, Any] | None) -> int:
    """Return the number of a step: an integer, an array of one, or the name of a variable.

    Raises TypeError for anything else.
    """
    value = global_step
    if isinstance(value, str):
        name = value if variables is not None and value in variables else value.removesuffix(":0")
        if variables is None or name not in variables:
            raise TypeError(f"'global_step' names no variable: {global_step!r}")
        value = variables[name]
    if isinstance(value, (Integral, np.bool_)):
        return int(value)
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "iub":
        return int(value.item())
    raise TypeError(
        f"'global_step' must be an integer or the name of an integer variable, not {global_step!r}"
    )
