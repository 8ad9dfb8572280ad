"""TensorFlow's cases of warm_starting_util_test.py, and of the remapping under it.

Those of the remapping are TensorFlow's training/checkpoint_ops_test.py (what its Python functions
make of the two kernels) and kernel_tests/checkpoint_ops_test.py (the kernels).

Feature columns are only the names and shapes of their variables here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interop.tf_suite_weights import Ours, Theirs, write_vocab

FRUIT = [[0.5], [1.0], [1.5], [2.0]]
LAYER = [[0.5, 0.3], [1.0, 0.8], [1.5, 1.2], [2.0, 2.3]]
OLD_FRUIT = ["apple", "banana", "guava", "orange"]
NEW_FRUIT = ["orange", "guava", "banana", "apple", "raspberry"]

INT = "linear_model/sc_int/weights"
HASH = "linear_model/sc_hash/weights"
KEYS = "linear_model/sc_keys/weights"
VOCAB = "linear_model/sc_vocab/weights"
BUCKETS = "linear_model/real_bucketized/weights"
CROSS = "linear_model/sc_keys_X_sc_vocab/weights"
BIAS = "linear_model/bias_weights"


# As a mark, and not as params of the fixture, so that ids end with the library.
pytestmark = pytest.mark.parametrize(
    "lib", [Theirs, Ours], ids=["tensorflow", "tfckpt"], indirect=True
)


@pytest.fixture
def lib(request: pytest.FixtureRequest) -> Any:
    return request.param


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape[0]).normal(size=shape).astype(np.float32)


def floats(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


def save(lib: Any, folder: Path, values: dict[str, Any], parts: Any = None) -> str:
    return lib.model({name: floats(values[name]) for name in values}, parts).save(f"{folder}/model")


def assert_values(model: Any, **expected: Any) -> None:
    """Compare variables, and parts of variables: a list of arrays."""
    found = model.values()
    for name, value in expected.items():
        if isinstance(value, list):
            assert len(found[name]) == len(value)
            for part, one in zip(value, found[name], strict=True):
                np.testing.assert_allclose(one, part, rtol=1e-6)
        else:
            np.testing.assert_allclose(found[name], value, rtol=1e-6)


# One variable

BOTH = ["neither", "the old", "the new", "both"]
IN_PARTS = dict(zip(BOTH, [(0, 0), (2, 0), (0, 2), (2, 2)], strict=True))


def in_parts(name: str, count: int) -> dict[str, int]:
    return {name: count} if count else {}


def maybe_split(value: Any, count: int) -> Any:
    return np.split(floats(value), count) if count else floats(value)


@pytest.mark.parametrize("partitioned", BOTH)
def test_a_variable_is_taken_over(lib: Any, tmp_path: Path, partitioned: str) -> None:
    old, new = IN_PARTS[partitioned]
    # TensorFlow's case of both being partitioned renames too.
    names = ["fruit_weights"] * 2
    if partitioned == "both":
        names = ["old_scope/fruit_weights", "new_scope/fruit_weights"]
    save(lib, tmp_path, {names[0]: FRUIT}, in_parts(names[0], old))
    model = lib.model({names[1]: zeros(4, 1)}, in_parts(names[1], new))
    model.init_from_checkpoint(str(tmp_path), {names[0]: model[names[1]]})
    assert_values(model, **{names[1]: maybe_split(FRUIT, new)})


# For each: the number of rows of the new variable, of words in the new vocabulary, of buckets.
ROWS = {"neither": (5, 5, 0), "the old": (5, 5, 0), "the new": (6, 5, 1), "both": (6, 6, 0)}


@pytest.mark.parametrize("partitioned", BOTH)
def test_rows_follow_their_words(lib: Any, tmp_path: Path, partitioned: str) -> None:
    old, new = IN_PARTS[partitioned]
    rows, words, buckets = ROWS[partitioned]
    old_vocab = write_vocab(tmp_path / "old_vocab", OLD_FRUIT)
    new_vocab = write_vocab(tmp_path / "new_vocab", [*NEW_FRUIT, "blueberry"][:words])
    save(lib, tmp_path, {"fruit_weights": FRUIT}, in_parts("fruit_weights", old))
    model = lib.model({"fruit_weights": zeros(rows, 1)}, in_parts("fruit_weights", new))
    info = lib.VocabInfo(new_vocab, words, buckets, old_vocab)
    model.warm_start(str(tmp_path), var_name_to_vocab_info={"fruit_weights": info})
    expected = [[2.0], [1.5], [1.0], [0.5], [0.0], [0.0]][:rows]
    assert_values(model, fruit_weights=maybe_split(expected, new))


@pytest.mark.parametrize("partitioned", BOTH)
def test_columns_follow_their_words(lib: Any, tmp_path: Path, partitioned: str) -> None:
    old, new = IN_PARTS[partitioned]
    old_vocab = write_vocab(tmp_path / "old_vocab", ["apple", "orange"])
    new_vocab = write_vocab(tmp_path / "new_vocab", ["orange", "apple", "banana"])
    save(lib, tmp_path, {"fruit_output_layer": LAYER}, in_parts("fruit_output_layer", old))
    model = lib.model({"fruit_output_layer": zeros(4, 3)}, in_parts("fruit_output_layer", new))
    info = lib.VocabInfo(new_vocab, 3, 0, old_vocab, axis=1)
    model.warm_start(str(tmp_path), var_name_to_vocab_info={"fruit_output_layer": info})
    expected = [[0.3, 0.5, 0.0], [0.8, 1.0, 0.0], [1.2, 1.5, 0.0], [2.3, 2.0, 0.0]]
    assert_values(model, fruit_output_layer=maybe_split(expected, new))


def test_only_so_many_old_words_count(lib: Any, tmp_path: Path) -> None:
    old_vocab = write_vocab(tmp_path / "old_vocab", OLD_FRUIT)
    new_vocab = write_vocab(tmp_path / "new_vocab", NEW_FRUIT)
    save(lib, tmp_path, {"fruit_weights": FRUIT})
    model = lib.model({"fruit_weights": zeros(5, 1)})
    info = lib.VocabInfo(new_vocab, 5, 0, old_vocab, old_vocab_size=2)
    model.warm_start(str(tmp_path), var_name_to_vocab_info={"fruit_weights": info})
    assert_values(model, fruit_weights=floats([[0], [0], [1], [0.5], [0]]))


# Which variables


def test_the_variables_themselves_are_chosen(lib: Any, tmp_path: Path) -> None:
    save(lib, tmp_path, {"v1": ones(10, 1)})
    model = lib.model({"v1": zeros(10, 1)})
    model.warm_start(str(tmp_path), vars_to_warm_start=[model["v1"]])
    assert_values(model, v1=ones(10, 1))


def test_names_are_chosen(lib: Any, tmp_path: Path) -> None:
    save(lib, tmp_path, {"v1": ones(10, 1)})
    model = lib.model({"v1": zeros(10, 1)})
    model.warm_start(str(tmp_path), vars_to_warm_start=["v1"])
    assert_values(model, v1=ones(10, 1))


def test_two_variables_come_from_one(lib: Any, tmp_path: Path) -> None:
    save(lib, tmp_path, {"v1": ones(10, 1)})
    model = lib.model({"v1": zeros(10, 1), "v2": zeros(10, 1)})
    model.warm_start(
        str(tmp_path),
        vars_to_warm_start=["v1", "v2"],
        var_name_to_prev_var_name={"v2": "v1"},
    )
    assert_values(model, v1=ones(10, 1), v2=ones(10, 1))


def test_regular_expressions_are_chosen(lib: Any, tmp_path: Path) -> None:
    """They are matched against names with ``:0`` at the end, so ``v2[^/]`` is v2."""
    names = ["v1", "v1/Momentum", "v2", "v2/Momentum"]
    save(lib, tmp_path, {name: ones(10, 1) for name in names})
    model = lib.model({name: zeros(10, 1) for name in names})
    model.warm_start(str(tmp_path), vars_to_warm_start=["v1", "v2[^/]"])
    expected = dict.fromkeys(names[:3], ones(10, 1))
    assert_values(model, **expected, **{"v2/Momentum": zeros(10, 1)})


def linear_model(lib: Any, counts: dict[str, int], parts: int = 1) -> Any:
    """The variables of a linear model of feature columns, in at most `parts` parts each."""
    shapes = {**{name: (count, 1) for name, count in counts.items()}, BIAS: (1,)}
    values = {name: zeros(*shape) for name, shape in shapes.items()}
    if not parts:
        return lib.model(values)
    return lib.model(values, {name: min(parts, shape[0]) for name, shape in shapes.items()})


COLUMNS = {
    "integers": (INT, ones(10, 1), ".*sc_int.*"),
    "hashes": (HASH, random(15, 1), ".*sc_hash.*"),
    "a vocabulary": (VOCAB, ones(4, 1), ".*sc_vocab.*"),
    "buckets": (BUCKETS, random(5, 1), ".*real_bucketized.*"),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_columns_variable_is_chosen(lib: Any, tmp_path: Path, column: str) -> None:
    name, old, pattern = COLUMNS[column]
    save(lib, tmp_path, {name: old})
    model = linear_model(lib, {name: len(old)})
    assert_values(model, **{name: [zeros(len(old), 1)]})
    model.warm_start(str(tmp_path), vars_to_warm_start=pattern)
    assert_values(model, **{name: [old], BIAS: [zeros(1)]})


def test_a_checkpoint_may_be_given_by_its_prefix(lib: Any, tmp_path: Path) -> None:
    save(lib, tmp_path, {VOCAB: ones(4, 1)})
    model = linear_model(lib, {VOCAB: 4})
    model.warm_start(f"{tmp_path}/model-0", vars_to_warm_start=".*sc_vocab.*")
    assert_values(model, **{VOCAB: [ones(4, 1)]})


def test_only_so_many_words_of_both_vocabularies_count(lib: Any, tmp_path: Path) -> None:
    old_vocab = write_vocab(tmp_path / "old_vocab", ["apple", "guava", "banana"])
    new_vocab = write_vocab(tmp_path / "new_vocab", OLD_FRUIT)
    save(lib, tmp_path, {VOCAB: ones(2, 1)})
    model = linear_model(lib, {VOCAB: 2})
    assert_values(model, **{VOCAB: [zeros(2, 1)]})
    model.warm_start(
        str(tmp_path),
        vars_to_warm_start=".*sc_vocab.*",
        var_name_to_vocab_info={VOCAB: lib.VocabInfo(new_vocab, 2, 0, old_vocab, old_vocab_size=2)},
    )
    # banana is the third of the old words, of which two count.
    assert_values(model, **{VOCAB: [[[1.0], [0.0]]]})


def test_all_variables_are_the_default(lib: Any, tmp_path: Path) -> None:
    vocab = write_vocab(tmp_path / "vocab", OLD_FRUIT)
    counts = {INT: 10, HASH: 15, KEYS: 4, VOCAB: 4, BUCKETS: 5, CROSS: 20}
    old = {name: random(count, 1) for name, count in counts.items()}
    old |= {INT: ones(10, 1), VOCAB: ones(4, 1), BIAS: random(1)}
    save(lib, tmp_path, old)
    model = linear_model(lib, counts)
    assert_values(model, **{name: [zeros(count, 1)] for name, count in counts.items()})
    info = lib.VocabInfo(vocab, 4, 0, vocab)
    model.warm_start(str(tmp_path), var_name_to_vocab_info={VOCAB: info})
    assert_values(model, **{name: [value] for name, value in old.items()})


SETTINGS = {HASH: 15, KEYS: 4, VOCAB: 6}


def save_settings(lib: Any, folder: Path) -> tuple[np.ndarray, Any]:
    """Write what the cases of many settings start from; return the keys and the vocabulary."""
    old_vocab = write_vocab(folder / "old_vocab", OLD_FRUIT)
    new_vocab = write_vocab(folder / "new_vocab", [*NEW_FRUIT, "blueberry"])
    keys = random(4, 1)
    save(
        lib,
        folder,
        {HASH: random(15, 1), "some_other_name": keys, VOCAB: [[0.5], [1.0], [2.0], [3.0]]},
    )
    return keys, lib.VocabInfo(new_vocab, 6, 0, old_vocab)


@pytest.mark.parametrize("parts", [2, 0], ids=["in parts", "whole"])
def test_names_vocabularies_and_a_pattern_together(lib: Any, tmp_path: Path, parts: int) -> None:
    keys, info = save_settings(lib, tmp_path)
    model = linear_model(lib, SETTINGS, parts)
    model.warm_start(
        str(tmp_path),
        vars_to_warm_start=".*(sc_keys|sc_vocab).*",
        var_name_to_vocab_info={VOCAB: info},
        var_name_to_prev_var_name={KEYS: "some_other_name"},
    )
    assert_values(
        model,
        **{
            KEYS: maybe_split(keys, parts),
            HASH: [zeros(8, 1), zeros(7, 1)] if parts else zeros(15, 1),
            VOCAB: maybe_split([[3.0], [2.0], [1.0], [0.5], [0.0], [0.0]], parts),
        },
    )


def test_none_means_only_those_with_a_vocabulary(lib: Any, tmp_path: Path) -> None:
    """Another old name does not add to them."""
    _, info = save_settings(lib, tmp_path)
    model = linear_model(lib, SETTINGS, parts=2)
    model.warm_start(
        str(tmp_path),
        vars_to_warm_start=None,
        var_name_to_vocab_info={VOCAB: info},
        var_name_to_prev_var_name={KEYS: "some_other_name"},
    )
    assert_values(
        model,
        **{
            KEYS: [zeros(2, 1), zeros(2, 1)],
            HASH: [zeros(8, 1), zeros(7, 1)],
            VOCAB: [floats([[3], [2], [1]]), floats([[0.5], [0], [0]])],
        },
    )


OLD_EMBEDDING = [[0.5, 0.4], [1.0, 1.1], [2.0, 2.2], [3.0, 3.3]]
NEW_EMBEDDING = [
    floats([[3.0, 3.3], [2.0, 2.2], [1.0, 1.1]]),
    floats([[0.5, 0.4], [0.42, 0.42], [0.42, 0.42]]),
]


def embedding_info(lib: Any, folder: Path) -> Any:
    return lib.VocabInfo(
        new_vocab=write_vocab(folder / "new_vocab", [*NEW_FRUIT, "blueberry"]),
        new_vocab_size=6,
        num_oov_buckets=0,
        old_vocab=write_vocab(folder / "old_vocab", OLD_FRUIT),
        backup_initializer=lib.constant_initializer(0.42),
    )


def test_new_words_of_an_embedding_have_the_backup_initializers_values(
    lib: Any, tmp_path: Path
) -> None:
    name = "input_layer/sc_vocab_embedding/embedding_weights"
    save(lib, tmp_path, {name: OLD_EMBEDDING})
    model = lib.model({name: zeros(6, 2)}, {name: 2})
    info = embedding_info(lib, tmp_path)
    model.warm_start(str(tmp_path), var_name_to_vocab_info={name: info})
    assert_values(model, **{name: NEW_EMBEDDING})


def test_an_embedding_beside_a_variable_without_a_vocabulary(lib: Any, tmp_path: Path) -> None:
    name = "linear_model/sc_vocab_embedding/embedding_weights"
    weights = "linear_model/sc_vocab_embedding/weights"
    save(lib, tmp_path, {name: OLD_EMBEDDING, weights: [[0.69], [0.71]]})
    model = lib.model(
        {name: zeros(6, 2), weights: zeros(2, 1), BIAS: zeros(1)}, {name: 2, weights: 2, BIAS: 1}
    )
    model.warm_start(
        str(tmp_path),
        vars_to_warm_start=".*sc_vocab.*",
        var_name_to_vocab_info={name: embedding_info(lib, tmp_path)},
    )
    assert_values(model, **{name: NEW_EMBEDDING, weights: [[[0.69]], [[0.71]]]})


@pytest.mark.parametrize("setting", ["var_name_to_vocab_info", "var_name_to_prev_var_name"])
def test_a_setting_of_an_unknown_variable_is_an_error(
    lib: Any, tmp_path: Path, setting: str
) -> None:
    save(lib, tmp_path, {"x": ones(4, 1)}, {"x": 2})
    model = lib.model({"x": ones(4, 1)}, {"x": 2})
    value = lib.VocabInfo("", 1, 0, "") if setting == "var_name_to_vocab_info" else "y2"
    with pytest.raises(ValueError):
        model.warm_start(str(tmp_path), **{setting: {"y": value}})


def test_an_object_based_checkpoint_is_a_start_too(lib: Any, tmp_path: Path) -> None:
    old = lib.model({"fruit_weights": floats(FRUIT)})
    old.save_objects(f"{tmp_path}/checkpoint", {"fruit_weights": "v"})
    model = lib.model({"fruit_weights": zeros(4, 1)})
    model.warm_start(str(tmp_path))
    assert_values(model, fruit_weights=floats(FRUIT))


# What Python makes of the kernels

EMBEDDINGS = np.arange(80).reshape(5, 16)
NAME = "some_scope/embeddings"
FILL = 42


class Files:
    """A checkpoint, and vocabularies for its rows and columns."""

    def __init__(self, lib: Any, folder: Path) -> None:
        self.checkpoint = save(lib, folder, {NAME: EMBEDDINGS})
        numbers, end = ["zero", "one", "two", "three", "four"], "\n"
        self.rows = (
            write_vocab(folder / "new_rows", numbers, end),
            write_vocab(folder / "old_rows", numbers[:4], end),
        )
        self.cols = (
            write_vocab(folder / "new_cols", ["MISSING", "knitting", "flask", "eminem"], end),
            write_vocab(folder / "old_cols", ["knitting", "eminem", "MISSING"], end),
        )
        self.few_rows = (
            write_vocab(folder / "new_few", ["one", "zero", "two", "four"], end),
            write_vocab(folder / "old_few", ["zero", "one"], end),
        )


@pytest.fixture
def files(lib: Any, tmp_path: Path) -> Files:
    return Files(lib, tmp_path)


def expected_matrix(rows: list[int], cols: list[int], fill: float = FILL) -> np.ndarray:
    """Take rows and columns out of the checkpoint's matrix; -1 is a new one."""
    known = np.outer(np.array(rows) >= 0, np.array(cols) >= 0)
    return np.where(known, EMBEDDINGS[np.ix_(rows, cols)], fill)


