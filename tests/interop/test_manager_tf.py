"""CheckpointManager: TensorFlow's and ours leave the same folder, also taking turns."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import tfckpt

SETTINGS = [
    {"max_to_keep": keep, "keep_checkpoint_every_n_hours": hours, "checkpoint_interval": interval}
    for keep in (None, 1, 2, 3)
    for hours in (None, 0.0, 0.05, 1)
    for interval in (None, 3)
]


class Side:
    """A folder, and the managers that work in it one after another."""

    def __init__(self, root: Path, kinds: list[Any], settings: dict[str, Any]) -> None:
        self.root = root
        self.kinds = kinds
        self.settings = settings
        self.step = tf.Variable(0, dtype=tf.int64)
        self.checkpoint = tf.train.Checkpoint(step=self.step)
        self.turn = 0
        self.new_manager()

    def new_manager(self) -> None:
        kind = self.kinds[self.turn % len(self.kinds)]
        self.turn += 1
        counter = self.step if self.settings["checkpoint_interval"] else None
        folder = str(self.root / "run")
        self.manager = kind(self.checkpoint, folder, step_counter=counter, **self.settings)

    def outcome(self, result: str | None) -> Any:
        files = {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }
        found = {
            "result": result,
            "checkpoints": self.manager.checkpoints,
            "latest": self.manager.latest_checkpoint,
            "counter": int(self.checkpoint.save_counter),
        }
        return eval(repr({**found, **files}).replace(str(self.root), "ROOT"))


@pytest.mark.parametrize("taking_turns", [False, True])
@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_a_life_of_a_manager_leaves_what_tensorflow_leaves(
    number: int, taking_turns: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(number)
    now = [1_700_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    theirs, ours = tf.train.CheckpointManager, tfckpt.CheckpointManager
    kinds = [ours, theirs] if taking_turns else [ours]
    sides = [
        Side(tmp_path / "x", [theirs], SETTINGS[number]),
        Side(tmp_path / "y", kinds, SETTINGS[number]),
    ]
    for _ in range(14):
        now[0] += chance.choice([1, 100, 400, 4000, 9000, -500])
        given = chance.choice([None, None, None, 2, 7])
        check = chance.random() < 0.8
        more_steps = chance.choice([0, 1, 2, 5])
        restart = chance.random() < 0.2
        outcomes = []
        for side in sides:
            if restart:
                side.new_manager()
            side.step.assign_add(more_steps)
            result = side.manager.save(checkpoint_number=given, check_interval=check)
            outcomes.append(side.outcome(result))
        assert outcomes[1] == outcomes[0]


def test_a_savers_folder_is_taken_over_as_tensorflow_does(tmp_path: Path) -> None:
    for kind, folder in ((tf.train.CheckpointManager, "x"), (tfckpt.CheckpointManager, "y")):
        saver = tfckpt.Saver()
        for step in range(3):
            saver.save({"w": [1.0]}, tmp_path / folder / "m", global_step=step)
        manager = kind(tf.train.Checkpoint(), tmp_path / folder, max_to_keep=1)
        assert manager.latest_checkpoint == str(tmp_path / folder / "m-2")
        assert manager.checkpoints == []
        manager.save()
        manager.save()
        names = sorted(path.name for path in (tmp_path / folder).glob("*.index"))
        assert names == ["ckpt-2.index", "m-0.index", "m-1.index", "m-2.index"]
