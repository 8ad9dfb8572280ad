"""Small files that ask for much: they get an answer in proportion to their size, or a refusal.

Each case runs in a process of its own, which may grow by so many megabytes and no more. The alarm
is there to end what would otherwise take for ever; it measures nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import google.protobuf
import numpy as np
import pytest

import tfckpt
from tfckpt.bundle.entry import Entry, Header
from tfckpt.errors import CheckpointError, DataLossError, ResourceExhaustedError
from tfckpt.protos import GraphDef, TrackableObjectGraph
from tfckpt.table import write_table
from tfckpt.tensors.selection import Selection
from tfckpt.tensors.slices import FULL, TensorSlice, find_overlap
from tfckpt.v1.records import Meta, encode_meta, encode_record

resource = pytest.importorskip("resource")
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
# Messages of protobuf 4 are twice as large as those of later ones.
MEGABYTES = 150 if int(google.protobuf.__version__.split(".")[0]) > 4 else 200
FOR_EVER = 60

Case = Callable[[Path], object]


def table(items: dict[bytes, bytes]) -> bytes:
    out = bytearray()
    write_table(out.extend, sorted(items.items()))
    return bytes(out)


def forged(folder: Path, entries: dict[bytes, Entry], data: bytes) -> Path:
    items = {key: entry.encode() for key, entry in entries.items()}
    (folder / "m.index").write_bytes(table({b"": Header(1).encode(), **items}))
    (folder / "m.data-00000-of-00001").write_bytes(data)
    return folder / "m"


# Values


def one_value_for_a_gigabyte(folder: Path) -> object:
    whole = TensorSlice(((0, FULL),))
    meta = encode_meta([Meta(b"w", (1 << 28,), 1, (whole,))])
    record = encode_record(b"w", whole, b"\x2a\x04\0\0\x80\x3f", 0)
    path = folder / "v1"
    path.write_bytes(table({b"": meta, whole.key(b"w"): record}))
    assert path.stat().st_size < 160
    return tfckpt.load(path)


def many_values_for_many_tensors(folder: Path) -> object:
    whole = TensorSlice(((0, FULL),))
    names = [b"w%d" % number for number in range(40)]
    meta = encode_meta([Meta(name, (1 << 24,), 1, (whole,)) for name in names])
    records = {
        whole.key(name): encode_record(name, whole, b"\x2a\x04\0\0\x80\x3f", 0) for name in names
    }
    (folder / "v1").write_bytes(table({b"": meta, **records}))
    return tfckpt.load(folder / "v1")


def constants(folder: Path) -> object:
    graph_def = GraphDef()
    for number in range(3):
        node = graph_def.node.add(name=f"c{number}", op="Const")
        node.attr["dtype"].type = 1
        node.attr["value"].tensor.dtype = 1
        node.attr["value"].tensor.tensor_shape.dim.add(size=250_000_000)
        node.attr["value"].tensor.float_val.append(1)
    return dict(tfckpt.graph_constants(graph_def))


def entries_that_share_their_bytes(folder: Path) -> object:
    entries = {b"n%d" % n: Entry(1, (15_000,), 0, 0, 60_000) for n in range(20_000)}
    return tfckpt.load(forged(folder, entries, bytes(60_000)), verify=False)


def slices_that_share_their_bytes(folder: Path, count: int = 20_000) -> Any:
    size = 60_000
    slices = tuple(TensorSlice(((n * 15_000, 15_000),)) for n in range(count))
    entries = {b"w": Entry(1, (count * 15_000,), slices=slices)}
    entries |= {one.key(b"w"): Entry(1, (15_000,), 0, 0, size) for one in slices}
    return tfckpt.load(forged(folder, entries, bytes(size)), verify=False)


# Slices


def sixty_thousand_slices(folder: Path) -> object:
    count = 60_000
    slices = tuple(TensorSlice(((n, 1),)) for n in range(count))
    entries = {b"w": Entry(1, (count,), slices=slices)}
    entries |= {one.key(b"w"): Entry(1, (1,), 0, 0, 4) for one in slices}
    path = forged(folder, entries, bytes(4))
    assert tfckpt.load(path, verify=False)["w"].shape == (count,)
    return tfckpt.list_variables(path)


def slices_with_a_gap(folder: Path) -> object:
    count = 60_000
    slices = tuple(TensorSlice(((2 * n, 1),)) for n in range(count))
    return tfckpt.load(forged(folder, {b"w": Entry(1, (2 * count,), slices=slices)}, b""))


def slices_in_no_grid(folder: Path) -> object:
    count = 60_000
    slices = tuple(TensorSlice(((n, 2), (n, 2))) for n in range(count))
    return tfckpt.load(forged(folder, {b"w": Entry(1, (count + 2, count + 2), slices=slices)}, b""))


# Graphs


def imported(graph_def: Any) -> tfckpt.Graph:
    with tfckpt.Graph().as_default() as graph:
        tfckpt.import_graph_def(graph_def, name="")
    return graph


def a_function_of_forty_million_arguments(folder: Path) -> object:
    graph_def = GraphDef()
    function = graph_def.library.function.add()
    function.signature.name = "F"
    function.signature.attr.add(name="N", type="int")
    for number in range(40):
        for arguments in (function.signature.input_arg, function.signature.output_arg):
            arguments.add(name=f"x{number}", type=1, number_attr="N")
    graph_def.node.add(name="call", op="F").attr["N"].i = 1 << 20
    return imported(graph_def)


def nodes_of_a_million_outputs(folder: Path) -> object:
    graph_def = GraphDef()
    graph_def.node.add(name="axis", op="Placeholder").attr["dtype"].type = 3
    graph_def.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    for number in range(400):
        node = graph_def.node.add(name=f"s{number}", op="Split", input=["axis", "x"])
        node.attr["T"].type = 1
        node.attr["num_split"].i = 1 << 20
    op = imported(graph_def).get_operation_by_name("s399")
    assert len(op.output_types) == 1 << 20
    assert op.output_types[-1] == 1
    assert op.output_types[5:7] == [1, 1]
    return op.outputs[(1 << 20) - 1].name


def a_circle_of_nodes(folder: Path) -> object:
    graph_def = GraphDef()
    for number in range(20_000):
        node = graph_def.node.add(name=f"n{number}", op="Identity")
        node.input.append(f"n{(number + 1) % 20_000}")
        node.attr["T"].type = 1
    return imported(graph_def)


def a_name_of_twenty_thousand_scopes(folder: Path) -> object:
    deep = "a/" * 20_000 + "w"
    tfckpt.Saver().save({deep: 1.0}, folder / "m")
    graph_def = GraphDef()
    graph_def.node.add(name=deep, op="NoOp")
    with tfckpt.Graph().as_default():
        for name in ("", "x", ""):
            tfckpt.import_graph_def(graph_def, name=name)
    return tfckpt.import_meta_graph(f"{folder}/m.meta")


def nothing_but_newlines(folder: Path) -> object:
    path = folder / "g.pbtxt"
    path.write_bytes(b"\n" * 400_000 + b'node { name: "x" op: "NoOp" }')
    assert len(tfckpt.read_graph_def(path).node) == 1
    path.write_bytes((b" " * 4_000 + b"\n") * 100 + b"zzz")
    return tfckpt.read_graph_def(path)


def text_nested(levels: int) -> Case:
    def case(folder: Path) -> object:
        inside = b'attr { key: "a" value { func { ' * levels + b"} } }" * levels
        text = b'node { name: "x" op: "NoOp" ' + inside + b" }"
        (folder / "g.pbtxt").write_bytes(text)
        return imported(tfckpt.read_graph_def(folder / "g.pbtxt"))

    return case


# Objects


def objects(folder: Path, graph: Any) -> Path:
    with tfckpt.BundleWriter(folder / "m") as writer:  # which does not look at it
        writer.add(OBJECT_GRAPH, graph.SerializeToString())
    return folder / "m"


def chain(length: int) -> Any:
    graph = TrackableObjectGraph()
    for _ in range(length + 1):
        graph.nodes.add()
    for number in range(length):
        graph.nodes[number].children.add(node_id=number + 1, local_name="c")
    return graph


def command(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tfckpt", *arguments], capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def a_chain_of_objects(folder: Path) -> object:
    path = objects(folder, chain(20_000))
    tfckpt.Checkpoint(c={"c": 1}).restore(path)
    assert command("tree", str(path))[0] == 1
    with tfckpt.load_checkpoint(path) as reader:
        return tfckpt.resolve(reader, "c/c/x")


def a_name_that_comes_twice(folder: Path) -> object:
    graph = chain(1)
    for number in range(60_000):
        graph.nodes[0].children.add(node_id=1, local_name=str(number))
    graph.nodes[0].children.add(node_id=1, local_name="59999")
    return tfckpt.object_graph(objects(folder, graph))


def very_many_slots(folder: Path) -> object:
    graph = chain(2)
    for number in range(60_000):
        graph.nodes[1].slot_variables.add(
            slot_name=str(number), original_variable_node_id=2, slot_variable_node_id=2
        )
    return tfckpt.load_object_tree(objects(folder, graph)).materialize()


def values_under_longer_keys(folder: Path) -> object:
    graph = chain(0)
    tensors: dict[str, Any] = {}
    for number in range(20_000):
        node = graph.nodes.add()
        node.attributes.add(name="table", checkpoint_key=f"k{number}/")
        graph.nodes[0].children.add(node_id=number + 1, local_name=str(number))
        tensors[f"k{number}/-keys"] = np.uint8(1)
    path = tfckpt.save(folder / "m", {**tensors, OBJECT_GRAPH: graph.SerializeToString()})
    return tfckpt.load_object_tree(path).materialize()


def half_a_million_empty_objects(folder: Path) -> object:
    graph = TrackableObjectGraph()
    for _ in range(450_000):
        graph.nodes.add()
    path = objects(folder, graph)
    with tfckpt.Limits.untrusted(), pytest.raises(ResourceExhaustedError):
        tfckpt.object_graph(path)
    return tfckpt.load_object_tree(path)


def billions_of_shards(folder: Path) -> object:
    (folder / "m.index").write_bytes(table({b"": Header((1 << 31) - 1).encode()}))
    assert tfckpt.verify(folder / "m").ok
    (found,) = tfckpt.describe(folder / "m").checkpoints
    assert (found.shards, found.missing) == ((1 << 31) - 1, ())
    return found


# Names


def looked_for_in_vain(folder: Path) -> object:
    names = {f"scope_{n // 100}/layer_{n % 100}/kernel_{n}": np.uint8(1) for n in range(50_000)}
    with tfckpt.load_checkpoint(tfckpt.save(folder / "m", names)) as reader:
        return [f"scope_1/layer_9/kernel_x{n}" in reader for n in range(1000)]


def suggestions_among_long_names(folder: Path) -> object:
    names = {"a" * 30_000 + str(number): np.uint8(1) for number in range(500)}
    return tfckpt.load_checkpoint(tfckpt.save(folder / "m", names))["a" * 30_000]


REFUSED: dict[str, tuple[Case, type[Exception]]] = {
    "one value for a gigabyte": (one_value_for_a_gigabyte, ResourceExhaustedError),
    "many values for many tensors": (many_values_for_many_tensors, ResourceExhaustedError),
    "constants": (constants, ResourceExhaustedError),
    "entries that share bytes": (entries_that_share_their_bytes, ResourceExhaustedError),
    "slices that share bytes": (slices_that_share_their_bytes, ResourceExhaustedError),
    "slices with a gap": (slices_with_a_gap, DataLossError),
    "slices in no grid": (slices_in_no_grid, CheckpointError),
    "a function of many arguments": (a_function_of_forty_million_arguments, CheckpointError),
    "a circle of nodes": (a_circle_of_nodes, CheckpointError),
    "newlines": (nothing_but_newlines, DataLossError),
    "text of 50 levels": (text_nested(50), DataLossError),
    "text of 2,000 levels": (text_nested(2_000), DataLossError),
    "text of 100,000 levels": (text_nested(100_000), DataLossError),
    "a chain of objects": (a_chain_of_objects, ResourceExhaustedError),
    "a name that comes twice": (a_name_that_comes_twice, DataLossError),
    "suggestions among long names": (suggestions_among_long_names, KeyError),
}
ANSWERED: dict[str, Case] = {
    "60,000 slices": sixty_thousand_slices,
    "nodes of a million outputs": nodes_of_a_million_outputs,
    "20,000 scopes": a_name_of_twenty_thousand_scopes,
    "text of 20 levels": text_nested(20),
    "very many slots": very_many_slots,
    "values under longer keys": values_under_longer_keys,
    "empty objects": half_a_million_empty_objects,
    "looked for in vain": looked_for_in_vain,
    "billions of shards": billions_of_shards,
}


def in_a_child(work: Callable[[], object], megabytes: int) -> None:
    """Run in a fork. Raises AssertionError if it raises, grows, or does not come to an end."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        signal.alarm(FOR_EVER)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            try:
                work()
                grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
                said = f"grew by {grown} MB" if grown > megabytes else ""
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"[:1000]
            os.write(writing, said.encode("utf-8", "replace"))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    assert os.waitpid(child, 0)[1] == 0, "it did not come to an end"
    assert said == ""


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name: str, tmp_path: Path) -> None:
    case, kind = REFUSED[name]

    def work() -> None:
        with pytest.raises(kind):
            case(tmp_path)

    in_a_child(work, MEGABYTES)


