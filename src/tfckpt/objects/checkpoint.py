"""Checkpoint: nested dicts, lists, tuples and arrays, saved as ``tf.train.Checkpoint`` does."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from tfckpt.background.prepared import Arrays, PreparedSave
from tfckpt.background.thread import SaveThread
from tfckpt.bundle.spread import write_bundle
from tfckpt.checkpoint import open_prefix
from tfckpt.errors import FileMissingError
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path, check_prefix
from tfckpt.objects.assigning import assign
from tfckpt.objects.building import COUNTER_KEY, SAVE_COUNTER, Built, build
from tfckpt.objects.options import CheckpointOptions, as_options
from tfckpt.objects.pieces import write_sharded
from tfckpt.objects.restoring import ByName, Restoration, begin, give
from tfckpt.objects.root import ROOT, Rooted, check_root, followed, items_of
from tfckpt.objects.status import LoadStatus, NameBasedStatus, NothingLoaded
from tfckpt.objects.stored import StoredObjects
from tfckpt.objects.trackable import Trackable, is_nothing
from tfckpt.objects.tree import materialized
from tfckpt.progress import Progress
from tfckpt.state import update_checkpoint_state
from tfckpt.storage import folder_of, is_file

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph


class Checkpoint(Trackable):
    """A tree of values that is saved and restored as a whole.

    Stands in for ``tf.train.Checkpoint``: each keyword is a child of the root, and a dict, list
    or tuple of others, another Checkpoint, or a value (an array or what numpy makes one of). What
    it writes TensorFlow restores into objects of the same structure, and the other way round.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> net = {"kernel": np.ones((2, 3), "f4"), "bias": np.zeros(3, "f4")}
    >>> path = tfckpt.Checkpoint(net=net, step=np.int64(7)).save(folder + "/ckpt")
    >>> fresh = {"kernel": np.zeros((2, 3), "f4"), "bias": np.ones(3, "f4")}
    >>> checkpoint = tfckpt.Checkpoint(net=fresh, step=np.int64(0))
    >>> _ = checkpoint.restore(path).assert_consumed()
    >>> print(fresh["kernel"].sum(), checkpoint.step)
    6.0 7

    Children are attributes: they can be read, set, and deleted. Containers are kept, not copied:
    what is put into them later is saved too. The same array at several places is one variable.
    What is read lazily (`load_object_tree`) comes in as what its `materialize` makes.

    With a `root`, a dict, list or other Checkpoint (or a weak reference to one), that is the root
    itself, and keywords are children beside its own:

    >>> path = tfckpt.Checkpoint(net, step=np.int64(7)).save(folder + "/ckpt")
    >>> [name for name, _ in tfckpt.list_variables(path)][1:3]
    ['bias/.ATTRIBUTES/VARIABLE_VALUE', 'kernel/.ATTRIBUTES/VARIABLE_VALUE']

    Raises ValueError for a keyword that is also a method, one that the root has as another object
    already, and a root that is none of these.
    """

    _tree: dict[str, Any]
    _stored: StoredObjects | None
    _is_rooted: bool
    _waiting: list[Restoration]
    _above: WeakSet[Checkpoint]
    _thread: SaveThread | None

    def __init__(self, root: Any = None, **tree: Any) -> None:
        self.__dict__.update(_stored=None, _is_rooted=False, _tree={}, **_alone())
        if root is not None:
            check_root(followed(root))
            tree[ROOT] = root
        tree = materialized(tree)
        for name in sorted(tree):
            setattr(self, name, tree[name])
        self.__dict__["_is_rooted"] = root is not None
        self._top()

    @classmethod
    def from_checkpoint(cls, path: AnyPath) -> Checkpoint:
        """Read a checkpoint as a tree whose values can be changed and written again.

        The objects stay what they were to TensorFlow: `write` keeps the graph, with slot
        variables, registered savers and Python state. So structure and values can be changed,
        only the latter written: `write` raises ValueError for what was removed or added.

        >>> import numpy as np, tempfile, tfckpt
        >>> folder = tempfile.mkdtemp()
        >>> path = tfckpt.Checkpoint(w=np.ones(2), more=[np.zeros(1)]).write(folder + "/a")
        >>> checkpoint = tfckpt.Checkpoint.from_checkpoint(path)
        >>> checkpoint.w *= 3
        >>> tfckpt.load_object_tree(checkpoint.write(folder + "/b"))["w"]
        array([3., 3.])

        Raises what `load_object_tree` raises, UnimplementedError for variants.
        """
        stored = StoredObjects(path)
        checkpoint = cls()
        checkpoint.__dict__.update(_stored=stored, _tree=stored.tree)
        return checkpoint

    @property
    def save_counter(self) -> Any:
        """How many saves there were: a scalar int64 array, part of the tree once asked for."""
        if SAVE_COUNTER not in self._with_counter:
            self.save_counter = 0
            if self._waiting:
                self._settle()
        return self._with_counter[SAVE_COUNTER]

    @save_counter.setter
    def save_counter(self, value: Any) -> None:
        home = self._with_counter
        known = home.get(SAVE_COUNTER)
        if isinstance(known, np.ndarray) and known.flags.writeable and known.dtype == np.int64:
            known[...] = value
            return
        home[SAVE_COUNTER] = np.asarray(value, np.int64)
        if known is None and self._stored is not None:
            self._stored.add_counter()

    @property
    def _with_counter(self) -> MutableMapping[str, Any]:
        """Where the counter is: with the root, if that has one."""
        root = followed(self._tree[ROOT]) if self._is_rooted else None
        children = root._tree if isinstance(root, Checkpoint) else root
        if isinstance(children, MutableMapping) and SAVE_COUNTER in children:
            return children
        return self._tree

    def write(
        self,
        file_prefix: AnyPath,
        options: CheckpointOptions | None = None,
        *,
        fsync: bool = True,
        check: bool = False,
        progress: Progress | None = None,
    ) -> str:
        """Write a checkpoint to exactly this prefix; return it.

        Neither counts nor writes a state file. With `CheckpointOptions.enable_async` the values are
        copied and written in the background; `sync` waits for that, and so do the next write, save
        or restore. With `check` what was written is read back before it gets its name, as
        ``tfckpt.save(check=True)`` does. `progress` is called as ``progress(done, total, name)``
        after each tensor that is written, with numbers of bytes (`tfckpt.progress` has bars).

        Raises what `tfckpt.save` raises, and TypeError or ValueError, naming the place, for what no
        checkpoint can hold; RuntimeError for a sharding callback that does not return all tensors
        as they are.
        """
        self._wait_for_saves()
        prepared = self.prepare_write(
            file_prefix, options, fsync=fsync, check=check, progress=progress
        )
        return self._run(prepared, options)

    def prepare_write(
        self,
        file_prefix: AnyPath,
        options: CheckpointOptions | None = None,
        *,
        fsync: bool = True,
        check: bool = False,
        progress: Progress | None = None,
    ) -> PreparedSave:
        """Collect what `write` writes; what is returned does it, with these values."""
        given = as_options(options)
        own = self._objects()
        late = [tree for tree in (self, *self._below(own)) if tree._waiting]
        for tree in late:
            tree._settle()
        if late:
            own = self._objects()
        if self._stored is not None:
            tensors = self._stored.tensors(own.values)
        else:
            tensors = {**own.values, OBJECT_GRAPH_KEY: own.graph.SerializeToString()}
        callback = given.experimental_sharding_callback

        def write(arrays: Arrays, threads: int | None) -> str:
            values = {**tensors, **arrays}
            if callback is None:
                path = write_bundle(
                    file_prefix,
                    values,
                    fsync=fsync,
                    threads=threads,
                    check=check,
                    progress=progress,
                )
            else:
                path = write_sharded(
                    file_prefix,
                    values,
                    own.values,
                    callback,
                    fsync=fsync,
                    check=check,
                    progress=progress,
                )
            given.call_back(path)
            return path

        arrays = {name: array for name, array in tensors.items() if isinstance(array, np.ndarray)}
        return PreparedSave(as_path(file_prefix), arrays, write)

    def save(
        self,
        file_prefix: AnyPath,
        options: CheckpointOptions | None = None,
        *,
        fsync: bool = True,
        check: bool = False,
        progress: Progress | None = None,
    ) -> str:
        """Write `file_prefix` + ``-1``, the next time ``-2``; return the whole prefix.

        The state file beside it then names this checkpoint alone. A save that fails counts for
        nothing; one that fails in the background (`CheckpointOptions.enable_async`) has used up
        its number. `check` and `progress` are those of `write`.
        """
        self._wait_for_saves()
        before = int(self.save_counter)
        prepared = self.prepare_save(
            file_prefix, options, fsync=fsync, check=check, progress=progress
        )
        try:
            return self._run(prepared, options)
        except BaseException:
            self.save_counter = before
            raise

    def prepare_save(
        self,
        file_prefix: AnyPath,
        options: CheckpointOptions | None = None,
        *,
        fsync: bool = True,
        check: bool = False,
        progress: Progress | None = None,
    ) -> PreparedSave:
        """Count a save and collect what it writes; what is returned does it."""
        before = int(self.save_counter)
        path = check_prefix(f"{as_path(file_prefix)}-{before + 1}")
        self.save_counter = before + 1
        try:
            prepared = self.prepare_write(
                path, options, fsync=fsync, check=check, progress=progress
            )
        except BaseException:
            self.save_counter = before
            raise

        def written(path: str) -> None:
            folder = folder_of(path) or "."
            update_checkpoint_state(folder, path, save_relative_paths=True, fsync=fsync)

        return prepared.then(written)

    def _run(self, prepared: PreparedSave, options: CheckpointOptions | None) -> str:
        """Do a save, or have it done in the background."""
        if not as_options(options).enable_async:
            return prepared.run()
        if self._thread is None:
            self.__dict__["_thread"] = SaveThread()
        thread = self.__dict__["_thread"]
        with thread.turn:
            thread.wait_for_room()
            return str(thread.submit(prepared, copy=True).path)

    def _wait_for_saves(self, *, silently: bool = False) -> None:
        """Wait for what is saved in the background, and raise what it has raised."""
        if self._thread is not None:
            self._thread.wait()
            if not silently:
                self._thread.raise_error()

    def read(
        self,
        save_path: AnyPath,
        options: CheckpointOptions | None = None,
        *,
        progress: Progress | None = None,
    ) -> LoadStatus:
        """Take the values of a checkpoint that `write` made; return what found its counterpart.

        Values of this tree without a counterpart stay as they are: the returned status has
        assertions for that. Writable arrays get new elements, other values are replaced. Values of
        the checkpoint without a counterpart wait for it to be added to the tree. An attribute of a
        Checkpoint gets its value at once. What is added to a dict or list gets it when the status
        is asked, or at the next write, save or restore. Each value goes to one object. Where
        several restores have a value for the same object, the last restore decides.

        A name-based checkpoint, such as `Saver` writes, gives its values to each `Variable` of the
        same name. `progress` is called as ``progress(done, total, name)`` as variables are read;
        what waits to be added is not counted.

        Raises FileMissingError, which says what is there instead; InvalidArgumentError for another
        shape or dtype, and for a name-based checkpoint where nothing has a name. Then nothing has
        changed.
        """
        slots = not as_options(options).experimental_skip_slot_variables
        self._wait_for_saves(silently=True)
        try:
            with open_prefix(save_path) as reader:
                own = self._objects()
                restoration = begin(reader, own, slots=slots, progress=progress)
                try:
                    self._settle(restoration, own)
                except BaseException:
                    restoration.expect_partial()
                    raise
                finally:
                    restoration.release()
        except FileMissingError as error:
            raise _numbered(error, save_path) from None
        self._wait_for(restoration)
        if isinstance(restoration, ByName):
            return NameBasedStatus(
                restoration, partial(self._settle, restoration), self._objects, optional=COUNTER_KEY
            )
        return LoadStatus(restoration, partial(self._settle, restoration), self._objects)

    def restore(
        self,
        save_path: AnyPath | None,
        options: CheckpointOptions | None = None,
        *,
        progress: Progress | None = None,
    ) -> LoadStatus | NothingLoaded:
        """Take the values of a checkpoint that `save` made, with the counter.

        As `read`, but the `save_counter` is part of what is restored. `save_path` may also be the
        folder of a SavedModel. None does nothing.
        """
        if save_path is None:
            return NothingLoaded()
        is_new = SAVE_COUNTER not in self._with_counter
        if is_new:
            self.save_counter = 0
        try:
            return self.read(save_path, options, progress=progress)
        except BaseException:
            if is_new and self._stored is None:
                del self._tree[SAVE_COUNTER]
            raise

    def sync(self) -> None:
        """Wait until what is saved in the background is written; raise what it has raised."""
        self._wait_for_saves()

    def _objects(self) -> Built:
        if self._stored is None:
            return build(self._top())
        self._check_children(self._stored.graph)
        return Built(
            graph=self._stored.graph,
            values=self._stored.values(),
            places=self._stored.places,
            objects=[],
        )

    def _top(self) -> Trackable:
        """Return the root: this object, or the one that was given with what was added to it."""
        return Rooted(followed(self._tree[ROOT]), self._tree) if self._is_rooted else self

    def _settle(self, also: Restoration | None = None, own: Built | None = None) -> Built:
        """Give what was added the values that wait for it; return the objects as they were."""
        own = self._objects() if own is None else own
        waiting = {*self._waiting, *([] if also is None else [also])}
        if not waiting:
            return own
        tree = self._top()

        def put(key: str, value: Any) -> Any:
            now = assign(tree, own.places[key], own.values[key], value)
            if self._stored is not None:
                self._stored.settle(key, now)
            return now

        give(own, waiting, put)
        for part in self._below(own):
            part._above.add(self)
        self.__dict__["_waiting"] = [older for older in self._waiting if older.unused]
        return own

    def _below(self, own: Built) -> list[Checkpoint]:
        """Return the other checkpoints that are part of this one."""
        return [obj for obj in own.objects if isinstance(obj, Checkpoint) and obj is not self]

    def _wait_for(self, newest: Restoration) -> None:
        """Note a restoration that has values left, and drop those that it supersedes."""
        for older in self._waiting:
            if newest.supersedes(older):
                older.is_superseded = True
                older.expect_partial()
        waiting = [older for older in self._waiting if not older.is_superseded]
        self.__dict__["_waiting"] = [*waiting, newest] if newest.unused else waiting

    def _children(self) -> Iterable[tuple[str, Any]]:
        return items_of(self._tree)

    def _child(self, name: str) -> Any:
        return followed(self._tree[name])

    def _set_child(self, name: str, value: Any) -> None:
        self._tree[name] = value

    def _check_children(self, graph: TrackableObjectGraph) -> None:
        known = {child.local_name for child in graph.nodes[0].children}
        known.update(attribute.name for attribute in graph.nodes[0].attributes)
        known.update(slot.slot_name for slot in graph.nodes[0].slot_variables)
        new = [name for name in self._tree if name not in known]
        if new:
            raise ValueError(
                f"the checkpoint that was read has no {' and no '.join(map(repr, new))}: only "
                f"values can be changed (for other objects make a Checkpoint of the tree)"
            )

    def __getattr__(self, name: str) -> Any:
        tree = self.__dict__.get("_tree", {})  # not there yet while it is copied or unpickled
        if name in tree:
            return tree[name]
        raise AttributeError(
            f"this Checkpoint has no {name!r}: it has {', '.join(tree) or 'nothing'}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name == SAVE_COUNTER:
            object.__setattr__(self, name, value)
        elif name in self.__dict__ or any(name in vars(kind) for kind in type(self).__mro__):
            raise ValueError(f"a child cannot be named {name!r}: Checkpoint has that itself")
        elif is_nothing(value):
            raise ValueError(f"{name!r} is a tuple with nothing in it that could be saved: {value}")
        elif self._is_rooted and (name not in self._tree or name == ROOT):
            raise ValueError(
                f"{name!r} would not be saved: this Checkpoint has a root; put it there, or "
                f"give it as a keyword when the Checkpoint is made"
            )
        else:
            self._attach(name, materialized({name: value})[name])

    def _attach(self, name: str, child: Any) -> None:
        is_new = name not in self._tree
        self._tree[name] = child
        if is_new:
            try:
                for tree in (self, *self._above):
                    if tree._waiting:
                        tree._settle()
            except BaseException:
                del self._tree[name]
                raise

    def __delattr__(self, name: str) -> None:
        if name not in self._tree:
            raise AttributeError(f"this Checkpoint has no {name!r}")
        del self._tree[name]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _alone()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become a copy, which has children of its own and waits for no values."""
        tree, stored = dict(state["_tree"]), state["_stored"]
        self.__dict__.update(state, _tree=tree, **_alone())
        self.__dict__["_stored"] = None if stored is None else stored.over(tree)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._tree})

    def __repr__(self) -> str:
        return f"<Checkpoint of {', '.join(self._tree) or 'nothing'}>"


def _alone() -> dict[str, Any]:
    """Return the state of a checkpoint that waits for nothing, and is part of no other."""
    return {"_waiting": [], "_above": WeakSet(), "_thread": None}


def _numbered(error: FileMissingError, save_path: AnyPath) -> FileMissingError:
    """Add to an error that `save` adds a number, if a file with the number is there."""
    if is_file(f"{as_path(save_path)}-1.index"):
        hint = f"{error.message} (save adds a number: was {as_path(save_path)}-1 meant?)"
        return FileMissingError(hint, path=error.path, tensor=error.tensor)
    return error
