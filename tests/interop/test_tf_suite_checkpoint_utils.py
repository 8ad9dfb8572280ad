"""TensorFlow's cases of checkpoint_utils_test.py and of its iterator over checkpoints."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.training import checkpoint_utils

import tfckpt
from interop.tf_suite_weights import Ours as OurWeights
from interop.tf_suite_weights import Theirs as TheirWeights

v1 = tf.compat.v1

SHAPES = {"var1": (1, 10), "var2": (10, 10), "var3": (100, 100), "useful_scope/var4": (9, 9)}


class Theirs(TheirWeights):
    checkpoints_iterator = staticmethod(tf.train.checkpoints_iterator)
    wait_for_new_checkpoint = staticmethod(checkpoint_utils.wait_for_new_checkpoint)

    @staticmethod
    def save_object(prefix: Any) -> None:
        tf.train.Checkpoint(a=tf.Variable(5)).save(prefix)

    @staticmethod
    def save_sharded(prefix: str) -> None:
        with tf.Graph().as_default():
            step = tf.Variable(0, name="v0")
            with tf.device("/cpu:0"):
                tf.Variable(10, name="v1")
            with tf.device("/cpu:1"):
                tf.Variable(20, name="v2")
            with v1.Session(config=v1.ConfigProto(device_count={"CPU": 2})) as session:
                session.run(v1.global_variables_initializer())
                v1.train.Saver(sharded=True).save(session, prefix, global_step=step)


class Ours(OurWeights):
    checkpoints_iterator = staticmethod(tfckpt.checkpoints_iterator)
    wait_for_new_checkpoint = staticmethod(tfckpt.wait_for_new_checkpoint)

    @staticmethod
    def save_object(prefix: Any) -> None:
        tfckpt.Checkpoint(a=np.int32(5)).save(prefix)

    @staticmethod
    def save_sharded(prefix: str) -> None:
        variables = {"v0": np.int32(0), "v1": np.int32(10), "v2": np.int32(20)}
        saver = tfckpt.Saver(sharded=True, shards={"v0": 0, "v1": 1, "v2": 2})
        saver.save(variables, prefix, global_step="v0")


# As a mark, and not as params of the fixture, so that ids end with the library.
pytestmark = pytest.mark.parametrize(
    "lib", [Theirs, Ours], ids=["tensorflow", "tfckpt"], indirect=True
)


@pytest.fixture
def lib(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def old(lib: Any, tmp_path: Path) -> dict[str, np.ndarray]:
    """What the checkpoint in the folder holds."""
    values = {name: random(name, shape) for name, shape in SHAPES.items()}
    lib.model(values).save(f"{tmp_path}/model")
    return values


@pytest.fixture
def old_parts(lib: Any, tmp_path: Path) -> np.ndarray:
    """A variable that lies in the folder's checkpoint in five parts."""
    value = random("scope/var1", (100, 100))
    lib.model({"scope/var1": value}, parts={"scope/var1": 5}).save(f"{tmp_path}/model")
    return value


