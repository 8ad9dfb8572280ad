"""Whether a table file is sound.

Every block is read. A reader looks at the blocks on its way alone, so that damage elsewhere stays
unseen until somebody asks for what lies there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfckpt.checking.finding import Finding
from tfckpt.errors import CheckpointError, located
from tfckpt.storage import Source
from tfckpt.table import Table
from tfckpt.table.block import KeyValue, decode_block
from tfckpt.table.format import FOOTER_SIZE, TRAILER_SIZE, BlockHandle

_COPY = 1 << 20  # a block with tensors in it stays where it is


def check_table(source: Source, findings: list[Finding]) -> list[KeyValue]:
    """Return the keys and values of a table's sound blocks; add what is wrong to `findings`."""
    path = source.path
    try:
        table = Table(source)
        blocks = table.blocks
    except CheckpointError as error:
        findings.append(Finding.of(error, path))
        return []
    footer = bytes(source.read(source.size - FOOTER_SIZE, FOOTER_SIZE))
    if footer != table.footer.encode():
        message = f"the footer should be {table.footer.encode().hex()}, it is {footer.hex()}"
        findings.append(Finding("damage", message, path, offset=source.size - FOOTER_SIZE))
    entries: list[KeyValue] = []
    last: bytes | None = None
    for separator, handle in blocks:
        try:
            for entry in _entries(table, handle, last):
                entries.append(entry)
                last = entry[0]
        except CheckpointError as error:
            findings.append(Finding.of(error, path))
        if last is not None and last > separator:
            message = f"a key is beyond {separator!r}, the end of its block: {last!r}"
            findings.append(Finding("damage", message, path, offset=handle.offset))
        last = max(last or b"", separator)
    try:
        table.read_block(table.footer.metaindex_handle)
    except CheckpointError as error:
        findings.append(Finding.of(error, path))
    handles = (*(handle for _, handle in blocks), *table.footer[:2])
    used = [(handle.offset, handle.offset + handle.size + TRAILER_SIZE) for handle in handles]
    findings += unused(path, [*used, (source.size - FOOTER_SIZE, source.size)], source.size)
    return entries


def _entries(table: Table, handle: BlockHandle, last: bytes | None) -> Iterator[KeyValue]:
    with located(table.path, offset=handle.offset):
        block = table.read_block(handle)
        yield from decode_block(bytes(block) if len(block) <= _COPY else block, last)


def unused(path: str, spans: Iterable[tuple[int, int]], size: int) -> Iterator[Finding]:
    """Yield a note for each stretch of a file that nothing in it speaks of."""
    at = 0
    for start, end in (*sorted(spans), (size, size)):
        if start > at:
            yield Finding("note", f"{start - at} bytes that nothing speaks of", path, offset=at)
        at = max(at, end)
