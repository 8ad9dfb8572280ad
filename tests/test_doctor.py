"""doctor: for each pain of the field a broken folder, what is said of it, and what mends it.

The same pains stand in the table of docs/rescue.md.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click.testing as click_testing
import numpy as np
import pytest

import tfckpt
from tfckpt.cli import cli
from tfckpt.errors import FileMissingError, UnimplementedError
from tfckpt.storage import open_source
from tfckpt.table import Table, write_table

DATA = ".data-00000-of-00001"
DAY = 24 * 3600


def saved(*steps: int, folder: str = "run", name: str = "m") -> None:
    saver = tfckpt.Saver(max_to_keep=None, save_relative_paths=True)
    paths = [
        saver.save({"w": np.arange(9.0), "b": np.ones(2)}, f"{folder}/{name}", step)
        for step in steps
    ]
    tfckpt.update_checkpoint_state(folder, str(paths[-1]), paths, save_relative_paths=True)


def write(path: str, content: str | bytes) -> None:
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)


def moved() -> None:
    tfckpt.Saver().save({"w": np.ones(2)}, os.path.abspath("old/m"), 1)
    shutil.move("old", "run")


def stale() -> None:
    saved(1, 2)
    tfckpt.save("run/m-3", {"w": np.ones(2)})


def flipped() -> None:
    saved(1, 2)
    data = bytearray(Path("run/m-2" + DATA).read_bytes())
    data[20] ^= 1
    write("run/m-2" + DATA, data)


def two_writers() -> None:
    saved(1, 2, name="a")
    saved(7, name="b")  # writes over the state file


def killed_by_tensorflow() -> None:
    saved(1)
    os.mkdir("run/m-2_temp")
    write("run/m-2_temp/part-00000-of-00001.data-00000-of-00001", b"half")
    for path in ("run/m-2_temp/part-00000-of-00001.data-00000-of-00001", "run/m-2_temp"):
        os.utime(path, (1, 1))


def killed_while_replacing() -> None:
    saved(1)
    for path in ("run/m-1.index", "run/m-1" + DATA):
        os.rename(path, path + ".commit")


def other_shards() -> None:
    saved(1)
    write("run/m-1.data-00000-of-00004", b"old")


def keras() -> None:
    weights = {"layer_with_weights-0": {"kernel": np.ones((2, 2))}}
    tfckpt.Checkpoint(**weights).save("run/ckpt")


def too_new() -> None:
    """A checkpoint of a later form, which its header says that readers of now are not to read."""
    saved(1)
    source = open_source("run/m-1.index")
    items = {bytes(key): bytes(value) for key, value in Table(source).items()}
    source.close()
    header = tfckpt.protos.BundleHeaderProto.FromString(items[b""])
    header.version.min_consumer = 2
    items[b""] = header.SerializeToString()
    table = bytearray()
    write_table(table.extend, sorted(items.items()))
    write("run/m-1.index", table)


class Pain(NamedTuple):
    breaks: Callable[[], object]
    says: str
    mend: str
    """The command, or how what there is to do begins."""
    mends: bool = True
    """Whether running that command makes the diagnosis go away."""


PAINS = {
    "a moved folder": Pain(moved, "of another place", "tfckpt repair-state run"),
    "a state file that is missing": Pain(
        lambda: (saved(1, 2), os.remove("run/checkpoint")),
        "there is no state file",
        "tfckpt repair-state run",
    ),
    "a state file that is empty": Pain(
        lambda: (saved(1, 2), write("run/checkpoint", "")),
        "its text names no checkpoint",
        "tfckpt repair-state run",
    ),
    "a state file that is cut": Pain(
        lambda: (saved(1, 2), os.truncate("run/checkpoint", 26)),
        "its text names no checkpoint",
        "tfckpt repair-state run",
    ),
    "a latest that is gone": Pain(
        lambda: (saved(1, 2), os.remove("run/m-2.index"), os.remove("run/m-2" + DATA)),
        "the latest that it names is gone: m-2",
        "tfckpt repair-state run",
    ),
    "a save that was not recorded": Pain(stale, "it is stale", "tfckpt repair-state run"),
    "brackets in a name": Pain(
        lambda: tfckpt.save("run/m[1]", {"w": 1.0}),
        "takes its name for a pattern",
        "tfckpt convert 'run/m[1]' run/m_1_",
        mends=False,  # what is there stays
    ),
    "two writers": Pain(
        two_writers, "no state file lists the checkpoints called 'a'", "give each", mends=False
    ),
    "an index that is cut": Pain(
        lambda: (saved(1, 2), os.truncate("run/m-2.index", 40)),
        "too few for the 48",
        "tfckpt salvage run/m-2 run/m-2-salvaged",
        mends=False,
    ),
    "data that is cut": Pain(
        lambda: (saved(1, 2), os.truncate("run/m-2" + DATA, 20)),
        "the file has 20",
        "tfckpt salvage run/m-2 run/m-2-salvaged",
        mends=False,
    ),
    "a checksum that does not fit": Pain(
        flipped, "tensor 'w'", "tfckpt salvage run/m-2 run/m-2-salvaged", mends=False
    ),
    "a shard that is missing": Pain(
        lambda: (saved(1, 2), os.remove("run/m-2" + DATA)),
        "this shard is missing",
        "tfckpt salvage run/m-2 run/m-2-salvaged",
        mends=False,
    ),
    "an index that is missing": Pain(
        lambda: (saved(1, 2), os.remove("run/m-2.index")),
        "but no index",
        "copy it again, or tfckpt salvage run/m-2 run/m-2-salvaged",
        mends=False,
    ),
    "a page in place of an index": Pain(
        lambda: (saved(1, 2), write("run/m-2.index", "<!DOCTYPE html><html>Sign in</html>")),
        "it is an HTML page",
        "copy or download it again",
        mends=False,
    ),
    "a git-LFS pointer": Pain(
        lambda: (saved(1), write("run/m-1" + DATA, "version https://git-lfs.github.com/spec/v1\n")),
        "it is a git-LFS pointer",
        "git lfs pull",
        mends=False,
    ),
    "a save that was killed": Pain(
        lambda: (saved(1), write(f"run/m-2{DATA}.tempstate123", b"half")),
        "a file in the making",
        "tfckpt doctor --fix run",
    ),
    "a save of TensorFlow's that was killed": Pain(
        killed_by_tensorflow, "TensorFlow's files in the making", "tfckpt doctor --fix run"
    ),
    "a save that was killed while it replaced another": Pain(
        killed_while_replacing, "killed while it replaced", "tfckpt doctor --fix run"
    ),
    "shards of another save": Pain(
        other_shards, "left over from a save", "rm run/m-1.data-00000-of-00004"
    ),
    "names that differ in case alone": Pain(
        lambda: (saved(1, name="m"), tfckpt.save("run/M-1", {"w": 1.0})),
        "in case alone",
        "rename",
        mends=False,
    ),
    "weights for Keras": Pain(
        keras,
        "Keras 3 does not load",
        "tfckpt convert run/ckpt-1 run/ckpt-1.weights.h5",
        mends=False,
    ),
    "a model of Keras under the other name": Pain(
        lambda: (saved(1), write("run/model.keras", b"\x89HDF\r\n\x1a\n and more")),
        "an HDF5 file called .keras: Keras 3 goes by the name",
        "mv -n run/model.keras run/model.h5",
    ),
    "weights of Keras under the other name": Pain(
        lambda: (saved(1), write("run/model.weights.h5", b"PK\x03\x04 and more")),
        "a zip archive called .weights.h5: Keras 3 goes by the name",
        "mv -n run/model.weights.h5 run/model.keras",
    ),
    "a checkpoint of a later TensorFlow": Pain(
        too_new,
        "the checkpoint asks for a reader of version 2, this one is 1",
        "save it again, in an older form",
        mends=False,
    ),
}


# What the first column of docs/rescue.md calls it.
ROWS = {
    "a moved folder": "a moved or renamed folder",
    "a state file that is missing": "annoying little file",
    "a state file that is empty": "save_path when it is None",
    "a state file that is cut": "save_path when it is None",
    "a latest that is gone": "save_path when it is None",
    "a save that was not recorded": "killed between save and record",
    "brackets in a name": "brackets in a name",
    "two writers": "two writers",
    "an index that is cut": "too short to be an sstable",
    "data that is cut": "too short to be an sstable",
    "a checksum that does not fit": "which tensors?",
    "a shard that is missing": "after a partial copy",
    "an index that is missing": "after a partial copy",
    "a page in place of an index": "a web page",
    "a git-LFS pointer": "a git-LFS pointer",
    "a save that was killed": ".tempstate",
    "a save of TensorFlow's that was killed": "_temp",
    "a save that was killed while it replaced another": "killed while it replaced",
    "shards of another save": "shards of an earlier save",
    "names that differ in case alone": "differ in case",
    "weights for Keras": "Keras 3 refuses the weights",
    "a model of Keras under the other name": "does not open a `.keras`",
    "weights of Keras under the other name": "does not open a `.keras`",
    "a checkpoint of a later TensorFlow": "a later version",
}
OTHERWISE = {  # tested below
    "no room for the next save",
    "a copy is taken for unfinished",
}


def rows_of_the_page() -> list[str]:
    page = (Path(__file__).parents[1] / "docs/rescue.md").read_text()
    table = page.partition("| what users meet |")[2].splitlines()[2:]
    return [line.split("|")[1].strip() for line in table if line.startswith("|")]


def test_the_page_and_these_tests_have_the_same_pains() -> None:
    assert PAINS.keys() == ROWS.keys()
    known = {*ROWS.values(), *OTHERWISE}
    rows = rows_of_the_page()
    assert [row for row in rows if not any(words in row for words in known)] == []
    assert [words for words in known if not any(words in row for row in rows)] == []


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said() -> list[str]:
    return [one.message for one in tfckpt.doctor("run", deep=True).diagnoses]


@pytest.mark.parametrize("pain", PAINS.values(), ids=list(PAINS))
def test_each_pain_is_named_with_what_mends_it(pain: Pain) -> None:
    pain.breaks()
    found = tfckpt.doctor("run", deep=True).diagnoses
    (diagnosis,) = [one for one in found if pain.says in one.message]
    assert diagnosis.mend.startswith(pain.mend)
    if pain.mends:
        command = shlex.split(diagnosis.mend)
        if command[0] == "tfckpt":
            click_testing.CliRunner().invoke(cli, command[1:], catch_exceptions=False)
        else:
            does = {"rm": os.remove, "mv": os.rename}[command[0]]
            does(*(word for word in command[1:] if word != "-n"))
        assert not any(pain.says in one for one in said()), said()
        assert tfckpt.latest_checkpoint("run", valid=True) is not None
    elif pain.mend.startswith("tfckpt salvage"):
        run = click_testing.CliRunner().invoke(cli, shlex.split(diagnosis.mend)[1:])
        assert run.exit_code in (1, 2), run.output


def test_a_healthy_folder_is_said_to_be() -> None:
    saved(1, 2, 3)
    report = tfckpt.doctor("run", deep=True)
    assert (report.ok, report.diagnoses, report.checkpoints) == (True, (), 3)
    assert str(report) == "run: healthy (3 checkpoints)"


def test_a_copy_on_another_file_system_is_as_good_as_what_was_copied() -> None:
    """Times, owners and links are another's there; the files themselves say that they are whole."""
    saved(1, 2)
    shutil.copytree("run", "copy", copy_function=shutil.copyfile)
    for path in Path("copy").iterdir():
        os.utime(path, (DAY, DAY))
    report = tfckpt.doctor("copy", deep=True, fix=True)
    assert (report.ok, report.diagnoses, report.fixed) == (True, (), ())
    assert tfckpt.latest_checkpoint("copy", valid=True) == os.path.join("copy", "m-2")
    os.remove("copy/m-2" + DATA)  # and where it is not: nothing of it is deleted
    left = sorted(os.listdir("copy"))
    assert not tfckpt.doctor("copy", fix=True).ok
    tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.ones(2)), "copy", max_to_keep=2).save()
    assert set(left) <= set(os.listdir("copy"))


