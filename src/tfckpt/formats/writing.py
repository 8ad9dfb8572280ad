"""Writing tensors to a file of any format: what it can hold is found out before anything is."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfckpt.bundle.spread import split_by_size, write_bundle, write_shards
from tfckpt.bundle.writer import BundleWriter
from tfckpt.errors import InvalidArgumentError, UnimplementedError
from tfckpt.formats import hdf5, numpys, pytorch, safetensors
from tfckpt.formats.indexed import JSON_INDEX_SUFFIX, file_names, publish_set
from tfckpt.formats.keras_files import VERSIONS, Layers, placed
from tfckpt.formats.raw import dtype_named, info_of, size_of
from tfckpt.names import AnyPath, as_path, shown
from tfckpt.reader import TensorInfo, TensorReader, listed, tensor_not_found
from tfckpt.storage import check_path, create_file, writing
from tfckpt.tensors.selection import Index
from tfckpt.tensors.stored import Array, as_array, as_storable
from tfckpt.v1.writer import DATA_TYPES as V1_DATA_TYPES
from tfckpt.v1.writer import V1Writer
from tfckpt.writer import tensor_named

Infos = Mapping[str, TensorInfo]
DType = Any  # what numpy makes a dtype of


class Prepared(NamedTuple):
    """What is to be written: what each tensor is, and how to get it, one at a time."""

    infos: Infos
    value: Callable[[str], Array]
    metadata: Mapping[str, Any] | None
    compressed: bool


class Format(NamedTuple):
    """What a format can hold, and what writes it."""

    holds: Callable[[TensorInfo], bool]
    write: Callable[[str, Prepared, bool], None]
    why_no_name: Callable[[Infos], Mapping[str, str]] = lambda infos: {}
    has_metadata: bool = False
    compresses: bool = False


def write_tensors(
    path: AnyPath,
    tensors: Mapping[str, object],
    *,
    format: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    skip: Iterable[str] = (),
    cast: Mapping[DType, DType] | None = None,
    compressed: bool = False,
    max_shard_size: int | None = None,
    layers: Layers | None = None,
    fsync: bool = True,
) -> str:
    """Write tensors to a file of any format; return its path.

    `tensors` maps names to arrays; a reader of another file is one too. One tensor is in memory
    at a time. What was at `path` is replaced as a whole, or stays as it was.

    `format` is "safetensors", "torch", "npz", "hdf5", "v1" or "v2"; without it the end of `path`
    says it (``.safetensors``; ``.pt``, ``.pth``, ``.bin``; ``.npz``; ``.h5``, ``.hdf5``; else a V2
    checkpoint). `metadata` goes where the format has a place for it. `compressed` is for npz and
    hdf5.

    `skip` names tensors that are left out; `cast` says by dtype what becomes of them
    (``{"bfloat16": "float32"}``). With `max_shard_size` (bytes) a safetensors file becomes several,
    ``model-00001-of-00002.safetensors`` and so on, with ``model.safetensors.index.json``, whose
    path is then returned.

    `layers` has the names of each layer's tensors, in the order in which Keras' layer has them. It
    makes a file of weights that Keras loads: "keras3" (``.weights.h5``), where a layer is the path
    that Keras 3 has for it (``layers/dense_1``), or "keras2" (other ``.h5``). From a checkpoint of
    objects `convert_checkpoint` takes them by itself.

    Raises InvalidArgumentError for what the format cannot hold, with all names, and ValueError for
    options that it has not; then nothing is changed.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.write_tensors(tempfile.mkdtemp() + "/m.safetensors", {"w": np.ones((2, 2))})
    >>> tfckpt.open_tensors(path)["w"].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    target = as_path(path)
    name = format_of(target, has_layers=layers is not None) if format is None else format
    if name not in (*WRITERS, *VERSIONS):
        raise ValueError(f"a format is one of {', '.join((*WRITERS, *VERSIONS))}, not {format!r}")
    if (layers is None) is (name in VERSIONS):
        raise ValueError(
            f"the format {name} needs the names of each layer's tensors: "
            f"layers={{'layers/dense': ['kernel', 'bias'], ...}}"
            if name in VERSIONS
            else f"the format {name} knows no layers; keras3 and keras2 do"
        )
    made = prepared(tensors, skip=skip, cast=cast)._replace(
        metadata=metadata, compressed=compressed
    )
    if layers is not None:
        made, name = _in_layers(made, VERSIONS[name], layers), "hdf5"
    return write_prepared(
        target,
        made,
        name,
        max_shard_size=max_shard_size,
        fsync=fsync,
    )


