"""Whether a V1 checkpoint is sound: every block, and every slice that its files list."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

from tfckpt.checking.bundles import Checked
from tfckpt.checking.checksums import workers
from tfckpt.checking.finding import Finding
from tfckpt.checking.tables import check_table
from tfckpt.coding import Buffer
from tfckpt.dtypes import data_type_name, numpy_dtype
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError, located
from tfckpt.names import decode_name
from tfckpt.progress import Progress
from tfckpt.storage import Source, open_source
from tfckpt.tensors.selection import Selection
from tfckpt.tensors.slices import TensorSlice, volume
from tfckpt.tensors.values import listed_values
from tfckpt.v1.naming import all_shards, split_pattern
from tfckpt.v1.records import META_KEY, Meta, Record, decode_meta


class CheckedFile(NamedTuple):
    """What there is to say of one file, and the tensors that it lists."""

    path: str
    size: int | None
    """Its bytes; None where it could not be opened."""
    findings: list[Finding]
    metas: list[Meta]


def check_v1(
    path: str, *, quick: bool, executor: Executor | None = None, progress: Progress | None = None
) -> Checked:
    """Look at all of a V1 checkpoint; with `quick` values are not decoded.

    `executor` is given a file at a time: a file is one table, whose keys are read in order.
    """
    checked = Checked(path)
    shards = split_pattern(path)
    tensors: dict[str, list[Meta]] = {}
    files = [path] if shards is None else all_shards(*shards)
    total = sum(os.path.getsize(file) for file in files if os.path.isfile(file))
    work = partial(_check_file, quick=quick)
    with workers(executor, total if len(files) > 1 else 0, path) as pool:
        for file in map(work, files) if pool is None else pool.map(work, files):
            checked.findings += file.findings
            if file.size is not None:
                checked.files.append(file.path)
                checked.size += file.size
            if progress is not None:
                progress(checked.size, max(total, checked.size), path)
            for meta in file.metas:
                tensors.setdefault(decode_name(meta.name), []).append(meta)
    complete = not any(finding.kind == "missing" for finding in checked.findings)
    for name, metas in tensors.items():
        try:
            with located(path, name):
                _check_whole(metas, complete=complete)
        except CheckpointError as error:
            checked.findings.append(Finding.of(error))
    checked.tensors, checked.names = len(tensors), list(tensors)
    bad = {finding.tensor for finding in checked.findings}
    checked.sound = {name for name in tensors if name not in bad}
    return checked


def _unopened(path: str, why: Finding) -> CheckedFile:
    return CheckedFile(path, size=None, findings=[why], metas=[])


def _check_file(path: str, *, quick: bool) -> CheckedFile:
    try:
        source = open_source(path)
    except FileMissingError:
        return _unopened(path, Finding("missing", "this shard is missing", path))
    except CheckpointError as error:
        return _unopened(path, Finding.of(error, path))
    findings: list[Finding] = []
    try:
        return CheckedFile(path, source.size, findings, _check_table(source, findings, quick=quick))
    finally:
        source.close()


def _check_table(source: Source, findings: list[Finding], *, quick: bool) -> list[Meta]:
    """Check the records of an open file; return the tensors that it lists."""
    path = source.path
    items = {bytes(key): value for key, value in check_table(source, findings)}
    try:
        with located(path):
            if META_KEY not in items:
                raise DataLossError("the list of tensors is missing, or in a damaged block")
            metas = decode_meta(items.pop(META_KEY))
    except CheckpointError as error:
        findings.append(Finding.of(error))
        return []
    for meta in metas:
        for tensor_slice in meta.slices:
            value = items.pop(tensor_slice.key(meta.name), None)
            try:
                with located(path, decode_name(meta.name)):
                    _check_slice(meta, tensor_slice, value, quick=quick)
            except CheckpointError as error:
                findings.append(Finding.of(error))
    findings += (
        Finding("note", f"values that are not listed, of key {key!r}", path) for key in items
    )
    return metas


def _check_slice(meta: Meta, part: TensorSlice, value: Buffer | None, *, quick: bool) -> None:
    what = f"slice {str(part) or '(all)'}"
    if value is None:
        raise DataLossError(f"the values of {what} are missing, or in a damaged block")
    shape = part.shape_in(meta.shape)
    record = Record.decode(value)
    if (record.name, record.slice) != (meta.name, part):
        raise DataLossError(f"under the key of {what} lies slice {record.slice} of {record.name!r}")
    if quick or numpy_dtype(meta.data_type) is None:
        return
    count = len(listed_values(record.values, meta.data_type, volume(shape)))
    if count != volume(shape):
        raise DataLossError(f"{what} has {volume(shape)} values, its record lists {count}")


def _check_whole(metas: list[Meta], *, complete: bool) -> None:
    """Check that what the files say of one tensor agrees, and that its slices make it up."""
    first = metas[0]
    for other in metas[1:]:
        if (other.data_type, other.shape) != (first.data_type, first.shape):
            raise DataLossError(
                f"is {data_type_name(other.data_type)} {list(other.shape)} in one shard, and "
                f"{data_type_name(first.data_type)} {list(first.shape)} in another"
            )
    slices = [tensor_slice for meta in metas for tensor_slice in meta.slices]
    if not slices:
        raise DataLossError("is listed without any slice")
    if complete:
        Selection.of(..., first.shape).parts(slices, first.shape)
