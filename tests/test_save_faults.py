"""Every call that changes a file is made to fail, or to be the last before the process dies.

Whatever happens, the latest checkpoint loads whole and is no older than the last save that
returned; a save that fails leaves nothing half-made behind.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.storage import lock, write

CHANGING = {"open", "write", "fsync", "replace", "remove", "makedirs"}
HALF_MADE = (".tempstate", ".commit")

Save = Callable[[tfckpt.Saver, Path, int], str | None]


class Killed(BaseException):
    """The process is gone: nothing that it would still do happens."""


class FaultyOs:
    """The os module, of which the nth changing call fails, and with `forever` all after it."""

    def __init__(self, nth: int, error: Callable[[], BaseException], *, forever: bool) -> None:
        self.calls = 0
        self._fds: set[int] = set()
        self._nth = nth
        self._error = error
        self._forever = forever

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self._counted(real) if name in CHANGING else real

    def open(self, *args: Any) -> int:
        fd: int = self._counted(os.open)(*args)
        self._fds.add(fd)
        return fd

    def close(self, fd: int) -> None:
        self._fds.discard(fd)
        os.close(fd)

    def bury(self) -> None:
        """Close what the dead process had open, which ends its locks."""
        while self._fds:
            self.close(self._fds.pop())

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self._nth or (self._forever and self.calls > self._nth):
                raise self._error()
            return real(*args, **kwargs)

        return call


def weights(step: int) -> dict[str, Any]:
    return {f"w{n}": np.full(3, step, np.float32) for n in range(4)} | {"step": np.int64(step)}


def numbered(saver: tfckpt.Saver, folder: Path, step: int) -> str | None:
    return saver.save(weights(step), folder / "m", global_step=step)


def in_place(saver: tfckpt.Saver, folder: Path, step: int) -> str | None:
    return saver.save(weights(step), folder / "m")


def without_graph(saver: tfckpt.Saver, folder: Path, step: int) -> str | None:
    return saver.save(weights(step), folder / "m", global_step=step, write_meta_graph=False)


def new_saver(shards: int) -> tfckpt.Saver:
    return tfckpt.Saver(max_to_keep=2, sharded=shards > 1, shards=shards)


CASES = [
    pytest.param(numbered, (1, 1), id="one file"),
    pytest.param(numbered, (3, 3), id="three shards"),
    pytest.param(without_graph, (1, 1), id="no graph"),
    pytest.param(in_place, (1, 1), id="in place"),
    pytest.param(in_place, (3, 3), id="in place, three shards"),
    pytest.param(in_place, (3, 1), id="in place, from three shards to one"),
    pytest.param(in_place, (1, 3), id="in place, from one to three shards"),
]


def latest_step(folder: Path) -> int:
    """Load the latest checkpoint, which must be whole, and say which it is."""
    path = tfckpt.latest_checkpoint(folder)
    assert path is not None
    loaded = tfckpt.load(path)
    step = int(loaded["step"])
    assert {name: value.tolist() for name, value in loaded.items()} == {
        name: value.tolist() for name, value in weights(step).items()
    }
    return step


def half_made(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if any(mark in name for mark in HALF_MADE)]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def two_saves(folder: Path, save: Save, shards: int) -> None:
    saver = new_saver(shards)
    save(saver, folder, 1)
    save(saver, folder, 2)


def taking_over(folder: Path, shards: int) -> tfckpt.Saver:
    state = tfckpt.get_checkpoint_state(folder)
    assert state is not None
    saver = new_saver(shards)
    saver.recover_last_checkpoints(list(state.all_model_checkpoint_paths))
    return saver


def faulty(
    monkeypatch: pytest.MonkeyPatch, nth: int, error: Callable[[], BaseException], forever: bool
) -> FaultyOs:
    module = FaultyOs(nth, error, forever=forever)
    for part in (write, lock):
        monkeypatch.setattr(part, "os", module)
    return module


@pytest.mark.parametrize(
    ("number", "forever"),
    [
        pytest.param(errno.ENOSPC, True, id="disk full"),
        pytest.param(errno.EIO, False, id="one I/O error"),
    ],
)
@pytest.mark.parametrize(("save", "shards"), CASES)
def test_a_failing_call(
    save: Save,
    shards: tuple[int, int],
    number: int,
    forever: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two_saves(tmp_path / "0", save, shards[0])
    before = files(tmp_path / "0")
    for folder, nth in turns(tmp_path):
        saver = taking_over(folder, shards[1])
        path = None
        with monkeypatch.context() as patch:
            module = faulty(patch, nth, lambda: OSError(number, os.strerror(number)), forever)
            try:
                path = save(saver, folder, 3)
            except tfckpt.errors.FailedPreconditionError as error:
                refused = error.errno, os.strerror(number) in str(error), bool(error.path)
                assert refused == (number, True, True)
        step = latest_step(folder)
        assert step == 3 if path else step in {2, 3}
        if not forever:
            assert half_made(folder) == []
            assert step == 3 or relative(files(folder), folder) == relative(before, tmp_path / "0")
        assert all(tfckpt.checkpoint_exists(one) for one in saver.last_checkpoints)
        save(saver, folder, 3)
        assert_clean(folder, shards[1])
        if module.calls < nth:
            assert nth > 10
            return


@pytest.mark.parametrize(("save", "shards"), CASES)
def test_a_process_that_dies(
    save: Save, shards: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_saves(tmp_path / "0", save, shards[0])
    for folder, nth in turns(tmp_path):
        path = None
        with monkeypatch.context() as patch:
            module = faulty(patch, nth, Killed, True)
            patch.delattr(write.FileWriter, "__del__")  # the dead tidy nothing up
            with contextlib.suppress(Killed):
                path = save(taking_over(folder, shards[1]), folder, 3)
            gc.collect()
        module.bury()
        step = latest_step(folder)
        assert step == 3 if path else step in {2, 3}
        save(taking_over(folder, shards[1]), folder, 3)
        assert_clean(folder, shards[1])
        if module.calls < nth:
            assert nth > 10
            return


@pytest.mark.skipif(sys.platform != "linux", reason="a way of Linux")
@pytest.mark.parametrize("refused", [False, True], ids=["taken", "refused"])
def test_the_disk_gets_the_bytes_while_the_rest_is_written(
    refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[tuple[int, int]] = []

    def advise(fd: int, offset: int, size: int, advice: int) -> None:
        assert os.fstat(fd).st_size >= offset + size
        assert advice == os.POSIX_FADV_DONTNEED
        handed_over.append((offset, size))
        if refused:
            raise OSError(errno.EINVAL, "no advice")

    monkeypatch.setattr(os, "posix_fadvise", advise)
    tensors = {"a": np.arange(20 << 18, dtype=np.int32), "b": np.zeros(1 << 20, np.int8)}
    tfckpt.save(tmp_path / "m", tensors, fsync=False)
    assert handed_over == []
    tfckpt.save(tmp_path / "m", tensors)
    assert handed_over == [(0, 8 << 20), (8 << 20, 8 << 20)]
    np.testing.assert_equal(tfckpt.load(tmp_path / "m"), tensors)


def turns(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Yield a fresh copy of the folder "0", and which call is to fail, one after another."""
    for nth in range(1, 200):
        folder = tmp_path / str(nth)
        shutil.copytree(tmp_path / "0", folder)
        state = folder / "checkpoint"
        state.write_bytes(state.read_bytes().replace(bytes(tmp_path / "0"), bytes(folder)))
        yield folder, nth
        shutil.rmtree(folder)
    pytest.fail("no end of calls")


def relative(files: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    return {name: data.replace(bytes(folder), b"") for name, data in files.items()}


def assert_clean(folder: Path, shards: int) -> None:
    """A save that went well leaves the newest whole, and nothing of what failed before it."""
    assert latest_step(folder) == 3
    assert half_made(folder) == []
    newest = os.path.basename(tfckpt.latest_checkpoint(folder) or "")
    assert len([name for name in os.listdir(folder) if name.startswith(newest + ".data")]) == shards
