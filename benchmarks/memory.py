"""By how much the peak of a process's memory grows while it saves or loads.

Run as a child: ``python memory.py ours|safetensors save|load FOLDER MEGABYTES``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def peak_growth(library: str, work: str, folder: Path, megabytes: int) -> float:
    """Return the growth in MB, measured in a new process."""
    if work == "load":
        peak_growth(library, "save", folder, megabytes)  # leaves the file
    command = [sys.executable, __file__, library, work, str(folder), str(megabytes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def child(library: str, work: str, folder: str, megabytes: int) -> float:
    import numpy as np

    # What the library itself takes is not the question.
    save, load = ways(library, f"{folder}/warm-{library}")
    save({"w": np.zeros(1000)})
    load()
    save, load = ways(library, f"{folder}/memory-{library}")
    if work == "load":
        return grown(load)
    rng = np.random.default_rng(0)
    tensors = {f"w{n}": rng.standard_normal(megabytes << 14) for n in range(8)}
    return grown(lambda: save(tensors))


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
