"""Errors: what they say, and that they keep it on their way between processes."""

from __future__ import annotations

import copy
import errno
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt import errors, saved_model


def everything(error: errors.CheckpointError) -> tuple[object, ...]:
    names = ("message", "path", "tensor", "offset", "errno", "strerror", "filename")
    return type(error), str(error), *(getattr(error, name, None) for name in names)


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_keeps_what_it_says_when_it_is_pickled(name: str) -> None:
    kind = getattr(errors, name)
    error = kind("cut short", path="m.index", tensor="w", offset=7)
    if isinstance(error, OSError):
        error.errno, error.strerror, error.filename = errno.EIO, "failed", "m"

    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert everything(again) == everything(error)
        assert str(again) == "m.index, tensor 'w', offset 7: cut short"


def test_a_missing_checkpoint_is_the_systems_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        tfckpt.load(tmp_path / "m")
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(tmp_path / "m")


def test_a_refusal_has_the_systems_number(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError) as caught:
        tfckpt.save(tmp_path / "file" / "m", {"w": np.ones(3)})
    assert caught.value.errno in (errno.ENOTDIR, errno.EEXIST)
    assert caught.value.filename == str(tmp_path / "file")


GRAPH_FILES: dict[str, tuple[bytes, Callable[[Path], object]]] = {
    "graph": (b"\xff\xff", tfckpt.read_graph_def),
    "graph as text": (b"node { nam: 3 }", tfckpt.read_graph_def),
    "empty graph": (b"", tfckpt.read_graph_def),
    "meta": (b"\x0a\x03abc", tfckpt.read_meta_graph),
    "meta that is a graph": (b"\x0a\x06\x0a\x01x\x12\x01y", tfckpt.read_meta_graph),
    "imported meta": (b"\x0a\x03abc", tfckpt.import_meta_graph),
    "model": (b"\xff\xff", lambda path: saved_model.parse_saved_model(path.parent)),
    "empty model": (b"", lambda path: saved_model.parse_saved_model(path.parent)),
    "loaded model": (b"\xff\xff", lambda path: saved_model.load({}, ["serve"], path.parent)),
}


@pytest.mark.parametrize("what", GRAPH_FILES)
def test_a_file_that_does_not_parse_is_an_oserror_too(what: str, tmp_path: Path) -> None:
    data, read = GRAPH_FILES[what]
    path = tmp_path / "saved_model.pb"
    path.write_bytes(data)
    with pytest.raises(OSError) as caught:
        read(path)
    assert isinstance(caught.value, errors.DataLossError)
    assert caught.value.filename == str(path)


