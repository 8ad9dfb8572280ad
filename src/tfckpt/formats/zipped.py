"""Zip archives, as numpy, PyTorch and Keras use them: members by name, and where their bytes lie.

    [local header, name, extra, data] a member, [entry, name, extra] a member, [end]

The central directory at the end lists the members; a local header is read only to learn how far
behind it the data begin. From 4 GiB or 65,535 members on, sizes stand in extra fields and in an
end of their own (PKWARE's ``APPNOTE.TXT``, 4.3 and 4.5.3).

Nothing is ever extracted: the name of a member is a text, wherever it would lead as a path.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tfckpt import limits
from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError, UnimplementedError
from tfckpt.storage import Gathered, NewFile, Source

STORED, DEFLATED = 0, 8
_METHODS = {STORED: "stored", DEFLATED: "deflated"}

_LOCAL = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64 = struct.Struct("<4sIQI")
_LOCAL_MARK, _ENTRY_MARK, _END_MARK = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_END64_MARK, _LOCATOR64_MARK = b"PK\6\6", b"PK\6\7"
_DATA_MARK = b"PK\7\x08"

_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 1 << 0, 1 << 3, 1 << 11
_IN_64 = 0xFFFFFFFF
_MANY = 0xFFFF
_EXTRA_64 = 1
_LONGEST_COMMENT = 0xFFFF
LONGEST_NAME = 0xFFFF
_PIECE = 1 << 20
# Deflate makes no more of a byte.
_MOST_INFLATED = 1032


class Member(NamedTuple):
    """What the directory says of a member; `stored` is its size in the archive."""

    name: str
    method: int
    crc32: int
    stored: int
    size: int
    header: int


# Reading


class Archive:
    """The members of an archive, by name, in the order of the directory.

    Raises DataLossError for what is no archive, or one whose members contradict each other.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        count, begin, size = _end_of(source)
        entries = memoryview(source.read(begin, size))
        self.members: dict[str, Member] = {}
        for member in _decode_entries(entries, count):
            if member.name in self.members:
                raise DataLossError(f"the archive has {member.name!r} twice")
            self.members[member.name] = member
        self._headers = [*sorted({member.header for member in self.members.values()}), begin]
        if len(self._headers) <= len(self.members):
            raise DataLossError("members of the archive lie in one place")

    def offset(self, member: Member) -> int:
        """Return where a member's data begins.

        Raises DataLossError if it reaches into another member, or is encrypted.
        """
        at = member.header
        end = self._headers[bisect_right(self._headers, at)] if at < self._headers[-1] else at
        if end - at < _LOCAL.size:
            raise _broken(member, "there is no room for its header")
        fields = _LOCAL.unpack(self._source.read(at, _LOCAL.size))
        if fields[0] != _LOCAL_MARK or fields[3] != member.method:
            raise _broken(member, "its header is not there, or another's")
        begin: int = at + _LOCAL.size + fields[9] + fields[10]
        if begin + member.stored > end:
            raise _broken(member, "it reaches into what follows")
        return begin

    def chunks(self, member: Member, *, verify: bool = True) -> Iterator[Buffer]:
        """Yield what a member holds, unpacked and checked, a megabyte at a time."""
        begin, crc, total = self.offset(member), 0, 0
        inflate = zlib.decompressobj(-15) if member.method == DEFLATED else None
        for at in range(begin, begin + member.stored, _PIECE):
            rest: Buffer = self._source.read(at, min(_PIECE, begin + member.stored - at))
            while len(rest):
                if inflate is None:
                    data, rest = rest, b""
                else:
                    data, rest = _inflated(inflate, rest, member)
                total += len(data)
                if total > member.size:
                    raise _broken(member, f"it holds more than the {member.size} bytes it says")
                crc = zlib.crc32(data, crc)
                yield data
        if inflate is not None:
            data = inflate.flush()
            crc, total = zlib.crc32(data, crc), total + len(data)
            yield data
        if total != member.size:
            raise _broken(member, f"it holds {total} bytes, and says {member.size}")
        if verify and crc != member.crc32:
            raise _broken(member, f"its checksum is {crc:#010x}, not {member.crc32:#010x}")

    def read(self, member: Member, *, verify: bool = True) -> bytes:
        """Return all that a member holds. Raises ResourceExhaustedError where that is too much."""
        limits.current().check_memory(member.size, self._source.size, f"member {member.name!r}")
        return b"".join(self.chunks(member, verify=verify))


def _inflated(inflate: zlib._Decompress, data: Buffer, member: Member) -> tuple[bytes, Buffer]:
    """Return a megabyte of what deflated bytes hold, and what is left of them."""
    try:
        made = inflate.decompress(data, _PIECE)
    except zlib.error as error:
        raise _broken(member, f"it cannot be inflated: {error}") from None
    rest = inflate.unconsumed_tail
    if inflate.eof:
        rest = b""
    return made, rest


