"""doctor: what ails a folder of checkpoints, and the command that mends each thing.

Each check is a function of the folder that yields diagnoses; the table at the end lists them all.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, Literal, NamedTuple

from tfckpt.bundle.commit import bundle_group
from tfckpt.bundle.naming import INDEX_SUFFIX, index_path, prefix_of, shards_on_disk
from tfckpt.checking.bundles import Checked
from tfckpt.checking.whole import check_checkpoint
from tfckpt.detect import recognise
from tfckpt.errors import CheckpointError, FileMissingError, UnimplementedError
from tfckpt.latest import name_and_step
from tfckpt.lazy import lazy
from tfckpt.locate import SAVED_MODEL_FILES, Location, checkpoints_in
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path, shown
from tfckpt.notebook import Printed
from tfckpt.rescue.state_file import is_later, repair_state
from tfckpt.state import STATE_FILE, found_at, read_state, state_path
from tfckpt.storage import (
    COMMIT_SUFFIX,
    complete,
    is_remote,
    list_folder,
    lock_folder,
    read_ends,
    remove_folder,
    remove_leftovers,
)
from tfckpt.storage.leftovers import LEFTOVER
from tfckpt.storage.lock import LOCK_FILE
from tfckpt.wording import bytes_text, plural

SCHEMA = "tfckpt.doctor/1"

# TensorFlow fills such a folder while it saves, and takes it away: nobody works a day at one.
_TF_TEMPORARY = re.compile(r"(_temp|_temp_[0-9a-f]{32})$")
_ABANDONED_SECONDS = 24 * 3600
_POINTERS = ("a git-LFS pointer", "an HTML page")
_HEAD = 4096
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_FORM_NAMES = {_ZIP: "a zip archive", _HDF5: "an HDF5 file"}
# How what Keras reads begins; the first ending that fits counts.
_KERAS_FORMS = {".keras": _ZIP, ".weights.h5": _HDF5, ".h5": _HDF5, ".hdf5": _HDF5}
_ANOTHER_AGE = re.compile(r"readers? of version")
_GLOBBED = re.compile(r"[\[\]*?]")


class Diagnosis(NamedTuple):
    """One thing that ails a folder, and what mends it."""

    kind: Literal["problem", "note"]
    message: str
    path: str
    mend: str
    """A command, or what there is to do."""
    harmless: bool = False
    """Whether mending changes no checkpoint and no word of anybody: ``--fix`` then does it."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message} -> {self.mend}"

    def to_json(self) -> dict[str, Any]:
        return self._asdict()


@dataclass(frozen=True)
class DoctorReport(Printed):
    """What ails a folder; nothing but notes where it is healthy."""

    path: str
    diagnoses: tuple[Diagnosis, ...]
    checkpoints: int
    fixed: tuple[str, ...] = field(default=())
    """What was mended, in words; `diagnoses` are what was found before."""

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not any(diagnosis.kind == "problem" for diagnosis in self.diagnoses)

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types; the schema is on the page of the command line."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "ok": self.ok,
            "checkpoints": self.checkpoints,
            "diagnoses": [diagnosis.to_json() for diagnosis in self.diagnoses],
            "fixed": list(self.fixed),
        }

    def summary(self) -> str:
        """Return one line."""
        counts = {kind: sum(d.kind == kind for d in self.diagnoses) for kind in ("problem", "note")}
        found = ", ".join(plural(count, kind) for kind, count in counts.items() if count)
        return f"{self.path}: {found or 'healthy'} ({plural(self.checkpoints, 'checkpoint')})"

    def __str__(self) -> str:
        lines = [f"  {diagnosis.kind}: {diagnosis}" for diagnosis in self.diagnoses]
        return "\n".join([self.summary(), *lines, *(f"  fixed: {what}" for what in self.fixed)])


class _Folder:
    """A folder as it lies there, looked at once."""

    def __init__(self, path: str, *, deep: bool) -> None:
        self.path = path
        self.deep = deep
        self.names = list_folder(path)
        self.prefixes = sorted({self.at(p) for name in self.names if (p := prefix_of(name))})
        self.v1 = [location for location in checkpoints_in(path) if location.is_v1]
        self.state = read_state(state_path(path))

    def at(self, name: str) -> str:
        return os.path.join(self.path, name)

    @lazy
    def checked(self) -> dict[str, Checked]:
        """What was found of each checkpoint that has an index, or is a V1 file."""
        locations = [
            Location(prefix) for prefix in self.prefixes if os.path.exists(index_path(prefix))
        ]
        locations += self.v1
        return {
            location.path: check_checkpoint(location, quick=not self.deep) for location in locations
        }

    @property
    def complete(self) -> list[str]:
        return [
            path
            for path, checked in self.checked.items()
            if not any(finding.is_serious for finding in checked.findings)
        ]


