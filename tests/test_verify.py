"""verify: every damage is found, and all of it; what is sound is said to be."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.bundle.entry import Entry, Header
from tfckpt.checking.checksums import Task, checksums
from tfckpt.errors import CheckpointError, FileMissingError, InvalidArgumentError
from tfckpt.protos import MetaGraphDef, SavedModel, TrackableObjectGraph
from tfckpt.table import write_table
from tfckpt.table.block import BlockBuilder
from tfckpt.table.format import BlockHandle, Footer, seal
from tfckpt.tensors.slices import TensorSlice
from tfckpt.v1.records import Meta, encode_meta, encode_record

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
V2 = ["sliced/parts", "sharded/model.ckpt", "snappy/all", "big_endian/all", "dtypes/all"]
OBJECTS = ["objects/ckpt-1"]


def copied(golden: Path, name: str, folder: Path) -> Path:
    for path in (golden / name).parent.glob(Path(name).name + ".*"):
        shutil.copy(path, folder)
    return folder / Path(name).name


def found(path: object, **options: Any) -> list[tuple[str, str | None]]:
    return [(one.kind, one.tensor) for one in tfckpt.verify(path, **options).findings]


# What is sound


def test_all_that_tensorflow_wrote_is_sound(golden: Path) -> None:
    report = tfckpt.verify(golden)
    assert [str(one) for one in report.findings if one.kind != "note"] == []
    assert report.ok
    assert report.checkpoints == 13


def test_all_that_this_library_writes_is_sound(tmp_path: Path, weights: dict[str, Any]) -> None:
    tfckpt.save(tmp_path / "v2", {**weights, "s": [b"a", b"bc"], "none": np.zeros((0, 3))})
    tfckpt.save(tmp_path / "sharded", weights, num_shards=3)
    with tfckpt.V1Writer(tmp_path / "v1") as writer:
        for name, value in weights.items():
            writer.add(name, value)
    tfckpt.Checkpoint(net={"w": np.eye(2)}, items=[np.ones(3)]).save(str(tmp_path / "ckpt"))
    report = tfckpt.verify(tmp_path)
    assert report.findings == ()
    assert report.checkpoints == 4


def test_real_checkpoints_have_nothing_but_what_is_missing(realckpts: Path) -> None:
    for folder in sorted(path for path in realckpts.iterdir() if path.is_dir()):
        try:
            report = tfckpt.verify(folder)
        except InvalidArgumentError:  # a graph alone
            continue
        odd = [str(one) for one in report.findings if one.kind not in ("note", "missing")]
        assert odd == [], folder


# Damage


@pytest.mark.parametrize("name", ["sliced/parts", "sharded/model.ckpt", "objects/ckpt-1"])
def test_every_bit_of_a_bundle_counts(name: str, golden: Path, tmp_path: Path) -> None:
    prefix = copied(golden, name, tmp_path)
    for path in sorted(tmp_path.glob("*.index")) + sorted(tmp_path.glob("*.data-*")):
        whole = path.read_bytes()
        step = max(1, len(whole) // 700)
        for position in range(0, len(whole), step):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << position % 8
            path.write_bytes(damaged)
            assert not tfckpt.verify(prefix).ok, (path.name, position)
        path.write_bytes(whole)


def test_every_bit_of_a_v1_file_counts(tmp_path: Path, weights: dict[str, Any]) -> None:
    with tfckpt.V1Writer(tmp_path / "v1") as writer:
        for name, value in weights.items():
            writer.add(name, value)
    path = tmp_path / "v1"
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            assert not tfckpt.verify(path).ok, position
        except InvalidArgumentError:  # its magic number is gone: it is no checkpoint any more
            assert position >= len(whole) - 8


@pytest.mark.parametrize("name", V2 + OBJECTS)
def test_every_truncation_counts(name: str, golden: Path, tmp_path: Path) -> None:
    prefix = copied(golden, name, tmp_path)
    for path in sorted(tmp_path.glob("*.index")) + sorted(tmp_path.glob("*.data-*")):
        whole = path.read_bytes()
        for size in {0, 1, 47, 48, len(whole) // 2, len(whole) - 1} - {len(whole)}:
            if size < len(whole):
                path.write_bytes(whole[:size])
                assert not tfckpt.verify(prefix).ok, (path.name, size)
        path.write_bytes(whole)


def test_all_of_the_damage_is_listed_with_file_tensor_and_offset(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {name: np.arange(4.0) for name in "abcd"})
    data = Path(prefix + ".data-00000-of-00001")
    damaged = bytearray(data.read_bytes())
    damaged[3] ^= 1  # of a
    damaged[70] ^= 1  # of c
    data.write_bytes(damaged)
    report = tfckpt.verify(prefix)
    assert [(one.kind, one.path, one.tensor, one.offset) for one in report.findings] == [
        ("damage", str(data), "a", 0),
        ("damage", str(data), "c", 64),
    ]
    assert str(report).splitlines()[0] == f"{prefix}: 2 damaged (4 tensors, 312 B in 2 files)"


def test_damage_of_one_block_hides_no_other(tmp_path: Path) -> None:
    tensors = {f"{n:05}/{'long' * 30}/{n:05}": np.float32(n) for n in range(9000)}
    prefix = tfckpt.save(tmp_path / "m", tensors)
    index = Path(prefix + ".index")
    damaged = bytearray(index.read_bytes())
    assert len(damaged) > 3 * (256 << 10) // 2
    damaged[-1000] ^= 1  # in the last block of entries, or in the index block behind it
    damaged[len(damaged) // 2] ^= 1
    index.write_bytes(damaged)
    data = Path(prefix + ".data-00000-of-00001")
    values = bytearray(data.read_bytes())
    values[0] ^= 1
    data.write_bytes(values)
    report = tfckpt.verify(prefix)
    assert {one.path for one in report.findings if one.kind == "damage"} == {str(index), str(data)}
    assert len([one for one in report.findings if one.kind == "damage"]) >= 2


def test_a_cut_shard_names_each_tensor_beyond_its_end(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {name: np.zeros(2) for name in "abc"})
    data = Path(prefix + ".data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:20])
    assert found(prefix) == [("damage", "b"), ("damage", "c")]
    assert found(prefix, quick=True) == [("damage", "b"), ("damage", "c")]


def test_a_missing_shard_is_said_once(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {name: np.zeros(2) for name in "abcd"}, num_shards=2)
    Path(prefix + ".data-00001-of-00002").unlink()
    (one,) = tfckpt.verify(prefix).findings
    assert one.kind == "missing"
    assert "2 tensors: 'c', 'd'" in one.message or "tensor" in one.message


def test_quick_reads_no_values(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {"a": np.zeros(2)})
    Path(prefix + ".data-00000-of-00001").write_bytes(b"x" * 16)
    assert tfckpt.verify(prefix, quick=True).ok
    assert not tfckpt.verify(prefix).ok


def forged(folder: Path, entries: dict[bytes, Entry], data: bytes, header: bytes = b"") -> Path:
    index = bytearray()
    items = {b"": header or Header(1).encode()} | {k: e.encode() for k, e in entries.items()}
    write_table(index.extend, sorted(items.items()))
    (folder / "m.index").write_bytes(index)
    (folder / "m.data-00000-of-00001").write_bytes(data)
    return folder / "m"


WHOLE, HALF = TensorSlice.parse("-"), TensorSlice.parse("0,1")


@pytest.mark.parametrize(
    ("entries", "kind", "said"),
    [
        ({b"w": Entry(1, (2,), 5, 0, 8, 1)}, "damage", "lies in shard 5"),
        ({b"w": Entry(1, (2,), 0, 0, 12, 1)}, "damage", "does not take the 12 bytes"),
        ({b"w": Entry(1, (2,), 0, 12, 8, 1)}, "damage", "end at 20, the file has 16"),
        ({b"w": Entry(1, (2,), 0, 0, 8, 1)}, "damage", "the index says 0x00000001"),
        ({b"w": Entry(1, (2,), slices=(HALF,))}, "damage", "has no entry for it"),
        ({b"w": Entry(1, (2,), slices=(HALF,))}, "damage", "is missing"),
        (
            {
                b"w": Entry(1, (2,), slices=(WHOLE,)),
                WHOLE.key(b"w"): Entry(1, (3,), 0, 0, 12, 1),
            },
            "damage",
            "should be DT_FLOAT",
        ),
        ({b"w": Entry(7, (2,), 0, 0, 16, 1)}, "damage", "checksum of the string lengths"),
    ],
)
def test_contradictions_behind_right_checksums(
    entries: dict[bytes, Entry], kind: str, said: str, tmp_path: Path
) -> None:
    report = tfckpt.verify(forged(tmp_path, entries, bytes(16)))
    assert any(one.kind == kind and said in one.message for one in report.findings), report


def test_bytes_that_nothing_speaks_of_are_a_note(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {"a": np.zeros(2)})
    with open(prefix + ".data-00000-of-00001", "ab") as file:
        file.write(b"more")
    report = tfckpt.verify(prefix)
    assert report.ok
    assert [(one.kind, one.offset, one.message) for one in report.findings] == [
        ("note", 16, "4 bytes that nothing speaks of")
    ]


def variants(texts: list[bytes]) -> tuple[bytes, int]:
    """What TensorFlow's WriteVariantTensor writes, and its checksum."""
    from tfckpt.checksum import crc32c, mask
    from tfckpt.coding import encode_varint

    data, crc = b"", 0
    for text in texts:
        crc = crc32c(text, crc32c(len(text).to_bytes(8, "little"), crc))
        stored = mask(crc).to_bytes(4, "little")
        crc = crc32c(stored, crc)
        data += encode_varint(len(text)) + text + stored
    return data, mask(crc)


