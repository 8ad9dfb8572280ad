"""Folders of a store: what looks at all of one, and what says that it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt import keep
from tfckpt.errors import UnimplementedError

RUN = "memory://folders/run"


@pytest.fixture(autouse=True)
def _three_saves() -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    if memory.exists("/folders"):
        memory.rm("/folders", recursive=True)
    saver = tfckpt.Saver(max_to_keep=2)
    for step in (1, 2, 3):
        saver.save({"w": np.full(4, step)}, f"{RUN}/m", step)


def damage(path: str) -> None:
    import fsspec

    with fsspec.open(path, "rb") as file:
        octets = bytearray(file.read())
    octets[0] ^= 1
    with fsspec.open(path, "wb") as file:
        file.write(octets)


def test_verify_looks_at_each_checkpoint_and_at_the_state_file() -> None:
    report = tfckpt.verify(RUN)
    assert report.ok
    assert not report.findings
    assert report.checkpoints == 2
    damage(f"{RUN}/m-2.data-00000-of-00001")
    found = tfckpt.verify(RUN).findings
    assert [(one.kind, one.tensor) for one in found] == [("damage", "w")]
    damage(f"{RUN}/checkpoint")
    assert {one.path.rpartition("/")[2] for one in tfckpt.verify(RUN).findings} == {
        "checkpoint",
        "m-2.data-00000-of-00001",
    }


def test_describe_tells_of_each_checkpoint() -> None:
    found = tfckpt.describe(RUN)
    assert found.kind == "folder"
    assert [one.step for one in found.checkpoints] == [2, 3]
    assert found.latest == f"{RUN}/m-3"
    assert found.problems == ()
    assert tfckpt.describe(f"{RUN}/m-2").kind == "checkpoint"


def test_a_pin_holds_in_a_store() -> None:
    keep.pin(f"{RUN}/m-2")
    saver = tfckpt.Saver(keep=keep.last(1))
    for step in (4, 5):
        saver.save({"w": np.full(4, step)}, f"{RUN}/m", step)
    assert [tfckpt.checkpoint_exists(f"{RUN}/m-{step}") for step in (2, 4, 5)] == [
        True,
        False,
        True,
    ]


def leased() -> None:
    with keep.lease(f"{RUN}/m-3"):
        raise AssertionError("there is no lease")


@pytest.mark.parametrize(
    "work",
    [
        leased,
        lambda: tfckpt.prune(RUN, keep.last(1)),
        lambda: tfckpt.doctor(RUN),
        lambda: tfckpt.repair_state(RUN),
    ],
    ids=["lease", "prune", "doctor", "repair_state"],
)
def test_what_needs_a_folder_of_this_machine_says_so(work: Callable[[], Any]) -> None:
    with pytest.raises(UnimplementedError, match=r"this machine only|a store has none"):
        work()
    assert tfckpt.verify(RUN).ok
