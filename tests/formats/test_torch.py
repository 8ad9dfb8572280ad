"""PyTorch's files, by hand: what is read of a pickle, what is refused, what is written."""

from __future__ import annotations

import collections
import io
import os
import pickle
import struct
import zipfile
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
from tfckpt.formats.pytorch import TorchReader
from tfckpt.storage import MemorySource

Check = Callable[..., None]


# A pickle, operation by operation


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def integers(*values: int) -> bytes:
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


HOOKS = named("collections", "OrderedDict") + b")R"


def storage(kind: str, key: str, size: int, module: str = "torch", more: bytes = b"") -> bytes:
    number = b"J" + struct.pack("<i", size)
    return (
        b"("
        + text("storage")
        + named(module, kind)
        + text(key)
        + text("cpu")
        + number
        + more
        + b"tQ"
    )


def tensor(of: bytes, offset: int, shape: Any, strides: Any, rest: bytes = b"") -> bytes:
    return (
        named("torch._utils", "_rebuild_tensor_v2")
        + b"("
        + of
        + b"J"
        + struct.pack("<i", offset)
        + integers(*shape)
        + integers(*strides)
        + b"\x89"
        + HOOKS
        + rest
        + b"tR"
    )


def a_dict(**items: bytes) -> bytes:
    return b"}(" + b"".join(text(name) + value for name, value in items.items()) + b"u"


