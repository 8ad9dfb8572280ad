"""info, ls, stats, verify, diff, report: their whole output, at three widths and as JSON."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt

click_testing = pytest.importorskip("click.testing")

from tfckpt.cli import cli, text

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def run(*argv: object, code: int = 0) -> str:
    result = click_testing.CliRunner().invoke(cli, [str(one) for one in argv])
    assert result.exit_code == code, result.output
    return result.stdout.strip("\n")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two checkpoints, in the folder that commands are run in."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    layers = {
        f"encoder/layer_{n}/attention/{what}": rng.normal(0, 0.1, (4, 4)).astype("f4")
        for n in range(3)
        for what in ("key", "query")
    }
    tensors = {**layers, "global_step": np.int64(10), "encoder/norm": np.ones(4, "f4")}
    tfckpt.save("m-10", tensors)
    moved = {**tensors, "global_step": np.int64(20), "added": np.zeros(2, "f4")}
    moved["encoder/layer_0/attention/key"] = layers["encoder/layer_0/attention/key"] + np.float32(
        0.5
    )
    del moved["encoder/layer_2/attention/query"]
    tfckpt.save("m-20", moved)
    return tmp_path


# ls

WIDE = """\
name                             type     shape   size
encoder/layer_0/attention/key    float32  [4, 4]  64 B
encoder/layer_0/attention/query  float32  [4, 4]  64 B
encoder/layer_1/attention/key    float32  [4, 4]  64 B
encoder/layer_1/attention/query  float32  [4, 4]  64 B
encoder/layer_2/attention/key    float32  [4, 4]  64 B
encoder/layer_2/attention/query  float32  [4, 4]  64 B
encoder/norm                     float32  [4]     16 B
global_step                      int64    []       8 B

8 tensors, 101 elements, 408 B in m-10"""

NARROW = """\
name                  type     shape   size
encoder/layer_0/      float32  [4, 4]  64 B
  attention/key
encoder/layer_0/      float32  [4, 4]  64 B
  attention/query
global_step           int64    []       8 B