# TensorFlow's expected columns, one by one: 2 is MISSING, 0 knitting, 1 eminem.
COLS = [2, 0, -1, 1, -1]


def test_a_part_of_the_rows_is_loaded_from_an_offset(lib: Any, files: Files) -> None:
    row_remapping, rows_present = lib.generate_vocab_remapping(
        new_vocab_file=files.rows[0],
        old_vocab_file=files.rows[1],
        new_vocab_offset=1,
        num_new_vocab=4,
        old_vocab_size=-1,
    )
    col_remapping, cols_present = lib.generate_vocab_remapping(
        new_vocab_file=files.cols[0],
        old_vocab_file=files.cols[1],
        new_vocab_offset=0,
        num_new_vocab=4,
        old_vocab_size=-1,
    )
    found = lib.load_and_remap_matrix(
        ckpt_path=files.checkpoint,
        old_tensor_name=NAME,
        row_remapping=row_remapping,
        col_remapping=col_remapping,
        initializing_values=[FILL] * (16 - rows_present * cols_present),
        num_rows=4,
        num_cols=4,
    )
    np.testing.assert_array_equal(
        found,
        [
            [18, 16, FILL, 17],
            [34, 32, FILL, 33],
            [50, 48, FILL, 49],
            [FILL, FILL, FILL, FILL],
        ],
    )


