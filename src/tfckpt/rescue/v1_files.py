"""What is left of a V1 checkpoint.

A block of a V1 file holds the values themselves, so that its checksum says all of them. Types and
shapes stand in the list of tensors, in the first block: where that is damaged, what still decodes
of it is not confirmed.
"""

from __future__ import annotations

from typing import NamedTuple

from tfckpt.coding import Buffer
from tfckpt.dtypes import why_unreadable
from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.names import decode_name
from tfckpt.rescue.survey import Lost, Piece, Survey, Survivor, notation
from tfckpt.rescue.tables import Recovered, recover
from tfckpt.tensors.selection import Selection
from tfckpt.tensors.slices import TensorSlice, volume
from tfckpt.tensors.stored import Array, reshaped
from tfckpt.tensors.values import listed_values
from tfckpt.v1.naming import all_shards, split_pattern
from tfckpt.v1.records import META_KEY, Meta, Record, decode_meta


def survey_v1(path: str) -> Survey:
    """Find what is whole of the V1 checkpoint at `path`, a file or a pattern of several.

    Raises FileMissingError where there is no file at all, DataLossError where none is a table.
    """
    survey = Survey(path)
    set_of_shards = split_pattern(path)
    paths = [path] if set_of_shards is None else all_shards(*set_of_shards)
    found: dict[bytes, list[_Listed]] = {}
    errors: list[CheckpointError] = []
    try:
        for file in paths:
            try:
                _look(survey, file, found)
            except CheckpointError as error:
                errors.append(error)
                survey.lose(None, error.message, file)
        if len(errors) == len(paths):
            raise errors[0]
        for name, listed in found.items():
            _add(survey, decode_name(name), listed)
    except BaseException:
        survey.files.close()
        raise
    return survey


class _Listed(NamedTuple):
    """What one file lists of one tensor, and what it still has of that."""

    path: str
    meta: Meta
    doubt: str | None
    records: dict[TensorSlice, Record | str]


def _look(survey: Survey, path: str, found: dict[bytes, list[_Listed]]) -> None:
    recovered = recover(survey.files.source(path))
    if not recovered.is_table:
        raise DataLossError("there is nothing of a V1 checkpoint in this file", path=path)
    for hole in recovered.holes:
        survey.lose(None, hole.reason, path, [(hole.start, hole.stop)])
    metas, doubt = _metas(recovered)
    if metas is None:
        survey.lose(None, "the list of its tensors, with their types and shapes, is lost", path)
        for key in recovered.items:
            record = _record(recovered.items[key])
            if isinstance(record, Record):
                name = decode_name(record.name)
                survey.lose(name, "its values are there, but not its type and shape", path)
        return
    for meta in metas:
        records = {
            part: _record_of(meta, part, recovered.items.get(part.key(meta.name)))
            for part in meta.slices
        }
        found.setdefault(meta.name, []).append(_Listed(path, meta, doubt, records))


def _metas(recovered: Recovered) -> tuple[list[Meta] | None, str | None]:
    for items, doubt in (
        (recovered.items, None),
        (recovered.doubtful, "its type and shape are from a damaged block"),
    ):
        value = items.get(META_KEY)
        if value is not None:
            try:
                return decode_meta(value), doubt
            except CheckpointError:
                continue
    return None, None


def _record(value: Buffer) -> Record | str:
    try:
        return Record.decode(value)
    except CheckpointError as error:
        return error.message


def _record_of(meta: Meta, part: TensorSlice, value: Buffer | None) -> Record | str:
    """Return the values of a slice, or why they are lost."""
    if value is None:
        return "its values are missing, or in a damaged block"
    record = _record(value)
    if isinstance(record, str):
        return record
    if (record.name, record.slice) != (meta.name, part):
        return f"under its key lie the values of {record.name!r}"
    if why_unreadable(meta.data_type) is None:
        try:
            count = volume(part.shape_in(meta.shape))
            listed = len(listed_values(record.values, meta.data_type, count))
        except CheckpointError as error:
            return error.message
        if listed != count:
            return f"it has {count} values, its record lists {listed}"
    return record


def _add(survey: Survey, name: str, listed: list[_Listed]) -> None:
    first = listed[0].meta
    if any(
        (file.meta.data_type, file.meta.shape) != (first.data_type, first.shape) for file in listed
    ):
        survey.lose(name, "its shards disagree about its type and shape", listed[0].path)
        return
    unread = why_unreadable(first.data_type)
    slices = [part for file in listed for part in file.meta.slices]
    try:
        Selection.of(..., first.shape).parts(slices, first.shape)
        missing = ""
    except CheckpointError as error:
        missing = error.message
    pieces, parts, reasons = [], [], [missing] if missing else []
    for file in listed:
        for part, record in file.records.items():
            if isinstance(record, str):
                parts.append(notation(part, first.shape))
                reasons.append(record)
            else:
                pieces.append(_piece(first, part, record))
    if unread is not None:
        survey.lose(name, f"its bytes are whole, but {unread}", listed[0].path)
        return
    lost = None
    if reasons:
        whole = len(slices) == 1 and not missing
        lost = Lost(name, reasons[0], listed[0].path, parts=() if whole else tuple(parts))
        survey.lost.append(lost)
    if pieces:
        doubt = next((file.doubt for file in listed if file.doubt), None)
        survey.tensors[name] = Survivor(
            first.data_type, first.shape, tuple(pieces), lost=lost, doubt=doubt
        )


def _piece(meta: Meta, part: TensorSlice, record: Record) -> Piece:
    shape = part.shape_in(meta.shape)

    def read() -> Array:
        return reshaped(listed_values(record.values, meta.data_type, volume(shape)), shape)

    return Piece(part, len(record.values), read)
