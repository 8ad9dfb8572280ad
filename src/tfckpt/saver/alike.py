"""Messages that are alike: the same bytes but for the names in them.

A graph has six nodes a variable, and the nodes of the next variable of that type and shape are
those of the last with another name in them. A message takes some microseconds to make, putting
names into the bytes of one a tenth of that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from operator import itemgetter

_Names = tuple[bytes, ...]


class Alike:
    """Makes the bytes of messages by `make(kind, *names)`, and of those like them by copying.

    The names are UTF-8, and stand in the bytes as they are, also as parts of longer names.

    >>> greet = Alike(lambda kind, name, other: b"%s %s, says %s" % (kind, name, other))
    >>> greet.each([b"Hello"] * 4, [b"Ada", b"Bob", b"Eve", b"Tom"], [b"I", b"J", b"K", b"L"])
    [b'Hello Ada, says I', b'Hello Bob, says J', b'Hello Eve, says K', b'Hello Tom, says L']
    """

    def __init__(self, make: Callable[..., bytes]) -> None:
        self._make = make
        self._forms: dict[Hashable, Callable[[_Names], bytes] | None] = {}

    def each(self, kinds: Iterable[Hashable], *columns: Iterable[bytes]) -> list[bytes]:
        """Return the bytes for each kind and the names beside it."""
        made, forms = [], self._forms
        for kind, names in zip(kinds, zip(*columns)):
            key = kind, *map(len, names)
            form = forms.get(key)
            if form is not None:
                made.append(form(names))
                continue
            made.append(self._make(kind, *names))
            # What comes but once needs no form.
            forms[key] = self._form(kind, names) if key in forms else None
        return made

    def _form(self, kind: Hashable, names: _Names) -> Callable[[_Names], bytes]:
        """Return what puts names of these lengths where these names stand."""
        whole, pos = self._make(kind, *names), 0
        pieces, order = [], []
        for start, which in sorted(self._holes(kind, names, whole)):
            pieces.append(whole[pos:start])
            order.append(which)
            pos = start + len(names[which])
        pieces.append(whole[pos:])
        if len(names) == 1:
            return lambda names: names[0].join(pieces)
        parts, chosen = [part for piece in pieces for part in (piece, b"")][:-1], itemgetter(*order)

        def filled(names: _Names) -> bytes:
            parts[1::2] = chosen(names)
            return b"".join(parts)

        return filled

    def _holes(self, kind: Hashable, names: _Names, whole: bytes) -> Iterator[tuple[int, int]]:
        """Yield where each name stands: where the bytes change with it, letter by letter."""
        for which, name in enumerate(names):
            other = bytes(ord("b") if letter == ord("a") else ord("a") for letter in name)
            changed = self._make(kind, *names[:which], other, *names[which + 1 :])
            places = [at for at, pair in enumerate(zip(whole, changed)) if pair[0] != pair[1]]
            yield from ((start, which) for start in places[:: len(name)])
