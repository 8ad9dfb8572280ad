"""Reading a pickle for what it says, without running anything that it names.

A pickle is a program for a stack machine, and Python's own reader calls whatever a file tells it
to call. This one imports nothing. It looks names up in a table of the few that a format needs, and
the table's entries make inert values; operations have a table too. Anything in neither is an error.

Known are the operations that writers of protocol 2 and later use (Python's ``pickletools.py``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError, UnimplementedError
from tfckpt.storage import Source

_READ_AHEAD = 64 << 10
_LONGEST_NAME = 1000
_LONGEST_INTEGER = 1000  # bytes
_NEWEST_PROTOCOL = 5


class Name(NamedTuple):
    """What a pickle names: a class or a function, by `module.name`, and what is made of a call."""

    name: str
    call: Callable[..., object] | None = None


class Attributes(dict[Any, Any]):
    """A dict of a class that may have attributes beside its items, such as OrderedDict."""

    attributes: Mapping[str, object]

    def set_state(self, state: object) -> None:
        if not isinstance(state, dict):
            raise DataLossError(f"a dict's attributes are no {type(state).__name__}")
        self.attributes = state


class Machine:
    """Reads one pickle after the other from a file, from `at` on.

    `names` is the table: of what may be named, and what is made of a call of it. `persistent`
    makes something of what a pickle only refers to.

    Raises DataLossError for what is no pickle, UnimplementedError for one that names or does
    something that is not known.
    """

    def __init__(
        self,
        source: Source,
        names: Mapping[str, Callable[..., object] | None],
        persistent: Callable[[object], object],
        at: int = 0,
    ) -> None:
        self._source = source
        self._names = names
        self._persistent = persistent
        self._buffer = b""
        self._data = memoryview(self._buffer)
        self._at = 0
        self._base = at  # where what was read ahead begins
        self._stack: list[Any] = []
        self._marked: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    @property
    def position(self) -> int:
        """Where the next byte is."""
        return self._base + self._at

    def load(self) -> Any:
        """Read one pickle."""
        self._stack, self._marked, self._memo = [], [], {}
        while True:
            begin = self._base + self._at
            code = self._take(1)[0]
            work = _OPERATIONS.get(code)
            try:
                if work is None:
                    raise UnimplementedError(
                        f"the pickle has the operation {code:#04x}, which is not among those that "
                        f"tensors need"
                    )
                if work is _stop:
                    return self._popped()
                work(self)
            except (IndexError, TypeError, ValueError, KeyError) as error:
                if isinstance(error, DataLossError):
                    error.offset = begin
                    raise
                raise DataLossError(
                    f"the pickle is damaged: {error!r:.200}", offset=begin
                ) from None

    # Bytes

    def _take(self, size: int) -> memoryview:
        """Return the next bytes."""
        at = self._at
        if at + size > len(self._data):
            begin = self.position
            ahead = min(max(size, _READ_AHEAD), self._source.size - begin)
            if size > ahead:
                raise DataLossError(
                    f"the pickle ends in the middle: {size} bytes expected, {ahead} are there",
                    offset=begin,
                )
            self._buffer = bytes(self._source.read(begin, ahead))
            self._data = memoryview(self._buffer)
            self._base, at = begin, 0
        self._at = at + size
        return self._data[at : at + size]

    def _line(self) -> str:
        """Return the next bytes up to the end of a line, as text."""
        end = self._buffer.find(b"\n", self._at, self._at + _LONGEST_NAME + 1)
        if end >= 0:
            begin, self._at = self._at, end + 1
            return self._buffer[begin:end].decode()
        line = bytearray()  # it goes on behind what was read ahead
        while len(line) <= _LONGEST_NAME:
            character = bytes(self._take(1))
            if character == b"\n":
                return line.decode()
            line += character
        raise DataLossError("the pickle has a name without end")

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    # The stack

    def _popped(self) -> Any:
        return self._stack.pop()

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _to_mark(self) -> list[Any]:
        """Return what lies above the last mark, and take it away."""
        items = self._stack
        self._stack = self._marked.pop()
        return items

    def _named(self, module: object, name: object) -> None:
        full = f"{module}.{name}"
        if full not in self._names:
            raise UnimplementedError(
                f"the pickle names {full[:200]!r}, which is none of what tensors need: nothing of "
                f"a pickle is run here, so what it would make cannot be read (save the tensors "
                f"alone, as a state_dict)"
            )
        self._push(Name(full, self._names[full]))

    def _call(self, what: object, arguments: object) -> None:
        if not isinstance(what, Name) or not isinstance(arguments, tuple):
            raise DataLossError("the pickle calls what is no function")
        if what.call is None:
            raise UnimplementedError(f"the pickle calls {what.name!r}, which is not known here")
        self._push(what.call(*arguments))


# The operations

Work = Callable[[Machine], None]


def _constant(value: object) -> Work:
    return lambda machine: machine._push(value)


def _unsigned(size: int) -> Work:
    return lambda machine: machine._push(machine._number(size))


def _mark(machine: Machine) -> None:
    machine._marked.append(machine._stack)
    machine._stack = []


def _stop(machine: Machine) -> None:
    """Told apart by what it is."""


def _protocol(machine: Machine) -> None:
    protocol = machine._number(1)
    if protocol > _NEWEST_PROTOCOL:
        raise UnimplementedError(f"a pickle of protocol {protocol}: {_NEWEST_PROTOCOL} is known")


def _frame(machine: Machine) -> None:
    machine._number(8)  # a hint of how much to read at once


def _signed(machine: Machine) -> None:
    machine._push(int.from_bytes(machine._take(4), "little", signed=True))


def _long(size: int) -> Work:
    def work(machine: Machine) -> None:
        length = machine._number(size)
        if length > _LONGEST_INTEGER:
            raise DataLossError(f"the pickle has an integer of {length} bytes")
        machine._push(int.from_bytes(machine._take(length), "little", signed=True))

    return work


def _float(machine: Machine) -> None:
    machine._push(struct.unpack(">d", machine._take(8))[0])


def _text(size: int) -> Work:
    def work(machine: Machine) -> None:
        machine._push(bytes(machine._take(machine._number(size))).decode("utf-8", "surrogatepass"))

    return work


def _bytes(size: int) -> Work:
    return lambda machine: machine._push(bytes(machine._take(machine._number(size))))


def _python2_string(size: int) -> Work:
    """Text where it is, as Python 2 had one type for both."""

    def work(machine: Machine) -> None:
        data = bytes(machine._take(machine._number(size)))
        try:
            machine._push(data.decode())
        except UnicodeDecodeError:
            machine._push(data)

    return work


def _tuple(count: int) -> Work:
    def work(machine: Machine) -> None:
        stack = machine._stack
        if len(stack) < count:
            raise IndexError("the stack is empty")
        items = tuple(stack[-count:])
        del stack[-count:]
        stack.append(items)

    return work


def _tuple_to_mark(machine: Machine) -> None:
    items = machine._to_mark()
    machine._push(tuple(items))


def _list_to_mark(machine: Machine) -> None:
    items = machine._to_mark()
    machine._push(items)


def _dict_to_mark(machine: Machine) -> None:
    items = machine._to_mark()
    made: dict[Any, Any] = {}
    _set(made, items)
    machine._push(made)


def _append(machine: Machine) -> None:
    value = machine._popped()
    _a(list, machine._stack[-1]).append(value)


def _appends(machine: Machine) -> None:
    items = machine._to_mark()
    _a(list, machine._stack[-1]).extend(items)


def _set_item(machine: Machine) -> None:
    value, key = machine._popped(), machine._popped()
    _set(_a(dict, machine._stack[-1]), [key, value])


def _set_items(machine: Machine) -> None:
    items = machine._to_mark()
    _set(_a(dict, machine._stack[-1]), items)


def _add_items(machine: Machine) -> None:
    items = machine._to_mark()
    _a(set, machine._stack[-1]).update(map(as_key, items))


def _a(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise DataLossError(f"the pickle takes a {type(value).__name__} for a {kind.__name__}")
    return value


def _set(made: dict[Any, Any], items: list[Any]) -> None:
    if len(items) % 2:
        raise DataLossError("the pickle has a key without a value")
    made.update(zip(map(as_key, items[::2]), items[1::2], strict=True))


_PLAIN = frozenset({str, bytes, int, float, bool, type(None)})


def is_plain(value: object) -> bool:
    """Whether there is nothing within a value."""
    return type(value) in _PLAIN


def as_key(key: Any) -> Any:
    """Return what may be a key. Anything nested deeply would take the hash function's stack."""
    if is_plain(key) or (type(key) is tuple and all(map(is_plain, key))):
        return key
    raise UnimplementedError(f"the pickle has a dict or set with a {type(key).__name__} as key")


