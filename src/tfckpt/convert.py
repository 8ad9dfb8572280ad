"""From one format to another, and from one kind of names to another.

1. What was written is read back and compared with the source before anything is returned.
2. A call that is refused leaves `dst` as it was.
3. What is not written is named in what is returned.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from tfckpt.bundle.commit import has_index, remove_bundle
from tfckpt.bundle.reader import BundleReader
from tfckpt.checkpoint import load_checkpoint
from tfckpt.errors import DataLossError, InvalidArgumentError
from tfckpt.formats.indexed import JSON_INDEX_SUFFIX
from tfckpt.formats.keras_files import VERSIONS as KERAS_VERSIONS
from tfckpt.formats.opening import open_tensors
from tfckpt.formats.writing import (
    WRITERS,
    DType,
    Prepared,
    PreparedTensors,
    format_of,
    prepared,
    write_prepared,
)
from tfckpt.keras import keras_places
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path
from tfckpt.objectgraph.resolving import variables_by_name
from tfckpt.objects.naming import to_object_based
from tfckpt.objects.view import object_graph
from tfckpt.progress import Progress, counting
from tfckpt.reader import CheckpointReader, TensorReader, Unreadable, in_pieces, readable
from tfckpt.renaming import Nameless, Repeated, by_path, renaming, warn_of
from tfckpt.storage import is_file, is_folder, join, real
from tfckpt.tensors.fingerprint import Fingerprint
from tfckpt.tensors.stored import Array
from tfckpt.transform.patterns import Patterns
from tfckpt.transform.renaming import Rules, rename
from tfckpt.transform.selecting import select
from tfckpt.transform.tensors import LazyTensors, as_lazy
from tfckpt.v1.naming import is_pattern, pattern_at, split_pattern
from tfckpt.v1.reader import V1Reader

By: TypeAlias = Literal["name", "path"]
BY = ("name", "path")
# Those of Keras are HDF5, in which the layers of a model have their places.
FORMATS = (*WRITERS, *KERAS_VERSIONS)
# A prefix may be more than one of them, and a folder: the one that was written is opened.
_READERS: dict[str, Callable[[str], TensorReader]] = {"v2": BundleReader, "v1": V1Reader}

logger = logging.getLogger("tfckpt")


class Converted(str):
    """The path of what was made from another file, and which tensors it took from there.

    It is a str, for all that takes a path.
    """

    file_format: str
    """Its format, as `convert_checkpoint` names them."""
    written: dict[str, str]
    """Name of each tensor that was written -> its name in the source."""
    left_out: dict[str, str]
    """Name of each tensor of the source that was not -> why."""
    metadata_left_out: list[str]
    """Names of what the source holds beside tensors, and its format has no place for."""

    @property
    def summary(self) -> str:
        """How many of the source's tensors were written, such as "27 of 28 tensors"."""
        return f"{len(self.written)} of {len(self.written) + len(self.left_out)} tensors"