def test_variants_are_checked_though_they_cannot_be_read(tmp_path: Path) -> None:
    data, crc = variants([b"one", b"", b"x" * 300])
    entry = {b"v": Entry(21, (3,), 0, 0, len(data), crc)}
    assert tfckpt.verify(forged(tmp_path, entry, data)).findings == ()
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        assert not tfckpt.verify(forged(tmp_path, entry, bytes(damaged))).ok, position


# Objects, graphs, state files


def with_graph(folder: Path, change: Any) -> str:
    path = tfckpt.Checkpoint(net={"w": np.eye(2)}).write(str(folder / "ckpt"))
    tensors = tfckpt.load(path)
    graph = TrackableObjectGraph.FromString(tensors[GRAPH].item())
    change(graph)
    return forge_tensors(folder / "forged", {**tensors, GRAPH: graph.SerializeToString()})


def forge_tensors(prefix: Path, tensors: dict[str, Any]) -> str:
    """Write a graph that `save` would refuse."""
    with tfckpt.BundleWriter(prefix) as writer:
        for name in sorted(tensors):
            writer.add(name, tensors[name])
    return str(prefix)


def test_an_object_graph_has_all_that_is_wrong_with_it_listed(tmp_path: Path) -> None:
    def change(graph: TrackableObjectGraph) -> None:
        graph.nodes[0].children.add(node_id=99, local_name="nowhere")
        graph.nodes[1].children.add(node_id=98, local_name="nowhere")
        graph.nodes[1].attributes.add(name="a", checkpoint_key="gone/.ATTRIBUTES/VARIABLE_VALUE")

    report = tfckpt.verify(with_graph(tmp_path, change))
    assert [(one.kind, one.tensor) for one in report.findings] == [
        ("damage", GRAPH),
        ("damage", GRAPH),
        ("missing", "gone/.ATTRIBUTES/VARIABLE_VALUE"),
    ]


