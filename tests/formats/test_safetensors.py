"""Safetensors files: the header's rules, values and parts, what is written, what is refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt.errors import DataLossError, InvalidArgumentError, UnimplementedError
from tfckpt.formats.safetensors import SafetensorsReader
from tfckpt.storage import MemorySource

Check = Callable[..., None]


def made(header: Any, data: bytes = b"") -> bytes:
    """A file, by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def said(dtype: str, shape: list[Any], start: Any, end: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def opened(data: bytes) -> SafetensorsReader:
    return SafetensorsReader(MemorySource(data, "file"))


SMALL = made(
    {
        "__metadata__": {"format": "np"},
        "b": said("F32", [2, 3], 2, 26),
        "a": said("BF16", [], 0, 2),
        "empty": said("I64", [0, 4], 26, 26),
    },
    b"\x80\x3f" + np.arange(6, dtype="<f4").tobytes(),
)


def test_a_file_is_a_mapping_in_the_order_of_its_bytes() -> None:
    with opened(SMALL) as tensors:
        assert list(tensors) == ["a", "b", "empty"] and len(tensors) == 3
        assert tensors["a"] == 1 and tensors["a"].dtype == ml_dtypes.bfloat16
        assert tensors["b"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert tensors["empty"].shape == (0, 4)
        assert tensors.metadata == {"format": "np"}
        assert tensors.info("b")[:3] == (1, (2, 3), 24)
        assert "c" not in tensors and 3 not in tensors
        with pytest.raises(KeyError, match="did you mean"):
            tensors["c/b"]


def test_parts_are_what_numpy_has() -> None:
    array = np.arange(6).reshape(2, 3)
    with opened(SMALL) as tensors:
        for index in (0, np.s_[1, ::2], np.s_[..., -1], np.s_[::-1], np.s_[5:]):
            assert tensors.get_tensor("b", index).tolist() == array[index].tolist()


def test_a_part_reads_no_byte_beside_it() -> None:
    read: list[tuple[int, int]] = []

    class Watched(MemorySource):
        def read(self, offset: int, size: int) -> Any:
            read.append((offset, size))
            return super().read(offset, size)

    rows = np.arange(1 << 16, dtype=np.uint8).reshape(256, 256)
    data = made({"t": said("U8", [256, 256], 0, 1 << 16)}, rows.tobytes())
    reader = SafetensorsReader(Watched(data, "file"))
    begin = len(data) - (1 << 16)
    read.clear()
    assert np.array_equal(reader.get_tensor("t", np.s_[3]), rows[3])
    assert read == [(begin + 3 * 256, 256)]


def test_a_loop_over_tensors_in_no_order_of_names() -> None:
    values = {f"layer:{n * 7 % 100}": np.full(n % 5, n, np.int16) for n in range(100)}
    header, end = {}, 0
    for name, array in values.items():
        header[name] = said("I16", [len(array)], end, end := end + array.nbytes)
    data = made(header, b"".join(array.tobytes() for array in values.values()))
    with opened(data) as tensors:
        assert list(tensors) == list(values)
        for names in (list(values), sorted(values), list(values)[::-1]):
            for name in names:
                assert np.array_equal(tensors[name], values[name])
                assert tensors[name].flags.writeable


def test_types_that_tensorflow_lacks() -> None:
    data = made(
        {"scale": said("F8_E8M0", [2], 0, 2), "packed": said("F4", [2, 2], 2, 4)},
        b"\x7f\x80\x00\x00",
    )
    with opened(data) as tensors:
        assert tensors["scale"].tolist() == [1.0, 2.0]
        assert tensors.info("scale").dtype == ml_dtypes.float8_e8m0fnu
        assert tensors.info("packed").type_name == "F4" and tensors.info("packed").shape == (2, 2)
        with pytest.raises(UnimplementedError, match=r"'packed'.*F4"):
            tensors["packed"]
        with pytest.raises(UnimplementedError, match=r"'packed'.*F4"):
            tensors.get_tensors()


U8 = said("U8", [2], 0, 2)
REFUSED = {
    "nothing": (b"", "0 bytes are too few"),
    "no header": (struct.pack("<Q", 100), "its header has 100 bytes"),
    "a header beyond the limit": (
        struct.pack("<Q", 100_000_001) + b"{" + b" " * 64,
        "100000000 are the limit",
    ),
    "a header beyond all": (b"\xff" * 8 + b"{}", "are the limit"),
    "no JSON": (made(b"{"), "no JSON"),
    "zeros as padding": (made(b"{}\0"), "no JSON"),
    "no UTF-8": (made(b'{"\xff": 1}'), "no JSON"),
    "half a surrogate pair": (made(b'{"\\ud800": 1}'), "half a character"),
    "NaN": (made(b'{"a": NaN}'), "NaN"),
    "a list": (made(b"[]"), "no JSON object"),
    "a name twice": (made(b'{"a": 1, "a": 1}'), "'a' comes twice"),
    "a name with a colon twice": (made(b'{"a:0": 1, "a:0": 1}'), "'a:0' comes twice"),
    "a name twice, spelt in two ways": (made(b'{"a": 1, "\\u0061": 1}'), "'a' comes twice"),
    "a name twice, one of them empty": (made(b'{"a": {"b": 1}, "a": {}}'), "'a' comes twice"),
    "a dtype twice": (made(b'{"a": {"dtype": "U8", "dtype": "U8"}}'), "'dtype' comes twice"),
    "a name twice, deep down": (made(b'{"a": [{"b": 1, "b": 1}]}'), "'b' comes twice"),
    "metadata twice": (made(b'{"__metadata__": {"a": "b", "a": "c"}}'), "'a' comes twice"),
    "deep nesting": (made(b"[" * 100_000), "no JSON"),
    "no size": (made({"a": {"dtype": "U8"}}), "has the shape None"),
    "a size that is true": (made({"a": said("U8", [True, 2], 0, 2)}, b"ab"), "has the shape"),
    "a size below zero": (made({"a": said("U8", [-2, -1], 0, 2)}, b"ab"), "has the shape"),
    "a size with a fraction": (made({"a": said("U8", [2.0], 0, 2)}, b"ab"), "has the shape"),
    "an offset below zero": (made({"a": said("U8", [2], -2, 0)}, b"ab"), "lies at"),
    "three offsets": (made({"a": {**U8, "data_offsets": [0, 1, 2]}}, b"ab"), "lies at"),
    "a tensor said by a number": (made({"a": 3}), "says nothing"),
    "an unknown type": (made({"a": said("X9", [2], 0, 2)}, b"ab"), "'X9', which"),
    "a type that is a list": (made({"a": {**U8, "dtype": []}}, b"ab"), "which safetensors"),
    "too many bytes for the shape": (made({"a": said("U8", [3], 0, 2)}, b"ab"), "other than the 2"),
    "a huge shape": (made({"a": said("U8", [1 << 62, 8], 0, 2)}, b"ab"), "other than the 2"),
    "an end before the start": (made({"a": said("U8", [0], 2, 1)}, b"ab"), "other than"),
    "half a byte": (made({"a": said("F4", [3], 0, 2)}, b"ab"), "other than the 2"),
    "a gap": (made({"a": said("U8", [2], 1, 3)}, b"abc"), "begins at 1"),
    "an overlap": (
        made({"a": said("U8", [2], 0, 2), "b": said("U8", [2], 1, 3)}, b"abc"),
        "'b': begins at 1, the tensor before it ends at 2",
    ),
    "a byte too many": (made({"a": U8}, b"abc"), "end at 70, the file has 71"),
    "a byte too few": (made({"a": U8}, b"a"), "end at 70, the file has 69"),
    "metadata of numbers": (made({"__metadata__": {"a": 1}}), "__metadata__"),
}


@pytest.mark.parametrize("data, match", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data: bytes, match: str, refuse: Check) -> None:
    refuse(SafetensorsReader, data, match)


def test_every_damage_gives_values_or_an_error(survive: Check) -> None:
    survive(SafetensorsReader, SMALL)


# Writing


def test_the_bytes_of_a_file(tmp_path: Path) -> None:
    """By dtype (the last of the table first), then by name; the header padded to eight bytes."""
    path = tfckpt.write_tensors(
        tmp_path / "m.safetensors",
        {"é\n": np.uint8([7]), "b": np.float32([1, 2]), "a": np.float32(3), "i": np.int64([])},
        metadata={"y": "1", "x": "/"},
    )
    text = (
        '{"__metadata__":{"y":"1","x":"/"},'
        '"i":{"dtype":"I64","shape":[0],"data_offsets":[0,0]},'
        '"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},'
        '"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},'
        '"é\\n":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}'
    ).encode()
    text += b" " * (-len(text) % 8)
    expected = struct.pack("<Q", len(text)) + text + struct.pack("<fffB", 3, 1, 2, 7)
    assert Path(path).read_bytes() == expected


def test_what_is_not_in_c_order_is_written_as_its_values(tmp_path: Path) -> None:
    tensors = {
        "t": np.arange(6).reshape(2, 3).T,
        "s": np.arange(10)[::-3],
        "big": np.arange(3, dtype=">i4"),
        "t16": np.arange(6).reshape(2, 3).astype(ml_dtypes.bfloat16).T,
    }
    path = tfckpt.write_tensors(tmp_path / "m.safetensors", tensors)
    with tfckpt.open_tensors(path) as reader:
        for name, array in tensors.items():
            assert np.array_equal(reader[name], array)


def test_a_mapped_tensor_is_writable_and_the_file_stays(tmp_path: Path) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.safetensors", {"w": np.zeros(1 << 16)})
    before = Path(path).read_bytes()
    with tfckpt.open_tensors(path) as reader:
        array = reader["w"]
    array[:] = 1
    assert not array.flags.owndata and Path(path).read_bytes() == before


NUMBERS = [
    *(np.dtype(code) for code in "?bBhHiIlLefdF"),
    *map(np.dtype, (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2)),
    *map(np.dtype, (ml_dtypes.float8_e8m0fnu, ml_dtypes.float8_e4m3fnuz)),
]


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from(NUMBERS))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    size = int(np.prod(shape)) * dtype.itemsize
    data = draw(st.binary(min_size=size, max_size=size))
    if dtype == bool:
        data = bytes(byte & 1 for byte in data)
    return np.frombuffer(data, dtype).reshape(shape)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(NAMES, arrays(), max_size=5), st.dictionaries(NAMES, NAMES, max_size=2))