def convert_checkpoint(
    src: AnyPath,
    dst: AnyPath,
    to: str | None = None,
    *,
    by: By | None = None,
    repeated: Repeated = "error",
    nameless: Nameless = "error",
    keep: Patterns | None = None,
    drop: Patterns | None = None,
    rename: Rules | None = None,
    layers: Mapping[str, Any] | None = None,
    model: str | None = None,
    cast: Mapping[DType, DType] | None = None,
    metadata: Mapping[str, Any] | None = None,
    compressed: bool = False,
    max_shard_size: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    fsync: bool = True,
    unreadable: Unreadable = "error",
    executor: Executor | None = None,
) -> Converted:
    """Write the tensors of a file once more, in another format or under other names; return `dst`.

    `src` is whatever `open_tensors` opens: a checkpoint, or a file of another library. `to` is a
    format of `write_tensors` ("v2", "v1", "safetensors", "torch", "npz", "hdf5"); without it the
    end of `dst` says it. One tensor is in memory at a time. All are then read back from `dst`, and
    their dtypes, shapes and checksums compared with those that they had in `src`. A partitioned
    tensor is written in one piece, which TensorFlow restores into partitions all the same. State
    files and ``.meta`` files stay as they are.

    "keras3" (``.weights.h5``) and "keras2" (``.h5``) are what Keras loads the weights of a model
    from: those of an object-based checkpoint or SavedModel, by its layers. They are chosen by the
    end of `dst` for a checkpoint that has objects, or where `layers` is given, which says what the
    checkpoint does not tell of them; `model` is the path of the model's object where there are
    several (`docs/converting.md` has examples of both). What is no weight of the model is left out.

    With `by` "name" the variables of an object-based checkpoint get their full names
    (``dense/kernel``); `repeated` and `nameless` are those of `to_name_based`. With "path" its
    tensors get the paths of their objects (``layer/kernel``), and what TensorFlow keeps for itself
    is left out. Without `by` the graph of objects goes into checkpoints alone.

    `keep`, `drop` and `rename` are those of `tfckpt.transform.select` and `rename`, and speak of
    the names that the tensors have by then; `cast`, `compressed` and `max_shard_size` are those of
    `write_tensors`. `metadata` is what goes beside the tensors; without it what `src` has there, as
    far as the format has a place for it. With ``unreadable="skip"`` variants, resources and types
    that are not known are left out.

    What is returned says, besides, what was written, and what was left out and why; a logged
    warning names what could not be read.

    The workers of an `executor` compare what was written, and write the data files of a V2
    checkpoint, as in `tfckpt.save`; the one file of another format is written here.

    `progress` is called as ``progress(done, total, name)`` when a tensor is about to be written,
    and again after each is compared; the numbers are bytes of both passes.

    Raises FileExistsError if there is something at `dst`, unless `overwrite`: then it is replaced,
    once the new one is complete. Raises InvalidArgumentError if the format cannot hold a tensor,
    with the names of all such; if `dst` is a folder, or is what is read, or V1 files would lie
    hidden behind the V2 ones of the same prefix; UnimplementedError for tensors that cannot be
    read; DataLossError if `src` is damaged, FileMissingError if it lacks shards. None of these
    changes anything at `dst`.

    >>> import tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> old = tfckpt.save(folder + "/new.ckpt", {"w": [1.0, 2.0]})
    >>> path = tfckpt.convert_checkpoint(old, folder + "/w.safetensors")
    >>> tfckpt.open_tensors(path)["w"], path.summary
    (array([1., 2.]), '1 of 1 tensors')
    """
    target = as_path(dst)
    if to is not None and to not in FORMATS:
        raise ValueError(f"a file is converted to one of {', '.join(FORMATS)}, not {to!r}")
    if by is not None and by not in BY:
        raise ValueError(f"by is 'name' or 'path', not {by!r}")
    if is_pattern(target):
        raise ValueError(f"{target} names shards; give the prefix that the one file is to have")
    with open_tensors(src) as source:
        form = _format(source, target, by, layers) if to is None else to
        if form in KERAS_VERSIONS and (by, keep, rename) != (None, None, None):
            raise ValueError(f"{form} has names of its own: by=, keep= and rename= are not for it")
        named = form
        _check_target(source, target, form, overwrite=overwrite, max_shard_size=max_shard_size)
        source.check_complete()
        if form in KERAS_VERSIONS:
            chosen, metadata = _of_keras(
                source, KERAS_VERSIONS[form], layers=layers, model=model, metadata=metadata
            )
            form = "hdf5"
        else:
            chosen = _chosen(
                source,
                form,
                by=by,
                repeated=repeated,
                nameless=nameless,
                unreadable=unreadable,
            )
        edited = _edited(chosen, keep, drop, rename)
        said, unsaid = _metadata_for(form, source, edited, metadata)
        tensors = prepared(edited.tensors, cast=cast)
        made = _write_checked(
            tensors._replace(metadata=said, compressed=compressed),
            target,
            form,
            max_shard_size=max_shard_size,
            fsync=fsync,
            progress=progress,
            executor=executor,
        )
        if by is not None:
            warn_of(chosen.left_out, source)
        if form == "v1":  # where both formats have one prefix the V2 one would be read
            remove_bundle(target, fsync=fsync)
        return _converted(
            made,
            named,
            source=source.path,
            names=edited.names,
            left_out=edited.left_out,
            metadata_left_out=unsaid,
        )


