"""Every kind of save that the library does, for loops that interrupt, kill or cut them.

A kind takes a folder from one state to the next. Each state is a step number that everything in
the folder repeats, so that a mixture of two saves shows.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tfckpt
from tfckpt import keep, saved_model, transform
from tfckpt.dtypes import DataType
from tfckpt.protos import SaverDef

FROZEN = 0.5
HALF_MADE = (".tempstate", ".commit", ".tfckpt.lock", ".tfckpt.lease")


def weights(step: int) -> dict[str, Any]:
    return {name: np.full(3, step, np.float32) for name in "abcd"} | {"step": np.int64(step)}


def step_of(path: str | Path) -> int:
    """Load a checkpoint, which must be of one save, and say of which."""
    loaded = tfckpt.load(path)
    loaded.pop("_CHECKPOINTABLE_OBJECT_GRAPH", None)
    counters = [name for name in loaded if name.startswith("save_counter")]
    found = {float(x) for name, v in loaded.items() if name not in counters for x in np.ravel(v)}
    assert len(found) == 1, f"{path}: tensors of two saves: {sorted(found)}"
    return int(found.pop())


def newest(folder: Path) -> int:
    latest = tfckpt.latest_checkpoint(folder)
    return 0 if latest is None else step_of(latest)


def at(name: str) -> Callable[[Path], int]:
    """Return what reads the step of the checkpoint `name`, 0 where there is none.

    A part of a set of V1 shards is none, and reading it says so.
    """

    def read(folder: Path) -> int:
        try:
            return step_of(folder / name)
        except tfckpt.errors.FileMissingError as error:
            assert "no checkpoint of this name" in str(error) or "shards are missing" in str(error)
            return 0

    return read


class Kind(NamedTuple):
    """A way to save: `save` takes a folder to `step`, `read` says which step it is at."""

    save: Callable[[Path, int], object]
    read: Callable[[Path], int]
    starts_empty: bool = False


def plain(shards: int, fsync: bool = True) -> Callable[[Path, int], object]:
    return lambda folder, step: tfckpt.save(
        folder / "m", weights(step), num_shards=shards, fsync=fsync
    )


def alternating_shards(folder: Path, step: int) -> object:
    return tfckpt.save(folder / "m", weights(step), num_shards=1 + 2 * (step % 2))


def v1(shards: int | None) -> Callable[[Path, int], object]:
    def save(folder: Path, step: int) -> None:
        with tfckpt.V1Writer(folder / "m", num_shards=shards) as writer:
            for number, (name, value) in enumerate(weights(step).items()):
                writer.add(name, value, shard=number % (shards or 1))

    return save


def saver(place: str, **options: Any) -> Callable[[Path, int], object]:
    def save(folder: Path, step: int) -> object:
        one = tfckpt.Saver(max_to_keep=2, **options)
        state = tfckpt.get_checkpoint_state(folder)
        if state is not None:
            one.recover_last_checkpoints(list(state.all_model_checkpoint_paths))
        number = None if place == "in place" else step
        return one.save(weights(step), folder / "m", global_step=number)

    return save


def by_policy(folder: Path, step: int) -> object:
    """Keep the last, and the best, which is the second; it must be there from then on."""
    one = tfckpt.Saver(keep=keep.last(1) | keep.best("loss"))
    loss = {"loss": float(abs(step - 2))}
    return one.save(weights(step), folder / "m", global_step=step, metrics=loss)


def newest_and_best(folder: Path) -> int:
    step = newest(folder)
    assert step < 2 or step_of(folder / "m-2") == 2
    return step


def incremental(folder: Path, step: int) -> object:
    """Save beside the last one, of which one tensor is the same; it is compared apart."""
    one = tfckpt.Saver(max_to_keep=2, incremental=True)
    state = tfckpt.get_checkpoint_state(folder)
    if state is not None:
        one.recover_last_checkpoints(list(state.all_model_checkpoint_paths))
    values = weights(step) | {"frozen": np.full(1000, FROZEN, np.float32)}
    return one.save(values, folder / "m", global_step=step)


def newest_incremental(folder: Path) -> int:
    """Read the step of the newest; its frozen tensor, maybe of another save, is whole."""
    latest = tfckpt.latest_checkpoint(folder)
    if latest is None:
        return 0
    loaded = tfckpt.load(latest)
    assert (loaded.pop("frozen") == FROZEN).all()
    (step,) = {int(x) for value in loaded.values() for x in np.ravel(value)}
    return step


def in_background(folder: Path, step: int) -> object:
    with tfckpt.BackgroundSaver(tfckpt.Saver(keep=keep.last(2))) as one:
        one.save(weights(step), folder / "m", global_step=step)
    return one


class Tracked:
    """What a CheckpointManager needs."""

    save_counter = 0

    def __init__(self, step: int) -> None:
        self.step = step

    def write(self, file_prefix: str) -> str:
        return tfckpt.save(file_prefix, weights(self.step))

    def restore(self, save_path: str) -> None:
        raise NotImplementedError


def managed(folder: Path, step: int) -> object:
    manager = tfckpt.CheckpointManager(Tracked(step), folder, max_to_keep=2)
    return manager.save(checkpoint_number=step)


def object_based(folder: Path, step: int) -> object:
    checkpoint = tfckpt.Checkpoint(net=weights(step), save_counter=np.int64(step - 1))
    return checkpoint.save(folder / "m")


def merged(folder: Path, step: int) -> object:
    for name in "pq":
        tfckpt.save(folder / name, {name: np.full(3, step, np.float32)})
    return tfckpt.merge_bundles([folder / "p", folder / "q"], folder / "m")


def converted(folder: Path, step: int) -> object:
    tfckpt.save(folder / "source", weights(step), fsync=False)
    to = "v1" if step % 2 else "v2"
    return tfckpt.convert_checkpoint(folder / "source", folder / "m", to, overwrite=True)


def renamed(**options: Any) -> Callable[[Path, int], object]:
    """Make the checkpoint of another one's tensors under other names."""

    def save(folder: Path, step: int) -> object:
        tfckpt.save(folder / "source", weights(step), num_shards=2, fsync=False)
        made = transform.rename(folder / "source", lambda name: "new/" + name)
        with made:
            return tfckpt.save(folder / "m", made, **options)

    return save


