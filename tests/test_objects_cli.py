"""``tfckpt tree``, by its whole output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tfckpt

click_testing = pytest.importorskip("click.testing")

from tfckpt.cli import cli
from tfckpt.protos import TrackableObjectGraph


def run(*argv: object, fails: int = 0) -> str:
    result = click_testing.CliRunner().invoke(cli, ["tree", *(str(one) for one in argv)])
    assert result.exit_code == fails, result.output
    return "\n".join(line.rstrip() for line in result.output.splitlines()).strip("\n")


def test_objects_are_shown_with_types_shapes_and_sizes(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(golden)
    assert run("objects") == (
        "objects/ckpt-1\n"
        "├── layer  2 tensors, 12 B\n"
        "│   ├── kernel  float32 [1, 2]  8 B\n"
        "│   └── bias  float32 [1]  4 B\n"
        "├── step  int64 []  8 B\n"
        "└── save_counter  int64 []  8 B\n"
        "\n"
        "4 tensors, 28 B"
    )


def test_depth_folds_what_is_below(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(golden)
    assert run("objects", "--depth", 1).splitlines()[1:3] == [
        "├── layer  2 tensors, 12 B",
        "├── step  int64 []  8 B",
    ]


def test_names_are_taken_apart_at_their_slashes(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(golden)
    assert run("trained") == (
        "trained/model.ckpt-60\n"
        "├── global_step  int64 []  8 B\n"
        "└── linear  2 tensors, 16 B\n"
        "    ├── bias  float32 [1]  4 B\n"
        "    └── kernel  float32 [3, 1]  12 B\n"
        "\n"
        "3 tensors, 24 B"
    )


def test_references_slots_and_markup_are_shown(prefix: Path) -> None:
    graph = TrackableObjectGraph()
    root, net, weight, slot = (graph.nodes.add() for _ in range(4))
    root.children.add(local_name="[red]net", node_id=1)
    root.children.add(local_name="again", node_id=1)
    net.children.add(local_name="w", node_id=2)
    net.children.add(local_name="up", node_id=0)
    net.slot_variables.add(original_variable_node_id=2, slot_name="m", slot_variable_node_id=3)
    weight.attributes.add(name="VARIABLE_VALUE", checkpoint_key="w")
    slot.attributes.add(name="VARIABLE_VALUE", checkpoint_key="m")
    tensors = {"w": np.zeros(2), "m": np.ones(2)}
    path = tfckpt.save(
        prefix, {**tensors, "_CHECKPOINTABLE_OBJECT_GRAPH": graph.SerializeToString()}
    )
    assert run(path).splitlines()[1:-2] == [
        "├── [red]net  2 tensors, 32 B",
        "│   ├── w  float64 [2]  16 B",
        "│   ├── up  -> the root",
        "│   └── slot m  1 tensor, 16 B",
        "│       └── [red]net/w  float64 [2]  16 B",
        "└── again  -> [red]net",
    ]
    assert "slot m" not in run(path, "--no-slots")


def test_a_missing_key_is_one_line(prefix: Path) -> None:
    graph = TrackableObjectGraph()
    graph.nodes.add().attributes.add(name="VARIABLE_VALUE", checkpoint_key="gone")
    with tfckpt.BundleWriter(prefix) as writer:
        writer.add("_CHECKPOINTABLE_OBJECT_GRAPH", graph.SerializeToString())
    path = str(prefix)
    assert "tensor 'gone': node 0 ('')" in run(path, fails=1)
