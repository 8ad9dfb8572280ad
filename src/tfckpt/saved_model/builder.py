"""SavedModelBuilder: a SavedModel from weights, with or without a graph.

1. `export_dir` appears as a whole, when `save` is called. Until then everything lies under a
   temporary name beside it; a builder that is never saved leaves nothing.
2. A call that is refused leaves the builder, and what was added before, as they were.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from tfckpt.graph import Operation, Tensor
from tfckpt.names import AnyPath
from tfckpt.protos import MetaGraphDef, SavedModel, SaverDef, SignatureDef
from tfckpt.saved_model import constants
from tfckpt.saved_model.assets import AssetFolder, Assets, check_inside, copy_file
from tfckpt.saved_model.files import as_folder, serialized, variables_prefix
from tfckpt.saved_model.fitting import specs_of
from tfckpt.saved_model.graphs import GraphToSave, new_meta_graph
from tfckpt.saved_model.loader import Variables
from tfckpt.saved_model.options import GraphOptions
from tfckpt.saver import Saver
from tfckpt.saver.var_list import ToSave
from tfckpt.storage import create_folder, is_remote, join, write_file

# What Keras and users keep in a model's folder. The fingerprint is not copied: it is of the bytes
# of the model that was loaded, and the new one has others.
_COMPANIONS = ("keras_metadata.pb", constants.EXTRA_ASSETS_DIRECTORY, constants.DEBUG_DIRECTORY)


class SavedModelBuilder:
    """Builds a SavedModel: graphs that share variables and assets.

    Stands in for ``tf.compat.v1.saved_model.Builder``: the first graph is added together with
    the variables, others after it, and `save` writes everything. Where TensorFlow takes a session
    the weights are given: a mapping from variable name to array, also a checkpoint that is open
    for reading. Where it takes the default graph, `graph` may be a `tfckpt.Graph`, a GraphDef, or
    a MetaGraphDef such as `load` returns. Left out, it is the graph that `Variables` or the `saver`
    remember, else one made for the variables alone: TensorFlow restores them from it under their
    names.

    With `fsync` off nothing waits for the disk.

    Raises AssertionError if `export_dir` exists and is not empty.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> builder = SavedModelBuilder(folder)
    >>> builder.add_meta_graph_and_variables({"w": np.eye(2)}, [tfckpt.saved_model.SERVING])
    >>> path = builder.save()
    >>> sorted(os.listdir(folder)), tfckpt.load(folder)["w"].shape
    (['saved_model.pb', 'variables'], (2, 2))
    """

    def __init__(self, export_dir: AnyPath, *, fsync: bool = True) -> None:
        self._saved_model = SavedModel(
            saved_model_schema_version=constants.SAVED_MODEL_SCHEMA_VERSION
        )
        self._export_dir = as_folder(export_dir)
        self._fsync = fsync
        self._folder = create_folder(self._export_dir, fsync=fsync)
        self._tensors: Mapping[str, ToSave] | None = None  # of the variables that are written
        self._graph: MetaGraphDef | None = None  # the first one, as it was given
        self._assets_dir: AnyPath | None = None
        self._assets = AssetFolder(self._folder)

    def add_meta_graph_and_variables(
        self,
        variables: Mapping[str, Any],
        tags: Iterable[str],
        signature_def_map: Mapping[str, SignatureDef] | None = None,
        assets_collection: Assets | None = None,
        legacy_init_op: Operation | str | None = None,
        clear_devices: bool = False,
        main_op: Operation | str | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
        *,
        graph: GraphToSave | None = None,
        assets_dir: AnyPath | None = None,
        assets_list: Assets | None = None,
        init_op: Operation | str | None = None,
        train_op: Operation | Tensor | str | None = None,
    ) -> None:
        """Add the first graph, and write the variables.

        `signature_def_map` are the graph's signatures; left out, it keeps those it has.
        `assets_collection` lists constants of the graph that hold paths of files (or maps tensors
        to paths); the files are copied as they are now. `assets_list` does the same, and puts them
        where TensorFlow 2 has them (`asset_file_def`) and not in the collection. `assets_dir` is
        where the files lie that the graph lists already, the ``assets`` folder of the model it
        came from. `main_op` (`legacy_init_op`) is what a loader runs after restoring; `init_op` is
        the same, named by a signature and not in the collection. `train_op` is what trains the
        model. `saver` chooses what is saved and what the graph restores, and says how the
        operations for that are called (`Saver`'s `name`).

        Raises AssertionError if variables were added before, and for a signature's tensor without
        name or type; KeyError for a reserved signature's name; TypeError or ValueError for assets,
        operations or tensors that the graph does not have, and for a second init or train op;
        TensorNotFoundError (a KeyError) for variables that the graph restores and the mapping
        lacks; InvalidArgumentError (a ValueError) where dtypes or shapes differ; FileMissingError
        for an asset.
        """
        if self._tensors is not None:
            raise AssertionError(
                "Graph state including variables and assets has already been saved. "
                "Please invoke `add_meta_graph()` instead."
            )
        loaded = variables if isinstance(variables, Variables) else Variables()
        if assets_dir is None and loaded.export_dir is not None:
            assets_dir = os.path.join(loaded.export_dir, constants.ASSETS_DIRECTORY)
        any_saver = saver is None
        saver = self._default_saver() if saver is None else saver
        base = _first_graph(graph, loaded.meta_graph_def, saver.meta_graph)
        options = GraphOptions(
            tags,
            signature_def_map,
            assets_collection=assets_collection,
            assets_list=assets_list,
            main_op=main_op if main_op is not None else legacy_init_op,
            init_op=init_op,
            train_op=train_op,
            clear_devices=clear_devices,
            strip_default_attrs=strip_default_attrs,
            saver=saver,
            any_saver=any_saver,
            assets_dir=assets_dir,
        )
        tensors = specs_of(saver.tensors(variables))
        meta_graph, assets = options.make(base, tensors, self._assets)
        try:
            saver.save(variables, self._prefix(), write_meta_graph=False, write_state=False)
            assets.write(fsync=self._fsync)
            self._copy_companions(loaded.export_dir)
            self._folder.note()
        except BaseException:
            self._folder.discard()
            raise
        self._saved_model.meta_graphs.append(meta_graph)
        self._tensors, self._graph, self._assets_dir = tensors, base, assets_dir
        self._assets = assets

    def add_meta_graph(
        self,
        tags: Iterable[str],
        signature_def_map: Mapping[str, SignatureDef] | None = None,
        assets_collection: Assets | None = None,
        legacy_init_op: Operation | str | None = None,
        clear_devices: bool = False,
        main_op: Operation | str | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
        *,
        graph: GraphToSave | None = None,
        assets_dir: AnyPath | None = None,
        assets_list: Assets | None = None,
        init_op: Operation | str | None = None,
        train_op: Operation | Tensor | str | None = None,
    ) -> None:
        """Add another graph for the same variables; the first one again if no other is given.

        Arguments and errors are those of `add_meta_graph_and_variables`. A graph may restore
        fewer variables than were written.

        Raises AssertionError if that was not called before.
        """
        if self._tensors is None:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. "
                "Please invoke `add_meta_graph_and_variables()` first."
            )
        any_saver = saver is None
        saver = self._default_saver() if saver is None else saver
        options = GraphOptions(
            tags,
            signature_def_map,
            assets_collection=assets_collection,
            assets_list=assets_list,
            main_op=main_op if main_op is not None else legacy_init_op,
            init_op=init_op,
            train_op=train_op,
            clear_devices=clear_devices,
            strip_default_attrs=strip_default_attrs,
            saver=saver,
            any_saver=any_saver,
            assets_dir=self._assets_dir if assets_dir is None else assets_dir,
        )
        base = _first_graph(graph, saver.meta_graph, self._graph)
        meta_graph, assets = options.make(base, self._tensors, self._assets)
        assets.write(fsync=self._fsync)
        self._folder.note()
        self._saved_model.meta_graphs.append(meta_graph)
        self._assets = assets

    def save(
        self,
        as_text: bool = False,
        experimental_image_format: bool = False,
        experimental_image_writer_options: object = None,
    ) -> str:
        """Write ``saved_model.pb`` (``.pbtxt``), and let the folder appear; return the file's path.

        May be called again, after more graphs or for the other form.

        Raises RuntimeError for `experimental_image_format`, as TensorFlow's own builds do;
        ValueError if the graphs take more than the 2 GiB that protobuf can hold; AssertionError if
        `export_dir` was filled meanwhile; FailedPreconditionError (an OSError) when the file
        system refuses, or something has removed what was written.
        """
        if experimental_image_format:
            raise RuntimeError("the experimental image format (.cpb) is not written")
        name = (
            constants.SAVED_MODEL_FILENAME_PBTXT if as_text else constants.SAVED_MODEL_FILENAME_PB
        )
        data = serialized(self._saved_model, as_text=as_text)
        write_file(join(self._folder.open(), name), data, fsync=self._fsync)
        self._folder.publish()
        return join(self._export_dir, name)

    def _default_saver(self) -> Saver:
        # TensorFlow writes a shard for each device that variables are on: here all are on one.
        return Saver(
            sharded=True,
            write_version=SaverDef.V2,
            allow_empty=True,
            shards=1,
            fsync=self._fsync,
        )

    def _prefix(self) -> str:
        return variables_prefix(self._folder.open())

    def _copy_companions(self, source: str | None) -> None:
        """Copy what lies beside the model that the variables came from."""
        for name in _COMPANIONS if source is not None and not is_remote(source) else ():
            root = os.path.join(str(source), name)
            found = [root] if os.path.isfile(root) else _files_below(root)
            for path in found:
                check_inside(path, str(source))
                target = os.path.join(self._folder.open(), os.path.relpath(path, source))
                copy_file(path, target, fsync=self._fsync)


Builder = SavedModelBuilder


def _first_graph(*graphs: GraphToSave | None) -> MetaGraphDef | None:
    return next((new_meta_graph(graph) for graph in graphs if graph is not None), None)


def _files_below(root: str) -> list[str]:
    return [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