def write_prepared(
    target: str,
    tensors: Prepared,
    name: str,
    *,
    max_shard_size: int | None = None,
    fsync: bool = True,
    leave_out: str = "skip",
    executor: Executor | None = None,
) -> str:
    """Write what was prepared in the format of this name; raises as `write_tensors`.

    The workers of an `executor` write the data files of a V2 checkpoint. `leave_out` is the
    argument by which the caller leaves tensors out, for messages.
    """
    check_path(target)
    chosen = WRITERS[name]
    _check_options(name, chosen, tensors, max_shard_size)
    _check_held(name, chosen, tensors.infos, path=target, leave_out=leave_out)
    if max_shard_size is not None:
        return _write_set(target, tensors, max_shard_size, fsync)
    if executor is not None and name == "v2":
        given = PreparedTensors(tensors, target)
        return write_bundle(target, given, fsync=fsync, executor=executor)
    chosen.write(target, tensors, fsync)
    return target


_SUFFIXES = {
    ".safetensors": "safetensors",
    ".npz": "npz",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".pt": "torch",
    ".pth": "torch",
    ".bin": "torch",
}
# A name without a suffix, with a number as its suffix, or with one of TensorFlow's (model.ckpt-7,
# model.ckpt-best): a prefix.
_PREFIX = re.compile(r"[^.]*|.*\.(ckpt[^.]*|v2|.*-\d+|\d+)")


def format_of(path: str, *, has_layers: bool = False) -> str:
    """Return the format that a name says by its end. Raises ValueError if it says none."""
    base = os.path.basename(path)
    if has_layers and base.endswith(".h5"):
        return "keras3" if base.endswith(".weights.h5") else "keras2"
    found = next((name for end, name in _SUFFIXES.items() if base.endswith(end)), None)
    if found is None and not _PREFIX.fullmatch(base):
        raise ValueError(f"{path!r} does not say which format is meant: give format=")
    return found or "v2"


def _check_options(
    name: str, chosen: Format, tensors: Prepared, max_shard_size: int | None
) -> None:
    if tensors.metadata is not None and not chosen.has_metadata:
        raise ValueError(f"the format {name} has no place for metadata")
    if tensors.compressed and not chosen.compresses:
        raise ValueError(f"the format {name} is never compressed")
    if max_shard_size is not None and (name != "safetensors" or max_shard_size < 1):
        raise ValueError("max_shard_size is a number of bytes, for safetensors")


# What there is to write


def prepared(
    tensors: Mapping[str, object],
    *,
    skip: Iterable[str] = (),
    cast: Mapping[DType, DType] | None = None,
) -> Prepared:
    """Find out what there is to write, without those to `skip` and as those to `cast` become."""
    if not isinstance(tensors, Mapping):
        raise TypeError(f"tensors are a mapping from name to array, not {tensors!r:.80}")
    left_out = frozenset(listed(skip))
    for name in left_out:
        if name not in tensors:
            raise tensor_not_found(name, tensors, "skip=")
    dtypes = _as_types(cast or {})
    infos = {name: info for name, info in _infos(tensors).items() if name not in left_out}
    wanted = {name: _cast_info(info, dtypes) for name, info in infos.items()}

    becomes = {name: dtypes.get(info.type_name) for name, info in infos.items()}
    value = partial(_value, tensors, becomes, wanted)
    return Prepared(wanted, value, metadata=None, compressed=False)


