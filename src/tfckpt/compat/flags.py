"""tf.flags and tf.app.run.

Where absl is installed these are absl's, as in TensorFlow. Where it is not, a small part of absl is
here: absl is a dependency of TensorFlow's, and a program should not need it for three flags.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from inspect import Parameter, Signature
from typing import Any, NoReturn

# What TensorFlow 1 called arguments of the functions below.
_OLD_NAMES = {"flag_name": "name", "default_value": "default", "docstring": "help"}


class Error(Exception):
    """A flag that is wrong."""


class _Flag:
    """A flag: how its text is read, and its value."""

    def __init__(
        self, name: str, default: Any, help: str | None, parse: Callable[[str], Any]
    ) -> None:
        self.name, self.help, self.parse = name, help or "", parse
        self.default = self.value = default
        self.is_boolean = isinstance(getattr(parse, "__self__", None), BooleanParser)
        self.is_multiple = self.is_required = False


class _Named:
    """Flags by name, whether absl's or our own."""

    _flags: Any

    def __getitem__(self, name: str) -> Any:
        return self._flags[name]

    def __contains__(self, name: object) -> bool:
        return name in self._flags

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags)

    def __len__(self) -> int:
        return len(self._flags)


class FlagValues(_Named):
    """The flags of a program; they are read from the command line when the first is asked for."""

    def __init__(self) -> None:
        self.__dict__.update(_flags={}, _is_parsed=False, _checks=[])

    def _define(self, flag: _Flag) -> None:
        self._flags[flag.name] = flag

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        """Read the command line; return what is no flag, and the program's name before it."""
        self.__dict__["_is_parsed"] = True
        rest, given = [argv[0]], iter(argv[1:])
        for text in given:
            if text == "--":
                rest.extend(given)
            elif text.startswith("-") and text != "-":
                self._read(text, given, rest if known_only else None)
            else:
                rest.append(text)
        for flag in self._flags.values():
            if flag.is_required and flag.value is None:
                raise Error(f"Flag --{flag.name} must have a value other than None.")
        return rest

    def _read(self, text: str, more: Iterator[str], unknown: list[str] | None) -> None:
        name, equals, value = text.lstrip("-").partition("=")
        flag, negated = self._flags.get(name), self._flags.get(name.removeprefix("no"))
        if flag is None and negated is not None and negated.is_boolean and name.startswith("no"):
            negated.value = False
            return
        if flag is None:
            if name in ("help", "helpfull", "h"):
                self._print_help()
            if unknown is None:
                raise Error(f"Unknown command line flag {name!r}")
            unknown.append(text)
            return
        if not equals:
            try:
                value = "true" if flag.is_boolean else next(more)
            except StopIteration:
                raise Error(f"Missing value for flag --{name}") from None
        try:
            parsed = flag.parse(value)
        except ValueError as error:
            raise Error(f"flag --{name}={value}: {error}") from None
        if flag.is_multiple:
            first = flag.value is flag.default
            parsed = [parsed] if first else [*flag.value, parsed]
        flag.value = parsed

    def _print_help(self) -> NoReturn:
        print(f"\nflags of {sys.argv[0]}:")
        for flag in self._flags.values():
            print(f"  --{flag.name}: {flag.help} (default: {flag.default!r})")
        sys.exit(1)

    def is_parsed(self) -> bool:
        return self._is_parsed  # type: ignore[no-any-return]

    def flag_values_dict(self) -> dict[str, Any]:
        """Return all flags with their values."""
        self._ready()
        return {name: flag.value for name, flag in self._flags.items()}

    def _ready(self) -> None:
        if not self._is_parsed:
            self(sys.argv)

    def __getattr__(self, name: str) -> Any:
        if name not in self._flags:
            raise AttributeError(name)
        self._ready()
        return self._flags[name].value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._flags:
            raise AttributeError(name)
        self._flags[name].value = value


