"""Which checkpoints are kept by policies, and what may never go."""

from __future__ import annotations

import json
import logging
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import tfckpt
from tfckpt import keep
from tfckpt.cli import cli
from tfckpt.keep.record import Record
from tfckpt.protos import SaverDef

W = {"w": np.arange(3.0)}
HOUR = 3600.0


def records(*given: tuple[int, float, float | None]) -> list[Record]:
    """Make records of steps, hours, and losses."""
    return [
        Record(f"m-{step}", step, hours * HOUR, {} if loss is None else {"loss": loss})
        for step, hours, loss in given
    ]


def kept(policy: keep.Policy, of: Sequence[Record]) -> list[int | None]:
    names = policy.reasons(of)
    return [one.step for one in of if one.name in names]


RUN = records((5, 0, 0.9), (10, 1, 0.2), (12, 2, None), (19, 3, 0.2), (20, 8, 0.5), (31, 9, 0.7))
KEPT: list[tuple[str, list[int]]] = [
    ("last(1)", [31]),
    ("last(3)", [19, 20, 31]),
    ("last(9)", [5, 10, 12, 19, 20, 31]),
    ("best('loss')", [19]),  # of equals the later
    ("best('loss', 2)", [10, 19]),
    ("best('loss', 3)", [10, 19, 20]),
    ("best('loss', 2, mode='max')", [5, 31]),
    ("best('accuracy', 2)", []),
    ("every(hours=1)", [5, 10, 12, 19, 20, 31]),
    ("every(hours=2)", [5, 12, 20]),
    ("every(hours=6)", [5, 20]),
    ("every(steps=10)", [10, 20, 31]),
    ("every(steps=30)", [31]),
    ("pinned('m-1?')", [10, 12, 19]),
    ("pinned('m-[*]')", []),
    ("pinned([5, 19, 77])", [5, 19]),
    ("pinned('m-31', [5])", [5, 31]),
    ("last(1) | best('loss') | every(hours=6)", [5, 19, 20, 31]),
]


@pytest.mark.parametrize(("text", "steps"), KEPT, ids=lambda value: str(value))
def test_a_policy_keeps(text: str, steps: list[int]) -> None:
    policy = keep.parse(text)
    assert kept(policy, RUN) == steps
    assert repr(policy) == text
    assert keep.parse(repr(policy)) == policy


def test_reasons_say_what_keeps_a_checkpoint() -> None:
    policy = keep.last(2) | keep.best("loss", 2) | keep.every(steps=10) | keep.pinned("m-5", [12])
    assert policy.reasons(RUN) == {
        "m-5": ("pinned by 'm-5'",),
        "m-10": ("loss 0.2 is number 2 of the lowest", "the first from step 10 on"),
        "m-12": ("step 12 is pinned",),
        "m-19": ("loss 0.2 is the lowest",),
        "m-20": ("of the last 2", "the first from step 20 on"),
        "m-31": ("of the last 2", "the first from step 30 on"),
    }


def test_nan_is_never_the_best_and_infinity_may_be() -> None:
    run = records((1, 0, math.nan), (2, 0, math.inf), (3, 0, -math.inf))
    assert kept(keep.best("loss"), run) == [3]
    assert kept(keep.best("loss", 3), run) == [2, 3]


def test_what_has_lost_its_metrics_may_have_been_the_best() -> None:
    lost = Record("m-1", 1, 0.0, metrics=None)
    assert kept(keep.best("loss"), [lost, *records((2, 0, 0.1), (3, 0, 0.2))]) == [1, 2]


policies = st.one_of(
    st.builds(keep.last, st.integers(1, 4)),
    st.builds(keep.best, st.just("loss"), st.integers(1, 3), st.sampled_from(["min", "max"])),
    st.builds(lambda hours: keep.every(hours=hours), st.integers(1, 9)),
    st.builds(lambda steps: keep.every(steps=steps), st.integers(1, 9)),
    st.builds(lambda steps: keep.pinned(steps), st.lists(st.integers(0, 30), min_size=1)),
)


