"""TensorFlow's cases of data_structures_test.py, base_test.py and python_state_test.py, for both.

TensorFlow wraps lists, dicts and tuples that become children; tfckpt keeps what it was given. These
show that either looks like the plain container, and what is saved of it.
"""

from __future__ import annotations

import copy
import io
import json
import operator
import pickle
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.trackable import base, data_structures
from tensorflow.python.util.serialization import get_json_type

from interop.tf_suite_objects import LIBS, SUFFIX, children, keys, lib_name

pytestmark = pytest.mark.parametrize("lib", LIBS, ids=lib_name)

Named = namedtuple("Named", ["x", "y"])
Conflicting = namedtuple("Conflicting", ["x", "weights"])


class NamedSubclass(Named):
    def __new__(cls, x: Any, y: Any) -> NamedSubclass:
        return super().__new__(cls, x, 3)

    @property
    def summed(self) -> Any:
        return self.x + self.y


class UnnamedSubclass(tuple):
    @property
    def summed(self) -> Any:
        return self[0] + self[1]


class OtherArguments(namedtuple("A", ["x"])):
    def __new__(cls) -> OtherArguments:
        return super().__new__(cls, [])


def written(lib: Any, folder: Path, **tree: Any) -> list[str]:
    """The paths of the values that are saved of a tree."""
    path = lib.Checkpoint(**tree).write(str(folder / "ckpt"))
    return [key.removesuffix(SUFFIX) for key in keys(lib, path)]


def values(lib: Any, path: str) -> dict[str, Any]:
    """The values that a checkpoint has, by path."""
    reader = lib.load_checkpoint(path)
    return {key.removesuffix(SUFFIX): lib.value(reader.get_tensor(key)) for key in keys(lib, path)}


def flat(path: str, tree: Any) -> dict[str, Any]:
    """The numbers in lists and dicts, by path."""
    if not isinstance(tree, (list, dict)):
        return {path: tree}
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found = (flat(f"{path}/{name}", one) for name, one in items)
    return {name: value for each in found for name, value in each.items()}


def ids(items: Any) -> list[int]:
    return [id(one) for one in items]


def four(lib: Any) -> list[Any]:
    return [lib.variable(1.0) for _ in range(4)]


# Lists


@pytest.mark.parametrize(
    ("child", "text"), [([1], "[1]"), ({"a": 2}, '{"a": 2}')], ids=["list", "dict"]
)
def test_json_is_made_of_children(child: Any, text: str, lib: Any) -> None:
    made = lib.Checkpoint(child=child).child
    assert json.dumps(made, default=None if lib.is_ours else get_json_type) == text


class NotTrackable:
    pass


def test_what_is_no_object_is_refused(lib: Any, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError), match="NotTrackable"):
        lib.Checkpoint(thing=NotTrackable()).write(str(tmp_path / "ckpt"))


def test_what_is_no_object_is_refused_in_a_list_too(lib: Any, tmp_path: Path) -> None:
    # A plain list may have it in TensorFlow, which does not save it; the class List may not.
    def make(items: list[Any]) -> Any:
        return items if lib.is_ours else data_structures.List(items)

    with pytest.raises((ValueError, TypeError), match="NotTrackable"):
        lib.Checkpoint(items=make([NotTrackable()])).write(str(tmp_path / "ckpt"))


