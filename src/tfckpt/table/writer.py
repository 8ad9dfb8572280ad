"""Writing a table, byte for byte as TensorFlow's ``tsl/lib/io/table_builder.cc`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tfckpt.coding import Buffer
from tfckpt.table.block import BlockBuilder
from tfckpt.table.format import BlockHandle, Footer, seal

BLOCK_SIZE = 256 << 10  # TensorFlow's: a block is closed once it has grown to this


def write_table(
    write: Callable[[Buffer], object],
    items: Iterable[tuple[bytes, Buffer]],
    block_size: int = BLOCK_SIZE,
) -> None:
    """Write (key, value) pairs, which must come in the order of their keys."""
    writer = _TableWriter(write)
    block = BlockBuilder()
    last_key = None
    for key, value in items:
        if last_key is not None and not last_key < key:
            raise ValueError(f"table keys must increase: {key!r} after {last_key!r}")
        if not block and writer.pending is not None and last_key is not None:
            writer.index_pending(shortest_separator(last_key, key))
        block.add(key, value)
        last_key = key
        if block.size >= block_size:
            writer.pending = writer.write_block(block)
            block = BlockBuilder()
    if block:
        writer.pending = writer.write_block(block)
    if last_key is not None:
        writer.index_pending(shortest_successor(last_key))
    writer.finish()


class _TableWriter:
    """The file so far: its size, the index, and the block that still waits for its index key."""

    def __init__(self, write: Callable[[Buffer], object]) -> None:
        self._write = write
        self._size = 0
        self._index = BlockBuilder(restart_interval=1)
        self.pending: BlockHandle | None = None

    def write_block(self, block: BlockBuilder) -> BlockHandle:
        contents = block.finish()
        trailer = seal(contents)
        self._write(contents)
        self._write(trailer)
        handle = BlockHandle(self._size, len(contents))
        self._size += len(contents) + len(trailer)
        return handle

    def index_pending(self, key: bytes) -> None:
        """Enter the last block under `key`, which can be short once the next key is known."""
        if self.pending is not None:
            self._index.add(key, self.pending.encode())
            self.pending = None

    def finish(self) -> None:
        metaindex = self.write_block(BlockBuilder())
        index = self.write_block(self._index)
        self._write(Footer(metaindex, index).encode())


def shortest_separator(last: bytes, following: bytes) -> bytes:
    """Return a short key that is >= `last` and < `following`."""
    shortest = min(len(last), len(following))
    at = next((i for i in range(shortest) if last[i] != following[i]), shortest)
    if at < shortest and last[at] < 0xFF and last[at] + 1 < following[at]:
        return last[:at] + bytes([last[at] + 1])
    return last


def shortest_successor(last: bytes) -> bytes:
    """Return a short key that is >= `last`."""
    for at, byte in enumerate(last):
        if byte != 0xFF:
            return last[:at] + bytes([byte + 1])
    return last