def archive(value: bytes, **storages: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("m/data.pkl", b"\x80\x02" + value + b".")
        made.writestr("m/byteorder", "little")
        for key, data in storages.items():
            made.writestr(f"m/data/{key}", data)
    return file.getvalue()


def opened(data: bytes) -> TorchReader:
    return TorchReader(MemorySource(data, "file"))


ELEMENTS = np.arange(6, dtype="<f4").tobytes()
WHOLE = storage("FloatStorage", "k0", 6)
SMALL = archive(
    a_dict(
        weight=tensor(WHOLE, 0, (2, 3), (3, 1)),
        part=tensor(WHOLE, 1, (2,), (2,)),
        other=a_dict(turned=tensor(WHOLE, 0, (3, 2), (1, 3)), step=b"K\x07"),
        layers=b"](" + tensor(storage("LongStorage", "k1", 1), 0, (), ()) + b"e",
    ),
    k0=ELEMENTS,
    k1=struct.pack("<q", -5),
)


def test_nested_values_become_paths_and_views_tensors() -> None:
    with opened(SMALL) as tensors:
        assert list(tensors) == ["weight", "part", "other/turned", "layers/0"]
        assert tensors["weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert tensors["part"].tolist() == [1, 3]
        assert tensors["other/turned"].tolist() == [[0, 3], [1, 4], [2, 5]]
        assert tensors["layers/0"] == -5 and tensors["layers/0"].shape == ()
        assert tensors.metadata == {"other/step": 7}
        assert tensors.info("weight")[1:3] == ((2, 3), 24)
        assert tensors.get_tensor("other/turned", np.s_[1:, 1]).tolist() == [4, 5]
        assert tensors.get_tensors(["part"])["part"].tolist() == [1, 3]


def test_a_tensor_that_was_saved_alone() -> None:
    assert opened(archive(tensor(WHOLE, 0, (6,), (1,)), k0=ELEMENTS))["tensor"].tolist() == [
        *range(6)
    ]


def test_types_without_a_class_of_storages() -> None:
    untyped = storage("UntypedStorage", "k0", 4, "torch.storage")
    view = tensor(untyped, 0, (4,), (1,), named("torch", "float8_e4m3fn"))
    view = view.replace(b"_rebuild_tensor_v2", b"_rebuild_tensor_v3")
    array = opened(archive(view, k0=b"\x38\xb8\x00\x30"))["tensor"]
    assert array.dtype == ml_dtypes.float8_e4m3fn and array.tolist() == [1, -1, 0, 0.5]


def test_big_endian_elements() -> None:
    data = archive(tensor(WHOLE, 0, (2, 3), (3, 1)), k0=np.arange(6, dtype=">f4").tobytes())
    data = data.replace(b"little", b"big---")
    with pytest.raises(DataLossError, match="checksum"):
        opened(data)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("x/data.pkl", b"\x80\x02" + tensor(WHOLE, 1, (2, 2), (3, 1)) + b".")
        made.writestr("x/byteorder", "big")
        made.writestr("x/data/k0", np.arange(6, dtype=">f4").tobytes())
    assert opened(file.getvalue())["tensor"].tolist() == [[1, 2], [4, 5]]


def test_what_is_no_array_is_listed_and_not_read() -> None:
    lazy = a_dict(conj=b"\x88")
    complexes = storage("ComplexFloatStorage", "k0", 3)
    data = archive(
        a_dict(
            quantized=named("torch._utils", "_rebuild_qtensor")
            + b"("
            + storage("QUInt8Storage", "k1", 24)
            + b"K\0"
            + integers(2)
            + integers(1)
            + b")tR",
            conj=tensor(complexes, 0, (3,), (1,), lazy),
            sparse=named("torch._utils", "_rebuild_sparse_tensor") + b"NN\x86R",
        ),
        k0=ELEMENTS,
        k1=ELEMENTS,
    )
    with opened(data) as tensors:
        assert list(tensors) == ["quantized", "conj", "sparse"]
        assert tensors.info("quantized").shape == (2,)
        for name in tensors:
            with pytest.raises(UnimplementedError, match=name):
                tensors[name]


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


def test_nothing_of_a_pickle_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        evil = pickle.dumps({"w": Evil()}, protocol)[2:-1]
        with pytest.raises(UnimplementedError, match=r"names '(posix|nt)\.mkdir'"):
            opened(archive(evil))
    assert not list(tmp_path.iterdir())


MANY = b"".join(b"0(h\0h\0h\0h\0h\0h\0h\0h\0tq\0" for _ in range(40))
# _rebuild_from_type_v2(itself, None, (itself, None, (... (), None), None), 5000 times
MAKER = named("torch._tensor", "_rebuild_from_type_v2")
NESTED = MAKER + b"q\0" + b"(h\0N" * 5000 + b")" + b"Nt" * 5000 + b"R"
NUMPYS = named("numpy.core.multiarray", "_reconstruct") + named("numpy", "ndarray")
NUMPYS += b"K\0\x85U\x01b\x87R"
FLOATS = named("numpy", "dtype") + b"U\x02f4\x85R"
FLOAT_STATE = b"(K\3U\1<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"

REFUSED = {
    "a call": (b"cos\nsystem\nX\x01\0\0\0a\x85R", r"'os.system'"),
    "a class by name only": (b"csubprocess\nPopen\n", r"'subprocess.Popen'"),
    "a name within a known one": (b"ctorch\nos.system\n", r"'torch.os.system'"),
    "getattr": (b"c__builtin__\ngetattr\n", "getattr"),
    "an instance by its old operation": (b"(ios\nsystem\n", "0x69"),
    "an extension of copyreg": (b"\x82\x01", "0x82"),
    "a state of no object": (b"K\1}b", "state of a int"),
    "a call of no function": (b"K\1)R", "no function"),
    "a call of a name that makes nothing": (b"ctorch\nTensor\n)R", r"calls 'torch.Tensor'"),
    "an empty stack": (b"a", "damaged"),
    "a mark too few": (b"K\1t", "damaged"),
    "a memo that was never put": (b"h\5", "damaged"),
    "a memo of a huge number": (b"K\1r\xff\xff\xff\xff" + b"cos\nabort\n", "abort"),
    "a text longer than the file": (b"X\xff\xff\xff\xffa", "ends in the middle"),
    "bytes of 2**63": (b"\x8e" + b"\xff" * 7 + b"\x7f", "ends in the middle"),
    "a huge integer": (b"\x8b\xff\xff\xff\x7f", "an integer of"),
    "a name without end": (b"c" + b"a" * 5000, "without end"),
    "protocol 9": (b"\x80\x09", "protocol 9"),
    "a list as a key": (b"}](K\1eK\1s", "list as key"),
    "a deep tuple as a key": (b"})" + b"\x85" * 100_000 + b"K\1s", "tuple as key"),
    "deep lists": (b"]" * 50_000 + b"a" * 49_999, "more, or deeper"),
    "a tuple of itself, eight times forty times": (b"Nq\0" + MANY, "more, or deeper"),
    "a list within itself": (b"]q\0h\0a", "more, or deeper"),
    "a key without a value": (b"}(K\1u", "without a value"),
    "no storage": (tensor(b"K\1", 0, (1,), (1,)), "without a storage"),
    "a storage of a class that is none": (storage("Size", "k0", 6), "no known kind"),
    "a reference to no storage": (b"X\1\0\0\0aQ", "something else"),
    "a storage that is missing": (
        tensor(storage("FloatStorage", "../k9", 6), 0, (1,), (1,)),
        "no member 'm/data/../k9'",
    ),
    "a tensor beyond its storage": (tensor(WHOLE, 0, (7,), (1,)), "reaches out"),
    "an offset beyond its storage": (tensor(WHOLE, 6, (1,), (1,)), "reaches out"),
    "strides beyond its storage": (tensor(WHOLE, 0, (2,), (6,)), "reaches out"),
    "a negative offset": (tensor(WHOLE, -1, (1,), (1,)), "no sizes"),
    "negative strides": (tensor(WHOLE, 5, (2,), (-1,)), "no sizes"),
    "negative sizes": (tensor(WHOLE, 0, (-2,), (1,)), "no sizes"),
    "another number of strides": (tensor(WHOLE, 0, (2, 1), (1,)), "2 sizes, 1 strides"),
    "one element that stands for gigabytes": (
        tensor(WHOLE, 0, (1 << 20, 1 << 20), (0, 0)),
        "would take",
    ),
    "a maker of makers of makers": (NESTED, "nothing makes"),
    "an array of objects": (
        named("numpy.core.multiarray", "_reconstruct")
        + named("numpy", "ndarray")
        + b"K\0\x85U\x01b\x87R(K\1K\1\x85"
        + named("numpy", "dtype")
        + b"U\x02O8\x85R",
        "elements of its own",
    ),
    "a dtype of numpy without an order": (FLOATS + b"K\1b", "without a byte order"),
    "an array of numpy of something else": (NUMPYS + b"K\1b", "that is none"),
    "an array of numpy without bytes": (
        NUMPYS + b"(K\1K\1\x85" + FLOATS + FLOAT_STATE + b"\x89K\1tb",
        "holds objects",
    ),
    "an array of numpy of too few bytes": (
        NUMPYS + b"(K\1K\2\x85" + FLOATS + FLOAT_STATE + b"\x89C\x04abcdtb",
        r"array \[2\] of 4 bytes",
    ),
    "a tensor of a type that is none": (
        named("torch._utils", "_rebuild_tensor_v3")
        + tensor(WHOLE, 0, (1,), (1,)).partition(b"\n")[2].partition(b"\n")[2][:-2]
        + text("float32")
        + b"tR",
        "without a dtype",
    ),
    "a dict of a number": (named("collections", "OrderedDict") + b"K\1\x85R", "dict of no items"),
    "bytes in an encoding of their own": (
        named("_codecs", "encode") + text("a") + text("rot13") + b"\x86R",
        "no known encoding",
    ),
    "a complex number of texts": (
        named("__builtin__", "complex") + text("1") + text("2") + b"\x86R",
        "complex number of no numbers",
    ),
}


@pytest.mark.parametrize("value, match", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(value: bytes, match: str, refuse: Check) -> None:
    refuse(TorchReader, archive(value, k0=ELEMENTS), match)


def test_two_values_under_one_path_are_not_chosen_from() -> None:
    data = archive(a_dict(**{"a/b": WHOLE, "a": a_dict(b=WHOLE)}), k0=ELEMENTS)
    with pytest.raises(UnimplementedError, match="two values under the path 'a/b'"):
        opened(data)


def test_every_damage_gives_values_or_an_error(survive: Check) -> None:
    survive(TorchReader, SMALL, (1, 0xFF))
    survive(lambda source: TorchReader(source, verify=False), SMALL, (3, 0x80))


def test_damaged_elements_have_another_checksum() -> None:
    at = SMALL.index(ELEMENTS)
    data = SMALL[:at] + b"\1" + SMALL[at + 1 :]
    with opened(data) as tensors:
        with pytest.raises(DataLossError, match=r"'weight'.*checksum of the 24 bytes"):
            tensors["weight"]
        with pytest.raises(DataLossError, match="checksum"):
            tensors.get_tensor("part", 0)
        with pytest.raises(DataLossError, match="checksum"):
            tensors.get_tensors()
    assert np.isfinite(TorchReader(MemorySource(data, "file"), verify=False)["weight"]).all()


def test_without_a_checksum_there_is_none_to_check() -> None:
    """``torch.serialization.set_crc32_options(False)`` writes zeros."""
    crc = struct.pack("<I", zipfile.crc32(ELEMENTS))
    data = SMALL.replace(crc, b"\0\0\0\0")
    assert data != SMALL
    assert opened(data)["weight"].sum() == 15


# The old format


def legacy(value: bytes, keys: list[str], storages: bytes) -> bytes:
    names = b"](" + b"".join(map(text, keys)) + b"e"
    system = a_dict(little_endian=b"\x88")
    magic = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"
    return (
        b"".join(b"\x80\x02" + one + b"." for one in (magic, b"M\xe9\x03", system, value, names))
        + storages
    )


def old_storage(key: str, size: int, view: bytes = b"N") -> bytes:
    return storage("FloatStorage", key, size, more=view)


OLD = legacy(
    a_dict(
        a=tensor(old_storage("77", 6), 0, (2, 3), (3, 1)),
        b=tensor(old_storage("77", 6, integers(8, 2, 3)), 1, (2,), (1,)),
        c=tensor(old_storage("78", 1), 0, (1,), (1,)),
    ),
    ["77", "78"],
    struct.pack("<q", 6) + ELEMENTS + struct.pack("<qf", 1, 9.0),
)


def test_the_format_before_1_6() -> None:
    with opened(OLD) as tensors:
        assert tensors["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert tensors["b"].tolist() == [3, 4]  # element 1 of the storage from element 2 on
        assert tensors["c"].tolist() == [9]


def test_every_damage_of_the_old_format(survive: Check) -> None:
    survive(TorchReader, OLD, (1, 0xFF))


OLD_TENSOR = tensor(old_storage("7", 6), 0, (6,), (1,))
OLD_REFUSED = {
    "a view of a storage that is none": (
        legacy(tensor(old_storage("7", 6, b"K\1"), 0, (6,), (1,)), ["7"], b""),
        "a storage that is none",
    ),
    "more elements than the file": (
        legacy(
            OLD_TENSOR := tensor(old_storage("7", 6), 0, (6,), (1,)), ["7"], b"\xff" * 7 + b"\x3f"
        ),
        "the file ends before",
    ),
    "a storage that nothing uses": (
        legacy(OLD_TENSOR, ["8"], struct.pack("<q", 0)),
        "nothing refers",
    ),
    "no storage": (legacy(OLD_TENSOR, [], b""), "does not have the storage '7'"),
    "no list of storages": (
        legacy(OLD_TENSOR, ["7"], b"").replace(b"](X\x01\0\0\x007e", b"K\1"),
        "no list of its storages",
    ),
    "another pickle": (b"\x80\x02K\1.", "not of PyTorch"),
}


@pytest.mark.parametrize("data, match", OLD_REFUSED.values(), ids=OLD_REFUSED)
def test_what_is_refused_of_the_old_format(data: bytes, match: str, refuse: Check) -> None:
    refuse(TorchReader, data, match)


# Archives


def test_a_packed_storage_is_refused_with_what_to_do() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SMALL)) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member), zipfile.ZIP_DEFLATED)
    with pytest.raises(UnimplementedError, match=r"packed.*unpack it"):
        opened(file.getvalue())


