"""Random lives of a Saver: TensorFlow's and ours leave the same folder after every step."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfckpt

v1 = tf.compat.v1

LIVES = 200
STEPS = 14
TWO_DEVICES = v1.ConfigProto(device_count={"CPU": 2})
FOLDERS = ["", "", "sub", "sub/deep"]
BASES = ["m", "model.ckpt", "a b", "é", "m-1", ".hidden", "sub/m", "sub/deep/m"]

# Every combination of what a Saver is made with; a life takes the next one.
SETTINGS = itertools.cycle(
    itertools.product(
        [5, 0, 1, 2, 3, None],  # max_to_keep
        [10000.0, 0.1, 1, 0.0],  # keep_checkpoint_every_n_hours
        [False, True],  # pad_step_number
        [False, True],  # save_relative_paths
        [False, True],  # sharded
        [False, True],  # absolute paths
    )
)
COMBINATIONS = 6 * 4 * 2 * 2 * 2 * 2


class Clock:
    """A clock that both sides read."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


class Theirs:
    """TensorFlow's Saver in a session of its own."""

    def __init__(self, root: Path, settings: dict[str, Any]) -> None:
        self.root = root
        self.settings = settings
        self.graph = tf.Graph()
        with self.graph.as_default():
            with tf.device("/cpu:0"):
                self.a = v1.get_variable("a", [2], use_resource=True)
                self.c = v1.get_variable("c/d", [], tf.int64, v1.zeros_initializer())
            with tf.device("/cpu:1"):
                self.b = v1.get_variable("b", [3], use_resource=True)
            self.session = v1.Session(config=TWO_DEVICES)
        self.new_saver()

    def new_saver(self) -> None:
        with self.graph.as_default():
            self.saver = v1.train.Saver(**self.settings)

    def save(self, value: int, *args: Any, **kwargs: Any) -> str | None:
        with self.graph.as_default():
            self.a.load([value, 1.0], self.session)
            self.b.load([value, 2.0, 3.0], self.session)
            self.c.load(value, self.session)
            return self.saver.save(self.session, *args, **kwargs)


class Ours:
    """The same variables in a dict."""

    def __init__(self, root: Path, settings: dict[str, Any]) -> None:
        self.root = root
        self.settings = settings
        self.new_saver()

    def new_saver(self) -> None:
        shards = {"a": 0, "b": 1, "c/d": 0}
        self.saver = tfckpt.Saver(**self.settings, shards=shards, fsync=False)

    def save(self, value: int, *args: Any, **kwargs: Any) -> str | None:
        weights = {
            "c/d": np.int64(value),
            "b": np.array([value, 2, 3], np.float32),
            "a": np.array([value, 1], np.float32),
        }
        return self.saver.save(weights, *args, **kwargs)