def _get(size: int) -> Work:
    return lambda machine: machine._push(machine._memo[machine._number(size)])


def _put(size: int) -> Work:
    def work(machine: Machine) -> None:
        machine._memo[machine._number(size)] = machine._stack[-1]

    return work


def _memoize(machine: Machine) -> None:
    machine._memo[len(machine._memo)] = machine._stack[-1]


def _global(machine: Machine) -> None:
    machine._named(machine._line(), machine._line())


def _stack_global(machine: Machine) -> None:
    name, module = machine._popped(), machine._popped()
    machine._named(_a(str, module), _a(str, name))


def _reduce(machine: Machine) -> None:
    arguments, what = machine._popped(), machine._popped()
    machine._call(what, arguments)


def _build(machine: Machine) -> None:
    state = machine._popped()
    made = machine._stack[-1]
    set_state = getattr(made, "set_state", None)
    if set_state is None:
        raise UnimplementedError(f"the pickle sets the state of a {type(made).__name__}")
    set_state(state)


def _persistent(machine: Machine) -> None:
    machine._push(machine._persistent(machine._popped()))


def _pop(machine: Machine) -> None:
    if machine._stack:
        machine._popped()
    else:
        machine._to_mark()


def _duplicate(machine: Machine) -> None:
    machine._push(machine._stack[-1])


