"""From whatever a user points at to the checkpoint that is meant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from tfckpt.bundle.commit import has_index
from tfckpt.bundle.naming import INDEX_SUFFIX, prefix_of
from tfckpt.detect import describe_file, is_table
from tfckpt.errors import FileMissingError, InvalidArgumentError
from tfckpt.names import AnyPath, as_path, shown
from tfckpt.storage import is_file, is_remote, join, list_folder
from tfckpt.v1.naming import is_pattern, numbered, pattern_around, pattern_at

# Of a SavedModel's folder; the first that is there counts.
SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt", "saved_model.cpb")
_VARIABLES = os.path.join("variables", "variables")


class Location(NamedTuple):
    """Where a checkpoint is: a V2 prefix, or the path (or ``?????`` pattern) of a V1 one."""

    path: str
    is_v1: bool = False


def locate(path: AnyPath, *, prefix_first: bool = False) -> Location:
    """Find the checkpoint that `path` means.

    It may be a prefix, a folder with a state file (the latest checkpoint is taken), a SavedModel
    folder, any file of a checkpoint, or a V1 file or pattern. Where a prefix has both formats V2
    wins, as in TensorFlow. One shard of a V1 checkpoint stands for all, if all are there (where
    TensorFlow reads that shard alone), and so does the prefix of a set that is whole. Of a pattern
    some shards may be missing; that of a pattern without its number, ``P-?????-of-?????``, is the
    number of the one set that is there.

    A path may be both, a folder and the prefix of a checkpoint beside it. TensorFlow's functions
    that read a checkpoint take the folder, those that restore from a prefix (`prefix_first`) the
    prefix.

    Raises FileMissingError if there is nothing; InvalidArgumentError, which says what the file
    is, if it is no checkpoint.
    """
    given = as_path(path)
    if not given:
        raise ValueError("the path of a checkpoint cannot be empty")
    if is_remote(given):
        return _elsewhere(given, prefix_first)
    if os.path.isdir(given):
        at_prefix = _at_prefix(given) if prefix_first else None
        if at_prefix is not None:
            return at_prefix
        return _in_folder(given)
    return _at_prefix(given) or _at_member(given) or _refuse(given)


def _elsewhere(url: str, prefix_first: bool) -> Location:
    """Find the first that is there of what a URL may mean."""
    for location in possible(url, prefix_first=prefix_first):
        path = location.path if location.is_v1 else location.path + INDEX_SUFFIX
        if is_pattern(path) or is_file(path):
            return location
    return Location(url)


def possible(url: str, *, prefix_first: bool = False) -> Iterator[Location]:
    """Yield what a URL may mean, the likeliest first: whoever opens one sees if it is there.

    That is a prefix, a file, or a folder with a state file or a SavedModel. Nothing is listed, and
    only the state file is read, when its turn comes. There are no folders on the web: of a URL
    there they come last.
    """
    prefix = prefix_of(url)
    if prefix is not None:
        yield Location(prefix)
        return
    if url.endswith("/"):  # names a folder, and no file
        yield from _latest_elsewhere(url)
        yield Location(join(url, "variables/variables"))
        return
    folder_first = not prefix_first and not url.startswith(("http://", "https://"))
    if folder_first:
        yield from _latest_elsewhere(url)
    yield Location(url, is_v1=is_pattern(url))
    if not folder_first:
        yield from _latest_elsewhere(url)
    yield Location(join(url, "variables/variables"))
    yield Location(url, is_v1=True)


def _latest_elsewhere(url: str) -> Iterator[Location]:
    from tfckpt.state import latest_in_state

    latest = latest_in_state(url)
    if latest is not None:
        yield Location(latest, is_v1=is_pattern(latest))
        yield Location(latest, is_v1=True)


def _at_prefix(prefix: str) -> Location | None:
    if has_index(prefix):
        return Location(prefix)
    if is_pattern(prefix):
        return Location(prefix, is_v1=True)
    if os.path.isfile(prefix):
        return None  # judged by its content
    pattern = numbered(prefix) or pattern_at(prefix)
    return None if pattern is None else Location(pattern, is_v1=True)


def _at_member(path: str) -> Location | None:
    """Take one file of a checkpoint for the whole."""
    name = os.path.basename(path)
    if name in SAVED_MODEL_FILES and os.path.isfile(path):
        return _in_folder(os.path.dirname(path) or ".")
    prefix = prefix_of(path)
    if prefix is not None and has_index(prefix):
        return Location(prefix)
    if prefix is not None and os.path.isfile(path):
        raise FileMissingError(
            f"this is a shard; the index that belongs to it, {prefix + INDEX_SUFFIX}, is missing",
            path=path,
        )
    if is_table(path):
        return Location(pattern_around(path) or path, is_v1=True)
    stem = path.removesuffix(".meta")
    if stem != path and os.path.isfile(path) and _is_beside(stem):
        return _at_prefix(stem) or Location(stem, is_v1=True)
    return None


def _is_beside(prefix: str) -> bool:
    """Whether `prefix`, of a ``prefix.meta`` given, is a checkpoint."""
    return _at_prefix(prefix) is not None or is_table(prefix)


def _in_folder(folder: str) -> Location:
    """Choose a folder's checkpoint: the SavedModel's, the latest, or the only one."""
    if any(os.path.isfile(os.path.join(folder, name)) for name in SAVED_MODEL_FILES):
        variables = os.path.join(folder, _VARIABLES)
        if has_index(variables):
            return Location(variables)
        raise FileMissingError(
            f"a SavedModel without variables: there is no {_VARIABLES + INDEX_SUFFIX}", path=folder
        )
    from tfckpt.state import latest_in_state

    latest = latest_in_state(folder)
    if latest is not None:
        return _at_prefix(latest) or Location(latest, is_v1=True)
    locations = checkpoints_in(folder)
    if len(locations) == 1:
        return locations[0]
    if locations:
        raise InvalidArgumentError(
            f"no usable state file says which of its {len(locations)} checkpoints is the latest: "
            f"give one of {shown([os.path.basename(location.path) for location in locations])}",
            path=folder,
        )
    raise InvalidArgumentError(
        f"Couldn't find 'checkpoint' file or checkpoints in given directory "
        f"{folder}{_instead(folder)}",
        path=folder,
    )


def _instead(folder: str) -> str:
    """Say what a folder without checkpoints has that may have been meant."""
    names = list_folder(folder)
    below = [name for name in names if _is_home(os.path.join(folder, name))]
    if below:
        return f"; these folders in it have some: {shown(below)}"
    graphs = [name for name in names if name.endswith((".meta", ".pb", ".pbtxt"))]
    if graphs:
        return f"; it has graphs (`tfckpt graph` shows them): {shown(graphs)}"
    return f"; it has {shown(names)}" if names else "; it is empty"


def _is_home(path: str) -> bool:
    """Whether a folder has checkpoints, or is a SavedModel's."""
    if not os.path.isdir(path):
        return False
    model = any(os.path.isfile(os.path.join(path, name)) for name in SAVED_MODEL_FILES)
    return model or bool(checkpoints_in(path))


