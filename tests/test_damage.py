"""Damage: any file gives the right tensors or a CheckpointError, and costs no more than its size.

Never a wrong value, another exception, a hang, or an allocation far above the file's size.
"""

from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tfckpt
from tfckpt import transform
from tfckpt.bundle.entry import Entry, Header
from tfckpt.bundle.naming import prefix_of
from tfckpt.errors import CheckpointError, DataLossError, UnimplementedError
from tfckpt.storage import open_source
from tfckpt.table import Table, write_table
from tfckpt.tensors.slices import TensorSlice

SETTINGS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)
GOLDENS = ["sliced/parts", "sharded/model.ckpt", "snappy/all", "big_endian/all", "dtypes/all"]


def plain(tensors: dict[str, Any]) -> dict[str, Any]:
    """Values that compare with ==."""
    return {
        name: (value.shape, value.tolist() if value.dtype.kind == "O" else value.tobytes())
        for name, value in tensors.items()
    }


def copy_of(prefix: Path, folder: Path) -> Path:
    for path in prefix.parent.glob(prefix.name + ".*"):
        shutil.copy(path, folder)
    return folder / prefix.name


def outcome(prefix: Path, **options: bool) -> dict[str, Any] | None:
    """All values, or None for a CheckpointError; anything else goes through."""
    try:
        return plain(tfckpt.load(prefix, **options))
    except CheckpointError as error:
        assert str(error)
        return None


@pytest.mark.parametrize("golden_prefix", ["sliced/parts", "sharded/model.ckpt"])
def test_every_bit_of_a_checkpoint_counts(golden_prefix: str, golden: Path, tmp_path: Path) -> None:
    prefix = copy_of(golden / golden_prefix, tmp_path)
    right = plain(tfckpt.load(prefix))

    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        for position in range(len(whole)):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << position % 8
            path.write_bytes(damaged)
            assert outcome(prefix) in (None, right), (path.name, position)
        path.write_bytes(whole)


@pytest.mark.parametrize("golden_prefix", GOLDENS)
def test_every_truncation_is_noticed(golden_prefix: str, golden: Path, tmp_path: Path) -> None:
    prefix = copy_of(golden / golden_prefix, tmp_path)
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        for size in {0, 1, 47, 48, *range(0, len(whole), max(1, len(whole) // 60)), len(whole) - 1}:
            path.write_bytes(whole[:size])
            assert outcome(prefix) is None or size >= len(whole), (path.name, size)
        path.write_bytes(whole)


@SETTINGS
@given(st.sampled_from(GOLDENS), st.data(), st.booleans())
def test_random_smashing(
    golden: Path, tmp_path: Path, golden_prefix: str, data: st.DataObject, mmap: bool
) -> None:
    prefix = copy_of(golden / golden_prefix, tmp_path)
    right = plain(tfckpt.load(prefix))
    path = data.draw(st.sampled_from(sorted(tmp_path.glob(prefix.name + ".*"))))
    smashed = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(smashed) - 1))
        patch = data.draw(st.binary(min_size=1, max_size=8))
        smashed[at : at + len(patch)] = patch
    path.write_bytes(smashed)

    assert outcome(prefix, mmap=mmap) in (None, right)


def forge(prefix: Path, items: dict[bytes, bytes], data: bytes = b"") -> Path:
    """Write an index whose checksums are right, whatever it says."""
    index = bytearray()
    write_table(index.extend, sorted(items.items()))
    prefix.with_name(prefix.name + ".index").write_bytes(index)
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)
    return prefix


def peak_of_loading(prefix: Path) -> int:
    tracemalloc.start()
    try:
        outcome(prefix)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@SETTINGS