def doctor(folder: AnyPath, *, deep: bool = False, fix: bool = False) -> DoctorReport:
    """Look for what ails a folder of checkpoints; each diagnosis says what mends it.

    The state file: missing, unreadable, stale, of another place. Checkpoints without index or
    shards, cut short, with a page or a git-LFS pointer in their place, with shards of another save.
    What killed saves left. Names that differ in case alone, or that TensorFlow takes for patterns.
    Several Savers with one state file. Permissions, and whether there is room for the next save.
    What Keras 3 does not read, or not under its name. With `deep` all values are read and checked
    too.

    With `fix` what is harmless is done: leftovers of dead writers go, a commit that was interrupted
    is completed, a state file that is missing is made. No checkpoint and nobody's word changes.

    Raises FileMissingError where there is no folder, UnimplementedError for a URL.

    >>> import tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> prefix = tfckpt.save(folder + "/m-1", {"w": 1.0})
    >>> report = tfckpt.doctor(folder)
    >>> [(diagnosis.kind, diagnosis.message) for diagnosis in report.diagnoses]
    [('problem', 'there is no state file, so nothing says which checkpoint is the latest')]
    >>> tfckpt.doctor(folder, fix=True).fixed
    ('made the state file',)
    >>> tfckpt.doctor(folder).ok
    True
    """
    path = as_path(folder)
    if is_remote(path):
        raise UnimplementedError("folders are looked at on this machine only", path=path)
    if not os.path.isdir(path):
        raise FileMissingError("there is no folder of this name", path=path)
    looked = _Folder(path, deep=deep)
    diagnoses = tuple(found for check in _CHECKS for found in check(looked))
    fixed = tuple(_fix(looked, diagnoses)) if fix else ()
    return DoctorReport(path, diagnoses, len(looked.checked), fixed)


# Whether there is anything


def _nothing(folder: _Folder) -> Iterator[Diagnosis]:
    if folder.checked or folder.prefixes or folder.state is not None:
        return
    path = quote(folder.path)
    if any(name in folder.names for name in SAVED_MODEL_FILES):
        message = "this is a SavedModel, not a folder of checkpoints"
        yield Diagnosis("note", message, folder.path, f"tfckpt verify {path}")
    else:
        message = "there is no checkpoint here"
        yield Diagnosis("problem", message, folder.path, f"tfckpt info {path} says what there is")


# The state file


def _state(folder: _Folder) -> Iterator[Diagnosis]:
    path = state_path(folder.path)
    repair = f"tfckpt repair-state {quote(folder.path)}"
    state = folder.state
    if state is None or not state.model_checkpoint_path:
        there = os.path.lexists(path)
        if not folder.checked and not there:
            return
        message = (
            "its text names no checkpoint, so nothing says which is the latest"
            if there
            else "there is no state file, so nothing says which checkpoint is the latest"
        )
        yield Diagnosis("problem", message, path, repair, harmless=not there)
        return
    latest = state.model_checkpoint_path
    place = found_at(folder.at(latest), folder.path)
    if place is None:
        yield Diagnosis("problem", f"the latest that it names is gone: {latest}", path, repair)
    elif os.path.abspath(place) != os.path.abspath(folder.at(latest)):
        message = f"it names {latest}, of another place: TensorFlow finds no checkpoint here"
        yield Diagnosis("problem", message, path, repair)
    elif os.path.isabs(latest) and not os.path.isabs(folder.path):
        message = "it has absolute paths, which lead nowhere once the folder is moved"
        yield Diagnosis("note", message, path, repair)
    listed = list(state.all_model_checkpoint_paths)
    older = [path for path in listed if path != latest]
    gone = [path for path in older if not found_at(folder.at(path), folder.path)]
    if gone:
        count = plural(len(gone), "older checkpoint")
        message = f"it still lists {count}, now gone: {shown(gone, 3)}"
        yield Diagnosis("note", message, path, repair)
    if place is not None:
        newer = [later for later in folder.complete if is_later(later, place)]
        if newer:
            names = shown([os.path.basename(later) for later in newer], 3)
            message = f"it is stale: the latest is {latest} there, the folder has {names}"
            yield Diagnosis("problem", message, path, repair)


def _writers(folder: _Folder) -> Iterator[Diagnosis]:
    """Two Savers that share a state file overwrite each other's word."""
    lock = folder.at(LOCK_FILE)
    if os.path.exists(lock):
        yield Diagnosis("note", "a save is under way, or was killed", lock, "wait for its end")
    paths = [*folder.prefixes, *(location.path for location in folder.v1)]
    here = {os.path.basename(name) for name, step in map(name_and_step, paths) if step >= 0}
    named = set()
    for file in _state_files(folder):
        state = read_state(folder.at(file))
        if state is not None:
            listed = [state.model_checkpoint_path, *state.all_model_checkpoint_paths]
            named |= {os.path.basename(name_and_step(path)[0]) for path in listed}
    for name in sorted(here - named if named & here else ()):
        message = (
            f"no state file lists the checkpoints called {name!r}: did another Saver write over it?"
        )
        mend = f"give each Saver a state file of its own: save(..., latest_filename={name!r})"
        yield Diagnosis("problem", message, folder.at(STATE_FILE), mend)


