"""What others know of the layout of a checkpoint that has lost its index.

Another checkpoint of the same run has the same names, types, shapes and places, and the checksums
of what it holds. A graph (``.meta``, SavedModel) names the tensors that it saves, in their order,
with types and, of variables, shapes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from tfckpt.bundle.bulk_entries import decode_named
from tfckpt.bundle.commit import committed_index, has_index
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.errors import CheckpointError, DataLossError, located
from tfckpt.graphdef.listing import graph_path, meta_graphs_of
from tfckpt.latest import name_and_step
from tfckpt.locate import checkpoints_in, locate
from tfckpt.names import OBJECT_GRAPH_KEY, decode_name, encode_name, shown
from tfckpt.objectgraph.keys import ATTRIBUTES, VARIABLE_VALUE, parse_key
from tfckpt.objectgraph.nodes import check_references, node_at
from tfckpt.protos import MetaGraphDef
from tfckpt.saved_model.full_names import export_dir_of
from tfckpt.saver.restored import Laid, laid_out, wanted_tensors
from tfckpt.storage import open_source
from tfckpt.table import Table
from tfckpt.tensors.slices import Shape, parse_shape_and_slice


class Layout(NamedTuple):
    """Which tensors a checkpoint has."""

    path: str
    """Of the checkpoint, or the graph, that says it."""
    header: Header
    entries: Mapping[bytes, Entry]
    is_checkpoint: bool
    """Whether places and checksums are known; a graph's tensors lie in the order of `entries`."""
    shapeless: frozenset[bytes] = frozenset()
    """Those of which a graph does not say the shape, as of a lookup table's."""


class Unusable(NamedTuple):
    """What may have said it, and why it does not."""

    path: str
    reason: str


def layouts_for(prefix: str, like: str | None) -> Iterator[Layout | Unusable]:
    """Yield what `like` says, or else what lies beside a checkpoint, nearest first."""
    if like is not None:
        yield from _layouts_of(like)
        return
    for other in _neighbours(prefix):
        yield _attempted(other, partial(_of_checkpoint, other))
    if os.path.isfile(f"{prefix}.meta"):
        yield from _of_graphs(f"{prefix}.meta")
    model = export_dir_of(prefix)
    if model is not None:
        yield from _of_graphs(graph_path(model))


def _neighbours(prefix: str) -> list[str]:
    """Return the other checkpoints of the folder: of the same name first, then by their steps."""
    name, step = name_and_step(prefix)
    ranked = []
    for location in checkpoints_in(os.path.dirname(prefix) or os.curdir):
        other = os.path.normpath(location.path)
        if not location.is_v1 and other != os.path.normpath(prefix):
            its_name, its_step = name_and_step(other)
            is_other = os.path.normpath(its_name) != os.path.normpath(name)
            ranked.append((is_other, abs(its_step - step), other))
    return [path for *_, path in sorted(ranked)]


def _layouts_of(path: str) -> Iterator[Layout | Unusable]:
    try:
        location = locate(path, prefix_first=True)
    except CheckpointError:
        location = None
    if location is not None and not location.is_v1 and has_index(location.path):
        yield _attempted(location.path, partial(_of_checkpoint, location.path))
    else:
        yield from _of_graphs(graph_path(path))


def _attempted(path: str, make: Callable[[], Layout]) -> Layout | Unusable:
    try:
        return make()
    except CheckpointError as error:
        return Unusable(path, error.message)


def _of_checkpoint(prefix: str) -> Layout:
    index = committed_index(prefix)
    source = open_source(index)
    try:
        items = {bytes(key): bytes(value) for key, value in Table(source).items()}
    finally:
        source.close()
    with located(index):
        header = items.pop(HEADER_KEY, None)
        if header is None:
            raise DataLossError("the index has no header")
        names = [decode_name(key) for key in items]
        entries = dict(zip(items, decode_named(names, list(items.values())), strict=True))
        return Layout(prefix, Header.decode(header), entries, is_checkpoint=True)


# Graphs

# What objects write that has a shape of its own: variables, and lookup tables (``lookup_ops.py``).
_SIZED = (VARIABLE_VALUE, "table-keys", "table-values")


def _of_graphs(path: str) -> Iterator[Layout | Unusable]:
    try:
        graphs = meta_graphs_of(path)
    except CheckpointError as error:
        yield Unusable(path, error.message)
        return
    for graph in graphs:
        yield _attempted(path, partial(_of_graph, path, graph))


def _of_graph(path: str, graph: MetaGraphDef) -> Layout:
    files = laid_out(graph)
    if not files:
        raise DataLossError("this graph saves none")
    names = [saved.name for file in files for saved in file if not saved.part]
    shapes = _shapes(graph, names)
    entries: dict[bytes, Entry] = {}
    for shard_id, file in enumerate(files):
        for saved in file:
            shape = shapes.get(saved.name, ())
            for key, entry in _entries(saved, shape, shard_id).items():
                known = entries.setdefault(key, entry)
                if known is not entry:
                    entries[key] = _joined(saved.name, known, entry)
    shapeless = frozenset(encode_name(name) for name in names if name not in shapes)
    return Layout(path, Header(len(files)), entries, is_checkpoint=False, shapeless=shapeless)


def _entries(saved: Laid, shape: Shape, shard_id: int) -> dict[bytes, Entry]:
    """Return what an index says of a tensor, or of a slice of one and of the tensor that it is of.

    A slice that is the whole tensor is none (``BundleWriter::AddSlice``).
    """
    key, part = encode_name(saved.name), None
    if saved.part:
        try:
            shape, part = parse_shape_and_slice(saved.part)
        except ValueError as error:
            raise DataLossError(f"of {shown([saved.name])}: {error}") from None
    if part is None or part.shape_in(shape) == shape:
        return {key: Entry(saved.data_type, shape, shard_id)}
    return {
        key: Entry(saved.data_type, shape, slices=(part,)),
        part.key(key): Entry(saved.data_type, part.shape_in(shape), shard_id),
    }


def _joined(name: str, known: Entry, more: Entry) -> Entry:
    """Return the entry of a tensor with one more slice."""
    same = (known.data_type, known.shape) == (more.data_type, more.shape)
    if not (same and known.slices and more.slices):
        raise DataLossError(f"it saves {shown([name])} twice")
    return known._replace(slices=known.slices + more.slices)


def _shapes(graph: MetaGraphDef, names: list[str]) -> dict[str, Shape]:
    wanted = wanted_tensors(graph)
    shapes = {name: spec.shape for name, spec in wanted.items() if spec.shape is not None}
    shapes |= _object_shapes(graph, [name for name in names if name not in shapes])
    # What an object writes of itself, beside a variable's value, is one string.
    states = [name for name in names if (of := parse_key(name)) and of.attribute not in _SIZED]
    return dict.fromkeys([OBJECT_GRAPH_KEY, *states], ()) | shapes


def _object_shapes(graph: MetaGraphDef, keys: Iterable[str]) -> dict[str, Shape]:
    """Return the shapes of the variables of a TensorFlow 2 model, by key in the checkpoint."""
    saved = graph.object_graph_def
    if not saved.nodes:
        return {}
    check_references(saved)
    shapes: dict[str, Shape] = {}
    for key in keys:
        node_id = node_at(saved, key.rpartition(ATTRIBUTES)[0])
        if node_id is not None and saved.nodes[node_id].WhichOneof("kind") == "variable":
            proto = saved.nodes[node_id].variable.shape
            sizes = tuple(dim.size for dim in proto.dim)
            if not proto.unknown_rank and -1 not in sizes:
                shapes[key] = sizes
    return shapes
