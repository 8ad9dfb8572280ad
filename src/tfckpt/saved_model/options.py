"""What a graph is to be in a SavedModel: its tags, signatures, assets and operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tfckpt.graph import Operation, Tensor
from tfckpt.graphdef.messages import copied
from tfckpt.names import AnyPath, as_path
from tfckpt.protos import MetaGraphDef, SignatureDef
from tfckpt.saved_model import ops
from tfckpt.saved_model.assets import AssetFolder, Assets
from tfckpt.saved_model.graphs import fit_graph
from tfckpt.saved_model.signatures import set_signatures
from tfckpt.saver import Saver
from tfckpt.saver.given_graph import trimmed
from tfckpt.saver.var_list import ToSave


class GraphOptions(NamedTuple):
    """The arguments with which a builder adds a graph."""

    tags: Iterable[str]
    signatures: Mapping[str, SignatureDef] | None
    assets_collection: Assets | None
    assets_list: Assets | None
    main_op: Operation | str | None
    init_op: Operation | str | None
    train_op: Operation | Tensor | str | None
    clear_devices: bool
    strip_default_attrs: bool
    saver: Saver
    any_saver: bool
    assets_dir: AnyPath | None

    def make(
        self, base: MetaGraphDef | None, tensors: Mapping[str, ToSave], listed: AssetFolder
    ) -> tuple[MetaGraphDef, AssetFolder]:
        """Return the message, and the assets `listed` with those of this graph; change nothing."""
        fitted = fit_graph(base, tensors, self.saver, any_saver=self.any_saver)
        meta_graph = copied(fitted)
        meta_graph.meta_info_def.tags[:] = _checked_tags(self.tags)
        if self.signatures is not None:
            set_signatures(meta_graph, self.signatures)
        assets = listed.copy()
        assets.keep(meta_graph, None if self.assets_dir is None else as_path(self.assets_dir))
        if self.assets_collection is not None:
            assets.add(meta_graph, self.assets_collection, in_collection=True)
        if self.assets_list is not None:
            assets.add(meta_graph, self.assets_list, in_collection=False)
        if self.main_op is not None:
            ops.set_main_op(meta_graph, self.main_op)
        if self.init_op is not None:
            ops.set_init_op(meta_graph, self.init_op)
        if self.train_op is not None:
            ops.set_train_op(meta_graph, self.train_op)
        ops.get_init_op(meta_graph)  # raises if the graph has several
        trimmed(
            meta_graph,
            clear_devices=self.clear_devices,
            strip_default_attrs=self.strip_default_attrs,
        )
        return meta_graph, assets


def _checked_tags(tags: Iterable[str]) -> list[str]:
    tags = [tags] if isinstance(tags, str) else list(tags)
    for tag in tags:
        if not isinstance(tag, str):
            raise TypeError(f"a tag is a str, not {tag!r}")
    return tags
