"""The errors for whatever needs TensorFlow itself, and what stands in its place until it is used.

A module that is being imported gets an `Absent`, which it may name, subclass and decorate with:
many do so with what the program never uses. A program that runs gets an error at once.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any, NoReturn

_HERE = __name__.rpartition(".")[0]
_MACHINERY = ("importlib", "runpy", "contextlib", "functools")

EXPLANATION = """\
This is no TensorFlow: tfckpt stands in for it. It reads and writes checkpoints, graph files and
SavedModels, and has a Session for variables; it computes nothing else. What it has:
https://tfckpt.github.io/tfckpt/reference/compat/
Either install TensorFlow and run the program without tfckpt.compat, or take the part that reads or
writes the checkpoint out of it."""


class NeedsTensorFlow(NotImplementedError):  # noqa: N818  it says what is needed
    """A program asked for what only TensorFlow itself has.

    `symbol` is what it asked for, `asked_by` the file and line.
    """

    def __init__(self, symbol: str, why: str = "", near: Iterable[str] = ()) -> None:
        self.symbol, self.asked_by, line = symbol, *_asked_by()
        reason = f": {why}" if why else ""
        hint = f"Did you mean {' or '.join(near)}?\n" if near else ""
        code = f"\n    {line}" if line else ""
        super().__init__(
            f"{symbol} needs TensorFlow itself{reason}\n"
            f"  asked for by {self.asked_by}{code}\n{hint}{EXPLANATION}"
        )


class NeedsTensorFlowAttribute(NeedsTensorFlow, AttributeError):  # noqa: N818  it says what is needed
    """The same, where a module has no such attribute: ``hasattr`` is then False."""


class NeedsTensorFlowModule(NeedsTensorFlow, ModuleNotFoundError):  # noqa: N818  it says what is needed
    """The same, where it was to be imported."""

    def __init__(self, symbol: str, why: str = "", near: Iterable[str] = ()) -> None:
        NeedsTensorFlow.__init__(self, symbol, why, near)
        self.msg, self.name = self.args[0], symbol

    __str__ = Exception.__str__


def refuse(symbol: str, why: str = "") -> NoReturn:
    raise NeedsTensorFlow(f"tensorflow.{symbol}", why)


def refuse_given(symbol: str, **arguments: Any) -> None:
    """Raise for the first argument that was given, whose meaning only TensorFlow knows."""
    for name, value in arguments.items():
        if value is not None:
            refuse(symbol, f"its argument {name}= is given")


def askers() -> Iterable[FrameType]:
    """Yield the frames of the program, innermost first: not those of this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        own = name == _HERE or name.startswith(f"{_HERE}.")
        if not own and name.partition(".")[0] not in _MACHINERY:
            yield frame
        frame = frame.f_back


def _asked_by() -> tuple[str, str]:
    """Return the file and line that asked, and what stands there."""
    for frame in askers():
        path, number = frame.f_code.co_filename, frame.f_lineno
        if not path.startswith("<frozen"):
            return f"{path}, line {number}", linecache.getline(path, number).strip()
    return "an unknown place", ""


def is_importing() -> bool:
    """Whether the program is in the midst of importing a module (other than its main one)."""
    specs = (frame.f_globals.get("__spec__") for frame in askers())
    return any(getattr(spec, "_initializing", False) for spec in specs)


class Absent:
    """Stands for something of TensorFlow in a module that is being imported; using it raises."""

    def __init__(self, symbol: str) -> None:
        self.__dict__["_symbol"] = symbol
        self.__dict__["__name__"] = symbol.rpartition(".")[2]

    def _use(self) -> Any:
        if not is_importing():
            raise NeedsTensorFlow(self._symbol)
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if not is_importing():
            raise NeedsTensorFlowAttribute(f"{self._symbol}.{name}")
        return Absent(f"{self._symbol}.{name}")

    def __setattr__(self, name: str, value: object) -> None:
        self._use()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._use()

    def __getitem__(self, key: object) -> Any:
        return self._use()

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        symbol = self._symbol

        def refuse_instance(cls: type, *args: Any, **kwargs: Any) -> Any:
            raise NeedsTensorFlow(symbol, f"{cls.__module__}.{cls.__qualname__} is a kind of it")

        return (type(self.__name__, (), {"__new__": refuse_instance}),)

    def __instancecheck__(self, instance: object) -> bool:
        return False

    def __subclasscheck__(self, subclass: type) -> bool:
        return False

    def __bool__(self) -> bool:
        return bool(self._use())

    def __or__(self, other: object) -> Any:
        return self  # in annotations

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"<{self._symbol}, which needs TensorFlow itself>"
