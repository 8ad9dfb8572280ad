"""Warm-starting: variables that go on from an earlier model's checkpoint.

The rules are those of TensorFlow's ``training/warm_starting_util.py``, and for vocabularies of
``training/checkpoint_ops.py``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from tfckpt.checkpoint import load_checkpoint
from tfckpt.errors import InvalidArgumentError
from tfckpt.initial.assignment import Pairing, fitted, name_of, read_into
from tfckpt.initial.matrix import remapped
from tfckpt.initial.variables import PartedVariable, by_name, names_by_id, variables_in
from tfckpt.initial.vocabulary import Ids, Initializer, VocabInfo, generate_vocab_remapping
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, close_names, shown
from tfckpt.reader import CheckpointReader
from tfckpt.saver.matching import full_name_to_key, put_at, type_and_shape
from tfckpt.saver.var_list import Weights, as_mutable_mapping, check_names, spec_of
from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import Array

logger = logging.getLogger("tfckpt")


def warm_start(
    variables: MutableMapping[str, Any],
    ckpt_to_initialize_from: AnyPath,
    vars_to_warm_start: str | list[Any] | None = ".*",
    var_name_to_vocab_info: Mapping[str, VocabInfo] | None = None,
    var_name_to_prev_var_name: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give variables the values of an earlier model, by name and by word.

    `variables` maps names to arrays, which are filled in place. `vars_to_warm_start` is a regular
    expression, a list of them, or a list of arrays of the mapping. An expression has to match the
    beginning of a name with ``:0`` behind it, so that ``w[^/]`` is w and not ``w/Adam``. None takes
    only the variables that have a `VocabInfo`. As a mapping does not say what is trainable, the
    default is everything in it.

    `var_name_to_vocab_info` has what is known of a variable whose rows (or columns) are words: each
    word's row is looked up in the old vocabulary. `var_name_to_prev_var_name` has the name that a
    variable has in the checkpoint, where it is another. In both, and in expressions, a variable in
    parts (``w/part_0`` ...) is called ``w``; expressions choose among its parts too.

    In an object-based checkpoint names that are no keys are looked up among the full names of its
    variables.

    Returns the tensor's name for each name in `variables` that was given values. Everything is
    compared and read before anything changes.

    Raises InvalidArgumentError (a ValueError) that lists all tensors that are not there and all
    variables of another shape or dtype; for settings of a variable that is not chosen, and for an
    expression that no name matches; FileMissingError without a checkpoint or a vocabulary.

    >>> import numpy as np, pathlib, tempfile, tfckpt
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "old").write_text("apple\\nguava\\n")
    >>> _ = (folder / "new").write_text("guava\\nkiwi\\napple\\n")
    >>> path = tfckpt.save(folder / "m", {"words": np.float32([[1, 1], [2, 2]])})
    >>> weights = {"words": np.zeros((3, 2), np.float32)}
    >>> info = tfckpt.VocabInfo(folder / "new", 3, 0, folder / "old")
    >>> tfckpt.warm_start(weights, path, var_name_to_vocab_info={"words": info})
    {'words': 'words'}
    >>> weights["words"].tolist()
    [[2.0, 2.0], [0.0, 0.0], [1.0, 1.0]]
    """
    weights = as_mutable_mapping(variables, None)
    check_names(weights)
    vocabs = dict(var_name_to_vocab_info or {})
    previous = dict(var_name_to_prev_var_name or {})
    chosen = _chosen(vars_to_warm_start, weights)
    _check_used("var_name_to_prev_var_name", previous, chosen)
    _check_used("var_name_to_vocab_info", vocabs, chosen)
    with load_checkpoint(ckpt_to_initialize_from) as reader:
        keys = _keys(
            reader,
            {variable.name: previous.get(variable.name, variable.name) for variable in chosen},
        )
        wanted = [
            Pairing(keys[variable.name], variable, names)
            for variable, names in chosen.items()
            if vars_to_warm_start or variable.name in vocabs
        ]
        with_vocab = [pairing for pairing in wanted if pairing.variable.name in vocabs]
        sources = fitted(
            [pairing for pairing in wanted if pairing.variable.name not in vocabs],
            reader,
            weights,
            also=[pairing.tensor for pairing in with_vocab],
        )
        matrices = {
            name: matrix
            for pairing in with_vocab
            for name, matrix in _matrices(reader, pairing, vocabs[pairing.variable.name], weights)
        }
        done = read_into(reader, sources, weights)
    for name, matrix in matrices.items():
        put_at(name, matrix, weights)
    done |= {name: pairing.tensor for pairing in with_vocab for name in pairing.names}
    logger.info("Warm-started %d variables from %s", len(wanted), reader.path)
    return done


