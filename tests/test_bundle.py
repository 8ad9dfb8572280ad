"""Bundles: what is written reads back, in whole and in part, and misuse changes nothing."""

from __future__ import annotations

import errno
import gc
import os
import pickle
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt import errors
from tfckpt.bundle.entry import Entry, Header
from tfckpt.bundle.files import BundleFiles
from tfckpt.bundle.spread import spread_by_size
from tfckpt.checksum import masked_crc32c
from tfckpt.dtypes import data_type_of
from tfckpt.storage import members
from tfckpt.table import write_table

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6))
strings = hnp.arrays(object, hnp.array_shapes(min_dims=0), elements=st.binary(max_size=200))


def same(a: object, b: object) -> bool:
    x, y = (np.array(v, object) if isinstance(v, bytes) else np.asarray(v) for v in (a, b))
    if x.dtype == object:
        return x.shape == y.shape and x.tolist() == y.tolist()
    y = y.astype(y.dtype.newbyteorder("="))
    return (x.shape, x.dtype, x.tobytes()) == (y.shape, y.dtype, y.tobytes())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tensors=st.dictionaries(names, st.one_of(arrays, strings), max_size=8), mmap=st.booleans())
def test_what_is_saved_is_loaded(
    tensors: dict[str, np.ndarray], mmap: bool, tmp_path: Path
) -> None:
    prefix = tfckpt.save(tmp_path / "m", tensors, fsync=False)

    loaded = tfckpt.load(prefix, mmap=mmap)
    assert sorted(tensors, key=str.encode) == list(loaded)
    assert all(same(loaded[name], tensors[name]) for name in tensors)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), mmap=st.booleans())
def test_a_part_is_what_numpy_would_select(data: st.DataObject, mmap: bool, tmp_path: Path) -> None:
    array = data.draw(arrays.filter(lambda array: array.ndim))
    index = data.draw(hnp.basic_indices(array.shape, allow_newaxis=False))
    tfckpt.save(tmp_path / "m", {"w": array}, fsync=False)

    with tfckpt.load_checkpoint(tmp_path / "m", mmap=mmap) as reader:
        part = reader.get_tensor("w", index)
    assert same(part, array[index])