def test_a_graph_file_has_inputs_that_are_not_there_listed(tmp_path: Path) -> None:
    prefix = tmp_path / "m"
    tfckpt.Saver().save({"w": np.ones(2)}, str(prefix), global_step=1)
    meta = tfckpt.read_meta_graph(f"{prefix}-1.meta")
    assert tfckpt.verify(tmp_path).ok
    meta.graph_def.node[0].input.append("nowhere:0")
    meta.graph_def.node.add().CopyFrom(meta.graph_def.node[0])
    Path(f"{prefix}-1.meta").write_bytes(meta.SerializeToString())
    said = [one.message for one in tfckpt.verify(f"{prefix}-1").findings]
    assert any("two nodes are named" in one for one in said)
    assert sum("there is no 'nowhere'" in one for one in said) == 2
    Path(f"{prefix}-1.meta").write_bytes(b"\x0a\xff\xff")
    assert [one.kind for one in tfckpt.verify(f"{prefix}-1").findings] == ["damage"]


def test_what_a_state_file_says_that_is_not_so(tmp_path: Path) -> None:
    saver = tfckpt.Saver()
    for step in range(3):
        saver.save({"w": np.ones(2)}, str(tmp_path / "m"), global_step=step)
    assert tfckpt.verify(tmp_path).findings == ()
    tfckpt.remove_checkpoint(str(tmp_path / "m-0"))
    assert [one.kind for one in tfckpt.verify(tmp_path).findings] == ["note"]
    tfckpt.remove_checkpoint(str(tmp_path / "m-2"))
    report = tfckpt.verify(tmp_path)
    assert not report.ok
    assert "the latest checkpoint that it names is gone: " in str(report)
    (tmp_path / "checkpoint").write_text("nonsense")
    assert "its text does not parse" in str(tfckpt.verify(tmp_path))


