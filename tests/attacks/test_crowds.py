"""Many threads and several processes at one folder, one reader, one Saver.

How long each goes on is told by TFCKPT_FAULTS: a second or two in the plain run, minutes with
"some" and "all".
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from attacks.faults import AMOUNT
from attacks.saves import KINDS, V1_SHARDED, half_made, step_of, weights

SECONDS = {"all": 180, "some": 20, "little": 0.7}[AMOUNT]
TESTS = Path(__file__).parents[1]


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(
    *works: Callable[[], object], seconds: float = 0.0, enough: Callable[[], bool] = lambda: True
) -> None:
    """Run each in a thread, over and over for so long; raise what the first of them raises.

    On a slow machine it goes on until what was done is `enough`, but not for ever.
    """
    failures: list[BaseException] = []
    until = time.monotonic() + seconds

    def goes_on() -> bool:
        now = time.monotonic()
        return not failures and (now < until or (now < until + 100 and not enough()))

    def run(work: Callable[[], object]) -> None:
        try:
            work()
            while goes_on():
                work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("format", ["V2", "V1"])
def test_many_threads_at_one_fresh_reader(format: str, tmp_path: Path) -> None:
    names = [f"n{number:03d}" for number in range(200)]
    path = tmp_path / "m"
    if format == "V2":
        tfckpt.save(path, {name: np.full(2, at) for at, name in enumerate(names)}, num_shards=3)
    else:
        with tfckpt.V1Writer(path) as writer:
            for at, name in enumerate(names):
                writer.add(name, np.full(2, at))
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        reader = tfckpt.load_checkpoint(path)

        def read(start: int, reader: tfckpt.CheckpointReader = reader) -> Callable[[], None]:
            def some() -> None:
                for step in range(60):
                    at = (start + 7 * step) % len(names)
                    assert reader[names[at]].tolist() == [at, at]
                    assert names[at] in reader
                assert len(reader) == len(names)

            return some

        together(*(read(25 * number) for number in range(8)))
        reader.close()


def test_one_saver_used_by_four_threads(tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=3, fsync=False)
    steps = iter(range(1, 1 << 30))
    lock = threading.Lock()

    def save() -> None:
        with lock:
            step = next(steps)
        saver.save(weights(step), tmp_path / "m", global_step=step)

    together(*[save] * 4, seconds=SECONDS)
    assert len(list(tmp_path.glob("*.index"))) == 3
    assert len(saver.last_checkpoints) == 3
    for path in saver.last_checkpoints:
        step_of(path)
    assert tfckpt.latest_checkpoint(tmp_path) == saver.last_checkpoints[-1]
    assert half_made(tmp_path) == []


def test_there_is_always_a_latest_checkpoint(tmp_path: Path) -> None:
    savers = [tfckpt.Saver(max_to_keep=1, fsync=False) for _ in range(4)]
    steps = [iter(range(1, 1 << 30)) for _ in savers]

    def saving(number: int) -> Callable[[], None]:
        def save() -> None:
            step = next(steps[number])
            savers[number].save(weights(step), tmp_path / f"m{number}", global_step=step)

        return save

    savings = [saving(number) for number in range(4)]
    for save in savings:
        save()

    def look() -> None:
        assert tfckpt.latest_checkpoint(tmp_path) is not None

    together(*savings, look, look, seconds=SECONDS)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("bundle", "m"),
        ("one shard, three shards", "m"),
        ("V1", "m"),
        ("V1 in two shards", V1_SHARDED),
    ],
)
def test_readers_while_a_checkpoint_is_replaced_see_one_save(
    name: str, file: str, tmp_path: Path
) -> None:
    kind = KINDS[name]
    kind.save(tmp_path, 1)
    seen: set[int] = set()
    steps = iter(range(2, 1 << 30))

    def replace() -> None:
        kind.save(tmp_path, next(steps))

    def read() -> None:
        seen.add(step_of(tmp_path / file))

    together(replace, read, read, seconds=SECONDS, enough=lambda: len(seen) > 3)
    assert len(seen) > 3


# Every thread saves, reads and rotates; whatever is loaded has to be of one save.
WORK = """
import random, sys, threading, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import tfckpt
from attacks.saves import step_of, weights

folder, who, until = Path(sys.argv[2]), int(sys.argv[3]), time.time() + float(sys.argv[4])
failures = []

def work(number):
    mine = random.Random(100 * who + number)
    saver = tfckpt.Saver(max_to_keep=2, sharded=number % 2 == 1, shards=2, fsync=False)
    step = 0
    while time.time() < until and not failures:
        step += 1
        way = mine.random()
        if way < 0.4:
            saver.save(weights(step), folder / f"own{who}{number}", global_step=step)
        elif way < 0.6:
            saver.save(weights(step), folder / "shared", global_step=step % 4)
        elif way < 0.7:
            tfckpt.save(folder / "place", weights(step), num_shards=1 + number % 3, fsync=False)
        elif way < 0.75:
            tfckpt.remove_checkpoint(folder / "place", fsync=False)
        else:
            try:
                latest = tfckpt.latest_checkpoint(folder)
                step_of(mine.choice([latest or folder / "place", folder / "place"]))
            except tfckpt.errors.FileMissingError:
                pass
            except tfckpt.errors.DataLossError as error:
                if "replaced" not in str(error):
                    raise

def run(number):
    try:
        work(number)
    except BaseException as error:
        import traceback
        failures.append(traceback.format_exc())

threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
for one in threads: one.start()
for one in threads: one.join()
print(*failures[:1])
sys.exit(bool(failures))
"""


def test_two_processes_and_eight_threads_each(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, str(TESTS), str(tmp_path), str(who), str(2 * SECONDS)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in range(2)
    ]
    for worker in workers:
        said, _ = worker.communicate(timeout=2 * SECONDS + 100)
        assert said.strip() == ""
    for path in tmp_path.glob("*.index"):
        step_of(path.with_suffix(""))
    assert half_made(tmp_path) == []
    assert os.path.isfile(tmp_path / "checkpoint")
