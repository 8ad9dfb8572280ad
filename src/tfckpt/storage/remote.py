"""Reading files behind URLs (``gs://``, ``s3://``, ``https://``, ``memory://`` ...).

A request costs what millions of bytes cost. So what lies close together is asked for together,
what is long is asked for in pieces, several of them under way at once; what is read one after
another is read ahead; and what a caller says it will come back to is held.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from tfckpt.coding import Buffer
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError, UnimplementedError
from tfckpt.storage.places import join, split
from tfckpt.storage.source import Source
from tfckpt.storage.store import Info, Remote, RemoteOptions, options

Target = tuple[int, memoryview]


class _Held(NamedTuple):
    """A stretch of a file in memory."""

    start: int
    data: bytes

    def view(self, offset: int, size: int) -> memoryview | None:
        at = offset - self.start
        if at >= 0 and at + size <= len(self.data):
            return memoryview(self.data)[at : at + size]
        return None


_NOTHING = _Held(0, b"")


class _Request(NamedTuple):
    """One request, and where its bytes go: targets, each from its place in the answer."""

    start: int
    end: int
    parts: list[tuple[int, memoryview]]


class RemoteSource(Source):
    """A file behind a URL. Nothing is held open between reads.

    `info` is what a listing has said of it; without one the store is asked.
    """

    distant = True

    def __init__(self, url: str, info: Info | None = None) -> None:
        self.path = url
        self._remote = Remote(url)
        self._options = options()
        self._info = info or self._remote.info()
        self.size = self._info.size
        self.version = self._info.version
        self._held = _NOTHING
        self._ahead = _NOTHING
        self._last_end = self.size + 1  # the first read follows none
        if self._info.takes_ranges is False:
            self._hold_whole("it says so")

    # Reading

    def read(self, offset: int, size: int) -> Buffer:
        self._check_within(offset, size)
        found = self._in_memory(offset, size)
        if found is not None:
            return found
        buffer = bytearray(size)
        self.fill([(offset, memoryview(buffer))])
        return buffer

    def read_into(self, offset: int, target: memoryview) -> None:
        self.fill([(offset, target)])

    def fill(self, targets: Sequence[Target]) -> None:
        missing = []
        for offset, target in targets:
            self._check_within(offset, len(target))
            found = self._in_memory(offset, len(target))
            if found is None:
                missing.append((offset, target))
            else:
                target[:] = found
        requests = _planned(missing, self._options)
        if len(requests) == 1:
            self._run_one(requests[0])
        elif requests:
            self._run(requests)

    def map(self, offset: int, size: int) -> memoryview | None:
        return None

    def hold(self, offset: int, size: int) -> None:
        start, size = max(0, offset), min(size, self.size - max(0, offset))
        if size <= 0 or self._held.view(start, size) is not None:
            return
        cached = _Cache.of(self._options, self.path, self.version)
        data = cached.read(start, size) if cached is not None else None
        if data is None:
            buffer = bytearray(size)
            self.fill([(start, memoryview(buffer))])
            data = bytes(buffer)
            if cached is not None:
                cached.write(start, data)
        self._held = _Held(start, data)

    def forget(self) -> None:
        cached = _Cache.of(self._options, self.path, self.version)
        if cached is not None and self._held.data:
            cached.remove(self._held.start, len(self._held.data))
        self._held = self._ahead = _NOTHING

    def check_unchanged(self) -> None:
        try:
            now = self._remote.info()
        except FileMissingError:
            raise DataLossError(
                "it was removed since it was opened: open the checkpoint again", path=self.path
            ) from None
        if (now.size, now.version) != (self.size, self.version):
            raise DataLossError(
                "it was replaced since it was opened: open the checkpoint again", path=self.path
            )
        if self.beside is not None:
            self.beside.check_unchanged()

    def close(self) -> None:
        """Give up what is held in memory."""
        self._held = self._ahead = _NOTHING

    # Requests

    def _in_memory(self, offset: int, size: int) -> memoryview | None:
        found = self._held.view(offset, size)
        return self._ahead.view(offset, size) if found is None else found

    def _run_one(self, request: _Request) -> None:
        """Make a request; who reads one thing after another gets the next along with it."""
        start, end, parts = request
        follows = 0 <= start - self._last_end <= self._options.gap
        self._last_end = end
        if follows and end - start < self._options.piece:
            end = min(self.size, start + self._options.piece)
        data = self._get(start, end)
        if end != request.end:
            self._ahead = _Held(start, data)
        _hand_out(data, parts)

    def _run(self, requests: Sequence[_Request]) -> None:
        def run(request: _Request) -> None:
            _hand_out(self._get(request.start, request.end), request.parts)

        if self._remote.is_serial:
            for request in requests:
                run(request)
            return
        pool = ThreadPoolExecutor(
            min(self._options.connections, len(requests)), thread_name_prefix="tfckpt-request"
        )
        try:
            for _ in pool.map(run, requests):
                pass
        finally:
            pool.shutdown(cancel_futures=True)

    def _get(self, start: int, end: int) -> bytes:
        """Ask for bytes. Raises DataLossError if fewer come each time."""
        if end == start:
            return b""
        found = self._in_memory(start, end - start)
        if found is not None:  # held meanwhile, as the server gives no parts
            return bytes(found)
        try:
            with self._options:  # those of the opening, in whichever thread this is
                data = self._remote.read(start, end)
        except FileMissingError:
            self.check_unchanged()
            raise
        except UnimplementedError as error:
            self._hold_whole(error.message)
            return bytes(memoryview(self._held.data)[start:end])
        if len(data) < end - start:
            self.check_unchanged()
            raise self._too_few(start, end - start, len(data))
        return data

    def _hold_whole(self, why: str) -> None:
        """Read all of a file whose server gives no parts, if it is not too long for that."""
        allowed = self._options.memory
        if self.size > allowed:
            raise UnimplementedError(
                f"its server gives no parts of files ({why}), and the file is too long to be held "
                f"whole: {self.size} bytes, {allowed} are allowed "
                f"(tfckpt.RemoteOptions(memory={self.size}) allows it; or download it, or put "
                f"simplecache:: before the URL)",
                path=self.path,
            )
        data = self._remote.read_all()
        if len(data) != self.size:
            self.check_unchanged()
            raise self._too_few(0, self.size, len(data))
        self._held = _Held(0, data)

    def _check_within(self, offset: int, size: int) -> None:
        """Raise DataLossError, before memory is taken for what a forged index asks for."""
        if not 0 <= offset <= offset + size <= self.size:
            raise self._too_few(offset, size, max(0, self.size - offset))

    def _too_few(self, offset: int, size: int, came: int) -> DataLossError:
        return DataLossError(
            f"{size} bytes expected, {came} came; the file has {self.size} in all",
            path=self.path,
            offset=offset,
        )


def _planned(targets: Sequence[Target], chosen: RemoteOptions) -> list[_Request]:
    """Share out what is wanted among requests, none for more bytes than a piece."""
    requests: list[_Request] = []
    start = end = 0
    parts: list[tuple[int, memoryview]] = []
    for offset, target in sorted(targets, key=lambda wanted: wanted[0]):
        done = 0
        while done < len(target):
            at = offset + done
            far = at > end + chosen.gap or at < start
            if parts and (far or at - start >= chosen.piece):
                requests.append(_Request(start, end, parts))
                parts = []
            if not parts:
                start = end = at
                parts = []
            size = min(len(target) - done, chosen.piece - (at - start))
            parts.append((at - start, target[done : done + size]))
            end = max(end, at + size)
            done += size
    if parts:
        requests.append(_Request(start, end, parts))
    return requests


def _hand_out(data: bytes, parts: Sequence[tuple[int, memoryview]]) -> None:
    view = memoryview(data)
    for at, target in parts:
        target[:] = view[at : at + len(target)]


def list_infos(prefix: str) -> dict[str, Info] | None:
    """Return what the store says of the files named `prefix` and more, in one request.

    None where it takes more than one.
    """
    folder, base = split(prefix)
    found = Remote(folder).beginning(base)
    return None if found is None else {join(folder, name): info for name, info in found.items()}


class _Cache:
    """What was read of one version of a file, on the disk of this machine."""

    def __init__(self, folder: str, url: str, version: object) -> None:
        name = hashlib.sha256(repr((url, version)).encode()).hexdigest()
        self._path = os.path.join(folder, name)

    @classmethod
    def of(cls, chosen: RemoteOptions, url: str, version: object) -> _Cache | None:
        """Return the cache of a file; None without a folder, or where versions are not told."""
        if chosen.cache is None or version is None:
            return None
        return cls(chosen.cache, url, version)

    def _file(self, start: int, size: int) -> str:
        return f"{self._path}-{start}-{size}"

    def read(self, start: int, size: int) -> bytes | None:
        try:
            with open(self._file(start, size), "rb") as file:
                data = file.read()
        except OSError:
            return None
        return data if len(data) == size else None

    def write(self, start: int, data: bytes) -> None:
        from tfckpt.storage.write import write_file

        with suppress(CheckpointError, OSError):  # a cache that cannot be written harms nobody
            write_file(self._file(start, len(data)), data, fsync=False)

    def remove(self, start: int, size: int) -> None:
        with suppress(OSError):
            os.remove(self._file(start, size))
