"""salvage, doctor, repair-state on the command line: their output and exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click.testing as click_testing
import numpy as np
import pytest

import tfckpt
from tfckpt.cli import cli


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*args: str, code: int = 0) -> str:
    result = click_testing.CliRunner().invoke(cli, args)
    assert result.exit_code == code, result.output
    return result.output.rstrip("\n")


def test_salvage_says_what_is_lost_and_exits_with_1() -> None:
    tfckpt.save("m", {"a": np.zeros(4, np.uint8), "b": np.ones(4, np.uint8)})
    assert run("salvage", "m") == "m: 2 tensors whole; 8 B can be had"
    os.truncate("m.data-00000-of-00001", 6)
    assert run("salvage", "m", "out", code=1).splitlines() == [
        "m: 1 tensor whole, 1 lost; 4 B written to out",
        "  lost: b: its bytes end at 8, the file has 6 (m.data-00000-of-00001, bytes 4 to 8)",
    ]
    assert json.loads(run("salvage", "m", "--json", code=1))["intact"] == ["a"]
    os.truncate("m.data-00000-of-00001", 0)
    run("salvage", "m", code=2)


def test_salvage_refuses_in_one_line() -> None:
    tfckpt.save("m", {"a": 1.0})
    assert run("salvage", "nothing", code=2).startswith("Error: nothing: no checkpoint")
    assert "as it is" in run("salvage", "m", "m", code=2)


def test_salvage_lists_some_of_very_much() -> None:
    tfckpt.save("m", {f"w{number:03d}": np.uint8(1) for number in range(100)})
    os.truncate("m.data-00000-of-00001", 10)
    lines = run("salvage", "m", code=1).splitlines()
    assert (len(lines), lines[-1]) == (22, "  ... and 70 more (--all lists them)")
    assert len(run("salvage", "m", "--all", code=1).splitlines()) == 91


def test_many_that_share_a_reason_share_a_line(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "m", {f"w{number}": np.ones(3) for number in range(6)})
    os.remove(f"{prefix}.data-00000-of-00001")
    runner = click_testing.CliRunner()
    lines = runner.invoke(cli, ["salvage", prefix]).output.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("  lost: 6 tensors (w0, w1, w2 and 3 more): its shard is missing (")
    assert len(runner.invoke(cli, ["salvage", prefix, "--all"]).output.splitlines()) == 7
    last = runner.invoke(cli, ["stats", prefix]).output.splitlines()[-1]
    assert last.startswith("6 tensors not read: the index")


def test_info_and_salvage_say_what_an_index_that_is_gone_needs() -> None:
    tfckpt.save("run/m", {"w": np.ones(3)})
    os.remove("run/m.index")
    assert "there are data files of m, and not its index (see tfckpt salvage)" in run("info", "run")
    assert "another checkpoint of the run does" in run("salvage", "run/m", code=2)
    tfckpt.save("other", {"w": np.ones(4)})
    lines = run("salvage", "run/m", "--like", "other", code=2).splitlines()
    assert lines[0].endswith("no layout that is known:")
    assert lines[1].endswith("has 32 bytes, and it has 24")