@pytest.mark.parametrize("life", range(LIVES))
def test_a_life_of_saves_leaves_what_tensorflow_leaves(
    life: int, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(life)
    keep, hours, pad, relative, sharded, absolute = nth_setting(life)
    settings = {
        "max_to_keep": keep,
        "keep_checkpoint_every_n_hours": hours,
        "pad_step_number": pad,
        "save_relative_paths": relative,
        "sharded": sharded,
    }
    sides = [Theirs(tmp_path / "x", settings), Ours(tmp_path / "y", settings)]
    for side in sides:
        # TensorFlow itself makes one missing folder at most, and none for a sharded save.
        (side.root / "sub/deep").mkdir(parents=True)
    # What a Saver took over from one before it is deleted only in the folder that it saves to, and
    # below (TensorFlow deletes whatever a state file names): half of the lives stay in one folder.
    folder = chance.choice(FOLDERS) if life % 2 else None
    for number in range(STEPS):
        clock.now += chance.choice([0.5, 60, 400, 3600, 9000])
        step = random_step(chance, number, folder)
        outcomes = []
        for side in sides:
            monkeypatch.chdir(side.root)
            outcomes.append(step.play(side, absolute=absolute, sharded=sharded))
        assert differences(outcomes[1], outcomes[0]) == {}, f"step {number}: {step}, {settings}"


def nth_setting(life: int) -> Any:
    # A prime apart, so that 200 lives meet every value of every setting with every other.
    all_settings = list(itertools.islice(SETTINGS, COMBINATIONS))
    return all_settings[life * 193 % COMBINATIONS]


class Step:
    def __init__(self, kind: str, value: int, arguments: dict[str, Any]) -> None:
        self.kind = kind
        self.value = value
        self.arguments = arguments

    def __repr__(self) -> str:
        return f"{self.kind} {self.value} {self.arguments}"

    def play(self, side: Any, *, absolute: bool, sharded: bool) -> dict[str, Any]:
        result = getattr(self, f"_{self.kind}")(side, absolute)
        state = {
            "result": result,
            "last": side.saver.last_checkpoints,
            "files": contents(side.root),
            "latest": tfckpt.latest_checkpoint(side.root),
            "latest by tf": tf.train.latest_checkpoint(str(side.root)),
        }
        return eval(repr(state).replace(str(side.root), "ROOT"))

    def _save(self, side: Any, absolute: bool) -> Any:
        arguments = dict(self.arguments)
        base = arguments.pop("base")
        path = os.path.join(side.root, base) if absolute else base
        try:
            return side.save(self.value, path, **arguments)
        except (ValueError, RuntimeError, TypeError) as error:
            return type(error).__name__

    def _take_over(self, side: Any, absolute: bool) -> None:
        times = [time.time() - 50 * n for n in range(len(side.saver.last_checkpoints))][::-1]
        last = list(zip(side.saver.last_checkpoints, times, strict=True))
        side.new_saver()
        side.saver.set_last_checkpoints_with_time(last)

    def _forget_times(self, side: Any, absolute: bool) -> None:
        side.saver.set_last_checkpoints(side.saver.last_checkpoints)

    def _recover(self, side: Any, absolute: bool) -> None:
        for path in Path(side.root).rglob("*.index"):
            os.utime(path, (time.time() - 100, time.time() - 100))
        state = tfckpt.get_checkpoint_state("." if not absolute else side.root)
        side.new_saver()
        if state is not None:
            # As "./m" and "m" TensorFlow would take one checkpoint for two, and delete it.
            paths = [os.path.normpath(path) for path in state.all_model_checkpoint_paths]
            side.saver.recover_last_checkpoints(paths)


def random_step(chance: random.Random, number: int, folder: str | None) -> Step:
    again = 0 if folder is None else 1
    weights = [20, again, 1, again]
    kind = chance.choices(["save", "take_over", "forget_times", "recover"], weights)[0]
    base = chance.choice([*BASES, "m", "m", "m", "checkpoint"])
    arguments = {
        "base": base if folder is None else os.path.join(folder, os.path.basename(base)),
        "global_step": chance.choice([number, number, number, -number, None, np.int64(7), True]),
        "latest_filename": chance.choice([None, None, None, None, "other", "x/y", "é"]),
        "meta_graph_suffix": chance.choice(["meta", "meta", "graph"]),
        "write_meta_graph": chance.random() < 0.8,
        "write_state": chance.random() < 0.9,
    }
    latest = arguments["latest_filename"] or "checkpoint"
    if os.path.basename(arguments["base"]) == latest and arguments["global_step"] is None:
        # TensorFlow notices this collision only after it has written, unless it is unsharded.
        arguments["base"] = os.path.join(folder or "", "m")
    return Step(kind, number, arguments)


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ours, theirs = ({**one, **one["files"], "files": None} for one in (ours, theirs))
    keys = sorted({*ours, *theirs})
    return {
        key: (ours.get(key), theirs.get(key)) for key in keys if ours.get(key) != theirs.get(key)
    }


def contents(root: Path) -> dict[str, Any]:
    """Every file's bytes; of graphs, which differ, only that they are there."""
    return {
        path.relative_to(root).as_posix(): (
            "a graph" if path.suffix in {".meta", ".graph"} else path.read_bytes()
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
