"""Saving by the workers of an executor.

A worker is told where to write and what: a reader and names where the values lie in files that it
reaches, else the arrays. It writes a data file of its own; who called makes all of them visible. A
worker that fails, or dies, fails the save, and nothing of it stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, as_completed, wait
from typing import NamedTuple

from tfckpt.bundle.parts import Parts, PartWriter
from tfckpt.names import AnyPath

_DYING = 0.5

Report = Callable[[Sequence[str]], object]


class Work(NamedTuple):
    """What one worker does; it can be pickled."""

    parts: Parts
    shard: int
    variables: Mapping[str, object]
    names: Sequence[str]
    add: Callable[[PartWriter, Mapping[str, object], str], None]
    fsync: bool

    def run(self) -> None:
        with PartWriter(self.parts, self.shard, fsync=self.fsync) as bundle:
            for name in self.names:
                self.add(bundle, self.variables, name)


def _run(work: Work) -> None:
    work.run()


def write_by(
    executor: Executor,
    prefix: AnyPath,
    variables: Mapping[str, object],
    shards: Sequence[Sequence[str]],
    add: Callable[[PartWriter, Mapping[str, object], str], None],
    *,
    is_place: bool,
    fsync: bool,
    report: Report,
) -> str:
    """Write a bundle, each shard by a worker of an executor; return the prefix.

    Where `is_place` says so all of `variables` goes to each worker, being but a place.
    """
    parts = Parts.of(prefix, len(shards))
    try:
        futures = {}
        for shard, names in enumerate(shards):
            mine = variables if is_place else {name: variables[name] for name in names}
            work = Work(parts, shard, mine, names, add=add, fsync=fsync)
            futures[executor.submit(_run, work)] = names
        try:
            for future in as_completed(futures):
                future.result()
                report(futures[future])
        finally:
            for other in futures:
                other.cancel()
            wait(futures)  # a task that still runs would write after `remove`
        return parts.commit(fsync=fsync)
    except BaseException as error:
        if isinstance(error, BrokenExecutor):  # it stops its other workers only after this
            time.sleep(_DYING)
        parts.remove()
        raise
