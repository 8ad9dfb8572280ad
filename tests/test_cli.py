"""The command line, by its whole output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

click_testing = pytest.importorskip("click.testing")

from tfckpt.cli import cli


def run(*argv: object, fails: int = 0) -> str:
    result = click_testing.CliRunner().invoke(cli, [str(one) for one in argv])
    assert result.exit_code == fails, result.output
    return "\n".join(line.rstrip() for line in result.output.splitlines()).strip("\n")


def test_ls_lists_names_types_shapes_sizes_and_totals(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(golden)
    assert run("ls", "trained") == (
        "name           type     shape   size\n"
        "global_step    int64    []       8 B\n"
        "linear/bias    float32  [1]      4 B\n"
        "linear/kernel  float32  [3, 1]  12 B\n"
        "\n"
        "3 tensors, 5 elements, 24 B in trained/model.ckpt-60"
    )


def test_ls_names_slices(golden: Path) -> None:
    assert "rows    float32  [6, 4] in 3 slices   96 B" in run("ls", golden / "sliced" / "parts")


def test_ls_as_json_is_an_object_a_line(golden: Path) -> None:
    lines = run("ls", golden / "trained", "--json", "--sort", "size").splitlines()
    assert json.loads(lines[0]) == {
        "schema": "tfckpt.ls/1",
        "name": "linear/kernel",
        "dtype": "float32",
        "shape": [3, 1],
        "size": 12,
        "slices": [],
    }


def test_show_prints_summary_and_values(golden: Path) -> None:
    text = run("show", golden / "sliced" / "parts", "rows", "--slice", "1,::2")
    assert text == (
        "rows  float32 [6, 4], 96 B\n"
        "  slice 0,1:-\n"
        "  slice 1,4:-\n"
        "  slice 5,1:-\n"
        "min 4, max 6, mean 5, std 1\n"
        "[4. 6.]"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("bool/matrix", "bool [3, 4], 12 B"),
        ("complex64/matrix", "absolute values: min"),
        ("qint8/matrix", "min "),
        ("string/scalar", r"b'caf\xc3\xa9'"),
        ("string/matrix", "string [2, 2]"),
        ("bfloat16/empty", "bfloat16 [0, 3], 0 B"),
    ],
)
def test_show_knows_every_kind(name: str, shown: str, golden: Path) -> None:
    assert shown in run("show", golden / "dtypes" / "all", name)


def test_show_prints_a_row_a_line(golden: Path) -> None:
    text = run("show", golden / "sliced" / "parts", "rows", "--slice", "0:2,0:2")
    assert text.endswith("\n[[0. 1.]\n [4. 5.]]")


def test_errors_are_one_line(golden: Path) -> None:
    text = run("show", golden / "trained", "linear/kernal", fails=1)
    assert "did you mean 'linear/kernel'" in text
    assert "Traceback" not in text
    assert "no folder" in run("ls", golden / "nowhere" / "m", fails=1)


def test_help_lists_the_commands() -> None:
    text = run("--help")
    assert "ls " in text
    assert "show " in text