def test_folders_of_all_kinds_of_savers_are_healthy(tmp_path: Path) -> None:
    saver = tfckpt.Saver(write_version=tfckpt.SaverDef.V1, sharded=True, save_relative_paths=True)
    saver.save({"a": np.ones(2)}, "v1/m", 1)
    tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.ones(2)), "objects", max_to_keep=2).save()
    for name in ("v1", "objects"):
        assert tfckpt.doctor(name, deep=True).diagnoses == ()


def test_a_folder_without_checkpoints_is_said_to_have_none(golden: Path) -> None:
    os.mkdir("empty")
    (problem,) = tfckpt.doctor("empty").diagnoses
    assert (problem.kind, problem.message) == ("problem", "there is no checkpoint here")
    assert problem.mend == "tfckpt info empty says what there is"
    (note,) = tfckpt.doctor(golden / "saved_model").diagnoses
    assert (note.kind, note.message[:20]) == ("note", "this is a SavedModel")


def test_without_deep_no_values_are_read() -> None:
    flipped()
    assert tfckpt.doctor("run").ok
    assert not tfckpt.doctor("run", deep=True).ok


def test_fix_changes_no_checkpoint_and_nobodys_word() -> None:
    stale()
    flipped_bytes = bytearray(Path("run/m-1" + DATA).read_bytes())
    flipped_bytes[0] ^= 1
    write("run/m-1" + DATA, flipped_bytes)
    write("run/m-9.index.tempstate1", b"half")
    before = {path: path.read_bytes() for path in Path("run").iterdir()}
    report = tfckpt.doctor("run", deep=True, fix=True)
    assert report.fixed == ("removed run/m-9.index.tempstate1",)
    after = {path: path.read_bytes() for path in Path("run").iterdir()}
    assert before.keys() - after.keys() == {Path("run/m-9.index.tempstate1")}
    assert all(before[path] == content for path, content in after.items())