def in_place(folder: Path, step: int) -> object:
    """Replace the checkpoint by its edited self: one value new, the name of each another."""
    if not (folder / "m.index").exists():
        return tfckpt.save(folder / "m", {f"a{step}": np.float32(step)}, num_shards=2)
    with tfckpt.load_checkpoint(folder / "m") as reader:
        (name,) = reader
        made = transform.rename(reader, {name: f"a{step}"})
        return tfckpt.save(folder / "m", made, link=True)


def step_in_names(folder: Path) -> int:
    """Read the step in the name; the value, which was never written again, is the first's."""
    loaded = tfckpt.load(folder / "m")
    ((name, value),) = loaded.items()
    assert value == 1
    return int(name[1:])


def model(folder: Path, step: int) -> object:
    """Build a SavedModel, in a folder of its own as they all are."""
    words = folder / "words"
    words.write_text("one")
    builder = saved_model.Builder(folder / "models" / str(step))
    graph = tfckpt.Graph()
    path = graph.create_op(
        "Const", name="path", attrs={"dtype": DataType.DT_STRING, "value": np.array(b"", object)}
    )
    builder.add_meta_graph_and_variables(
        weights(step), ["serve"], assets_collection={path.outputs[0]: words}, graph=graph
    )
    return builder.save()


def newest_model(folder: Path) -> int:
    """Load each model that is there; it must be whole."""
    steps = [0]
    for name in os.listdir(folder / "models") if (folder / "models").is_dir() else ():
        if name.isdigit():
            loaded: dict[str, Any] = {}
            saved_model.load(loaded, ["serve"], folder / "models" / name)
            assert (folder / "models" / name / "assets" / "words").read_text() == "one"
            assert {int(x) for v in loaded.values() for x in np.ravel(v)} == {int(name)}
            steps.append(int(name))
    return max(steps)


def graph_file(folder: Path, step: int) -> object:
    graph = tfckpt.Graph()
    graph.create_op("NoOp", name=f"step{step}")
    return tfckpt.write_graph(graph, folder / "graphs", "g.pb", as_text=False)