def _state_files(folder: _Folder) -> Iterator[str]:
    for name in folder.names:
        if prefix_of(name) is None and os.path.isfile(folder.at(name)):
            try:
                head, _, _ = read_ends(folder.at(name), _HEAD, 0)
            except CheckpointError:
                continue
            if b"model_checkpoint_path:" in head:
                yield name


# Checkpoints


def _strangers(folder: _Folder) -> Iterator[Diagnosis]:
    for path in _members(folder):
        what = _stranger(path)
        if what is not None:
            pointer = what.startswith("a git-LFS")
            mend = "git lfs pull" if pointer else "copy or download it again"
            yield Diagnosis("problem", f"it is {what.partition(':')[0]}", path, mend)


def _members(folder: _Folder) -> Iterator[str]:
    return (folder.at(name) for name in folder.names if prefix_of(name) is not None)


def _stranger(path: str) -> str | None:
    """Say what a file is that stands in place of a member; None for a member."""
    try:
        what = recognise(path)
    except (CheckpointError, OSError):
        return None
    # Data may begin with any bytes, and where nothing but empty tensors lies there with none.
    is_index = path.endswith(INDEX_SUFFIX)
    return what if what and (is_index or what.startswith(_POINTERS)) else None


def _damage(folder: _Folder) -> Iterator[Diagnosis]:
    strangers = {path for path in _members(folder) if _stranger(path)}
    for path, checked in folder.checked.items():
        serious = [
            finding
            for finding in checked.findings
            if finding.is_serious and finding.path not in strangers
        ]
        if serious:
            more = f"; and {len(serious) - 1} more findings" if len(serious) > 1 else ""
            mend = f"tfckpt salvage {quote(path)} {quote(path + '-salvaged')}"
            if _ANOTHER_AGE.search(serious[0].message):  # whole, but nothing of today reads it
                mend = "save it again, in an older form, with the program that wrote it"
            where = serious[0].path or path
            named = f"tensor {serious[0].tensor!r}: " if serious[0].tensor else ""
            yield Diagnosis("problem", f"{named}{serious[0].message}{more}", where, mend)
    for prefix in folder.prefixes:
        if not os.path.exists(index_path(prefix)) and not bundle_group(prefix).under_way:
            shards = [os.path.basename(path) for path, _ in shards_on_disk(prefix)]
            if shards:
                message = f"there are shards of it ({shown(shards, 2)}), but no index"
                salvaged = quote(f"{prefix}-salvaged")
                mend = f"copy it again, or tfckpt salvage {quote(prefix)} {salvaged}"
                yield Diagnosis("problem", message, prefix, mend)


def _stale_shards(folder: _Folder) -> Iterator[Diagnosis]:
    for path, checked in folder.checked.items():
        for finding in checked.findings:
            if finding.kind == "note" and finding.path and "left over" in finding.message:
                message = f"it is left over from a save of {os.path.basename(path)} before this one"
                yield Diagnosis("note", message, finding.path, f"rm {quote(finding.path)}")


def _leftovers(folder: _Folder) -> Iterator[Diagnosis]:
    fix = f"tfckpt doctor --fix {quote(folder.path)}"
    for prefix in _being_replaced(folder):
        message = "a save was killed while it replaced this checkpoint"
        yield Diagnosis("note", message, index_path(prefix) + COMMIT_SUFFIX, fix, harmless=True)
    for name in folder.names:
        path = folder.at(name)
        if LEFTOVER.search(name):
            message = "a file in the making, of a save that runs or was killed"
            yield Diagnosis("note", message, path, fix, harmless=True)
        elif _TF_TEMPORARY.search(name) and os.path.isdir(path):
            old = _is_abandoned(path)
            message = "TensorFlow's files in the making, of a save that runs or was killed"
            mend = fix if old else f"rm -r {quote(path)}, if no save is under way"
            yield Diagnosis("note", message, path, mend, harmless=old)


def _being_replaced(folder: _Folder) -> list[str]:
    """Return the checkpoints of which files wait for a commit to go on, or to be taken back."""
    waiting = [name for name in folder.names if name.endswith(COMMIT_SUFFIX)]
    prefixes = {prefix_of(name.removesuffix(COMMIT_SUFFIX)) for name in waiting}
    return sorted(folder.at(prefix) for prefix in prefixes if prefix)


