"""describe: what a file or folder is, whatever it is."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from tfckpt import detect
from tfckpt.bundle.commit import committed_index
from tfckpt.bundle.entry import HEADER_KEY
from tfckpt.bundle.naming import prefix_of, shards_without_index
from tfckpt.bundle.reader import BundleReader
from tfckpt.checking.bundles import shards_of
from tfckpt.checkpoint import open_at
from tfckpt.dtypes import python_name
from tfckpt.errors import CheckpointError, FileMissingError
from tfckpt.locate import SAVED_MODEL_FILES, Location, checkpoints_in, locate
from tfckpt.looking.optimizers import optimizer_of, slot_of
from tfckpt.looking.verify import check_state
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path
from tfckpt.notebook import Printed
from tfckpt.reader import CheckpointReader
from tfckpt.state import STATE_FILE, latest_in_state
from tfckpt.storage import is_folder, is_remote, list_folder, open_source, read_ends
from tfckpt.table import Table
from tfckpt.table.format import NO_COMPRESSION
from tfckpt.v1.naming import files_at, split_pattern
from tfckpt.wording import age_text, bytes_text, plural

SCHEMA = "tfckpt.info/1"
_STEP = "global_step"
_FOLDERS = 10_000  # that are looked into for what lies below
_STEP_IN_NAME = re.compile(r"-(\d+)(?:-\?{5}-of-\d+)?$")


@dataclass(frozen=True)
class CheckpointDescription:
    """What one checkpoint says of itself, without its values (but the step)."""

    path: str
    format: str
    """``V2`` or ``V1``."""
    tensors: int
    elements: int
    size: int
    """Bytes of values, as they are stored."""
    dtypes: dict[str, int]
    """Elements by type."""
    files: tuple[str, ...]
    missing: tuple[str, ...]
    """Files that belong to it and are not there."""
    shards: int
    producer: int | None
    """The version of the format that its writer says."""
    compression: str
    """Of the table's blocks: ``none``, ``snappy``, or both."""
    big_endian: bool
    naming: str
    """``names`` or ``objects``."""
    step: int | None
    optimizer: str | None
    slots: int
    """Tensors that an optimizer keeps for itself."""
    tensorflow: str | None
    """The version that its ``.meta`` says."""
    written: float | None
    """When, in seconds since 1970."""

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield what to show: a heading and a text."""
        version = "" if self.producer is None else f", version {self.producer}"
        order = ", big-endian" if self.big_endian else ""
        packed = "" if self.compression == "none" else f", {self.compression} blocks"
        kinds = {"V2": "TensorFlow V2 checkpoint (tensor bundle)", "V1": "TensorFlow V1 checkpoint"}
        yield "format", f"{kinds[self.format]}{version}{order}{packed}"
        by_type = ", ".join(f"{count:,} {kind}" for kind, count in self.dtypes.items())
        yield "tensors", f"{self.tensors:,}, with {self.elements:,} elements ({by_type})"
        yield "size", f"{bytes_text(self.size)} in {plural(self.shards, 'shard')}"
        yield "naming", {"names": "by name", "objects": "by object (TensorFlow 2)"}[self.naming]
        if self.step is not None:
            yield "step", f"{self.step:,}"
        if self.optimizer is not None:
            yield "optimizer", f"{self.optimizer} ({plural(self.slots, 'slot variable')})"
        if self.tensorflow is not None:
            yield "written by", f"TensorFlow {self.tensorflow}"
        if self.written is not None:
            date = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.written))
            yield "written", f"{date} ({age_text(time.time() - self.written)})"
        yield "files", ", ".join(map(os.path.basename, self.files))
        if self.missing:
            yield "missing", ", ".join(map(os.path.basename, self.missing))


@dataclass(frozen=True)
class Description(Printed):
    """What there is at a path."""

    path: str
    kind: str
    """``checkpoint``, ``folder``, ``saved model``, ``graph``, ``event file`` or ``other``."""
    what: str
    """The same in words."""
    checkpoints: tuple[CheckpointDescription, ...] = ()
    latest: str | None = None
    """Of a folder: the checkpoint that its state file names."""
    problems: tuple[str, ...] = ()
    """What a state file says that is not so, and what could not be read."""
    facts: dict[str, str] = field(default_factory=dict)
    """What else is known: of a graph its nodes and version, of a SavedModel its signatures."""
    below: tuple[str, ...] = ()
    """Of a folder: those in it that have checkpoints or a SavedModel."""

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {"schema": SCHEMA, **asdict(self)}

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield the lines that show it."""
        yield f"{self.path}: {self.what}"
        for heading, text in self.facts.items():
            yield _fact(heading, text)
        for checkpoint in self.checkpoints:
            if self.kind != "checkpoint":
                yield ""
                mark = " (the latest)" if checkpoint.path == self.latest else ""
                yield f"{os.path.relpath(checkpoint.path, self.path)}{mark}"
            yield from (_fact(*line) for line in checkpoint.lines())
        if self.below:
            yield _fact("below it", ", ".join(self.below))
        for problem in self.problems:
            yield _fact("problem", problem)


