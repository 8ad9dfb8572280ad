"""Programs written for TensorFlow do under tfckpt.compat what they did under TensorFlow.

expected.json holds what TensorFlow 2.21 made of them; tests/interop has it do so again.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "compat"))
from run_programs import EXPECTED, PROGRAMS, outcomes

sys.path.pop(0)


pytestmark = pytest.mark.skipif(os.name == "nt", reason="what is expected has POSIX paths")


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads(EXPECTED.read_text())


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return outcomes("tfckpt")


@pytest.mark.parametrize("name", [program.stem for program in PROGRAMS])
def test_a_program(name: str, expected: dict[str, Any], found: dict[str, Any]) -> None:
    assert found[name]["printed"] == expected[name]["printed"]
    assert found[name]["written"] == expected[name]["written"]


def test_there_is_one_for_each_expectation(expected: dict[str, Any]) -> None:
    assert sorted(expected) == [program.stem for program in PROGRAMS]
    assert len(PROGRAMS) >= 25
