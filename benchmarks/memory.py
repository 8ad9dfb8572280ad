"""By how much the peak of a process's memory grows while it works.

Run as a child: ``python memory.py ours|safetensors WORK FOLDER MEGABYTES``.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any


def peak_growth(library: str, work: str, folder: Path, megabytes: int) -> float:
    """Return the growth in MB, measured in a new process."""
    if work == "load":
        peak_growth(library, "save", folder, megabytes)  # leaves the file
    command = [sys.executable, __file__, library, work, str(folder), str(megabytes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def child(library: str, work: str, folder: str, megabytes: int) -> float:
    import numpy as np

    if work in EDITS:
        return edited(work, folder, megabytes)
    # What the library itself takes is not the question.
    save, load = ways(library, f"{folder}/warm-{library}")
    save({"w": np.zeros(1000)})
    load()
    save, load = ways(library, f"{folder}/memory-{library}")
    if work == "load":
        return grown(load)
    tensors = made(megabytes)
    return grown(lambda: save(tensors))


EDITS = ("average", "convert")
TENSORS = 8


def made(megabytes: int) -> dict[str, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    return {f"w{n}": rng.standard_normal((megabytes << 17) // TENSORS) for n in range(TENSORS)}


def edited(work: str, folder: str, megabytes: int) -> float:
    """Average a checkpoint with itself, five times, or convert it.

    Only what is allocated counts: pages of a mapped file are the system's to take away.
    """
    import tfckpt

    path = tfckpt.save(f"{folder}/memory-edit", made(megabytes), fsync=False)
    tracemalloc.start()
    if work == "average":
        tfckpt.save(f"{folder}/memory-edited", tfckpt.transform.average([path] * 5), fsync=False)
    else:
        tfckpt.convert_checkpoint(path, f"{folder}/memory-edited.safetensors", fsync=False)
    return tracemalloc.get_traced_memory()[1] / (1 << 20)


def grown(run: Callable[[], object]) -> float:
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory_of_process()["VmHWM"]
    result = run()
    growth = memory_of_process()["VmHWM"] - before
    del result
    return growth / (1 << 20)


def ways(library: str, path: str):  # type: ignore[no-untyped-def]
    if library == "ours":
        import tfckpt

        return lambda tensors: tfckpt.save(path, tensors), lambda: tfckpt.load(path)
    from safetensors.numpy import load_file, save_file

    return lambda tensors: save_file(tensors, path), lambda: load_file(path)


def memory_of_process() -> dict[str, int]:
    """Return the bytes of each kind that Linux says this process has (proc(5), status).

    Unlike getrusage's, its peak, VmHWM, is not the parent's where that had more.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(size) << 10 for name, size, _ in fields}


if __name__ == "__main__":
    print(child(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
