"""tf.io.gfile and tf.gfile: files of this machine, by both sets of names."""

from __future__ import annotations

import glob as _glob
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

from tfckpt.compat.absent import NeedsTensorFlow
from tfckpt.compat.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    PermissionDeniedError,
    tensorflow_errors,
    translated,
)
from tfckpt.names import as_path
from tfckpt.storage import is_remote


def _local(path: Any) -> str:
    local = as_path(path)
    if is_remote(local):
        raise NeedsTensorFlow(f"the file {local}", "gfile has files of this machine only here")
    return local


class GFile:
    """A file, opened when it is first used."""

    _encoding = "utf-8"

    @tensorflow_errors
    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name, self._mode, self._file = name, mode, None
        if mode.replace("b", "").replace("+", "", 1) not in ("r", "w", "a"):
            raise InvalidArgumentError(None, None, f"mode is not 'r' or 'w' or 'a', but {mode!r}")

    @property
    def name(self) -> Any:
        return self._name

    @property
    def mode(self) -> str:
        return self._mode

    @property
    def _opened(self) -> Any:
        if self._file is None:
            with translated():
                text = {} if "b" in self._mode else {"encoding": self._encoding, "newline": "\n"}
                self._file = open(_local(self._name), self._mode, **text)  # type: ignore[call-overload]  # noqa: SIM115
        return self._file

    def _to_read(self) -> Any:
        if "r" not in self._mode and "+" not in self._mode:
            raise PermissionDeniedError(None, None, "File isn't open for reading")
        return self._opened

    def _to_write(self) -> Any:
        if self._mode in ("r", "rb"):
            raise PermissionDeniedError(None, None, "File isn't open for writing")
        return self._opened

    def read(self, n: int = -1) -> Any:
        """Return the rest, or so many bytes or letters of it."""
        return self._to_read().read(n)

    def readline(self) -> Any:
        """Return the next line with its end; empty at the end."""
        return self._to_read().readline()

    def readlines(self) -> list[Any]:
        """Return all lines."""
        return self._to_read().readlines()  # type: ignore[no-any-return]

    def write(self, file_content: Any) -> None:
        """Write to the end."""
        self._to_write().write(file_content)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to a place in the file."""
        self._opened.seek(position if offset is None else offset, whence)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        """Return the place in the file."""
        return self._opened.tell()  # type: ignore[no-any-return]

    @tensorflow_errors
    def size(self) -> int:
        """Return how many bytes the file has."""
        return os.path.getsize(_local(self._name))

    def flush(self) -> None:
        """Hand what was written to the system."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file; one that nothing was written to is not made."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line


class FastGFile(GFile):
    """A file, opened when it is first used."""


class FileIO(GFile):
    """A file, opened when it is first used; its text may have another encoding."""

    def __init__(self, name: Any, mode: str, encoding: str = "utf-8") -> None:
        super().__init__(name, mode)
        self._encoding = encoding


# --- tf.io.gfile


def exists(path: Any) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(_local(path))


def isdir(path: Any) -> bool:
    """Whether there is such a folder."""
    return os.path.isdir(_local(path))


@tensorflow_errors
def listdir(path: Any) -> list[str]:
    """List what is in a folder."""
    if not os.path.isdir(_local(path)):
        raise FileNotFoundError(2, "Could not find directory", _local(path))
    return os.listdir(_local(path))


@tensorflow_errors
def makedirs(path: Any) -> None:
    """Make a folder, and those above it, unless it is there."""
    os.makedirs(_local(path), exist_ok=True)


@tensorflow_errors
def mkdir(path: Any) -> None:
    """Make a folder, unless it is there."""
    if not os.path.isdir(_local(path)):
        os.mkdir(_local(path))


@tensorflow_errors
def remove(path: Any) -> None:
    """Delete a file."""
    os.remove(_local(path))


@tensorflow_errors
def rmtree(path: Any) -> None:
    """Delete a folder with all that is in it."""
    shutil.rmtree(_local(path))


@tensorflow_errors
def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Rename a file or folder."""
    _check_free(dst, overwrite)
    os.replace(_local(src), _local(dst))


@tensorflow_errors
def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file."""
    _check_free(dst, overwrite)
    if os.path.isdir(_local(dst)):
        raise FailedPreconditionError(None, None, f"{_local(dst)}; Is a directory")
    shutil.copyfile(_local(src), _local(dst))


