"""Initializing variables from a checkpoint that has them under other names.

The rules are those of TensorFlow's ``training/checkpoint_utils.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

import numpy as np

from tfckpt.checkpoint import load_checkpoint
from tfckpt.errors import InvalidArgumentError
from tfckpt.initial.variables import (
    PartedVariable,
    by_name,
    names_by_id,
    places_of_parts,
    variables_in,
)
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, close_names, shown
from tfckpt.reader import CheckpointReader, TensorInfo
from tfckpt.saver.matching import (
    Mismatch,
    RestoreReport,
    mismatch,
    problems,
    put_at,
    type_and_shape,
)
from tfckpt.saver.var_list import Weights, as_mutable_mapping, check_names

AssignmentMap = Mapping[str, object] | Iterable[tuple[str, object]]


class Origin(NamedTuple):
    """Which part of which tensor of the checkpoint a name in the mapping gets."""

    tensor: str
    place: tuple[Any, ...]


class Pairing(NamedTuple):
    """A variable, or some of its parts, and the tensor that it is to have the values of."""

    tensor: str
    variable: PartedVariable
    names: tuple[str, ...]
    """Those in the mapping that are filled."""


def init_from_checkpoint(
    variables: MutableMapping[str, Any],
    ckpt_dir_or_file: AnyPath,
    assignment_map: AssignmentMap,
) -> dict[str, str]:
    """Give variables the values of a checkpoint's tensors of other names, or in other scopes.

    `variables` maps names to arrays. `assignment_map` maps what the checkpoint has to what the
    mapping has:

    | in the checkpoint | in `variables` | |
    |---|---|---|
    | ``"old/w"`` | ``"new/w"`` | one tensor to one variable |
    | ``"old/w"`` | an array of the mapping | the same, by the array itself |
    | ``"old/"`` | ``"new/"`` | every variable under ``new/`` from its name under ``old/`` |
    | ``"/"`` | ``"new/"`` | from the checkpoint's names without a scope |
    | ``"old/"`` | ``"/"`` | every variable of the mapping, from its name under ``old/`` |

    It may be a list of pairs too, which can name one tensor for several variables. A variable in
    parts (``w/part_0``, ``w/part_1``, ... along one axis) is named ``w``, or by the list of its
    arrays; each part gets its rows, however the checkpoint has the tensor.

    Arrays get their values in place; a scalar, or an array that cannot be written to, is replaced
    in the mapping. Everything is compared, read and verified before anything changes.

    Returns the tensor's name for each name in `variables` that was given values.

    An object-based checkpoint is named by its keys (``layer/kernel/.ATTRIBUTES/VARIABLE_VALUE``),
    as in TensorFlow; `warm_start` knows the names of its variables.

    Raises InvalidArgumentError (a ValueError) that lists all tensors that are not there and all
    variables of another shape or dtype; for a scope or a name that `variables` has not;
    FileMissingError or InvalidArgumentError without a checkpoint; TypeError for other kinds.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.save(tempfile.mkdtemp() + "/m", {"old/w": np.ones(2), "old/b": np.zeros(1)})
    >>> weights = {"new/w": np.zeros(2), "head/w": np.zeros(3)}
    >>> tfckpt.init_from_checkpoint(weights, path, {"old/": "new/"})
    {'new/w': 'old/w'}
    >>> weights["new/w"]
    array([1., 1.])
    """
    weights = as_mutable_mapping(variables, None)
    check_names(weights)
    with load_checkpoint(ckpt_dir_or_file) as reader:
        wanted = list(_pairings(assignment_map, weights))
        sources = fitted(wanted, reader, weights)
        return read_into(reader, sources, weights)


def _pairings(assignment_map: AssignmentMap, weights: Weights) -> Iterator[Pairing]:
    """Find the variables that an assignment map means; of two for one variable the last counts."""
    known = variables_in(weights)
    names = names_by_id(weights)
    pairs = assignment_map.items() if isinstance(assignment_map, Mapping) else assignment_map
    for tensor, target in sorted(map(_pair, pairs), key=lambda pair: pair[0]):
        if isinstance(target, np.ndarray):
            name = name_of(target, names)
            yield Pairing(tensor, PartedVariable(name), (name,))
        elif isinstance(target, list | tuple):
            chosen = tuple(name_of(array, names) for array in target)
            yield Pairing(tensor, _one_variable(chosen, known), chosen)
        elif not isinstance(target, str):
            raise TypeError(f"{tensor!r} is assigned to a {type(target).__name__}: {target!r:.80}")
        elif target in weights:
            yield Pairing(tensor, PartedVariable(target), (target,))
        elif target in known:
            yield whole(tensor, known[target])
        else:
            yield from _in_scope(tensor, target, known)


def whole(tensor: str, variable: PartedVariable) -> Pairing:
    return Pairing(tensor, variable, variable.parts or (variable.name,))


def _pair(pair: object) -> tuple[str, object]:
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[0], str):
        raise TypeError(f"an assignment is a pair of names, not {pair!r:.80}")
    return pair[0], pair[1]


def name_of(array: object, names: Mapping[int, str]) -> str:
    """Return the name of an array of the mapping; ValueError if it is none of its own."""
    name = names.get(id(array)) if isinstance(array, np.ndarray) else None
    if name is None:
        raise InvalidArgumentError(
            f"a variable is given by its name, or as the array that the mapping holds, "
            f"not as {array!r:.80}"
        )
    return name


def _one_variable(chosen: tuple[str, ...], known: Mapping[str, PartedVariable]) -> PartedVariable:
    owners = by_name(known)
    found = {owners[name] for name in chosen}
    if len(found) != 1:
        listed = ", ".join(sorted(variable.name for variable in found))
        raise InvalidArgumentError(
            f"a list has the parts of one variable, not of {listed or 'none'}"
        )
    return found.pop()


def _in_scope(scope: str, target: str, known: Mapping[str, PartedVariable]) -> Iterator[Pairing]:
    """Take every variable below one scope from the checkpoint's other one."""
    if not scope.endswith("/") or not target.endswith("/"):
        close = close_names(target, list(known))
        among = f" (did you mean {' or '.join(close)}?)" if close else ""
        raise InvalidArgumentError(
            f"{scope!r} is assigned to {target!r}, which is no variable of the mapping{among}; "
            f"scopes end with a slash on both sides, 'old/': 'new/'"
        )
    inside, outside = ("" if scope_name == "/" else scope_name for scope_name in (target, scope))
    found = [variable for name, variable in sorted(known.items()) if name.startswith(inside)]
    if not found:
        raise InvalidArgumentError(f"{scope!r} is assigned to {target!r}, where no variable is")
    for variable in found:
        yield whole(outside + variable.name[len(inside) :], variable)


