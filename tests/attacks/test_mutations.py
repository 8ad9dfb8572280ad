"""The search for files that get a wrong answer, a while each; `make mutations` goes on longer."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.faults import AMOUNT
from attacks.mutations import ATTACKS, answers, run
from tfckpt.cli import cli

SECONDS = {"all": 60, "some": 60, "little": 1}[AMOUNT]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable()
    gc.enable()  # an interrupt between a block and its exit leaves it off in this process
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_file_gets_an_answer(name: str) -> None:
    count, findings = run(name, SECONDS, at_least=12)
    assert not findings, "\n".join(f"{one.seed}: {one.use}\n{one.what}" for one in findings)
    assert count >= 12


def test_every_command_is_given_such_files() -> None:
    uses = [use.__name__.split() for one in ATTACKS.values() for use in one.uses]
    given = {words[1] for words in uses if words[0] == "command"}
    assert set(cli.list_commands(None)) - given == {"completion"}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_files_are_neither_all_right_nor_all_wrong(name: str, tmp_path: Path) -> None:
    """A search among files that all fail at once would find nothing."""
    taken = answers(name, 40, tmp_path / "files")
    for use in ATTACKS[name].uses:
        assert taken.get(use.__name__, 0) > 0, use.__name__
    assert min(taken.values()) < 40
