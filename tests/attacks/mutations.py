"""Files that say wrong things rightly: decoded, changed, written with right checksums again.

Invariant: whatever a file says, a reader gives values or a CheckpointError, and a command an exit
code; in seconds, and in memory that is in proportion to the file.

As a program it looks for exceptions to that until its time is over:
``python tests/attacks/mutations.py --seconds 3600``.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

import tfckpt
from tfckpt import protos, saved_model
from tfckpt.errors import CheckpointError
from tfckpt.saved_model.full_names import full_names
from tfckpt.storage import open_source
from tfckpt.table import Table, write_table

GOLDEN = Path(__file__).parents[1] / "golden"
MOST_SECONDS = 20
MOST_BYTES = 1 << 30

INTEGERS = (0, 1, 2, 3, 7, 8, 100, 254, 255, 256, 1000, 1 << 20, (1 << 31) - 1, (1 << 63) - 1)
STRINGS = ("", "a", "w", "x" * 3000, "a/" * 1500, "../w", "\x1b[31m:fire:", "é漢", "a:0", "^a", "/")
OCTETS = (b"", b"a", b"\xff\xfe", b"loc:@a", b"loc:@" + b"b" * 500, b"\0", b"../x")


# Changing messages


def mutate(message: Any, random: Random) -> None:
    """Change something somewhere in a message."""
    inside = list(_messages(message))
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        _change(random.choice(inside), inside, random)


def _messages(message: Any, depth: int = 0) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields() if depth < 30 else ():
        if field.message_type is None:
            continue
        if _is_map(field):
            parts = list(value.values()) if _value_type(field) is not None else []
        else:
            parts = list(value) if _is_list(field) else [value]
        for part in parts[:50]:
            yield from _messages(part, depth + 1)


def _is_list(field: Any) -> bool:
    return bool(getattr(field, "is_repeated", field.label == 3 if hasattr(field, "label") else 0))


def _is_map(field: Any) -> bool:
    kind = field.message_type
    return kind is not None and kind.GetOptions().map_entry


def _value_type(field: Any) -> Any:
    return field.message_type.fields_by_name["value"].message_type


def _change(message: Any, inside: list[Any], random: Random) -> None:
    fields = list(message.DESCRIPTOR.fields)
    if not fields:
        return
    there = [field for field, _ in message.ListFields()]
    field = random.choice(there if there and random.random() < 0.7 else fields)
    with contextlib.suppress(ValueError, TypeError):  # a value that the field does not take
        if _is_map(field):
            _change_map(message, field, random)
        elif _is_list(field):
            _change_list(getattr(message, field.name), field, inside, random)
        elif field.message_type is not None:
            _change_part(message, field, inside, random)
        elif random.random() < 0.15:
            message.ClearField(field.name)
        else:
            setattr(message, field.name, _scalar(field, getattr(message, field.name), random))


def _change_map(message: Any, field: Any, random: Random) -> None:
    values = getattr(message, field.name)
    keys = list(values)
    if keys and random.random() < 0.5:
        del values[random.choice(keys)]
    elif keys and _value_type(field) is not None:
        values[random.choice([*keys, "new"])].CopyFrom(_copy(values[random.choice(keys)]))


def _copy(value: Any) -> Any:
    if not isinstance(value, Message):
        return value
    copy = type(value)()
    copy.CopyFrom(value)
    return copy


def _change_list(values: Any, field: Any, inside: list[Any], random: Random) -> None:
    way = random.randrange(6)
    if way == 0 and len(values):
        del values[random.randrange(len(values))]
    elif way == 1:
        del values[:]
    elif way == 2 and len(values):
        one = _copy(values[random.randrange(len(values))])  # upb crashes if it is the list's own
        values.extend([one] * random.choice((1, 2, 50)))
    elif field.message_type is not None:
        same = [one for one in inside if one.DESCRIPTOR is field.message_type]
        new = values.add()
        if same and random.random() < 0.7:
            new.CopyFrom(_copy(random.choice(same)))
    elif len(values) and way < 5:
        at = random.randrange(len(values))
        values[at] = _scalar(field, values[at], random)
    else:
        values.append(_scalar(field, values[0] if len(values) else None, random))


def _change_part(message: Any, field: Any, inside: list[Any], random: Random) -> None:
    same = [one for one in inside if one.DESCRIPTOR is field.message_type]
    if random.random() < 0.3:
        message.ClearField(field.name)
    elif same and random.random() < 0.5:
        getattr(message, field.name).CopyFrom(_copy(random.choice(same)))
    else:
        getattr(message, field.name).SetInParent()


def _scalar(field: Any, before: Any, random: Random) -> Any:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        pool: Any = STRINGS if field.type == field.TYPE_STRING else OCTETS
        if before and random.random() < 0.4:
            at = random.randrange(len(before))
            return before[:at] + before[at + 1 :]
        return random.choice(pool)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return random.random() < 0.5
    if kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return random.choice((0.0, -1.0, float("nan"), float("inf"), 1e30))
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return random.choice([value.number for value in field.enum_type.values])
    near = random.random() < 0.3 and before is not None
    value = before + random.choice((-1, 1)) if near else random.choice(INTEGERS)
    return -value if random.random() < 0.15 else value


def mutate_bytes(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(changed) + 1)
        new = bytes(random.randrange(256) for _ in range(random.choice((0, 1, 1, 2, 8))))
        changed[at : at + random.choice((0, 1, 1, 4))] = new
    return bytes(changed)


def mutated(data: bytes, kind: type[Message], random: Random) -> bytes:
    """Return a serialized message with something changed, most often to another that parses."""
    try:
        message = kind.FromString(data)
    except DecodeError:  # changed before
        return mutate_bytes(data, random)
    if random.random() < 0.15:
        return mutate_bytes(data, random)
    mutate(message, random)
    return bytes(message.SerializePartialToString())


# Files of each format


def items_of(path: Path) -> dict[bytes, bytes]:
    source = open_source(str(path))
    try:
        return {key: bytes(value) for key, value in Table(source).items()}
    finally:
        source.close()


def table_of(items: dict[bytes, bytes]) -> bytes:
    out = bytearray()
    write_table(out.extend, sorted(items.items()))
    return bytes(out)


BUNDLES = (
    *("sliced/parts", "sharded/model.ckpt", "snappy/all", "big_endian/all", "dtypes/all"),
    "objects/ckpt-1",
)


@cache
def bundle(name: str) -> tuple[dict[bytes, bytes], dict[str, bytes]]:
    prefix = GOLDEN / name
    data = {
        path.name.removeprefix(prefix.name): path.read_bytes()
        for path in prefix.parent.glob(prefix.name + ".data-*")
    }
    return items_of(prefix.with_name(prefix.name + ".index")), data


def mutate_index(items: dict[bytes, bytes], random: Random) -> dict[bytes, bytes]:
    """Change entries, and keys, of an index."""
    items = dict(items)
    for _ in range(random.choice((1, 1, 2, 4))):
        key = random.choice(sorted(items))
        kind = protos.BundleEntryProto if key else protos.BundleHeaderProto
        way = random.random()
        if way < 0.1:
            items[mutate_bytes(key, random)] = items[key]
        elif way < 0.2:
            items[random.choice(sorted(items))] = items[key]
        elif way < 0.25 and key:
            del items[key]
        else:
            items[key] = mutated(items[key], kind, random)
    return items


def make_bundle(folder: Path, random: Random) -> Path:
    items, data = bundle(random.choice(BUNDLES))
    prefix = folder / "model.ckpt"
    (folder / "model.ckpt.index").write_bytes(table_of(mutate_index(items, random)))
    for suffix, content in data.items():
        changed = content if random.random() < 0.7 else mutate_bytes(content, random)
        prefix.with_name("model.ckpt" + suffix).write_bytes(changed)
    return prefix


def make_objects(folder: Path, random: Random) -> Path:
    """Change the object graph of a bundle, and its checksum along with it."""
    tensors: dict[str, Any] = dict(tfckpt.load(GOLDEN / "objects"))
    key = "_CHECKPOINTABLE_OBJECT_GRAPH"
    graph = tensors[key] if isinstance(tensors[key], bytes) else tensors[key].item()
    tensors[key] = mutated(graph, protos.TrackableObjectGraph, random)
    with tfckpt.BundleWriter(folder / "model.ckpt", fsync=False) as writer:  # which looks at none
        for name, value in tensors.items():
            writer.add(name, value)
    return folder / "model.ckpt"


def make_v1(folder: Path, random: Random) -> Path:
    items = dict(items_of(random.choice(v1_goldens())))
    for _ in range(random.choice((1, 1, 2))):
        key = random.choice(sorted(items))
        if random.random() < 0.1:
            items[mutate_bytes(key, random)] = items[key]
        else:
            items[key] = mutated(items[key], protos.SavedTensorSlices, random)
    (folder / "model.ckpt").write_bytes(table_of(items))
    return folder / "model.ckpt"


@cache
def v1_goldens() -> list[Path]:
    found = []
    for path in sorted(GOLDEN.rglob("*")):
        if path.is_file() and path.suffix == "" and path.stat().st_size < 100_000:
            with contextlib.suppress(CheckpointError):
                items = items_of(path)
                if b"" in items:
                    found.append(path)
    assert found
    return found


@cache
def meta_graphs() -> list[bytes]:
    """Graphs of all kinds: as Savers write them, with collections, functions, loops."""
    found = []
    for path in sorted(GOLDEN.rglob("*")):
        if path.suffix in (".meta", ".pb", ".pbtxt") and path.stat().st_size < 300_000:
            with contextlib.suppress(CheckpointError):
                read = tfckpt.graph.read_graph_file(path)
                if isinstance(read, protos.GraphDef):
                    read = protos.MetaGraphDef(graph_def=read)
                if isinstance(read, protos.MetaGraphDef):
                    found.append(read.SerializeToString())
                else:
                    found.extend(one.SerializeToString() for one in read.meta_graphs)
    return [*found, busy_graph().SerializeToString()]


def busy_graph() -> Any:
    """Make a graph of what readers look at: variables of each kind, a loop, functions, groups."""
    graph = tfckpt.Graph()
    f4, i4 = np.float32, np.int32
    w = graph.create_op("VarHandleOp", name="w", attrs={"dtype": f4, "shape": (2, 3)})
    v = graph.create_op("VariableV2", name="v", attrs={"dtype": f4, "shape": (2, 3)})
    read = graph.create_op("ReadVariableOp", w.outputs, name="w/Read", attrs={"dtype": f4})
    at = graph.create_op(
        "Const", name="at", attrs={"dtype": i4, "value": np.zeros(2, i4)}, device="/cpu:0"
    )
    kinds = {"dtype": f4, "Tindices": i4}
    rows = graph.create_op("ResourceGather", [*w.outputs, *at.outputs], name="rows", attrs=kinds)
    sizes = graph.create_op("VariableShape", w.outputs, name="sizes", attrs={"out_type": i4})
    frame = {"T": f4, "frame_name": "loop", "is_constant": False, "parallel_iterations": 10}
    enter = graph.create_op("Enter", v.outputs, name="loop/Enter", attrs=frame)
    merge = graph.create_op(
        "Merge", [*enter.outputs, *enter.outputs], name="loop/Merge", attrs={"T": f4, "N": 2}
    )
    leave = graph.create_op("Exit", [merge.outputs[0]], name="loop/Exit", attrs={"T": f4})
    total = graph.create_op("AddV2", [*read.outputs, *leave.outputs], name="y", attrs={"T": f4})
    graph.create_op(
        "NoOp", name="all", control_inputs=[total, rows, sizes], attrs={"_class": [b"loc:@w"]}
    )
    made = tfckpt.export_meta_graph(graph=graph)
    function = made.graph_def.library.function.add()
    function.signature.name = "double"
    function.signature.input_arg.add(name="x", type=1)
    function.signature.output_arg.add(name="y", type=1)
    body = function.node_def.add(name="z", op="AddV2", input=["x", "x"])
    body.attr["T"].type = 1
    function.ret["y"] = "z:z:0"
    made.graph_def.node.add(name="twice", op="double", input=["y"])
    call = made.graph_def.node.add(name="called", op="PartitionedCall", input=["twice"])
    call.attr["f"].func.name = "double"
    call.attr["Tin"].list.type.append(1)
    call.attr["Tout"].list.type.append(1)
    for name, trainable in (("w", True), ("v", False)):
        definition = protos.VariableDef(
            variable_name=f"{name}:0", initializer_name="all", snapshot_name="y:0"
        )
        definition.trainable = trainable
        definition.save_slice_info_def.full_name = name
        made.collection_def["variables"].bytes_list.value.append(definition.SerializeToString())
    context = protos.WhileContextDef(context_name="loop", pivot_name="loop/Exit")
    context.loop_enter_names.append("loop/Enter:0")
    context.values_def.values.append("loop/Enter:0")
    made.collection_def["while_context"].bytes_list.value.append(context.SerializeToString())
    made.collection_def["losses"].node_list.value.append("y:0")
    made.collection_def["numbers"].int64_list.value.append(7)
    made.saver_def.CopyFrom(
        protos.SaverDef(
            filename_tensor_name="at:0", save_tensor_name="y:0", restore_op_name="all", version=2
        )
    )
    signature = made.signature_def["serving_default"]
    signature.inputs["x"].name, signature.outputs["y"].name = "v:0", "y:0"
    return made


def make_graph(folder: Path, random: Random) -> Path:
    data = mutated(random.choice(meta_graphs()), protos.MetaGraphDef, random)
    path = folder / "model.ckpt.meta"
    if random.random() < 0.15:
        with contextlib.suppress(Exception):
            text = text_format.MessageToString(protos.MetaGraphDef.FromString(data))
            path.write_bytes(mutate_bytes(text.encode("utf-8", "replace"), random))
            return path
    path.write_bytes(data)
    return path


def saved_models() -> list[Path]:
    return sorted(path.parent for path in GOLDEN.rglob("saved_model.pb"))


def make_saved_model(folder: Path, random: Random) -> Path:
    model = folder / "model"
    shutil.copytree(random.choice(saved_models()), model)
    path = model / "saved_model.pb"
    path.write_bytes(mutated(path.read_bytes(), protos.SavedModel, random))
    return model


def make_state(folder: Path, random: Random) -> Path:
    for step in (1, 2):
        tfckpt.save(folder / f"m-{step}", {"w": np.ones(2)}, fsync=False)
    state = protos.CheckpointState(
        model_checkpoint_path="m-2",
        all_model_checkpoint_paths=["m-1", "m-2"],
        all_model_checkpoint_timestamps=[1.0, 2.0],
        last_preserved_timestamp=0.5,
    )
    mutate(state, random)
    text = text_format.MessageToString(state).encode("utf-8", "replace")
    if random.random() < 0.3:
        text = mutate_bytes(text, random)
    (folder / "checkpoint").write_bytes(text)
    return folder


# What is done with them


def partly(path: Path) -> None:
    with tfckpt.load_checkpoint(path) as reader:
        for name, info in reader.infos().items():
            index = tuple(slice(0, 2) for _ in info.shape)
            for way in (index, 0 if info.shape else ...):
                with contextlib.suppress(CheckpointError, IndexError):
                    reader.get_tensor(name, way)
            assert name in reader


def restore(path: Path) -> None:
    tfckpt.Saver().restore({"w": np.zeros(2), "layer/kernel": np.zeros(2)}, path, strict=False)


def objects_of(path: Path) -> None:
    tfckpt.object_graph(path)
    with tfckpt.load_object_tree(path) as tree:
        for name in tree:
            with contextlib.suppress(CheckpointError):
                tree[name]
        tree.materialize()


def restore_objects(path: Path) -> None:
    tfckpt.Checkpoint(layer={"kernel": np.zeros((1, 2), "f4")}, step=0).restore(path)


def rewrite_objects(path: Path) -> None:
    checkpoint = tfckpt.Checkpoint.from_checkpoint(path)
    checkpoint.write(f"{path}-again", fsync=False)
    tfckpt.object_graph(f"{path}-again")


def resolve(path: Path) -> None:
    with tfckpt.load_checkpoint(path) as reader:
        tfckpt.resolve(reader, "layer/kernel")


def convert(path: Path) -> None:
    tfckpt.convert_checkpoint(path, f"{path}-v2", "v2", fsync=False)
    tfckpt.convert_checkpoint(path, f"{path}-v1", "v1", fsync=False)


def import_meta(path: Path) -> None:
    with tfckpt.Graph().as_default() as graph:
        tfckpt.import_meta_graph(path)
        for op in graph.get_operations():
            _ = op.inputs, op.control_inputs, len(op.output_types)
        tfckpt.export_meta_graph(graph=graph)


def import_nodes(path: Path) -> None:
    with tfckpt.Graph().as_default():
        tfckpt.import_graph_def(tfckpt.read_graph_def(path), name="again")


def constants(path: Path) -> None:
    dict(tfckpt.graph_constants(path))


def list_variables_of_graph(path: Path) -> None:
    tfckpt.list_graph_variables(path)


def freeze(path: Path) -> None:
    graph_def = tfckpt.read_graph_def(path)
    variables = {
        one.name: np.zeros((2, 3), np.float32) for one in tfckpt.list_graph_variables(graph_def)
    }
    for output in [node.name for node in graph_def.node][-8:]:
        with contextlib.suppress(CheckpointError):
            tfckpt.convert_variables_to_constants(variables, graph_def, [output])


def thaw(path: Path) -> None:
    tfckpt.convert_constants_to_variables(tfckpt.read_graph_def(path))


def load_model(path: Path) -> None:
    variables = saved_model.Variables()
    tags = [list(one.meta_info_def.tags) for one in saved_model.parse_saved_model(path).meta_graphs]
    for some in tags or [["serve"]]:
        with tfckpt.Graph().as_default() as graph:
            saved_model.load(variables, some, path, graph=graph)
    builder = saved_model.Builder(f"{path}-again", fsync=False)
    builder.add_meta_graph_and_variables(variables, tags[0])
    builder.save()


def names_of_variables(path: Path) -> None:
    full_names(str(path), tfckpt.object_graph(GOLDEN / "saved_model"))


def load_variables(path: Path) -> None:
    tfckpt.load(path)


def latest(path: Path) -> None:
    tfckpt.latest_checkpoint(path)
    tfckpt.get_checkpoint_state(path)


def managed(path: Path) -> None:
    from attacks.saves import Tracked

    manager = tfckpt.CheckpointManager(Tracked(1), path, max_to_keep=1)
    manager.save(checkpoint_number=7)
    assert tfckpt.latest_checkpoint(path) == str(path / "ckpt-7")


def recovered(path: Path) -> None:
    state = tfckpt.get_checkpoint_state(path)
    saver = tfckpt.Saver(max_to_keep=1, fsync=False)
    saver.recover_last_checkpoints([] if state is None else list(state.all_model_checkpoint_paths))
    saver.save({"w": np.ones(2)}, path / "m", global_step=9)


def command(line: str) -> Callable[[Path], None]:
    """Return what runs a command; PATH in it is the file, NEW one beside it that is not there."""
    arguments = line.split()

    def run(path: Path) -> None:
        from click.testing import CliRunner

        from tfckpt.cli import cli

        new = f"{path}-{arguments[0]}"
        places = {"PATH": str(path), "NEW": new}
        result = CliRunner().invoke(cli, [places.get(one, one) for one in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code in (0, 1, 2)
        assert "\x1b" not in result.output

    run.__name__ = f"command {line}"
    return run


def commands(*lines: str) -> tuple[Callable[[Path], None], ...]:
    return tuple(map(command, lines))


class Attack(NamedTuple):
    make: Callable[[Path, Random], Path]
    uses: tuple[Callable[[Path], object], ...]
    also: tuple[type[BaseException], ...] = ()
    """What else may be raised, by what the functions promise."""


CHECKPOINT_USES = (
    *(tfckpt.load, tfckpt.list_variables, partly, restore, convert),
    *commands(
        "info PATH",
        "ls PATH -l",
        "ls PATH --json",
        "ls PATH --fold",
        "tree PATH",
        "show PATH w --as csv",
        "stats PATH",
        "verify PATH",
        "diff PATH PATH --by-name",
        "report PATH -o NEW",
        "convert PATH NEW --to v2",
        "salvage PATH NEW --all",
        "edit PATH NEW --strip-slots --use-averages --cast float16 --rename a=b",
        "average PATH PATH NEW --keep-slots",
        "merge PATH PATH NEW --on-conflict equal",
        "suggest PATH PATH",
    ),
)
STATE_COMMANDS = commands(
    *("ls PATH", "info PATH", "verify PATH", "average PATH NEW --last 2"),
    *(
        "repair-state PATH --dry-run",
        "repair-state PATH",
        "doctor PATH",
        "doctor PATH --deep --fix",
    ),
    *("prune PATH --keep last(1) --dry-run", "prune PATH --keep last(1)|every(steps=2)"),
)
ATTACKS = {
    "bundle": Attack(make_bundle, CHECKPOINT_USES),
    "V1": Attack(make_v1, CHECKPOINT_USES),
    "objects": Attack(
        make_objects,
        (
            *(objects_of, restore_objects, rewrite_objects, resolve, tfckpt.to_name_based),
            restore,
            *commands(
                "info PATH", "ls PATH", "tree PATH", "tree PATH --json", "tree PATH --no-slots"
            ),
            *commands("show PATH a", "verify PATH", "diff PATH PATH --by-name", "stats PATH a"),
            *commands("edit PATH NEW --strip-slots", "edit PATH NEW --drop a", "suggest PATH PATH"),
            *commands("edit PATH NEW --regex a=bb", "average PATH PATH NEW"),
        ),
    ),
    "graph": Attack(
        make_graph,
        (
            *(import_meta, import_nodes, constants, list_variables_of_graph, freeze, thaw),
            *commands("graph PATH", "graph PATH --json", "info PATH", "verify PATH"),
        ),
    ),
    "SavedModel": Attack(
        make_saved_model,
        (
            *(load_model, load_variables, names_of_variables, constants),
            *commands("saved-model PATH", "saved-model PATH --json", "graph PATH"),
            *commands("info PATH", "verify PATH", "report PATH -o NEW"),
        ),
        # no such tags; a model without any graph; names that the next model's builder refuses
        (RuntimeError, IndexError, AssertionError, KeyError, FileExistsError),
    ),
    "state": Attack(make_state, (latest, tfckpt.load, managed, recovered, *STATE_COMMANDS)),
}


class Finding(NamedTuple):
    attack: str
    seed: str
    use: str
    what: str


def attack(name: str, seed: str, folder: Path) -> Iterator[Finding]:
    """Make one file, and do everything with it."""
    one = ATTACKS[name]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = one.make(folder, Random(seed))
    for use in one.uses:
        started = time.monotonic()
        try:
            use(path)
        except (CheckpointError, *one.also):  # type: ignore[misc]
            pass
        except BaseException:
            yield Finding(name, seed, use.__name__, traceback.format_exc())
        if time.monotonic() - started > MOST_SECONDS:
            yield Finding(name, seed, use.__name__, f"took {time.monotonic() - started:.0f} s")


def answers(name: str, files: int, folder: Path) -> dict[str, int]:
    """Return how many of some files each use takes: neither all nor none may be right."""
    taken: dict[str, int] = {}
    for number in range(files):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        path = ATTACKS[name].make(folder, Random(f"{name} {number}"))
        for use in ATTACKS[name].uses:
            with contextlib.suppress(Exception):
                use(path)
                taken[use.__name__] = taken.get(use.__name__, 0) + 1
    return taken


def run(
    name: str, seconds: float, seed: str = "0", *, at_least: int = 0, most: int = 5
) -> tuple[int, list[Finding]]:
    """Attack until the time is over; return how many files were tried, and what was found."""
    folder = Path(tempfile.mkdtemp(dir=_fast()))
    findings: list[Finding] = []
    count, until = 0, time.monotonic() + seconds
    try:
        while (time.monotonic() < until or count < at_least) and len(findings) < most:
            findings += attack(name, f"{name} {seed} {count}", folder / "files")
            count += 1
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if grown > MOST_BYTES and not findings:
            findings.append(Finding(name, seed, "all", f"took {grown} bytes of memory"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return count, findings


def _fast() -> str | None:
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


def _job(arguments: tuple[str, float, str]) -> tuple[str, int, list[Finding]]:
    name, seconds, seed = arguments
    logging.disable()
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    return name, *run(name, seconds, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each kind of file")
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--only", choices=ATTACKS)
    parser.add_argument("--again", metavar="SEED", help="one file, by the seed of a finding")
    chosen = parser.parse_args()
    logging.disable()
    if chosen.again:
        folder = Path(tempfile.mkdtemp())
        for finding in attack(chosen.again.partition(" ")[0], chosen.again, folder / "files"):
            print(finding.use, finding.what)
        return
    names = [chosen.only] if chosen.only else list(ATTACKS)
    jobs = [(name, chosen.seconds, chosen.seed) for name in names]
    failed = False
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_job, job) for job in jobs]):
            name, count, findings = done.result()  # raises if the process died
            print(f"{name}: {count} files, {len(findings)} findings", flush=True)
            for finding in findings:
                failed = True
                print(f"\n--again '{finding.seed}': {finding.use}\n{finding.what}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
