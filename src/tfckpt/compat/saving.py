"""tf.train.Saver on a session's variables, tf.train.Checkpoint on variables, graphs from files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import tfckpt
from tfckpt.compat.absent import NeedsTensorFlow, refuse_given
from tfckpt.compat.errors import FailedPreconditionError, tensorflow_errors
from tfckpt.compat.graphs import export_meta_graph, get_default_graph, global_variables
from tfckpt.compat.tensors import Run, get_default_session
from tfckpt.compat.variables import Variable, put
from tfckpt.graph import GraphKeys
from tfckpt.graph import Variable as GraphVariable
from tfckpt.protos import SaverDef


class Saver:
    """Saves and restores a session's variables. Without a session, the values they have."""

    @tensorflow_errors
    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = SaverDef.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: Any = None,
    ) -> None:
        refuse_given("train.Saver", builder=builder)
        self._arguments = {
            "reshape": reshape,
            "sharded": sharded,
            "max_to_keep": max_to_keep,
            "keep_checkpoint_every_n_hours": keep_checkpoint_every_n_hours,
            "name": name,
            "restore_sequentially": restore_sequentially,
            "saver_def": saver_def,
            "allow_empty": allow_empty,
            "write_version": write_version,
            "pad_step_number": pad_step_number,
            "save_relative_paths": save_relative_paths,
            "filename": filename,
        }
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set "
                "defer_build=False or var_list=None."
            )
        self._var_list = var_list
        self._built: tfckpt.Saver | None = None
        if not defer_build:
            self.build()

    @classmethod
    def _of(cls, own: tfckpt.Saver) -> Saver:
        """Return the Saver that a graph came with."""
        saver = cls.__new__(cls)
        saver._built, saver._variables = own, None
        return saver

    @tensorflow_errors
    def build(self) -> None:
        """Take the variables that there are by now, if none were named."""
        if self._built is not None:
            return
        given = self._var_list
        if given is None:
            given = global_variables() + get_default_graph().get_collection(
                GraphKeys.SAVEABLE_OBJECTS
            )
        if isinstance(given, Mapping):
            named = {_text(name): variable for name, variable in given.items()}
        else:
            named = {}
            for variable in given:
                key = _checkpoint_key(variable)
                if key in named and named[key] is not variable:
                    raise ValueError(f"At least two variables have the same name: {key}")
                named[key] = variable
        for name, variable in named.items():
            if not isinstance(variable, Variable | GraphVariable):
                raise TypeError(f"Variable to save is not a Variable: {variable!r} ({name})")
        self._variables: dict[str, Any] | None = named
        places = {name: variable.op.name for name, variable in named.items()}
        graph = next(iter(named.values())).graph if named else None
        self._built = tfckpt.Saver(places, meta_graph=graph, **self._arguments)

    @property
    def _own(self) -> tfckpt.Saver:
        if self._built is None:
            raise RuntimeError(
                "`build()` should be called before save/restore if defer_build==True"
            )
        return self._built

    @property
    def saver_def(self) -> Any:
        return None if self._built is None else self._built.saver_def

    @tensorflow_errors
    def save(
        self,
        sess: Any,
        save_path: Any,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Write a checkpoint of a session's variables; return its prefix."""
        own, run = self._own, Run(sess)
        if hasattr(global_step, "_evaluate") or isinstance(global_step, GraphVariable):
            global_step = int(np.asarray(_value(global_step, run)))
        return own.save(
            {place: self._saved(place, run) for place in self._needed()},
            save_path,
            global_step=global_step,
            latest_filename=latest_filename,
            meta_graph_suffix=meta_graph_suffix,
            write_meta_graph=write_meta_graph and sess is not None,
            write_state=write_state,
            strip_default_attrs=strip_default_attrs,
        )

    def _needed(self) -> list[str]:
        return [str(place) for place in (self._own.places or {}).values()]

    def _saved(self, place: str, run: Run) -> Any:
        if self._variables is not None:
            return _value(
                next(
                    variable for variable in self._variables.values() if variable.op.name == place
                ),
                run,
            )
        return run.session.variable(place)

    @tensorflow_errors
    def restore(self, sess: Any, save_path: Any) -> None:
        """Give a session's variables the values of a checkpoint."""
        own, run = self._own, Run(sess)
        if self._variables is None:
            weights: dict[str, Any] = {}
            own.restore(weights, save_path)
            self._give_nodes(weights, run)
            return
        there = {variable.op.name: variable for variable in self._variables.values()}
        weights = {
            place: np.zeros(_sizes(variable), _numpy_type(variable))
            for place, variable in there.items()
            if _sizes(variable) is not None
        }
        own.restore(weights, save_path)
        for place, variable in there.items():
            put(variable, weights[place], run)

    def _give_nodes(self, weights: Mapping[str, Any], run: Run) -> None:
        """Give the variables of a graph from a file their values, parts of partitioned ones too."""
        graph = self._own.meta_graph
        places = self._own.places or {}
        by_key = {name: weights[str(place)] for name, place in places.items()}
        assert isinstance(graph, tfckpt.Graph)  # set by import_meta_graph
        message = tfckpt.export_meta_graph(graph=graph, saver_def=self._own.saver_def)
        found = tfckpt.values_by_node(message, by_key)
        run.session.values.update({name: np.array(found[name]) for name in found})

    @property
    def last_checkpoints(self) -> list[str]:
        """The checkpoints that are not deleted yet, oldest first."""
        return self._own.last_checkpoints

    def set_last_checkpoints(self, last_checkpoints: Any) -> None:
        """Set the list of last_checkpoints."""
        self._own.set_last_checkpoints(last_checkpoints)

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Any) -> None:
        """Set the list of last_checkpoints, each with its time."""
        self._own.set_last_checkpoints_with_time(last_checkpoints_with_time)

    @tensorflow_errors
    def recover_last_checkpoints(self, checkpoint_paths: Any) -> None:
        """Take over the checkpoints of a Saver before this one."""
        self._own.recover_last_checkpoints(checkpoint_paths)

    def as_saver_def(self) -> Any:
        """Return the SaverDef."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Return the SaverDef."""
        return self._own.to_proto(export_scope)

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """Return the Saver of a SaverDef."""
        return Saver(saver_def=saver_def, name=import_scope)

    def export_meta_graph(
        self,
        filename: Any = None,
        collection_list: Any = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """Return the MetaGraphDef of the default graph, and write it to a file if one is named."""
        return export_meta_graph(
            filename=filename,
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
        )


def _text(name: Any) -> Any:
    return name.decode() if isinstance(name, bytes) else name


def _checkpoint_key(variable: Any) -> str:
    if isinstance(variable, GraphVariable):
        return variable.checkpoint_key
    op = getattr(variable, "op", None)
    if op is None:
        raise TypeError(f"Variable to save is not a Variable: {variable!r}")
    return str(op.name)


def _value(variable: Any, run: Run) -> Any:
    return (
        run.session.variable(variable.op.name)
        if isinstance(variable, GraphVariable)
        else run.value(variable)
    )


def _sizes(variable: Any) -> tuple[int, ...] | None:
    sizes = (
        variable.shape
        if isinstance(variable, GraphVariable)
        else variable.shape.as_list()
        if variable.shape
        else None
    )
    if sizes is None or None in sizes:
        return None
    return tuple(int(size or 0) for size in sizes)


def _numpy_type(variable: Any) -> Any:
    return variable.dtype if isinstance(variable, GraphVariable) else variable.dtype.as_numpy_dtype


@tensorflow_errors
def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    **kwargs: Any,
) -> Saver | None:
    """Add a graph from a file to the default graph; return its Saver."""
    get_default_graph()
    own = tfckpt.import_meta_graph(meta_graph_or_file, clear_devices, import_scope, **kwargs)
    return None if own is None else Saver._of(own)


