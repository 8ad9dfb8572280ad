"""MethodNameUpdater: signatures of a SavedModel on disk, for another API of TensorFlow Serving."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tfckpt.errors import FileMissingError
from tfckpt.names import AnyPath
from tfckpt.saved_model.constants import SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT
from tfckpt.saved_model.files import (
    as_folder,
    graphs_tagged,
    model_file,
    read_saved_model,
    serialized,
    tag_set,
)
from tfckpt.storage import write_file


class MethodNameUpdater:
    """Changes the method names of a SavedModel's signatures.

    Raises FileMissingError (an OSError) if `export_dir` has no SavedModel, DataLossError for a
    damaged one.
    """

    def __init__(self, export_dir: AnyPath) -> None:
        self._export_dir = as_folder(export_dir)
        self._saved_model = read_saved_model(self._export_dir)

    def replace_method_name(
        self, signature_key: str, method_name: str, tags: str | Iterable[str] | None = None
    ) -> None:
        """Give a signature another method, in the graph of these tags or in all graphs.

        Raises ValueError for a graph or a signature that is not there; then nothing has changed.
        """
        if not signature_key:
            raise ValueError("`signature_key` must be defined.")
        if not method_name:
            raise ValueError("`method_name` must be defined.")
        model = self._saved_model
        wanted = None if tags is None else tag_set(tags)
        chosen = list(model.meta_graphs) if wanted is None else graphs_tagged(model, wanted)
        if not chosen:
            raise ValueError(
                f"no graph of this SavedModel has just the tags {sorted(wanted or ())}"
            )
        for graph in chosen:
            if signature_key not in graph.signature_def:
                raise ValueError(
                    f"the graph with the tags {sorted(graph.meta_info_def.tags)} has no signature "
                    f"{signature_key!r}; it has {sorted(graph.signature_def)}"
                )
        for graph in chosen:
            graph.signature_def[signature_key].method_name = method_name

    def save(self, new_export_dir: AnyPath | None = None) -> None:
        """Write the changed message, in the form in which it was read.

        It replaces the one read, or goes to `new_export_dir`; variables and assets are not copied.
        """
        path = model_file(self._export_dir)
        if path is None:
            raise FileMissingError("the SavedModel is gone", path=self._export_dir)
        as_text = os.path.basename(path) == SAVED_MODEL_FILENAME_PBTXT
        name = SAVED_MODEL_FILENAME_PBTXT if as_text else SAVED_MODEL_FILENAME_PB
        folder = as_folder(new_export_dir) if new_export_dir else self._export_dir
        write_file(os.path.join(folder, name), serialized(self._saved_model, as_text=as_text))
