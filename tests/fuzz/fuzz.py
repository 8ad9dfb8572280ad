"""Invariant: whatever bytes a file has, its reader gives values or a CheckpointError, nothing else.

`make fuzz` runs each target for a while, ``python tests/fuzz/fuzz.py v1`` one until it is stopped.
A target's first byte, where it takes one, chooses between bytes as they come and contents behind
right checksums.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tfckpt"]):
    import tfckpt
    from tfckpt import saved_model
    from tfckpt.bundle.entry import Header
    from tfckpt.errors import CheckpointError
    from tfckpt.table import write_table

FOLDER = Path(tempfile.mkdtemp())
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def table(provider: atheris.FuzzedDataProvider, items: dict[bytes, bytes]) -> bytes:
    """Return a table of `items` and of what the provider makes up, or bytes that are no table."""
    if provider.ConsumeBool():
        return provider.ConsumeBytes(600)
    for _ in range(provider.ConsumeIntInRange(1, 6)):
        items[provider.ConsumeBytes(12) or b"w"] = provider.ConsumeBytes(60)
    out = bytearray()
    write_table(out.extend, sorted(items.items()))
    return bytes(out)


def bundle(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    (FOLDER / "m.index").write_bytes(table(provider, {b"": Header(1).encode()}))
    (FOLDER / "m.data-00000-of-00001").write_bytes(provider.ConsumeBytes(200))
    tfckpt.load(FOLDER / "m")


def v1(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    (FOLDER / "v1").write_bytes(table(provider, {b"": provider.ConsumeBytes(80)}))
    tfckpt.load(FOLDER / "v1")


def graph(data: bytes) -> None:
    path = FOLDER / ("g.pbtxt" if data[:1] == b"t" else "g.pb")
    path.write_bytes(data[1:])
    tfckpt.import_graph_def(tfckpt.read_graph_def(path), name="")


def meta_graph(data: bytes) -> None:
    (FOLDER / "g.meta").write_bytes(data)
    tfckpt.import_meta_graph(FOLDER / "g.meta")


def model(data: bytes) -> None:
    (FOLDER / "saved_model.pb").write_bytes(data)
    for meta in saved_model.parse_saved_model(FOLDER).meta_graphs:
        saved_model.load({}, list(meta.meta_info_def.tags), FOLDER)


def state(data: bytes) -> None:
    (FOLDER / "checkpoint").write_bytes(data)
    tfckpt.latest_checkpoint(FOLDER)


def objects(data: bytes) -> None:
    with tfckpt.BundleWriter(FOLDER / "o", fsync=False) as writer:
        writer.add(OBJECT_GRAPH, data)
        writer.add("w", 1.0)
    tfckpt.load_object_tree(FOLDER / "o")


# What each may raise besides a CheckpointError: what TensorFlow raises for a graph that is wrong.
TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[type[Exception], ...]]] = {
    "bundle": (bundle, ()),
    "v1": (v1, ()),
    "graph": (graph, (ValueError,)),
    "meta_graph": (meta_graph, (ValueError,)),
    "saved_model": (model, (RuntimeError,)),
    "state": (state, ()),
    "objects": (objects, ()),
}


def main() -> None:
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"which target? one of {', '.join(TARGETS)}")
    target, allowed = TARGETS[name]

    def test_one_input(data: bytes) -> None:
        with contextlib.suppress(CheckpointError, *allowed):
            target(data)

    logging.disable()
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