def test_fix_leaves_what_a_living_writer_holds() -> None:
    saved(1)
    with tfckpt.BundleWriter("run/m-2") as bundle:
        bundle.add("w", np.ones(2))
        assert tfckpt.doctor("run", fix=True).fixed == ()
    assert tfckpt.load("run/m-2")["w"].tolist() == [1, 1]


def test_fix_leaves_the_files_of_a_save_of_tensorflows_that_may_run() -> None:
    killed_by_tensorflow()
    os.utime("run/m-2_temp")
    assert tfckpt.doctor("run", fix=True).fixed == ()
    assert os.path.isdir("run/m-2_temp")


def test_room_and_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    saved(1)
    usage = shutil.disk_usage("run")._replace(free=50)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    found = said()
    assert "no save can write into this folder: permission is missing" in found
    assert "it cannot be read: permission is missing" in found
    assert any("the next save needs" in one and "50 B are free" in one for one in found)


def test_the_command_has_a_line_each_and_an_exit_code() -> None:
    saved(1, 2)
    runner = click_testing.CliRunner()
    assert runner.invoke(cli, ["doctor", "run"]).exit_code == 0
    os.truncate("run/m-2" + DATA, 20)
    result = runner.invoke(cli, ["doctor", "run"])
    assert result.exit_code == 1
    assert result.output.splitlines()[0] == "run: 1 problem (2 checkpoints)"
    assert result.output.splitlines()[1].endswith("-> tfckpt salvage run/m-2 run/m-2-salvaged")
    said = json.loads(runner.invoke(cli, ["doctor", "--json", "run"]).output)
    assert (said["schema"], said["ok"]) == ("tfckpt.doctor/1", False)
    result = runner.invoke(cli, ["doctor", "nowhere", "run"])
    assert (result.exit_code, "nowhere: there is no folder" in result.output) == (2, True)


