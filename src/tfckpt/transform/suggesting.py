r"""Which tensor of a checkpoint is meant by each name that a program has.

From the surest to the least sure: the same name; one that TensorFlow or Keras has changed between
versions; the same name under another scope; names that are most alike among those of one shape;
the only ones of a shape; the order among those of one shape. Each step takes only pairs that leave
no choice, and never two tensors of different shapes, but for those that are each other's transpose.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from tfckpt.bookkeeping import is_bookkeeping
from tfckpt.reader import TensorInfo, TensorReader
from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.transform.slots import primaries, slots
from tfckpt.transform.tensors import Tensors, as_lazy

_SURE = 0.5
_ALIKE = 0.6
_CANDIDATES = 5
_MOST_COMPARED = 1000
# By how much the best of several names has to be better than the next.
_MARGIN = 0.1


Key = TypeVar("Key", bound=Hashable)
Shapes: TypeAlias = Mapping[str, Shape]


class Suggestion(NamedTuple):
    """Which tensor a target may be.

    `name` is "" where that is left open; `candidates` are then tensors of its shape.
    """

    target: str
    name: str
    confidence: float
    reason: str
    candidates: tuple[str, ...] = ()
    transposed: bool = False


class Suggestions(list[Suggestion]):
    """A suggestion for each target, in their order."""

    def rules(self, least: float = _SURE) -> dict[str, str]:
        """Return rules for `rename`: those of at least this confidence that change a name."""
        return {
            suggestion.name: suggestion.target
            for suggestion in self
            if suggestion.name
            and suggestion.name != suggestion.target
            and self._counts(suggestion, least)
        }

    def to_toml(self, least: float = _SURE) -> str:
        """Return a file of rules, to be edited; what is not sure stands there as a comment."""
        lines = ["# What is behind a # has no effect: take it away where the rule is right.", ""]
        lines += ["[rename]"]
        for suggestion in self:
            lines += _lines(suggestion, counts=self._counts(suggestion, least))
        return "\n".join(lines) + "\n"

    @staticmethod
    def _counts(suggestion: Suggestion, least: float) -> bool:
        return suggestion.confidence >= least and not suggestion.transposed


def suggest(tensors: Tensors, targets: Mapping[str, Any] | TensorReader) -> Suggestions:
    """Suggest which tensor of a checkpoint each of the names of a program is.

    `targets` maps the program's names to their arrays, shapes or `TensorInfo`; a reader of a
    checkpoint that it wrote will do. Slots of optimizers go where the variables go that they are
    beside.

    Each suggestion says why, and how sure that is: 1 for the same name and shape, above 0.5 for
    what `Suggestions.rules` takes unless told otherwise, below for guesses.

    >>> old = {"rnn/basic_lstm_cell/weights": [[1.0]], "rnn/basic_lstm_cell/biases": [1.0]}
    >>> new = {"rnn/basic_lstm_cell/kernel": (1, 1), "rnn/basic_lstm_cell/bias": (1,)}
    >>> for found in suggest(old, new):
    ...     print(found.name, found.target, found.confidence, found.reason)
    rnn/basic_lstm_cell/weights rnn/basic_lstm_cell/kernel 0.95 renamed by TensorFlow or Keras
    rnn/basic_lstm_cell/biases rnn/basic_lstm_cell/bias 0.95 renamed by TensorFlow or Keras
    """
    given = as_lazy(tensors)
    have = {name: info.shape for name, info in given.infos().items() if not is_bookkeeping(name)}
    want = {
        name: _shape(value) for name, value in _infos(targets).items() if not is_bookkeeping(name)
    }
    of_targets = targets if isinstance(targets, TensorReader) else _as_fractions(want)
    return _Matching(have, want, {*slots(given), *slots(of_targets)}).suggestions()


def _as_fractions(shapes: Shapes) -> dict[str, Array]:
    """Return arrays of these shapes, which take no memory: where nothing tells the dtypes."""
    return {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes.items()}


def _infos(targets: Mapping[str, Any] | TensorReader) -> Mapping[str, Any]:
    return targets.infos() if isinstance(targets, TensorReader) else targets


def _shape(value: object) -> Shape:
    if isinstance(value, TensorInfo):
        return value.shape
    if isinstance(value, tuple | list) and all(type(size) is int for size in value):
        return tuple(value)
    shape = getattr(value, "shape", None)
    return shape if isinstance(shape, tuple) else as_storable(value)[0].shape


class _Matching:
    def __init__(self, have: Shapes, want: Shapes, slots: set[str]) -> None:
        self._have = have
        self._want = want
        self._slots = slots
        self._found: dict[str, Suggestion] = {}
        self._taken: set[str] = set()

    def suggestions(self) -> Suggestions:
        self._pair(lambda name: name, 1.0, "the same name", slots=True)
        self._pair(known_form, 0.95, "renamed by TensorFlow or Keras")
        self._by_scope()
        self._transposed()
        self._by_likeness()
        self._pair_by_shape()
        self._by_order()
        self._slots_follow()
        return Suggestions(self._found.get(name) or self._open(name) for name in self._want)

    def _pair(
        self,
        form: Callable[[str], Hashable],
        confidence: float,
        reason: str,
        *,
        slots: bool = False,
    ) -> None:
        """Match what has one form and shape, where no other has."""
        have = _grouped(self._left(slots=slots), lambda name: (form(name), self._have[name]))
        want = _grouped(
            self._open_targets(slots=slots), lambda name: (form(name), self._want[name])
        )
        for key, targets in want.items():
            names = have.get(key, [])
            if len(names) == len(targets) == 1:
                self._take(targets[0], names[0], confidence, reason)

    def _by_scope(self) -> None:
        """Match names that are equal from some scope on, the longest such ends first."""
        for length in range(self._longest(), 0, -1):
            tail = _tail(length)
            kinds = "the same name under another scope"
            self._pair(tail, 0.9 if length > 1 else 0.6, kinds)

    def _longest(self) -> int:
        return max((known_form(name).count("/") + 1 for name in self._want), default=0)

    def _transposed(self) -> None:
        """Match names that are alike and whose shapes are each other's transposes."""
        for length in range(self._longest(), 1, -1):
            tail = _tail(length)
            have = _grouped(self._left(), tail)
            for key, targets in _grouped(self._open_targets(), tail).items():
                names = have.get(key, [])
                if len(names) != 1 or len(targets) != 1:
                    continue
                shape, target = self._have[names[0]], self._want[targets[0]]
                if len(shape) > 1 and shape == target[::-1] and shape != target:
                    why = f"the same name; shape {list(shape)} is the transpose of {list(target)}"
                    self._take(targets[0], names[0], 0.6, why, transposed=True)

    def _by_likeness(self) -> None:
        """Match names of one shape of which each is most like the other, and clearly so."""
        have = _grouped(self._left(), self._have_shape)
        for shape, targets in _grouped(self._open_targets(), self._want_shape).items():
            names = have.get(shape, [])
            if not names or len(names) * len(targets) > _MOST_COMPARED:
                continue
            likeness = {(n, t): alike(n, t) for n in names for t in targets}
            for target in targets:
                best, next_best, name = _best((likeness[n, target], n) for n in names)
                back, next_back, again = _best((likeness[name, t], t) for t in targets)
                clear = min(best - next_best, back - next_back) >= _MARGIN
                if again == target and clear and best >= _ALIKE:
                    self._take(target, name, round(0.4 + 0.4 * best, 2), "alike, of one shape")

    def _pair_by_shape(self) -> None:
        self._pair(lambda name: "", 0.55, "the only ones of this shape")

    def _by_order(self) -> None:
        """Match what is left of a shape in the order of the names, if there are as many."""
        have = _grouped(self._left(), self._have_shape)
        for shape, targets in _grouped(self._open_targets(), self._want_shape).items():
            names = have.get(shape, [])
            if len(names) == len(targets):
                pairs = zip(sorted(targets, key=_natural), sorted(names, key=_natural), strict=True)
                for target, name in pairs:
                    why = f"by order among {len(names)} of shape {list(shape)}"
                    self._take(target, name, 0.3, why)

    def _slots_follow(self) -> None:
        """Match the slots that are left by the variables that they are beside."""
        targets = {suggestion.name: suggestion for suggestion in self._found.values()}
        for name in [name for name in self._left(slots=True) if name in self._slots]:
            before, _, slot = name.rpartition("/")
            for scope, variable in primaries(before, targets):
                moved = targets[variable]
                new = "/".join(filter(None, [scope, moved.target, slot]))
                if self._want.get(new) == self._have[name]:
                    self._take(new, name, moved.confidence, f"slot {slot} of {variable}")
                    break

    def _open(self, target: str) -> Suggestion:
        shape = self._want[target]
        if target in self._slots:
            return Suggestion(target, "", 0.0, "a slot of an optimizer, which has no such tensor")
        of_shape = [name for name in self._left() if self._have[name] == shape]
        of_shape.sort(key=lambda name: -alike(name, target))
        if not of_shape:
            return Suggestion(target, "", 0.0, f"nothing is left of shape {list(shape)}")
        why = f"{len(of_shape)} are left of shape {list(shape)}"
        return Suggestion(
            target, "", confidence=0.0, reason=why, candidates=tuple(of_shape[:_CANDIDATES])
        )

    def _have_shape(self, name: str) -> Shape:
        return self._have[name]

    def _want_shape(self, target: str) -> Shape:
        return self._want[target]

    def _left(self, *, slots: bool = False) -> list[str]:
        return [
            name
            for name in self._have
            if name not in self._taken and (slots or name not in self._slots)
        ]

    def _open_targets(self, *, slots: bool = False) -> list[str]:
        return [
            name
            for name in self._want
            if name not in self._found and (slots or name not in self._slots)
        ]

    def _take(
        self, target: str, name: str, confidence: float, reason: str, *, transposed: bool = False
    ) -> None:
        if name not in self._taken and target not in self._found:
            self._taken.add(name)
            self._found[target] = Suggestion(
                target, name, confidence, reason, transposed=transposed
            )