def test_every_flip_of_a_state_file_is_found_or_changes_no_name(tmp_path: Path) -> None:
    tfckpt.Saver().save({"w": np.ones(2)}, str(tmp_path / "m"), global_step=1)
    path = tmp_path / "checkpoint"
    whole = path.read_bytes()
    right = tfckpt.get_checkpoint_state(tmp_path)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 7
        path.write_bytes(damaged)
        if not tfckpt.verify(tmp_path).findings:
            assert tfckpt.get_checkpoint_state(tmp_path) == right, position


def test_a_saved_model_that_lacks_an_asset_or_has_another_file(
    golden: Path, tmp_path: Path
) -> None:
    models = sorted(path.parent for path in golden.rglob("saved_model.pb"))
    for model in models:
        folder = tmp_path / model.name
        shutil.copytree(model, folder)
        assert tfckpt.verify(folder).ok
        (folder / "saved_model.pb").write_bytes(b"\x08\x01\xff")
        assert not tfckpt.verify(folder).ok


def test_strays_are_named(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {"w": np.ones(2)})
    Path(prefix + ".index").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").unlink()
    (tmp_path / "x.index.tempstate123").write_bytes(b"")
    report = tfckpt.verify(tmp_path)
    assert {(one.kind, one.message) for one in report.findings} == {
        ("missing", "a shard without its index"),
        ("note", "a file that was never finished"),
    }


def test_tensors_of_no_object_and_shards_of_another_save_are_notes(tmp_path: Path) -> None:
    path = tfckpt.Checkpoint(w=np.ones(2)).write(str(tmp_path / "ckpt"))
    value = "/.ATTRIBUTES/VARIABLE_VALUE"
    extra = forge_tensors(tmp_path / "extra", {**tfckpt.load(path), f"stray{value}": np.ones(1)})
    (one,) = tfckpt.verify(extra).findings
    assert (one.kind, one.message) == ("note", f"1 tensor of no object: stray{value}")
    shutil.copy(path + ".data-00000-of-00001", path + ".data-00001-of-00003")
    (one,) = tfckpt.verify(path).findings
    assert one.kind == "note"
    assert "a save in 3, the index speaks of 1" in one.message


