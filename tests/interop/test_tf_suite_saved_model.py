"""What TensorFlow's own tests say of SavedModels and signatures (saved_model_test.py,
signature_def_utils_test.py, utils_test.py, simple_save_test.py, method_name_updater_test.py,
saved_model_utils_test.py), on both libraries by the same assertions.

`lib.load` loads with the library itself. Where something is to be run afterwards, `serve` lets
TensorFlow load what the library wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.saved_model import constants, signature_constants

import tfckpt
from interop.tf_suite import BOTH, Library, Model, node, serve

v1 = tf.compat.v1
KINDS = pytest.mark.parametrize("use_resource", [False, True], ids=["reference", "resource"])
FLOAT, INT32, STRING, INT64 = 1, 3, 7, 9


@pytest.fixture(params=BOTH, ids=str)
def lib(request: pytest.FixtureRequest) -> Library:
    return request.param


@pytest.fixture(autouse=True)
def graph_mode() -> Iterator[None]:
    """TensorFlow makes signatures only where a graph is being built."""
    with v1.Graph().as_default():
        yield


def variables(use_resource: bool = True, **values: Any) -> Callable[[], None]:
    def build() -> None:
        for name, value in values.items():
            v1.Variable(value, name=name, use_resource=use_resource)

    return build


def one(lib: Library, value: Any = 42, name: str = "v", use_resource: bool = True) -> Model:
    """A model of one variable."""
    return lib.model(variables(use_resource, **{name: value}))


def variable_values(loaded: Any) -> list[Any]:
    """The values of the collection of variables, in its order."""
    return [loaded.value(each.op.name) for each in loaded.graph.get_collection("variables")]


# --- saved_model_test.py: files


def test_whether_a_folder_may_be_a_saved_model(lib: Library, tmp_path: Path) -> None:
    assert lib.maybe_saved_model_directory(str(tmp_path)) is False
    builder = lib.builder(tmp_path / "model")
    lib.add_first(builder, one(lib), ["foo"])
    builder.save()
    assert lib.maybe_saved_model_directory(str(tmp_path / "model")) is True
    assert lib.maybe_saved_model_directory("complete_garbage") is False


def test_a_model_that_is_not_there(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    with pytest.raises(OSError, match=f"SavedModel file does not exist at: {folder}"):
        lib.load(folder, ["foo"])


@pytest.mark.parametrize("name", ["saved_model.pb", "saved_model.pbtxt"])
def test_a_file_that_is_no_model(lib: Library, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("invalid content")
    with pytest.raises(OSError, match=name):
        lib.load(tmp_path, ["foo"])


@KINDS
def test_a_model_is_saved_and_loaded(lib: Library, tmp_path: Path, use_resource: bool) -> None:
    builder = lib.builder(tmp_path / "model")
    lib.add_first(builder, one(lib, use_resource=use_resource), ["train"])
    builder.save()
    assert variable_values(lib.load(tmp_path / "model", ["train"])) == [42]
    assert serve(tmp_path / "model", ["train"]).value("v") == 42


def test_variables_come_first_and_once(lib: Library, tmp_path: Path) -> None:
    builder, model = lib.builder(tmp_path / "model"), one(lib)
    with pytest.raises(AssertionError):
        lib.add_next(builder, model, ["foo"])
    lib.add_first(builder, model, ["bar"])
    with pytest.raises(AssertionError):
        lib.add_first(builder, model, ["baz"])


def test_tags(lib: Library, tmp_path: Path) -> None:
    """Later graphs share the variables that were saved with the first."""
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, one(lib, 42), ["train"])
    others: list[tuple[int, list[str]]] = [
        (43, ["serve"]),
        (45, ["serve", "gpu"]),
        (45, ["serve", "tpu"]),
        (44, ["foo", "bar"]),
    ]
    for value, tags in others:
        lib.add_next(builder, one(lib, value), tags)
    builder.save()
    for tags in (["train"], *(tags for _, tags in others), ["foo", "bar", "foo"]):
        assert variable_values(lib.load(folder, tags)) == [42]
        assert serve(folder, tags).value("v") == 42
    for tags in (["INVALID"], ["foo", "baz"]):  # none, and only some of them
        with pytest.raises(RuntimeError):
            lib.load(folder, tags)


def test_graphs_with_fewer_variables(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(variables(v1=1, v2=2)), ["foo"])
    lib.add_next(builder, lib.model(variables(v2=3)), ["bar"])
    builder.save()
    assert variable_values(lib.load(folder, ["foo"])) == [1, 2]
    assert variable_values(lib.load(folder, ["bar"])) == [2]
    assert serve(folder, ["bar"]).value("v2") == 2


def test_a_graph_with_variables_that_were_not_saved(lib: Library, tmp_path: Path) -> None:
    """TensorFlow finds it out when the graph is loaded, tfckpt when it is added."""
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(variables(v1=1, v2=2)), ["foo"])
    if lib.name == "tensorflow":
        lib.add_next(builder, lib.model(variables(v3=4)), ["baz"])
        builder.save()
        with pytest.raises(lib.NotFound):
            lib.load(folder, ["baz"])
    else:  # docs/saved-model.md: weights that do not fit the graph are refused
        with pytest.raises(lib.NotFound):
            lib.add_next(builder, lib.model(variables(v3=4)), ["baz"])


def test_graphs_without_variables(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(lambda: tf.constant(5.0)), ["foo"])
    lib.add_next(builder, lib.model(lambda: tf.constant(6.0)), ["bar"])
    builder.save()
    for tag, value in (("foo", 5.0), ("bar", 6.0)):
        loaded = lib.load(folder, [tag])
        assert variable_values(loaded) == []
        assert lib.run(loaded.graph, "Const:0") == value
        assert serve(folder, [tag]).session.run("Const:0") == value


def test_a_model_is_not_overwritten(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, one(lib), ["foo"])
    builder.save(as_text=True)
    assert lib.load(folder, ["foo"]).value("v") == 42
    with pytest.raises(AssertionError):
        lib.builder(folder)


def test_as_text(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, one(lib, 42), ["foo"])
    lib.add_next(builder, one(lib, 43), ["bar"])
    builder.save(as_text=True)
    assert (folder / "saved_model.pbtxt").exists()
    for tag in ("foo", "bar"):
        assert variable_values(lib.load(folder, [tag])) == [42]


def test_collections_belong_to_their_graph(lib: Library, tmp_path: Path) -> None:
    def model(value: int, collection: str) -> Model:
        def build() -> None:
            v1.add_to_collection(collection, v1.Variable(value, name="v", use_resource=True))

        return lib.model(build)

    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, model(42, "foo_vars"), ["foo"])
    lib.add_next(builder, model(43, "bar_vars"), ["bar"])
    builder.save()
    for tag, other in (("foo", "bar"), ("bar", "foo")):
        loaded = lib.load(folder, [tag])
        (variable,) = loaded.graph.get_collection(f"{tag}_vars")
        assert loaded.value(variable.name.removesuffix(":0")) == 42
        assert loaded.graph.get_collection(f"{other}_vars") == []


# --- saved_model_test.py: signatures


def test_signatures_belong_to_their_graph(lib: Library, tmp_path: Path) -> None:
    def signature(method: str) -> Any:
        return lib.build_signature_def({}, {}, method)

    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, one(lib), ["foo"], signature_def_map={"foo_key": signature("foo")})
    both = {"bar_key": signature("bar"), "foo_key": signature("foo_new")}
    lib.add_next(builder, one(lib, 43), ["bar"], signature_def_map=both)
    builder.save()
    for tag, methods in (
        ("foo", {"foo_key": "foo"}),
        ("bar", {"bar_key": "bar", "foo_key": "foo_new"}),
    ):
        loaded = lib.load(folder, [tag])
        assert variable_values(loaded) == [42]
        found = loaded.meta_graph.signature_def
        assert {key: found[key].method_name for key in found} == methods


SIDES = pytest.mark.parametrize("side", ["inputs", "outputs"])


def signature_of(lib: Library, side: str, info: Any) -> Any:
    infos = {f"foo_{side}": info}
    return lib.build_signature_def(
        infos if side == "inputs" else {}, infos if side == "outputs" else {}, "foo"
    )


@SIDES
@pytest.mark.parametrize("info", ["dtype: DT_FLOAT", "name: 'x'", ""])
def test_a_tensor_info_that_says_too_little(
    lib: Library, tmp_path: Path, side: str, info: str
) -> None:
    signature = signature_of(lib, side, lib.message("TensorInfo", info))
    builder = lib.builder(tmp_path / "model")
    with pytest.raises(AssertionError):
        lib.add_first(builder, one(lib), ["foo"], signature_def_map={"foo_key": signature})


@pytest.mark.parametrize("key", [constants.INIT_OP_SIGNATURE_KEY, constants.TRAIN_OP_SIGNATURE_KEY])
def test_keys_of_signatures_that_are_taken(lib: Library, tmp_path: Path, key: str) -> None:
    info = lib.message("TensorInfo", "name: 'v:0' dtype: DT_FLOAT")
    signature = signature_of(lib, "outputs", info)
    builder = lib.builder(tmp_path / "model")
    with pytest.raises(KeyError):
        lib.add_first(builder, one(lib), ["foo"], signature_def_map={key: signature})


@SIDES
@pytest.mark.parametrize("form", ["name", "coo_sparse"])
@pytest.mark.parametrize("tensor", ["foo", "v:0"])
def test_a_tensor_info_of_a_name(
    lib: Library, tmp_path: Path, side: str, form: str, tensor: str
) -> None:
    parts = ("values", "indices", "dense_shape")
    names = "".join(f"{part}_tensor_name: '{tensor}' " for part in parts)
    text = f"name: '{tensor}'" if form == "name" else f"coo_sparse {{ {names} }}"
    text += " dtype: DT_FLOAT"
    signature = signature_of(lib, side, lib.message("TensorInfo", text))
    builder = lib.builder(tmp_path / "model")
    options = {"signature_def_map": {"foo_key": signature}}
    if lib.name == "tfckpt" and tensor == "foo":
        # docs/saved-model.md: a signature's tensors have to be in the graph
        with pytest.raises(ValueError, match="foo"):
            lib.add_first(builder, one(lib), ["foo"], **options)
    else:
        lib.add_first(builder, one(lib), ["foo"], **options)


@SIDES
def test_a_tensor_info_of_a_ragged_tensor(lib: Library, tmp_path: Path, side: str) -> None:
    made = []

    def build() -> None:
        v1.Variable(42, name="v", use_resource=True)
        made.append(v1.saved_model.build_tensor_info(tf.ragged.constant([[1, 2], [3]])))

    model = lib.model(build)
    info = lib.protos.TensorInfo.FromString(made[0].SerializeToString())
    options = {"signature_def_map": {"foo_key": signature_of(lib, side, info)}}
    builder = lib.builder(tmp_path / "model")
    lib.add_first(builder, model, ["foo"], **options)
    builder.save()
    signature = lib.load(tmp_path / "model", ["foo"]).meta_graph.signature_def["foo_key"]
    found = getattr(signature, side)[f"foo_{side}"]
    assert len(found.composite_tensor.components) == 2


# --- saved_model_test.py: assets


def assets(files: Sequence[tuple[Path, str]]) -> Callable[[], None]:
    """A variable, and constants that hold the paths of files: (path, name of the tensor)."""

    def build() -> None:
        v1.Variable(42, name="v", use_resource=True)
        for path, name in files:
            v1.add_to_collection("asset_filepaths", tf.constant(str(path), name=name))

    return build


def written(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    return folder / name


def asset_files(lib: Library, meta: Any, key: str) -> list[tuple[str, str]]:
    """The files that a graph lists as its assets, with the tensors that take them."""
    if key == "assets_list":
        found = list(meta.asset_file_def)
    else:
        packed = meta.collection_def[constants.ASSETS_KEY].any_list.value
        found = [lib.protos.AssetFileDef.FromString(each.value) for each in packed]
    return [(each.filename, each.tensor_info.name) for each in found]


def contents(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in sorted((folder / "assets").iterdir())}


# Both builders, and where they list the assets.
LISTS = pytest.mark.parametrize("key", ["assets_list", "assets_collection"])


@LISTS
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([("", "hello42.txt", "foo bar baz")], ["hello42.txt"]),
        (
            [("1", "hello42.txt", "foo bar bak"), ("2", "hello42.txt", "foo bar baz")],
            ["hello42.txt", "hello42.txt_1"],
        ),
        (
            [("", "hello42.txt", "foo bar baz"), ("", "hello42.txt", "foo bar baz")],
            ["hello42.txt", "hello42.txt"],
        ),
        (
            [("1", "hello42.txt", "foo bar baz"), ("2", "hello42.txt", "foo bar baz")],
            ["hello42.txt", "hello42.txt"],
        ),
        (
            [(str(i), "hello42.txt", f"foo bar baz {i}") for i in range(5)],
            ["hello42.txt", *(f"hello42.txt_{i}" for i in range(1, 5))],
        ),
    ],
    ids=["one", "other content", "the same path", "the same content", "many"],
)
def test_assets(
    lib: Library,
    tmp_path: Path,
    key: str,
    files: list[tuple[str, str, str]],
    expected: list[str],
) -> None:
    written(tmp_path, "ignored.txt", "will be ignored")
    tensors = ["asset_file_tensor", *(f"asset_file_tensor_{i}" for i in range(1, len(files)))]
    paths = [written(tmp_path / "in" / sub, name, content) for sub, name, content in files]
    model = lib.model(assets(list(zip(paths, tensors))))
    folder = tmp_path / "model"
    builder = lib.builder(folder, new=key == "assets_list")
    names = [f"{name}:0" for name in tensors]
    lib.add_first(builder, model, ["foo"], **{key: names})
    builder.save()
    meta = lib.load(folder, ["foo"]).meta_graph
    assert asset_files(lib, meta, key) == list(zip(expected, names))
    assert contents(folder) == dict(sorted({e: f[2] for e, f in zip(expected, files)}.items()))


@LISTS
def test_assets_of_two_graphs(lib: Library, tmp_path: Path, key: str) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder, new=key == "assets_list")
    for tag, add in (("foo", lib.add_first), ("bar", lib.add_next)):
        path = written(tmp_path / "in", f"{tag}.txt", f"content_{tag}")
        model = lib.model(assets([(path, "asset_file_tensor")]))
        add(builder, model, [tag], **{key: ["asset_file_tensor:0"]})
    builder.save()
    for tag in ("foo", "bar"):
        meta = lib.load(folder, [tag]).meta_graph
        assert asset_files(lib, meta, key) == [(f"{tag}.txt", "asset_file_tensor:0")]
    assert contents(folder) == {"bar.txt": "content_bar", "foo.txt": "content_foo"}


@LISTS
def test_assets_of_one_name_in_two_graphs(lib: Library, tmp_path: Path, key: str) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder, new=key == "assets_list")
    for tag, add in (("foo", lib.add_first), ("bar", lib.add_next)):
        path = written(tmp_path / tag, "foo.txt", f"content_{tag}")
        model = lib.model(assets([(path, "asset_file_tensor")]))
        add(builder, model, [tag], **{key: ["asset_file_tensor:0"]})
    builder.save()
    listed = [asset_files(lib, lib.load(folder, [tag]).meta_graph, key) for tag in ("foo", "bar")]
    assert listed[0] == [("foo.txt", "asset_file_tensor:0")]
    if lib.name == "tensorflow":
        assert listed[1] == [("foo.txt", "asset_file_tensor:0")]
        assert contents(folder) == {"foo.txt": "content_foo"}
    else:  # docs/saved-model.md: they get a name of their own
        assert listed[1] == [("foo.txt_1", "asset_file_tensor:0")]
        assert contents(folder) == {"foo.txt": "content_foo", "foo.txt_1": "content_bar"}


@LISTS
def test_an_asset_that_is_rewritten_between_two_graphs(
    lib: Library, tmp_path: Path, key: str
) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder, new=key == "assets_list")
    path = written(tmp_path, "foo.txt", "first")
    model = lib.model(assets([(path, "asset_file_tensor")]))
    lib.add_first(builder, model, ["foo"], **{key: ["asset_file_tensor:0"]})
    written(tmp_path, "foo.txt", "second")
    lib.add_next(builder, model, ["bar"], **{key: ["asset_file_tensor:0"]})
    builder.save()
    listed = [asset_files(lib, lib.load(folder, [tag]).meta_graph, key) for tag in ("foo", "bar")]
    assert listed[0] == [("foo.txt", "asset_file_tensor:0")]
    if lib.name == "tensorflow":
        assert contents(folder) == {"foo.txt": "first"}
    else:  # docs/saved-model.md: it gets a name of its own
        assert listed[1] == [("foo.txt_1", "asset_file_tensor:0")]
        assert contents(folder) == {"foo.txt": "first", "foo.txt_1": "second"}


# --- saved_model_test.py: operations that a loader runs, or names


def sum_into_v3(name: str, use_resource: bool = True) -> Callable[[], None]:
    def build() -> None:
        one, two, three = (
            v1.Variable(value, name=key, use_resource=use_resource)
            for key, value in (("v1", 1), ("v2", 2), ("v3", 42))
        )
        first = tf.group(v1.local_variables_initializer(), v1.tables_initializer(), name="first")
        with v1.control_dependencies([first]):
            tf.group(v1.assign(three, one + two), name=name)

    return build


@KINDS
@pytest.mark.parametrize("key", ["init_op", "main_op", "legacy_init_op"])
def test_an_init_op_runs_after_restoring(
    lib: Library, tmp_path: Path, key: str, use_resource: bool
) -> None:
    folder = tmp_path / "model"
    model = lib.model(sum_into_v3("custom_init_op", use_resource))
    builder = lib.builder(folder, new=key == "init_op")
    lib.add_first(builder, model, ["foo"], **{key: "custom_init_op"})
    builder.save()
    loaded = lib.load(folder, ["foo"])
    assert lib.init_op(loaded) == "custom_init_op"
    assert (loaded.value("v1"), loaded.value("v2")) == (1, 2)
    if lib.name == "tfckpt":  # docs/saved-model.md: nothing is run
        assert loaded.value("v3") == 42
    served = serve(folder, ["foo"])
    assert [served.value(name) for name in ("v1", "v2", "v3")] == [1, 2, 3]


def with_train_op(use_resource: bool) -> Callable[[], None]:
    def build() -> None:
        one, two = (
            v1.Variable(value, name=key, use_resource=use_resource)
            for key, value in (("v1", 1), ("v2", 2))
        )
        v1.assign_add(one, two, name="train")

    return build


def train_element(model: Model, use_resource: bool) -> str:
    """What `assign_add` returns: an operation for a resource, a reference otherwise."""
    kind = "AssignAddVariableOp" if use_resource else "AssignAdd"
    (op,) = [each for each in model.graph.get_operations() if each.type == kind]
    return op.name if use_resource else f"{op.name}:0"


@KINDS
def test_a_train_op(lib: Library, tmp_path: Path, use_resource: bool) -> None:
    build = with_train_op(use_resource)
    name = train_element(lib.model(build), use_resource)
    model = lib.model(build, run=[name])
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, model, ["foo"], train_op=name)
    builder.save()
    loaded = lib.load(folder, ["foo"])
    assert (loaded.value("v1"), loaded.value("v2")) == (3, 2)
    assert lib.train_op(loaded) == name
    element = loaded.graph.as_graph_element(name)
    if use_resource:
        assert element.type == "AssignAddVariableOp"
    else:
        assert element.op.type == "AssignAdd"


def test_a_train_op_that_is_a_group(lib: Library, tmp_path: Path) -> None:
    def build() -> None:
        variables(v1=1, v2=2)()
        tf.group(name="group")

    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(build), ["foo"], train_op="group")
    builder.save()
    loaded = lib.load(folder, ["foo"])
    assert (loaded.value("v1"), loaded.value("v2")) == (1, 2)
    assert lib.train_op(loaded) == "group"
    assert loaded.graph.get_operation_by_name("group").type == "NoOp"


@KINDS
def test_a_train_op_of_the_second_graph(lib: Library, tmp_path: Path, use_resource: bool) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(variables(use_resource, v1=1, v2=2)), ["pre_foo"])
    model = lib.model(with_train_op(use_resource))
    name = train_element(model, use_resource)
    lib.add_next(builder, model, ["foo"], train_op=name)
    builder.save()
    assert lib.train_op(lib.load(folder, ["foo"])) == name
    before = lib.load(folder, ["pre_foo"])
    assert lib.train_op(before) is None
    assert before.graph.get_collection(constants.TRAIN_OP_KEY) == []


def test_an_op_is_run_by_its_name(lib: Library, tmp_path: Path) -> None:
    """Variables on two processors, and one that is not saved."""

    def build() -> None:
        with tf.device("/cpu:0"):
            one = v1.Variable(1, name="v1", use_resource=True)
        with tf.device("/cpu:1"):
            two = v1.Variable(2, name="v2", use_resource=True)
        three = v1.Variable(1, name="v3", trainable=False, collections=[], use_resource=True)
        tf.group(v1.assign(three, one + two), name="init_op")

    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(build), ["foo"])
    builder.save()
    loaded = lib.load(folder, ["foo"])
    assert (loaded.value("v1"), loaded.value("v2")) == (1, 2)
    served = serve(folder, ["foo"])
    assert (served.value("v1"), served.value("v2")) == (1, 2)
    served.session.run("init_op")
    assert served.value("v3") == 3


@pytest.mark.parametrize("key", [constants.LEGACY_INIT_OP_KEY, constants.MAIN_OP_KEY])
@pytest.mark.parametrize("argument", ["legacy_init_op", "main_op"])
def test_a_graph_has_one_init_op(lib: Library, tmp_path: Path, key: str, argument: str) -> None:
    def build() -> None:
        one = v1.Variable(1, name="v1", use_resource=True)
        two = v1.Variable(42, name="v2", trainable=False, collections=[], use_resource=True)
        for each in (one, two):
            v1.add_to_collection("v", each)
        tf.group(v1.assign(two, one), name="init_op")
        v1.add_to_collection(key, tf.no_op())

    builder = lib.builder(tmp_path / "model", new=False)
    with pytest.raises(ValueError, match="Graph already contains"):
        lib.add_first(builder, lib.model(build), ["foo"], **{argument: "init_op"})


# --- saved_model_test.py: savers


def with_savers(count: int, name: str | None = None) -> tuple[Callable[[], None], list[Any]]:
    made: list[Any] = []

    def build() -> None:
        v1.Variable(1, name="v1", use_resource=True)
        made.extend(v1.train.Saver(name=name) for _ in range(count))

    return build, made


def saver_of(lib: Library, made: list[Any], name: str) -> Any:
    return made[-1] if lib.name == "tensorflow" else tfckpt.Saver(name=name)


def test_a_saver_of_ones_own(lib: Library, tmp_path: Path) -> None:
    build, made = with_savers(1, "my_saver")
    model = lib.model(build)
    builder = lib.builder(tmp_path / "model")
    lib.add_first(builder, model, ["tag"], saver=saver_of(lib, made, "my_saver"))
    builder.save()
    loaded = lib.load(tmp_path / "model", ["tag"])
    assert "my_saver/restore_all" in lib.names(loaded.graph)
    assert "save/restore_all" not in lib.names(loaded.graph)
    assert loaded.meta_graph.saver_def.restore_op_name == "my_saver/restore_all"
    assert serve(tmp_path / "model", ["tag"]).value("v1") == 1


def test_a_saver_in_the_graph_is_not_taken_unasked(lib: Library, tmp_path: Path) -> None:
    build, _ = with_savers(1, "my_saver")
    builder = lib.builder(tmp_path / "model")
    lib.add_first(builder, lib.model(build), ["tag"])
    builder.save()
    loaded = lib.load(tmp_path / "model", ["tag"])
    assert "my_saver/restore_all" in lib.names(loaded.graph)
    assert "save/restore_all" in lib.names(loaded.graph)
    assert loaded.meta_graph.saver_def.restore_op_name == "save/restore_all"
    assert serve(tmp_path / "model", ["tag"]).value("v1") == 1


def test_several_savers(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(with_savers(0)[0]), ["tag_0"])
    for number in (1, 2):
        build, made = with_savers(number + 1)
        model = lib.model(build)
        saver = saver_of(lib, made, f"save_{number}")
        lib.add_next(builder, model, [f"tag_{number}"], saver=saver)
    builder.save()
    for number, name in enumerate(("save", "save_1", "save_2")):
        meta = lib.load(folder, [f"tag_{number}"]).meta_graph
        assert meta.saver_def.restore_op_name == f"{name}/restore_all"
        assert serve(folder, [f"tag_{number}"]).value("v1") == 1


# --- saved_model_test.py: scopes, devices, attributes


def test_an_import_scope(lib: Library, tmp_path: Path) -> None:
    path = written(tmp_path / "in", "foo.txt", "content_foo")

    def build() -> None:
        assets([(path, "asset_file_tensor")])()
        tf.constant("constant value", name="constant_tensor_name")

    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(build), ["tag_name"], assets_list=["asset_file_tensor:0"])
    builder.save()
    loaded = lib.load(folder, ["tag_name"], import_scope="scope_name")
    (variable,) = loaded.graph.get_collection("variables")
    assert variable.name == "scope_name/v:0"
    assert loaded.value("scope_name/v") == 42
    (asset,) = loaded.graph.get_collection("asset_filepaths")
    assert asset.name == "scope_name/asset_file_tensor:0"
    assert lib.run(loaded.graph, asset.name) == str(path).encode()
    # What the message says is not in the scope.
    listed = asset_files(lib, loaded.meta_graph, "assets_list")
    assert listed == [("foo.txt", "asset_file_tensor:0")]
    assert contents(folder) == {"foo.txt": "content_foo"}
    text = "scope_name/constant_tensor_name:0"
    assert lib.run(loaded.graph, text) == b"constant value"


def test_devices_are_cleared(lib: Library, tmp_path: Path) -> None:
    def build() -> None:
        with tf.device("/cpu:1"):
            v1.Variable(42, name="v", use_resource=True)

    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(build), ["train"], clear_devices=True)
    builder.save()
    loaded = lib.load(folder, ["train"])
    assert {op.device for op in loaded.graph.get_operations()} == {""}
    assert loaded.value("v") == 42
    assert serve(folder, ["train"]).value("v") == 42


def test_an_attribute_without_default_that_is_missing(lib: Library, tmp_path: Path) -> None:
    def build() -> None:
        v1.Variable(1.0, dtype=tf.float64, name="var", use_resource=True)
        kind = v1.AttrValue(type=FLOAT)
        graph = v1.get_default_graph()
        graph._create_op_internal("TestAttr", [], None, name="test_attr", attrs={"T": kind})

    folder = tmp_path / "model"
    builder = lib.builder(folder)
    lib.add_first(builder, lib.model(build), ["foo"])
    path = Path(tf.compat.as_str(builder.save(as_text=True)))
    assert lib.load(folder, ["foo"]).value("var") == 1.0
    message = text_format.Parse(path.read_text(), saved_model_pb2.SavedModel())
    del node(message.meta_graphs[0].graph_def, "test_attr").attr["T"]
    path.write_text(text_format.MessageToString(message))
    with pytest.raises(ValueError, match=r"attrs? '?T'?"):
        lib.load(folder, ["foo"])


def complex_numbers() -> None:
    real, imag = (
        v1.Variable(value, dtype=tf.float32, name=name, use_resource=True)
        for name, value in (("real", 1.0), ("imag", 2.0))
    )
    tf.complex(real, imag, name="complex")


def test_defaults_are_stripped_and_come_back(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    builder = lib.builder(folder, new=False)
    lib.add_first(builder, lib.model(complex_numbers), ["foo"], strip_default_attrs=True)
    lib.add_next(builder, lib.model(complex_numbers), ["bar"], strip_default_attrs=False)
    builder.save(as_text=True)
    found = lib.load(folder, ["foo"]).graph.get_operation_by_name("complex").node_def
    assert {"T", "Tout"} <= set(found.attr)
    for meta in lib.parse_saved_model(str(folder)).meta_graphs:
        stripped = list(meta.meta_info_def.tags) == ["foo"]
        attrs = set(node(meta.graph_def, "complex").attr)
        assert bool({"T", "Tout"} & attrs) != stripped
        assert meta.meta_info_def.stripped_default_attrs == stripped


# --- saved_model_utils_test.py


def test_the_message_of_a_model_is_read(lib: Library, tmp_path: Path) -> None:
    builder = lib.builder(tmp_path / "model", new=False)
    lib.add_first(builder, one(lib), ["train"])
    builder.save()
    (meta,) = lib.parse_saved_model(str(tmp_path / "model")).meta_graphs
    assert list(meta.meta_info_def.tags) == ["train"]
    folder = tmp_path / "invalid_saved_model"
    with pytest.raises(OSError, match=f"SavedModel file does not exist at: {folder}"):
        lib.parse_saved_model(str(folder))


def test_the_tags_of_all_graphs_in_order(lib: Library, tmp_path: Path) -> None:
    expected = [["train"], ["serve"], ["serve", "gpu"], ["serve", "tpu"], ["foo", "bar"]]
    builder = lib.builder(tmp_path / "model", new=False)
    lib.add_first(builder, one(lib), expected[0])
    for number, tags in enumerate(expected[1:], 43):
        lib.add_next(builder, one(lib, number), tags)
    builder.save()
    found = lib.parse_saved_model(str(tmp_path / "model")).meta_graphs
    assert [list(meta.meta_info_def.tags) for meta in found] == expected


# --- signature_def_utils_test.py


def signature_graph(lib: Library) -> Any:
    def build() -> None:
        v1.placeholder(tf.float32, 1, name="x")
        v1.placeholder(tf.float32, name="y")
        tf.constant(1.0, name="w")
        for name, value in (
            ("input-1", "a"),
            ("input-2", "b"),
            ("text-1", "c"),
            ("text-2", "d"),
            ("float-1", 2.2),
            ("loss-1", 0.45),
            ("classes", [100]),
            ("metrics_val", 100.0),
        ):
            tf.constant(value, name=name)
        metric = v1.get_default_graph().get_tensor_by_name("metrics_val:0")
        tf.identity(metric, name="metrics_op")

    return lib.graph(build)


def check(info: Any, name: str, dtype: int, *dims: int) -> None:
    assert info.name == name
    assert info.dtype == dtype
    assert [dim.size for dim in info.tensor_shape.dim] == list(dims)


def test_a_signature_is_built(lib: Library) -> None:
    graph = signature_graph(lib)
    x, y, w = (graph.get_tensor_by_name(f"{name}:0") for name in "xyw")
    signature = lib.build_signature_def(
        {"foo-input": lib.build_tensor_info(x)},
        {"foo-output": lib.build_tensor_info(y)},
        "foo-method-name",
        {"w": w},
    )
    assert signature.method_name == "foo-method-name"
    assert (len(signature.inputs), len(signature.outputs)) == (1, 1)
    check(signature.inputs["foo-input"], "x:0", FLOAT, 1)
    check(signature.outputs["foo-output"], "y:0", FLOAT)
    assert len(signature.defaults) == 1
    assert signature.defaults["w"].dtype == FLOAT
    assert list(signature.defaults["w"].float_val) == [1.0]


def test_a_signature_of_a_regression(lib: Library) -> None:
    find = signature_graph(lib).get_tensor_by_name
    signature = lib.regression_signature_def(find("input-1:0"), find("float-1:0"))
    assert signature.method_name == signature_constants.REGRESS_METHOD_NAME
    assert (len(signature.inputs), len(signature.outputs)) == (1, 1)
    check(signature.inputs[signature_constants.REGRESS_INPUTS], "input-1:0", STRING)
    check(signature.outputs[signature_constants.REGRESS_OUTPUTS], "float-1:0", FLOAT)


def test_a_signature_of_a_classification(lib: Library) -> None:
    find = signature_graph(lib).get_tensor_by_name
    signature = lib.classification_signature_def(
        find("input-1:0"), find("text-1:0"), find("float-1:0")
    )
    assert signature.method_name == signature_constants.CLASSIFY_METHOD_NAME
    assert (len(signature.inputs), len(signature.outputs)) == (1, 2)
    check(signature.inputs[signature_constants.CLASSIFY_INPUTS], "input-1:0", STRING)
    outputs = signature.outputs
    check(outputs[signature_constants.CLASSIFY_OUTPUT_CLASSES], "text-1:0", STRING)
    check(outputs[signature_constants.CLASSIFY_OUTPUT_SCORES], "float-1:0", FLOAT)


def test_a_signature_of_a_prediction(lib: Library) -> None:
    find = signature_graph(lib).get_tensor_by_name
    inputs, outputs = ("input-1", "input-2"), ("text-1", "text-2")
    signature = lib.predict_signature_def(
        {name: find(f"{name}:0") for name in inputs}, {name: find(f"{name}:0") for name in outputs}
    )
    assert signature.method_name == signature_constants.PREDICT_METHOD_NAME
    assert sorted(signature.inputs) == sorted(inputs)
    assert sorted(signature.outputs) == sorted(outputs)
    for name in inputs:
        check(signature.inputs[name], f"{name}:0", STRING)
    for name in outputs:
        check(signature.outputs[name], f"{name}:0", STRING)


SUPERVISED = pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("supervised_train_signature_def", signature_constants.SUPERVISED_TRAIN_METHOD_NAME),
        ("supervised_eval_signature_def", signature_constants.SUPERVISED_EVAL_METHOD_NAME),
    ],
    ids=["train", "eval"],
)


def supervised(lib: Library) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], Any]:
    find = signature_graph(lib).get_tensor_by_name
    inputs = {name: find(f"{name}:0") for name in ("input-1", "input-2")}
    metrics = {"metrics/value": find("metrics_val:0"), "metrics/update_op": find("metrics_op:0")}
    return inputs, {"loss-1": find("loss-1:0")}, {"classes": find("classes:0")}, metrics


@SUPERVISED
def test_a_signature_for_training(lib: Library, kind: str, method: str) -> None:
    inputs, loss, predictions, metrics = supervised(lib)
    signature = getattr(lib.signature_def_utils, kind)(inputs, loss, predictions, metrics)
    assert signature.method_name == method
    assert len(signature.inputs) == 2
    for name in inputs:
        check(signature.inputs[name], f"{name}:0", STRING)
    assert len(signature.outputs) == 4
    check(signature.outputs["loss-1"], "loss-1:0", FLOAT)
    check(signature.outputs["classes"], "classes:0", INT32, 1)
    check(signature.outputs["metrics/value"], "metrics_val:0", FLOAT)
    check(signature.outputs["metrics/update_op"], "metrics_op:0", FLOAT)


@SUPERVISED
def test_a_signature_for_training_of_parts(lib: Library, kind: str, method: str) -> None:
    make = getattr(lib.signature_def_utils, kind)
    inputs, loss, predictions, metrics = supervised(lib)
    with pytest.raises(ValueError):
        make({}, loss=loss, predictions=predictions, metrics=metrics)
    signature = make(inputs, loss=loss)
    assert signature.method_name == method
    assert len(signature.outputs) == 1
    signature = make(inputs, metrics=metrics, loss=loss)
    assert signature.method_name == method
    assert len(signature.outputs) == 3


CLASSIFY = signature_constants.CLASSIFY_METHOD_NAME
REGRESS = signature_constants.REGRESS_METHOD_NAME
PREDICT = signature_constants.PREDICT_METHOD_NAME
VALIDITY: list[tuple[str, dict[str, int], dict[str, int], bool]] = [
    (CLASSIFY, {"inputs": STRING}, {"classes": STRING, "scores": FLOAT}, True),
    (CLASSIFY, {"inputs": STRING}, {"classes": STRING}, True),
    (CLASSIFY, {"inputs": STRING}, {"scores": FLOAT}, True),
    (REGRESS, {"inputs": STRING}, {"outputs": FLOAT}, True),
    (PREDICT, {"foo": STRING, "bar": FLOAT}, {"baz": STRING, "qux": FLOAT}, True),
    ("WRONG method name", {"inputs": STRING}, {"classes": STRING, "scores": FLOAT}, False),
    # wrong types
    (CLASSIFY, {"inputs": FLOAT}, {"classes": STRING, "scores": FLOAT}, False),
    (CLASSIFY, {"inputs": STRING}, {"classes": FLOAT, "scores": FLOAT}, False),
    (CLASSIFY, {"inputs": STRING}, {"classes": STRING, "scores": STRING}, False),
    # wrong keys
    (CLASSIFY, {}, {"classes": STRING, "scores": FLOAT}, False),
    (CLASSIFY, {"inputs_WRONG": STRING}, {"classes": STRING, "scores": FLOAT}, False),
    (CLASSIFY, {"inputs": STRING}, {"classes_WRONG": STRING, "scores": FLOAT}, False),
    (CLASSIFY, {"inputs": STRING}, {}, False),
    (CLASSIFY, {"inputs": STRING}, {"classes": STRING, "scores": FLOAT, "extra": STRING}, False),
    # wrong types
    (REGRESS, {"inputs": FLOAT}, {"outputs": FLOAT}, False),
    (REGRESS, {"inputs": STRING}, {"outputs": STRING}, False),
    # wrong keys
    (REGRESS, {}, {"outputs": FLOAT}, False),
    (REGRESS, {"inputs_WRONG": STRING}, {"outputs": FLOAT}, False),
    (REGRESS, {"inputs": STRING}, {"outputs_WRONG": FLOAT}, False),
    (REGRESS, {"inputs": STRING}, {}, False),
    (REGRESS, {"inputs": STRING}, {"outputs": FLOAT, "extra": STRING}, False),
    (PREDICT, {}, {"baz": STRING, "qux": FLOAT}, False),
    (PREDICT, {"foo": STRING, "bar": FLOAT}, {}, False),
]


@pytest.mark.parametrize(("method", "inputs", "outputs", "valid"), VALIDITY)
def test_whether_a_signature_is_valid(
    lib: Library, method: str, inputs: dict[str, int], outputs: dict[str, int], valid: bool
) -> None:
    def infos(types: dict[str, int]) -> dict[str, Any]:
        return {
            key: lib.protos.TensorInfo(name="foobar", dtype=kind) for key, kind in types.items()
        }

    signature = lib.build_signature_def(infos(inputs), infos(outputs), method)
    assert lib.is_valid_signature(signature) is valid


def test_a_signature_of_an_operation(lib: Library) -> None:
    graph = lib.graph(lambda: tf.add(1, 2, name="adding_1_and_2"))
    key = "adding_1_and_2_key"
    for name in ("adding_1_and_2", "adding_1_and_2:0"):
        with graph.as_default():
            element = graph.as_graph_element(name)
            signature = lib.signature_def_utils.op_signature_def(element, key)
            assert list(signature.outputs) == [key]
            assert signature.outputs[key].name == name
            found = lib.signature_def_utils.load_op_from_signature_def(signature, key)
        assert found.name == name
        assert found.graph is graph


def test_a_signature_of_an_operation_in_a_scope(lib: Library) -> None:
    graph = lib.graph(lambda: tf.add(1, 2, name="scope/added"))
    outside = lib.graph(lambda: tf.add(1, 2, name="added"))
    signature = lib.signature_def_utils.op_signature_def(outside.as_graph_element("added"), "k")
    with graph.as_default():
        load = lib.signature_def_utils.load_op_from_signature_def
        assert load(signature, "k", import_scope="scope").name == "scope/added"
        with pytest.raises(lib.NotFound):
            load(signature, "k")


# --- utils_test.py


def utils_graph(lib: Library) -> Any:
    def build() -> None:
        v1.placeholder(tf.float32, 1, name="x")
        tf.group([tf.constant(1, name="one"), tf.constant(2, name="two")], name="op_z")
        v1.placeholder(tf.int64, [None, 2], name="sparse/indices")
        v1.placeholder(tf.float32, [None], name="sparse/values")
        tf.constant([42, 69], tf.int64, name="sparse/shape")
        with v1.name_scope("foo/bar"):
            v1.placeholder(tf.float32, 1, name="x")

    return lib.graph(build)


def sparse_of(lib: Library, graph: Any) -> Any:
    parts = ("indices", "values", "shape")
    with graph.as_default():
        return lib.SparseTensor(*(graph.get_tensor_by_name(f"sparse/{part}:0") for part in parts))


def test_the_tensor_info_of_an_operation(lib: Library) -> None:
    info = lib.build_tensor_info_from_op(utils_graph(lib).get_operation_by_name("op_z"))
    check(info, "op_z", 0)


def test_the_tensor_info_of_a_tensor(lib: Library) -> None:
    info = lib.build_tensor_info(utils_graph(lib).get_tensor_by_name("x:0"))
    check(info, "x:0", FLOAT, 1)


def test_the_tensor_info_of_a_sparse_tensor(lib: Library) -> None:
    info = lib.build_tensor_info(sparse_of(lib, utils_graph(lib)))
    assert info.coo_sparse.values_tensor_name == "sparse/values:0"
    assert info.coo_sparse.indices_tensor_name == "sparse/indices:0"
    assert info.coo_sparse.dense_shape_tensor_name == "sparse/shape:0"
    assert info.dtype == FLOAT
    assert [dim.size for dim in info.tensor_shape.dim] == [42, 69]


def test_the_tensor_of_a_tensor_info(lib: Library) -> None:
    graph = utils_graph(lib)
    expected = graph.get_tensor_by_name("x:0")
    info = lib.build_tensor_info(expected)
    with graph.as_default():
        found = lib.get_tensor_from_tensor_info(info)
    assert type(found) is type(expected)
    assert found.name == "x:0"
    # Of another graph than the default one.
    with lib.Graph().as_default() as other:
        lib.add(other, "NoOp", name="other")
        found = lib.get_tensor_from_tensor_info(info, graph=graph)
    assert found.graph is graph
    assert found.name == "x:0"


def test_the_sparse_tensor_of_a_tensor_info(lib: Library) -> None:
    graph = utils_graph(lib)
    info = lib.build_tensor_info(sparse_of(lib, graph))
    with graph.as_default():
        found = lib.get_tensor_from_tensor_info(info)
    assert isinstance(found, lib.SparseTensor)
    assert found.values.name == "sparse/values:0"
    assert found.indices.name == "sparse/indices:0"
    assert found.dense_shape.name == "sparse/shape:0"


def test_the_ragged_tensor_of_a_tensor_info(lib: Library) -> None:
    made: list[Any] = []

    def build() -> None:
        ragged = tf.ragged.constant([[1, 2], [3]], name="x")
        info = v1.saved_model.build_tensor_info(ragged)
        made[:] = [info, ragged.values.name, ragged.row_splits.name]

    graph = lib.graph(build)
    info = lib.protos.TensorInfo.FromString(made[0].SerializeToString())
    kinds = [each.dtype for each in info.composite_tensor.components]
    assert kinds == [INT32, INT64]
    with graph.as_default():
        found = lib.get_tensor_from_tensor_info(info)
    if lib.name == "tensorflow":
        found = [found.values, found.row_splits]
    # A composite tensor is a list of its components in tfckpt, which has no classes for them.
    assert [each.name for each in found] == made[1:]


def test_the_tensor_of_a_tensor_info_in_a_scope(lib: Library) -> None:
    graph = utils_graph(lib)
    info = lib.message("TensorInfo", "name: 'bar/x:0' dtype: DT_FLOAT")
    with graph.as_default():
        found = lib.get_tensor_from_tensor_info(info, import_scope="foo")
    assert found.name == "foo/bar/x:0"


def test_a_tensor_info_of_no_tensor(lib: Library) -> None:
    graph = utils_graph(lib)
    info = lib.build_tensor_info(graph.get_tensor_by_name("x:0"))
    info.name = "blah:0"
    with graph.as_default(), pytest.raises(KeyError):
        lib.get_tensor_from_tensor_info(info)
    info.ClearField("name")
    with graph.as_default(), pytest.raises(ValueError):
        lib.get_tensor_from_tensor_info(info)


# --- simple_save_test.py


@KINDS
@pytest.mark.parametrize("given", ["variables", "tensors"])
def test_simple_save(lib: Library, tmp_path: Path, use_resource: bool, given: str) -> None:
    model = lib.model(variables(use_resource, var_x=1, var_y=2))
    found = {each.op.name: each for each in model.graph.get_collection("variables")}
    x, y = (found[name] for name in ("var_x", "var_y"))
    if given == "tensors":
        x, y = (model.graph.as_graph_element(each.name) for each in (x, y))
    lib.simple_save(model, tmp_path / "model", {"x": x}, {"y": y})
    loaded = lib.load(tmp_path / "model", ["serve"])
    assert variable_values(loaded) == [1, 2]
    restored = loaded.graph.get_collection("variables")
    for each, old in zip(restored, model.graph.get_collection("variables"), strict=True):
        assert each.name == old.name
        assert each.dtype == old.dtype
        assert tuple(each.shape) == tuple(old.shape) == ()
    signatures = loaded.meta_graph.signature_def
    assert list(signatures) == [signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    signature = signatures["serving_default"]
    assert signature.method_name == signature_constants.PREDICT_METHOD_NAME
    assert (len(signature.inputs), len(signature.outputs)) == (1, 1)
    for info, name in ((signature.inputs["x"], "var_x:0"), (signature.outputs["y"], "var_y:0")):
        assert info.name == name
        assert not info.tensor_shape.dim
        if given == "variables" or not use_resource:
            assert info.dtype % 100 == INT32


# --- method_name_updater_test.py


def two_graphs(**methods: str) -> str:
    """A SavedModel as text: graphs with the signatures serving_default, and foo or bar."""

    def signature(key: str, method: str, dims: str) -> str:
        return f"""
        signature_def {{
          key: "{key}"
          value {{
            inputs {{ key: "inputs" value {{ name: "input_node:0" }} }}
            method_name: "{method}"
            outputs {{
              key: "outputs" value {{ dtype: DT_FLOAT tensor_shape {{ {dims} }} }}
            }}
          }}
        }}
        """

    def graph(tags: str, *signatures: str) -> str:
        return f"meta_graphs {{ meta_info_def {{ {tags} }} {''.join(signatures)} }}"

    def method(key: str) -> str:
        return methods.get(key, "predict")

    free, hundred, single = (f"dim {{ size: {size} }}" for size in (-1, 100, 1))
    return "saved_model_schema_version: 1 " + "".join(
        [
            graph(
                'tags: "serve"',
                signature("serving_default", method("serving_default"), free + hundred),
                signature("foo", method("foo"), single),
            ),
            graph(
                'tags: "serve" tags: "gpu"',
                signature("serving_default", method("serving_default"), free),
                signature("bar", method("bar"), single),
            ),
        ]
    )


def saved_model(lib: Library, folder: Path, *, as_text: bool) -> str:
    message = lib.message("SavedModel", two_graphs())
    if as_text:
        (folder / "saved_model.pbtxt").write_text(str(message))
    else:
        (folder / "saved_model.pb").write_bytes(message.SerializeToString(deterministic=True))
    return str(folder)


def test_a_method_is_replaced_in_all_graphs(lib: Library, tmp_path: Path) -> None:
    folder = saved_model(lib, tmp_path, as_text=False)
    updater = lib.MethodNameUpdater(folder)
    updater.replace_method_name(signature_key="serving_default", method_name="classify")
    updater.save()
    expected = lib.message("SavedModel", two_graphs(serving_default="classify"))
    assert lib.parse_saved_model(folder) == expected


def test_methods_are_replaced_by_tags_into_a_new_folder(lib: Library, tmp_path: Path) -> None:
    folder = saved_model(lib, tmp_path, as_text=True)
    updater = lib.MethodNameUpdater(folder)
    updater.replace_method_name(signature_key="foo", method_name="regress", tags="serve")
    updater.replace_method_name(signature_key="bar", method_name="classify", tags=["gpu", "serve"])
    new = tmp_path / "new"
    new.mkdir()
    updater.save(str(new))
    assert (new / "saved_model.pbtxt").exists()
    expected = lib.message("SavedModel", two_graphs(foo="regress", bar="classify"))
    assert lib.parse_saved_model(str(new)) == expected
    assert lib.parse_saved_model(folder) == lib.message("SavedModel", two_graphs())


def test_methods_that_cannot_be_replaced(lib: Library, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        lib.MethodNameUpdater(str(tmp_path))
    updater = lib.MethodNameUpdater(saved_model(lib, tmp_path, as_text=False))
    with pytest.raises(ValueError, match="`signature_key` must be defined"):
        updater.replace_method_name(signature_key=None, method_name="classify")
    with pytest.raises(ValueError, match="`method_name` must be defined"):
        updater.replace_method_name(signature_key="foobar", method_name="")
    with pytest.raises(ValueError, match=r"\['gpu'\]"):
        updater.replace_method_name(signature_key="bar", method_name="classify", tags=["gpu"])
    with pytest.raises(ValueError, match=r"\['serve'\].*'baz'"):
        updater.replace_method_name(signature_key="baz", method_name="classify", tags=["serve"])
