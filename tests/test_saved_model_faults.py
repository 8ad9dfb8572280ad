"""Every call of a build that changes a file is made to fail, or to be the last of its process.

Whatever happens, the model is there as a whole or not at all; a build that fails leaves nothing.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt import saved_model
from tfckpt.dtypes import DataType
from tfckpt.errors import FailedPreconditionError
from tfckpt.storage import folder as folders
from tfckpt.storage import write as files

CHANGING = {"open", "write", "fsync", "replace", "rename", "makedirs"}


class Killed(BaseException):
    """The process is gone: nothing that it would still do happens."""


class FaultyOs:
    """The os module, of which the nth changing call fails, and with `forever` all after it."""

    def __init__(self, nth: int, error: Callable[[], BaseException], *, forever: bool) -> None:
        self.calls = 0
        self.nth, self.error, self.forever = nth, error, forever

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CHANGING:
            return real

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self.nth or (self.forever and self.calls > self.nth):
                raise self.error()
            return real(*args, **kwargs)

        return call


def build(folder: Path, asset: Path) -> None:
    builder = saved_model.Builder(folder)
    graph = tfckpt.Graph()
    path = graph.create_op(
        "Const", name="path", attrs={"dtype": DataType.DT_STRING, "value": np.array(b"", object)}
    )
    builder.add_meta_graph_and_variables(
        {"a": np.ones(3), "b": np.zeros((2, 2))},
        ["serve"],
        assets_collection={path.outputs[0]: asset},
        graph=graph,
    )
    builder.save()


def whole(folder: Path) -> bool:
    variables: dict[str, Any] = {}
    saved_model.load(variables, ["serve"], folder)
    return sorted(variables) == ["a", "b"] and (folder / "assets" / "words").read_text() == "one"


@pytest.mark.parametrize("killed", [False, True], ids=["refused", "killed"])
def test_a_model_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words").write_text("one")
    error = Killed if killed else (lambda: OSError(errno.ENOSPC, "No space left on device"))
    for nth in range(1, 200):
        home = tmp_path / str(nth)
        home.mkdir()
        faulty = FaultyOs(nth, error, forever=killed)
        with monkeypatch.context() as patch:
            patch.setattr(files, "os", faulty)
            patch.setattr(folders, "os", faulty)
            try:
                build(home / "m", tmp_path / "words")
            except (Killed, FailedPreconditionError) as caught:
                assert isinstance(caught, Killed) == killed
        if faulty.calls < nth:
            break
        there = (home / "m").exists()
        assert not there or whole(home / "m")
        if not killed and not there:
            assert list(home.iterdir()) == []
    else:
        pytest.fail("the build never came to its end")
    assert nth > 15
    assert whole(home / "m")