def test_a_list_in_a_list_may_grow(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(outer=[[]])
    checkpoint.outer[0].append(lib.module(w=lib.variable(1.0), b=lib.variable(0.0)))
    path = checkpoint.write(str(tmp_path / "ckpt"))
    assert keys(lib, path) == ["outer/0/0/b" + SUFFIX, "outer/0/0/w" + SUFFIX]


def test_a_copy_of_a_list_is_a_list_of_its_own(lib: Any) -> None:
    one, two, three, _ = four(lib)
    items = lib.Checkpoint(items=[one, two]).items
    copied = items.copy()
    copied.append(three)
    assert ids(items) == ids([one, two])
    assert ids(copied) == ids([one, two, three])


@pytest.mark.parametrize("kind", [list, tuple])
def test_slices(kind: Any, lib: Any) -> None:
    one, two, three, last = four(lib)
    items = lib.Checkpoint(items=kind([one, two, three, last])).items
    assert items[1:] == kind([two, three, last])
    assert items[1:-1] == kind([two, three])
    assert items[:-1] == kind([one, two, three])


@pytest.mark.parametrize("kind", [list, tuple])
def test_products(kind: Any, lib: Any) -> None:
    variable = lib.variable(1.0)
    items = lib.Checkpoint(items=kind([variable] * 3)).items
    assert ids(items * 2) == ids([variable] * 6)
    assert ids(2 * items) == ids([variable] * 6)


def test_a_list_that_is_multiplied_in_place(lib: Any) -> None:
    variable = lib.variable(1.0)
    items = lib.Checkpoint(items=[variable]).items
    same = items
    items *= 2
    assert items is same
    assert ids(items) == ids([variable] * 2)


def test_a_list_with_a_variable_that_is_multiplied_has_it_twice(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(1.0)
    checkpoint = lib.Checkpoint(items=[1, 2, 3, 4, variable])
    path = checkpoint.save(str(tmp_path / "ckpt"))
    before = children(lib.object_graph(path), "items")
    lib.assign(variable, 5.0)
    items = checkpoint.items
    items *= 2
    assert items == [1, 2, 3, 4, variable] * 2
    after = children(lib.object_graph(checkpoint.write(str(tmp_path / "after"))), "items")
    assert after["9"] == after["4"]
    if lib.is_ours:  # where numbers are values (docs/objects.md)
        assert list(before) == list("01234")
        assert list(after) == list("0123456789")
    else:
        assert list(before) == ["4"]
        assert list(after) == ["4", "9"]
    checkpoint.restore(path)
    assert lib.value(variable) == 1


def test_a_list_compares_like_a_list(lib: Any) -> None:
    a, b = lib.module(name=lib.variable(1.0)), lib.module(name=lib.variable(2.0))

    def child(*items: Any) -> Any:
        return lib.Checkpoint(items=list(items)).items

    assert child(a, a) == child(a, a)
    assert child(a, a) != child(b, a)
    for first, second in (([a, a], child(a, a)), (child(a, a), [a, a])):
        assert operator.eq(first, second)
        assert not operator.ne(first, second)
    for first, second in (([a, a], child(b, a)), (child(a, a), [b, a])):
        assert operator.ne(first, second)
    assert child(a) < child(a, b)
    assert child(a) <= child(a, b)
    assert child(a, b) > child(a)
    assert child(a, b) >= child(a)
    assert list(child(a)) == [a]
    assert operator.add(child(a), [a]) == [a, a]
    assert operator.add([a], child(a)) == [a, a]
    assert isinstance(child(a), list)


def test_lists_are_added_in_order(lib: Any) -> None:
    checkpoint = lib.Checkpoint(one=[1.0], two=[2.0])
    assert checkpoint.one + checkpoint.two == [1, 2]
    assert operator.add(checkpoint.one, [2.0]) == [1, 2]
    assert operator.add([1.0], checkpoint.two) == [1, 2]


def test_a_list_may_hold_what_is_no_object(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(items=[1, 2])
    checkpoint.items.insert(0, 0)
    assert checkpoint.items == [0, 1, 2]
    # Numbers are values in tfckpt (docs/objects.md).
    expected = ["items/0", "items/1", "items/2"] if lib.is_ours else []
    assert written(lib, tmp_path, items=[0, 1, 2]) == expected
    path = checkpoint.write(str(tmp_path / "ckpt"))
    assert [key.removesuffix(SUFFIX) for key in keys(lib, path)] == expected


def test_a_child_changes_the_list_that_was_given(lib: Any) -> None:
    given: list[Any] = []
    lib.Checkpoint(items=given).items.append(1)
    assert given == [1]


def test_the_list_that_was_given_changes_the_child(lib: Any) -> None:
    given: list[Any] = []
    checkpoint = lib.Checkpoint(items=given)
    given.append(1)
    assert checkpoint.items == [1]


@pytest.mark.parametrize("kind", [list, dict])
def test_lists_and_dicts_have_no_hash(kind: Any, lib: Any) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(lib.Checkpoint(items=kind()).items)


def remove_first(items: list[Any]) -> None:
    del items[0]


def remove_part(items: list[Any]) -> None:
    del items[2:3]


def replace_all(items: list[Any]) -> None:
    items[:] = 2, 8, 9, items[3]


def clear(items: list[Any]) -> None:
    items[:] = []


def extend_by_slice(items: list[Any]) -> None:
    items[2:] = 1, 2, 3, 4


def multiply_by_less_than_none(items: list[Any]) -> None:
    items *= -1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (remove_first, [2, 3, [4]]),
        (remove_part, [1, 2, [4]]),
        (replace_all, [2, 8, 9, [4]]),
        (clear, []),
        (extend_by_slice, [1, 2, 1, 2, 3, 4]),
        (multiply_by_less_than_none, []),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_list_changes_as_lists_do(
    change: Callable[[list[Any]], None], expected: list[Any], lib: Any
) -> None:
    items = lib.Checkpoint(items=[1, 2, 3, [4]]).items
    change(items)
    assert items == expected


def test_a_list_is_sorted(lib: Any) -> None:
    items = lib.Checkpoint(items=[[3], [1], [4], [2]]).items
    items.sort()
    assert items == [[1], [2], [3], [4]]


def test_a_list_without_objects_may_be_replaced_and_saved(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(items=[1, 2, 3, 4])
    checkpoint.items[:] = 2, 8, 9, 0
    assert checkpoint.items == [2, 8, 9, 0]
    path = checkpoint.write(str(tmp_path / "ckpt"))
    # Numbers are values in tfckpt (docs/objects.md).
    expected = [f"items/{number}{SUFFIX}" for number in range(4)] if lib.is_ours else []
    assert keys(lib, path) == expected


def sort(items: list[Any]) -> None:
    items.sort()


@pytest.mark.parametrize(
    ("items", "change"),
    [
        ([1, 2, 3, [4]], remove_first),
        ([1, 2, 3, [4]], remove_part),
        ([1, 2, [3], [4]], replace_all),
        ([1, 2, 3, [4]], multiply_by_less_than_none),
        ([[1], [2], [3], [4]], sort),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_list_that_does_not_only_grow_is_not_saved(
    items: list[Any], change: Callable[[list[Any]], None], lib: Any, tmp_path: Path
) -> None:
    """For what was restored into its old places would not fit the new ones.

    tfckpt saves what is there (docs/compatibility.md): its values are at places, and wait for none.
    """
    checkpoint = lib.Checkpoint(items=copy.deepcopy(items))
    change(checkpoint.items)
    if lib.is_ours:
        assert values(lib, checkpoint.write(str(tmp_path / "ckpt"))) == flat(
            "items", checkpoint.items
        )
        return
    with pytest.raises(ValueError, match="Unable to save"):
        checkpoint.write(str(tmp_path / "ckpt"))


def add_to_list(given: Any) -> None:
    given.append(1.0)


def add_to_dict(given: Any) -> None:
    given["b"] = []


@pytest.mark.parametrize(
    ("given", "change"),
    [([[1.0]], add_to_list), ({"a": [1.0]}, add_to_dict)],
    ids=["list", "dict"],
)
@pytest.mark.parametrize(
    "copied", [lambda one: one, copy.copy, copy.deepcopy], ids=["itself", "copy", "deepcopy"]
)
def test_what_changed_behind_its_checkpoint_is_not_saved(
    copied: Any, given: Any, change: Callable[[Any], None], lib: Any, tmp_path: Path
) -> None:
    """Nor are its copies: what was added got no value that waited for it.

    In tfckpt it gets that before it is saved, and so both are saved (docs/compatibility.md).
    """
    given = copy.deepcopy(given)
    checkpoint = lib.Checkpoint(child=given)
    checkpoint.write(str(tmp_path / "before"))
    change(given)
    if lib.is_ours:
        copies = lib.Checkpoint(child=copied(checkpoint.child))
        for number, one in enumerate((checkpoint, copies)):
            path = one.write(str(tmp_path / f"ckpt-{number}"))
            assert values(lib, path) == flat("child", given)
        return
    with pytest.raises(ValueError, match="Unable to save"):
        checkpoint.write(str(tmp_path / "ckpt"))
    with pytest.raises(ValueError, match="Unable to save"):
        lib.Checkpoint(child=copied(checkpoint.child)).write(str(tmp_path / "ckpt"))


def test_what_grew_within_what_other_arguments_make_is_not_saved(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(m=lib.module(nt=OtherArguments()))
    lib.child(checkpoint.m, "nt").x.append(lib.variable(1.0))
    if lib.is_ours:  # which saves what is there (docs/compatibility.md)
        path = checkpoint.save(str(tmp_path / "ckpt"))
        assert keys(lib, path) == ["m/nt/x/0" + SUFFIX, "save_counter" + SUFFIX]
        return
    with pytest.raises(ValueError, match="Unable to save"):
        checkpoint.save(str(tmp_path / "ckpt"))


# Dicts


def test_keys_that_are_no_strings_are_refused(lib: Any, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError)):
        lib.Checkpoint(d={1: lib.variable(1.0)}).write(str(tmp_path / "ckpt"))


def test_a_dict_compares_like_a_dict(lib: Any) -> None:
    child = lib.Checkpoint(d={}).d
    assert operator.eq({}, child)
    assert not operator.ne({}, child)
    assert operator.ne({1: 2}, child)
    assert isinstance(child, dict)


@pytest.mark.parametrize("make", [copy.copy, lambda one: one.copy()], ids=["copy", "method"])
@pytest.mark.parametrize(
    ("given", "key"), [([[1.0]], 0), ({"a": [1.0]}, "a")], ids=["list", "dict"]
)
def test_a_shallow_copy_has_the_same_items(given: Any, key: Any, make: Any, lib: Any) -> None:
    child = lib.Checkpoint(child=copy.deepcopy(given)).child
    copied = make(child)
    assert copied == given
    assert copied is not child
    assert copied[key] == [1]
    assert copied[key] is child[key]


@pytest.mark.parametrize(
    ("given", "key"), [([[1.0]], 0), ({"a": [1.0]}, "a")], ids=["list", "dict"]
)
def test_a_deep_copy_has_items_of_its_own(given: Any, key: Any, lib: Any) -> None:
    child = lib.Checkpoint(child=copy.deepcopy(given)).child
    copied = copy.deepcopy(child)
    assert copied == given
    assert copied is not child
    assert copied[key] is not child[key]


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_of_an_object_is_saved_like_it(make: Any, lib: Any, tmp_path: Path) -> None:
    inner = lib.module(v=lib.variable(1.0))
    original = lib.module(a=[[lib.variable(1.0)]], b={"a": inner})
    copied = make(original)
    is_deep = make is copy.deepcopy
    found = lib.child(copied, "b")["a"]
    assert isinstance(lib.child(copied, "b"), dict)
    assert copied is not original
    assert (found is not inner) == is_deep
    same = lib.child(copied, "a")[0][0] is lib.child(original, "a")[0][0]
    assert same != is_deep
    assert type(found) is type(inner)
    assert written(lib, tmp_path, m=copied) == ["m/a/0/0", "m/b/a/v"]


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_of_a_checkpoint_gets_children_of_its_own(make: Any, lib: Any) -> None:
    original = lib.Checkpoint(a=[[1.0]])
    copied = make(original)
    assert copied.a == [[1]]
    copied.b = lib.variable(1.0)
    assert not hasattr(original, "b")


@pytest.mark.parametrize(
    "given", [[1, 2], {"a": 1, "b": 2}, ([1], [2])], ids=["list", "dict", "tuple"]
)
def test_children_are_pickled_as_what_they_were(given: Any, lib: Any) -> None:
    child = lib.Checkpoint(child=given).child
    assert pickle.loads(pickle.dumps(child)) == given


# Tuples


def test_a_tuple_of_nothing_is_no_child(lib: Any) -> None:
    with pytest.raises(ValueError, match=r"\(\)"):
        lib.Checkpoint(t=())


def test_copies_of_a_tuple(lib: Any) -> None:
    one, two, _, _ = four(lib)
    child = lib.Checkpoint(t=(one, two)).t
    copied = copy.copy(child)
    assert child == (one, two)
    assert copied == (one, two)
    assert child[0] is copied[0]
    assert copy.deepcopy(child)[0] is not child[0]
    with pytest.raises(AttributeError):
        copied.append(one)


def test_a_tuple_that_is_changed_in_place_is_another(lib: Any) -> None:
    variable = lib.variable(1.0)
    original = lib.Checkpoint(t=(variable,)).t
    changed = original
    changed *= 0
    assert changed == ()
    changed = original
    changed *= 2
    assert ids(changed) == ids([variable] * 2)
    changed = original
    changed += (1,)
    assert changed == (variable, 1)
    assert ids(original) == ids([variable])


def test_a_named_tuple_keeps_its_names(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(2)
    checkpoint = lib.Checkpoint(nt=Named(x=variable, y=2))
    assert checkpoint.nt.x is variable
    assert checkpoint.nt[0] is variable
    assert checkpoint.nt.y == 2
    path = checkpoint.write(str(tmp_path / "ckpt"))
    found = children(lib.object_graph(path), "nt")
    assert found["x"] == found["0"]
    assert ("y" in found) == lib.is_ours  # where numbers are values (docs/objects.md)


def test_a_field_may_be_named_as_the_wrapper_names_something(lib: Any) -> None:
    checkpoint = lib.Checkpoint(nt=Conflicting(x=lib.variable(2), weights=3))
    assert checkpoint.nt.weights == 3


def test_a_subclass_of_a_named_tuple(lib: Any, tmp_path: Path) -> None:
    variable = lib.variable(2)
    checkpoint = lib.Checkpoint(nt=NamedSubclass(x=variable, y=2))
    assert checkpoint.nt.y == 3
    assert checkpoint.nt.x is variable
    path = checkpoint.write(str(tmp_path / "ckpt"))
    assert {"x", "0"} <= set(children(lib.object_graph(path), "nt"))
    assert checkpoint.nt.summed == 5


def test_a_subclass_of_tuple(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(unt=UnnamedSubclass([lib.variable(2), 2]))
    path = checkpoint.write(str(tmp_path / "ckpt"))
    expected = ["0", "1"] if lib.is_ours else ["0"]  # there numbers are values (docs/objects.md)
    assert list(children(lib.object_graph(path), "unt")) == expected
    assert checkpoint.unt.summed == 4


@pytest.mark.parametrize("kind", ["named", "subclass", "unnamed", "tuple"])
def test_variables_in_tuples_are_restored(kind: str, lib: Any, tmp_path: Path) -> None:
    def tree(value: float) -> Any:
        one, two = lib.variable(value), lib.variable(value + 1)
        return {
            "named": Named(one, two),
            "subclass": NamedSubclass(one, None),
            "unnamed": UnnamedSubclass([one, two]),
            "tuple": (one, two),
        }[kind]

    path = lib.Checkpoint(t=tree(7.0)).write(str(tmp_path / "ckpt"))
    checkpoint = lib.Checkpoint(t=tree(0.0))
    kept = checkpoint.t[0]
    checkpoint.read(path).assert_consumed()
    assert lib.value(kept) == 7
    assert checkpoint.t[0] is kept
    assert kind == "subclass" or lib.value(checkpoint.t[1]) == 8


def test_an_object_may_be_in_a_tuple_of_its_own(lib: Any, tmp_path: Path) -> None:
    module = lib.module()
    lib.put(module, "s", (module,))
    path = lib.Checkpoint(m=module).write(str(tmp_path / "ckpt"))
    graph = lib.object_graph(path)
    assert list(children(graph, "m")) == ["s"]
    assert children(graph, "m", "s") == {"0": children(graph)["m"]}


# Objects


def test_a_child_that_is_set_again_takes_the_place_of_the_former(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(leaf=lib.module(a=lib.variable(1.0)), v=lib.variable(1.0))
    leaf = lib.module(b=lib.variable(2.0))
    checkpoint.leaf = leaf
    assert checkpoint.leaf is leaf
    checkpoint.v = lib.variable(3.0)
    path = checkpoint.write(str(tmp_path / "ckpt"))
    assert keys(lib, path) == ["leaf/b" + SUFFIX, "v" + SUFFIX]
    assert lib.load_checkpoint(path).get_tensor("v" + SUFFIX) == 3
    graph = lib.object_graph(path)
    assert len(graph.nodes) == 4  # the root, leaf, b and v: no more of the former


def test_a_configuration_is_not_part_of_a_checkpoint(lib: Any, tmp_path: Path) -> None:
    has_config = base.Trackable()
    has_config.get_config = dict
    path = tf.train.Checkpoint(obj=has_config).save(str(tmp_path / "ckpt"))
    assert keys(lib, path) == ["save_counter" + SUFFIX]
    lib.Checkpoint(obj=lib.module()).restore(path).assert_consumed()


# Python state, which tfckpt has as arrays


class ArrayState(tf.train.experimental.PythonState):
    """An array that TensorFlow saves as a string."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def serialize(self) -> bytes:
        file = io.BytesIO()
        np.save(file, self.array, allow_pickle=False)
        return file.getvalue()

    def deserialize(self, string_value: bytes) -> None:
        self.array = np.load(io.BytesIO(string_value), allow_pickle=False)


def held(array: Any, lib: Any) -> Any:
    return array if lib.is_ours else ArrayState(array)


def get(lib: Any, owner: Any, name: str) -> Any:
    child = lib.child(owner, name)
    return child if lib.is_ours else child.array


def put(lib: Any, owner: Any, name: str, array: Any) -> None:
    if lib.is_ours:
        lib.put(owner, name, array)
    else:
        lib.child(owner, name).array = array


def created(lib: Any, path: str, *names: str) -> tuple[Any, Any]:
    """A checkpoint, and its child named numpy, whose arrays are those of a file.

    tfckpt makes a tree of all that is in a file when asked for that, and restores what is there
    else; TensorFlow's objects get their state when they are attached.
    """
    if lib.is_ours:
        checkpoint = lib.Checkpoint.from_checkpoint(path)
        return checkpoint, checkpoint.numpy
    state = lib.module()
    checkpoint = lib.Checkpoint(numpy=state)
    checkpoint.restore(path)
    for name in names:
        lib.put(state, name, ArrayState(np.array([])))
    return checkpoint, state


def test_an_array_that_changed_comes_back(lib: Any, tmp_path: Path) -> None:
    checkpoint = lib.Checkpoint(numpy=held(np.array([1.0]), lib))
    path = checkpoint.save(str(tmp_path / "ckpt"))
    put(lib, checkpoint, "numpy", get(lib, checkpoint, "numpy") * 2)
    assert get(lib, checkpoint, "numpy") == [2]
    checkpoint.restore(path)
    assert get(lib, checkpoint, "numpy") == [1]


def test_arrays_are_created_and_come_back(lib: Any, tmp_path: Path) -> None:
    state = lib.module(
        a=held(np.ones((2, 2)), lib),
        b=held(np.ones((2, 2)), lib),
        c=held(np.int64(3), lib),
    )
    put(lib, state, "b", np.zeros((2, 2)))
    checkpoint = lib.Checkpoint(numpy=state)
    first = checkpoint.save(str(tmp_path / "ckpt"))
    get(lib, state, "a")[1, 1] = 2
    put(lib, state, "c", np.int64(4))
    second = checkpoint.save(str(tmp_path / "ckpt"))

    loaded, fresh = created(lib, first, "a", "b", "c")
    assert get(lib, fresh, "a").tolist() == [[1, 1], [1, 1]]
    assert get(lib, fresh, "b").tolist() == [[0, 0], [0, 0]]
    assert get(lib, fresh, "c") == 3
    get(lib, fresh, "a")[0, 0] = 42
    assert get(lib, fresh, "a").tolist() == [[42, 1], [1, 1]]
    loaded.restore(first)
    assert get(lib, fresh, "a").tolist() == [[1, 1], [1, 1]]
    loaded.restore(second)
    assert get(lib, fresh, "a").tolist() == [[1, 1], [1, 2]]
    assert get(lib, fresh, "b").tolist() == [[0, 0], [0, 0]]
    assert get(lib, fresh, "c") == 4


def test_an_element_that_changed_comes_back(lib: Any, tmp_path: Path) -> None:
    state = lib.module(x=held(np.zeros((3, 4)), lib))
    checkpoint = lib.Checkpoint(numpy=state)
    path = checkpoint.save(str(tmp_path / "ckpt"))
    get(lib, state, "x")[1, 1] = 4
    checkpoint.restore(path)
    assert not get(lib, state, "x").any()
    _, fresh = created(lib, path, "x")
    assert get(lib, fresh, "x").shape == (3, 4)
    assert not get(lib, fresh, "x").any()


class HasFoo(base.Trackable):
    """An object with Python state under a name of its own."""

    def _serialize_to_tensors(self) -> dict[str, Any]:
        return {"foo_attr": tf.constant("")}


def test_python_state_that_nothing_takes_is_not_consumed(lib: Any, tmp_path: Path) -> None:
    path = tf.train.Checkpoint(obj=HasFoo()).save(str(tmp_path / "ckpt"))
    status = lib.Checkpoint(obj=lib.module()).restore(path)
    with pytest.raises(AssertionError, match="foo_attr"):
        status.assert_consumed()
