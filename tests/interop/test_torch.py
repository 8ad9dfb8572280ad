"""PyTorch's files, beside PyTorch: each reads what the other has written."""

from __future__ import annotations

import collections
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt.errors import UnimplementedError

WAYS = {
    "zip": {},
    "zip, protocol 4": {"pickle_protocol": 4},
    "zip, protocol 5": {"pickle_protocol": 5},
    "the old format": {"_use_new_zipfile_serialization": False},
}
DTYPES = [
    getattr(torch, name)
    for name in (
        *("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
        *("float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz", "float8_e4m3fnuz", "float8_e8m0fnu"),
    )
]


def bits(tensor: Any) -> bytes:
    """The elements of a tensor, in C order."""
    flat = tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def same(array: np.ndarray, tensor: Any) -> bool:
    name = str(tensor.dtype).removeprefix("torch.")
    return (array.dtype.name, array.shape, array.tobytes()) == (
        name,
        tuple(tensor.shape),
        bits(tensor),
    )


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_a_training_checkpoint(ways: dict[str, Any], tmp_path: Path) -> None:
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(4, 2)
    )
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(2, 3, 3, 3)).sum().backward()
    optimizer.step()
    torch.save(
        {"epoch": 7, "model": model.state_dict(), "optimizer": optimizer.state_dict()},
        tmp_path / "m.pt",
        **ways,
    )
    with tfckpt.open_tensors(tmp_path / "m.pt") as reader:
        expected = {f"model/{name}": one for name, one in model.state_dict().items()}
        for number, state in optimizer.state_dict()["state"].items():
            expected |= {f"optimizer/state/{number}/{key}": one for key, one in state.items()}
        assert list(reader) == list(expected)
        for name, tensor in expected.items():
            assert same(reader[name], tensor), name
        assert reader.metadata["epoch"] == 7
        assert reader.metadata["optimizer/param_groups/0/betas"] == (0.9, 0.999)


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_views_share_a_storage(ways: dict[str, Any], tmp_path: Path) -> None:
    base = torch.arange(24.0).reshape(2, 3, 4)
    tensors = {
        "base": base,
        "turned": base.permute(2, 0, 1),
        "part": base[1, ::2, 1:3],
        "diagonal": base[0].diagonal(),
        "expanded": base[0, 0, :1].expand(5, 3),
        "flat": base.view(-1)[5:20:4],
        "one": base[1, 2, 3],
        "none": base[:, 3:],
        "last": torch.ones(2, 2, 2, 2).to(memory_format=torch.channels_last),
    }
    torch.save(tensors, tmp_path / "m.pt", **ways)
    with tfckpt.open_tensors(tmp_path / "m.pt") as reader:
        for name, tensor in tensors.items():
            assert same(reader[name], tensor), name
            if tensor.ndim:
                index = np.s_[..., ::2]
                assert same(reader.get_tensor(name, index), tensor[index]), name
        reader["base"][:] = 9  # nobody else's
        assert same(reader["part"], tensors["part"])


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_type(dtype: Any, ways: dict[str, Any], tmp_path: Path) -> None:
    pattern = torch.arange(256, dtype=torch.uint8)
    tensor = (pattern % 2).bool() if dtype is torch.bool else pattern.view(dtype)
    torch.save({"t": tensor}, tmp_path / "theirs.pt", **ways)
    with tfckpt.open_tensors(tmp_path / "theirs.pt") as reader:
        assert same(reader["t"], tensor)
        tfckpt.write_tensors(tmp_path / "ours.pt", reader)
    ours = torch.load(tmp_path / "ours.pt", weights_only=True)["t"]
    assert ours.dtype == dtype and bits(ours) == bits(tensor)


def test_what_is_beside_tensors(tmp_path: Path) -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.note = "kept nowhere"
    saved = {
        "parameter": parameter,
        "array": np.arange(6, dtype=">i4").reshape(2, 3).T,
        "number": np.float64(0.25),
        "words": np.array(["é", "bc"]),
        "set": {1, 2},
        "size": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "bytes": b"\0\xff",
        "big": 1 << 100,
        "counted": collections.Counter("aab"),
        "default": collections.defaultdict(list, {"x": None}),
        "none": {},
    }
    for ways in WAYS.values():
        torch.save(saved, tmp_path / "m.pt", **ways)
        with tfckpt.open_tensors(tmp_path / "m.pt") as reader:
            assert {name: array.tolist() for name, array in reader.items()} == {
                "parameter": [1, 1],
                "array": [[0, 3], [1, 4], [2, 5]],
                "number": 0.25,
                "words": ["é".encode(), b"bc"],
            }
            assert reader.metadata == {
                "set": {1, 2},
                "size": (1, 2),
                "device": "cpu",
                "bytes": b"\0\xff",
                "big": 1 << 100,
                "counted/a": 2,
                "counted/b": 1,
                "default/x": None,
                "none": {},
            }


