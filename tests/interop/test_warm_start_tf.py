"""Weights that start from a checkpoint: TensorFlow's variables beside tfckpt's arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from interop.tf_suite_weights import Ours, Theirs, write_vocab

v1 = tf.compat.v1


def zeros_like_checkpoint(path: Path, scopes: dict[str, str]) -> dict[str, np.ndarray]:
    """A model for the tensors of a checkpoint that lie in some scopes, moved to other scopes."""
    with tfckpt.load_checkpoint(path) as reader:
        return {
            target + name.removeprefix(scope): np.zeros(info.shape, info.dtype)
            for scope, target in scopes.items()
            for name, info in reader.infos().items()
            if name.startswith(scope)
        }


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        if isinstance(value, list):
            assert len(value) == len(ours[name])
            for part, other in zip(value, ours[name], strict=True):
                np.testing.assert_array_equal(other, part, strict=True)
        else:
            np.testing.assert_array_equal(ours[name], np.asarray(value), strict=True)


# Real checkpoints into models with other scopes

TAXI = "tensorflow__tfx__estimator-taxi"
MNIST = "sugyan__tensorflow-mnist__v2"
SCOPES = {
    TAXI: {"dnn/": "deep/tower/", "linear/linear_model/": "wide/", "global_": "counters/"},
    f"{MNIST}/regression.ckpt": {"": "softmax/"},
}
MAPS = {
    TAXI: [
        ("dnn/", "deep/tower/"),
        ("linear/linear_model/", "wide/"),
        ("global_step", "counters/step"),
    ],
    f"{MNIST}/regression.ckpt": {"/": "softmax/"},
}
PARTS = {TAXI: {"wide/company_xf/weights": 3, "deep/tower/hiddenlayer_0/bias": 7}}


@pytest.mark.parametrize("name", MAPS)
def test_a_real_model_starts_in_other_scopes(name: str, realckpts: Path) -> None:
    path = realckpts / name
    values = zeros_like_checkpoint(path, SCOPES[name])
    found = []
    for lib in (Ours, Theirs):
        model = lib.model(values, PARTS.get(name))
        model.init_from_checkpoint(str(path), MAPS[name])
        found.append(model.values())
    assert_same(*found)
    assert all(np.any(value) for value in found[0].values() if not isinstance(value, list))


def test_a_real_model_goes_on_with_other_words(realckpts: Path, tmp_path: Path) -> None:
    path = realckpts / TAXI
    words = np.array([f"payment {number}" for number in range(1000)])
    new = np.concatenate([np.random.default_rng(1).permutation(words)[:500], ["new 1", "new 2"]])
    old_vocab = write_vocab(tmp_path / "old", words.tolist(), "\n")
    new_vocab = write_vocab(tmp_path / "new", new.tolist())
    name = "linear/linear_model/payment_type_xf/weights"
    values = zeros_like_checkpoint(path, {"linear/": "linear/", "dnn/logits/": "head/"})
    values[name] = np.zeros((512, 1), np.float32)
    found = []
    for lib in (Ours, Theirs):
        model = lib.model(values, {name: 5})
        info = lib.VocabInfo(new_vocab, 502, 10, old_vocab, 1000, lib.constant_initializer(0.25))
        model.warm_start(
            str(path),
            vars_to_warm_start="linear/.*|head/kernel",
            var_name_to_vocab_info={name: info},
            var_name_to_prev_var_name={"head/kernel": "dnn/logits/kernel"},
        )
        found.append(model.values())
    assert_same(*found)
    whole = np.concatenate(found[0][name]).ravel()
    assert (whole[500:] == 0.25).all()
    stored = tfckpt.load_variable(path, name).ravel()
    places = [words.tolist().index(word) for word in new[:500].tolist()]
    assert (whole[:500] == stored[places]).all()
    assert not found[0]["head/bias"].any()


# What is only a part of a checkpoint, or lies there otherwise


def test_parts_along_another_axis(tmp_path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    path = tfckpt.save(tmp_path / "m", {"w": whole})
    with tf.Graph().as_default():
        variable = v1.get_variable(
            "w", [4, 6], initializer=v1.zeros_initializer(), partitioner=lambda shape, dtype: [1, 4]
        )
        v1.train.init_from_checkpoint(path, {"/": "/"})
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            theirs = [session.run(part) for part in variable._get_variable_list()]
    ours = {f"w/part_{number}": np.zeros_like(part) for number, part in enumerate(theirs)}

    tfckpt.init_from_checkpoint(ours, path, {"/": "/"})

    assert_same(ours, {f"w/part_{number}": part for number, part in enumerate(theirs)})


def test_names_of_objects_are_found_only_by_a_warm_start(tmp_path: Path) -> None:
    values = {"layer/kernel": np.ones((2, 2), np.float32)}
    for lib in (Ours, Theirs):
        old = lib.model(values)
        old.save_objects(f"{tmp_path}/{lib.__name__}/m", {"layer/kernel": "v"})
        folder = f"{tmp_path}/{lib.__name__}"
        model = lib.model({"layer/kernel": np.zeros((2, 2), np.float32)})
        with pytest.raises(ValueError, match="layer/kernel"):
            model.init_from_checkpoint(folder, {"/": "/"})
        model.init_from_checkpoint(folder, {"v/.ATTRIBUTES/VARIABLE_VALUE": "layer/kernel"})
        assert_same(model.values(), values)

        model = lib.model({"layer/kernel": np.zeros((2, 2), np.float32)})
        model.warm_start(folder)
        assert_same(model.values(), values)


def test_another_dtype_is_an_error_of_both(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": np.ones(2, np.float32)})
    for lib in (Ours, Theirs):
        model = lib.model({"w": np.zeros(2, np.float64)})
        with pytest.raises((tfckpt.errors.InvalidArgumentError, tf.errors.InvalidArgumentError)):
            model.init_from_checkpoint(path, {"w": "w"})
            model.values()  # TensorFlow notices here


# Where tfckpt is different on purpose (docs/warm-start.md)


def started(lib: Any, values: dict[str, Any], start: Any) -> Any:
    """The values of a model after a function started it, and what that raised."""
    model = lib.model(values)
    error = None
    try:
        start(model)
    except Exception as raised:
        error = raised
    return model.values(), error


W = np.float32([[1, 2], [3, 4], [5, 6]])
ZEROS = np.zeros((3, 2), np.float32)
SILENT = {
    "a scope without variables": lambda model, path: model.init_from_checkpoint(
        path, {"old/": "none/"}
    ),
    "an expression for nothing": lambda model, path: model.warm_start(path, vars_to_warm_start="x"),
    "one of two expressions": lambda model, path: model.warm_start(
        path, vars_to_warm_start=["x", "y"]
    ),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_tensorflow_passes_over_is_an_error(case: str, tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"old/w": W})
    for lib in (Ours, Theirs):
        found, error = started(lib, {"new/w": ZEROS}, lambda model: SILENT[case](model, path))
        assert isinstance(error, ValueError if lib is Ours else type(None))
        assert not found["new/w"].any()


def test_a_scope_without_its_slash_is_an_error(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"old/w": W})
    for lib in (Ours, Theirs):
        found, error = started(
            lib, {"a/w": ZEROS}, lambda model: model.init_from_checkpoint(path, {"old/": "a/b"})
        )
        assert isinstance(error, ValueError if lib is Ours else type(None))
        assert found["a/w"].any() == (lib is Theirs)


def test_a_setting_that_is_not_used_changes_nothing(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": W})
    for lib in (Ours, Theirs):
        found, error = started(
            lib,
            {"w": ZEROS},
            lambda model: model.warm_start(path, var_name_to_prev_var_name={"x": "w"}),
        )
        assert isinstance(error, ValueError)
        assert found["w"].any() == (lib is Theirs)


def test_a_vector_has_a_vocabulary_here(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"b": W[0]})
    words = write_vocab(tmp_path / "words", ["one", "two"])
    for lib in (Ours, Theirs):
        info = lib.VocabInfo(words, 2, 0, words)
        found, error = started(
            lib,
            {"b": ZEROS[0]},
            lambda model, info=info: model.warm_start(path, var_name_to_vocab_info={"b": info}),
        )
        assert isinstance(error, type(None) if lib is Ours else IndexError)
        assert found["b"].any() == (lib is Ours)


def test_a_column_that_is_not_there_is_an_error_here(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": W})
    given = [path, "w", np.arange(3), np.array([0, 9]), [], 3, 2]
    names = ["ckpt_path", "old_tensor_name", "row_remapping", "col_remapping"]
    names += ["initializing_values", "num_rows", "num_cols"]
    arguments = dict(zip(names, given, strict=True))
    assert Theirs.load_and_remap_matrix(**arguments)[:, 0].tolist() == [1, 3, 5]
    with pytest.raises(tfckpt.errors.InvalidArgumentError, match="old ID 9 is beyond"):
        Ours.load_and_remap_matrix(**arguments)


@pytest.mark.parametrize("kind", ["V1", "float64"])
def test_a_matrix_is_loaded_that_tensorflow_refuses(kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "m")
    if kind == "V1":
        with tfckpt.V1Writer(path) as writer:
            writer.add("w", W)
    else:
        tfckpt.save(path, {"w": W.astype(kind)})
    arguments = {
        "ckpt_path": path,
        "old_tensor_name": "w",
        "row_remapping": np.array([2, 0]),
        "col_remapping": [],
        "initializing_values": [],
        "num_rows": 2,
        "num_cols": 2,
    }
    with pytest.raises(tf.errors.OpError):
        Theirs.load_and_remap_matrix(**arguments)
    assert Ours.load_and_remap_matrix(**arguments).tolist() == [[5, 6], [1, 2]]


# The kernels on chance


@pytest.mark.parametrize("seed", range(8))
def test_any_remapping_gives_tensorflows_matrix(seed: int, tmp_path: Path) -> None:
    chance = np.random.default_rng(seed)
    height, width, rows, cols = chance.integers(1, 40, 4)
    whole = chance.normal(size=(height, width)).astype(np.float32)
    path = tfckpt.save(tmp_path / "m", {"w": whole})
    row_remapping = remapping(chance, height, rows)
    col_remapping = remapping(chance, width, cols) if seed % 2 else np.empty(0, np.int64)
    num_cols = len(col_remapping) or width
    known = np.outer(row_remapping >= 0, col_remapping >= 0 if seed % 2 else np.ones(width, bool))
    arguments = {
        "ckpt_path": path,
        "old_tensor_name": "w",
        "row_remapping": row_remapping,
        "col_remapping": col_remapping,
        "initializing_values": chance.normal(size=np.count_nonzero(~known)).astype(np.float32),
        "num_rows": len(row_remapping),
        "num_cols": int(num_cols),
        "max_rows_in_memory": int(chance.integers(-1, 10)),
    }
    ours, theirs = (lib.load_and_remap_matrix(**arguments) for lib in (Ours, Theirs))
    np.testing.assert_array_equal(ours, theirs, strict=True)


def remapping(chance: np.random.Generator, old: int, new: int) -> np.ndarray:
    """Some of the old numbers, each at most once, and -1s."""
    ids = np.concatenate([np.arange(old), np.full(int(new), -1)])
    return chance.permutation(ids)[: int(new)].astype(np.int64)


VOCABS = {
    "lines of Windows": (b"a\nb\nc", b"c\r\nb\r\na\r\n"),
    "two carriage returns": (b"a\nb\nc", b"c\r\r\nb\r\na"),
    "a carriage return at the end": (b"a\nb\nc", b"c\nb\na\r"),
    "carriage returns alone": (b"a\rx\nb", b"ax\na\rx"),
    "blanks": (b" a\tb\na\n", b"a\n a\tb"),
    "no text": (b"\xff\n\x00a", b"\x00a\n\xff"),
    "new words twice": (b"a\na\nc", b"c\na"),
    "old words twice": (b"a\nb\nc", b"c\nb\na\nc"),
    "an empty old line": (b"a\nb\nc", b"c\n\na"),
    "an empty new line": (b"a\n\nc", b"c\na\nb"),
    "an empty line at the end": (b"a\nb\nc", b"c\nb\na\n\n"),
    "nothing old": (b"a\nb\nc", b""),
    "nothing new": (b"", b"a"),
}


@pytest.mark.parametrize("old_vocab_size", [-1, 0, 1, 2, 3, 4])
@pytest.mark.parametrize("case", VOCABS)
def test_any_vocabulary_gives_tensorflows_remapping(
    case: str, old_vocab_size: int, tmp_path: Path
) -> None:
    new, old = VOCABS[case]
    (tmp_path / "new").write_bytes(new)
    (tmp_path / "old").write_bytes(old)
    found = []
    for lib in (Ours, Theirs):
        try:
            remapping, present = lib.generate_vocab_remapping(
                new_vocab_file=str(tmp_path / "new"),
                old_vocab_file=str(tmp_path / "old"),
                new_vocab_offset=0,
                num_new_vocab=new.count(b"\n") + (not new.endswith(b"\n")),
                old_vocab_size=old_vocab_size,
            )
            found.append((remapping.tolist(), present))
        except (tf.errors.OpError, tfckpt.errors.InvalidArgumentError):
            found.append(None)
    assert found[0] == found[1]
