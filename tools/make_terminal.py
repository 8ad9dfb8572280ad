"""Draw docs/terminal.svg: what the command prints of a checkpoint that TensorFlow wrote."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).parent.parent
COMMANDS = (
    "tfckpt ls trained",
    "tfckpt show trained linear/kernel",
    "tfckpt tree objects",
)
WIDTH = 72
# The page's own font: a picture must not fetch one.
FONTS = ("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas")


def output(command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT / "tests" / "golden",
        env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def main() -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    for command in COMMANDS:
        console.print(Text.assemble(("$ ", "green"), (command, "bold")))
        console.print(Text.from_ansi(output(command)))
    svg = console.export_svg(title="tfckpt", theme=DIMMED_MONOKAI, unique_id="tfckpt")
    start, end = svg.index("@font-face"), svg.index(".tfckpt-matrix")
    svg = (svg[:start] + svg[end:]).replace(*FONTS)
    (ROOT / "docs" / "terminal.svg").write_text(svg)


if __name__ == "__main__":
    main()