def _format(
    source: TensorReader, target: str, by: By | None, layers: Mapping[str, Any] | None
) -> str:
    """Return the format that the end of a name says, for what there is to write."""
    has_layers = by is None and (layers is not None or OBJECT_GRAPH_KEY in source)
    if target.endswith(".weights.h5") and isinstance(source, CheckpointReader):
        return "keras3" if by is None else "hdf5"
    if target.endswith(".h5") and has_layers:
        return "keras2"
    return format_of(target)


def _of_keras(
    source: TensorReader,
    version: int,
    *,
    layers: Mapping[str, Any] | None,
    model: str | None,
    metadata: Mapping[str, Any] | None,
) -> tuple[_Chosen, Mapping[str, Any]]:
    """Choose the weights of a model, and the places that they have in a file of Keras."""
    placed = keras_places(source, version, layers, model)
    given = as_lazy(source)
    taken = {place: given.tensors[key] for place, key in placed.keys.items()}
    there = set(placed.keys.values())
    left_out = {name: "no weight of the model" for name in source if name not in there}
    return _Chosen(given.with_tensors(taken), left_out), {**placed.metadata, **(metadata or {})}


class _Chosen(NamedTuple):
    """What is to be written, and what is not and why."""

    tensors: LazyTensors
    left_out: dict[str, str]

    @property
    def names(self) -> dict[str, str]:
        """Name of each tensor -> its name in the source."""
        return {
            name: name if tensor.origin is None else tensor.origin[1]
            for name, tensor in self.tensors.tensors.items()
        }


def _chosen(
    source: TensorReader,
    form: str,
    *,
    by: By | None,
    repeated: Repeated,
    nameless: Nameless,
    unreadable: Unreadable,
) -> _Chosen:
    """Choose the tensors that can be read, and the names they are to have."""
    given = as_lazy(source)
    if by is not None and OBJECT_GRAPH_KEY not in source:
        raise InvalidArgumentError(
            f"name-based: it has no object graph ({OBJECT_GRAPH_KEY}) to take names "
            f"from; leave out by={by!r}, and the tensors keep theirs",
            path=source.path,
        )
    if by is None:
        infos = source.infos()
        names = {name: name for name in readable(infos, unreadable, source.path)}
        left_out = {name: str(infos[name].why_unreadable) for name in infos if name not in names}
        if form not in _READERS and OBJECT_GRAPH_KEY in names:
            del names[OBJECT_GRAPH_KEY]
            left_out[OBJECT_GRAPH_KEY] = "the graph of objects, which checkpoints alone have"
    elif by == "name":
        names, left_out = renaming(
            source, repeated=repeated, nameless=nameless, unreadable=unreadable
        )
        if not names:
            raise InvalidArgumentError(
                f"none of its {len(source)} tensors is a variable: there is nothing to write by "
                f"name",
                path=source.path,
            )
    else:
        names, left_out = by_path(source, unreadable=unreadable)
    taken = {name: given.tensors[key] for name, key in names.items()}
    return _Chosen(given.with_tensors(taken), left_out)


def _edited(
    chosen: _Chosen, keep: Patterns | None, drop: Patterns | None, rules: Rules | None
) -> _Chosen:
    tensors = chosen.tensors
    if keep is not None or drop is not None:
        tensors = select(tensors, keep, drop)
    if rules is not None:
        tensors = rename(tensors, rules)
    edited = chosen._replace(tensors=tensors)
    left = set(edited.names.values())
    gone = [name for name in chosen.names.values() if name not in left]
    why = "it is not among what is to be kept"
    return edited._replace(left_out=chosen.left_out | dict.fromkeys(gone, why))