def test_what_is_written_is_read(
    tmp_path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]
) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.safetensors", tensors, metadata=metadata, fsync=False)
    with tfckpt.open_tensors(path) as reader:
        assert set(reader) == set(tensors) and reader.metadata == metadata
        for name, array in tensors.items():
            assert reader[name].dtype == array.dtype and reader[name].shape == array.shape
            assert reader[name].tobytes() == array.tobytes()


def test_what_it_cannot_hold_is_named_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"as it was")
    tensors = {
        "w": np.float32([1]),
        "vocabulary": np.array([b"a"], object),
        "spectrum": np.complex128([1j]),
        "q": np.zeros(1, [("qint8", np.int8)]),
    }
    with pytest.raises(InvalidArgumentError) as caught:
        tfckpt.write_tensors(path, tensors)
    for text in ("vocabulary (string)", "spectrum (complex128)", "q (qint8)", "skip=", "cast="):
        assert text in str(caught.value)
    with pytest.raises(InvalidArgumentError, match="__metadata__"):
        tfckpt.write_tensors(path, {"__metadata__": np.float32([1])})
    with pytest.raises(TypeError, match="texts to texts"):
        tfckpt.write_tensors(path, {}, metadata={"step": 1})
    assert path.read_bytes() == b"as it was" and len(list(tmp_path.iterdir())) == 1

    tfckpt.write_tensors(path, tensors, skip=["vocabulary", "q"], cast={"complex128": np.complex64})
    with tfckpt.open_tensors(path) as reader:
        assert reader["spectrum"].dtype == np.complex64 and set(reader) == {"w", "spectrum"}
    with pytest.raises(KeyError, match="'vocab'"):
        tfckpt.write_tensors(path, tensors, skip=["vocab"])