def random(name: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(len(name)).normal(size=shape).astype(np.float32)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


# Reading


def test_no_checkpoint_is_an_error(lib: Any, tmp_path: Path) -> None:
    with pytest.raises(lib.CheckpointError):
        lib.load_variable(f"{tmp_path}/no_checkpoints", "var1")


@pytest.mark.usefixtures("old")
def test_no_tensor_is_an_error(lib: Any, tmp_path: Path) -> None:
    with pytest.raises(lib.CheckpointError):
        lib.load_variable(str(tmp_path), "var5")


def test_variables_are_loaded(lib: Any, tmp_path: Path, old: dict[str, np.ndarray]) -> None:
    for name, value in old.items():
        np.testing.assert_array_equal(value, lib.load_variable(str(tmp_path), name))


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.usefixtures("old")
def test_variables_are_listed(lib: Any, tmp_path: Path, kind: Any) -> None:
    assert lib.list_variables(kind(tmp_path)) == [
        ("useful_scope/var4", [9, 9]),
        ("var1", [1, 10]),
        ("var2", [10, 10]),
        ("var3", [100, 100]),
    ]


def test_the_folder_may_be_a_path(lib: Any, tmp_path: Path, old: dict[str, np.ndarray]) -> None:
    found = lib.load_checkpoint(tmp_path).get_tensor("var1")
    np.testing.assert_array_equal(old["var1"], found)
    np.testing.assert_array_equal(old["var1"], lib.load_variable(tmp_path, "var1"))


# init_from_checkpoint


def test_names_and_scopes_are_mapped(lib: Any, tmp_path: Path, old: dict[str, np.ndarray]) -> None:
    model = lib.model(
        {
            "some_scope/my1": zeros(1, 10),
            "some_scope/some_other_scope/my2": zeros(10, 10),
            "some_scope/some_other_scope/other_useful_scope/var4": zeros(9, 9),
            "my3": zeros(100, 100),
            "my3b": zeros(100, 100),
        }
    )
    model.init_from_checkpoint(
        str(tmp_path),
        {
            "var1": "some_scope/my1",
            "useful_scope/": "some_scope/some_other_scope/other_useful_scope/",
        },
    )
    model.init_from_checkpoint(
        str(tmp_path),
        [
            ("var2", "some_scope/some_other_scope/my2"),
            ("var3", model["my3"]),
            ("var3", model["my3b"]),
        ],
    )
    found = model.values()
    np.testing.assert_array_equal(old["var1"], found["some_scope/my1"])
    np.testing.assert_array_equal(old["var2"], found["some_scope/some_other_scope/my2"])
    np.testing.assert_array_equal(old["var3"], found["my3"])
    np.testing.assert_array_equal(old["var3"], found["my3b"])
    np.testing.assert_array_equal(
        old["useful_scope/var4"], found["some_scope/some_other_scope/other_useful_scope/var4"]
    )


def test_the_value_is_the_checkpoints_instead_of_the_first_one(
    lib: Any, tmp_path: Path, old: dict[str, np.ndarray]
) -> None:
    model = lib.model({"some_scope/my1": zeros(1, 10)})
    np.testing.assert_array_equal(zeros(1, 10), model.values()["some_scope/my1"])
    model.init_from_checkpoint(str(tmp_path), {"var1": model["some_scope/my1"]})
    np.testing.assert_array_equal(old["var1"], model.values()["some_scope/my1"])
    assert not np.allclose(old["var1"], 0)


def test_a_scope_is_no_other_scope_that_begins_like_it(
    lib: Any, tmp_path: Path, old: dict[str, np.ndarray]
) -> None:
    first = np.array([[1, 2], [3, 4]], np.float32)
    model = lib.model({"useful_scope/var4": zeros(9, 9), "useful_scope_1/var5": first})
    model.init_from_checkpoint(str(tmp_path), {"useful_scope/": "useful_scope/"})
    found = model.values()
    np.testing.assert_array_equal(old["useful_scope/var4"], found["useful_scope/var4"])
    np.testing.assert_array_equal(first, found["useful_scope_1/var5"])


@pytest.mark.parametrize(
    ("target", "scope"), [("some_scope/", "some_scope/"), ("/", "")], ids=["a scope", "the root"]
)
def test_the_root_is_mapped(
    lib: Any, tmp_path: Path, old: dict[str, np.ndarray], target: str, scope: str
) -> None:
    model = lib.model({scope + name: zeros(*shape) for name, shape in SHAPES.items()})
    model.init_from_checkpoint(str(tmp_path), {"/": target})
    found = model.values()
    assert len(found) == 4
    for name, value in old.items():
        np.testing.assert_array_equal(value, found[scope + name])


def test_partitioned_variables_are_mapped_by_name_and_scope(
    lib: Any, tmp_path: Path, old_parts: np.ndarray
) -> None:
    """Also where the parts are others than the checkpoint's."""
    model = lib.model(
        {"some_scope/my1": zeros(100, 100), "some_other_scope/var1": zeros(100, 100)},
        parts={"some_scope/my1": 5, "some_other_scope/var1": 3},
    )
    model.init_from_checkpoint(
        str(tmp_path), {"scope/var1": "some_scope/my1", "scope/": "some_other_scope/"}
    )
    found = model.values()
    assert len(found["some_scope/my1"]) == 5
    for part, expected in zip(found["some_scope/my1"], np.split(old_parts, 5), strict=True):
        np.testing.assert_array_equal(expected, part)
    assert [len(part) for part in found["some_other_scope/var1"]] == [34, 33, 33]
    np.testing.assert_array_equal(old_parts, np.concatenate(found["some_other_scope/var1"]))


def test_a_list_of_parts_is_initialized(lib: Any, tmp_path: Path, old_parts: np.ndarray) -> None:
    model = lib.model({"some_scope/my1": zeros(100, 100)}, parts={"some_scope/my1": 5})
    model.init_from_checkpoint(str(tmp_path), {"scope/var1": model["some_scope/my1"]})
    for part, expected in zip(
        model.values()["some_scope/my1"], np.split(old_parts, 5), strict=True
    ):
        np.testing.assert_array_equal(expected, part)


MISTAKES = {
    "no such tensor": {"no_var": "some_scope/my1"},
    "no such variable": {"var3": "some_scope/no_var"},
    "another shape": {"var1": "some_scope/my1"},
    "a scope without the variables": {"useful_scope/": "some_scope/"},
    "no scope to a scope": {"useful_scope": "some_scope/"},
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.usefixtures("old")
def test_a_wrong_map_is_an_error(lib: Any, tmp_path: Path, mistake: str) -> None:
    values = {"some_scope/my1": zeros(10, 10), "some_scope/my2": np.zeros((1, 10), np.int64)}
    with pytest.raises(ValueError):
        lib.model(values).init_from_checkpoint(str(tmp_path), MISTAKES[mistake])


def test_initializing_from_no_folder_is_an_error(lib: Any, tmp_path: Path) -> None:
    model = lib.model({"some_scope/my1": zeros(10, 10)})
    with pytest.raises(lib.CheckpointError):
        model.init_from_checkpoint(f"{tmp_path}/no_dir", {"var1": "some_scope/my1"})


# Waiting


def test_waiting_ends_with_the_timeout(lib: Any) -> None:
    start = time.time()
    found = lib.wait_for_new_checkpoint(
        "/non-existent-dir", "foo", timeout=1.0, seconds_to_sleep=0.5
    )
    assert found is None
    # The machine may be busy: the upper bound is looser than TensorFlow's 1.1.
    assert start + 0.5 < time.time() < start + 2


def test_no_checkpoints_are_iterated(lib: Any, tmp_path: Path) -> None:
    folder = f"{tmp_path}/no_checkpoints_found"
    assert list(lib.checkpoints_iterator(folder, timeout=0)) == []


@pytest.mark.parametrize("kind", [str, Path])
def test_one_checkpoint_is_iterated(lib: Any, tmp_path: Path, kind: Any) -> None:
    lib.save_object(kind(tmp_path / "model.ckpt"))
    found = list(lib.checkpoints_iterator(kind(tmp_path), timeout=0))
    assert found == [f"{tmp_path}/model.ckpt-1"]


def test_one_sharded_checkpoint_is_iterated(lib: Any, tmp_path: Path) -> None:
    lib.save_sharded(f"{tmp_path}/model.ckpt")
    found = list(lib.checkpoints_iterator(str(tmp_path), timeout=0))
    assert found == [f"{tmp_path}/model.ckpt-0"]


def test_the_function_ends_the_iteration_not_the_timeout(lib: Any) -> None:
    calls = []

    def is_over() -> bool:
        calls.append(None)
        return len(calls) > 3

    found = list(lib.checkpoints_iterator("/non-existent-dir", timeout=0.1, timeout_fn=is_over))
    assert found == []
    assert len(calls) == 4
