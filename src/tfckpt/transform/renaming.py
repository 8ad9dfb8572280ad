"""Tensors under other names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias, cast

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import OBJECT_GRAPH_KEY, close_names, shown, shown_lines
from tfckpt.objectgraph.keys import attribute_key
from tfckpt.objectgraph.nodes import NodePaths, given_object_graph
from tfckpt.objects.editing import keys_of, moved
from tfckpt.objects.values import Holders
from tfckpt.transform.patterns import pattern_text, say_unmet
from tfckpt.transform.tensors import Held, LazyTensor, LazyTensors, Tensors, as_lazy

# A mapping of names and scopes; a regular expression and what takes its place; a function.
Rule: TypeAlias = (
    Mapping[str, str] | tuple["str | re.Pattern[str]", "str"] | Callable[[str], "str | None"]
)
Rules: TypeAlias = Rule | Sequence[Rule]

_ATTRIBUTES = "/.ATTRIBUTES/"


def rename(tensors: Tensors, rules: Rules, *, strict: bool = False) -> LazyTensors:
    r"""Return the same tensors under other names.

    A rule is a mapping of old names to new ones, in which what ends in ``/`` is a scope (of several
    the longest counts, and a name before any scope); a pair of a regular expression and its
    replacement, as ``re.sub`` has them; or a function of the name, which returns None for those
    that stay. Several rules are applied in turn. A rule that meets nothing is logged as a warning;
    with `strict` it is an InvalidArgumentError.

    In an object-based checkpoint objects move: rules may speak of keys or of paths (what stands
    before ``/.ATTRIBUTES/``), the object graph follows, and so do the slot variables of what is
    renamed. TensorFlow then restores the checkpoint into objects of the new names.

    Raises InvalidArgumentError, which lists them, where several tensors would get one name, and
    where the objects cannot move as the rules say.

    >>> import numpy as np
    >>> weights = {"old/w": np.eye(2), "old/b": np.ones(2), "step": 3}
    >>> list(rename(weights, {"old/": "new/", "step": "global_step"}))
    ['new/w', 'new/b', 'global_step']
    >>> list(rename(weights, (r"^old/(.)$", r"\1/old")))
    ['w/old', 'b/old', 'step']
    """
    given = as_lazy(tensors)
    names = [name for name in given if name != OBJECT_GRAPH_KEY]
    object_based = OBJECT_GRAPH_KEY in given
    if not object_based:
        new_names = _applied(
            rules, names, object_based=object_based, strict=strict, path=given.path
        )
        return given.with_tensors(_named(given, new_names))
    graph = given_object_graph(given.tensors[OBJECT_GRAPH_KEY].read(), given.path)
    # Objects without values move, too, so that others which they lead to are found below them.
    objects = [path for node, path in NodePaths(graph).items() if not graph.nodes[node].attributes]
    everything = [*names, *map(attribute_key, objects)]
    new_names = _applied(
        rules, everything, object_based=object_based, strict=strict, path=given.path
    )
    holders = Holders(given.tensors.keys(), graph)
    held = {key: holders.of(key) for key in keys_of(graph)}
    wanted = {key: _key_of_all(key, names, new_names) for key, names in held.items() if names}
    new_paths = {
        path: new_names[attribute_key(path)].rpartition(_ATTRIBUTES)[0] for path in objects
    }
    new_graph, keys = moved(graph, wanted, new_paths)
    own = {
        name: keys[key] + name.removeprefix(key) for key, names in held.items() for name in names
    }
    others = [name for name in names if name not in own and new_names[name] != name]
    if others:
        raise InvalidArgumentError(
            f"{shown(others)}: no value of an object, which alone can be renamed "
            f"here. Leave out {OBJECT_GRAPH_KEY!r} for a name-based checkpoint",
            path=given.path,
        )
    renamed = _named(given, {name: own.get(name, name) for name in given})
    renamed[OBJECT_GRAPH_KEY] = Held(new_graph.SerializeToString())
    return given.with_tensors(renamed)


def _key_of_all(key: str, names: Sequence[str], new_names: Mapping[str, str]) -> str:
    """Return the new key of a value, given the new names of the tensors that hold it."""
    new = {new_names[name].removesuffix(name.removeprefix(key)) for name in names}
    if len(new) > 1:
        raise InvalidArgumentError(
            f"{', '.join(names)} are one value of an object: they can only move together"
        )
    return new.pop()


def _named(given: LazyTensors, new_names: Mapping[str, str]) -> dict[str, LazyTensor]:
    """Return the tensors by their new names. Raises where several would get one."""
    from_names: dict[str, list[str]] = {}
    for name in given:
        from_names.setdefault(new_names.get(name, name), []).append(name)
    clashes = [
        f"{new!r}: {', '.join(map(repr, names))}"
        for new, names in from_names.items()
        if len(names) > 1
    ]
    if clashes:
        raise InvalidArgumentError(
            f"{len(clashes)} names would be those of several tensors:\n{shown_lines(clashes)}",
            path=given.path,
        )
    return {new: given.tensors[names[0]] for new, names in from_names.items()}


class _Step(NamedTuple):
    """A rule: `apply` returns the new name and which of the rule's parts it is from, or None."""

    apply: Callable[[str], tuple[str, str] | None]
    parts: Mapping[str, str]
    """What each part says, in words."""