# Sets of files


def test_a_set_of_files_is_one_mapping(tmp_path: Path) -> None:
    tensors = {f"layer{number}": np.full(10, number, np.float32) for number in range(5)}
    index = tfckpt.write_tensors(tmp_path / "model.safetensors", tensors, max_shard_size=80)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".lock") == [
        "model-00001-of-00003.safetensors",
        "model-00002-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
        "model.safetensors.index.json",
    ]
    assert json.loads(Path(index).read_text()) == {
        "metadata": {"total_size": 200},
        "weight_map": {
            name: f"model-0000{1 + number // 2}-of-00003.safetensors"
            for number, name in enumerate(tensors)
        },
    }
    for path in (index, tmp_path):
        with tfckpt.open_tensors(path) as reader:
            assert list(reader) == list(tensors) and reader.metadata == {"total_size": 200}
            assert reader.info("layer3").shape == (10,)
            assert reader.get_tensor("layer3", np.s_[:2]).tolist() == [3, 3]
            assert all(np.array_equal(reader[name], tensors[name]) for name in reader)
            assert list(reader.get_tensors(["layer4", "layer0"])) == ["layer4", "layer0"]

    # a smaller set leaves nothing of the larger one
    tfckpt.write_tensors(tmp_path / "model.safetensors", {"w": np.ones(3)}, max_shard_size=80)
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == [
        "model-00001-of-00001.safetensors"
    ]


