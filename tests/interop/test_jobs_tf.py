"""Jobs that people script by hand, each as a command on checkpoints of others; TensorFlow reads it.

Each is done on what TensorFlow has just trained, too, which is there wherever these tests run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner

import tfckpt
from tfckpt.cli import cli

v1 = tf.compat.v1
REAL = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
CARTPOLE = REAL / "larenzhang__policy_gradient_cartpole_v0__v2"
STEPS_OF_V1 = REAL / "jimidovich__ML__v1-5steps"
V1_FILES = (
    "nivwusquorum__tensorflow-deepq__v1/karpathy_game.ckpt",
    "hcchengithub__DeepLearningVideoGames__v1-pong/pong-dqn-1380000",
    "jimidovich__ML__v1-5steps/au-dqn-17336651",
    "kstseng__tensorflow_tutorial__v1",
)
LAYERS = {"dense": (4, 20), "dense_1": (20, 2)}


def run(*arguments: Any) -> str:
    result = CliRunner().invoke(cli, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def read_by_tf(path: Any) -> dict[str, Any]:
    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def assert_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


def build(scopes: Mapping[str, str]) -> Any:
    """Build two layers, of which each scope has this name, and Adam; return a step of training."""
    output = tf.ones((1, 4))
    for scope, (rows, columns) in LAYERS.items():
        with v1.variable_scope(scopes.get(scope, scope)):
            kernel = v1.get_variable("kernel", [rows, columns])
            output = tf.tanh(output @ kernel + v1.get_variable("bias", [columns]))
    return v1.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(output))


def train(folder: Path, version: Any = v1.train.SaverDef.V2) -> list[str]:
    """Train it; return the prefixes of three checkpoints."""
    with tf.Graph().as_default(), v1.Session() as session:
        step = build({})
        saver = v1.train.Saver(write_version=version)
        session.run(v1.global_variables_initializer())
        made = []
        for number in range(3):
            session.run(step)
            made.append(saver.save(session, str(folder / "m"), global_step=number))
        return made


def restored(path: Any, scopes: Mapping[str, str]) -> dict[str, Any]:
    """Return what a Saver restores into the program with these scopes, optimizer and all."""
    with tf.Graph().as_default(), v1.Session() as session:
        build(scopes)
        v1.train.Saver().restore(session, str(path))
        variables = v1.global_variables()
        names = [one.op.name for one in variables]
        return dict(zip(names, session.run(variables), strict=True))


@pytest.fixture(params=["trained here", "somebody's"])
def cartpole(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Checkpoints of one model, its optimizer among them; the last is the newest."""
    if request.param == "trained here":
        (tmp_path / "trained").mkdir()
        yield train(tmp_path / "trained")
    elif not CARTPOLE.exists():
        pytest.skip("no checkpoints of others here")
    else:
        yield [str(CARTPOLE / f"cart-pole-{number}th-episode") for number in (50, 100)]


SCOPES = {"dense": "policy/hidden", "dense_1": "policy/out"}
RENAMES = ["--rename", "dense/=policy/hidden/", "--rename", "dense_1/=policy/out/"]


def new_name(name: str) -> str:
    return name.replace("dense/", "policy/hidden/").replace("dense_1/", "policy/out/")


@pytest.mark.parametrize("link", ["always", "never"])
def test_variables_of_another_name(cartpole: list[str], link: str, tmp_path: Path) -> None:
    run("edit", cartpole[-1], tmp_path / "new", *RENAMES, "--link", link)
    expected = {new_name(name): value for name, value in read_by_tf(cartpole[-1]).items()}
    assert_same(restored(tmp_path / "new", SCOPES), expected)
    files = [f"{prefix}.data-00000-of-00001" for prefix in (cartpole[-1], tmp_path / "new")]
    if os.stat(files[0]).st_dev == os.stat(files[1]).st_dev:
        assert os.path.samefile(*files) == (link == "always")


