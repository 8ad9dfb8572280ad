"""Descriptors of open files.

A `Descriptor` has one owner and is closed with it. Every regular file that the library reads is
opened by `open_regular`, which refuses folders, pipes and devices without waiting for them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import NoReturn

from tfckpt.errors import FailedPreconditionError, FileMissingError
from tfckpt.storage.refused import failed

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_BINARY = getattr(os, "O_BINARY", 0)
# Opening a pipe waits for its other end: with this flag it does not, and what was opened can be
# looked at first. Regular files do not know the flag.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)

_SHARE = 4

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def fair_share(most: int) -> int:
    """Return how many descriptors one part of the library takes at most, of what there may be."""
    if resource is None:
        return most
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most if allowed < 0 else max(1, min(most, allowed // _SHARE))


class Descriptor:
    """A descriptor that is closed with its object, by `close` or when nobody holds it any more.

    It is never copied: two owners would close it twice, the second time under somebody else's
    file.
    """

    __slots__ = ("__weakref__", "number")

    def __init__(self, path: str, flags: int) -> None:
        self.number = -1
        self.number = os.open(path, flags | _BINARY, 0o666)

    def close(self) -> None:
        """Close it. A failure says nothing new: whoever has written has flushed before."""
        number, self.number = self.number, -1
        if number >= 0:
            with contextlib.suppress(OSError):
                os.close(number)

    def is_at(self, path: str) -> bool:
        """Whether the open file has the name `path`; a closed one has none."""
        try:
            return is_at(path, os.fstat(self.number))
        except OSError:
            return False

    def __del__(self) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("an open file cannot be copied or pickled: open it again")


def is_at(path: str, status: os.stat_result) -> bool:
    """Whether `path` names the very file that the system said this of."""
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False


def open_regular(path: str) -> tuple[Descriptor, os.stat_result]:
    """Open a file for reading, if it is one; return what the system says of it, too.

    Raises FileMissingError if there is none; FailedPreconditionError (an OSError) for a folder, a
    pipe, a device, and where the system refuses.
    """
    try:
        descriptor = Descriptor(path, os.O_RDONLY | _AT_ONCE)
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissingError("no such file", path=path) from None
    except ValueError:  # a zero byte
        raise FileMissingError("no file can have this name", path=path) from None
    except OSError as error:
        if os.path.isdir(path):  # Windows opens no folders
            raise _no_file(path, "a folder", errno.EISDIR) from None
        raise failed(error, path, "open the file") from error
    status = os.fstat(descriptor.number)
    if stat.S_ISDIR(status.st_mode):
        raise _no_file(path, "a folder", errno.EISDIR)
    if not stat.S_ISREG(status.st_mode):
        raise _no_file(path, _KINDS.get(stat.S_IFMT(status.st_mode), "no file"), errno.EINVAL)
    return descriptor, status


def _no_file(path: str, kind: str, number: int) -> FailedPreconditionError:
    error = FailedPreconditionError(f"this is {kind}, where a file is expected", path=path)
    error.errno, error.strerror, error.filename = number, os.strerror(number), path
    return error
