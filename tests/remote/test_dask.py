"""Dask: its workers as an executor, its arrays as values, tensors as its arrays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from proxy import Proxy

# distributed leaves sockets to the collector
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

da = pytest.importorskip("dask.array", exc_type=ImportError)
distributed = pytest.importorskip("distributed", exc_type=ImportError)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", processes=True
    ) as made:
        yield made


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster) as made:
        yield made


def numbered(shape: tuple[int, ...], chunks: Any) -> tuple[Any, Any]:
    whole = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return whole, da.from_array(whole, chunks=chunks)


CHUNKS = {"even": (50, 20), "uneven": ((30, 70), (7, 13)), "one": (100, 20), "rows": (10, 20)}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_a_lazy_array_is_written_block_by_block(chunks: Any, tmp_path: Path) -> None:
    whole, lazy = numbered((100, 20), chunks)
    tfckpt.save(tmp_path / "m", {"emb": lazy, "step": np.int64(3)})
    with tfckpt.load_checkpoint(tmp_path / "m") as reader:
        assert np.array_equal(reader["emb"], whole)
        assert reader["step"] == 3
        assert reader.header.num_shards == lazy.npartitions + 1
    assert tfckpt.verify(tmp_path / "m").ok


SHAPES = {"no dimensions": (), "empty": (0, 4), "a vector": (11,), "five": (2, 3, 4, 2, 2)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("dtype", ["f4", "f2", "i8", "?"])
def test_any_shape_and_type(shape: tuple[int, ...], dtype: str, tmp_path: Path) -> None:
    whole = (np.arange(np.prod(shape, dtype=int)) % 7).astype(dtype).reshape(shape)
    tfckpt.save(tmp_path / "m", {"w": da.from_array(whole, chunks=2)})
    loaded = tfckpt.load(tmp_path / "m")["w"]
    assert loaded.dtype == whole.dtype
    assert np.array_equal(loaded, whole)


def test_an_array_of_unknown_shape_is_refused(tmp_path: Path) -> None:
    lazy = da.from_array(np.arange(10), chunks=5)
    with pytest.raises(ValueError, match="shape is not known"):
        tfckpt.save(tmp_path / "m", {"w": lazy[lazy > 3]})
    assert list(tmp_path.iterdir()) == []


def broken(block: Any) -> Any:
    if block.shape and block.flat[0] >= 50:
        raise RuntimeError("this block cannot be worked out")
    return block


def test_a_block_that_fails_fails_the_save_and_leaves_nothing(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "m", {"w": np.zeros(3)})
    before = sorted(file.name for file in tmp_path.iterdir())
    lazy = da.from_array(np.arange(100), chunks=25).map_blocks(broken, dtype=np.int64)
    with pytest.raises(RuntimeError, match="cannot be worked out"):
        tfckpt.save(tmp_path / "m", {"w": lazy})
    assert sorted(file.name for file in tmp_path.iterdir()) == before
    assert tfckpt.load(tmp_path / "m")["w"].tolist() == [0, 0, 0]


def test_workers_write_the_blocks_that_they_have(client: Any, tmp_path: Path) -> None:
    random = da.random.default_rng(1).random((400, 50), chunks=(100, 50)).persist()
    tfckpt.save(tmp_path / "m", {"emb": random})
    with tfckpt.load_checkpoint(tmp_path / "m") as reader:
        assert np.array_equal(reader["emb"], random.compute())
        lazy = reader.to_dask("emb", chunks=(37, 50))
        assert lazy.chunks[0][0] == 37
        assert np.array_equal(lazy.compute(), reader["emb"])  # read by the workers
        assert float(lazy.sum().compute()) == pytest.approx(float(reader["emb"].sum()))


def test_workers_are_an_executor(client: Any, tmp_path: Path) -> None:
    arrays = {f"w{n}": np.full(1000, n) for n in range(10)}
    tfckpt.save(tmp_path / "a", arrays, executor=client.get_executor(), num_shards=4)
    with tfckpt.load_checkpoint(tmp_path / "a") as reader:
        tfckpt.save(tmp_path / "b", reader, executor=client.get_executor(), num_shards=2)
    loaded = tfckpt.load(tmp_path / "b")
    assert all(np.array_equal(loaded[name], arrays[name]) for name in arrays)
    assert tfckpt.verify(tmp_path / "b", executor=client.get_executor()).ok


def test_workers_compare_and_convert(client: Any, tmp_path: Path) -> None:
    workers = client.get_executor()
    arrays = {f"w{n}": np.full(1000, n, np.float32) for n in range(10)}
    a = tfckpt.save(tmp_path / "a", arrays)
    b = tfckpt.save(tmp_path / "b", arrays | {"w3": np.zeros(1000, np.float32)})
    found = tfckpt.compare(a, b, executor=workers)
    assert [one.name for one in found.different] == ["w3"]
    assert found.equal == 9
    made = tfckpt.convert_checkpoint(
        a, tmp_path / "c", cast={"float32": "float16"}, executor=workers
    )
    loaded = tfckpt.load(made)
    assert all(np.array_equal(loaded[name], arrays[name]) for name in arrays)
    assert loaded["w1"].dtype == np.float16


def test_workers_write_to_a_bucket(s3: Proxy) -> None:
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as own,
        distributed.Client(own),
    ):  # made within the fixture: its workers have the server's address from the environment
        whole, lazy = numbered((100, 20), (25, 20))
        tfckpt.save("s3://bucket/run/m", {"emb": lazy})
        assert np.array_equal(tfckpt.load("s3://bucket/run/m")["emb"], whole)
        with tfckpt.load_checkpoint("s3://bucket/run/m") as reader:
            assert np.array_equal(reader.to_dask("emb", chunks=(10, 20)).compute(), whole)


def test_the_example_of_the_documentation_runs(s3: Proxy) -> None:
    page = (Path(__file__).parents[2] / "docs" / "remote.md").read_text()
    block = next(one for one in page.split("```py\n")[1:] if "import dask" in one)
    code = block.partition("```")[0]
    smaller = code.replace("10_000_000", "1_000").replace("50_000", "300").replace("100_000", "250")
    assert smaller.count("1024") == code.count("1024") == 3
    made: dict[str, Any] = {"tfckpt": tfckpt}
    exec(compile(smaller.replace("1024", "16"), "docs/remote.md", "exec"), made)
    whole = made["table"].compute()
    assert whole.shape == (1000, 16)
    assert np.array_equal(tfckpt.load("s3://bucket/table")["table"], whole)


def test_an_array_bigger_than_the_memory_that_there_may_be(tmp_path: Path) -> None:
    """A gigabyte, by a process that may have far less; 64 MB of it are one block."""
    program = f"""
import resource, numpy as np, dask, dask.array as da, tfckpt
import tfckpt.bundle.dask_blocks, tfckpt.lazy_arrays
one = da.zeros((1, 1), chunks=(1, 1)).compute()
lazy = da.ones((2048, 65536), chunks=(128, 65536), dtype=np.float64)
with dask.config.set(scheduler="single-threaded"):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tfckpt.save({str(tmp_path / "m")!r}, {{"emb": lazy}}, fsync=False)
    with tfckpt.load_checkpoint({str(tmp_path / "m")!r}, mmap=False) as reader:
        total = reader.to_dask("emb", chunks=(128, 65536)).sum().compute()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert total == 2048 * 65536, total
assert grown < 400 * 1024, grown
"""
    subprocess.run([sys.executable, "-c", program], check=True)
