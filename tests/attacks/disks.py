"""What may be on a disk after a loss of power, told from the calls of a save.

A call is on the disk for certain once a flush orders it: bytes of a file by a flush of that file,
names by one of their folder. Of the others any may be there and any may not, in any order: that
is all POSIX says, and more than most file systems do.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from attacks.faults import MODULES

IGNORED = ".tfckpt.lock"  # comes and goes, and says nothing


class Change(NamedTuple):
    """Names that one call changes, all at once: (folder, name) -> what it stands for, or None."""

    names: dict[tuple[int, str], int | None]


class Disk:
    """Folders and files by number. `certain` is what no loss of power takes back."""

    def __init__(self) -> None:
        self.folders: dict[int, dict[str, int]] = {0: {}}
        self.certain: dict[int, dict[str, int]] = {0: {}}
        self.bytes: dict[int, bytearray] = {}
        self.flushed: dict[int, bytes] = {}
        self.pending: list[Change] = []
        self._numbers = iter(range(1, 1 << 40))

    def new_folder(self) -> int:
        number = next(self._numbers)
        self.folders[number], self.certain[number] = {}, {}
        return number

    def new_file(self, data: bytes = b"") -> int:
        number = next(self._numbers)
        self.bytes[number], self.flushed[number] = bytearray(data), b""
        return number

    def change(self, names: dict[tuple[int, str], int | None]) -> None:
        names = {(where, name): to for (where, name), to in names.items() if IGNORED not in name}
        apply(self.folders, Change(names))
        if names:
            self.pending.append(Change(names))

    def flush_folder(self, folder: int) -> None:
        ordered = [one for one in self.pending if any(where == folder for where, _ in one.names)]
        for one in ordered:
            apply(self.certain, one)
        self.pending = [one for one in self.pending if one not in ordered]

    def flush_everything(self) -> None:
        for one in self.pending:
            apply(self.certain, one)
        self.pending = []
        self.flushed = {number: bytes(data) for number, data in self.bytes.items()}

    def find(self, path: tuple[str, ...]) -> int | None:
        number: int | None = 0
        for name in path:
            number = None if number is None else self.folders.get(number, {}).get(name)
        return number

    def after_loss(self, random: Random) -> Iterator[tuple[dict[int, dict[str, int]], int]]:
        """Yield what the names may be, each with what becomes of bytes that were not flushed."""
        everything = range(len(self.pending))
        chosen = [set(), set(everything)]
        chosen += [{one} for one in everything]
        chosen += [set(everything) - {one} for one in everything]
        chosen += [{one for one in everything if random.random() < 0.5} for _ in range(6)]
        for number, kept in enumerate(chosen):
            names = {folder: dict(entries) for folder, entries in self.certain.items()}
            for at in sorted(kept):
                apply(names, self.pending[at])
            yield names, number % 3

    def restore(self, names: dict[int, dict[str, int]], fate: int, root: Path) -> None:
        """Make a folder of what is left: files whole, as they were flushed last, or half."""
        shutil.rmtree(root, ignore_errors=True)
        waiting = [(0, root)]
        while waiting:
            folder, path = waiting.pop()
            path.mkdir()
            for name, number in names[folder].items():
                if number in self.folders:
                    waiting.append((number, path / name))
                else:
                    (path / name).write_bytes(self._left(number, fate))

    def _left(self, number: int, fate: int) -> bytes:
        whole, flushed = bytes(self.bytes[number]), self.flushed[number]
        if whole == flushed or fate == 0:
            return whole
        return flushed if fate == 1 else whole[: len(whole) // 2]


def apply(folders: dict[int, dict[str, int]], change: Change) -> None:
    for (where, name), to in change.names.items():
        if to is None:
            folders[where].pop(name, None)
    for (where, name), to in change.names.items():
        if to is not None:
            folders[where][name] = to


class RecordingOs:
    """The os module; what it does below `root` it does to a Disk, too, and then says so."""

    def __init__(self, root: Path, disk: Disk, tell: Any) -> None:
        self.root, self.disk, self.tell = root, disk, tell
        self._opened: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def _path(self, path: Any) -> tuple[str, ...] | None:
        try:
            parts = Path(os.path.abspath(path)).relative_to(self.root).parts
        except ValueError:
            return None
        return parts

    def _entry(self, path: Any) -> tuple[int, str] | None:
        parts = self._path(path)
        if not parts:
            return None
        folder = self.disk.find(parts[:-1])
        assert folder is not None, path
        return folder, parts[-1]

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        fd = os.open(path, flags, mode)
        parts = self._path(path)
        if parts is not None:
            number = self.disk.find(parts)
            if number is None and IGNORED not in parts[-1]:
                entry = self._entry(path)
                assert entry is not None
                number = self.disk.new_file()
                self.disk.change({entry: number})
                self.tell()
            if number is not None:
                self._opened[fd] = number
        return fd

    def close(self, fd: int) -> None:
        os.close(fd)
        self._opened.pop(fd, None)

    def write(self, fd: int, data: Any) -> int:
        written = os.write(fd, data)
        if fd in self._opened:
            self.disk.bytes[self._opened[fd]] += bytes(data[:written])
            self.tell()
        return written

    def fsync(self, fd: int) -> None:
        os.fsync(fd)
        number = self._opened.get(fd)
        if number in self.disk.folders:
            self.disk.flush_folder(number)  # type: ignore[arg-type]
        elif number is not None:
            self.disk.flushed[number] = bytes(self.disk.bytes[number])
        self.tell()

    def makedirs(self, path: Any, exist_ok: bool = False) -> None:
        there = os.path.isdir(path)
        os.makedirs(path, exist_ok=exist_ok)
        entry = self._entry(path)
        if not there and entry is not None:
            self.disk.change({entry: self.disk.new_folder()})
            self.tell()

    def replace(self, source: Any, target: Any) -> None:
        os.replace(source, target)
        self._moved(source, target)

    def rename(self, source: Any, target: Any) -> None:
        os.rename(source, target)
        self._moved(source, target)

    def _moved(self, source: Any, target: Any) -> None:
        here, there = self._entry(source), self._entry(target)
        assert here is not None
        assert there is not None
        self.disk.change({here: None, there: self.disk.folders[here[0]][here[1]]})
        self.tell()

    def link(self, source: Any, target: Any) -> None:
        os.link(source, target)
        here, there = self._entry(source), self._entry(target)
        assert here is not None
        assert there is not None
        self.disk.change({there: self.disk.folders[here[0]][here[1]]})
        self.tell()

    def remove(self, path: Any) -> None:
        os.remove(path)
        self._gone(path)

    def rmdir(self, path: Any) -> None:
        os.rmdir(path)
        self._gone(path)

    def _gone(self, path: Any) -> None:
        entry = self._entry(path)
        if entry is not None:
            self.disk.change({entry: None})
            self.tell()


def record(patch: pytest.MonkeyPatch, root: Path, tell: Any) -> Disk:
    """Let the storage's calls below `root` be done to a Disk too, from what is there now on."""
    disk = Disk()
    _take_in(disk, 0, root)
    disk.flush_everything()
    module = RecordingOs(root, disk, tell)
    for part in MODULES:
        patch.setattr(part, "os", module)
    return disk


def _take_in(disk: Disk, folder: int, path: Path) -> None:
    for one in sorted(path.iterdir()):
        number = disk.new_folder() if one.is_dir() else disk.new_file(one.read_bytes())
        disk.change({(folder, one.name): number})
        if one.is_dir():
            _take_in(disk, number, one)