@pytest.mark.filterwarnings("ignore")
def test_what_no_array_holds_is_listed(tmp_path: Path) -> None:
    lazy = torch.zeros(3, dtype=torch.complex64).conj()
    saved = {
        "conj": lazy,
        "neg": torch.zeros(3, dtype=torch.complex64).conj().imag,
        "quantized": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8),
        "sparse": torch.eye(2).to_sparse(),
        "meta": torch.ones(2, device="meta"),
        "half": torch.zeros(2, dtype=torch.complex32),
        "w": torch.ones(2),
    }
    torch.save(saved, tmp_path / "m.pt")
    with tfckpt.open_tensors(tmp_path / "m.pt") as reader:
        assert set(reader) == set(saved)
        for name in saved:
            if name != "w":
                with pytest.raises(UnimplementedError, match=name):
                    reader[name]
        assert reader["w"].tolist() == [1, 1]


def test_a_whole_model_names_its_class(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(1, 1), tmp_path / "m.pt")
    with pytest.raises(UnimplementedError, match=r"'torch.nn.modules.linear.Linear'.*state_dict"):
        tfckpt.open_tensors(tmp_path / "m.pt")


def test_without_checksums(tmp_path: Path) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"w": torch.ones(3)}, tmp_path / "m.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    assert tfckpt.open_tensors(tmp_path / "m.pt")["w"].tolist() == [1, 1, 1]


NUMBERS = [np.dtype(code) for code in "?bBhHiIlLefdFD"] + [
    np.dtype(ml_dtypes.bfloat16),
    np.dtype(ml_dtypes.float8_e5m2),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
        st.builds(
            lambda dtype, shape: np.ones(shape, dtype),
            st.sampled_from(NUMBERS),
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
        ),
        max_size=6,
    )
)
def test_it_reads_what_is_written(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.pt", tensors, fsync=False)
    for mapped in (False, True):
        loaded = torch.load(path, weights_only=True, mmap=mapped)
        assert list(loaded) == list(tensors)
        for name, array in tensors.items():
            assert same(array, loaded[name])
            assert loaded[name].stride() == torch.empty(array.shape).stride()
        del loaded


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_its_tensors_are_values(dtype: Any, tmp_path: Path) -> None:
    """Of every type, in any layout, for every writer; nothing of it is imported for that."""
    grid = torch.arange(6).reshape(2, 3).to(torch.float32).to(dtype)
    tensors = {"grid": grid, "turned": grid.T, "one": grid[1, 1], "none": grid[:0]}
    if dtype.is_floating_point:
        tensors["trained"] = torch.nn.Parameter(grid)
    lacking = {(torch.complex128, "m.safetensors"), (torch.float8_e8m0fnu, "m.ckpt")}
    for name in ("m.ckpt", "m.safetensors", "m.pt", "m.h5"):
        if (dtype, name) in lacking:
            continue
        path = tfckpt.write_tensors(tmp_path / name, tensors)
        with tfckpt.open_tensors(path) as reader:
            for key, tensor in tensors.items():
                assert reader[key].shape == tuple(tensor.shape)
                assert reader.info(key).type_name == str(dtype).removeprefix("torch.")
                assert reader[key].tobytes() == bits(tensor), (name, key)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_tensor_of_another_device_is_refused_by_name(dtype: Any, tmp_path: Path) -> None:
    elsewhere = {"layer/w": torch.ones(2, device="meta", dtype=dtype)}
    for name in ("m.ckpt", "m.safetensors"):
        with pytest.raises(TypeError, match=r"'layer/w': .* meta device .*\.cpu\(\)"):
            tfckpt.write_tensors(tmp_path / name, elsewhere)
    with pytest.raises(TypeError, match=r"'layer/w': .* meta device"):
        tfckpt.save(tmp_path / "m", elsewhere)
    assert not list(tmp_path.iterdir())
