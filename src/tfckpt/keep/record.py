"""What is known of one checkpoint of a folder: what policies judge by, and what they said."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple

_NUMBER = re.compile(r"-(\d+)(?:-[\d?]+-of-\d+)?$")


class Record(NamedTuple):
    """A checkpoint that a state file named: its file name, and what was noted of it."""

    name: str
    step: int | None
    time: float
    """When it was saved, in seconds since 1970."""
    metrics: Mapping[str, float] | None = None
    """None where they are not known, because the file with them was lost."""
    pin: str | None = None
    """Why it has to stay, whatever a policy says; None where it has not."""
    reasons: tuple[str, ...] = ()
    """Why it stays; none for one that is to go."""

    def to_json(self) -> dict[str, Any]:
        found = self._asdict()
        found["reasons"] = list(self.reasons)
        if self.metrics is not None:
            found["metrics"] = metrics_to_json(self.metrics)
        return found

    @classmethod
    def from_json(cls, found: Any) -> Record:
        """Raise ValueError, KeyError or TypeError for what `to_json` does not write."""
        step, pin, metrics = found["step"], found["pin"], found["metrics"]
        return cls(
            name=_text(found["name"]),
            step=None if step is None else int(step),
            time=float(found["time"]),
            metrics=None if metrics is None else {_text(k): float(v) for k, v in metrics.items()},
            pin=None if pin is None else _text(pin),
            reasons=tuple(_text(reason) for reason in found["reasons"]),
        )


def metrics_to_json(metrics: Mapping[str, float]) -> dict[str, float | str]:
    return {name: _number(value) for name, value in metrics.items()}


def step_in(name: str) -> int | None:
    """Return the number at the end of a checkpoint's name.

    >>> step_in("model.ckpt-0007"), step_in("m-7-?????-of-00002"), step_in("final")
    (7, 7, None)
    """
    found = _NUMBER.search(name)
    return int(found[1]) if found else None


def checked_metrics(metrics: Mapping[str, Any] | None) -> dict[str, float]:
    """Return metrics as they are kept: numbers by name; arrays of one number are taken too.

    Raises TypeError for anything else.
    """
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics are a mapping from name to number, not {metrics!r:.80}")
    return {_metric_name(name): _metric(name, value) for name, value in metrics.items()}


def _metric_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a metric's name is a str, not {name!r:.80}")
    return name


def _metric(name: object, value: Any) -> float:
    if not isinstance(value, (Real, str)) and getattr(value, "size", 1) == 1:
        value = getattr(value, "item", lambda: value)()
    if not isinstance(value, Real):
        raise TypeError(f"metric {name!r} is one number, not {value!r:.80}")
    return float(value)


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)  # JSON has no other numbers


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is no text")
    return value