def _metadata_for(
    form: str, source: TensorReader, chosen: _Chosen, given: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any] | None, list[str]]:
    """Return what goes beside the tensors, and the names of what the format has no place for."""
    if given is not None:
        return given, []
    there = dict(source.metadata)
    new_names = {old: new for new, old in chosen.names.items()}
    said: dict[str, Any] = {}
    for name, value in there.items():
        path, _, attribute = name.rpartition("@")
        if form == "safetensors" and isinstance(value, str):
            said[name] = value
        elif form == "hdf5" and path in source:
            # a tensor's own attributes go where it goes; those that writing makes are not among
            # what is handed over
            if path in new_names and attribute != "dtype":
                said[f"{new_names[path]}@{attribute}"] = value
        elif form == "hdf5" and isinstance(value, str | int | float | bool | list):
            said[name] = value
    lost = [name for name in there if name not in said and name.rpartition("@")[0] not in source]
    return said or None, lost


def convert_naming(
    src: AnyPath,
    dst: AnyPath,
    like: AnyPath | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    fsync: bool = True,
    repeated: Repeated = "error",
    nameless: Nameless = "error",
    unreadable: Unreadable = "error",
) -> Converted:
    """Write checkpoint `src` at prefix `dst` under the other kind of names; return `dst`.

    Without `like` the variables of an object-based checkpoint (``tf.train.Checkpoint``, Keras) get
    their full names, as ``tf.compat.v1.train.Saver`` has them; `repeated`, `nameless` and
    `unreadable` are those of `to_name_based`. With `like`, an object-based checkpoint that the
    program wrote, the variables of a name-based `src` become those of its objects, for
    ``tf.train.Checkpoint.restore``. What is written is compared, and `progress` called, as in
    `convert_checkpoint`.

    What is returned says, besides, what was written, and what was left out and why; a logged
    warning does so too.

    Raises FileExistsError if there is a checkpoint at `dst`, unless `overwrite`;
    InvalidArgumentError if `dst` is a folder, or nothing would be written; else as
    `to_name_based` and `to_object_based`. None of these changes anything at `dst`.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> objects = tfckpt.to_object_based({"w": np.eye(2)}, {"w": "layer/kernel"})
    >>> path = tfckpt.convert_naming(tfckpt.save(folder + "/objects", objects), folder + "/names")
    >>> tfckpt.list_variables(path), path.summary
    ([('w', [2, 2])], '1 of 2 tensors')
    """
    if like is None:
        return convert_checkpoint(
            src,
            dst,
            "v2",
            by="name",
            repeated=repeated,
            nameless=nameless,
            overwrite=overwrite,
            progress=progress,
            fsync=fsync,
            unreadable=unreadable,
        )
    target = as_path(dst)
    with load_checkpoint(src) as source:
        _check_target(source, target, "v2", overwrite=overwrite)
        graph = object_graph(like)
        objects = as_lazy(to_object_based(source, graph))
        _write_checked(prepared(objects), target, "v2", fsync=fsync, progress=progress)
        names = {keys[0]: name for name, keys in variables_by_name(graph).items()}
        why = f"the objects of {as_path(like)} have no variable of this name"
        taken = set(names.values())
        left_out = dict.fromkeys((name for name in source if name not in taken), why)
        warn_of(left_out, source)
        return _converted(target, "v2", source=source.path, names=names, left_out=left_out)


def _converted(
    target: str,
    form: str,
    *,
    source: str,
    names: Mapping[str, str],
    left_out: dict[str, str],
    metadata_left_out: Sequence[str] = (),
) -> Converted:
    made = Converted(target)
    made.file_format, made.written, made.left_out = form, dict(names), left_out
    made.metadata_left_out = list(metadata_left_out)
    logger.info("%s: %s of %s written", target, made.summary, source)
    return made