def test_two_pickles_are_one_too_many() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in ("a/data.pkl", "b/data.pkl"):
            made.writestr(name, b"\x80\x02}.")
    with pytest.raises(DataLossError, match=r"2 members data\.pkl"):
        opened(file.getvalue())


def test_a_zip_archive_of_something_else_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as made:
        made.writestr("notes.txt", "nothing")
    with pytest.raises(InvalidArgumentError, match=r"no tensors.*notes\.txt"):
        tfckpt.open_tensors(tmp_path / "a.pt")


# Writing


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
        hnp.arrays(
            st.sampled_from([np.dtype(c) for c in ["?", "u1", "<u2", ">f4", "f8", "F"]]),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.pt", tensors, fsync=False)
    with tfckpt.open_tensors(path) as reader:
        assert list(reader) == list(tensors)
        for name, array in reader.get_tensors().items():
            expected = tensors[name].astype(tensors[name].dtype.newbyteorder("="))
            assert array.dtype == expected.dtype and array.tobytes() == expected.tobytes()
            assert array.shape == expected.shape
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None


def test_storages_are_aligned_and_without_order(tmp_path: Path) -> None:
    """As PyTorch has them, so that it maps them; and the same bytes whenever they are written."""
    tensors = {"a" * length: np.full(length, 7, np.uint8) for length in range(1, 70)}
    path = Path(tfckpt.write_tensors(tmp_path / "m.pt", tensors))
    data = path.read_bytes()
    for length in range(1, 70):
        assert any(
            data[at : at + length + 1] == b"\7" * length + b"P" for at in range(0, len(data), 64)
        )
    tfckpt.write_tensors(path, tensors)
    assert path.read_bytes() == data


def test_what_it_cannot_hold_is_named(tmp_path: Path) -> None:
    tensors = {"s": np.array([b"a"], object), "q": ml_dtypes.int4(1)}
    with pytest.raises(InvalidArgumentError, match=r"s \(string\), q \(int4\)"):
        tfckpt.write_tensors(tmp_path / "m.pt", tensors)
    with pytest.raises(ValueError, match="no place for metadata"):
        tfckpt.write_tensors(tmp_path / "m.pt", {}, metadata={"a": "b"})
    assert not list(tmp_path.iterdir())


def test_a_set_of_files(tmp_path: Path) -> None:
    tfckpt.write_tensors(tmp_path / "pytorch_model-00001-of-00002.bin", {"a": np.ones(2)})
    tfckpt.write_tensors(tmp_path / "pytorch_model-00002-of-00002.bin", {"b": np.zeros(2)})
    index = tmp_path / "pytorch_model.bin.index.json"
    files = [f"pytorch_model-0000{number}-of-00002.bin" for number in (1, 2)]
    index.write_text(f'{{"weight_map": {{"a": "{files[0]}", "b": "{files[1]}"}}}}')
    for path in (index, tmp_path):
        with tfckpt.open_tensors(path) as reader:
            assert {name: array.tolist() for name, array in reader.items()} == {
                "a": [1, 1],
                "b": [0, 0],
            }


# What Python and numpy put into a pickle beside tensors


class Config:
    """Something of a program's own; its name stands in the pickle, and nothing more is known."""


def pickled(value: object, protocol: int = 2) -> bytes:
    data = pickle.dumps(value, protocol)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("m/data.pkl", data)
        made.writestr("m/byteorder", "little")
    return file.getvalue()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_of_numpy_are_tensors_too(protocol: int) -> None:
    given = {
        "float": np.array([[1.5, -2.0, 3.0], [4.0, 5.0, 6.0]]),
        "fortran": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
        "big_endian": np.array([1, 2], ">i4"),
        "flags": np.array([True, False]),
        "empty": np.zeros((0, 3), np.float32),
        "number": np.float32(0.25),
    }
    with opened(pickled(given, protocol)) as tensors:
        assert sorted(tensors) == sorted(given)
        for name, array in given.items():
            assert tensors[name].tolist() == array.tolist()
            assert tensors[name].shape == array.shape
            assert tensors[name].dtype == array.dtype.newbyteorder("=")


def test_a_part_of_an_array_of_numpy_is_the_callers_own() -> None:
    with opened(pickled({"a": np.arange(6).reshape(2, 3)})) as tensors:
        part = tensors.get_tensor("a", np.s_[1, ::2])
        assert part.tolist() == [3, 5]
        part[:] = 0
        assert tensors["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("protocol", [2, 4])
def test_what_else_python_puts_into_a_state(protocol: int) -> None:
    given = {
        "epoch": 3,
        "huge": 1 << 40,
        "rate": 0.5,
        "raw": b"\xff\x00",
        "buffer": bytearray(b"ab"),
        "seen": {"x"},
        "plane": 1 - 2j,
        "counts": collections.Counter("ab"),
        "ordered": collections.OrderedDict({"a": 1}),
        "nothing": None,
        "w": np.float32([1]),
    }
    with opened(pickled(given, protocol)) as tensors:
        assert list(tensors) == ["w"]
        assert tensors.metadata is not None
        said = {name: tensors.metadata.get(name) for name in ("epoch", "huge", "rate")}
        assert said == {"epoch": 3, "huge": 1 << 40, "rate": 0.5}


@pytest.mark.parametrize(
    "value",
    [np.array([{"a": 1}], object), np.zeros(2, [("a", "i4")]), np.array(["2020"], "M8[Y]")],
    ids=["objects", "records", "dates"],
)
def test_arrays_of_numpy_that_are_no_numbers(value: Any) -> None:
    with pytest.raises((UnimplementedError, DataLossError), match=r"numpy"):
        opened(pickled({"a": value}))
