"""What readers hand out, and under which names; checkpoints written by TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt import saved_model

KINDS = {"float32": np.float32, "int64": np.int64, "bool": np.bool_, "complex64": np.complex64}
QUANTIZED = {"qint8": "i1", "quint8": "u1", "qint16": "i2", "quint16": "u2", "qint32": "i4"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_scalar_comes_as_numpys(golden: Path, kind: str) -> None:
    with tfckpt.load_checkpoint(golden / "dtypes" / "all") as reader:
        value = reader.get_tensor(f"{kind}/scalar")
        assert type(value) is KINDS[kind]
        assert type(tfckpt.load_variable(golden / "dtypes" / "all", f"{kind}/scalar")) is type(
            value
        )
        array = reader[f"{kind}/scalar"]
        assert isinstance(array, np.ndarray) and array.shape == ()
        assert array == value


@pytest.mark.parametrize("kind", QUANTIZED)
def test_quantized_types_come_as_the_integers_that_are_stored(golden: Path, kind: str) -> None:
    with tfckpt.load_checkpoint(golden / "dtypes" / "all") as reader:
        plain, kept = reader.get_tensor(f"{kind}/matrix"), reader[f"{kind}/matrix"]
        assert plain.dtype == np.dtype(QUANTIZED[kind])
        assert kept.dtype.names == (kind,)
        assert plain.tolist() == kept[kind].tolist()
        row = reader.get_tensor(f"{kind}/matrix", 0)
        assert row.dtype == plain.dtype and row.tolist() == plain[0].tolist()
        assert reader.read(f"{kind}/matrix", 0).dtype == kept.dtype


def test_a_quantized_tensor_is_saved_again_as_what_it_is(golden: Path, prefix: Path) -> None:
    with tfckpt.load_checkpoint(golden / "dtypes" / "all") as reader:
        path = tfckpt.Saver({"q": "qint8/matrix"}).save(reader, prefix)
        assert path is not None
        assert tfckpt.load(path)["q"].dtype == reader["qint8/matrix"].dtype


def test_names_may_be_bytes_where_tensorflow_takes_them(prefix: Path) -> None:
    tfckpt.save(prefix, {"w": [1.0, 2.0], "é": 3.0})
    with tfckpt.load_checkpoint(str(prefix).encode()) as reader:
        assert reader.has_tensor(b"w") and not reader.has_tensor(b"v")
        assert reader.get_tensor(b"w").tolist() == [1, 2]
        assert reader.get_tensor("é".encode()) == 3
        with pytest.raises(tfckpt.errors.TensorNotFoundError, match="'v'"):
            reader.get_tensor(b"v")


def test_a_v1_reader_takes_them_too(tmp_path: Path) -> None:
    with tfckpt.V1Writer(tmp_path / "old") as writer:
        writer.add("w", np.float32(1.5))
    with tfckpt.V1Reader(tmp_path / "old") as reader:
        assert reader.has_tensor(b"w")
        assert type(reader.get_tensor(b"w")) is np.float32


def test_the_variables_of_a_model_by_its_names(golden: Path) -> None:
    model = saved_model.Variables()
    saved_model.load(model, ["serve"], golden / "saved_model")
    from_file = tfckpt.to_name_based(golden / "saved_model")
    named = tfckpt.to_name_based(model)
    assert {name: value.tolist() for name, value in named.items()} == {
        name: value.tolist() for name, value in from_file.items()
    }


def test_they_have_the_values_of_the_mapping(golden: Path) -> None:
    model = saved_model.Variables()
    saved_model.load(model, ["serve"], golden / "saved_model")
    key = next(key for key, value in model.items() if value.dtype == np.float32)
    before = {name: value.copy() for name, value in tfckpt.to_name_based(model).items()}
    model[key] = model[key] + 1
    after = tfckpt.to_name_based(model)
    assert sum(not np.array_equal(before[name], after[name]) for name in before) == 1
    del model[key]
    with pytest.raises(tfckpt.errors.TensorNotFoundError, match="not in the mapping"):
        tfckpt.to_name_based(model)


def test_variables_of_no_model_have_no_names() -> None:
    with pytest.raises(tfckpt.errors.InvalidArgumentError, match=r"saved_model\.load"):
        tfckpt.to_name_based(saved_model.Variables(w=np.ones(1)))
