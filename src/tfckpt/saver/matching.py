"""Comparing a checkpoint with the weights it is restored into, before anything is changed.

`plan_restore` compares, `raise_for` refuses, `apply` reads: a restore that fails has changed
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

import numpy as np

from tfckpt.dtypes import data_type_name
from tfckpt.errors import CheckpointError, InvalidArgumentError, TensorNotFoundError
from tfckpt.names import OBJECT_GRAPH_KEY, close_names, shown_lines
from tfckpt.objectgraph.nodes import attributes_of, read_object_graph
from tfckpt.progress import Progress, counting
from tfckpt.reader import CheckpointReader, TensorInfo, read_in_pieces
from tfckpt.saver.var_list import Place, Weights, fill_array, spec_of
from tfckpt.tensors.slices import volume


class Mismatch(NamedTuple):
    """A tensor that is there, but not as the variable needs it."""

    name: str
    expected: str
    found: str


class RestoreReport(NamedTuple):
    """What a restore did, by name in the checkpoint."""

    restored: list[str]
    """Those whose value the weights have now."""
    missing: list[str]
    """Those that were asked for and that the checkpoint lacks."""
    unexpected: list[str]
    """Those of the checkpoint that the mapping (or `var_list`) did not have."""
    mismatched: list[Mismatch]
    """Those of another shape or dtype."""
    path: str | None = None
    """The checkpoint, where there was one."""


def nothing_restored() -> RestoreReport:
    return RestoreReport(restored=[], missing=[], unexpected=[], mismatched=[])


class RestorePlan(NamedTuple):
    """What a restore is going to do: names asked for -> keys in the checkpoint, and the report."""

    keys: dict[str, str]
    places: Mapping[str, Place]
    report: RestoreReport


def plan_restore(
    reader: CheckpointReader,
    places: Mapping[str, Place] | None,
    weights: Weights,
    *,
    reshape: bool,
) -> RestorePlan:
    """Compare everything that is asked for with what the checkpoint has."""
    infos = reader.infos()
    asked = dict(places) if places is not None else {name: name for name in weights}
    keys = {name: name for name in asked}
    if asked.keys() - infos.keys() and OBJECT_GRAPH_KEY in infos:
        keys.update(_by_full_name(reader, asked))
    missing = sorted(name for name in asked if keys[name] not in infos)
    unexpected = sorted(infos.keys() - set(keys.values()))
    if places is None and keys.keys() == set(keys.values()):
        # Without a var_list, what the mapping lacks is added to it.
        asked.update({name: name for name in unexpected})
        keys.update({name: name for name in unexpected})
    mismatched = []
    for name in sorted(asked.keys() - set(missing)):
        found = mismatch(name, infos[keys[name]], asked[name], weights, reshape=reshape)
        if found:
            mismatched.append(found)
    wrong = {*missing, *(differing.name for differing in mismatched)}
    restored = sorted(asked.keys() - wrong)
    report = RestoreReport(
        restored, missing, unexpected=unexpected, mismatched=mismatched, path=reader.path
    )
    return RestorePlan(keys, asked, report)


def mismatch(
    name: str, info: TensorInfo, place: Place, weights: Weights, *, reshape: bool
) -> Mismatch | None:
    """Return how a tensor of the checkpoint differs from the variable; None where it fits."""
    if isinstance(place, str):
        if place not in weights:
            return None
        value = weights[place]
    else:
        value = place
    found = type_and_shape(info.data_type, info.shape)
    try:
        spec = spec_of(value)
    except TypeError as error:
        return Mismatch(name, f"{type(value).__name__} ({error})", found)
    fits = spec.shape == tuple(info.shape) or (reshape and volume(spec.shape) == volume(info.shape))
    if fits and spec.data_type == info.data_type:
        return None
    return Mismatch(name, type_and_shape(spec.data_type, spec.shape), found)


def type_and_shape(data_type: int, shape: tuple[int, ...]) -> str:
    return f"{data_type_name(data_type)} {list(shape)}"


def raise_for(report: RestoreReport, reader: CheckpointReader) -> None:
    """Raise one error for all that does not fit; return if everything does.

    Raises TensorNotFoundError (also a KeyError) if names are missing, InvalidArgumentError (also
    a ValueError) if only shapes or dtypes differ.
    """
    text = problems(report, reader)
    if text:
        kind: type[CheckpointError] = (
            TensorNotFoundError if report.missing else InvalidArgumentError
        )
        message = f"Restoring from checkpoint failed; nothing was changed.\n{text}"
        raise kind(message, path=reader.path)


def problems(report: RestoreReport, reader: CheckpointReader) -> str:
    """Say what is missing from a checkpoint, and what differs; "" if nothing is wrong."""
    parts = []
    if report.missing:
        parts.append(_missing_text(report, list(reader)))
        parts += [missing for missing in [reader.what_is_missing()] if missing]
    if report.mismatched:
        parts.append(_mismatched_text(report.mismatched))
    return "\n".join(parts)


def _missing_text(report: RestoreReport, keys: list[str]) -> str:
    hint = prefix_hint(report.missing, keys)
    return "\n".join(
        [
            f"{len(report.missing)} variables are missing from the checkpoint's {len(keys)}:",
            shown_lines(report.missing, text=lambda name: name + _hint(name, keys)),
            *([hint] if hint else []),
        ]
    )


def _hint(name: str, keys: list[str]) -> str:
    close = close_names(name, keys)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _mismatched_text(mismatched: list[Mismatch]) -> str:
    lines = [
        f"{name}: the variable is {expected}, the checkpoint has {found}"
        for name, expected, found in mismatched
    ]
    return (
        f"{len(mismatched)} variables differ from the checkpoint in dtype or shape:\n"
        f"{shown_lines(lines)}"
    )


def prefix_hint(missing: list[str], keys: list[str]) -> str:
    """Say so if all missing names are there with another scope before them; else ``""``.

    >>> prefix_hint(["model/w", "model/b"], ["w", "b", "step"])
    "all of them are there without the prefix 'model/'"
    """
    known = set(keys)
    first = missing[0]
    for scope in (first[: n + 1] for n, letter in enumerate(first) if letter == "/"):
        if all(name.startswith(scope) and name[len(scope) :] in known for name in missing):
            return f"all of them are there without the prefix {scope!r}"
    for scope in (key.removesuffix(first) for key in keys if key.endswith("/" + first)):
        if all(scope + name in known for name in missing):
            return f"all of them are there with the prefix {scope!r}"
    return ""


def _by_full_name(reader: CheckpointReader, names: Mapping[str, Place]) -> dict[str, str]:
    """Translate names of variables to the keys of an object-based checkpoint."""
    known = full_name_to_key(reader)
    return {name: known[name] for name in names if name in known}


def full_name_to_key(reader: CheckpointReader) -> dict[str, str]:
    """Return which key of an object-based checkpoint holds the variable of each full name.

    Where several variables have one name the last in the graph is taken, as in TensorFlow
    (``saver.py``, ``object_graph_key_mapping``).
    """
    return {
        attribute.full_name: attribute.checkpoint_key
        for _, attribute in attributes_of(read_object_graph(reader))
    }


def apply(
    reader: CheckpointReader,
    wanted: RestorePlan,
    weights: MutableMapping[str, Any],
    *,
    sequentially: bool,
    progress: Progress | None = None,
) -> None:
    """Read what fits into the weights, existing arrays in place.

    Unless told to go `sequentially`, everything is read (and verified) before anything changes.
    """
    names = wanted.report.restored
    if not sequentially:
        values = read_in_pieces(reader, (wanted.keys[name] for name in names), progress)
        for name in names:
            put_at(wanted.places[name], values[wanted.keys[name]], weights)
        return
    report = counting(
        {name: reader.info(wanted.keys[name]).stored_size for name in names}, progress
    )
    for name in names:
        put_at(wanted.places[name], reader[wanted.keys[name]], weights)
        report(name)


def put_at(place: Place, value: Any, weights: MutableMapping[str, Any]) -> None:
    """Fill the array at a place, or put the value there."""
    target = weights.get(place) if isinstance(place, str) else place
    if target is not None and not isinstance(value, bytes):
        value = value.reshape(np.asarray(target).shape)
    if isinstance(target, np.ndarray) and fill_array(target, value):
        return
    if isinstance(place, str):
        weights[place] = value


def check_places(places: Mapping[str, Place]) -> None:
    """Refuse what a `var_list` can save but nothing can be restored into.

    Raises TypeError.
    """
    for name, place in places.items():
        if isinstance(place, str):
            continue
        if not isinstance(place, np.ndarray) or place.dtype.kind in "SUT":
            raise TypeError(f"{name!r} cannot be restored into a {type(place).__name__}")
        if not place.flags.writeable:
            raise TypeError(f"{name!r} cannot be restored into a read-only array")
