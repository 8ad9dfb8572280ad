"""Converting keeps every value, checks what it wrote, and overwrites nothing unasked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError, UnimplementedError
from tfckpt.v1.reader import V1Reader

GOLDEN = Path(__file__).parent / "golden" / "v1"


def values(path: Path | str) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bytes) else (value.dtype, value.shape, value.tolist())
        for name, value in tfckpt.load(path).items()
    }


@pytest.mark.parametrize("name", ["all", "sliced", "snappy", "sharded-?????-of-00002"])
def test_there_and_back(name: str, tmp_path: Path) -> None:
    v2 = tfckpt.convert_checkpoint(GOLDEN / name, tmp_path / "new")
    v1 = tfckpt.convert_checkpoint(v2, tmp_path / "old", to="v1")

    assert (tmp_path / "new.index").exists()
    assert values(GOLDEN / name) == values(v2) == values(v1)
    if name == "all":  # nothing is partitioned there
        assert (GOLDEN / name).read_bytes() == (tmp_path / "old").read_bytes()


def test_progress_covers_writing_and_checking(tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    prefix = tfckpt.save(tmp_path / "a", {"x": np.zeros(10), "y": np.zeros(5)})

    tfckpt.convert_checkpoint(
        prefix, tmp_path / "b", to="v1", progress=lambda *call: calls.append(call)
    )

    assert calls == [(80, 240, "x"), (120, 240, "y"), (200, 240, "x"), (240, 240, "y")]


@pytest.mark.parametrize("to", ["v1", "v2"])
def test_nothing_is_overwritten_unasked(to: str, tmp_path: Path) -> None:
    source = tfckpt.save(tmp_path / "a", {"x": 1})
    for there in ("v1", "v2"):
        target = tmp_path / f"{there}-there"
        before = tfckpt.convert_checkpoint(tfckpt.save(tmp_path / "b", {"x": 2}), target, to=there)
        with pytest.raises(FileExistsError, match="there is a checkpoint already"):
            tfckpt.convert_checkpoint(source, target, to=to)
        assert tfckpt.load(before)["x"] == 2

        tfckpt.convert_checkpoint(source, target, to=to, overwrite=True)
        assert tfckpt.load(before)["x"] == 1


def test_a_v1_file_can_be_converted_beside_itself(tmp_path: Path) -> None:
    with tfckpt.V1Writer(tmp_path / "m") as writer:
        writer.add("x", 1)

    tfckpt.convert_checkpoint(tmp_path / "m", tmp_path / "m")

    assert sorted(os.listdir(tmp_path)) == ["m", "m.data-00000-of-00001", "m.index"]
    with pytest.raises(InvalidArgumentError, match="choose another prefix"):
        tfckpt.convert_checkpoint(tmp_path / "m", tmp_path / "m", to="v1", overwrite=True)
    with pytest.raises(InvalidArgumentError, match="is a v2 checkpoint already"):
        tfckpt.convert_checkpoint(tmp_path / "m", tmp_path / "m", overwrite=True)


def test_types_that_v1_lacks_are_all_named_first(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "a", {"x": 1, "y": np.uint32(1), "z": np.uint64(1)})

    with pytest.raises(UnimplementedError, match=r"y \(DT_UINT32\), z \(DT_UINT64\)"):
        tfckpt.convert_checkpoint(prefix, tmp_path / "b", to="v1")
    assert not (tmp_path / "b").exists()


def test_a_damaged_source_leaves_nothing(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "a", {"x": np.arange(9)})
    with open(prefix + ".data-00000-of-00001", "r+b") as file:
        file.write(b"damage")

    with pytest.raises(DataLossError):
        tfckpt.convert_checkpoint(prefix, tmp_path / "b", to="v1")
    assert sorted(os.listdir(tmp_path)) == ["a.data-00000-of-00001", "a.index"]


def test_what_was_written_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = tfckpt.save(tmp_path / "a", {"x": np.arange(9)})
    read = V1Reader.get_tensor
    monkeypatch.setattr(V1Reader, "get_tensor", lambda *args: read(*args) + 1)

    with pytest.raises(DataLossError, match="differs from the source"):
        tfckpt.convert_checkpoint(prefix, tmp_path / "b", to="v1")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"to": "v3"}, ValueError),
        ({"dst": "b-?????-of-00002"}, ValueError),
        ({"src": "nothing"}, FileMissingError),
        ({"dst": "folder/"}, ValueError),
    ],
)
def test_misuse(
    arguments: dict[str, Any], error: type[Exception], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    tfckpt.save("a", {"x": 1})
    with pytest.raises(error):
        tfckpt.convert_checkpoint(**{"src": "a", "dst": "b", **arguments})


def run(*arguments: object) -> Any:
    testing = pytest.importorskip("click.testing")
    pytest.importorskip("rich")
    from tfckpt.cli.convert import convert_command

    return testing.CliRunner().invoke(convert_command, [str(one) for one in arguments])


def test_the_command(tmp_path: Path) -> None:
    done = run(GOLDEN / "all", tmp_path / "m")
    assert (0, f"{tmp_path / 'm'}: 41 tensors written as v2, and checked") == (
        done.exit_code,
        done.output.strip(),
    )

    again = run(GOLDEN / "sliced", tmp_path / "m", "--to", "v1")
    assert again.exit_code == 1
    assert "--force replaces it" in again.output
    assert values(GOLDEN / "all") == values(tmp_path / "m")

    forced = run(GOLDEN / "sliced", tmp_path / "m", "--to", "v1", "--force")
    assert forced.exit_code == 0
    assert os.listdir(tmp_path) == ["m"]
    assert values(GOLDEN / "sliced") == values(tmp_path / "m")


def test_names_of_objects_become_full_names_and_back(tmp_path: Path) -> None:
    objects = tfckpt.to_object_based(
        {"w": np.arange(3), "b": np.zeros(2)}, {"w": "layer/kernel", "b": "layer/bias"}
    )
    src = tfckpt.save(tmp_path / "objects", objects)
    testing = pytest.importorskip("click.testing")
    from tfckpt.cli.convert import convert_command

    run = testing.CliRunner().invoke

    done = run(convert_command, [src, str(tmp_path / "names"), "--by-name"])
    assert done.exit_code == 0, done.output
    assert {name: value.tolist() for name, value in tfckpt.load(tmp_path / "names").items()} == {
        "b": [0, 0],
        "w": [0, 1, 2],
    }

    tfckpt.save(tmp_path / "new", {"w": np.array([7, 8, 9]), "b": np.ones(2)})
    back = [str(tmp_path / "new"), str(tmp_path / "again"), "--like", src]
    assert run(convert_command, back).exit_code == 0
    again = tfckpt.load(tmp_path / "again")
    assert again["layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"].tolist() == [7, 8, 9]

    refused = run(convert_command, back)
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert run(convert_command, [*back, "--by-name"]).exit_code == 2
