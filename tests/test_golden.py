"""Everything in the golden files reads as what TensorFlow was given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.dtypes import python_name

EXPECTED = json.loads((Path(__file__).parent / "golden" / "expected.json").read_text())
MODES = [{}, {"mmap": False}, {"verify": False}]


def stored(value: Any) -> dict[str, Any]:
    """What expected.json says of a value."""
    shape = list(value.shape)
    if value.dtype == object:
        return {"shape": shape, "strings": [one.hex() for one in value.ravel()]}
    return {"shape": shape, "hex": value.tobytes().hex()}


@pytest.mark.parametrize("options", MODES, ids=str)
@pytest.mark.parametrize("prefix", sorted(EXPECTED))
def test_values_are_what_tensorflow_was_given(
    prefix: str, options: dict[str, bool], golden: Path
) -> None:
    loaded = tfckpt.load(golden / prefix, **options)

    loaded.pop("_CHECKPOINTABLE_OBJECT_GRAPH", None)
    wanted = {
        name: {key: value for key, value in one.items() if key != "dtype"}
        for name, one in EXPECTED[prefix].items()
    }
    assert wanted == {name: stored(value) for name, value in loaded.items()}


@pytest.mark.parametrize("prefix", sorted(EXPECTED))
def test_element_types_have_tensorflows_names(prefix: str, golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / prefix) as reader:
        for name, one in EXPECTED[prefix].items():
            assert one["dtype"] == python_name(reader.info(name).data_type)


@pytest.mark.parametrize("prefix", sorted(EXPECTED))
def test_arrays_are_aligned_writable_and_the_callers_own(prefix: str, golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / prefix) as reader:
        for name in EXPECTED[prefix]:
            first = reader[name]
            if first.dtype == object:
                continue
            assert first.flags.aligned
            assert first.flags.writeable
            before = first.tobytes()
            first.view(np.uint8).fill(0xFF) if first.ndim else first.fill(1)
            assert before == reader[name].tobytes()


def test_one_by_one_is_as_all_at_once(golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / "dtypes" / "all") as reader:
        at_once = reader.get_tensors()
        assert list(at_once) == list(reader)
        for name, value in reader.items():
            assert stored(at_once[name]) == stored(value)


def test_debug_string_has_a_line_a_tensor(golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / "sharded" / "model.ckpt") as reader:
        assert reader.debug_string() == (
            b"layer_0/kernel (DT_DOUBLE) [2,1]\n"
            b"layer_1/kernel (DT_DOUBLE) [2,2]\n"
            b"layer_2/kernel (DT_DOUBLE) [2,3]\n"
        )


def test_maps_are_as_tensorflows(golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / "trained") as reader:
        assert reader.get_variable_to_shape_map() == {
            "global_step": [],
            "linear/bias": [1],
            "linear/kernel": [3, 1],
        }
        assert reader.get_variable_to_dtype_map() == {
            "global_step": np.dtype("int64"),
            "linear/bias": np.dtype("float32"),
            "linear/kernel": np.dtype("float32"),
        }
        assert reader.has_tensor("linear/bias")
        assert not reader.has_tensor("linear/bia")
        assert not reader.has_tensor("")
