"""Policies as text, for command lines and settings: what they print as."""

from __future__ import annotations

import ast
from typing import Any

from tfckpt.keep.policies import Policy, best, every, last, pinned

_POLICIES: dict[str, Any] = {"last": last, "best": best, "every": every, "pinned": pinned}


def parse(text: str) -> Policy:
    """Return the policy that a text describes, as they are written in Python; nothing is run.

    Raises ValueError, which says what is wrong, for anything else.

    >>> from tfckpt import keep
    >>> keep.parse("last(3) | best('accuracy', 2, mode='max') | every(steps=10_000)")
    last(3) | best('accuracy', 2, mode='max') | every(steps=10000)
    """
    try:
        return _policy(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        why = "no such expression" if isinstance(error, SyntaxError) else str(error)
        raise ValueError(
            f"{text!r} is no policy: {why} (an example: \"last(3) | best('loss', 2)\")"
        ) from None


def _policy(node: ast.expr) -> Policy:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _policy(node.left) | _policy(node.right)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ValueError(f"{ast.unparse(node)} is none of {', '.join(_POLICIES)}, called")
    if node.func.id not in _POLICIES:
        raise ValueError(f"there is no {node.func.id}: there are {', '.join(_POLICIES)}")
    arguments = [ast.literal_eval(argument) for argument in node.args]
    named = {keyword.arg or "**": ast.literal_eval(keyword.value) for keyword in node.keywords}
    made: Policy = _POLICIES[node.func.id](*arguments, **named)
    return made
