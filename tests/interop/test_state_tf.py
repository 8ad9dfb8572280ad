"""State files: TensorFlow and this library read and write the same."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfckpt

train = tf.compat.v1.train

FORMS = [
    b"",
    b"# nothing but a comment\n",
    b'model_checkpoint_path: "m-1"\n',
    b'model_checkpoint_path: "/abs/m-1"\nall_model_checkpoint_paths: "rel"\n',
    b"model_checkpoint_path: 'm-1'",
    b'model_checkpoint_path:"a" "b" # two parts\n',
    b'model_checkpoint_path: "\\303\\251\\n\\x41"',
    'model_checkpoint_path: "é漢"'.encode(),
    b'model_checkpoint_path: "a\\\\b\\"c"',
    b'model_checkpoint_path: "C:\\\\run\\\\m"',
    b'model_checkpoint_path: "a\\Kb"',  # no escape that there is
    b'model_checkpoint_path: "m"\r\nall_model_checkpoint_paths: "m"\r\n',
    b'all_model_checkpoint_paths: ["a", "b"] model_checkpoint_path: "b"',
    b'model_checkpoint_path: "../x/m" last_preserved_timestamp: 1.5e9',
    b'model_checkpoint_path: "m" all_model_checkpoint_timestamps: [1, 2.5, inf]',
    b'model_checkpoint_path: "m" model_checkpoint_path: "n"',
    b'model_checkpoint_path: ""',
    b'all_model_checkpoint_paths: "m"',
    b'model_checkpoint_path: "m" unknown_field: 3',
    b'model_checkpoint_path: "m',
    b"model_checkpoint_path: m",
    b'{"model_checkpoint_path": "m"}',
    b'model_checkpoint_path { a: "m" }',
    b'model_checkpoint_path: "m"; all_model_checkpoint_paths: "m",',
    b'model_checkpoint_path: "m" last_preserved_timestamp: x',
]


def outcome(call: Callable[[], Any]) -> Any:
    try:
        result = call()
    except (ValueError, RuntimeError) as error:
        return ValueError if isinstance(error, ValueError) else RuntimeError
    return result if result is None else result.SerializeToString()


@pytest.mark.parametrize("text", FORMS)
@pytest.mark.parametrize("relative", [False, True])
def test_odd_forms_are_read_alike(
    text: bytes, relative: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_bytes(text)
    monkeypatch.chdir(tmp_path)
    folder = "." if relative else str(tmp_path)
    ours = outcome(lambda: tfckpt.get_checkpoint_state(folder, "state"))
    assert ours == outcome(lambda: tf.train.get_checkpoint_state(folder, "state"))


@pytest.mark.parametrize("seed", range(100))
def test_states_are_made_alike(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.chdir(tmp_path)
    os.makedirs("run/é")
    names = ["m-1", "run/m-1", "/abs/m", "../m", "é漢", 'a"b\\c', "a\nb", str(tmp_path / "m")]
    folder = chance.choice(["run", "", ".", "run/é", str(tmp_path), str(tmp_path / "run")])
    paths = chance.choice([None, chance.sample(names, chance.randrange(4))])
    latest = chance.choice(names)
    times = chance.choice([None, [], [chance.choice([0.0, 1.5, 1e9, time.time(), float("inf")])]])
    preserved = chance.choice([None, 0.0, 1e9])
    arguments = [folder, latest, paths]
    stamps = {"all_model_checkpoint_timestamps": times, "last_preserved_timestamp": preserved}

    def copies() -> list[Any]:
        return [list(one) if isinstance(one, list) else one for one in arguments]

    ours = outcome(lambda: tfckpt.generate_checkpoint_state_proto(*copies(), **stamps))
    theirs = outcome(lambda: train.generate_checkpoint_state_proto(*copies(), **stamps))
    assert ours == theirs

    if ours is not ValueError:
        tfckpt.update_checkpoint_state(*copies(), "ours", **stamps)  # type: ignore[call-arg]
        train.update_checkpoint_state(*copies(), "theirs", **stamps)
        ours_path, theirs_path = Path(folder, "ours"), Path(folder, "theirs")
        assert ours_path.read_bytes() == theirs_path.read_bytes()


def test_finding_and_removing_checkpoints(tmp_path: Path) -> None:
    def fill(folder: Path) -> list[str]:
        folder.mkdir()
        tfckpt.save(folder / "v2", {"w": np.ones(1)})
        for name in ("v1", "v1.meta", "s-00000-of-00002", "s-00001-of-00002", "s.meta", "v2.x"):
            (folder / name).write_bytes(b"")
        for path in folder.iterdir():
            os.utime(path, (1234.5, 1234.5))
        return [str(folder / name) for name in ("v2", "v1", "s-?????-of-00002", "s", "lost")]

    sides = {"ours": tfckpt, "theirs": train}
    seen = {}
    for side, api in sides.items():
        paths = fill(tmp_path / side)
        exist = [api.checkpoint_exists(path) for path in paths]
        mtimes = api.get_checkpoint_mtimes(paths)
        api.remove_checkpoint(paths[0], meta_graph_suffix="x")
        api.remove_checkpoint(paths[1], tfckpt.SaverDef.V1)
        api.remove_checkpoint(paths[4])
        left = sorted(os.listdir(tmp_path / side))
        api.remove_checkpoint(paths[2], tfckpt.SaverDef.V1)
        seen[side] = (exist, mtimes, left, sorted(os.listdir(tmp_path / side)))
    assert seen["ours"] == seen["theirs"]


@pytest.mark.parametrize("seed", range(30))
def test_iterating_asks_and_sleeps_alike(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcd":
        tfckpt.save(tmp_path / name, {"w": 1})

    def life(iterator: Callable[..., Any]) -> list[Any]:
        chance, now, log = random.Random(seed), [0.0], []
        (tmp_path / "checkpoint").unlink(missing_ok=True)

        def sleep(seconds: float) -> None:
            log.append(("sleep", round(seconds, 6)))
            now[0] += seconds
            if chance.random() < 0.5:
                tfckpt.update_checkpoint_state(tmp_path, chance.choice("abcd"))

        def timed_out() -> bool:
            log.append("asked")
            return chance.random() < 0.3

        monkeypatch.setattr(time, "sleep", sleep)
        monkeypatch.setattr(time, "time", lambda: now[0])
        timeout_fn = chance.choice([None, timed_out])
        interval = chance.choice([0, 5])
        for path in iterator(str(tmp_path), interval, chance.choice([0, 2, 3.5]), timeout_fn):
            log.append(Path(path).name)
            now[0] += chance.choice([0, 1, 7])
            if len(log) > 60:
                break
        return log

    assert life(tfckpt.checkpoints_iterator) == life(tf.train.checkpoints_iterator)