@tensorflow_errors
def init_from_checkpoint(ckpt_dir_or_file: Any, assignment_map: Any) -> None:
    """Have variables begin with a checkpoint's values."""
    variables = {variable.op.name: variable for variable in global_variables()}
    weights = {
        name: np.zeros(_sizes(variable) or (), _numpy_type(variable))
        for name, variable in variables.items()
    }
    chosen = {
        source: target.op.name if hasattr(target, "op") else target
        for source, target in dict(assignment_map).items()
    }
    for name in tfckpt.init_from_checkpoint(weights, ckpt_dir_or_file, chosen):
        variables[name]._initial = weights[name]


# --- objects


class _Tree:
    """A tree of objects with arrays in the place of variables; these are in `made`.

    Where they are only to be restored, variables without a value get zeros.
    """

    def __init__(self, run: Run, *, restored: bool) -> None:
        self._run, self._restored = run, restored
        self.made: dict[int, tuple[Variable, tfckpt.Variable]] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, Variable):
            return self._array(value)
        if isinstance(value, Checkpoint):
            return self.of(value._children())
        if isinstance(value, Module):
            return self.of(
                {name: child for name, child in vars(value).items() if _is_tracked(child)}
            )
        if isinstance(value, Mapping):
            return {name: self.of(child) for name, child in value.items()}
        if isinstance(value, list | tuple):
            return type(value)([self.of(child) for child in value])
        return self._run.value(value)

    def _array(self, variable: Variable) -> Any:
        if id(variable) not in self.made:
            value = self._blank(variable) if self._restored else self._run.value(variable)
            array = tfckpt.Variable(np.array(value), name=variable._shared_name)
            self.made[id(variable)] = variable, array
        return self.made[id(variable)][1]

    def _blank(self, variable: Variable) -> Any:
        try:
            return self._run.value(variable)
        except (NeedsTensorFlow, FailedPreconditionError):
            return np.zeros(_sizes(variable) or (), _numpy_type(variable))


