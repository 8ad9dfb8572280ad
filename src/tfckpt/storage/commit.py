"""Several files that change at one moment, or not at all.

Replacing files takes a rename each, and whoever is killed between two of them must not leave new
files beside old ones. So one file decides, the head:

    1. every member is renamed to ``<member>.commit``
    2. the head is renamed to ``<head>.commit``          <- from here on the new files count
    3. every ``<member>.commit`` is renamed to its member
    4. ``<head>.commit`` is renamed to ``<head>``, or removed if it only marks the commit

A reader that finds ``<head>.commit`` takes each member from its ``.commit`` file while that
exists. The next writer completes such a commit first.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tfckpt.errors import UnimplementedError
from tfckpt.storage.lock import lock_folder
from tfckpt.storage.looks import is_file, is_folder
from tfckpt.storage.new_file import NewFile
from tfckpt.storage.places import folder_of, is_remote
from tfckpt.storage.refused import refused
from tfckpt.storage.sync import sync_folder
from tfckpt.storage.write import FileWriter, remove_file, rename_file

COMMIT_SUFFIX = ".commit"
_AT_ONCE = 8


class Group(NamedTuple):
    """The files of one checkpoint, as names in its folder."""

    head: str
    """The path of the file that decides."""
    is_member: Callable[[str], bool]
    """Whether a name is that of a file of the group, the head left out."""
    marks_only: bool = False
    """Whether the head is no file of the checkpoint, and there only during a commit."""

    @property
    def under_way(self) -> bool:
        """Whether a commit has come to its moment and not yet to its end."""
        return not is_remote(self.head) and os.path.isfile(self.head + COMMIT_SUFFIX)

    def waiting(self) -> list[str]:
        """Return the members that have a ``.commit`` file; in a store none ever has."""
        if is_remote(self.head):
            return []
        folder = os.path.dirname(self.head)
        names = (
            name.removesuffix(COMMIT_SUFFIX)
            for name in os.listdir(folder or ".")
            if name.endswith(COMMIT_SUFFIX)
        )
        return [os.path.join(folder, name) for name in names if self.is_member(name)]


def committed(path: str, *, under_way: bool) -> str:
    """Return where a member is, given whether its group has a commit under way."""
    waiting = path + COMMIT_SUFFIX
    return waiting if under_way and not is_remote(path) and os.path.isfile(waiting) else path


def publish_together(
    group: Group, members: Sequence[NewFile], head: NewFile | None, *, fsync: bool
) -> None:
    """Give flushed files their names; without a `head` no member replaces anything.

    The caller holds the folder's lock. On an error nothing has changed, unless the moment of
    commit was over: then the new files count, and the next writer finishes what is left to do.

    In a store the members have to have names that nothing has. They are written first, and count
    for nothing before the head, which is written last.
    """
    if is_remote(group.head):
        _publish_in_store(members, head)
        return
    for file in members if head is None else (*members, head):
        _check_free(file.path)
    replaces = group.marks_only or os.path.lexists(group.head)
    suffix = COMMIT_SUFFIX if head is not None and replaces else ""
    counted = False
    try:  # one block: Ctrl-C between two would leave renamed files that nobody takes back
        _rename(members, suffix, fsync)
        if head is not None:
            _rename([head], suffix, fsync)
        counted = True
        complete(group, fsync=fsync)
    except BaseException as error:
        _settle(group, members, head=head, suffix=suffix, fsync=fsync)
        if not (
            counted and isinstance(error, OSError)
        ):  # `_settle` has finished what an OSError interrupted
            raise


def remove_together(path: str, remove: Callable[[], None], wanted: Callable[[], bool]) -> bool:
    """Have `remove` remove the files of a checkpoint with their folder locked.

    `wanted` is asked under the lock: a writer may have put another checkpoint there since somebody
    decided to remove this one. Returns whether it was. Where there is no folder nothing is done.
    """
    if not is_remote(path) and not is_folder(folder_of(path)):
        return True
    with lock_folder(path):
        if not wanted():
            return False
        remove()
    return True


def check_unused(files: Sequence[NewFile]) -> None:
    """Raise UnimplementedError where several files of a store are to be replaced.

    For them there is no one moment, nor a way back.
    """
    for file in files:
        if is_remote(file.path) and is_file(file.path):
            raise UnimplementedError(
                "a store cannot replace several files at one moment: remove this one and those "
                "that belong to it, or write to another name",
                path=file.path,
            )


def _publish_in_store(members: Sequence[NewFile], head: NewFile | None) -> None:
    try:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for done in [threads.submit(member.publish) for member in members]:
                done.result()
        if head is not None:
            head.publish()
    except BaseException as error:
        if head is not None and head.is_at(head.path):
            if isinstance(error, OSError):
                return
            raise
        for member in members:
            with contextlib.suppress(OSError):
                member.withdraw(member.path)
        raise


def _settle(
    group: Group,
    members: Sequence[NewFile],
    head: NewFile | None,
    suffix: str,
    fsync: bool,
) -> None:
    """Finish a commit that counts, take back one that does not; the disk says which it is."""
    if head.is_at(head.path + suffix) if head is not None else _all_there(members):
        complete(group, fsync=fsync)
    elif head is None or not head.is_at(head.path):
        _withdraw(members, suffix)


def _check_free(path: str) -> None:
    """Refuse what no file can take the place of, while nothing has changed yet."""
    if os.path.isdir(path):
        with refused(path, "rename the finished file to its name"):
            raise IsADirectoryError(errno.EISDIR, "a folder has it")


def _rename(files: Sequence[NewFile], suffix: str, fsync: bool) -> None:
    for file in files:
        assert isinstance(file, FileWriter)  # as it is on this machine
        file.rename(file.path + suffix)
    if fsync and files:  # what comes next must not reach the disk before this
        sync_folder(files[0].path)


def _all_there(members: Sequence[NewFile]) -> bool:
    return all(file.is_at(file.path) for file in members)


def _withdraw(members: Sequence[NewFile], suffix: str) -> None:
    """Take back what has its name already, of files that do not count."""
    for file in members:
        with contextlib.suppress(OSError):
            file.withdraw(file.path + suffix)


def complete(group: Group, *, fsync: bool = True) -> None:
    """Bring a commit that was interrupted to its end, and remove one that never got so far."""
    members, under_way = group.waiting(), group.under_way
    for path in members:
        if under_way:
            rename_file(path + COMMIT_SUFFIX, path)
        else:
            remove_file(path + COMMIT_SUFFIX)
    if not under_way:
        return
    if fsync and members:  # the head must not lose its suffix before they do
        sync_folder(group.head)
    if group.marks_only:
        remove_file(group.head + COMMIT_SUFFIX)
    else:
        rename_file(group.head + COMMIT_SUFFIX, group.head)