def _broken(member: Member, why: str) -> DataLossError:
    return DataLossError(f"member {member.name!r} of the archive is damaged: {why}")


def _end_of(source: Source) -> tuple[int, int, int]:
    """Return how many members there are, and offset and size of the directory."""
    tail_size = min(source.size, _END.size + _LONGEST_COMMENT)
    begin = source.size - tail_size
    tail = bytes(source.read(begin, tail_size))
    at = tail.rfind(_END_MARK)
    while at >= 0 and len(tail) - at >= _END.size:
        fields = _END.unpack_from(tail, at)
        if at + _END.size + fields[7] == len(tail):
            return _checked_end(source, begin + at, fields)
        at = tail.rfind(_END_MARK, 0, at)
    raise DataLossError("no zip archive, or one that was cut short: its end is not there")


def _checked_end(source: Source, at: int, fields: tuple[int, ...]) -> tuple[int, int, int]:
    _, disk, first_disk, here, count, size, offset, _ = fields
    found = _end64(source, at)  # PyTorch always writes one
    if found is not None:
        at, disk, first_disk, here, count, size, offset = found
    if disk or first_disk or here != count:
        raise UnimplementedError("the archive is one of several volumes")
    if offset + size != at:
        raise DataLossError(
            f"the directory of the archive should end at {at}, it ends at {offset + size}"
        )
    return count, offset, size


def _end64(source: Source, at: int) -> tuple[int, ...] | None:
    """Read the end for large archives, where there is one before the other."""
    if at < _LOCATOR64.size + _END64.size:
        return None
    mark, _, place, _ = _LOCATOR64.unpack(source.read(at - _LOCATOR64.size, _LOCATOR64.size))
    if mark != _LOCATOR64_MARK:
        return None
    fields = _END64.unpack(source.read(place, _END64.size))
    if fields[0] != _END64_MARK or place + 12 + fields[1] != at - _LOCATOR64.size:
        raise DataLossError("the end of the archive is damaged")
    return (place, *fields[4:])


def _decode_entries(entries: memoryview, count: int) -> Iterator[Member]:
    at = 0
    for _ in range(count):
        if at + _ENTRY.size > len(entries):
            raise DataLossError(f"the directory of the archive has less than {count} entries")
        fields = _ENTRY.unpack_from(entries, at)
        name_at = at + _ENTRY.size
        extra_at = name_at + fields[10]
        end = extra_at + fields[11] + fields[12]
        if fields[0] != _ENTRY_MARK or end > len(entries):
            raise DataLossError("the directory of the archive is damaged", offset=at)
        name = _decode_name(bytes(entries[name_at:extra_at]), fields[3])
        yield _member(name, fields, entries[extra_at : extra_at + fields[11]])
        at = end
    if at != len(entries):
        raise DataLossError(f"the directory of the archive has more than {count} entries")


def _decode_name(data: bytes, flags: int) -> str:
    if not flags & _UTF8:
        return data.decode("cp437")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise DataLossError(f"the name of a member, {data!r:.80}, is no UTF-8") from None


def _member(name: str, fields: tuple[int, ...], extra: memoryview) -> Member:
    flags, method, crc32 = fields[3], fields[4], fields[7]
    stored, size, header = _large(name, (fields[8], fields[9], fields[16]), extra)
    member = Member(name, method, crc32=crc32, stored=stored, size=size, header=header)
    if flags & _ENCRYPTED:
        raise UnimplementedError(f"member {name!r} of the archive is encrypted")
    if method not in _METHODS:
        raise UnimplementedError(
            f"member {name!r} of the archive is packed by method {method}, known are stored and "
            f"deflated ones"
        )
    most = stored if method == STORED else _MOST_INFLATED * stored
    if size > most or (method == STORED and size != stored):
        raise _broken(member, f"{size} bytes cannot come of the {stored} that are stored")
    return member


def _large(name: str, values: tuple[int, int, int], extra: memoryview) -> tuple[int, int, int]:
    """Take values that did not fit their fields from the extra field, which has only those."""
    at = 0
    while _IN_64 in values and at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == _EXTRA_64:
            found = iter(
                struct.unpack_from(f"<{min(size, len(extra) - at - 4) // 8}Q", extra, at + 4)
            )
            # there the unpacked size comes first
            stored, unpacked, header = values
            unpacked = next(found, unpacked) if unpacked == _IN_64 else unpacked
            stored = next(found, stored) if stored == _IN_64 else stored
            header = next(found, header) if header == _IN_64 else header
            return stored, unpacked, header
        at += 4 + size
    return values


