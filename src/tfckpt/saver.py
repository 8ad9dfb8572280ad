"""Saver: numbered checkpoints of a training run, and which of them are kept.

1. The state file never names a checkpoint that is not complete.
2. An old checkpoint is deleted only after a state file without it is in place.
3. A save that fails leaves the folder, and this object, as they were.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping, MutableMapping
from os import PathLike, fspath
from typing import Any

from tfckpt.bundle.writer import check_prefix
from tfckpt.checkpoint import load_checkpoint
from tfckpt.matching import RestoreReport, apply, plan, raise_for
from tfckpt.protos import MetaGraphDef, SaverDef
from tfckpt.retention import Retention
from tfckpt.sharding import Shards, choose_shards, write_shards
from tfckpt.state import (
    STATE_FILE,
    state_for,
    state_path,
    write_state,
)
from tfckpt.var_list import as_mapping, check_var_list, tensors_to_save

Path = str | bytes | PathLike[str]

logger = logging.getLogger("tfckpt")


class Saver:
    def __init__(
        self,
        var_list: Iterable[str] | Mapping[str, Any] | None = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: SaverDef | None = None,
        builder: object = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = SaverDef.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
        *,
        shards: Shards = None,
        fsync: bool = True,
        meta_graph: MetaGraphDef | None = None,
    ) -> None:
        self._places = check_var_list(var_list)
        self._retention = Retention(max_to_keep or 0, keep_checkpoint_every_n_hours, time.time())
        self._pad = pad_step_number
        self._relative = save_relative_paths
        self._sharded = sharded
        self._shards = shards
        self._fsync = fsync
        self._reshape = reshape
        self._sequentially = restore_sequentially
        self._allow_empty = allow_empty

    def save(
        self,
        variables: Mapping[str, Any],
        save_path: Path,
        global_step: object = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
    ) -> str | None:
        latest_filename = STATE_FILE if latest_filename is None else latest_filename
        prefix = check_prefix(fspath(save_path))
        if global_step is not None:
            step = int(global_step)
            prefix = f"{prefix}-{step:08d}" if self._pad else f"{prefix}-{step}"
        tensors = tensors_to_save(self._places, variables)
        shards = choose_shards(tensors, self._shards) if self._sharded else [list(tensors)]
        write_shards(prefix, tensors, shards, fsync=self._fsync)
        if write_state:
            self._record(prefix, latest_filename, meta_graph_suffix)
        return prefix

    def _record(self, prefix: str, latest_filename: str, suffix: str) -> None:
        folder = os.path.dirname(prefix)
        kept = self._retention.with_newest(prefix, time.time())
        _, last = self._retention.split(kept)
        state = state_for(
            folder,
            prefix,
            [one.path for one in last],
            latest_filename,
            save_relative_paths=self._relative,
        )
        write_state(state_path(folder, latest_filename), state, fsync=self._fsync)
        for one in self._retention.replace(kept):
            self._retention.delete(one, SaverDef.V2, suffix)

    def restore(
        self,
        variables: MutableMapping[str, Any],
        save_path: Path,
        *,
        strict: bool = True,
    ) -> RestoreReport:
        with load_checkpoint(save_path) as reader:
            weights = as_mapping(variables, self._places)
            wanted = plan(reader, self._places, weights, reshape=self._reshape)
            if strict:
                raise_for(wanted.report, list(reader), reader.path)
            apply(reader, wanted, weights, sequentially=self._sequentially)
        return wanted.report

    @property
    def last_checkpoints(self) -> list[str]:
        return [one.path for one in self._retention.last]
