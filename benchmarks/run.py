"""Speed and memory of tfckpt beside its peers, as a table (`make bench`).

    python benchmarks/run.py [--quick] [--fsync] [--rounds N] [--json FILE] [--only TEXT]

Each row compares two ways of doing the same work on the same data, in one process, in turn; the
ratio is the median over the pairs. Files are on /dev/shm where there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from cases import QUICK, Sizes, cases
from measure import Pairs, take_turns
from memory import peak_growth
from rich.console import Console
from rich.table import Table

MEMORY_MB = 512
MEMORY_LIMIT_MB = 16


def main() -> int:
    options = parse(sys.argv[1:])
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    console = Console(width=None if sys.stdout.isatty() else 110)
    with tempfile.TemporaryDirectory(prefix="tfckpt-bench-", dir=base) as folder:
        rows = [*timed_rows(Path(folder), options), *memory_rows(Path(folder), options)]
    console.print(as_table(rows))
    missed = [row for row in rows if not row["met"]]
    console.print(
        f"{len(rows) - len(missed)} of {len(rows)} rows met; "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, files on {base or 'disk'}"
        f"{', with fsync' if options.fsync else ''}"
    )
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="little data: does everything run?")
    parser.add_argument("--fsync", action="store_true", help="wait for the disk, ours and plain")
    parser.add_argument("--rounds", type=int, default=5, help="pairs a row (default: 5)")
    parser.add_argument("--json", help="write the rows to this file too")
    parser.add_argument("--only", default="", help="rows whose work contains this")
    return parser.parse_args(argv)


def timed_rows(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for case in cases(folder, QUICK if options.quick else Sizes(), options.fsync):
        if options.only not in case.work:
            continue
        rounds = 1 if options.quick else options.rounds
        pairs = take_turns(case.ours, case.peer, rounds)
        if case.work == "import":  # the processes say themselves what the import took
            pairs = Pairs([float(case.ours.run()) for _ in range(9)],  # type: ignore[arg-type]
                          [float(case.peer.run()) for _ in range(9)])  # type: ignore[arg-type]  # fmt: skip
        rows.append(
            {
                "work": case.work,
                "peer": case.peer.name,
                "ours_s": statistics.median(pairs.ours),
                "peer_s": statistics.median(pairs.peer),
                "ratio": pairs.ratio,
                "target": case.target,
                "met": pairs.ratio >= case.target,
            }
        )
        print(f"{case.work} / {case.peer.name}: {pairs.ratio:.2f}", file=sys.stderr)
    return rows


def memory_rows(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    megabytes = 16 if options.quick else MEMORY_MB
    rows = []
    for work, limit in (("save", MEMORY_LIMIT_MB),):
        if options.only not in f"memory, {work}":
            continue
        ours = peak_growth("ours", work, folder, megabytes)
        peer = peak_growth("safetensors", work, folder, megabytes)
        rows.append(
            {
                "work": f"memory, {work} {megabytes} MB",
                "peer": "safetensors",
                "ours_mb": ours,
                "peer_mb": peer,
                "target": limit,
                "met": limit is None or ours <= limit,
            }
        )
    return rows


def as_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("work")
    table.add_column("peer")
    for column in ("ours", "peer's", "times as fast", "at least", ""):
        table.add_column(column, justify="right")
    for row in rows:
        if "ratio" in row:
            numbers = (
                seconds(row["ours_s"]),
                seconds(row["peer_s"]),
                f"{row['ratio']:.2f}",
                f"{row['target']:.2f}",
            )
        else:
            limit = f"{row['target']} MB" if row["target"] else ""
            numbers = (f"+{row['ours_mb']:.0f} MB", f"+{row['peer_mb']:.0f} MB", "", limit)
        table.add_row(row["work"], row["peer"], *numbers, "" if row["met"] else "missed")
    return table


def seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
