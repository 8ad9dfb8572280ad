"""Invariant: whatever bytes a file has, its reader gives values or a CheckpointError, nothing else.

`make fuzz` runs each target for a while, ``python tests/fuzz/fuzz.py v1`` one until it is stopped.
A target's first byte, where it takes one, chooses between bytes as they come and contents behind
right checksums.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import pkgutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris
import h5py
import numpy as np

with atheris.instrument_imports(include=["tfckpt"]):
    import tfckpt
    from tfckpt import saved_model
    from tfckpt.bundle.entry import Header
    from tfckpt.errors import CheckpointError
    from tfckpt.table import write_table

    for part in ("bundle", "formats", "graph", "graphdef", "objects", "table", "tensors", "v1"):
        for module in pkgutil.iter_modules(importlib.import_module(f"tfckpt.{part}").__path__):
            importlib.import_module(f"tfckpt.{part}.{module.name}")

FOLDER = Path(tempfile.mkdtemp())
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def table(provider: atheris.FuzzedDataProvider, items: dict[bytes, bytes]) -> bytes:
    """Return a table of `items` and of what the provider makes up, or bytes that are no table."""
    if provider.ConsumeBool():
        return provider.ConsumeBytes(600)
    for _ in range(provider.ConsumeIntInRange(1, 6)):
        items[provider.ConsumeBytes(12) or b"w"] = provider.ConsumeBytes(60)
    out = bytearray()
    write_table(out.extend, sorted(items.items()))
    return bytes(out)


def bundle(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    (FOLDER / "m.index").write_bytes(table(provider, {b"": Header(1).encode()}))
    (FOLDER / "m.data-00000-of-00001").write_bytes(provider.ConsumeBytes(200))
    tfckpt.load(FOLDER / "m")


def v1(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    (FOLDER / "v1").write_bytes(table(provider, {b"": provider.ConsumeBytes(80)}))
    tfckpt.load(FOLDER / "v1")


def graph(data: bytes) -> None:
    path = FOLDER / ("g.pbtxt" if data[:1] == b"t" else "g.pb")
    path.write_bytes(data[1:])
    tfckpt.import_graph_def(tfckpt.read_graph_def(path), name="")


def meta_graph(data: bytes) -> None:
    (FOLDER / "g.meta").write_bytes(data)
    tfckpt.import_meta_graph(FOLDER / "g.meta")


def model(data: bytes) -> None:
    (FOLDER / "saved_model.pb").write_bytes(data)
    for meta in saved_model.parse_saved_model(FOLDER).meta_graphs:
        saved_model.load({}, list(meta.meta_info_def.tags), FOLDER)


def state(data: bytes) -> None:
    (FOLDER / "checkpoint").write_bytes(data)
    tfckpt.latest_checkpoint(FOLDER)


def objects(data: bytes) -> None:
    with tfckpt.BundleWriter(FOLDER / "o", fsync=False) as writer:
        writer.add(OBJECT_GRAPH, data)
        writer.add("w", 1.0)
    tfckpt.load_object_tree(FOLDER / "o")


def read_all(name: str, data: bytes, form: str | None = None) -> None:
    """Read every tensor of a file of another library, and what is beside them."""
    (FOLDER / name).write_bytes(data)
    with tfckpt.open_tensors(FOLDER / name, format=form) as tensors:
        dict(tensors.metadata)
        for tensor in tensors:
            with contextlib.suppress(CheckpointError):
                tensors[tensor]


def safetensors(data: bytes) -> None:
    """A header behind its right size, of tensors or of any bytes; or a file of any bytes."""
    provider = atheris.FuzzedDataProvider(data)
    kind = provider.ConsumeIntInRange(0, 2)
    if kind:
        head = provider.ConsumeBytes(300) if kind == 1 else safetensors_header(provider)
        data = len(head).to_bytes(8, "little") + head + provider.ConsumeBytes(100)
    read_all("m.safetensors", data, "safetensors")


def safetensors_header(provider: atheris.FuzzedDataProvider) -> bytes:
    """Return the header of some tensors, which may lie anywhere."""
    header: dict[str, Any] = {"__metadata__": {"a": "b"}} if provider.ConsumeBool() else {}
    end = 0
    for number in range(provider.ConsumeIntInRange(0, 4)):
        start, end = end, end + provider.ConsumeIntInRange(-2, 20)
        kind = provider.PickValueInList(["F32", "BF16", "F8_E4M3", "I64", "BOOL", "F4", "X"])
        rank = provider.ConsumeIntInRange(0, 3)
        shape = [provider.ConsumeIntInRange(-1, 5) for _ in range(rank)]
        offsets = [start, end, *[0] * provider.ConsumeBool()]
        header[str(number)] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
    return json.dumps(header).encode()


def archive(provider: atheris.FuzzedDataProvider, names: list[str]) -> bytes:
    """Return a zip archive of these members, whose contents are made up, or changed after that."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            how = zipfile.ZIP_DEFLATED if provider.ConsumeBool() else zipfile.ZIP_STORED
            made.writestr(name, provider.ConsumeBytes(300), how)
    return changed(provider, out.getvalue(), 4)


def changed(provider: atheris.FuzzedDataProvider, data: bytes, most: int) -> bytes:
    """Return the data with up to so many bytes changed."""
    made_up = bytearray(data)
    for _ in range(provider.ConsumeIntInRange(0, most)):
        place = provider.ConsumeIntInRange(0, len(made_up) - 1)
        made_up[place] = provider.ConsumeIntInRange(0, 255)
    return bytes(made_up)


