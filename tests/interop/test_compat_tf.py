"""tfckpt.compat beside TensorFlow itself: what programs do with either, names and signatures."""

from __future__ import annotations

import contextlib
import enum
import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tfckpt.compat import table

sys.path.insert(0, str(Path(__file__).parent.parent / "compat"))
from run_programs import EXPECTED, PROGRAMS, outcomes

NAMES = [program.stem for program in PROGRAMS]


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads(EXPECTED.read_text())


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return outcomes("tensorflow")


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """Here with absl, which this environment has."""
    return outcomes("tfckpt")


@pytest.mark.parametrize("name", NAMES)
def test_a_program_does_with_tensorflow_what_is_written_down(name, expected, theirs) -> None:
    assert theirs[name] == expected[name]
    assert not any("Traceback" in line for line in theirs[name]["printed"])


@pytest.mark.parametrize("name", NAMES)
def test_a_program_does_the_same_without(name, expected, ours) -> None:
    assert ours[name] == expected[name]


# --- the table of symbols

# What TensorFlow 2.21 has no more, and TensorFlow 1 had.
GONE = {"keras.backend.set_session", "python.pywrap_tensorflow.PyRecordReader_New"}
# Where a signature says less, or is another one on purpose.
OTHER_SIGNATURES = {
    "Variable": "the arguments of both kinds",
    "Tensor": "programs make none",
    "Operation": "programs make none",
    "Dimension": "an int",
    "DType": "programs make none",
    "dtypes.DType": "programs make none",
    "flags.FLAGS": "an object",
}


def find(name: str) -> list[Any]:
    """What TensorFlow has under a name: in its second, its first and its private modules."""
    found = []
    for package in (tf, tf.compat.v1):
        value: Any = package
        try:
            for part in name.split("."):
                value = getattr(value, part)
            found.append(value)
        except AttributeError:
            pass
    module, _, last = name.rpartition(".")
    if not found and module:
        with contextlib.suppress(ImportError, AttributeError):
            found.append(getattr(importlib.import_module(f"tensorflow.{module}"), last))
    return found


def signature(value: Any) -> list[tuple[str, Any]] | None:
    """Names and defaults of the parameters; of a class those of its constructor."""
    try:
        if inspect.isclass(value):
            value = value.__init__
            parameters = list(inspect.signature(value).parameters.values())[1:]
        else:
            parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):
        return None
    return [(one.name, default(one)) for one in parameters]


def default(parameter: inspect.Parameter) -> Any:
    value = parameter.default
    if parameter.name in ("flag_values", "checkpoint_format_version", "write_version"):
        return "..."
    if isinstance(value, tf.DType):
        return repr(value.name)
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, bool | int | float):
        return float(value)
    return repr(value) if value is not inspect.Parameter.empty else "(none)"


SYMBOLS = [one for one in table.symbols().values() if one.home not in ("protos",)]


@pytest.mark.parametrize("symbol", SYMBOLS, ids=lambda one: one.name)
def test_a_symbol_is_tensorflows(symbol: table.Symbol) -> None:
    if symbol.name in GONE:
        assert not find(symbol.name)
        return
    found = find(symbol.name)
    assert found, f"TensorFlow has no {symbol.name}"
    own = getattr(importlib.import_module(f"tfckpt.{symbol.home}"), symbol.attribute)
    assert callable(own) == callable(found[0])
    if symbol.name in OTHER_SIGNATURES or not callable(own):
        return
    if inspect.isclass(own) and issubclass(own, Exception):
        return
    assert signature(own) in [signature(value) for value in found]


def test_each_module_is_tensorflows() -> None:
    for name in [*table.MESSAGES, *table.PROGRAMS]:
        importlib.import_module(f"tensorflow.{name}")
