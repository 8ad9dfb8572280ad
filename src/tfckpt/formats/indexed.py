"""Tensors in several files, with an index that says which file has which.

    {"metadata": {"total_size": 123, ...},
     "weight_map": {name: "model-00001-of-00002.safetensors", ...}}

``model.safetensors.index.json`` is that of safetensors files, ``pytorch_model.bin.index.json``
that of PyTorch's (huggingface_hub's ``serialization/_torch.py``). That of Keras,
``model.weights.json``, maps groups of HDF5 to the files that share what is in them
(``saving/saving_lib.py``). All files lie in the folder of the index.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tfckpt.errors import DataLossError, located
from tfckpt.formats.jsons import parse_json
from tfckpt.formats.raw import ForeignReader
from tfckpt.reader import TensorInfo, TensorReader, Verify, listed
from tfckpt.storage import (
    Group,
    Members,
    NewFile,
    Source,
    check_unused,
    complete,
    create_file,
    join,
    list_folder,
    lock_folder,
    open_source,
    publish_together,
    remove_file,
    remove_leftovers,
    split,
)
from tfckpt.tensors.selection import Index
from tfckpt.tensors.stored import Array

JSON_INDEX_SUFFIX = ".index.json"
KERAS_SUFFIX = ".weights.json"
_WEIGHT_MAP = "weight_map"


class IndexedReader(ForeignReader):
    """Reads a set of files by its index; opens only those that are asked for.

    `metadata` is that of the index, and `open_file` makes the reader of a file.

    Raises DataLossError for what is no such index.
    """

    def __init__(
        self,
        index: str,
        open_file: Callable[[Source], TensorReader],
        *,
        verify: Verify = True,
        mmap: bool = True,
    ) -> None:
        super().__init__(index, verify=verify)
        with located(index):
            places, metadata = _decode(index)
        self._metadata.update(metadata)
        names = list(dict.fromkeys(name for some in places.values() for name in some))
        self._numbers = {name: number for number, name in enumerate(names)}
        paths = [join(split(index)[0], name) for name in names]
        self._members = Members(file_set(index), paths.__getitem__, open_file, mmap=mmap)
        if index.endswith(KERAS_SUFFIX):
            self._files = self._listed(names)
        else:
            self._files = {name: some[0] for name, some in places.items()}

    def _listed(self, files: Sequence[str]) -> dict[str, str]:
        """Return which file has which tensor, where the index does not say it."""
        found: dict[str, str] = {}
        for file in files:
            for name in self._members.open(self._numbers[file], lambda: True):
                if name in found:
                    raise DataLossError(
                        f"{found[name]} has it, and so has {file}", path=self.path, tensor=name
                    )
                found[name] = file
        return found

    def _reader(self, name: str) -> TensorReader:
        number = self._numbers[self._files[name]]
        with located(self.path, name):
            reader = self._members.open(number, lambda: True)
            if name not in reader:
                raise DataLossError(f"the index says that {self._files[name]} has it: it has not")
        return reader

    def _find(self, name: str) -> TensorInfo | None:
        return self._reader(name).info(name) if name in self._files else None

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def read(self, name: str, index: Index | None = None) -> Array:
        self.readable(name)
        return self._reader(name).read(name, index)

    def get_tensors(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        wanted = list(self) if names is None else list(listed(names))
        by_file: dict[str, list[str]] = {}
        for name in wanted:
            self.readable(name)
            by_file.setdefault(self._files[name], []).append(name)
        arrays: dict[str, Array] = {}
        for some in by_file.values():
            arrays.update(self._reader(some[0]).get_tensors(some))
        return {name: arrays[name] for name in wanted}

    def close(self) -> None:
        self._members.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _decode(index: str) -> tuple[dict[str, list[str]], dict[str, object]]:
    """Return the files that may have each tensor (of Keras: each group), and the metadata."""
    group = file_set(index)
    source = open_source(index + ".commit" if group.under_way else index, mmap=False)
    try:
        said = parse_json(source.read(0, source.size), "the index")
    finally:
        source.close()
    found = said.get(_WEIGHT_MAP) if isinstance(said, dict) else None
    if not isinstance(found, dict):
        raise DataLossError(f"no index of files of tensors: it has no {_WEIGHT_MAP}")
    places = {name: some if isinstance(some, list) else [some] for name, some in found.items()}
    for file in (file_name for some in places.values() for file_name in some or [None]):
        if not isinstance(file, str):
            raise DataLossError(f"no index of files of tensors: its {_WEIGHT_MAP} names none")
        if not file or file in (".", "..") or re.search(r"[/\\:\0]", file):
            raise DataLossError(f"the index leads to {file!r}, which is no file of its folder")
    metadata = said.get("metadata")
    return places, metadata if isinstance(metadata, dict) else {}


# Writing


def file_set(index: str) -> Group:
    """Return the files of a set: the index decides."""
    stem, _, suffix = os.path.basename(index).removesuffix(JSON_INDEX_SUFFIX).rpartition(".")
    member = re.compile(rf"{re.escape(stem)}-\d{{5}}-of-\d{{5}}\.{re.escape(suffix)}")
    return Group(index, lambda name: member.fullmatch(name) is not None)


def file_names(path: str, count: int) -> list[str]:
    """Return the paths of the files of a set, ``model-00001-of-00002.safetensors`` and so on."""
    stem, suffix = os.path.splitext(path)
    return [f"{stem}-{number:05d}-of-{count:05d}{suffix}" for number in range(1, count + 1)]


def publish_set(
    index: str,
    files: Sequence[NewFile],
    weight_map: Mapping[str, str],
    total_size: int,
    *,
    fsync: bool,
) -> None:
    """Give flushed files and their index the names, all at one moment; remove older files."""
    said = {"metadata": {"total_size": total_size}, _WEIGHT_MAP: dict(sorted(weight_map.items()))}
    group = file_set(index)
    check_unused(files)
    with lock_folder(index), create_file(index, fsync=fsync) as head:
        head.write((json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode())
        head.flush()
        complete(group, fsync=fsync)
        publish_together(group, files, head, fsync=fsync)
        folder, base = split(index)
        current = {os.path.basename(file.path) for file in files}
        for name in list_folder(folder):
            if group.is_member(name) and name not in current:
                remove_file(join(folder, name))
        remove_leftovers(folder, lambda name: name == base or group.is_member(name))
