"""prune: delete the checkpoints of a folder that no policy keeps."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tfckpt.bundle.commit import has_index
from tfckpt.bundle.naming import index_path, shards_on_disk
from tfckpt.errors import CheckpointError, FileMissingError, UnimplementedError
from tfckpt.keep import Policy
from tfckpt.keep.folder import NEWEST, judged, leased_in
from tfckpt.keep.history import history_path, known, write_history
from tfckpt.keep.record import Record, metrics_to_json
from tfckpt.locate import checkpoints_in
from tfckpt.looking.verify import verify
from tfckpt.names import AnyPath, as_path
from tfckpt.notebook import Printed
from tfckpt.protos import SaverDef
from tfckpt.saver.by_policy import delete_judged
from tfckpt.saver.retention import Folder, meta_graph_filename
from tfckpt.state import beside_state, read_state, state_path, write_state
from tfckpt.storage import is_remote, lock_folder
from tfckpt.v1.naming import files_at
from tfckpt.wording import bytes_text, plural

SCHEMA = "tfckpt.prune/1"
UNNAMED = "no state file here ever named it"
LATEST = "the state file names it as the latest"
SOUND = "the newest that is sound"


class Pruned(NamedTuple):
    """A checkpoint of the folder: why it stays, or nothing if it goes."""

    path: str
    step: int | None
    time: float
    size: int
    """Bytes of its files; what links share counts for each."""
    metrics: dict[str, float] | None
    reasons: tuple[str, ...]
    deleted: bool = False

    @property
    def stays(self) -> bool:
        return bool(self.reasons)

    def to_json(self) -> dict[str, Any]:
        metrics = None if self.metrics is None else metrics_to_json(self.metrics)
        found = {**self._asdict(), "metrics": metrics, "reasons": list(self.reasons)}
        return {**found, "stays": self.stays}


@dataclass(frozen=True)
class PruneReport(Printed):
    """What `prune` found in a folder, oldest first, and what it did."""

    folder: str
    policy: str
    checkpoints: tuple[Pruned, ...]
    dry_run: bool

    @property
    def stay(self) -> tuple[Pruned, ...]:
        return tuple(checkpoint for checkpoint in self.checkpoints if checkpoint.stays)

    @property
    def go(self) -> tuple[Pruned, ...]:
        """What was deleted, or would be."""
        return tuple(checkpoint for checkpoint in self.checkpoints if not checkpoint.stays)

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types; metrics that are no finite numbers are text."""
        return {
            "schema": SCHEMA,
            "folder": self.folder,
            "policy": self.policy,
            "dry_run": self.dry_run,
            "checkpoints": [checkpoint.to_json() for checkpoint in self.checkpoints],
        }

    def summary(self) -> str:
        """Return one line."""
        verb = "would go" if self.dry_run else "deleted"
        size = bytes_text(sum(checkpoint.size for checkpoint in self.go))
        stay = f"{plural(len(self.stay), 'checkpoint')} stay{'' if len(self.stay) > 1 else 's'}"
        return f"{self.folder}: {stay}, {len(self.go)} {verb} ({size})"

    def __str__(self) -> str:
        return "\n".join([*map(_line, self.checkpoints), self.summary()])


def _line(checkpoint: Pruned) -> str:
    fate = "stays" if checkpoint.stays else "goes "
    return f"  {fate}  {os.path.basename(checkpoint.path)}  {why_text(checkpoint)}"


def why_text(checkpoint: Pruned) -> str:
    return "; ".join(checkpoint.reasons) or "nothing keeps it"


