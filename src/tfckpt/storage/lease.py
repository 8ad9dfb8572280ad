"""Leases: word that somebody is using a file's namesake, which ends with the process.

A lease is a file in the same folder that says who uses what. It holds a lock, by which the lease
of a process that was killed is told from a living one's; where a file system has no locks a lease
counts for as long as its file is there.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator

from tfckpt.storage.descriptor import Descriptor
from tfckpt.storage.lock import lock, lock_folder, unlock
from tfckpt.storage.looks import list_folder
from tfckpt.storage.refused import refused

_PREFIX = ".tfckpt.lease-"


@contextlib.contextmanager
def held_lease(folder: str, name: str) -> Iterator[None]:
    """Let others know that `name` in `folder` is in use until the block ends.

    The caller looks whether it is there afterwards: until then it may still be deleted.
    """
    path = os.path.join(folder, f"{_PREFIX}{os.urandom(8).hex()}")
    said = {"name": name, "owner": f"process {os.getpid()} of {socket.gethostname()}"}
    held: list[Descriptor] = []
    try:
        try:
            with refused(path, "make the lease"), lock_folder(path):
                held.append(Descriptor(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
                lock(held[0])
                os.write(held[0].number, json.dumps(said).encode())
            yield
        finally:
            _release(path, held)
    finally:  # a signal may have interrupted the first
        _release(path, held)


def _release(path: str, held: list[Descriptor]) -> None:
    with contextlib.suppress(OSError):
        os.remove(path)
    for descriptor in held:
        unlock(descriptor)
        descriptor.close()


def leases(folder: str) -> dict[str, str]:
    """Return which names in a folder are in use, and by whom; what dead processes left goes.

    The caller holds the folder's lock, as whoever takes a lease does.
    """
    found = {}
    for name in list_folder(folder) if os.path.isdir(folder or os.curdir) else ():
        if name.startswith(_PREFIX):
            said = _read(os.path.join(folder, name))
            if said is not None:
                found[said[0]] = said[1]
    return found


def _read(path: str) -> tuple[str, str] | None:
    """Return what a lease says, None (and it is removed) if nobody holds it any more."""
    try:
        descriptor = Descriptor(path, os.O_RDWR)
    except OSError:
        return None
    try:
        if lock(descriptor):
            os.remove(path)
            unlock(descriptor)
            return None
        said = json.loads(os.read(descriptor.number, 1 << 16))
        return str(said["name"]), str(said["owner"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    finally:
        descriptor.close()
