"""Loading: the graph with the tags that are asked for, and the variables."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from tfckpt.checkpoint import open_prefix
from tfckpt.errors import FileMissingError
from tfckpt.graph import Graph, import_meta_graph
from tfckpt.graph.keys import GraphKeys
from tfckpt.graph.names import prepend_scope
from tfckpt.names import Path
from tfckpt.protos import MetaGraphDef, SavedModel
from tfckpt.reader import readable
from tfckpt.saved_model.assets import check_files, get_asset_tensors
from tfckpt.saved_model.constants import (
    INIT_OP_SIGNATURE_KEY,
    LEGACY_INIT_OP_KEY,
    MAIN_OP_KEY,
    TRAIN_OP_KEY,
    TRAIN_OP_SIGNATURE_KEY,
    VARIABLES_DIRECTORY,
)
from tfckpt.saved_model.files import (
    as_folder,
    has_variables,
    model_file,
    read_saved_model,
    variables_prefix,
)
from tfckpt.saver import Saver
from tfckpt.saver.var_list import check_var_list

__all__ = [
    "Variables",
    "contains_saved_model",
    "get_asset_tensors",
    "get_init_op",
    "get_meta_graph_def_from_tags",
    "get_train_op",
    "load",
    "maybe_saved_model_directory",
    "parse_saved_model",
]

parse_saved_model = read_saved_model

# Arguments that TensorFlow hands on to the import of the graph.
_IMPORT_KWARGS = (
    "clear_devices",
    "input_map",
    "restore_collections_predicate",
    "unbound_inputs_col_name",
)


class Variables(dict[str, Any]):
    """A dict of weights that remembers the model it was loaded from.

    `load` fills it like any other mapping. A `SavedModelBuilder` that gets it takes the graph,
    signatures and assets from there, unless it is told otherwise. What was loaded under an
    `import_scope` is not remembered.
    """

    meta_graph_def: MetaGraphDef | None = None
    """The graph that was loaded; change it to change signatures of what is built next."""
    export_dir: str | None = None
    """The folder it was loaded from."""


def maybe_saved_model_directory(export_dir: Path) -> bool:
    """Whether a folder has one of the files that make a SavedModel. Nothing is read."""
    return model_file(as_folder(export_dir)) is not None


contains_saved_model = maybe_saved_model_directory


def load(
    variables: MutableMapping[str, Any],
    tags: str | Iterable[str],
    export_dir: Path,
    import_scope: str | None = None,
    *,
    graph: Graph | None = None,
    **saver_kwargs: Any,
) -> MetaGraphDef:
    """Fill a mapping with the variables of a SavedModel; return the graph that has these tags.

    `variables` takes what TensorFlow keeps in its session. Names are those of the checkpoint: a
    TensorFlow 1 model's variables by their names, a TensorFlow 2 model's by their object paths
    (``layer/kernel/.ATTRIBUTES/VARIABLE_VALUE``), with the graph of these objects under
    ``_CHECKPOINTABLE_OBJECT_GRAPH``; `tfckpt.load_object_tree` gives them as a tree. They stand
    under ``import_scope/`` where a scope is given. Arrays that the mapping has already get the
    values in place.

    `tags` must be all tags of the graph, in any order. The graph is returned as it is in the
    file; it is imported only into a `graph` that is given, under `import_scope`. Its init op is
    recorded (`get_init_op`) and not run. `saver_kwargs` are those of `tfckpt.Saver`, or of
    `tfckpt.import_meta_graph`.

    Raises RuntimeError if no graph has these tags; FileMissingError (an OSError) for a missing
    model, variables or assets; DataLossError for damaged files; what `Saver.restore` raises if
    arrays do not fit. Then the mapping is as it was.

    >>> import numpy as np, tempfile
    >>> from tfckpt import saved_model
    >>> builder = saved_model.Builder(tempfile.mkdtemp())
    >>> builder.add_meta_graph_and_variables({"w": np.ones(2)}, [saved_model.SERVING])
    >>> variables = {}
    >>> meta_graph = load(variables, ["serve"], builder.save().rpartition("/")[0])
    >>> variables, meta_graph.meta_info_def.tags
    ({'w': array([1., 1.])}, ['serve'])
    """
    folder = as_folder(export_dir)
    if not isinstance(variables, MutableMapping):
        raise TypeError(
            f"the variables go into a mapping (where TensorFlow has a session), "
            f"not a {type(variables).__name__}"
        )
    meta_graph = get_meta_graph_def_from_tags(read_saved_model(folder), tags)
    check_files(folder, meta_graph)
    get_init_op(meta_graph)
    import_kwargs = {key: saver_kwargs.pop(key) for key in _IMPORT_KWARGS if key in saver_kwargs}
    saver = _saver(meta_graph, folder, import_scope, saver_kwargs)
    if graph is not None:
        with graph.as_default():
            import_meta_graph(meta_graph, import_scope=import_scope, **import_kwargs)
    if saver is not None:
        saver.restore(variables, variables_prefix(folder))
    if isinstance(variables, Variables) and not import_scope:
        variables.meta_graph_def, variables.export_dir = meta_graph, folder
    return meta_graph


def _saver(
    meta_graph: MetaGraphDef, folder: str, scope: str | None, saver_kwargs: dict[str, Any]
) -> Saver | None:
    """Return a Saver for the variables, None if there are none. Raises if there should be some."""
    if not has_variables(folder):
        if not meta_graph.saver_def.restore_op_name and not _has_variable_list(meta_graph):
            return None
        raise FileMissingError(
            f"the graph restores variables, but there is no {VARIABLES_DIRECTORY}/ with them",
            path=folder,
        )
    places = check_var_list(saver_kwargs.pop("var_list", None)) or _everything(folder)
    scoped = {
        name: prepend_scope(place, scope) if isinstance(place, str) else place
        for name, place in places.items()
    }
    return Saver(scoped, **{"allow_empty": True, **saver_kwargs})


def _everything(folder: str) -> dict[str, object]:
    with open_prefix(variables_prefix(folder)) as reader:
        return {name: name for name in readable(reader.infos(), "skip", folder)}


def _has_variable_list(meta_graph: MetaGraphDef) -> bool:
    key = GraphKeys.GLOBAL_VARIABLES
    return key in meta_graph.collection_def and bool(
        meta_graph.collection_def[key].bytes_list.value
    )


def get_meta_graph_def_from_tags(
    saved_model: SavedModel, tags: str | Iterable[str]
) -> MetaGraphDef:
    """Return the first graph of a SavedModel that has these tags and no others.

    Raises RuntimeError, which lists the tags that there are.
    """
    wanted = {tags} if isinstance(tags, str) else set(tags)
    for meta_graph in saved_model.meta_graphs:
        if set(meta_graph.meta_info_def.tags) == wanted:
            return meta_graph
    available = [sorted(one.meta_info_def.tags) for one in saved_model.meta_graphs]
    raise RuntimeError(
        f"MetaGraphDef associated with tags {sorted(wanted)} could not be found in SavedModel, "
        f"with available tags {available}"
    )


def get_init_op(meta_graph_def: MetaGraphDef, import_scope: str | None = None) -> str | None:
    """Return the name of the operation that a loader runs after restoring, None if there is none.

    Raises RuntimeError for a collection of other than one such operation.
    """
    return _op(
        meta_graph_def, INIT_OP_SIGNATURE_KEY, (MAIN_OP_KEY, LEGACY_INIT_OP_KEY), import_scope
    )


def get_train_op(meta_graph_def: MetaGraphDef, import_scope: str | None = None) -> str | None:
    """Return the name of the operation (or tensor) that trains the model, None if there is none."""
    return _op(meta_graph_def, TRAIN_OP_SIGNATURE_KEY, (TRAIN_OP_KEY,), import_scope)


def _op(
    meta_graph: MetaGraphDef, signature: str, collections: Iterable[str], scope: str | None
) -> str | None:
    if signature in meta_graph.signature_def:
        outputs = meta_graph.signature_def[signature].outputs
        if signature in outputs:
            return prepend_scope(outputs[signature].name, scope)
    for key in collections:
        if key in meta_graph.collection_def:
            names = meta_graph.collection_def[key].node_list.value
            if len(names) != 1:
                raise RuntimeError(
                    f"Expected exactly one SavedModel init op in {key}. "
                    f"Found {len(names)}: {list(names)}."
                )
            return prepend_scope(names[0], scope)
    return None
