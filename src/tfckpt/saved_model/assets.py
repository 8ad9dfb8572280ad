"""Assets: files that a graph reads, such as vocabularies, carried along in ``assets/``.

A graph names each by a string constant, into which a loader feeds the path of the file:

    TensorFlow 1   collection saved_model_assets: Any(AssetFileDef) ...
    TensorFlow 2   asset_file_def: AssetFileDef ...             AssetFileDef = tensor, file name
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress

from tfckpt.coding import Buffer
from tfckpt.dtypes import DataType
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError
from tfckpt.graph.operation import Tensor
from tfckpt.graphdef.names import op_name, parse_tensor_name, prepend_scope
from tfckpt.names import AnyPath, as_path
from tfckpt.parsing import parse_binary
from tfckpt.protos import AssetFileDef, MetaGraphDef, NodeDef
from tfckpt.saved_model.constants import ASSETS_DIRECTORY, ASSETS_KEY
from tfckpt.storage import (
    FolderWriter,
    Source,
    create_file,
    is_remote,
    join,
    open_source,
    remove_file,
)

# Tensors that hold a path; or tensors (or their names) and the path of each.
Assets = Iterable[Tensor | str] | Mapping[Tensor | str, AnyPath]

_CHUNK = 1 << 20


def asset_file_defs(meta_graph: MetaGraphDef) -> list[AssetFileDef]:
    """List a graph's assets, those of asset_file_def or else of the collection.

    Raises DataLossError for an entry that is no AssetFileDef, or whose file lies elsewhere.
    """
    found = list(meta_graph.asset_file_def)
    if not found and ASSETS_KEY in meta_graph.collection_def:
        for packed in meta_graph.collection_def[ASSETS_KEY].any_list.value:
            try:
                found.append(parse_binary(packed.value, AssetFileDef))
            except DataLossError:
                raise DataLossError(f"the collection {ASSETS_KEY} holds what is no asset") from None
    for asset in found:
        check_name(asset.filename)
    return found


def check_name(filename: str) -> None:
    """Refuse the name of a file that would not lie in the folder of the assets."""
    parts = filename.replace("\\", "/").split("/")
    # A colon: C:x is a path of its own on Windows.
    if not filename or not {"", ".", ".."}.isdisjoint(parts) or ":" in parts[0] or "\0" in filename:
        raise DataLossError(f"the asset {filename!r} would lie outside of {ASSETS_DIRECTORY}/")


def get_asset_tensors(
    export_dir: str, meta_graph_def_to_load: MetaGraphDef, import_scope: str | None = None
) -> dict[str, str]:
    """Return the path of each asset's file by the name of the tensor that takes it.

    Raises DataLossError for a name that leads out of the folder.
    """
    folder = join(export_dir, ASSETS_DIRECTORY)
    return {
        prepend_scope(asset.tensor_info.name, import_scope): os.path.join(folder, asset.filename)
        for asset in asset_file_defs(meta_graph_def_to_load)
    }


def check_files(export_dir: str, meta_graph: MetaGraphDef) -> None:
    """Raise FileMissingError, naming all assets whose files are not there."""
    paths = set(get_asset_tensors(export_dir, meta_graph).values())
    missing = sorted(path for path in paths if not is_remote(path) and not os.path.isfile(path))
    if missing:
        raise FileMissingError(
            f"{len(missing)} assets of this SavedModel are missing: {', '.join(missing)} "
            f"(tfckpt.load reads the variables without them)",
            path=export_dir,
        )


def check_inside(path: str, folder: str) -> None:
    """Refuse a file of a model that is a link to what lies outside of the model's folder.

    Otherwise whoever made the model could have any file of this machine copied into the next model.
    """
    if is_remote(path):
        return
    real, root = os.path.realpath(path), os.path.realpath(folder)
    if os.path.commonpath([real, root]) != root:
        raise InvalidArgumentError(
            f"this is a link to {real}, which lies outside of the model in {folder}: put a copy in "
            f"its place if it belongs there",
            path=path,
        )


def _model_of(assets_dir: str) -> str:
    """Return the folder of the model that assets lie in."""
    folder, name = os.path.split(os.path.normpath(assets_dir))
    return folder if name == ASSETS_DIRECTORY else assets_dir


class AssetFolder:
    """The assets of a SavedModel in the making: which file goes under which name."""

    def __init__(self, model: FolderWriter) -> None:
        self._model = model
        self._sources: dict[str, str] = {}  # name within assets/ -> where the file comes from
        self._copied: set[str] = set()  # names whose files have been copied

    def copy(self) -> AssetFolder:
        copy = AssetFolder(self._model)
        copy._sources.update(self._sources)
        copy._copied.update(self._copied)
        return copy

    def keep(self, meta_graph: MetaGraphDef, assets_dir: str | None) -> None:
        """Take over the assets that a graph names already, from the model that it came from.

        Raises InvalidArgumentError if it is not known where they are, or the graph lacks the
        tensor that takes one; `write` finds those that are missing.
        """
        listed = asset_file_defs(meta_graph)
        _check_tensors(meta_graph, listed)
        names = {asset.filename for asset in listed}
        if names and assets_dir is None:
            raise InvalidArgumentError(
                f"the graph has the assets {sorted(names)}: say in which folder they lie "
                f"(assets_dir=), or load it into a saved_model.Variables, which remembers"
            )
        for name in sorted(names):
            source = os.path.join(str(assets_dir), name)
            check_inside(source, _model_of(str(assets_dir)))
            if not self._is_free(name, source):
                raise InvalidArgumentError(f"another asset is named {name!r} already", path=source)
            self._sources.setdefault(name, source)

    def add(self, meta_graph: MetaGraphDef, assets: Assets, *, in_collection: bool) -> None:
        """List assets in a graph, under names that no other asset has.

        Raises ValueError where a loader would not see some of the graph's assets.
        """
        found = _paths(meta_graph, assets)
        if found and _lists_elsewhere(meta_graph, in_collection=in_collection):
            raise ValueError(
                f"a loader reads the collection {ASSETS_KEY} only where asset_file_def is empty, "
                f"and this graph would have assets in both: give all to assets_list=, or to "
                f"assets_collection="
            )
        for tensor, path in found:
            name = self._name(path)
            self._sources.setdefault(name, path)
            definition = AssetFileDef(filename=name)
            definition.tensor_info.name = tensor
            if in_collection:
                meta_graph.collection_def[ASSETS_KEY].any_list.value.add().Pack(definition)
            else:
                meta_graph.asset_file_def.append(definition)

    def _name(self, path: str) -> str:
        """Return the name for a file. Files of one base name and content share theirs."""
        base = os.path.basename(path)
        check_name(base)
        name, number = base, 0
        while not self._is_free(name, path):
            number += 1
            name = f"{base}_{number}"
        return name

    def _is_free(self, name: str, path: str) -> bool:
        """Whether a name may stand for a file: no other has it, or one of the same content.

        A file that was copied is compared by the copy: its source may have changed since.
        """
        if name not in self._sources:
            return True
        known = join(self._folder(), name) if name in self._copied else self._sources[name]
        return same_content(known, path)

    def _folder(self) -> str:
        return join(self._model.open(), ASSETS_DIRECTORY)

    def write(self, *, fsync: bool) -> None:
        """Copy what is not in place yet: all of it, or nothing."""
        new = self._sources.keys() - self._copied
        targets = {name: join(self._folder(), name) for name in sorted(new)}
        try:
            for name, target in targets.items():
                copy_file(self._sources[name], target, fsync=fsync)
        except BaseException:
            with suppress(OSError):
                for target in targets.values():
                    remove_file(target)
            raise
        self._copied |= new


def _check_tensors(meta_graph: MetaGraphDef, listed: Iterable[AssetFileDef]) -> None:
    nodes = {node.name for node in meta_graph.graph_def.node}
    for asset in listed:
        if op_name(asset.tensor_info.name) not in nodes:
            raise InvalidArgumentError(
                f"the graph lists {asset.filename!r} as an asset for the tensor "
                f"{asset.tensor_info.name!r}, which it does not have: it may have been imported "
                f"into a scope, of which the list does not know"
            )


def _lists_elsewhere(meta_graph: MetaGraphDef, *, in_collection: bool) -> bool:
    if in_collection:
        return bool(meta_graph.asset_file_def)
    collections = meta_graph.collection_def
    return ASSETS_KEY in collections and bool(collections[ASSETS_KEY].any_list.value)


def same_content(path: str, other: str) -> bool:
    """Whether two files have the same content. Raises FileMissingError where a file is missing."""
    if path == other:
        return True
    with closing(_open(path)) as a, closing(_open(other)) as b:
        return a.size == b.size and all(
            left == right for left, right in zip(_chunks(a), _chunks(b), strict=True)
        )


def _open(path: str) -> Source:
    if not is_remote(path) and not os.path.isfile(path):
        raise FileMissingError("an asset that is to be copied is no file", path=path)
    return open_source(path)


def _chunks(reading: Source) -> Iterator[Buffer]:
    for offset in range(0, reading.size, _CHUNK):
        yield reading.read(offset, min(_CHUNK, reading.size - offset))


def copy_file(source: str, target: str, *, fsync: bool) -> None:
    """Copy a file. Raises FileMissingError if there is none."""
    with closing(_open(source)) as reading, create_file(target, fsync=fsync) as file:
        for chunk in _chunks(reading):
            file.write(chunk)
        file.publish()


def _paths(meta_graph: MetaGraphDef, assets: Assets) -> list[tuple[str, str]]:
    """Return tensor and path of each asset. Raises TypeError or ValueError for what is none."""
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    given = assets.items() if isinstance(assets, Mapping) else ((tensor, None) for tensor in assets)
    return [_path(nodes, tensor, path) for tensor, path in given]


def _path(nodes: Mapping[str, NodeDef], tensor: object, path: AnyPath | None) -> tuple[str, str]:
    if not isinstance(tensor, (Tensor, str)):
        raise TypeError(f"an asset is a Tensor that holds a path, not {tensor!r}")
    name = tensor if isinstance(tensor, str) else tensor.name
    node = nodes.get(op_name(name))
    if node is None:
        raise ValueError(f"the graph has no tensor {name!r} for an asset")
    found = _constant(node) if path is None else as_path(path)
    if not found:
        raise ValueError(f"Asset filepath tensor {name!r} is invalid: the path is empty")
    node_name, index = parse_tensor_name(name)
    return f"{node_name}:{index}", found


def _constant(node: NodeDef) -> str:
    value = node.attr["value"].tensor if node.op == "Const" else None
    if value is None or value.dtype != DataType.DT_STRING or len(value.string_val) != 1:
        raise TypeError(
            f"asset {node.name!r} must be a constant of one string, not {node.op} (or give the "
            f"path with it: a mapping from tensor to path)"
        )
    return os.fsdecode(value.string_val[0])
