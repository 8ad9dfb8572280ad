"""salvage: all that is whole of a damaged checkpoint, nothing else, and never a wrong value.

What must come back is worked out here from the layout: which bytes were touched, and whose.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tfckpt
from tfckpt.bundle.entry import Entry
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError, TensorNotFoundError
from tfckpt.storage import open_source
from tfckpt.table import Table, write_table
from tfckpt.tensors.slices import TensorSlice

DATA = ".data-00000-of-00001"
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
SETTINGS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)


def tensors_of_all_kinds() -> dict[str, Any]:
    return {
        "a/empty": np.zeros((0, 3), np.float32),
        "a/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
        "b/bfloat": np.arange(5).astype(ml_dtypes.bfloat16),
        "b/bool": np.array([True, False]),
        "c/complex": np.array([1 + 2j]),
        "c/int": np.int64(7),
        "d/text": np.array([b"one", b"", b"three"], object),
        "e/uint8": np.arange(9, dtype=np.uint8),
        "z/scalar text": np.array(b"last", object),
    }


class Layout(NamedTuple):
    """A checkpoint, and whose every byte is."""

    prefix: str
    values: dict[str, Any]
    blocks: list[tuple[int, int, set[str]]]
    """Of the index: from, to, and the names of the entries in between."""
    entries: dict[str, Entry]

    def whole(self, index: set[int], data: set[int], size: int | None = None) -> set[str]:
        """The tensors that no touched byte belongs to; the data file has `size` bytes left."""
        gone = {
            name
            for start, stop, names in self.blocks
            for name in names
            if any(start <= at < stop for at in index)
        }
        for name, entry in self.entries.items():
            end = entry.offset + entry.size
            touched = any(entry.offset <= at < end for at in data)
            if touched or (size is not None and end > size):
                gone.add(name)
        return set(self.values) - gone


def layout(folder: Path, block_size: int = 64) -> Layout:
    """Save, and give the index small blocks, as that of a big checkpoint has many."""
    values = tensors_of_all_kinds()
    prefix = tfckpt.save(folder / "m", values)
    source = open_source(prefix + ".index")
    items = [(bytes(key), bytes(value)) for key, value in Table(source).items()]
    source.close()
    index = bytearray()
    write_table(index.extend, items, block_size)
    Path(prefix + ".index").write_bytes(index)
    source = open_source(prefix + ".index")
    table = Table(source)
    names = [key for key, _ in items]
    blocks, first = [], b""
    for separator, handle in table.blocks:
        inside = {name.decode() for name in names if first < name <= separator and name}
        blocks.append((handle.offset, handle.offset + handle.size + 5, inside))
        first = separator
    source.close()
    assert len(blocks) > 2
    entries = {key.decode(): Entry.decode(value) for key, value in items if key}
    return Layout(prefix, values, blocks, entries)


def same(found: Any, expected: Any) -> bool:
    found, expected = np.asarray(found), np.asarray(expected)
    if found.dtype == object:
        return bool(found.shape == expected.shape and found.tolist() == expected.tolist())
    return found.dtype == expected.dtype and found.tobytes() == expected.tobytes()


def check(report: tfckpt.SalvageReport, values: dict[str, Any], expected: set[str]) -> None:
    assert set(report.intact) == expected
    assert set(report.tensors) == expected
    for name in expected:
        assert same(report.tensors[name], values[name]), name
    named = {one.tensor for one in report.lost}
    assert not named & expected
    assert expected == set(values) or report.lost
    report.tensors.close()


def test_a_sound_checkpoint_is_salvaged_whole(tmp_path: Path) -> None:
    made = layout(tmp_path)
    report = tfckpt.salvage(made.prefix, tmp_path / "out")
    check(report, made.values, set(made.values))
    assert (report.ok, report.notes, report.written) == (True, (), str(tmp_path / "out"))
    loaded = tfckpt.load(tmp_path / "out")
    assert all(same(loaded[name], value) for name, value in made.values.items())


def test_every_byte_of_the_index_flipped_costs_its_block_and_no_more(tmp_path: Path) -> None:
    made = layout(tmp_path)
    path = Path(made.prefix + ".index")
    whole = path.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        check(tfckpt.salvage(made.prefix), made.values, made.whole({at}, set()))


def test_the_index_cut_anywhere_keeps_the_blocks_before(tmp_path: Path) -> None:
    made = layout(tmp_path)
    path = Path(made.prefix + ".index")
    whole = path.read_bytes()
    for size in range(1, len(whole)):
        path.write_bytes(whole[:size])
        expected = made.whole(set(range(size, len(whole))), set())
        try:
            report = tfckpt.salvage(made.prefix)
        except DataLossError:
            assert expected == set()
            continue
        check(report, made.values, expected)


def test_every_byte_of_the_data_flipped_costs_its_tensor(tmp_path: Path) -> None:
    made = layout(tmp_path)
    path = Path(made.prefix + DATA)
    whole = path.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        check(tfckpt.salvage(made.prefix), made.values, made.whole(set(), {at}))


def test_the_data_cut_anywhere_keeps_what_ends_before(tmp_path: Path) -> None:
    made = layout(tmp_path)
    path = Path(made.prefix + DATA)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        check(tfckpt.salvage(made.prefix), made.values, made.whole(set(), set(), size))


@SETTINGS
@given(st.data())
def test_any_damage_costs_what_it_touches(tmp_path: Path, data: st.DataObject) -> None:
    made = layout(tmp_path, data.draw(st.sampled_from([48, 64, 80])))
    touched: dict[str, set[int]] = {}
    for suffix in (".index", DATA):
        path = Path(made.prefix + suffix)
        whole = path.read_bytes()
        damaged = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(whole) - 1))
            patch = data.draw(st.binary(min_size=1, max_size=20))[: len(whole) - at]
            damaged[at : at + len(patch)] = patch
        path.write_bytes(damaged)
        touched[suffix] = {n for n, pair in enumerate(zip(whole, damaged)) if pair[0] != pair[1]}
    expected = made.whole(touched[".index"], touched[DATA])
    text_left = {"d/text", "z/scalar text"} & expected
    try:
        report = tfckpt.salvage(made.prefix)
    except DataLossError:
        assert not expected
        return
    if text_left:
        check(report, made.values, expected)
        return
    # With the header lost, only texts tell the order of bytes of numbers.
    assert set(report.intact) <= expected
    assert all(same(report.tensors[name], made.values[name]) for name in report.intact)
    with_doubt = tfckpt.salvage(made.prefix, unconfirmed=True)
    assert expected <= set(with_doubt.tensors)


# An entry in a damaged block


def test_what_no_checksum_confirms_comes_only_when_asked_for_and_is_marked(tmp_path: Path) -> None:
    values = tensors_of_all_kinds()
    prefix = tfckpt.save(tmp_path / "m", values)  # one block, as small checkpoints have
    path = Path(prefix + ".index")
    whole = path.read_bytes()
    at = whole.index(b"c/complex"[2:])
    path.write_bytes(whole[:at] + b"C" + whole[at + 1 :])
    report = tfckpt.salvage(prefix)
    assert report.intact == ()
    assert {one.tensor for one in report.lost} >= {"a/kernel", "e/uint8", None}
    assert "damaged block" in next(one for one in report.lost if one.tensor == "a/kernel").reason

    report = tfckpt.salvage(prefix, tmp_path / "out", unconfirmed=True)
    assert report.intact == ()
    assert set(report.unconfirmed) == {*values} - {"c/complex"} | {"c/Complex"}
    assert same(report.tensors["a/kernel"], values["a/kernel"])
    assert "have the checksum that stands there" in report.unconfirmed["a/kernel"]
    assert set(tfckpt.load(tmp_path / "out")) == set(report.unconfirmed)


def test_numbers_whose_order_of_bytes_is_lost_are_not_confirmed(tmp_path: Path) -> None:
    values = {name: np.arange(6.0) for name in ("a", "b", "c", "d")} | {"e": np.uint8(3)}
    prefix = tfckpt.save(tmp_path / "m", values)
    source = open_source(prefix + ".index")
    items = [(bytes(key), bytes(value)) for key, value in Table(source).items()]
    source.close()
    index = bytearray()
    write_table(index.extend, items, 40)
    index[3:9] = b"??????"  # the header's value
    Path(prefix + ".index").write_bytes(index)
    report = tfckpt.salvage(prefix)
    assert report.intact == ("e",)  # a byte has no order
    assert "header" in str(report.notes[0])
    report = tfckpt.salvage(prefix, unconfirmed=True)
    assert "order of its bytes" in report.unconfirmed["d"]


# Shards and slices


def test_missing_shards_cost_what_lies_in_them(tmp_path: Path) -> None:
    values = {f"w{number}": np.full(100, number) for number in range(6)}
    prefix = tfckpt.save(tmp_path / "m", values, num_shards=3)
    with tfckpt.BundleReader(prefix) as reader:
        homes = {name: reader.entry(name).shard_id for name in values}
    os.remove(f"{prefix}.data-00001-of-00003")
    report = tfckpt.salvage(prefix)
    check(report, values, {name for name, home in homes.items() if home != 1})
    assert {one.path for one in report.lost} == {f"{prefix}.data-00001-of-00003"}
    assert all("missing" in one.reason for one in report.lost)


def sliced(folder: Path) -> tuple[str, dict[str, Any]]:
    table = np.arange(24, dtype=np.float32).reshape(8, 3)
    prefix = str(folder / "parts")
    with tfckpt.BundleWriter(prefix, num_shards=2) as bundle:
        bundle.add("other", np.ones(3))
        for start in (0, 2, 4, 6):
            bundle.add_slice(
                "table", (8, 3), [(start, 2), (0, -1)], table[start : start + 2], shard=start // 4
            )
    return prefix, {"table": table, "other": np.ones(3)}


def test_a_partitioned_tensor_with_holes_says_which_rows(tmp_path: Path) -> None:
    prefix, values = sliced(tmp_path)
    path = Path(f"{prefix}.data-00001-of-00002")
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)
    report = tfckpt.salvage(prefix)
    check(report, values, {"other"})
    (lost,) = report.lost
    assert (lost.tensor, lost.parts, lost.ranges) == ("table", ("[4:6, :]",), ((0, 24),))
    assert str(lost).startswith("table [4:6, :]: the checksum of its 24 bytes")

    report = tfckpt.salvage(prefix, tmp_path / "out", fill=-1)
    assert (report.intact, report.filled) == (("other",), ("table",))
    expected = values["table"].copy()
    expected[4:6] = -1
    assert same(tfckpt.load(tmp_path / "out")["table"], expected)


def test_a_slice_whose_entry_is_lost_is_a_hole(tmp_path: Path) -> None:
    prefix, values = sliced(tmp_path)
    source = open_source(prefix + ".index")
    items = {bytes(key): bytes(value) for key, value in Table(source).items()}
    source.close()
    del items[TensorSlice.parse("2,2:-").key(b"table")]
    index = bytearray()
    write_table(index.extend, sorted(items.items()))
    Path(prefix + ".index").write_bytes(index)
    report = tfckpt.salvage(prefix)
    check(report, values, {"other"})
    assert report.lost[0].parts == ("[2:4, :]",)
    del items[b"table"]
    index = bytearray()
    write_table(index.extend, sorted(items.items()))
    Path(prefix + ".index").write_bytes(index)
    lost = tfckpt.salvage(prefix).lost
    assert {one.tensor for one in lost} == {"table"}
    assert "not its entry" in lost[0].reason


# What TensorFlow wrote


def copied(golden: Path, name: str, folder: Path) -> Path:
    for path in (golden / name).parent.glob(Path(name).name + "*"):
        shutil.copy(path, folder)
    return folder / Path(name).name


def smashed(whole: bytes, random: np.random.Generator) -> bytes:
    damaged = bytearray(whole)
    for _ in range(random.integers(1, 3)):
        at = int(random.integers(len(whole)))
        damaged[at] ^= int(random.integers(1, 256))
    return bytes(
        damaged[: int(random.integers(1, len(whole) + 1))] if random.random() < 0.3 else damaged
    )


@pytest.mark.parametrize(
    "name",
    ["sliced/parts", "sharded/model.ckpt", "snappy/all", "big_endian/all", "dtypes/all",
     "objects/ckpt-1", "v1/all", "v1/sliced", "v1/snappy"],
)  # fmt: skip
def test_nothing_wrong_ever_comes_out_of_what_tensorflow_wrote(
    name: str, golden: Path, tmp_path: Path
) -> None:
    prefix = copied(golden, name, tmp_path)
    right = tfckpt.load(prefix, unreadable="skip")
    check(tfckpt.salvage(prefix), right, set(right))
    random = np.random.default_rng(len(name))
    for path in sorted(tmp_path.glob(prefix.name + "*")):
        whole = path.read_bytes()
        for _ in range(60):
            path.write_bytes(smashed(whole, random))
            try:
                report = tfckpt.salvage(prefix)
            except CheckpointError:
                continue
            for one, value in report.tensors.items():
                expected = right[one]
                if one == GRAPH and report.notes:
                    continue  # without what is lost
                assert same(value, expected), (path.name, one)
            report.tensors.close()
        path.write_bytes(whole)


# V1


def v1_blocks(path: Path) -> Iterator[tuple[int, int, set[str]]]:
    source = open_source(str(path))
    table = Table(source)
    for handle in table.handles:
        names = set()
        from tfckpt.table.block import decode_block
        from tfckpt.v1.records import Record

        for key, value in decode_block(table.read_block(handle)):
            names.add(Record.decode(value).name.decode() if key else "")
        yield handle.offset, handle.offset + handle.size + 5, names
    source.close()


def v1_file(folder: Path) -> tuple[Path, dict[str, np.ndarray[Any, Any]]]:
    """Write a V1 file of several blocks; return its path and what is in it."""
    values = {f"t{number}": np.full(150_000, number, np.float32) for number in range(4)}
    with tfckpt.V1Writer(folder / "v1") as writer:
        for name, value in values.items():
            writer.add(name, value)
    return folder / "v1", values


def test_every_byte_of_a_v1_file_flipped_costs_its_block(tmp_path: Path) -> None:
    path, values = v1_file(tmp_path)
    whole = path.read_bytes()
    blocks = list(v1_blocks(path))
    assert len(blocks) > 2
    edges = {edge for start, stop, _ in blocks for edge in (start, stop)}
    near = {at for edge in edges for at in range(edge - 8, edge + 8)}
    for at in sorted((near | set(range(0, len(whole), 150_011))) & set(range(len(whole)))):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        gone = {name for start, stop, names in blocks if start <= at < stop for name in names}
        expected = set() if "" in gone else set(values) - gone
        check(tfckpt.salvage(path), values, expected)


def test_a_v1_file_cut_short_keeps_the_blocks_before(tmp_path: Path) -> None:
    path, values = v1_file(tmp_path)
    whole = path.read_bytes()
    blocks = list(v1_blocks(path))
    for size in range(200, len(whole), 200_003):
        path.write_bytes(whole[:size])
        expected = {n for _, stop, names in blocks if stop <= size for n in names} - {""}
        if not any("" in names and stop <= size for _, stop, names in blocks):
            expected = set()
        try:
            check(tfckpt.salvage(path), values, expected)
        except DataLossError:
            assert not expected


def test_a_v1_set_without_a_shard(golden: Path, tmp_path: Path) -> None:
    for number in (0, 1):
        shutil.copy(golden / f"v1/sharded-0000{number}-of-00002", tmp_path)
    pattern = tmp_path / "sharded-?????-of-00002"
    right = tfckpt.load(pattern)
    os.remove(tmp_path / "sharded-00001-of-00002")
    report = tfckpt.salvage(pattern)
    assert 0 < len(report.intact) < len(right)
    assert all(same(report.tensors[name], right[name]) for name in report.intact)
    assert report.lost[0].path == str(tmp_path / "sharded-00001-of-00002")


# Objects


def test_an_object_based_checkpoint_keeps_a_right_graph(tmp_path: Path) -> None:
    root = tfckpt.Checkpoint(net={"w": np.eye(2), "b": np.ones(3)}, step=np.int64(5))
    prefix = root.write(tmp_path / "ckpt")
    with tfckpt.BundleReader(prefix) as reader:
        key = "net/w/.ATTRIBUTES/VARIABLE_VALUE"
        at = reader.entry(key).offset
    path = Path(prefix + DATA)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    report = tfckpt.salvage(prefix, tmp_path / "out")
    assert [one.tensor for one in report.lost] == [key]
    assert [str(one.message) for one in report.notes] == [
        "the object graph is without 1 value that it had"
    ]
    restored = tfckpt.Checkpoint(
        net={"w": np.zeros((2, 2)), "b": np.zeros(3)}, step=np.zeros((), int)
    )
    restored.restore(tmp_path / "out").expect_partial()
    assert restored.net["b"].tolist() == [1, 1, 1]
    assert restored.net["w"].tolist() == [[0, 0], [0, 0]]
    assert tfckpt.verify(tmp_path / "out").ok


# Asking


def test_names_leave_out_the_rest(tmp_path: Path) -> None:
    made = layout(tmp_path)
    report = tfckpt.salvage(made.prefix, names=["c/int", "e/uint8"])
    assert (set(report.tensors), report.ok) == ({"c/int", "e/uint8"}, True)
    with pytest.raises(TensorNotFoundError, match="c/int"):
        tfckpt.salvage(made.prefix, names=["c/in"])
    with pytest.raises(TypeError):
        tfckpt.salvage(made.prefix, names="c/int")


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    made = layout(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for target in (made.prefix, tmp_path / "m"):
        with pytest.raises(FileExistsError):
            tfckpt.salvage(made.prefix, target)
    with pytest.raises(CheckpointError, match="folder"):
        tfckpt.salvage(made.prefix, tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_where_there_is_nothing_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        tfckpt.salvage(tmp_path / "m")
    prefix = tfckpt.save(tmp_path / "m", {"w": np.ones(2)})
    Path(prefix + ".index").write_bytes(b"<html>not found</html>" * 9)
    with pytest.raises(DataLossError, match="nothing of an index"):
        tfckpt.salvage(prefix)


def test_the_report_prints_compares_and_goes_into_json(tmp_path: Path) -> None:
    made = layout(tmp_path)
    path = Path(made.prefix + DATA)
    path.write_bytes(path.read_bytes()[:60])
    report = tfckpt.salvage(made.prefix)
    assert report == tfckpt.salvage(made.prefix)
    said = json.loads(json.dumps(report.to_json()))
    assert said["schema"] == "tfckpt.salvage/1"
    assert said["lost"][0]["ranges"] == [list(report.lost[0].ranges[0])]
    assert str(report).splitlines()[0] == report.summary()
    assert "  lost: d/text: its bytes end at" in str(report)