@pytest.mark.parametrize("fill", [FILL, 0, None], ids=["given", "zero", "default"])
def test_rows_and_columns_of_a_linear_model(lib: Any, files: Files, fill: float | None) -> None:
    found = lib.remapped(
        files.checkpoint,
        NAME,
        (5, 4),
        rows=files.rows,
        cols=files.cols,
        row_oov=1,
        col_oov=1,
        fill=fill,
        parts=2,
    )
    fill = fill or 0
    np.testing.assert_array_equal(
        found.T,
        [
            [2, 18, 34, 50, fill, fill],
            [0, 16, 32, 48, fill, fill],
            [fill] * 6,
            [1, 17, 33, 49, fill, fill],
            [fill] * 6,
        ],
    )


def test_columns_of_an_output_layer(lib: Any, files: Files) -> None:
    found = lib.remapped(
        files.checkpoint, NAME, (5, 4), cols=files.cols, col_oov=1, fill=FILL, parts=2
    )
    np.testing.assert_array_equal(
        found.T,
        [[2, 18, 34, 50, 66], [0, 16, 32, 48, 64], [FILL] * 5, [1, 17, 33, 49, 65], [FILL] * 5],
    )


def test_a_part_of_nothing_but_buckets(lib: Any, files: Files) -> None:
    found = lib.remapped(
        files.checkpoint,
        NAME,
        (5, 4),
        rows=files.rows,
        cols=files.cols,
        row_oov=5,
        col_oov=1,
        fill=FILL,
        parts=2,
    )
    np.testing.assert_array_equal(found, expected_matrix([0, 1, 2, 3] + [-1] * 6, COLS))