def _chosen(
    choice: str | list[Any] | None, weights: Weights
) -> dict[PartedVariable, tuple[str, ...]]:
    """Return the variables that are chosen, and which names of each."""
    names = list(dict.fromkeys(_names(choice, weights)))
    owners = by_name(variables_in(weights))
    chosen: dict[PartedVariable, tuple[str, ...]] = {}
    for name in names:
        chosen[owners[name]] = (*chosen.get(owners[name], ()), name)
    return chosen


def _names(choice: str | list[Any] | None, weights: Weights) -> Iterator[str]:
    if choice is None or isinstance(choice, str):
        yield from _matching(choice or "", weights)
    elif isinstance(choice, list) and all(isinstance(item, str) for item in choice):
        for pattern in choice:
            yield from _matching(pattern, weights)
    elif isinstance(choice, list) and all(isinstance(item, np.ndarray) for item in choice):
        known = names_by_id(weights)
        yield from (name_of(array, known) for array in choice)
    else:
        raise ValueError(
            f"vars_to_warm_start is a regular expression, a list of them, or a list of arrays, "
            f"not {choice!r:.80}"
        )


def _matching(pattern: str, weights: Weights) -> list[str]:
    found = [name for name in weights if re.match(pattern, f"{name}:0")]
    if not found:
        close = close_names(pattern, list(weights))
        among = f"; did you mean {' or '.join(close)}?" if close else ""
        raise InvalidArgumentError(
            f"vars_to_warm_start: {pattern!r} matches none of {len(weights)} variables{among}"
        )
    return found


def _check_used(
    setting: str, names: Mapping[str, object], chosen: Iterable[PartedVariable]
) -> None:
    known = [variable.name for variable in chosen]
    unused = sorted(names.keys() - set(known))
    if unused:
        raise InvalidArgumentError(
            f"{setting} has variables that are not warm-started: {', '.join(unused)}; "
            f"there are {shown(known)}"
        )