# How names of one variable differ between TensorFlow's and Keras' versions: all become the last.
_FORMS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r":0$", ""),
        (r"/\.ATTRIBUTES/VARIABLE_VALUE$", ""),
        # RNN cells, of TensorFlow up to 0.12, then of 1.0 and 1.1.
        (r"\bMultiRNNCell/Cell(\d+)", r"multi_rnn_cell/cell_\1"),
        (r"\bBasic(LSTM|RNN)Cell\b", r"basic_\1_cell"),
        (r"\b(LSTM|GRU)Cell\b", r"\1_cell"),
        (r"\bBiRNN[/_]([FB]W)\b", r"bidirectional_rnn/\1"),
        (r"/(Gates|Candidate)/", lambda found: found[0].lower()),
        (r"/(Linear/Matrix|Linear/W_0|W_0|Matrix|weights|embeddings)$", "/kernel"),
        (r"/(Linear/Bias|Linear/B|Bias|B|biases)$", "/bias"),
        # Keras names a layer's variables after the layer once more.
        (r"(^|/)([^/]+)/\2(?=/)", r"\1\2"),
    )
]


def known_form(name: str) -> str:
    """Return a name in the form that names of the same variable in other versions have, too.

    >>> known_form("RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix")
    'rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel'
    """
    for pattern, replacement in _FORMS:
        name = pattern.sub(replacement, name)
    return name.lower()