def prune(
    folder: AnyPath,
    keep: Policy,
    *,
    latest_filename: str | None = None,
    dry_run: bool = False,
    fsync: bool = True,
) -> PruneReport:
    """Delete the checkpoints of a folder that a policy does not keep; say why each stays or goes.

    Whatever the policy says, these stay: the newest, and the newest that is sound (which is read
    whole, to see that it is); what is pinned, or leased by a reader (`tfckpt.keep`); what no state
    file of this folder ever named. The state file is written before anything is deleted. With
    `dry_run` nothing is written or deleted.

    Raises FileMissingError where there is no folder, TypeError for what is no policy,
    UnimplementedError for one behind a URL,
    FailedPreconditionError (an OSError) when the file system refuses.

    >>> import tempfile, tfckpt
    >>> folder, saver = tempfile.mkdtemp(), tfckpt.Saver(keep=tfckpt.keep.last(9))
    >>> for step, loss in enumerate([0.9, 0.2, 0.5]):
    ...     path = saver.save({"w": [1.0]}, folder + "/m", step, metrics={"loss": loss})
    >>> report = tfckpt.prune(folder, tfckpt.keep.best("loss"), dry_run=True)
    >>> [(checkpoint.step, checkpoint.stays) for checkpoint in report.checkpoints]
    [(0, False), (1, True), (2, True)]
    """
    if not isinstance(keep, Policy):
        raise TypeError(f"keep is a policy such as tfckpt.keep.last(3), not {keep!r:.80}")
    path = as_path(folder)
    if is_remote(path):
        raise UnimplementedError(
            "folders are pruned on this machine only: there a Saver or CheckpointManager with this "
            "policy deletes with its next save",
            path=path,
        )
    if not os.path.isdir(path):
        raise FileMissingError("there is no such folder", path=path)
    place = Folder(
        path,
        latest_filename=os.path.basename(state_path("", latest_filename)),
        version=SaverDef.V2,
        meta_graph_suffix="meta",
        fsync=fsync,
    )
    records = _sound_kept(path, _judged(place, keep))
    unnamed = _unnamed(path, records)
    sizes = {record.name: _size(os.path.join(path, record.name)) for record in (*records, *unnamed)}
    deleted: set[str] = set()
    if not dry_run and not all(record.reasons for record in records):
        records = _note(place, records)
        stay = [os.path.join(path, record.name) for record in records if record.reasons]
        going = [record for record in records if not record.reasons]
        deleted = {record.name for record in going if delete_judged(record, place, stay)}
    checkpoints = tuple(
        Pruned(
            path=os.path.join(path, record.name),
            step=record.step,
            time=record.time,
            size=sizes.get(record.name, 0),
            metrics=None if record.metrics is None else dict(record.metrics),
            reasons=record.reasons,
            deleted=record.name in deleted,
        )
        for record in (*records, *unnamed)
    )
    return PruneReport(path, repr(keep), checkpoints, dry_run)


def _judged(folder: Folder, keep: Policy) -> list[Record]:
    with lock_folder(history_path(folder.path, folder.latest_filename)):
        records = judged(known(folder.path, folder.latest_filename), keep, leased_in(folder.path))
    return [
        record._replace(reasons=(LATEST, *record.reasons))
        if NEWEST not in record.reasons and folder.is_latest(os.path.join(folder.path, record.name))
        else record
        for record in records
    ]


def _sound_kept(folder: str, records: list[Record]) -> list[Record]:
    """Give the newest checkpoint that verifies a reason to stay."""
    for at in reversed(range(len(records))):
        if _is_sound(os.path.join(folder, records[at].name)):
            if NEWEST not in records[at].reasons:
                reasons = (SOUND, *records[at].reasons)
                records = [*records[:at], records[at]._replace(reasons=reasons), *records[at + 1 :]]
            return records
    return [
        record._replace(reasons=record.reasons or ("none of them is sound",)) for record in records
    ]


def _is_sound(path: str) -> bool:
    try:
        return verify(path).ok
    except (CheckpointError, OSError):
        return False


def _note(folder: Folder, records: list[Record]) -> list[Record]:
    """Write down what goes, then a state file without it.

    What came to the folder since it was judged stays, and so does what was changed.
    """
    with lock_folder(history_path(folder.path, folder.latest_filename)):
        before = {record.name: record._replace(reasons=()) for record in records}
        verdict = {record.name: record.reasons for record in records}
        leased = leased_in(folder.path)
        now = []
        for record in known(folder.path, folder.latest_filename):
            reasons = verdict.get(record.name, ("new",))
            if record._replace(reasons=()) != before.get(record.name) or record.name in leased:
                reasons = reasons or ("it has changed meanwhile",)
            now.append(record._replace(reasons=reasons))
        write_history(folder.path, folder.latest_filename, now, fsync=folder.fsync)
        _forget(folder, {record.name for record in now if not record.reasons})
    return now


def _forget(folder: Folder, names: Iterable[str]) -> None:
    """Take checkpoints off the state file's list."""
    state = read_state(folder.state)
    if state is None:
        return
    going = set(names)
    paths = list(state.all_model_checkpoint_paths)
    times = list(state.all_model_checkpoint_timestamps)
    stay = [
        at
        for at, listed in enumerate(paths)
        if os.path.basename(beside_state(listed, folder.path)) not in going
    ]
    state.all_model_checkpoint_paths[:] = [paths[at] for at in stay]
    if len(times) == len(paths):
        state.all_model_checkpoint_timestamps[:] = [times[at] for at in stay]
    write_state(folder.state, state, fsync=folder.fsync)


def _unnamed(folder: str, records: list[Record]) -> list[Record]:
    names = {record.name for record in records}
    found = [os.path.basename(location.path) for location in checkpoints_in(folder)]
    return [
        Record(name, step=None, time=0.0, reasons=(UNNAMED,)) for name in found if name not in names
    ]


def _size(path: str) -> int:
    if has_index(path):
        files = [index_path(path), *(shard for shard, _ in shards_on_disk(path))]
    else:
        files = files_at(path)
    files.append(meta_graph_filename(path))
    return sum(os.path.getsize(file) for file in files if os.path.isfile(file))