@given(
    st.lists(policies, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from([0.1, 0.2, None]))),
)
def test_deleting_after_each_save_leaves_what_deleting_once_leaves(
    parts: list[keep.Policy], gaps: list[tuple[int, int, float | None]]
) -> None:
    """But for the newest at the time, which then stays until the next save."""
    policy = parts[0]
    for part in parts[1:]:
        policy = policy | part
    steps = np.cumsum([1 + step for step, _, _ in gaps]).tolist()
    hours = np.cumsum([hours for _, hours, _ in gaps]).tolist()
    run = records(*((steps[at], hours[at], loss) for at, (_, _, loss) in enumerate(gaps)))
    left: list[Record] = []
    for one in run:
        now = [*left, one]
        chosen = policy.reasons(now)
        left = [old for old in now if old.name in chosen or old is one]
    assert kept(policy, left) == kept(policy, run)


WRONG = [
    "",
    "last",
    "last()",
    "last(0)",
    "last(1.5)",
    "last(True)",
    "best(3)",
    "best('loss', mode='low')",
    "every()",
    "every(hours=1, steps=1)",
    "every(hours=0)",
    "every(hours=float('inf'))",
    "every(steps=-1)",
    "pinned()",
    "pinned(3)",
    "pinned(['m'])",
    "last(1) & last(2)",
    "last(1) or last(2)",
    "open('x')",
    "last(__import__('os').getpid())",
    "(" * 500,
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no policy"):
        keep.parse(text)


def run_of(folder: Path, policy: keep.Policy | None, losses: Sequence[float], **more: Any) -> Any:
    saver = tfckpt.Saver(keep=policy, **more) if policy else tfckpt.Saver(**more)
    for step, loss in enumerate(losses, 1):
        saver.save(W, folder / "m", step, metrics={"loss": loss})
    return saver


def steps_in(folder: Path) -> list[int]:
    return sorted(int(path.stem.rpartition("-")[2]) for path in folder.glob("*.index"))


def named(folder: Path) -> list[str]:
    state = tfckpt.get_checkpoint_state(folder)
    assert state is not None
    return [os.path.basename(path) for path in state.all_model_checkpoint_paths]


LOSSES = [0.9, 0.1, 0.5, 0.2, 0.6, 0.7]


def test_a_saver_keeps_what_its_policy_says(tmp_path: Path) -> None:
    saver = run_of(tmp_path, keep.last(2) | keep.best("loss", 2), LOSSES)
    assert steps_in(tmp_path) == [2, 4, 5, 6]
    assert named(tmp_path) == ["m-2", "m-4", "m-5", "m-6"]
    assert saver.last_checkpoints == [str(tmp_path / name) for name in named(tmp_path)]
    assert not (tmp_path / "m-1.meta").exists()
    assert (tmp_path / "m-2.meta").exists()


@pytest.mark.parametrize("version", [SaverDef.V1, SaverDef.V2])
@pytest.mark.parametrize("sharded", [False, True])
def test_every_format_is_deleted_whole(version: int, sharded: bool, tmp_path: Path) -> None:
    run_of(tmp_path, keep.last(1), LOSSES, write_version=version, sharded=sharded, shards=1)
    left = {name for name in os.listdir(tmp_path) if not name.startswith("checkpoint")}
    assert left
    assert all(name.startswith("m-6") for name in left)


def test_a_policy_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Users of max_to_keep have to call recover_last_checkpoints for that."""
    policy = keep.last(2) | keep.best("loss")
    run_of(tmp_path, policy, LOSSES)
    saver = tfckpt.Saver(keep=policy)
    saver.save(W, tmp_path / "m", 7, metrics={"loss": 0.3})
    assert steps_in(tmp_path) == [2, 6, 7]


def test_a_policy_takes_over_what_tensorflows_arguments_left(tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=4)
    for step in range(1, 7):
        saver.save(W, tmp_path / "m", step)
    tfckpt.save(tmp_path / "mine", W)
    tfckpt.Saver(keep=keep.last(2)).save(W, tmp_path / "m", 7)
    assert {path.stem for path in tmp_path.glob("*.index")} == {"m-6", "m-7", "mine"}


def test_metrics_are_noted_under_tensorflows_arguments_too(tmp_path: Path) -> None:
    run_of(tmp_path, None, LOSSES, max_to_keep=4)
    assert steps_in(tmp_path) == [3, 4, 5, 6]
    tfckpt.Saver(keep=keep.best("loss")).save(W, tmp_path / "m", 7, metrics={"loss": 1})
    assert steps_in(tmp_path) == [4, 7]


def test_without_policy_and_metrics_a_folder_is_as_tensorflow_leaves_it(tmp_path: Path) -> None:
    tfckpt.Saver().save(W, tmp_path / "m", 1)
    assert sorted(os.listdir(tmp_path)) == [
        "checkpoint",
        "m-1.data-00000-of-00001",
        "m-1.index",
        "m-1.meta",
    ]


def test_the_newest_stays_whatever_the_policy_says(tmp_path: Path) -> None:
    run_of(tmp_path, keep.pinned("nothing"), LOSSES)
    assert steps_in(tmp_path) == [6]


def test_metrics_may_come_later(tmp_path: Path) -> None:
    saver = tfckpt.Saver(keep=keep.best("loss") | keep.last(2))
    for step, loss in enumerate(LOSSES, 1):
        path = saver.save(W, tmp_path / "m", step)
        assert path is not None
        keep.record_metrics(path, {"loss": np.float32(loss)})
    assert steps_in(tmp_path) == [2, 5, 6]
    with pytest.raises(tfckpt.errors.NotFoundError):
        keep.record_metrics(tmp_path / "m-1", {"loss": 0})


@pytest.mark.parametrize("metrics", [3, {"loss": "low"}, {"loss": [1, 2]}, {1: 2}])
def test_metrics_are_numbers_by_name(metrics: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="metric"):
        tfckpt.Saver().save(W, tmp_path / "m", 1, metrics=metrics)
    assert os.listdir(tmp_path) == []


def test_metrics_need_a_state_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="write_state"):
        tfckpt.Saver().save(W, tmp_path / "m", 1, write_state=False, metrics={"loss": 1})


def test_keep_and_max_to_keep_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="both say"):
        tfckpt.Saver(max_to_keep=3, keep=keep.last(3))
    with pytest.raises(ValueError, match="max_to_keep"):
        tfckpt.CheckpointManager(tfckpt.Checkpoint(), tmp_path, 3, keep=keep.last(3))
    with pytest.raises(TypeError, match="policy"):
        tfckpt.Saver(keep=3)  # type: ignore[arg-type]


def test_each_metric_survives_its_file(tmp_path: Path) -> None:
    saver = tfckpt.Saver(keep=keep.last(9))
    for step, value in enumerate([0.1, math.inf, -math.inf, math.nan, 3], 1):
        saver.save(W, tmp_path / "m", step, metrics={"loss": value, "ok": True})
    text = (tmp_path / "checkpoint.tfckpt.json").read_text()
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert [one["metrics"]["loss"] for one in found["checkpoints"]] == [
        0.1,
        "inf",
        "-inf",
        "nan",
        3,
    ]
    report = tfckpt.prune(tmp_path, keep.best("loss", 2, mode="max"), dry_run=True)
    assert [one.step for one in report.stay] == [2, 5]


@pytest.mark.parametrize(
    "damage",
    [None, "", "{", "[]", '{"version": 2}', '{"version": 1, "checkpoints": [{}]}', "\ud800"],
)
def test_a_lost_file_is_made_anew_and_loses_nobody_his_best(
    damage: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_of(tmp_path, keep.last(2) | keep.best("loss"), LOSSES)
    file = tmp_path / "checkpoint.tfckpt.json"
    file.unlink()
    if damage is not None:
        file.write_bytes(damage.encode(errors="surrogatepass"))
    saver = tfckpt.Saver(keep=keep.last(1) | keep.best("loss"))
    with caplog.at_level(logging.WARNING, "tfckpt"):
        saver.save(W, tmp_path / "m", 7, metrics={"loss": 3})
    assert steps_in(tmp_path) == [2, 5, 6, 7]
    assert ("ignored" in caplog.text) == (damage is not None)


def test_a_name_that_leads_elsewhere_deletes_nothing_there(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "else" / "m-1", W)
    run = tmp_path / "run"
    run_of(run, keep.last(1), [0.1])
    file = run / "checkpoint.tfckpt.json"
    file.write_text(file.read_text().replace("m-1", "../else/m-1"))
    run_of(run, keep.last(1), [0.1, 0.2, 0.3])
    assert tfckpt.checkpoint_exists(tmp_path / "else" / "m-1")


def test_what_a_kill_left_to_be_deleted_goes_with_the_next_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_of(tmp_path, keep.last(1), [1.0])
    with monkeypatch.context() as patch:
        patch.setattr("tfckpt.saver.by_policy.delete_judged", lambda *_: False)
        run_of(tmp_path, keep.last(1), [1.0, 1.0, 1.0])
    assert steps_in(tmp_path) == [1, 2, 3]
    assert named(tmp_path) == ["m-3"]
    tfckpt.Saver(keep=keep.last(1)).save(W, tmp_path / "m", 4)
    assert steps_in(tmp_path) == [4]


def test_hooks_and_log_tell_of_each_deletion(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[tuple[str, ...]] = []
    with caplog.at_level(logging.INFO, "tfckpt"):
        run_of(
            tmp_path,
            keep.last(1),
            [1, 2],
            on_saved=lambda path: said.append((os.path.basename(path),)),
            on_deleted=lambda path, why: said.append((os.path.basename(path), why)),
        )
    assert said == [("m-1",), ("m-2",), ("m-1", "not kept by last(1)")]
    assert f"deleted {tmp_path / 'm-1'}: not kept by last(1)" in caplog.text


def test_hooks_know_tensorflows_arguments(tmp_path: Path) -> None:
    said: list[str] = []
    run_of(tmp_path, None, [1, 2], max_to_keep=1, on_deleted=lambda path, why: said.append(why))
    assert said == ["it is no longer among the last 1"]
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    manager = tfckpt.CheckpointManager(
        checkpoint, tmp_path / "b", 1, on_deleted=lambda path, why: said.append(why)
    )
    for _ in range(2):
        manager.save()
    assert said == ["it is no longer among the last 1"] * 2


def test_a_manager_keeps_what_its_policy_says(tmp_path: Path) -> None:
    policy = keep.last(2) | keep.best("loss")
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path, None, keep=policy)
    for loss in LOSSES:
        manager.save(metrics={"loss": loss})
    assert steps_in(tmp_path) == [2, 5, 6]
    later = tfckpt.CheckpointManager(checkpoint, tmp_path, None, keep=policy)
    assert later.latest_checkpoint == str(tmp_path / "ckpt-6")
    assert [os.path.basename(path) for path in later.checkpoints] == ["ckpt-2", "ckpt-5", "ckpt-6"]
    later.save(metrics={"loss": 0.01})
    assert steps_in(tmp_path) == [6, 7]
    state = tfckpt.get_checkpoint_state(tmp_path)
    assert state is not None
    assert len(state.all_model_checkpoint_timestamps) == 2


@pytest.mark.parametrize("policy", [keep.last(1), None])
def test_a_pin_holds_whoever_deletes(policy: keep.Policy | None, tmp_path: Path) -> None:
    options: Any = {"keep": policy} if policy else {"max_to_keep": 1}
    saver = tfckpt.Saver(**options)
    path = saver.save(W, tmp_path / "m", 1)
    assert path is not None
    keep.pin(path, "the one in the paper")
    for step in (2, 3):
        saver.save(W, tmp_path / "m", step)
    assert steps_in(tmp_path) == [1, 3]
    report = tfckpt.prune(tmp_path, keep.last(1))
    if policy:
        assert report.checkpoints[0].reasons == ("pinned: the one in the paper",)
        keep.unpin(path)
        assert [one.step for one in tfckpt.prune(tmp_path, keep.last(1)).go] == [1]
        assert steps_in(tmp_path) == [3]


READER = """
import sys, tfckpt
with tfckpt.keep.lease(sys.argv[1]):
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("options", [{"keep": keep.last(1)}, {"max_to_keep": 1}])
@pytest.mark.parametrize("killed", [False, True])
def test_what_another_process_reads_goes_when_it_is_done(
    options: Any, killed: bool, tmp_path: Path
) -> None:
    saver = tfckpt.Saver(**options)
    path = saver.save(W, tmp_path / "m", 1)
    assert path is not None
    command = [sys.executable, "-c", READER, path]
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert reader.stdin is not None
    assert reader.stdout is not None
    assert reader.stdout.readline() == b"begun\n"
    for step in (2, 3):
        saver.save(W, tmp_path / "m", step)
    assert steps_in(tmp_path) == [1, 3]
    if killed:
        reader.kill()
    reader.stdin.close()
    reader.wait(60)
    reader.stdout.close()
    saver.save(W, tmp_path / "m", 4)
    assert steps_in(tmp_path) == [4]
    saver.save(W, tmp_path / "m", 5)
    assert not list(tmp_path.glob(".tfckpt*"))


def test_a_manager_waits_for_readers(tmp_path: Path) -> None:
    manager = tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.zeros(2)), tmp_path, 1)
    path = manager.save()
    assert path is not None
    with keep.lease(path):
        manager.save()
        assert steps_in(tmp_path) == [1, 2]
    manager.save()
    assert steps_in(tmp_path) == [3]


