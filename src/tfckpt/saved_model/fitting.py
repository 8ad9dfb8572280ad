"""Whether weights are those that a graph restores, checked before a SavedModel gets them.

TensorFlow finds out when the model is loaded. Weights that do not fit would make a model that
nothing can load.
"""

from __future__ import annotations

from collections.abc import Mapping

from tfckpt.dtypes import data_type_name
from tfckpt.errors import CheckpointError, InvalidArgumentError, TensorNotFoundError
from tfckpt.names import OBJECT_GRAPH_KEY, close_names, shown, shown_lines
from tfckpt.objectgraph.keys import attribute_key
from tfckpt.objectgraph.nodes import attributes_of, check_references, parse_object_graph
from tfckpt.objects.matching import matched_objects
from tfckpt.protos import MetaGraphDef, TrackableObjectGraph
from tfckpt.saved_model.full_names import names_in
from tfckpt.saver.restored import Wanted, wanted_tensors
from tfckpt.saver.var_list import ToSave
from tfckpt.tensors.slices import Shape


def check_variables(meta_graph: MetaGraphDef, variables: Mapping[str, ToSave]) -> None:
    """Refuse weights that the graph could not restore, or that none of its objects would take.

    Raises TensorNotFoundError (a KeyError), which lists all that are missing, with close names;
    InvalidArgumentError (a ValueError) where only dtypes or shapes differ, or for names that a
    TensorFlow 2 model has no object for.
    """
    wanted = wanted_tensors(meta_graph)
    if meta_graph.HasField("object_graph_def") and OBJECT_GRAPH_KEY in variables:
        _check_owned(meta_graph, variables, wanted)
    missing = [name for name in sorted(wanted) if name not in variables]
    known = _object_shapes(meta_graph, variables)
    differing = [
        text
        for name in sorted(wanted.keys() & variables.keys())
        if (text := _difference(name, wanted[name], known.get(name), variables[name]))
    ]
    if not missing and not differing:
        return
    lines = [f"the graph's variables do not fit the weights; of {len(wanted)} that it restores"]
    if missing:
        lines.append(f"{len(missing)} are missing:")
        names = list(variables)
        lines.append(shown_lines(missing, text=lambda name: f"{name}{_hint(name, names)}"))
    if differing:
        lines.append(f"{len(differing)} differ in dtype or shape:")
        lines.append(shown_lines(differing))
    kind: type[CheckpointError] = TensorNotFoundError if missing else InvalidArgumentError
    raise kind("\n".join(lines))


def specs_of(variables: Mapping[str, ToSave]) -> dict[str, ToSave]:
    """Return what `check_variables` needs of some weights, without holding on to them."""
    kept = {name: ToSave(tensor.spec, None) for name, tensor in variables.items()}
    if OBJECT_GRAPH_KEY in variables:
        objects = variables[OBJECT_GRAPH_KEY].value()
        kept[OBJECT_GRAPH_KEY] = ToSave(variables[OBJECT_GRAPH_KEY].spec, None, lambda: objects)
    return kept


def _difference(name: str, wanted: Wanted, shape: Shape | None, found: ToSave) -> str:
    shape = wanted.shape if shape is None else shape
    spec = found.spec
    if wanted.data_type == spec.data_type and shape in (None, spec.shape):
        return ""
    asked = data_type_name(wanted.data_type) + ("" if shape is None else f" {list(shape)}")
    return f"{name}: the graph has {asked}, the weights {spec.data_type.name} {list(spec.shape)}"


def _hint(name: str, names: list[str]) -> str:
    close = close_names(name, names)
    return f" (there is {close[0]!r})" if close else ""


def _check_owned(
    meta_graph: MetaGraphDef, variables: Mapping[str, ToSave], wanted: Mapping[str, Wanted]
) -> None:
    """Refuse weights under names that no object of the checkpoint has."""
    tracked = _object_graph(variables[OBJECT_GRAPH_KEY].value())
    attributes = [attribute for _, attribute in attributes_of(tracked)]
    keys = [attribute.checkpoint_key for attribute in attributes]
    if any(node.HasField("registered_saver") for node in tracked.nodes):
        return  # a registered saver writes under names of its own, which the graph does not list
    known = {OBJECT_GRAPH_KEY, *keys, *wanted}
    # A table has several tensors, whose names begin with its key.
    strays = [name for name in variables if name not in known and not name.startswith(tuple(keys))]
    if strays:
        theirs = names_in(meta_graph.object_graph_def, tracked)
        by_name = {name: key for key, name in theirs.items()}
        by_name |= {held.full_name: held.checkpoint_key for held in attributes if held.full_name}
        raise InvalidArgumentError(
            f"the model has no objects for {len(strays)} of the weights:\n"
            + shown_lines(strays, text=lambda name: f"{name}{_key_hint(name, by_name, keys)}")
            + f"\nits {len(keys)} keys are {shown(keys, 3)}"
        )


def _key_hint(name: str, by_name: Mapping[str, str], keys: list[str]) -> str:
    """Say which key was meant by a full name, by an object's path, or by something like them."""
    if name in by_name:
        return f" (its key is {by_name[name]!r})"
    if attribute_key(name) in keys:
        return f" (its key is {attribute_key(name)!r})"
    close = close_names(name, [*by_name, *keys])
    return f" (there is {by_name.get(close[0], close[0])!r})" if close else ""


def _object_shapes(meta_graph: MetaGraphDef, variables: Mapping[str, ToSave]) -> dict[str, Shape]:
    """Return the shapes of the variables of a TensorFlow 2 model, by key in the checkpoint."""
    if not meta_graph.HasField("object_graph_def") or OBJECT_GRAPH_KEY not in variables:
        return {}
    tracked = _object_graph(variables[OBJECT_GRAPH_KEY].value())
    saved = meta_graph.object_graph_def
    if not saved.nodes:
        return {}
    check_references(saved)
    shapes: dict[str, Shape] = {}
    for theirs, ours in matched_objects(saved, tracked).items():
        proto = saved.nodes[ours].variable.shape
        sizes = tuple(dim.size for dim in proto.dim)
        kind = saved.nodes[ours].WhichOneof("kind")
        if kind == "variable" and not proto.unknown_rank and -1 not in sizes:
            keys = (held.checkpoint_key for held in tracked.nodes[theirs].attributes)
            shapes.update(dict.fromkeys(keys, sizes))
    return shapes


def _object_graph(value: object) -> TrackableObjectGraph:
    item = value if isinstance(value, (bytes, str)) else value.item()  # type: ignore[attr-defined]
    return parse_object_graph(item.encode() if isinstance(item, str) else item)
