"""TensorFlow's cases of table_test.cc: sorted tables and their blocks.

Nothing in TensorFlow's Python reaches a bare table, so these run on tfckpt alone, with what the
C++ test expects.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
import snappy

from tfckpt.checksum import crc32c, mask
from tfckpt.storage import Source
from tfckpt.table import Table, write_table
from tfckpt.table.block import BlockBuilder, decode_block, search_block
from tfckpt.table.format import SNAPPY, BlockHandle, Footer, seal, unseal
from tfckpt.table.writer import shortest_separator, shortest_successor

BLOCK_SIZE = 256
LETTERS = [b"\x00", b"\x01", b"a", b"b", b"c", b"d", b"e", b"\xfd", b"\xfe", b"\xff"]


class Memory(Source):
    """A file in memory that counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        self.path, self.data, self.size = "table", data, len(data)
        self.bytes_read = 0

    def read(self, offset: int, size: int) -> bytes:
        self.bytes_read += size
        return self.data[offset : offset + size]

    def read_into(self, offset: int, target: memoryview) -> None:
        target[:] = self.read(offset, len(target))

    def map(self, offset: int, size: int) -> None:
        return None

    def close(self) -> None:
        """Nothing is held open."""


class Kind(NamedTuple):
    """What is built of the entries: a table or a single block, with so many keys to a restart."""

    type: str
    restart_interval: int


class Store(NamedTuple):
    """What the cases ask of either: everything in order, and one key."""

    items: Callable[[], list[tuple[bytes, bytes]]]
    get: Callable[[bytes], bytes | None]


KINDS = [Kind(kind, interval) for kind in ("table", "block") for interval in (16, 1, 1024)]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind.type}-{kind.restart_interval}")
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


def build(kind: Kind, entries: Mapping[bytes, bytes]) -> Store:
    if kind.type == "block":
        return open_block(block_of(sorted(entries.items()), kind.restart_interval))
    if kind.restart_interval == 16:  # what the library itself writes
        return open_table(table_of(entries, BLOCK_SIZE))
    return open_table(table_with_restarts(sorted(entries.items()), kind.restart_interval))


def block_of(entries: list[tuple[bytes, bytes]], restart_interval: int) -> bytes:
    block = BlockBuilder(restart_interval)
    for key, value in entries:
        block.add(key, value)
    return block.finish()


def table_of(entries: Mapping[bytes, bytes], block_size: int) -> bytes:
    data = bytearray()
    write_table(data.extend, sorted(entries.items()), block_size)
    return bytes(data)


def table_with_restarts(entries: list[tuple[bytes, bytes]], restart_interval: int) -> bytes:
    """A table with another restart interval than the one that is written here."""
    data = bytearray()
    index = BlockBuilder(1)

    def append(block: bytes) -> BlockHandle:
        handle = BlockHandle(len(data), len(block))
        data.extend(block + seal([block]))
        return handle

    for at, group in enumerate(groups := grouped(entries)):
        handle = append(block_of(group, restart_interval))
        last = group[-1][0]
        if at + 1 < len(groups):
            index.add(shortest_separator(last, groups[at + 1][0][0]), handle.encode())
        else:
            index.add(shortest_successor(last), handle.encode())
    footer = Footer(append(BlockBuilder().finish()), append(index.finish()))
    return bytes(data) + footer.encode()


def grouped(entries: list[tuple[bytes, bytes]]) -> list[list[tuple[bytes, bytes]]]:
    """Entries by the block they go to."""
    groups: list[list[tuple[bytes, bytes]]] = []
    size = BLOCK_SIZE
    for key, value in entries:
        if size >= BLOCK_SIZE:
            groups.append([])
            size = 0
        groups[-1].append((key, value))
        size += len(key) + len(value) + 3
    return groups


def open_block(block: bytes) -> Store:
    def get(key: bytes) -> bytes | None:
        value = search_block(block, key)
        return None if value is None else bytes(value)

    return Store(lambda: [(key, bytes(value)) for key, value in decode_block(block)], get)


def open_table(data: bytes) -> Store:
    table = Table(Memory(data))

    def get(key: bytes) -> bytes | None:
        value = table.get(key)
        return None if value is None else bytes(value)

    return Store(lambda: [(key, bytes(value)) for key, value in table.items()], get)


def check(kind: Kind, entries: Mapping[bytes, bytes], chance: random.Random, tries: int) -> None:
    """Read everything in order, then keys that are there, or just below or above one that is."""
    store = build(kind, entries)
    assert store.items() == sorted(entries.items())
    keys = sorted(entries)
    for _ in range(tries):
        key = some_key(chance, keys)
        assert store.get(key) == entries.get(key)


def some_key(chance: random.Random, keys: list[bytes]) -> bytes:
    if not keys:
        return b"foo"
    key = chance.choice(keys)
    match chance.randrange(3):
        case 1 if key and key[-1] > 0:
            return key[:-1] + bytes([key[-1] - 1])
        case 2:
            return key + b"\x00"
    return key