# The rows are TensorFlow's: size of the new vocabulary, buckets, size of the old one.
EMBEDDING_CASES = {
    "one bucket": ("rows", 5, 1, -1, [0, 1, 2, 3, -1, -1]),
    "many buckets": ("few_rows", 4, 5, -1, [1, 0] + [-1] * 7),
    "few old words": ("rows", 5, 1, 3, [0, 1, 2, -1, -1, -1]),
}


@pytest.mark.parametrize("case", EMBEDDING_CASES)
def test_rows_of_an_embedding(lib: Any, files: Files, case: str) -> None:
    vocabs, words, buckets, old_words, rows = EMBEDDING_CASES[case]
    found = lib.remapped(
        files.checkpoint,
        NAME,
        (words, 16),
        rows=getattr(files, vocabs),
        row_oov=buckets,
        fill=FILL,
        old_row_vocab_size=old_words,
        parts=2,
    )
    np.testing.assert_array_equal(found, expected_matrix(rows, list(range(16))))


@pytest.mark.parametrize("case", EMBEDDING_CASES)
def test_rows_of_an_embedding_warm_started(
    lib: Any, tmp_path: Path, files: Files, case: str
) -> None:
    vocabs, words, buckets, old_words, rows = EMBEDDING_CASES[case]
    new_vocab, old_vocab = getattr(files, vocabs)
    model = lib.model({NAME: zeros(words + buckets, 16)}, {NAME: 2})
    info = lib.VocabInfo(
        new_vocab, words, buckets, old_vocab, old_words, lib.constant_initializer(FILL)
    )
    model.warm_start(str(tmp_path), var_name_to_vocab_info={NAME: info})
    expected = expected_matrix(rows, list(range(16)))
    assert_values(model, **{NAME: np.array_split(expected, 2)})


