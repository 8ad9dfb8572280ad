"""Every Python example in the README and the documentation runs, page by page."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfckpt

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples(page: Path) -> list[str]:
    return EXAMPLE.findall(page.read_text())


@pytest.mark.parametrize(
    "page", [page for page in PAGES if examples(page)], ids=lambda page: page.name
)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page's examples share their names, and a folder of their own in a checkout."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    names: dict[str, object] = {"__name__": page.stem}
    for number, code in enumerate(examples(page)):
        if ">>>" not in code:
            exec(compile(code, f"{page.name}, example {number + 1}", "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), 0)
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False)
        assert result.failed == 0
        names.update(test.globs)


LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


HEX = re.compile(r"^```hex\n(.*?)^```", re.DOTALL | re.MULTILINE)


def hex_examples(page: str) -> list[bytes]:
    """The worked examples of a format's page: hexadecimal, a bar, what it means."""
    text = (ROOT / "docs" / "format" / page).read_text()
    return [
        bytes.fromhex("".join(line.split("|")[0] for line in block.splitlines()))
        for block in HEX.findall(text)
    ]


def test_the_block_in_the_page_on_tables_is_one() -> None:
    from tfckpt.table.block import BlockBuilder, decode_block

    (block,) = hex_examples("table.md")
    entries = [(b"dense/bias", b"B"), (b"dense/kernel", b"K")]
    assert entries == list(decode_block(block))
    builder = BlockBuilder()
    for key, value in entries:
        builder.add(key, value)
    assert block == builder.finish()


def test_the_entry_in_the_page_on_bundles_is_one() -> None:
    from tfckpt.bundle.entry import Entry

    (stored,) = hex_examples("bundle.md")
    entry = Entry(1, (2, 3), 0, 0, 24, 0x04030201)
    assert entry == Entry.decode(stored)
    assert stored == entry.encode()


CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


def golden_files() -> None:
    shutil.copytree(ROOT / "tests" / "golden", ".", dirs_exist_ok=True)


def broken_folders() -> None:
    """What happened in the examples of the page on rescue.

    `run`: the disk was full. `copied`: the index of the last was left behind. `moved`: so was all
    of the last, and the state file names another machine's paths.
    """
    rng = np.random.default_rng(0)
    layers = {"dense/bias": (128,), "dense/kernel": (784, 128), "out/bias": (10,)}
    shapes = {**layers, "out/kernel": (128, 10)}
    weights = {name: rng.standard_normal(shape, np.float32) for name, shape in shapes.items()}
    for name in ("run", "copied"):
        saver = tfckpt.Saver()
        for step in (100, 200, 300):
            weights["out/kernel"] += np.float32(0.1)  # all others are frozen
            values = {**weights, "global_step": np.int64(step)}
            saver.save(values, f"{name}/model.ckpt", global_step=step)
    shutil.copytree("run", "moved")
    for path in Path("moved").glob("model.ckpt-300.*"):
        path.unlink()
    listed = [f"/data/run/model.ckpt-{step}" for step in (200, 300)]
    tfckpt.update_checkpoint_state("moved", listed[-1], listed)
    os.truncate("run/model.ckpt-300.data-00000-of-00001", 300_000)
    os.remove("copied/model.ckpt-300.index")


SHOWN = {"command-line.md": golden_files, "rescue.md": broken_folders}


@pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are a shell's")
@pytest.mark.parametrize("page", SHOWN)
def test_a_page_shows_what_commands_print(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("click")
    monkeypatch.chdir(tmp_path)
    SHOWN[page]()
    shown = "".join(CONSOLE.findall((ROOT / "docs" / page).read_text()))
    commands = [line for line in shown.splitlines() if line.startswith("$ ")]
    assert len(commands) > 3
    script = [f'tfckpt() {{ {sys.executable} -m tfckpt "$@"; }}']
    for command in commands:
        script += [f"echo {shlex.quote(command)}", command.removeprefix("$ ")]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed = done.stdout.decode()
    expected = re.escape(shown).replace(r"\.\.\.", ".*")
    if not re.fullmatch(expected, printed):
        assert printed == shown  # shows where they part
