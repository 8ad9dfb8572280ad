"""Speed and memory of tfckpt beside its peers, as a table (`make bench`).

    python benchmarks/run.py [--quick] [--fsync] [--rounds N] [--json FILE] [--only TEXT]
                             [--folder DIR] [--record]

Each row compares two ways of doing the same work on the same data, in one process, in turn; the
ratio is the median over the turns. Where a limit is known (for a save a plain write() of the same
bytes, for a load their bare checksum on all cores), it takes its turn too, and "possible" says
how many times as fast as the peer the limit itself is. Files are on /dev/shm where there is one.

Ratios are compared with those that were recorded last (`recorded.json`): what moved by more than a
fifth is listed. That informs, and fails nothing. --record writes them anew, and the whole table
into docs/performance.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from cases import QUICK, Case, Sizes, cases
from measure import take_turns, times_as_fast
from memory import EDITS, TENSORS, peak_growth
from remote_requests import remote_requests
from rich.console import Console
from rich.table import Table

MEMORY_MB = 512
_TENSOR_MB = MEMORY_MB // TENSORS
MEMORY_LIMITS_MB = {
    "save": 16,
    "load": None,
    "average": 3 * _TENSOR_MB,  # of five
    "convert": 2 * _TENSOR_MB,
}
NEAR = 1.15  # a row within this of its limit is at it
RECORDED = Path(__file__).with_name("recorded.json")
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
TABLE = re.compile(r"(?<=<!-- the table of `make bench` -->\n).*?(?=<!-- its end -->)", re.DOTALL)
MOVED = 1.2  # a ratio that differs by more than this from the one recorded is listed


def main() -> int:
    options = parse(sys.argv[1:])
    console = Console(width=None if sys.stdout.isatty() else 120)
    with tempfile.TemporaryDirectory(prefix="tfckpt-bench-", dir=options.folder) as folder:
        rows = [*timed_rows(Path(folder), options), *memory_rows(Path(folder), options)]
    rows += request_rows(options)
    if options.quick:
        for row in rows:
            row["verdict"] = ""
    console.print(as_table(rows))
    verdicts = [row["verdict"] for row in rows]
    judged = (
        f"{verdicts.count('')} of {len(rows)} rows met, {verdicts.count('limit')} more at the limit"
    )
    console.print(
        f"{'too little data to judge' if options.quick else judged}; {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, files on {options.folder}"
        f"{', with fsync' if options.fsync else ''}"
    )
    if not options.quick:
        for line in moved(rows, recorded()):
            console.print(line)
    if options.record:
        ratios = recorded() | {
            key_of(row): round(row["ratio"], 3) for row in rows if "ratio" in row
        }
        RECORDED.write_text(json.dumps(ratios, indent=1, sort_keys=True) + "\n")
        PAGE.write_text(with_table(PAGE.read_text(), as_markdown(rows)))
    if options.markdown:
        Path(options.markdown).write_text(as_markdown(rows))
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="little data: does everything run?")
    parser.add_argument("--fsync", action="store_true", help="wait for the disk, ours and plain")
    parser.add_argument("--rounds", type=int, default=9, help="pairs a row (default: %(default)s)")
    parser.add_argument("--json", help="write the rows to this file too")
    parser.add_argument("--markdown", help="write the table of docs/performance.md to this file")
    parser.add_argument("--record", action="store_true", help="keep the ratios to compare with")
    parser.add_argument("--only", default="", help="rows whose work contains this")
    parser.add_argument(
        "--folder",
        default="/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir(),
        help="where the files go (default: %(default)s)",
    )
    return parser.parse_args(argv)


def timed_rows(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for case in cases(folder, QUICK if options.quick else Sizes(), options.fsync):
        if options.only not in case.work:
            continue
        rows.append(timed_row(case, 1 if options.quick else options.rounds))
        print(f"{case.work} / {case.peer.name}: {rows[-1]['ratio']:.2f}", file=sys.stderr)
    return rows


def timed_row(case: Case, rounds: int) -> dict[str, Any]:
    if case.work == "import":  # the processes say themselves what the import took
        ours, peer = [[float(way.run()) for _ in range(9)] for way in (case.ours, case.peer)]  # type: ignore[arg-type]
        limit = None
    else:
        ways = [case.ours, case.peer, case.limit] if case.limit else [case.ours, case.peer]
        ours, peer, limit = [*take_turns(ways, rounds), None][:3]
    ratio = times_as_fast(ours, peer)
    possible = times_as_fast(limit, peer) if limit else None
    row = {
        "work": case.work,
        "peer": case.peer.name,
        "ours_s": statistics.median(ours),
        "peer_s": statistics.median(peer),
        "ratio": ratio,
        "target": case.target,
        "verdict": verdict(ratio, case.target, possible),
    }
    if case.limit and limit:
        row |= {"limit": case.limit.name, "limit_s": statistics.median(limit), "possible": possible}
    return row


def verdict(ratio: float, target: float, possible: float | None) -> str:
    if ratio >= target:
        return ""
    return "limit" if possible and possible < target and ratio * NEAR >= possible else "missed"


def key_of(row: dict[str, Any]) -> str:
    return f"{row['work']} / {row['peer']}"


def recorded() -> dict[str, float]:
    """Return the ratios of the last run that was kept, by row."""
    return json.loads(RECORDED.read_text()) if RECORDED.exists() else {}


def moved(rows: list[dict[str, Any]], before: dict[str, float]) -> list[str]:
    """Say which ratios are not what they were, the worst first."""
    changes = [
        (row["ratio"] / before[key_of(row)], key_of(row), row["ratio"])
        for row in rows
        if before.get(key_of(row)) and "ratio" in row
    ]
    return [
        f"{key}: {ratio:.2f} times as fast, it was {before[key]:.2f}"
        for change, key, ratio in sorted(changes)
        if not 1 / MOVED <= change <= MOVED
    ]


def memory_rows(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    megabytes = 16 if options.quick else MEMORY_MB
    rows = []
    for work, limit in MEMORY_LIMITS_MB.items():
        if options.only not in f"memory, {work}":
            continue
        ours = peak_growth("ours", work, folder, megabytes)
        peer = None if work in EDITS else peak_growth("safetensors", work, folder, megabytes)
        rows.append(
            {
                "work": f"memory, {work} {megabytes} MB",
                "peer": "" if peer is None else "safetensors",
                "ours_mb": ours,
                "peer_mb": peer,
                "target": limit,
                "verdict": "" if limit is None or ours <= limit else "missed",
            }
        )
    return rows


def request_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    if "requests" not in options.only and options.only not in "requests":
        return []
    rows = [
        {
            "work": f"requests, {one.work}",
            "peer": "",
            "requests": one.requests,
            "target": one.allowed,
            "verdict": "" if one.requests <= one.allowed else "missed",
        }
        for one in remote_requests(*((20, 1000) if options.quick else (400, 50_000)))
    ]
    return [row for row in rows if options.only in row["work"]]


COLUMNS = ("work", "peer", "ours", "peer's", "times as fast", "at least", "possible", "")


def as_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for at, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if at > 1 else "left")
    for row in rows:
        table.add_row(*cells(row))
    return table


def as_markdown(rows: list[dict[str, Any]]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *map(cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def with_table(page: str, table: str) -> str:
    """Return the page with another table between its marks, and what it was measured on."""
    machine = (
        f"Measured on {datetime.date.today()}: {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}."
    )
    return TABLE.sub(lambda _: f"\n{machine}\n\n{table}\n", page, count=1)


def cells(row: dict[str, Any]) -> list[str]:
    if "ratio" in row:
        possible = f"{row['possible']:.1f}" if "possible" in row else ""
        numbers = [
            seconds(row["ours_s"]),
            seconds(row["peer_s"]),
            f"{row['ratio']:.2f}",
            f"{row['target']:.2f}",
            possible,
        ]
    elif "requests" in row:
        numbers = [str(row["requests"]), "", "", f"<= {row['target']}", ""]
    else:
        limit = f"{row['target']} MB" if row["target"] else ""
        peer = "" if row["peer_mb"] is None else f"+{row['peer_mb']:.0f} MB"
        numbers = [f"+{row['ours_mb']:.0f} MB", peer, "", limit, ""]
    return [row["work"], row["peer"], *numbers, row["verdict"]]


def seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
