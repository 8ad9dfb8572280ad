"""HDF5 and Keras files: datasets by path, where each is read from, what leads elsewhere."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt.errors import CheckpointError, DataLossError, InvalidArgumentError, UnimplementedError
from tfckpt.formats.hdf5 import Hdf5Reader, KerasReader
from tfckpt.storage import MemorySource

Check = Callable[..., None]


def made(fill: Callable[[Any], None], **options: Any) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as new:
        fill(new)
    return file.getvalue()


def opened(data: bytes, **options: Any) -> Hdf5Reader:
    return Hdf5Reader(MemorySource(data, "file"), **options)


def fill(file: Any) -> None:
    file["a/matrix"] = np.arange(6, dtype=np.float32).reshape(2, 3)
    file["a/big"] = np.arange(3, dtype=">i4")
    file["flags"] = np.array([True, False])
    file["complex"] = np.array([1 + 2j], np.complex64)
    file["scalar"] = 7.5
    file["none"] = np.zeros((0, 3))
    table = np.arange(1000).reshape(10, 100)
    file.create_dataset("packed", data=table, chunks=(2, 50), compression="gzip", shuffle=True)
    file.create_dataset("part", shape=(100, 10), dtype="f4", chunks=(10, 10), fillvalue=3)
    file.create_dataset("twelve_bits", data=np.arange(3), dtype=twelve_bits())
    file.attrs["note"] = "é"
    file["a"].attrs["numbers"] = [1, 2]


def twelve_bits() -> Any:
    """Integers of 12 bits, four bits from the low end of 16."""
    kind = h5py.h5t.STD_I16LE.copy()
    kind.set_precision(12)
    kind.set_offset(4)
    return h5py.Datatype(kind)


VALUES = {
    "a/big": np.arange(3),
    "a/matrix": np.arange(6).reshape(2, 3),
    "complex": np.array([1 + 2j]),
    "flags": np.array([True, False]),
    "none": np.zeros((0, 3)),
    "packed": np.arange(1000).reshape(10, 100),
    "part": np.full((100, 10), 3),
    "scalar": np.array(7.5),
    "twelve_bits": np.arange(3),
}


def test_datasets_are_tensors_by_their_paths() -> None:
    with opened(made(fill)) as tensors:
        assert set(tensors) == set(VALUES)
        for name, array in VALUES.items():
            assert np.array_equal(tensors[name], array) and tensors[name].shape == array.shape, name
            assert tensors[name].dtype == tensors.info(name).dtype
            assert tensors[name].flags.writeable
        assert tensors.info("a/big").dtype == np.int32 and tensors["a/big"].dtype.isnative
        assert tensors.info("complex").dtype == np.complex64
        assert tensors.info("flags").dtype == bool
        assert tensors.metadata == {"note": "é", "a@numbers": [1, 2]}
        assert {n: a.shape for n, a in tensors.get_tensors().items()} == {
            name: array.shape for name, array in VALUES.items()
        }


@pytest.mark.parametrize("name", ["a/matrix", "packed", "part", "twelve_bits"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_parts_are_what_numpy_has(name: str, data: st.DataObject) -> None:
    array = VALUES[name]
    index = data.draw(hnp.basic_indices(array.shape, allow_newaxis=False))
    with opened(FILLED) as tensors:
        part = tensors.get_tensor(name, index)
        assert np.array_equal(part, array[index]) and np.shape(part) == array[index].shape


FILLED = made(fill)


def test_plain_elements_are_read_without_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w", userblock_size=1024) as file:
        file["w"] = np.arange(1 << 16, dtype=np.float64)
    with tfckpt.open_tensors(tmp_path / "m.h5") as tensors:
        array = tensors["w"]
        assert not array.flags.owndata and np.array_equal(array, np.arange(1 << 16))
        array[:] = 0
        assert tensors.get_tensor("w", -1) == (1 << 16) - 1


def test_strings_are_bytes() -> None:
    def strings(file: Any) -> None:
        file["text"] = ["é", "bc"]
        file["bytes"] = np.array([[b"a", b"bc"]])
        file["one"] = "x"
        file["many"] = [str(number) for number in range(200)]
        file.create_dataset("cube", data=CUBE, dtype=h5py.string_dtype())

    cube = np.char.mod("%d", np.arange(6 * 70)).reshape(2, 3, 70)
    CUBE = cube.astype(object)
    with opened(made(strings)) as tensors:
        assert tensors["text"].tolist() == ["é".encode(), b"bc"]
        assert tensors["bytes"].tolist() == [[b"a", b"bc"]]
        assert tensors["one"] == b"x"
        assert tensors["many"].tolist() == [b"%d" % number for number in range(200)]
        assert tensors.get_tensor("many", np.s_[150::-50]).tolist() == [b"150", b"100", b"50", b"0"]
        assert tensors.get_tensor("many", 7) == b"7"
        for index in (np.s_[...], np.s_[1, ::2, 60:], np.s_[::-1, 1, ::3]):
            part = tensors.get_tensor("cube", index)
            assert part.tolist() == np.char.encode(cube[index]).tolist()
        assert tensors.info("text").type_name == "string"


def test_what_leads_elsewhere_is_listed_and_not_followed(tmp_path: Path) -> None:
    os.chdir(tmp_path)
    (tmp_path / "raw.bin").write_bytes(b"secret" * 4)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.ones(3)

    def leading(file: Any) -> None:
        file["w"] = np.ones(2)
        file["group/w"] = file["w"]
        file["group/up"] = file["group"]
        file["soft"] = h5py.SoftLink("/w")
        file["outside"] = h5py.ExternalLink("other.h5", "/x")
        file.create_dataset("raw", (3,), "u1", external=[("raw.bin", 0, 3)])
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
        file.create_virtual_dataset("virtual", layout)

    (tmp_path / "m.h5").write_bytes(made(leading))
    with tfckpt.open_tensors(tmp_path / "m.h5") as tensors:
        assert set(tensors) == {
            *("w", "group/w", "group/up", "soft", "outside", "raw", "virtual"),
        }
        assert tensors["group/w"].tolist() == [1, 1]
        for name in ("group/up", "soft", "outside", "raw", "virtual"):
            with pytest.raises(UnimplementedError, match=rf"'{name}'.*in another"):
                tensors[name]


def test_what_no_array_holds_is_listed() -> None:
    def odd(file: Any) -> None:
        file["nothing"] = h5py.Empty("f4")
        file.create_dataset("lists", (2,), dtype=h5py.vlen_dtype(np.int32))
        file.create_dataset("references", (1,), dtype=h5py.ref_dtype)
        file["pair"] = np.array([(1, 2.5)], [("a", "i2"), ("b", ">f8")])
        file["blob"] = np.frombuffer(b"ab", "V2")

    with opened(made(odd)) as tensors:
        for name in ("nothing", "lists", "references"):
            with pytest.raises(UnimplementedError, match=name):
                tensors[name]
        assert tensors["pair"].tolist() == [(1, 2.5)]
        assert tensors["blob"].tobytes() == b"ab" and tensors.info("blob").type_name == "|V2"


# Keras


def keras2(file: Any, chunks: int = 1) -> None:
    """As ``Model.save_weights`` of Keras 2 has it: the layers in an order of their own."""
    layers = {
        "second": {"second/kernel:0": np.ones((2, 2)), "second/bias:0": np.zeros(2)},
        "first": {"first/kernel:0": np.full((2, 2), 2.0)},
        "empty": {},
    }
    file.attrs["layer_names"] = [name.encode() for name in layers]
    file.attrs["keras_version"] = "2.11.0"
    for layer, weights in layers.items():
        group = file.create_group(layer)
        for number, part in enumerate(np.array_split(np.array(list(weights), "S"), chunks)):
            group.attrs["weight_names" + (str(number) if chunks > 1 else "")] = part
        for name, array in weights.items():
            group[name] = array


@pytest.mark.parametrize("chunks", [1, 2])
def test_keras_2_has_an_order_of_its_own(chunks: int) -> None:
    with opened(made(lambda file: keras2(file, chunks))) as tensors:
        assert list(tensors) == [
            "second/second/kernel:0",
            "second/second/bias:0",
            "first/first/kernel:0",
        ]
        assert tensors.metadata["keras_version"] == "2.11.0"
        assert tensors.metadata["layer_names"] == ["second", "first", "empty"]


def test_a_whole_model_of_keras_2() -> None:
    def model(file: Any) -> None:
        keras2(file.create_group("model_weights"))
        file.attrs["model_config"] = '{"class_name": "Sequential"}'
        optimizer = file.create_group("optimizer_weights")
        optimizer.attrs["weight_names"] = [b"training/z:0", b"training/a:0"]
        optimizer["training/a:0"] = 1.0
        optimizer["training/z:0"] = 2.0

    with opened(made(model)) as tensors:
        assert list(tensors) == [
            "model_weights/second/second/kernel:0",
            "model_weights/second/second/bias:0",
            "model_weights/first/first/kernel:0",
            "optimizer_weights/training/z:0",
            "optimizer_weights/training/a:0",
        ]
        assert json.loads(tensors.metadata["model_config"]) == {"class_name": "Sequential"}


def keras3(file: Any) -> None:
    for number in range(11):
        file[f"layers/dense/vars/{number}"] = np.float32(number)
    bits = np.ones(2, ml_dtypes.bfloat16)
    file["layers/dense_1/vars/0"] = bits.view("V2")
    file["layers/dense_1/vars/0"].attrs["dtype"] = "bfloat16"


def test_keras_3_has_variables_by_number() -> None:
    with opened(made(keras3)) as tensors:
        assert [float(tensors[name]) for name in list(tensors)[:11]] == list(range(11))
        assert tensors["layers/dense_1/vars/0"].tolist() == [1, 1]
        assert tensors.info("layers/dense_1/vars/0").dtype == ml_dtypes.bfloat16


def archive(method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as new:
        new.writestr("config.json", '{"module": "keras"}')
        new.writestr("model.weights.h5", made(keras3))
    return file.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_keras_archive(method: int, tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(archive(method))
    with tfckpt.open_tensors(tmp_path / "m.keras") as tensors:
        assert len(tensors) == 12 and tensors["layers/dense/vars/10"] == 10
        assert tensors.metadata["config.json"] == '{"module": "keras"}'


def test_damage_within_a_keras_archive_is_noticed_before_a_value_is_handed_out() -> None:
    data = archive()
    at = data.index(np.float32(7).tobytes())
    data = data[:at] + b"\1" + data[at + 1 :]
    with KerasReader(MemorySource(data, "file")) as tensors:
        assert len(tensors) == 12
        for _ in range(2):
            with pytest.raises(DataLossError, match="checksum"):
                tensors["layers/dense/vars/0"]
    assert KerasReader(MemorySource(data, "file"), verify=False)["layers/dense/vars/0"] == 0


# Writing


DTYPES = [
    *(np.dtype(code) for code in ["?", "u1", "<u2", ">f4", "f2", "f8", "F", "D"]),
    *map(np.dtype, (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.int4)),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.builds(
            lambda dtype, shape: np.ones(shape, dtype),
            st.sampled_from(DTYPES),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_what_is_written_is_read(
    tmp_path: Path, arrays: list[np.ndarray], compressed: bool
) -> None:
    tensors = {f"group/{number}": array for number, array in enumerate(arrays)}
    path = tfckpt.write_tensors(
        tmp_path / "m.h5", tensors, compressed=compressed, metadata={"step": 7}, fsync=False
    )
    with tfckpt.open_tensors(path) as reader:
        assert list(reader) == list(tensors) and reader.metadata["step"] == 7
        for name, array in tensors.items():
            expected = array.astype(array.dtype.newbyteorder("="))
            assert reader[name].dtype == expected.dtype and reader[name].shape == array.shape
            assert reader[name].tobytes() == expected.tobytes()


def test_h5py_reads_what_is_written(tmp_path: Path) -> None:
    tensors = {
        "a/b": np.arange(6).reshape(2, 3).T,
        "text": np.array([["é".encode(), b""]], object),
        "one": np.array(b"x", object),
    }
    path = tfckpt.write_tensors(tmp_path / "m.h5", tensors, metadata={"by": "me"})
    before = Path(path).read_bytes()
    with h5py.File(path) as file:
        assert np.array_equal(file["a/b"][()], tensors["a/b"])
        assert file["text"].asstr()[()].tolist() == [["é", ""]]
        assert file["one"][()] == b"x" and file.attrs["by"] == "me"
    with tfckpt.open_tensors(path) as reader:
        assert reader["text"].tolist() == [["é".encode(), b""]] and reader["one"] == b"x"
    tfckpt.write_tensors(path, tensors, metadata={"by": "me"})
    assert Path(path).read_bytes() == before


def test_metadata_goes_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(made(keras2))
    with tfckpt.open_tensors(tmp_path / "a.h5") as tensors:
        said = tensors.metadata
        path = tfckpt.write_tensors(tmp_path / "b.h5", tensors, metadata=said)
        with tfckpt.open_tensors(path) as again:
            assert again.metadata == said and list(again) == list(tensors)
    with h5py.File(path) as file:
        assert list(file["second"].attrs["weight_names"]) == ["second/kernel:0", "second/bias:0"]
        assert list(file["empty"]) == [] and len(file["empty"].attrs["weight_names"]) == 0
    with pytest.raises(InvalidArgumentError, match="cannot hold the metadata 'x'"):
        tfckpt.write_tensors(path, {}, metadata={"x": object()})
    with pytest.raises(InvalidArgumentError, match="cannot hold the metadata 'big'"):
        tfckpt.write_tensors(path, {}, metadata={"big": list(range(100_000))})
    assert list(tfckpt.open_tensors(path)) == list(again)


def test_what_it_cannot_hold_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    path.write_bytes(b"as it was")
    bad = {"a": np.ones(1), "a/b": np.ones(1), "x//y": np.ones(1), "../z": np.ones(1)}
    with pytest.raises(InvalidArgumentError) as caught:
        tfckpt.write_tensors(path, bad)
    for text in ("a/b (within a, which is a dataset)", "x//y (no path", "../z (no path"):
        assert text in str(caught.value)
    with pytest.raises(InvalidArgumentError, match=r"q.*qint8"):
        tfckpt.write_tensors(path, {"q": np.zeros(1, [("qint8", np.int8)])})
    with pytest.raises(InvalidArgumentError, match=r"'s'.*zero byte"):
        tfckpt.write_tensors(path, {"w": np.ones(9), "s": np.array([b"a\0b"], object)})
    assert path.read_bytes() == b"as it was" and len(list(tmp_path.iterdir())) == 1


# Damage and harm


def small(file: Any) -> None:
    file["w"] = np.arange(4, dtype=np.int16)
    file.create_dataset("p", data=np.arange(8), chunks=(4,), compression="gzip")


def test_damage_gives_values_or_an_error() -> None:
    """At every byte of the file that is not zero; the library below is not ours to vouch for."""
    data = made(small)
    for at in [place for place, byte in enumerate(data) if byte]:
        damaged = bytearray(data)
        damaged[at] ^= 0x41
        try:
            with opened(bytes(damaged)) as tensors:
                for name in tensors:
                    tensors[name]
        except CheckpointError:
            continue
    for size in range(0, len(data), 16):
        with pytest.raises(CheckpointError):
            opened(data[:size]).get_tensors()


def test_values_beyond_all_proportion_are_refused(refuse: Check) -> None:
    def huge(file: Any) -> None:
        file.create_dataset("w", (1 << 40,), "f8", chunks=(1 << 20,), compression="gzip")

    def one_chunk(file: Any) -> None:
        file.create_dataset("w", (1 << 28,), "u1", chunks=(1 << 28,), compression="gzip")

    refuse(Hdf5Reader, made(huge), "would take")
    with (
        tfckpt.Limits.untrusted(),
        opened(made(one_chunk)) as tensors,
        pytest.raises(CheckpointError, match="a chunk of a dataset would take"),
    ):
        tensors.get_tensor("w", 0)


def unpacking_to(size: int, **options: Any) -> bytes:
    """Return a file with a chunk of a thousand numbers that is unpacked to so many bytes."""

    def fill(file: Any) -> None:
        dataset = file.create_dataset("w", (1000,), "f4", chunks=(1000,), **options)
        packed = zlib.compress(bytes(size))
        dataset.id.write_direct_chunk((0,), packed)

    return made(fill)


def test_a_chunk_that_unpacks_to_more_than_a_chunk_is_refused(refuse: Check) -> None:
    refuse(Hdf5Reader, unpacking_to(400 << 20, compression="gzip"), "more than the 4000 bytes")
    bomb = unpacking_to(400 << 20, compression="gzip", shuffle=True, fletcher32=True)
    refuse(Hdf5Reader, bomb, "more than the 4000 bytes")
    refuse(Hdf5Reader, unpacking_to(400 << 20, compression="lzf"), "a packed chunk would take")


@pytest.mark.parametrize("compression", ["gzip", "lzf"])
def test_big_chunks_are_read_under_any_limits(compression: str) -> None:
    random = np.random.default_rng(0).integers(0, 256, 3_000_000, np.uint8)  # not made smaller
    table = np.arange(400_000, dtype=np.int32).reshape(-1, 4)

    def fill(file: Any) -> None:
        how = {"compression": compression, "shuffle": True, "fletcher32": True}
        file.create_dataset("random", data=random, chunks=(1_000_000,), **how)
        file.create_dataset("table", data=table, chunks=(50_000, 2), **how)

    with tfckpt.Limits.untrusted(), opened(made(fill)) as tensors:
        np.testing.assert_array_equal(tensors["random"], random)
        np.testing.assert_array_equal(tensors["table"], table)
        np.testing.assert_array_equal(tensors.get_tensor("table", np.s_[::7, 1:3]), table[::7, 1:3])


def test_elements_that_lie_out_of_the_file(refuse: Check) -> None:
    def fill(file: Any) -> None:
        file["w"] = np.arange(1000.0)

    data = made(fill)
    with h5py.File(io.BytesIO(data)) as file:
        offset = file["w"].id.get_offset()
    forged = data.replace(offset.to_bytes(8, "little"), (1 << 40).to_bytes(8, "little"))
    assert forged != data
    refuse(Hdf5Reader, forged, "cut short|HDF5 says|in all")


def test_strings_that_are_all_one_are_refused_before_they_fill_memory() -> None:
    file = io.BytesIO()
    with h5py.File(file, "w") as new:
        strings = new.create_dataset("s", (5000,), h5py.string_dtype())
        strings[0] = "a" * (1 << 20)
        offset = strings.id.get_offset()
    data = file.getvalue()
    reference = data[offset : offset + 16]  # length, heap, number in it
    data = data[:offset] + reference * 5000 + data[offset + 16 * 5000 :]
    with tfckpt.Limits.untrusted(), opened(data) as tensors:
        with pytest.raises(CheckpointError, match="the strings would take"):
            tensors["s"]
        assert tensors.get_tensor("s", 4999) == b"a" * (1 << 20)


def test_groups_below_groups() -> None:
    def deep(file: Any) -> None:
        for _ in range(200):
            file = file.create_group("g")

    with tfckpt.Limits.untrusted(), pytest.raises(CheckpointError, match="groups below groups"):
        opened(made(deep))


def test_groups_that_share_groups_do_not_multiply() -> None:
    def shared(file: Any) -> None:
        inner = file.create_group("g0")
        for number in range(1, 40):
            outer = file.create_group(f"g{number}")
            outer["a"] = outer["b"] = inner
            inner = outer

    with pytest.raises(CheckpointError, match="more than any file of its size"):
        opened(made(shared))


def test_without_h5py_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.h5").write_bytes(made(fill))
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install 'tfckpt\[hdf5\]'"):
        tfckpt.open_tensors(tmp_path / "m.h5")
