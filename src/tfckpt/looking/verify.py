"""verify: whether a checkpoint, or all that a folder has, is sound.

Takes whatever `locate` takes, finds what is to be checked, has `checking` check it, and gives one
report. Damage is a finding and no error; errors are for what nobody can look at.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from tfckpt.bundle.naming import shards_without_index
from tfckpt.checking.bundles import Checked
from tfckpt.checking.finding import Finding
from tfckpt.checking.graphs import (
    check_graph,
    check_meta,
    reference_findings,
)
from tfckpt.checking.whole import check_checkpoint
from tfckpt.errors import CheckpointError, FileMissingError, InvalidArgumentError
from tfckpt.locate import SAVED_MODEL_FILES, Location, checkpoints_in, locate
from tfckpt.names import AnyPath, as_path, shown
from tfckpt.notebook import Printed
from tfckpt.progress import Progress
from tfckpt.state import STATE_FILE, found_at, read_state, state_path
from tfckpt.storage import is_file, is_folder, is_remote, list_folder
from tfckpt.wording import bytes_text, plural

logger = logging.getLogger("tfckpt")

SCHEMA = "tfckpt.verify/1"
_SAVED_MODEL = frozenset(SAVED_MODEL_FILES)


@dataclass(frozen=True)
class VerifyReport(Printed):
    """What `verify` looked at, and what it found; no findings but notes where all is sound."""

    path: str
    findings: tuple[Finding, ...]
    checkpoints: int
    tensors: int
    size: int
    """Bytes of the files of checkpoints."""
    files: tuple[str, ...]
    quick: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged, missing or could not be read."""
        return not any(finding.is_serious for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types; the schema is on the page of the command line."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "ok": self.ok,
            "quick": self.quick,
            "checkpoints": self.checkpoints,
            "tensors": self.tensors,
            "size": self.size,
            "files": list(self.files),
            "findings": [finding.to_json() for finding in self.findings],
        }

    def __str__(self) -> str:
        return "\n".join(
            [self.summary(), *(f"  {finding.kind}: {finding}" for finding in self.findings)]
        )

    def summary(self) -> str:
        """Return one line."""
        seen = (
            f"{plural(self.tensors, 'tensor')}, {bytes_text(self.size)} in "
            f"{plural(len(self.files), 'file')}{', no values read' if self.quick else ''}"
        )
        counts = {kind: sum(finding.kind == kind for finding in self.findings) for kind in _SAID}
        wrong = ", ".join(f"{count} {_SAID[kind]}" for kind, count in counts.items() if count)
        return f"{self.path}: {wrong or 'sound'} ({seen})"


_SAID = {"damage": "damaged", "missing": "missing", "unread": "not read"}


def verify(
    path: AnyPath,
    *,
    executor: Executor | None = None,
    quick: bool = False,
    progress: Progress | None = None,
) -> VerifyReport:
    """Look for damage in a checkpoint, in all of a folder, in a SavedModel or a graph file.

    All of it is looked at, whatever is found on the way: the blocks of tables and the order of
    their keys; shards, whether they are there and as long as the index says; slices, whether they
    make up their tensors; the checksum of every tensor; the graph of objects, and whether its
    values are there; a ``.meta`` file beside it; the state file of a folder, and shards that no
    index speaks of. With `quick` no values are read, so that damage within them is not found.

    `path` is whatever `load_checkpoint` takes; a folder means everything in it, behind a URL its
    checkpoints and state file. `executor`, any
    of ``concurrent.futures``' kind, shares out the reading (of a V1 checkpoint by files);
    without one threads do.
    `progress(done, total, path)` is called with bytes.

    Raises FileMissingError if there is nothing, InvalidArgumentError if that is no checkpoint, no
    model and no graph. Whatever is wrong with one is a finding.

    >>> import numpy as np, os, tempfile, tfckpt
    >>> prefix = tfckpt.save(tempfile.mkdtemp() + "/m", {"w": np.eye(2), "b": np.ones(2)})
    >>> tfckpt.verify(prefix).ok
    True
    >>> with open(prefix + ".data-00000-of-00001", "r+b") as file:
    ...     _ = file.write(b"!")
    >>> [finding] = tfckpt.verify(prefix).findings
    >>> finding.kind, finding.tensor, finding.offset
    ('damage', 'w', 0)
    """
    given = as_path(path)
    work = _Work(executor, quick, progress)
    if is_remote(given) and is_folder(given) and (there := checkpoints_in(given)):
        checked, findings = work.store(given, there)
    elif os.path.isdir(given) and not is_remote(given):
        checked, findings = work.folder(given)
    else:
        checked, findings = work.single(given)
    report = VerifyReport(
        given,
        tuple(findings),
        checkpoints=len(checked),
        tensors=sum(checkpoint.tensors for checkpoint in checked),
        size=sum(checkpoint.size for checkpoint in checked),
        files=tuple(file for checkpoint in checked for file in checkpoint.files),
        quick=quick,
    )
    logger.info("%s", report.summary())
    return report


