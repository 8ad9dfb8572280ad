"""Loops over a reader: they get what each tensor by itself is, and stopping costs nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tfckpt
from tfckpt.bundle.ahead import ReadAhead
from tfckpt.bundle.entry import Entry
from tfckpt.dtypes import DataType
from tfckpt.tensors.stored import same_bits

LOOPS: dict[str, Callable[[tfckpt.CheckpointReader], dict[str, np.ndarray]]] = {
    "names": lambda reader: {name: reader[name] for name in reader},
    "dict": lambda reader: dict(reader),
    "items": lambda reader: dict(reader.items()),
    "values": lambda reader: dict(zip(reader, reader.values(), strict=True)),
    "shapes": lambda reader: {
        name: np.asarray(reader.get_tensor(name), object if name == "text" else None)
        for name in reader.get_variable_to_shape_map()
    },
    "backwards": lambda reader: {name: reader[name] for name in reversed(list(reader))},
    "with the slots left out": lambda reader: {
        name: reader[name] for name in reader if not name.endswith("/slot")
    },
}
TENSORS = {
    **{f"layer/{n:04d}": np.full(n % 5, n, np.float32) for n in range(3000)},
    **{f"layer/{n:04d}/slot": np.float64(n) for n in range(0, 3000, 7)},
    **{f"wide/{n}": np.arange(100_000, dtype=np.int32) + n for n in range(9)},
    "text": np.array([b"a", b"", b"long" * 100], object),
    "scalar": np.int64(-1),
    "empty": np.zeros((0, 3), np.complex64),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    prefix = tmp_path_factory.mktemp("loops") / "model.ckpt"
    return tfckpt.save(prefix, TENSORS, num_shards=2, fsync=False)


@pytest.fixture
def pread(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The sizes of all reads."""
    sizes: list[int] = []
    original = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, n, at: sizes.append(n) or original(fd, n, at))
    return sizes


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("loop", LOOPS)
def test_every_loop_gets_every_tensor(loop: str, mmap: bool, saved: str) -> None:
    with tfckpt.load_checkpoint(saved, mmap=mmap) as reader:
        found = LOOPS[loop](reader)
    assert all(np.array_equal(TENSORS[name], array) for name, array in found.items())
    assert all(np.asarray(TENSORS[name]).dtype == array.dtype for name, array in found.items())
    left_out = {name for name in TENSORS if name.endswith("/slot")} if "slots" in loop else set()
    assert set(TENSORS) - left_out == set(found)


def test_arrays_belong_to_who_asked(saved: str) -> None:
    with tfckpt.load_checkpoint(saved) as reader:
        first, second = dict(reader), dict(reader)
    for name, array in first.items():
        assert array.flags.writeable and array.flags.aligned
        assert not np.shares_memory(array, second[name])
    changed = first["wide/3"]
    changed[:] = 0
    assert np.array_equal(TENSORS["wide/4"], first["wide/4"])
    assert np.array_equal(TENSORS["wide/3"], second["wide/3"])
    assert np.array_equal(TENSORS["wide/3"], tfckpt.load(saved)["wide/3"])


NAMES = sorted(TENSORS)
STRETCHES = st.tuples(st.integers(0, len(NAMES) - 1), st.integers(1, 300))


@given(st.lists(STRETCHES, min_size=1, max_size=6))
def test_in_whatever_order_they_are_asked_for(saved: str, stretches: list[tuple[int, int]]) -> None:
    with tfckpt.load_checkpoint(saved) as reader:
        assert sorted(reader) == NAMES
        for start, count in stretches:
            for name in NAMES[start : start + count]:
                array = reader[name]
                assert np.array_equal(TENSORS[name], array), name
                array[...] = b"" if name == "text" else 0  # nobody gets this array again


@pytest.mark.parametrize("stop", [1, 2, 3, 10, 100, 1000])
def test_who_stops_has_read_no_more_than_twice_what_was_used(
    stop: int, prefix: Path, pread: list[int]
) -> None:
    tfckpt.save(prefix, {f"w{n:05d}": np.float64(n) for n in range(5000)}, fsync=False)
    with tfckpt.load_checkpoint(prefix) as reader:
        names = list(reader)
        pread.clear()
        for name in names[:stop]:
            _ = reader[name]
    assert 8 * stop <= sum(pread) <= 2 * 8 * stop