@given(st.sampled_from(GOLDENS), st.data())
def test_forged_entries_behind_right_checksums(
    golden: Path, tmp_path: Path, golden_prefix: str, data: st.DataObject
) -> None:
    source = open_source(str(golden / golden_prefix) + ".index")
    items = {key: bytes(value) for key, value in Table(source).items()}
    source.close()
    copy_of(golden / golden_prefix, tmp_path)
    for key in data.draw(st.lists(st.sampled_from(sorted(items)), min_size=1, max_size=3)):
        value = bytearray(items[key])
        at = data.draw(st.integers(0, len(value)))
        value[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
        items[key] = bytes(value)
    index = bytearray()
    write_table(index.extend, sorted(items.items()))
    prefix = tmp_path / Path(golden_prefix).name
    prefix.with_name(prefix.name + ".index").write_bytes(index)

    assert peak_of_loading(prefix) < 20_000_000


HEADER = {b"": Header(1).encode()}
HUGE = 2**62
FORGED = {
    "a shape whose product overflows": ({b"w": Entry(1, (HUGE, HUGE), 0, 0, 8, 1)}, "takes"),
    "a shape far above the file": ({b"w": Entry(1, (10**12,), 0, 0, 4 * 10**12, 1)}, "cut short"),
    "an offset past the end": ({b"w": Entry(1, (2,), 0, HUGE, 8, 1)}, "cut short"),
    "a size that is not the shape's": ({b"w": Entry(1, (2,), 0, 0, 12, 1)}, "its entry says 12"),
    "a shard that is not there": ({b"w": Entry(1, (2,), 5, 0, 8, 1)}, "lies in shard 5"),
    "more strings than bytes": ({b"w": Entry(7, (10**10,), 0, 0, 16, 1)}, "at least"),
    "a wrong checksum": ({b"w": Entry(1, (2,), 0, 0, 8, 1)}, "checksum"),
    "a slice without an entry": (
        {b"w": Entry(1, (2,), slices=(TensorSlice.parse("0,1"), TensorSlice.parse("1,1")))},
        "no entry for it",
    ),
    "slices that overlap": (
        {b"w": Entry(1, (2,), slices=(TensorSlice.parse("0,2"), TensorSlice.parse("1,1")))},
        "overlap",
    ),
    "slices with a gap": (
        {b"w": Entry(1, (3,), slices=(TensorSlice.parse("0,1"), TensorSlice.parse("2,1")))},
        r"element \[1\] is missing",
    ),
    "slices outside the shape": (
        {b"w": Entry(1, (2,), slices=(TensorSlice.parse("0,1"), TensorSlice.parse("1,7")))},
        "outside shape",
    ),
    "slices of another rank": (
        {b"w": Entry(1, (2,), slices=(TensorSlice.parse("0,1:-"),))},
        "does not fit the rank",
    ),
    "a slice that is sliced itself": (
        {
            b"w": Entry(1, (2,), slices=(TensorSlice.parse("0,2"),)),
            TensorSlice.parse("0,2").key(b"w"): Entry(1, (2,), slices=(TensorSlice.parse("0,2"),)),
        },
        "sliced",
    ),
    "a sliced tensor far above the file": (
        {
            b"w": Entry(1, (HUGE,), slices=(TensorSlice.parse("-"),)),
            TensorSlice.parse("-").key(b"w"): Entry(1, (HUGE,), 0, 0, 16, 1),
        },
        "takes",
    ),
}


@pytest.mark.parametrize("what", sorted(FORGED))
def test_forged_indexes_are_named_and_cost_nothing(what: str, prefix: Path) -> None:
    entries, problem = FORGED[what]
    forge(prefix, HEADER | {key: entry.encode() for key, entry in entries.items()}, bytes(16))

    with tfckpt.load_checkpoint(prefix) as reader, pytest.raises(DataLossError, match=problem) as e:
        reader["w"]
    assert e.value.tensor == "w"
    assert "model.ckpt" in str(e.value)
    assert peak_of_loading(prefix) < 5_000_000


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"\x08\x00", "speaks of 0 shards"),
        (b"\xff", "does not parse"),
    ],
)
def test_forged_headers(header: bytes, problem: str, prefix: Path) -> None:
    forge(prefix, {b"": header})
    with pytest.raises(DataLossError, match=problem):
        tfckpt.load_checkpoint(prefix)


def test_a_listing_says_which_entry_is_none(prefix: Path) -> None:
    forge(prefix, HEADER | {b"v": Entry(1, (), 0, 0, 4, 1).encode(), b"w": b"\x0a"})
    with tfckpt.load_checkpoint(prefix) as reader:
        with pytest.raises(DataLossError, match="does not parse") as caught:
            reader.infos()
        assert caught.value.tensor == "w"
        assert str(caught.value.path) == f"{prefix}.index"
        assert reader.info("v").shape == ()


def test_an_index_without_a_header(prefix: Path) -> None:
    forge(prefix, {b"w": Entry(1, (), 0, 0, 4, 1).encode()})
    with pytest.raises(DataLossError, match="no header"):
        tfckpt.load_checkpoint(prefix)