def test_rows_warm_started_with_a_part_of_nothing_but_buckets(
    lib: Any, tmp_path: Path, files: Files
) -> None:
    new_vocab, old_vocab = files.rows
    model = lib.model({NAME: zeros(10, 16)}, {NAME: 2})
    info = lib.VocabInfo(new_vocab, 5, 5, old_vocab, -1, lib.constant_initializer(FILL))
    model.warm_start(str(tmp_path), var_name_to_vocab_info={NAME: info})
    expected = expected_matrix([0, 1, 2, 3] + [-1] * 6, list(range(16)))
    assert_values(model, **{NAME: np.split(expected, 2)})


@pytest.mark.parametrize("fill", [FILL, None], ids=["given", "default"])
def test_columns_with_a_bucket_warm_started(
    lib: Any, tmp_path: Path, files: Files, fill: float | None
) -> None:
    new_vocab, old_vocab = files.cols
    model = lib.model({NAME: zeros(5, 5)}, {NAME: 2})
    initializer = None if fill is None else lib.constant_initializer(fill)
    info = lib.VocabInfo(new_vocab, 4, 1, old_vocab, -1, initializer, axis=1)
    model.warm_start(str(tmp_path), var_name_to_vocab_info={NAME: info})
    expected = expected_matrix(list(range(5)), COLS, fill or 0)
    assert_values(model, **{NAME: np.array_split(expected, 2)})


