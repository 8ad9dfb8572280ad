"""A loss of power after any call of a save, with any of what no flush had ordered lost.

Before the save returns the old or the new checkpoint loads whole; after it has returned, the new
one. That holds for saves that flush (`fsync`), which all do unless told otherwise.
"""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random

import pytest

import tfckpt
from attacks.disks import Disk, record
from attacks.faults import AMOUNT
from attacks.saves import KINDS, Kind, begin, copy_of, go_on

EVERY = {"all": 1, "some": 1, "little": 5}[AMOUNT]


def in_new_folders(folder: Path, step: int) -> object:
    return tfckpt.save(folder / "a" / "b" / str(step) / "m", {"w": [float(step)]})


def newest_in_new_folders(folder: Path) -> int:
    steps = [0]
    for path in folder.glob("a/b/*/m.index"):
        steps.append(int(path.parent.name))
        assert tfckpt.load(path.parent / "m")["w"].tolist() == [float(path.parent.name)]
    return max(steps)


ALL = {**KINDS, "new folders": Kind(in_new_folders, newest_in_new_folders)}


@pytest.mark.parametrize("name", ALL)
def test_a_save(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, folder = ALL[name], tmp_path / "run"
    old = begin(kind, tmp_path / "start")
    copy_of(tmp_path / "start", folder)
    states: list[Disk] = []
    with monkeypatch.context() as patch:
        disk: Disk = record(patch, folder, lambda: states.append(copy.deepcopy(disk)))
        kind.save(folder, old + 1)
    assert len(states) > 4

    random = Random(name)
    for number, state in enumerate(states):
        if number % EVERY == len(states) % EVERY and state is not states[-1]:
            check(kind, state, folder, random, {old, old + 1})
    check(kind, disk, folder, random, {old + 1})
    go_on(kind, folder, old)


def check(kind: Kind, disk: Disk, folder: Path, random: Random, expected: set[int]) -> None:
    for names, fate in disk.after_loss(random):
        disk.restore(names, fate, folder)
        assert kind.read(folder) in expected, sorted(str(one) for one in folder.rglob("*"))


REMOVALS = {
    "bundle": lambda folder: tfckpt.remove_checkpoint(folder / "m"),
    "V1 in two shards": lambda folder: tfckpt.remove_checkpoint(
        str(folder / "m-?????-of-00002"), tfckpt.SaverDef.V1
    ),
    "V1": lambda folder: tfckpt.remove_checkpoint(folder / "m", tfckpt.SaverDef.V1),
}


@pytest.mark.parametrize("name", REMOVALS)
def test_a_removal(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there whole, or it is none: no index comes back whose data is gone."""
    kind, folder = KINDS[name], tmp_path / "run"
    old = begin(kind, folder)
    states: list[Disk] = []
    with monkeypatch.context() as patch:
        disk: Disk = record(patch, folder, lambda: states.append(copy.deepcopy(disk)))
        REMOVALS[name](folder)
    random = Random(name)
    for state in states:
        for names, fate in state.after_loss(random):
            state.restore(names, fate, folder)
            assert kind.read(folder) in (0, old)