def _fact(heading: str, text: str) -> str:
    return f"  {heading + ':':<11} {text}"


def describe(path: AnyPath) -> Description:
    """Say what a file or folder is: a checkpoint, a folder of them, a SavedModel, a graph, or else.

    No values are read but that of the step.

    Raises FileMissingError where there is nothing of this name.

    >>> import numpy as np, tempfile, tfckpt
    >>> tensors = {"w": np.eye(2, dtype="f4"), "w/Adam": np.eye(2, dtype="f4"), "global_step": 7}
    >>> found = tfckpt.describe(tfckpt.save(tempfile.mkdtemp() + "/m-7", tensors))
    >>> found.kind, found.checkpoints[0].step, found.checkpoints[0].optimizer
    ('checkpoint', 7, 'Adam')
    """
    given = as_path(path)
    if is_remote(given):
        there = checkpoints_in(given) if is_folder(given) else []
        return _folder(given, there) if there else _single(given)
    if os.path.isdir(given):
        return _folder(given, checkpoints_in(given))
    return _graph(given) or _single(given)


def _single(path: str) -> Description:
    try:
        location = locate(path)
    except FileMissingError as error:
        if not os.path.exists(path):
            raise
        return Description(path, "other", "part of a checkpoint", problems=(error.message,))
    except CheckpointError:
        return _other(path)
    problems: list[str] = []
    found = tuple(_checkpoints([location], problems))
    what = "a checkpoint" if found else "a checkpoint that cannot be read"
    return Description(path, "checkpoint", what, found, problems=tuple(problems))


def _other(path: str) -> Description:
    head, _, size = read_ends(path, 4096, 0)
    if _is_event_file(head):
        text = "a TensorBoard event file: it holds summaries, no checkpoint"
        return Description(path, "event file", text, facts={"size": bytes_text(size)})
    return Description(path, "other", detect.describe_file(path), facts={"size": bytes_text(size)})


def _is_event_file(head: bytes) -> bool:
    """Whether a file begins with the record of an event that says ``brain.Event:2``."""
    return b"brain.Event:" in head[:64]


def _graph(path: str) -> Description | None:
    if not path.endswith((".meta", ".pb", ".pbtxt")) or not os.path.isfile(path):
        return None
    from tfckpt.graphdef.listing import meta_graphs_of

    try:
        graphs = meta_graphs_of(path)
    except CheckpointError as error:
        return Description(path, "other", "no graph that can be read", problems=(error.message,))
    return Description(path, "graph", "a graph", facts=dict(_graph_facts(graphs)))


def _graph_facts(graphs: list[Any]) -> Iterator[tuple[str, str]]:
    from tfckpt.graphdef.summary import summarize

    for graph in graphs:
        found = summarize(graph)
        tags = f"{', '.join(found.tags)}: " if found.tags else ""
        by = f", TensorFlow {found.tensorflow_version}" if found.tensorflow_version else ""
        key = "graph" if len(graphs) == 1 else f"graph {graphs.index(graph) + 1}"
        functions = f", {plural(len(found.functions), 'function')}" if found.functions else ""
        yield key, f"{tags}{plural(found.nodes, 'node')}{functions}{by}"
        if found.variables:
            yield f"{key} has", plural(len(found.variables), "variable")
        names = [
            signature.key for signature in found.signatures if not signature.key.startswith("__")
        ]
        if names:
            yield "signatures", ", ".join(names)


def _folder(folder: str, locations: list[Location]) -> Description:
    problems: list[str] = []
    names = list_folder(folder)
    model = next((name for name in SAVED_MODEL_FILES if name in names), None)
    latest = None
    if STATE_FILE in names:
        problems += (finding.message for finding in check_state(folder) if finding.kind != "note")
        with suppress(CheckpointError):  # check_state has reported it
            latest = latest_in_state(folder)
    if model is not None:
        return _saved_model(folder, model)
    problems += _without_index(names)
    below = () if is_remote(folder) else tuple(_below(folder))
    found = tuple(_checkpoints(locations, problems))
    what = f"a folder with {plural(len(locations), 'checkpoint')}"
    if not locations:
        files = [name for name in names if not os.path.isdir(os.path.join(folder, name))]
        what = f"a folder without checkpoints, with {plural(len(files), 'file')}"
    return Description(
        folder,
        "folder",
        what=what,
        checkpoints=found,
        latest=latest,
        problems=tuple(dict.fromkeys(problems)),
        below=below,
    )


def _without_index(names: Iterable[str]) -> Iterator[str]:
    """Yield what there is to say of data files that belong to no checkpoint."""
    for prefix in sorted(set(filter(None, map(prefix_of, shards_without_index(names))))):
        yield f"there are data files of {prefix}, and not its index (see tfckpt salvage)"


def _below(top: str) -> Iterator[str]:
    """Yield the folders below one that have checkpoints or a SavedModel."""
    for folder, below, files in islice(os.walk(top), _FOLDERS):
        below.sort()
        is_model = not set(SAVED_MODEL_FILES).isdisjoint(files)
        if is_model:
            below[:] = [name for name in below if name not in ("variables", "assets")]
        if folder != top and (is_model or (files and checkpoints_in(folder))):
            yield os.path.relpath(folder, top)