# The kernels

REMAPPINGS = {
    "the same words": ("old", 3, 0, -1, [0, 1, 2], 3),
    "another order": ("new", 3, 0, -1, [2, 0, 1], 3),
    "from an offset": ("new", 1, 1, -1, [0], 1),
    "few old words": ("new", 3, 0, 2, [-1, 0, 1], 2),
}


@pytest.mark.parametrize("case", REMAPPINGS)
def test_a_vocabulary_is_remapped(lib: Any, tmp_path: Path, case: str) -> None:
    write_vocab(tmp_path / "new", ["MISSING", "knitting", "eminem"], "\n")
    old = write_vocab(tmp_path / "old", ["knitting", "eminem", "MISSING"], "\n")
    name, count, offset, old_words, expected, expected_present = REMAPPINGS[case]
    remapping, present = lib.generate_vocab_remapping(
        new_vocab_file=str(tmp_path / name),
        old_vocab_file=old,
        num_new_vocab=count,
        new_vocab_offset=offset,
        old_vocab_size=old_words,
    )
    assert remapping.dtype == np.int64
    assert remapping.tolist() == expected
    assert present == expected_present


MATRIX_NAME = "some_scope/matrix"


@pytest.fixture
def matrix(lib: Any, tmp_path: Path) -> str:
    return save(lib, tmp_path, {MATRIX_NAME: EMBEDDINGS})