def fitted(
    wanted: Iterable[Pairing],
    reader: CheckpointReader,
    weights: Weights,
    also: Iterable[str] = (),
) -> dict[str, Origin]:
    """Return what each name in the mapping gets, once everything fits.

    The tensors `also` have to be there too.

    Raises InvalidArgumentError that says of all of it what does not.
    """
    infos = reader.infos()
    sources: dict[str, Origin] = {}
    missing = [tensor for tensor in also if tensor not in infos]
    mismatched = []
    for tensor, variable, names in wanted:
        if tensor not in infos:
            missing.append(tensor)
            continue
        fit = _fit(tensor, variable, infos[tensor], weights)
        if isinstance(fit, Mismatch):
            mismatched.append(fit)
        else:
            sources.update({name: Origin(tensor, fit[name]) for name in names})
    report = RestoreReport([], sorted(set(missing)), [], mismatched)
    text = problems(report, reader)
    if missing and OBJECT_GRAPH_KEY in infos:
        text += "\nIt is object-based: warm_start finds its variables by their names."
    if text:
        raise InvalidArgumentError(
            f"Initializing from checkpoint failed; nothing was changed.\n{text}", path=reader.path
        )
    return sources


def _fit(
    tensor: str, variable: PartedVariable, info: TensorInfo, weights: Weights
) -> Mismatch | dict[str, tuple[Any, ...]]:
    """Return which part of a tensor each part of a variable is."""
    name = variable.name
    label = name if name == tensor else f"{name} from {tensor}"
    if not variable.parts:
        wrong = mismatch(label, info, name, weights, reshape=False)
        return wrong or {name: (...,)}
    shapes = [np.shape(weights[part]) for part in variable.parts]
    places = places_of_parts(shapes, tuple(info.shape))
    if places is None:
        expected = f"{len(shapes)} parts of {shown([list(shape) for shape in shapes])}"
        return Mismatch(label, expected, type_and_shape(info.data_type, info.shape))
    for part in variable.parts:
        alike = info._replace(shape=np.shape(weights[part]))
        wrong = mismatch(f"{part} from {tensor}", alike, part, weights, reshape=False)
        if wrong:
            return wrong
    return dict(zip(variable.parts, places, strict=True))


def read_into(
    reader: CheckpointReader,
    sources: Mapping[str, Origin],
    weights: MutableMapping[str, Any],
) -> dict[str, str]:
    """Read all of it, then fill the weights; return which name got which tensor."""
    counts = Counter(source.tensor for source in sources.values())
    values = reader.get_tensors(counts)
    for name, (tensor, place) in sources.items():
        value = values[tensor]
        if not isinstance(value, bytes):
            value = value[place]
            if counts[tensor] > 1:  # two names must not share one array
                value = value.copy()
        put_at(name, value, weights)
    return {name: source.tensor for name, source in sources.items()}