def test_names_that_a_program_has_are_found_and_taken(cartpole: list[str], tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    with tf.Graph().as_default():
        build(SCOPES)
        v1.train.export_meta_graph(str(tmp_path / "program.meta"))
    rules = tmp_path / "rules.toml"
    rules.write_text(run("suggest", cartpole[-1], tmp_path / "program.meta"))
    run("edit", cartpole[-1], tmp_path / "new", "--rules", rules)
    expected = {new_name(name): value for name, value in read_by_tf(cartpole[-1]).items()}
    assert_same(restored(tmp_path / "new", SCOPES), expected)


class Model(tf.Module):
    """The program of TF2: the same variables and the same optimizer, saved as objects."""

    def __init__(self) -> None:
        super().__init__()
        v1.reset_default_graph()  # which remembers the names of slots, even of programs before
        self.layers = [
            [tf.Variable(tf.zeros(shape), name=f"{scope}/{what}") for what, shape in shapes]
            for scope, (rows, columns) in LAYERS.items()
            for shapes in [[("kernel", (rows, columns)), ("bias", (columns,))]]
        ]
        self.optimizer = v1.train.AdamOptimizer(0.1)

    def step(self) -> None:
        self.optimizer.minimize(
            lambda: tf.add_n([tf.reduce_sum(one) for layer in self.layers for one in layer])
        )


def test_a_checkpoint_of_tf1_becomes_one_of_tf2_with_its_optimizer(
    cartpole: list[str], tmp_path: Path
) -> None:
    program = Model()
    program.step()
    like = tf.train.Checkpoint(model=program).write(str(tmp_path / "like"))
    run("convert", cartpole[-1], tmp_path / "new", "--like", like)
    fresh = Model()
    fresh.step()
    status = tf.train.Checkpoint(model=fresh).read(str(tmp_path / "new"))
    status.assert_existing_objects_matched().assert_consumed()
    expected = read_by_tf(cartpole[-1])
    for layer in fresh.layers:
        for variable in layer:
            name = variable.name.removesuffix(":0")
            np.testing.assert_array_equal(variable, expected[name])
            for slot, end in (("m", "Adam"), ("v", "Adam_1")):
                value = fresh.optimizer.get_slot(variable, slot)
                np.testing.assert_array_equal(value, expected[f"{name}/{end}"])


def test_without_slots_what_remains_are_the_variables_of_the_graph(
    cartpole: list[str], tmp_path: Path
) -> None:
    run("edit", cartpole[-1], tmp_path / "small", "--strip-slots")
    with tf.Graph().as_default():
        v1.train.import_meta_graph(f"{cartpole[-1]}.meta")
        weights = [one.op.name for one in v1.trainable_variables()]
    before = read_by_tf(cartpole[-1])
    assert_same(read_by_tf(tmp_path / "small"), {name: before[name] for name in weights})


def mean(paths: list[Any], names: list[str]) -> dict[str, Any]:
    """Return the averages as numpy has them, in double precision; of integers the newest's."""
    read = [read_by_tf(path) for path in paths]
    found = {}
    for name in names:
        newest = np.asarray(read[-1][name])
        values = np.stack([one[name] for one in read])
        if newest.dtype.kind == "f":
            newest = (values.astype(np.float64).sum(axis=0) / len(read)).astype(newest.dtype)
        found[name] = newest
    return found


def test_the_average_of_several(cartpole: list[str], tmp_path: Path) -> None:
    run("average", *cartpole, tmp_path / "mean")
    found = read_by_tf(tmp_path / "mean")
    assert_same(found, mean(cartpole, [f"{s}/{w}" for s in LAYERS for w in ("kernel", "bias")]))


@pytest.mark.skipif(not STEPS_OF_V1.exists(), reason="no checkpoints of others here")
def test_the_average_of_the_last_of_a_folder_of_v1(tmp_path: Path) -> None:
    run("average", STEPS_OF_V1, tmp_path / "mean", "--last", 3)
    paths = [STEPS_OF_V1 / f"au-dqn-{step}" for step in (16986451, 17161551, 17336651)]
    names = ["W_h1", "W_h2", "W_out", "b_h1", "b_h2", "b_out"]
    assert_same(read_by_tf(tmp_path / "mean"), mean(paths, names))


OBJECTS = REAL / "Uziniii__tic-tac-toe-ia__tf2-ckptmgr"


@pytest.mark.skipif(not OBJECTS.exists(), reason="no checkpoints of others here")
def test_the_average_of_objects(tmp_path: Path) -> None:
    paths = [OBJECTS / f"ckpt-{number}" for number in (17, 18, 19)]
    run("average", *paths, tmp_path / "mean")

    net = tf.Module()
    for number in range(2):
        layer = tf.Module()
        layer.kernel, layer.bias = tf.Variable(tf.zeros((9, 9))), tf.Variable(tf.zeros(9))
        setattr(net, f"layer_with_weights-{number}", layer)
    status = tf.train.Checkpoint(net=net).read(str(tmp_path / "mean"))
    status.assert_existing_objects_matched()
    for number in range(2):
        layer = getattr(net, f"layer_with_weights-{number}")
        for what in ("kernel", "bias"):
            key = f"net/layer_with_weights-{number}/{what}/.ATTRIBUTES/VARIABLE_VALUE"
            np.testing.assert_array_equal(getattr(layer, what), mean(list(paths), [key])[key])


@pytest.mark.parametrize("name", ["trained here", *V1_FILES])
def test_v1_becomes_the_v2_that_tensorflow_writes(name: str, tmp_path: Path) -> None:
    if name == "trained here":
        path = train(tmp_path, v1.train.SaverDef.V1)[-1]
    elif not (REAL / name).exists():
        pytest.skip("no checkpoints of others here")
    else:
        path = tfckpt.latest_checkpoint(REAL / name) or str(REAL / name)
    run("convert", path, tmp_path / "new", "--to", "v2")
    expected = read_by_tf(path)
    assert_same(read_by_tf(tmp_path / "new"), expected)
    names = sorted(expected)
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "tf"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(expected[one]) for one in names],
    )
    for end in (".index", ".data-00000-of-00001"):
        assert (tmp_path / f"new{end}").read_bytes() == (tmp_path / f"tf{end}").read_bytes()