def _keys(reader: CheckpointReader, names: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each name in the checkpoint; objects' variables have full names too."""
    unknown = [name for name in names.values() if name not in reader]
    known = full_name_to_key(reader) if unknown and OBJECT_GRAPH_KEY in reader else {}
    translated = {name: known[name] for name in unknown if name in known}
    return {name: translated.get(old, old) for name, old in names.items()}


def _matrices(
    reader: CheckpointReader, wanted: Pairing, info: VocabInfo, weights: Weights
) -> Iterator[tuple[str, Array]]:
    """Make the values of a variable, part by part: words' rows from theirs, the others' anew."""
    variable = wanted.variable
    parts = variable.parts or (variable.name,)
    shapes = [np.shape(weights[part]) for part in parts]
    _check_variable(reader, wanted, info=info, weights=weights, shapes=shapes)
    height = sum(shape[0] for shape in shapes)
    remapping, _ = generate_vocab_remapping(
        info.new_vocab,
        info.old_vocab,
        new_vocab_offset=0,
        num_new_vocab=info.new_vocab_size if info.axis else min(info.new_vocab_size, height),
        old_vocab_size=info.old_vocab_size,
    )
    offset = 0
    for part, shape in zip(parts, shapes, strict=True):
        if part in wanted.names:
            yield (
                part,
                _matrix(
                    reader,
                    wanted.tensor,
                    info=info,
                    remapping=remapping,
                    shape=shape,
                    offset=offset,
                    height=height,
                ),
            )
        offset += shape[0]


def _check_variable(
    reader: CheckpointReader,
    wanted: Pairing,
    info: VocabInfo,
    weights: Weights,
    shapes: Sequence[Shape],
) -> None:
    """Raise InvalidArgumentError unless the variable's shape is that of its vocabulary."""
    name = wanted.variable.name
    if not (info.new_vocab and info.new_vocab_size and info.old_vocab):
        raise InvalidArgumentError(
            f"the VocabInfo of {name} needs a new_vocab, a new_vocab_size and an old_vocab"
        )
    if info.backup_initializer is not None and not callable(info.backup_initializer):
        raise TypeError(f"the backup_initializer of {name} is no function of a shape")
    stored = reader.info(wanted.tensor)
    for part, shape in zip(wanted.variable.parts or (name,), shapes, strict=True):
        kind = spec_of(weights[part]).data_type
        if kind != stored.data_type or len(shape) != len(stored.shape):
            raise InvalidArgumentError(
                f"the variable {part} is {type_and_shape(kind, shape)}, "
                f"the checkpoint has {type_and_shape(stored.data_type, stored.shape)}",
                path=reader.path,
                tensor=wanted.tensor,
            )
    if not info.axis < len(stored.shape) <= 2:
        raise InvalidArgumentError(
            f"a variable with a vocabulary of axis {info.axis} is a matrix, {name} has the shape "
            f"{list(shapes[0])}"
        )
    rows = info.new_vocab_size + info.num_oov_buckets
    found = shapes[0][1] if info.axis else sum(shape[0] for shape in shapes)
    wrong = found != rows if info.axis else found > rows
    if wrong:
        raise InvalidArgumentError(
            f"{name} has {found} {('rows', 'columns')[info.axis]}: new_vocab_size "
            f"{info.new_vocab_size} and num_oov_buckets {info.num_oov_buckets} make {rows}"
        )


def _matrix(
    reader: CheckpointReader,
    tensor: str,
    info: VocabInfo,
    remapping: Ids,
    shape: Shape,
    offset: int,
    height: int,
) -> Array:
    """Make the rows of a variable of `height` rows that begin at `offset`.

    The backup initializer is asked for the same shapes in the same order as in TensorFlow.
    """
    dtype = reader.info(tensor).dtype

    def initial(*shape: int) -> Array:
        return _initial_values(info.backup_initializer, shape, dtype)

    count, width = (*shape, 1)[:2]
    words = height if info.axis else info.new_vocab_size
    if offset > words:  # all rows are out-of-vocabulary buckets
        return initial(*shape)
    rows = (
        np.arange(offset, min(offset + count, words)) if info.axis else remapping[offset:][:count]
    )
    cols = remapping if info.axis else None
    known = len(remapping) if info.axis else width
    present = np.count_nonzero(cols >= 0) if cols is not None else width
    missing = len(rows) * known - int(np.count_nonzero(rows >= 0) * present)
    matrix = remapped(
        reader,
        tensor,
        rows=rows,
        cols=cols,
        num_cols=known,
        initializing_values=initial(missing, 1),
    )
    if len(rows) < count:
        matrix = np.concatenate([matrix, initial(count - len(rows), known)])
    if known < width:
        matrix = np.concatenate([matrix, initial(count, width - known)], axis=1)
    return matrix.reshape(shape)


def _initial_values(initializer: Initializer | None, shape: Shape, dtype: np.dtype[Any]) -> Array:
    if initializer is None:
        return np.zeros(shape, dtype)
    values = np.asarray(initializer(shape))
    if values.shape != shape:
        raise ValueError(
            f"backup_initializer returned the shape {list(values.shape)} for {list(shape)}"
        )
    return values.astype(dtype)
