"""Files elsewhere (``gs://``, ``s3://``, ``memory://`` ...), read through fsspec."""

from __future__ import annotations

from typing import Any

from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError


class RemoteSource:
    """A file behind a URL. Reads ask for just their bytes."""

    version: object = None

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError:
            raise ImportError(f"reading {url} needs fsspec: pip install 'tfckpt[remote]'") from None
        self.path = url
        self._fs: Any
        try:
            self._fs, self._inner = fsspec.core.url_to_fs(url)
        except ValueError as error:  # a protocol that it does not know
            raise InvalidArgumentError(f"this URL leads nowhere: {error}", path=url) from None
        # fsspec keeps listings of folders, and others write here. Only it knows what the folder of
        # a path is in its file system, and it has no public name for that.
        self._fs.invalidate_cache(self._fs._parent(self._inner))
        try:
            info = self._fs.info(self._inner)
        except FileNotFoundError:
            raise FileMissingError("no such file", path=url) from None
        if info["type"] == "directory":
            raise FileMissingError("this is a folder, not a file", path=url)
        self.size = int(info["size"])

    def read(self, offset: int, size: int) -> Buffer:
        if offset + size > self.size:  # before memory is taken for what a forged index asks for
            raise self._too_few(offset, size, max(0, self.size - offset))
        data: bytes = self._fs.cat_file(self._inner, start=offset, end=offset + size)
        if len(data) != size:
            raise self._too_few(offset, size, len(data))
        return data

    def _too_few(self, offset: int, size: int, came: int) -> DataLossError:
        return DataLossError(
            f"{size} bytes expected, {came} came; the file has {self.size} in all",
            path=self.path,
            offset=offset,
        )

    def read_into(self, offset: int, target: memoryview) -> None:
        target[:] = self.read(offset, len(target))

    def map(self, offset: int, size: int) -> memoryview | None:
        return None

    def close(self) -> None:
        """Nothing is held open between reads."""
