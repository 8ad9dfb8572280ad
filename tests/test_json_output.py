"""--json: what each command prints has the keys that the page of the command line lists."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt

pytest.importorskip("click")
from click.testing import CliRunner

from tfckpt.cli import cli

PAGE = Path(__file__).resolve().parents[1] / "docs" / "command-line.md"
COMMANDS = {
    "info": "info PATH",
    "ls": "ls PATH -l",
    "tree": "tree objects/ckpt-1",
    "show": "show PATH w --slice 0",
    "stats": "stats PATH w --since OTHER",
    "verify": "verify DAMAGED",
    "diff": "diff PATH OTHER",
    "report": "report PATH -o page.html --compare OTHER",
    "convert": "convert PATH DST",
    "graph": "graph trained/model.ckpt-60.meta",
    "saved-model": "saved-model saved_model",
    "edit": "edit PATH DST --drop w",
    "average": "average PATH OTHER DST --missing drop --dry-run",
    "merge": "merge PATH objects DST",
    "suggest": "suggest PATH OTHER",
    "prune": "prune trained --keep 'last(1)' --dry-run",
    "salvage": "salvage DAMAGED",
    "doctor": "doctor .",
    "repair-state": "repair-state trained --dry-run",
}


@pytest.fixture(autouse=True)
def folder(golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("objects", "trained", "saved_model"):
        Path(name).symlink_to(golden / name)
    tfckpt.save("PATH", {"w": np.eye(2), "b": np.ones(1)})
    tfckpt.save("OTHER", {"w": np.ones((2, 2)), "c": np.ones(1)})
    tfckpt.save("DAMAGED", {"w": np.eye(2)})
    Path("DAMAGED.data-00000-of-00001").write_bytes(bytes(32))


def words(text: str) -> list[str]:
    """Return what stands in backticks, without what only explains a word, in parentheses."""
    return re.findall(r"`([^`]+)`", re.sub(r"\(.*?\)", "", text))


def schemas() -> Iterator[tuple[str, list[str], dict[str, list[str]]]]:
    """Yield the rows of the table: which schema, its keys, and the keys of what is within each."""
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.match(r"`[a-z-]+/\d+`", cells[0]):
            within = (part.partition(":") for part in cells[2].split(";") if ":" in part)
            keys = [word for word in words(cells[1]) if not word.startswith("-")]
            yield words(cells[0])[0], keys, {words(a)[0]: words(b) for a, _, b in within}


SCHEMAS = {schema: (keys, within) for schema, keys, within in schemas()}


def found_within(value: Any, key: str) -> Iterator[Any]:
    """Yield all objects that stand in a list, or alone, under a key."""
    for name, item in value.items() if isinstance(value, dict) else ():
        items = item if isinstance(item, list) else [item]
        if name == key:
            yield from (one for one in items if isinstance(one, dict))
        for one in items:
            yield from found_within(one, key)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_lists_every_key(command: str) -> None:
    done = CliRunner().invoke(cli, [*shlex.split(COMMANDS[command]), "--json"])
    assert isinstance(done.exception, SystemExit | None), done.exception
    for line in done.stdout.splitlines():
        found = json.loads(line)
        first, schema = next(iter(found.items()))
        assert first == "schema"
        assert schema.startswith("tfckpt.")
        keys, within = SCHEMAS[schema.removeprefix("tfckpt.")]
        assert list(found)[1:] == keys
        for key, inner in within.items():
            for one in found_within(found, key):
                if command not in ("graph", "saved-model") or not _is_a_map(one):
                    assert list(one) == inner, key
    assert done.stdout


def _is_a_map(value: dict[str, Any]) -> bool:
    """Whether it has keys of its own: signatures and what goes into them, by name."""
    return all(isinstance(one, dict) for one in value.values())


def test_every_command_but_completion_has_json() -> None:
    assert set(cli.list_commands(None)) == {*COMMANDS, "completion"}


def test_what_json_has_no_numbers_for_is_said_in_words() -> None:
    tfckpt.save("odd", {"x": np.array([np.nan, np.inf, 1 + 2j]), "name": b"a"})
    found = json.loads(CliRunner().invoke(cli, ["show", "odd", "x", "--json"]).stdout)
    assert found["values"][2] == [1.0, 2.0]
    found = json.loads(CliRunner().invoke(cli, ["show", "odd", "name", "--json"]).stdout)
    assert (found["dtype"], found["shape"], found["values"]) == ("string", [], "a")