3 tensors, 33 elements, 136 B in m-10"""


@pytest.mark.parametrize("width", [None, 200, 60])
def test_ls_is_as_wide_as_it_needs(width: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "columns", lambda: width)
    assert run("ls", "m-10") == WIDE


def test_ls_folds_names_after_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "columns", lambda: 43)
    assert run("ls", "m-10", "--filter", "layer_0", "--filter", "global*") == NARROW


def test_ls_adds_up_by_scope() -> None:
    assert run("ls", "m-10", "--depth", 1, "--sort", "size").splitlines()[:3] == [
        "scope        tensors  elements   size",
        "encoder/           7       100  400 B",
        "global_step        1         1    8 B",
    ]


def test_ls_folds_repetition() -> None:
    assert run("ls", "m-10", "--fold").splitlines()[:2] == [
        "name                                 type     shape   size",
        "encoder/layer_[0-2]/attention/key    float32  [4, 4]  64 B  x 3",
    ]


def test_ls_tells_where_tensors_are() -> None:
    line = run("ls", "m-10", "-l", "--filter", "norm").splitlines()
    assert line[0] == "name          type     shape  size  checksum  shard  offset"
    crc, shard, offset = line[1].split()[-3:]
    with tfckpt.BundleReader("m-10") as reader:
        entry = reader.entry("encoder/norm")
    assert (int(crc, 16), int(shard), int(offset)) == (entry.crc32c, entry.shard_id, entry.offset)
    stored = json.loads(run("ls", "m-10", "-l", "--json", "--filter", "norm"))["stored"]
    assert stored == [
        {"shard": 0, "offset": offset and entry.offset, "size": 16, "crc32c": entry.crc32c}
    ]


def test_ls_says_what_data_is_missing() -> None:
    Path("m-10.data-00000-of-00001").write_bytes(bytes(100))
    assert "8 tensors" in run("ls", "m-10", code=1)
    Path("m-10.data-00000-of-00001").unlink()
    result = click_testing.CliRunner().invoke(cli, ["ls", "m-10"])
    assert result.exit_code == 1
    assert "this shard is missing, and with it 8 tensors" in result.output


def test_ls_lists_files_of_other_libraries() -> None:
    tfckpt.write_tensors("m.safetensors", {"w": np.ones(2, "f4")})
    assert run("ls", "m.safetensors").splitlines()[1] == "w     float32  [2]     8 B"


def test_one_is_no_plural() -> None:
    assert run("ls", "m-10", "--filter", "norm").endswith("1 tensor, 4 elements, 16 B in m-10")


# show


def test_show_takes_paths_and_full_names(folder: Path) -> None:
    named = {"dense/kernel": np.arange(2.0)}
    tfckpt.save("o", tfckpt.to_object_based(named, {"dense/kernel": "layers/0/kernel"}))
    for name in ("layers/0/kernel", "dense/kernel", "layers/0/kernel" + VALUE):
        assert "float64 [2], 16 B" in run("show", "o", name)


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (np.float32([[0.1, 2], [np.nan, -np.inf]]), "json", '[[0.1, 2.0], ["nan", "-inf"]]'),
        (np.float32([[0.1, 2], [3, 4]]), "csv", "0.1,2.0\n3.0,4.0"),
        (np.int64(7), "json", "7"),
        (np.array([b"a,b", "é".encode()], object), "csv", '"a,b"\né'),
        (np.array([True, False]), "json", "[true, false]"),
        (np.array([1 + 2j]), "json", "[[1.0, 2.0]]"),
        (np.zeros((0, 3)), "json", "[]"),
    ],
)
def test_show_writes_values_for_programs(value: Any, form: str, shown: str) -> None:
    tfckpt.save("v", {"w": value})
    assert run("show", "v", "w", "--as", form) == shown


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_show_writes_npy_into_a_pipe(unbuffered: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tfckpt", "show", "m-10", "encoder/norm", "--as", "npy"],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )
    assert np.load(io.BytesIO(done.stdout)).tolist() == [1, 1, 1, 1]


# verify


def test_verify_says_sound_and_exits_with_0() -> None:
    size = sum(path.stat().st_size for path in Path().glob("m-10.*"))
    assert run("verify", "m-10") == f"m-10: sound (8 tensors, {size} B in 2 files)"


def test_verify_lists_all_damage_and_exits_with_1() -> None:
    data = bytearray(Path("m-10.data-00000-of-00001").read_bytes())
    data[0] ^= 1
    data[-1] ^= 1
    Path("m-10.data-00000-of-00001").write_bytes(data)
    first, *findings = run("verify", "m-10", "m-20", code=1).splitlines()
    assert first.startswith("m-10: 2 damaged (8 tensors, ")
    assert len(findings) == 3
    start = "  damage: m-10.data-00000-of-00001, tensor 'encoder/layer_0/attention/key', offset 0: "
    assert findings[0].startswith(start)
    assert findings[2].startswith("m-20: sound")
    assert run("verify", "--quick", "m-10").endswith("no values read)")


def test_verify_exits_with_2_where_something_cannot_be_read() -> None:
    result = click_testing.CliRunner().invoke(cli, ["verify", "nowhere", "m-10"])
    assert result.exit_code == 2
    assert "Error: nowhere: " in result.output
    assert "m-10: sound" in result.output


def test_verify_as_json_is_an_object_a_path() -> None:
    lines = [json.loads(line) for line in run("verify", "--json", "m-10", "m-20").splitlines()]
    assert [(one["schema"], one["path"], one["ok"]) for one in lines] == [
        ("tfckpt.verify/1", "m-10", True),
        ("tfckpt.verify/1", "m-20", True),
    ]


# diff

DIFF = """\
A m-10
B m-20

- encoder/layer_2/attention/query
+ added
  values                                           differ  max  mean  max rel  mean rel
