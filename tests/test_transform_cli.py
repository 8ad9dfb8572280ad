"""tfckpt edit, average, merge and suggest."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import tfckpt
from tfckpt.cli import cli


def run(*arguments: Any, fails: bool = False) -> str:
    result = CliRunner().invoke(cli, [str(one) for one in arguments])
    assert (result.exit_code != 0) == fails, result.output
    return result.output


@pytest.fixture
def source(tmp_path: Path) -> str:
    w = np.ones((3, 2), np.float32)
    tensors = {"a/w": w, "a/w/Adam": w, "a/w/Adam_1": w, "b": w[0], "step": np.int64(7)}
    return tfckpt.save(tmp_path / "m", tensors)


def test_edit(source: str, tmp_path: Path) -> None:
    said = run("edit", source, tmp_path / "e", "--strip-slots", "--rename", "a/=c/", "--regex",
               "w$=kernel", "--cast", "float16", "--only", "b", "--link", "never")  # fmt: skip
    assert said == f"{tmp_path / 'e'}: 3 tensors, 2 left out, 36 B written\n"
    loaded = tfckpt.load(tmp_path / "e")
    assert {name: value.dtype for name, value in loaded.items()} == {
        "b": np.float16,
        "c/kernel": np.float32,
        "step": np.int64,
    }


def test_the_dry_run_is_a_table_and_writes_nothing(source: str, tmp_path: Path) -> None:
    said = run("edit", source, tmp_path / "e", "--drop", "a/w/*", "--rename", "b=bias", "--link",
               "always", "--dry-run")  # fmt: skip
    lines = [line.split() for line in said.splitlines()]
    assert lines == [
        ["before", "after", "what", "happens", "written"],
        ["a/w", "a/w", "linked", "0", "B"],
        ["a/w/Adam", "left", "out"],
        ["a/w/Adam_1", "left", "out"],
        ["b", "bias", "renamed,", "linked", "0", "B"],
        ["step", "step", "linked", "0", "B"],
        [],
        [
            "3",
            "tensors,",
            "2",
            "left",
            "out,",
            "0",
            "B",
            "written,",
            "88",
            "B",
            "linked",
            "(48",
            "B",
            "of",
            "it",
            "dead)",
        ],
    ]
    assert not (tmp_path / "e.index").exists()
    plan = json.loads(run("edit", source, tmp_path / "e", "--keep", "b", "--dry-run", "--json"))
    assert (plan["written"], plan["linked"], plan["dead"]) == (8, 0, 0)
    assert plan["changes"][3] == {"before": "b", "after": "b", "what": "copied", "written": 8}


def test_data_files_are_given_by_their_number_or_their_size(tmp_path: Path) -> None:
    tensors = {f"w{number}": np.full(250, number, np.float32) for number in range(10)}
    source = tfckpt.save(tmp_path / "m", tensors)  # 10 of 1,000 bytes
    for option, count in {
        ("--shards", 3): 3,
        ("--shard-size", "2kB"): 5,
        ("--shard-size", "5000"): 2,
        ("--shard-size", "0.25 MiB"): 1,
    }.items():
        run("edit", source, tmp_path / "e", *option, "--force")
        names = [name for name in os.listdir(tmp_path) if name.startswith("e.data")]
        assert sorted(names) == [f"e.data-{n:05d}-of-{count:05d}" for n in range(count)]
        np.testing.assert_equal(tfckpt.load(tmp_path / "e"), tensors)
    run("edit", source, tmp_path / "linked", "--shards", 3, "--link", "always")
    assert os.path.samefile(
        f"{source}.data-00000-of-00001", f"{tmp_path}/linked.data-00000-of-00001"
    )
    for wrong in ("2 bananas", "0", "-1"):
        assert "is no size such as" in run("edit", source, "x", "--shard-size", wrong, fails=True)
    assert "exclude each other" in run(
        "edit", source, "x", "--shard-size", "1kB", "--shards", 2, fails=True
    )


def test_in_place(source: str, tmp_path: Path) -> None:
    before = os.stat(source + ".data-00000-of-00001").st_ino
    said = run("edit", source, "--in-place", "--rename", "a/=c/")
    assert said == f"{source}: 5 tensors, 0 B written, 88 B linked\n"
    assert os.stat(source + ".data-00000-of-00001").st_ino == before
    assert "c/w/Adam" in tfckpt.load(source)
    old = tfckpt.convert_checkpoint(source, tmp_path / "old", to="v1")
    assert "is no V2 checkpoint: give a DST" in run(
        "edit", old, "--in-place", "--drop", "b", fails=True
    )
    run("edit", old, tmp_path / "new", "--drop", "b")
    assert len(tfckpt.load(tmp_path / "new")) == 4


def test_files_of_other_libraries_are_edited_too(tmp_path: Path) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.safetensors", {"a": np.ones(2), "b": np.ones(1)})
    run("edit", path, tmp_path / "e", "--drop", "b", "--rename", "a=w")
    np.testing.assert_equal(tfckpt.load(tmp_path / "e"), {"w": np.ones(2)})


def test_edits_that_are_refused(source: str, tmp_path: Path) -> None:
    assert "either DST or --in-place" in run("edit", source, fails=True)
    assert "--only goes with --cast" in run("edit", source, "x", "--only", "b", fails=True)
    assert "OLD=NEW is expected" in run("edit", source, "x", "--rename", "b", fails=True)
    assert "meets no tensor" in run(
        "edit", source, tmp_path / "x", "--drop", "q", "--strict", fails=True
    )
    assert "--force replaces it" in run("edit", source, source, "--drop", "b", fails=True)
    assert "no tensor would be left" in run(
        "edit", source, tmp_path / "x", "--keep", "q", fails=True
    )
    for options, said in {
        ("--cast", "floot"): "--cast floot: data type 'floot' not understood",
        ("--cast", "string"): "--cast string: numbers cannot be cast to string",
        ("--cast", "complex64", "--strict"): "cast to complex64 meets no tensor",
        ("--regex", "(=x"): "--regex: missing ), unterminated subpattern at position 0 in '('",
        ("--regex", "w=\\9"): "--regex: invalid group reference 9",
    }.items():
        assert said in run("edit", source, tmp_path / "x", *options, fails=True)
    assert "this is a folder" in run("edit", source, tmp_path, "--drop", "b", fails=True)
    run("edit", source, source, "--drop", "b", "--force")
    assert "b" not in tfckpt.load(source)
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]


def test_rules_from_a_file(source: str, tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    rules = tmp_path / "rules.toml"
    rules.write_text('strip_slots = true\n[rename]\n"a/" = "c/"\n')
    run("edit", source, tmp_path / "e", "--rules", rules, "--rename", "b=bias")
    assert sorted(tfckpt.load(tmp_path / "e")) == ["bias", "c/w", "step"]


def test_average_and_merge(tmp_path: Path) -> None:
    saver = tfckpt.Saver()
    for step in (1, 2, 3):
        weights = {"w": np.full(2, step, np.float32), "step": np.int64(step)}
        saver.save(weights, tmp_path / "m", global_step=step)
    run("average", tmp_path, tmp_path / "avg", "--last", 2)
    assert {name: np.ravel(v)[0] for name, v in tfckpt.load(tmp_path / "avg").items()} == {
        "w": 2.5,
        "step": 3,
    }
    paths = [tmp_path / f"m-{n}" for n in (1, 3)]
    run("average", *paths, tmp_path / "avg", "--weights", "3,1", "--force")
    assert tfckpt.load(tmp_path / "avg")["w"][0] == 1.5
    assert "names 3 checkpoints, not 9" in run(
        "average", tmp_path, tmp_path / "x", "--last", 9, fails=True
    )
    assert "numbers with commas" in run("average", *paths, "x", "--weights", "a", fails=True)
    assert "two paths at least" in run("average", "x", fails=True)

    assert "2 tensors are in several" in run("merge", *paths, tmp_path / "both", fails=True)
    said = run("merge", *paths, tmp_path / "both", "--on-conflict", "last")
    assert said.endswith("2 tensors, 0 B written, 16 B linked\n")
    assert tfckpt.load(tmp_path / "both")["step"] == 3


def test_suggest(source: str, tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    like = tfckpt.save(tmp_path / "like", {
        "net/a/w": np.zeros((3, 2), np.float32), "bias": np.zeros(2, np.float32),
        "step": np.int64(0)})  # fmt: skip
    rules = tmp_path / "rules.toml"
    rules.write_text(run("suggest", source, like))
    run("edit", source, tmp_path / "e", "--strip-slots", "--rules", rules)
    assert sorted(tfckpt.load(tmp_path / "e")) == sorted(tfckpt.load(like))
    assert "the only ones of this shape" in run("suggest", source, like, "--table")
    found = json.loads(run("suggest", source, like, "--json"))
    assert [(one["name"], one["target"]) for one in found["suggestions"]] == [
        ("b", "bias"),
        ("a/w", "net/a/w"),
        ("step", "step"),
    ]