def skewed(chance: random.Random, most: int) -> int:
    """A number below 2 ** most, small ones more often."""
    return chance.randrange(1 << chance.randrange(most + 1))


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param({}, id="nothing"),
        pytest.param({b"": b"v"}, id="the_empty_key"),
        pytest.param({b"abc": b"v"}, id="one"),
        pytest.param({b"abc": b"v", b"abcd": b"v", b"ac": b"v2"}, id="several"),
        pytest.param({b"\xff\xff": b"v3"}, id="the_highest_bytes"),
    ],
)
def test_entries_come_back(entries: dict[bytes, bytes], kind: Kind) -> None:
    check(kind, entries, random.Random(1), 200)


def test_big_values_come_back(kind: Kind) -> None:
    entries = {
        b"ainitial": b"tiny",
        b"anext": b"a" * 10_000_000,
        b"anext2": b"b" * 10_000_000,
        b"azz": b"tiny",
    }
    check(kind, entries, random.Random(3), 20)


def test_a_block_without_restarts_is_empty() -> None:
    block = bytes(4)  # Java's leveldb writes such blocks
    assert list(decode_block(block)) == []
    assert search_block(block, b"foo") is None


def test_random_entries_come_back(kind: Kind) -> None:
    chance = random.Random(5)
    for count in [*range(50), *range(50, 2000, 200)]:
        entries = {}
        for _ in range(count):
            key = b"".join(chance.choices(LETTERS, k=skewed(chance, 4)))
            entries[key] = bytes(chance.choices(range(32, 127), k=skewed(chance, 5)))
        check(kind, entries, chance, 200)


# Where blocks lie


def offset_of(data: bytes, table: Table, key: bytes) -> int:
    """Where the block begins that holds `key` or would; the end of the data for a later key."""
    blocks = [unseal(data[at : at + size + 5]) for at, size in table.handles]
    last_keys = [list(decode_block(block))[-1][0] for block in blocks]
    at = bisect_left(last_keys, key)
    return table.handles[at].offset if at < len(blocks) else table.footer.metaindex_handle.offset


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        (b"abc", 0, 0),
        (b"k01", 0, 0),
        (b"k01a", 0, 0),
        (b"k02", 0, 0),
        (b"k03", 10, 500),
        (b"k04", 10_000, 11_000),
        (b"k04a", 210_000, 211_000),
        (b"k05", 210_000, 211_000),
        (b"k06", 510_000, 511_000),
        (b"k07", 510_000, 511_000),
        (b"xyz", 610_000, 612_000),
    ],
)
def test_where_a_key_lies(key: bytes, low: int, high: int) -> None:
    data = table_of(
        {
            b"k01": b"hello",
            b"k02": b"hello2",
            b"k03": b"x" * 10_000,
            b"k04": b"x" * 200_000,
            b"k05": b"x" * 300_000,
            b"k06": b"hello3",
            b"k07": b"x" * 100_000,
        },
        1024,
    )
    assert low <= offset_of(data, Table(Memory(data)), key) <= high


def compressible(chance: random.Random, fraction: float, size: int) -> bytes:
    raw = bytes(chance.choices(range(32, 127), k=max(1, int(size * fraction))))
    return (raw * (size // len(raw) + 1))[:size]


def test_a_compressed_table_is_read() -> None:
    """Compressed tables are read, not written, here: this one is put together by hand."""
    chance = random.Random(301)
    entries = {
        b"k01": b"hello",
        b"k02": compressible(chance, 0.25, 10_000),
        b"k03": b"hello3",
        b"k04": compressible(chance, 0.25, 10_000),
    }
    data = bytearray()
    index = BlockBuilder(1)
    offsets = {}
    for key, value in entries.items():
        block = snappy.compress(block_of([(key, value)], 16))
        offsets[key] = len(data)
        index.add(key, BlockHandle(len(data), len(block)).encode())
        data += trailed(block, SNAPPY)
    metaindex = BlockHandle(len(data), len(empty := snappy.compress(BlockBuilder().finish())))
    data += trailed(empty, SNAPPY)
    index_handle = BlockHandle(len(data), len(found := snappy.compress(index.finish())))
    data += trailed(found, SNAPPY)
    data += Footer(metaindex, index_handle).encode()

    table = Table(Memory(bytes(data)))

    assert [(key, bytes(value)) for key, value in table.items()] == list(entries.items())
    assert {key: bytes(table.get(key) or b"") for key in entries} == entries
    assert [handle.offset for handle in table.handles] == list(offsets.values())
    for key, low, high in [(b"k02", 10, 100), (b"k03", 2000, 4000), (b"k04", 2000, 4000)]:
        assert low <= offsets[key] <= high
    assert 4000 <= table.footer.metaindex_handle.offset <= 7000


def trailed(block: Any, kind: int) -> bytes:
    contents = bytes(block) + bytes([kind])
    return contents + mask(crc32c(contents, 0)).to_bytes(4, "little")


def test_the_first_key_is_found_without_reading_the_rest() -> None:
    source = Memory(
        table_of(
            {
                b"k01": b"firstvalue",
                b"k03": compressible(random.Random(301), 0.25, 1_000_000),
                b"k04": b"abc",
            },
            1024,
        )
    )
    assert Table(source).get(b"k01") == b"firstvalue"
    assert source.bytes_read < 200