! encoder/layer_0/attention/key  float32 [4, 4]  16 of 16  0.5   0.5"""


def test_diff_shows_what_differs_and_exits_with_1() -> None:
    shown = run("diff", "m-10", "m-20", code=1)
    assert shown.startswith(DIFF)
    assert shown.endswith("1 only in A, 1 only in B, 2 different, 5 the same")


def test_diff_exits_with_0_and_2() -> None:
    assert run("diff", "m-10", "m-10").endswith("the same: 8 tensors")
    assert run("diff", "m-10", "nowhere", code=2) == ""
    Path("m-20.data-00000-of-00001").unlink()
    run("diff", "m-10", "m-20", code=2)
    assert run("diff", "m-10", "m-20", "--structure", code=1).count("\n") == 6


def test_diff_as_json() -> None:
    found = json.loads(run("diff", "m-10", "m-20", "--json", code=1))
    assert found["schema"] == "tfckpt.diff/1"
    assert {key: found[key] for key in ("same", "equal", "only_a", "only_b", "renamed")} == {
        "same": False,
        "equal": 5,
        "only_a": ["encoder/layer_2/attention/query"],
        "only_b": ["added"],
        "renamed": [],
    }
    assert set(found["different"][0]) == {
        *("name", "what", "a", "b", "differing", "size"),
        *("max_abs", "mean_abs", "max_rel", "mean_rel"),
    }


# stats, info


def test_stats_shows_a_line_a_tensor() -> None:
    tfckpt.save("s", {"w": np.arange(16.0), "dead": np.zeros(3)})
    assert run("stats", "s") == (
        "name  type     min  mean  max   std  histogram\n"
        "dead  float64    0     0    0     0  █                 all zero\n"
        "w     float64    0   7.5   15  4.61  ████████████████\n"
        "\n"
        "2 tensors, 19 elements, 1 suspicious in s"
    )


def test_stats_of_one_tensor_since_another_checkpoint() -> None:
    shown = run("stats", "m-20", "encoder/layer_0/attention/key", "--since", "m-10")
    assert shown.splitlines()[0] == "encoder/layer_0/attention/key  float32 [4, 4]"
    assert "moved by 2 (" in shown.splitlines()[-1]
    found = json.loads(run("stats", "m-20", "--since", "m-10", "--json"))
    assert (found["schema"], found["since"], len(found["tensors"])) == ("tfckpt.stats/1", "m-10", 8)


def test_info_says_what_there_is() -> None:
    lines = run("info", "m-10").splitlines()
    assert lines[:5] == [
        "m-10: a checkpoint",
        "  format:     TensorFlow V2 checkpoint (tensor bundle), version 1",
        "  tensors:    8, with 101 elements (100 float32, 1 int64)",
        "  size:       408 B in 1 shard",
        "  naming:     by name",
    ]
    assert "  step:       10" in lines
    found = json.loads(run("info", ".", "--json"))
    assert (found["schema"], found["kind"], len(found["checkpoints"])) == (
        "tfckpt.info/1",
        "folder",
        2,
    )
    assert run("info", "nowhere", code=1) == ""


# report


def test_a_report_is_one_file_that_escapes_every_name() -> None:
    evil = "</script><script>alert(1)</script>"
    tfckpt.save("evil", {evil: np.ones(2), "a&b<c>": np.ones((2, 2))})
    assert run("report", "evil", "--compare", "m-10").startswith("evil.html: ")
    page = Path("evil.html").read_text()
    assert "<script>alert" not in page
    assert page.count("<script") == 2
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
    data = page.partition('id="data">')[2].partition("</script>")[0]
    parsed = json.loads(data)
    assert [row[0] for row in parsed["rows"]] == [evil, "a&b<c>"]


def test_a_report_of_a_damaged_checkpoint_shows_the_damage() -> None:
    Path("m-10.data-00000-of-00001").write_bytes(bytes(408))
    tfckpt.write_report("m-10", "out.html")
    assert "damaged" in Path("out.html").read_text()


# The whole command


def test_completion_scripts_and_what_they_offer() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_TFCKPT_COMPLETE" in run("completion", shell)

    def offered(*words: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from tfckpt.cli import cli; cli(prog_name='tfckpt')"],
            env={
                **os.environ,
                "_TFCKPT_COMPLETE": "bash_complete",
                "COMP_WORDS": " ".join(("tfckpt", *words)),
                "COMP_CWORD": str(len(words)),
            },
            capture_output=True,
            text=True,
        )
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert offered("ls", "m-") == ["m-10", "m-20"]
    assert offered("show", "m-10", "glob") == ["global_step"]
    assert "verify" in offered("ver")


def test_whoever_reads_may_have_had_enough() -> None:
    tfckpt.save("many", {f"v{n:05}": np.float32(n) for n in range(20_000)})
    for command in ("ls", "tree"):
        done = subprocess.run(
            f"{sys.executable} -m tfckpt {command} many | head -2",
            shell=True,
            capture_output=True,
            text=True,
        )
        assert len(done.stdout.splitlines()) == 2
        assert done.stderr == ""


def test_trees_are_drawn_with_what_the_terminal_has() -> None:
    tfckpt.save("t", {"a/b": np.ones(1), "a/c": np.ones(1)})
    done = subprocess.run(
        [sys.executable, "-m", "tfckpt", "tree", "t"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[1:4] == [
        "`-- a  2 tensors, 16 B",
        "    |-- b  float64 [1]  8 B",
        "    `-- c  float64 [1]  8 B",
    ]


def test_a_tree_without_slots_leaves_out_all_kinds_of_them() -> None:
    tfckpt.save("t", {"w": np.ones(1), "w/Adam": np.ones(1), "w/Adam_1": np.ones(1)})
    assert run("tree", "t", "--no-slots").splitlines() == [
        "t",
        "└── w  float64 [1]  8 B",
        "",
        "1 tensor, 8 B",
    ]
    optimizer = {
        "_momentums": [np.ones(2)],
        "_velocities": [np.ones(2)],
        "_learning_rate": np.ones(()),
    }
    tfckpt.Checkpoint(net={"w": np.ones(2)}, optimizer=optimizer).write("k")
    shown = run("tree", "k", "--no-slots")
    assert "_momentums" not in shown
    assert "_learning_rate" in shown


def test_colors_are_for_terminals() -> None:
    for options, styled in (
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ):
        plain = {key: value for key, value in os.environ.items() if "COLOR" not in key}
        done = subprocess.run(
            [sys.executable, "-m", "tfckpt", "ls", "m-10"],
            env={**plain, **options},
            capture_output=True,
            text=True,
        )
        assert ("\x1b[1m" in done.stdout) == styled


def test_listing_loads_no_terminal_library() -> None:
    script = (
        "import sys; from tfckpt.cli import cli; cli(['ls', 'm-10'], standalone_mode=False);"
        "print('rich' in sys.modules, 'tfckpt.objects' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False False", done.stderr


# Notebooks


def test_notebooks_show_tables_that_escape(golden: Path) -> None:
    tfckpt.save("h", {"<b>": np.ones(2, "f4")})
    with tfckpt.load_checkpoint("h") as reader:
        assert (
            "<tr><td>&lt;b&gt;</td><td>float32</td><td>[2]</td><td>8</td></tr>"
            in reader._repr_html_()
        )
        assert reader._ipython_key_completions_() == ["<b>"]
    with tfckpt.load_object_tree(golden / "objects") as tree:
        assert "<td>layer</td>" in tree._repr_html_()
        assert "layer" in tree._ipython_key_completions_()
    assert tfckpt.verify("h")._repr_html_().startswith("<pre>h: sound")


def test_savers_and_managers_say_what_they_are() -> None:
    saver = tfckpt.Saver(max_to_keep=3)
    assert repr(saver) == "<Saver: keeps 3, nothing saved yet>"
    saver.save({"w": np.ones(1)}, "run", global_step=1)
    assert repr(saver) == "<Saver: keeps 3, last saved 'run-1'>"
    manager = tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.ones(1)), "managed", 3)
    assert repr(manager) == "<CheckpointManager of 'managed' with 0 checkpoints>"


# What is shown where something is odd


def in_a_terminal(command: list[str]) -> tuple[str, str]:
    """Return what a command prints, and what a terminal is sent as its standard error."""
    import pty

    master, slave = pty.openpty()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=slave, text=True)
    os.close(slave)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    return done.stdout, shown


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals")
def test_converting_ends_with_checking() -> None:
    command = [sys.executable, "-m", "tfckpt", "convert", "m-10", "m.npz"]
    assert "checking" in in_a_terminal(command)[1]


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals")
def test_a_terminal_sees_a_bar_and_a_pipe_none() -> None:
    command = [sys.executable, "-m", "tfckpt", "verify", "m-10"]
    out, shown = in_a_terminal(command)
    assert "reading" in shown
    piped = subprocess.run(command, capture_output=True, text=True)
    assert piped.stderr == "" and piped.stdout == out


def test_stats_of_what_has_no_numbers() -> None:
    tfckpt.save("odd", {"text": np.array([b"a"], object), "nan": np.float32([np.nan, np.nan])})
    out = run("stats", "odd", "nan")
    assert "suspicious: NaN" in out
    found = tfckpt.statistics("odd")
    assert found["nan"].nan == 2
    with pytest.raises(KeyError):
        found["none"]
    assert "no numbers" in str(found)


def test_a_part_of_a_checkpoint_is_described_with_what_is_missing() -> None:
    os.remove("m-10.index")
    found = tfckpt.describe("m-10.data-00000-of-00001")
    assert found.what == "part of a checkpoint" and found.problems
    assert str(found) == "\n".join(found.lines())


def test_verify_of_a_state_file_is_of_what_it_names() -> None:
    tfckpt.update_checkpoint_state(".", "m-30", ["m-20", "m-30"])
    report = tfckpt.verify("checkpoint")
    assert not report.ok and any("m-30" in str(finding) for finding in report.findings)


def test_suggestions_for_the_variables_of_a_graph() -> None:
    graph = tfckpt.Saver()
    path = graph.save({"layer/w": np.ones((4, 4), "f4"), "layer/n": np.ones(7, "f4")}, "new")
    tfckpt.save("old", {"w": np.zeros((4, 4), "f4"), "n": np.zeros(7, "f4")})
    out = run("suggest", "old", f"{path}.meta")
    assert '"w" = "layer/w"' in out and '"n" = "layer/n"' in out
