"""From one checkpoint format to the other, and from one kind of names to the other.

1. What was written is read back and compared with the source before anything is returned.
2. A call that is refused leaves `dst` as it was.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tfckpt.bundle.commit import has_index, remove_bundle
from tfckpt.bundle.reader import BundleReader
from tfckpt.bundle.spread import Progress
from tfckpt.bundle.writer import BundleWriter
from tfckpt.checkpoint import load_checkpoint
from tfckpt.dtypes import data_type_name
from tfckpt.errors import DataLossError, InvalidArgumentError, UnimplementedError
from tfckpt.names import AnyPath, as_path, shown
from tfckpt.reader import CheckpointReader, TensorInfo, Unreadable, readable
from tfckpt.storage import is_file, is_folder, join, real
from tfckpt.tensors.stored import as_storable, same_bits
from tfckpt.v1.naming import is_pattern, pattern_at, split_pattern
from tfckpt.v1.reader import V1Reader
from tfckpt.v1.writer import DATA_TYPES as V1_DATA_TYPES
from tfckpt.v1.writer import V1Writer

if TYPE_CHECKING:
    from tfckpt.renaming import Nameless, Repeated

CHECKPOINT_FORMATS = ("v2", "v1")

logger = logging.getLogger("tfckpt")


class Converted(str):
    """The prefix of a checkpoint that was made from another, and which tensors it took from there.

    It is a str, for all that takes a prefix.
    """

    written: dict[str, str]
    """Name of each tensor that was written -> its name in the source."""
    left_out: dict[str, str]
    """Name of each tensor of the source that was not -> why."""

    @property
    def summary(self) -> str:
        """How many of the source's tensors were written, such as "27 of 28 tensors"."""
        return f"{len(self.written)} of {len(self.written) + len(self.left_out)} tensors"


def convert_checkpoint(
    src: AnyPath,
    dst: AnyPath,
    to: str = "v2",
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    fsync: bool = True,
    unreadable: Unreadable = "error",
) -> Converted:
    """Write checkpoint `src` once more at prefix `dst`, in format "v2" or "v1"; return `dst`.

    One tensor is in memory at a time. All are then read back from `dst` and compared with `src`,
    bit by bit. A partitioned tensor is written in one piece, which TensorFlow restores into
    partitions all the same. State files and ``.meta`` files stay as they are.

    What is returned says, besides, what was written. With ``unreadable="skip"`` variants, resources
    and types that are not known are left out, and a logged warning names them.

    `progress` is called as ``progress(done, total, name)`` after each tensor is written, and
    again after each is compared; the numbers are bytes of both passes.

    Raises FileExistsError if there is a checkpoint at `dst`, unless `overwrite`: then it is
    replaced, once the new one is complete. Raises UnimplementedError if `src` has dtypes that the
    V1 format lacks, or that cannot be read; InvalidArgumentError if `dst` is a folder, or V1 files
    would lie hidden behind the V2 ones of the same prefix; DataLossError if `src` is damaged,
    FileMissingError if it lacks shards. None of these changes anything at `dst`.

    >>> import tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> old = tfckpt.save(folder + "/new.ckpt", {"w": [1.0, 2.0]})
    >>> path = tfckpt.convert_checkpoint(old, folder + "/old.ckpt", to="v1")
    >>> tfckpt.load(path), path.summary
    ({'w': array([1., 2.])}, '1 of 1 tensors')
    """
    target = as_path(dst)
    if to not in CHECKPOINT_FORMATS:
        raise ValueError(
            f"a checkpoint is converted to one of {', '.join(CHECKPOINT_FORMATS)}, not {to!r}"
        )
    if is_pattern(target):
        raise ValueError(f"{target} names shards; give the prefix that the one file is to have")
    with load_checkpoint(src) as source:
        _check_target(source, target, to=to, overwrite=overwrite)
        source.check_complete()
        infos = source.infos()
        names = {name: name for name in readable(infos, unreadable, source.path)}
        _check_types({name: infos[name] for name in names}, source.path, to)
        left_out = {name: str(infos[name].why_unreadable) for name in infos if name not in names}
        sizes = {name: infos[name].stored_size for name in names}
        _write_checked(sizes, source.__getitem__, target, to=to, fsync=fsync, progress=progress)
        if to == "v1":  # where both formats have one prefix the V2 one would be read
            remove_bundle(target, fsync=fsync)
        return _converted(target, names, left_out, source.path)


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
    from tfckpt.objects import object_graph, to_object_based
    from tfckpt.objects.naming import variables_by_name
    from tfckpt.renaming import renaming, warn_of

    target = as_path(dst)
    with load_checkpoint(src) as source:
        _check_target(source, target, to="v2", overwrite=overwrite)
        if like is not None:
            graph = object_graph(like)
            objects = to_object_based(source, graph)
            sizes = {name: as_storable(value)[0].nbytes for name, value in objects.items()}
            _write_checked(
                sizes, objects.__getitem__, target, to="v2", fsync=fsync, progress=progress
            )
            names = {keys[0]: name for name, keys in variables_by_name(graph).items()}
            why = f"the objects of {as_path(like)} have no variable of this name"
            taken = set(names.values())
            left_out = dict.fromkeys((name for name in source if name not in taken), why)
        else:
            names, left_out = renaming(
                source, repeated=repeated, nameless=nameless, unreadable=unreadable
            )
            if not names:
                raise InvalidArgumentError(
                    f"none of its {len(source)} tensors is a variable: there is nothing to write "
                    f"by name",
                    path=source.path,
                )
            infos = source.infos()
            sizes = {name: infos[key].stored_size for name, key in names.items()}
            _write_checked(
                sizes,
                lambda name: source[names[name]],
                target,
                to="v2",
                fsync=fsync,
                progress=progress,
            )
        warn_of(left_out, source)
        return _converted(target, names, left_out, source.path)


