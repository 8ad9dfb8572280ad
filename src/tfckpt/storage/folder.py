"""A folder in the making: filled under a temporary name, renamed when it is whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import weakref
from collections.abc import Sequence

from tfckpt.errors import FailedPreconditionError
from tfckpt.names import shown
from tfckpt.storage.descriptor import Descriptor
from tfckpt.storage.leftovers import LEFTOVER, temporary_path
from tfckpt.storage.lock import lock
from tfckpt.storage.looks import size_of
from tfckpt.storage.places import is_remote
from tfckpt.storage.refused import refused
from tfckpt.storage.store import Remote
from tfckpt.storage.sync import make_folder, sync_folder


class FolderWriter:
    """A new folder. What it holds shows under its name only once `publish` has run.

    A folder that is never published is removed by `discard`, or with the object.

    Raises AssertionError if there is one of that name, and something in it.
    """

    def __init__(self, path: str, *, fsync: bool = True) -> None:
        self.final = path if is_remote(path) else os.path.normpath(path)
        self.published = False
        self._fsync = fsync
        self._remove: weakref.finalize[..., FolderWriter] | None = None
        self._noted: dict[str, int] = {}
        self._check()

    def _check(self) -> None:
        if os.path.lexists(self.final) and not os.path.isdir(self.final):
            raise AssertionError(f"{self.final} is a file, where a folder is to be made")
        if os.path.isdir(self.final) and os.listdir(self.final):
            raise _not_empty(self.final)

    def open(self) -> str:
        """Return the path under which the folder is now; make it if it is not there yet."""
        if self.published:
            return self.final
        if self._remove is None:
            self._check()
            _remove_abandoned(self.final)
            self._path = temporary_path(self.final)
            made = _first_missing(os.path.dirname(self._path))
            # Registered before the folder is made, so that it goes whatever happens from here on.
            held: list[Descriptor] = []
            self._remove = weakref.finalize(self, _discard, self._path, made, os.getpid(), held)
            try:
                make_folder(self._path, fsync=self._fsync)
                held.append(_locked_folder(self._path))
            except BaseException:
                self.discard()
                raise
        return self._path

    def note(self) -> None:
        """Take note of the files that are there: `publish` will see to it that they still are."""
        path = self.open()
        for folder, _, names in os.walk(path):
            for name in names:
                file = os.path.join(folder, name)
                self._noted[os.path.relpath(file, path)] = os.path.getsize(file)

    def publish(self) -> None:
        """Give the folder its name.

        Raises AssertionError if something came to be there meanwhile, FailedPreconditionError if
        files that were noted are gone; then nothing has changed.
        """
        if self.published:
            return
        path = self.open()
        self._check()
        self._check_noted(path)
        if self._fsync:
            for folder, _, _ in os.walk(path):
                sync_folder(os.path.join(folder, ""))
        try:
            with refused(self.final, "rename the finished folder to its name"):
                if os.name == "nt" and os.path.isdir(self.final):
                    os.rmdir(self.final)
                os.rename(path, self.final)  # takes the place of an empty folder
        except OSError:
            self._settle(path)
            if not self.published:
                raise
        finally:
            self._settle(path)
        if self._fsync:
            sync_folder(self.final)

    def _settle(self, path: str) -> None:
        """Ask the disk whether the folder has its name."""
        if not os.path.isdir(path) and os.path.isdir(self.final) and self._remove is not None:
            self.published = True
            detached = self._remove.detach()
            if detached is not None:
                _close(detached[2][-1])

    def _check_noted(self, path: str) -> None:
        gone = [name for name, size in self._noted.items() if _size(path, name) != size]
        if gone:
            raise _gone(path, len(self._noted), gone)

    def discard(self) -> None:
        """Remove the folder if it was not published."""
        if self._remove is not None and not self.published:
            self._remove()
            self._remove = None
            self._noted.clear()


class StoreFolderWriter(FolderWriter):
    """A new folder in a store, where nothing is renamed: its files have their names at once.

    So whoever fills it writes last what makes a reader take it for whole.
    """

    def _check(self) -> None:
        self.final = self.final.rstrip("/")
        if Remote(self.final).names():
            raise _not_empty(self.final)

    def open(self) -> str:
        return self.final

    def publish(self) -> None:
        gone = [name for name, size in self._noted.items() if size_of(name) != size]
        if gone and not self.published:
            raise _gone(self.final, len(self._noted), gone)
        self.published = True

    def note(self) -> None:
        self._noted.update(Remote(self.final).below())

    def discard(self) -> None:
        """Remove all files, unless the folder was published: it had none before."""
        if not self.published:
            for url in Remote(self.final).below():
                Remote(url).remove()
            self._noted.clear()


def create_folder(path: str, *, fsync: bool = True) -> FolderWriter:
    """Begin a folder, on this machine or behind a URL. Raises AssertionError."""
    kind = StoreFolderWriter if is_remote(path) else FolderWriter
    return kind(path, fsync=fsync)


def _not_empty(path: str) -> AssertionError:
    return AssertionError(
        f"Export directory {path} already exists, and isn't empty. Please choose another, or "
        f"delete all that is in it."
    )


def _gone(path: str, count: int, gone: Sequence[str]) -> FailedPreconditionError:
    return FailedPreconditionError(
        f"of {count} files that were written {len(gone)} are gone or changed "
        f"({shown(sorted(gone))}): does something clean up there?",
        path=path,
    )


def _size(folder: str, name: str) -> int:
    try:
        return os.path.getsize(os.path.join(folder, name))
    except OSError:
        return -1


def _first_missing(folder: str) -> str | None:
    """Return the outermost folder on the way to `folder` that is not there."""
    missing = None
    while folder and not os.path.isdir(folder):
        missing, folder = folder, os.path.dirname(folder)
    return missing


def _locked_folder(path: str) -> Descriptor:
    """Open a folder and hold a lock on it, by which `_remove_abandoned` knows that it is alive."""
    if os.name == "nt":  # opens no folders
        return Descriptor(os.devnull, os.O_RDONLY)
    with refused(path, "hold the new folder"):
        descriptor = Descriptor(path, os.O_RDONLY)
    lock(descriptor)
    return descriptor


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
    if not os.path.isdir(path) or os.path.islink(path):
        return False
    try:
        descriptor = Descriptor(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return lock(descriptor) is True
    finally:
        descriptor.close()


def _close(held: list[Descriptor]) -> None:
    while held:
        held.pop().close()


def _discard(path: str, made: str | None, pid: int, held: list[Descriptor]) -> None:
    _close(held)
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
