"""Checkpoint: nested dicts, lists, tuples and arrays, saved as ``tf.train.Checkpoint`` does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from tfckpt.bundle.spread import write_bundle
from tfckpt.checkpoint import open_prefix
from tfckpt.errors import FileMissingError, located
from tfckpt.names import Path, as_path, check_prefix
from tfckpt.objects.assigning import assign, fitted
from tfckpt.objects.building import SAVE_COUNTER, Built, build, is_nothing
from tfckpt.objects.keys import OBJECT_GRAPH_KEY
from tfckpt.objects.matching import match
from tfckpt.objects.nodes import read_object_graph
from tfckpt.objects.options import CheckpointOptions, as_options
from tfckpt.objects.pieces import write_sharded
from tfckpt.objects.status import LoadStatus, NothingLoaded
from tfckpt.objects.stored import Stored
from tfckpt.objects.tree import Source
from tfckpt.state import update_checkpoint_state

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph
    from tfckpt.reader import CheckpointReader


class Checkpoint:
    """A tree of values that is saved and restored as a whole.

    Stands in for ``tf.train.Checkpoint``: each keyword is a child of the root, and a dict, list
    or tuple of others, or a value (an array or what numpy makes one of). What it writes
    TensorFlow restores into objects of the same structure, and the other way round.

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

    Raises ValueError for a keyword that is also a method.
    """

    _tree: dict[str, Any]
    _stored: Stored | None

    def __init__(self, **tree: Any) -> None:
        self.__dict__["_stored"] = None
        self.__dict__["_tree"] = {}
        for name in sorted(tree):
            setattr(self, name, tree[name])

    @classmethod
    def from_checkpoint(cls, path: Path) -> Checkpoint:
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
        stored = Stored(path)
        checkpoint = cls()
        checkpoint.__dict__.update(_stored=stored, _tree=stored.tree)
        return checkpoint

    @property
    def save_counter(self) -> Any:
        """How many times was saved: a scalar int64 array, part of the checkpoint once asked for."""
        if SAVE_COUNTER not in self._tree:
            self.save_counter = 0
        return self._tree[SAVE_COUNTER]

    @save_counter.setter
    def save_counter(self, value: Any) -> None:
        is_new = SAVE_COUNTER not in self._tree
        self._tree[SAVE_COUNTER] = np.array(value, np.int64)
        if is_new and self._stored is not None:
            self._stored.add_counter()

    def write(
        self, file_prefix: Path, options: CheckpointOptions | None = None, *, fsync: bool = True
    ) -> str:
        """Write a checkpoint to exactly this prefix; return it.

        Neither counts nor writes a state file. Raises what `tfckpt.save` raises, and TypeError or
        ValueError, naming the place, for what no checkpoint can hold; RuntimeError for a sharding
        callback that does not return all tensors as they are.
        """
        given = as_options(options)
        own = self._objects()
        if self._stored is not None:
            tensors = self._stored.tensors(own.values)
        else:
            tensors = {**own.values, OBJECT_GRAPH_KEY: own.graph.SerializeToString()}
        callback = given.experimental_sharding_callback
        if callback is None:
            path = write_bundle(file_prefix, tensors, fsync=fsync)
        else:
            path = write_sharded(file_prefix, tensors, own.values, callback, fsync=fsync)
        given.call_back(path)
        return path

    def save(
        self, file_prefix: Path, options: CheckpointOptions | None = None, *, fsync: bool = True
    ) -> str:
        """Write `file_prefix` + ``-1``, the next time ``-2``; return the whole prefix.

        The state file beside it then names this checkpoint alone. A save that fails counts for
        nothing.
        """
        given = as_path(file_prefix)
        counter, before = self.save_counter, int(self.save_counter)
        self.save_counter = before + 1
        try:
            path = self.write(check_prefix(f"{given}-{before + 1}"), options, fsync=fsync)
            update_checkpoint_state(
                os.path.dirname(path) or ".", path, save_relative_paths=True, fsync=fsync
            )
        except BaseException:
            self._tree[SAVE_COUNTER] = counter
            raise
        return path

    def read(self, save_path: Path, options: CheckpointOptions | None = None) -> LoadStatus:
        """Take the values of a checkpoint that `write` made; return what found its counterpart.

        Values without one stay as they are: the returned status has assertions for that.
        Writable arrays get new elements, other values are replaced.

        Raises FileMissingError, which says what is there instead; InvalidArgumentError for a
        name-based checkpoint, and for another shape or dtype. Then nothing has changed.
        """
        slots = not as_options(options).experimental_skip_slot_variables
        try:
            with open_prefix(save_path) as reader:
                return self._take(reader, slots=slots)
        except FileMissingError as error:
            raise _numbered(error, save_path) from None

    def restore(
        self, save_path: Path | None, options: CheckpointOptions | None = None
    ) -> LoadStatus:
        """Take the values of a checkpoint that `save` made, with the counter.

        As `read`, but the `save_counter` is part of what is restored. None does nothing.
        """
        if save_path is None:
            return NothingLoaded()
        had = SAVE_COUNTER in self._tree or self._stored is not None
        _ = self.save_counter
        try:
            return self.read(save_path, options)
        except BaseException:
            if not had:
                del self._tree[SAVE_COUNTER]
            raise

    def sync(self) -> None:
        """Do nothing: saves are done when they return."""

    def _objects(self) -> Built:
        if self._stored is None:
            return build(self._tree)
        self._check_children(self._stored.graph)
        return Built(self._stored.graph, self._stored.values(), self._stored.places)

    def _take(self, reader: CheckpointReader, *, slots: bool) -> LoadStatus:
        graph = read_object_graph(reader)
        own = self._objects()
        found = match(own.graph, graph, slots=slots)
        source = Source(reader, graph)
        attributes = {
            one.checkpoint_key: (node_id, one)
            for node_id, node in enumerate(graph.nodes)
            for one in node.attributes
        }
        with located(reader.path):
            new = {
                key: fitted(own.values[key], source.value(*attributes[stored]), stored)
                for key, stored in found.keys.items()
                if key in own.values
            }
        for key, value in new.items():
            now = assign(self._tree, own.places[key], own.values[key], value)
            if self._stored is not None:
                self._stored.settle(key, now)
        return LoadStatus(reader.path, found)

    def _check_children(self, graph: TrackableObjectGraph) -> None:
        known = {child.local_name for child in graph.nodes[0].children}
        known.update(one.name for one in graph.nodes[0].attributes)
        known.update(one.slot_name for one in graph.nodes[0].slot_variables)
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
        elif hasattr(type(self), name) or name in self.__dict__:
            raise ValueError(f"a child cannot be named {name!r}: Checkpoint has that itself")
        elif is_nothing(value):
            raise ValueError(f"{name!r} is a tuple with nothing in it that could be saved: {value}")
        else:
            self._tree[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._tree:
            raise AttributeError(f"this Checkpoint has no {name!r}")
        del self._tree[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._tree})

    def __repr__(self) -> str:
        return f"<Checkpoint of {', '.join(self._tree) or 'nothing'}>"


def _numbered(error: FileMissingError, save_path: Path) -> FileMissingError:
    """Recall that `save` adds a number, where that may be what is missing."""
    if os.path.isfile(f"{as_path(save_path)}-1.index"):
        hint = f"{error.message} (save adds a number: was {as_path(save_path)}-1 meant?)"
        return FileMissingError(hint, path=error.path, tensor=error.tensor)
    return error