@pytest.mark.parametrize("name", ANSWERED)
def test_it_is_answered_in_proportion(name: str, tmp_path: Path) -> None:
    in_a_child(lambda: ANSWERED[name](tmp_path), MEGABYTES)


def test_what_is_asked_for_is_given(tmp_path: Path) -> None:
    with tfckpt.Limits(memory=320 << 20):
        assert slices_that_share_their_bytes(tmp_path, 5_000)["w"].nbytes == 300_000_000


def test_a_reader_keeps_the_limits_that_it_was_opened_under(tmp_path: Path) -> None:
    with pytest.raises(ResourceExhaustedError):
        slices_that_share_their_bytes(tmp_path, 5_000)
    with tfckpt.Limits(memory=320 << 20):
        reader = tfckpt.load_checkpoint(tmp_path / "m", verify=False)
    assert reader["w"].nbytes == 300_000_000
    with tfckpt.Limits.untrusted(), pytest.raises(ResourceExhaustedError, match="Limits"):
        tfckpt.load_checkpoint(tmp_path / "m")["w"]


@pytest.mark.parametrize("limit", ["memory", "memory_ratio", "slices", "nesting", "objects"])
def test_a_limit_is_no_negative_number(limit: str) -> None:
    with pytest.raises(ValueError, match=limit):
        tfckpt.Limits(**{limit: -1})


