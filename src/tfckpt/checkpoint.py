"""Reading checkpoints of any format, in one call each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfckpt.bookkeeping import is_bookkeeping
from tfckpt.bundle.commit import committed_index
from tfckpt.bundle.reader import BundleReader
from tfckpt.detect import recognise
from tfckpt.errors import (
    DataLossError,
    FileMissingError,
    InvalidArgumentError,
    UnimplementedError,
)
from tfckpt.locate import Location, locate, possible
from tfckpt.names import AnyPath, as_path
from tfckpt.pause import no_collection
from tfckpt.progress import Progress
from tfckpt.reader import CheckpointReader, Unreadable, Verify, read_in_pieces, readable
from tfckpt.storage import is_file, is_remote
from tfckpt.tensors.stored import Array

if TYPE_CHECKING:
    from tfckpt.tensors.selection import Index


def load_checkpoint(
    ckpt_dir_or_file: AnyPath, *, verify: Verify = True, mmap: bool = True
) -> CheckpointReader:
    """Open a checkpoint for reading.

    `ckpt_dir_or_file` is a prefix, a folder (with a state file, or of a SavedModel), or any file
    of a checkpoint, of format V1 or V2. `verify=False` skips the checksums of tensors, and
    `mmap=False` the mapping of files; ``verify="whole"`` checks a tensor as a whole even where a
    small part of it is asked for.

    Raises FileMissingError if there is none, InvalidArgumentError if that is no checkpoint,
    DataLossError if it is a damaged one.
    """
    return _opened(ckpt_dir_or_file, verify=verify, mmap=mmap)


def _opened(
    path: AnyPath, *, verify: Verify = True, mmap: bool = True, prefix_first: bool = False
) -> CheckpointReader:
    """Open what a path means; behind a URL by trying, as each look would be a request too."""
    given = as_path(path)
    if not is_remote(given):
        return open_at(locate(given, prefix_first=prefix_first), verify=verify, mmap=mmap)
    for place in possible(given, prefix_first=prefix_first):
        try:
            return open_at(place, verify=verify, mmap=mmap)
        except FileMissingError:
            continue
    raise FileMissingError(
        "no checkpoint: there is no index, no state file and no file of this name", path=given
    )


def open_prefix(prefix: AnyPath) -> CheckpointReader:
    """Open what is restored from: as `load_checkpoint`, but a prefix comes before a folder.

    ``run`` may be both, after ``save(..., "run/m-1")`` and ``save(..., "run")``.
    """
    return _opened(prefix, prefix_first=True)


def open_at(location: Location, *, verify: Verify = True, mmap: bool = True) -> CheckpointReader:
    if location.is_v1:
        from tfckpt.v1.reader import V1Reader

        return V1Reader(location.path, verify=verify, mmap=mmap)
    try:
        return BundleReader(location.path, verify=verify, mmap=mmap)
    except DataLossError as error:
        raise _stranger(committed_index(location.path)) or error from None


def _stranger(index: str) -> InvalidArgumentError | None:
    """Name an index that is something else altogether, such as a page saved in its place."""
    kind = recognise(index) if is_file(index) else None
    return None if kind is None else InvalidArgumentError(f"no index: it is {kind}", path=index)


def load(
    path: AnyPath,
    *,
    verify: Verify = True,
    mmap: bool = True,
    bookkeeping: bool = True,
    unreadable: Unreadable = "error",
    progress: Progress | None = None,
) -> dict[str, Array]:
    """Return all tensors of a checkpoint, each as an array.

    Big arrays are views on private mappings of the files: they cost memory only once written to.
    Strings are object arrays of bytes, a scalar one of no dimensions.

    With ``bookkeeping=False`` what TensorFlow keeps for itself in an object-based checkpoint is
    left out: the graph of objects, the ``save_counter``, and Keras' descriptions of layers. With
    ``unreadable="skip"`` variants, resources and types that are not known are left out, and a
    logged warning names them; otherwise they raise UnimplementedError, which does.

    `progress` is called as ``progress(done, total, name)`` as tensors are read; the numbers are
    bytes (`tfckpt.progress` has bars).

    >>> import tempfile, tfckpt
    >>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"bias": [1.0, 2.0]})
    >>> tfckpt.load(prefix)
    {'bias': array([1., 2.])}
    """
    with load_checkpoint(path, verify=verify, mmap=mmap) as reader:
        if bookkeeping and unreadable == "error" and progress is None:
            return _everything(reader)
        names = readable(reader.infos(), unreadable, reader.path)
        wanted = [name for name in names if bookkeeping or not is_bookkeeping(name)]
        return read_in_pieces(reader, wanted, progress)


def _everything(reader: CheckpointReader) -> dict[str, Array]:
    """Read all tensors without listing them first, which takes its time where there are many."""
    try:
        return reader.get_tensors()
    except UnimplementedError:
        readable(reader.infos(), "error", reader.path)
        raise


def list_variables(ckpt_dir_or_file: AnyPath) -> list[tuple[str, list[int]]]:
    """Return the name and shape of every tensor, sorted by name."""
    with load_checkpoint(ckpt_dir_or_file) as reader, no_collection():
        return sorted(reader.get_variable_to_shape_map().items())


def load_variable(
    ckpt_dir_or_file: AnyPath,
    name: str,
    index: Index | None = None,
    *,
    verify: Verify = True,
    mmap: bool = True,
) -> Array:
    """Return one tensor, or a part of it; a ``:0`` at the end of `name` is taken off.

    It comes as TensorFlow's ``load_variable`` gives it: see `CheckpointReader.get_tensor`.
    """
    if not isinstance(name, str):
        raise TypeError(f"a tensor's name is a str, not {name!r}")
    with load_checkpoint(ckpt_dir_or_file, verify=verify, mmap=mmap) as reader:
        return reader.get_tensor(name.removesuffix(":0"), index)
