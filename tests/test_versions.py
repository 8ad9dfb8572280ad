"""Which versions of a message are read: TensorFlow's rules, for checkpoints and for graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tfckpt
from tfckpt.errors import InvalidArgumentError
from tfckpt.protos import BundleHeaderProto, GraphDef, MetaGraphDef, VersionDef
from tfckpt.table import write_table
from tfckpt.v1.records import META_KEY


def _table(path: Path, items: dict[bytes, bytes]) -> None:
    table = bytearray()
    write_table(table.extend, sorted(items.items()))
    path.write_bytes(table)


def _bundle(folder: Path, versions: VersionDef) -> None:
    header = BundleHeaderProto(num_shards=1, version=versions)
    _table(folder / "m.index", {b"": header.SerializeToString()})
    tfckpt.load(folder / "m")


def _v1(folder: Path, versions: VersionDef) -> None:
    message = versions.SerializeToString()
    listed = b"\x12" + bytes([len(message)]) + message
    _table(folder / "m", {META_KEY: b"\x0a" + bytes([len(listed)]) + listed})
    tfckpt.load(folder / "m")


def _graph(folder: Path, versions: VersionDef) -> None:
    with tfckpt.Graph().as_default():
        tfckpt.import_graph_def(GraphDef(versions=versions))


def _meta_graph(folder: Path, versions: VersionDef) -> None:
    with tfckpt.Graph().as_default():
        tfckpt.import_meta_graph(MetaGraphDef(graph_def=GraphDef(versions=versions)))


# What is read, and the version of the code that reads it.
READERS: dict[str, tuple[Callable[[Path, VersionDef], None], int]] = {
    "bundle": (_bundle, 1),
    "V1": (_v1, 1),
    "graph": (_graph, 2474),
    "meta graph": (_meta_graph, 2474),
}


def versions_around(consumer: int) -> list[tuple[dict[str, Any], str | None]]:
    return [
        ({}, None),
        ({"producer": 1 << 30}, None),
        ({"min_consumer": consumer}, None),
        ({"bad_consumers": [consumer - 1, consumer + 1]}, None),
        ({"min_consumer": -1}, None),
        ({"min_consumer": consumer + 1}, f"asks for a reader of version {consumer + 1}"),
        ({"producer": -1}, "is of version -1, below 0"),
        ({"bad_consumers": [7, consumer]}, f"readers of version {consumer} are wrong"),
    ]


CASES = [
    pytest.param(reader, given, problem, id=f"{reader} {given}")
    for reader, (_, consumer) in READERS.items()
    for given, problem in versions_around(consumer)
]


@pytest.mark.parametrize(("reader", "given", "problem"), CASES)
def test_versions_that_are_read(
    reader: str, given: dict[str, Any], problem: str | None, tmp_path: Path
) -> None:
    read, _ = READERS[reader]
    if problem is None:
        read(tmp_path, VersionDef(**given))
    else:
        with pytest.raises(InvalidArgumentError, match=problem):
            read(tmp_path, VersionDef(**given))
