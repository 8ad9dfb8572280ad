"""How an object-based checkpoint names its tensors.

    key  = path "/.ATTRIBUTES/" attribute        of an object's own value
         | path "/.OPTIMIZER_SLOT/" path "/" slot "/.ATTRIBUTES/" attribute
    path = the local names from the root, joined by "/"; that of the root itself is empty

In each name "." becomes ".." and "/" becomes ".S", so that names with slashes stay apart from
paths, and none looks like a marker (TensorFlow's ``trackable/trackable_utils.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

VARIABLE_VALUE = "VARIABLE_VALUE"
PY_STATE = "py_state"

ATTRIBUTES = "/.ATTRIBUTES/"
_SLOT = "/.OPTIMIZER_SLOT/"
_ESCAPED = re.compile(r"\.([.S])")
_PLAIN = {".": ".", "S": "/"}


def escape_name(name: str) -> str:
    """Return a local name as it stands in keys.

    >>> escape_name("layer.1/kernel")
    'layer..1.Skernel'
    """
    return name.replace(".", "..").replace("/", ".S")


def unescape_name(name: str) -> str:
    """Undo `escape_name`.

    >>> unescape_name("layer..1.Skernel")
    'layer.1/kernel'
    """
    return _ESCAPED.sub(lambda match: _PLAIN[match[1]], name)


def join_path(names: Iterable[str]) -> str:
    """Return the path that local names make.

    >>> join_path(["model", "a.b", "0"])
    'model/a..b/0'
    """
    return "/".join(map(escape_name, names))


def split_path(path: str) -> tuple[str, ...]:
    """Undo `join_path`; the empty path is the root's."""
    return tuple(map(unescape_name, path.split("/"))) if path else ()


def attribute_key(path: str, attribute: str = VARIABLE_VALUE) -> str:
    """Return the key of an object's value.

    >>> attribute_key("model/kernel")
    'model/kernel/.ATTRIBUTES/VARIABLE_VALUE'
    """
    return f"{path}{ATTRIBUTES}{escape_name(attribute)}"


def slot_path(variable: str, optimizer: str, slot: str) -> str:
    """Return the path of the slot variable that an optimizer has for a variable."""
    return f"{variable}{_SLOT}{optimizer}/{escape_name(slot)}"


def split_slot(path: str) -> tuple[tuple[str, ...], tuple[str, ...], str] | None:
    """Undo `slot_path`: local names of variable and optimizer, and the slot; None for others.

    >>> split_slot("w/.OPTIMIZER_SLOT/opt/m")
    (('w',), ('opt',), 'm')
    """
    variable, is_slot, rest = path.partition(_SLOT)
    if not is_slot:
        return None
    optimizer, _, slot = rest.rpartition("/")
    return split_path(variable), split_path(optimizer), unescape_name(slot)


class KeyParts(NamedTuple):
    """What a key says: local names, unescaped; `slot` only for slot variables."""

    names: tuple[str, ...]
    attribute: str
    optimizer: tuple[str, ...] = ()
    slot: str | None = None


def parse_key(key: str) -> KeyParts | None:
    """Take a key apart; return None for a name, which has another form.

    >>> parse_key("w/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE")
    KeyParts(names=('w',), attribute='VARIABLE_VALUE', optimizer=('opt',), slot='m')
    """
    # The root's own value has an empty path: its key starts with the marker.
    path, marker, attribute = key.rpartition(ATTRIBUTES)
    if not marker:
        return None
    found = split_slot(path)
    if found is None:
        return KeyParts(split_path(path), unescape_name(attribute))
    variable, optimizer, slot = found
    return KeyParts(variable, unescape_name(attribute), optimizer, slot)


def is_sequence(names: Sequence[str]) -> bool:
    """Whether children of these local names make a list: "0", "1", ..., in any order."""
    return bool(names) and set(names) == {str(number) for number in range(len(names))}
