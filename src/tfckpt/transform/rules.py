"""Several transforms as one, from a file too.

A file of rules is TOML, and each key may be missing:

    keep = ["model/", "global_step"]
    drop = ["*/Adam*"]
    strip_slots = true
    use_averages = false
    regex = [["^(.*)/w$", "\\\\1/kernel"]]

    [cast]
    dtype = "bfloat16"
    only = ["*/kernel"]
    on_loss = "error"

    [rename]
    "old/" = "new/"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import Any

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import AnyPath, as_path
from tfckpt.storage import read_file
from tfckpt.transform.casting import OnLoss, cast
from tfckpt.transform.renaming import rename
from tfckpt.transform.selecting import select
from tfckpt.transform.shadows import with_averages
from tfckpt.transform.slots import without_slots
from tfckpt.transform.tensors import LazyTensors, Tensors, as_lazy


@dataclass
class EditRules:
    """What is to become of a checkpoint's tensors.

    They are applied in this order: averages in place of weights, slots left out, `keep` and `drop`,
    `cast`, `rename`, `regex`; so all patterns but those of `regex` speak of the names that the
    tensors had.
    """

    keep: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    strip_slots: bool = False
    use_averages: bool = False
    dtype: str | None = None
    only: list[str] = field(default_factory=list)
    on_loss: OnLoss = "error"
    rename: dict[str, str] = field(default_factory=dict)
    regex: list[tuple[str, str]] = field(default_factory=list)

    def apply(self, tensors: Tensors, *, strict: bool = False) -> LazyTensors:
        """Return the edited tensors. Raises as the transforms do."""
        edited = as_lazy(tensors)
        if self.use_averages:
            edited = with_averages(edited)
        if self.strip_slots:
            edited = without_slots(edited)
        if self.keep or self.drop:
            edited = select(edited, self.keep or None, self.drop or None, strict=strict)
        if self.dtype is not None:
            edited = cast(edited, self.dtype, self.only or None, self.on_loss, strict=strict)
        if self.rename:
            edited = rename(edited, self.rename, strict=strict)
        if self.regex:
            edited = rename(edited, self.regex, strict=strict)
        return edited

    def updated(self, other: EditRules) -> EditRules:
        """Return these rules combined with another's, which win where both set something."""
        made = EditRules()
        for rule in fields(EditRules):
            mine, theirs = getattr(self, rule.name), getattr(other, rule.name)
            both: Any = theirs if theirs != getattr(made, rule.name) else mine
            if isinstance(mine, list):
                both = mine + theirs
            elif isinstance(mine, dict):
                both = mine | theirs
            setattr(made, rule.name, both)
        return made

    @classmethod
    def read(cls, path: AnyPath) -> EditRules:
        """Read a file of rules.

        Raises FileMissingError; InvalidArgumentError, which names the key, for a file that is no
        such TOML.
        """
        where = as_path(path)
        data = read_file(where)
        try:
            return cls.of(_parser()(data.decode()))
        except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are some
            raise InvalidArgumentError(f"no rules: {error}", path=where) from None

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> EditRules:
        """Make rules of what a file holds. Raises ValueError."""
        rules = cls()
        for key, value in table.items():
            if key == "cast":
                _set(rules, {"dtype": value} if isinstance(value, str) else value, _CAST, "cast.")
            else:
                _set(rules, {key: value}, _KEYS, "")
        return rules


def _set(rules: EditRules, table: object, known: Mapping[str, Any], within: str) -> None:
    for key, value in _table(table, within).items():
        if key not in known:
            among = ", ".join([*known, "cast"] if not within else known)
            raise ValueError(f"{within}{key} is none of {among}")
        try:
            setattr(rules, key, known[key](value))
        except (TypeError, ValueError, re.error) as error:
            raise ValueError(f"{within}{key}: {error}") from None


def _table(value: object, within: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{within.rstrip('.')} is a table, not {value!r}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected, not {value!r}")
    return value


def _texts(value: object) -> list[str]:
    return [_text(item) for item in (value if isinstance(value, list) else [value])]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"true or false is expected, not {value!r}")
    return value


def _names(value: object) -> dict[str, str]:
    return {_text(old): _text(new) for old, new in _table(value, "rename").items()}


def _pairs(value: object) -> list[tuple[str, str]]:
    pairs = []
    for pair in value if isinstance(value, list) else [value]:
        if not isinstance(pair, list) or len(pair) != 2:
            raise TypeError(f"a list of a pattern and its replacement is expected, not {pair!r}")
        pairs.append((re.compile(_text(pair[0])).pattern, _text(pair[1])))
    return pairs


_CAST = {"dtype": _text, "only": _texts, "on_loss": _text}
_KEYS = {
    "keep": _texts,
    "drop": _texts,
    "strip_slots": _flag,
    "use_averages": _flag,
    "rename": _names,
    "regex": _pairs,
}


def _parser() -> Callable[[str], dict[str, Any]]:
    for module in ("tomllib", "tomli"):  # the first is Python's own from 3.11 on
        try:
            parser: Callable[[str], dict[str, Any]] = import_module(module).loads
        except ImportError:
            continue
        return parser
    raise InvalidArgumentError(
        "files of rules are TOML, which Python reads from 3.11 on: pip install tomli"
    )