def test_more_dimensions_than_numpy_has(prefix: Path) -> None:
    crc = 0x3A117BA6  # four zeros have the CRC-32C 0x48674bc7, of which this is the masked form
    forge(prefix, HEADER | {b"w": Entry(1, (1,) * 100, 0, 0, 4, crc).encode()}, bytes(4))
    for read in (tfckpt.load, lambda path: tfckpt.load_checkpoint(path).get_tensor("w", ...)):
        with pytest.raises(CheckpointError, match="numpy has no array of shape"):
            read(prefix)


@pytest.mark.parametrize("kind", [0, 99, 101, 2**31 - 1, -1])
def test_an_unknown_type_is_listed_and_the_rest_is_read(kind: int, prefix: Path) -> None:
    tfckpt.save(prefix, {"a": np.ones(2, np.float32)})
    data = prefix.with_name(prefix.name + ".data-00000-of-00001").read_bytes()
    known = tfckpt.BundleReader(prefix).entry("a")
    part = TensorSlice.parse("0,3")
    entries = {
        b"a": known,
        b"b": known._replace(data_type=kind % (1 << 64)),
        b"c": Entry(kind % (1 << 64), (3,), slices=(part,)),
        part.key(b"c"): Entry(kind % (1 << 64), (3,), 0, 0, 8, 1),
    }
    forge(prefix, HEADER | {key: entry.encode() for key, entry in entries.items()}, data)

    assert tfckpt.list_variables(prefix) == [("a", [2]), ("b", [2]), ("c", [3])]
    with tfckpt.load_checkpoint(prefix) as reader:
        assert reader.get_variable_to_dtype_map() == {"a": np.float32, "b": object, "c": object}
        assert reader.get_tensors(["a"])["a"].tolist() == [1, 1]
        for read in (
            lambda: reader["b"],
            lambda: reader["c"],
            lambda: reader.get_tensor("c", np.s_[0:0]),
            lambda: reader.get_tensor("b", 0),
            reader.get_tensors,
        ):
            with pytest.raises(NotImplementedError, match="none that is known here") as caught:
                read()
            assert caught.value.tensor in ("b", "c")
    for other in ("v2", "v1"):
        with pytest.raises(NotImplementedError, match=r"(?s)2 of its 3 .*  b: .*  c: "):
            tfckpt.convert_checkpoint(prefix, prefix.with_name("other"), other)


def test_variants_are_listed_and_have_no_value(prefix: Path) -> None:
    forge(prefix, HEADER | {b"v": Entry(21, (), 0, 0, 4, 1).encode()}, bytes(4))

    with tfckpt.load_checkpoint(prefix) as reader:
        assert list(reader) == ["v"]
        assert reader.info("v").shape == ()
        with pytest.raises(NotImplementedError, match="DT_VARIANT"):
            reader["v"]


def test_a_variant_is_kept_by_its_file_however_much_of_that_is_left_behind(prefix: Path) -> None:
    tfckpt.save(prefix, {"a": np.ones(1000, np.float32)})
    path = prefix.with_name(prefix.name + ".data-00000-of-00001")
    entries = {b"a": tfckpt.BundleReader(prefix).entry("a"), b"v": Entry(21, (), 0, 0, 4, 1)}
    forge(prefix, HEADER | {k: one.encode() for k, one in entries.items()}, path.read_bytes())

    kept = transform.select(prefix, keep="v")
    made = tfckpt.save(prefix.with_name("kept"), kept, link="auto")
    assert tfckpt.list_variables(made) == [("v", [])]
    assert Path(f"{made}.data-00000-of-00001").stat().st_size == 4000


def test_a_type_of_a_negative_number_is_kept_as_it_is(prefix: Path) -> None:
    unknown = bytes.fromhex("08fbffffffffffffffff01 1200 2804 3501000000")  # -5
    forge(prefix, HEADER | {b"u": unknown}, bytes(4))

    made = tfckpt.save(prefix.with_name("kept"), transform.select(prefix), link=True)
    with tfckpt.BundleReader(made) as reader:
        assert reader.entry("u") == Entry(-5, (), 0, 0, 4, 1)


@pytest.mark.parametrize("stored", [Entry(3, (2,), 0, 0, 8, 1), Entry(1, (1, 2), 0, 0, 8, 1),
                                    Entry(200, (2,), 0, 0, 8, 1)])  # fmt: skip