class _Absl(_Named):
    """absl's flags, read from the command line when the first is asked for.

    absl itself raises where nobody has read them; TensorFlow 1's ``tf.flags`` read them by then.
    """

    def __init__(self, flags: Any) -> None:
        self.__dict__["_flags"] = flags

    def __getattr__(self, name: str) -> Any:
        if not self._flags.is_parsed():
            self._flags(sys.argv)
        return getattr(self._flags, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._flags, name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._flags(*args, **kwargs)


_absl: Any = import_module("absl.flags") if find_spec("absl") else None
FLAGS: Any = FlagValues() if _absl is None else _Absl(_absl.FLAGS)


class BooleanParser:
    """Reads true and false."""

    def parse(self, argument: Any) -> bool:
        """Return the value of a text. Raises ValueError for one that is neither."""
        text = str(argument).lower()
        if text in ("true", "t", "1", "yes", "y"):
            return True
        if text in ("false", "f", "0", "no", "n"):
            return False
        raise ValueError("Non-boolean argument to boolean flag", argument)


def _define(
    kind: str, parse: Callable[[str], Any], given: dict[str, Any], multiple: bool = False
) -> None:
    given.update({_OLD_NAMES[old]: given.pop(old) for old in list(given) if old in _OLD_NAMES})
    if _absl is not None:
        getattr(_absl, f"DEFINE_{kind}")(**given)
        return
    default = given.get("default")
    if isinstance(default, str) and parse is not str:
        default = parse(default)
    flag = _Flag(given["name"], default, given.get("help"), parse)
    flag.is_multiple, flag.is_required = multiple, bool(given.get("required"))
    (given.get("flag_values") or FLAGS)._define(flag)


_COMMON = "name default help flag_values required"
_BOUNDED = "name default help lower_bound upper_bound flag_values required"
_SPACED = "name default help comma_compat flag_values required"
_OF_MODULE = "name default help flag_values module_name required"


def _definer(
    kind: str, parse: Callable[[str], Any], multiple: bool = False, parameters: str = _COMMON
) -> Callable[..., None]:
    names = parameters.split()

    def define(*args: Any, **kwargs: Any) -> None:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        _define(kind, parse, given, multiple)

    define.__signature__ = _signature(names)  # type: ignore[attr-defined]
    define.__doc__ = f"Define a flag: {kind.replace('_', ' ')}."
    define.__name__ = define.__qualname__ = f"DEFINE_{kind}"
    return define


def _signature(names: Sequence[str]) -> Signature:
    """Return the signature that a definition has in absl."""
    defaults: dict[str, Any] = dict.fromkeys(names[3:]) | {"required": False, "comma_compat": False}
    kind = Parameter.POSITIONAL_OR_KEYWORD
    known = [Parameter(name, kind, default=defaults.get(name, Parameter.empty)) for name in names]
    return Signature([*known, Parameter("args", Parameter.VAR_KEYWORD)])


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


DEFINE_string = _definer("string", str)
DEFINE_integer = _definer("integer", lambda text: int(text, 0), parameters=_BOUNDED)
DEFINE_float = _definer("float", float, parameters=_BOUNDED)
DEFINE_boolean = _definer("boolean", BooleanParser().parse, parameters=_OF_MODULE)
DEFINE_bool = DEFINE_boolean
DEFINE_list = _definer("list", _listed)
DEFINE_spaceseplist = _definer("spaceseplist", str.split, parameters=_SPACED)
DEFINE_multi_string = _definer("multi_string", str, multiple=True)
DEFINE_multi_integer = _definer("multi_integer", int, multiple=True, parameters=_BOUNDED)
DEFINE_multi_float = _definer("multi_float", float, multiple=True, parameters=_BOUNDED)


def DEFINE_enum(  # noqa: N802
    name: str, default: Any, enum_values: Any, help: str | None, flag_values: Any = None,
    module_name: Any = None, required: bool = False, **args: Any,
) -> None:  # fmt: skip
    """Define a flag: one of several texts."""
    if _absl is not None:
        _absl.DEFINE_enum(name, default, enum_values, help, required=required, **args)
        return

    def parse(text: str) -> str:
        if text not in enum_values:
            raise ValueError(f"value should be one of <{'|'.join(enum_values)}>")
        return text

    _define("enum", parse, {"name": name, "default": default, "help": help, "required": required})


def mark_flag_as_required(flag_name: str, flag_values: Any = None) -> None:
    """Say that a flag must be given."""
    if _absl is not None:
        _absl.mark_flag_as_required(flag_name)
    else:
        FLAGS[flag_name].is_required = True


def mark_flags_as_required(flag_names: Any, flag_values: Any = None) -> None:
    """Say that flags must be given."""
    for name in flag_names:
        mark_flag_as_required(name)


def run(main: Any = None, argv: Any = None) -> NoReturn:
    """Read the flags, call ``main`` with what is left of the command line, and exit."""
    main = main or sys.modules["__main__"].main
    arguments = sys.argv if argv is None else list(argv)
    if _absl is not None:
        import_module("absl.app").run(main=main, argv=arguments)
        sys.exit(0)
    try:
        rest = FLAGS(arguments)
    except Error as error:
        print(f"FATAL Flags parsing error: {error}\nPass --help to see the flags.", file=sys.stderr)
        sys.exit(1)
    sys.exit(main(rest))
