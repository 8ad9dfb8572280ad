"""One way to open them all, and to write them: by content, by name, from one to the other."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import CheckpointError, DataLossError, InvalidArgumentError
from tfckpt.reader import TensorInfo, TensorReader

TENSORS = {
    "layer/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "layer/bias": np.array([1.5, -2.5]),
    "step": np.int64(7),
}
SUFFIXES = {
    "safetensors": ".safetensors",
    "torch": ".pt",
    "npz": ".npz",
    "hdf5": ".h5",
    "v1": "",
    "v2": ".ckpt",
}


@pytest.mark.parametrize("format", SUFFIXES)
def test_a_format_is_told_by_content(format: str, tmp_path: Path) -> None:
    path = tfckpt.write_tensors(tmp_path / "anything", TENSORS, format=format)
    with tfckpt.open_tensors(path) as tensors:
        assert isinstance(tensors, TensorReader)
        assert {name: array.tolist() for name, array in tensors.items()} == {
            name: array.tolist() for name, array in TENSORS.items()
        }


@pytest.mark.parametrize("format", sorted(set(SUFFIXES) - {"v1"}))
def test_a_format_is_chosen_by_the_end_of_the_name(format: str, tmp_path: Path) -> None:
    path = tmp_path / ("m" + SUFFIXES[format])
    tfckpt.write_tensors(path, TENSORS)
    with tfckpt.open_tensors(path, format="checkpoint" if format == "v2" else format) as tensors:
        assert set(tensors) == set(TENSORS)


@pytest.mark.parametrize("name", ["m.safetensor", "m.onnx", "m.gguf", "m.pb", "m.npy"])
def test_a_name_that_says_nothing_is_asked_about(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give format="):
        tfckpt.write_tensors(tmp_path / name, TENSORS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["model", "m.ckpt", "model.ckpt-100", "m.v2", "a.b-7", "m.1"])
def test_names_of_checkpoints(name: str, tmp_path: Path) -> None:
    tfckpt.write_tensors(tmp_path / name, TENSORS)
    assert (tmp_path / f"{name}.index").exists()


@pytest.mark.parametrize("old, new", [*itertools.permutations(SUFFIXES, 2)])
def test_from_every_format_to_every_other(old: str, new: str, tmp_path: Path) -> None:
    with tfckpt.open_tensors(tfckpt.write_tensors(tmp_path / "a", TENSORS, format=old)) as tensors:
        path = tfckpt.write_tensors(tmp_path / "b", tensors, format=new)
    with tfckpt.open_tensors(path) as tensors:
        assert {name: (array.dtype, array.tolist()) for name, array in tensors.items()} == {
            name: (array.dtype, array.tolist()) for name, array in TENSORS.items()
        }


def test_strings_go_where_there_are_strings(tmp_path: Path) -> None:
    tensors = {"words": np.array([b"a", b"bc"], object), "one": np.array(b"x", object)}
    for old, new in itertools.product(("v1", "v2", "hdf5"), repeat=2):
        path = tfckpt.write_tensors(tmp_path / "a", tensors, format=old)
        with tfckpt.open_tensors(path) as reader:
            copied = tfckpt.write_tensors(tmp_path / "b", reader, format=new)
        with tfckpt.open_tensors(copied) as reader:
            assert reader["words"].tolist() == [b"a", b"bc"] and reader["one"] == b"x"
            with pytest.raises(InvalidArgumentError, match=r"words \(string\)"):
                tfckpt.write_tensors(tmp_path / "c.safetensors", reader)


@pytest.mark.parametrize("format", ["safetensors", "torch", "npz", "hdf5"])
def test_files_behind_urls(format: str, tmp_path: Path) -> None:
    import fsspec

    path = tfckpt.write_tensors(tmp_path / "m", TENSORS, format=format)
    url = f"memory://formats/{format}"
    fsspec.filesystem("memory").pipe(url, Path(path).read_bytes())
    with tfckpt.open_tensors(url) as tensors:
        assert tensors["step"] == 7 and tensors.get_tensor("layer/kernel", 0).tolist() == [0, 1, 2]


# Graphs


def frozen() -> tfckpt.GraphDef:
    graph = tfckpt.Graph()
    for name, array in TENSORS.items():
        graph.create_op("Const", name=name, attrs={"dtype": array.dtype, "value": array})
    words = np.array([b"a", b"bc"], object)
    graph.create_op("Const", name="words", attrs={"dtype": np.dtype(object), "value": words})
    return graph.as_graph_def()


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("name", ["frozen.pb", "anything"])
def test_a_frozen_graph_is_the_mapping_of_its_constants(
    as_text: bool, name: str, tmp_path: Path
) -> None:
    path = tfckpt.write_graph(frozen(), str(tmp_path), name, as_text=as_text)
    with tfckpt.open_tensors(path) as tensors:
        assert list(tensors) == [*TENSORS, "words"]
        assert tensors.info("layer/kernel")[:2] == (1, (2, 3))
        assert tensors["layer/kernel"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert tensors.get_tensor("layer/kernel", np.s_[1, ::2]).tolist() == [3, 5]
        assert tensors["words"].tolist() == [b"a", b"bc"]
        assert tensors.get_tensor("words", 1) == b"bc"
        tensors["layer/bias"][:] = 0
        assert tensors["layer/bias"].tolist() == [1.5, -2.5]
        with pytest.raises(KeyError, match="did you mean"):
            tensors["kernel"]
        saved = tfckpt.write_tensors(tmp_path / "m.ckpt", tensors)
    assert tfckpt.load(saved)["step"] == 7


def test_a_graph_with_a_constant_twice(tmp_path: Path) -> None:
    graph = frozen()
    graph.node.append(graph.node[0])
    (tmp_path / "m.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(DataLossError, match=r"'layer/kernel'.*two constants"):
        tfckpt.open_tensors(tmp_path / "m.pb")


def test_every_damage_of_a_graph(tmp_path: Path) -> None:
    data = frozen().SerializeToString()
    for at in range(len(data)):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            (tmp_path / "m.pb").write_bytes(damaged)
            try:
                with tfckpt.open_tensors(tmp_path / "m.pb") as tensors:
                    for name in tensors:
                        tensors[name]
            except CheckpointError:
                continue


# What is no file of tensors


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tfckpt.open_tensors(tmp_path / "nothing")
    with pytest.raises(ValueError, match="cannot be empty"):
        tfckpt.open_tensors("")
    with pytest.raises(ValueError, match="one of checkpoint, safetensors"):
        tfckpt.open_tensors(tmp_path, format="onnx")
    with pytest.raises(InvalidArgumentError):
        tfckpt.open_tensors(tmp_path)
    for content, what in ((b"<html>", "an HTML page"), (b"", "an empty file"), (b"GGUF", "GGUF")):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(InvalidArgumentError, match=what):
            tfckpt.open_tensors(tmp_path / "file")


def test_a_safetensors_file_that_was_cut_short_says_so(tmp_path: Path) -> None:
    path = Path(tfckpt.write_tensors(tmp_path / "m.safetensors", TENSORS))
    for size in (len(path.read_bytes()) - 1, 50):
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(DataLossError, match="cut short"):
            tfckpt.open_tensors(path)


def test_a_forced_format_says_what_does_not_fit(tmp_path: Path) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.npz", TENSORS)
    for format in ("safetensors", "torch", "npy", "hdf5", "keras", "graph", "checkpoint"):
        with pytest.raises(CheckpointError, match=r"m\.npz"):
            tfckpt.open_tensors(path, format=format)


def test_a_checkpoint_that_is_given_a_foreign_file_names_what_reads_it(tmp_path: Path) -> None:
    for suffix in (".safetensors", ".npz", ".pt", ".h5"):
        path = tfckpt.write_tensors(tmp_path / f"m{suffix}", TENSORS)
        with pytest.raises(InvalidArgumentError, match=r"tfckpt\.open_tensors reads"):
            tfckpt.load_checkpoint(path)


def test_a_folder_of_several_models_is_asked_about(tmp_path: Path) -> None:
    for name in ("a.safetensors", "b.safetensors"):
        tfckpt.write_tensors(tmp_path / name, TENSORS)
    with pytest.raises(InvalidArgumentError, match=r"a\.safetensors, b\.safetensors"):
        tfckpt.open_tensors(tmp_path)
    (tmp_path / "b.safetensors").unlink()
    with tfckpt.open_tensors(tmp_path) as tensors:
        assert tensors["step"] == 7


# Writing


class Lazy(Mapping[str, Any]):
    """A mapping that makes each tensor when it is asked for."""

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size = count, size

    def info(self, name: str) -> TensorInfo:
        return TensorInfo(1, (self.size,), 4 * self.size)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self:
            raise KeyError(name)
        return np.full(self.size, int(name), np.float32)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and int(name) < self.count

    def __iter__(self) -> Iterator[str]:
        return (str(number) for number in range(self.count))

    def __len__(self) -> int:
        return self.count


@pytest.mark.parametrize("format", ["safetensors", "torch", "npz", "hdf5", "v2"])
def test_one_tensor_is_in_memory_at_a_time(format: str, tmp_path: Path) -> None:
    size = 1 << 20
    tracemalloc.start()
    try:
        path = tfckpt.write_tensors(tmp_path / "m", Lazy(12, size), format=format, fsync=False)
        peak = tracemalloc.get_traced_memory()[1]
        assert peak < 4 * size * 3
        tracemalloc.reset_peak()
        with tfckpt.open_tensors(path) as tensors:
            assert sum(float(tensors[name][0]) for name in tensors) == 66
        assert tracemalloc.get_traced_memory()[1] < 4 * size * 3
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("format", ["safetensors", "torch", "npz", "hdf5", "v1", "v2"])
def test_a_write_that_fails_changes_nothing(format: str, tmp_path: Path) -> None:
    class Failing(Lazy):
        def __getitem__(self, name: str) -> np.ndarray:
            if name == "2":
                raise RuntimeError("the source is gone")
            return super().__getitem__(name)

    path = tfckpt.write_tensors(tmp_path / "m", TENSORS, format=format)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.suffix != ".lock"}
    with pytest.raises(RuntimeError, match="the source is gone"):
        tfckpt.write_tensors(path, Failing(4, 9), format=format)
    after = {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.suffix != ".lock"}
    assert after == before


def test_a_mapping_that_says_one_thing_and_has_another(tmp_path: Path) -> None:
    class Lying(Lazy):
        def info(self, name: str) -> TensorInfo:
            return TensorInfo(2, (self.size,), 8 * self.size)

    with pytest.raises(ValueError, match=r"'0' is float32.*said to be float64"):
        tfckpt.write_tensors(tmp_path / "m.npz", Lying(1, 3))
    assert not list(tmp_path.iterdir())


def test_options_that_a_format_has_not(tmp_path: Path) -> None:
    for options, match in (
        ({"metadata": {"a": "b"}, "format": "npz"}, "no place for metadata"),
        ({"compressed": True, "format": "safetensors"}, "never compressed"),
        ({"max_shard_size": 10, "format": "npz"}, "for safetensors"),
        ({"max_shard_size": 0, "format": "safetensors"}, "for safetensors"),
        ({"format": "npy"}, "one of safetensors"),
    ):
        with pytest.raises(ValueError, match=match):
            tfckpt.write_tensors(tmp_path / "m", TENSORS, **options)
    with pytest.raises(TypeError, match="several names"):
        tfckpt.write_tensors(tmp_path / "m", TENSORS, skip="step")
    with pytest.raises(TypeError, match="mapping"):
        tfckpt.write_tensors(tmp_path / "m", [1])
    with pytest.raises(TypeError, match="is a str"):
        tfckpt.write_tensors(tmp_path / "m", {1: 2})
    assert not list(tmp_path.iterdir())