def _in_layers(made: Prepared, version: int, layers: Layers) -> Prepared:
    """Give what was prepared its places in a file of Keras; each tensor has to have one."""
    keys, said = placed(version, layers)
    named = set(keys.values())
    for name in keys.values():
        if name not in made.infos:
            raise tensor_not_found(name, made.infos, "layers=")
    if len(named) < len(keys):
        twice = sorted(name for name, count in Counter(keys.values()).items() if count > 1)
        raise InvalidArgumentError(f"layers= names {shown(twice)} more than once")
    nowhere = [name for name in made.infos if name not in named]
    if nowhere:
        raise InvalidArgumentError(
            f"{len(nowhere)} of {len(made.infos)} tensors are in no layer: {shown(nowhere)}; name "
            f"them in layers=, or in skip="
        )
    return made._replace(
        infos={place: made.infos[name] for place, name in keys.items()},
        value=lambda place: made.value(keys[place]),
        metadata={**said, **(made.metadata or {})},
    )


def _value(
    tensors: Mapping[str, object],
    becomes: Mapping[str, np.dtype[Any] | None],
    wanted: Infos,
    name: str,
) -> Array:
    """Get a tensor as it is to be written. Raises ValueError where it is not what it was said."""
    array = _as_array(name, tensors[name])
    dtype = becomes[name]
    array = array if dtype is None else array.astype(dtype)
    expected = wanted[name]
    if array.shape != expected.shape or not _same_type(array.dtype, expected.dtype):
        raise ValueError(
            f"tensor {name!r} is {array.dtype} {list(array.shape)}, it was said to be "
            f"{expected.dtype} {list(expected.shape)}"
        )
    return array


class PreparedTensors(TensorReader):
    """What was prepared as a reader, which workers can be given if what it reads can."""

    def __init__(self, prepared: Prepared, path: str) -> None:
        self.path = path
        self._prepared = prepared

    def info(self, name: str) -> TensorInfo:
        return self._prepared.infos[name]

    def infos(self) -> Infos:
        return self._prepared.infos

    def read(self, name: str, index: Index | None = None) -> Array:
        array = self._prepared.value(name)
        return array if index is None else array[index]

    def close(self) -> None:
        """Nothing is open here."""

    def __contains__(self, name: object) -> bool:
        return name in self._prepared.infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._prepared.infos)

    def __len__(self) -> int:
        return len(self._prepared.infos)


def _same_type(a: np.dtype[Any], b: np.dtype[Any]) -> bool:
    return a.newbyteorder("=") == b or (a.kind in "SUOT" and b.kind == "O")


def _infos(tensors: Mapping[str, object]) -> Infos:
    """Return what each tensor is, without getting it where the mapping can say so."""
    if isinstance(tensors, TensorReader):
        tensors.check_complete()
        return tensors.infos()
    wrong = [name for name in tensors if not isinstance(name, str)]
    if wrong:
        raise TypeError(f"a tensor's name is a str, not {wrong[0]!r}")
    ask = getattr(tensors, "info", None)
    if ask is not None:  # any lazy mapping that has it
        return {name: ask(name) for name in tensors}
    arrays = ((name, _as_array(name, value)) for name, value in tensors.items())
    return {name: info_of(array.dtype, array.shape, array.nbytes) for name, array in arrays}


def _as_array(name: str, value: object) -> Array:
    if type(value) is np.ndarray:
        return value
    with tensor_named(name):
        array = as_array(value)
        return as_storable(array)[0] if array.dtype.kind == "O" else array


def _as_types(cast: Mapping[DType, DType]) -> dict[str, np.dtype[Any]]:
    return {_dtype(old).name: _dtype(new) for old, new in cast.items()}


def _dtype(said: DType) -> np.dtype[Any]:
    try:
        return dtype_named(said) if isinstance(said, str) else np.dtype(said)
    except UnimplementedError:
        raise ValueError(f"no dtype of numpy or ml_dtypes is called {said!r}") from None


def _cast_info(info: TensorInfo, cast: Mapping[str, np.dtype[Any]]) -> TensorInfo:
    dtype = cast.get(info.type_name)
    if dtype is None:
        return info._replace(slices=())
    return info_of(dtype, info.shape, info.size * dtype.itemsize)


