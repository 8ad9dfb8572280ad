"""Whether one checkpoint is sound, whatever its format."""

from __future__ import annotations

from concurrent.futures import Executor

from tfckpt.checking.bundles import Checked, check_bundle
from tfckpt.checking.finding import Finding
from tfckpt.checking.graphs import check_objects
from tfckpt.checking.v1_files import check_v1
from tfckpt.checkpoint import open_at
from tfckpt.errors import CheckpointError
from tfckpt.locate import Location
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.progress import Progress
from tfckpt.v1.naming import split_pattern


def check_checkpoint(
    location: Location,
    *,
    quick: bool = False,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Look at all of a checkpoint; with `quick` only at what takes no reading of values."""
    if location.is_v1:
        checked = check_v1(location.path, quick=quick, executor=executor, progress=progress)
    else:
        checked = check_bundle(location.path, quick=quick, executor=executor, progress=progress)
    checked.findings += _objects_of(location, checked)
    checked.stem = stem_of(location)
    return checked


def _objects_of(location: Location, checked: Checked) -> list[Finding]:
    """Look at the object graph, where it can be read."""
    if OBJECT_GRAPH_KEY not in checked.sound:
        return []
    try:
        with open_at(location) as reader:
            serialized = reader.get_tensor(OBJECT_GRAPH_KEY)
    except CheckpointError as error:
        # Without values read its damage is seen only here; with them it was found before.
        return [Finding.of(error, location.path)]
    if not isinstance(serialized, bytes):
        message = "the object graph should be one string"
        return [Finding("damage", message, location.path, OBJECT_GRAPH_KEY)]
    return list(check_objects(serialized, set(checked.names), location.path))


def stem_of(location: Location) -> str:
    """Return the name that a checkpoint's ``.meta`` has before that."""
    shards = split_pattern(location.path) if location.is_v1 else None
    return location.path if shards is None else shards[0]
