"""Nested dicts become names joined by a separator, and back; nothing is lost or merged unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tfckpt

KEYS = st.text(min_size=1, max_size=4).filter(lambda key: "/" not in key)
TREES = st.recursive(
    st.integers(), lambda below: st.dictionaries(KEYS, below, min_size=1, max_size=3), max_leaves=8
).filter(lambda tree: isinstance(tree, dict))


@given(TREES)
def test_there_and_back(tree: Any) -> None:
    flat = tfckpt.flatten(tree)
    assert not any(isinstance(value, dict) for value in flat.values())
    assert tfckpt.unflatten(flat) == tree


def test_lists_of_layers_are_gone_into_and_lists_of_numbers_are_values() -> None:
    tree = {
        "layers": [{"w": 1}, {"w": 2}],
        "pair": (np.zeros(2), np.ones(2)),
        "shape": [2, 3],
        "rows": [[1, 2], [3, 4]],
        "scalars": [np.float32(1), np.float32(2)],
        7: 8,
    }
    flat = tfckpt.flatten(tree, sep=".")
    assert list(flat) == [
        *("layers.0.w", "layers.1.w", "pair.0", "pair.1", "shape", "rows", "scalars", "7")
    ]
    assert flat["shape"] == [2, 3]
    assert tfckpt.unflatten(flat, sep=".")["layers"] == {"0": {"w": 1}, "1": {"w": 2}}


@pytest.mark.parametrize(
    ("tree", "error", "text"),
    [
        ({"a/b": 1}, ValueError, "the key 'a/b' .* another sep="),
        ({"": 1}, ValueError, "is empty"),
        ({None: 1}, TypeError, "a str or an int, not None"),
        ([1], TypeError, "a mapping is flattened"),
    ],
)
def test_what_cannot_be_flattened(tree: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        tfckpt.flatten(tree)


def test_a_circle_is_refused() -> None:
    tree: dict[str, Any] = {"a": {}}
    tree["a"]["b"] = tree
    with pytest.raises(ValueError, match="'a/b' leads back"):
        tfckpt.flatten(tree)


@pytest.mark.parametrize("names", [["a", "a/b"], ["a/b", "a"], ["a/b/c", "a/b"]])
def test_a_name_through_a_value_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="leads through"):
        tfckpt.unflatten(dict.fromkeys(names, 1))


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b"])
def test_a_name_with_an_empty_part_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="empty part"):
        tfckpt.unflatten({name: 1})


def test_what_is_nested_is_refused_by_writers_with_the_way_out(tmp_path: Path) -> None:
    tree = {"dense": {"kernel": np.eye(2)}}
    for path in ("m.ckpt", "m.safetensors", "m.npz", "m.pt"):
        with pytest.raises(TypeError, match=r"'dense'.*tfckpt\.flatten"):
            tfckpt.write_tensors(tmp_path / path, tree)
    with pytest.raises(TypeError, match=r"'dense'.*tfckpt\.flatten"):
        tfckpt.save(tmp_path / "m", tree)
    path = tfckpt.write_tensors(tmp_path / "m.safetensors", tfckpt.flatten(tree))
    with tfckpt.open_tensors(path) as tensors:
        assert tfckpt.unflatten(tensors)["dense"]["kernel"].tolist() == [[1, 0], [0, 1]]
