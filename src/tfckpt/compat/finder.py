"""The package ``tensorflow`` as the import system sees it: modules made when they are asked for.

CompatFinder   is asked for ``tensorflow`` and what is below it, before other finders
CompatLoader   makes a module for each name that the table knows
CompatModule   looks each attribute up in the table, and imports what stands for it only then

What the table does not have depends on who asks. A program that runs gets an error that names the
symbol and the line. A module that is being imported gets an `Absent`, which fails when it is used:
many modules name what the program never calls.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tfckpt.compat import table
from tfckpt.compat.absent import (
    Absent,
    NeedsTensorFlow,
    NeedsTensorFlowAttribute,
    NeedsTensorFlowModule,
    askers,
    is_importing,
)

PACKAGE = "tensorflow"
# TensorBoard's sign that there is no TensorFlow: it then reads its files by itself.
_NOTF = "tensorboard.compat.notf"
_ORIGIN = str(Path(__file__).with_name("__init__.py"))
# A module may import names from these parts that are not here: they fail once they are used.
_PRIVATE = ("python", "contrib", "core", "compiler", "tools")


class CompatModule(ModuleType):
    """A module of TensorFlow's name whose symbols are found in the table."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self.__dir__()
        if name.startswith("__") and name.endswith("__") and name not in table.symbols():
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = self._found(name)
        self.__dict__[name] = value
        return value

    def _found(self, name: str) -> Any:
        module = table.canonical(self.__name__.partition(".")[2])
        symbol = table.find(module, name)
        if symbol is not None:
            return getattr(import_module(f"tfckpt.{symbol.home}"), symbol.attribute)
        full = f"{module}.{name}" if module else name
        if table.is_module(full):
            if full in table.NOT_IMPORTED and _is_from_import():
                raise NeedsTensorFlowModule(f"{self.__name__}.{name}")
            return _make(f"{self.__name__}.{name}")
        for other in table.ALIASES.get(module, "").split():
            if other != "." and table.is_module(f"{other}.{name}"):
                return import_module(f"{PACKAGE}.{other}.{name}")
        return self._absent(name, module)

    def _absent(self, name: str, module: str) -> Any:
        symbol = f"{self.__name__}.{name}"
        from_import = _is_from_import()
        is_private = module.partition(".")[0] in _PRIVATE
        if is_importing() and (is_private or not from_import):
            return Absent(symbol)
        if from_import:
            raise NeedsTensorFlowModule(symbol, near=_near(module, name))
        raise NeedsTensorFlowAttribute(symbol, near=_near(module, name))

    def __dir__(self) -> list[str]:
        module = table.canonical(self.__name__.partition(".")[2])
        return table.names_in(module)


class _AbsentModule(ModuleType):
    """A private module of TensorFlow's, for modules that import it and may never use it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if not is_importing():
            raise NeedsTensorFlowAttribute(f"{self.__name__}.{name}")
        return Absent(f"{self.__name__}.{name}")


def _is_from_import() -> bool:
    """Whether the attribute is asked for by ``from tensorflow import name``."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    if frame is None:
        return False
    if frame.f_code.co_name == "_handle_fromlist":
        return True
    from dis import opname

    code: bytes = frame.f_code.co_code
    at: int = frame.f_lasti
    return opname[code[at]] == "IMPORT_FROM"


def _near(module: str, name: str) -> list[str]:
    from difflib import get_close_matches

    start = ".".join(filter(None, (PACKAGE, module)))
    return [f"{start}.{near}" for near in get_close_matches(name, table.names_in(module), 2, 0.8)]


class CompatLoader(Loader):
    """Makes the modules."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        if spec.name == _NOTF:
            return ModuleType(spec.name)
        name = spec.name.partition(".")[2]
        return (CompatModule if table.is_module(name) else _AbsentModule)(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = _ORIGIN

    def get_code(self, fullname: str) -> CodeType:
        """Return what ``python -m`` runs. Raises NeedsTensorFlow for what is no program here."""
        program = table.PROGRAMS.get(fullname.partition(".")[2])
        if program is None:
            raise NeedsTensorFlow(f"python -m {fullname}")
        text = f"from tfckpt.compat.graph_tools import {program}\n{program}()\n"
        return compile(text, _ORIGIN, "exec")


class CompatFinder(MetaPathFinder):
    """Finds the modules before others do."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if fullname == _NOTF:
            return ModuleSpec(fullname, LOADER, origin=_ORIGIN)
        if package != PACKAGE:
            return None
        if table.is_module(name) and table.canonical(name) not in table.NOT_IMPORTED:
            return _spec(fullname)
        if not _is_importing_it():
            return None
        if name.partition(".")[0] in _PRIVATE and is_importing():
            return _spec(fullname)
        raise NeedsTensorFlowModule(fullname)


LOADER, FINDER = CompatLoader(), CompatFinder()


def _spec(fullname: str) -> ModuleSpec:
    is_program = table.canonical(fullname.partition(".")[2]) in table.PROGRAMS
    spec = ModuleSpec(fullname, LOADER, origin=_ORIGIN, is_package=not is_program)
    spec.has_location = True
    return spec


def _make(fullname: str) -> ModuleType:
    """Return a module by its full name, made if need be: without asking the finder."""
    found = sys.modules.get(fullname)
    if found is None:
        from importlib.util import module_from_spec

        spec = _spec(fullname)
        found = sys.modules[fullname] = module_from_spec(spec)
        LOADER.exec_module(found)
    return found


def _is_importing_it() -> bool:
    """Whether a module is imported, and not only looked for."""
    frame: Any = sys._getframe(2)
    for _ in range(6):
        if frame is None:
            return False
        if frame.f_code.co_name == "_find_and_load":
            return True
        frame = frame.f_back
    return False


def is_for_tensorboard() -> bool:
    """Whether it is TensorBoard that imports TensorFlow, to use it in place of its own parts."""
    names = (frame.f_globals.get("__name__") for frame in askers())
    return next((name for name in names if name != PACKAGE), None) == "tensorboard.compat"


def real_tensorflow() -> ModuleSpec | None:
    """Return where TensorFlow itself is, if it is installed."""
    loaded = sys.modules.get(PACKAGE)
    if loaded is not None and not isinstance(loaded, CompatModule):
        return loaded.__spec__
    without = [finder for finder in sys.meta_path if finder is not FINDER]
    for finder in without:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(PACKAGE, None) if find is not None else None
        if spec is not None and spec.loader is not None and not _is_ours(spec):
            return spec
    return None


def _is_ours(spec: ModuleSpec) -> bool:
    return spec.origin is not None and Path(spec.origin).parent.parent == stand_in_folder()


def stand_in_folder() -> Path:
    return Path(__file__).with_name("stand_in")


def loaded() -> Iterator[str]:
    """Yield the names of the modules of this package that were imported."""
    return iter([name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")])


__all__ = [
    "FINDER",
    "PACKAGE",
    "is_for_tensorboard",
    "loaded",
    "real_tensorflow",
    "stand_in_folder",
]