def _is_abandoned(path: str) -> bool:
    times = [os.stat(path).st_mtime]
    for top, _, names in os.walk(path):
        times += (os.stat(os.path.join(top, name)).st_mtime for name in names)
    return time.time() - max(times) > _ABANDONED_SECONDS


# Names, rights and room


def _names(folder: _Folder) -> Iterator[Diagnosis]:
    seen: dict[str, str] = {}
    for prefix in folder.prefixes:
        other = seen.setdefault(prefix.casefold(), prefix)
        if other != prefix:
            message = (
                f"it differs from {os.path.basename(other)} in case alone: one of both is lost "
                f"where a file system makes no difference (macOS, Windows)"
            )
            yield Diagnosis("note", message, prefix, "rename all files of one of them")
        base = os.path.basename(prefix)
        if _GLOBBED.search(base):
            plain = folder.at(_GLOBBED.sub("_", base))
            message = "TensorFlow takes its name for a pattern, and does not find it"
            mend = f"tfckpt convert {quote(prefix)} {quote(plain)}"
            yield Diagnosis("problem", message, prefix, mend)


def _rights(folder: _Folder) -> Iterator[Diagnosis]:
    if not os.access(folder.path, os.W_OK | os.X_OK):
        message = "no save can write into this folder: permission is missing"
        yield Diagnosis("problem", message, folder.path, f"chmod u+wx {quote(folder.path)}")
    for path in (*_members(folder), *(folder.at(n) for n in folder.names if n == STATE_FILE)):
        if not os.access(path, os.R_OK):
            message = "it cannot be read: permission is missing"
            yield Diagnosis("problem", message, path, f"chmod u+r {quote(path)}")


def _room(folder: _Folder) -> Iterator[Diagnosis]:
    biggest = max((checked.size for checked in folder.checked.values()), default=0)
    free = shutil.disk_usage(folder.path).free
    if free < biggest:
        message = (
            f"the next save needs {bytes_text(biggest)}, as the biggest here; {bytes_text(free)} "
            f"are free"
        )
        yield Diagnosis("problem", message, folder.path, "make room, or keep fewer (max_to_keep)")


def _readers(folder: _Folder) -> Iterator[Diagnosis]:
    for path, checked in folder.checked.items():
        keras = [name for name in checked.names if name.startswith("layer_with_weights-")]
        if keras and OBJECT_GRAPH_KEY in checked.names:
            message = "Keras 3 does not load weights in TensorFlow's format"
            mend = f"tfckpt convert {quote(path)} {quote(path + '.weights.h5')}"
            yield Diagnosis("note", message, path, mend)


def _misnamed(folder: _Folder) -> Iterator[Diagnosis]:
    """Keras 3 goes by the names of files alone (``saving/saving_api.py``)."""
    for name in folder.names:
        ending = next((ending for ending in _KERAS_FORMS if name.endswith(ending)), None)
        path = folder.at(name)
        if ending is None or not os.path.isfile(path) or not os.access(path, os.R_OK):
            continue
        beginning, right = _KERAS_FORMS[ending], ".h5" if ending == ".keras" else ".keras"
        head, _, _ = read_ends(path, len(_HDF5), 0)
        other = _ZIP if beginning == _HDF5 else _HDF5
        if head.startswith(other):
            message = f"{_FORM_NAMES[other]} called {ending}: Keras 3 goes by the name, and fails"
            better = quote(path.removesuffix(ending) + right)
            yield Diagnosis("problem", message, path, f"mv -n {quote(path)} {better}")


_CHECKS: tuple[Callable[[_Folder], Iterator[Diagnosis]], ...] = (
    _nothing,
    _state,
    _writers,
    _strangers,
    _damage,
    _stale_shards,
    _leftovers,
    _names,
    _rights,
    _room,
    _readers,
    _misnamed,
)


# Mending


def _fix(folder: _Folder, diagnoses: tuple[Diagnosis, ...]) -> Iterator[str]:
    """Do what is harmless of all that was found; yield what was done."""
    wanted = [diagnosis.path for diagnosis in diagnoses if diagnosis.harmless]
    if any(path.endswith(COMMIT_SUFFIX) for path in wanted):
        for prefix in _being_replaced(folder):
            with lock_folder(prefix):
                complete(bundle_group(prefix))
            yield f"completed the save of {prefix}"
    if any(LEFTOVER.search(path) for path in wanted):
        for path in remove_leftovers(folder.path, lambda name: True):
            yield f"removed {path}"
    for path in wanted:
        if _TF_TEMPORARY.search(path) and os.path.isdir(path):
            remove_folder(path)
            yield f"removed {path}"
    if state_path(folder.path) in wanted:
        try:
            repair_state(folder.path)
            yield "made the state file"
        except FileMissingError:  # no checkpoint is complete enough to be named
            return
