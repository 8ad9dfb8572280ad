"""Where bytes lie: the only part of the library that opens, renames or removes files."""

from tfckpt.storage.commit import (
    COMMIT_SUFFIX,
    Group,
    check_unused,
    committed,
    complete,
    publish_together,
    remove_together,
)
from tfckpt.storage.folder import FolderWriter, create_folder, remove_folder
from tfckpt.storage.lease import held_lease, leases
from tfckpt.storage.leftovers import LEFTOVER, remove_leftovers
from tfckpt.storage.links import can_link
from tfckpt.storage.lock import ThreadLock, lock_folder
from tfckpt.storage.looks import (
    is_file,
    is_folder,
    list_beginning,
    list_folder,
    modified_at,
    size_of,
    version_at,
)
from tfckpt.storage.members import Members
from tfckpt.storage.new_file import NewFile
from tfckpt.storage.opening import list_infos, open_source, read_ends, read_file
from tfckpt.storage.places import folder_of, is_remote, join, lies_in, real, relative, split
from tfckpt.storage.room import check_room
from tfckpt.storage.source import (
    MemorySource,
    Source,
    Window,
    checked,
)
from tfckpt.storage.spool import Spool
from tfckpt.storage.store import Info, RemoteOptions
from tfckpt.storage.sync import sync_folder, uncached
from tfckpt.storage.write import (
    FileWriter,
    Gathered,
    check_path,
    create_file,
    link_file,
    remove_file,
    rename_file,
    write_file,
    writing,
)

__all__ = [
    "COMMIT_SUFFIX",
    "LEFTOVER",
    "FileWriter",
    "FolderWriter",
    "Gathered",
    "Group",
    "Info",
    "Members",
    "MemorySource",
    "NewFile",
    "RemoteOptions",
    "Source",
    "Spool",
    "ThreadLock",
    "Window",
    "can_link",
    "check_path",
    "check_room",
    "check_unused",
    "checked",
    "committed",
    "complete",
    "create_file",
    "create_folder",
    "folder_of",
    "held_lease",
    "is_file",
    "is_folder",
    "is_remote",
    "join",
    "leases",
    "lies_in",
    "link_file",
    "list_beginning",
    "list_folder",
    "list_infos",
    "lock_folder",
    "modified_at",
    "open_source",
    "publish_together",
    "read_ends",
    "read_file",
    "real",
    "relative",
    "remove_file",
    "remove_folder",
    "remove_leftovers",
    "remove_together",
    "rename_file",
    "size_of",
    "split",
    "sync_folder",
    "uncached",
    "version_at",
    "write_file",
    "writing",
]
