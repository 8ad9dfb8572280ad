"""Index and shards of one save, held together while others may replace them."""

from __future__ import annotations

from collections.abc import Mapping

from tfckpt.bundle.commit import bundle_group, committed_index, has_index
from tfckpt.bundle.entry import HEADER_KEY, Header
from tfckpt.bundle.fetch import Shard
from tfckpt.bundle.naming import data_path, index_path
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError, located
from tfckpt.storage import Info, Members, Source, list_infos, open_source, version_at
from tfckpt.table import Table

# A save that replaces the checkpoint while it is being opened makes the opening begin anew.
_ATTEMPTS = 100


class BundleFiles:
    """The files of the bundle at `prefix`.

    Raises FileMissingError if there is no index, DataLossError if it is no table or its header
    is damaged.
    """

    def __init__(self, prefix: str, *, mmap: bool) -> None:
        self.prefix = prefix
        self.closed = True
        self._mmap = mmap
        for attempt in range(_ATTEMPTS):
            try:
                self._open()
            except FileMissingError:  # between finding the index and opening it
                if attempt == _ATTEMPTS - 1 or not has_index(prefix):
                    raise
                continue
            if self._is_current():
                return
            self.close()
        raise DataLossError(
            f"it was replaced while being opened, {_ATTEMPTS} times in a row", path=prefix
        )

    def _open(self) -> None:
        self.index = committed_index(self.prefix)
        infos = list_infos(f"{self.prefix}.")
        if infos is not None and self.index not in infos:
            raise FileMissingError("no such file", path=self.index)
        known = None if infos is None else infos[self.index]
        self._source = open_source(self.index, mmap=self._mmap, info=known)
        try:
            self.table = Table(self._source)
            header = self.table.get(HEADER_KEY)
            with located(self.index):
                if header is None:
                    raise DataLossError("the index has no header")
                self.header = Header.decode(header)
            self._shards = _shards(self.prefix, self.header, self._source, infos, mmap=self._mmap)
            # Opened at once, not when they are needed: index and shards have to be of one save.
            self._shards.open_first(self.header.num_shards)
        except BaseException:
            self._source.close()
            raise
        self.closed = False

    def _is_current(self) -> bool:
        """Whether the index that was opened still counts, under the name it was opened by.

        The name matters. An index called ``.index.commit`` has shards that may have the suffix
        too; once its commit is over, shards with the suffix belong to the next save.
        """
        version = self._source.version
        if self._source.distant:  # its checksums tell, and then it is asked
            return True
        return self.index == committed_index(self.prefix) and version_at(self.index) == version

    def shard(self, shard_id: int, name: str) -> Shard:
        """Return a shard; `name` is the tensor that needs it."""
        self.check_open()
        if shard_id >= self.header.num_shards:
            raise DataLossError(
                f"lies in shard {shard_id}, the checkpoint has {self.header.num_shards}",
                path=self.index,
                tensor=name,
            )
        try:
            return self._shards.open(shard_id, self._is_current)
        except FileMissingError as error:
            raise FileMissingError(
                f"the index {index_path(self.prefix)} needs this shard, which is missing: was it "
                f"copied or downloaded along?",
                path=error.path,
                tensor=name,
            ) from None
        except CheckpointError as error:
            error.path, error.tensor = error.path or self.prefix, name
            raise

    def where(self, shard_id: int) -> str:
        """Return the path that a shard has at this moment."""
        return self._shards.where(shard_id)

    @property
    def stored(self) -> int:
        """Bytes of the shards that were opened so far."""
        return sum(self._shards.sizes.values())

    def check_open(self) -> None:
        """Raise ValueError once they are closed."""
        if self.closed:
            raise ValueError(f"the reader of {self.prefix} is closed")

    def close(self) -> None:
        self.closed = True
        self._source.close()
        self._shards.close()


def _shards(
    prefix: str, header: Header, index: Source, infos: Mapping[str, Info] | None, *, mmap: bool
) -> Members[Shard]:
    # A function, not a method: `make` must not refer to the reader, or one that is dropped would
    # keep its files open until the cycle collector runs.
    def make(source: Source) -> Shard:
        if source.distant and infos is None:  # a listing has told of all of them together
            source.beside = index
        return Shard(source, header.big_endian)

    return Members(
        bundle_group(prefix),
        path_of=lambda shard_id: data_path(prefix, shard_id, header.num_shards),
        make=make,
        mmap=mmap,
        infos=infos,
    )
