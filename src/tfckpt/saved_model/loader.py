"""Loading: the graph with the tags that are asked for, and the variables."""

from __future__ import annotations

import logging
from collections.abc import Iterable, MutableMapping
from typing import Any

from tfckpt.checkpoint import open_prefix
from tfckpt.errors import FileMissingError
from tfckpt.graph import Graph, Operation, Tensor
from tfckpt.graph.meta_graph_import import import_meta_graph_with_return_elements
from tfckpt.graphdef.keys import GraphKeys
from tfckpt.graphdef.names import prepend_scope
from tfckpt.names import AnyPath
from tfckpt.protos import MetaGraphDef, SavedModel
from tfckpt.reader import readable
from tfckpt.saved_model.assets import check_files, get_asset_tensors
from tfckpt.saved_model.constants import VARIABLES_DIRECTORY
from tfckpt.saved_model.files import (
    as_folder,
    graphs_tagged,
    has_variables,
    model_file,
    read_saved_model,
    tag_set,
    variables_prefix,
)
from tfckpt.saved_model.ops import get_init_op, get_train_op
from tfckpt.saver import RestoreReport, Saver
from tfckpt.saver.matching import nothing_restored
from tfckpt.saver.var_list import check_var_list

__all__ = [
    "SavedModelLoader",
    "Variables",
    "contains_saved_model",
    "get_asset_tensors",
    "get_init_op",
    "get_train_op",
    "load",
    "maybe_saved_model_directory",
    "parse_saved_model",
]

logger = logging.getLogger("tfckpt")

parse_saved_model = read_saved_model

