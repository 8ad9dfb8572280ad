"""Safetensors files, beside the library that defines them."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy as library
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tfckpt

TYPES = [
    *(np.dtype(code) for code in "?bBhHiIlLefdF"),
    *map(
        np.dtype,
        (
            ml_dtypes.bfloat16,
            ml_dtypes.float8_e4m3fn,
            ml_dtypes.float8_e5m2,
            ml_dtypes.float8_e8m0fnu,
            ml_dtypes.float8_e4m3fnuz,
            ml_dtypes.float8_e5m2fnuz,
        ),
    ),
]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)
TENSORS = st.dictionaries(
    NAMES.filter(lambda name: name != "__metadata__"),
    st.builds(lambda dtype, shape: np.zeros(shape, dtype), st.sampled_from(TYPES), SHAPES),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(TENSORS, st.none() | st.dictionaries(NAMES, NAMES, min_size=1, max_size=1))
def test_the_same_bytes(tmp_path: Path, tensors: Any, metadata: Any) -> None:
    # of more metadata its order is left to chance; what it writes of none ({}) may be no JSON
    expected = library.save(tensors, metadata)
    path = tfckpt.write_tensors(
        tmp_path / "ours.safetensors", tensors, metadata=metadata, fsync=False
    )
    assert Path(path).read_bytes() == expected


def test_each_reads_the_other(tmp_path: Path) -> None:
    tensors = {
        "a/b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "": np.array(7),
        "empty": np.zeros((0, 3), np.float16),
    }
    library.save_file(tensors, tmp_path / "theirs.safetensors", {"k": "v"})
    with tfckpt.open_tensors(tmp_path / "theirs.safetensors") as reader:
        assert reader.metadata == {"k": "v"}
        assert set(reader) == set(tensors)
        for name, array in tensors.items():
            assert reader[name].dtype == array.dtype and np.array_equal(reader[name], array)
        tfckpt.write_tensors(tmp_path / "ours.safetensors", reader, metadata=reader.metadata)
    assert (tmp_path / "ours.safetensors").read_bytes() == (
        tmp_path / "theirs.safetensors"
    ).read_bytes()


def test_the_library_writes_the_wrong_values_of_what_is_not_in_c_order(tmp_path: Path) -> None:
    """A declared difference: it takes the memory of a transposed array for its values."""
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert not np.array_equal(library.load(library.save({"t": array}))["t"], array)
    path = tfckpt.write_tensors(tmp_path / "m.safetensors", {"t": array})
    assert np.array_equal(library.load_file(path)["t"], array)


def test_what_it_refuses_is_refused(tmp_path: Path) -> None:
    """Changes to a header: whatever opens here opens there, with the same shapes."""
    good = library.save({"ab": np.arange(4, dtype=np.int16), "c": np.ones((1, 2), np.uint8)})
    path = tmp_path / "m.safetensors"
    refused = 0
    for at, byte in itertools.product(range(len(good)), b'\0 1"9a{[,}\xff'):
        data = bytearray(good)
        data[at] = byte
        path.write_bytes(data)
        ours = theirs = None
        try:
            with tfckpt.open_tensors(path, format="safetensors") as reader:
                ours = {name: info.shape for name, info in reader.infos().items()}
        except tfckpt.errors.CheckpointError:
            refused += 1
        try:
            with safetensors.safe_open(path, "np") as reader:
                theirs = {
                    name: tuple(reader.get_slice(name).get_shape()) for name in reader.offset_keys()
                }
        except safetensors.SafetensorError:
            pass
        assert ours == theirs, bytes(data)
    assert refused > 500


def test_a_set_of_files_has_the_index_that_its_library_reads(tmp_path: Path) -> None:
    tensors = {f"w{number}": np.full((4, 4), number, np.float32) for number in range(4)}
    index = tfckpt.write_tensors(tmp_path / "model.safetensors", tensors, max_shard_size=130)
    found: dict[str, np.ndarray] = {}
    for path in sorted(tmp_path.glob("model-*-of-*.safetensors")):
        found.update(library.load_file(path))
    assert set(found) == set(tensors)
    with tfckpt.open_tensors(index) as reader:
        assert all(np.array_equal(reader[name], found[name]) for name in found)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_every_type_goes_there_and_back(dtype: np.dtype, tmp_path: Path) -> None:
    bits = np.arange(256, dtype=np.uint8) & (1 if dtype == bool else 255)
    array = bits.view(dtype)
    path = tfckpt.write_tensors(tmp_path / "m.safetensors", {"t": array})
    assert Path(path).read_bytes() == library.save({"t": array})
    with tfckpt.open_tensors(path) as reader:
        assert reader["t"].dtype == dtype and reader["t"].tobytes() == array.tobytes()
