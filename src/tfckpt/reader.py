"""What every file of tensors can be asked, whatever its format."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np

from tfckpt.dtypes import data_type_name, numpy_dtype, python_name, why_unreadable
from tfckpt.errors import FileMissingError, TensorNotFoundError, UnimplementedError
from tfckpt.names import close_names, decode_name, shown_lines
from tfckpt.notebook import table_html
from tfckpt.progress import Progress, counting
from tfckpt.tensors.slices import Shape, TensorSlice, volume
from tfckpt.tensors.stored import Array

# Whether checksums are checked: "whole" also where only a part of a big tensor is asked for.
Verify: TypeAlias = bool | Literal["whole"]
# What becomes of tensors that can be listed but not read.
Unreadable: TypeAlias = Literal["error", "skip"]

Self = TypeVar("Self", bound="TensorReader")

_PIECE = 64 << 20  # what is read before progress is told, or by one task of an executor

logger = logging.getLogger("tfckpt")

if TYPE_CHECKING:
    from tfckpt.tensors.selection import Index


class TensorInfo(NamedTuple):
    """What a file says of a tensor without reading it.

    `stored_size` is in bytes, as they lie on disk; `slices` is empty for a tensor in one piece.
    `foreign` is for an element type of another library that TensorFlow lacks (`data_type` is then
    0): its numpy dtype, or its name where numpy has none.
    """

    data_type: int
    shape: Shape
    stored_size: int
    slices: tuple[TensorSlice, ...] = ()
    foreign: np.dtype[Any] | str | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its numpy dtype; ``object`` for strings (of bytes) and for what cannot be read."""
        if isinstance(self.foreign, np.dtype):
            return self.foreign
        dtype = numpy_dtype(self.data_type)
        return np.dtype(object) if dtype is None else dtype

    @property
    def type_name(self) -> str:
        """The name of its element type: ``float32``, ``string``, or what its library calls it."""
        return python_name(self.data_type) if self.foreign is None else str(self.foreign)

    @property
    def why_unreadable(self) -> str | None:
        """Why its values cannot be read: a variant, a type that is not known. None if they can."""
        if isinstance(self.foreign, str):
            return f"its elements are {self.foreign}, which no array holds here"
        return None if self.foreign is not None else why_unreadable(self.data_type)

    @property
    def size(self) -> int:
        """Number of elements."""
        return volume(self.shape)