def _saved_model(folder: str, name: str) -> Description:
    from tfckpt.graphdef.listing import meta_graphs_of

    problems: list[str] = []
    facts: dict[str, str] = {}
    try:
        facts = dict(_graph_facts(meta_graphs_of(os.path.join(folder, name))))
    except CheckpointError as error:
        problems.append(str(error))
    variables = os.path.join(folder, "variables")
    locations = checkpoints_in(variables) if os.path.isdir(variables) else []
    found = tuple(_checkpoints(locations, problems))
    what = "a SavedModel" if found else "a SavedModel without variables"
    return Description(
        folder,
        "saved model",
        what=what,
        checkpoints=found,
        latest=None,
        problems=tuple(problems),
        facts=facts,
    )


def _checkpoints(locations: list[Location], problems: list[str]) -> Iterator[CheckpointDescription]:
    for location in locations:
        try:
            with open_at(location) as reader:
                yield _checkpoint(location, reader)
        except CheckpointError as error:
            problems.append(str(error))


def _checkpoint(location: Location, reader: CheckpointReader) -> CheckpointDescription:
    infos = reader.infos()
    dtypes: dict[str, int] = {}
    for info in infos.values():
        kind = python_name(info.data_type)
        dtypes[kind] = dtypes.get(kind, 0) + info.size
    there, missing = _files(location, reader)
    producer, compression = _of_table(there, reader)
    names = set(infos)
    stem = (
        (split_pattern(location.path) or (location.path,))[0] if location.is_v1 else location.path
    )
    meta = stem + ".meta"
    has_meta = not is_remote(meta) and os.path.isfile(meta)
    return CheckpointDescription(
        path=location.path,
        format="V1" if location.is_v1 else "V2",
        tensors=len(infos),
        elements=sum(info.size for info in infos.values()),
        size=sum(info.stored_size for info in infos.values()),
        dtypes=dict(sorted(dtypes.items(), key=lambda item: -item[1])),
        files=(*there, meta) if has_meta else there,
        missing=missing,
        shards=_shards(location, reader),
        producer=producer,
        compression=compression,
        big_endian=isinstance(reader, BundleReader) and reader.header.big_endian,
        naming="objects" if OBJECT_GRAPH_KEY in names else "names",
        step=_step(location, reader),
        optimizer=optimizer_of(names),
        slots=sum(slot_of(name, names) is not None for name in names),
        tensorflow=_tensorflow(meta) if has_meta else None,
        written=None if is_remote(location.path) or not there else os.path.getmtime(there[0]),
    )


def _shards(location: Location, reader: CheckpointReader) -> int:
    if isinstance(reader, BundleReader):
        return reader.header.num_shards
    shards = split_pattern(location.path)
    return 1 if shards is None else shards[1]


def _files(location: Location, reader: CheckpointReader) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files of a checkpoint that are there, and those that are not."""
    if isinstance(reader, BundleReader):
        index = committed_index(location.path)
        paths = shards_of(reader)
        if is_remote(location.path):
            return (index, *paths), ()
        there = [path for path in paths if os.path.isfile(path)]
        return (index, *there), tuple(path for path in paths if path not in there)
    missing = reader.what_is_missing()
    return tuple(files_at(location.path)), (missing,) if missing else ()


def _of_table(files: tuple[str, ...], reader: CheckpointReader) -> tuple[int | None, str]:
    """Return the version of the format, and how the blocks of the first table are compressed."""
    from tfckpt.protos import BundleHeaderProto

    try:
        source = open_source(files[0])
    except (CheckpointError, IndexError):
        return None, "none"
    try:
        table = Table(source)
        kinds = {source.read(handle.offset + handle.size, 1)[0] for handle in table.handles}
        compression = " and ".join(
            "none" if kind == NO_COMPRESSION else "snappy" for kind in sorted(kinds)
        )
        producer = None
        if isinstance(reader, BundleReader):
            header = BundleHeaderProto.FromString(bytes(table.get(HEADER_KEY) or b""))
            producer = header.version.producer
        return producer, compression or "none"
    finally:
        source.close()


def _step(location: Location, reader: CheckpointReader) -> int | None:
    """Return the step: that of a variable called so, or the number at the end of the name."""
    try:
        value = reader[_STEP] if _STEP in reader else np.zeros(0)
        if value.size == 1 and value.dtype.kind in "iuf":
            return int(value.reshape(-1)[0])
    except (CheckpointError, OverflowError, ValueError):
        pass  # verify reports damage, describe goes on without
    found = _STEP_IN_NAME.search(location.path)
    return None if found is None else int(found[1])


def _tensorflow(meta: str) -> str | None:
    from tfckpt.graphdef.files import read_meta_graph

    try:
        info = read_meta_graph(meta).meta_info_def
    except CheckpointError:
        return None
    return info.tensorflow_version or info.tensorflow_git_version or None
