"""How time and memory grow with the data: a plot, and its numbers (`make growth`).

    python benchmarks/growth.py [--quick] [--plot FILE] [--json FILE]

Two series: ever more bytes in 8 tensors, and ever more tensors of 64 bytes. For each: save, open,
one lookup, list, load all; and the bytes that open and one lookup read.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tfckpt

BYTES = [1 << 30, 2 << 30, 4 << 30]
COUNTS = [1_000, 10_000, 100_000, 1_000_000]
QUICK_BYTES = [1 << 20, 2 << 20]
QUICK_COUNTS = [100, 1_000]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="little data: does everything run?")
    parser.add_argument("--plot", help="draw the plot into this file")
    parser.add_argument("--json", help="write the numbers into this file")
    options = parser.parse_args()
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    sizes, counts = (QUICK_BYTES, QUICK_COUNTS) if options.quick else (BYTES, COUNTS)
    rows = []
    for size in sizes:
        rows.append({"series": "bytes", "x": size, **measure(of_size(size), base)})
        print(rows[-1], file=sys.stderr)
    for count in counts:
        rows.append({"series": "tensors", "x": count, **measure(of_count(count), base)})
        print(rows[-1], file=sys.stderr)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    if options.plot:
        plot(rows, options.plot)
    return 0


def of_size(size: int) -> dict[str, np.ndarray[Any, Any]]:
    one = np.ones(size // 32, np.float32)  # the same memory eight times: it is the file that grows
    return {f"layer_{n}/kernel": one for n in range(8)}


def of_count(count: int) -> dict[str, np.ndarray[Any, Any]]:
    one = np.ones(16, np.float32)
    return {f"model/layer_{n:07d}/kernel": one for n in range(count)}


def measure(tensors: dict[str, Any], base: str | None) -> dict[str, float]:
    folder = tempfile.mkdtemp(prefix="tfckpt-growth-", dir=base)
    prefix, probe = f"{folder}/m", list(tensors)[len(tensors) // 2]
    try:
        result = {"save": timed(lambda: tfckpt.save(prefix, tensors, fsync=False))}
        result["open"] = best(lambda: tfckpt.load_checkpoint(prefix).close())
        result["lookup"] = best(lambda: lookup(prefix, probe))
        result["lookup_bytes"] = bytes_read(lambda: lookup(prefix, probe))
        result["list"] = timed(lambda: tfckpt.list_variables(prefix))
        result["load"] = timed(lambda: tfckpt.load(prefix))
    finally:
        shutil.rmtree(folder)
    return result


def lookup(prefix: str, name: str) -> None:
    """Find a tensor, and read its first element."""
    with tfckpt.load_checkpoint(prefix) as reader:
        reader.get_tensor(name, 0)


def timed(run: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    del result
    return seconds


def best(run: Callable[[], object], turns: int = 5) -> float:
    return min(timed(run) for _ in range(turns))


def bytes_read(run: Callable[[], object]) -> int:
    """Count what is read or mapped of the files."""
    from tfckpt.storage.source import LocalSource

    total = 0
    kept = {name: getattr(LocalSource, name) for name in ("read", "map")}

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, offset: int, size: int) -> Any:
            nonlocal total
            total += size
            return method(self, offset, size)

        return call

    for name, method in kept.items():
        setattr(LocalSource, name, counting(method))
    try:
        run()
    finally:
        for name, method in kept.items():
            setattr(LocalSource, name, method)
    return total


def plot(rows: list[dict[str, Any]], path: str) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, sides = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    labels = {"bytes": "GB in 8 tensors", "tensors": "tensors of 64 bytes"}
    for side, (series, label) in zip(sides, labels.items(), strict=True):
        mine = [row for row in rows if row["series"] == series]
        xs = [row["x"] / (1 << 30 if series == "bytes" else 1) for row in mine]
        for work in ("save", "load", "list", "lookup", "open"):
            side.plot(xs, [row[work] for row in mine], marker="o", label=work)
        side.set(xscale="log", yscale="log", xlabel=label)
        side.grid(True, alpha=0.3)
    sides[0].set_ylabel("seconds")
    sides[1].legend(loc="upper left")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    sys.exit(main())
