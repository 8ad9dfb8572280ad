"""Four processes train one table together, each the rows that are its own, and save it together.

    python examples/train_together.py run                  # 8 steps
    python examples/train_together.py run2 --kill-at 5     # one of them dies in step 5
    python examples/train_together.py run2                 # goes on from step 4

A folder, or a URL (s3://bucket/run). The processes are of one machine here; with MPI, or
torch.distributed, only the barrier is another.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from multiprocessing import get_context
from threading import BrokenBarrierError
from typing import Any

import numpy as np

import tfckpt

WORKERS, ROWS, STEPS = 4, 16, 8


def work(rank: int, folder: str, barrier: Any, kill_at: int) -> None:
    mine = slice(rank * ROWS // WORKERS, (rank + 1) * ROWS // WORKERS)
    table, first = np.zeros((ROWS // WORKERS, 3)), 1
    latest = tfckpt.latest_checkpoint(folder)
    if latest is not None:  # whoever wrote it, and however many they were
        with tfckpt.load_checkpoint(latest) as reader:
            table[...] = reader.read("table", np.s_[mine])
            first = int(reader["step"]) + 1
        if rank == 0:
            print(f"going on from step {first - 1}", flush=True)
    barrier.wait()

    for step in range(first, STEPS + 1):
        table += 1
        if rank == 3 and step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        prefix = f"{folder}/m-{step}"
        part = tfckpt.PartOfTensor((ROWS, 3), [(mine.start, len(table)), (0, 3)], table)
        values = {"table": part, "step": np.int64(step)} if rank == 0 else {"table": part}
        tfckpt.save_shard(prefix, rank, WORKERS, values)
        barrier.wait()  # all have written
        if rank == 0:
            tfckpt.commit_shards(prefix, WORKERS)
            tfckpt.update_checkpoint_state(folder, prefix)
        barrier.wait()  # the checkpoint is there


def guarded(rank: int, folder: str, barrier: Any, kill_at: int) -> None:
    try:
        work(rank, folder, barrier, kill_at)
    except BrokenBarrierError:
        sys.exit(1)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("--kill-at", type=int, default=0)
    given = arguments.parse_args()
    context = get_context("spawn")
    barrier = context.Barrier(WORKERS)
    workers = [
        context.Process(target=guarded, args=(rank, given.folder, barrier, given.kill_at))
        for rank in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        for worker in workers:
            worker.join(0.1)
            if worker.exitcode not in (None, 0):
                barrier.abort()  # the others would wait for it for ever
    if any(worker.exitcode for worker in workers):
        sys.exit("a worker has died: run it again")
    print(f"latest: {tfckpt.latest_checkpoint(given.folder)}")


if __name__ == "__main__":
    main()