HOSTILE_INDEXES = {
    "outside its folder": ({"weight_map": {"a": "../secret.safetensors"}}, "no file of its folder"),
    "an absolute path": ({"weight_map": {"a": "/etc/passwd"}}, "no file of its folder"),
    "a URL": ({"weight_map": {"a": "s3://bucket"}}, "no file of its folder"),
    "a zero byte": ({"weight_map": {"a": "x\0"}}, "no file of its folder"),
    "no map": ({"metadata": {}}, "no index of files"),
    "an empty list": ({"weight_map": {"a": []}}, "no index of files"),
    "numbers": ({"weight_map": {"a": 1}}, "no index of files"),
    "a list": ([], "no index of files"),
}


@pytest.mark.parametrize("said, match", HOSTILE_INDEXES.values(), ids=HOSTILE_INDEXES)
def test_an_index_leads_only_to_files_beside_it(said: Any, match: str, tmp_path: Path) -> None:
    (tmp_path / "m.safetensors.index.json").write_text(json.dumps(said))
    with pytest.raises(DataLossError, match=match):
        tfckpt.open_tensors(tmp_path / "m.safetensors.index.json", format="safetensors")


def test_an_index_and_its_files_must_agree(tmp_path: Path) -> None:
    index = tmp_path / "m.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}))
    (tmp_path / "1.safetensors").write_bytes(made({"c": U8}, b"ab"))
    with tfckpt.open_tensors(index) as reader:
        with pytest.raises(DataLossError, match=r"'a'.*1\.safetensors has it: it has not"):
            reader["a"]
        with pytest.raises(FileNotFoundError, match=r"2.safetensors"):
            reader["b"]


def test_a_killed_commit_of_a_set_is_read_as_the_new_one(tmp_path: Path) -> None:
    """The index has got its ``.commit`` name: the new files count."""
    path = tmp_path / "m.safetensors"
    tfckpt.write_tensors(path, {"a": np.zeros(2)}, max_shard_size=99)
    old = {one.name: one.read_bytes() for one in tmp_path.glob("*s*")}
    tfckpt.write_tensors(path, {"a": np.ones(2)}, max_shard_size=99)
    for name in old:
        (tmp_path / name).rename(tmp_path / (name + ".commit"))
        (tmp_path / name).write_bytes(old[name])
    index = tmp_path / "m.safetensors.index.json"
    with tfckpt.open_tensors(index) as reader:
        assert reader["a"].tolist() == [1, 1]
    tfckpt.write_tensors(path, {"a": np.full(2, 2.0)}, max_shard_size=99)
    assert not list(tmp_path.glob("*.commit"))
    assert tfckpt.open_tensors(index)["a"].tolist() == [2, 2]
