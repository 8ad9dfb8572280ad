"""Ctrl-C while a command writes: it ends with one line, and leaves the old or the new, whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from attacks.faults import AMOUNT

pytest.importorskip("click")

# As `tfckpt`, but the terminal's signal comes at the nth system call that changes a file.
PROGRAM = """
import os, signal, sys
calls, at = 0, int(sys.argv.pop(1))
def counted(call):
    def count(*arguments, **options):
        global calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGINT)
        return call(*arguments, **options)
    return count
for name in ("write", "link", "replace", "remove", "fsync", "open"):
    setattr(os, name, counted(getattr(os, name)))
from tfckpt.__main__ import main
main()
"""
COMMANDS = {
    "edit": ["edit", "a", "new", "--cast", "float16", "--rename", "w=kernel"],
    "edit, linked": ["edit", "a", "new", "--rename", "w=kernel", "--link", "always"],
    "edit --in-place": ["edit", "a", "--in-place", "--rename", "w=kernel"],
    "edit --shards": ["edit", "a", "new", "--shards", "3", "--link", "never"],
    "average": ["average", "a", "b", "new"],
    "merge": ["merge", "a", "b", "new", "--on-conflict", "first"],
    "convert": ["convert", "a", "new"],
    "report": ["report", "a", "-o", "new.html"],
}
STEP = {"all": 1, "some": 11, "little": 61}[AMOUNT]
MOST = 400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, value in (("a", 1), ("b", 2)):
        weights = {"w": np.full((300, 1000), value, np.float32), "step": np.int64(value)}
        tfckpt.save(tmp_path / name, weights)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_it_leaves_the_old_or_the_new(command: str, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for at in range(1, MOST, STEP):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(at), *COMMANDS[command]],
            cwd=folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        if done.returncode == 0:
            break
        assert done.returncode in (1, 130), done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stderr.strip().splitlines()[-1:] in ([], ["Aborted!"])
        if found != before:  # it was done when the signal came
            assert found == finished(command, folder, before)
            restore(folder, before)
    else:
        pytest.fail(f"not done after {MOST} system calls")
    assert found != before


def finished(command: str, folder: Path, before: dict[str, bytes]) -> dict[str, bytes]:
    """Return what the command leaves when nothing interrupts it."""
    restore(folder, before)
    subprocess.run(
        [sys.executable, "-m", "tfckpt", *COMMANDS[command]],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def restore(folder: Path, files: dict[str, bytes]) -> None:
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