# Writing

_VERSION, _VERSION_64 = 20, 45
_DATE = (1980 - 1980) << 9 | 1 << 5 | 1  # the same bytes whenever they are written
_PADDING = 0x4246  # the extra field by which PyTorch pads headers: "FB"


class ZipWriter:
    """Puts members into a file, one behind the other; `finish` writes the directory."""

    def __init__(self, file: NewFile) -> None:
        self._file = Gathered(file)
        self._entries: list[bytes] = []

    def add(self, name: str, data: Iterable[Buffer], size: int, crc32: int, align: int = 1) -> None:
        """Put a stored member of known size and checksum; its data begins at an aligned offset."""
        member = Member(name, STORED, crc32=crc32, stored=size, size=size, header=self._file.size)
        extra = _extra_64(size, size) if size >= _IN_64 else b""
        room = -(self._file.size + _LOCAL.size + len(name.encode()) + len(extra)) % align
        if room:
            room += align if room < 4 else 0
            extra += struct.pack("<2H", _PADDING, room - 4) + b"Z" * (room - 4)
        self._begin(member, extra, 0)
        for chunk in data:
            self._file.write(chunk)
        self._end(member, 0)

    def add_bytes(self, name: str, data: bytes, align: int = 1) -> None:
        self.add(name, [data], size=len(data), crc32=zlib.crc32(data), align=align)

    def add_deflated(self, name: str, data: Iterable[Buffer]) -> None:
        """Put a deflated member; its sizes follow it."""
        header = self._file.size
        self._begin(
            Member(name, DEFLATED, crc32=0, stored=0, size=0, header=header),
            _extra_64(0, 0),
            _SIZES_FOLLOW,
        )
        begin, crc, size = self._file.size, 0, 0
        deflate = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)
        for chunk in data:
            crc, size = zlib.crc32(chunk, crc), size + len(memoryview(chunk).cast("B"))
            self._file.write(deflate.compress(chunk))
        self._file.write(deflate.flush())
        member = Member(
            name, DEFLATED, crc32=crc, stored=self._file.size - begin, size=size, header=header
        )
        self._file.write(_DATA_MARK + struct.pack("<I2Q", crc, member.stored, size))
        self._end(member, _SIZES_FOLLOW)

    def _begin(self, member: Member, extra: bytes, flags: int) -> None:
        name = member.name.encode()
        is_large = extra[:2] == b"\1\0"
        sizes = (_IN_64, _IN_64) if is_large else (member.stored, member.size)
        head = _LOCAL.pack(
            _LOCAL_MARK,
            _VERSION_64 if is_large else _VERSION,
            flags | _UTF8,
            member.method,
            0,
            _DATE,
            member.crc32,
            *sizes,
            len(name),
            len(extra),
        )
        self._file.write(head + name + extra)

    def _end(self, member: Member, flags: int) -> None:
        name = member.name.encode()
        values = (member.size, member.stored, member.header)
        large = [value for value in values if value >= _IN_64]
        extra = (
            struct.pack(f"<2H{len(large)}Q", _EXTRA_64, 8 * len(large), *large) if large else b""
        )
        size, stored, header = (min(value, _IN_64) for value in values)
        version = _VERSION_64 if large or flags & _SIZES_FOLLOW else _VERSION
        self._entries.append(
            _ENTRY.pack(
                _ENTRY_MARK,
                version,
                version,
                flags | _UTF8,
                member.method,
                0,
                _DATE,
                member.crc32,
                stored,
                size,
                len(name),
                len(extra),
                0,
                0,
                0,
                0,
                header,
            )
            + name
            + extra
        )

    def finish(self) -> None:
        """Write the directory: what comes before it is an archive now."""
        begin, count = self._file.size, len(self._entries)
        directory = b"".join(self._entries)
        self._file.write(directory)
        if count >= _MANY or begin + len(directory) >= _IN_64:
            place = self._file.size
            self._file.write(
                _END64.pack(
                    _END64_MARK,
                    _END64.size - 12,
                    _VERSION_64,
                    _VERSION_64,
                    0,
                    0,
                    count,
                    count,
                    len(directory),
                    begin,
                )
                + _LOCATOR64.pack(_LOCATOR64_MARK, 0, place, 1)
            )
        count, begin = min(count, _MANY), min(begin, _IN_64)
        size = min(len(directory), _IN_64)
        self._file.write(_END.pack(_END_MARK, 0, 0, count, count, size, begin, 0))
        self._file.flush()


def _extra_64(size: int, stored: int) -> bytes:
    return struct.pack("<2H2Q", _EXTRA_64, 16, size, stored)
