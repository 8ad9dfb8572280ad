"""Weights that start from a checkpoint: other names, scopes, parts and vocabularies."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import (
    FileMissingError,
    InvalidArgumentError,
    TensorNotFoundError,
    UnimplementedError,
)

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
STORED = {
    "old/w": ROWS,
    "old/b": np.float32([1, 2, 3]),
    "old/inner/step": np.int64(7),
    "words": np.array([b"a", b"bc"], object),
    "title": b"text",
    "plain": np.float32([9]),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tfckpt.save(tmp_path_factory.mktemp("old") / "m", STORED)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def unchanged(weights: dict[str, Any], call: Callable[[], object]) -> pytest.ExceptionInfo[Any]:
    """Make a call that has to fail, and see that it changed nothing."""
    before = {name: np.copy(value) for name, value in weights.items()}
    with pytest.raises((ValueError, TypeError, NotImplementedError, FileNotFoundError)) as caught:
        call()
    assert before.keys() == weights.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(weights[name], value)
    return caught


# init_from_checkpoint


def test_arrays_are_filled_in_place_by_name_scope_and_identity(path: str) -> None:
    w, b, step, mine = zeros(4, 3), zeros(3), np.array(0), zeros(1)
    weights = {"new/w": w, "new/b": b, "new/inner/step": step, "mine": mine, "rest": zeros(2)}

    done = tfckpt.init_from_checkpoint(weights, path, [("old/", "new/"), ("plain", mine)])

    assert done == {
        "new/b": "old/b",
        "new/inner/step": "old/inner/step",
        "new/w": "old/w",
        "mine": "plain",
    }
    assert weights["new/w"] is w
    np.testing.assert_array_equal(w, ROWS)
    assert b.tolist() == [1, 2, 3]
    assert step == 7
    assert mine == [9]
    assert weights["rest"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("scope", "target", "name"),
    [
        ("/", "new/", "new/plain"),
        ("old/", "/", "b"),
        ("/", "/", "old/b"),
        ("old/", "a/b/", "a/b/b"),
    ],
)
def test_either_side_may_be_the_root(path: str, scope: str, target: str, name: str) -> None:
    weights = {name: zeros(1) if "plain" in name else zeros(3)}
    tfckpt.init_from_checkpoint(weights, path, {scope: target})
    assert weights[name].all()


def test_what_cannot_be_filled_is_replaced(path: str) -> None:
    fixed = zeros(4, 3)
    fixed.flags.writeable = False
    weights = {"w": fixed, "step": np.int64(0), "words": np.array([b"", b""], object), "title": b""}

    tfckpt.init_from_checkpoint(
        weights, path, {"old/w": "w", "old/inner/step": "step", "words": "words", "title": "title"}
    )

    assert not fixed.any()
    np.testing.assert_array_equal(weights["w"], ROWS)
    assert weights["step"] == 7
    assert weights["words"].tolist() == [b"a", b"bc"]
    assert weights["title"] == b"text"


def test_two_that_are_replaced_by_one_tensor_do_not_share_it(path: str) -> None:
    weights = {name: np.zeros(3, np.float32) for name in ("one", "two")}
    for value in weights.values():
        value.flags.writeable = False

    tfckpt.init_from_checkpoint(weights, path, [("old/b", "one"), ("old/b", "two")])

    weights["one"][0] = 50
    assert weights["two"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("axis", [0, 1])
def test_parts_get_their_share(path: str, axis: int) -> None:
    sizes = [(slice(0, 2), slice(2, 3), slice(3, 4)), (slice(0, 1), slice(1, 3))][axis]
    weights = {
        f"new/w/part_{number}": np.zeros_like(ROWS[(slice(None),) * axis + (part,)])
        for number, part in enumerate(sizes)
    }

    tfckpt.init_from_checkpoint(weights, path, {"old/": "new/"})

    np.testing.assert_array_equal(np.concatenate(list(weights.values()), axis), ROWS)


def test_slots_of_parts_are_parts_of_the_slot(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": np.arange(3.0), "w/Adam": np.arange(3.0) + 10})
    weights = {f"w/part_{n}{slot}": np.zeros(n + 1) for n in range(2) for slot in ("", "/Adam")}

    tfckpt.init_from_checkpoint(weights, path, {"/": "/"})

    assert {name: value.tolist() for name, value in weights.items()} == {
        "w/part_0": [0],
        "w/part_0/Adam": [10],
        "w/part_1": [1, 2],
        "w/part_1/Adam": [11, 12],
    }


def test_a_list_may_name_some_of_the_parts(path: str) -> None:
    weights = {"v/part_0": zeros(1, 3), "v/part_1": zeros(2, 3), "v/part_2": zeros(1, 3)}

    done = tfckpt.init_from_checkpoint(weights, path, {"old/w": [weights["v/part_1"]]})

    assert done == {"v/part_1": "old/w"}
    assert weights["v/part_1"].tolist() == ROWS[1:3].tolist()
    assert not weights["v/part_0"].any()
    assert not weights["v/part_2"].any()


@pytest.mark.parametrize(
    "names", [["w/part_1"], ["w/part_0", "w/part_2"], ["w", "w/part_0"], ["w/part_00"]]
)
def test_names_like_those_of_parts_may_be_names(tmp_path: Path, names: list[str]) -> None:
    path = tfckpt.save(tmp_path / "m", {name: np.float32([1, 2]) for name in names})
    weights = {name: zeros(2) for name in names}
    tfckpt.init_from_checkpoint(weights, path, {"/": "/"})
    assert all(value.tolist() == [1, 2] for value in weights.values())


def test_one_error_names_everything_that_does_not_fit(path: str) -> None:
    weights = {
        "a": zeros(3, 4),
        "b": np.zeros(3),
        "c": zeros(1),
        "d/part_0": zeros(2, 3),
        "d/part_1": zeros(1, 3),
        "e": zeros(1),
    }
    given = [
        ("old/w", "a"),
        ("old/b", "b"),
        ("old/c", "c"),
        ("old/w", "d"),
        ("none", "e"),
        ("plain", "c"),
    ]
    caught = unchanged(weights, lambda: tfckpt.init_from_checkpoint(weights, path, given))
    assert caught.type is InvalidArgumentError
    assert str(caught.value) == (
        f"{path}: Initializing from checkpoint failed; nothing was changed.\n"
        "2 variables are missing from the checkpoint's 6:\n"
        "  none\n"
        "  old/c (did you mean old/w or old/b?)\n"
        "3 variables differ from the checkpoint in dtype or shape:\n"
        "  b from old/b: the variable is DT_DOUBLE [3], the checkpoint has DT_FLOAT [3]\n"
        "  a from old/w: the variable is DT_FLOAT [3, 4], the checkpoint has DT_FLOAT [4, 3]\n"
        "  d from old/w: the variable is 2 parts of [2, 3], [1, 3], the checkpoint has "
        "DT_FLOAT [4, 3]"
    )


MAPS: dict[str, Any] = {
    "an unknown variable": ({"old/w": "new/none"}, "'new/none', which is no variable"),
    "a scope to a name": ({"old/": "new"}, "scopes end with a slash on both sides"),
    "a name to a scope": ({"old": "new/"}, "scopes end with a slash on both sides"),
    "an empty scope": ({"old/": "none/"}, "where no variable is"),
    "a strange array": ({"old/w": np.zeros((4, 3), np.float32)}, "the array that the mapping"),
    "parts of two": ({"old/w": ["x", "y"]}, "as the array that the mapping"),
    "no name": ({"old/w": 5}, "assigned to a int"),
    "no pairs": (["old/w"], "a pair of names"),
    "no parts": ({"old/w": []}, "the parts of one variable, not of none"),
}


@pytest.mark.parametrize("case", MAPS)
def test_a_map_that_means_nothing_is_an_error(path: str, case: str) -> None:
    given, problem = MAPS[case]
    weights = {"new/w": zeros(4, 3), "newer": zeros(1)}
    caught = unchanged(weights, lambda: tfckpt.init_from_checkpoint(weights, path, given))
    assert problem in str(caught.value)


def test_a_list_of_two_variables_arrays_is_an_error(path: str) -> None:
    weights = {"v": zeros(2, 3), "w": zeros(2, 3)}
    given = {"old/w": list(weights.values())}
    with pytest.raises(ValueError, match="parts of one variable, not of v, w"):
        tfckpt.init_from_checkpoint(weights, path, given)


def test_damage_changes_nothing(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"a": np.ones(4), "b": np.ones(4)})
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1] + b"\x00")
    weights = {"a": np.zeros(4), "b": np.zeros(4)}
    unchanged(weights, lambda: tfckpt.init_from_checkpoint(weights, path, {"/": "/"}))


def test_an_object_based_checkpoint_says_what_finds_its_variables(tmp_path: Path) -> None:
    objects = tfckpt.to_object_based({"w": zeros(2) + 1}, {"w": "layer/kernel"})
    path = tfckpt.save(tmp_path / "m", objects)
    weights = {"w": zeros(2)}
    with pytest.raises(ValueError, match="object-based: warm_start finds"):
        tfckpt.init_from_checkpoint(weights, path, {"w": "w"})

    assert tfckpt.warm_start(weights, path) == {"w": "layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"}
    assert weights["w"].tolist() == [1, 1]

    other = {"v": zeros(2)}
    tfckpt.warm_start(other, path, var_name_to_prev_var_name={"v": "w"})
    assert other["v"].tolist() == [1, 1]


# warm_start


@pytest.fixture
def models(tmp_path: Path) -> tuple[str, dict[str, np.ndarray]]:
    names = ["w", "w/Adam", "wide", "b"]
    path = tfckpt.save(tmp_path / "m", {name: zeros(2) + 1 for name in names})
    return path, {name: zeros(2) for name in names}


CHOICES: dict[str, Any] = {
    "default": (".*", ["w", "w/Adam", "wide", "b"]),
    "the beginning": ("w", ["w", "w/Adam", "wide"]),
    "the end": ("w:0$", ["w"]),
    "expressions": (["w[^/i]", "b"], ["w", "b"]),
    "one twice": (["b", "b"], ["b"]),
    "None": (None, []),
    "an empty list": ([], []),
}


@pytest.mark.parametrize("case", CHOICES)
def test_expressions_choose_by_the_beginning_of_a_name(models: Any, case: str) -> None:
    path, weights = models
    choice, expected = CHOICES[case]
    assert sorted(tfckpt.warm_start(weights, path, choice)) == sorted(expected)
    assert [name for name in weights if weights[name].any()] == expected


def test_arrays_choose_themselves(models: Any) -> None:
    path, weights = models
    tfckpt.warm_start(weights, path, [weights["b"], weights["wide"]])
    assert [name for name in weights if weights[name].any()] == ["wide", "b"]


WRONG: dict[str, Any] = {
    "an expression for nothing": (["x.*"], {}, "'x.*' matches none of 4 variables"),
    "one of two": (["w", "c"], {}, "'c' matches none"),
    "no list": (("w",), {}, "a regular expression, a list of them"),
    "mixed": (["w", 1], {}, "a regular expression, a list of them"),
    "a strange array": ([np.zeros(2)], {}, "as the array that the mapping holds"),
    "a name that is not chosen": ("b", {"w": "old"}, "var_name_to_prev_var_name has variables"),
    "a tensor that is not there": (".*", {"w": "old", "b": "older"}, "  old\n  older"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_choice_that_means_nothing_is_an_error(models: Any, case: str) -> None:
    path, weights = models
    choice, previous, problem = WRONG[case]
    caught = unchanged(
        weights,
        lambda: tfckpt.warm_start(weights, path, choice, var_name_to_prev_var_name=previous),
    )
    assert problem in str(caught.value)


# Vocabularies


def vocab(path: Path, *words: str) -> Path:
    path.write_text("".join(f"{word}\n" for word in words))
    return path


def counting() -> Callable[[tuple[int, ...]], np.ndarray]:
    """An initializer that goes on counting from call to call."""
    numbers = itertools.count(1)
    return lambda shape: np.fromiter(numbers, np.float64, int(np.prod(shape))).reshape(shape)


def test_new_cells_have_the_initializers_values_in_tensorflows_order(tmp_path: Path) -> None:
    """The example in TensorFlow's documentation of the initializer (checkpoint_ops.py)."""
    rows = (
        vocab(tmp_path / "new_rows", "venus", "jupiter", "mercury"),
        vocab(tmp_path / "old_rows", "mercury", "venus", "mars"),
    )
    path = tfckpt.save(tmp_path / "m", {"w": ROWS[:3]})
    weights = {"w": zeros(5, 3)}
    info = tfckpt.VocabInfo(rows[0], 3, 2, rows[1], backup_initializer=counting())

    tfckpt.warm_start(weights, path, var_name_to_vocab_info={"w": info})

    assert weights["w"].tolist() == [[3, 4, 5], [1, 2, 3], [0, 1, 2], [4, 5, 6], [7, 8, 9]]

    cols = (
        vocab(tmp_path / "new_cols", "good", "best", "fantastic"),
        vocab(tmp_path / "old_cols", "good", "better", "best"),
    )
    weights = {"w": zeros(3, 4)}
    info = tfckpt.VocabInfo(cols[0], 3, 1, cols[1], backup_initializer=counting(), axis=1)

    tfckpt.warm_start(weights, path, var_name_to_vocab_info={"w": info})

    assert weights["w"].tolist() == [[0, 2, 1, 4], [3, 5, 2, 5], [6, 8, 3, 6]]


