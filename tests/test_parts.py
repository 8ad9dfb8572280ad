"""Parts of tensors: what a part needs, of slices, shards and bytes, and when it is checked."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt.bundle.entry import Entry, Header
from tfckpt.bundle.fetch import Shard
from tfckpt.errors import DataLossError
from tfckpt.table import write_table
from tfckpt.tensors.slices import TensorSlice


def grid(data: st.DataObject, shape: tuple[int, ...]) -> list[list[tuple[int, int]]]:
    """Draw a partition of a shape: cuts along each axis."""
    axes = []
    for size in shape:
        cuts = sorted({0, size, *data.draw(st.lists(st.integers(0, size), max_size=2))})
        axes.append([(a, b - a) for a, b in itertools.pairwise(cuts)])
    return [list(box) for box in itertools.product(*axes)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), v1=st.booleans())
def test_a_part_needs_only_the_slices_that_hold_some_of_it(
    data: st.DataObject, v1: bool, tmp_path: Path
) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=7))
    array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    boxes = grid(data, shape)
    gone = data.draw(st.sets(st.sampled_from(range(len(boxes))), max_size=len(boxes) - 1))
    held = np.ones(shape, bool)
    with (tfckpt.V1Writer if v1 else tfckpt.BundleWriter)(tmp_path / "m", fsync=False) as writer:
        for number, box in enumerate(boxes):
            place = tuple(slice(start, start + length) for start, length in box)
            if number in gone:
                held[place] = False
            else:
                writer.add_slice("t", shape, box, array[place])
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=False))

    with (tfckpt.V1Reader if v1 else tfckpt.BundleReader)(tmp_path / "m") as reader:
        if np.all(held[index]):
            assert np.array_equal(reader.get_tensor("t", index), array[index])
        else:
            with pytest.raises(DataLossError, match="is missing") as caught:
                reader.get_tensor("t", index)
            element = re.search(r"element \[([\d, ]*)\] is missing", str(caught.value))
            assert element and not held[tuple(map(int, element[1].split(", ")))]
            selected = np.zeros(shape, bool)
            selected[index] = True
            assert selected[tuple(map(int, element[1].split(", ")))]


def test_a_part_needs_only_the_shards_of_its_slices(tmp_path: Path) -> None:
    with tfckpt.BundleWriter(tmp_path / "m", num_shards=3) as writer:
        for number in range(3):
            writer.add_slice("t", (6,), [(2 * number, 2)], np.full(2, number), shard=number)
    (tmp_path / "m.data-00001-of-00003").unlink()

    with tfckpt.load_checkpoint(tmp_path / "m") as reader:
        assert reader.get_tensor("t", np.s_[::4]).tolist() == [0, 2]
        with pytest.raises(FileNotFoundError, match="data-00001-of-00003"):
            reader.get_tensor("t", np.s_[1:3])


def test_slices_that_overlap_are_no_tensor_in_any_part(tmp_path: Path) -> None:
    slices = (TensorSlice.parse("0,2"), TensorSlice.parse("1,3"))
    items = {b"": Header(1).encode(), b"t": Entry(2, (4,), slices=slices).encode()}
    index = bytearray()
    write_table(index.extend, sorted(items.items()))
    (tmp_path / "m.index").write_bytes(index)

    reader = tfckpt.BundleReader(tmp_path / "m")
    with reader, pytest.raises(DataLossError, match="slices 0,2 and 1,3 overlap"):
        reader.get_tensor("t", np.s_[3:])


VERIFIED = [
    # bytes of the tensor, the part, verify, whether damage outside the part is noticed
    (1 << 20, np.s_[0:1], True, True),
    (1 << 20, np.s_[0:1], "whole", True),
    (1 << 20, np.s_[0:1], False, False),
    (9 << 20, np.s_[0:1], True, False),
    (9 << 20, np.s_[0 : 3 << 20], True, True),
    (9 << 20, np.s_[0:1], "whole", True),
    (9 << 20, np.s_[0 : 3 << 20], False, False),
]


@pytest.mark.parametrize("sliced", [False, True])
@pytest.mark.parametrize(("size", "index", "verify", "noticed"), VERIFIED)
def test_a_part_is_checked_where_that_costs_little_or_is_wanted(
    size: int, index: Any, verify: Any, noticed: bool, sliced: bool, tmp_path: Path
) -> None:
    array = np.zeros(size, np.uint8)
    with tfckpt.BundleWriter(tmp_path / "m", fsync=False) as writer:
        if sliced:
            writer.add_slice("t", (size + 1,), [(0, size)], array)
            writer.add_slice("t", (size + 1,), [(size, 1)], array[:1])
        else:
            writer.add("t", array)
    with open(tmp_path / "m.data-00000-of-00001", "r+b") as file:
        file.seek(size - 1)
        file.write(b"\x01")

    with tfckpt.load_checkpoint(tmp_path / "m", verify=verify) as reader:
        for _ in range(2):
            if noticed:
                with pytest.raises(DataLossError, match="checksum"):
                    reader.get_tensor("t", index)
            else:
                assert not reader.get_tensor("t", index).any()


def test_a_tensor_is_checked_for_its_parts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tfckpt.save(tmp_path / "m", {"t": np.arange(1000), "s": np.array(["a", "b"], object)})
    checked: list[str] = []
    verify = Shard.verify
    monkeypatch.setattr(
        Shard, "verify", lambda self, name, entry: (checked.append(name), verify(self, name, entry))
    )
    with tfckpt.load_checkpoint(tmp_path / "m") as reader:
        for at in range(5):
            assert reader.get_tensor("t", at) == at
            assert reader.get_tensor("s", at % 2) == [b"a", b"b"][at % 2]
    assert checked == ["t", "s"]


def test_what_verify_can_be(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "m", {"t": [1.0]})
    with pytest.raises(ValueError, match="verify is True, False or 'whole', not 'all'"):
        tfckpt.load_checkpoint(tmp_path / "m", verify="all")  # type: ignore[arg-type]
