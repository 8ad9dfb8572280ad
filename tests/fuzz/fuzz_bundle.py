"""Invariant: any bytes as an index and a shard give arrays or a CheckpointError, nothing else.

Run by `make fuzz`. The first byte of the input chooses what is fuzzed: the files as they are, or
the entries of an index whose checksums are right.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tfckpt"]):
    import tfckpt
    from tfckpt.bundle.entry import Header
    from tfckpt.errors import CheckpointError
    from tfckpt.table import write_table

FOLDER = Path(tempfile.mkdtemp())
PREFIX = FOLDER / "m"


def test_one_input(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        index = provider.ConsumeBytes(600)
    else:
        items = {b"": Header(1).encode()}
        for _ in range(provider.ConsumeIntInRange(1, 6)):
            items[provider.ConsumeBytes(12) or b"w"] = provider.ConsumeBytes(60)
        out = bytearray()
        write_table(out.extend, sorted(items.items()))
        index = bytes(out)
    Path(f"{PREFIX}.index").write_bytes(index)
    Path(f"{PREFIX}.data-00000-of-00001").write_bytes(provider.ConsumeBytes(200))
    with contextlib.suppress(CheckpointError):
        tfckpt.load(PREFIX)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