def test_a_vector_may_have_a_vocabulary(tmp_path: Path) -> None:
    """TensorFlow's documentation gives a bias of classes one, which its code does not take."""
    new, old = vocab(tmp_path / "new", "c", "d", "a"), vocab(tmp_path / "old", "a", "b", "c")
    path = tfckpt.save(tmp_path / "m", {"bias": np.float32([1, 2, 3])})
    weights = {"bias/part_0": zeros(2), "bias/part_1": zeros(2)}
    info = tfckpt.VocabInfo(new, 3, 1, old, backup_initializer=lambda shape: np.full(shape, 9))

    tfckpt.warm_start(weights, path, var_name_to_vocab_info={"bias": info})

    assert [value.tolist() for value in weights.values()] == [[3, 9], [1, 9]]


def test_old_words_of_columns_are_limited_too(tmp_path: Path) -> None:
    """TensorFlow counts all lines, and leaves columns that are not there uninitialized."""
    new, old = vocab(tmp_path / "new", "b", "c"), vocab(tmp_path / "old", "a", "b", "c")
    path = tfckpt.save(tmp_path / "m", {"w": ROWS[:, :2]})
    weights = {"w": zeros(4, 2)}
    info = tfckpt.VocabInfo(new, 2, 0, old, old_vocab_size=2, axis=1)

    tfckpt.warm_start(weights, path, var_name_to_vocab_info={"w": info})

    assert weights["w"].tolist() == [[1, 0], [4, 0], [7, 0], [10, 0]]


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32"])
def test_a_matrix_of_another_dtype_keeps_it(tmp_path: Path, dtype: str) -> None:
    words = vocab(tmp_path / "words", "a", "b", "c", "d")
    path = tfckpt.save(tmp_path / "m", {"w": ROWS.astype(dtype)})
    weights = {"w": np.zeros((5, 3), dtype)}
    info = tfckpt.VocabInfo(words, 4, 1, words)
    tfckpt.warm_start(weights, path, var_name_to_vocab_info={"w": info})
    assert weights["w"].dtype == dtype
    assert weights["w"].tolist() == [*ROWS.tolist(), [0, 0, 0]]