def test_there_is_no_lease_on_what_is_gone(tmp_path: Path) -> None:
    with pytest.raises(tfckpt.errors.NotFoundError), keep.lease(tmp_path / "m-1"):
        pass
    assert os.listdir(tmp_path) == []


def test_two_processes_keep_by_one_policy(tmp_path: Path) -> None:
    script = (
        "import sys, tfckpt; from tfckpt import keep\n"
        "saver = tfckpt.Saver(keep=keep.last(3) | keep.best('loss', 2))\n"
        "for step in range(int(sys.argv[2]), 40, 2):\n"
        "    saver.save({'w': [float(step)]}, sys.argv[1] + '/m', step,\n"
        "               write_meta_graph=False, metrics={'loss': (step * 7 % 40)})\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(first)])
        for first in (0, 1)
    ]
    assert [child.wait(60) for child in children] == [0, 0]
    losses = {step: step * 7 % 40 for step in range(40)}
    best = sorted(losses, key=lambda step: losses[step])[:2]
    left = steps_in(tmp_path)
    assert set(best) <= set(left)
    assert len(left) <= 5
    assert sorted(named(tmp_path)) == sorted(f"m-{step}" for step in left)
    for step in left:
        assert tfckpt.load(tmp_path / f"m-{step}")["w"] == step


