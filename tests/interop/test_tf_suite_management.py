"""TensorFlow's cases of checkpoint_management_test.py, for TensorFlow and for tfckpt."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.python.checkpoint import checkpoint_management

import tfckpt

v1 = tf.compat.v1
V1, V2 = tfckpt.SaverDef.V1, tfckpt.SaverDef.V2
HOUR = 3600.0


class TheirSaver:
    """A Saver in a session of its own, whose variables have the given values."""

    def __init__(self, values: Mapping[str, float], **settings: Any) -> None:
        with tf.Graph().as_default() as graph:
            self.variables = {
                name: v1.get_variable(name, initializer=values[name]) for name in values
            }
            self.saver = v1.train.Saver(dict(self.variables), **settings)
            self.session = v1.Session(graph=graph)
            self.session.run(v1.global_variables_initializer())

    def set(self, name: str, value: float) -> None:
        with self.session.graph.as_default():
            self.variables[name].load(value, self.session)

    def value(self, name: str) -> float:
        return self.session.run(self.variables[name])

    def save(self, path: Any, **arguments: Any) -> str:
        with self.session.graph.as_default():
            return self.saver.save(self.session, path, **arguments)

    def restore(self, path: str) -> None:
        with self.session.graph.as_default():
            self.saver.restore(self.session, path)


class OurSaver:
    """The same with a dict."""

    def __init__(self, values: Mapping[str, float], **settings: Any) -> None:
        self.variables = {name: np.array(values[name], np.float32) for name in values}
        self.saver = tfckpt.Saver(**settings, fsync=False)

    def set(self, name: str, value: float) -> None:
        self.variables[name][()] = value

    def value(self, name: str) -> float:
        return self.variables[name][()]

    def save(self, path: Any, **arguments: Any) -> str:
        return self.saver.save(self.variables, path, **arguments)

    def restore(self, path: str) -> None:
        self.saver.restore(self.variables, path)


class Theirs:
    Saver = TheirSaver
    Checkpoint = tf.train.Checkpoint
    CheckpointManager = tf.train.CheckpointManager
    checkpoint_exists = staticmethod(v1.train.checkpoint_exists)
    generate_checkpoint_state_proto = staticmethod(v1.train.generate_checkpoint_state_proto)
    get_checkpoint_mtimes = staticmethod(v1.train.get_checkpoint_mtimes)
    get_checkpoint_state = staticmethod(v1.train.get_checkpoint_state)
    latest_checkpoint = staticmethod(tf.train.latest_checkpoint)
    remove_checkpoint = staticmethod(v1.train.remove_checkpoint)
    update_checkpoint_state = staticmethod(checkpoint_management.update_checkpoint_state_internal)
    logger = tf.get_logger()

    @staticmethod
    def variable(value: float, dtype: Any = np.float32) -> Any:
        return tf.Variable(value, dtype=dtype)

    @staticmethod
    def add(variable: Any, value: float) -> None:
        variable.assign_add(value)

    @staticmethod
    def value(variable: Any) -> float:
        return variable.numpy()


class Ours:
    Saver = OurSaver
    Checkpoint = tfckpt.Checkpoint
    CheckpointManager = tfckpt.CheckpointManager
    checkpoint_exists = staticmethod(tfckpt.checkpoint_exists)
    generate_checkpoint_state_proto = staticmethod(tfckpt.generate_checkpoint_state_proto)
    get_checkpoint_mtimes = staticmethod(tfckpt.get_checkpoint_mtimes)
    get_checkpoint_state = staticmethod(tfckpt.get_checkpoint_state)
    latest_checkpoint = staticmethod(tfckpt.latest_checkpoint)
    remove_checkpoint = staticmethod(tfckpt.remove_checkpoint)
    update_checkpoint_state = staticmethod(tfckpt.update_checkpoint_state)
    logger = logging.getLogger("tfckpt")

    @staticmethod
    def variable(value: float, dtype: Any = np.float32) -> Any:
        return np.array(value, dtype)

    @staticmethod
    def add(variable: Any, value: float) -> None:
        variable += value

    @staticmethod
    def value(variable: Any) -> float:
        return variable[()]


# As a mark, and not as params of the fixture, so that ids end with the library.
pytestmark = pytest.mark.parametrize(
    "lib", [Theirs, Ours], ids=["tensorflow", "tfckpt"], indirect=True
)


@pytest.fixture
def lib(request: pytest.FixtureRequest) -> Any:
    return request.param


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


class Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:
            self.texts.append(record.getMessage())


@pytest.fixture
def warnings(lib: Any) -> Iterator[list[str]]:
    messages = Messages()
    lib.logger.addHandler(messages)
    yield messages.texts
    lib.logger.removeHandler(messages)


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder ``train`` in the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train").mkdir()
    return "train"


def there(lib: Any, *paths: str) -> list[bool]:
    return [lib.checkpoint_exists(path) for path in paths]


# Relative paths


def test_a_save_under_the_name_of_the_state_file_is_refused(lib: Any, train: str) -> None:
    saver = lib.Saver({"a": 0.0}, sharded=False)
    with pytest.raises(ValueError, match="collides with"):
        saver.save("train/checkpoint")


def test_a_step_makes_another_name_than_the_state_files(lib: Any, train: str) -> None:
    lib.Saver({"a": 0.0}, sharded=False).save("train/checkpoint", global_step=1)
    assert lib.latest_checkpoint(train) == "train/checkpoint-1"


def test_a_sharded_save_may_be_named_as_the_state_file(lib: Any, train: str) -> None:
    lib.Saver({"a": 0.0}, sharded=True).save("train/checkpoint")
    assert lib.latest_checkpoint(train) is not None


def test_a_sharded_save_with_a_step_may_be_named_as_the_state_file(lib: Any, train: str) -> None:
    lib.Saver({"a": 0.0}, sharded=True).save("train/checkpoint", global_step=1)
    assert lib.latest_checkpoint(train) is not None


def test_the_latest_of_a_relative_folder_is_restored(lib: Any, train: str) -> None:
    saver = lib.Saver({"v0": 0.0})
    for step in range(3):
        saver.set("v0", float(step))
        saver.save("train/snapshot", global_step=step)
    fresh = lib.Saver({"v0": -1.0})
    name = lib.latest_checkpoint(train)
    assert name is not None
    fresh.restore(name)
    assert fresh.value("v0") == 2.0


# The state


def test_an_absolute_path_stays_absolute(lib: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "model-0")
    state = lib.generate_checkpoint_state_proto(str(tmp_path), path)
    assert state.model_checkpoint_path == path
    assert os.path.isabs(state.model_checkpoint_path)
    assert list(state.all_model_checkpoint_paths) == [path]


def test_a_relative_path_becomes_relative_to_the_folder(lib: Any) -> None:
    state = lib.generate_checkpoint_state_proto("train", os.path.join("train", "model-0"))
    assert state.model_checkpoint_path == "model-0"
    assert list(state.all_model_checkpoint_paths) == ["model-0"]


# A last path that is not the latest is followed by it: TensorFlow's own case counts one path,
# for it counts the list that was handed in, to which TensorFlow has appended.
@pytest.mark.parametrize("paths", [None, [], ["model-2"]], ids=["none", "empty", "another"])
def test_the_latest_is_the_last_of_all_paths(
    lib: Any, tmp_path: Path, paths: list[str] | None
) -> None:
    path = str(tmp_path / "model-0")
    expected = [*(paths or []), path]
    state = lib.generate_checkpoint_state_proto(
        str(tmp_path), path, all_model_checkpoint_paths=paths
    )
    assert state.model_checkpoint_path == path
    assert os.path.isabs(state.model_checkpoint_path)
    assert list(state.all_model_checkpoint_paths) == expected


@pytest.mark.parametrize("folder", ["train", Path("train")], ids=["str", "path"])
def test_what_is_written_in_the_state_is_read(
    lib: Any, tmp_path: Path, train: str, folder: Any
) -> None:
    absolute, relative = str(tmp_path / "model-0"), os.path.join("train", "model-2")
    lib.update_checkpoint_state(train, relative, all_model_checkpoint_paths=[absolute, relative])
    state = lib.get_checkpoint_state(folder)
    assert state.model_checkpoint_path == relative
    assert list(state.all_model_checkpoint_paths) == [absolute, relative]


def test_relative_paths_are_saved_and_read_as_absolute_ones(lib: Any, tmp_path: Path) -> None:
    folder = str(tmp_path)
    latest = os.path.join(folder, "model-2")
    lib.update_checkpoint_state(
        save_dir=folder,
        model_checkpoint_path=latest,
        all_model_checkpoint_paths=["model-0", latest],
        save_relative_paths=True,
    )

    written = text_format.Parse((tmp_path / "checkpoint").read_text(), tfckpt.CheckpointState())
    assert written.model_checkpoint_path == "model-2"
    assert list(written.all_model_checkpoint_paths) == ["model-0", "model-2"]

    state = lib.get_checkpoint_state(folder)
    assert state.model_checkpoint_path == latest
    assert list(state.all_model_checkpoint_paths) == [os.path.join(folder, "model-0"), latest]


def test_an_empty_state_file_is_an_error(lib: Any, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text("")
    with pytest.raises(ValueError, match="Invalid checkpoint state"):
        lib.get_checkpoint_state(str(tmp_path))


def test_relative_paths_of_a_state_file_are_joined_to_its_folder(lib: Any, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text(
        """
        model_checkpoint_path: "./model.ckpt-687529"
        all_model_checkpoint_paths: "./model.ckpt-687500"
        all_model_checkpoint_paths: "./model.ckpt-687529"
        """
    )
    state = lib.get_checkpoint_state(str(tmp_path))
    assert state.model_checkpoint_path == f"{tmp_path}/./model.ckpt-687529"
    assert list(state.all_model_checkpoint_paths) == [
        f"{tmp_path}/./model.ckpt-687500",
        f"{tmp_path}/./model.ckpt-687529",
    ]


# Files


@pytest.mark.parametrize("version", [V2, V1], ids=["v2", "v1"])
@pytest.mark.parametrize("sharded", [False, True], ids=["whole", "sharded"])
def test_a_checkpoint_exists_once_saved(
    lib: Any, tmp_path: Path, sharded: bool, version: int
) -> None:
    saver = lib.Saver({"v": 1.0}, sharded=sharded, write_version=version)
    path = str(tmp_path / f"{sharded}-{version}")
    assert not lib.checkpoint_exists(path)
    assert lib.checkpoint_exists(saver.save(path))
    assert lib.checkpoint_exists(lib.latest_checkpoint(str(tmp_path)))


def test_times_of_checkpoints_of_both_formats(lib: Any, tmp_path: Path) -> None:
    prefixes = [
        lib.Saver({"v": 1.0}, write_version=version).save(str(tmp_path / str(version)))
        for version in (V2, V1)
    ]
    times = lib.get_checkpoint_mtimes(prefixes)
    assert len(times) == 2
    assert times[1] >= times[0]


@pytest.mark.parametrize("version", [V2, V1], ids=["v2", "v1"])
@pytest.mark.parametrize("sharded", [False, True], ids=["whole", "sharded"])
def test_a_removed_checkpoint_is_gone(
    lib: Any, tmp_path: Path, sharded: bool, version: int
) -> None:
    saver = lib.Saver({"v": 1.0}, sharded=sharded, write_version=version)
    prefix = saver.save(str(tmp_path / f"{sharded}-{version}"))
    assert lib.checkpoint_exists(prefix)
    lib.remove_checkpoint(prefix, version)
    assert not lib.checkpoint_exists(prefix)


# CheckpointManager


def test_a_manager_deletes_the_oldest(lib: Any, tmp_path: Path) -> None:
    manager = lib.CheckpointManager(lib.Checkpoint(), str(tmp_path), max_to_keep=3)
    paths = [manager.save() for _ in range(4)]
    assert there(lib, *paths) == [False, True, True, True]


def test_a_manager_that_keeps_all_and_one_after_it_that_does_not(lib: Any, tmp_path: Path) -> None:
    checkpoint, folder = lib.Checkpoint(), str(tmp_path / "run")
    manager = lib.CheckpointManager(checkpoint, folder, max_to_keep=None)
    paths = [manager.save() for _ in range(3)]
    assert there(lib, *paths) == [True] * 3
    assert manager.latest_checkpoint == paths[2]
    assert manager.checkpoints == paths

    manager = lib.CheckpointManager(checkpoint, folder, max_to_keep=None)
    paths.append(manager.save())
    assert manager.checkpoints == paths

    manager = lib.CheckpointManager(checkpoint, folder, max_to_keep=3)
    assert manager.checkpoints == paths
    assert there(lib, *paths) == [True] * 4
    paths.append(manager.save())
    assert manager.checkpoints == paths[2:]
    assert there(lib, *paths) == [False, False, True, True, True]


def test_managers_go_on_by_the_times_in_the_state(lib: Any, tmp_path: Path, clock: Clock) -> None:
    folder, checkpoint = str(tmp_path), lib.Checkpoint()
    names = [""] + [os.path.join(folder, f"ckpt-{number}") for number in range(1, 7)]
    clock.now = 3.0
    manager = lib.CheckpointManager(checkpoint, folder, max_to_keep=2)
    clock.now = first_time = 10000.0
    manager.save()
    clock.now = second_time = first_time + 3610.0
    manager.save()
    state = lib.get_checkpoint_state(folder)
    assert list(state.all_model_checkpoint_timestamps) == [first_time, second_time]
    assert manager.checkpoints == names[1:3]
    assert manager.latest_checkpoint == names[2]

    manager = lib.CheckpointManager(
        checkpoint, folder, max_to_keep=2, keep_checkpoint_every_n_hours=1.5
    )
    assert manager.checkpoints == names[1:3]
    assert manager.latest_checkpoint == names[2]
    clock.now += HOUR * 0.2
    manager.save()
    assert there(lib, *names[1:3]) == [True, True]
    assert manager.checkpoints == names[2:4]
    assert lib.get_checkpoint_state(folder).last_preserved_timestamp == first_time
    clock.now = fourth_time = clock.now + HOUR * 0.5
    manager.save()
    assert there(lib, *names[1:3]) == [True, False]
    assert manager.checkpoints == names[3:5]
    clock.now += HOUR * 0.5
    manager.save()
    assert manager.checkpoints == names[4:6]
    assert lib.get_checkpoint_state(folder).last_preserved_timestamp == first_time

    manager = lib.CheckpointManager(
        checkpoint, folder, max_to_keep=2, keep_checkpoint_every_n_hours=1.5
    )
    assert manager.latest_checkpoint == names[5]
    clock.now += 10.0
    manager.save()
    assert lib.get_checkpoint_state(folder).last_preserved_timestamp == fourth_time
    assert there(lib, *names[1:]) == [True, False, False, True, True, True]
    assert manager.checkpoints == names[5:]


def test_a_manager_leaves_checkpoints_that_none_managed(lib: Any, tmp_path: Path) -> None:
    prefix, checkpoint = str(tmp_path / "unusual_prefix"), lib.Checkpoint()
    paths = [checkpoint.save(prefix) for _ in range(2)]

    checkpoint = lib.Checkpoint()
    manager = lib.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=2)
    checkpoint.restore(manager.latest_checkpoint)
    assert lib.value(checkpoint.save_counter) == 2
    for tracked in (slice(2, 3), slice(2, 4), slice(3, 5)):
        paths.append(manager.save())
        assert manager.checkpoints == paths[tracked]
    assert there(lib, *paths) == [True, True, False, True, True]


def test_a_clock_set_back_deletes_nothing(
    lib: Any, tmp_path: Path, clock: Clock, warnings: list[str]
) -> None:
    folder, checkpoint = str(tmp_path), lib.Checkpoint()
    clock.now = 10000.0
    manager = lib.CheckpointManager(
        checkpoint, folder, max_to_keep=1, keep_checkpoint_every_n_hours=1.0
    )
    first = manager.save()
    clock.now += HOUR
    second = manager.save()
    clock.now += HOUR
    third = manager.save()
    assert there(lib, first, second, third) == [False, True, True]
    assert manager.checkpoints == [third]
    assert lib.get_checkpoint_state(folder).last_preserved_timestamp == 13600.0
    assert warnings == []

    clock.now = 5000.0
    manager = lib.CheckpointManager(checkpoint, folder, max_to_keep=1)
    assert len(warnings) == 1
    assert "behind the last preserved checkpoint" in warnings[0]
    assert lib.checkpoint_exists(second)
    # They stay for good, so they are not tracked.
    assert manager.latest_checkpoint == third
    assert manager.checkpoints == []
    clock.now += 10.0
    fourth = manager.save()
    assert there(lib, second, third) == [True, True]
    assert manager.latest_checkpoint == fourth
    assert manager.checkpoints == [fourth]
    clock.now += 10.0
    fifth = manager.save()
    assert there(lib, second, third) == [True, True]
    assert manager.checkpoints == [fifth]
    state = lib.get_checkpoint_state(folder)
    assert state.last_preserved_timestamp == 5000.0
    assert list(state.all_model_checkpoint_timestamps) == [5020.0]


def test_checkpoints_may_be_numbered_by_the_caller(lib: Any, tmp_path: Path) -> None:
    folder, step = str(tmp_path), lib.variable(0, np.int64)
    checkpoint = lib.Checkpoint(step=step)
    manager = lib.CheckpointManager(checkpoint, folder, max_to_keep=2)
    for number in range(5):
        path = manager.save(checkpoint_number=step)
        assert path.endswith(f"-{2 * number}")
        lib.add(step, 2)
    assert lib.value(checkpoint.save_counter) == 5
    last = manager.save(checkpoint_number=32)
    assert last.endswith("-32")
    assert manager.latest_checkpoint == last
    assert lib.latest_checkpoint(folder) == last
    assert list(lib.get_checkpoint_state(folder).all_model_checkpoint_paths) == [path, last]


def test_checkpoints_may_be_named_by_the_caller(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint()
    manager = lib.CheckpointManager(
        checkpoint, str(tmp_path), max_to_keep=2, checkpoint_name="ckpt_name"
    )
    assert os.path.basename(manager.save(checkpoint_number=5)) == "ckpt_name-5"
    manager = lib.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=2)
    assert os.path.basename(manager.save(checkpoint_number=5)) == "ckpt-5"


def test_a_manager_restores_or_else_initializes(lib: Any, tmp_path: Path) -> None:
    initial = lib.Checkpoint(v=lib.variable(2.0)).save(str(tmp_path / "init"))
    v = lib.variable(1.0)
    checkpoint = lib.Checkpoint(v=v)
    manager = lib.CheckpointManager(
        checkpoint,
        str(tmp_path / "ckpt"),
        max_to_keep=None,
        init_fn=lambda: checkpoint.restore(initial),
    )
    assert manager.restore_or_initialize() is None
    assert lib.value(v) == 2.0
    manager.save()
    assert manager.restore_or_initialize() is not None


def test_a_managers_folder_may_be_a_path(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(v=lib.variable(0.0))
    manager = lib.CheckpointManager(
        checkpoint, tmp_path, max_to_keep=2, checkpoint_name="ckpt_name"
    )
    assert manager.save() == str(tmp_path / "ckpt_name-1")
    assert manager.restore_or_initialize() == str(tmp_path / "ckpt_name-1")


def test_the_folder_of_the_latest_may_be_a_path(lib: Any, tmp_path: Path) -> None:
    lib.CheckpointManager(
        lib.Checkpoint(), tmp_path, max_to_keep=2, checkpoint_name="ckpt_name"
    ).save()
    assert lib.latest_checkpoint(tmp_path) == str(tmp_path / "ckpt_name-1")


def test_a_manager_saves_in_intervals_of_steps(lib: Any, tmp_path: Path) -> None:
    step = lib.variable(0, np.int32)
    manager = lib.CheckpointManager(
        lib.Checkpoint(v=lib.variable(1.0)),
        str(tmp_path),
        max_to_keep=None,
        step_counter=step,
        checkpoint_interval=2,
    )
    assert lib.checkpoint_exists(manager.save(check_interval=True))
    lib.add(step, 1)
    assert manager.save(check_interval=True) is None
    lib.add(step, 1)
    assert lib.checkpoint_exists(manager.save(check_interval=True))
    assert manager.save(check_interval=True) is None
    lib.add(step, 1)
    assert manager.save(check_interval=True) is None
    assert lib.checkpoint_exists(manager.save(check_interval=False))


def test_the_interval_may_start_at_a_given_step(lib: Any, tmp_path: Path) -> None:
    step = lib.variable(1, np.int32)
    manager = lib.CheckpointManager(
        lib.Checkpoint(v=lib.variable(1.0)),
        str(tmp_path),
        max_to_keep=None,
        step_counter=step,
        checkpoint_interval=2,
        last_checkpoint_step=1,
    )
    assert manager.save(check_interval=True) is None
    lib.add(step, 1)
    assert manager.save(check_interval=True) is None
    lib.add(step, 1)
    assert lib.checkpoint_exists(manager.save(check_interval=True))


def test_the_interval_starts_at_a_restore(lib: Any, tmp_path: Path) -> None:
    step = lib.variable(0, np.int32)
    checkpoint = lib.Checkpoint(v=lib.variable(1.0))
    checkpoint.save(str(tmp_path / "ckpt"))
    manager = lib.CheckpointManager(
        checkpoint, str(tmp_path), max_to_keep=None, step_counter=step, checkpoint_interval=2
    )
    assert manager.restore_or_initialize() is not None
    assert manager.save() is None