def remapped(lib: Any, path: Any, rows: Any, cols: Any, init: Any, **more: Any) -> np.ndarray:
    arguments = {
        "ckpt_path": path,
        "old_tensor_name": MATRIX_NAME,
        "row_remapping": rows,
        "col_remapping": cols,
        "initializing_values": init,
        "num_rows": len(rows),
        "num_cols": len(cols) or 16,
    }
    return lib.load_and_remap_matrix(**{**arguments, **more})


@pytest.mark.parametrize("kind", [str, lambda path: [path]], ids=["a path", "a list of one"])
@pytest.mark.parametrize(
    ("rows", "cols"),
    [([1, 0], []), ([0, 1, 2, 3, 4], [2, 0]), ([1, 0, 4], [1, 15])],
    ids=["rows", "columns", "both"],
)
def test_a_matrix_is_remapped(
    lib: Any, matrix: str, rows: list[int], cols: list[int], kind: Any
) -> None:
    found = remapped(lib, kind(matrix), rows, cols, [])
    np.testing.assert_array_equal(found, EMBEDDINGS[rows][:, cols or range(16)])


def test_missing_rows_and_columns_are_initialized(lib: Any, matrix: str) -> None:
    found = remapped(lib, matrix, [2, -1, 0], [1, -1], [42] * 4)
    np.testing.assert_array_equal(found, [[33, 42], [42, 42], [1, 42]])


