"""Tables: the bytes of blocks and files, by hand, and what damage does to them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.storage import Source
from tfckpt.table.block import BlockBuilder, decode_block, search_block, shared_prefix
from tfckpt.table.format import BlockHandle, Footer, seal, uncompress, unseal
from tfckpt.table.reader import Table
from tfckpt.table.writer import shortest_separator, shortest_successor, write_table

pairs = st.dictionaries(st.binary(max_size=40), st.binary(max_size=300), max_size=60)


class BytesSource(Source):
    """Bytes in memory, as a file."""

    def __init__(self, data: bytes) -> None:
        self.path, self.data, self.size = "table", data, len(data)

    def read(self, offset: int, size: int) -> bytes:
        assert 0 <= offset <= offset + size <= self.size
        return self.data[offset : offset + size]

    def read_into(self, offset: int, target: memoryview) -> None:
        target[:] = self.read(offset, len(target))

    def map(self, offset: int, size: int) -> None:
        return None

    def close(self) -> None:
        pass


def parse_hex(text: str) -> bytes:
    return bytes.fromhex("".join(line.split("|")[0] for line in text.splitlines()))


TWO_ENTRIES = parse_hex(
    """
    00 0a 01                       | shared 0, unshared 10, value 1
    64 65 6e 73 65 2f 62 69 61 73  | "dense/bias"
    42                             | "B"
    06 06 01                       | shared 6 ("dense/"), unshared 6, value 1
    6b 65 72 6e 65 6c              | "kernel"
    4b                             | "K"
    00 00 00 00                    | restart 0 is at offset 0
    01 00 00 00                    | 1 restart
    """
)


def make_block(entries: list[tuple[bytes, bytes]], interval: int = 16) -> bytes:
    block = BlockBuilder(interval)
    for key, value in entries:
        block.add(key, value)
    assert block.size == len(block.finish())
    return block.finish()


def make_table(items: dict[bytes, bytes], block_size: int = 256 << 10) -> bytes:
    out = bytearray()
    write_table(out.extend, sorted(items.items()), block_size)
    return bytes(out)


def test_a_key_stores_only_what_differs_from_the_previous_key() -> None:
    entries = [(b"dense/bias", b"B"), (b"dense/kernel", b"K")]

    assert make_block(entries) == TWO_ENTRIES
    assert entries == list(decode_block(TWO_ENTRIES))


def test_every_16th_entry_shares_nothing_and_is_a_restart() -> None:
    block = make_block([(b"k%02d" % number, b"") for number in range(33)])

    # k00: 6 bytes, k10: 5, all others 4; then k16: 6 bytes again, k20 and k30: 5
    assert block[67:73] == parse_hex("00 03 00") + b"k16"
    assert block[135:141] == parse_hex("00 03 00") + b"k32"
    assert block[141:] == struct.pack("<4I", 0, 67, 135, 3)


FILLED = [
    # bytes of the block that are enough, entries that are taken of those with 10 bytes each
    (18, 1),  # 10, and 4 each for the restart and the number of restarts
    (19, 2),
    (28, 2),
    (29, 3),
]


@pytest.mark.parametrize(("size", "count"), FILLED)
def test_a_block_is_full_once_it_has_grown_to_its_size(size: int, count: int) -> None:
    items = iter([(key, bytes(6)) for key in (b"a", b"b", b"c", b"d")])
    block = BlockBuilder()

    assert block.fill(items, size) is None
    assert len(list(items)) == 4 - count
    assert block.size == len(block.finish()) == 10 * count + 8


def test_an_oversize_entry_is_never_put_behind_others() -> None:
    items = iter([(b"a", bytes(99)), (b"b", bytes(8)), (b"c", bytes(9))])
    block = BlockBuilder()

    assert block.fill(items, 1000, 10) == (b"c", bytes(9))
    assert list(decode_block(block.finish())) == [(b"a", bytes(99)), (b"b", bytes(8))]


NO_BLOCKS = [
    ("01 01 00 61", "does not fit: shares 1"),  # before the first key there is nothing to share
    ("00 01 00 61 02 01 00 62", "does not fit: shares 2"),
    ("00 02 00 61", "does not fit"),
    ("00 01 02 61 62", "does not fit"),
    ("00 01 00 62 00 01 00 61", "out of order: b'a' after b'b'"),
    ("00 01 00 61 01 00 00", "out of order: b'a' after b'a'"),
    ("00 01", "cut short at 0"),
]


@pytest.mark.parametrize(("entries", "problem"), NO_BLOCKS)
def test_what_is_no_block(entries: str, problem: str) -> None:
    block = parse_hex(entries) + struct.pack("<2I", 0, 1)
    with pytest.raises(DataLossError, match=problem):
        list(decode_block(block))


LONG = [
    ([(b"k" * 200, b"v")], "00 c8 01 01"),
    ([(b"k", b"v" * 300)], "00 01 ac 02"),
    ([(b"k" * 200, b""), (b"k" * 200 + b"l", b"v")], "00 c8 01 00"),
]


@pytest.mark.parametrize(("entries", "head"), LONG, ids=["key", "value", "shared"])
def test_sizes_of_128_and_more_take_two_bytes(
    entries: list[tuple[bytes, bytes]], head: str
) -> None:
    block = make_block(entries)

    assert block.startswith(parse_hex(head))
    assert (parse_hex("c8 01 01 01") + b"lv" in block) == (len(entries) == 2)
    assert entries == list(decode_block(block))


def test_an_empty_block_lists_one_restart() -> None:
    assert parse_hex("00 00 00 00  01 00 00 00") == make_block([])
    assert list(decode_block(make_block([]))) == []


def test_a_footer_is_padded_to_48_bytes() -> None:
    footer = Footer(BlockHandle(300, 8), BlockHandle(321, 20))
    data = parse_hex("ac 02 08 c1 02 14") + bytes(34) + parse_hex("57 fb 80 8b 24 75 47 db")

    assert data == footer.encode()
    assert footer == Footer.decode(data)


def test_the_trailer_is_checked_before_the_contents_are_used() -> None:
    block = TWO_ENTRIES + seal([TWO_ENTRIES])
    assert unseal(block) == TWO_ENTRIES
    for position in range(len(block)):
        for bit in range(8):
            damaged = bytearray(block)
            damaged[position] ^= 1 << bit
            with pytest.raises(DataLossError):
                unseal(bytes(damaged))


@pytest.mark.parametrize(
    ("last", "following", "separator"),
    [
        (b"abc", b"abd", b"abc"),  # raising c would reach the next key
        (b"abc", b"abz", b"abd"),
        (b"abc", b"b", b"abc"),
        (b"abc", b"c", b"b"),
        (b"ab", b"abc", b"ab"),  # one is the other's beginning
        (b"a\xff\xff", b"c", b"b"),
        (b"\xfe", b"\xff", b"\xfe"),
    ],
)
def test_separators_are_short_and_between(last: bytes, following: bytes, separator: bytes) -> None:
    assert separator == shortest_separator(last, following)


@pytest.mark.parametrize(
    ("last", "successor"),
    [(b"abc", b"b"), (b"\xff\xffa", b"\xff\xffb"), (b"\xff\xff", b"\xff\xff"), (b"", b"")],
)
def test_successors_are_short_and_not_below(last: bytes, successor: bytes) -> None:
    assert successor == shortest_successor(last)


@given(st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=50))
def test_shared_prefix_is_what_a_loop_would_count(common: bytes, a: bytes, b: bytes) -> None:
    a, b = common + a, common + b
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1

    assert count == shared_prefix(a, b)


@given(pairs, st.sampled_from([1, 2, 16]))
def test_blocks_round_trip_and_search(items: dict[bytes, bytes], interval: int) -> None:
    block = make_block(sorted(items.items()), interval)

    assert sorted(items.items()) == list(decode_block(block))
    for key, value in items.items():
        assert value == search_block(block, key)
        if key + b"\0" not in items:
            assert search_block(block, key + b"\0") is None


@given(pairs, st.sampled_from([1, 64, 256 << 10]))
def test_tables_round_trip_and_look_up(items: dict[bytes, bytes], block_size: int) -> None:
    table = Table(BytesSource(make_table(items, block_size)))

    assert sorted(items.items()) == list(table.items())
    for _ in range(3):
        for key, value in items.items():
            assert value == table.get(key)
    assert table.get(b"\xff" * 41) is None


def test_a_block_of_a_file_is_closed_once_it_has_grown_to_256_kib() -> None:
    out = bytearray()
    write_table(out.extend, ((b"%04d" % number, bytes(1000)) for number in range(600)))
    first, second, _ = Table(BytesSource(bytes(out))).handles

    assert 262_144 <= first.size < 262_144 + 1010
    assert second.offset == first.size + 5


@pytest.mark.parametrize(("size", "blocks"), [(198, 1), (199, 2)])
def test_an_entry_of_two_block_sizes_has_a_block_of_its_own(size: int, blocks: int) -> None:
    table = Table(BytesSource(make_table({b"a": b"", b"b": bytes(size)}, 100)))
    assert len(table.handles) == blocks


def test_a_block_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    items = {b"a%d" % number: bytes(90) for number in range(4)}
    source = BytesSource(make_table(items, 190))  # two entries a block
    read: list[tuple[int, int]] = []
    monkeypatch.setattr(
        source,
        "read",
        lambda offset, size: read.append((offset, size)) or source.data[offset : offset + size],
    )
    table = Table(source)
    for _ in range(40):
        assert table.get(b"a1") == table.get(b"a0") == bytes(90)

    # entries of 95 and 94 bytes, restarts of 8, and the trailer
    assert table.handles == [BlockHandle(0, 197), BlockHandle(202, 197)]
    assert table.footer.metaindex_handle == BlockHandle(404, 8)
    assert [offset for offset, _ in read] == [source.size - 48, 417, 0]


@given(pairs, st.data())
def test_a_damaged_table_gives_its_values_or_an_error(
    items: dict[bytes, bytes], data: st.DataObject
) -> None:
    whole = make_table(items, 100)
    position = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[position] ^= data.draw(st.integers(1, 255))

    try:
        found = list(Table(BytesSource(bytes(damaged))).items())
    except CheckpointError:
        return
    assert sorted(items.items()) == found


@given(st.binary(max_size=200))
def test_any_bytes_are_a_block_or_an_error(data: bytes) -> None:
    """Contents behind a valid checksum may still be forged."""
    try:
        keys = [key for key, _ in decode_block(data)]
        search_block(data, b"k")
    except DataLossError:
        return
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("block_size", [1, 100], ids=["from block to block", "in a block"])
@pytest.mark.parametrize("second", [b"a", b"b"])
def test_keys_must_increase(second: bytes, block_size: int) -> None:
    with pytest.raises(ValueError, match="must increase"):
        write_table(bytearray().extend, [(b"b", b""), (second, b"")], block_size)


def test_a_table_whose_index_names_one_block_twice_is_refused() -> None:
    """Otherwise a small forged index could be read for hours."""
    out = bytearray()
    block = make_block([(b"k", b"v")])
    index = make_block(
        [(b"k", b"\x00" + bytes([len(block)])), (b"l", b"\x00" + bytes([len(block)]))]
    )
    for contents in (block, make_block([]), index):
        out += contents + seal([contents])
    at = len(block) + 5
    out += Footer(BlockHandle(at, 8), BlockHandle(at + 13, len(index))).encode()

    with pytest.raises(DataLossError, match="out of order"):
        list(Table(BytesSource(bytes(out))).items())


@pytest.mark.parametrize("reaches_in", [0, 1])
def test_a_block_ends_before_the_footer(reaches_in: int) -> None:
    """Here a footer's first byte could end the trailer of the block before it."""
    index = make_block([])
    trailer = seal([index])
    footer = Footer(BlockHandle(0, 8), BlockHandle(0, 8))
    data = (index + trailer)[: 13 - reaches_in] + footer.encode()
    table = Table(BytesSource(data))
    if not reaches_in:
        assert list(table.items()) == []
        return
    with pytest.raises(DataLossError, match="a block of 8 bytes ends at 13, past the data of a"):
        list(table.items())


