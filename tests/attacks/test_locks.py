"""Locks: no save waits for ever, whatever forks, dies, or locks the folder beside it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from attacks.saves import plain, step_of
from tfckpt.storage import ThreadLock, lock_folder
from tfckpt.storage import lock as lock_module
from tfckpt.storage.lock import LOCK_FILE

pytestmark = pytest.mark.skipif(lock_module.fcntl is None, reason="this system has no flock")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "_PATIENCE", 0.3)


def forked(work: Callable[[], object]) -> int:
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return child


def ended_well(child: int) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return False


@needs_fork
def test_a_child_made_during_a_save_holds_up_nobody(tmp_path: Path, impatient: None) -> None:
    with lock_folder(str(tmp_path / "m")):
        child = forked(lambda: time.sleep(5))
    plain(1)(tmp_path, 1)
    assert step_of(tmp_path / "m") == 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@needs_fork
def test_a_child_that_python_knows_nothing_of_holds_up_nobody(
    tmp_path: Path, impatient: None
) -> None:
    """A library's own fork runs no hooks, so that the child keeps the descriptors."""
    libc = ctypes.PyDLL(None)
    with lock_folder(str(tmp_path / "m")):
        child = libc.fork()
        if not child:
            time.sleep(5)
            os._exit(0)
    plain(1)(tmp_path, 1)
    assert step_of(tmp_path / "m") == 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@needs_fork
def test_a_child_made_while_another_thread_saves_can_save(tmp_path: Path) -> None:
    for where in ("here", "there"):
        (tmp_path / where).mkdir()
    stop = threading.Event()
    saver = tfckpt.Saver(fsync=False)

    def save_on() -> None:
        while not stop.is_set():
            saver.save({"w": np.zeros(3)}, tmp_path / "here" / "m", global_step=1)

    thread = threading.Thread(target=save_on)
    thread.start()
    try:
        for turn in range(30):
            child = forked(
                lambda: saver.save({"w": np.ones(3)}, tmp_path / "there" / "m", global_step=1)
            )
            assert ended_well(child), turn
            plain(1, fsync=False)(tmp_path / "here", 2)
    finally:
        stop.set()
        thread.join()


@needs_fork
def test_a_child_outlives_a_parent_that_was_killed_in_a_save(
    tmp_path: Path, impatient: None
) -> None:
    ready = tmp_path / "ready"

    def parent() -> None:
        with lock_folder(str(tmp_path / "m")):
            forked(lambda: time.sleep(5))
            ready.touch()
            time.sleep(20)

    victim = forked(parent)
    while not ready.exists():
        time.sleep(0.01)
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    plain(1)(tmp_path, 1)
    assert step_of(tmp_path / "m") == 1


@needs_fork
def test_a_thread_lock_is_free_in_a_child() -> None:
    one = ThreadLock()
    with one:
        child = forked(lambda: one.__enter__())
        assert ended_well(child)


def test_a_lock_on_the_folder_itself_is_somebody_elses(tmp_path: Path, impatient: None) -> None:
    import fcntl

    fd = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        plain(1)(tmp_path, 1)
    finally:
        os.close(fd)
    assert step_of(tmp_path / "m") == 1


def test_whoever_waits_too_long_is_told_for_whom(tmp_path: Path, impatient: None) -> None:
    script = (
        "import sys, time; from tfckpt.storage import lock_folder\n"
        "with lock_folder(sys.argv[1]): print('held', flush=True); time.sleep(20)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "m")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(tfckpt.errors.FailedPreconditionError) as caught:
            plain(1)(tmp_path, 1)
        assert f"locked by process {other.pid} of " in str(caught.value)
    finally:
        other.kill()
        other.communicate()
    assert not tfckpt.checkpoint_exists(str(tmp_path / "m"))
    plain(1)(tmp_path, 2)  # the lock ended with its process
    assert step_of(tmp_path / "m") == 2
    assert not (tmp_path / LOCK_FILE).exists()


def test_a_signal_handler_that_saves_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = tfckpt.Saver()

    def interrupt() -> None:
        signal.raise_signal(signal.SIGTERM)

    def handler(number: int, frame: object) -> None:
        plain(1)(tmp_path, 7)

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with (
            pytest.raises(RuntimeError, match="in the middle of a save"),
            lock_folder(str(tmp_path / "m")),
        ):
            interrupt()
        with pytest.raises(RuntimeError, match="middle of the same thing"), saver._lock:
            saver.save({"w": [1.0]}, tmp_path / "n")
    finally:
        signal.signal(signal.SIGTERM, before)
    plain(1)(tmp_path, 2)
    assert step_of(tmp_path / "m") == 2


def test_a_lock_file_that_a_killed_process_left_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("process 1 of elsewhere")
    plain(1)(tmp_path, 1)
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]
