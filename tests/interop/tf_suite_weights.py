"""Both libraries behind one face, for the cases of TensorFlow's that start from a checkpoint.

A model is a set of named variables with values to start from; some are partitioned along their
first axis. In TensorFlow it is a graph, here a mapping, in which the parts of ``w`` are called
``w/part_0``, ``w/part_1`` ..., as TensorFlow calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.training import checkpoint_ops

import tfckpt

v1 = tf.compat.v1

Parts = Mapping[str, int]
Vocabs = tuple[str, str]


class TheirModel:
    def __init__(self, values: Mapping[str, Any], parts: Parts) -> None:
        self.variables: dict[str, Any] = {}
        self.graph = tf.Graph()
        with self.graph.as_default():
            for name, given in values.items():
                value = np.asarray(given)
                self.variables[name] = v1.get_variable(
                    name,
                    value.shape,
                    value.dtype,
                    tf.constant(value) if name in parts else v1.constant_initializer(value),
                    partitioner=partitioner(parts.get(name)),
                )

    def __getitem__(self, name: str) -> Any:
        """The variable, or the list of its parts."""
        return parts_of(self.variables[name])

    def init_from_checkpoint(self, path: Any, assignment_map: Any) -> None:
        with self.graph.as_default():
            v1.train.init_from_checkpoint(path, assignment_map)

    def warm_start(self, path: Any, **arguments: Any) -> None:
        with self.graph.as_default():
            v1.train.warm_start(path, **arguments)

    def values(self) -> dict[str, Any]:
        with self.graph.as_default(), v1.Session() as session:
            session.run(v1.global_variables_initializer())
            return {name: session.run(self[name]) for name in self.variables}

    def save(self, prefix: str) -> str:
        with self.graph.as_default(), v1.Session() as session:
            session.run(v1.global_variables_initializer())
            return v1.train.Saver().save(session, prefix, global_step=0)

    def save_objects(self, prefix: str, places: Mapping[str, str]) -> str:
        children = {places[name]: variable for name, variable in self.variables.items()}
        with self.graph.as_default(), v1.Session() as session:
            session.run(v1.global_variables_initializer())
            return tf.train.Checkpoint(**children).save(prefix)


def partitioner(count: int | None) -> Callable[..., list[int]] | None:
    if count is None:
        return None
    return lambda shape, dtype: [count] + [1] * (len(shape) - 1)


def parts_of(variable: Any) -> Any:
    listed = getattr(variable, "_get_variable_list", None)
    return variable if listed is None else listed()


class OurModel:
    def __init__(self, values: Mapping[str, Any], parts: Parts) -> None:
        self.parts = parts
        self.shapes = {name: np.shape(value) for name, value in values.items()}
        self.variables: dict[str, Any] = {}
        for name, value in values.items():
            if name in parts:
                for number, part in enumerate(np.array_split(value, parts[name])):
                    self.variables[f"{name}/part_{number}"] = part.copy()
            else:
                self.variables[name] = np.array(value)

    def __getitem__(self, name: str) -> Any:
        if name in self.parts:
            return [self.variables[f"{name}/part_{number}"] for number in range(self.parts[name])]
        return self.variables[name]

    def init_from_checkpoint(self, path: Any, assignment_map: Any) -> None:
        tfckpt.init_from_checkpoint(self.variables, path, assignment_map)

    def warm_start(self, path: Any, **arguments: Any) -> None:
        tfckpt.warm_start(self.variables, path, **arguments)

    def values(self) -> dict[str, Any]:
        return {name: self[name] for name in self.shapes}

    def save(self, prefix: str) -> str:
        if not self.parts:
            return tfckpt.Saver().save(self.variables, prefix, global_step=0)
        path = f"{prefix}-0"
        with tfckpt.BundleWriter(path) as writer:
            for name, shape in self.shapes.items():
                start = 0
                for part in self[name] if name in self.parts else [self[name]]:
                    rest = [(0, size) for size in shape[1:]]
                    writer.add_slice(name, shape, [(start, len(part)), *rest], part)
                    start += len(part)
        self._write_state(path)
        return path

    def save_objects(self, prefix: str, places: Mapping[str, str]) -> str:
        path = tfckpt.save(f"{prefix}-1", tfckpt.to_object_based(self.variables, places))
        self._write_state(path)
        return path

    def _write_state(self, path: str) -> None:
        tfckpt.update_checkpoint_state(str(Path(path).parent), path)


class Theirs:
    CheckpointError = tf.errors.OpError
    InvalidArgumentError = tf.errors.InvalidArgumentError
    UnimplementedError = tf.errors.UnimplementedError
    VocabInfo = v1.train.VocabInfo
    load_checkpoint = staticmethod(tf.train.load_checkpoint)
    load_variable = staticmethod(tf.train.load_variable)
    list_variables = staticmethod(tf.train.list_variables)

    @staticmethod
    def model(values: Mapping[str, Any], parts: Parts | None = None) -> Any:
        return TheirModel(values, parts or {})

    @staticmethod
    def constant_initializer(value: float) -> Any:
        # Not TensorFlow's constant_initializer: its own tests say that this does not do here.
        return v1.random_uniform_initializer(value, value)

    @staticmethod
    def generate_vocab_remapping(**arguments: Any) -> tuple[np.ndarray, int]:
        remapping, present = tf.raw_ops.GenerateVocabRemapping(**arguments)
        return remapping.numpy(), int(present)

    @staticmethod
    def load_and_remap_matrix(
        *, row_remapping: Any, col_remapping: Any, initializing_values: Any, **arguments: Any
    ) -> np.ndarray:
        return tf.raw_ops.LoadAndRemapMatrix(
            row_remapping=np.asarray(row_remapping, np.int64),
            col_remapping=np.asarray(col_remapping, np.int64),
            initializing_values=np.asarray(initializing_values, np.float32),
            **arguments,
        ).numpy()

    @staticmethod
    def remapped(
        path: str,
        name: str,
        shape: tuple[int, int],
        *,
        rows: Vocabs | None = None,
        cols: Vocabs | None = None,
        row_oov: int = 0,
        col_oov: int = 0,
        fill: float | None = None,
        old_row_vocab_size: int = -1,
        parts: int = 1,
    ) -> np.ndarray:
        """The matrix of a checkpoint for other vocabularies, computed part by part.

        `shape` is that of the vocabularies; OOV buckets come on top.
        """
        # No constant initializer will do: it takes no shape that is a tensor.
        init = None if fill is None else lambda shape: tf.fill(shape, np.float32(fill))
        new_rows, old_rows = rows or (None, None)
        new_cols, old_cols = cols or (None, None)
        initializer = checkpoint_ops._load_and_remap_matrix_initializer(
            ckpt_path=[path],
            old_tensor_name=name,
            new_row_vocab_size=shape[0],
            new_col_vocab_size=shape[1],
            old_row_vocab_size=old_row_vocab_size,
            old_row_vocab_file=old_rows,
            new_row_vocab_file=new_rows,
            old_col_vocab_file=old_cols,
            new_col_vocab_file=new_cols,
            num_row_oov_buckets=row_oov,
            num_col_oov_buckets=col_oov,
            initializer=init,
        )
        with tf.Graph().as_default(), v1.Session() as session:
            matrix = v1.get_variable(
                "matrix",
                [shape[0] + row_oov, shape[1] + col_oov],
                initializer=initializer,
                partitioner=partitioner(parts),
            )
            session.run(v1.global_variables_initializer())
            return session.run(matrix.as_tensor())


class Ours:
    CheckpointError = tfckpt.errors.CheckpointError
    InvalidArgumentError = tfckpt.errors.InvalidArgumentError
    UnimplementedError = tfckpt.errors.UnimplementedError
    load_checkpoint = staticmethod(tfckpt.load_checkpoint)
    load_variable = staticmethod(tfckpt.load_variable)
    list_variables = staticmethod(tfckpt.list_variables)

    @staticmethod
    def model(values: Mapping[str, Any], parts: Parts | None = None) -> Any:
        return OurModel(values, parts or {})

    @staticmethod
    def VocabInfo(*arguments: Any, **named: Any) -> Any:
        return tfckpt.VocabInfo(*arguments, **named)

    @staticmethod
    def constant_initializer(value: float) -> Any:
        return lambda shape: np.full(shape, value, np.float32)

    @staticmethod
    def generate_vocab_remapping(**arguments: Any) -> tuple[np.ndarray, int]:
        return tfckpt.generate_vocab_remapping(**arguments)

    @staticmethod
    def load_and_remap_matrix(**arguments: Any) -> np.ndarray:
        return tfckpt.load_and_remap_matrix(**arguments)

    @staticmethod
    def remapped(
        path: str,
        name: str,
        shape: tuple[int, int],
        *,
        rows: Vocabs | None = None,
        cols: Vocabs | None = None,
        row_oov: int = 0,
        col_oov: int = 0,
        fill: float | None = None,
        old_row_vocab_size: int = -1,
        parts: int = 1,
    ) -> np.ndarray:
        """The same from tfckpt's two functions, which is how one would do it here."""
        col_remapping: Any = []
        if cols:
            col_remapping, _ = tfckpt.generate_vocab_remapping(*cols, 0, shape[1])
        done, start = [], 0
        for part in np.array_split(np.zeros(shape[0] + row_oov), parts):
            count = max(0, min(len(part), shape[0] - start))
            row_remapping: Any = np.arange(start, start + count)
            if rows:
                row_remapping, _ = tfckpt.generate_vocab_remapping(
                    *rows, start, count, old_row_vocab_size
                )
            known = np.outer(
                np.asarray(row_remapping) >= 0,
                np.asarray(col_remapping) >= 0 if cols else np.ones(shape[1], bool),
            )
            loaded = tfckpt.load_and_remap_matrix(
                path,
                name,
                row_remapping,
                col_remapping,
                np.full(known.size - known.sum(), fill or 0.0, np.float32),
                count,
                shape[1],
            )
            around = ((0, len(part) - count), (0, col_oov))
            done.append(np.pad(loaded, around, constant_values=fill or 0.0))
            start += len(part)
        return np.concatenate(done)


def write_vocab(path: Path, words: list[str], end: str = "") -> str:
    path.write_text("\n".join(words) + end)
    return str(path)