class TensorReader(Mapping[str, Array]):
    """A file of tensors as a mapping from name to array, read lazily.

    Opening reads next to nothing. An array that is handed out is the caller's own: writable,
    shared with nobody.

    >>> import numpy as np, tempfile, tfckpt
    >>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"w": np.eye(2), "step": 7})
    >>> with tfckpt.open_tensors(prefix) as reader:
    ...     print(list(reader), reader.info("w").shape, reader.get_tensor("w", np.s_[0]))
    ['step', 'w'] (2, 2) [1. 0.]
    """

    path: str

    @abstractmethod
    def info(self, name: str) -> TensorInfo:
        """Return dtype, shape, stored size and slices of one tensor.

        Raises TensorNotFoundError, which suggests close names.
        """

    @abstractmethod
    def infos(self) -> Mapping[str, TensorInfo]:
        """Return the same of every tensor, by name."""

    @abstractmethod
    def read(self, name: str, index: Index | None = None) -> Array:
        """Return a tensor as an array with the dtype that `info` has, or a part of it.

        As `get_tensor`, but a scalar is an array without dimensions (a string chosen by `index`
        is ``bytes``), and quantized types keep the structured dtypes that keep them apart.
        ``reader[name]`` is ``reader.read(name)``.
        """

    def get_tensor(self, name: str | bytes, index: Index | None = None) -> Array:
        """Return a tensor, or the part of it that ``array[index]`` would be.

        `index` is made of integers, slices and ``...`` (``numpy.s_`` writes one). A part reads
        only the bytes that it needs, where the format allows that.

        What comes is what TensorFlow's reader gives: of a scalar numpy's (``numpy.float32``), of
        strings an object array of bytes, of a scalar one ``bytes``; quantized types as the
        integers that they are stored as. `read` gives an array of each, whose dtype keeps the
        quantized types apart.

        Raises TensorNotFoundError; DataLossError for damaged bytes; UnimplementedError for
        element types that cannot be read here; IndexError for an index that does not fit.
        """
        value = self.read(as_name(name), index)
        if not isinstance(value, np.ndarray):
            return value  # one element, that the index chose
        plain = value.view(value.dtype[0]) if value.dtype.names else value
        return plain if plain.ndim else plain[()]

    def origin(self, name: str) -> tuple[TensorReader, str] | None:
        """Return where a tensor is from: the reader that has it, unchanged, and its name there.

        None for one that is worked out when it is read. Writers copy or link the stored bytes of
        what is from a bundle.
        """
        return self, name

    def pieces(self, name: str) -> Iterator[Array] | None:
        """Return a tensor's elements as flat arrays, one after another, if that is how they come.

        None for a tensor that `read` returns without more work. A writer of bundles writes each
        while the next ones are worked out, and none of them has all in memory.
        """
        return None

    def to_dask(self, name: str, chunks: Any = "auto") -> Any:
        """Return a tensor as an array of dask's, of which each block is read when it is needed.

        A block reads only the bytes that it needs, where the format allows that, and in whichever
        process computes it, which has to reach the file. `chunks` is dask's. The reader is not to
        be closed before; a process of its own opens it anew.
        """
        from tfckpt.lazy_arrays import to_dask

        return to_dask(self, name, chunks)

    @abstractmethod
    def close(self) -> None:
        """Close the files. Arrays handed out stay valid."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the file holds besides tensors, by name; of a checkpoint nothing."""
        return {}

    def get_tensors(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        """Return several tensors, or all of them, as arrays; faster than one after another."""
        return {name: self[name] for name in (self if names is None else listed(names))}

    def what_is_missing(self) -> str:
        """Say which files are missing that alone know what they hold; "" if there are none.

        Of a V1 checkpoint each shard lists its own tensors.
        """
        return ""

    def check_complete(self) -> None:
        """Raise FileMissingError if there is more than is listed, before all of it is copied."""
        missing = self.what_is_missing()
        if missing:
            raise FileMissingError(missing, path=self.path)

    def __getitem__(self, name: str) -> Array:
        """Return a tensor as an array; a scalar as one of no dimensions."""
        return self.read(name)

    @abstractmethod
    def __contains__(self, name: object) -> bool:
        """Whether there is a tensor of this name; False for what is no name."""

    # Mapping would compare by loading everything, and forbid a reader as a key.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}>"

    def _repr_html_(self) -> str:
        infos = self.infos()
        rows = (
            (name, info.type_name, str(list(info.shape)), f"{info.stored_size:,}")
            for name, info in infos.items()
        )
        title = f"{type(self).__name__} of {self.path}: {len(infos):,} tensors"
        return table_html(title, ("name", "type", "shape", "bytes"), rows, len(infos))

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)


class CheckpointReader(TensorReader):
    """A checkpoint of TensorFlow as a mapping from name to array, read lazily.

    What it maps to is always an array. It has the methods of TensorFlow's ``CheckpointReader`` too,
    whose `get_tensor` hands out scalars as numpy's, or as ``bytes``. Names come in the order of
    their UTF-8 bytes.

    Of an object-based checkpoint the names are keys. Where a tensor is asked for, the path of its
    object and its full name will do too (`tfckpt.resolve`).

    Every tensor is checked against its checksum before it is handed out. As that speaks of a whole
    tensor (a V2 one, or a stored slice of it), a part is checked, once, where that costs little: of
    a tensor of up to 4 MiB, or where a quarter of it is asked for. With ``verify="whole"`` it
    always is.

    >>> import numpy as np, tempfile, tfckpt
    >>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"w": np.eye(2), "step": 7})
    >>> with tfckpt.load_checkpoint(prefix) as reader:
    ...     print(list(reader), reader["w"].shape, reader.get_tensor("w", np.s_[0]))
    ['step', 'w'] (2, 2) [1. 0.]
    """

    def has_tensor(self, name: str | bytes) -> bool:
        return as_name(name) in self

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Return the shape of every tensor."""
        return {name: list(info.shape) for name, info in self.infos().items()}

    def get_variable_to_dtype_map(self) -> dict[str, np.dtype[Any]]:
        """Return the numpy dtype of every tensor; ``object`` for strings."""
        return {name: info.dtype for name, info in self.infos().items()}

    def debug_string(self) -> bytes:
        """Return a line for each tensor, ``name (DT_FLOAT) [2,3]``, as TensorFlow's does."""
        lines = (
            f"{name} ({data_type_name(info.data_type)}) [{','.join(map(str, info.shape))}]\n"
            for name, info in self.infos().items()
        )
        return "".join(lines).encode("utf-8", "surrogateescape")


