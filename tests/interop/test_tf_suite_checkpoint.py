"""TensorFlow's cases of Checkpoint, for TensorFlow and for tfckpt.

Those of checkpoint_test.py, checkpoint_with_v1_optimizers_test.py, restore_test.py,
functional_saver_test.py, save_util_v1_test.py and saveable_compat_test.py.
"""

from __future__ import annotations

import copy
import gc
import inspect
import os
import re
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.checkpoint import saveable_compat
from tensorflow.python.saved_model import registration
from tensorflow.python.trackable import base
from tensorflow.python.trackable.autotrackable import AutoTrackable

from interop.tf_suite_objects import LIBS, SUFFIX, children, keys, lib_name

v1 = tf.compat.v1
pytestmark = pytest.mark.parametrize("lib", LIBS, ids=lib_name)
ASYNC = pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])


def options(lib: Any, is_async: bool) -> Any:
    """The options of an asynchronous save; none else, as a program that knows of none gives."""
    if not is_async:
        return None
    return lib.CheckpointOptions(experimental_enable_async_checkpoint=True)


def save(lib: Any, folder: Path, **tree: Any) -> str:
    return lib.Checkpoint(**tree).save(str(folder / "ckpt"))


# What is written


def test_keys_are_made_of_attributes_whatever_names_variables_have(
    lib: Any, tmp_path: Path
) -> None:
    lib.variable(1.0, name="duplicate")
    tree = {
        "a_variable": lib.variable(0.0),
        "constant_initializer": lib.variable(1),
        "ones_initializer": lib.variable([1.0, 1.0], name="some_variable_scope/ones_initializer"),
        "bare_initializer": lib.variable(np.zeros((2, 2)), np.float64),
        "duplicate": lib.variable(0.0, name="duplicate"),
    }
    path = lib.Checkpoint(**tree).write(str(tmp_path / "ckpt"))
    assert keys(lib, path) == sorted(name + SUFFIX for name in tree)
    reader = lib.load_checkpoint(path)
    assert reader.get_tensor("constant_initializer" + SUFFIX) == 1
    assert reader.get_tensor("ones_initializer" + SUFFIX).tolist() == [1, 1]
    assert reader.get_tensor("bare_initializer" + SUFFIX).tolist() == [[0, 0], [0, 0]]


