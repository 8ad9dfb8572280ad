"""Writing a table, byte for byte as TensorFlow's ``tsl/lib/io/table_builder.cc`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

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
    file = _TableFile(write)
    items = iter(items)
    pending: tuple[bytes, BlockHandle] | None = None
    while block := _next_block(items, pending, block_size):
        if pending is not None:
            # The last block's index key waits for the next key, to be as short as can be.
            assert block.first_key is not None
            file.index.add(shortest_separator(pending[0], block.first_key), pending[1].encode())
        pending = block.last_key, file.write_block(block)
    if pending is not None:
        file.index.add(shortest_successor(pending[0]), pending[1].encode())
    file.finish()


def _next_block(
    items: Iterator[tuple[bytes, Buffer]],
    pending: tuple[bytes, BlockHandle] | None,
    block_size: int,
) -> BlockBuilder:
    block = BlockBuilder()
    block.fill(items, block_size)
    if block.first_key is not None and pending is not None and block.first_key <= pending[0]:
        raise ValueError(f"table keys must increase: {block.first_key!r} after {pending[0]!r}")
    return block


class _TableFile:
    """The file so far: its size, and its index."""

    def __init__(self, write: Callable[[Buffer], object]) -> None:
        self._write = write
        self._size = 0
        self.index = BlockBuilder(restart_interval=1)

    def write_block(self, block: BlockBuilder) -> BlockHandle:
        contents = block.finish()
        trailer = seal(contents)
        self._write(contents)
        self._write(trailer)
        handle = BlockHandle(self._size, len(contents))
        self._size += len(contents) + len(trailer)
        return handle

    def finish(self) -> None:
        metaindex = self.write_block(BlockBuilder())
        index = self.write_block(self.index)
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
