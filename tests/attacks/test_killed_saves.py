"""A saving process, killed or refused by the system at every system call that changes a file.

strace does both, at the nth call of a kind. TFCKPT_FAULTS=all takes every call, TFCKPT_FAULTS=some
each seventh, the plain run a few of two kinds of save.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from attacks.faults import AMOUNT
from attacks.saves import KINDS, begin, copy_of, go_on, half_made

CALLS = (
    "openat,write,pwrite64,writev,fsync,fdatasync,rename,renameat2,unlink,unlinkat,mkdir,ftruncate,"
    "link,linkat,rmdir,close,flock"
)
KINDS_OF_CALL = CALLS.split(",")
EVERY = {"all": 1, "some": 7, "little": 120}[AMOUNT]
FAULTS = ["signal=KILL", "error=ENOSPC", "error=EIO", "error=EINTR"]
NAMES = list(KINDS) if AMOUNT != "little" else ["bundle", "Saver"]
TESTS = Path(__file__).parents[1]

# Saves twice, and says so after each; the parent believes what it has read.
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from attacks.saves import KINDS
name, folder, old = sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
warm = Path(sys.argv[3] + "-warm")
warm.mkdir(exist_ok=True)
KINDS[name].save(warm, 1)
for step in (old + 1, old + 2):
    KINDS[name].save(folder, step)
    print(step, flush=True)
"""

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


def child(name: str, folder: Path, old: int) -> list[str]:
    return [sys.executable, "-B", "-c", CHILD, str(TESTS), name, str(folder), str(old)]


def traced(log: Path, inject: list[str], command: list[str]) -> subprocess.CompletedProcess[str]:
    strace = ["strace", "-f", "-qq", "-y", "-o", str(log), "-e", f"trace={CALLS}", *inject]
    return subprocess.run(
        [*strace, *command], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module", autouse=True)
def _strace_works(tmp_path_factory: pytest.TempPathFactory) -> None:
    log = tmp_path_factory.mktemp("strace") / "log"
    if traced(log, ["-e", "inject=mkdir:error=EIO:when=1"], ["true"]).returncode:
        pytest.skip("strace may not trace here")


def calls_on(log: Path, folder: Path) -> list[tuple[str, int]]:
    """Return which calls of one thread changed something in `folder`: kind, and its number.

    That is the main thread; where it changes nothing, the one that changes most. strace counts the
    calls of each thread by itself.
    """
    lines = [line.split(maxsplit=1) for line in log.read_text().splitlines()]
    main = lines[0][0]
    by_thread: dict[str, list[str]] = {}
    for thread, line in lines:
        by_thread.setdefault(thread, []).append(line)
    changes = {thread: _changes(own, folder) for thread, own in by_thread.items()}
    return changes[main] or max(changes.values(), key=len)


def _changes(lines: list[str], folder: Path) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    found = []
    for line in lines:
        kind = re.match(r"\w+", line)
        if kind is None or kind[0] not in KINDS_OF_CALL:
            continue
        counts[kind[0]] = counts.get(kind[0], 0) + 1
        reads = kind[0] == "openat" and "O_CREAT" not in line
        if re.search(rf"{re.escape(str(folder))}[/>]", line) and not reads:
            found.append((kind[0], counts[kind[0]]))
    return found


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_save_after(fault: str, name: str, tmp_path: Path) -> None:
    kind, folder, log = KINDS[name], tmp_path / "run", tmp_path / "log"
    start = tmp_path / "start"
    old = begin(kind, start)
    copy_of(start, folder)
    assert traced(log, [], child(name, folder, old)).returncode == 0
    calls = calls_on(log, folder)
    assert len(calls) > 10
    first = (7 * FAULTS.index(fault) + 13 * list(KINDS).index(name)) % min(EVERY, len(calls))
    for call, nth in calls[first::EVERY]:
        copy_of(start, folder)
        inject = ["-e", f"inject={call}:{fault}:when={nth}"]
        result = traced(log, inject, child(name, folder, old))
        where = f"{call} {nth}: {result.stderr}"
        returned = [int(word) for word in result.stdout.split() if word.isdigit()]
        step = kind.read(folder)
        assert max([old, *returned]) <= step <= old + 2, where
        if fault != "signal=KILL":
            assert half_made(folder) == [], where
        go_on(kind, folder, step)
        assert half_made(folder) == [], where