# Arguments that TensorFlow hands on to the import of the graph.
_IMPORT_KWARGS = (
    "clear_devices",
    "input_map",
    "restore_collections_predicate",
    "return_elements",
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


def maybe_saved_model_directory(export_dir: AnyPath) -> bool:
    """Whether a folder has one of the files that make a SavedModel. Nothing is read."""
    return model_file(as_folder(export_dir)) is not None


contains_saved_model = maybe_saved_model_directory


def load(
    variables: MutableMapping[str, Any],
    tags: str | Iterable[str],
    export_dir: AnyPath,
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
    loader = SavedModelLoader(export_dir)
    return loader.load(variables, tags, import_scope, graph=graph, **saver_kwargs)


class SavedModelLoader:
    """Loads the graphs and the variables of a SavedModel, step by step or at once.

    Where TensorFlow takes a session, the methods take a mapping for the variables. Nothing is run.

    Raises FileMissingError (an OSError) if `export_dir` has no SavedModel, UnparsableFileError (an
    OSError too) for a damaged one.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> builder = tfckpt.saved_model.Builder(folder)
    >>> builder.add_meta_graph_and_variables({"w": np.ones(2)}, ["serve"])
    >>> path = builder.save()
    >>> loader, graph, variables = SavedModelLoader(folder), tfckpt.Graph(), {}
    >>> saver, _ = loader.load_graph(graph, ["serve"], import_scope="old")
    >>> report = loader.restore_variables(variables, saver)
    >>> variables, "old/w" in graph, loader.run_init_ops(variables, ["serve"])
    ({'old/w': array([1., 1.])}, True, None)
    """

    def __init__(self, export_dir: AnyPath) -> None:
        self._export_dir = as_folder(export_dir)
        self._saved_model = read_saved_model(self._export_dir)

    @property
    def export_dir(self) -> str:
        """The folder of the SavedModel."""
        return self._export_dir

    @property
    def variables_path(self) -> str:
        """The prefix of the checkpoint of its variables."""
        return variables_prefix(self._export_dir)

    @property
    def saved_model(self) -> SavedModel:
        """The message that was read."""
        return self._saved_model

    def get_meta_graph_def_from_tags(self, tags: str | Iterable[str]) -> MetaGraphDef:
        """Return the first graph that has these tags and no others.

        Raises RuntimeError, which lists the tags that there are.
        """
        wanted = tag_set(tags)
        found = graphs_tagged(self._saved_model, wanted)
        if found:
            return found[0]
        available = [
            sorted(meta_graph.meta_info_def.tags) for meta_graph in self._saved_model.meta_graphs
        ]
        raise RuntimeError(
            f"MetaGraphDef associated with tags {sorted(wanted)} could not be found in SavedModel, "
            f"with available tags {available}"
        )

    def load_graph(
        self,
        graph: Graph,
        tags: str | Iterable[str],
        import_scope: str | None = None,
        **import_kwargs: Any,
    ) -> tuple[Saver | None, list[Operation | Tensor] | None]:
        """Import the graph that has these tags into `graph`, under `import_scope`.

        Returns what `tfckpt.import_meta_graph` does: a Saver of the variables, which fills them
        under the names that they have in `graph`, None for a graph without any. And the elements
        that `return_elements` lists (names in the file), None if that is left out. The other
        `import_kwargs` are those of `tfckpt.import_meta_graph`.

        Raises RuntimeError if no graph has these tags, and what `tfckpt.import_meta_graph` raises.
        """
        meta_graph = self.get_meta_graph_def_from_tags(tags)
        with graph.as_default():
            return import_meta_graph_with_return_elements(
                meta_graph, import_scope=import_scope, **import_kwargs
            )

    def restore_variables(
        self,
        variables: MutableMapping[str, Any],
        saver: Saver | None,
        import_scope: str | None = None,
    ) -> RestoreReport:
        """Fill a mapping with what a Saver restores: that of `load_graph`, or one of your own.

        Without a Saver nothing is restored; then the mapping may have no variables in the scope.

        Raises ValueError if it has some, and for what is no Saver; what `Saver.restore` raises.
        """
        if isinstance(saver, Saver):
            return saver.restore(variables, self.variables_path)
        start = prepend_scope("", import_scope)
        if saver is not None or any(name.startswith(start) for name in variables):
            raise ValueError(
                f"variables are restored by a tfckpt.Saver, such as load_graph returns, not "
                f"{saver!r}"
            )
        logger.info("%s: no Saver, so that no variables are restored", self._export_dir)
        return nothing_restored()

    def run_init_ops(
        self,
        variables: MutableMapping[str, Any],
        tags: str | Iterable[str],
        import_scope: str | None = None,
    ) -> str | None:
        """Return the name of the operation that TensorFlow runs here, None if there is none.

        Nothing is run, and the variables stay as they are; `get_asset_tensors` says what
        TensorFlow feeds.

        Raises RuntimeError if no graph has these tags, or its collection names several operations;
        FileMissingError for missing assets.
        """
        return self._init_op(self.get_meta_graph_def_from_tags(tags), import_scope)

    def _init_op(self, meta_graph: MetaGraphDef, import_scope: str | None) -> str | None:
        check_files(self._export_dir, meta_graph)
        return get_init_op(meta_graph, import_scope)

    def load(
        self,
        variables: MutableMapping[str, Any],
        tags: str | Iterable[str],
        import_scope: str | None = None,
        *,
        graph: Graph | None = None,
        **saver_kwargs: Any,
    ) -> MetaGraphDef:
        """Do what the function `load` does."""
        if not isinstance(variables, MutableMapping):
            raise TypeError(
                f"the variables go into a mapping (where TensorFlow has a session), "
                f"not a {type(variables).__name__}"
            )
        meta_graph = self.get_meta_graph_def_from_tags(tags)
        self._init_op(meta_graph, import_scope)
        import_kwargs = {
            key: saver_kwargs.pop(key) for key in _IMPORT_KWARGS if key in saver_kwargs
        }
        saver = _saver(meta_graph, self._export_dir, import_scope, saver_kwargs)
        if graph is not None:
            self.load_graph(graph, tags, import_scope, **import_kwargs)
        if saver is not None:
            self.restore_variables(variables, saver, import_scope)
        if isinstance(variables, Variables) and not import_scope:
            variables.meta_graph_def, variables.export_dir = meta_graph, self._export_dir
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
