"""A folder in the making: filled under a temporary name, renamed when it is whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import weakref

from tfckpt.storage.lock import lock
from tfckpt.storage.refused import refused
from tfckpt.storage.write import LEFTOVER, sync_folder, temporary_path


class FolderWriter:
    """A new folder. What it holds shows under its name only once `publish` has run.

    A folder that is never published is removed by `discard`, or with the object.

    Raises AssertionError if there is one of that name, and something in it.
    """

    def __init__(self, path: str, *, fsync: bool = True) -> None:
        self.final = os.path.normpath(path)
        self.published = False
        self._fsync = fsync
        self._remove: weakref.finalize[..., FolderWriter] | None = None
        self._check()

    def _check(self) -> None:
        if os.path.lexists(self.final) and not os.path.isdir(self.final):
            raise AssertionError(f"{self.final} is a file, where a folder is to be made")
        if os.path.isdir(self.final) and os.listdir(self.final):
            raise AssertionError(
                f"Export directory {self.final} already exists, and isn't empty. Please choose "
                f"another, or delete all that is in it."
            )

    def open(self) -> str:
        """Return the path under which the folder is now; make it if it is not there yet."""
        if self.published:
            return self.final
        if self._remove is None:
            self._check()
            _remove_abandoned(self.final)
            path = temporary_path(self.final)
            made = _first_missing(os.path.dirname(path) or ".")
            try:
                with refused(path, "make the folder"):
                    os.makedirs(path)
            except OSError:
                _remove_empty(os.path.dirname(path), made)
                raise
            self._path = path
            self._remove = weakref.finalize(
                self, _discard, path, made, os.getpid(), _locked_folder(path)
            )
        return self._path

    def publish(self) -> None:
        """Give the folder its name.

        Raises AssertionError if something came to be there meanwhile; then nothing has changed.
        """
        if self.published:
            return
        path = self.open()
        self._check()
        if self._fsync:
            for folder, _, _ in os.walk(path):
                sync_folder(os.path.join(folder, ""))
        with refused(self.final, "rename the finished folder to its name"):
            if os.name == "nt" and os.path.isdir(self.final):
                os.rmdir(self.final)
            os.rename(path, self.final)  # takes the place of an empty folder
        assert self._remove is not None
        detached = self._remove.detach()
        assert detached is not None
        _close(detached[2][-1])
        self.published = True
        if self._fsync:
            sync_folder(self.final)

    def discard(self) -> None:
        """Remove the folder if it was not published."""
        if self._remove is not None and not self.published:
            self._remove()
            self._remove = None


def _first_missing(folder: str) -> str | None:
    """Return the outermost folder on the way to `folder` that is not there."""
    missing = None
    while folder and not os.path.isdir(folder):
        missing, folder = folder, os.path.dirname(folder)
    return missing


def _locked_folder(path: str) -> int | None:
    """Open a folder and hold a lock on it, by which `_remove_abandoned` knows that it is alive."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return None
    lock(fd)
    return fd


def _remove_abandoned(final: str) -> None:
    """Remove what killed processes left of a folder of this name."""
    folder, base = os.path.split(final)
    if not os.path.isdir(folder or "."):
        return
    for name in os.listdir(folder or "."):
        path = os.path.join(folder, name)
        if name.startswith(base) and LEFTOVER.fullmatch(name, len(base)) and _is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: str) -> bool:
    if not os.path.isdir(path):
        return False
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return lock(fd) is True
    finally:
        os.close(fd)


def _close(fd: int | None) -> None:
    if fd is not None:
        os.close(fd)


def _discard(path: str, made: str | None, pid: int, fd: int | None) -> None:
    _close(fd)
    if os.getpid() != pid:  # a fork of the process that makes the folder
        return
    shutil.rmtree(path, ignore_errors=True)
    _remove_empty(os.path.dirname(path), made)


def _remove_empty(folder: str, made: str | None) -> None:
    """Remove the folders on the way that were made for this one, if nothing else is in them."""
    while made is not None and len(folder) >= len(made):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
        folder = os.path.dirname(folder)