def test_what_is_no_folder_of_this_machine_is_refused() -> None:
    with pytest.raises(FileMissingError):
        tfckpt.doctor("nowhere")
    with pytest.raises(UnimplementedError):
        tfckpt.doctor("gs://bucket/run")


def test_notes_on_a_state_file() -> None:
    saved(1, 2, 3)
    paths = [os.path.abspath(f"run/m-{step}") for step in (1, 2, 3)]
    tfckpt.update_checkpoint_state("run", paths[-1], paths)
    assert any("absolute paths, which lead nowhere once" in message for message in said())
    for path in Path("run").glob("m-1.*"):
        path.unlink()
    assert any(
        message.startswith("it still lists 1 older checkpoint, now gone") for message in said()
    )


def test_a_lock_is_of_a_save_under_way() -> None:
    saved(1)
    lock = tfckpt.doctor("run").diagnoses
    assert not lock
    write("run/.tfckpt.lock", b"")
    assert said() == ["a save is under way, or was killed"]


def test_fix_makes_no_state_file_where_nothing_is_complete() -> None:
    saved(1)
    os.remove("run/checkpoint")
    os.remove("run/m-1" + DATA)
    assert tfckpt.doctor("run", fix=True).fixed == ()
    assert not os.path.exists("run/checkpoint")