def boxes_of(*slices: tuple[tuple[int, int], ...]) -> np.ndarray:
    return np.array([[(start, start + length) for start, length in one] for one in slices])


def test_overlaps_are_found_as_by_comparing_all_pairs() -> None:
    random = np.random.default_rng(0)
    overlapping = 0
    for _ in range(600):
        count, rank = random.integers(2, 12), random.integers(1, 4)
        starts = random.integers(0, 12, (count, rank))
        boxes = np.stack([starts, starts + random.integers(0, 4, (count, rank))], axis=2)
        expected = any(
            all(a[0] < b[1] and b[0] < a[1] for a, b in zip(x, y, strict=True))
            for at, x in enumerate(boxes.tolist())
            for y in boxes.tolist()[:at]
            if all(a[0] < a[1] for a in (*x, *y))
        )
        clash = find_overlap(boxes)
        assert (clash is not None) == expected
        if clash is not None:
            a, b = boxes[clash[0]], boxes[clash[1]]
            assert (np.minimum(a[:, 1], b[:, 1]) > np.maximum(a[:, 0], b[:, 0])).all()
            overlapping += 1
    assert 50 < overlapping < 550


def test_a_grid_within_a_grid_is_no_overlap() -> None:
    left = [TensorSlice(((n, 1), (0, 2))) for n in range(4)]
    right = [TensorSlice(((0, 4), (n, 1))) for n in (2, 3)]
    Selection.of(..., (4, 4)).parts([*left, *right], (4, 4))
