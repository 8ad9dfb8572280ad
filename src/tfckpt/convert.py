"""From one checkpoint format to the other, and from one kind of names to the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import numpy as np

from tfckpt.bundle.commit import has_index, remove_bundle
from tfckpt.bundle.reader import BundleReader
from tfckpt.bundle.writer import BundleWriter
from tfckpt.checkpoint import load, load_checkpoint, save
from tfckpt.dtypes import data_type_name
from tfckpt.errors import DataLossError, InvalidArgumentError, UnimplementedError
from tfckpt.names import Path, as_path
from tfckpt.reader import CheckpointReader, TensorInfo
from tfckpt.tensors.stored import Array
from tfckpt.v1.naming import is_pattern, pattern_at
from tfckpt.v1.reader import V1Reader
from tfckpt.v1.writer import DATA_TYPES as V1_DATA_TYPES
from tfckpt.v1.writer import V1Writer

FORMATS = ("v2", "v1")

Progress = Callable[[int, int, str], object]


def convert_checkpoint(
    src: Path,
    dst: Path,
    to: str = "v2",
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    fsync: bool = True,
) -> str:
    """Write checkpoint `src` once more at prefix `dst`, in format "v2" or "v1"; return `dst`.

    One tensor is in memory at a time. All are then read back from `dst` and compared with `src`,
    bit by bit. A partitioned tensor is written in one piece, which TensorFlow restores into
    partitions all the same. State files and ``.meta`` files stay as they are.

    `progress` is called as ``progress(done, total, name)`` after each tensor is written, and
    again after each is compared; the numbers are bytes of both passes.

    Raises FileExistsError if there is a checkpoint at `dst`, unless `overwrite`: then it is
    replaced, once the new one is complete. Raises UnimplementedError if `src` has dtypes that the
    V1 format lacks, InvalidArgumentError if V1 files would lie hidden behind the V2 ones of the
    same prefix, DataLossError if `src` is damaged, FileMissingError if it lacks shards. None of
    these changes anything at `dst`.

    >>> import tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> old = tfckpt.save(folder + "/new.ckpt", {"w": [1.0, 2.0]})
    >>> path = tfckpt.convert_checkpoint(old, folder + "/old.ckpt", to="v1")
    >>> tfckpt.load(path)
    {'w': array([1., 2.])}
    """
    target = as_path(dst)
    if to not in FORMATS:
        raise ValueError(f"a checkpoint is converted to one of {', '.join(FORMATS)}, not {to!r}")
    if is_pattern(target):
        raise ValueError(f"{target} names shards; give the prefix that the one file is to have")
    with load_checkpoint(src) as source:
        _check_target(source, target, to, overwrite)
        source.check_complete()
        infos = source.infos()
        _check_types(infos, source.path, to)
        report = _reporter(infos, progress)
        _write(source, infos, target, to, fsync, report)
        _compare(source, infos, target, to, report)
        if to == "v1":  # where both formats have one prefix the V2 one would be read
            remove_bundle(target, fsync=fsync)
    return target


def convert_naming(
    src: Path,
    dst: Path,
    like: Path | None = None,
    *,
    overwrite: bool = False,
    fsync: bool = True,
) -> str:
    """Write checkpoint `src` at prefix `dst` under the other kind of names; return `dst`.

    Without `like` the variables of an object-based checkpoint (``tf.train.Checkpoint``, Keras) get
    their full names, as ``tf.compat.v1.train.Saver`` has them. With `like`, an object-based
    checkpoint that the program wrote, the variables of a name-based `src` become those of its
    objects, for ``tf.train.Checkpoint.restore``.

    Raises FileExistsError if there is a checkpoint at `dst`, unless `overwrite`; else as
    `to_name_based` and `to_object_based`. None of these changes anything at `dst`.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> objects = tfckpt.to_object_based({"w": np.eye(2)}, {"w": "layer/kernel"})
    >>> path = tfckpt.convert_naming(tfckpt.save(folder + "/objects", objects), folder + "/names")
    >>> tfckpt.list_variables(path)
    [('w', [2, 2])]
    """
    from tfckpt.objects import object_graph, to_name_based, to_object_based

    target = as_path(dst)
    with load_checkpoint(src) as source:
        _check_target(source, target, "v2", overwrite)
    renamed = to_name_based(src) if like is None else to_object_based(load(src), object_graph(like))
    return save(target, renamed, fsync=fsync)


def _check_target(source: CheckpointReader, target: str, to: str, overwrite: bool) -> None:
    own = os.path.realpath(source.path) == os.path.realpath(target)
    is_v2 = isinstance(source, BundleReader)
    if own and to == ("v2" if is_v2 else "v1"):
        raise InvalidArgumentError(f"it is a {to} checkpoint already", path=target)
    if own and to == "v1":
        raise InvalidArgumentError(
            "where both formats have one prefix the V2 one is read: choose another prefix",
            path=target,
        )
    there = has_index(target) or os.path.isfile(target) or pattern_at(target) is not None
    # The V1 file that is the source does not stand in the way of V2 files of its name.
    if there and not overwrite and not (own and not has_index(target)):
        raise FileExistsError(f"{target}: there is a checkpoint already; it was left as it is")


def _check_types(infos: Mapping[str, TensorInfo], path: str, to: str) -> None:
    bad = {
        name: data_type_name(info.data_type)
        for name, info in infos.items()
        if info.why_unreadable or (to == "v1" and info.data_type not in V1_DATA_TYPES)
    }
    if bad:
        first = ", ".join(f"{name} ({kind})" for name, kind in list(bad.items())[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise UnimplementedError(f"cannot be written as {to}: {first}{more}", path=path)


def _write(
    source: CheckpointReader,
    infos: Mapping[str, TensorInfo],
    target: str,
    to: str,
    fsync: bool,
    report: Callable[[str], None],
) -> None:
    made = BundleWriter if to == "v2" else V1Writer
    with made(target, fsync=fsync) as writer:
        for name in infos:
            writer.add(name, source.get_tensor(name))
            report(name)


def _compare(
    source: CheckpointReader,
    infos: Mapping[str, TensorInfo],
    target: str,
    to: str,
    report: Callable[[str], None],
) -> None:
    with BundleReader(target) if to == "v2" else V1Reader(target) as written:
        if list(written) != list(infos):
            raise DataLossError("what was written has other names than the source", path=target)
        for name in infos:
            if not _same(np.asarray(source[name]), np.asarray(written[name])):
                raise DataLossError(
                    "what was written differs from the source: is the disk sound?",
                    path=target,
                    tensor=name,
                )
            report(name)


def _same(a: Array, b: Array) -> bool:
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        return False
    if a.dtype.kind in "OS":
        return bool(a.tolist() == b.tolist())
    return np.array_equal(_octets(a), _octets(b))


def _octets(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _reporter(infos: Mapping[str, TensorInfo], progress: Progress | None) -> Callable[[str], None]:
    """Return what counts a tensor as done once more."""
    total = 2 * sum(info.stored_size for info in infos.values())
    done = 0

    def report(name: str) -> None:
        nonlocal done
        done += infos[name].stored_size
        if progress is not None:
            progress(done, total, name)

    return report