def _applied(
    rules: Rules, names: Sequence[str], object_based: bool, strict: bool, path: str
) -> dict[str, str]:
    """Return the new name of each tensor."""
    new_names = {name: name for name in names}
    is_single = isinstance(rules, Mapping) or callable(rules) or _is_pair(rules)
    for rule in cast("Sequence[Rule]", [rules] if is_single else rules):
        step = _step(rule)
        met = set()
        for name, current in new_names.items():
            found = _by_path(step, current) if object_based else None
            found = found or step.apply(current)
            if found is not None:
                new_names[name] = found[0]
                met.add(found[1])
        for part, what in step.parts.items():
            if part not in met:
                close = close_names(part, names) if part else []
                hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
                say_unmet(f"rename {what}", hint, strict, path)
    return new_names


def _by_path(step: _Step, key: str) -> tuple[str, str] | None:
    """Apply a rule to the path in a key of an object-based checkpoint."""
    path, marker, attribute = key.rpartition(_ATTRIBUTES)
    found = step.apply(path) if marker else None
    if found is None:
        return None
    new = found[0] if path else found[0].removesuffix("/")  # the root's own path is ""
    return f"{new}{_ATTRIBUTES}{attribute}", found[1]


def _is_pair(rule: object) -> bool:
    return isinstance(rule, tuple) and len(rule) == 2 and isinstance(rule[1], str)


def _step(rule: Rule) -> _Step:
    if isinstance(rule, Mapping):
        return _mapping(rule)
    if isinstance(rule, tuple) and _is_pair(rule):
        return _regular_expression(re.compile(rule[0]), rule[1])
    if callable(rule):
        return _function(rule)
    raise TypeError(
        f"a rule is a mapping of names, a pair of a regular expression and its replacement, or a "
        f"function, not {rule!r}"
    )


def _mapping(rule: Mapping[str, str]) -> _Step:
    for old, new in rule.items():
        if not isinstance(old, str) or not isinstance(new, str):
            raise TypeError(f"a rule maps names to names, not {old!r} to {new!r}")
    scopes = sorted((old for old in rule if old.endswith("/")), key=len, reverse=True)

    def apply(name: str) -> tuple[str, str] | None:
        if name in rule:
            return rule[name], name
        scope = next((scope for scope in scopes if name.startswith(scope)), None)
        return None if scope is None else (rule[scope] + name[len(scope) :], scope)

    return _Step(apply, {old: repr(old) for old in rule})


def _regular_expression(pattern: re.Pattern[str], replacement: str) -> _Step:
    def apply(name: str) -> tuple[str, str] | None:
        new, count = pattern.subn(replacement, name)
        return (new, "") if count else None

    return _Step(apply, {"": pattern_text(pattern)})


def _function(function: Callable[[str], str | None]) -> _Step:
    def apply(name: str) -> tuple[str, str] | None:
        new = function(name)
        return None if new is None else (new, "")

    return _Step(apply, {"": pattern_text(function)})
