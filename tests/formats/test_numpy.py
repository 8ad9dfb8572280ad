"""Numpy's files: each array is read where it lies, strings and packed ones too; hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
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
from tfckpt.formats.numpys import NpyReader, NpzReader
from tfckpt.formats.zipped import Archive, ZipWriter
from tfckpt.storage import MemorySource, writing

Check = Callable[..., None]


def npy(array: Any, **more: Any) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), **more)
    return file.getvalue()


def npz(packed: bool = False, **arrays: Any) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(file, **arrays)
    return file.getvalue()


def headed(header: str, data: bytes = b"", version: int = 1) -> bytes:
    text = header.encode()
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def opened(data: bytes, **options: Any) -> NpzReader:
    return NpzReader(MemorySource(data, "file"), **options)


ARRAYS = {
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(24).reshape(2, 3, 4)),
    "big": np.arange(3, dtype=">i4"),
    "big_complex": np.array([1 + 2j], ">c8"),
    "scalar": np.array(7.5),
    "none": np.zeros((0, 3)),
    "flags": np.array([True, False]),
}


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_is_a_mapping_in_its_order(packed: bool) -> None:
    with opened(npz(packed, **ARRAYS)) as tensors:
        assert list(tensors) == list(ARRAYS) and tensors.metadata == {}
        for name, array in ARRAYS.items():
            assert tensors.info(name)[1:3] == (array.shape, array.nbytes)
            assert tensors.info(name).dtype == array.dtype.newbyteorder("=")
            assert tensors[name].dtype == array.dtype.newbyteorder("=")
            assert np.array_equal(tensors[name], array) and tensors[name].shape == array.shape
        assert tensors.get_tensor("fortran", np.s_[1, ::2, -1]).tolist() == [15, 23]
        assert tensors.get_tensor("big", -1) == 2
        assert list(tensors.get_tensors()) == list(ARRAYS)


@pytest.mark.parametrize("packed", [False, True])
def test_strings_are_bytes(packed: bool) -> None:
    arrays = {
        "bytes": np.array([[b"a", b"bc"]]),
        "text": np.array(["é", ""]),
        "big": np.array(["漢"], ">U1"),
        "one": np.array("x"),
        "none": np.zeros(2, "S0"),
    }
    with opened(npz(packed, **arrays)) as tensors:
        assert tensors["bytes"].tolist() == [[b"a", b"bc"]]
        assert tensors["text"].tolist() == ["é".encode(), b""]
        assert tensors["big"].tolist() == ["漢".encode()]
        assert tensors["one"] == b"x"
        assert tensors["none"].tolist() == [b"", b""]
        assert tensors.info("text").type_name == "string"
        assert tensors.get_tensor("text", 0) == "é".encode()
        assert tensors.get_tensors()["one"] == b"x"


def test_types_that_tensorflow_lacks() -> None:
    arrays = {
        "day": np.array(["2020-02-29"], "M8[D]"),
        "big_day": np.array(["2020-02-29"], ">M8[D]"),
        "pair": np.array([(1, 2.5)], [("a", "<i2"), ("b", ">f8")]),
        "void": np.frombuffer(b"\x80\x3f", "V2"),
        "long": np.array([1.5], np.longdouble),
    }
    with opened(npz(**arrays)) as tensors:
        for name, array in arrays.items():
            assert np.array_equal(tensors[name], array), name
            assert tensors.info(name).data_type == 0
        with pytest.raises(InvalidArgumentError, match="v2 cannot hold day"):
            tfckpt.write_tensors("nowhere", tensors, format="v2")


def test_an_array_of_objects_is_listed_and_its_pickle_left_alone() -> None:
    data = npz(o=np.array([{"a": 1}], object), w=np.ones(2))
    with opened(data) as tensors:
        assert tensors.info("o").shape == (1,)
        with pytest.raises(UnimplementedError, match=r"'o'.*pickle"):
            tensors["o"]
        assert tensors["w"].tolist() == [1, 1]


def test_listing_reads_no_array(tmp_path: Path) -> None:
    read = 0

    class Watched(MemorySource):
        def read(self, offset: int, size: int) -> Any:
            nonlocal read
            read += size
            return super().read(offset, size)

    for packed in (False, True):
        data = npz(packed, a=np.random.default_rng(1).bytes(5 << 20), b=np.ones(3))
        read = 0
        reader = NpzReader(Watched(data, "file"))
        assert list(reader.infos()) == ["a", "b"] and read < 1.3 * (1 << 20)


def test_a_stored_array_is_mapped(tmp_path: Path) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.npz", {"w": np.zeros(1 << 16)})
    with tfckpt.open_tensors(path) as reader:
        assert not reader["w"].flags.owndata and reader["w"].flags.writeable


def test_one_array(tmp_path: Path) -> None:
    for array in (np.arange(6).reshape(2, 3), np.asfortranarray(np.ones((2, 3), ">f4"))):
        np.save(tmp_path / "a.npy", array)
        with tfckpt.open_tensors(tmp_path / "a.npy") as tensors:
            assert list(tensors) == ["tensor"]
            assert np.array_equal(tensors["tensor"], array)
            assert np.array_equal(tensors.get_tensor("tensor", np.s_[:, 1]), array[:, 1])


def test_later_versions_of_the_header() -> None:
    header = "{'descr': [('é', '<i2')], 'fortran_order': False, 'shape': (1,)}"
    array = NpyReader(MemorySource(headed(header, b"\1\0", 3), "file"))["tensor"]
    assert array["é"].tolist() == [1]
    plain = npy(np.ones(2), version=(2, 0))
    assert NpyReader(MemorySource(plain, "file"))["tensor"].tolist() == [1, 1]


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    tensors = {**ARRAYS, "a/b": np.int8([1]), "é": np.arange(6).reshape(2, 3).T}
    for compressed in (False, True):
        path = tfckpt.write_tensors(tmp_path / "m.npz", tensors, compressed=compressed)
        with np.load(path) as loaded:
            assert loaded.files == list(tensors)
            for name, array in tensors.items():
                assert np.array_equal(loaded[name], array) and loaded[name].shape == array.shape
                assert loaded[name].dtype == array.dtype.newbyteorder("<")
        with zipfile.ZipFile(path) as made:
            assert made.testzip() is None
        with tfckpt.open_tensors(path) as reader:
            assert all(np.array_equal(reader[name], tensors[name]) for name in reader)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
        hnp.arrays(
            st.sampled_from([np.dtype(c) for c in ["?", "u1", "<u2", ">f4", "f8", "F", "M8[s]"]]),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_what_is_written_is_read(
    tmp_path: Path, tensors: dict[str, np.ndarray], compressed: bool
) -> None:
    path = tfckpt.write_tensors(tmp_path / "m.npz", tensors, compressed=compressed, fsync=False)
    with tfckpt.open_tensors(path) as reader:
        assert list(reader) == list(tensors)
        for name, array in reader.get_tensors().items():
            expected = tensors[name].astype(tensors[name].dtype.newbyteorder("="))
            assert array.dtype == expected.dtype and array.tobytes() == expected.tobytes()


def test_what_it_cannot_hold_is_named(tmp_path: Path) -> None:
    tensors = {
        "b": np.ones(2, ml_dtypes.bfloat16),
        "f": np.ones(2, ml_dtypes.float8_e5m2),
        "s": np.array([b"a"], object),
        "w": np.ones(2),
    }
    with pytest.raises(InvalidArgumentError, match="too long"):
        tfckpt.write_tensors(tmp_path / "m.npz", {"n" * 65_532: np.ones(1)})
    with pytest.raises(ValueError, match="no dtype of numpy or ml_dtypes is called 'floaty'"):
        tfckpt.write_tensors(tmp_path / "m.npz", tensors, cast={"floaty": "float32"})
    with pytest.raises(InvalidArgumentError) as caught:
        tfckpt.write_tensors(tmp_path / "m.npz", tensors)
    assert "b (bfloat16), f (float8_e5m2), s (string)" in str(caught.value)
    assert not list(tmp_path.iterdir())
    cast = {"bfloat16": "float32", "float8_e5m2": np.float16}
    path = tfckpt.write_tensors(tmp_path / "m.npz", tensors, skip=["s"], cast=cast)
    with tfckpt.open_tensors(path) as reader:
        assert {name: array.dtype.name for name, array in reader.items()} == {
            "b": "float32",
            "f": "float16",
            "w": "float64",
        }


# Damage and harm


@pytest.mark.parametrize("packed", [False, True])
def test_every_damage_gives_values_or_an_error(packed: bool, survive: Check) -> None:
    data = npz(packed, w=np.arange(3, dtype=np.int16), t=np.array(["ab"]))
    survive(NpzReader, data, (1, 0xFF))
    survive(lambda source: NpzReader(source, verify=False), data, (1, 0x80))


def test_every_damage_of_one_array(survive: Check) -> None:
    survive(NpyReader, npy(np.arange(4, dtype=np.int16).reshape(2, 2).T), (1, 2, 0x80, 0xFF))


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_elements_have_another_checksum(packed: bool) -> None:
    data = bytearray(npz(packed, w=np.frombuffer(np.random.default_rng(2).bytes(64), np.uint8)))
    data[data.index(b"PK\1\2") - 20] ^= 1
    with opened(bytes(data)) as tensors, pytest.raises(DataLossError, match=r"'w'.*checksum"):
        tensors["w"]
    with opened(bytes(data), verify=False) as tensors:
        assert tensors["w"].shape == (64,)


HEADER = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }"
REFUSED = {
    "another file": (b"\x93NUMBY\1\0", "no array of numpy's"),
    "nothing": (b"\x93NUMPY", "no array"),
    "version 4": (headed("{}", version=4), "version 4.0"),
    "a header beyond the file": (b"\x93NUMPY\1\0\xff\x20{", "are there"),
    "a header beyond the limit": (b"\x93NUMPY\2\0\xff\xff\xff\x7f{", "10000 are the limit"),
    "no literal": (headed("__import__('os').getpid()"), "no literal"),
    "a deep literal": (headed("(" * 9000), "no literal"),
    "a deep negation": (headed("-" * 9000 + "1"), "no literal"),
    "a number of many digits": (headed("9" * 9000), "no literal|does not say"),
    "a list": (headed("[]"), "does not say"),
    "a key too many": (headed("{'descr': 1, 'fortran_order': 1, 'shape': 1, 'x': 1}"), "not say"),
    "an unknown dtype": (headed(HEADER % ("Q7", "(1,)")), "dtype of an array is none"),
    "a dtype of arrays": (headed(HEADER % ("(2,)f4", "(1,)"), bytes(8)), "dtype of an array is"),
    "a size below zero": (headed(HEADER % ("<f4", "(-1,)")), "shape that is none"),
    "a size that is true": (headed(HEADER % ("|u1", "(True,)"), b"a"), "shape that is none"),
    "a list as shape": (headed(HEADER % ("|u1", "[1]"), b"a"), "shape that is none"),
    "too few elements": (headed(HEADER % ("<f4", "(2,)"), bytes(7)), "takes 8 bytes, it has 7"),
    "too many elements": (headed(HEADER % ("<f4", "(2,)"), bytes(9)), "takes 8 bytes, it has 9"),
    "a huge shape": (headed(HEADER % ("<f4", "(1 << 60,)")), "no literal"),
    "a shape of petabytes": (headed(HEADER % ("<f4", f"({1 << 50},)")), "takes"),
    "strings of no length": (headed(HEADER % ("|S0", f"({1 << 50},)")), "would take"),
    "texts of no characters": (headed(HEADER % ("<U1", "(1,)"), b"\xff\xff\xff\x7f"), "texts"),
    "half a character": (headed(HEADER % ("<U1", "(1,)"), b"\0\xd8\0\0"), "texts"),
    "more dimensions than numpy has": (
        headed(HEADER % ("|u1", f"({'1,' * 100})"), b"a"),
        "numpy has no array",
    ),
}


@pytest.mark.parametrize("data, match", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data: bytes, match: str, refuse: Check) -> None:
    refuse(NpyReader, data, match)


# Archives


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in members:
            made.writestr(name, data)
    return file.getvalue()


ONE = npy(np.ones(2))


def changed(data: bytes, at: bytes, offset: int, new: bytes) -> bytes:
    """Replace what stands so far behind the last place of a mark."""
    place = data.rindex(at) + offset
    return data[:place] + new + data[place + len(new) :]


PLAIN = zipped(("w.npy", ONE))
TWO = zipped(("a.npy", ONE), ("b.npy", ONE))
BOMB = zipped(("w.npy", npy(np.zeros(400 << 20, np.uint8))), method=zipfile.ZIP_DEFLATED)
END, ENTRY = b"PK\5\6", b"PK\1\2"
ARCHIVES = {
    "no end": (PLAIN[:-1], "its end is not there"),
    "a directory elsewhere": (changed(PLAIN, END, 16, b"\0\0\0\0"), "should end at"),
    "a directory of 4 GiB": (changed(PLAIN, END, 12, b"\xff\xff\xff\xff"), "should end at"),
    "65535 entries": (changed(PLAIN, END, 8, b"\xff\xff\xff\xff"), "less than 65535 entries"),
    "one entry of two": (changed(TWO, END, 8, b"\1\0\1\0"), "more than 1 entries"),
    "volumes": (changed(PLAIN, END, 4, b"\1\0\1\0"), "several volumes"),
    "a member out of the file": (changed(PLAIN, ENTRY, 42, b"\xff\xff\xff\x7f"), "no room"),
    "a member in the directory": (changed(PLAIN, ENTRY, 42, b"\xa0\0\0\0"), "its header|no room"),
    "two members in one place": (changed(TWO, ENTRY, 42, b"\0\0\0\0"), "lie in one place"),
    "a member that reaches into the next": (
        changed(TWO, b"PK\3\4", -len(ONE), b"PK\3\4").replace(
            struct.pack("<2I", len(ONE), len(ONE)), struct.pack("<2I", len(ONE) + 60, len(ONE) + 60)
        ),
        "reaches into what follows",
    ),
    "an unpacked size of another": (changed(PLAIN, ENTRY, 24, b"\1\0\0\0"), "cannot come of"),
    "encrypted": (changed(PLAIN, ENTRY, 8, b"\1\0"), "encrypted"),
    "bzip2": (zipped(("w.npy", ONE), method=zipfile.ZIP_BZIP2), "method 12"),
    "a name that is no UTF-8": (
        changed(zipped(("é.npy", ONE)), "é.npy".encode(), 0, b"\xff\xff"),
        "no UTF-8",
    ),
    "a member of another kind": (zipped(("readme.txt", b"hello")), "no array of numpy's"),
    "a bomb": (BOMB, "would take"),
    "more than can be packed": (
        changed(zipped(("w.npy", ONE), method=8), ENTRY, 24, b"\xff\xff\xff\x7f"),
        "cannot come of",
    ),
}


@pytest.mark.parametrize("data, match", ARCHIVES.values(), ids=ARCHIVES)
def test_what_is_refused_of_archives(data: bytes, match: str, refuse: Check) -> None:
    refuse(NpzReader, data, match)


def test_a_member_twice() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped(("w.npy", ONE), ("w.npy", ONE))
    with pytest.raises(DataLossError, match=r"'w.npy' twice"):
        opened(data)
    with pytest.raises(DataLossError, match="'w' twice"):
        opened(zipped(("w.npy", ONE), ("w", ONE)))


def test_a_name_is_a_text_wherever_it_would_lead(tmp_path: Path) -> None:
    names = ["/etc/passwd", "../../w", "C:\\w", "a//b", ".", ""]
    data = zipped(*((f"{name}.npy", ONE) for name in names))
    with opened(data) as tensors:
        assert list(tensors) == names
        assert tensors["/etc/passwd"].tolist() == [1, 1]
    assert not list(tmp_path.iterdir())


def test_archives_of_more_than_65535_members(tmp_path: Path) -> None:
    path = str(tmp_path / "m.zip")
    with writing(path, fsync=False) as file:
        archive = ZipWriter(file)
        for number in range(0x10010):
            archive.add_bytes(str(number), b"")
        archive.finish()
    with zipfile.ZipFile(path) as made:
        assert len(made.infolist()) == 0x10010
    members = Archive(MemorySource(Path(path).read_bytes(), path)).members
    assert len(members) == 0x10010 and members["65551"].size == 0


def test_an_archive_with_a_comment_and_one_without_members(tmp_path: Path) -> None:
    file = io.BytesIO(PLAIN)
    with zipfile.ZipFile(file, "a") as made:
        made.comment = b"PK\5\6 is how an end begins " * 9
    assert opened(file.getvalue())["w"].tolist() == [1, 1]
    path = tfckpt.write_tensors(tmp_path / "none.npz", {})
    assert dict(tfckpt.open_tensors(path)) == {} == dict(np.load(path))


def test_sizes_beyond_four_gigabytes_come_from_the_extra_fields() -> None:
    """A stored member as zip64 has it, though it is small."""
    head = struct.pack("<4s5H3I2H", b"PK\3\4", 45, 0, 0, 0, 33, 0, *[0xFFFFFFFF] * 2, 5, 20)
    extra = struct.pack("<2H2Q", 1, 16, len(ONE), len(ONE))
    crc = zlib.crc32(ONE)
    entry = struct.pack("<4s6H3I5H2I", ENTRY, 45, 45, 0, 0, 0, 33, crc, *[0xFFFFFFFF] * 2, 5, 28, 0,
                        0, 0, 0, 0xFFFFFFFF)  # fmt: skip
    directory = entry + b"w.npy" + struct.pack("<2H3Q", 1, 24, len(ONE), len(ONE), 0)
    body = head + b"w.npy" + extra + ONE
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(directory), len(body))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(body) + len(directory), 1)
    end = struct.pack("<4s4H2IH", END, 0, 0, 1, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    data = body + directory + end64 + locator + end
    assert list(Archive(MemorySource(data, "file")).members) == ["w.npy"]
    assert opened(data)["w"].tolist() == [1, 1]
    assert np.load(io.BytesIO(data))["w"].tolist() == [1, 1]