def test_dtype_and_shape_are_kept(lib: Any, tmp_path: Path) -> None:
    one, three = lib.variable(3.0, np.float64), lib.variable(np.ones(3), np.float64)
    path = lib.Checkpoint(v1=one, v2=three).write(str(tmp_path / "ckpt"))
    reader = lib.load_checkpoint(path)
    for name, value in (("v1", 3.0), ("v2", [1.0, 1.0, 1.0])):
        stored = reader.get_tensor(name + SUFFIX)
        assert np.asarray(stored).dtype == np.float64
        assert np.asarray(stored).tolist() == value


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a/b/c", "a.Sb.Sc"),
        ("b", "b"),
        ("c/", "c.S"),
        ("d/.S", "d.S..S"),
        ("d/.ATTRIBUTES/f", "d.S..ATTRIBUTES.Sf"),
    ],
)
def test_names_are_escaped_in_keys(name: str, escaped: str, lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(np.zeros((1, 2)), np.float64)
    path = lib.Checkpoint(**{name: variable}).write(str(tmp_path / "ckpt"))
    assert keys(lib, path) == [escaped + SUFFIX]


def test_a_key_has_the_path_of_its_object(lib: Any, tmp_path: Path) -> None:
    tree = {"leaf": lib.module(v=lib.variable(0.0))}
    path = lib.Checkpoint(**tree).write(str(tmp_path / "ckpt"))
    assert keys(lib, path) == ["leaf/v" + SUFFIX]


def test_a_dot_is_escaped_so_that_no_name_is_reserved(lib: Any, tmp_path: Path) -> None:
    tree = {".ATTRIBUTES": lib.module(a=lib.variable(0.0))}
    path = lib.Checkpoint(**tree).write(str(tmp_path / "ckpt"))
    assert keys(lib, path) == ["..ATTRIBUTES/a" + SUFFIX]


def test_an_object_may_be_named_like_the_part_of_keys_after_it(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(5.0)
    tree = {"object": lib.module(path=lib.module(ATTRIBUTES=variable))}
    checkpoint = lib.Checkpoint(**tree)
    path = checkpoint.write(str(tmp_path / "ckpt"))
    assert keys(lib, path) == ["object/path/ATTRIBUTES" + SUFFIX]
    lib.assign(variable, 0.0)
    checkpoint.read(path).assert_consumed()
    assert lib.value(variable) == 5


@pytest.mark.parametrize("device", [None, "/job:localhost/replica:0/task:0/device:CPU:0"])
def test_a_checkpoint_is_two_files_that_restore_into_any_variable_of_the_name(
    device: str | None, lib: Any, tmp_path: Path
) -> None:
    given = None if device is None else lib.CheckpointOptions(experimental_io_device=device)
    first, second = lib.variable(2.0), lib.variable(3.0)
    checkpoint = lib.Checkpoint(x=first)
    path = checkpoint.write(str(tmp_path / "ckpt"), options=given)
    assert len(list(tmp_path.iterdir())) == 2
    lib.assign(first, 1.0)
    checkpoint.read(path, options=given)
    assert lib.value(first) == 2
    lib.Checkpoint(x=second).read(path, options=given)
    assert lib.value(second) == 2


def test_many_variables_of_one_process_are_two_files(lib: Any, tmp_path: Path) -> None:
    made = {f"v{number}": lib.variable(float(number)) for number in range(3)}
    given = lib.CheckpointOptions(experimental_io_device="/job:localhost/device:CPU:0")
    checkpoint = lib.Checkpoint(**made)
    path = checkpoint.write(str(tmp_path / "ckpt"), options=given)
    assert len(list(tmp_path.iterdir())) == 2
    for variable in made.values():
        lib.assign(variable, -1.0)
    checkpoint.read(path, options=given)
    assert [lib.value(made[f"v{number}"]) for number in range(3)] == [0, 1, 2]


def test_nodes_say_whether_they_lead_to_values(lib: Any, tmp_path: Path) -> None:
    root = lib.module(
        branch_with_value=lib.module(v=lib.variable(5.0)),
        branch_no_value=lib.module(child=lib.module()),
        v=lib.variable(1.0),
    )
    graph = lib.object_graph(save(lib, tmp_path, model=root))
    model = children(graph, "model")
    has = {name: graph.nodes[one].has_checkpoint_values.value for name, one in model.items()}
    assert has == {"branch_with_value": True, "branch_no_value": False, "v": True}
    (inner,) = children(graph, "model", "branch_no_value").values()
    assert not graph.nodes[inner].has_checkpoint_values.value
    fresh = lib.module()
    checkpoint = lib.Checkpoint(model=fresh)
    status = checkpoint.restore(str(tmp_path / "ckpt-1"))
    made = [lib.variable(0.0), lib.variable(0.0)]
    lib.put(fresh, "branch_no_value", lib.module())
    lib.put(fresh, "branch_with_value", lib.module(v=made[0]))
    lib.put(fresh, "v", made[1])
    status.assert_consumed()
    assert [lib.value(one) for one in made] == [5, 1]


# Numbers, paths, state


@ASYNC
def test_write_takes_numbers_of_ones_own(is_async: bool, lib: Any, tmp_path: Path) -> None:
    step = lib.variable(0, np.int64)
    checkpoint = lib.Checkpoint(step=step)
    for turn in range(5):
        prefix = f"{tmp_path / 'ckpt'}-{lib.value(step)}"
        path = checkpoint.write(prefix, options=options(lib, is_async))
        assert path.endswith(f"-{2 * turn}")
        lib.assign(step, lib.value(step) + 2)
    checkpoint.sync()


def test_save_deletes_nothing(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(obj=lib.module(var=lib.variable(0.0)))
    for _ in range(10):
        checkpoint.save(str(tmp_path / "ckpt"))
    expected = {"checkpoint", *(f"ckpt-{number}.index" for number in range(1, 11))}
    assert expected <= set(os.listdir(tmp_path))


def test_a_tree_that_grows_between_saves(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(obj=lib.module(var=lib.variable(0.0)))
    prefix = str(tmp_path / "ckpt")
    added = []
    for turn in range(10):
        added.append(lib.variable(turn))
        setattr(checkpoint, f"var_{turn}", added[-1])
        checkpoint.save(prefix)
    expected = {"checkpoint", *(f"ckpt-{number}.index" for number in range(1, 11))}
    assert expected <= set(os.listdir(tmp_path))
    assert lib.latest_checkpoint(str(tmp_path)) == prefix + "-10"
    state = lib.get_checkpoint_state(str(tmp_path))
    assert list(state.all_model_checkpoint_paths) == [prefix + "-10"]

    def values(*numbers: int) -> list[int]:
        return [lib.value(getattr(checkpoint, f"var_{number}")) for number in numbers]

    for variable in added:
        lib.assign(variable, 314)
    checkpoint.restore(prefix + "-6")
    assert values(9, 8, 6, 5, 1, 0) == [314, 314, 314, 5, 1, 0]
    checkpoint.restore(prefix + "-10")
    assert values(9, 8, 1, 0) == [9, 8, 1, 0]


def test_a_prefix_may_be_written_again(lib: Any, tmp_path: Path) -> None:
    written, loaded = lib.variable(1.0), lib.variable(0.0)
    writing, loading = lib.Checkpoint(v=written), lib.Checkpoint(v=loaded)
    prefix = str(tmp_path / "ckpt")
    for value in (1.0, 3.0):
        lib.assign(written, value)
        assert writing.write(prefix) == prefix
        lib.assign(written, 0.0)
        status = loading.read(prefix)
        status.assert_existing_objects_matched()
        status.assert_consumed()
        assert lib.value(loaded) == value


@pytest.mark.parametrize("names", [("save", "restore"), ("write", "read")], ids="-".join)
def test_paths_may_be_path_objects(names: tuple[str, str], lib: Any, tmp_path: Path) -> None:
    path = getattr(lib.Checkpoint(v=lib.variable(1.0)), names[0])(tmp_path / "ckpt")
    assert isinstance(path, str)
    loaded = lib.variable(0.0)
    getattr(lib.Checkpoint(v=loaded), names[1])(Path(path))
    assert lib.value(loaded) == 1


# What restore does, and what its status says


@ASYNC
def test_a_status_outlives_its_checkpoint(is_async: bool, lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(v=lib.variable(0.0))
    path = checkpoint.save(str(tmp_path / "ckpt"), options=options(lib, is_async))
    status = checkpoint.restore(path)
    del checkpoint
    status.assert_consumed()


def test_a_deep_copy_is_a_checkpoint_of_its_own(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(1.0)
    original = lib.Checkpoint(v=variable)
    copied = copy.deepcopy(original)
    lib.assign(copied.v, 2.0)
    assert lib.value(variable) == 1
    path = copied.save(str(tmp_path / "ckpt"))
    original.restore(path).assert_consumed()
    assert lib.value(variable) == 2


def test_options_are_taken_by_save_and_restore(lib: Any, tmp_path: Path) -> None:
    given = lib.CheckpointOptions(experimental_io_device="/job:localhost/device:CPU:0")
    checkpoint = lib.Checkpoint(v=lib.variable(0.0))
    path = checkpoint.save(str(tmp_path / "ckpt"), options=given)
    checkpoint.restore(path, options=given).assert_consumed()


@ASYNC
def test_dicts_and_lists_are_restored(is_async: bool, lib: Any, tmp_path: Path) -> None:
    def tree(first: float) -> dict[str, Any]:
        a, b, c, d = (lib.variable(first + number) for number in range(4))
        return {"a": [a, b], "b": {"a": c, "b": d}}

    checkpoint = lib.Checkpoint(**tree(0.0))
    path = checkpoint.save(str(tmp_path / "ckpt"), options=options(lib, is_async))
    checkpoint.sync()
    fresh = lib.Checkpoint(**tree(4.0))
    fresh.restore(path)
    assert [lib.value(one) for one in fresh.a] == [0, 1]
    assert {name: lib.value(one) for name, one in fresh.b.items()} == {"a": 2, "b": 3}


def test_a_counter_is_restored_at_once_and_a_variable_when_attached(
    lib: Any, tmp_path: Path
) -> None:
    checkpoint = lib.Checkpoint(v=lib.variable(3, np.int64))
    lib.set_save_counter(checkpoint, 12)
    path = checkpoint.write(str(tmp_path / "ckpt"))
    fresh = lib.Checkpoint()
    status = fresh.restore(path)
    variable = lib.variable(0, np.int64)
    assert lib.value(fresh.save_counter) == 12
    assert lib.value(variable) == 0
    fresh.v = variable
    status.assert_consumed()
    assert lib.value(variable) == 3
    assert lib.value(fresh.save_counter) == 12


def test_a_part_that_nothing_takes_is_warned_of(
    lib: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save(lib, tmp_path, v1=lib.variable(2.0), v2=lib.variable(3.0))
    partial = lib.Checkpoint(v1=lib.module(), v2=lib.variable(0.0))
    gone = weakref.ref(partial)
    partial.restore(path)
    assert lib.value(partial.v2) == 3
    del partial
    assert gone() is None
    said = "".join(one.getMessage() for one in caplog.records)
    assert re.search(r"\bv1\b", said)
    assert not re.search(r"\bv2\b", said)
    assert "expect_partial()" in said


def test_assert_consumed_names_what_nothing_takes(lib: Any, tmp_path: Path) -> None:
    path = save(lib, tmp_path, v1=lib.variable(2.0), v2=lib.variable(3.0))
    status = lib.Checkpoint(v1=lib.module(), v2=lib.variable(0.0)).restore(path)
    with pytest.raises(AssertionError, match=r"\bv1\b") as caught:
        status.assert_consumed()
    assert "v2" not in str(caught.value)


def test_expect_partial_silences_the_warning(
    lib: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save(lib, tmp_path, v1=lib.variable(2.0), v2=lib.variable(3.0))
    partial = lib.Checkpoint(v1=lib.variable(0.0))
    gone, variable_gone = weakref.ref(partial), weakref.ref(partial.v1)
    partial.restore(path).expect_partial()
    assert lib.value(partial.v1) == 2
    caplog.clear()
    del partial
    assert gone() is None
    assert variable_gone() is None
    assert not caplog.records


def test_restoring_none_is_not_an_error_but_no_assertion_holds(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(7.0)
    status = lib.Checkpoint(model=lib.module(a_variable=variable)).restore(None)
    status.initialize_or_restore()
    assert lib.value(variable) == 7
    for name in (
        "assert_consumed",
        "assert_existing_objects_matched",
        "assert_nontrivial_match",
        "run_restore_ops",
    ):
        with pytest.raises(AssertionError):
            getattr(status, name)()


def test_ops_of_graphs_are_nothing_to_run(lib: Any, tmp_path: Path) -> None:
    """Programs of the time of graphs call these; every restore has been done by then."""
    variable = lib.variable(1.0)
    checkpoint = lib.Checkpoint(v=variable)
    path = checkpoint.save(str(tmp_path / "ckpt"))
    for name in ("run_restore_ops", "initialize_or_restore"):
        lib.assign(variable, 0.0)
        status = checkpoint.restore(path).assert_consumed()
        assert getattr(status, name)() is None
        assert getattr(status, name)(session=None) is None
        assert lib.value(variable) == 1


def test_containers_that_are_new_and_empty_do_not_hinder(lib: Any, tmp_path: Path) -> None:
    path = save(lib, tmp_path, model=lib.module(a_variable=lib.variable(0.0)))
    model = lib.module(a_variable=lib.variable(1.0))
    # Numbers are no objects to TensorFlow; to tfckpt they are values (docs/objects.md: "numpy's
    # numbers are float64 and int64"), so that there they would be missing from the checkpoint.
    lib.put(model, "dict", {} if lib.is_ours else {"a": 1})
    lib.put(model, "list", [] if lib.is_ours else [1])
    lib.Checkpoint(model=model).restore(path).assert_existing_objects_matched()


def test_empty_containers_are_ignored(lib: Any, tmp_path: Path) -> None:
    path = lib.Checkpoint(a=[]).save(str(tmp_path))
    fresh = lib.Checkpoint(b=[])
    fresh.dep = []
    fresh.dep.append([])
    status = fresh.restore(path)
    status.assert_consumed()
    status.assert_existing_objects_matched()
    status.assert_nontrivial_match()


def test_another_shape_is_refused(lib: Any, tmp_path: Path) -> None:
    path = save(lib, tmp_path, v=lib.variable([1.0, 1.0]))
    with pytest.raises(ValueError, match="shape"):
        lib.Checkpoint(v=lib.variable([1.0])).restore(path)


def test_files_are_closed_after_a_restore(lib: Any, tmp_path: Path) -> None:
    path = save(lib, tmp_path, v=lib.variable(1))
    fresh = lib.Checkpoint(other=lib.module())
    status = fresh.restore(path)
    opened = []
    for one in Path("/proc/self/fd").iterdir():
        try:
            opened.append(os.readlink(one))
        except OSError:  # the one that lists them
            continue
    assert not [name for name in opened if name.startswith(path)]
    status.expect_partial()


# Deferred restoration


def test_what_is_attached_later_is_restored_then(lib: Any, tmp_path: Path) -> None:
    class LateDependencies(lib.Checkpoint):
        def add_dep(self) -> None:
            self.dep = lib.module(var=lib.variable(0.0))

    original = LateDependencies()
    original.add_dep()
    lib.assign(lib.child(original.dep, "var"), 123.0)
    path = original.save(str(tmp_path / "ckpt"))
    fresh = LateDependencies()
    status = fresh.restore(path)
    status.assert_existing_objects_matched()
    with pytest.raises(AssertionError):
        status.assert_consumed()
    fresh.add_dep()
    status.assert_consumed()
    status.assert_existing_objects_matched()
    assert lib.value(lib.child(fresh.dep, "var")) == 123


def test_what_has_its_variable_before_it_is_attached_is_restored(lib: Any, tmp_path: Path) -> None:
    path = save(lib, tmp_path, dep=lib.module(var=lib.variable(-14.0)))
    fresh = lib.Checkpoint()
    status = fresh.restore(path)
    dep = lib.module()
    lib.put(dep, "var", lib.variable(0.0))
    fresh.dep = dep
    assert lib.value(lib.child(fresh.dep, "var")) == -14
    status.assert_consumed()


def test_a_variable_is_restored_by_the_assignment(lib: Any, tmp_path: Path) -> None:
    path = save(lib, tmp_path, var1=lib.variable(4.0), var2=lib.variable(8.0))
    fresh = lib.Checkpoint(var2=lib.variable(0.0))
    fresh.restore(path)
    later = lib.variable(0.0)
    assert lib.value(fresh.var2) == 8
    lib.assign(later, -2.0)
    assert lib.value(later) == -2
    fresh.var1 = later
    assert lib.value(later) == 4


@pytest.fixture
def two_saves(lib: Any, tmp_path: Path) -> tuple[str, str]:
    """Checkpoints with 12 and with 13 in dep/var."""
    variable = lib.variable(12.0)
    checkpoint = lib.Checkpoint(dep=lib.module(var=variable))
    first = checkpoint.save(str(tmp_path / "first"))
    lib.assign(variable, 13.0)
    return first, checkpoint.save(str(tmp_path / "second"))


def test_an_object_takes_from_each_restore_that_comes_to_it(
    lib: Any, two_saves: tuple[str, str]
) -> None:
    first, second = lib.Checkpoint(), lib.Checkpoint()
    first_status = first.restore(two_saves[0])
    second_status = second.restore(two_saves[1])
    variable = lib.variable(0.0)
    dep = lib.module(var=variable)
    first.dep = dep
    first_status.assert_consumed()
    assert lib.value(variable) == 12
    second.dep = dep
    second_status.assert_consumed()
    assert lib.value(variable) == 13


def test_the_last_restore_decides_not_the_last_attachment(
    lib: Any, two_saves: tuple[str, str]
) -> None:
    first, second = lib.Checkpoint(), lib.Checkpoint()
    second_status = second.restore(two_saves[1])
    first_status = first.restore(two_saves[0])
    variable = lib.variable(0.0)
    dep = lib.module(var=variable)
    first.dep = dep
    first_status.assert_consumed()
    assert lib.value(variable) == 12
    second.dep = dep
    second_status.assert_consumed()
    assert lib.value(variable) == 12


def test_nested_objects_that_are_made_after_the_restore(lib: Any, tmp_path: Path) -> None:
    tree = lib.module(i1=lib.module(v=lib.variable([20.0])), i2=lib.module(v=lib.variable([25.0])))
    path = save(lib, tmp_path, my_template=tree)
    template = lib.module()
    status = lib.Checkpoint(my_template=template).restore(path)
    variables = [lib.variable([0.0]), lib.variable([0.0])]
    for name, variable in zip(("i1", "i2"), variables):
        inner = lib.module()
        lib.put(template, name, inner)
        lib.put(inner, "v", variable)
    status.assert_consumed()
    assert [lib.value(one) for one in variables] == [[20], [25]]


# Objects that are shared, or refer to each other


def test_one_stored_object_cannot_become_two(lib: Any, tmp_path: Path) -> None:
    shared = lib.module(var=lib.variable(0.0))
    one, two = lib.module(dep_three=shared), lib.module(dep_three=shared)
    path = save(lib, tmp_path, dep_one=one, dep_two=two)
    fresh = lib.Checkpoint()
    status = fresh.restore(path)
    fresh.dep_one = lib.module(dep_three=lib.module(var=lib.variable(0.0)))
    fresh.dep_two = lib.module(dep_three=lib.module(var=lib.variable(0.0)))
    with pytest.raises(AssertionError):
        status.assert_consumed()
    with pytest.raises(AssertionError):
        status.assert_existing_objects_matched()


def test_two_stored_objects_may_become_one(lib: Any, tmp_path: Path) -> None:
    path = save(
        lib,
        tmp_path,
        dep_one=lib.module(var1=lib.variable(32.0, np.float64)),
        dep_two=lib.module(var2=lib.variable(64.0, np.float64)),
    )
    first, second = lib.variable(0.0, np.float64), lib.variable(0.0, np.float64)
    both = lib.module(var1=first, var2=second)
    fresh = lib.Checkpoint()
    fresh.dep_one = both
    fresh.dep_two = both
    fresh.restore(path).assert_consumed().assert_existing_objects_matched()
    assert (lib.value(first), lib.value(second)) == (32, 64)


def test_objects_may_refer_to_each_other(lib: Any, tmp_path: Path) -> None:
    def loop(size: int, other_size: int) -> tuple[Any, Any, Any, Any]:
        first, second = lib.module(), lib.module()
        lib.put(first, "second", second)
        lib.put(second, "first", first)
        mine, other = lib.variable([0.0] * size), lib.variable([0.0] * other_size)
        return first, second, mine, other

    first, second, mine, other = loop(3, 4)
    lib.put(first, "v", mine)
    lib.put(second, "v", other)
    lib.assign(mine, [3.0, 1.0, 4.0])
    lib.assign(other, [1.0, 1.0, 2.0, 3.0])
    path = lib.Checkpoint(first).save(str(tmp_path / "ckpt"))

    first, second, mine, other = loop(3, 4)
    checkpoint = lib.Checkpoint(first)
    status = checkpoint.restore(path)
    with pytest.raises(AssertionError):
        status.assert_consumed()
    lib.put(first, "v", mine)
    lib.put(second, "v", other)
    status.assert_consumed()
    assert (lib.value(mine), lib.value(other)) == ([3, 1, 4], [1, 1, 2, 3])

    lib.assign(mine, [2.0, 7.0, 1.0])
    lib.assign(other, [2.0, 7.0, 1.0, 8.0])
    assert lib.value(mine) == [2, 7, 1]
    assert lib.value(other) == [2, 7, 1, 8]
    checkpoint.restore(path).assert_consumed()
    assert (lib.value(mine), lib.value(other)) == ([3, 1, 4], [1, 1, 2, 3])


def test_checkpoints_may_refer_to_each_other(lib: Any, tmp_path: Path) -> None:
    def loop() -> tuple[Any, Any]:
        first, second = lib.Checkpoint(), lib.Checkpoint()
        first.second = second
        second.first = first
        first.v, second.v = lib.variable([0.0] * 3), lib.variable([0.0] * 4)
        return first, second

    first, second = loop()
    lib.assign(first.v, [3.0, 1.0, 4.0])
    lib.assign(second.v, [1.0, 1.0, 2.0, 3.0])
    path = first.save(str(tmp_path / "ckpt"))
    first, second = loop()
    first.restore(path).assert_consumed()
    assert lib.value(first.v) == [3, 1, 4]
    assert lib.value(second.v) == [1, 1, 2, 3]


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage_collection")
def test_a_restore_leaves_no_reference_cycles(lib: Any, tmp_path: Path) -> None:
    watched = lib.weak_module()
    tree = lib.module(v=lib.variable(100.0), has_del=watched)
    checkpoint = lib.Checkpoint(inner=tree)
    path = checkpoint.save(str(tmp_path / "ckpt"))
    gone = weakref.ref(watched)
    del watched
    assert gone() is not None
    del checkpoint, tree
    assert gone() is None

    watched = lib.weak_module()
    tree = lib.module(has_del=watched)
    checkpoint = lib.Checkpoint(inner=tree)
    checkpoint.restore(path).expect_partial()
    gone = weakref.ref(watched)
    del watched, checkpoint, tree
    assert gone() is None


# A root of one's own


def test_a_root_is_the_object_itself(lib: Any, tmp_path: Path) -> None:
    model = lib.module(v=lib.variable(2.0))
    lib.put(model, "deferred_variable", lib.variable(5.0))
    path = lib.Checkpoint(model).save(str(tmp_path / "ckpt"))
    names = ["deferred_variable", "save_counter", "v"]
    assert keys(lib, path) == [name + SUFFIX for name in names]

    fresh = lib.module(v=lib.variable(0.0))
    checkpoint = lib.Checkpoint(fresh)
    status = checkpoint.restore(path)
    assert lib.value(lib.child(fresh, "v")) == 2
    later = lib.variable(1.0)
    lib.put(fresh, "deferred_variable", later)
    status.assert_consumed()
    assert lib.value(later) == 5


def test_a_keyword_beside_a_root_may_not_be_a_child_of_it(lib: Any) -> None:
    model = lib.module(v=lib.variable(3.0))
    with pytest.raises(ValueError, match=r"root\.v already exists"):
        lib.Checkpoint(model, v=lib.variable(5.0))


@pytest.mark.parametrize("inner", ["v", "separate_variable", None])
def test_a_root_and_keywords_may_change_places(inner: str | None, lib: Any, tmp_path: Path) -> None:
    model, separate = lib.module(v=lib.variable(3.0)), lib.variable(5.0)
    path = lib.Checkpoint(model, separate_variable=separate).save(str(tmp_path / "ckpt"))
    fresh = {"v": lib.variable(100.0), "separate_variable": lib.variable(200.0)}
    outer = {name: one for name, one in fresh.items() if name != inner}
    if inner is None:
        checkpoint = lib.Checkpoint(**outer)
    else:
        root = lib.module(**{inner: fresh[inner]})
        checkpoint = lib.Checkpoint(root, **outer)
    checkpoint.restore(path).assert_consumed()
    assert lib.value(fresh["v"]) == 3
    assert lib.value(fresh["separate_variable"]) == 5
    assert lib.value(checkpoint.save_counter) == 1


def test_two_roots_with_other_keywords_take_what_they_share(lib: Any, tmp_path: Path) -> None:
    v, w, y = lib.variable(1), lib.variable(2), lib.variable(3)
    root = lib.module(v=v)
    w2, v2, z = lib.variable(4), lib.variable(5), lib.variable(6)
    root2 = lib.module(w=w2)
    one = lib.Checkpoint(root=root, w=w, y=y)
    two = lib.Checkpoint(root=root2, v=v2, z=z)
    path, path2 = one.save(str(tmp_path / "one")), two.save(str(tmp_path / "two"))
    one.restore(path2)
    two.restore(path)
    assert [lib.value(each) for each in (v, w, y)] == [5, 4, 3]
    assert [lib.value(each) for each in (w2, v2, z)] == [2, 1, 6]


def test_a_root_may_be_a_weak_reference(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(1)
    root = lib.weak_module(v=variable)
    checkpoint = lib.Checkpoint(root=weakref.ref(root))
    path = checkpoint.save(str(tmp_path / "ckpt"))
    lib.assign(variable, 2)
    checkpoint.restore(path)
    assert lib.value(variable) == 1
    gone = weakref.ref(variable)
    del root, variable
    assert gone() is None


def test_a_saved_model_is_restored_like_a_checkpoint(lib: Any, tmp_path: Path) -> None:
    model = AutoTrackable()
    model.v, model.deferred_variable = tf.Variable(2.0), tf.Variable(5.0)
    folder = str(tmp_path / "saved_model")
    tf.saved_model.save(model, folder)
    fresh = lib.module(v=lib.variable(0.0))
    checkpoint = lib.Checkpoint(fresh)
    with pytest.raises(lib.NotFoundError, match="saved_modelno"):
        checkpoint.restore(folder + "no")
    status = checkpoint.restore(folder).expect_partial()
    assert lib.value(lib.child(fresh, "v")) == 2
    later = lib.variable(1.0)
    lib.put(fresh, "deferred_variable", later)
    status.expect_partial()
    assert lib.value(later) == 5


# By name


def test_a_saver_and_a_checkpoint_of_the_same_variable(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(5)
    checkpoint = lib.Checkpoint(v=variable)
    path = checkpoint.write(str(tmp_path / "ckpt"))
    lib.assign(variable, 10)
    saver = lib.Saver({"v": variable})
    saver_path = saver.save(tmp_path / "saver")
    checkpoint.read(path).assert_consumed()
    assert lib.value(variable) == 5
    saver.restore(saver_path)
    assert lib.value(variable) == 10


@pytest.fixture
def named(tmp_path: Path) -> str:
    """A checkpoint of TensorFlow's Saver: dense/kernel is [1, 2] and dense/bias 3."""
    kernel, bias = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
    saver = v1.train.Saver({"dense/kernel": kernel, "dense/bias": bias})
    return saver.save(None, str(tmp_path / "named"))


def test_a_name_based_checkpoint_is_restored_by_full_names(lib: Any, named: str) -> None:
    kernel = lib.variable([0.0, 0.0], name="dense/kernel")
    bias = lib.variable(0.0, name="dense/bias")
    checkpoint = lib.Checkpoint(net=lib.module(a=kernel), other=[bias])
    status = checkpoint.restore(named)
    for name in (
        "assert_consumed",
        "assert_existing_objects_matched",
        "assert_nontrivial_match",
    ):
        assert getattr(status, name)() is status
    assert lib.value(checkpoint.other[0]) == 3
    assert lib.value(lib.child(checkpoint.net, "a")) == [1, 2]


def test_a_name_that_a_name_based_checkpoint_has_not_is_told_of(lib: Any, named: str) -> None:
    kernel = lib.variable([0.0, 0.0], name="dense/kernel")
    more = lib.variable(4.0, name="dense/more")
    checkpoint = lib.Checkpoint(a=kernel, b=more)
    status = checkpoint.restore(named)
    for name in (
        "assert_consumed",
        "assert_existing_objects_matched",
        "assert_nontrivial_match",
    ):
        with pytest.raises(AssertionError, match="more"):
            getattr(status, name)()
    assert (lib.value(checkpoint.a), lib.value(checkpoint.b)) == ([1, 2], 4)


def test_names_that_only_a_name_based_checkpoint_has_are_no_matter(lib: Any, named: str) -> None:
    checkpoint = lib.Checkpoint(b=lib.variable(0.0, name="dense/bias"))
    checkpoint.restore(named).assert_consumed()
    assert lib.value(checkpoint.b) == 3


def test_a_named_variable_is_restored_when_it_is_attached(lib: Any, named: str) -> None:
    checkpoint = lib.Checkpoint()
    status = checkpoint.restore(named)
    checkpoint.b = lib.variable(0.0, name="dense/bias")
    assert lib.value(checkpoint.b) == 3
    status.assert_consumed()


# Files that only TensorFlow's objects write, and either reads


class MultiTensor(base.Trackable):
    """An object that is saved under two attributes."""

    def __init__(self, first: int, second: int) -> None:
        self.v1, self.v2 = tf.Variable(first), tf.Variable(second)

    def _serialize_to_tensors(self) -> dict[str, Any]:
        return {"v1": self.v1, "v2": self.v2}

    def _restore_from_tensors(self, restored_tensors: dict[str, Any]) -> Any:
        return tf.group(
            self.v1.assign(restored_tensors["v1"]), self.v2.assign(restored_tensors["v2"])
        )


def test_an_object_with_several_attributes(lib: Any, tmp_path: Path) -> None:
    root, child = MultiTensor(1, 2), MultiTensor(3, 4)
    checkpoint = tf.train.Checkpoint(root=root, child=child)
    path = checkpoint.save(str(tmp_path / "ckpt"))
    reader, graph = lib.load_checkpoint(path), lib.object_graph(path)
    for node_id, where, numbers in ((0, "", (1, 2)), (1, "child", (3, 4))):
        attributes = {one.name: one.checkpoint_key for one in graph.nodes[node_id].attributes}
        assert attributes == {
            "v1": f"{where}/.ATTRIBUTES/v1",
            "v2": f"{where}/.ATTRIBUTES/v2",
        }
        assert tuple(reader.get_tensor(attributes[name]) for name in ("v1", "v2")) == numbers
    if lib.is_ours:
        checkpoint = lib.Checkpoint.from_checkpoint(path)
        variables = [checkpoint.v1, checkpoint.v2, checkpoint.child["v1"], checkpoint.child["v2"]]
    else:
        variables = [root.v1, root.v2, child.v1, child.v2]
    for variable in variables:
        lib.assign(variable, 0)
    checkpoint.restore(path).assert_consumed()
    assert [lib.value(one) for one in variables] == [1, 2, 3, 4]


def adam(variable: Any) -> Any:
    optimizer = v1.train.AdamOptimizer(0.1)
    optimizer._create_slots([variable])
    return optimizer


def test_slot_variables_may_be_skipped(lib: Any, tmp_path: Path) -> None:
    root = tf.train.Checkpoint(var=tf.Variable(12.0))
    root.optimizer = adam(root.var)
    root.optimizer.get_slot(root.var, "m").assign(14.0)
    path = root.save(str(tmp_path / "ckpt"))
    assert keys(lib, path) == [
        "optimizer/beta1_power" + SUFFIX,
        "optimizer/beta2_power" + SUFFIX,
        "save_counter" + SUFFIX,
        "var" + SUFFIX,
        "var/.OPTIMIZER_SLOT/optimizer/m" + SUFFIX,
        "var/.OPTIMIZER_SLOT/optimizer/v" + SUFFIX,
    ]
    if lib.is_ours:
        fresh = lib.Checkpoint.from_checkpoint(path)
        slot = fresh.optimizer["m"]["var"]
    else:
        fresh = tf.train.Checkpoint(var=tf.Variable(0.0))
        fresh.optimizer = adam(fresh.var)
        slot = fresh.optimizer.get_slot(fresh.var, "m")
    for skip, expected in ((True, 0.0), (False, 14.0)):
        lib.assign(fresh.var, 0.0)
        lib.assign(slot, 0.0)
        given = lib.CheckpointOptions(experimental_skip_slot_variables=skip)
        fresh.restore(path, given).assert_consumed()
        assert lib.value(fresh.var) == 12
        assert lib.value(slot) == expected


def test_two_restores_of_which_one_waits_for_an_optimizer(lib: Any, tmp_path: Path) -> None:
    root = tf.train.Checkpoint(var=tf.Variable(12.0))
    optimizer = adam(root.var)
    no_slots = root.save(str(tmp_path / "no_slots"))
    root.optimizer = optimizer
    root.var.assign(13.0)
    optimizer.get_slot(root.var, "m").assign(14.0)
    slots = root.save(str(tmp_path / "with_slots"))

    fresh = lib.Checkpoint()
    slot_status = fresh.restore(slots)
    no_slot_status = fresh.restore(no_slots)
    with pytest.raises(AssertionError):
        no_slot_status.assert_consumed()
    fresh.var = lib.variable(0.0)
    no_slot_status.assert_consumed()
    assert lib.value(fresh.var) == 12
    fresh.optimizer = lib.module() if lib.is_ours else v1.train.AdamOptimizer(0.1)
    slot_status.assert_existing_objects_matched()
    with pytest.raises(AssertionError, match="beta1_power"):
        slot_status.assert_consumed()
    assert lib.value(fresh.var) == 12
    if not lib.is_ours:  # a tree of dicts and arrays has no slots
        assert lib.value(fresh.optimizer.get_slot(fresh.var, "m")) == 14


class WithRegisteredSaver(AutoTrackable):
    pass


registration.register_checkpoint_saver(
    package="TfSuite",
    name="RegisteredSaver",
    predicate=lambda one: isinstance(one, WithRegisteredSaver),
    save_fn=lambda trackables, file_prefix: [],
    restore_fn=lambda trackables, merged_prefix: None,
)


def test_an_object_of_a_registered_saver_has_no_attributes(lib: Any, tmp_path: Path) -> None:
    root = AutoTrackable()
    root.v, root.registered = tf.Variable(1.0), WithRegisteredSaver()
    path = tf.train.Checkpoint(root).write(str(tmp_path / "ckpt"))
    graph = lib.object_graph(path)
    assert keys(lib, path) == ["v" + SUFFIX]
    node = graph.nodes[children(graph)["registered"]]
    assert node.registered_saver.name == "TfSuite.RegisteredSaver"
    assert node.registered_saver.object_name == "registered"
    assert not node.attributes


class TableModule(AutoTrackable):
    def __init__(self) -> None:
        self.lookup_table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.int64, -1)


@pytest.fixture(params=[False, True], ids=["legacy", "converted"])
def forced(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether TensorFlow writes tables under the names that came later."""
    saveable_compat.force_checkpoint_conversion(request.param)
    yield request.param
    saveable_compat.force_checkpoint_conversion(False)


def test_tables_of_either_form(forced: bool, lib: Any, tmp_path: Path) -> None:
    made = TableModule()
    made.lookup_table.insert(3, 9)
    path = tf.train.Checkpoint(made).write(str(tmp_path / "ckpt"))
    where = "lookup_table/.ATTRIBUTES/"
    graph = lib.object_graph(path)
    node = graph.nodes[children(graph)["lookup_table"]]
    names = ["table-keys", "table-values"] if forced else ["table"]
    assert [(one.name, one.checkpoint_key) for one in node.attributes] == [
        (name, where + name) for name in names
    ]
    assert keys(lib, path) == [where + "table-keys", where + "table-values"]
    if lib.is_ours:
        table = lib.load_object_tree(path)["lookup_table"]
        start = "table" if forced else ""
        assert table[start + "-keys"].tolist() == [3]
        assert table[start + "-values"].tolist() == [9]
        lib.Checkpoint.from_checkpoint(path).read(path).assert_consumed()
    else:
        fresh = TableModule()
        assert fresh.lookup_table.lookup(tf.constant(3, tf.int64)) == -1
        tf.train.Checkpoint(fresh).read(path).assert_consumed()
        assert fresh.lookup_table.lookup(tf.constant(3, tf.int64)) == 9


@saveable_compat.legacy_saveable_name("foo")
class NewTrackable(base.Trackable):
    """An object whose attributes were one, named foo, in the form of old."""

    def __init__(self, first: float, second: float) -> None:
        self.a, self.b = tf.Variable(first), tf.Variable(second)

    def _serialize_to_tensors(self) -> dict[str, Any]:
        return {"-a": self.a, "-b": self.b}

    def _restore_from_tensors(self, restored_tensors: dict[str, Any]) -> None:
        self.a.assign(restored_tensors["-a"])
        self.b.assign(restored_tensors["-b"])


def test_attributes_of_either_form(forced: bool, lib: Any, tmp_path: Path) -> None:
    path = tf.train.Checkpoint(child=NewTrackable(3.0, 4.0)).write(str(tmp_path / "ckpt"))
    expected = ["child/.ATTRIBUTES/foo-a", "child/.ATTRIBUTES/foo-b"]
    graph = lib.object_graph(path)
    names = [one.name for one in graph.nodes[children(graph)["child"]].attributes]
    assert names == (["foo-a", "foo-b"] if forced else ["foo"])
    assert keys(lib, path) == expected
    reader = lib.load_checkpoint(path)
    assert [float(reader.get_tensor(key)) for key in expected] == [3, 4]
    if lib.is_ours:
        child = lib.load_object_tree(path)["child"]
        start = "foo" if forced else ""
        assert (float(child[start + "-a"]), float(child[start + "-b"])) == (3, 4)
        lib.Checkpoint.from_checkpoint(path).read(path).assert_consumed()
    else:
        fresh = NewTrackable(0.0, 0.0)
        tf.train.Checkpoint(child=fresh).read(path).assert_consumed()
        assert (lib.value(fresh.a), lib.value(fresh.b)) == (3, 4)


# Options, by their source


def test_options_stand_in_this_order(lib: Any) -> None:
    assert list(inspect.signature(lib.CheckpointOptions).parameters) == [
        "experimental_io_device",
        "experimental_enable_async_checkpoint",
        "experimental_write_callbacks",
        "enable_async",
        "experimental_skip_slot_variables",
        "experimental_sharding_callback",
    ]


@pytest.mark.parametrize("name", ["experimental_enable_async_checkpoint", "enable_async"])
def test_either_name_asks_for_an_asynchronous_save(name: str, lib: Any) -> None:
    given = lib.CheckpointOptions(**{name: True})
    assert given.enable_async
    assert given.experimental_enable_async_checkpoint
    assert not lib.CheckpointOptions().enable_async


@ASYNC
def test_callbacks_are_called_in_order_after_a_write(
    is_async: bool, lib: Any, tmp_path: Path
) -> None:
    calls: list[Any] = []
    given = lib.CheckpointOptions(
        enable_async=is_async,
        experimental_write_callbacks=[
            lambda: calls.append("first"),
            lambda path: calls.append((path, os.path.exists(path + ".index"))),
        ],
    )
    checkpoint = lib.Checkpoint(v=lib.variable(1.0))
    written = checkpoint.write(str(tmp_path / "a"), options=given)
    checkpoint.sync()
    assert calls == ["first", (written, True)]
    saved = checkpoint.save(str(tmp_path / "b"), options=given)
    checkpoint.sync()
    assert calls[2:] == ["first", (saved, True)]


def test_a_callback_has_at_most_one_argument(lib: Any) -> None:
    with pytest.raises(AssertionError):
        lib.CheckpointOptions(experimental_write_callbacks=[lambda path, more: None])


def test_a_function_is_no_sharding_callback(lib: Any) -> None:
    with pytest.raises(ValueError, match="ShardingCallback"):
        lib.CheckpointOptions(experimental_sharding_callback=lambda tensors: [])
