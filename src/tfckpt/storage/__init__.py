"""Where bytes lie: the only part of the library that opens, renames or removes files."""

from tfckpt.storage.folder import FolderWriter
from tfckpt.storage.lock import lock_folder
from tfckpt.storage.source import Source, is_file, open_source, read_file, version_of
from tfckpt.storage.spool import Spool
from tfckpt.storage.write import (
    FileWriter,
    check_local,
    remove_file,
    remove_leftovers,
    rename_file,
    sync_folder,
    write_file,
)

__all__ = [
    "FileWriter",
    "FolderWriter",
    "Source",
    "Spool",
    "check_local",
    "is_file",
    "lock_folder",
    "open_source",
    "read_file",
    "remove_file",
    "remove_leftovers",
    "rename_file",
    "sync_folder",
    "version_of",
    "write_file",
]