def test_a_missing_shard_with_the_object_graph_in_it_is_said_once(tmp_path: Path) -> None:
    path = tfckpt.Checkpoint(w=np.ones(2)).write(str(tmp_path / "ckpt"))
    Path(path + ".data-00000-of-00001").unlink()
    assert found(path) == [("missing", None)]


def test_functions_have_their_inputs_and_results(tmp_path: Path) -> None:
    meta = MetaGraphDef()
    function = meta.graph_def.library.function.add()
    function.signature.name = "f"
    function.signature.input_arg.add(name="x")
    function.signature.output_arg.add(name="y")
    function.signature.output_arg.add(name="z")
    function.node_def.add(name="n", op="Identity", input=["x", "^nowhere"])
    function.ret["y"] = "gone:output:0"
    meta.graph_def.node.add(name="a", op="NoOp")
    path = tmp_path / "g.meta"
    path.write_bytes(meta.SerializeToString())
    said = sorted(one.message for one in tfckpt.verify(path).findings)
    assert said == [
        "function 'f': its result 'y' is of no node: 'gone:output:0'",
        "function 'f': node 'n' takes '^nowhere', and there is no 'nowhere'",
        "function 'f': nothing gives its result 'z'",
    ]


def test_a_saved_model_whose_objects_or_assets_are_not_there(tmp_path: Path) -> None:
    model = SavedModel(saved_model_schema_version=1)
    graph = model.meta_graphs.add()
    graph.object_graph_def.nodes.add().children.add(node_id=7, local_name="gone")
    graph.asset_file_def.add(filename="words.txt").tensor_info.name = "words:0"
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    kinds = [(one.kind, one.message[:30].rstrip(",")) for one in tfckpt.verify(tmp_path).findings]
    assert kinds == [
        ("damage", "node 0: child 'gone' is node 7"),
        ("missing", "1 assets of this SavedModel ar"),
    ]


# Tables and V1 files that contradict themselves


def test_a_key_beyond_the_end_that_the_index_says_of_its_block(tmp_path: Path) -> None:
    block, index = BlockBuilder(), BlockBuilder(restart_interval=1)
    block.add(b"", Header(1).encode())
    block.add(b"w", Entry(1, (0,), 0, 0, 0, 0xA282EAD8).encode())
    data = bytearray()

    def append(one: BlockBuilder) -> BlockHandle:
        handle, contents = BlockHandle(len(data), one.size), one.finish()
        data.extend(contents + seal([contents]))
        return handle

    index.add(b"a", append(block).encode())
    footer = Footer(append(BlockBuilder()), append(index))
    (tmp_path / "m.index").write_bytes(bytes(data) + footer.encode())
    (tmp_path / "m.data-00000-of-00001").write_bytes(b"")
    (one,) = tfckpt.verify(tmp_path / "m").findings
    assert one.message == "a key is beyond b'a', the end of its block: b'w'"


def v1_file(
    path: Path, slices: tuple[TensorSlice, ...], values: int, *, name: bytes = b"w"
) -> Path:
    """A V1 file of one float32 tensor of two elements, in these slices of so many values."""
    tensor = b"\x2a" + bytes([4 * values]) + np.ones(values, "<f4").tobytes()  # float_val
    items = {b"": encode_meta([Meta(b"w", (2,), 1, slices)])}
    for one in slices:
        items[one.key(b"w")] = encode_record(name, one, tensor, 0)
    data = bytearray()
    write_table(data.extend, sorted(items.items()))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("slices", "values", "name", "said"),
    [
        ((WHOLE,), 2, b"w", None),
        ((WHOLE,), 1, b"w", "has 2 values, its record lists 1"),
        ((HALF,), 1, b"w", "hold 1 of the 2 elements"),
        ((WHOLE,), 2, b"v", "lies slice"),
        ((WHOLE, HALF), 2, b"w", "overlap"),
        ((TensorSlice.parse("1,7"),), 7, b"w", "outside shape"),
    ],
)
def test_v1_records_that_do_not_fit(
    slices: tuple[TensorSlice, ...], values: int, name: bytes, said: str | None, tmp_path: Path
) -> None:
    report = tfckpt.verify(v1_file(tmp_path / "v1", slices, values, name=name))
    assert report.ok == (said is None)
    assert said is None or any(said in one.message for one in report.findings), report


