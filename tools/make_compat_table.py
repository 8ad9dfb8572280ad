"""Writes the table of symbols in docs/reference/compat.md, out of tfckpt.compat.table.

python tools/make_compat_table.py           writes it
python tools/make_compat_table.py --check   writes nothing, and fails if it is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tfckpt.compat import table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "compat.md"
START, END = "<!-- table: tools/make_compat_table.py -->\n", "<!-- end of table -->\n"

# Subjects whose symbols say by their names what they are.
LISTED = {"Types", "Errors", "Messages"}


def main() -> int:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    made = before + START + "\n" + "\n".join(lines()) + "\n" + END + after
    if "--check" not in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
    elif made != text:
        print(f"Out of date: {PAGE.name}; run `python tools/make_compat_table.py`")
        return 1
    return 0


def lines() -> Iterator[str]:
    for subject in table.TABLE:
        symbols = [one for one in table.symbols().values() if one.subject == subject]
        yield f"### {subject}\n"
        if subject in LISTED:
            yield ", ".join(f"`{one.name}`" for one in symbols) + "\n"
            continue
        yield "| symbol | what it does |"
        yield "|---|---|"
        names: dict[tuple[str, str], list[str]] = {}
        for one in symbols:
            names.setdefault((one.home, one.attribute), []).append(f"`{one.name}`")
        for (home, attribute), places in names.items():
            yield f"| {', '.join(places)} | {does(home, attribute)} |"
        yield ""


def does(home: str, attribute: str) -> str:
    value: Any = getattr(import_module(f"tfckpt.{home}"), attribute)
    if isinstance(value, str | int | float):
        return f"`{value!r}`"
    first = (type(value).__doc__ if not callable(value) else value.__doc__) or ""
    return first.strip().splitlines()[0].replace("|", "\\|") if first else ""


if __name__ == "__main__":
    sys.exit(main())