def test_a_snappy_bomb_is_refused_before_it_is_unpacked() -> None:
    claim = b"\xff\xff\xff\xff\x07" + b"\xfe\x01\x00" * 10
    with pytest.raises(DataLossError, match="claims to hold"):
        uncompress(claim)


@pytest.mark.parametrize("damage", [b"\x05hello", b"\x03\xff\xff", b"\x10\x00a\xfe\xff\xff"])
def test_damaged_snappy_is_an_error(damage: bytes) -> None:
    with pytest.raises(DataLossError, match="Snappy"):
        uncompress(damage)


@pytest.mark.parametrize("size", [0, 7, 47])
def test_a_file_too_short_for_a_footer_is_no_table(size: int) -> None:
    with pytest.raises(DataLossError, match="too few"):
        Table(BytesSource(bytes(size)))


RESTARTS = [
    (bytes(3), "3 bytes has no room for its restart count"),
    (struct.pack("<I", 0x40000000), "4 bytes cannot hold 1073741824 restarts"),
    (bytes(3) + struct.pack("<I", 1), "7 bytes cannot hold 1 restarts"),
]


@pytest.mark.parametrize(("block", "problem"), RESTARTS, ids=["no count", "many", "one"])
def test_restarts_that_the_block_has_no_room_for(block: bytes, problem: str) -> None:
    with pytest.raises(DataLossError, match=problem):
        list(decode_block(block))