def test_prune_says_why_each_stays_or_goes(tmp_path: Path) -> None:
    run_of(tmp_path, keep.last(9), LOSSES)
    tfckpt.save(tmp_path / "mine", W)
    before = sorted(os.listdir(tmp_path))
    policy = keep.best("loss", 2) | keep.pinned([3])
    report = tfckpt.prune(tmp_path, policy, dry_run=True)
    assert [(one.step, one.reasons) for one in report.checkpoints] == [
        (1, ()),
        (2, ("loss 0.1 is the lowest",)),
        (3, ("step 3 is pinned",)),
        (4, ("loss 0.2 is number 2 of the lowest",)),
        (5, ()),
        (6, ("the newest",)),
        (None, ("no state file here ever named it",)),
    ]
    assert not any(one.deleted for one in report.checkpoints)
    assert sorted(os.listdir(tmp_path)) == before
    done = tfckpt.prune(tmp_path, policy)
    assert [one.step for one in done.checkpoints if one.deleted] == [1, 5]
    assert {path.stem for path in tmp_path.glob("*.index")} == {"m-2", "m-3", "m-4", "m-6", "mine"}
    assert named(tmp_path) == ["m-2", "m-3", "m-4", "m-6"]
    assert not tfckpt.prune(tmp_path, policy).go