def _check_target(
    source: TensorReader,
    target: str,
    form: str,
    *,
    overwrite: bool,
    max_shard_size: int | None = None,
) -> None:
    if form in _READERS:
        _check_prefix(source, target, form, overwrite)
        return
    written = target if max_shard_size is None else target + JSON_INDEX_SUFFIX
    if is_folder(target):
        raise InvalidArgumentError("this is a folder: give the path of a file", path=target)
    if real(source.path) == real(written):
        raise InvalidArgumentError("it is the file that is read: choose another", path=target)
    if is_file(written) and not overwrite:
        raise FileExistsError(f"{written}: there is a file already; it was left as it is")


def _check_prefix(source: TensorReader, target: str, form: str, overwrite: bool) -> None:
    own = real(source.path) == real(target)
    is_v2, is_v1 = isinstance(source, BundleReader), isinstance(source, V1Reader)
    if own and ((form == "v2" and is_v2) or (form == "v1" and is_v1 and not has_index(target))):
        raise InvalidArgumentError(f"it is a {form} checkpoint already", path=target)
    if own and form == "v1":
        raise InvalidArgumentError(
            "where both formats have one prefix the V2 one is read: choose another prefix",
            path=target,
        )
    check_no_folder(target, source)
    there = has_index(target) or is_file(target) or pattern_at(target) is not None
    # The file that is the source does not stand in the way of V2 files of its name.
    if there and not overwrite and not (own and not has_index(target)):
        raise FileExistsError(f"{target}: there is a checkpoint already; it was left as it is")


def check_no_folder(target: str, source: TensorReader) -> None:
    """Raise InvalidArgumentError for a folder where a prefix is expected."""
    if is_folder(target) and not has_index(target):
        base = os.path.basename((split_pattern(source.path) or [source.path])[0])
        raise InvalidArgumentError(
            f"this is a folder: give the prefix that the checkpoint is to have in it, such as "
            f"{join(target, base)}",
            path=target,
        )


def _write_checked(
    tensors: Prepared,
    target: str,
    form: str,
    *,
    max_shard_size: int | None = None,
    fsync: bool,
    progress: Progress | None,
    executor: Executor | None = None,
) -> str:
    """Write what was prepared, and compare what was written with it; return its path.

    The source is read once: what is compared is a fingerprint of each tensor.
    """
    sizes = {name: info.stored_size for name, info in tensors.infos.items()}
    report = counting(sizes, progress, times=2)
    given: dict[str, Fingerprint] = {}

    def handed_over(name: str) -> Array:
        array = tensors.value(name)
        given[name] = Fingerprint.of(array)
        report(name)
        return array

    by_workers = executor is not None and form == "v2"
    path = write_prepared(
        target,
        tensors if by_workers else tensors._replace(value=handed_over),
        form,
        max_shard_size=max_shard_size,
        fsync=fsync,
        leave_out="drop",
        executor=executor,
    )
    for name in sizes if by_workers else ():
        report(name)
    with _opened(path, form) as written:
        if written.keys() != sizes.keys():
            raise DataLossError("what was written has other names than the source", path=path)
        if executor is None:
            for name in sizes:
                _check_same(written, name, given[name])
                report(name)
            return path
    source = PreparedTensors(tensors, target) if by_workers else None
    pieces = list(in_pieces(sizes))
    known = [{name: given[name] for name in names if source is None} for names in pieces]
    for names in executor.map(partial(_check_piece, source, path, form), pieces, known):
        for name in names:
            report(name)
    return path


def _opened(path: str, form: str) -> TensorReader:
    return _READERS[form](path) if form in _READERS else open_tensors(path, format=form)


def _check_piece(
    source: TensorReader | None,
    path: str,
    form: str,
    names: list[str],
    known: Mapping[str, Fingerprint],
) -> list[str]:
    """Compare several tensors, where this process is; return their names.

    The source is read where a worker wrote, who has told no fingerprints.
    """
    with _opened(path, form) as written:
        for name in names:
            given = known[name] if source is None else Fingerprint.of(source[name])
            _check_same(written, name, given)
    return names


def _check_same(written: TensorReader, name: str, given: Fingerprint) -> None:
    if Fingerprint.of(written[name]) != given:
        raise DataLossError(
            "what was written differs from the source: is the disk sound?",
            path=written.path,
            tensor=name,
        )
