"""How time, memory and reading grow with the data: a plot, and its numbers (`make growth`).

    python benchmarks/growth.py [--quick] [--plot FILE] [--json FILE] [--folder DIR] [--largest GB]

Two series: ever more bytes in 8 tensors, and ever more tensors of 64 bytes. For each, and each in
a process of its own: save, open, one lookup, list, load all, and the time that TensorFlow and
safetensors take for the same. Memory is what the process takes for itself at its peak; pages of the
mapped file, which the system can take back, are not in it.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from memory import memory_of_process

import tfckpt
from tfckpt.storage.source import LocalSource

SIZES = [1 << 30, 2 << 30, 4 << 30, 8 << 30]
COUNTS = [1_000, 10_000, 100_000, 1_000_000]
MOST_OF_PEERS = 2 << 30  # bytes: beyond, loading takes more memory than there may be
QUICK_SIZES = [1 << 20, 2 << 20]
QUICK_COUNTS = [100, 1_000]
TURNS = 3
ENOUGH = 10  # seconds: work that takes longer gets no further turn
LEAST = {"seconds": 0, "memory": 4096, "read": 0}  # a logarithmic plot has no zero

Tensors = dict[str, np.ndarray[Any, Any]]


def of_size(size: int) -> Tensors:
    one = np.ones(size // 32, np.float32)  # the same memory eight times: it is the file that grows
    return {f"layer_{n}/kernel": one for n in range(8)}


def of_count(count: int) -> Tensors:
    one = np.ones(16, np.float32)
    return {f"model/layer_{n:07d}/kernel": one for n in range(count)}


SERIES = {"bytes": of_size, "tensors": of_count}


def middle(series: str, x: int) -> str:
    """Return the name of a tensor in the middle."""
    return "layer_4/kernel" if series == "bytes" else f"model/layer_{x // 2:07d}/kernel"


def lookup(prefix: str, series: str, x: int) -> object:
    """Open, find a tensor in the middle, and read its first element."""
    with tfckpt.load_checkpoint(prefix) as reader:
        return reader.get_tensor(middle(series, x), 0)


Work = Callable[[str, str, int], Any]

WORK: dict[str, Work] = {
    "save": lambda prefix, series, x: tfckpt.save(prefix, SERIES[series](x), fsync=False),
    "load": lambda prefix, series, x: tfckpt.load(prefix),
    "list": lambda prefix, series, x: tfckpt.list_variables(prefix),
    "lookup": lookup,
    "open": lambda prefix, series, x: tfckpt.load_checkpoint(prefix),
}


def tensorflow() -> dict[str, Work]:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    def saving(prefix: str, series: str, x: int) -> Callable[[], object]:
        tensors = SERIES[series](x)
        names, slices = tf.constant(list(tensors)), tf.constant([""] * len(tensors))
        made = {id(array): tf.constant(array) for array in tensors.values()}
        constants = [made[id(array)] for array in tensors.values()]
        return lambda: tf.raw_ops.SaveV2(
            prefix=prefix, tensor_names=names, shape_and_slices=slices, tensors=constants
        )

    def load(prefix: str, series: str, x: int) -> object:
        reader = tf.train.load_checkpoint(prefix)
        return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}

    return {
        "save": saving,
        "load": load,
        "list": lambda prefix, series, x: tf.train.list_variables(prefix),
        "lookup": lambda prefix, series, x: tf.train.load_checkpoint(prefix).get_tensor(
            middle(series, x)
        ),
    }


def safetensors() -> dict[str, Work]:
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    def saving(prefix: str, series: str, x: int) -> Callable[[], object]:
        tensors = SERIES[series](x)
        return lambda: save_file(tensors, prefix)

    def lookup(prefix: str, series: str, x: int) -> object:
        with safe_open(prefix, "np") as file:
            return file.get_tensor(middle(series, x))

    def names(prefix: str, series: str, x: int) -> object:
        with safe_open(prefix, "np") as file:
            return [(name, file.get_slice(name).get_shape()) for name in file.keys()]  # noqa: SIM118

    return {
        "save": saving,
        "load": lambda prefix, series, x: load_file(prefix),
        "list": names,
        "lookup": lookup,
    }


# Peers: how each line is drawn, and the work, of which "save" prepares and returns the work proper.
PEERS = {"TensorFlow": ("--", tensorflow), "safetensors": (":", safetensors)}


def main() -> int:
    options = parse(sys.argv[1:])
    if options.child:
        measured = measure_peer if options.child[0] in PEERS else measure
        print(json.dumps(measured(*options.child)))
        return 0
    rows = []
    for series, xs in (
        ("bytes", QUICK_SIZES if options.quick else SIZES),
        ("tensors", QUICK_COUNTS if options.quick else COUNTS),
    ):
        for x in xs if series == "tensors" else [x for x in xs if x <= options.largest << 30]:
            rows.append({"series": series, "x": x, **in_children(series, x, options.folder)})
            print(rows[-1], file=sys.stderr)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    if options.plot:
        plot(rows, options.plot)
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="little data: does everything run?")
    parser.add_argument("--plot", help="draw the plot into this file")
    parser.add_argument("--json", help="write the numbers into this file")
    parser.add_argument("--folder", help="where the files go (default: %(default)s)",
                        default="/dev/shm" if Path("/dev/shm").is_dir() else None)  # fmt: skip
    parser.add_argument("--largest", type=int, default=8, metavar="GB",
                        help="no bigger files (default: %(default)s)")  # fmt: skip
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def in_children(series: str, x: int, base: str | None) -> dict[str, Any]:
    folder = tempfile.mkdtemp(prefix="tfckpt-growth-", dir=base)
    try:
        found = {work: child(work, f"{folder}/m", series, x) for work in WORK}
        for peer in PEERS if series == "tensors" or x <= MOST_OF_PEERS else ():
            clear(folder)
            found[peer] = child(peer, f"{folder}/m", series, x)
        return found
    finally:
        shutil.rmtree(folder)


def clear(folder: str) -> None:
    for file in Path(folder).iterdir():
        file.unlink()


def child(work: str, prefix: str, series: str, x: int) -> Any:
    command = [sys.executable, __file__, "--child", work, prefix, series, str(x)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(work: str, prefix: str, series: str, x: str) -> dict[str, float]:
    """Return the seconds of the fastest of `TURNS`, and peak memory and bytes read of the first."""
    tfckpt.load(tfckpt.save(f"{prefix}-warm", {"w": np.ones(10)}, fsync=False))  # imports
    run = functools.partial(WORK[work], prefix, series, int(x))
    if work == "save":
        tensors = SERIES[series](int(x))
        run = functools.partial(tfckpt.save, prefix, tensors, fsync=False)
    count = counting_reads()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory_of_process()
    seconds, read, own = [], 0, 0
    for turn in range(TURNS):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
        if not turn:
            after = memory_of_process()
            own = after["VmHWM"] - before["VmRSS"] - (mapped(after) - mapped(before))
            read = count["bytes"]
        del result
    return {"seconds": min(seconds), "memory": max(0, own), "read": read}


def measure_peer(peer: str, prefix: str, series: str, x: str) -> dict[str, float]:
    """Return the seconds of the fastest turn of each work of a peer."""
    seconds = {}
    for work, way in PEERS[peer][1]().items():
        run = functools.partial(way, prefix, series, int(x))
        seconds[work] = min(turns(run() if work == "save" else run))
    return seconds


def turns(run: Callable[[], object]) -> Iterator[float]:
    spent = 0.0
    for _ in range(TURNS):
        if spent > ENOUGH:
            return
        start = time.perf_counter()
        result = run()
        yield time.perf_counter() - start
        spent += time.perf_counter() - start
        del result


def counting_reads() -> dict[str, int]:
    """Count from now on the bytes of files that are read or mapped."""
    count = {"bytes": 0}

    def counted(name: str) -> None:
        real = getattr(LocalSource, name)

        def call(self: LocalSource, offset: int, wanted: Any) -> Any:
            count["bytes"] += wanted if isinstance(wanted, int) else len(wanted)
            return real(self, offset, wanted)

        setattr(LocalSource, name, call)

    for name in ("read", "read_into", "map"):
        counted(name)
    return count


def mapped(memory: dict[str, int]) -> int:
    return memory["RssFile"] + memory["RssShmem"]


def plot(rows: list[dict[str, Any]], path: str) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    kinds = {"seconds": "seconds", "memory": "MB of memory", "read": "MB read or mapped"}
    labels = {"bytes": "GB in 8 tensors", "tensors": "tensors of 64 bytes"}
    figure, grid = plt.subplots(
        3, 2, figsize=(9, 10), sharex="col", sharey="row", layout="constrained"
    )
    for column, (series, label) in enumerate(labels.items()):
        mine = [row for row in rows if row["series"] == series]
        xs = [row["x"] / (1 << 30 if series == "bytes" else 1) for row in mine]
        for side, (kind, unit) in zip(grid[:, column], kinds.items(), strict=True):
            scale = 1 if kind == "seconds" else 1 << 20
            for color, work in enumerate(WORK):
                if (kind, work) == ("read", "save"):
                    continue
                ys = [max(row[work][kind], LEAST[kind]) / scale for row in mine]
                side.plot(xs, ys, marker="o", color=f"C{color}", label=work)
                for peer, (line, _) in PEERS.items() if kind == "seconds" else ():
                    theirs = [row[peer][work] for row in mine if work in row.get(peer, ())]
                    side.plot(xs[: len(theirs)], theirs, line, color=f"C{color}")
            side.set(xscale="log", yscale="log", ylabel=unit if not column else None)
            side.grid(True, alpha=0.3)
        side.set_xlabel(label)
        side.set_xticks(xs, [f"{x:,.0f}" for x in xs])
        side.minorticks_off()
    works, _ = grid[0, 0].get_legend_handles_labels()
    peers = [
        plt.Line2D([], [], linestyle=line, color="gray", label=peer)
        for peer, (line, _) in PEERS.items()
    ]
    figure.legend(handles=[*works, *peers], loc="outside upper center", ncols=7)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    sys.exit(main())