def graph_step(folder: Path) -> int:
    if not (folder / "graphs" / "g.pb").exists():
        return 0
    (node,) = tfckpt.read_graph_def(folder / "graphs" / "g.pb").node
    return int(node.name.removeprefix("step"))


def foreign(name: str, **options: Any) -> Kind:
    """A file of another library's format, or a set of such files."""

    def save(folder: Path, step: int) -> object:
        if "max_shard_size" in options:  # another number of files each time
            options["max_shard_size"] = 12 + 12 * (step % 2)
        return tfckpt.write_tensors(folder / name, weights(step), **options)

    def read(folder: Path) -> int:
        path = folder / (name + ".index.json" if options else name)
        if not path.exists() and not Path(f"{path}.commit").exists():
            return 0
        with tfckpt.open_tensors(path, format="safetensors" if options else None) as tensors:
            assert set(tensors) == set(weights(step=0))
            (step,) = {int(x) for array in tensors.values() for x in np.ravel(array)}
            return step

    return Kind(save, read)


V1_SHARDED = "m-?????-of-00002"
KINDS = {
    "bundle": Kind(plain(1), at("m")),
    "new bundle": Kind(plain(1), at("m"), starts_empty=True),
    "three shards": Kind(plain(3), at("m")),
    "one shard, three shards": Kind(alternating_shards, at("m")),
    "V1": Kind(v1(None), at("m")),
    "V1 in two shards": Kind(v1(2), at(V1_SHARDED)),
    "new V1 in two shards": Kind(v1(2), at(V1_SHARDED), starts_empty=True),
    "Saver": Kind(saver("numbered"), newest),
    "Saver, in place, sharded": Kind(saver("in place", sharded=True, shards=2), newest),
    "Saver, V1": Kind(saver("numbered", write_version=SaverDef.V1), newest),
    "Saver, V1, sharded": Kind(
        saver("numbered", write_version=SaverDef.V1, sharded=True, shards=2), newest
    ),
    "Saver by policy": Kind(by_policy, newest_and_best),
    "Saver, incremental": Kind(incremental, newest_incremental),
    "BackgroundSaver": Kind(in_background, newest),
    "CheckpointManager": Kind(managed, newest),
    "Checkpoint": Kind(object_based, newest),
    "merge": Kind(merged, at("m")),
    "convert": Kind(converted, at("m")),
    "linked": Kind(renamed(link=True), at("m")),
    "copied": Kind(renamed(), at("m")),
    "new linked": Kind(renamed(link=True), at("m"), starts_empty=True),
    "edited in place": Kind(in_place, step_in_names),
    "SavedModel": Kind(model, newest_model),
    "graph": Kind(graph_file, graph_step),
    "safetensors": foreign("m.safetensors"),
    "a set of safetensors": foreign("m.safetensors", max_shard_size=12),
    "PyTorch": foreign("m.pt"),
}


def begin(kind: Kind, folder: Path) -> int:
    """Bring a new folder to the state in which a save is attacked; return its step."""
    folder.mkdir()
    if kind.starts_empty:
        return 0
    for step in (1, 2, 3):
        kind.save(folder, step)
    return 3


def go_on(kind: Kind, folder: Path, old: int) -> int:
    """Save as a program does that was started again; return the step."""
    step = kind.read(folder)
    assert step in (old, old + 1)
    kind.save(folder, step + 1)
    assert kind.read(folder) == step + 1
    return step + 1


def half_made(folder: Path) -> list[str]:
    """List what is half-made there, once nobody holds what would have removed it.

    Python 3.13 leaves an error's frames, and what they hold, to the cycle collector.
    """
    if _half_made(folder):
        gc.collect()
    return _half_made(folder)


def _half_made(folder: Path) -> list[str]:
    return sorted(
        os.path.join(where, name)
        for where, folders, names in os.walk(folder)
        for name in (*folders, *names)
        if any(mark in name for mark in HALF_MADE)
    )


def copy_of(start: Path, folder: Path) -> Path:
    """Put a folder back to how it was; paths in state files go with it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(start, folder)
    state = folder / "checkpoint"
    if state.exists():
        state.write_bytes(state.read_bytes().replace(bytes(start), bytes(folder)))
    return folder
