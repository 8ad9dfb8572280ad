"""Files behind URLs, through fsspec: one request at a time, asked again where that helps.

What a store says is turned into this library's errors here: nothing else asks one.
"""

from __future__ import annotations

import errno
import inspect
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from tfckpt.errors import (
    FailedPreconditionError,
    FileMissingError,
    InvalidArgumentError,
    UnimplementedError,
)
from tfckpt.settings import Settings
from tfckpt.storage.places import is_remote
from tfckpt.storage.refused import failed

T = TypeVar("T")

_MIB = 1 << 20
# Errors that asking again does not change. After all others it is asked again: stores' libraries
# raise their own errors for what passes, and those have no base class in common.
_SETTLED = (
    FileNotFoundError,
    FileExistsError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
    NotImplementedError,
    ImportError,
    AttributeError,
    TypeError,
    ValueError,
)
_WORTH_ANOTHER = frozenset({408, 425, 429})  # of the answers 400 to 499
_CONFLICTS = frozenset({409, 412})
_CONFLICT = re.compile("pre-?condition", re.IGNORECASE)  # what s3fs leaves of the same
_LONGEST_PAUSE = 20.0
_SHORT = 1 << 20
_NOT_DONE_HERE = frozenset({405, 501})
_CACHES = frozenset({"simplecache", "filecache", "blockcache", "cached"})
# What tells an object from the one that replaces it, in the words of the stores; the first counts.
_MARKS = ("ETag", "etag", "generation", "md5Hash", "created", "mtime", "Last-Modified")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")


