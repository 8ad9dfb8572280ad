"""Safetensors: a header in JSON, and the elements behind it.

    [size of the header: u64 little-endian] [header, padded with spaces] [elements]

    {"__metadata__": {text: text, ...},
     name: {"dtype": "F32", "shape": [2, 3], "data_offsets": [start, end]}, ...}

The offsets count from the end of the header. Tensors lie back to back, in C order, little-endian,
and fill the file (the crate's ``tensor.rs``). What its library writes lies by dtype and then by
name; the header has the same order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, TypeGuard

from tfckpt.errors import CheckpointError, DataLossError, InvalidArgumentError, located
from tfckpt.formats.jsons import parse_json
from tfckpt.formats.raw import Elements, RawReader, chunks_of, dtype_named, info_of, size_of
from tfckpt.names import is_text
from tfckpt.pause import no_collection
from tfckpt.reader import TensorInfo, Verify
from tfckpt.storage import Gathered, NewFile, Source
from tfckpt.tensors.slices import Shape, volume
from tfckpt.tensors.stored import Array

METADATA = "__metadata__"
HEADER_LIMIT = 100_000_000
_MAX_SIZE = (1 << 64) - 1

# In the order in which the library lays out tensors: the last come first.
_DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "I16": "int16",
    "U16": "uint16",
    "F16": "float16",
    "BF16": "bfloat16",
    "I32": "int32",
    "U32": "uint32",
    "F32": "float32",
    "C64": "complex64",
    "F64": "float64",
    "I64": "int64",
    "U64": "uint64",
}
_KINDS = {dtype: kind for kind, dtype in _DTYPES.items()}
_RANKS = {dtype: rank for rank, dtype in enumerate(_DTYPES.values())}
# Several elements lie in a byte: listed, not read.
_PACKED_BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}

TYPES = frozenset(_KINDS)
"""The names of the element types that the format holds."""


# Reading


class SafetensorsReader(RawReader):
    """Reads a safetensors file. `metadata` is the texts of its header.

    The format has no checksums. The header is checked as strictly as by its own library, and a
    name that comes twice is refused, too.

    Raises DataLossError for what is no such file, or a damaged one.
    """

    def __init__(self, source: Source, *, verify: Verify = True) -> None:
        with located(source.path), no_collection():
            tensors, metadata = _decode(*_header(source), source.size)
        super().__init__(source, tensors, metadata, verify=verify)


def _header(source: Source) -> tuple[dict[str, Any], int]:
    """Return the header, and where the elements begin."""
    if source.size < 8:
        raise DataLossError(f"{source.size} bytes are too few for a safetensors file")
    size = int.from_bytes(source.read(0, 8), "little")
    if size > min(HEADER_LIMIT, source.size - 8):
        raise DataLossError(
            f"its header has {size} bytes, {HEADER_LIMIT} are the limit and the file has "
            f"{source.size} in all: it is cut short, or no safetensors file"
        )
    header = parse_json(source.read(8, size), "the header")
    if not isinstance(header, dict):
        raise DataLossError("the header is no JSON object")
    return header, 8 + size


def _decode(
    header: dict[str, Any], begin: int, size: int
) -> tuple[dict[str, Elements], dict[str, str]]:
    metadata = header.pop(METADATA, None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise DataLossError(f"the header's {METADATA} does not map texts to texts")
    tensors, name = {}, None
    try:  # one block for all of them: entering one takes half as long as a tensor
        for name, said in header.items():
            tensors[name] = _stored(said, begin)
    except CheckpointError:
        with located(tensor=name):
            raise
    ordered = sorted(tensors.items(), key=lambda item: (item[1].offset, item[1].info.stored_size))
    end = begin
    for name, (info, offset, *_) in ordered:
        if offset != end:
            raise DataLossError(
                f"begins at {offset - begin}, the tensor before it ends at {end - begin}",
                tensor=name,
            )
        end += info.stored_size
    if end != size:
        raise DataLossError(
            f"the tensors end at {end}, the file has {size} bytes: it is cut short, or damaged"
        )
    return dict(ordered), metadata


def _stored(said: Any, begin: int) -> Elements:
    if not isinstance(said, dict):
        raise DataLossError("the header says nothing of it")
    kind, shape, offsets = said.get("dtype"), said.get("shape"), said.get("data_offsets")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise DataLossError(f"has the shape {shape!r:.80}, and lies at {offsets!r:.80}")
    if not isinstance(kind, str):
        raise DataLossError(f"has the dtype {kind!r:.80}, which safetensors does not")
    start, end = offsets
    return Elements(_info(kind, tuple(shape), end - start), begin + start)


def _are_sizes(sizes: Any) -> TypeGuard[list[int]]:
    if not isinstance(sizes, list):
        return False
    for size in sizes:  # noqa: SIM110  there are many, and a generator takes twice as long
        if type(size) is not int or not 0 <= size <= _MAX_SIZE:
            return False
    return True


@lru_cache(maxsize=4096)
def _info(kind: str, shape: Shape, size: int) -> TensorInfo:
    """Return what the header says of a tensor. Raises DataLossError unless it has this size."""
    if kind in _PACKED_BITS:
        info, bits = (
            TensorInfo(0, shape, stored_size=size, foreign=kind),
            _PACKED_BITS[kind],
        )
    elif kind in _DTYPES:
        dtype = dtype_named(_DTYPES[kind])
        info, bits = info_of(dtype, shape, size), 8 * dtype.itemsize
    else:
        raise DataLossError(f"has the dtype {kind!r:.80}, which safetensors does not")
    if volume(shape) * bits != 8 * size:
        raise DataLossError(f"{kind} {list(shape)} takes other than the {size} bytes it has")
    return info


# Writing


def write_safetensors(
    file: NewFile,
    infos: Mapping[str, TensorInfo],
    value: Callable[[str], Array],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a file, byte for byte as ``safetensors.numpy.save_file`` does.

    `infos` have types that the format holds; `value` returns one tensor's array.
    """
    names = laid_out(infos)
    gathered = Gathered(file)
    gathered.write(_encode_header([(name, infos[name]) for name in names], metadata))
    for name in names:
        for chunk in chunks_of(value(name)):
            gathered.write(chunk)
    gathered.flush()