@pytest.mark.parametrize("mmap", [True, False])
def test_parts_of_big_tensors(mmap: bool, prefix: Path) -> None:
    array = np.arange(400_000, dtype=np.int32).reshape(500, 800)
    tfckpt.save(prefix, {"pad": np.int8(1), "w": array, "t": array.T})

    with tfckpt.load_checkpoint(prefix, mmap=mmap) as reader:
        for index in (np.s_[3], np.s_[10:490:7, ::-3], np.s_[:, 5], np.s_[-1, -1], np.s_[::250]):
            assert same(reader.get_tensor("w", index), array[index])
            assert same(reader.get_tensor("t", index), array.T[index])


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("mmap", [True, False])
def test_tensors_of_several_pieces(mmap: bool, verify: bool, prefix: Path) -> None:
    """They are read and checked 4 MiB at a time."""
    pieces = {"one": 4 << 20, "two": 5 << 20, "four": 13 << 20}
    tensors = {name: np.arange(size // 4, dtype=np.int32) for name, size in pieces.items()}
    tfckpt.save(prefix, tensors, fsync=False)

    loaded = tfckpt.load(prefix, mmap=mmap, verify=verify)
    assert all(same(loaded[name], array) for name, array in tensors.items())
    del loaded
    for name in tensors:
        with tfckpt.load_checkpoint(prefix) as reader:
            last = reader.entry(name).offset + reader.entry(name).size - 1
        with open(f"{prefix}.data-00000-of-00001", "r+b") as file:
            file.seek(last)
            byte = file.read(1)
            file.seek(last)
            file.write(bytes([byte[0] ^ 1]))
        with tfckpt.load_checkpoint(prefix, mmap=mmap, verify=verify) as reader:
            if verify:
                with pytest.raises(errors.DataLossError, match=f"'{name}'.*checksum"):
                    reader.get_tensor(name)
            else:
                assert not same(reader.get_tensor(name), tensors[name])


@pytest.mark.parametrize("mmap", [True, False])
def test_bundles_of_the_other_byte_order(mmap: bool, prefix: Path) -> None:
    tensors = {
        "big": np.arange(40_000, dtype=np.int32).reshape(200, 200),
        "small": np.arange(12, dtype=np.float64).reshape(3, 2, 2),
        "step": np.array(7, np.int16),
    }
    data, items = b"", {b"": Header(1, big_endian=True).encode()}
    for name, array in tensors.items():
        stored = array.astype(array.dtype.newbyteorder(">")).tobytes()
        kind = int(data_type_of(array.dtype))
        entry = Entry(kind, array.shape, 0, len(data), len(stored), masked_crc32c(stored))
        items[name.encode()] = entry.encode()
        data += stored
    index = bytearray()
    write_table(index.extend, sorted(items.items()))
    prefix.with_name("model.ckpt.index").write_bytes(index)
    prefix.with_name("model.ckpt.data-00000-of-00001").write_bytes(data)

    loaded = tfckpt.load(prefix, mmap=mmap)
    assert all(same(loaded[name], array) for name, array in tensors.items())
    with tfckpt.load_checkpoint(prefix, mmap=mmap) as reader:
        assert same(reader.get_tensor("big", np.s_[3:5, ::50]), tensors["big"][3:5, ::50])
        assert same(reader.get_tensor("big"), tensors["big"])


def test_a_part_reads_only_its_bytes(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tfckpt.save(prefix, {"w": np.arange(1_000_000).reshape(1000, 1000)})  # too big to be checked
    reader = tfckpt.load_checkpoint(prefix, mmap=False)
    reader.info("w")
    read: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, n, at: read.append(n) or pread(fd, n, at))

    assert reader.get_tensor("w", np.s_[500, 10:20]).tolist() == list(range(500_010, 500_020))
    assert read == [80]


def test_one_lookup_reads_one_block_of_a_big_index(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tfckpt.save(prefix, {f"layer/{n:06d}": np.int32(n) for n in range(40_000)}, fsync=False)
    read: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, n, at: read.append(n) or pread(fd, n, at))

    with tfckpt.load_checkpoint(prefix) as reader:
        assert reader["layer/031234"] == 31_234
    index_size = prefix.with_name(prefix.name + ".index").stat().st_size
    assert sum(read) < index_size * 0.75  # the header's block, the name's block, little else


TEXTS = [
    ("caf\xe9", b"caf\xc3\xa9"),
    (b"zero at the end\0", b"zero at the end\0"),
    (np.str_("ß"), "ß".encode()),
    (np.bytes_(b"x"), b"x"),
]


@pytest.mark.parametrize(("value", "stored"), TEXTS)
def test_scalars_of_text_are_stored_as_utf8(value: object, stored: bytes, prefix: Path) -> None:
    with tfckpt.load_checkpoint(tfckpt.save(prefix, {"s": value})) as reader:
        assert stored == reader.get_tensor("s")
        for array in (reader["s"], reader.get_tensors()["s"], tfckpt.load(prefix)["s"]):
            assert (array.dtype, array.shape, array.item()) == (object, (), stored)


def test_arrays_of_text_are_stored_as_utf8(prefix: Path) -> None:
    values = {
        "U": np.array([["a", "ß"], ["", "漢字"]]),
        "S": np.array([b"a", b"bc"]),
        "O": np.array(["x", b"y\0"], object),
        "list": ["p", "q"],
    }
    if hasattr(np.dtypes if hasattr(np, "dtypes") else np, "StringDType"):
        values["T"] = np.array(["long " * 50, "s"], np.dtypes.StringDType())

    loaded = tfckpt.load(tfckpt.save(prefix, values))
    assert loaded["U"].tolist() == [[b"a", "ß".encode()], [b"", "漢字".encode()]]
    assert loaded["S"].tolist() == [b"a", b"bc"]
    assert loaded["O"].tolist() == [b"x", b"y\0"]
    assert loaded["list"].tolist() == [b"p", b"q"]
    if "T" in loaded:
        assert loaded["T"].tolist() == [b"long " * 50, b"s"]


UNSTORABLE = [
    {1: "int"},
    np.array([object()], object),
    np.array([1, "a"], object),
    np.datetime64("2020-01-01"),
    [[1], [1, 2]],
    np.ma.masked_array([1, 2], [True, False]),
    None,
]


@pytest.mark.parametrize("value", UNSTORABLE, ids=lambda value: type(value).__name__)
def test_what_no_checkpoint_holds_is_refused_and_nothing_is_written(
    value: object, prefix: Path
) -> None:
    with pytest.raises(TypeError, match="tensor 'bad': "):
        tfckpt.save(prefix, {"good": [1], "bad": value})
    assert list(prefix.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["", None, 3, b"bytes"])
def test_names_are_strings_and_not_empty(name: object, prefix: Path) -> None:
    with pytest.raises((TypeError, ValueError), match="name"):
        tfckpt.save(prefix, {name: [1]})
    assert list(prefix.parent.iterdir()) == []


@pytest.mark.parametrize("bad", ["", "folder/"])
def test_prefixes_have_a_base_name(
    bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no base name"):
        tfckpt.save(bad, {"w": [1]})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_keeps_what_was_there(prefix: Path, weights: dict[str, np.ndarray]) -> None:
    tfckpt.save(prefix, weights)
    before = {path.name: path.read_bytes() for path in prefix.parent.iterdir()}

    with pytest.raises(TypeError):
        tfckpt.save(prefix, {"a": np.zeros(10), "b": object()})
    assert before == {path.name: path.read_bytes() for path in prefix.parent.iterdir()}


def test_saving_again_replaces_everything(prefix: Path) -> None:
    with tfckpt.BundleWriter(prefix, num_shards=3) as bundle:
        for shard in range(3):
            bundle.add(f"w{shard}", [shard], shard=shard)
    assert len(list(prefix.parent.iterdir())) == 4

    tfckpt.save(prefix, {"only": [1]})
    assert sorted(path.name for path in prefix.parent.iterdir()) == [
        "model.ckpt.data-00000-of-00001",
        "model.ckpt.index",
    ]
    assert list(tfckpt.load(prefix)) == ["only"]


def test_arrays_outlive_the_file_and_the_reader(prefix: Path) -> None:
    array = np.arange(1_000_000, dtype=np.float32)
    loaded = tfckpt.load(tfckpt.save(prefix, {"w": array}))["w"]
    tfckpt.save(prefix, {"w": array * 0})

    assert same(loaded, array)
    loaded += 1
    assert same(tfckpt.load(prefix)["w"], array * 0)


def test_names_with_glob_characters_are_only_names(tmp_path: Path) -> None:
    for name in ("m[1]", "m1", "k*", "keep", "a?b", "axb"):
        tfckpt.save(tmp_path / name, {"w": [name]})

    for name in ("m[1]", "k*", "a?b"):
        tfckpt.save(tmp_path / name, {"w": ["again"]})
        assert tfckpt.load(tmp_path / name)["w"].tolist() == [b"again"]
    for name in ("m1", "keep", "axb"):
        assert tfckpt.load(tmp_path / name)["w"].tolist() == [name.encode()]


def test_threads_may_fill_different_shards(prefix: Path) -> None:
    tensors = {f"w{n}": np.full(50_000, n) for n in range(16)}
    with tfckpt.BundleWriter(prefix, num_shards=4) as bundle:
        threads = [
            threading.Thread(
                target=lambda k: [
                    bundle.add(name, array, shard=k)
                    for name, array in tensors.items()
                    if int(name[1:]) % 4 == k
                ],
                args=(shard,),
            )
            for shard in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    loaded = tfckpt.load(prefix)
    assert all(same(loaded[name], array) for name, array in tensors.items())


@given(st.dictionaries(names, st.integers(0, 1000), min_size=1), st.integers(1, 5))
def test_tensors_are_spread_by_size(sizes: dict[str, int], count: int) -> None:
    shards = spread_by_size(sizes, count)

    assert len(shards) == min(count, len(sizes))
    assert sorted(name for shard in shards for name in shard) == sorted(sizes)
    order = list(sizes)
    assert all(shard and shard == sorted(shard, key=order.index) for shard in shards)
    loads = [sum(sizes[name] for name in shard) for shard in shards]
    assert max(loads) - min(loads) <= max(sizes.values()) + len(sizes)


def test_nothing_is_spread_over_one_shard() -> None:
    assert spread_by_size({}, 3) == [[]]


@pytest.mark.parametrize("lazy", [False, True], ids=["arrays", "another checkpoint's reader"])
def test_a_save_in_shards(lazy: bool, tmp_path: Path) -> None:
    tensors = {f"w{n}": np.full((5, n * 10_000), n, np.float32) for n in range(9)}
    tensors |= {"text": np.array([b"a", b"bc"], object), "step": np.int64(3)}
    variables = tfckpt.load_checkpoint(tfckpt.save(tmp_path / "one", tensors)) if lazy else tensors

    prefix = tfckpt.save(tmp_path / "m", variables, num_shards=3)

    sizes = [os.path.getsize(f"{prefix}.data-0000{n}-of-00003") for n in range(3)]
    assert max(sizes) < 4 / 3 * min(sizes)
    loaded = tfckpt.load(prefix)
    assert sorted(tensors) == list(loaded)
    assert all(same(loaded[name], array) for name, array in tensors.items())


def test_a_save_in_shards_that_fails_says_why_and_leaves_nothing(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = {f"w{n}": np.full(300_000, n, np.float32) for n in range(9)}
    tfckpt.save(prefix, {"w": [1.0]})
    before = {path.name: path.read_bytes() for path in prefix.parent.iterdir()}
    real, lock = os.write, threading.Lock()

    for limit in range(0, 8_000_000, 1_000_000):
        left = limit

        def write(fd: int, data: memoryview) -> int:
            nonlocal left
            with lock:
                left -= len(data)
                if left < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, data)

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(errors.FailedPreconditionError, match="No space left on device"):
                tfckpt.save(prefix, tensors, num_shards=3)
        assert before == {path.name: path.read_bytes() for path in prefix.parent.iterdir()}

    for refused in (np.full(10, None), [[1], [2, 3]], np.datetime64("2020")):
        with pytest.raises(TypeError, match="w9"):
            tfckpt.save(prefix, tensors | {"w9": refused}, num_shards=3)
    with pytest.raises(ValueError, match="num_shards"):
        tfckpt.save(prefix, tensors, num_shards=0)
    assert before == {path.name: path.read_bytes() for path in prefix.parent.iterdir()}


def test_threads_may_read_from_one_reader(prefix: Path) -> None:
    tensors = {f"w{n}": np.full(1000, n) for n in range(50)}
    reader = tfckpt.load_checkpoint(tfckpt.save(prefix, tensors))
    wrong: list[str] = []

    def read() -> None:
        wrong.extend(name for name in tensors if not same(reader[name], tensors[name]))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_writer_refuses_what_does_not_fit(prefix: Path) -> None:
    with tfckpt.BundleWriter(prefix) as bundle:
        bundle.add("w", [1.0])
        bundle.add_slice("t", (4,), [(0, 2)], np.zeros(2))
        for misuse, problem in (
            (lambda: bundle.add("w", [2.0]), "in this bundle already$"),
            (lambda: bundle.add("t", [2.0]), "in this bundle already$"),
            (lambda: bundle.add_slice("w", (4,), [(0, 2)], np.zeros(2)), "already, whole"),
            (lambda: bundle.add_slice("t", (4,), [(0, 2)], np.zeros(2)), "overlaps slice 0,2"),
            (lambda: bundle.add_slice("t", (5,), [(2, 2)], np.zeros(2)), "another dtype or shape"),
            (lambda: bundle.add_slice("t", (4,), [(2, 2)], np.zeros(2, "f4")), "another dtype"),
            (lambda: bundle.add_slice("t", (4,), [(2, 2)], np.zeros(3)), r"the array \[3\]"),
            (lambda: bundle.add_slice("t", (4,), [(3, 2)], np.zeros(2)), "reaches outside"),
            (lambda: bundle.add_slice("t", (4,), [(-1, 2)], np.zeros(2)), "no slice has start -1"),
        ):
            with pytest.raises(ValueError, match=problem):
                misuse()
        bundle.add_slice("t", (4,), [(2, 2)], np.ones(2))
    with pytest.raises(RuntimeError, match="closed"):
        bundle.add("late", [1])
    with pytest.raises(RuntimeError, match="closed"):
        bundle.finish()

    assert tfckpt.load(prefix)["t"].tolist() == [0, 0, 1, 1]


def test_partitioned_tensors_read_whole_and_in_part(golden: Path) -> None:
    rows = np.arange(24, dtype=np.float32).reshape(6, 4)
    with tfckpt.load_checkpoint(golden / "sliced" / "parts") as reader:
        assert [str(one) for one in reader.info("rows").slices] == ["0,1:-", "1,4:-", "5,1:-"]
        for index in (np.s_[...], np.s_[2], np.s_[::-2, 1:3], np.s_[4:, -1], np.s_[0:0]):
            assert same(reader.get_tensor("rows", index), rows[index])


def test_a_missing_name_is_named_with_what_is_close(golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / "trained") as reader:
        with pytest.raises(KeyError, match=r"'linear/kernal'.*did you mean 'linear/kernel'"):
            reader["linear/kernal"]
        with pytest.raises(errors.NotFoundError):
            reader["model/linear/kernel/nope"]
        with pytest.raises(KeyError):
            reader[""]


def test_merging_refuses_what_contradicts_and_changes_nothing(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "a", {"w": [1.0]})
    tfckpt.save(tmp_path / "b", {"w": [2.0]})
    before = sorted(path.name for path in tmp_path.iterdir())

    with pytest.raises(errors.InvalidArgumentError, match="two of the bundles"):
        tfckpt.merge_bundles([tmp_path / "a", tmp_path / "b"], tmp_path / "m")
    with pytest.raises(FileNotFoundError):
        tfckpt.merge_bundles([tmp_path / "a", tmp_path / "gone"], tmp_path / "m")
    with pytest.raises(ValueError, match="at least one"):
        tfckpt.merge_bundles([], tmp_path / "m")
    assert before == sorted(path.name for path in tmp_path.iterdir())

    write_table((index := bytearray()).extend, [(b"w", Entry(1, ()).encode())])
    (tmp_path / "headless.index").write_bytes(index)
    for name, shape in (("four", (4,)), ("five", (5,))):
        with tfckpt.BundleWriter(tmp_path / name) as bundle:
            bundle.add_slice("t", shape, [(2 * (name == "five"), 2)], np.zeros(2))
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(errors.DataLossError, match="no header"):
        tfckpt.merge_bundles([tmp_path / "headless"], tmp_path / "m")
    with pytest.raises(errors.InvalidArgumentError, match="disagree about its dtype or shape"):
        tfckpt.merge_bundles([tmp_path / "four", tmp_path / "five"], tmp_path / "m")
    assert before == sorted(path.name for path in tmp_path.iterdir())


def test_merged_slices_make_one_tensor(tmp_path: Path) -> None:
    for number in range(2):
        with tfckpt.BundleWriter(tmp_path / f"p{number}") as bundle:
            bundle.add_slice("t", (4,), [(2 * number, 2)], np.full(2, number))
    tfckpt.merge_bundles([tmp_path / "p0", tmp_path / "p1"], tmp_path / "m")

    assert tfckpt.load(tmp_path / "m")["t"].tolist() == [0, 0, 1, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "m.data-00000-of-00002",
        "m.data-00001-of-00002",
        "m.index",
    ]


def test_a_shard_of_a_later_save_is_not_taken_for_the_one_that_was_missing(tmp_path: Path) -> None:
    def save(value: int) -> str:
        with tfckpt.BundleWriter(tmp_path / "m", num_shards=2) as bundle:
            bundle.add("a", value, shard=0)
            bundle.add("b", value, shard=1)
        return str(tmp_path / "m")

    prefix = save(1)
    (tmp_path / "m.data-00001-of-00002").unlink()
    with tfckpt.load_checkpoint(prefix) as reader:
        save(2)
        assert reader["a"] == 1
        with pytest.raises(
            errors.DataLossError, match="was replaced since it was opened"
        ) as caught:
            reader["b"]
    assert (caught.value.path, caught.value.tensor) == (prefix, "b")


def test_remote_checkpoints_are_read_through_fsspec(golden: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for path in (golden / "trained").glob("model.ckpt-60.*"):
        memory.pipe(f"/run/{path.name}", path.read_bytes())

    with tfckpt.load_checkpoint("memory://run/model.ckpt-60") as reader:
        assert reader["global_step"] == 60
    with pytest.raises(FileNotFoundError):
        tfckpt.load_checkpoint("memory://run/model.ckpt-61")


def test_the_latest_checkpoint_behind_a_url_is_found_as_it_comes(golden: Path) -> None:
    memory = pytest.importorskip("fsspec").filesystem("memory")
    folder = "memory://latest"
    assert tfckpt.latest_checkpoint(folder) is None
    for step in (40, 60):
        for path in (golden / "trained").glob(f"model.ckpt-{step}.*"):
            memory.pipe(f"/latest/{path.name}", path.read_bytes())
        memory.pipe("/latest/checkpoint", b'model_checkpoint_path: "model.ckpt-%d"' % step)

        prefix = f"{folder}/model.ckpt-{step}"
        assert tfckpt.latest_checkpoint(folder) == prefix
        assert tfckpt.wait_for_new_checkpoint(folder, timeout=0) == prefix
        assert tfckpt.load_variable(folder, "global_step") == step
    assert tfckpt.checkpoint_exists(prefix)
    assert not tfckpt.checkpoint_exists(f"{folder}/model.ckpt-61")
    with pytest.raises(tfckpt.errors.FileMissingError):
        tfckpt.load("memory://nothing")
    (when,) = tfckpt.get_checkpoint_mtimes([prefix])
    assert abs(when - time.time()) < 60


def test_many_big_tensors_do_not_use_up_the_descriptors(prefix: Path) -> None:
    resource = pytest.importorskip("resource")
    tensors = {f"w{n:03d}": np.full(20_000, n, np.int32) for n in range(300)}
    tfckpt.save(prefix, tensors)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 50
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 150, hard))
    try:
        with tfckpt.load_checkpoint(prefix) as reader:
            held = [reader[name] for name in tensors]
        at_once = tfckpt.load(prefix)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(same(one, tensors[name]) for one, name in zip(held, tensors, strict=True))
    assert all(same(at_once[name], array) for name, array in tensors.items())


def test_tensors_that_share_bytes_in_a_forged_index_do_not_share_memory(prefix: Path) -> None:
    data = np.arange(50_000, dtype=np.int32).tobytes()
    entry = Entry(3, (50_000,), 0, 0, len(data), masked_crc32c(data)).encode()
    index = bytearray()
    write_table(index.extend, [(b"", Header(1).encode()), (b"a", entry), (b"b", entry)])
    prefix.with_name("model.ckpt.index").write_bytes(index)
    prefix.with_name("model.ckpt.data-00000-of-00001").write_bytes(data)

    loaded = tfckpt.load(prefix)
    loaded["a"][:] = -1
    assert loaded["b"].tolist() == list(range(50_000))


def test_a_write_that_failed_ends_the_writer(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise what is added next would lie where its entry does not say."""
    bundle = tfckpt.BundleWriter(prefix)
    bundle.add("a", np.zeros(100_000))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(errors.FailedPreconditionError, match=r"full.*bytes are free"):
            bundle.add("b", np.zeros(100_000))
    for more in (lambda: bundle.add("c", [1]), bundle.finish):
        with pytest.raises(RuntimeError, match="closed"):
            more()
    assert list(prefix.parent.iterdir()) == []


SIZES = {"a": 60, "b": 60, "big": 300, "none": 0, "c": 20, "d": 80, "e": 100}


@pytest.mark.parametrize(
    ("most", "shards"),
    [
        (1, [[name] for name in SIZES]),
        (100, [["a"], ["b"], ["big"], ["none", "c", "d"], ["e"]]),
        (120, [["a", "b"], ["big"], ["none", "c", "d"], ["e"]]),
        (620, [list(SIZES)]),
    ],
)
@pytest.mark.parametrize("by_workers", [False, True], ids=["here", "by workers"])
def test_data_files_are_kept_within_a_size(
    most: int, shards: list[list[str]], by_workers: bool, prefix: Path
) -> None:
    tensors = {name: np.full(size, len(name), np.uint8) for name, size in SIZES.items()}
    with ThreadPoolExecutor(2) as workers:
        tfckpt.save(prefix, tensors, max_shard_size=most, executor=workers if by_workers else None)
    with tfckpt.BundleReader(prefix) as reader:
        found: list[list[str]] = [[] for _ in shards]
        for name in SIZES:
            found[reader.entries[name].shard_id].append(name)
        assert found == shards
        assert all(np.array_equal(reader[name], tensors[name]) for name in SIZES)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"max_shard_size": 0}, "above zero, not 0"),
        ({"max_shard_size": 5, "num_shards": 2}, "exclude each other"),
    ],
)
def test_sizes_of_data_files_that_are_none(
    options: dict[str, int], match: str, prefix: Path
) -> None:
    with pytest.raises(ValueError, match=match):
        tfckpt.save(prefix, {"a": 1}, **options)
    assert list(prefix.parent.iterdir()) == []


@pytest.mark.parametrize("num_shards", [1, 3])
def test_a_writer_that_is_dropped_says_so_and_leaves_nothing(num_shards: int, prefix: Path) -> None:
    bundle = tfckpt.BundleWriter(prefix, num_shards=num_shards)
    bundle.add("w", np.ones(100_000))
    with pytest.warns(ResourceWarning, match=r"ckpt.data-\S+: dropped before"):
        del bundle
        gc.collect()
    assert os.listdir(prefix.parent) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_that_drops_its_copy_of_a_writer_takes_nothing_away(prefix: Path) -> None:
    bundle = tfckpt.BundleWriter(prefix, num_shards=2)
    bundle.add("w", np.ones(3))
    child = os.fork()
    if not child:
        del bundle
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    bundle.finish()
    assert list(tfckpt.load(prefix)) == ["w"]


def test_one_string_of_a_string_tensor(prefix: Path) -> None:
    tfckpt.save(prefix, {"y": b"a\0", "z": ["a", "b\0"]})
    with tfckpt.load_checkpoint(prefix) as reader:
        assert reader.get_tensor("z", 1) == b"b\0"
        assert reader.get_tensor("z", np.s_[::-1]).tolist() == [b"b\0", b"a"]
        assert reader.get_tensor("y", ...) == b"a\0"
        assert reader.get_tensor("y", ()) == b"a\0"


def test_a_reader_stays_with_the_save_that_it_opened(prefix: Path) -> None:
    tfckpt.save(prefix, {"a": np.zeros(4), "b": np.ones(4)})
    reader = tfckpt.load_checkpoint(prefix)
    tfckpt.save(prefix, {"b": np.full(4, 7.0), "a": np.full(4, 8.0)})

    assert reader.get_tensor("a", np.s_[:]).tolist() == [0, 0, 0, 0]
    assert reader["b"].tolist() == [1, 1, 1, 1]


def test_a_checkpoint_that_is_always_being_replaced_is_no_open_one(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tfckpt.save(prefix, {"w": np.zeros(4)})
    monkeypatch.setattr(BundleFiles, "_is_current", lambda files: False)
    with pytest.raises(tfckpt.errors.DataLossError, match="100 times"):
        tfckpt.load_checkpoint(prefix)


def test_loading_while_the_checkpoint_is_replaced(prefix: Path) -> None:
    tfckpt.save(prefix, {"w": np.zeros(50)}, fsync=False)
    stop = threading.Event()

    def replace() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            tensors = {name: np.full(50 + number % 3, number) for name in "wxyz"[: number % 4 + 1]}
            tfckpt.save(prefix, tensors, fsync=False)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        for _ in range(300):
            assert "w" in tfckpt.load(prefix)
    finally:
        stop.set()
        writer.join()


def test_shards_of_the_next_commit_are_not_those_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefixes = [tfckpt.save(tmp_path / one, {"w": np.full(9, one)}) for one in ("a", "b", "c")]
    data, index = ".data-00000-of-00001", ".index"
    a, b, c = prefixes
    for suffix in (data, index):
        shutil.copy(b + suffix, a + suffix + ".commit")
    real, calls = members.committed, 0

    def while_the_commit_ends(*args: Any, **options: Any) -> str:
        nonlocal calls
        calls += 1
        if calls == 1:  # after the index was opened; and the next save has begun
            for suffix in (data, index):
                os.replace(a + suffix + ".commit", a + suffix)
            shutil.copy(c + data, a + data + ".commit")
        return real(*args, **options)

    monkeypatch.setattr(members, "committed", while_the_commit_ends)
    assert set(tfckpt.load(a)["w"].tolist()) == {b"b"}


@pytest.mark.parametrize("decided", [True, False])
def test_a_commit_that_was_interrupted(decided: bool, tmp_path: Path) -> None:
    """With ``.index.commit`` in place the new files count, without it the old ones."""
    old, new = (tfckpt.save(tmp_path / name, {"w": name}) for name in ("old", "new"))
    for suffix in (".data-00000-of-00001", ".index")[: 1 + decided]:
        os.replace(new + suffix, f"{old}{suffix}.commit")
    before = sorted(os.listdir(tmp_path))

    tfckpt.save(tmp_path / "other", {"w": 1})  # finishes no commit but its own
    tfckpt.remove_checkpoint(tmp_path / "other")
    assert before == sorted(os.listdir(tmp_path))
    assert tfckpt.load(old)["w"] == (b"new" if decided else b"old")
    tfckpt.save(old, {"w": "newest"})
    assert tfckpt.load(old)["w"] == b"newest"
    assert not list(tmp_path.glob("*.commit"))


def test_a_merge_takes_what_an_interrupted_commit_has_decided(tmp_path: Path) -> None:
    old, new = (tfckpt.save(tmp_path / name, {"w": name}) for name in ("old", "new"))
    for suffix in (".data-00000-of-00001", ".index"):
        os.replace(new + suffix, f"{old}{suffix}.commit")
    assert tfckpt.load(tfckpt.merge_bundles([old], tmp_path / "m"))["w"] == b"new"
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]


def test_nothing_is_flushed_where_fsync_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    for name in ("fsync", "fdatasync"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, calls.append)
    for num_shards in (1, 3, 3):  # a new one, one in shards, and one that is replaced
        tfckpt.save(tmp_path / "m", {"a": 1, "b": 2, "c": 3}, num_shards=num_shards, fsync=False)
        with tfckpt.V1Writer(tmp_path / "v1", num_shards=num_shards, fsync=False) as writer:
            for shard in range(num_shards):
                writer.add(f"w{shard}", np.ones(2), shard=shard)
    tfckpt.merge_bundles([tmp_path / "m"], tmp_path / "merged", fsync=False)
    tfckpt.remove_checkpoint(tmp_path / "merged", fsync=False)
    tfckpt.remove_checkpoint(writer.path, tfckpt.SaverDef.V1, fsync=False)
    assert calls == []
    tfckpt.save(tmp_path / "m", {"a": 1})
    assert calls


def test_a_closed_reader_is_closed(prefix: Path, weights: dict[str, np.ndarray]) -> None:
    reader = tfckpt.load_checkpoint(tfckpt.save(prefix, weights))
    reader.close()
    for use in (
        lambda: reader["global_step"],
        reader.get_tensors,
        lambda: reader.get_tensors([]),
    ):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_readers_are_keys_and_equal_only_themselves(golden: Path) -> None:
    one, other = (tfckpt.load_checkpoint(golden / "trained") for _ in range(2))
    assert one == one
    assert len({one, other}) == 2


@pytest.mark.parametrize("name", ["\ud800", "", b"w", 3])
def test_what_is_no_name_is_not_in_a_reader(name: object, golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / "trained") as reader:
        assert name not in reader


def test_a_reader_is_a_mapping_and_opens_its_files_again_elsewhere(golden: Path) -> None:
    with tfckpt.load_checkpoint(golden / "trained", verify="whole", mmap=False) as reader:
        assert len(reader) == 3
        with pickle.loads(pickle.dumps(reader)) as again:
            assert list(again) == ["global_step", "linear/bias", "linear/kernel"]
            assert again.__reduce__() == reader.__reduce__()
            assert again["global_step"] == reader["global_step"] == 60


def test_several_names_are_not_one_string(golden: Path) -> None:
    with (
        tfckpt.load_checkpoint(golden / "trained") as reader,
        pytest.raises(TypeError, match="several names"),
    ):
        reader.get_tensors("linear/bias")


def test_variables_are_a_mapping(prefix: Path) -> None:
    with pytest.raises(TypeError, match="mapping from name to array"):
        tfckpt.save(prefix, ["x"])


@pytest.mark.parametrize("writer", [tfckpt.BundleWriter, tfckpt.V1Writer])
@pytest.mark.parametrize("shard", [-1, 1])
def test_shards_that_are_not_there(writer: type, shard: int, prefix: Path) -> None:
    with writer(prefix) as checkpoint:
        with pytest.raises(ValueError, match=f"no shard {shard}"):
            checkpoint.add("x", np.ones(3), shard=shard)
        checkpoint.add("x", np.ones(3))
    assert tfckpt.load(prefix)["x"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("writer", [tfckpt.BundleWriter, tfckpt.V1Writer])
def test_slices_that_overlap_are_refused(writer: type, prefix: Path) -> None:
    with writer(prefix) as checkpoint:
        checkpoint.add_slice("t", (4,), [(0, 3)], np.ones(3))
        with pytest.raises(ValueError, match="overlaps slice 0,3"):
            checkpoint.add_slice("t", (4,), [(1, 3)], np.ones(3))
        checkpoint.add_slice("t", (4,), [(3, 1)], np.zeros(1))
    assert tfckpt.load(prefix)["t"].tolist() == [1, 1, 1, 0]


def test_threads_may_add_slices_of_one_tensor(prefix: Path) -> None:
    with tfckpt.BundleWriter(prefix, num_shards=4) as bundle:

        def fill(shard: int) -> None:
            for at in range(shard, 200, 4):
                bundle.add_slice("t", (200,), [(at, 1)], np.array([at]), shard=shard)

        threads = [threading.Thread(target=fill, args=(shard,)) for shard in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert tfckpt.load(prefix)["t"].tolist() == list(range(200))


def test_slices_are_listed_shard_by_shard_whichever_came_first(prefix: Path) -> None:
    """As MergeV2Checkpoints lists them; the entry names the shard of the first."""
    with tfckpt.BundleWriter(prefix, num_shards=3) as bundle:
        bundle.add("other", np.zeros(1))
        for at, shard in ((0, 2), (1, 1), (2, 2), (3, 1)):
            bundle.add_slice("t", (4,), [(at, 1)], np.array([at]), shard=shard)
    with tfckpt.BundleReader(prefix) as reader:
        assert [str(one) for one in reader.entry("t").slices] == ["1,1", "3,1", "0,1", "2,1"]
        assert reader.entry("t").shard_id == 1
        assert reader["t"].tolist() == [0, 1, 2, 3]


def test_an_entry_of_merged_slices_names_the_shard_of_the_first(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "a", {"other": np.zeros(1)})
    for name, at in (("b", 2), ("c", 0)):
        with tfckpt.BundleWriter(tmp_path / name) as bundle:
            bundle.add_slice("t", (4,), [(at, 2)], np.arange(at, at + 2))
    tfckpt.merge_bundles([tmp_path / name for name in "abc"], tmp_path / "m")
    with tfckpt.BundleReader(tmp_path / "m") as reader:
        assert [str(one) for one in reader.entry("t").slices] == ["2,2", "0,2"]
        assert reader.entry("t").shard_id == 1
        assert reader["t"].tolist() == [0, 1, 2, 3]


def test_a_merge_that_dies_leaves_its_sources_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    for there in (False, True):
        tfckpt.save(tmp_path / "a", {"a": [1.0]})
        tfckpt.save(tmp_path / "b", {"b": [2.0]})
        if there:
            tfckpt.save(tmp_path / "m", {"old": [0.0]})
        for call in ("link", "replace"):
            with monkeypatch.context() as patch:
                patch.setattr(os, call, die)
                with pytest.raises(Killed):
                    tfckpt.merge_bundles([tmp_path / "a", tmp_path / "b"], tmp_path / "m")
            assert tfckpt.load(tmp_path / "a")["a"].tolist() == [1.0]
            assert tfckpt.load(tmp_path / "b")["b"].tolist() == [2.0]
        tfckpt.merge_bundles([tmp_path / "a", tmp_path / "b"], tmp_path / "m")
        assert sorted(tfckpt.load(tmp_path / "m")) == ["a", "b"]
        assert not tfckpt.checkpoint_exists(tmp_path / "a")