@pytest.mark.parametrize("link", [False, True], ids=["copied", "linked"])
def test_a_slice_that_is_none_of_its_tensor_is_not_taken_over(
    link: bool, stored: Entry, prefix: Path
) -> None:
    halves = TensorSlice.parse("0,2"), TensorSlice.parse("2,2")
    whole = Entry(1, (4,), 0, 0, 0, 0, halves)
    pieces = {part.key(b"w"): stored.encode() for part in whole.slices}
    forge(prefix, HEADER | {b"w": whole.encode()} | pieces, bytes(8))

    with pytest.raises(DataLossError, match=r"slice 0,2 should be DT_FLOAT \[2\], its entry says"):
        tfckpt.save(prefix.with_name("new"), transform.select(prefix), link=link)
    assert not prefix.with_name("new.index").exists()


def test_what_cannot_be_read_can_be_skipped(prefix: Path, caplog: pytest.LogCaptureFixture) -> None:
    tfckpt.save(prefix, {"a": np.ones(2, np.float32)})
    data = prefix.with_name(prefix.name + ".data-00000-of-00001").read_bytes()
    entries = {b"a": tfckpt.BundleReader(prefix).entry("a"), b"v": Entry(21, (), 0, 0, 4, 1)}
    forge(prefix, HEADER | {key: entry.encode() for key, entry in entries.items()}, data)

    everything = r"(?s)1 of its 2 tensors cannot be read \(unreadable='skip' .*\n  v: a DT_VARIANT"
    for read in (tfckpt.load, lambda path: tfckpt.convert_checkpoint(path, "other")):
        with pytest.raises(UnimplementedError, match=everything):
            read(prefix)
    assert not caplog.records

    assert {name: one.tolist() for name, one in tfckpt.load(prefix, unreadable="skip").items()} == {
        "a": [1, 1]
    }
    assert "1 of 2 tensors cannot be read and are left out:\n  v: a DT_VARIANT" in caplog.text
    for to in ("v1", "v2"):
        made = tfckpt.convert_checkpoint(prefix, prefix.with_name(to), to, unreadable="skip")
        assert (made.summary, made.written, list(made.left_out)) == (
            "1 of 2 tensors",
            {"a": "a"},
            ["v"],
        )
        assert tfckpt.load(made)["a"].tolist() == [1, 1]
    with pytest.raises(ValueError, match="'error' or 'skip', not 'drop'"):
        tfckpt.load(prefix, unreadable="drop")


def test_what_cannot_be_read_has_no_name_either(
    prefix: Path, caplog: pytest.LogCaptureFixture
) -> None:
    objects = tfckpt.to_object_based({"w": 1.5}, {"w": "layer/w"})
    tfckpt.save(prefix, objects)
    data = prefix.with_name(prefix.name + ".data-00000-of-00001").read_bytes()
    entries = {**tfckpt.BundleReader(prefix).entries, "v": Entry(21, (), 0, 0, 4, 1)}
    forge(prefix, HEADER | {key.encode(): one.encode() for key, one in entries.items()}, data)

    with pytest.raises(UnimplementedError, match=r"unreadable='skip' .*\n  v: a DT_VARIANT"):
        tfckpt.convert_naming(prefix, prefix.with_name("named"))
    assert not prefix.with_name("named.index").exists()
    made = tfckpt.convert_naming(prefix, prefix.with_name("named"), unreadable="skip")
    assert tfckpt.load(made) == {"w": 1.5}
    assert sorted(made.left_out) == ["_CHECKPOINTABLE_OBJECT_GRAPH", "v"]
    assert len(caplog.records) == 1  # said once


def test_a_missing_shard_is_named(golden: Path, tmp_path: Path) -> None:
    prefix = copy_of(golden / "sharded" / "model.ckpt", tmp_path)
    prefix.with_name("model.ckpt.data-00001-of-00003").unlink()

    with tfckpt.load_checkpoint(prefix) as reader:
        assert reader["layer_0/kernel"].tolist() == [[0], [0]]
        with pytest.raises(FileNotFoundError, match=r"data-00001-of-00003.*was it copied"):
            reader["layer_1/kernel"]


def test_an_error_names_file_tensor_offset_expected_and_found(
    prefix: Path, weights: dict[str, np.ndarray]
) -> None:
    tfckpt.save(prefix, weights)
    path = prefix.with_name(prefix.name + ".data-00000-of-00001")
    data = bytearray(path.read_bytes())
    data[25] ^= 1
    path.write_bytes(data)

    with pytest.raises(DataLossError) as caught:
        tfckpt.load(prefix)
    assert caught.value.path == str(path)
    assert caught.value.tensor == "dense/bias"
    assert caught.value.offset == 24
    assert "0x" in str(caught.value)
    assert tfckpt.load(prefix, verify=False)["dense/bias"][0] != 1.5
    assert prefix_of(str(path)) == str(prefix)
