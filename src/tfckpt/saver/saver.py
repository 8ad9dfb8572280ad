"""Saver: numbered checkpoints of a training run, and which of them are kept.

1. The state file never names a checkpoint that is not complete.
2. An old checkpoint is deleted only after a state file without it is in place.
3. A save that is refused, or fails, leaves this object and all other checkpoints as they were.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from tfckpt.background.prepared import Arrays, PreparedSave
from tfckpt.bundle.commit import has_index
from tfckpt.bundle.linking import NOTHING_LINKED, LinkPlan
from tfckpt.bundle.spread import write_shards
from tfckpt.bundle.unchanged import MAX_LINKS, Bounds, Compare, links_to
from tfckpt.bundle.writer import BundleWriter
from tfckpt.checkpoint import open_prefix
from tfckpt.dtypes import DataType
from tfckpt.errors import (
    CheckpointError,
    FileMissingError,
    InvalidArgumentError,
    UnimplementedError,
)
from tfckpt.graphdef.files import write_message
from tfckpt.keep import Policy
from tfckpt.keep.record import checked_metrics
from tfckpt.latest import search
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path
from tfckpt.objects.values import check_holders
from tfckpt.progress import Progress, counting
from tfckpt.protos import CheckpointState, MetaGraphDef, SaverDef
from tfckpt.saver.by_policy import ByPolicy
from tfckpt.saver.definition import check_saver_def, in_scope, make_saver_def, out_of_scope
from tfckpt.saver.given_graph import GivenGraph, places_in, to_write, trimmed, unused_scope
from tfckpt.saver.matching import (
    RestoreReport,
    apply,
    check_places,
    nothing_restored,
    plan_restore,
    raise_for,
)
from tfckpt.saver.nodes import DEFAULT_FILENAME, encoded
from tfckpt.saver.path import Target, name_files
from tfckpt.saver.retention import Deleted, Folder, Kept, Retention, remove_data
from tfckpt.saver.sharding import Shards, choose_shards, write_v1_shards
from tfckpt.saver.var_list import (
    Spec,
    ToSave,
    as_mutable_mapping,
    check_var_list,
    tensors_to_save,
)
from tfckpt.saver.variables_graph import make_meta_graph
from tfckpt.state import get_checkpoint_mtimes, latest_in_state, state_for, write_state
from tfckpt.storage import ThreadLock, check_room, remove_file, write_file

logger = logging.getLogger("tfckpt")

_ATTEMPTS = 10  # to read the latest checkpoint of a folder before others delete it


class Saver:
    """Saves weights as numbered checkpoints, keeps the newest, and restores.

    Stands in for ``tf.compat.v1.train.Saver``: the same arguments, files, names and rules. Where
    TensorFlow takes a session, `save` and `restore` take the weights: a mapping from variable
    name to array.

    >>> import numpy as np, tempfile, tfckpt
    >>> weights = {"w": np.zeros((2, 3), np.float32), "step": np.int64(0)}
    >>> saver = tfckpt.Saver(max_to_keep=2)
    >>> prefix = tempfile.mkdtemp() + "/model.ckpt"
    >>> for step in (10, 20, 30):
    ...     weights["w"] += 1
    ...     path = saver.save(weights, prefix, global_step=step)
    >>> [name.rpartition("-")[2] for name in saver.last_checkpoints]
    ['20', '30']
    >>> report = saver.restore(weights, prefix + "-20")
    >>> report.restored, float(weights["w"].max())
    (['step', 'w'], 2.0)

    `var_list` chooses what is saved and restored: names in the mapping, or a dict from name in
    the checkpoint to name in the mapping, or to an array of its own. None means the whole
    mapping. `reshape` lets a restored tensor take the variable's shape if it has as many
    elements. `sharded` writes several data files side by side; `shards` says how many, or (a
    mapping from name, or a function of name and array) which tensor goes where; left alone it
    spreads them by size. `max_to_keep` is how many checkpoints stay, 0 or None for all, and one
    every `keep_checkpoint_every_n_hours` stays for good. `restore_sequentially` holds one tensor
    at a time in memory while restoring. `saver_def` takes these settings from a SaverDef.
    `write_version` is ``SaverDef.V2``, or ``V1`` for the default before TensorFlow 0.12.
    `pad_step_number` writes steps with eight digits, `save_relative_paths` makes the paths in
    the state file relative to it. `allow_empty` makes a Saver without variables do nothing.

    `name` and `filename` name the operations, and the default file, in the graph that goes
    beside a checkpoint; `meta_graph` is a graph to write instead of one made for the weights.
    `builder` has no meaning here. `keep` is a policy (`tfckpt.keep`) that takes the place of
    `max_to_keep` and `keep_checkpoint_every_n_hours`; it goes on by itself after a restart.
    `incremental` writes only what has changed since the checkpoint before, as `tfckpt.save` does
    with a `base`; `compare` and `max_links` are those of `save`.
    With `check` each save is read back before it replaces anything and before anything is deleted,
    as `tfckpt.save` does.
    `on_saved(path)` is called after each save that wrote a checkpoint, `on_deleted(path, reason)`
    for each that was deleted. With `fsync` off a save does not wait for the disk: it still
    survives being killed, but not a loss of power.

    Raises ValueError for a negative `max_to_keep`, an empty `var_list` without `allow_empty`,
    a name twice; TypeError for a `var_list` that is none.
    """

    def __init__(
        self,
        var_list: Iterable[str] | Mapping[str, Any] | None = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: SaverDef | None = None,
        builder: object = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = SaverDef.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | bytes | None = None,
        *,
        shards: Shards = None,
        fsync: bool = True,
        meta_graph: GivenGraph | None = None,
        keep: Policy | None = None,
        incremental: bool = False,
        compare: Compare = "bytes",
        max_links: int = MAX_LINKS,
        check: bool = False,
        on_saved: Callable[[str], object] | None = None,
        on_deleted: Callable[[str, str], object] | None = None,
    ) -> None:
        if keep is not None:
            max_to_keep = _left_alone(keep, max_to_keep)
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. "
                "Either set defer_build=False or var_list=None."
            )
        self._places = check_var_list(var_list)
        self._reshape = reshape
        self._sequentially = restore_sequentially
        self._allow_empty = allow_empty
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._filename = encoded(as_path(filename)) if filename else DEFAULT_FILENAME
        self._shards = shards
        self._fsync = fsync
        self._meta_graph = meta_graph
        self._graph_cache: tuple[object, bytes] | None = None
        self._keep = keep
        self._incremental = incremental
        self._bounds = Bounds(compare, max_links)
        self._bounds.check()
        self._check = check
        self._base: str | None = None
        self._hooks = on_saved, on_deleted
        self._retention: Retention | ByPolicy = Retention()
        self._lock = ThreadLock()
        if meta_graph is not None and saver_def is None:
            name = unused_scope(meta_graph, (name or "save").rstrip("/"))
        if saver_def is None:
            self._wanted = make_saver_def(
                name,
                sharded=sharded,
                max_to_keep=max_to_keep,
                keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
                write_version=write_version,
            )
        else:
            self._wanted = in_scope(check_saver_def(saver_def), name)
        if incremental and self._wanted.version != SaverDef.V2:
            raise ValueError("only checkpoints of format V2 are saved incrementally")
        if check and self._wanted.version != SaverDef.V2:
            raise ValueError("only checkpoints of format V2 are read back: `check` is not for V1")
        if meta_graph is not None and var_list is None:
            self._places = places_in(meta_graph, self._wanted)
        self.saver_def: SaverDef | None = None
        if not defer_build:
            self.build()

    def build(self) -> None:
        """Start the clock of `keep_checkpoint_every_n_hours`; done already unless `defer_build`.

        Raises ValueError for an empty `var_list` unless `allow_empty`.
        """
        if self.saver_def is not None:
            return
        if self._places is not None and not self._places and not self._allow_empty:
            raise ValueError("No variables to save")
        self.saver_def = self._wanted
        if self._keep is not None:
            self._retention = ByPolicy(self._keep)
            return
        self._retention = Retention(
            self.saver_def.max_to_keep, self.saver_def.keep_checkpoint_every_n_hours, time.time()
        )

    def save(
        self,
        variables: Mapping[str, Any] | None,
        save_path: AnyPath,
        global_step: object = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        *,
        metrics: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> str | None:
        """Write a checkpoint and its graph, then the state file, then delete what is too old.

        Returns its prefix, `save_path` + ``-`` + `global_step`; None if there was nothing to
        save and the Saver allows that. `global_step` is an integer, or the name in `variables`
        of one. `latest_filename` names the state file, ``checkpoint`` if left out. A graph is
        written beside the data with `write_meta_graph`. Without `write_state` neither state file
        nor deletion takes place. Nothing in a graph written here has a default that
        `strip_default_attrs` could strip. `metrics` are numbers by name, by which policies choose
        the best (`tfckpt.keep`); they are noted in a file beside the state file, and need one.
        `progress` is called as ``progress(done, total, name)`` after each tensor that is written,
        with numbers of bytes (`tfckpt.progress` has bars).

        Whatever was at the prefix is replaced as a whole.

        Raises RuntimeError before `build`; ValueError for a `save_path`, `latest_filename` or
        suffix that names no file or the same as another; TypeError for values that no checkpoint
        can hold; TensorNotFoundError (a KeyError) for a variable that is not there;
        FailedPreconditionError (an OSError) when the file system refuses. Then the folder is as
        it was.
        """
        prepared = self.prepare_save(
            variables,
            save_path,
            global_step,
            latest_filename=latest_filename,
            meta_graph_suffix=meta_graph_suffix,
            write_meta_graph=write_meta_graph,
            write_state=write_state,
            strip_default_attrs=strip_default_attrs,
            metrics=metrics,
            progress=progress,
        )
        return None if prepared is None else prepared.run()

    def prepare_save(
        self,
        variables: Mapping[str, Any] | None,
        save_path: AnyPath,
        global_step: object = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        *,
        metrics: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> PreparedSave | None:
        """Check the arguments of a save and name its files; what is returned writes them.

        Raises as `save`, but for what the file system refuses.
        """
        saver_def = self._built("save")
        target = name_files(
            save_path,
            global_step,
            latest_filename=latest_filename,
            meta_graph_suffix=meta_graph_suffix,
            saver_def=saver_def,
            variables=variables,
            write_meta_graph=write_meta_graph,
            pad_step_number=self._pad_step_number,
        )
        noted = checked_metrics(metrics)
        if noted and not write_state:
            raise ValueError("metrics lie beside the state file: they need write_state")
        tensors = self.tensors(variables)
        if not tensors:
            if not self._allow_empty:
                raise ValueError("No variables to save")
            if target.meta:
                graph = self._graph_bytes({}, [], saver_def, strip_default_attrs)
                write_file(target.meta, graph, fsync=self._fsync)
            return None
        shards = self._choose_shards(tensors, saver_def)
        target = target.with_shards(len(shards))
        folder = self._folder(target, meta_graph_suffix)
        if write_state:
            # Raises for a path that no state file can name, before anything is written.
            self._state(target, [])
        graph = b""
        if target.meta:
            graph = self._graph_bytes(tensors, shards, saver_def, strip_default_attrs)

        def write(arrays: Arrays, threads: int | None) -> str:
            given = {
                name: tensor._replace(array=arrays.get(name, tensor.array))
                for name, tensor in tensors.items()
            }
            deleted: list[Deleted] = []
            with self._undone_on_failure(target, folder):
                self._write_data(
                    target, folder, given, shards=shards, threads=threads, progress=progress
                )
                self._base = target.path
                if target.meta:
                    write_file(target.meta, graph, fsync=self._fsync)
                with self._lock:  # threads may share a Saver, and then take turns at its list
                    if write_state:
                        self._record(target, folder, noted)
                        deleted = self._retention.sweep(folder)
                    elif target.path in self.last_checkpoints:
                        self._retention.note(target.path)
            self._tell(target.path, deleted)
            return target.path

        arrays = {
            name: tensor.array for name, tensor in tensors.items() if tensor.array is not None
        }
        return PreparedSave(target.path, arrays, write)

    def _tell(self, path: str, deleted: Iterable[Deleted]) -> None:
        """Log what was deleted, and call the hooks."""
        on_saved, on_deleted = self._hooks
        if on_saved is not None:
            on_saved(path)
        for checkpoint in deleted:
            logger.info("deleted %s: %s", checkpoint.path, checkpoint.reason)
            if on_deleted is not None:
                on_deleted(checkpoint.path, checkpoint.reason)

    @property
    def meta_graph(self) -> GivenGraph | None:
        """The graph that was given to write beside checkpoints; None if one is made for each."""
        return self._meta_graph

    @property
    def places(self) -> Mapping[str, object] | None:
        """Names in a checkpoint -> names in the mapping of weights, or arrays; None for all."""
        return self._places

    def tensors(self, variables: Mapping[str, Any] | None) -> dict[str, ToSave]:
        """Return what `save` would write, sorted by name; nothing of a reader's is read yet."""
        return tensors_to_save(self._places, variables)

    def restore(
        self,
        variables: MutableMapping[str, Any] | None,
        save_path: AnyPath,
        *,
        strict: bool = True,
        progress: Progress | None = None,
    ) -> RestoreReport:
        """Fill the weights from a checkpoint of any format; return what was done.

        Arrays that are there get the values in place; what the mapping lacks is added (without
        `var_list`: everything that the checkpoint has). Everything is compared first, and read
        and verified too unless the Saver restores sequentially, so that an error leaves the
        weights as they were. With ``strict=False`` what fits is restored, and the rest is in the
        report. `progress` is called as ``progress(done, total, name)`` as tensors are read.

        Names that an object-based checkpoint (``tf.train.Checkpoint``) does not have are looked
        up among the full names of its variables.

        Raises ValueError for a path without a checkpoint; TensorNotFoundError, which lists every
        missing name with close ones and what else does not fit; InvalidArgumentError where only
        shapes or dtypes differ; DataLossError for a damaged file.

        >>> import numpy as np, tempfile, tfckpt
        >>> path = tfckpt.save(tempfile.mkdtemp() + "/m", {"w": np.ones(2), "old": 1.0})
        >>> weights = {"w": np.zeros(2), "new": np.zeros(3)}
        >>> report = tfckpt.Saver().restore(weights, path, strict=False)
        >>> report.restored, report.missing, report.unexpected
        (['old', 'w'], ['new'], ['old'])
        """
        self._built("restore")
        if self._places is not None and not self._places:
            return nothing_restored()
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        path = as_path(save_path)
        weights = as_mutable_mapping(variables, self._places)
        check_places(self._places or {})
        try:
            reader = open_prefix(path)
        except FileMissingError as error:
            if self._allow_empty and not weights and self._places is None:
                return nothing_restored()  # there is nothing to restore into
            raise InvalidArgumentError(
                f"The passed save_path is not a valid checkpoint: {error}"
            ) from error
        with reader:
            wanted = plan_restore(reader, self._places, weights, reshape=self._reshape)
            if strict:
                raise_for(wanted.report, reader)
            apply(reader, wanted, weights, sequentially=self._sequentially, progress=progress)
        return wanted.report

    def restore_latest(
        self,
        variables: MutableMapping[str, Any] | None,
        checkpoint_dir: AnyPath,
        latest_filename: str | None = None,
        *,
        valid: bool = True,
        strict: bool = True,
        progress: Progress | None = None,
    ) -> RestoreReport | None:
        """Fill the weights from a folder's latest checkpoint; None where it has none yet.

        The line with which a training program begins, at its first start and after every crash. The
        checkpoint is the newest that is whole: damaged and incomplete ones are passed over, with a
        warning in the log that says why (`tfckpt.latest_checkpoint`). With `valid` off it is the
        one that the state file names, whatever its state. The report's `path` says which it was.
        Where another process deletes it meanwhile, having saved a newer one, that is taken.

        Raises DataLossError where there are checkpoints and none of them is whole: beginning anew
        would in the end delete them. Else as `restore`, whose are `strict` and `progress`.

        >>> import numpy as np, tempfile, tfckpt
        >>> weights, folder = {"w": np.zeros(2), "step": np.int64(0)}, tempfile.mkdtemp()
        >>> saver = tfckpt.Saver()
        >>> saver.restore_latest(weights, folder) is None
        True
        >>> path = saver.save({"w": np.ones(2), "step": np.int64(7)}, folder + "/m", 7)
        >>> saver.restore_latest(weights, folder).path == path, int(weights["step"])
        (True, 7)
        """
        self._built("restore_latest")
        folder = as_path(checkpoint_dir)
        for left in reversed(range(_ATTEMPTS)):
            named = latest_in_state(folder, latest_filename)
            try:
                path = search(folder, latest_filename).check(folder) if valid else named
                if path is None:
                    return None
                return self.restore(variables, path, strict=strict, progress=progress)
            except CheckpointError:
                # Another process may have saved, and deleted what was found here.
                if not left or latest_in_state(folder, latest_filename) == named:
                    raise
        raise AssertionError("the last attempt returns or raises")

    @property
    def last_checkpoints(self) -> list[str]:
        """The prefixes of the checkpoints that are not deleted yet, oldest first.

        Any of them can be given to `restore`. Those kept for good are not among them.
        """
        return [kept.path for kept in self._retention.last]

    def set_last_checkpoints(self, last_checkpoints: list[str]) -> None:
        """Set the list of `last_checkpoints`; deprecated: these are never deleted.

        As their times are not known they count as infinitely new, so that each one that leaves
        the list is kept for good. `set_last_checkpoints_with_time` is better.
        """
        assert isinstance(last_checkpoints, list)
        self._retention.last = [Kept(path, float("inf")) for path in last_checkpoints]

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: list[tuple[str, float]]
    ) -> None:
        """Set the list of `last_checkpoints`, oldest first, each with the time of its save."""
        assert isinstance(last_checkpoints_with_time, list)
        self._retention.last = [Kept(path, when) for path, when in last_checkpoints_with_time]

    def recover_last_checkpoints(self, checkpoint_paths: Iterable[str]) -> None:
        """Take over the checkpoints of a Saver before this one, after a restart.

        What is gone is left out; times are those of the files. The paths are usually
        ``get_checkpoint_state(folder).all_model_checkpoint_paths``.
        """
        found = ((path, get_checkpoint_mtimes([path])) for path in checkpoint_paths)
        self._retention.last = [Kept(path, mtimes[0]) for path, mtimes in found if mtimes]

    def __repr__(self) -> str:
        kept = self._wanted.max_to_keep or "all"
        named = "" if self._places is None else f" of {len(self._places)} variables"
        saved = self.last_checkpoints
        last = f", last saved {saved[-1]!r}" if saved else ", nothing saved yet"
        return f"<Saver{named}: keeps {kept}{last}>"

    def as_saver_def(self) -> SaverDef | None:
        """Return the SaverDef; None before `build`."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> SaverDef | None:
        """Return the SaverDef, its names without `export_scope`; None if they are not in it."""
        if export_scope is None or self.saver_def is None:
            return self.saver_def
        return out_of_scope(self.saver_def, export_scope)

    @staticmethod
    def from_proto(saver_def: SaverDef, import_scope: str | None = None) -> Saver:
        """Return a Saver with the settings of a SaverDef, its names put under `import_scope`."""
        return Saver(saver_def=saver_def, name=import_scope)

    def export_meta_graph(
        self,
        filename: AnyPath | None = None,
        collection_list: Iterable[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
        *,
        variables: Mapping[str, Any] | None = None,
    ) -> MetaGraphDef:
        """Return the graph that `save` writes beside a checkpoint; write it to `filename` too.

        `variables` are the weights to make it for. A Saver that has a graph (`meta_graph`), or
        arrays in its `var_list`, needs none. The graph made here has no devices, one saver and
        no default attributes, so that the arguments about these change nothing.

        Raises UnimplementedError for an `export_scope`: use `tfckpt.export_meta_graph`.
        """
        saver_def = self._built("export_meta_graph")
        if export_scope is not None:
            raise UnimplementedError("a Saver's graph is exported as a whole, without export_scope")
        specs, shards = self._specs_and_shards(variables, saver_def)
        if self._meta_graph is not None:
            graph = self._given_graph(self._meta_graph, shards, saver_def, strip_default_attrs)
        else:
            made = self._made_graph(specs, shards, saver_def, strip_default_attrs)
            graph = MetaGraphDef.FromString(made)
        graph = trimmed(
            graph,
            collection_list=collection_list,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
        )
        if filename is not None:
            write_message(graph, as_path(filename), as_text=as_text, fsync=self._fsync)
        return graph

    def _specs_and_shards(
        self, variables: Mapping[str, Any] | None, saver_def: SaverDef
    ) -> tuple[dict[str, Spec], list[list[str]]]:
        if self._meta_graph is not None:
            return {}, []
        tensors = tensors_to_save(self._places, {} if variables is None else variables)
        if not tensors and not self._allow_empty:
            raise ValueError("No variables to save")
        shards = self._choose_shards(tensors, saver_def)
        return {name: tensor.spec for name, tensor in tensors.items()}, shards

    def _choose_shards(self, tensors: Mapping[str, ToSave], saver_def: SaverDef) -> list[list[str]]:
        if saver_def.sharded and tensors:
            return choose_shards(tensors, self._shards)
        return [list(tensors)]

    def _built(self, method: str) -> SaverDef:
        if self.saver_def is None:
            raise RuntimeError(f"`build()` should be called before {method} if defer_build==True")
        return self.saver_def

    def _write_data(
        self,
        target: Target,
        folder: Folder,
        tensors: Mapping[str, ToSave],
        *,
        shards: list[list[str]],
        threads: int | None,
        progress: Progress | None,
    ) -> None:
        if OBJECT_GRAPH_KEY in tensors:
            check_holders(tensors, tensors[OBJECT_GRAPH_KEY].value(), target.prefix)
        if target.is_v1:
            logger.warning("Saving in the V1 format, which TensorFlow no longer maintains")
            write_v1_shards(
                target.prefix,
                tensors,
                shards,
                sharded=target.sharded,
                fsync=self._fsync,
                report=counting(
                    {name: tensor.spec.nbytes for name, tensor in tensors.items()}, progress
                ),
            )
            return

        with self._links(target, folder, tensors, threads) as links:
            left = [[name for name in names if name not in links.tensors] for names in shards]
            left = [names for names in left if names] if links.tensors else left
            specs = {name: tensors[name].spec for names in left for name in names}
            sizes = {name: spec.nbytes for name, spec in specs.items()}
            check_room(target.prefix, sum(sizes.values()), lambda: _least(specs.values()))
            report = counting(sizes, progress)

            def add(bundle: BundleWriter, name: str, shard: int) -> None:
                bundle.add(name, tensors[name].value(), shard=shard)
                report(name)

            write_shards(
                target.prefix,
                left,
                add,
                fsync=self._fsync,
                links=links,
                threads=threads,
                check=self._check,
            )

    @contextlib.contextmanager
    def _links(
        self,
        target: Target,
        folder: Folder,
        tensors: Mapping[str, ToSave],
        threads: int | None,
    ) -> Iterator[LinkPlan]:
        """Give what of an incremental save lies in the checkpoint before it."""
        with contextlib.ExitStack() as held:
            links = NOTHING_LINKED
            base = self._base if self._incremental else None
            if self._incremental and (base is None or not has_index(base)):
                base = latest_in_state(folder.path, folder.latest_filename)
            arrays = {
                name: tensor.array for name, tensor in tensors.items() if tensor.array is not None
            }
            if base is not None:
                try:
                    links = held.enter_context(
                        links_to(base, arrays, target.prefix, self._bounds, threads)
                    )
                except CheckpointError as error:  # gone, damaged, or V1
                    logger.info("%s is written whole: %s", target.prefix, error)
            yield links

    @contextlib.contextmanager
    def _undone_on_failure(self, target: Target, folder: Folder) -> Iterator[None]:
        """Remove a checkpoint that was new, if what comes after its data fails.

        A state file that names it already (only its flush failed) keeps it.
        """
        new = not target.exists()
        try:
            yield
        except BaseException:
            with contextlib.suppress(OSError):
                if new and target.exists() and not folder.is_latest(target.path):
                    if target.meta:
                        remove_file(target.meta)
                    remove_data(target.path, target.version, fsync=self._fsync)
            raise

    def _folder(self, target: Target, meta_graph_suffix: str) -> Folder:
        return Folder(
            path=target.folder,
            latest_filename=target.latest_filename,
            version=target.version,
            meta_graph_suffix=meta_graph_suffix,
            fsync=self._fsync,
        )

    def _record(self, target: Target, folder: Folder, metrics: Mapping[str, float]) -> None:
        """Put the checkpoint on the list and write the state file."""

        def write(stay: list[Kept]) -> None:
            state = self._state(target, [kept.path for kept in stay])
            write_state(target.state, state, fsync=self._fsync)

        self._retention.record(target.path, folder, metrics, write)

    def _state(self, target: Target, paths: list[str]) -> CheckpointState:
        return state_for(
            target.folder,
            target.path,
            paths,
            latest_filename=target.latest_filename,
            save_relative_paths=self._save_relative_paths,
        )

    def _graph_bytes(
        self,
        tensors: Mapping[str, ToSave],
        shards: list[list[str]],
        saver_def: SaverDef,
        strip_default_attrs: bool,
    ) -> bytes:
        """Return the graph to write. For the same variables it is made only once."""
        specs = {name: tensor.spec for name, tensor in tensors.items()}
        if self._meta_graph is not None:
            graph = self._given_graph(self._meta_graph, shards, saver_def, strip_default_attrs)
            return graph.SerializeToString(deterministic=True)
        key = specs, shards, strip_default_attrs
        if self._graph_cache is None or self._graph_cache[0] != key:
            self._graph_cache = key, self._made_graph(specs, shards, saver_def, strip_default_attrs)
        return self._graph_cache[1]

    def _made_graph(
        self,
        specs: Mapping[str, Spec],
        shards: list[list[str]],
        saver_def: SaverDef,
        strip_default_attrs: bool,
    ) -> bytes:
        return make_meta_graph(
            specs,
            shards,
            saver_def,
            filename=self._filename,
            reshape=self._reshape,
            # There is nothing to strip: none of its attributes has its default.
            stripped=strip_default_attrs,
        )

    def _given_graph(
        self,
        given: GivenGraph,
        shards: list[list[str]],
        saver_def: SaverDef,
        strip_default_attrs: bool,
    ) -> MetaGraphDef:
        graph = to_write(
            given,
            saver_def,
            self._places,
            shards,
            filename=self._filename,
            reshape=self._reshape,
        )
        return trimmed(graph, strip_default_attrs=strip_default_attrs)


def _least(specs: Iterable[Spec]) -> int:
    """Return the fewest bytes that tensors take: strings may take less than an array of them."""
    return sum(spec.nbytes for spec in specs if spec.data_type != DataType.DT_STRING)


def _left_alone(keep: object, max_to_keep: int | None) -> int:
    """Return 0, for all, as what a Saver's graph says of a policy that it does not know."""
    if not isinstance(keep, Policy):
        raise TypeError(f"keep is a policy such as tfckpt.keep.last(3), not {keep!r:.80}")
    if max_to_keep not in (5, 0, None):
        raise ValueError("keep and max_to_keep both say what is kept: give one of them")
    return 0