class _Work:
    def __init__(self, executor: Executor | None, quick: bool, progress: Progress | None) -> None:
        self._executor, self._quick, self._progress = executor, quick, progress

    def single(self, path: str) -> tuple[list[Checked], list[Finding]]:
        try:
            location = locate(path)
        except InvalidArgumentError:
            findings = _graph_alone(path)
            if findings is None:
                raise
            return [], findings
        except FileMissingError as error:
            if error.path == path and not os.path.exists(path):
                raise
            return [], [Finding.of(error, path)]
        checked = self.checkpoint(location)
        return [checked], checked.findings

    def store(self, top: str, there: list[Location]) -> tuple[list[Checked], list[Finding]]:
        """Look at what is in a folder of a store, and not at those below it."""
        checked = [self.checkpoint(location) for location in there]
        findings = [finding for checkpoint in checked for finding in checkpoint.findings]
        if is_file(state_path(top)):
            findings += check_state(top)
        return checked, findings

    def folder(self, top: str) -> tuple[list[Checked], list[Finding]]:
        """Look at what is in a folder and in those below it."""
        checked: list[Checked] = []
        findings: list[Finding] = []
        seen = 0
        for folder, below, files in os.walk(top):
            below.sort()
            if not _SAVED_MODEL.isdisjoint(files):
                seen += 1
                below[:] = [name for name in below if name not in ("variables", "assets")]
                variables, found = self._saved_model(folder)
            else:
                variables, found = [], []
            here = (
                [self.checkpoint(location) for location in checkpoints_in(folder)] if files else []
            )
            for checkpoint in (*here, *variables):
                findings += checkpoint.findings
            findings += found
            checked += (*here, *variables)
            if STATE_FILE in files:
                seen += 1
                findings += check_state(folder)
            stems = {checkpoint.stem for checkpoint in here}
            for name in sorted(files):
                path = os.path.join(folder, name)
                if name.endswith(".meta") and path.removesuffix(".meta") not in stems:
                    seen += 1
                    findings += check_meta(path)
            findings += _strays(folder)
        if not checked and not seen and not findings:
            locate(top)  # raises, and lists what the folder has
        return checked, findings

    def checkpoint(self, location: Location) -> Checked:
        checked = check_checkpoint(
            location, quick=self._quick, executor=self._executor, progress=self._progress
        )
        checked.findings += check_meta(checked.stem + ".meta")
        return checked

    def _saved_model(self, folder: str) -> tuple[list[Checked], list[Finding]]:
        from tfckpt.saved_model.assets import check_files
        from tfckpt.saved_model.files import has_variables, model_file, read_saved_model

        file = model_file(folder) or folder
        variables = os.path.join(folder, "variables", "variables")
        checked = [self.checkpoint(Location(variables))] if has_variables(folder) else []
        findings: list[Finding] = []
        try:
            model = read_saved_model(folder)
        except CheckpointError as error:
            return checked, [Finding.of(error, file)]
        for graph in model.meta_graphs:
            findings += check_graph(graph, file)
            if graph.object_graph_def.nodes:
                findings += reference_findings(graph.object_graph_def, file)
            try:
                check_files(folder, graph)
            except CheckpointError as error:
                findings.append(Finding.of(error, file))
        if not checked:
            findings += _strays(os.path.dirname(variables))
        return checked, findings


def check_state(folder: str) -> Iterator[Finding]:
    """Look at the state file of a folder: whether it parses, and whether what it names is there."""
    path = state_path(folder)
    state = read_state(path)
    if state is None:
        yield Finding("damage", "no state file: its text does not parse", path)
        return
    if not state.model_checkpoint_path:
        yield Finding("damage", "it names no checkpoint", path)
    latest = state.model_checkpoint_path
    gone = []
    for named in dict.fromkeys(filter(None, [latest, *state.all_model_checkpoint_paths])):
        stated = named if is_remote(named) else os.path.join(folder, named)
        place = found_at(stated, folder)
        if place is None and named == latest:
            yield Finding("missing", f"the latest checkpoint that it names is gone: {named}", path)
        elif place is None:
            gone.append(named)
        elif named == latest and os.path.abspath(place) != os.path.abspath(stated):
            yield Finding(
                "note", f"it names {named}, which is beside it now: the folder moved", path
            )
    if gone:
        count = plural(len(gone), "older checkpoint")
        yield Finding("note", f"it still lists {count}, now gone: {shown(gone, 3)}", path)
    listed = list(state.all_model_checkpoint_paths)
    if listed and state.model_checkpoint_path and listed[-1] != state.model_checkpoint_path:
        message = f"the latest is {state.model_checkpoint_path}, the last in its list {listed[-1]}"
        yield Finding("note", message, path)


def _strays(folder: str) -> Iterator[Finding]:
    """Take note of shards whose index is not there, and of files in the making."""
    if not os.path.isdir(folder):
        return
    names = list_folder(folder)
    alone = set(shards_without_index(names))
    for name in names:
        path = os.path.join(folder, name)
        if ".tempstate" in name or name.endswith(".tmp"):
            yield Finding("note", "a file that was never finished", path)
        elif name in alone:
            yield Finding("missing", "a shard without its index", path)


def _graph_alone(path: str) -> list[Finding] | None:
    """Look at the file of a graph; None where it is none."""
    if not os.path.isfile(path):
        return None
    if os.path.basename(path) == STATE_FILE:
        return list(check_state(os.path.dirname(path) or os.curdir))
    if not path.endswith((".meta", ".pb", ".pbtxt", ".meta.txt")):
        return None
    return list(check_meta(path))
