"""An object store in memory, through fsspec, that counts requests and fails them as told.

It is as S3 is: no folders, no renames; what is uploaded in parts shows when they are completed;
objects have an ETag; a listing by prefix is one request.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, ClassVar, NamedTuple

import fsspec
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem


class Killed(BaseException):
    """The process ends here: nothing that comes after reaches the store."""


class Object(NamedTuple):
    data: bytes
    etag: str
    when: float


class Store(AbstractFileSystem):  # type: ignore[misc]
    """``store://bucket/name``. One for all, emptied by `Store.renew`."""

    protocol = "store"
    cachable = False
    objects: ClassVar[dict[str, Object]] = {}
    uploads: ClassVar[dict[int, str]] = {}
    requests: ClassVar[list[tuple[str, str]]] = []
    fault: Callable[[int, str, str], Callable[[], None] | None] | None = None
    """Called before a request with its number, verb and path; what it returns is called after."""
    cut: Callable[[bytes], bytes] | None = None
    """What becomes of the bytes of an answer."""
    busy = 0
    most = 0
    pause = 0.0
    _lock = threading.Lock()
    _made = 0

    @classmethod
    def renew(cls) -> None:
        cls.objects, cls.uploads, cls.requests = {}, {}, []
        cls.fault = cls.cut = None
        cls.most, cls.pause = 0, 0.0

    @classmethod
    def names(cls) -> list[str]:
        return sorted(cls.objects)

    @classmethod
    def count(cls) -> Counter[str]:
        return Counter(verb for verb, _ in cls.requests)

    @classmethod
    def _request(cls, verb: str, path: str, act: Callable[[], Any]) -> Any:
        with cls._lock:
            cls.requests.append((verb, path))
            number = len(cls.requests)
            cls.busy += 1
            cls.most = max(cls.most, cls.busy)
        try:
            after = cls.fault(number, verb, path) if cls.fault is not None else None
            if cls.pause:
                time.sleep(cls.pause)
            result = act()
            if after is not None:
                after()
            return result
        finally:
            with cls._lock:
                cls.busy -= 1

    @classmethod
    def _found(cls, path: str) -> Object:
        if path not in cls.objects:
            raise FileNotFoundError(errno.ENOENT, "no such key", path)
        return cls.objects[path]

    @classmethod
    def _set(cls, path: str, data: bytes) -> None:
        with cls._lock:
            Store._made += 1
            cls.objects[path] = Object(data, f'"{Store._made}"', time.time())

    @staticmethod
    def _said(path: str, found: Object) -> dict[str, Any]:
        when = datetime.fromtimestamp(found.when, timezone.utc)
        return {
            "name": path, "size": len(found.data), "type": "file",
            "ETag": found.etag, "LastModified": when,
        }  # fmt: skip

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        path = self._strip_protocol(path)
        return self._request("HEAD", path, lambda: self._said(path, self._found(path)))

    def isdir(self, path: str) -> bool:
        path = self._strip_protocol(path)
        return self._request(
            "LIST", path, lambda: any(one.startswith(f"{path}/") for one in self.objects)
        )

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        path = self._strip_protocol(path)

        def act() -> list[Any]:
            start = f"{path}/"
            inside = [one for one in self.names() if one.startswith(start)]
            folders = {start + one[len(start) :].split("/")[0] for one in inside
                       if "/" in one[len(start) :]}  # fmt: skip
            files = [self._said(one, self.objects[one]) for one in inside
                     if "/" not in one[len(start) :]]  # fmt: skip
            found = [{"name": one, "size": 0, "type": "directory"} for one in folders] + files
            if not found:
                raise FileNotFoundError(errno.ENOENT, "nothing there", path)
            return found if detail else [one["name"] for one in found]

        return self._request("LIST", path, act)

    def find(
        self, path: str, maxdepth: Any = None, withdirs: bool = False, detail: bool = False,
        prefix: str = "", **kwargs: Any,
    ) -> Any:  # fmt: skip
        start = f"{self._strip_protocol(path)}/{prefix}"

        def act() -> Any:
            found = {one: self._said(one, self.objects[one]) for one in self.names()
                     if one.startswith(start)}  # fmt: skip
            return found if detail else list(found)

        return self._request("LIST", start, act)

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        path = self._strip_protocol(path)

        def act() -> bytes:
            data = self._found(path).data[start:end]
            return data if self.cut is None else type(self).cut(data)  # type: ignore[misc]

        return self._request("GET", path, act)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        path = self._strip_protocol(path)

        def act() -> None:
            if mode == "create" and path in self.objects:
                raise FileExistsError(errno.EEXIST, "there is one", path)
            self._set(path, bytes(value))

        self._request("PUT", path, act)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        found = self._strip_protocol(path1)
        target = self._strip_protocol(path2)
        self._request("COPY", target, lambda: self._set(target, self._found(found).data))

    def rm_file(self, path: str) -> None:
        path = self._strip_protocol(path)
        self._request("DELETE", path, lambda: self.objects.pop(path, None))

    def _open(self, path: str, mode: str = "rb", block_size: Any = None, **kwargs: Any) -> Any:
        assert mode in ("wb", "xb"), "it is read by requests"
        return Upload(self, path, mode, block_size=block_size or 5 << 20)


class Upload(AbstractBufferedFile):  # type: ignore[misc]
    def _initiate_upload(self) -> None:
        self.parts: list[bytes] = []
        Store._request("POST", self.path, lambda: Store.uploads.update({id(self): self.path}))

    def _upload_chunk(self, final: bool = False) -> bool:
        data = self.buffer.getvalue()
        if data or not self.parts:
            Store._request("PART", self.path, lambda: self.parts.append(data))
        if final:
            Store._request("COMPLETE", self.path, self._complete)
        return True

    def _complete(self) -> None:
        Store._set(self.path, b"".join(self.parts))
        Store.uploads.pop(id(self), None)

    def discard(self) -> None:
        if id(self) in Store.uploads:
            Store._request("ABORT", self.path, lambda: Store.uploads.pop(id(self), None))


fsspec.register_implementation("store", Store, clobber=True)
