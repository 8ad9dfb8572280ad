"""Work that is shared among the workers of any executor: the same answers, and nothing left."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt import transform

WEIGHTS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "words": np.array([b"x", b"yy"], object),
    "n": np.int64(4),
    "half": np.arange(4, dtype=np.float16),
}


@pytest.fixture(scope="module", params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "threads":
        with ThreadPoolExecutor(2) as made:
            yield made
        return
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as made:
        yield made


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    """Two checkpoints, of which one has another element, one name more, and one that is renamed."""
    a = tfckpt.save(tmp_path / "a", WEIGHTS | {"old": np.arange(9), "gone": np.zeros(2)})
    changed = WEIGHTS | {"a": WEIGHTS["a"] + np.float32([[0, 0, 0.5], [0, 0, 0]])}
    return a, tfckpt.save(tmp_path / "b", changed | {"new": np.arange(9)})


def test_compare_gives_the_same_answer(executor: Executor, two: tuple[str, str]) -> None:
    expected = tfckpt.compare(*two)
    assert [one.name for one in expected.different] == ["a"]
    assert expected.only_a == ("gone",)
    assert expected.renamed == (("old", "new"),)
    assert tfckpt.compare(*two, executor=executor) == expected
    assert tfckpt.compare(*two, atol=1, executor=executor).different == ()


def test_arrays_are_sent_to_be_compared(executor: Executor, two: tuple[str, str]) -> None:
    found = tfckpt.compare(tfckpt.load(two[0]), two[1], executor=executor)
    assert [one.name for one in found.different] == ["a"]
    assert found.equal == 3


def test_objects_are_compared_by_their_full_names(executor: Executor, tmp_path: Path) -> None:
    names = {"w": "net/kernel"}
    paths = [
        tfckpt.save(tmp_path / name, tfckpt.to_object_based({"w": np.full(3, n)}, names))
        for n, name in enumerate("ab")
    ]
    found = tfckpt.compare(*paths, by_name=True, executor=executor)
    assert [one.name for one in found.different] == ["w"]


@pytest.mark.parametrize("end", ["v2", "v1", ".safetensors", ".npz"])
def test_a_conversion_writes_the_same_tensors(
    end: str, executor: Executor, two: tuple[str, str], tmp_path: Path
) -> None:
    to = None if end.startswith(".") else end
    dst = tmp_path / f"new{end if to is None else ''}"
    drop = {"v2": (), ".npz": ("words",)}.get(end, ("words", "half"))
    told: list[tuple[int, int, str]] = []
    made = tfckpt.convert_checkpoint(
        two[0],
        dst,
        to,
        drop=drop or None,
        executor=executor,
        progress=lambda *said: told.append(said),
    )
    with tfckpt.open_tensors(made) as written, tfckpt.open_tensors(two[0]) as source:
        assert written.keys() == source.keys() - set(drop)
        for name in written:
            assert np.array_equal(written[name], source[name])
    assert told[-1][0] == told[-1][1]
    assert len(told) == 2 * len(made.written)


def test_a_conversion_casts_and_renames_in_the_workers(
    executor: Executor, two: tuple[str, str], tmp_path: Path
) -> None:
    made = tfckpt.convert_checkpoint(
        two[0],
        tmp_path / "new",
        keep=["a", "half"],
        rename={"a": "net/a"},
        cast={"float16": "float32"},
        executor=executor,
    )
    loaded = tfckpt.load(made)
    assert loaded.keys() == {"net/a", "half"}
    assert loaded["half"].dtype == np.float32
    assert np.array_equal(loaded["net/a"], WEIGHTS["a"])


def test_a_conversion_that_fails_leaves_what_was_there(
    executor: Executor, two: tuple[str, str], tmp_path: Path
) -> None:
    data = Path(f"{two[0]}.data-00000-of-00001")
    octets = bytearray(data.read_bytes())
    octets[0] ^= 1
    data.write_bytes(octets)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(tfckpt.errors.DataLossError, match="checksum"):
        tfckpt.convert_checkpoint(two[0], two[1], "v2", overwrite=True, executor=executor)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert tfckpt.load(two[1])["n"] == 4


def test_a_transform_is_worked_out_by_the_workers(
    executor: Executor, two: tuple[str, str], tmp_path: Path
) -> None:
    halved = transform.cast(transform.select(two[0], ["a"]), "float16")
    tfckpt.save(tmp_path / "half", halved, executor=executor)
    assert tfckpt.load(tmp_path / "half")["a"].dtype == np.float16
