"""What every source of bytes does, whatever is behind it: the contract of `tfckpt.storage.Source`.

A new kind gets a line in KINDS, and nothing else here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tfckpt.errors import DataLossError, FileMissingError
from tfckpt.storage import Source, is_remote, open_source
from tfckpt.storage.source import LocalSource, SeekingSource

# Longer than a page, and of a length that no page divides; no two stretches of it are alike.
CONTENT = np.arange(50_001, dtype="<u4").tobytes()[:200_001]


def in_memory(path: Path) -> str:
    """Put a file into fsspec's file system in memory, and return its URL."""
    memory = pytest.importorskip("fsspec").filesystem("memory")
    url, state = f"memory://{path}", path.stat()
    if _PUT.get(url) != (state.st_ino, state.st_size):  # each time it would be another version
        memory.pipe(url, path.read_bytes())
        _PUT[url] = state.st_ino, state.st_size
    return url


_PUT: dict[str, tuple[int, int]] = {}


def through_fsspec(path: Path) -> str:
    pytest.importorskip("fsspec")
    return path.as_uri()


KINDS: dict[str, Callable[[Path], Source]] = {
    "local": lambda path: open_source(str(path)),
    "local, not mapped": lambda path: open_source(str(path), mmap=False),
    "local, without preadv": lambda path: SeekingSource(str(path)),
    "in memory": lambda path: open_source(in_memory(path)),
    "fsspec": lambda path: open_source(through_fsspec(path)),
}


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest) -> Callable[[Path], Source]:
    return KINDS[request.param]


@pytest.fixture
def source(opened: Callable[[Path], Source], tmp_path: Path) -> Source:
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    return opened(path)


STRETCHES = {
    "the first byte": (0, 1),
    "nothing": (7, 0),
    "nothing at the end": (len(CONTENT), 0),
    "a few bytes": (3, 10),
    "over a page's end": (4090, 20),
    "a page and more from within another": (5001, 70_001),
    "the last bytes": (len(CONTENT) - 8, 8),
    "everything": (0, len(CONTENT)),
}
stretches = pytest.mark.parametrize(("offset", "size"), STRETCHES.values(), ids=STRETCHES)


def test_it_says_how_long_the_file_is_and_where(source: Source, tmp_path: Path) -> None:
    assert source.size == len(CONTENT)
    assert source.path.endswith(f"{tmp_path.name}/file.bin")


@stretches
def test_what_is_read_is_what_lies_there(source: Source, offset: int, size: int) -> None:
    assert bytes(source.read(offset, size)) == CONTENT[offset : offset + size]


@stretches
def test_what_is_read_into_memory_fills_it(source: Source, offset: int, size: int) -> None:
    around = bytearray(b"<" + bytes(size) + b">")
    source.read_into(offset, memoryview(around)[1 : 1 + size])
    assert bytes(around) == b"<" + CONTENT[offset : offset + size] + b">"


@stretches
def test_a_view_has_the_bytes_or_there_is_none(source: Source, offset: int, size: int) -> None:
    view = source.map(offset, size)
    if view is not None:
        assert bytes(view) == CONTENT[offset : offset + size]


def test_writing_to_a_view_reaches_nothing_else(source: Source) -> None:
    view, other = source.map(100, 50), source.map(100, 50)
    if view is None:
        pytest.skip("this kind hands out no views")
    assert other is not None
    view[:] = bytes(50)
    assert bytes(other) == CONTENT[100:150]
    assert bytes(source.read(100, 50)) == CONTENT[100:150]


def test_a_view_stays_when_the_source_is_closed(source: Source) -> None:
    view = source.map(0, 5000)
    source.close()
    if view is not None:
        assert bytes(view) == CONTENT[:5000]


def test_closing_twice_is_no_error(source: Source) -> None:
    source.close()
    source.close()


PAST_THE_END = {
    "partly": (len(CONTENT) - 3, 4),
    "wholly": (len(CONTENT) + 100, 1),
    "by far more than there is": (0, 1 << 40),
}


@pytest.mark.parametrize(("offset", "size"), PAST_THE_END.values(), ids=PAST_THE_END)
def test_bytes_past_the_end_are_said_to_be_missing(source: Source, offset: int, size: int) -> None:
    with pytest.raises(DataLossError, match=f"{size} bytes expected") as caught:
        source.read(offset, size)
    assert (caught.value.path, caught.value.offset) == (source.path, offset)


def test_memory_for_more_than_there_is_is_not_filled(source: Source) -> None:
    with pytest.raises(DataLossError):
        source.read_into(len(CONTENT) - 3, memoryview(bytearray(4)))


def test_a_file_that_became_shorter_is_no_longer_whole(
    opened: Callable[[Path], Source], tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    source = opened(path)
    os.truncate(path, 1000)
    if is_remote(source.path):
        in_memory(path)
    with pytest.raises(DataLossError):
        source.read(0, len(CONTENT))
    with pytest.raises(DataLossError):
        source.read_into(0, memoryview(bytearray(len(CONTENT))))


def test_an_empty_file_is_a_file(opened: Callable[[Path], Source], tmp_path: Path) -> None:
    path = tmp_path / "empty.bin"
    path.write_bytes(b"")
    source = opened(path)
    assert source.size == 0
    assert bytes(source.read(0, 0)) == b""
    with pytest.raises(DataLossError):
        source.read(0, 1)


def test_threads_read_side_by_side(source: Source) -> None:
    def read(offset: int) -> bool:
        target = bytearray(5000)
        source.read_into(offset, memoryview(target))
        whole = CONTENT[offset : offset + 5000]
        return bytes(source.read(offset, 5000)) == whole == bytes(target)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(read, range(0, 190_000, 997)))


def test_a_version_tells_a_file_from_the_one_that_replaced_it(
    opened: Callable[[Path], Source], tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    before, same = opened(path), opened(path)
    assert before.version == same.version
    (tmp_path / "new.bin").write_bytes(CONTENT)
    os.replace(tmp_path / "new.bin", path)
    assert before.version is None or opened(path).version != before.version


@pytest.mark.parametrize(
    "path", [pytest.param("nothing.bin", id="no file"), pytest.param("", id="a folder")]
)
@pytest.mark.parametrize("url", [False, True], ids=["local", "fsspec"])
def test_what_is_no_file_is_not_opened(url: bool, path: str, tmp_path: Path) -> None:
    place = tmp_path / path
    with pytest.raises(OSError, match=r"no such file|folder") as caught:
        open_source(through_fsspec(place) if url else str(place))
    if path or url:
        assert isinstance(caught.value, FileMissingError)


@pytest.mark.parametrize("kind", [LocalSource, SeekingSource])
def test_a_closed_file_is_not_read(kind: type[LocalSource], tmp_path: Path) -> None:
    """A source that holds a file; those through fsspec hold nothing open."""
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    source = kind(str(path))
    source.close()
    for call in (source.read, source.map):
        with pytest.raises(ValueError, match="is closed"):
            call(0, 1)
    with pytest.raises(ValueError, match="is closed"):
        source.read_into(0, memoryview(bytearray(1)))