def test_prune_keeps_the_newest_that_is_sound(tmp_path: Path) -> None:
    run_of(tmp_path, keep.last(9), LOSSES)
    for step in (5, 6):
        (tmp_path / f"m-{step}.data-00000-of-00001").write_bytes(b"\xff" * 24)
    report = tfckpt.prune(tmp_path, keep.last(1))
    assert [(one.step, one.reasons) for one in report.stay] == [
        (4, ("the newest that is sound",)),
        (6, ("the newest", "of the last 1")),
    ]
    assert steps_in(tmp_path) == [4, 6]


def test_prune_deletes_nothing_where_nothing_is_sound(tmp_path: Path) -> None:
    run_of(tmp_path, keep.last(9), [1, 2])
    for step in (1, 2):
        (tmp_path / f"m-{step}.data-00000-of-00001").write_bytes(b"")
    assert not tfckpt.prune(tmp_path, keep.last(1)).go


def test_prune_keeps_what_the_state_file_names_as_the_latest(tmp_path: Path) -> None:
    run_of(tmp_path, keep.last(9), LOSSES)
    everything = [f"m-{step}" for step in (1, 3, 4, 5, 6, 2)]
    tfckpt.update_checkpoint_state(tmp_path, "m-2", everything)  # a rewound run
    report = tfckpt.prune(tmp_path, keep.last(1))
    assert steps_in(tmp_path) == [2, 6]
    assert report.stay[0].reasons == ("the state file names it as the latest",)
    assert tfckpt.latest_checkpoint(tmp_path) == str(tmp_path / "m-2")