def _is_tracked(value: Any) -> bool:
    return isinstance(value, Variable | Module | Checkpoint | Mapping | list | tuple)


class Module:
    """An object whose attributes that are variables, or hold some, are saved with it."""

    def __init__(self, name: str | None = None) -> None:
        self._module_name = name


class Checkpoint:
    """A tree of variables, dicts, lists and other Checkpoints that is saved as a whole."""

    _root: Any
    _counter: Variable | None

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        self.__dict__.update(_root=root, _counter=None)
        for name, value in kwargs.items():
            setattr(self, name, value)

    def _children(self) -> dict[str, Any]:
        named = {
            name: child for name, child in vars(self).items() if name not in ("_root", "_counter")
        }
        return named | ({} if self._counter is None else {"save_counter": self._counter})

    @property
    def save_counter(self) -> Variable:
        """How many times was saved."""
        if self._counter is None:
            self._counter = Variable(
                np.int64(0), trainable=False, name="save_counter", collections=[]
            )
        return self._counter

    def _own(self, tree: _Tree) -> tfckpt.Checkpoint:
        root = None if self._root is None else tree.of(self._root)
        return tfckpt.Checkpoint(root, **tree.of(self._children()))

    @tensorflow_errors
    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values to this prefix."""
        tree = _Tree(Run(get_default_session()), restored=False)
        return self._own(tree).write(file_prefix, options)

    @tensorflow_errors
    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values to the prefix with the next number, and the state file."""
        run = Run(get_default_session())
        if run.session is not None:
            run.session.values.setdefault(self.save_counter.op.name, np.array(0))
        own = self._own(_Tree(run, restored=False))
        path = own.save(file_prefix, options)
        put(self.save_counter, np.int64(own.save_counter), run)
        return path

    @tensorflow_errors
    def read(self, save_path: Any, options: Any = None) -> Any:
        """Take the values of a checkpoint."""
        tree = _Tree(Run(get_default_session()), restored=True)
        status = self._own(tree).read(save_path, options)
        self._take(tree)
        return status

    @tensorflow_errors
    def restore(self, save_path: Any, options: Any = None) -> Any:
        """Take the values of a checkpoint that `save` made; None does nothing."""
        self.save_counter  # noqa: B018  it is part of what is restored
        tree = _Tree(Run(get_default_session()), restored=True)
        status = self._own(tree).restore(save_path, options)
        self._take(tree)
        return status

    def _take(self, tree: _Tree) -> None:
        for variable, array in tree.made.values():
            put(variable, np.asarray(array), tree._run)


class CheckpointManager:
    """Keeps the newest checkpoints of a Checkpoint in a folder."""

    @tensorflow_errors
    def __init__(
        self,
        checkpoint: Any,
        directory: Any,
        max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
        step_counter: Any = None,
        checkpoint_interval: int | None = None,
        init_fn: Any = None,
        last_checkpoint_step: int | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self._own = tfckpt.CheckpointManager(
            checkpoint,
            directory,
            max_to_keep=max_to_keep,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            checkpoint_name=checkpoint_name,
            step_counter=step_counter,
            checkpoint_interval=checkpoint_interval,
            init_fn=init_fn,
            last_checkpoint_step=last_checkpoint_step,
        )

    @property
    def directory(self) -> str:
        return self._own.directory

    @property
    def checkpoints(self) -> list[str]:
        return self._own.checkpoints

    @property
    def latest_checkpoint(self) -> str | None:
        return self._own.latest_checkpoint

    @tensorflow_errors
    def save(
        self, checkpoint_number: Any = None, check_interval: bool = True, options: Any = None
    ) -> str | None:
        """Write the next checkpoint."""
        return self._own.save(checkpoint_number, check_interval, options)

    @tensorflow_errors
    def restore_or_initialize(self) -> str | None:
        """Take the values of the latest checkpoint; without one, call `init_fn`."""
        return self._own.restore_or_initialize()