@dataclass(frozen=True)
class RemoteOptions(Settings):
    """How stores behind URLs are asked, within a ``with`` block.

    >>> import tfckpt
    >>> with tfckpt.RemoteOptions(connections=16, memory=256 << 20):
    ...     pass  # tfckpt.load("s3://bucket/run/m-100")

    Raises ValueError for what is not positive.
    """

    connections: int = 8
    """Requests under way at once."""
    memory: int = 128 * _MIB
    """Bytes that they may hold together, beside the arrays that are filled."""
    gap: int = _MIB
    """Bytes between two that are wanted, up to which both are asked for together."""
    attempts: int = 5
    """How often a request is made before its failure counts."""
    pause: float = 0.1
    """Seconds before the second attempt; each further pause is twice as long."""
    cache: str | None = None
    """A folder of this machine for what was read of indexes; nothing there is ever deleted."""

    def __post_init__(self) -> None:
        for name in ("connections", "memory", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        for name in ("gap", "pause"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be {getattr(self, name)}")

    @property
    def piece(self) -> int:
        """The most bytes of one request."""
        return max(1, min(16 * _MIB, self.memory // self.connections))


_DEFAULT = RemoteOptions()


def options() -> RemoteOptions:
    """Return the options that hold here."""
    return RemoteOptions.innermost() or _DEFAULT


class Info(NamedTuple):
    """What a store says of a file; it can be pickled."""

    size: int
    version: object
    """What differs between files that had this name one after another; None if nothing tells."""
    modified: float
    """Seconds since 1970; 0 where the store does not say."""
    takes_ranges: bool | None = None
    """Whether parts of it can be asked for; None if that is not known."""

    @classmethod
    def of(cls, said: dict[str, Any]) -> Info:
        marks = (said[name] for name in _MARKS if said.get(name))
        mark = next(marks, None)
        size = said.get("size")
        if size is None:
            raise UnimplementedError("the store does not say how many bytes this file has")
        times = (_seconds(said[name]) for name in _TIMES if said.get(name))
        return cls(
            int(size),
            None if mark is None else (int(size), _plain(mark)),
            next(times, 0.0),
            said.get("partial"),
        )


def _plain(mark: object) -> str:
    """Return a mark as text: some stores give a time as one thing here, as another there."""
    return str(_seconds(mark)) if hasattr(mark, "timestamp") else str(mark)


def _seconds(when: Any) -> float:
    if hasattr(when, "timestamp"):
        return float(when.timestamp())
    try:
        return float(when)
    except (TypeError, ValueError):
        return _parsed(str(when))


def _parsed(when: str) -> float:
    from datetime import datetime

    try:
        return datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


class Remote:
    """The file, or the folder, that a URL leads to.

    Raises ImportError where the package for its kind of store is missing, InvalidArgumentError for
    a kind that is not known.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError:
            raise ImportError(f"{url} needs fsspec: pip install 'tfckpt[remote]'") from None
        self.url = url
        self.last_attempts = 0
        """How many attempts the last request took."""
        self._fs: Any
        try:
            self._fs, self.inner = fsspec.core.url_to_fs(url)
        except ValueError as error:  # a protocol that it does not know
            raise InvalidArgumentError(f"this URL leads nowhere: {error}", path=url) from None

    @property
    def protocols(self) -> frozenset[str]:
        names = self._fs.protocol
        return frozenset((names,) if isinstance(names, str) else names)

    @property
    def is_web(self) -> bool:
        return not self.protocols.isdisjoint({"http", "https"})

    @property
    def is_serial(self) -> bool:
        """Whether reading makes a local copy of the file, as ``simplecache::`` does.

        Then one thread at a time asks: two would both fetch all of it.
        """
        return not self.protocols.isdisjoint(_CACHES)

    def _takes(self, method: str, argument: str) -> bool:
        """Whether a method of the file system knows an argument that not all of them do."""
        # The method of an asynchronous file system proper is the one with the underscore.
        found = getattr(self._fs, f"_{method}", None) or getattr(self._fs, method)
        return argument in inspect.signature(found).parameters

    def _fresh(self) -> None:
        """Have fsspec forget what it knows of the folder: others write there."""
        # Only it knows what the folder of a path is in its file system, and has no other name.
        self._fs.invalidate_cache(self._fs._parent(self.inner))

    # Asking

    def info(self) -> Info:
        """Ask what there is. Raises FileMissingError if there is no file."""
        self._fresh()
        said = self._ask("look at the file", lambda: self._fs.info(self.inner))
        if said.get("type") == "directory":
            raise FileMissingError("this is a folder, not a file", path=self.url)
        return Info.of(said)

    def is_folder(self) -> bool:
        self._fresh()
        try:
            return bool(self._ask("look at it", lambda: self._fs.isdir(self.inner)))
        except FileMissingError:
            return False

    def names(self) -> list[str]:
        """List the names in a folder, sorted; one that is not there has none."""
        self._fs.invalidate_cache(self.inner)
        try:
            paths = self._ask("list the folder", lambda: self._fs.ls(self.inner, detail=False))
        except FileMissingError:
            return []
        own = self.inner.rstrip("/")
        ends = (path.rstrip("/").rpartition("/")[2] for path in paths if path.rstrip("/") != own)
        return sorted(ends)

    def below(self) -> dict[str, int]:
        """Return the URL and the size of each file in a folder and those below it."""
        self._fs.invalidate_cache(self.inner)
        try:
            found = self._ask("list the files", lambda: self._fs.find(self.inner, detail=True))
        except FileMissingError:
            return {}
        own = self.inner.rstrip("/")
        return {
            f"{self.url.rstrip('/')}{path[path.index(own) + len(own) :]}": int(said["size"])
            for path, said in found.items()
        }

    def beginning(self, base: str) -> dict[str, Info] | None:
        """Return the files of this folder whose names begin with `base`.

        None where that is not one request: the store would list the whole folder.
        """
        if not self._takes("find", "prefix"):
            return None
        self._fs.invalidate_cache(self.inner)
        try:
            found = self._ask(
                "list the files",
                lambda: self._fs.find(self.inner, prefix=base, detail=True),
            )
        except FileMissingError:
            return {}
        names = ((path.rpartition("/")[2], said) for path, said in found.items())
        return {name: Info.of(said) for name, said in names if said["type"] == "file"}

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`, fewer where there are fewer.

        Raises UnimplementedError where the store answers with more than was asked for.
        """

        def read() -> bytes:
            if self.is_web:  # this way a server that ignores ranges is noticed at once
                with self._fs.open(self.inner, "rb", cache_type="none", size=end) as file:
                    file.seek(start)
                    data: bytes = file.read(end - start)
            else:
                data = self._fs.cat_file(self.inner, start=start, end=end)
            if len(data) < end - start:
                raise _Short(data)
            return data

        try:
            data = self._ask(f"read {end - start} bytes at {start}", read)
        except _Short as short:
            return short.data
        except ValueError as error:
            raise UnimplementedError(
                f"its server gives no parts of files: {error}", path=self.url, offset=start
            ) from None
        if len(data) > end - start:
            raise UnimplementedError(
                f"its server gives no parts of files: {end - start} bytes were asked for, "
                f"{len(data)} came",
                path=self.url,
                offset=start,
            )
        return data

    def read_all(self) -> bytes:
        """Return all bytes, in one request. Raises FileMissingError."""
        if self.is_conditional:  # s3fs asks for the size first, if no range is given
            try:
                data = self._ask("read the file", lambda: self._fs.cat_file(self.inner, 0, _SHORT))
            except FailedPreconditionError:  # an empty file has no range
                data = bytes(_SHORT)
            if len(data) < _SHORT:
                return bytes(data)
        return self._ask("read the file", lambda: bytes(self._fs.cat_file(self.inner)))

    # Writing

    def put(self, data: bytes, *, new_only: bool = False, instead_of: object = None) -> None:
        """Write a whole file in one request.

        With `new_only` raises FileExistsError where there is one; with a version to be
        `instead_of`, where the store can tell, if it is not that of the file there is.
        """
        kwargs: dict[str, Any] = {}
        if new_only:
            kwargs = {"mode": "create"} if self.is_exclusive else {}
        elif instead_of is not None and self.is_conditional and isinstance(instead_of, tuple):
            kwargs = {"IfMatch": instead_of[1]}
        self._with_folder(
            lambda: self._ask(
                f"write {len(data)} bytes", lambda: self._fs.pipe_file(self.inner, data, **kwargs)
            )
        )

    @property
    def is_exclusive(self) -> bool:
        """Whether the store can write a file only if there is none of its name."""
        return self._takes("pipe_file", "mode")

    @property
    def is_conditional(self) -> bool:
        """Whether the store can replace a file only if it is still a certain one."""
        return not self.protocols.isdisjoint({"s3", "s3a"})

    def open_upload(self, block: int, *, exclusive: bool = False) -> Any:
        """Return fsspec's file for writing, which shows once it is closed."""
        mode = "xb" if exclusive and self.is_exclusive else "wb"
        return self._with_folder(
            lambda: self._ask(
                "begin to write", lambda: self._fs.open(self.inner, mode, block_size=block)
            )
        )

    def take(self, path: str) -> None:
        """Become a copy of a file of this machine, or of one of the same store."""
        if is_remote(path):
            inner = self._fs._strip_protocol(path)
            self._ask(f"copy {path} to it", lambda: self._fs.cp_file(inner, self.inner))
            return
        self._with_folder(
            lambda: self._ask("write the file", lambda: self._fs.put_file(path, self.inner))
        )

    def remove(self) -> bool:
        """Remove a file; False where the store says that there was none."""
        try:
            self._ask("remove the file", lambda: self._fs.rm_file(self.inner))
        except FileMissingError:
            return False
        return True

    def _with_folder(self, write: Callable[[], T]) -> T:
        """Write; where there have to be folders, and this one is missing, make it first."""
        try:
            return write()
        except FileMissingError:
            folder = self._fs._parent(self.inner)
            self._ask("make the folder", lambda: self._fs.makedirs(folder, exist_ok=True))
            return write()

    def doing(self, what: str, call: Callable[[], T]) -> T:
        """Make a call that cannot be made again, and say what the store says in our words."""
        return self._ask(what, call, attempts=1)

    def _ask(self, what: str, call: Callable[[], T], attempts: int | None = None) -> T:
        """Make a request, and again while it fails for a reason that may pass."""
        for number, (left, pause) in enumerate(_pauses(attempts), 1):
            self.last_attempts = number
            try:
                return call()
            except _Short:
                if not left:
                    raise
            except FileExistsError:
                raise
            except FileNotFoundError as error:
                raise FileMissingError("no such file", path=self.url) from error
            except NotImplementedError as error:
                raise UnimplementedError(f"its store cannot {what}", path=self.url) from error
            except (ImportError, AttributeError, TypeError):
                raise
            except Exception as error:
                if _status(error) in _CONFLICTS or _CONFLICT.search(str(error)):
                    raise FileExistsError(errno.EEXIST, "another is there", self.url) from error
                if _status(error) in _NOT_DONE_HERE:
                    raise UnimplementedError(f"its store cannot {what}", path=self.url) from error
                if not left or not _may_pass(error):
                    if isinstance(error, ValueError):
                        raise
                    raise failed(_as_os_error(error), self.url, what) from error
            time.sleep(pause)
        raise AssertionError("the last attempt raises or returns")


class _Short(Exception):  # noqa: N818  no error: there may be no more
    """An answer of fewer bytes than were asked for: cut, or all that there is."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"{len(data)} bytes came")
        self.data = data


def _pauses(attempts: int | None) -> Iterator[tuple[int, float]]:
    """Yield, for each attempt, how many are left after it and the pause before the next."""
    chosen = options()
    count = attempts or chosen.attempts
    for number in range(count):
        pause = chosen.pause * 2**number * random.uniform(0.8, 1.2)  # not all at one moment
        yield count - 1 - number, min(pause, _LONGEST_PAUSE)


def _status(error: BaseException) -> int | None:
    """Return the status of an answer, where an error has it under one of the usual names."""
    for name in ("status", "code", "status_code"):
        found = getattr(error, name, None)
        if isinstance(found, int):
            return found
    return None


def _may_pass(error: Exception) -> bool:
    if isinstance(error, _SETTLED):
        return False
    status = _status(error)
    return status is None or not 400 <= status < 500 or status in _WORTH_ANOTHER


def _as_os_error(error: Exception) -> OSError:
    if isinstance(error, OSError) and error.errno is not None:
        return error
    return OSError(errno.EIO, f"{type(error).__name__}: {error}")
