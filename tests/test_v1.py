"""V1 files: read as TensorFlow wrote them, written as it does, and never trusted."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tfckpt
from tfckpt.dtypes import DataType, data_type_name, numpy_dtype
from tfckpt.errors import (
    CheckpointError,
    DataLossError,
    FailedPreconditionError,
    FileMissingError,
    InvalidArgumentError,
    ResourceExhaustedError,
    TensorNotFoundError,
    UnimplementedError,
)
from tfckpt.storage import open_source
from tfckpt.table import Table, write_table
from tfckpt.tensors.slices import TensorSlice
from tfckpt.v1.naming import is_pattern, pattern_of, shard_path, siblings
from tfckpt.v1.records import Meta, Record, decode_meta, encode_meta, encode_record
from tfckpt.v1.writer import V1Writer

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden" / "v1"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
SHARDED = "sharded-?????-of-00002"
SETTINGS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)


def stored(value: Any) -> dict[str, Any]:
    """What expected.json says of a value."""
    if value.dtype == object:
        return {
            "shape": list(value.shape),
            "strings": [one.hex() for one in value.ravel().tolist()],
        }
    return {"shape": list(value.shape), "hex": value.tobytes().hex()}


def wanted(path: str) -> dict[str, Any]:
    return {
        name: {key: value for key, value in one.items() if key != "dtype"}
        for name, one in EXPECTED[path].items()
    }


def plain(tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: stored(value) for name, value in tensors.items()}


# What TensorFlow wrote


@pytest.mark.parametrize("options", [{}, {"mmap": False}, {"verify": False}], ids=str)
@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_values_are_what_tensorflow_was_given(path: str, options: dict[str, bool]) -> None:
    assert wanted(path) == plain(tfckpt.load(GOLDEN / path, **options))


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_a_listing_needs_no_values(path: str) -> None:
    with tfckpt.load_checkpoint(GOLDEN / path) as reader:
        assert sorted(EXPECTED[path]) == list(reader) == list(reader.infos())
        for name, one in EXPECTED[path].items():
            info = reader.info(name)
            kind = "half" if one["dtype"] == "float16" else one["dtype"]
            kind = {"float32": "float", "float64": "double"}.get(kind, kind)
            assert f"DT_{kind.upper()}" == data_type_name(info.data_type)
            assert one["shape"] == list(info.shape)


def test_a_debug_string_counts_slices() -> None:
    with tfckpt.load_checkpoint(GOLDEN / "sliced") as reader:
        assert reader.debug_string() == (
            b"rows (DT_FLOAT) [6,2], 2 slices\ntiles (DT_HALF) [4,4], 3 slices\n"
            b"whole (DT_INT32) []\n"
        )


@pytest.mark.parametrize("index", [np.s_[1:3], np.s_[::-2, 1], np.s_[3, 2:], np.s_[...], 2])
def test_a_part_is_what_numpy_selects(index: Any) -> None:
    tiles = (np.arange(16) - 8).astype(np.float16).reshape(4, 4)

    part = tfckpt.load_variable(GOLDEN / "sliced", "tiles", index)

    assert tiles[index].tolist() == part.tolist()


def test_a_wrong_name_is_met_with_close_ones() -> None:
    with (
        tfckpt.load_checkpoint(GOLDEN / "sliced") as reader,
        pytest.raises(TensorNotFoundError, match="did you mean 'rows'"),
    ):
        reader["row"]


def test_arrays_are_the_callers_own() -> None:
    with tfckpt.load_checkpoint(GOLDEN / "all") as reader:
        first = reader["float32/matrix"]
        before = first.tolist()
        first[:] = 0

        assert before == reader["float32/matrix"].tolist()


# The same bytes


def tensors_of(path: str) -> Iterator[tuple[str, Any]]:
    with tfckpt.load_checkpoint(GOLDEN / path) as reader:
        yield from reversed(list(reader.items()))


def test_writing_gives_tensorflows_bytes(tmp_path: Path) -> None:
    with V1Writer(tmp_path / "all") as writer:
        for name, value in tensors_of("all"):
            writer.add(name, value)

    assert (GOLDEN / "all").read_bytes() == (tmp_path / "all").read_bytes()
    assert os.listdir(tmp_path) == ["all"]


def test_slices_over_shards_give_tensorflows_bytes(tmp_path: Path) -> None:
    table = tfckpt.load_variable(GOLDEN / SHARDED, "table")
    with V1Writer(tmp_path / "sharded", num_shards=2) as writer:
        for shard, (first, size) in enumerate([(0, 3), (3, 2)]):
            spec = [(first, size), (0, 2)]
            writer.add_slice("table", (5, 2), spec, table[first : first + size], shard=shard)
            writer.add(f"step{shard}", np.int64(shard), shard=shard)

    assert str(tmp_path / SHARDED) == writer.path
    for name in os.listdir(tmp_path):
        assert (GOLDEN / name).read_bytes() == (tmp_path / name).read_bytes()


def hex_examples() -> list[bytes]:
    text = (ROOT / "docs" / "format" / "v1.md").read_text()
    return [
        bytes.fromhex("".join(line.split("|")[0] for line in block.splitlines()))
        for block in re.findall(r"^```hex\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


def test_the_records_in_the_page_on_v1_are_a_checkpoint(tmp_path: Path) -> None:
    meta, key, values = hex_examples()
    with V1Writer(tmp_path / "page") as writer:
        writer.add("w", np.array([1, -2], np.float32))
    items = {name: bytes(value) for name, value in Table(open_source(writer.path)).items()}

    assert {b"": meta, key: values} == items
    assert tfckpt.load(tmp_path / "page")["w"].tolist() == [1.0, -2.0]


# Names


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    for shard in range(2):
        shutil.copy(GOLDEN / f"sharded-0000{shard}-of-00002", tmp_path)
    return tmp_path


POINTERS = [
    "sharded-?????-of-00002",
    "sharded-00000-of-00002",
    "sharded-00001-of-00002",
    "sharded",
    "sharded.meta",
    "",
]


@pytest.mark.parametrize("given", POINTERS)
@pytest.mark.parametrize("with_state", [False, True])
def test_any_name_of_a_sharded_checkpoint_opens_all_of_it(
    given: str, with_state: bool, sharded: Path
) -> None:
    (sharded / "sharded.meta").write_bytes(b"\x0a\x00")
    if with_state:
        (sharded / "checkpoint").write_text(f'model_checkpoint_path: "{SHARDED}"\n')

    with tfckpt.load_checkpoint(sharded / given) as reader:
        assert str(sharded / SHARDED) == reader.path
        assert wanted(SHARDED) == plain(dict(reader))


def test_a_lone_shard_opens_by_itself(sharded: Path) -> None:
    os.remove(sharded / "sharded-00001-of-00002")

    with tfckpt.load_checkpoint(sharded / "sharded-00000-of-00002") as reader:
        assert reader["step0"] == 0
        with pytest.raises(DataLossError, match=r"element \[3, 0\] is missing$"):
            reader["table"]


MISSING = "1 of its 2 shards are missing: sharded-00001-of-00002"


def test_of_a_set_that_lacks_a_shard_the_rest_is_read(
    sharded: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.remove(sharded / "sharded-00001-of-00002")

    with tfckpt.load_checkpoint(sharded / SHARDED) as reader:
        assert caplog.messages == [f"{sharded / SHARDED}: {MISSING}"]
        assert list(reader) == ["step0", "table"]
        assert reader["step0"] == 0
        assert reader.get_tensor("table", np.s_[:3]).shape == (3, 2)
        with pytest.raises(TensorNotFoundError, match=MISSING):
            reader["step1"]
        with pytest.raises(DataLossError, match=rf"element \[3, 0\] is missing; {MISSING}"):
            reader["table"]


def test_what_restores_only_from_the_rest_is_restored(sharded: Path) -> None:
    os.remove(sharded / "sharded-00001-of-00002")
    weights = {"step0": np.array(7)}
    saver = tfckpt.Saver(["step0"])

    saver.restore(weights, sharded / SHARDED)

    assert weights["step0"] == 0
    with pytest.raises(TensorNotFoundError, match=MISSING):
        tfckpt.Saver(["step1"]).restore({"step1": np.array(7)}, sharded / SHARDED)
    with pytest.raises(ValueError, match=MISSING):
        tfckpt.init_from_checkpoint({"step": np.array(7)}, sharded / SHARDED, {"step1": "step"})


def test_a_set_that_lacks_a_shard_is_not_copied(sharded: Path, tmp_path: Path) -> None:
    os.remove(sharded / "sharded-00001-of-00002")
    before = sorted(os.listdir(tmp_path))

    with pytest.raises(FileMissingError, match=MISSING):
        tfckpt.load(sharded / SHARDED)
    with pytest.raises(FileMissingError, match=MISSING):
        tfckpt.convert_checkpoint(sharded / SHARDED, tmp_path / "new")
    with tfckpt.load_checkpoint(sharded / SHARDED) as reader:
        with pytest.raises(FileMissingError, match=MISSING):
            tfckpt.save(tmp_path / "new", reader)
        with pytest.raises(FileMissingError, match=MISSING):
            tfckpt.Saver().save(reader, tmp_path / "new")
    assert before == sorted(os.listdir(tmp_path))


def test_a_shard_that_appears_while_the_set_is_opened_is_read(
    sharded: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    late = sharded / "sharded-00001-of-00002"
    data = late.read_bytes()
    late.unlink()
    list_if_there = tfckpt.V1Reader._list_if_there

    def slowly(reader: tfckpt.V1Reader, number: int, path: str) -> bool:
        found = list_if_there(reader, number, path)
        if path == str(late) and not found:
            late.write_bytes(data)
        return found

    monkeypatch.setattr(tfckpt.V1Reader, "_list_if_there", slowly)
    assert wanted(SHARDED) == plain(tfckpt.load(sharded / SHARDED))
    assert not caplog.messages


def test_a_set_without_any_shard_is_none(sharded: Path) -> None:
    for shard in range(2):
        os.remove(sharded / f"sharded-0000{shard}-of-00002")

    with pytest.raises(FileMissingError, match="2 of its 2 shards are missing: sharded-00000-of"):
        tfckpt.load_checkpoint(sharded / SHARDED)


UNNUMBERED = "sharded-?????-of-?????"


def test_a_pattern_without_its_number_stands_for_the_one_set(sharded: Path) -> None:
    for opened in (tfckpt.load_checkpoint, tfckpt.V1Reader):
        with opened(sharded / UNNUMBERED) as reader:
            assert str(sharded / SHARDED) == reader.path
            assert wanted(SHARDED) == plain(dict(reader))
    assert tfckpt.checkpoint_exists(sharded / UNNUMBERED)
    assert not tfckpt.checkpoint_exists(sharded / "other-?????-of-?????")
    with pytest.raises(FileMissingError):
        tfckpt.load_checkpoint(sharded / "other-?????-of-?????")


def test_a_pattern_without_its_number_does_not_choose_between_two_sets(sharded: Path) -> None:
    with V1Writer(sharded / "sharded", num_shards=3) as writer:
        writer.add("step0", 1)

    with pytest.raises(
        InvalidArgumentError, match=r"sharded-\?{5}-of-00002, sharded-\?{5}-of-00003"
    ):
        tfckpt.load_checkpoint(sharded / UNNUMBERED)


def test_where_a_prefix_has_both_formats_v2_wins(tmp_path: Path) -> None:
    with V1Writer(tmp_path / "m") as writer:
        writer.add("which", b"V1")
    assert tfckpt.load(tmp_path / "m") == tfckpt.load(tmp_path) == {"which": b"V1"}

    tfckpt.save(tmp_path / "m", {"which": b"V2"})

    assert tfckpt.load(tmp_path / "m") == tfckpt.load(tmp_path) == {"which": b"V2"}


def test_a_file_beside_its_meta_is_found_by_it(tmp_path: Path) -> None:
    with V1Writer(tmp_path / "m-7") as writer:
        writer.add("a", 1)
    (tmp_path / "m-7.meta").write_bytes(b"\x0a\x00")

    assert tfckpt.load(tmp_path / "m-7.meta").keys() == {"a"}


def test_brackets_in_a_name_are_no_pattern(tmp_path: Path) -> None:
    with V1Writer(tmp_path / "m[1]*", num_shards=2) as writer:
        writer.add("a", 1, shard=1)

    assert tfckpt.load(writer.path).keys() == {"a"}


NAMES = [
    ("m-?????-of-00002", True, None),
    ("m-00001-of-00002", False, ["m-00000-of-00002", "m-00001-of-00002"]),
    ("m-00002-of-00002", False, None),
    ("m-????-of-00002", False, None),
    ("m-?????-of-2", False, None),
    ("-00000-of-00001", False, None),
    ("m", False, None),
]


@pytest.mark.parametrize(("name", "pattern", "shards"), NAMES)
def test_names_of_shards(name: str, pattern: bool, shards: list[str] | None) -> None:
    assert pattern == is_pattern(name)
    assert shards == siblings(name)


def test_names_are_made_with_five_digits() -> None:
    assert shard_path("m", 1, 23) == "m-00001-of-00023"
    assert pattern_of("m", 23) == "m-?????-of-00023"


# What cannot be written


@pytest.mark.parametrize("dtype", ["uint32", "uint64", "bfloat16", "int4"])
def test_types_that_v1_lacks_are_refused(dtype: str, tmp_path: Path) -> None:
    import ml_dtypes

    array = np.ones(2, getattr(ml_dtypes, dtype, dtype))
    with V1Writer(tmp_path / "m") as writer:
        writer.add("kept", 1)
        with pytest.raises(UnimplementedError, match="save the checkpoint as V2"):
            writer.add("a", array)

    assert tfckpt.load(tmp_path / "m").keys() == {"kept"}


def test_a_tensor_of_2_gib_is_refused_before_any_work(tmp_path: Path) -> None:
    huge = np.broadcast_to(np.float64(1), (1 << 28, 1))  # 2 GiB in values, 8 bytes in memory
    with V1Writer(tmp_path / "m") as writer:
        with pytest.raises(InvalidArgumentError, match="too large to serialize"):
            writer.add("a", huge)
        writer.add("kept", 1)


MISUSES: list[tuple[Callable[[V1Writer], object], type[Exception], str]] = [
    (lambda writer: writer.add("a", 2), ValueError, "already"),
    (lambda writer: writer.add("", 2), ValueError, "empty"),
    (lambda writer: writer.add("b", object()), TypeError, "."),
    (lambda writer: writer.add_slice("s", (4,), [(0, 2)], [9]), ValueError, "has shape"),
    (lambda writer: writer.add_slice("s", (4,), [(0, 2)], [7, 8]), ValueError, "already"),
    (lambda writer: writer.add_slice("s", (5,), [(2, 2)], [7, 8]), ValueError, "another"),
    (lambda writer: writer.add_slice("s", (4,), [(2, 2)], [7.0, 8]), ValueError, "another"),
    (lambda writer: writer.add_slice("s", (4,), [(3, 2)], [7, 8]), ValueError, "outside"),
]


@pytest.mark.parametrize(("misuse", "error", "problem"), MISUSES)
def test_misuse_changes_nothing(
    misuse: Callable[[V1Writer], object], error: type[Exception], problem: str, tmp_path: Path
) -> None:
    with V1Writer(tmp_path / "m") as writer:
        writer.add("a", 1)
        writer.add_slice("s", (4,), [(0, 2)], [1, 2])
        with pytest.raises(error, match=problem):
            misuse(writer)
        writer.add_slice("s", (4,), [(2, 2)], [3, 4])

    assert tfckpt.load(tmp_path / "m")["s"].tolist() == [1, 2, 3, 4]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    with V1Writer(tmp_path / "m") as writer:
        writer.add("a", 1)

    def fail() -> None:
        with V1Writer(tmp_path / "m") as writer:
            writer.add("a", 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert os.listdir(tmp_path) == ["m"]
    assert tfckpt.load(tmp_path / "m")["a"] == 1
    with pytest.raises(RuntimeError, match="closed"):
        writer.add("b", 1)


def test_a_set_of_shards_appears_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "m-00001-of-00002").mkdir()  # no file can be renamed to this
    writer = V1Writer(tmp_path / "m", num_shards=2)
    writer.add("a", 1)

    with pytest.raises(FailedPreconditionError, match="rename"):
        writer.finish()
    assert os.listdir(tmp_path) == ["m-00001-of-00002"]


def test_a_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed, named = set(), []

    def sync(number: int) -> None:
        flushed.add(os.fstat(number).st_ino)

    def rename(old: str, new: str) -> None:
        if os.stat(old).st_ino in flushed:
            named.append(os.path.basename(new))
        os.rename(old, new)

    for name in ("fsync", "fdatasync"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, sync)
    monkeypatch.setattr(os, "replace", rename)
    commits = ["m-00000-of-00002.commit", "m-00001-of-00002.commit", "m-of-00002.commit"]
    shards = ["m-00000-of-00002", "m-00001-of-00002"]
    for wanted in (shards, [*commits, *shards]):  # new shards, and such as replace others
        with V1Writer(tmp_path / "m", num_shards=2) as writer:
            writer.add("a", 1)
        assert (sorted(named), sorted(os.listdir(tmp_path))) == (sorted(wanted), shards)
        named.clear()
    with V1Writer(tmp_path / "n") as writer:
        writer.add("a", 1)
    assert named == ["n"]


def test_a_set_that_is_always_being_replaced_is_given_up(
    sharded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfckpt.v1.reader.version_at", lambda path: object())
    with pytest.raises(DataLossError, match="replaced while being opened, 100 times in a row"):
        tfckpt.load_checkpoint(sharded / SHARDED)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    def refuse(*pieces: object) -> None:
        raise OSError(28, "No space left on device")

    writer = V1Writer(tmp_path / "m")
    monkeypatch.setattr(writer._shards[0].spool._file, "write", refuse, raising=False)
    with pytest.raises(FailedPreconditionError, match="No space left"):
        writer.add("a", np.zeros(100_000))
    with pytest.raises(RuntimeError, match="closed"):
        writer.finish()
    assert os.listdir(tmp_path) == []


def test_small_tensors_that_find_no_room_leave_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    def refuse(*pieces: object) -> None:
        raise OSError(28, "No space left on device")

    writer = V1Writer(tmp_path / "m")
    monkeypatch.setattr(writer._shards[0].spool._file, "write", refuse, raising=False)
    writer.add("a", 1)
    with pytest.raises(FailedPreconditionError, match="No space left"):
        writer.finish()
    assert os.listdir(tmp_path) == []


# Damage


def outcome(path: Path, **options: bool) -> dict[str, Any] | None:
    """All values, or None for a CheckpointError; anything else goes through."""
    try:
        return plain(tfckpt.load(path, **options))
    except CheckpointError:
        return None


@pytest.mark.parametrize("name", ["sliced", "snappy"])
def test_every_bit_counts(name: str, tmp_path: Path) -> None:
    path, whole = tmp_path / "m", (GOLDEN / name).read_bytes()
    for position in range(0, len(whole), 1 if name == "sliced" else 3):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        assert outcome(path) in (None, wanted(name)), position


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    path, whole = tmp_path / "m", (GOLDEN / "sliced").read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert outcome(path) is None


def items_of(name: str) -> dict[bytes, bytes]:
    return {key: bytes(value) for key, value in Table(open_source(str(GOLDEN / name))).items()}


def forge(path: Path, items: dict[bytes, bytes]) -> Path:
    """Write a table whose checksums are right, whatever it says."""
    table = bytearray()
    write_table(table.extend, sorted(items.items()))
    path.write_bytes(table)
    return path


@SETTINGS
@given(name=st.sampled_from(["all", "sliced"]), data=st.data())
def test_forged_records_are_values_or_an_error(name: str, tmp_path: Path, data: Any) -> None:
    items = items_of(name)
    key = data.draw(st.sampled_from(sorted(items)))
    value = bytearray(items[key])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(value)))
        cut = data.draw(st.integers(0, 3))
        value[at : at + cut] = data.draw(st.binary(max_size=4))
    items[key] = bytes(value)
    path = forge(tmp_path / "m", items)
    try:
        reader = tfckpt.load_checkpoint(path)
    except CheckpointError:
        return
    with reader:
        for tensor, info in reader.infos().items():
            if info.size > 1 << 24:
                continue  # a shortened list may well stand for very many
            try:
                array = np.asarray(reader[tensor], info.dtype)
            except CheckpointError:
                continue
            assert info.shape == array.shape


@pytest.mark.parametrize("kind", [0, 99, 101])
def test_an_unknown_type_is_listed_and_the_rest_is_read(kind: int, tmp_path: Path) -> None:
    whole = TensorSlice.parse("-")
    metas = [Meta(b"a", (2,), 1, (whole,)), Meta(b"b", (2,), kind, (whole,))]
    items = {b"": encode_meta(metas)}
    items |= {whole.key(name): encode_record(name, whole, TWO, 0) for name in (b"a", b"b")}
    path = forge(tmp_path / "m", items)

    assert tfckpt.list_variables(path) == [("a", [2]), ("b", [2])]
    with tfckpt.load_checkpoint(path) as reader:
        assert reader.get_tensors(["a"])["a"].tolist() == [1, 2]
        assert reader.info("b").dtype == object
        assert reader.info("b").stored_size == 0
        for index in (None, 0):
            with pytest.raises(NotImplementedError, match="none that is known here"):
                reader.get_tensor("b", index)


def test_a_meta_by_hand() -> None:
    meta = Meta(b"t", (2, 3), 1, (TensorSlice.parse("0,1:-"),))
    stored = bytes.fromhex(
        "0a 01 74  12 08 12 02 08 02 12 02 08 03  18 01  22 06 0a 02 10 01 0a 00"
    )

    assert stored == meta.encode()
    assert meta == Meta.decode(stored)


NO_METAS = [
    # the record of a tensor, as in test_a_meta_by_hand; one of its fields is of another kind
    ("08 01", "the name of a tensor has wire type 0, not 2"),
    ("0a 01 74 10 02", "the shape of a tensor has wire type 0"),
    ("0a 01 74 1a 01 01", "the type of a tensor has wire type 2, not 0"),
    ("0a 01 74 1d 01000000", "the type of a tensor has wire type 5, not 0"),
    ("0a 01 74 20 01", "a slice has wire type 0"),
    ("0a 01 74 12 02 10 01", "a dimension has wire type 0"),
    ("0a 01 74 12 03 12 01 0a", "cut short"),
    ("0a 01 74 12 04 12 02 0a 00", "the size of a dimension has wire type 2"),
    ("0a 01 74 12 02 18 01", "a tensor of unknown rank has no values"),
    ("0a 01 74 22 02 08 01", "an extent has wire type 0"),
    ("0a 01 74 22 04 0a 02 0a 00", "the start of a slice has wire type 2"),
    ("0a 01 74 22 04 0a 02 12 00", "the length of a slice has wire type 2"),
]


@pytest.mark.parametrize(("stored", "problem"), NO_METAS)
def test_what_is_no_meta(stored: str, problem: str) -> None:
    with pytest.raises(DataLossError, match=problem):
        Meta.decode(bytes.fromhex(stored))


def test_a_rank_that_is_said_to_be_known_is() -> None:
    assert Meta.decode(bytes.fromhex("0a 01 74 12 06 12 02 08 02 18 00 18 01")).shape == (2,)


@pytest.mark.parametrize(
    ("decode", "problem"),
    [
        (decode_meta, "a record holds no field 1, the list of tensors"),
        (Record.decode, "a record holds no field 2, the values of a slice"),
    ],
)
def test_a_record_has_the_field_of_its_kind(
    decode: Callable[[bytes], object], problem: str
) -> None:
    for value in (b"", b"\x1a\x00"):
        with pytest.raises(DataLossError, match=problem):
            decode(value)


EXTENTS = [
    ("08 03 10 02", (3, 2)),
    ("10 00", (0, 0)),
    ("08 03 10 00", (3, 0)),
    ("", (0, -1)),
    ("10 ff ff ff ff ff ff ff ff ff 01", "has the length -1"),
    ("08 ff ff ff ff ff ff ff ff ff 01 10 01", "start -1 with length 1"),
    ("08 01", "start 1 with length -1"),
    ("08 ff ff ff ff ff ff ff ff ff 01 10 00", "start -1 with length 0"),
    ("08 ff ff ff ff ff ff ff ff 7f 10 01", (2**63 - 1, 1)),
]


@pytest.mark.parametrize(("extent", "found"), EXTENTS)
def test_extents(extent: str, found: tuple[int, int] | str) -> None:
    inner = bytes.fromhex(extent)
    message = bytes([0x22, len(inner) + 2, 0x0A, len(inner)]) + inner  # a slice of a tensor
    if isinstance(found, tuple):
        assert Meta.decode(message).slices == (TensorSlice((found,)),)
    else:
        with pytest.raises(DataLossError, match=found):
            Meta.decode(message)


@SETTINGS
@given(st.binary(max_size=80))
def test_any_record_decodes_or_is_damage(data: bytes) -> None:
    for decode in (decode_meta, Record.decode):
        try:
            decode(data)
        except DataLossError:
            continue


def checkpoint(
    path: Path, shape: tuple[int, ...], slices: list[str], values: dict[str, bytes]
) -> Path:
    """Write a file that lists slices of a float tensor "t", and holds TensorProtos."""
    listed = tuple(TensorSlice.parse(text) for text in slices)
    items = {b"": encode_meta([Meta(b"t", shape, 1, listed)])}
    for text, proto in values.items():
        one = TensorSlice.parse(text)
        items[one.key(b"t")] = encode_record(b"t", one, proto, 0)
    return forge(path, items)


TWO = bytes.fromhex("2a 08 0000803f 00000040")  # packed float_val 1, 2
DAMAGES = [
    ((3,), ["-"], {"-": TWO + TWO}, r"slice - of shape \[3\] has 3 values, its record lists 4"),
    ((3,), ["-"], {"-": TWO}, r"slice - of shape \[3\] has 3 values, its record lists 2"),
    ((3,), ["-"], {"-": b""}, r"slice - of shape \[3\] has 3 values, its record lists 0"),
    ((4,), ["2,2", "0,2"], {"2,2": TWO, "0,2": TWO[:1] + b"\x04" + TWO[2:6]}, "slice 0,2 .* 1$"),
    ((2,), ["-"], {"-": TWO[:-1]}, "takes 8 bytes, 7 are left"),
    ((2,), ["-"], {"-": b"\x2a\x07" + bytes(7)}, "no list of 4-byte values"),
    ((2,), ["-"], {"-": b"\x28\x01"}, "wire type 0"),
    ((2,), ["-"], {"-": b"\x08\x03" + TWO}, "its values are DT_INT32, it is listed as DT_FLOAT"),
    ((2,), ["-"], {"-": b"\x22\x04" + bytes(4)}, "tensor_content has 4"),
    ((2,), ["-"], {"-": b"\x0b"}, "wire type 3"),
    ((2,), ["-"], {}, r"the values of slice - are missing"),
    ((4,), ["0,2"], {"0,2": TWO}, r"element \[2\] is missing"),
    ((4,), ["0,2", "1,2"], {"0,2": TWO, "1,2": TWO}, "overlap"),
    ((4,), ["0,2", "0,2"], {"0,2": TWO}, "listed twice"),
    ((4,), ["0,2", "3,2"], {"0,2": TWO}, "reaches outside"),
    ((4,), ["-:-"], {}, "does not fit the rank"),
    ((4,), [], {}, "without any slice"),
]


@pytest.mark.parametrize(("shape", "slices", "values", "problem"), DAMAGES)
def test_what_does_not_fit_is_named(
    shape: tuple[int, ...],
    slices: list[str],
    values: dict[str, bytes],
    problem: str,
    tmp_path: Path,
) -> None:
    path = checkpoint(tmp_path / "m", shape, slices, values)
    with pytest.raises(DataLossError, match=problem) as caught:
        tfckpt.load(path)
    assert str(path) in str(caught.value)
    assert "'t'" in str(caught.value)


FORMS = [
    (TWO + TWO, [1, 2, 1, 2]),
    (TWO + b"\x2a\x04" + TWO[2:6] + b"\x2d" + TWO[6:], [1, 2, 1, 2]),  # packed and single fields
    (b"\x22\x10" + TWO[2:] * 2, [1, 2, 1, 2]),
    (b"\x08\x01" + TWO + TWO, [1, 2, 1, 2]),
    (TWO + TWO + bytes.fromhex("c0 3e 05"), [1, 2, 1, 2]),  # a field of the future
]


@pytest.mark.parametrize(("proto", "values"), FORMS)
def test_other_forms_of_the_same_values_are_read(
    proto: bytes, values: list[float], tmp_path: Path
) -> None:
    path = checkpoint(tmp_path / "m", (4,), ["-"], {"-": proto})

    assert values == tfckpt.load(path)["t"].tolist()


@pytest.mark.parametrize("count", [1, 3])
def test_strings_are_as_many_as_the_slice_has(count: int, tmp_path: Path) -> None:
    one = TensorSlice.parse("-")
    items = {
        b"": encode_meta([Meta(b"t", (2,), 7, (one,))]),
        one.key(b"t"): encode_record(b"t", one, b"\x42\x01a" * count, 0),
    }
    path = forge(tmp_path / "m", items)
    with pytest.raises(DataLossError, match=f"has 2 values, its record lists {count}") as caught:
        tfckpt.load_variable(path, "t")
    assert (caught.value.path, caught.value.tensor) == (str(path), "t")


def test_a_damaged_block_is_named_by_its_place_and_both_checksums(tmp_path: Path) -> None:
    with V1Writer(tmp_path / "m") as writer:
        writer.add("t", np.arange(4, dtype=np.float32))
    data = bytearray((tmp_path / "m").read_bytes())
    data[data.index(np.float32(3).tobytes())] ^= 1
    (tmp_path / "m").write_bytes(data)

    with pytest.raises(
        DataLossError, match=r"does not fit: stored 0x[0-9a-f]{8}, computed 0x"
    ) as caught:
        tfckpt.load(tmp_path / "m")
    assert (caught.value.path, caught.value.offset) == (str(tmp_path / "m"), 0)


# What TensorFlow reckons for an element of each dtype (MaxBytesPerElement).
RECKONED = {
    **dict.fromkeys(("int8", "int16", "int32", "int64"), 10),
    **dict.fromkeys(("float64", "complex64"), 8),
    **dict.fromkeys(("uint16", "float16"), 3),
    "float32": 4,
    "uint8": 2,
    "bool": 1,
    "complex128": 16,
    "qint8": 10,
    "qint32": 10,
    "quint8": 2,
    "object": 20,  # 10, and the characters
}


@pytest.mark.parametrize("name", RECKONED)
def test_what_tensorflow_would_reckon_to_be_too_large(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 1024 for what surrounds the values, 7 for name and slice, and the values
    monkeypatch.setattr("tfckpt.v1.writer._MAX_MESSAGE", 1024 + 7 + 960)
    dtype = numpy_dtype(DataType[f"DT_{name.upper()}"]) if name.startswith("q") else np.dtype(name)
    count = 960 // RECKONED[name]
    with V1Writer(tmp_path / "m", fsync=False) as writer:
        with pytest.raises(InvalidArgumentError, match="too large to serialize"):
            writer.add("t", values_of(dtype, count + 1))
        writer.add("t", values_of(dtype, count))
    assert len(tfckpt.load(tmp_path / "m")["t"]) == count


def values_of(dtype: Any, count: int) -> np.ndarray:
    return np.full(count, b"ten letter", object) if dtype.kind == "O" else np.zeros(count, dtype)


def test_shards_that_contradict_each_other(tmp_path: Path) -> None:
    for number, kind in enumerate((1, 3)):
        part = TensorSlice.parse(f"{number},1")
        meta = encode_meta([Meta(b"t", (2,), kind, (part,))])
        forge(tmp_path / f"m-0000{number}-of-00002", {b"": meta})
    with pytest.raises(
        DataLossError, match=r"is DT_INT32 \[2\] here, and DT_FLOAT \[2\]"
    ) as caught:
        tfckpt.load_checkpoint(tmp_path / "m-?????-of-00002")
    assert caught.value.tensor == "t"


@pytest.mark.parametrize("count", [6, 7])
def test_five_shards_that_are_missing_are_named(count: int, tmp_path: Path) -> None:
    paths = [f"{tmp_path}/m-{number:05d}-of-00007" for number in range(7)]
    for path in paths[: 7 - count]:
        forge(Path(path), {b"": encode_meta([])})
    shards = paths[7 - count :]
    with pytest.raises(FileMissingError, match=f"{count} of its 7 shards are missing") as caught:
        tfckpt.load(tmp_path / "m-?????-of-00007")
    assert f"{os.path.basename(shards[0])}, " in str(caught.value)
    assert os.path.basename(shards[5]) not in str(caught.value)
    assert f" and {count - 5} more" in str(caught.value)


def test_a_reader_is_a_mapping_until_it_is_closed() -> None:
    reader = tfckpt.load_checkpoint(GOLDEN / "sliced")
    assert "rows" in reader
    assert "row" not in reader
    assert b"rows" not in reader
    assert len(reader) == 3
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader["rows"]


def test_shards_behind_a_url(sharded: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for path in sharded.iterdir():
        memory.pipe(f"/shards/{path.name}", path.read_bytes())
    url = f"memory://shards/{SHARDED}"
    assert plain(tfckpt.load(url)) == wanted(SHARDED)
    memory.rm("/shards/sharded-00001-of-00002")
    with pytest.raises(FileMissingError, match="1 of its 2 shards are missing"):
        tfckpt.load(url)


@pytest.mark.parametrize("memory", [4007, 4008])
def test_slices_are_put_together_in_no_more_memory_than_is_allowed(
    memory: int, tmp_path: Path
) -> None:
    """501 numbers of 8 bytes each, of which the file has a few bytes."""
    with V1Writer(tmp_path / "m") as writer:
        for extent in ((0, 250), (250, 251)):
            writer.add_slice("t", (501,), [extent], np.zeros(extent[1], np.int64))
    with tfckpt.Limits(memory=memory, memory_ratio=1):
        if memory == 4008:
            assert tfckpt.load_variable(tmp_path / "m", "t").shape == (501,)
            return
        with pytest.raises(ResourceExhaustedError, match="2 slices would take 4008 bytes"):
            tfckpt.load_variable(tmp_path / "m", "t")


def test_files_of_2015_have_no_versions(tmp_path: Path) -> None:
    items = items_of("sliced")
    assert items[b""].endswith(bytes.fromhex("12 02 08 01"))
    size = items[b""][1]
    assert size == len(items[b""]) - 2
    items[b""] = b"\x0a" + bytes([size - 4]) + items[b""][2:-4]

    assert wanted("sliced") == plain(tfckpt.load(forge(tmp_path / "m", items)))


def test_a_table_of_another_kind_is_no_v1_checkpoint(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {"a": 1})
    with pytest.raises(DataLossError):
        tfckpt.V1Reader(prefix + ".index")
    with pytest.raises(DataLossError, match="no V1 checkpoint"):
        tfckpt.V1Reader(forge(tmp_path / "other", {b"a": b"b"}))
