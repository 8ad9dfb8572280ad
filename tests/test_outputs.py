"""What each command prints in a terminal of 60, 80 and 200 columns, kept in `outputs/` to be read.

``python tests/test_outputs.py`` writes these files anew, by the commands that stand in them: look
at what changed before it is committed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import tfckpt

pytest.importorskip("click")
from click.testing import CliRunner

from tfckpt.cli import cli, text

TESTS = Path(__file__).resolve().parent
PAGES = sorted(TESTS.glob("outputs/*.txt"))
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def make_files() -> None:
    """Put here what the commands are run on: `golden`, and names as Keras makes them."""
    shutil.copytree(TESTS / "golden", ".", dirs_exist_ok=True)
    numbers = (np.arange(64, dtype=np.float32) / 32 - 1).reshape(8, 8)  # exact on every machine
    weights = {
        f"encoder/layer_with_weights-{n}/self_attention_layer/output_dense/{what}{VALUE}": value
        for n in range(2)
        for what, value in (
            ("kernel", numbers * numbers * numbers + n),
            ("bias", numbers[0] / 1024),
        )
    }
    tfckpt.save("long-1", weights)
    first = next(iter(weights))
    tfckpt.save("long-2", {**weights, first: weights[first] + np.float32(0.25), "step": 2})
    trained = {"dense/w": numbers, "dense/w/Adam": numbers * 0, "dense/w/Adam_1": numbers * numbers}
    tfckpt.save("adam", {**trained, "beta1_power": np.float32(0.9), "global_step": np.int64(7)})
    tfckpt.save("damaged", {"dense/w": numbers, "step": np.int64(3)})
    data = Path("damaged.data-00000-of-00001")
    data.write_bytes(b"?" + data.read_bytes()[1:])
    tfckpt.save("program", {"net/encoder/dense/kernel": numbers, "step": np.int64(0)})


def page(commands: list[str], width: int) -> Iterator[str]:
    """Yield each command and what it prints in a terminal of this width."""
    with mock.patch.object(text, "columns", lambda: width):
        for command in commands:
            yield f"$ {command}"
            found = CliRunner().invoke(cli, shlex.split(command)[1:])
            if found.exception is not None and not isinstance(found.exception, SystemExit):
                raise found.exception
            yield from found.output.rstrip("\n").split("\n")
            if found.exit_code:
                yield f"[exit code {found.exit_code}]"
            yield ""


@contextlib.contextmanager
def files_made() -> Iterator[None]:
    """Have the files in a folder that is worked in, and long lines folded as they are there."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            make_files()
            yield
        finally:
            os.chdir(before)


def output(path: Path) -> str:
    commands = re.findall(r"^\$ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    with files_made():
        lines = "\n".join(page(commands, int(path.stem)))
    lines = re.sub(r"(written: +).*", r"\1(when)", lines)
    lines = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-01-01 00:00", lines)
    return re.sub(r'(html", "size": )\d+', r"\1(bytes)", lines).rstrip() + "\n"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_print_what_is_written_there(path: Path) -> None:
    assert output(path) == path.read_text("utf-8")


def test_every_command_is_there_at_every_width() -> None:
    assert [path.stem for path in PAGES] == ["200", "60", "80"]
    for path in PAGES:
        shown = set(re.findall(r"^\$ tfckpt ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE))
        assert set(cli.list_commands(None)) - shown == {"completion"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_nothing_but_sentences_and_paths_is_wider_than_the_terminal(path: Path) -> None:
    """A terminal folds these by itself, and a path that is in one piece can be copied."""
    for line in path.read_text("utf-8").splitlines():
        is_row = line.startswith((" ", "│", "├", "└", "!")) and ": " not in line
        assert not is_row or text.cells(line) <= int(path.stem), line


if __name__ == "__main__":
    for one in PAGES:
        one.write_text(output(one), "utf-8")
        sys.stdout.write(f"{one}\n")
