"""Messages from text: how deep they may be, and what is no depth."""

from __future__ import annotations

import pytest

from tfckpt.parsing import TextError, parse_text
from tfckpt.protos import AttrValue

OPEN, CLOSE = 'func { attr { key: "a" value { ', "} } } "


def nested(levels: int, inside: str = "") -> str:
    """Return an AttrValue in text with a multiple of three messages in each other."""
    return OPEN * (levels // 3) + inside + CLOSE * (levels // 3)


def test_a_hundred_levels_are_too_many_for_a_message_that_has_one_more() -> None:
    parse_text(nested(96), AttrValue)
    with pytest.raises(TextError, match="at most 100 levels"):
        parse_text(nested(102), AttrValue)


@pytest.mark.parametrize(
    "inside",
    [
        's: "' + "{" * 200 + '"',
        "s: '" + "<" * 200 + "'",
        r's: "\"' + "{" * 200 + '"',
        "# " + "{" * 200 + "\n",
    ],
)
def test_braces_in_strings_and_comments_are_no_levels(inside: str) -> None:
    parse_text(nested(60, inside), AttrValue)


def test_a_string_that_does_not_end_costs_its_length_once() -> None:
    """Each of its quotes could begin a string that reaches to the end."""
    with pytest.raises(TextError):
        parse_text(nested(60, 's: "' + r"\"" * 1_000_000), AttrValue)
