"""The work that is measured: ours, the peers', and how many times as fast we have to be."""

from __future__ import annotations

import atexit
import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import crc32c
import numpy as np
import tensorflow as tf
from measure import Way
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import tfckpt
from tfckpt import transform
from tfckpt.bundle.entry import Entry, Header, decode_head
from tfckpt.storage import open_source
from tfckpt.table import Table, write_table

Tensors = dict[str, np.ndarray[Any, Any]]

CORES = os.cpu_count() or 1
LOOP_STEPS = 100
CHUNK = 1 << 20  # bytes that stay in a core's cache
PIECE = 4 << 20  # bytes that a thread checksums at a time, where there are several


class Case(NamedTuple):
    """A row of the table: our way, a peer's, and the least ratio of their times.

    `limit` is the least that any library has to do for this work, done by nothing else.
    """

    work: str
    ours: Way
    peer: Way
    target: float
    limit: Way | None = None


class Sizes(NamedTuple):
    """How much data: the full table's, or enough to see that everything runs."""

    big: tuple[int, int] = (8, 128 << 20)  # tensors, bytes of each
    medium: tuple[int, int] = (400, 1 << 20)
    small: tuple[int, int] = (50_000, 64)


QUICK = Sizes((8, 1 << 20), (40, 1 << 16), (500, 64))


