"""Writing files behind URLs.

A short file is one request, and what is there by its name is the old one or the new one. A long
one goes in parts while it is being written, with at most a few of them in memory, and shows when
all are there: that is how object stores do it. Nothing is renamed, for they cannot.

An answer that is lost says nothing about what was done: then the store is asked.
"""

from __future__ import annotations

import os
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from tfckpt.coding import Buffer
from tfckpt.errors import CheckpointError, FailedPreconditionError, FileMissingError
from tfckpt.storage.looks import size_of
from tfckpt.storage.new_file import NewFile
from tfckpt.storage.store import Info, Remote, options

# A part: S3 takes 10,000 of them, of at least 5 MiB; so a file has at most 160 GB.
_PART = 16 << 20


class Upload(NewFile):
    """A file in the making, behind a URL.

    With `exclusive` nothing may have its name, and with `instead_of` (a version) nothing but the
    file of that version: publishing raises FailedPreconditionError otherwise, where the store can
    tell.
    """

    def __init__(self, url: str, *, exclusive: bool = False, instead_of: object = None) -> None:
        self.path = url
        self._remote = Remote(url)
        self._options = options()  # those of this thread, for whichever publishes it
        self._exclusive = exclusive
        self._instead_of = instead_of
        self._gathered = bytearray()
        self._file: Any = None  # fsspec's, once there is more than a part
        self._sender: ThreadPoolExecutor | None = None
        self._sent: Future[None] | None = None
        self._copied = ""  # a file of this machine that is to be sent
        self._temporary = ""
        self._began = False  # to give it its name
        self._perhaps_anothers = False
        self._done = False
        self._process = os.getpid()

    @classmethod
    def of_file(cls, existing: str, url: str) -> Upload:
        """Make one of a file of this machine, or of the same store."""
        size = size_of(existing)
        if size is None:
            raise FileMissingError("no such file", path=existing)
        upload = cls(url)
        upload._copied, upload.size = existing, size
        return upload

    def write(self, data: Buffer) -> None:
        rest = memoryview(data).cast("B")
        self.size += len(rest)
        while len(rest):
            room = _PART - len(self._gathered)
            self._gathered += rest[:room]
            rest = rest[room:]
            if len(self._gathered) == _PART and len(rest):
                self._send()

    def _send(self) -> None:
        """Have what is gathered sent, beside what goes on here."""
        if self._file is None:
            self._file = self._remote.open_upload(_PART, exclusive=self._exclusive)
            self._sender = ThreadPoolExecutor(1, thread_name_prefix="tfckpt-upload")
        self._wait()
        assert self._sender is not None
        part, self._gathered = bytes(self._gathered), bytearray()
        self._sent = self._sender.submit(self._send_now, part)

    def _send_now(self, part: bytes) -> None:
        with self._options:
            self._remote.doing(f"write {len(part)} bytes", lambda: self._file.write(part))

    def _wait(self) -> None:
        sent, self._sent = self._sent, None
        if sent is not None:
            sent.result()

    @property
    def temporary_path(self) -> str:
        if not self._temporary:
            import tempfile

            handle, self._temporary = tempfile.mkstemp(prefix="tfckpt-")
            os.close(handle)
            self._copied = self._temporary
        return self._temporary

    def flush(self) -> None:
        """Nothing can be brought to a store without its name."""

    def publish(self) -> None:
        if self._done:
            return
        self._began = True
        try:
            with self._options:
                self._finish()
        except FileExistsError as error:
            # Ours, if an attempt has worked whose answer was lost, or another's of the same bytes:
            # it is never taken back.
            self._perhaps_anothers = True
            if self._remote.last_attempts == 1 or not self.is_at(self.path):
                raise FailedPreconditionError(
                    "another writer has saved here since this save began", path=self.path
                ) from error
        except FailedPreconditionError:
            if not self.is_at(self.path):
                raise
        self._done = True
        self._close()

    def _finish(self) -> None:
        if self._copied:
            self.size = size_of(self._copied) or 0
            self._remote.take(self._copied)
        elif self._file is None:
            self._remote.put(
                bytes(self._gathered), new_only=self._exclusive, instead_of=self._instead_of
            )
        else:
            self._wait()
            if self._gathered:
                self._send_now(bytes(self._gathered))
                self._gathered = bytearray()
            self._remote.doing("complete the file", self._file.close)

    def is_at(self, path: str) -> bool:
        if path != self.path or not self._began:
            return False
        found = self._there()
        if found is None or found.size != self.size:
            return False
        if self._file is not None or self._copied:
            return True
        try:
            return Remote(path).read_all() == bytes(self._gathered)
        except FileMissingError:
            return False

    def _there(self) -> Info | None:
        try:
            return self._remote.info()
        except FileMissingError:
            return None

    def withdraw(self, path: str) -> None:
        if self._began and not self._perhaps_anothers and (self._done or self.is_at(path)):
            self._remote.remove()

    def discard(self) -> None:
        """Take back what was sent, unless it is published."""
        file, self._file = self._file, None
        try:
            if file is not None and not self._done:
                with suppress(Exception):
                    self._wait()
                _abandon(file)
        finally:
            self._done = True
            self._close()

    def _close(self) -> None:
        if self._sender is not None:
            self._sender.shutdown()
        if self._temporary:
            with suppress(OSError):
                os.remove(self._temporary)
            self._temporary = ""

    def __del__(self) -> None:
        if not getattr(self, "_done", True) and os.getpid() == self._process:
            unfinished = self._file is not None
            self.discard()
            if unfinished:
                message = f"{self.path}: dropped before it was finished"
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)


def _abandon(file: Any) -> None:
    """Have the store forget the parts that it has; closing the file would complete them."""
    file.closed = True  # its finalizer closes it otherwise
    discard = getattr(file, "discard", None)
    if discard is not None:
        with suppress(CheckpointError, OSError, Exception):
            discard()