UNFIT: dict[str, Any] = {
    "too many rows": (zeros(6, 3), {}, "w has 6 rows: new_vocab_size 4 and num_oov_buckets 1"),
    "other columns": (zeros(5, 4), {}, "it has 3 columns"),
    "another dtype": (np.zeros((5, 3)), {}, "is DT_DOUBLE [5, 3], the checkpoint has DT_FLOAT"),
    "another rank": (zeros(5), {}, "is DT_FLOAT [5], the checkpoint has DT_FLOAT [4, 3]"),
    "too few columns": (zeros(4, 3), {"axis": 1}, "w has 3 columns: new_vocab_size 4 and"),
    "no old words": (zeros(5, 3), {"old_vocab": ""}, "VocabInfo of w needs"),
    "no new words": (zeros(5, 3), {"new_vocab_size": 0}, "VocabInfo of w needs"),
    "no file": (zeros(5, 3), {"old_vocab": "/nowhere/vocab"}, "/nowhere/vocab"),
    "a number": (zeros(5, 3), {"backup_initializer": 1}, "no function of a shape"),
    "a wrong shape": (
        zeros(5, 3),
        {"backup_initializer": lambda shape: np.zeros(2)},
        "returned the shape [2] for [0, 1]",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_vocabulary_that_does_not_fit_its_variable(tmp_path: Path, case: str) -> None:
    value, settings, problem = UNFIT[case]
    words = vocab(tmp_path / "words", "a", "b", "c", "d")
    path = tfckpt.save(tmp_path / "m", {"w": ROWS, "b": np.ones(2)})
    given = {"new_vocab": words, "new_vocab_size": 4, "num_oov_buckets": 1, "old_vocab": words}
    info = tfckpt.VocabInfo(**{**given, **settings})
    weights = {"w": value, "b": np.zeros(2)}
    caught = unchanged(
        weights, lambda: tfckpt.warm_start(weights, path, var_name_to_vocab_info={"w": info})
    )
    assert problem in str(caught.value)


def test_a_vocabulary_belongs_to_rows_or_columns() -> None:
    with pytest.raises(ValueError, match="axis 0 or 1, not 2"):
        tfckpt.VocabInfo("new", 1, 0, "old", axis=2)
    assert tfckpt.VocabInfo("new", 1, 0, "old")[4:] == (-1, None, 0)


FILES: dict[str, Any] = {
    "an empty line": (b"a\n\nb", b"a", {}, "new: line 2 is empty"),
    "an empty file": (b"a", b"", {}, "old: a vocabulary without a word"),
    "a word twice": (b"a", b"a\nb\nc\nb\na", {}, "old: 'b' is in it twice, in lines 2 and 4"),
    "too few": (b"a\nb", b"a", {"num_new_vocab": 3}, "new: lines up to 3 are asked for, it has 2"),
    "too few old": (b"a", b"a\nb", {"old_vocab_size": 3}, "old: 3 lines are to count, it has 2"),
    "none of the old": (b"a", b"a\nb", {"old_vocab_size": 0}, "old: 0 lines are to count"),
    "a line before": (b"a", b"a", {"new_vocab_offset": -1}, "lines -1 to"),
    "no name": (b"a", b"a", {"old_vocab_file": ""}, "cannot be empty"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_vocabulary_that_is_none_is_an_error(tmp_path: Path, case: str) -> None:
    new, old, settings, problem = FILES[case]
    (tmp_path / "new").write_bytes(new)
    (tmp_path / "old").write_bytes(old)
    given = {
        "new_vocab_file": tmp_path / "new",
        "old_vocab_file": tmp_path / "old",
        "new_vocab_offset": 0,
        "num_new_vocab": 1,
    }
    with pytest.raises(InvalidArgumentError) as caught:
        tfckpt.generate_vocab_remapping(**{**given, **settings})
    assert problem in str(caught.value)


def test_words_are_compared_as_bytes_without_their_ends(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"\xff\r\n a\tb\nc\r")
    (tmp_path / "old").write_bytes(b"c\n\xff\na b\n a\tb\n")
    remapping, present = tfckpt.generate_vocab_remapping(tmp_path / "new", tmp_path / "old", 0, 3)
    assert remapping.tolist() == [1, 3, 0]
    assert (remapping.dtype, present) == (np.int64, 3)


# load_and_remap_matrix


@pytest.mark.parametrize("most", [-1, 0, 1, 2, 100])
@pytest.mark.parametrize("gap", [0, 1 << 20])
def test_rows_are_read_in_stretches(
    path: str, most: int, gap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfckpt.initial.matrix._GAP", gap)
    found = tfckpt.load_and_remap_matrix(path, "old/w", [3, -1, 0, 1], [], [7, 8, 9], 4, 3, most)
    assert found.tolist() == [ROWS[3].tolist(), [7, 8, 9], ROWS[0].tolist(), ROWS[1].tolist()]


@pytest.mark.parametrize(
    ("most", "expected"), [(-1, [(2, 5), (50, 51)]), (2, [(2, 4), (4, 5), (50, 51)])]
)
def test_rows_far_from_those_that_are_wanted_are_not_read(
    tmp_path: Path, most: int, expected: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfckpt.initial.matrix._GAP", 2 * 8)
    path = tfckpt.save(tmp_path / "m", {"w": np.arange(100.0).reshape(100, 1)})
    read = []
    whole = tfckpt.BundleReader.get_tensor

    def get_tensor(reader: Any, name: str, index: Any = None) -> Any:
        read.append((index.start, index.stop))
        return whole(reader, name, index)

    monkeypatch.setattr(tfckpt.BundleReader, "get_tensor", get_tensor)
    found = tfckpt.load_and_remap_matrix(path, "w", [50, 2, 4, 3], [], [], 4, 1, most)
    assert found.ravel().tolist() == [50, 2, 4, 3]
    assert read == expected


MATRICES: dict[str, Any] = {
    "a row beyond": ("old/w", [4], [], [], {}, "it has 4 rows, old ID 4 is beyond them"),
    "a column beyond": ("old/w", [0], [3], [], {}, "it has 3 columns, old ID 3 is beyond them"),
    "a vector": ("old/b", [0], [], [], {}, "a matrix has the rank 2"),
    "other columns": ("old/w", [0], [], [], {"num_cols": 2}, "it has 3 columns, num_cols is 2"),
    "other rows": ("old/w", [0], [], [], {"num_rows": 2}, "Size of row_remapping is 1"),
    "other new columns": ("old/w", [0], [1], [], {"num_cols": 2}, "Size of col_remapping is 1"),
    "no vector of rows": ("old/w", [[0]], [], [], {}, "`row_remapping` must be 1-D"),
    "no vector of columns": ("old/w", [0], 1, [], {}, "`col_remapping` must be 1-D"),
    "fractions": ("old/w", [0.5], [], [], {}, "`row_remapping` holds integers"),
    "too few values": ("old/w", [0, -1], [], [1], {}, "has 1 elements, 3 cells of [2, 3] are new"),
    "too many values": ("old/w", [0], [1], [1], {}, "has 1 elements, 0 cells of [1, 1] are new"),
    "two paths": ("old/w", [0], [], [], {"ckpt_path": ["a", "b"]}, "one path, not 2"),
}


@pytest.mark.parametrize("case", MATRICES)
def test_a_matrix_that_does_not_fit_is_an_error(path: str, case: str) -> None:
    name, rows, cols, values, more, problem = MATRICES[case]
    given = {
        "ckpt_path": path,
        "old_tensor_name": name,
        "row_remapping": rows,
        "col_remapping": cols,
        "initializing_values": values,
        "num_rows": len(rows),
        "num_cols": np.size(cols) or 3,
    }
    with pytest.raises(InvalidArgumentError) as caught:
        tfckpt.load_and_remap_matrix(**{**given, **more})
    assert problem in str(caught.value)


def test_what_is_not_there_is_not_found(path: str, tmp_path: Path) -> None:
    with pytest.raises(TensorNotFoundError, match="old/w"):
        tfckpt.load_and_remap_matrix(path, "older/w", [0], [], [], 1, 3)
    with pytest.raises(FileMissingError):
        tfckpt.load_and_remap_matrix(tmp_path / "none", "w", [0], [], [], 1, 3)


@pytest.mark.parametrize(("rows", "cols"), [([2, 0, 2], []), ([0, 1, 2], [1, -1, 1])])
def test_a_row_or_column_wanted_twice_is_unimplemented(
    path: str, rows: list[int], cols: list[int]
) -> None:
    with pytest.raises(UnimplementedError, match="wanted for both the new ones 0 and 2"):
        tfckpt.load_and_remap_matrix(path, "old/w", rows, cols, [], 3, 3)
