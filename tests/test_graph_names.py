"""Names: what is an input, a scope, a device."""

from __future__ import annotations

import pytest

from tfckpt.graph.graph import Graph
from tfckpt.graphdef.devices import canonical_device
from tfckpt.graphdef.names import (
    CONTROL,
    TakenNames,
    TensorId,
    is_node_name,
    parse_input,
    parse_tensor_name,
    prepend_scope,
    strip_scope,
)

INPUTS = {
    "a": ("a", 0),
    "a/b:2": ("a/b", 2),
    "^a/b": ("a/b", CONTROL),
}


@pytest.mark.parametrize("text", INPUTS)
def test_an_input_reads_and_writes(text):
    assert TensorId(*INPUTS[text]) == parse_input(text)
    assert text == str(parse_input(text))


def test_output_0_is_the_bare_name():
    assert str(parse_input("a:0")) == "a"


@pytest.mark.parametrize("text", ["a:b", "a:0:1", "a:"])
def test_what_names_no_tensor_is_refused(text):
    with pytest.raises(ValueError, match="names no tensor"):
        parse_tensor_name(text)


@pytest.mark.parametrize("name", ["a", "a/b_c", ".x", "9", "A>b", "a-b"])
def test_names_that_a_node_may_have(name):
    assert is_node_name(name)


@pytest.mark.parametrize(
    "name", ["", "_a", "/a", "a b", "a:0", "^a", "a>", ">a", "a>_b", "é", "a\\b"]
)
def test_names_that_no_node_may_have(name):
    assert not is_node_name(name)


IN_SCOPE = [  # out of the scope, the scope, in it
    ("a", "s", "s/a"),
    ("^a", "s", "^s/a"),
    ("loc:@a", "s", "loc:@s/a"),
    ("a:1", "s/t", "s/t/a:1"),
    ("a", "s/", "s/a"),
    ("a", "", "a"),
    ("a", None, "a"),
]


@pytest.mark.parametrize(("outside", "scope", "inside"), IN_SCOPE)
def test_a_name_goes_into_a_scope_and_out_again(outside, scope, inside):
    assert inside == prepend_scope(outside, scope)
    assert outside == strip_scope(inside, scope)


@pytest.mark.parametrize("name", ["sx/a", "s", "x/s/a", "^t/s/a"])
def test_a_name_outside_of_the_scope_stays(name):
    assert name == strip_scope(name, "s")


def test_a_scope_is_no_pattern():
    assert strip_scope("axb/c", "a.b") == "axb/c"


def test_the_scopes_of_a_name_are_taken_too() -> None:
    taken = TakenNames(["a/b/c", "d"])
    assert all(name in taken for name in ("a", "a/b", "a/b/c", "d"))
    assert not any(name in taken for name in ("", "a/c", "b", "a/b/c/d", "ab"))


DEVICES = {
    "": "",
    "/cpu:0": "/device:CPU:0",
    "/gpu:1": "/device:GPU:1",
    "/job:ps/task:3/cpu:0": "/job:ps/task:3/device:CPU:0",
    "/device:GPU:0/replica:1/job:w": "/job:w/replica:1/device:GPU:0",
    "/device:GPU:*": "/device:GPU:*",
    "my device": "my device",
}


@pytest.mark.parametrize("device", DEVICES)
def test_devices_have_one_form(device):
    assert DEVICES[device] == canonical_device(device)


def test_names_are_made_unique():
    graph = Graph()
    assert [graph.unique_name("a") for _ in range(3)] == ["a", "a_1", "a_2"]
    assert graph.unique_name("A") == "A_3"
    assert graph.unique_name("a_1") == "a_1_1"
    assert graph.unique_name("b", mark_as_used=False) == "b"
    assert graph.unique_name("b") == "b"


def test_scopes_nest_are_unique_and_can_be_entered_again():
    graph = Graph()
    with graph.name_scope("s") as scope:
        assert scope == "s/"
        with graph.name_scope("t") as inner:
            assert inner == "s/t/"
        with graph.name_scope("t") as inner:
            assert inner == "s/t_1/"
            with graph.name_scope("") as root:
                assert (root, graph.unique_name("x")) == ("", "x")
    with graph.name_scope("s") as again:
        assert again == "s_1/"
    with graph.name_scope(scope) as again:
        assert (again, graph.get_name_scope()) == ("s/", "s")


@pytest.mark.parametrize("name", ["_a", "a b", "a:0"])
def test_a_bad_scope_is_refused(name):
    with pytest.raises(ValueError, match="not a valid scope"), Graph().name_scope(name):
        pass