def why_no_name(infos: Mapping[str, TensorInfo]) -> dict[str, str]:
    """Say why tensors cannot have the names that they have."""
    return {
        name: "not UTF-8" if name != METADATA else "the place of the metadata"
        for name in infos
        if name == METADATA or not is_text(name)
    }


def laid_out(infos: Mapping[str, TensorInfo]) -> list[str]:
    """Return names in the order in which the library lays out their tensors."""
    return sorted(infos, key=lambda name: (-_RANKS[infos[name].type_name], name.encode()))


def _encode_header(
    tensors: Sequence[tuple[str, TensorInfo]], metadata: Mapping[str, str] | None
) -> bytes:
    header: dict[str, Any] = {}
    if metadata is not None:
        if not all(isinstance(text, str) for item in metadata.items() for text in item):
            raise TypeError(f"the metadata of safetensors maps texts to texts, not {metadata!r}")
        header[METADATA] = dict(metadata)
    ends = list(accumulate(size_of(info) for _, info in tensors))
    for (name, info), start, end in zip(tensors, [0, *ends], ends, strict=False):
        header[name] = {
            "dtype": _KINDS[info.type_name],
            "shape": list(info.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > HEADER_LIMIT:
        raise InvalidArgumentError(
            f"the header of {len(tensors)} tensors has {len(text)} bytes, {HEADER_LIMIT} are the "
            f"limit: write several files (max_shard_size=)"
        )
    return len(text).to_bytes(8, "little") + text
