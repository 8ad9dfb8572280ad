"""Every call that changes a file is made to fail, or to be the last before the process dies.

Whatever happens, the old or the new checkpoint loads whole; a save that fails leaves nothing
half-made behind; and what had returned before is never lost.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from attacks.faults import AMOUNT, CHANGING, faulty, refusing
from attacks.saves import KINDS, begin, copy_of, go_on, half_made
from tfckpt.errors import FailedPreconditionError
from tfckpt.storage import write

EVERY = {"all": 1, "some": 1, "little": 4}[AMOUNT]
MOST_CALLS = 400


@pytest.mark.parametrize(
    ("number", "once"),
    [
        pytest.param(errno.ENOSPC, False, id="disk full"),
        pytest.param(errno.EIO, True, id="one I/O error"),
        pytest.param(errno.EINTR, True, id="a signal"),
    ],
)
@pytest.mark.parametrize("name", KINDS)
def test_a_failing_call(
    name: str, number: int, once: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, folder = KINDS[name], tmp_path / "run"
    old = begin(kind, tmp_path / "start")
    for nth in range(1 + len(name) % EVERY, MOST_CALLS, EVERY):
        copy_of(tmp_path / "start", folder)
        returned = False
        with monkeypatch.context() as patch:
            calls = faulty(patch, nth, refusing(number), once=once)
            try:
                kind.save(folder, old + 1)
                returned = True
            except FailedPreconditionError as error:
                assert error.errno == number
                assert os.strerror(number) in str(error)
                assert error.path
        assert kind.read(folder) in ({old + 1} if returned else {old, old + 1}), nth
        if once:
            assert half_made(folder) == [], nth
        go_on(kind, folder, old)
        assert half_made(folder) == [], nth
        if calls.calls < nth:
            assert nth > 5
            return
    pytest.fail("no end of calls")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork")
@pytest.mark.parametrize("name", KINDS)
def test_a_process_that_dies(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, folder = KINDS[name], tmp_path / "run"
    old = begin(kind, tmp_path / "start")
    for nth in range(1 + len(name) % EVERY, MOST_CALLS, EVERY):
        copy_of(tmp_path / "start", folder)
        status = in_a_child(partial(dying_save, name, folder, old + 1, nth))
        assert kind.read(folder) in ({old + 1} if status == 0 else {old, old + 1}), nth
        go_on(kind, folder, old)
        assert half_made(folder) == [], nth
        if status == 0:
            assert nth > 5
            return
    pytest.fail("no end of calls")


def dying_save(name: str, folder: Path, step: int, nth: int) -> None:
    faulty(pytest.MonkeyPatch(), nth, lambda call: os._exit(9))
    KINDS[name].save(folder, step)


def in_a_child(work: Callable[[], object]) -> int:
    """Run in a fork that ends without tidying up; return how it ended."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status


def test_all_that_changes_a_file_goes_through_the_counted_calls() -> None:
    """The library has no other calls of the os module that change anything.

    But for ``tf.io.gfile``, by which a program does to its own files what it likes.
    """
    package = Path(write.__file__).parents[1]
    changing = {"os." + name for name in dir(os) if name in UNCOUNTED}
    for path in set(package.rglob("*.py")) - {package / "compat" / "files.py"}:
        text = path.read_text()
        used = {call for call in changing if call + "(" in text}
        assert used <= set(), path
        if "storage" not in path.parts:
            assert not {call for call in CHANGING if f"os.{call}(" in text}, path


UNCOUNTED = {
    *("mkdir", "mknod", "mkfifo", "unlink", "renames", "removedirs", "symlink", "truncate"),
    *("chmod", "utime", "writev", "pwritev", "sendfile", "posix_fallocate"),
}


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


def test_a_failing_close_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written was flushed before; a descriptor is gone even where close complains."""

    def close(number: int) -> None:
        os.close(number)
        raise OSError(errno.EIO, "said too late")

    for part in ("bundle", "V1", "Saver", "SavedModel"):
        with monkeypatch.context() as patch:
            module = faulty(patch, 1 << 30, lambda name: None)
            module.close = close  # type: ignore[attr-defined]
            folder = tmp_path / part
            folder.mkdir()
            KINDS[part].save(folder, 1)
        assert KINDS[part].read(folder) == 1
        shutil.rmtree(folder)