def as_name(name: str | bytes) -> str:
    """Return a tensor's name as a str: TensorFlow's reader takes bytes, too."""
    return decode_name(name) if isinstance(name, bytes) else name


def read_in_pieces(
    reader: TensorReader, names: Iterable[str], progress: Progress | None
) -> dict[str, Array]:
    """Read several tensors, so many at a time that `progress` has something to tell."""
    wanted = list(dict.fromkeys(names))
    if progress is None:
        return reader.get_tensors(wanted)
    sizes = {name: reader.info(name).stored_size for name in wanted}
    report = counting(sizes, progress)
    values: dict[str, Array] = {}
    for piece in in_pieces(sizes):
        values.update(reader.get_tensors(piece))
        for name in piece:
            report(name)
    return values


def in_pieces(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield names of tensors that are together as big as what is worth reading at a time."""
    piece: list[str] = []
    size = 0
    for name, more in sizes.items():
        piece.append(name)
        size += more
        if size >= _PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def listed(names: Iterable[str]) -> Iterable[str]:
    """Return `names`; TypeError for a single one, whose letters nobody meant."""
    if isinstance(names, str | bytes):
        raise TypeError(f"several names are expected, such as [{names!r}]")
    return names


def readable(infos: Mapping[str, TensorInfo], unreadable: Unreadable, path: str) -> list[str]:
    """Return the names of tensors that can be read.

    The others are named in the UnimplementedError that is raised, or, with `unreadable` "skip", in
    a logged warning.
    """
    if unreadable not in ("error", "skip"):
        raise ValueError(f"unreadable is 'error' or 'skip', not {unreadable!r}")
    bad = {name: why for name, info in infos.items() if (why := info.why_unreadable)}
    if not bad:
        return list(infos)
    lines = [f"{name}: {why}" for name, why in bad.items()]
    if unreadable == "error":
        raise UnimplementedError(
            f"{len(bad)} of its {len(infos)} tensors cannot be read (unreadable='skip' leaves them "
            f"out):\n{shown_lines(lines)}",
            path=path,
        )
    logger.warning(
        "%s: %d of %d tensors cannot be read and are left out:\n%s",
        path,
        len(bad),
        len(infos),
        shown_lines(lines, limit=len(lines)),
    )
    return [name for name in infos if name not in bad]


def tensor_not_found(
    name: object, names: Iterable[str], path: str, why: str = "", count: int | None = None
) -> TensorNotFoundError:
    """Make the error for a name that a checkpoint lacks; it suggests what was meant.

    `why` is put to the end, where there may be a reason. `count` is the number of tensors, where
    `names` are not theirs alone.
    """
    if not isinstance(name, str):
        return TensorNotFoundError(f"a tensor's name is a str, not {name!r}", path=path)
    names = list(names)
    values = [known for known in names if known.startswith(f"{name}/.ATTRIBUTES/")]
    hint = values[:3] or close_names(name, names)
    number = len(names) if count is None else count
    among = f"; did you mean {' or '.join(map(repr, hint))}?" if hint else ""
    return TensorNotFoundError(
        f"not found among the {number} tensors of this checkpoint{among}{why}",
        path=path,
        tensor=name,
    )
