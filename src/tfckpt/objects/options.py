"""CheckpointOptions: how a checkpoint of objects is saved and restored."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tfckpt.objects.sharding import ShardingCallback


@dataclass(eq=False)
class CheckpointOptions:
    """What `Checkpoint.write`, `save`, `read` and `restore` take as `options`.

    Stands in for ``tf.train.CheckpointOptions``: the same fields in the same order.

    >>> import numpy as np, tempfile, tfckpt
    >>> options = tfckpt.CheckpointOptions(
    ...     experimental_write_callbacks=[lambda path: print("saved", path.rpartition("/")[2])])
    >>> checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    >>> path = checkpoint.save(tempfile.mkdtemp() + "/ckpt", options)
    saved ckpt-1

    A copy has a list of callbacks of its own.

    Raises AssertionError for a write callback of more than one argument, ValueError for a
    sharding callback that is no `ShardingCallback`.
    """

    experimental_io_device: str | None = None
    """Accepted for TensorFlow's sake; it changes nothing."""
    experimental_enable_async_checkpoint: bool = False
    """An older name for `enable_async`; both are set by either."""
    experimental_write_callbacks: list[Callable[..., object]] | None = None
    """Called in turn after the files are written, before a state file names them; each takes the
    path of the checkpoint, or nothing."""
    enable_async: bool = False
    """Writes a copy of the values in the background: `Checkpoint.sync` waits for that."""
    experimental_skip_slot_variables: bool = False
    """Restores no slot variables of optimizers, and asserts nothing of them."""
    experimental_sharding_callback: ShardingCallback | None = None
    """Which data files there are, and what they hold; None for a single one."""

    def __post_init__(self) -> None:
        self.enable_async = self.experimental_enable_async_checkpoint or self.enable_async
        self.experimental_enable_async_checkpoint = self.enable_async
        for callback in self.experimental_write_callbacks or ():
            if _argument_count(callback) > 1:
                raise AssertionError(f"a write callback takes the path or nothing: {callback!r}")
        sharding = self.experimental_sharding_callback
        if sharding is not None and not isinstance(sharding, ShardingCallback):
            raise ValueError(
                f"experimental_sharding_callback must be a ShardingCallback, not {sharding!r:.80}"
            )

    def __copy__(self) -> CheckpointOptions:
        callbacks = copy.copy(self.experimental_write_callbacks)
        return replace(self, experimental_write_callbacks=callbacks)

    def call_back(self, path: str) -> None:
        """Call the write callbacks for a checkpoint that was written."""
        for callback in self.experimental_write_callbacks or ():
            if _argument_count(callback):
                callback(path)
            else:
                callback()


def as_options(given: CheckpointOptions | None) -> CheckpointOptions:
    """Return the options, the default ones for None; raise TypeError for anything else."""
    if given is None:
        return CheckpointOptions()
    if not isinstance(given, CheckpointOptions):
        raise TypeError(f"options are a tfckpt.CheckpointOptions, not {given!r:.80}")
    return given


def _argument_count(callback: Callable[..., Any]) -> int:
    return len(inspect.signature(callback).parameters)