def torch(data: bytes) -> None:
    """A pickle in an archive with two storages, or by itself."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        data = archive(provider, ["m/data.pkl", "m/data/0", "m/data/1"])
    else:
        data = provider.ConsumeBytes(600)
    read_all("m.pt", data, "torch")


def npz(data: bytes) -> None:
    read_all("m.npz", archive(atheris.FuzzedDataProvider(data), ["a.npy", "b/c.npy"]), "npz")


def npy(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    head = provider.ConsumeBytes(200)
    size = len(head).to_bytes(2, "little")
    read_all("m.npy", b"\x93NUMPY\1\0" + size + head + provider.ConsumeBytes(100), "npy")


def hdf5(data: bytes) -> None:
    """What the library wrote, of names, shapes, types and attributes that are made up."""
    read_all("m.h5", hdf5_file(atheris.FuzzedDataProvider(data)), "hdf5")


def hdf5_bytes(data: bytes) -> None:
    """The same, with bytes changed after that. By hand: the library below is not ours."""
    provider = atheris.FuzzedDataProvider(data)
    read_all("m.h5", changed(provider, hdf5_file(provider), 8), "hdf5")


# A type, and the value of each element, where it is given one.
HDF5_TYPES: list[tuple[Any, Any]] = [
    *(("<f4", 1.5), (">f8", -2), ("i1", 3), ("?", True), ("c16", 1j)),
    *((dtype, None) for dtype in ("V2", "V0", "S3", "f4,i2", "(2,)i4")),
    *((h5py.string_dtype(), value) for value in (None, b"", b"\xff" * 300)),
    (h5py.ref_dtype, None),
    (h5py.vlen_dtype("i2"), None),
    (h5py.enum_dtype({"a": 1, "b": 2}), 2),
]


def hdf5_file(provider: atheris.FuzzedDataProvider) -> bytes:
    """Return groups, datasets, links and attributes, as the provider has them."""
    out = io.BytesIO()
    with h5py.File(out, "w") as made:
        groups = [made]
        for _ in range(provider.ConsumeIntInRange(1, 8)):
            group = provider.PickValueInList(groups)
            name = provider.ConsumeBytes(6)
            with contextlib.suppress(ValueError, OSError, RuntimeError, TypeError, KeyError):
                one = hdf5_object(provider, group, name)
                if isinstance(one, h5py.Group):
                    groups.append(one)
                for _ in range(provider.ConsumeIntInRange(0, 2)):
                    hdf5_attribute(provider, one)
    return out.getvalue()


def hdf5_object(provider: atheris.FuzzedDataProvider, group: Any, name: bytes) -> Any:
    kind = provider.ConsumeIntInRange(0, 5)
    if kind == 0:
        return group.create_group(name)
    if kind == 1:
        group[name] = provider.PickValueInList(
            [group, h5py.SoftLink("/"), h5py.ExternalLink("m.h5", "/")]
        )
        return group
    shape = tuple(provider.ConsumeIntInRange(0, 5) for _ in range(provider.ConsumeIntInRange(0, 3)))
    dtype, value = provider.PickValueInList(HDF5_TYPES)
    if kind == 2:
        return group.create_dataset(name, data=h5py.Empty(dtype))
    layout = {"chunks": True, "compression": "gzip"} if kind == 3 and shape else {}
    one = group.create_dataset(name, shape, dtype, **layout)
    if one.size and value is not None:
        one[...] = np.full(shape, value, one.dtype)
    return one


def hdf5_attribute(provider: atheris.FuzzedDataProvider, one: Any) -> None:
    name = provider.PickValueInList(["dtype", "layer_names", "weight_names", "weight_names0", "a"])
    text = provider.PickValueInList(["bfloat16", "int4", provider.ConsumeBytes(4), ""])
    one.attrs[name] = provider.PickValueInList([text, [text, "a"], 1.5, one.ref, h5py.Empty("f4")])


def index(data: bytes) -> None:
    read_all("m.safetensors.index.json", data, "safetensors")


def frozen(data: bytes) -> None:
    read_all("f.pb", data, "graph")


def any_file(data: bytes) -> None:
    """What a file is, is told by its bytes."""
    read_all("any", data)


# What each may raise besides a CheckpointError: what TensorFlow raises for a graph that is wrong.
TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[type[Exception], ...]]] = {
    "bundle": (bundle, ()),
    "v1": (v1, ()),
    "graph": (graph, (ValueError,)),
    "meta_graph": (meta_graph, (ValueError,)),
    "saved_model": (model, (RuntimeError,)),
    "state": (state, ()),
    "objects": (objects, ()),
    "safetensors": (safetensors, ()),
    "torch": (torch, ()),
    "npz": (npz, ()),
    "npy": (npy, ()),
    "hdf5": (hdf5, ()),
    "hdf5_bytes": (hdf5_bytes, ()),
    "index": (index, ()),
    "frozen": (frozen, (ValueError, OSError)),
    "any": (any_file, (ValueError, OSError)),
}


def main() -> None:
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"which target? one of {', '.join(TARGETS)}")
    target, allowed = TARGETS[name]

    def test_one_input(data: bytes) -> None:
        with contextlib.suppress(CheckpointError, *allowed):
            target(data)

    logging.disable()
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