def test_prune_keeps_the_times_of_managers(tmp_path: Path) -> None:
    manager = tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.zeros(2)), tmp_path, 5)
    for _ in range(4):
        manager.save()
    before = tfckpt.get_checkpoint_state(tmp_path)
    tfckpt.prune(tmp_path, keep.last(2))
    after = tfckpt.get_checkpoint_state(tmp_path)
    assert before is not None
    assert after is not None
    times = list(before.all_model_checkpoint_timestamps)
    assert list(after.all_model_checkpoint_timestamps) == times[2:]
    assert after.last_preserved_timestamp == before.last_preserved_timestamp


def test_prune_takes_folders(tmp_path: Path) -> None:
    with pytest.raises(tfckpt.errors.NotFoundError, match="no such folder"):
        tfckpt.prune(tmp_path / "x", keep.last(1))
    with pytest.raises(TypeError, match="policy"):
        tfckpt.prune(tmp_path, 3)  # type: ignore[arg-type]
    assert tfckpt.prune(tmp_path, keep.last(1)).checkpoints == ()


def test_the_command_prints_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    run_of(tmp_path / "run", keep.last(9), [0.9, 0.1, 0.5], save_relative_paths=True)
    monkeypatch.chdir(tmp_path)
    command = ["prune", "run", "--keep", "best('loss')"]
    shown = CliRunner().invoke(cli, [*command, "--dry-run"])
    assert shown.exit_code == 0
    assert [" ".join(line.split()) for line in shown.stdout.splitlines()] == [
        "checkpoint step saved size metrics fate why",
        "m-1 1 2001-09-09 01:46 1.7 kB loss=0.9 goes nothing keeps it",
        "m-2 2 2001-09-09 01:46 1.7 kB loss=0.1 stays loss 0.1 is the lowest",
        "m-3 3 2001-09-09 01:46 1.7 kB loss=0.5 stays the newest",
        "",
        "run: 2 checkpoints stay, 1 would go (1.7 kB)",
    ]
    assert steps_in(tmp_path / "run") == [1, 2, 3]
    done = CliRunner().invoke(cli, [*command, "--json"])
    assert [one["deleted"] for one in json.loads(done.stdout)["checkpoints"]] == [
        True,
        False,
        False,
    ]
    assert steps_in(tmp_path / "run") == [2, 3]


def test_the_command_refuses_what_is_no_policy(tmp_path: Path) -> None:
    failed = CliRunner().invoke(cli, ["prune", str(tmp_path), "--keep", "newest(3)"])
    assert failed.exit_code == 2
    assert "there are last, best, every, pinned" in failed.stderr
    failed = CliRunner().invoke(cli, ["prune", str(tmp_path / "x"), "--keep", "last(3)"])
    assert failed.exit_code == 1
    assert failed.stderr.count("\n") == 1
