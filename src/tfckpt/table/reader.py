"""Reading a table: one key without the rest, or all of them in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError, located
from tfckpt.lazy import lazy
from tfckpt.storage import Source, checked
from tfckpt.table.block import KeyValue, decode_block, search_block
from tfckpt.table.format import FOOTER_SIZE, TRAILER_SIZE, BlockHandle, Footer, unseal

# A search costs some 20 microseconds, decoding a whole block some milliseconds: whoever comes
# back to a block this often is likely to want the rest of it too.
_SEARCHES_BEFORE_DECODING = 32
_MAP = 64 << 10
_COPY = 1 << 20
# A table behind a URL is read in one request if all of it is wanted and it is no bigger than this.
_WHOLE = 256 << 20
# So much of a table behind a URL is read when it is opened: all of one with 50,000 tensors.
_END = 4 << 20


class Table:
    """The keys and values of one table file; blocks are read, and checked, when needed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._blocks: dict[int, Buffer] = {}
        self._decoded: dict[int, dict[bytes, Buffer]] = {}
        self._searches: dict[int, int] = {}
        with located(source.path):
            if source.size < FOOTER_SIZE:
                raise DataLossError(
                    f"no table file: {source.size} bytes are too few for the 48 of its footer"
                )
            source.hold(source.size - _END, _END)
            self.footer = checked(source, self._read_footer)

    def _read_footer(self) -> Footer:
        return Footer.decode(self._source.read(self._source.size - FOOTER_SIZE, FOOTER_SIZE))

    @property
    def path(self) -> str:
        return self._source.path

    @lazy
    def _index(self) -> tuple[list[bytes], list[BlockHandle]]:
        """For each data block a key not below its keys, and where it lies."""
        entries = list(decode_block(_compact(self.read_block(self.footer.index_handle))))
        return (
            [key for key, _ in entries],
            [BlockHandle.decode(handle)[0] for _, handle in entries],
        )

    @property
    def handles(self) -> list[BlockHandle]:
        """Where the data blocks lie, in key order."""
        return [handle for _, handle in self.blocks]

    @property
    def blocks(self) -> list[tuple[bytes, BlockHandle]]:
        """The data blocks in key order: a key not below any of its keys, and where it lies."""
        with located(self._source.path):
            return list(zip(*self._index, strict=True))

    def get(self, key: bytes) -> Buffer | None:
        """Return the value of `key`, None if there is none."""
        with located(self._source.path):
            separators, handles = self._index
            at = bisect_left(separators, key)
            if at == len(handles):
                return None
            decoded = self._decoded.get(at)
            if decoded is not None:
                return decoded.get(key)
            block = self._blocks.get(at)
            if block is None:
                block = self.read_block(handles[at])
                if len(block) > _COPY:  # one tensor of a V1 file: not kept
                    return search_block(block, key)
                self._blocks[at] = block
            searches = self._searches[at] = self._searches.get(at, 0) + 1
            if searches < _SEARCHES_BEFORE_DECODING:
                return search_block(block, key)
            # Other threads may do the same just now: what is shared is set and never changed.
            decoded = self._decoded[at] = dict(decode_block(_compact(block)))
            self._blocks.pop(at, None)
            return decoded.get(key)

    def items(self) -> Iterator[KeyValue]:
        """Yield every (key, value) in key order."""
        last: bytes | None = None
        with located(self._source.path):
            handles = self._index[1]
            if self._source.distant and handles and handles[-1].offset <= _WHOLE:
                self._source.hold(0, self._source.size)
            for handle in handles:
                last = yield from decode_block(_compact(self.read_block(handle)), last)

    def read_block(self, handle: BlockHandle) -> Buffer:
        """Return the contents of a block, checked. Raises DataLossError."""
        end = handle.offset + handle.size + TRAILER_SIZE
        if end > self._source.size - FOOTER_SIZE:
            raise DataLossError(
                f"a block of {handle.size} bytes ends at {end}, past the data of a file of "
                f"{self._source.size} bytes",
                offset=handle.offset,
            )
        size = handle.size + TRAILER_SIZE

        def read() -> Buffer:
            # Mapped, a search touches the pages it needs and takes no memory of its own.
            block = self._source.map(handle.offset, size) if size >= _MAP else None
            return unseal(block or memoryview(self._source.read(handle.offset, size)))

        with located(offset=handle.offset):
            return checked(self._source, read)


def _compact(block: Buffer) -> Buffer:
    """Copy a block that is read entry by entry: bytes take half the time of a view.

    One with tensors in it stays where it is, and its values are views on it.
    """
    return bytes(block) if len(block) <= _COPY else block
