"""File systems without locks, links or flushes, that lose answers, or that are full.

A library that is loaded before the system's own lets the calls fail as they do there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tfckpt
from attacks.saves import KINDS, half_made, step_of, weights

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc") is None, reason="needs Linux and gcc"
)

# Saves three steps with each kind of save, each in a folder of its own.
CHILD = """
import logging, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from attacks.saves import KINDS, half_made
logging.basicConfig(format="%(message)s")
for name in sys.argv[3:]:
    folder = Path(sys.argv[2]) / name
    folder.mkdir()
    for step in (1, 2, 3):
        KINDS[name].save(folder, step)
        assert KINDS[name].read(folder) == step, name
    assert half_made(folder) == [], (name, half_made(folder))
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("odd") / "odd.so"
    source = HERE / "odd_file_system.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def saving(odd: Path, lacking: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(HERE.parent), str(folder), *KINDS],
        env={**os.environ, "LD_PRELOAD": str(odd), "ODD": lacking},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("lacking", ["flock", "link", "advice", "answers", "flock link advice"])
def test_saves_go_well_on_a_file_system_without(lacking: str, odd: Path, tmp_path: Path) -> None:
    done = saving(odd, lacking, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "loss of power" not in done.stderr


@pytest.mark.parametrize("lacking", ["flush-folders", "flush-files"])
def test_what_cannot_be_flushed_is_saved_and_said_once(
    lacking: str, odd: Path, tmp_path: Path
) -> None:
    done = saving(odd, lacking, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("may not survive a loss of power") == 1


def test_a_flush_that_fails_is_a_failure(odd: Path, tmp_path: Path) -> None:
    done = saving(odd, "broken", tmp_path)
    assert done.returncode == 1
    assert "cannot flush the file to its disk: Input/output error" in done.stderr


@pytest.mark.parametrize("room", [0, 1, 4_096, 20_000, 100_000])
@pytest.mark.parametrize("name", KINDS)
def test_a_disk_that_is_full(name: str, room: int, small_disk: Path) -> None:
    kind = KINDS[name]
    folder = small_disk / "run"
    folder.mkdir()
    kind.save(folder, 1)
    free = shutil.disk_usage(small_disk).free
    with open(small_disk / "filler", "wb") as file:
        file.write(bytes(max(0, free - room)))
    try:
        kind.save(folder, 2)
        step = 2
    except tfckpt.errors.FailedPreconditionError as error:
        assert "No space left" in str(error)
        step = kind.read(folder)
        assert step in (1, 2)
    except OSError as error:  # of the test's own files
        assert "No space left" in str(error)
        step = kind.read(folder)
    assert kind.read(folder) == step
    assert half_made(folder) == []
    (small_disk / "filler").unlink()
    kind.save(folder, step + 1)
    assert kind.read(folder) == step + 1


def test_a_checkpoint_is_removed_from_a_full_disk(small_disk: Path) -> None:
    for step in (1, 2):
        tfckpt.save(small_disk / f"m-{step}", weights(step))
    with pytest.raises(OSError, match="No space"), open(small_disk / "filler", "wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    for number in range(100):
        try:
            (small_disk / f"empty{number}").touch()
        except OSError:
            break
    tfckpt.remove_checkpoint(small_disk / "m-1")
    assert not tfckpt.checkpoint_exists(small_disk / "m-1")
    assert step_of(small_disk / "m-2") == 2