def _converted(
    target: str, written: dict[str, str], left_out: dict[str, str], source: str
) -> Converted:
    made = Converted(target)
    made.written, made.left_out = written, left_out
    logger.info("%s: %s of %s written", target, made.summary, source)
    return made


def _check_target(source: CheckpointReader, target: str, *, to: str, overwrite: bool) -> None:
    own = real(source.path) == real(target)
    is_v2 = isinstance(source, BundleReader)
    if own and to == ("v2" if is_v2 else "v1"):
        raise InvalidArgumentError(f"it is a {to} checkpoint already", path=target)
    if own and to == "v1":
        raise InvalidArgumentError(
            "where both formats have one prefix the V2 one is read: choose another prefix",
            path=target,
        )
    check_no_folder(target, source)
    there = has_index(target) or is_file(target) or pattern_at(target) is not None
    # The V1 file that is the source does not stand in the way of V2 files of its name.
    if there and not overwrite and not (own and not has_index(target)):
        raise FileExistsError(f"{target}: there is a checkpoint already; it was left as it is")


def check_no_folder(target: str, source: CheckpointReader) -> None:
    """Raise InvalidArgumentError for a folder where a prefix is expected."""
    if is_folder(target) and not has_index(target):
        base = os.path.basename((split_pattern(source.path) or [source.path])[0])
        raise InvalidArgumentError(
            f"this is a folder: give the prefix that the checkpoint is to have in it, such as "
            f"{join(target, base)}",
            path=target,
        )


def _check_types(infos: Mapping[str, TensorInfo], path: str, to: str) -> None:
    bad = {
        name: data_type_name(info.data_type)
        for name, info in infos.items()
        if to == "v1" and info.data_type not in V1_DATA_TYPES
    }
    if bad:
        names = [f"{name} ({kind})" for name, kind in bad.items()]
        raise UnimplementedError(f"cannot be written as {to}: {shown(names)}", path=path)


def _write_checked(
    sizes: Mapping[str, int],
    value: Callable[[str], object],
    target: str,
    *,
    to: str,
    fsync: bool,
    progress: Progress | None,
) -> None:
    """Write tensors, of these names and stored sizes, and compare what was written."""
    report = _reporter(sizes, progress)
    with (BundleWriter if to == "v2" else V1Writer)(target, fsync=fsync) as writer:
        for name in sizes:
            writer.add(name, value(name))
            report(name)
    with BundleReader(target) if to == "v2" else V1Reader(target) as written:
        if written.keys() != sizes.keys():
            raise DataLossError("what was written has other names than the source", path=target)
        for name in sizes:
            if not same_bits(as_storable(value(name))[0], written[name]):
                raise DataLossError(
                    "what was written differs from the source: is the disk sound?",
                    path=target,
                    tensor=name,
                )
            report(name)


def _reporter(sizes: Mapping[str, int], progress: Progress | None) -> Callable[[str], None]:
    """Return what counts a tensor as done once more."""
    total = 2 * sum(sizes.values())
    done = 0

    def report(name: str) -> None:
        nonlocal done
        done += sizes[name]
        if progress is not None:
            progress(done, total, name)

    return report