def _check_held(name: str, chosen: Format, infos: Infos, path: str, leave_out: str) -> None:
    """Refuse what a format cannot hold, all at once."""
    bad = {
        tensor: info.type_name
        for tensor, info in infos.items()
        if info.why_unreadable or not chosen.holds(info)
    }
    if bad:
        kinds = sorted(set(bad.values()))
        raise InvalidArgumentError(
            f"the format {name} cannot hold {_listed(bad)}: leave them out ({leave_out}=[...])"
            + (
                f" or make them something else (cast={{{kinds[0]!r}: ...}})"
                if set(kinds) - {"string"}
                else ""
            ),
            path=path,
        )
    names = chosen.why_no_name(infos)
    if names:
        raise InvalidArgumentError(
            f"the format {name} cannot hold these names: {_listed(names)}: give others, or leave "
            f"them out ({leave_out}=[...])",
            path=path,
        )


def _listed(bad: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({why})" for name, why in bad.items())


# The formats


def _write_safetensors(path: str, tensors: Prepared, fsync: bool) -> None:
    with writing(path, fsync=fsync) as file:
        safetensors.write_safetensors(file, tensors.infos, tensors.value, tensors.metadata)


def _write_torch(path: str, tensors: Prepared, fsync: bool) -> None:
    with writing(path, fsync=fsync) as file:
        pytorch.write_torch(file, tensors.infos, tensors.value)


def _write_npz(path: str, tensors: Prepared, fsync: bool) -> None:
    with writing(path, fsync=fsync) as file:
        numpys.write_npz(file, tensors.infos, tensors.value, compressed=tensors.compressed)


def _write_hdf5(path: str, tensors: Prepared, fsync: bool) -> None:
    with writing(path, fsync=fsync) as file:
        hdf5.write_hdf5(
            file,
            tensors.infos,
            tensors.value,
            tensors.metadata,
            compressed=tensors.compressed,
        )


def _write_set(path: str, tensors: Prepared, most: int, fsync: bool) -> str:
    """Write safetensors files and their index; return its path."""
    infos = tensors.infos
    sizes = {name: size_of(infos[name]) for name in infos}
    files = split_by_size(sizes, most)
    paths = file_names(path, len(files))
    weight_map: dict[str, str] = {}
    index = path + JSON_INDEX_SUFFIX
    with ExitStack() as opened:
        writers = []
        for file_path, names in zip(paths, files, strict=True):
            file = opened.enter_context(create_file(file_path, fsync=fsync))
            some = {name: infos[name] for name in names}
            safetensors.write_safetensors(file, some, tensors.value, tensors.metadata)
            file.flush()
            writers.append(file)
            weight_map.update(dict.fromkeys(names, os.path.basename(file_path)))
        publish_set(index, writers, weight_map, sum(sizes.values()), fsync=fsync)
    return index


def _write_v1(path: str, tensors: Prepared, fsync: bool) -> None:
    with V1Writer(path, fsync=fsync) as writer:
        for name in tensors.infos:
            writer.add(name, tensors.value(name))


def _write_v2(path: str, tensors: Prepared, fsync: bool) -> None:
    def add(bundle: BundleWriter, name: str, shard: int) -> None:
        bundle.add(name, tensors.value(name), shard=shard)

    write_shards(path, [list(tensors.infos)], add, fsync=fsync)


WRITERS: dict[str, Format] = {
    "safetensors": Format(
        holds=lambda info: info.type_name in safetensors.TYPES,
        write=_write_safetensors,
        why_no_name=safetensors.why_no_name,
        has_metadata=True,
    ),
    "torch": Format(
        holds=lambda info: info.type_name in pytorch.TYPES,
        write=_write_torch,
        why_no_name=pytorch.why_no_name,
    ),
    "npz": Format(
        holds=numpys.holds,
        write=_write_npz,
        why_no_name=numpys.why_no_name,
        compresses=True,
    ),
    "hdf5": Format(
        holds=hdf5.holds,
        write=_write_hdf5,
        why_no_name=hdf5.why_no_name,
        has_metadata=True,
        compresses=True,
    ),
    "v1": Format(
        holds=lambda info: info.foreign is None and info.data_type in V1_DATA_TYPES,
        write=_write_v1,
    ),
    "v2": Format(holds=lambda info: info.foreign is None, write=_write_v2),
}
