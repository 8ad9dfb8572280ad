"""Whether a V1 checkpoint is sound: every block, and every slice that its files list."""

from __future__ import annotations

from tfckpt.checking.bundles import Checked
from tfckpt.checking.finding import Finding
from tfckpt.checking.tables import check_table
from tfckpt.coding import Buffer
from tfckpt.dtypes import data_type_name, numpy_dtype
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError, located
from tfckpt.names import decode_name
from tfckpt.storage import open_source
from tfckpt.tensors.selection import Selection
from tfckpt.tensors.slices import TensorSlice, volume
from tfckpt.tensors.values import listed_values
from tfckpt.v1.naming import all_shards, split_pattern
from tfckpt.v1.records import META_KEY, Meta, Record, decode_meta


def check_v1(path: str, *, quick: bool) -> Checked:
    """Look at all of a V1 checkpoint; with `quick` values are not decoded."""
    checked = Checked(path)
    shards = split_pattern(path)
    tensors: dict[str, list[Meta]] = {}
    for file in [path] if shards is None else all_shards(*shards):
        for meta in _check_file(file, checked, quick=quick):
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


def _check_file(path: str, checked: Checked, *, quick: bool) -> list[Meta]:
    """Check one file; return what it lists."""
    findings = checked.findings
    try:
        source = open_source(path)
    except FileMissingError:
        findings.append(Finding("missing", "this shard is missing", path))
        return []
    except CheckpointError as error:
        findings.append(Finding.of(error, path))
        return []
    try:
        checked.files.append(path)
        checked.size += source.size
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
                try:
                    with located(path, decode_name(meta.name)):
                        _check_slice(
                            meta,
                            tensor_slice,
                            items.pop(tensor_slice.key(meta.name), None),
                            quick=quick,
                        )
                except CheckpointError as error:
                    findings.append(Finding.of(error))
        for key in items:
            findings.append(Finding("note", f"values that are not listed, of key {key!r}", path))
        return metas
    finally:
        source.close()


def _check_slice(meta: Meta, one: TensorSlice, value: Buffer | None, *, quick: bool) -> None:
    what = f"slice {str(one) or '(all)'}"
    if value is None:
        raise DataLossError(f"the values of {what} are missing, or in a damaged block")
    shape = one.shape_in(meta.shape)
    record = Record.decode(value)
    if (record.name, record.slice) != (meta.name, one):
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
