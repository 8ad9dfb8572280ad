"""Ctrl-C at every line: the old or the new checkpoint loads whole, and nothing half-made stays.

Python lets a signal's exception come up between any two lines. A trace function raises it at the
nth line that a save runs in the parts that write. TFCKPT_FAULTS=all takes every time that a line
is run, TFCKPT_FAULTS=some each line's first and some lines' last, the plain run a tenth of that.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import tfckpt
from attacks.faults import AMOUNT
from attacks.saves import KINDS, Kind, begin, copy_of, go_on, half_made

PACKAGE = os.path.dirname(tfckpt.__file__) + os.sep
PARTS = (
    *("storage/", "bundle/commit", "bundle/writer", "bundle/spread", "bundle/merge", "v1/writer"),
    *("v1/commit", "saver/", "manager", "state", "objects/", "saved_model/", "convert"),
    *("formats/indexed", "formats/writing", "formats/zipped"),
)

pytestmark = [
    # what is dropped in the middle of its work says so
    pytest.mark.filterwarnings("ignore:.*dropped before it was finished:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Place = tuple[str, int]


def traced_lines(run: Callable[[], object], interrupt_at: int | None = None) -> list[Place]:
    """Run, raising KeyboardInterrupt at the nth line if asked to; return the lines, in order."""
    lines: list[Place] = []

    def on_line(frame: FrameType, event: str, arg: object) -> Any:
        if event == "line":
            lines.append((frame.f_code.co_filename, frame.f_lineno))
            if len(lines) - 1 == interrupt_at:
                sys.settrace(None)
                raise KeyboardInterrupt
        return on_line

    def on_call(frame: FrameType, event: str, arg: object) -> Any:
        name = frame.f_code.co_filename
        ours = name.startswith(PACKAGE) and name[len(PACKAGE) :].startswith(PARTS)
        return on_line if ours else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        run()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return lines


def chosen(lines: list[Place]) -> list[int]:
    """Return which events to interrupt."""
    if AMOUNT == "all":
        return list(range(len(lines)))
    first: dict[Place, int] = {}
    last: dict[Place, int] = {}
    for number, place in enumerate(lines):
        first.setdefault(place, number)
        last[place] = number
    numbers = sorted({*first.values(), *list(last.values())[::3]})
    return numbers if AMOUNT == "some" else numbers[len(lines) % 10 :: 10]


@pytest.fixture(autouse=True)
def _quick_collections() -> Iterator[None]:
    """What was there before is left out when the collector looks for what an exception held."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", KINDS)
def test_an_interrupted_save(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    start = tmp_path / "start"
    old = begin(kind, start)
    folder = tmp_path / "run"

    lines = traced_lines(lambda: kind.save(copy_of(start, folder), old + 1))
    assert kind.read(folder) == old + 1
    assert len(set(lines)) > 30
    for number in chosen(lines):
        copy_of(start, folder)
        traced_lines(lambda: kind.save(folder, old + 1), number)
        gc.collect()  # what the exception held is gone
        where = "{}:{}".format(*lines[number])
        check(kind, folder, old, where)


def check(kind: Kind, folder: Path, old: int, where: str) -> None:
    assert kind.read(folder) in (old, old + 1), where
    assert half_made(folder) == [], where
    go_on(kind, folder, old)
    assert half_made(folder) == [], where