def test_a_v1_shard_that_is_missing_is_the_only_finding(tmp_path: Path, golden: Path) -> None:
    for path in (golden / "v1").glob("sharded-*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "sharded-00001-of-00002").unlink()
    assert found(tmp_path / "sharded-?????-of-00002") == [("missing", None)]


# How it is asked


def test_nothing_there_and_what_is_no_checkpoint_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        tfckpt.verify(tmp_path / "nowhere")
    (tmp_path / "page").write_text("<html>")
    with pytest.raises(InvalidArgumentError, match="HTML"):
        tfckpt.verify(tmp_path / "page")
    with pytest.raises(InvalidArgumentError, match="Couldn't find"):
        tfckpt.verify(tmp_path)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    import multiprocessing

    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        yield executor


def test_any_executor_shares_the_work(tmp_path: Path, processes: ProcessPoolExecutor) -> None:
    prefix = tfckpt.save(tmp_path / "m", {"big": np.zeros(5 << 20), "s": [b"a"], "w": np.ones(3)})
    data = Path(prefix + ".data-00000-of-00001")
    with data.open("r+b") as file:
        file.seek((5 << 23) - 1)
        file.write(b"!")
    with ThreadPoolExecutor(2) as threads:
        reports = [tfckpt.verify(prefix, executor=one) for one in (None, threads, processes)]
    assert [(one.kind, one.tensor) for one in reports[0].findings] == [("damage", "big")]
    assert reports[0] == reports[1] == reports[2]


def test_an_executor_is_given_the_files_of_a_v1_checkpoint(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    with tfckpt.V1Writer(tmp_path / "m", num_shards=3) as writer:
        for number in range(6):
            writer.add(f"w{number}", np.arange(9.0) + number)
    damaged, gone = (tmp_path / f"m-0000{number}-of-00003" for number in (0, 2))
    damaged.write_bytes(damaged.read_bytes()[:-20])
    gone.unlink()
    pattern = tmp_path / "m-?????-of-00003"
    with ThreadPoolExecutor(2) as threads:
        reports = [tfckpt.verify(pattern, executor=one) for one in (None, threads, processes)]
    found = [(one.kind, one.path) for one in reports[0].findings]
    assert list(dict.fromkeys(found)) == [("damage", str(damaged)), ("missing", str(gone))]
    assert reports[0] == reports[1] == reports[2]


def test_a_shard_that_goes_while_it_is_read_is_unread_and_no_crash(tmp_path: Path) -> None:
    (answer,) = checksums(Task(str(tmp_path / "gone"), False, ((0, 4, 1, 0),)))  # type: ignore[arg-type]
    assert isinstance(answer, CheckpointError)


def test_progress_counts_the_bytes(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {"w": np.ones(4 << 20), "b": np.ones(2)})
    seen: list[tuple[int, int, str]] = []
    tfckpt.verify(prefix, progress=lambda *one: seen.append(one))
    total = (4 << 23) + 16
    assert seen[-1] == (total, total, prefix)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


def test_reports_compare_pickle_and_have_a_schema(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {"w": np.ones(2)})
    Path(prefix + ".data-00000-of-00001").write_bytes(bytes(16))
    report = tfckpt.verify(prefix)
    assert pickle.loads(pickle.dumps(report)) == report == tfckpt.verify(prefix)
    made = report.to_json()
    (finding,) = made.pop("findings")
    assert made == {
        "schema": "tfckpt.verify/1",
        "path": prefix,
        "ok": False,
        "quick": False,
        "checkpoints": 1,
        "tensors": 1,
        "size": sum(path.stat().st_size for path in tmp_path.iterdir()),
        "files": [prefix + ".index", prefix + ".data-00000-of-00001"],
    }
    assert finding["kind"] == "damage"
    assert finding["tensor"] == "w"