def make(count: int, size: int) -> Tensors:
    """Make float32 tensors of different values, whose names sort as they are made."""
    base = np.random.default_rng(count).standard_normal(size // 4).astype(np.float32)
    return {f"model/layer_{n:06d}/kernel": base + n for n in range(count)}


class Files:
    """The same tensors, as each format's files in one folder, and ways to write and read them."""

    def __init__(self, folder: Path, name: str, tensors: Tensors, fsync: bool) -> None:
        self.tensors = tensors
        self.fsync = fsync
        self.everything = str(folder / name)
        self.ours = str(folder / f"{name}-ours")
        self.tf = str(folder / f"{name}-tf")
        self.safetensors = str(folder / f"{name}.safetensors")
        self.torch = str(folder / f"{name}.pt")
        self.npz = str(folder / f"{name}.npz")
        self.plain = str(folder / f"{name}.plain")
        self.names = tf.constant(list(tensors))
        self.slices = tf.constant([""] * len(tensors))
        self.constants = [tf.constant(array) for array in tensors.values()]
        self.dtypes = [tf.float32] * len(tensors)
        self.probe = list(tensors)[len(tensors) // 2]

    # Writing

    def save_ours(self, num_shards: int = 1) -> Way:
        return self._saving("tfckpt", lambda: tfckpt.save(
            self.ours, self.tensors, num_shards=num_shards, fsync=self.fsync))  # fmt: skip

    def save_tf(self) -> Way:
        return self._saving("TensorFlow SaveV2", lambda: tf.raw_ops.SaveV2(
            prefix=self.tf, tensor_names=self.names, shape_and_slices=self.slices,
            tensors=self.constants))  # fmt: skip

    def save_safetensors(self) -> Way:
        return self._saving("safetensors", lambda: save_file(self.tensors, self.safetensors))

    def save_npz(self) -> Way:
        return self._saving("numpy savez", lambda: np.savez(self.npz, **self.tensors))

    def save_plain(self, files: int = 1) -> Way:
        """A plain write() of the same bytes; each further file by a thread of its own.

        The first is written here: another thread may run on the other core, where the memory that
        this one has just freed is not at hand.
        """
        parts = [list(self.tensors.values())[n::files] for n in range(files)]
        paths = [f"{self.plain}{n}" for n in range(files)]

        def run() -> None:
            with ThreadPoolExecutor(CORES) as threads:
                others = [
                    threads.submit(self._write_plain, path, part)
                    for path, part in zip(paths[1:], parts[1:], strict=True)
                ]
                self._write_plain(paths[0], parts[0])
                for other in others:
                    other.result()

        name = f"plain write(), {files} files" if files > 1 else "plain write()"
        return self._saving(name, run)

    def _write_plain(self, path: str, arrays: list[np.ndarray[Any, Any]]) -> None:
        fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        for array in arrays:
            rest = memoryview(array).cast("B")
            while rest:
                rest = rest[os.write(fd, rest) :]
        if self.fsync:
            os.fsync(fd)
        os.close(fd)

    def _saving(self, name: str, run: Any) -> Way:
        # All files go, the last turn's among them: whoever writes next finds the same memory free.
        return Way(name, run, lambda: remove(self.everything))

    # In a loop

    def _changed(self) -> Tensors:
        """A tenth of the tensors, or one, as they are after a step."""
        step = 10 if len(self.tensors) > 10 else len(self.tensors)
        return {name: self.tensors[name] + 1 for name in list(self.tensors)[::step]}

    def save_incremental(self) -> Way:
        """Save with a tenth of the tensors changed since the checkpoint of `ours`."""
        changed = self.tensors | self._changed()
        new = f"{self.everything}-next"

        def run() -> None:
            tfckpt.save(new, changed, base=self.ours, fsync=self.fsync)

        return Way("tfckpt, incremental", run, lambda: remove(new))

    def compare_and_write(self) -> Way:
        """Compare what is unchanged with the file on all cores, and write the rest: no more."""
        changed = self._changed()
        array_of = {
            name: array.reshape(-1).view(np.uint8)
            for name, array in self.tensors.items()
            if name not in changed
        }
        offsets = np.cumsum([0, *(array.nbytes for array in self.tensors.values())]).tolist()
        places = dict(zip(self.tensors, offsets))
        pieces = [
            (array[at : at + PIECE], places[name] + at)
            for name, array in array_of.items()
            for at in range(0, array.nbytes, PIECE)
        ]

        def run() -> None:
            mapped = np.memmap(f"{self.ours}.data-00000-of-00001", np.uint8, "r")

            def same(piece: tuple[np.ndarray[Any, Any], int]) -> bool:
                octets, at = piece
                stored = mapped[at : at + octets.size]
                return all(
                    np.array_equal(octets[n : n + CHUNK], stored[n : n + CHUNK])
                    for n in range(0, octets.size, CHUNK)
                )

            with ThreadPoolExecutor(CORES) as threads:
                assert all(threads.map(same, pieces))
            self._write_plain(f"{self.everything}-next", list(changed.values()))

        new = f"{self.everything}-next"
        return Way("compare on all cores, write the rest", run, lambda: remove(new))

    def save_whole(self) -> Way:
        new = f"{self.everything}-next"
        return Way(
            "tfckpt, whole",
            lambda: tfckpt.save(new, self.tensors, fsync=self.fsync),
            lambda: remove(new),
        )

    def pause_ours(self, saver: tfckpt.BackgroundSaver) -> Way:
        """What a background save takes of the loop; the write before is waited for, unmeasured."""
        prefix = f"{self.everything}-beside"
        return Way(
            "BackgroundSaver", lambda: saver.save(self.tensors, prefix), lambda: saver.wait()
        )

    def copy_plain(self) -> Way:
        """Copy all bytes with all cores, into memory that is there."""
        copies = {name: array.copy() for name, array in self.tensors.items()}
        flat = [
            (copies[name].reshape(-1)[at : at + PIECE], array.reshape(-1)[at : at + PIECE])
            for name, array in self.tensors.items()
            for at in range(0, array.size, PIECE)
        ]

        def run() -> None:
            with ThreadPoolExecutor(CORES) as threads:
                list(threads.map(lambda pair: np.copyto(*pair), flat))

        return Way("parallel copy", run)

    def beside_ours(self, saver: tfckpt.BackgroundSaver, steps: int) -> Way:
        """Some steps of a loop, while the write goes on."""
        prefix = f"{self.everything}-beside"

        def begin() -> None:
            saver.wait()
            saver.save(self.tensors, prefix)

        return Way("while it is written", lambda: train(steps), begin)

    # Reading

    def load_ours(self) -> Way:
        return Way("tfckpt", lambda: tfckpt.load(self.ours))

    def load_tf(self) -> Way:
        def load() -> Tensors:
            reader = tf.train.load_checkpoint(self.ours)
            return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}

        return Way("TensorFlow reader", load)

    def restore_tf(self) -> Way:
        return Way("TensorFlow RestoreV2", lambda: tf.raw_ops.RestoreV2(
            prefix=self.ours, tensor_names=self.names, shape_and_slices=self.slices,
            dtypes=self.dtypes))  # fmt: skip

    def load_safetensors(self) -> Way:
        return Way("safetensors", lambda: load_file(self.safetensors))

    def load_safetensors_bare(self) -> Way:
        """What Python has to do for it at least: parse the header, make the arrays."""

        def run() -> Tensors:
            content = memoryview(Path(self.safetensors).read_bytes())
            begin = 8 + int.from_bytes(content[:8], "little")
            header = json.loads(bytes(content[8:begin]))
            header.pop("__metadata__", None)
            return {
                name: np.ndarray(said["shape"], "<f4", content, begin + said["data_offsets"][0])
                for name, said in header.items()
            }

        return Way("json.loads, and arrays", run)

    def checksum(self, threads: int = 1) -> Way:
        """CRC-32C of the mapped file, and nothing else."""

        def run() -> object:
            with open(f"{self.ours}.data-00000-of-00001", "rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            step = PIECE if threads > 1 else len(mapped)
            view = memoryview(mapped)
            pieces = [view[at : at + step] for at in range(0, len(view), step)]
            with ThreadPoolExecutor(threads) as executor:
                return view, list(executor.map(crc32c.crc32c, pieces))

        name = f"bare crc32c, {threads} threads" if threads > 1 else "bare crc32c, one thread"
        return Way(name, run)

    def one_ours(self) -> Way:
        def run() -> Any:
            with tfckpt.load_checkpoint(self.ours) as reader:
                return reader[self.probe]

        return Way("tfckpt", run)

    def one_tf(self) -> Way:
        return Way("TensorFlow reader", lambda: tf.train.load_checkpoint(
            self.ours).get_tensor(self.probe))  # fmt: skip

    def one_safetensors(self) -> Way:
        def run() -> Any:
            with safe_open(self.safetensors, "np") as file:
                return file.get_tensor(self.probe)

        return Way("safetensors", run)

    def list_ours(self) -> Way:
        return Way("tfckpt", lambda: tfckpt.list_variables(self.ours))

    def list_tf(self) -> Way:
        return Way("TensorFlow", lambda: tf.train.list_variables(self.ours))

    # Other libraries' files

    def load_theirs(self) -> Way:
        def run() -> Tensors:
            with tfckpt.open_tensors(self.safetensors) as reader:
                return reader.get_tensors()

        return Way("tfckpt", run)

    def load_torch_ours(self) -> Way:
        def run() -> Tensors:
            with tfckpt.open_tensors(self.torch, verify=False) as reader:
                return reader.get_tensors()

        return Way("tfckpt", run)

    def load_torch(self) -> Way:
        import torch

        def run() -> Tensors:
            state = torch.load(self.torch, weights_only=True, mmap=True)
            return {name: tensor.numpy() for name, tensor in state.items()}

        return Way("torch.load(mmap=True)", run)

    def convert_checked(self, source: str, end: str) -> Way:
        target = f"{self.everything}-edited{end}"
        return self._editing("tfckpt", lambda: tfckpt.convert_checkpoint(
            source, target, fsync=self.fsync))  # fmt: skip

    def copy(self, source: str) -> Way:
        """A plain copy of the bytes, and one pass of their checksum."""

        def run() -> None:
            self._write_plain(f"{self.everything}-edited", [np.fromfile(source, np.uint8)])
            self.checksum().run()

        return self._editing("copy and checksum", run)

    def list_bare(self) -> Way:
        """Step through the one block of the index in plain Python, and believe all of it."""
        handle = Table(open_source(f"{self.ours}.index")).handles[0]

        def run() -> list[tuple[str, list[int]]]:
            with open(f"{self.ours}.index", "rb") as index:
                block = index.read(handle.size)
            end = handle.size - 4 - 4 * int.from_bytes(block[-4:], "little")
            pos, key, found = 0, b"", []
            while pos < end:
                shared, unshared, size = block[pos : pos + 3]
                at = pos + 3 + unshared
                key, pos = key[:shared] + block[pos + 3 : at], at + size
                if key:  # else the header
                    shape = decode_head(block[at : at + 4 + block[at + 3]])[1]
                    found.append((key.decode(), list(shape)))
            return found

        return Way("a bare loop over the index", run)

    # The loops that people write

    def loop_ours(self) -> Way:
        def run() -> Tensors:
            with tfckpt.load_checkpoint(self.ours) as reader:
                return {name: reader[name] for name in reader}

        return Way("tfckpt", run)

    def loop_safetensors(self) -> Way:
        def run() -> Tensors:
            with safe_open(self.safetensors, "np") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

        return Way("the same on safetensors", run)

    def variables_ours(self, count: int) -> Way:
        names = list(self.tensors)[:count]
        return Way("tfckpt", lambda: [tfckpt.load_variable(self.ours, name) for name in names])

    def variables_tf(self, count: int) -> Way:
        names = list(self.tensors)[:count]
        return Way("TensorFlow", lambda: [
            tf.train.load_variable(self.ours, name) for name in names])  # fmt: skip

    # Saver, with and without the graph beside the data

    def first_save(self, *, meta: bool = True) -> Way:
        name = "the first" if meta else "without .meta"
        return self._saving(name, lambda: tfckpt.Saver(fsync=self.fsync).save(
            self.tensors, self.ours, write_state=False, write_meta_graph=meta))  # fmt: skip

    def later_save(self) -> Way:
        saver = tfckpt.Saver(fsync=self.fsync)
        saver.save(self.tensors, self.ours, write_state=False)
        return self._saving("the second", lambda: saver.save(
            self.tensors, self.ours, write_state=False))  # fmt: skip

    # Looking: nothing is written; the peer is a bare checksum of the data, or loading it

    def looking(self, work: str) -> Way:
        ways = {
            "verify": lambda: tfckpt.verify(self.ours),
            "compare": lambda: tfckpt.compare(self.ours, self.ours),
            "statistics": lambda: tfckpt.statistics(self.ours),
        }
        return Way("tfckpt", ways[work])

    def convert_ours(self) -> Way:
        return self._editing("tfckpt", lambda: tfckpt.write_tensors(
            f"{self.everything}-edited", tfckpt.load_checkpoint(self.ours),
            format="safetensors", fsync=self.fsync))  # fmt: skip

    def convert_bytes(self) -> Way:
        return self._editing("loading, safetensors", lambda: save_file(
            tfckpt.load(self.ours), f"{self.everything}-edited"))  # fmt: skip

    # Editing: the checkpoint of `ours` is there, what is made of it goes before each turn

    def rename_ours(self) -> Way:
        def run() -> None:
            renamed = transform.rename(self.ours, {"model/": "net/"})
            tfckpt.save(f"{self.everything}-edited", renamed, link=True, fsync=self.fsync)

        return self._editing("tfckpt, linked", run)

    def rename_tf(self) -> Way:
        new_names = tf.constant([name.replace("model/", "net/") for name in self.tensors])
        return self._editing("TensorFlow RestoreV2, SaveV2", lambda: tf.raw_ops.SaveV2(
            prefix=f"{self.everything}-edited", tensor_names=new_names,
            shape_and_slices=self.slices, tensors=self.restore_tf().run()))  # fmt: skip

    def average_ours(self, count: int) -> Way:
        return self._editing("tfckpt", lambda: tfckpt.save(
            f"{self.everything}-edited", transform.average([self.ours] * count),
            fsync=self.fsync))  # fmt: skip

    def average_bytes(self, count: int) -> Way:
        """What reading that many and writing one takes, all of it checked."""

        def run() -> None:
            for _ in range(count):
                tensors = tfckpt.load(self.ours)
            tfckpt.save(f"{self.everything}-edited", tensors, fsync=self.fsync)

        return self._editing(f"loading {count}, saving one", run)

    def _editing(self, name: str, run: Any) -> Way:
        return Way(name, run, lambda: remove(f"{self.everything}-edited"))


def train(steps: int) -> None:
    """Steps of numpy on one core."""
    array = np.linspace(0, 1, 1 << 18)
    for _ in range(steps):
        np.sqrt(array * array + 1)


def remove(path: str) -> None:
    for file in Path(path).parent.glob(Path(path).name + "*"):
        file.unlink()


def text_of(count: int, size: int) -> str:
    unit, name = (1 << 20, "MB") if size >= 1 << 20 else (1, "B")
    return f"{count:,} x {size // unit} {name}"


def cases(folder: Path, sizes: Sizes, fsync: bool) -> Iterator[Case]:
    """Yield the rows; each group's files are made before and removed after it."""
    groups = ((sizes.big, big_cases), (sizes.medium, medium_cases), (sizes.small, small_cases))
    for (count, size), rows in groups:
        files = Files(folder, "data", make(count, size), fsync)
        for way in (files.save_ours(), files.save_safetensors()):
            way.run()
        yield from rows(files, text_of(count, size))
        remove(str(folder / "data"))
    yield sparse_case(folder, 20, 1 << 30)
    remove(str(folder / "sparse"))
    yield from v1_cases(folder, 100 << 20 if sizes.big[1] > 1 << 20 else 1 << 20)
    yield from command_cases(folder)
    yield Case("import", fresh_import("tfckpt"), fresh_import("numpy"), 1 / 1.67)


def big_cases(files: Files, data: str) -> Iterator[Case]:
    yield from save_cases(files, data)
    yield Case(f"save {data}", files.save_ours(), files.save_npz(), 1)
    yield Case(f"save {data}", files.save_ours(), files.save_plain(), 1 / 1.15)
    yield from load_cases(files, data, reader=3.3, restore=2, safetensors=2)
    yield loop_case(files, data, 3)
    yield Case(f"load {data}", files.load_ours(), files.checksum(), 1 / 1.25)
    yield Case(f"rename {data}", files.rename_ours(), files.rename_tf(), 20)
    yield from other_cases(files, data)
    yield Case(f"average 5 times {data}", files.average_ours(5), files.average_bytes(5), 1 / 1.3)


def training_cases(files: Files, data: str) -> Iterator[Case]:
    whole = files.save_whole()
    yield Case(
        f"save {data}, a tenth new",
        files.save_incremental(),
        whole,
        1 / 0.35,
        files.compare_and_write(),
    )
    alone = Way("alone", lambda: train(LOOP_STEPS))
    with tfckpt.BackgroundSaver(tfckpt.Saver(fsync=files.fsync)) as saver:
        pause = files.pause_ours(saver)
        yield Case(f"pause to save {data}", pause, files.copy_plain(), 1 / 1.2)
        beside = files.beside_ours(saver, LOOP_STEPS)
        yield Case(f"a loop beside saving {data}", beside, alone, 0.9)


def other_cases(files: Files, data: str) -> Iterator[Case]:
    """Other libraries' files; of PyTorch's no checksum is looked at, as torch does not."""
    files.save_safetensors().run()
    tfckpt.write_tensors(files.torch, files.tensors, fsync=False)
    work = f"load {data}, safetensors"
    yield Case(work, files.load_theirs(), files.load_safetensors(), 1)
    yield Case(f"load {data}, torch", files.load_torch_ours(), files.load_torch(), 1)
    bundle = f"{files.ours}.data-00000-of-00001"
    there = files.convert_checked(files.ours, ".safetensors")
    back = files.convert_checked(files.safetensors, ".ckpt")
    yield Case(f"V2 to safetensors, {data}", there, files.copy(bundle), 1 / 1.3)
    yield Case(f"safetensors to V2, {data}", back, files.copy(files.safetensors), 1 / 1.3)
    Path(files.torch).unlink()


def sparse_case(folder: Path, count: int, size: int) -> Case:
    """Renaming what would take minutes to read: only the index is written."""
    prefix, new = str(folder / "sparse"), str(folder / "sparse-renamed")
    entries = {
        f"model/layer_{n:06d}/kernel".encode(): Entry(1, (size // 4,), offset=n * size, size=size)
        for n in range(count)
    }
    with open(f"{prefix}.index", "wb") as index:
        values = {name: entry.encode() for name, entry in entries.items()}
        write_table(index.write, sorted({b"": Header(1).encode(), **values}.items()))
    with open(f"{prefix}.data-00000-of-00001", "wb") as data:
        data.truncate(count * size)

    def run() -> None:
        tfckpt.save(new, transform.rename(prefix, {"model/": "net/"}), link=True, fsync=False)

    ours = Way("tfckpt, linked", run, lambda: remove(new))
    second = Way("a second", lambda: time.sleep(1))
    return Case(f"rename {text_of(count, size)}, sparse", ours, second, 1)


def medium_cases(files: Files, data: str) -> Iterator[Case]:
    yield from save_cases(files, data)
    yield from load_cases(files, data, reader=3.3, restore=3, safetensors=2)
    yield loop_case(files, data, 2.5)
    count = len(files.tensors)
    yield Case(f"list {count}", files.list_ours(), files.list_tf(), 1, files.list_bare())
    work = f"load_variable, {min(count, 100)} of {count}"
    yield Case(work, files.variables_ours(100), files.variables_tf(100), 1)
    yield Case(f"verify {data}", files.looking("verify"), files.checksum(CORES), 0.8)
    loading = files.load_ours()._replace(name="loading it")
    yield Case(f"compare {data} with itself", files.looking("compare"), loading, 0.25)
    yield Case(f"statistics {data}", files.looking("statistics"), loading, 0.05)
    yield Case(f"convert {data} to safetensors", files.convert_ours(), files.convert_bytes(), 0.8)
    yield from training_cases(files, data)


def loop_case(files: Files, data: str, target: float) -> Case:
    return Case(
        f"a loop over {data}",
        files.loop_ours(),
        files.load_tf(),
        target,
        files.checksum(CORES),
    )


def save_cases(files: Files, data: str) -> Iterator[Case]:
    for shards, work in ((1, f"save {data}"), (CORES, f"save {data}, {CORES} shards")):
        ours, limit = files.save_ours(shards), files.save_plain(shards)
        yield Case(work, ours, files.save_tf(), 2, limit)
        yield Case(work, ours, files.save_safetensors(), 1, limit)


def load_cases(
    files: Files, data: str, reader: float, restore: float, safetensors: float
) -> Iterator[Case]:
    remove(files.ours)
    files.save_ours().run()
    files.save_safetensors().run()
    work, ours, limit = f"load {data}", files.load_ours(), files.checksum(CORES)
    yield Case(work, ours, files.load_tf(), reader, limit)
    yield Case(work, ours, files.restore_tf(), restore, limit)
    yield Case(work, ours, files.load_safetensors(), safetensors, limit)


def small_cases(files: Files, data: str) -> Iterator[Case]:
    yield Case(f"save {data}", files.save_ours(), files.save_tf(), 1)
    files.save_ours().run()
    files.save_safetensors().run()
    yield Case(f"load {data}", files.load_ours(), files.load_tf(), 20)
    yield Case(f"load {data}", files.load_ours(), files.restore_tf(), 2)
    bare, theirs = files.load_safetensors_bare(), files.load_safetensors()
    yield Case(f"load {data}, safetensors", files.load_theirs(), theirs, 1, bare)
    loop = loop_case(files, data, 10)
    yield loop._replace(limit=None)
    yield loop._replace(peer=files.restore_tf(), target=1, limit=None)
    yield loop._replace(peer=files.loop_safetensors(), target=1, limit=None)
    yield Case(f"list {data}", files.list_ours(), files.list_tf(), 2.5)
    yield Case(f"one of {data}", files.one_ours(), files.one_tf(), 120)
    yield Case(f"one of {data}", files.one_ours(), files.one_safetensors(), 60)
    loading = files.load_ours()._replace(name="loading it")
    yield Case(f"statistics {data}", files.looking("statistics"), loading, 0.05)
    work = f"first Saver.save {data}, with .meta"
    yield Case(work, files.first_save(), files.later_save(), 1)
    yield Case(work, files.first_save(), files.first_save(meta=False), 0.5)


def v1_cases(folder: Path, size: int) -> Iterator[Case]:
    """TensorFlow 1's format, whose integers are varints."""
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "float32": rng.standard_normal(size // 4).astype(np.float32),
        "int64 indices": rng.integers(0, 50_000, size // 8),
        "int32 of random bits": rng.integers(-(1 << 31), 1 << 31, size // 4).astype(np.int32),
        "uint8": rng.integers(0, 256, size, np.uint8),
    }
    for kind, array in arrays.items():
        yield from v1_rows(folder, f"V1, {size >> 20} MB of {kind}", array, 3 * (kind == "float32"))


def v1_rows(
    folder: Path, work: str, array: np.ndarray[Any, Any], load_target: float
) -> Iterator[Case]:
    ours, theirs = str(folder / "v1-ours"), str(folder / "v1-tf")
    constant = tf.constant(array)

    def write() -> None:
        with tfckpt.V1Writer(ours, fsync=False) as writer:
            writer.add("w", array)

    write()
    yield Case(f"{work}: load", Way("tfckpt", lambda: tfckpt.load(ours)), Way(
        "TensorFlow Restore", lambda: tf.raw_ops.Restore(
            file_pattern=ours, tensor_name="w", dt=constant.dtype)), load_target or 1)  # fmt: skip
    yield Case(f"{work}: save", Way("tfckpt", write), Way(
        "TensorFlow Save", lambda: tf.raw_ops.Save(
            filename=theirs, tensor_names=["w"], data=[constant])), 1)  # fmt: skip
    remove(str(folder / "v1-"))


def command_cases(folder: Path) -> Iterator[Case]:
    prefix = tfckpt.save(folder / "command", {"w": np.ones(3)}, fsync=False)
    numpy = process("import numpy", "-c", "import numpy")
    yield Case("tfckpt ls", process("tfckpt ls", "-m", "tfckpt", "ls", prefix), numpy, 0.5)
    remove(prefix)


def process(name: str, *arguments: str) -> Way:
    return Way(name, lambda: python(*arguments))


def fresh_import(module: str) -> Way:
    """Import in a new process; the process itself is not part of the time, so it says it."""
    script = (
        f"import time; s = time.perf_counter(); import {module}; print(time.perf_counter() - s)"
    )
    return Way(f"import {module}", lambda: float(python("-c", script)))


def python(*arguments: str) -> str:
    """Run Python in a process of its own, and return what it prints.

    Where nobody may write beside the sources, compiling those anew each time would be most of it:
    pip compiles what it installs.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": _compiled()}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout


@cache
def _compiled() -> str:
    folder = tempfile.mkdtemp(prefix="tfckpt-bench-")
    atexit.register(shutil.rmtree, folder)
    return folder