def checkpoints_in(folder: str) -> list[Location]:
    """Find the checkpoints of a folder; of one in both formats, the V2."""
    paths = [os.path.join(folder, name) for name in list_folder(folder)]
    v2 = {path.removesuffix(INDEX_SUFFIX) for path in paths if path.endswith(INDEX_SUFFIX)}
    tables = [path for path in paths if path not in v2 and prefix_of(path) is None]
    v1 = {pattern_around(path) or path for path in tables if is_table(path)}
    return [Location(path) for path in sorted(v2)] + [
        Location(path, is_v1=True) for path in sorted(v1)
    ]


def _refuse(path: str) -> Location:
    if os.path.isfile(path):
        from tfckpt.state import STATE_FILE, get_checkpoint_state

        folder, name = os.path.split(path)
        if name == STATE_FILE and get_checkpoint_state(folder or ".") is not None:
            return _in_folder(folder or ".")
        raise InvalidArgumentError(f"no checkpoint: it is {describe_file(path)}", path=path)
    raise FileMissingError(f"no checkpoint of this name{_neighbours(path)}", path=path)


def _neighbours(path: str) -> str:
    """Say what is there instead."""
    folder, base = os.path.split(path)
    folder = folder or "."
    if not os.path.isdir(folder):
        return f": there is no folder {folder}"
    names = {prefix_of(name) for name in list_folder(folder)} - {None}
    like = sorted(str(name) for name in names if str(name).startswith(base)) or sorted(
        map(str, names)
    )
    if not like:
        return ", nor any other in its folder"
    return f"; its folder has {shown(like)}"
