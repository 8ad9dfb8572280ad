"""compare, statistics, describe and listings, with numpy as the judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt.errors import FileMissingError, TensorNotFoundError
from tfckpt.looking.listing import by_scope, chosen_tensors, folded
from tfckpt.looking.optimizers import optimizer_of, slot_of
from tfckpt.looking.statistics import QUANTILES
from tfckpt.reader import TensorInfo

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
FLOATS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=1, max_dims=2, max_side=20),
    elements=st.floats(width=32),
)


# compare


def saved(folder: Path, name: str, tensors: dict[str, Any], **options: Any) -> str:
    return tfckpt.save(folder / name, tensors, **options)


def test_what_is_the_same_is_said_to_be_across_formats(
    tmp_path: Path, weights: dict[str, Any]
) -> None:
    a = saved(tmp_path, "a", weights, num_shards=2)
    with tfckpt.V1Writer(tmp_path / "b") as writer:
        for name, value in weights.items():
            writer.add(name, value)
    npz = tfckpt.write_tensors(tmp_path / "c.npz", weights)
    for other in (a, tmp_path / "b", npz, weights):
        found = tfckpt.compare(a, other)
        assert found.same, found
        assert found.equal == 3
        assert found.summary() == "the same: 3 tensors"


def test_everything_that_can_differ(tmp_path: Path) -> None:
    common = {"same": np.arange(3), "text": np.array([b"a", b"b"], object)}
    a = {**common, "w": np.zeros(4), "kind": np.float32(1), "size": np.ones(2), "old": [7.0, 8.0]}
    b = {**common, "w": np.eye(2).ravel() / 4, "kind": 1, "size": np.ones(3), "new": [7.0, 8.0]}
    a["gone"], b["added"] = np.full(3, 5.0), np.full(3, 6.0)
    b["text"] = np.array([b"a", b"c"], object)
    found = tfckpt.compare(saved(tmp_path, "a", a), saved(tmp_path, "b", b))
    assert (found.only_a, found.only_b) == (("gone",), ("added",))
    assert found.renamed == (("old", "new"),)
    assert found.equal == 1
    assert [(one.name, one.what, one.a, one.b) for one in found.different] == [
        ("kind", "dtype", "float32 []", "int64 []"),
        ("size", "shape", "float64 [2]", "float64 [3]"),
        ("text", "values", "string [2]", "string [2]"),
        ("w", "values", "float64 [4]", "float64 [4]"),
    ]
    w = found.different[-1]
    assert (w.differing, w.size, w.max_abs, w.mean_abs) == (2, 4, 0.25, 0.125)
    assert (w.max_rel, w.mean_rel) == (1.0, 0.5)
    assert found.different[2].max_abs is None
    json.dumps(found.to_json(), allow_nan=False)


def test_structure_looks_at_no_values(tmp_path: Path) -> None:
    a = saved(tmp_path, "a", {"w": np.zeros(4)})
    b = saved(tmp_path, "b", {"w": np.ones(4)})
    Path(b + ".data-00000-of-00001").unlink()
    assert tfckpt.compare(a, b, structure=True).same


def test_equal_checksums_need_no_reading(tmp_path: Path) -> None:
    tensors = {"w": np.arange(9.0), "old": np.ones(3)}
    a = saved(tmp_path, "a", tensors)
    b = saved(tmp_path, "b", {"w": np.arange(9.0), "new": np.ones(3)})
    for prefix in (a, b):
        Path(prefix + ".data-00000-of-00001").unlink()
    found = tfckpt.compare(a, b)
    assert found.renamed == (("old", "new"),)
    assert found.equal == 1


def test_what_cannot_be_read_is_a_difference_of_its_own(tmp_path: Path) -> None:
    a = saved(tmp_path, "a", {"w": np.zeros(4)})
    b = saved(tmp_path, "b", {"w": np.ones(4)})
    Path(b + ".data-00000-of-00001").unlink()
    (one,) = tfckpt.compare(a, b).unread
    assert one.name == "w"
    assert "missing" in one.b


def test_renamed_tensors_are_told_by_their_last_name_where_several_are_equal() -> None:
    zeros = np.zeros(3)
    a = {"old/bias": zeros, "old/beta": zeros, "x": zeros}
    b = {"new/bias": zeros, "new/beta": zeros, "y": zeros}
    found = tfckpt.compare(a, b)
    assert found.renamed == (("old/bias", "new/bias"), ("old/beta", "new/beta"))
    assert (found.only_a, found.only_b) == (("x",), ("y",))


def test_an_object_whose_tensor_is_not_there_is_damage(tmp_path: Path) -> None:
    tfckpt.Checkpoint(w=np.zeros(2), v=np.zeros(2)).write(tmp_path / "ckpt")
    tensors = tfckpt.load(tmp_path / "ckpt")
    del tensors["w/.ATTRIBUTES/VARIABLE_VALUE"]
    with tfckpt.BundleWriter(tmp_path / "cut", fsync=False) as writer:  # which asks no graph
        for name, value in tensors.items():
            writer.add(name, value)
    with pytest.raises(TensorNotFoundError, match=r"w/\.ATTRIBUTES/VARIABLE_VALUE"):
        tfckpt.statistics(tmp_path / "cut", ["w"])


def test_objects_compare_by_full_names(tmp_path: Path) -> None:
    named = {"dense/kernel": np.eye(2)}
    objects = tfckpt.to_object_based(named, {"dense/kernel": "layers/0/kernel"})
    a = saved(tmp_path, "a", objects)
    b = saved(tmp_path, "b", named)
    assert not tfckpt.compare(a, b).same
    assert tfckpt.compare(a, b, by_name=True).same


@given(FLOATS, st.data(), st.floats(0, 1), st.floats(0, 10))
def test_differences_are_numpys(a: Any, data: st.DataObject, rtol: float, atol: float) -> None:
    b = data.draw(hnp.arrays(np.float32, a.shape, elements=st.floats(width=32)))
    b = np.where(data.draw(hnp.arrays(np.bool_, a.shape)), a, b)
    found = tfckpt.compare({"w": a}, {"w": b}, rtol=rtol, atol=atol)
    x, y = a.astype(float), b.astype(float)
    with np.errstate(all="ignore"):
        close = np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=True)
        delta = np.abs(x - y)[np.isfinite(x) & np.isfinite(y)]
    assert found.same == bool(close.all())
    if not found.same:
        (one,) = found.different
        assert one.differing == np.count_nonzero(~close)
        if delta.size:
            assert one.max_abs == delta.max()
            assert one.mean_abs == pytest.approx(delta.mean())


def test_big_integers_differ_by_one() -> None:
    found = tfckpt.compare({"n": np.array([2**62])}, {"n": np.array([2**62 + 1])})
    assert (found.different[0].differing, found.different[0].max_abs) == (1, 1.0)
    ends = np.iinfo(np.int64)
    found = tfckpt.compare({"n": np.array([ends.min])}, {"n": np.array([ends.max])})
    assert found.different[0].max_abs == 2.0**64


@pytest.mark.parametrize("kind", [np.complex64, bool, ml_dtypes.bfloat16, np.uint8, np.float16])
def test_every_kind_of_number_compares(kind: Any) -> None:
    a, b = np.array([0, 1, 1]).astype(kind), np.array([0, 1, 0]).astype(kind)
    (one,) = tfckpt.compare({"w": a}, {"w": b}).different
    assert (one.differing, one.max_abs) == (1, 1.0)


@pytest.mark.parametrize("wrong", [{"rtol": -1}, {"atol": float("nan")}])
def test_tolerances_are_numbers_from_zero_on(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="tolerances"):
        tfckpt.compare({}, {}, **wrong)


# statistics


@given(FLOATS)
def test_statistics_are_numpys(values: Any) -> None:
    (one,) = tfckpt.statistics({"w": values}).tensors
    wide = values.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    assert one.nan == np.isnan(wide).sum()
    assert one.inf == np.isinf(wide).sum()
    assert one.zeros == (wide == 0).sum()
    if not finite.size:
        assert one.min is None
        return
    assert (one.min, one.max) == (finite.min(), finite.max())
    scale = float(np.abs(finite).max()) or 1.0
    assert one.mean == pytest.approx(finite.mean(), abs=1e-12 * scale)
    assert one.std == pytest.approx(finite.std(), abs=1e-7 * scale)
    assert one.norm == pytest.approx(np.linalg.norm(finite))
    np.testing.assert_allclose(one.quantiles, np.quantile(finite, QUANTILES), rtol=1e-9)
    assert sum(one.histogram or ()) == finite.size
    if finite.min() < finite.max():
        counts = np.histogram(finite, 32, (finite.min(), finite.max()))[0]
        assert list(one.histogram or ()) == counts.tolist()


# Squares of bigger ones overflow.
ANY_FLOAT = st.floats(-1e100, 1e100) | st.sampled_from([np.inf, -np.inf, np.nan])


@given(
    st.lists(
        st.one_of(
            hnp.arrays(np.float64, st.integers(0, 30), elements=ANY_FLOAT),
            hnp.arrays(np.float32, st.integers(0, 30), elements=st.floats(-3, 3, width=32)),
            hnp.arrays(np.int64, st.integers(0, 30)),
            hnp.arrays(np.uint8, st.integers(0, 30)),
            hnp.arrays(np.bool_, st.integers(0, 9)),
            hnp.arrays(np.complex64, st.integers(0, 9)),
        ),
        max_size=12,
    )
)
def test_many_at_once_are_as_each_by_itself(arrays: list[Any]) -> None:
    named = {f"t{number:02d}": array for number, array in enumerate(arrays)}
    found = {one.name: one for one in tfckpt.statistics(named).tensors}
    assert found.keys() == named.keys()
    for name, array in named.items():
        with np.errstate(all="ignore"):
            values = np.abs(array) if array.dtype.kind == "c" else array
            finite = values[np.isfinite(values)].astype(np.float64)
            one = found[name]
            assert (one.size, one.zeros) == (array.size, np.count_nonzero(values == 0))
            assert one.nan == np.count_nonzero(np.isnan(values))
            assert one.inf == np.count_nonzero(np.isinf(values))
            if not finite.size:
                assert one.min is None
                continue
            if array.dtype.kind in "iu":
                assert (one.min, one.max) == (int(array.min()), int(array.max()))
            else:
                assert (one.min, one.max) == (finite.min(), finite.max())
            top = np.abs(finite).max()
            np.testing.assert_allclose(one.mean, finite.mean(), rtol=1e-12, atol=1e-12 * top)
            np.testing.assert_allclose(one.std, finite.std(), rtol=1e-9, atol=1e-12 * top)
            np.testing.assert_allclose(one.norm, np.linalg.norm(finite), rtol=1e-12)
            expected = np.quantile(finite, QUANTILES)
            np.testing.assert_allclose(one.quantiles, expected, rtol=1e-12, atol=1e-12 * top)
            assert one.histogram is not None
            assert sum(one.histogram) == finite.size
            width = finite.max() - finite.min()
            if 1e-9 * top < width < np.inf:
                bins = np.histogram(finite, 32, (finite.min(), finite.max()))[0]
                assert list(one.histogram) == bins.tolist()


def test_neighbouring_numbers_and_the_smallest_have_a_histogram() -> None:
    """Numpy refuses to make bins of a range that has fewer numbers than there are bins."""
    for low, high in ((1.0, np.nextafter(1, 2)), (0.0, 5e-324), (0.0, 1e-310)):
        small, big = np.array([low, high, low]), np.resize([low, high, low], 30_000)
        for values in (small, big):
            (one,) = tfckpt.statistics({"w": values}).tensors
            assert one.histogram is not None
            assert (one.histogram[0], one.histogram[-1]) == (len(values) / 1.5, len(values) / 3)


def test_statistics_of_several_chunks_and_of_quantiles_from_bins() -> None:
    values = np.random.default_rng(1).normal(3, 2, 5_000_000).astype(np.float32)
    (one,) = tfckpt.statistics({"w": values}).tensors
    wide = values.astype(np.float64)
    assert one.mean == pytest.approx(wide.mean(), rel=1e-12)
    assert one.std == pytest.approx(wide.std(), rel=1e-12)
    step = (wide.max() - wide.min()) / 65536
    np.testing.assert_allclose(one.quantiles, np.quantile(wide, QUANTILES), atol=step)


def test_integers_are_exact() -> None:
    (one,) = tfckpt.statistics({"n": np.array([2**62 + 1, -(2**62) - 1])}).tensors
    assert (one.min, one.max) == (-(2**62) - 1, 2**62 + 1)


def test_suspicious_tensors_come_first_and_say_why(tmp_path: Path) -> None:
    tensors = {
        "a_fine": np.arange(3.0),
        "constant": np.full(4, 2.5),
        "dead": np.zeros(4),
        "huge": np.array([1e7, 1.0]),
        "inf": np.array([np.inf, 1.0]),
        "nan": np.array([np.nan, 1.0]),
        "scalar": np.float64(0),
        "text": np.array([b"x"], object),
        "count": np.array([10**9, 2]),
    }
    found = tfckpt.statistics(saved(tmp_path, "m", tensors))
    assert [(one.name, *one.suspicious) for one in found.suspicious] == [
        ("nan", "NaN"),
        ("inf", "infinite"),
        ("huge", "huge"),
        ("dead", "all zero"),
        ("constant", "constant"),
    ]
    assert len(found.tensors) == 9
    json.dumps(found.to_json(), allow_nan=False)


def test_names_may_be_paths_and_full_names(tmp_path: Path) -> None:
    named = {"dense/kernel": np.eye(2)}
    objects = tfckpt.to_object_based(named, {"dense/kernel": "layers/0/kernel"})
    path = saved(tmp_path, "m", objects)
    for name in ("layers/0/kernel", "dense/kernel", "layers/0/kernel" + VALUE):
        (one,) = tfckpt.statistics(path, [name]).tensors
        assert one.name == "layers/0/kernel" + VALUE
    with pytest.raises(TensorNotFoundError, match="no value of its own"):
        tfckpt.statistics(path, ["layers/0"])
    with pytest.raises(TensorNotFoundError):
        tfckpt.statistics({"w": np.ones(1)}, ["v"])


def test_since_says_how_far_each_has_moved() -> None:
    before = {"w": np.array([3.0, 4.0]), "zero": np.zeros(2), "other": np.ones(3)}
    now = {"w": np.array([3.0, 5.0]), "zero": np.ones(2), "other": np.ones(2), "new": np.ones(1)}
    found = tfckpt.statistics(now, since=before)
    assert found["w"].moved == tfckpt.Moved(1.0, 0.2, 1.0)
    assert found["zero"].moved == tfckpt.Moved(np.sqrt(2), None, 1.0)
    assert found["other"].moved is found["new"].moved is None


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path, "m", {"w": np.ones(3)})
    Path(path + ".data-00000-of-00001").write_bytes(bytes(24))
    (one,) = tfckpt.statistics(path).tensors
    assert one.unread is not None
    assert "checksum" in one.unread


# describe


def test_a_checkpoint_is_described(tmp_path: Path, weights: dict[str, Any]) -> None:
    slots = {f"{name}/Adam": weights[name] for name in ("dense/kernel", "dense/bias")}
    path = saved(tmp_path, "m-7", {**weights, **slots}, num_shards=2)
    Path(path + ".data-00001-of-00002").unlink()
    found = tfckpt.describe(path)
    (one,) = found.checkpoints
    assert (found.kind, one.format, one.producer, one.shards) == ("checkpoint", "V2", 1, 2)
    assert (one.tensors, one.elements, one.size) == (5, 17, 72)
    assert one.dtypes == {"float32": 16, "int64": 1}
    assert (one.naming, one.optimizer, one.slots) == ("names", "Adam", 2)
    assert [Path(file).name for file in one.missing] == ["m-7.data-00001-of-00002"]
    assert one.compression == "none"
    json.dumps(found.to_json(), allow_nan=False)


def test_a_training_folder_is_described(tmp_path: Path) -> None:
    saver = tfckpt.Saver()
    for step in (10, 20):
        saver.save({"w": np.ones(2)}, str(tmp_path / "m"), global_step=step)
    found = tfckpt.describe(tmp_path)
    assert (found.kind, found.what) == ("folder", "a folder with 2 checkpoints")
    assert found.latest == str(tmp_path / "m-20")
    assert [one.step for one in found.checkpoints] == [10, 20]
    assert found.problems == ()
    tfckpt.remove_checkpoint(str(tmp_path / "m-20"))
    assert "is gone" in tfckpt.describe(tmp_path).problems[0]


def test_folders_below_are_named(tmp_path: Path) -> None:
    (tmp_path / "run" / "one").mkdir(parents=True)
    saved(tmp_path, "run/one/m", {"w": np.ones(1)})
    found = tfckpt.describe(tmp_path)
    assert found.below == (str(Path("run/one")),)
    assert "without checkpoints" in found.what


@pytest.mark.parametrize(
    ("data", "kind", "what"),
    [
        (b"<html>", "other", "an HTML page"),
        (b"", "other", "an empty file"),
        (b"\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x1a\rbrain.Event:2", "event file", "event file"),
    ],
)
def test_whatever_else_it_is(data: bytes, kind: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    found = tfckpt.describe(tmp_path / "file")
    assert found.kind == kind
    assert what in found.what


def test_a_graph_and_a_saved_model_are_described(golden: Path, tmp_path: Path) -> None:
    tfckpt.Saver().save({"w": np.ones(2)}, str(tmp_path / "m"), global_step=1)
    graph = tfckpt.describe(tmp_path / "m-1.meta")
    assert graph.kind == "graph"
    assert "nodes" in graph.facts["graph"]
    model = sorted(path.parent for path in golden.rglob("saved_model.pb"))[0]
    assert tfckpt.describe(model).kind == "saved model"


def test_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        tfckpt.describe(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("names", "optimizer"),
    [
        (["w", "w/Momentum"], "Momentum"),
        (["a/w", "train/a/w/RMSProp"], "RMSProp"),
        (["Adam/w"], None),
        (["w/Adam"], None),
        (
            ["w" + VALUE, f"w/.OPTIMIZER_SLOT/opt/m{VALUE}", f"w/.OPTIMIZER_SLOT/opt/v{VALUE}"],
            "Adam",
        ),
        ([f"optimizer/_momentums/0{VALUE}", f"optimizer/_velocities/0{VALUE}"], "Adam"),
        ([f"optimizer/_variables/1{VALUE}"], "one of Keras 3"),
        (["l/w", "training/Ftrl/l/w/linear"], "Ftrl"),
    ],
)
def test_optimizers_are_told_by_their_slots(names: list[str], optimizer: str | None) -> None:
    assert optimizer_of(set(names)) == optimizer
    assert any(slot_of(name, set(names)) for name in names) == (optimizer is not None)


# Listings


def infos(names: list[str]) -> dict[str, TensorInfo]:
    return {name: TensorInfo(1, (4,), 16) for name in names}


def test_repetition_is_folded() -> None:
    names = [f"layer_{n}/{what}" for n in range(12) for what in ("kernel", "bias")]
    assert [(one.name, one.times) for one in folded(list(infos(names).items()))] == [
        ("layer_[0-11]/kernel", 12),
        ("layer_[0-11]/bias", 12),
    ]
    uneven = [f"block_{a}/conv_{b}" for a in range(3) for b in range(2 + (a == 1))]
    assert [(one.name, one.times) for one in folded(list(infos(uneven).items()))] == [
        ("block_0/conv_[0-1]", 2),
        ("block_1/conv_[0-2]", 3),
        ("block_2/conv_[0-1]", 2),
    ]


@given(st.lists(st.from_regex(r"\A[ab][0-9]{1,2}(/c[0-9])?\Z"), unique=True))
def test_folding_loses_nothing(names: list[str]) -> None:
    assert sum(one.times for one in folded(list(infos(names).items()))) == len(names)


def test_scopes_add_up() -> None:
    found = by_scope(list(infos(["a/b/c", "a/b/d", "a/x", "step"]).items()), 1)
    assert [(one.name, one.tensors, one.size) for one in found] == [("a/", 3, 48), ("step", 1, 16)]


def test_names_are_chosen_by_patterns() -> None:
    tensors = infos(["a/kernel", "a/bias", "b/kernel"])
    assert [name for name, _ in chosen_tensors(tensors, ["*/kernel"])] == ["a/kernel", "b/kernel"]
    assert [name for name, _ in chosen_tensors(tensors, ["bias"])] == ["a/bias"]
    assert [name for name, _ in chosen_tensors(tensors, ["[a]/*", "zzz"])] == ["a/kernel", "a/bias"]