def test_a_model_as_text_that_does_not_parse_is_an_oserror_too(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pbtxt").write_text("meta_graphs { nothing }")
    with pytest.raises(OSError, match="no SavedModel as text"):
        saved_model.parse_saved_model(tmp_path)


class Parameter:
    """What PyTorch's refuses and allows, without PyTorch."""

    requires_grad = True

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def detach(self) -> np.ndarray:
        return np.array([1.5, 2.5])


class OnTheGpu:
    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu()")


class ByArray:
    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return np.array([1.5, 2.5])


class ByDlpack:
    """An array that numpy takes by no other way."""

    def __dlpack__(self, **options: object) -> object:
        return np.array([1.5, 2.5]).__dlpack__(**options)

    def __dlpack_device__(self) -> object:
        return np.zeros(1).__dlpack_device__()


UNFIT: dict[str, tuple[object, str]] = {
    "numbers and strings": (
        [1, "a"],
        r"element \[0\] is an int, other elements are strings: .* numbers or strings, not both",
    ),
    "a gap among strings": (
        np.array([["a", "b"], ["c", None]], object),
        r"element \[1, 1\] is None, neither a number nor a string: leave .* nan among floats",
    ),
    "a gap that is nan": (["a", float("nan")], r"element \[1\] is a float, other elements"),
    "numbers as objects": (
        np.array([1, 2.5], object),
        r"element \[0\] is an int: give it a dtype of numbers, as with array\.astype\(float\)",
    ),
    "a wide integer": (2**70, "an integer of 71 bits: .* at most 64"),
    "a wide negative": (-(2**63) - 1, "an integer of 65 bits: .* at most 64"),
    "a wide integer in a list": ([1, 2**64], r"element \[1\] is an integer of 65 bits"),
    "a dict": (
        {"w": np.zeros(100_000)},
        r"x\': a dict is no array: tfckpt.flatten\(tree\) gives names .*"
        r"tfckpt\.Checkpoint\(\*\*tree\) writes objects$",
    ),
    "dicts in a list": ([{"w": 1}], r"element \[0\] is a dict, .*flatten"),
    "None": (None, "None is no array: leave the name out"),
    "an object": (object(), "an object is no array$"),
    "a set": ({1, 2}, "a set is no array: .* give a list"),
    "a generator": ((number for number in (1, 2)), "a generator is no array: .*only once"),
    "a date": (np.datetime64("2020-01-01"), r"datetime64\[D\] .*astype\('int64'\)"),
    "a structured array": (
        np.zeros(2, [("a", "f4"), ("b", "i4")]),
        r"each field by itself.*\['a'\]",
    ),
    "nothing but bytes": (np.zeros(2, "V4"), r"array\.view\('uint8'\)"),
    "a masked array": (np.ma.array([1, 2], mask=[0, 1]), r"without a value: .*filled"),
    "unlike items": ([np.zeros((2, 3)), np.zeros(3)], "different shapes, .* name of its own"),
    "an array elsewhere": (OnTheGpu(), r"no array of a OnTheGpu: .* Use Tensor\.cpu\(\)"),
}


def save_v1(path: Path, value: object) -> None:
    with tfckpt.V1Writer(path) as writer:
        writer.add("x", value)


@pytest.mark.parametrize("what", UNFIT)
def test_a_value_that_is_no_tensor_is_named_and_told_what_to_be(what: str, tmp_path: Path) -> None:
    value, message = UNFIT[what]
    for save in (
        lambda: tfckpt.save(tmp_path / "m", {"good": 1, "x": value}),
        lambda: tfckpt.save(tmp_path / "m", {"good": 1, "x": value}, num_shards=2),
        lambda: save_v1(tmp_path / "m", value),
    ):
        with pytest.raises(TypeError, match=message) as caught:
            save()
        assert str(caught.value).startswith("tensor 'x': ")
        assert len(str(caught.value)) < 250
    with pytest.raises(TypeError, match=message) as caught:
        tfckpt.Saver().save({"x": value}, tmp_path / "m")
    assert str(caught.value).startswith("variable 'x': ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(np.longdouble is np.float64, reason="longdouble is float64 here")
@pytest.mark.parametrize(
    ("kind", "other"), [("longdouble", "float64"), ("clongdouble", "complex128")]
)
def test_the_widest_floats_are_told_what_to_be(kind: str, other: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=rf"tensor 'x': .*astype\('{other}'\)"):
        tfckpt.save(tmp_path / "m", {"x": np.zeros(2, kind)})


@pytest.mark.parametrize(
    "value", [Parameter(), ByArray(), ByDlpack()], ids=lambda v: type(v).__name__
)
def test_arrays_of_other_libraries_are_taken(value: object, tmp_path: Path) -> None:
    assert tfckpt.load(tfckpt.save(tmp_path / "m", {"x": value}))["x"].tolist() == [1.5, 2.5]


def test_a_file_is_not_detached(tmp_path: Path) -> None:
    with open(tmp_path / "f", "wb") as file:
        with pytest.raises(TypeError, match="a BufferedWriter is no array"):
            tfckpt.save(tmp_path / "m", {"x": file})
        file.write(b"still open")
