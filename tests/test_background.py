"""Saves in the background: what they write, in which order, and who hears of errors."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import tfckpt
from tfckpt import keep
from tfckpt.background.prepared import PreparedSave
from tfckpt.background.snapshot import Buffer, is_immutable


class Held:
    """Prepares saves that are written when `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.written: list[Any] = []
        self.fails: set[str] = set()

    def prepare_save(self, name: str, array: Any) -> PreparedSave | None:
        def write(arrays: Any, threads: int | None) -> str:
            assert self.go.wait(60)
            assert threads == 1
            if name in self.fails:
                raise OSError(f"{name} failed")
            self.written.append((name, arrays["w"].copy()))
            return name

        return None if name == "nothing" else PreparedSave(name, {"w": array}, write)


@pytest.fixture
def held() -> Iterator[Held]:
    one = Held()
    yield one
    one.go.set()


def test_a_save_returns_before_it_is_written_and_holds_the_values_of_then(held: Held) -> None:
    array = np.arange(5.0)
    saver = tfckpt.BackgroundSaver(held)
    pending = saver.save("a", array)
    assert pending is not None
    array[:] = -1
    assert (pending.path, pending.done(), saver.pending) == ("a", False, 1)
    with pytest.raises(TimeoutError, match="not saved after"):
        pending.result(timeout=0.01)
    with pytest.raises(TimeoutError):
        saver.wait(timeout=0.01)
    held.go.set()
    assert pending.result(60) == "a"
    assert pending.done()
    ((_, written),) = held.written
    np.testing.assert_array_equal(written, np.arange(5.0))
    saver.close()
    with pytest.raises(RuntimeError, match="closed"):
        saver.save("b", array)


def test_saves_are_written_in_the_order_in_which_they_came(held: Held) -> None:
    held.go.set()
    with tfckpt.BackgroundSaver(held, max_pending=4) as saver:
        for number in range(30):
            saver.save(str(number), np.full(3, number))
    assert [(name, int(array[0])) for name, array in held.written] == [
        (str(number), number) for number in range(30)
    ]


def test_a_full_queue_skips_or_complains(held: Held) -> None:
    skipping = tfckpt.BackgroundSaver(held, when_full="skip")
    assert skipping.save("a", np.zeros(1)) is not None
    assert skipping.save("b", np.zeros(1)) is None
    complaining = tfckpt.BackgroundSaver(held, max_pending=2, when_full="error")
    complaining.save("c", np.zeros(1))
    complaining.save("d", np.zeros(1))
    with pytest.raises(RuntimeError, match="2 saves are under way"):
        complaining.save("e", np.zeros(1))
    held.go.set()
    skipping.close()
    complaining.close()
    assert sorted(name for name, _ in held.written) == ["a", "c", "d"]


def test_a_full_queue_waits_and_needs_no_second_copy(held: Held) -> None:
    saver = tfckpt.BackgroundSaver(held)
    saver.save("a", np.full(1000, 1.0))
    threading.Timer(0.05, held.go.set).start()
    saver.save("b", np.full(1000, 2.0))
    saver.close()
    assert [(name, float(array[0])) for name, array in held.written] == [("a", 1.0), ("b", 2.0)]
    assert 8000 <= saver.snapshot_bytes < 16000


def test_nothing_to_save_is_none(held: Held) -> None:
    with tfckpt.BackgroundSaver(held) as saver:
        assert saver.save("nothing", np.zeros(1)) is None


@pytest.mark.parametrize("how", ["save", "wait", "close", "with"])
def test_an_error_comes_up_where_it_was_not_asked_for(
    how: str, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    held.fails, saver = {"a"}, tfckpt.BackgroundSaver(held)
    held.go.set()
    saver.save("a", np.zeros(1))
    with pytest.raises(OSError, match="a failed"):
        if how == "save":
            saver.save("b", np.zeros(1))
        elif how == "wait":
            saver.wait()
        elif how == "close":
            saver.close()
        else:
            with saver:
                pass
    assert "a was not saved: a failed" in caplog.text
    saver.wait()  # it is told once
    assert held.written == []
    if how in ("save", "wait"):
        saver.save("c", np.zeros(1))
        saver.close()
        assert [name for name, _ in held.written] == ["c"]


def test_an_error_that_was_asked_for_does_not_come_up_again(held: Held) -> None:
    held.fails, saver = {"a"}, tfckpt.BackgroundSaver(held)
    held.go.set()
    pending = saver.save("a", np.zeros(1))
    assert pending is not None
    for _ in range(2):
        with pytest.raises(OSError, match="a failed"):
            pending.result()
    assert isinstance(pending.exception(), OSError)
    saver.save("b", np.zeros(1))
    saver.close()


def test_an_error_of_the_block_counts_more_than_one_of_a_save(
    held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    held.fails = {"a"}
    held.go.set()
    with pytest.raises(KeyError), tfckpt.BackgroundSaver(held) as saver:
        saver.save("a", np.zeros(1))
        raise KeyError
    assert "a was not saved" in caplog.text


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_pending": 0}, ValueError),
        ({"when_full": "never"}, ValueError),
        ({"saver": 3}, TypeError),
    ],
)
def test_wrong_arguments(options: Any, error: type[Exception], held: Held) -> None:
    with pytest.raises(error):
        tfckpt.BackgroundSaver(**{"saver": held, **options})


LAYOUTS = {
    "C": np.arange(24.0).reshape(4, 6),
    "Fortran": np.asfortranarray(np.arange(24.0).reshape(4, 6)),
    "strided": np.arange(48.0).reshape(8, 6)[::2],
    "big-endian": np.arange(5, dtype=">i4"),
    "bfloat16": np.arange(5).astype(ml_dtypes.bfloat16),
    "bool": np.array([True, False]),
    "scalar": np.array(7),
    "empty": np.zeros((3, 0), np.float32),
    "strings": np.array([b"a", b"bcd"], object),
    "fixed strings": np.array(["ab", "c"]),
    "big": np.arange(3 << 20, dtype=np.float32),
    "big, Fortran": np.asfortranarray(np.arange(3 << 20, dtype=np.float32).reshape(3, -1)),
}


def test_a_snapshot_has_the_values_of_arrays_of_any_layout() -> None:
    buffer = Buffer()
    for _ in range(2):  # the second in the same memory
        given = {name: array.copy(order="K") for name, array in LAYOUTS.items()}
        given["strided"] = np.repeat(LAYOUTS["strided"], 2, axis=0)[::2]
        copies = buffer.snapshot(given)
        for array in given.values():
            array[...] = array.dtype.type(1) if array.dtype.kind not in "OU" else "x"
        for name, array in LAYOUTS.items():
            assert copies[name].dtype == array.dtype
            np.testing.assert_array_equal(copies[name], array)
    assert copies["Fortran"].flags.f_contiguous
    assert copies["C"].ctypes.data % 64 == 0


def test_the_same_array_twice_is_copied_once() -> None:
    array = np.zeros(3)
    copies = Buffer().snapshot({"a": array, "b": array})
    assert copies["a"] is copies["b"]
    assert copies["a"] is not array


def test_only_what_nobody_can_change_is_not_copied() -> None:
    frozen = np.zeros(3)
    view = frozen[:]
    frozen.flags.writeable = False
    assert not is_immutable(frozen)  # `view` can still change it
    assert view.flags.writeable
    assert not is_immutable(np.frombuffer(bytearray(8)))
    octets = np.frombuffer(bytes(8))
    assert is_immutable(octets)
    assert is_immutable(octets[2:].reshape(-1))
    assert Buffer().snapshot({"a": octets})["a"] is octets


def test_a_saver_rotates_in_the_background(tmp_path: Path) -> None:
    weights = {"w": np.zeros(1000), "step": np.array(0)}
    saver = tfckpt.Saver(max_to_keep=2)
    with tfckpt.BackgroundSaver(saver) as background:
        for step in range(1, 6):
            weights["w"] += 1
            weights["step"][()] = step
            pending = background.save(weights, tmp_path / "m", global_step="step")
            assert pending is not None
            assert pending.path == str(tmp_path / f"m-{step}")
    assert sorted(path.stem for path in tmp_path.glob("*.index")) == ["m-4", "m-5"]
    for step in (4, 5):
        assert (tfckpt.load(tmp_path / f"m-{step}")["w"] == step).all()
    assert tfckpt.latest_checkpoint(tmp_path) == str(tmp_path / "m-5")


def test_wrong_weights_are_refused_at_once(tmp_path: Path) -> None:
    with tfckpt.BackgroundSaver(tfckpt.Saver()) as background:
        with pytest.raises(TypeError):
            background.save({"w": object()}, tmp_path / "m")
        with pytest.raises(ValueError, match="no checkpoint"):
            background.save({"w": [1.0]}, "")
    assert os.listdir(tmp_path) == []


def test_the_state_file_waits_for_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, begun, real = threading.Event(), threading.Event(), os.fsync

    def slow(number: int) -> None:
        begun.set()
        assert go.wait(60)
        real(number)

    monkeypatch.setattr("tfckpt.storage.sync.os.fsync", slow)
    with tfckpt.BackgroundSaver(tfckpt.Saver()) as background:
        background.save({"w": np.zeros(3)}, tmp_path / "m", 1)
        assert begun.wait(60)
        assert tfckpt.latest_checkpoint(tmp_path) is None
        go.set()
    assert tfckpt.latest_checkpoint(tmp_path) == str(tmp_path / "m-1")


def test_a_manager_counts_at_once_and_rotates_later(tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path, None, keep=keep.last(2))
    with tfckpt.BackgroundSaver(manager) as background:
        for number in (1, 2, 3):
            checkpoint.w += 1
            pending = background.save(metrics={"loss": number})
            assert pending is not None
            assert (pending.path, int(checkpoint.save_counter)) == (
                str(tmp_path / f"ckpt-{number}"),
                number,
            )
    assert manager.checkpoints == [str(tmp_path / "ckpt-2"), str(tmp_path / "ckpt-3")]
    assert tfckpt.load_object_tree(tmp_path / "ckpt-3")["w"].tolist() == [3, 3]
    assert int(tfckpt.load_object_tree(tmp_path / "ckpt-3")["save_counter"]) == 3


def test_a_manager_of_what_writes_at_once_is_refused(tmp_path: Path) -> None:
    class Own:
        save_counter = 0

        def write(self, file_prefix: str) -> None: ...

        def restore(self, save_path: str) -> None: ...

    manager = tfckpt.CheckpointManager(Own(), tmp_path, 2)
    with pytest.raises(TypeError, match="prepare_write"):
        tfckpt.BackgroundSaver(manager).save()


ASYNC = tfckpt.CheckpointOptions(enable_async=True)


def test_enable_async_writes_beside_the_loop(tmp_path: Path) -> None:
    go = threading.Event()
    threads: list[str] = []

    def callback(path: str) -> None:
        assert go.wait(60)
        threads.append(threading.current_thread().name)

    options = tfckpt.CheckpointOptions(enable_async=True, experimental_write_callbacks=[callback])
    checkpoint = tfckpt.Checkpoint(w=np.ones(2))
    path = checkpoint.save(tmp_path / "ckpt", options)
    assert path == str(tmp_path / "ckpt-1")
    assert int(checkpoint.save_counter) == 1
    assert tfckpt.latest_checkpoint(tmp_path) is None
    checkpoint.w += 1
    go.set()
    checkpoint.sync()
    assert threads == ["tfckpt-save"]
    assert tfckpt.latest_checkpoint(tmp_path) == path
    assert tfckpt.load_object_tree(path)["w"].tolist() == [1, 1]


def test_a_save_after_one_in_the_background_comes_after_it(tmp_path: Path) -> None:
    """TensorFlow's has a counter of its own for these, and saves ckpt-1 a second time."""
    checkpoint = tfckpt.Checkpoint(w=np.ones(2))
    paths = [checkpoint.save(tmp_path / "ckpt", options) for options in (ASYNC, None, ASYNC)]
    checkpoint.sync()
    assert [os.path.basename(path) for path in paths] == ["ckpt-1", "ckpt-2", "ckpt-3"]
    assert tfckpt.latest_checkpoint(tmp_path) == paths[-1]
    assert [int(tfckpt.load_object_tree(path)["save_counter"]) for path in paths] == [1, 2, 3]


@pytest.mark.parametrize("how", ["save", "write", "sync"])
def test_what_failed_in_the_background_comes_up_next(how: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    checkpoint = tfckpt.Checkpoint(w=np.ones(2))
    checkpoint.save(tmp_path / "file" / "ckpt", ASYNC)
    calls: dict[str, Any] = {
        "save": lambda: checkpoint.save(tmp_path / "ckpt"),
        "write": lambda: checkpoint.write(tmp_path / "ckpt", ASYNC),
        "sync": checkpoint.sync,
    }
    with pytest.raises(tfckpt.errors.FailedPreconditionError):
        calls[how]()
    assert os.listdir(tmp_path) == ["file"]
    assert checkpoint.save(tmp_path / "ckpt", ASYNC).endswith("ckpt-2")
    checkpoint.sync()


def test_a_restore_waits_for_what_is_being_saved(tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.ones(200_000))
    path = checkpoint.save(tmp_path / "ckpt", ASYNC)
    checkpoint.w[...] = 0
    checkpoint.restore(path).assert_consumed()
    assert checkpoint.w.sum() == 200_000


def test_a_manager_saves_in_the_background_by_its_options(tmp_path: Path) -> None:
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path, 2)
    for number in (1, 2, 3):
        checkpoint.w[...] = number
        assert manager.save(options=ASYNC) == str(tmp_path / f"ckpt-{number}")
    manager.sync()
    assert manager.checkpoints == [str(tmp_path / "ckpt-2"), str(tmp_path / "ckpt-3")]
    assert sorted(path.stem for path in tmp_path.glob("*.index")) == ["ckpt-2", "ckpt-3"]
    assert ASYNC.experimental_write_callbacks is None


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(
    (3, 12) <= sys.version_info[:3] < (3, 12, 2), reason="starts no threads at its end (gh-113964)"
)
def test_what_is_under_way_is_written_when_the_program_ends(tmp_path: Path) -> None:
    script = (
        "import sys, numpy as np, tfckpt\n"
        "saver = tfckpt.BackgroundSaver(tfckpt.Saver(sharded=True, shards=2), max_pending=3)\n"
        "for step in (1, 2, 3):\n"
        "    weights = {'w': np.full(2_000_000, step), 'v': np.zeros(9)}\n"
        "    saver.save(weights, sys.argv[1] + '/m', step)\n"
    )
    done = run(script, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert tfckpt.load(tmp_path / "m-3")["w"].sum() == 6_000_000


def test_what_takes_too_long_at_the_end_is_said_to_be_lost(tmp_path: Path) -> None:
    script = (
        "import logging, threading, tfckpt\n"
        "from tfckpt.background.prepared import PreparedSave\n"
        "logging.basicConfig()\n"
        "class Slow:\n"
        "    def prepare_save(self):\n"
        "        return PreparedSave('m', {}, lambda arrays, threads: threading.Event().wait())\n"
        "tfckpt.BackgroundSaver(Slow(), drain_timeout=0.1).save()\n"
    )
    done = run(script)
    assert done.returncode == 0
    assert "1 saves are not done after 0.1 seconds, and lost" in done.stderr


SIGNALLED = """
import os, signal, sys, threading, time, numpy as np, tfckpt
before = sys.argv[2]
if before == "handler":
    signal.signal(signal.SIGTERM, lambda number, frame: (print("handler", flush=True), sys.exit(7)))
if before == "ignore":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
weights = {"w": np.zeros(1_000_000)}
saver = tfckpt.BackgroundSaver(tfckpt.Saver(), drain_on=(signal.SIGTERM,))
weights["w"][:] = 5
saver.save(weights, sys.argv[1] + "/m", 5)
os.kill(os.getpid(), signal.SIGTERM)
print("goes on", saver.pending, flush=True)
"""


@pytest.mark.parametrize(
    ("before", "code", "out"),
    [
        ("default", -signal.SIGTERM, ""),
        ("handler", 7, "handler\n"),
        ("ignore", 0, "goes on 0\n"),
    ],
)
def test_a_signal_saves_the_last_state_and_then_does_what_it_did(
    before: str, code: int, out: str, tmp_path: Path
) -> None:
    done = run(SIGNALLED, tmp_path, before)
    assert (done.returncode, done.stdout) == (code, out), done.stderr
    assert tfckpt.load(tmp_path / "m-5")["w"].sum() == 5_000_000


def test_a_signal_in_the_middle_of_a_save_waits_for_it(held: Held) -> None:
    said: list[str] = []
    old = signal.signal(signal.SIGUSR1, lambda number, frame: said.append("handler"))
    try:
        saver = tfckpt.BackgroundSaver(held, drain_on=[signal.SIGUSR1])
        prepare = held.prepare_save

        def interrupted(name: str, array: Any) -> PreparedSave | None:
            signal.raise_signal(signal.SIGUSR1)
            assert said == []
            return prepare(name, array)

        held.prepare_save = interrupted  # type: ignore[method-assign]
        held.go.set()
        saver.save("a", np.zeros(1))
        assert said == ["handler"]
        assert [name for name, _ in held.written] == ["a"]
        saver.close()
        signal.raise_signal(signal.SIGUSR1)
        assert said == ["handler", "handler"]
    finally:
        signal.signal(signal.SIGUSR1, old)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_has_no_part_in_its_parents_saves(held: Held) -> None:
    saver = tfckpt.BackgroundSaver(held)
    pending = saver.save("a", np.zeros(1))
    assert pending is not None
    child = os.fork()
    if not child:
        try:
            assert saver.pending == 0
            with pytest.raises(RuntimeError, match="its parent"):
                pending.result()
            held.go = threading.Event()
            held.go.set()
            saver.save("b", np.full(1, 3.0))
            saver.close()
            assert [(name, array[0]) for name, array in held.written] == [("b", 3.0)]
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    held.go.set()
    assert pending.result(60) == "a"
    assert [name for name, _ in held.written] == ["a"]


def test_each_array_of_a_checkpoint_has_one_steps_values(tmp_path: Path) -> None:
    weights = {name: np.zeros(50_000) for name in "abcd"}
    with tfckpt.BackgroundSaver(tfckpt.Saver(max_to_keep=None), when_full="skip") as saver:
        for step in range(1, 200):
            for array in weights.values():
                array[...] = step
            saver.save(weights, tmp_path / "m", step, write_meta_graph=False)
    found = sorted(tmp_path.glob("*.index"))
    assert found
    for index in found:
        step = int(index.stem.rpartition("-")[2])
        loaded = tfckpt.load(str(index)[: -len(".index")])
        assert {float(value) for array in loaded.values() for value in np.unique(array)} == {step}


def test_memory_is_said_before_it_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "tfckpt"), tfckpt.BackgroundSaver(tfckpt.Saver()) as saver:
        for step in (1, 2):
            saver.save({"w": np.zeros(1000)}, tmp_path / "m", step)
    assert caplog.text.count("snapshots take 8000 bytes of memory") == 1