def _check_free(path: Any, overwrite: bool) -> None:
    if not overwrite and os.path.exists(_local(path)):
        raise AlreadyExistsError(None, None, "file already exists")


def glob(pattern: Any) -> list[str]:
    """List the paths that fit a pattern, or one of several."""
    patterns = pattern if isinstance(pattern, list | tuple) else [pattern]
    return [path for pattern in patterns for path in sorted(_glob.glob(_anchored(_local(pattern))))]


def _anchored(pattern: str) -> str:
    """Return a pattern with ``./`` where a wildcard comes before any folder, as in TensorFlow."""
    plain = re.split(r"[*?\[\\]", pattern, maxsplit=1)[0]
    return pattern if "/" in plain or plain == pattern else f"./{pattern}"


class FileStatistics:
    """What is known of a file."""

    def __init__(self, length: int, mtime_nsec: int, is_directory: bool) -> None:
        self.length, self.mtime_nsec, self.is_directory = length, mtime_nsec, is_directory


@tensorflow_errors
def stat(path: Any) -> FileStatistics:
    """Return length, time and kind of a file."""
    found = os.stat(_local(path))
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(_local(path)))


def walk(top: Any, topdown: bool = True, onerror: Any = None) -> Iterator[Any]:
    """Yield each folder below one, with the folders and files in it."""
    return iter(os.walk(_local(top), topdown, onerror))


def join(path: Any, *paths: Any) -> Any:
    """Join the parts of a path."""
    return os.path.join(path, *paths)


def get_registered_schemes() -> list[str]:
    """List the kinds of URL that are known."""
    return ["", "file"]


# --- tf.gfile


def Exists(filename: Any) -> bool:  # noqa: N802
    """Whether there is such a file or folder."""
    return exists(filename)


def IsDirectory(dirname: Any) -> bool:  # noqa: N802
    """Whether there is such a folder."""
    return isdir(dirname)


def ListDirectory(dirname: Any) -> list[str]:  # noqa: N802
    """List what is in a folder."""
    return listdir(dirname)


def MakeDirs(dirname: Any) -> None:  # noqa: N802
    """Make a folder, and those above it, unless it is there."""
    makedirs(dirname)


def MkDir(dirname: Any) -> None:  # noqa: N802
    """Make a folder, unless it is there."""
    mkdir(dirname)


def Remove(filename: Any) -> None:  # noqa: N802
    """Delete a file."""
    remove(filename)


def DeleteRecursively(dirname: Any) -> None:  # noqa: N802
    """Delete a folder with all that is in it."""
    rmtree(dirname)


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:  # noqa: N802
    """Rename a file or folder."""
    rename(oldname, newname, overwrite)


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:  # noqa: N802
    """Copy a file."""
    copy(oldpath, newpath, overwrite)


def Glob(filename: Any) -> list[str]:  # noqa: N802
    """List the paths that fit a pattern, or one of several."""
    return glob(filename)


def Stat(filename: Any) -> FileStatistics:  # noqa: N802
    """Return length, time and kind of a file."""
    return stat(filename)


def Walk(top: Any, in_order: bool = True) -> Iterator[Any]:  # noqa: N802
    """Yield each folder below one, with the folders and files in it."""
    return walk(top, in_order)


# --- python.lib.io.file_io


def file_exists(filename: Any) -> bool:
    """Whether there is such a file or folder."""
    return exists(filename)


def is_directory(dirname: Any) -> bool:
    """Whether there is such a folder."""
    return isdir(dirname)


def get_matching_files(filename: Any) -> list[str]:
    """List the paths that fit a pattern, or one of several."""
    return glob(filename)


def recursive_create_dir(dirname: Any) -> None:
    """Make a folder, and those above it, unless it is there."""
    makedirs(dirname)


def list_directory(dirname: Any) -> list[str]:
    """List what is in a folder."""
    return listdir(dirname)


def delete_recursively(dirname: Any) -> None:
    """Delete a folder with all that is in it."""
    rmtree(dirname)


def read_file_to_string(filename: Any, binary_mode: bool = False) -> Any:
    """Return what is in a file."""
    with GFile(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: Any, file_content: Any) -> None:
    """Write a file."""
    with GFile(filename, "wb" if isinstance(file_content, bytes) else "w") as file:
        file.write(file_content)
