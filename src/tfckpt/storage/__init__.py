"""Where bytes lie: the only part of the library that opens, renames or removes files."""

from tfckpt.storage.commit import (
    COMMIT_SUFFIX,
    Group,
    committed,
    complete,
    publish_together,
)
from tfckpt.storage.folder import FolderWriter
from tfckpt.storage.lease import held_lease, leases
from tfckpt.storage.leftovers import remove_leftovers
from tfckpt.storage.links import can_link
from tfckpt.storage.lock import ThreadLock, lock_folder
from tfckpt.storage.members import Members
from tfckpt.storage.source import (
    MemorySource,
    Source,
    Window,
    is_file,
    is_remote,
    list_folder,
    open_source,
    read_ends,
    read_file,
    version_at,
)
from tfckpt.storage.spool import Spool
from tfckpt.storage.sync import sync_folder
from tfckpt.storage.write import (
    FileWriter,
    Gathered,
    check_local,
    remove_file,
    rename_file,
    write_file,
    writing,
)

__all__ = [
    "COMMIT_SUFFIX",
    "FileWriter",
    "FolderWriter",
    "Gathered",
    "Group",
    "Members",
    "MemorySource",
    "Source",
    "Spool",
    "ThreadLock",
    "Window",
    "can_link",
    "check_local",
    "committed",
    "complete",
    "held_lease",
    "is_file",
    "is_remote",
    "leases",
    "list_folder",
    "lock_folder",
    "open_source",
    "publish_together",
    "read_ends",
    "read_file",
    "remove_file",
    "remove_leftovers",
    "rename_file",
    "sync_folder",
    "version_at",
    "write_file",
    "writing",
]