@pytest.mark.parametrize(
    ("size", "data_type", "maps", "most"),
    [
        (32 << 10, DataType.DT_FLOAT, True, 16 << 20),
        (1 << 20, DataType.DT_FLOAT, True, 64 << 20),
        (1 << 20, DataType.DT_FLOAT, False, 16 << 20),
        (1 << 20, DataType.DT_STRING, True, 16 << 20),
    ],
    ids=["small", "mapped", "big, but copied", "strings"],
)
def test_what_is_held_for_later_takes_little_memory(
    size: int, data_type: DataType, maps: bool, most: int
) -> None:
    fetched: list[int] = []

    def fetch(names: Sequence[str]) -> dict[str, np.ndarray]:
        fetched.append(size * len(names))
        return {name: np.zeros(1) for name in names}

    entries = {f"w{n:04d}": Entry(int(data_type), (size // 4,), size=size) for n in range(2000)}
    ahead = ReadAhead(entries, entries.__getitem__, maps=maps)
    assert sum(ahead.take(name, fetch) is not None for name in entries) > 1900
    assert max(fetched) == most


def test_tensors_that_are_not_asked_for_in_a_row_are_read_by_themselves(
    prefix: Path, pread: list[int]
) -> None:
    tfckpt.save(prefix, {f"w{n:05d}": np.float64(n) for n in range(1000)}, fsync=False)
    with tfckpt.load_checkpoint(prefix) as reader:
        names = list(reader)
        pread.clear()
        for name in names[::2]:
            _ = reader[name]
    assert pread == [8] * 500


def test_no_listing_is_made_for_it(prefix: Path, pread: list[int]) -> None:
    tfckpt.save(prefix, {f"layer/{n:06d}": np.int32(n) for n in range(40_000)}, fsync=False)
    index_size = prefix.with_name(prefix.name + ".index").stat().st_size
    with tfckpt.load_checkpoint(prefix) as reader:
        assert [reader[f"layer/{n:06d}"] for n in range(100)] == list(range(100))
    assert sum(pread) < index_size * 0.75


def damage(prefix: str, name: str) -> None:
    with tfckpt.load_checkpoint(prefix) as reader:
        assert isinstance(reader, tfckpt.BundleReader)
        entry = reader.entries[name]
    data = Path(f"{prefix}.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[entry.offset] ^= 1
    data.write_bytes(content)


@pytest.mark.parametrize("bad", ["w0000", "w0001", "w0500", "w0999"])
def test_damage_is_said_of_the_tensor_that_has_it(bad: str, prefix: Path) -> None:
    tfckpt.save(prefix, {f"w{n:04d}": np.float64(n + 1) for n in range(1000)}, fsync=False)
    damage(str(prefix), bad)
    with tfckpt.load_checkpoint(prefix) as reader:
        for n, name in enumerate(reader):
            if name == bad:
                with pytest.raises(tfckpt.errors.DataLossError, match="checksum") as caught:
                    _ = reader[name]
                assert caught.value.tensor == bad
            else:
                assert reader[name] == n + 1
    with tfckpt.load_checkpoint(prefix, verify=False) as reader:
        assert len(dict(reader)) == 1000


def test_a_closed_reader_has_nothing_left(saved: str) -> None:
    with tfckpt.load_checkpoint(saved) as reader:
        names = iter(reader)
        for _ in range(20):
            _ = reader[next(names)]
    with pytest.raises(ValueError, match="closed"):
        _ = reader[next(names)]
    with pytest.raises(ValueError, match="closed"):
        _ = reader["scalar"]


@pytest.mark.parametrize(
    "path", ["sliced/parts", "dtypes/all", "big_endian/all", "sharded/model.ckpt"]
)
def test_what_tensorflow_wrote(path: str, golden: Path) -> None:
    loaded = tfckpt.load(golden / path, unreadable="skip")
    with tfckpt.load_checkpoint(golden / path) as reader:
        for name in reader:
            if name in loaded:
                assert same_bits(loaded[name], reader[name])
            else:
                with pytest.raises(tfckpt.errors.UnimplementedError):
                    _ = reader[name]


def test_a_reader_that_is_dropped_closes_its_files(saved: str) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    before = len(os.listdir("/proc/self/fd"))
    reader = tfckpt.load_checkpoint(saved)
    _ = [reader[name] for name in reader]
    del reader, _
    assert len(os.listdir("/proc/self/fd")) == before