def alike(a: str, b: str) -> float:
    """Return how alike two names are, from 0 to 1, by the words in them and their order.

    >>> alike("encoder/layer_1/kernel", "encoder/layer1/kernel") > alike("encoder/a", "decoder/b")
    True
    """
    return SequenceMatcher(None, _words(a), _words(b), autojunk=False).ratio()


_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(known_form(name))]


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts names as people do: layer_2 before layer_10."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _tail(length: int) -> Callable[[str], str]:
    def tail(name: str) -> str:
        parts = known_form(name).split("/")
        # A name without so many parts is matched by a shorter tail, or as a whole.
        return "/".join(parts[-length:]) if len(parts) >= length else f" {name}"

    return tail


def _grouped(names: Iterable[str], key: Callable[[str], Key]) -> Mapping[Key, list[str]]:
    groups: dict[Key, list[str]] = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return dict(groups)


def _best(scored: Iterable[tuple[float, str]]) -> tuple[float, float, str]:
    """Return the best score, the next, and whose the best is."""
    ordered = sorted(scored, reverse=True)
    return ordered[0][0], ordered[1][0] if len(ordered) > 1 else 0.0, ordered[0][1]


def _lines(suggestion: Suggestion, *, counts: bool) -> Iterator[str]:
    reason = (
        f"# {suggestion.confidence:.2f}: {suggestion.reason}"
        if suggestion.name
        else f"# open: {suggestion.reason}"
    )
    if suggestion.name == suggestion.target:
        yield f"# {_quoted(suggestion.target)} keeps its name ({suggestion.reason})"
        return
    yield reason
    for name in [suggestion.name] if suggestion.name else suggestion.candidates:
        yield f"{'' if counts else '# '}{_quoted(name)} = {_quoted(suggestion.target)}"
    if not suggestion.name and not suggestion.candidates:
        yield f"#   {_quoted(suggestion.target)}"


def _quoted(name: str) -> str:
    """Return a basic string of TOML."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