_OPERATIONS: dict[int, Work] = {
    ord(code): work
    for code, work in {
        "(": _mark,
        ".": _stop,
        "0": _pop,
        "1": lambda machine: (machine._to_mark(), None)[1],
        "2": _duplicate,
        "N": _constant(None),
        "\x88": _constant(True),
        "\x89": _constant(False),
        "K": _unsigned(1),
        "M": _unsigned(2),
        "J": _signed,
        "\x8a": _long(1),
        "\x8b": _long(4),
        "G": _float,
        "\x8c": _text(1),
        "X": _text(4),
        "\x8d": _text(8),
        "C": _bytes(1),
        "B": _bytes(4),
        "\x8e": _bytes(8),
        "\x96": _bytes(8),
        "U": _python2_string(1),
        "T": _python2_string(4),
        ")": _constant(()),
        "\x85": _tuple(1),
        "\x86": _tuple(2),
        "\x87": _tuple(3),
        "t": _tuple_to_mark,
        "]": lambda machine: machine._push([]),
        "l": _list_to_mark,
        "a": _append,
        "e": _appends,
        "}": lambda machine: machine._push({}),
        "d": _dict_to_mark,
        "s": _set_item,
        "u": _set_items,
        "\x8f": lambda machine: machine._push(set()),
        "\x90": _add_items,
        "h": _get(1),
        "j": _get(4),
        "q": _put(1),
        "r": _put(4),
        "\x94": _memoize,
        "c": _global,
        "\x93": _stack_global,
        "R": _reduce,
        "\x81": _reduce,  # makes an object of a class by its arguments: the same here
        "b": _build,
        "Q": _persistent,
        "\x80": _protocol,
        "\x95": _frame,
    }.items()
}


def no_references(reference: object) -> NoReturn:
    """What a pickle that refers to nothing outside has for `persistent`."""
    raise DataLossError(f"the pickle refers to a {type(reference).__name__} outside of it")


def first_bytes(data: Buffer) -> bool:
    """Whether a file begins as a pickle of protocol 2 or later does."""
    return len(data) > 2 and data[0] == 0x80 and 2 <= data[1] <= _NEWEST_PROTOCOL
