"""Writing a table, byte for byte as TensorFlow's ``tsl/lib/io/table_builder.cc`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tfckpt.coding import Buffer
from tfckpt.table.block import BlockBuilder
from tfckpt.table.format import BlockHandle, Footer, seal

BLOCK_SIZE = 256 << 10  # TensorFlow's: a block is closed once it has grown to this

_OVERSIZE = 2  # in block sizes: such an entry begins a block of its own
# A block this big is one tensor of a V1 file, which is then written from where it is.
_BIG = 1 << 20


def write_table(
    write: Callable[[Buffer], object],
    items: Iterable[tuple[bytes, Buffer]],
    block_size: int = BLOCK_SIZE,
) -> None:
    """Write (key, value) pairs, which must come in the order of their keys."""
    file = _TableFile(write)
    pending: tuple[bytes, BlockHandle] | None = None
    for block in _blocks(iter(items), block_size):
        assert block.first_key is not None
        if pending is not None:
            if block.first_key <= pending[0]:
                raise ValueError(
                    f"table keys must increase: {block.first_key!r} after {pending[0]!r}"
                )
            # The last block's index key waits for the next key, to be as short as can be.
            file.index.add(shortest_separator(pending[0], block.first_key), pending[1].encode())
        pending = block.last_key, file.write_block(block)
    if pending is not None:
        file.index.add(shortest_successor(pending[0]), pending[1].encode())
    file.finish()


def _blocks(items: Iterator[tuple[bytes, Buffer]], block_size: int) -> Iterator[BlockBuilder]:
    block = BlockBuilder()
    oversized = block.fill(items, block_size, _OVERSIZE * block_size)
    while block:
        yield block
        block = BlockBuilder()
        if oversized is None:
            oversized = block.fill(items, block_size, _OVERSIZE * block_size)
        else:
            block.add(*oversized)
            oversized = None


class _TableFile:
    """The file so far: its size, and its index."""

    def __init__(self, write: Callable[[Buffer], object]) -> None:
        self._write = write
        self._size = 0
        self.index = BlockBuilder(restart_interval=1)

    def write_block(self, block: BlockBuilder) -> BlockHandle:
        handle = BlockHandle(self._size, block.size)
        pieces = [block.finish()] if block.size < _BIG else block.pieces()
        trailer = seal(pieces)
        for piece in (*pieces, trailer):
            self._write(piece)
        self._size += handle.size + len(trailer)
        return handle

    def finish(self) -> None:
        metaindex = self.write_block(BlockBuilder())
        index = self.write_block(self.index)
        self._write(Footer(metaindex, index).encode())


def shortest_separator(last: bytes, following: bytes) -> bytes:
    """Return a short key that is >= `last` and < `following`."""
    shortest = min(len(last), len(following))
    at = next((i for i in range(shortest) if last[i] != following[i]), shortest)
    if at < shortest and last[at] + 1 < following[at]:
        return last[:at] + bytes([last[at] + 1])
    return last


def shortest_successor(last: bytes) -> bytes:
    """Return a short key that is >= `last`."""
    for at, byte in enumerate(last):
        if byte != 0xFF:
            return last[:at] + bytes([byte + 1])
    return last
