"""Reading from object stores: how many requests, of what size, and what becomes of failures."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import (
    DataLossError,
    FailedPreconditionError,
    FileMissingError,
    InvalidArgumentError,
    UnimplementedError,
)
from tfckpt.storage import open_source

pytest.importorskip("fsspec")
from stores import Store

URL = "store://bucket/run"
MIB = 1 << 20


@pytest.fixture(autouse=True)
def store() -> Iterator[type[Store]]:
    Store.renew()
    with tfckpt.RemoteOptions(pause=0):
        yield Store
    Store.renew()


def upload(folder: Path, url: str = URL) -> None:
    """Put the files of a folder where a URL says, as a tool for copying would."""
    for file in folder.iterdir():
        Store._set(f"{url}/{file.name}".removeprefix("store://"), file.read_bytes())


def asked(verb: str = "GET") -> list[str]:
    return [path.rpartition("/")[2] for one, path in Store.requests if one == verb]


@pytest.fixture
def many(tmp_path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Two hundred tensors: small, of a megabyte, strings, a scalar."""
    arrays: dict[str, Any] = {f"big/{n:02d}": np.full(MIB // 4, n, np.float32) for n in range(40)}
    arrays |= {f"mid/{n:03d}": np.full(1000, n, np.int64) for n in range(159)}
    arrays["text"] = np.array([b"a", b"bcd"], object)
    tfckpt.save(tmp_path / "m-1", arrays)
    tfckpt.update_checkpoint_state(tmp_path, str(tmp_path / "m-1"), save_relative_paths=True)
    upload(tmp_path)
    return arrays


def test_a_prefix_and_one_tensor_take_four_requests(many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        assert reader["mid/007"].tolist() == [7] * 1000
    # is it a folder?; which files are there; the index; the tensor
    assert [verb for verb, _ in Store.requests] == ["GET", "LIST", "GET", "GET"]


def test_a_folder_and_one_tensor_take_six_requests(many: dict[str, Any]) -> None:
    assert tfckpt.load_variable(URL, "mid/007").sum() == 7000
    assert len(Store.requests) <= 6


def test_a_list_takes_five_requests_at_most(many: dict[str, Any]) -> None:
    names = [name for name, _ in tfckpt.list_variables(f"{URL}/m-1")]
    assert sorted(many) == names
    assert len(Store.requests) <= 5


def test_a_load_joins_what_lies_together_and_asks_for_sixteen_megabytes_at_a_time(
    many: dict[str, Any],
) -> None:
    loaded = tfckpt.load(f"{URL}/m-1")
    assert all(np.array_equal(loaded[name], many[name]) for name in many)
    (size,) = (len(one.data) for name, one in Store.objects.items() if ".data-" in name)
    assert 40 * MIB < size < 48 * MIB
    assert asked().count("m-1.data-00000-of-00001") == 3
    assert len(Store.requests) <= 8


def test_several_requests_are_under_way_at_once_and_no_more_than_allowed(
    many: dict[str, Any],
) -> None:
    Store.pause = 0.05
    with tfckpt.RemoteOptions(connections=8, memory=8 * MIB):
        tfckpt.load(f"{URL}/m-1")
    assert 4 <= Store.most <= 8
    Store.most = 0
    with tfckpt.RemoteOptions(connections=2, memory=8 * MIB):
        tfckpt.load(f"{URL}/m-1")
    assert Store.most <= 2


def test_no_request_is_for_more_than_its_share_of_the_memory(
    many: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    whole = Store.cat_file

    def cat_file(self: Store, path: str, start: int = 0, end: int = 0, **kwargs: Any) -> bytes:
        sizes.append((end or 0) - (start or 0))
        return whole(self, path, start, end, **kwargs)

    monkeypatch.setattr(Store, "cat_file", cat_file)
    with tfckpt.RemoteOptions(memory=8 * MIB, connections=4):
        tfckpt.load(f"{URL}/m-1")
    assert max(sizes) == 2 * MIB


def test_a_loop_over_all_tensors_reads_ahead(many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        assert all(np.array_equal(reader[name], many[name]) for name in reader)
    assert len(Store.requests) <= 12


def test_a_subset_asks_for_nothing_far_from_it(many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        found = reader.get_tensors(["big/00", "big/01", "big/30"])
    assert [int(one[0]) for one in found.values()] == [0, 1, 30]
    assert asked().count("m-1.data-00000-of-00001") == 2  # the first two lie together


def test_a_part_of_a_tensor_asks_for_its_rows_together(tmp_path: Path) -> None:
    table = np.arange(2_000_000, dtype=np.float64).reshape(2000, 1000)
    tfckpt.save(tmp_path / "m", {"table": table})
    upload(tmp_path)
    with tfckpt.load_checkpoint(f"{URL}/m") as reader:
        reader.info("table")
        Store.requests.clear()
        assert np.array_equal(reader.read("table", np.s_[:, 3:5]), table[:, 3:5])
        assert np.array_equal(reader.read("table", np.s_[1500, :]), table[1500])
        assert len(asked()) == 2
        assert len(asked("HEAD")) == 2  # nothing else tells that it is still the same object


def test_a_long_index_is_read_in_one_go_where_all_of_it_is_wanted(tmp_path: Path) -> None:
    arrays = {f"layer/with/a/longer/name/{n:06d}": np.int8(n % 100) for n in range(120_000)}
    tfckpt.save(tmp_path / "m", arrays, fsync=False)
    upload(tmp_path)
    with tfckpt.load_checkpoint(f"{URL}/m") as reader:
        assert reader["layer/with/a/longer/name/000777"] == 77
        assert len(Store.requests) <= 6
        assert len(reader) == 120_000
    assert len(Store.requests) <= 7


def test_verify_asks_for_tasks_not_for_tensors(many: dict[str, Any]) -> None:
    assert tfckpt.verify(f"{URL}/m-1").ok
    assert asked().count("m-1.data-00000-of-00001") <= 4


# What goes wrong


def fails(times: int, error: Callable[[], Exception]) -> None:
    """Have each request for data fail so many times before it works."""
    failed: dict[str, int] = {}

    def fault(number: int, verb: str, path: str) -> None:
        if ".data-" in path and verb == "GET":
            failed[path] = failed.get(path, 0) + 1
            if failed[path] <= times:
                raise error()

    Store.fault = staticmethod(fault)


class Answer(Exception):
    """An answer of a server as libraries raise it: none of their errors is an OSError."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status}")
        self.status = status


PASSING = {
    "a reset": lambda: ConnectionResetError(errno.ECONNRESET, "reset"),
    "no answer in time": lambda: TimeoutError("no answer"),
    "500": lambda: Answer(500),
    "503": lambda: Answer(503),
    "throttled": lambda: Answer(429),
    "an input/output error": lambda: OSError(errno.EIO, "Internal error"),
}


@pytest.mark.parametrize("kind", PASSING)
def test_what_may_pass_is_asked_for_again(kind: str, many: dict[str, Any]) -> None:
    fails(3, PASSING[kind])
    assert tfckpt.load_variable(f"{URL}/m-1", "mid/007").sum() == 7000


@pytest.mark.parametrize("kind", PASSING)
def test_what_does_not_pass_is_said_with_the_place(kind: str, many: dict[str, Any]) -> None:
    fails(100, PASSING[kind])
    with pytest.raises(FailedPreconditionError, match="cannot read 8000 bytes") as caught:
        tfckpt.load_variable(f"{URL}/m-1", "mid/007")
    assert caught.value.path == f"{URL}/m-1.data-00000-of-00001"
    assert asked().count("m-1.data-00000-of-00001") == 5


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "denied"), Answer(403)])
def test_a_refusal_is_not_asked_for_again(error: Exception, many: dict[str, Any]) -> None:
    fails(100, lambda: error)
    with pytest.raises(FailedPreconditionError):
        tfckpt.load_variable(f"{URL}/m-1", "mid/007")
    assert asked().count("m-1.data-00000-of-00001") == 1


def test_short_answers_are_asked_for_again(many: dict[str, Any]) -> None:
    answers = iter([100, 0])
    Store.cut = staticmethod(lambda data: data[: next(answers, len(data))])
    loaded = tfckpt.load(f"{URL}/m-1")
    assert np.array_equal(loaded["big/39"], many["big/39"])


def test_answers_that_stay_short_are_damage(many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        reader.info("mid/007")
        Store.cut = staticmethod(lambda data: data[:10])
        with pytest.raises(DataLossError, match="8000 bytes expected, 10 came"):
            reader["mid/007"]


def test_a_wrong_answer_is_asked_for_again_as_the_checksum_says(many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        reader.info("mid/007")
        wrong = iter([True])
        Store.cut = staticmethod(lambda data: bytes(len(data)) if next(wrong, False) else data)
        assert reader["mid/007"].tolist() == [7] * 1000
        wrong = iter([True])
        assert reader["text"].tolist() == [b"a", b"bcd"]


def test_wrong_answers_are_damage_in_the_end(many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        reader.info("mid/007")
        Store.cut = staticmethod(lambda data: bytes(len(data)))
        for name in ("mid/007", "text"):
            with pytest.raises(DataLossError, match="checksum"):
                reader[name]


@pytest.mark.parametrize("index", [None, np.s_[0]], ids=["whole", "a part"])
def test_an_object_that_was_replaced_is_told(
    index: Any, tmp_path: Path, store: type[Store]
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    tfckpt.save(first / "m", {"w": np.zeros((100, 20_000))})
    tfckpt.save(second / "m", {"w": np.ones((100, 20_000))})
    upload(first)
    with tfckpt.load_checkpoint(f"{URL}/m") as reader:
        reader.info("w")
        upload(second)
        with pytest.raises(DataLossError, match="replaced since it was opened"):
            reader.read("w", index)


def test_an_object_that_was_removed_is_told(many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        reader["mid/001"]
        Store.objects.clear()
        with pytest.raises(DataLossError, match="removed since it was opened"):
            reader["big/01"]


def test_a_shard_that_is_missing_is_named(many: dict[str, Any]) -> None:
    del Store.objects["bucket/run/m-1.data-00000-of-00001"]
    with pytest.raises(FileMissingError, match="needs this shard"):
        tfckpt.load(f"{URL}/m-1")


def test_nothing_there_is_said(many: dict[str, Any]) -> None:
    with pytest.raises(FileMissingError, match="no checkpoint"):
        tfckpt.load(f"{URL}/m-2")
    assert not tfckpt.checkpoint_exists(f"{URL}/m-2")


def test_an_html_page_is_no_checkpoint() -> None:
    page = b"<!DOCTYPE html><html><title>Index of /run</title></html>" + b" " * 100
    Store._set("bucket/run/m-1.index", page)
    with pytest.raises(InvalidArgumentError, match="an HTML page"):
        tfckpt.load(f"{URL}/m-1")


# Servers that give no parts


def ignores_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Store.cat_file
    monkeypatch.setattr(
        Store, "cat_file", lambda self, path, start=None, end=None: whole(self, path)
    )


def test_a_server_without_ranges_is_read_whole(
    many: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ignores_ranges(monkeypatch)
    with tfckpt.load_checkpoint(f"{URL}/m-1") as reader:
        assert reader["mid/007"].sum() == 7000
        assert reader["big/07"][0] == 7
    assert asked().count("m-1.data-00000-of-00001") <= 2


def test_a_server_without_ranges_is_refused_for_what_is_too_long(
    many: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ignores_ranges(monkeypatch)
    with (
        tfckpt.RemoteOptions(memory=4 * MIB),
        pytest.raises(UnimplementedError, match=r"gives no parts.*simplecache::"),
    ):
        tfckpt.load_variable(f"{URL}/m-1", "mid/007")


# Other ways in


def test_a_cache_of_indexes_outlives_the_process(many: dict[str, Any], tmp_path: Path) -> None:
    with tfckpt.RemoteOptions(cache=str(tmp_path / "cache")):
        for _ in range(2):
            assert tfckpt.load_variable(f"{URL}/m-1", "mid/007").sum() == 7000
        assert asked().count("m-1.index") == 1
        for file in (tmp_path / "cache").iterdir():  # damage there is not believed
            file.write_bytes(bytes(file.stat().st_size))
        assert tfckpt.load_variable(f"{URL}/m-1", "mid/007").sum() == 7000


def test_simplecache_keeps_files_on_this_machine(many: dict[str, Any]) -> None:
    loaded = tfckpt.load(f"simplecache::memory://{_in_memory(many)}")
    assert np.array_equal(loaded["big/39"], many["big/39"])


def _in_memory(many: dict[str, Any]) -> str:
    import fsspec

    memory = fsspec.filesystem("memory")
    for name, one in Store.objects.items():
        memory.pipe(f"/{name}", one.data)
    return "bucket/run/m-1"


@pytest.mark.parametrize("scheme", ["file://", "local://"])
def test_urls_of_this_machine_are_paths(scheme: str, tmp_path: Path) -> None:
    assert tfckpt.save(f"{scheme}{tmp_path}/m", {"w": 1.0}) == f"{tmp_path}/m"
    assert tfckpt.load(f"{scheme}{tmp_path}/m")["w"] == 1.0


def test_options_say_what_they_take() -> None:
    for wrong in ({"connections": 0}, {"memory": 0}, {"attempts": 0}, {"gap": -1}, {"pause": -1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            tfckpt.RemoteOptions(**wrong)  # type: ignore[arg-type]


def test_ranges_past_the_end_are_never_asked_for(many: dict[str, Any]) -> None:
    source = open_source(f"{URL}/m-1.index")
    Store.requests.clear()
    for offset, size in ((source.size - 3, 4), (0, 1 << 40), (-1, 2)):
        with pytest.raises(DataLossError):
            source.read(offset, size)
    assert Store.requests == []


# What stores say


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2026-01-02T03:04:05Z", 1767323045.0),
        (1767323045, 1767323045.0),
        ("1767323045.0", 1767323045.0),
        ("some day", 0.0),
    ],
)
def test_times_in_all_the_forms_that_stores_give(
    said: object, expected: float, many: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Store._said

    def odd(path: str, found: Any) -> dict[str, Any]:
        return {**honest(path, found), "LastModified": said}

    monkeypatch.setattr(Store, "_said", staticmethod(odd))
    assert tfckpt.get_checkpoint_mtimes([f"{URL}/m-1"]) == [expected]


def test_a_file_of_unknown_size_is_refused(
    many: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Store._said

    def silent(path: str, found: Any) -> dict[str, Any]:
        return {**honest(path, found), "size": None}

    monkeypatch.setattr(Store, "_said", staticmethod(silent))
    with pytest.raises(UnimplementedError, match="does not say how many bytes"):
        open_source(f"{URL}/m-1.index")


def test_a_url_of_no_known_kind_leads_nowhere() -> None:
    with pytest.raises((InvalidArgumentError, ImportError), match="nowhere"):
        tfckpt.load_checkpoint("nowhere-at-all://bucket/m")


@pytest.mark.parametrize("url", [f"{URL}/m-1.index", f"{URL}/m-1.data-00000-of-00001", f"{URL}/"])
def test_a_member_or_a_folder_with_a_slash_is_meant(url: str, many: dict[str, Any]) -> None:
    with tfckpt.load_checkpoint(url) as reader:
        assert reader.path == f"{URL}/m-1"


def test_a_store_that_cannot_says_what_it_cannot(many: dict[str, Any]) -> None:
    def cannot(number: int, verb: str, path: str) -> None:
        if verb == "PUT":
            raise NotImplementedError("read-only")

    Store.fault = cannot
    with pytest.raises(UnimplementedError, match="its store cannot"):
        tfckpt.save(f"{URL}/new", {"w": np.ones(2)})