@pytest.mark.parametrize(("cols", "width"), [([], 16), ([-1] * 4, 4)], ids=["rows", "both"])
def test_all_may_be_missing(lib: Any, matrix: str, cols: list[int], width: int) -> None:
    found = remapped(lib, matrix, [-1] * 7, cols, [42] * 7 * width)
    np.testing.assert_array_equal(found, np.full((7, width), 42))


def test_a_remapping_of_no_dimension_is_an_error(lib: Any) -> None:
    with pytest.raises((ValueError, lib.InvalidArgumentError), match="must be 1-D"):
        lib.load_and_remap_matrix(
            ckpt_path="/nowhere/model-0",
            old_tensor_name="/nowhere/model-0",
            row_remapping=np.int64(0),
            col_remapping=[3, 3, 3],
            initializing_values=zeros(0, 1),
            num_rows=1,
            num_cols=1,
        )


REPEATED = [1, 0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("rows", "cols"),
    [(REPEATED, []), ([0, 1, 2, 3, 4], REPEATED)],
    ids=["rows", "columns"],
)
def test_a_row_or_column_that_is_wanted_twice_is_unimplemented(
    lib: Any, matrix: str, rows: list[int], cols: list[int]
) -> None:
    with pytest.raises(lib.UnimplementedError):
        remapped(lib, matrix, rows, cols, [])


@pytest.mark.parametrize("count", [0, 5], ids=["too few", "too many"])
def test_another_number_of_initial_values_is_an_error(lib: Any, matrix: str, count: int) -> None:
    with pytest.raises(lib.InvalidArgumentError):
        remapped(lib, matrix, [2, -1, 0], [1, -1], [0] * count)


# For each: shape of the matrix, number of its parts (0: whole), rows at a time.
LIMITS = {
    "dividing the rows": ((9, 4), 0, 3),
    "not dividing the rows": ((9, 4), 0, 4),
    "more than the rows": ((9, 4), 0, 10),
    "none": ((6, 3), 0, -1),
    "as the parts": ((9, 4), 3, 3),
    "less than the parts": ((9, 4), 3, 1),
    "more than the parts": ((9, 4), 3, 10),
    "parts and none": ((9, 4), 3, -1),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_of_rows_changes_nothing(lib: Any, tmp_path: Path, limit: str) -> None:
    (rows, cols), parts, most = LIMITS[limit]
    value = np.arange(rows * cols).reshape(rows, cols)
    path = save(lib, tmp_path, {MATRIX_NAME: value}, in_parts(MATRIX_NAME, parts))
    more = {"num_cols": cols, "max_rows_in_memory": most}

    found = remapped(lib, path, list(range(rows))[::-1], [], [], **more)
    np.testing.assert_array_equal(found, value[::-1])

    # Neither the first row nor the last, but new ones before and after.
    wanted = [-1] * 2 + list(range(1, rows - 1)) + [-1] * 3
    found = remapped(lib, path, wanted, [], [42] * 5 * cols, **more)
    expected = np.vstack([np.full((2, cols), 42), value[1:-1], np.full((3, cols), 42)])
    np.testing.assert_array_equal(found, expected)

    found = remapped(lib, path, [-1] * 7, [], [42] * 7 * cols, **more)
    np.testing.assert_array_equal(found, np.full((7, cols), 42))
