"""tfckpt.compat: how ``import tensorflow`` is made, and what is said of what is not there."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt import compat
from tfckpt.compat import table

HERE = Path(__file__).parent


@pytest.fixture
def tf() -> Iterator[Any]:
    with compat.tensorflow(force=True):
        yield importlib.import_module("tensorflow")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tfckpt.compat", "--force", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=env)


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "program.py"
    path.write_text(text)
    return str(path)


# --- entering


def test_the_block_ends() -> None:
    before = importlib.util.find_spec("tensorflow")
    with compat.tensorflow(force=True) as done:
        assert done
        import tensorflow

        assert tensorflow.train.load_checkpoint
    assert importlib.util.find_spec("tensorflow") == before


def test_install_and_uninstall() -> None:
    if importlib.util.find_spec("tensorflow") is not None:
        assert compat.install() is False
        return
    try:
        assert compat.install() is True
        assert compat.install() is True
        assert importlib.import_module("tensorflow").__name__ == "tensorflow"
    finally:
        compat.uninstall()
    assert importlib.util.find_spec("tensorflow") is None


def test_tensorflow_itself_stays_untouched(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("real = True\n")
    program = script(tmp_path, "import tensorflow; print(tensorflow.real)")
    command = [sys.executable, "-m", "tfckpt.compat", program]
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.stdout == "True\n"
    assert "TensorFlow is installed, and used" in done.stderr


def test_modules_have_specs(tf: Any) -> None:
    for name in ("tensorflow", "tensorflow.compat.v1", "tensorflow.python.framework.dtypes"):
        module = importlib.import_module(name)
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.loader is not None
        assert module.__spec__ is not None and module.__spec__.name == name
        assert module.__file__
    assert importlib.util.find_spec("tensorflow.keras") is None
    assert importlib.util.find_spec("tensorflow.data") is None


def test_no_distribution_is_claimed(tf: Any) -> None:
    assert tf.__version__.startswith("2.")
    if "tensorflow" not in {one.name for one in metadata.distributions()}:
        with pytest.raises(metadata.PackageNotFoundError):
            metadata.version("tensorflow")


def test_tensorboard_is_told_that_there_is_none(tf: Any) -> None:
    spec = compat.finder.FINDER.find_spec("tensorboard.compat.notf", None)
    assert spec is not None
    assert compat.finder.FINDER.find_spec("tensorboard.compat.tf", None) is None


def test_the_same_module_by_two_names_has_the_same_symbols(tf: Any) -> None:
    import tensorflow.compat.v1 as v1
    from tensorflow.python.framework import errors_impl
    from tensorflow.train import Saver

    assert v1.train.Saver is tf.train.Saver is Saver
    assert errors_impl.NotFoundError is tf.errors.NotFoundError
    assert v1.float32 is tf.float32 is tf.dtypes.float32


def test_every_symbol_is_there_and_says_what_it_does(tf: Any) -> None:
    for name, symbol in table.symbols().items():
        value: Any = tf
        for part in name.split("."):
            value = getattr(value, part)
        assert value is getattr(importlib.import_module(f"tfckpt.{symbol.home}"), symbol.attribute)
        if callable(value) and symbol.home != "protos":
            assert value.__doc__, name


def test_the_documentation_lists_every_symbol() -> None:
    text = (HERE.parent / "docs" / "reference" / "compat.md").read_text()
    missing = [name for name in table.symbols() if f"`{name}`" not in text]
    assert not missing


def test_entering_costs_what_importing_the_library_does() -> None:
    code = (
        "import sys, tfckpt.compat; tfckpt.compat.install(force=True); import tensorflow;"
        "print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "google.protobuf", "ml_dtypes", "absl"} & set(out.stdout.split())


# --- what is not there


def test_a_program_that_needs_tensorflow_is_told_where(tmp_path: Path) -> None:
    program = script(tmp_path, "import tensorflow as tf\n\nx = tf.nn.relu(3)\n")
    done = run(program)
    assert done.returncode == 1
    assert "tensorflow.nn needs TensorFlow itself" in done.stderr
    assert f"asked for by {program}, line 3" in done.stderr
    assert "x = tf.nn.relu(3)" in done.stderr
    assert "Traceback" not in done.stderr


def test_attributes_that_are_not_there_are_probed_for(tf: Any) -> None:
    assert not hasattr(tf, "nn")
    assert getattr(tf, "function", None) is None
    with pytest.raises(AttributeError, match=r"Did you mean tensorflow\.train\.Saver"):
        tf.train.Savr
    with pytest.raises(compat.NeedsTensorFlow) as caught:
        tf.matmul
    assert caught.value.symbol == "tensorflow.matmul"
    assert "test_compat.py, line" in caught.value.asked_by


def test_keras_is_no_import(tf: Any) -> None:
    with pytest.raises(ImportError, match=r"tensorflow\.keras"):
        from tensorflow import keras  # noqa: F401
    with pytest.raises(ImportError):
        importlib.import_module("tensorflow.keras.layers")
    assert tf.keras.backend.clear_session
    with pytest.raises(AttributeError):
        tf.keras.Model


def test_a_module_may_name_what_it_never_uses(
    tf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
import tensorflow as tf
from tensorflow.python.training import moving_averages
from tensorflow.contrib.layers.python import anything

class Model(tf.keras.Model):
    pass

@tf.function(autograph=False)
def step(x: tf.data.Dataset) -> "int":
    return x

DEFAULT = tf.nn.relu
lines = tf.train.list_variables

def use():
    return tf.nn.relu(1)
"""
    (tmp_path / "model_of_a_stranger.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("model_of_a_stranger")
    assert module.lines is tf.train.list_variables
    for action in (
        module.Model,
        lambda: module.step(1),
        lambda: module.DEFAULT(1),
        module.use,
        lambda: module.moving_averages.assign_moving_average,
        lambda: module.anything.thing(),
    ):
        with pytest.raises(compat.NeedsTensorFlow, match="asked for by"):
            action()
    assert not isinstance(3, module.DEFAULT)


def test_arithmetic_is_not_done(tf: Any) -> None:
    for action in (lambda: tf.constant(1) + 1, lambda: tf.Variable(1.0) * 2):
        with pytest.raises(compat.NeedsTensorFlow, match="numpy does it"):
            action()


def test_arguments_that_mean_computing_are_refused(tf: Any) -> None:
    with pytest.raises(compat.NeedsTensorFlow, match="partitioner="):
        tf.get_variable("w", [2], partitioner=lambda: None)


def test_random_initial_values_are_no_values(tf: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.get_variable("w", [2])
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.FailedPreconditionError):
            session.run(variable)
        session.run(variable.assign([1.0, 2.0]))
        assert session.run(variable).tolist() == [1, 2]


def test_an_op_of_a_graph_is_not_run(tf: Any, golden: Path) -> None:
    path = f"{golden}/trained/model.ckpt-60"
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(path + ".meta")
        session.run(tf.global_variables_initializer())  # its random numbers are left out
        saver.restore(session, path)
        with pytest.raises(compat.NeedsTensorFlow, match=r"MatMul|AddV2"):
            session.run("add:0")


def test_devices_are_parted_and_options_set_to_no_effect(tf: Any) -> None:
    assert tf.config.list_physical_devices("GPU") == []
    half = tf.config.LogicalDeviceConfiguration(memory_limit=1024)
    tf.config.set_logical_device_configuration("gpu", [half, half])
    tf.config.experimental.set_virtual_device_configuration("gpu", [half])
    tf.config.optimizer.set_jit(True)
    tf.config.optimizer.set_experimental_options({"constant_folding": False})
    tf.config.experimental.enable_op_determinism()
    assert half.memory_limit == 1024


def test_a_value_goes_into_several_collections(tf: Any) -> None:
    with tf.Graph().as_default():
        tf.add_to_collections(["a", "b", "a"], 1)
        tf.add_to_collections("ab", 2)
        assert [tf.get_collection(name) for name in ("a", "b", "ab")] == [[1], [1], [2]]


def test_a_file_in_another_encoding(tf: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xe9\n")
    file_io = importlib.import_module("tensorflow.python.lib.io.file_io")
    with file_io.FileIO(str(tmp_path / "f"), "r", encoding="latin-1") as file:
        assert file.read() == "é\n"


# --- errors


def test_errors_are_of_both_kinds(tf: Any, golden: Path) -> None:
    reader = tf.train.load_checkpoint(f"{golden}/trained/model.ckpt-60")
    with pytest.raises(tf.errors.NotFoundError) as caught:
        reader.get_tensor("linear/kernal")
    error = caught.value
    assert isinstance(error, KeyError) and isinstance(error, tfckpt.errors.TensorNotFoundError)
    assert error.error_code == tf.errors.NOT_FOUND and error.node_def is None
    assert "did you mean 'linear/kernel'" in str(error) and error.tensor == "linear/kernal"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error)


@pytest.mark.parametrize(
    ("action", "theirs", "pythons"),
    [
        (lambda tf: tf.train.load_checkpoint("/nowhere/m"), "NotFoundError", FileNotFoundError),
        (lambda tf: tf.train.import_meta_graph("/nowhere.meta"), "NotFoundError", OSError),
        (lambda tf: tf.io.gfile.remove("/nowhere"), "NotFoundError", FileNotFoundError),
        (lambda tf: tf.io.gfile.listdir("/nowhere"), "NotFoundError", FileNotFoundError),
    ],
)
def test_what_python_programs_catch(tf: Any, action: Any, theirs: str, pythons: type) -> None:
    with pytest.raises(pythons) as caught:
        action(tf)
    assert isinstance(caught.value, getattr(tf.errors, theirs))


def test_damage_is_data_loss(tf: Any, tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": np.zeros(2)})
    Path(f"{path}.index").write_bytes(b"x" * 100)
    with pytest.raises(tf.errors.DataLossError):
        tf.train.list_variables(path)


# --- the command


def test_a_module_is_run(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "m", {"w": np.float32([1, 2])})
    done = run("-m", "tensorflow.python.tools.inspect_checkpoint", f"--file_name={tmp_path / 'm'}")
    assert done.stdout == "w (DT_FLOAT) [2]\n\n# Total number of params: 2\n"


def test_saved_model_cli(golden: Path) -> None:
    tool = "tensorflow.python.tools.saved_model_cli"
    done = run("-m", tool, "show", "--dir", f"{golden}/saved_model", "--tag_set", "serve")
    assert 'SignatureDef key: "serving_default"' in done.stdout
    done = run("-m", tool, "run", "--dir", f"{golden}/saved_model")
    assert done.returncode == 1 and "saved_model_cli run needs TensorFlow" in done.stderr


def test_the_exit_status_is_the_programs(tmp_path: Path) -> None:
    assert run(script(tmp_path, "import sys, tensorflow; sys.exit(7)")).returncode == 7


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere.py"], "there is no file 'nowhere.py' (a module is run by -m)"),
        (["-m", "no_such_module"], "there is no module 'no_such_module'"),
        (["-m", "json.no_such_module"], "there is no module 'json.no_such_module'"),
        (["-m", "no_such_package.module"], "there is no module 'no_such_package.module'"),
        ([], "which program?"),
    ],
)
def test_a_program_that_there_is_not(arguments: list[str], problem: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"python -m tfckpt.compat: error: {problem}"
    assert "Traceback" not in done.stderr


def test_arguments_and_the_folder_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("value = 5\n")
    text = "import sys, beside, tensorflow; print(sys.argv[1:], beside.value)"
    done = run(script(tmp_path, text), "-a", "--b")
    assert done.stdout == "['-a', '--b'] 5\n"


def test_child_processes_have_it(tmp_path: Path) -> None:
    text = """
import multiprocessing
import subprocess
import sys

def work(path):
    import tensorflow as tf
    return tf.train.list_variables(path)

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(work, [sys.argv[1]]))
    code = "import tensorflow as tf; print(tf.train.latest_checkpoint('.'))"
    print(subprocess.check_output([sys.executable, "-c", code], text=True))
"""
    tfckpt.save(tmp_path / "m", {"w": np.zeros(2)})
    done = run(script(tmp_path, text), str(tmp_path / "m"))
    assert done.stdout == "[[('w', [2])]]\nNone\n\n", done.stderr


def test_a_folder_for_the_environment(tmp_path: Path) -> None:
    folder = subprocess.run(
        [sys.executable, "-m", "tfckpt.compat", "--path"], capture_output=True, text=True
    ).stdout.strip()
    assert folder == compat.path()
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    code = "import tensorflow as tf, sys; print(tf.train.Saver, sys.modules['tensorflow'] is tf)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout == "<class 'tfckpt.compat.saving.Saver'> True\n", done.stderr


def test_tensorboard_finds_none_in_that_folder_either(tmp_path: Path) -> None:
    """A program of the shape of TensorBoard's own: it takes TensorFlow if it can be imported."""
    (tmp_path / "tensorboard").mkdir()
    (tmp_path / "tensorboard" / "__init__.py").write_text("")
    (tmp_path / "tensorboard" / "compat.py").write_text(
        """
try:
    import tensorboard.compat.notf
    found = "a sign that there is none"
except ImportError:
    try:
        import tensorflow
        found = "TensorFlow"
    except ImportError:
        found = "nothing"
"""
    )
    code = "import tensorboard.compat, tensorflow as tf; print(tensorboard.compat.found, tf.train)"
    paths = [compat.path(), str(tmp_path), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.startswith("nothing <module 'tensorflow.train'"), done.stderr


def test_freeze_graph_from_the_command_line(golden: Path, tmp_path: Path) -> None:
    path, frozen = f"{golden}/trained/model.ckpt-60", tmp_path / "frozen.pb"
    done = run(
        *("-m", "tensorflow.python.tools.freeze_graph", f"--input_meta_graph={path}.meta"),
        *(f"--input_checkpoint={path}", "--output_node_names=add", f"--output_graph={frozen}"),
    )
    assert done.returncode == 0, done.stderr
    ops = sorted(node.op for node in tfckpt.read_graph_def(frozen).node)
    assert ops == ["AddV2", "Const", "Const", "Const", "Identity", "Identity", "MatMul"]


def test_inspect_checkpoint_from_the_command_line(tmp_path: Path) -> None:
    tool = ("-m", "tensorflow.python.tools.inspect_checkpoint")
    path = tfckpt.save(tmp_path / "m", {"w": np.float32([1.25, 2]), "b": np.int32(3)})
    options = ("--printoptions", "precision=1", "suppress=true")
    done = run(*tool, f"--file_name={path}", "--tensor_name=w", *options)
    assert done.stdout.splitlines() == [
        "tensor: w (float32) [2]",
        "[1.2 2. ]",
        "# Total number of params: 3",
    ]
    done = run(*tool, f"--file_name={path}", "--all_tensor_names", "--count_exclude_pattern=b")
    assert done.stdout.splitlines()[-2:] == [
        "# Excluding 1 tensors (1 params) that match b when counting.",
        "# Total number of params: 2",
    ]
    assert "/nowhere/m" in run(*tool, "--file_name=/nowhere/m").stdout
    assert run(*tool).stderr.startswith("Usage: inspect_checkpoint --file_name=")
    assert "sets no print option" in run(*tool, "--printoptions", "colour=1").stderr


def test_saved_model_cli_shows_all(golden: Path) -> None:
    tool = ("-m", "tensorflow.python.tools.saved_model_cli", "show", "--dir")
    folder = f"{golden}/saved_model"
    done = run(*tool, folder)
    assert done.stdout.splitlines() == [
        "The given SavedModel contains the following tag-sets:",
        "'serve'",
    ]
    done = run(*tool, folder, "--all")
    assert "\nsignature_def['serving_default']:\n" in done.stdout
    assert "Method name is: tensorflow/serving/predict" in done.stdout
    done = run(*tool, folder, "--tag_set", "serve", "--signature_def", "serving_default")
    assert done.stdout.startswith("The given SavedModel SignatureDef contains the following input")
    assert "dtype: DT_FLOAT" in done.stdout
    done = run(*tool, folder, "--tag_set", "serve", "--signature_def", "none")
    assert done.returncode == 1 and 'Could not find signature "none"' in done.stderr


# --- flags, which are absl's where that is installed


without_absl = pytest.mark.skipif(
    importlib.util.find_spec("absl") is not None, reason="absl is installed, and used"
)


@pytest.fixture
def flags(tf: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, with no flag defined."""
    module = importlib.import_module("tfckpt.compat.flags")
    monkeypatch.setattr(module, "FLAGS", module.FlagValues())
    return module


@without_absl
def test_flags_of_every_kind(flags: Any) -> None:
    flags.DEFINE_string("text", "a", "Some text.")
    flags.DEFINE_integer("number", "0x10", "A number.", lower_bound=0)
    flags.DEFINE_multi_string("several", ["x"], "Any number of them.")
    flags.DEFINE_spaceseplist("spaced", None, "Words.")
    flags.DEFINE_bool("yes", False, "Whether.")
    flags.DEFINE_enum("kind", "p", ["p", "q"], "One of two.")
    line = ["prog", "--text=b", "rest", "--several=1", "--several", "2", "--yes", "--spaced=u v"]
    assert flags.FLAGS([*line, "--", "--kind=q"]) == ["prog", "rest", "--kind=q"]
    assert flags.FLAGS.flag_values_dict() == {
        "text": "b",
        "number": 16,
        "several": ["1", "2"],
        "spaced": ["u", "v"],
        "yes": True,
        "kind": "p",
    }
    assert flags.FLAGS.is_parsed() and len(flags.FLAGS) == 6 and "text" in flags.FLAGS
    assert next(iter(flags.FLAGS)) == "text" and flags.FLAGS["text"].help == "Some text."
    flags.FLAGS.text = "c"
    assert flags.FLAGS.text == "c"


@without_absl
def test_flags_are_read_when_the_first_is_asked_for(
    flags: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags.DEFINE_float("rate", 0.5, "A rate.")
    monkeypatch.setattr(sys, "argv", ["prog", "--rate", "0.25"])
    assert flags.FLAGS.rate == 0.25


@without_absl
@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (["--none=1"], "Unknown command line flag 'none'"),
        (["--number"], "Missing value for flag --number"),
        (["--number=x"], "flag --number=x: invalid literal"),
        (["--yes=perhaps"], "flag --yes=perhaps: .*Non-boolean argument"),
        (["--kind=r"], r"flag --kind=r: value should be one of <p\|q>"),
        ([], "Flag --needed must have a value other than None"),
    ],
)
def test_flags_that_are_wrong(flags: Any, line: list[str], problem: str) -> None:
    flags.DEFINE_integer("number", 1, "A number.")
    flags.DEFINE_boolean("yes", False, "Whether.")
    flags.DEFINE_enum("kind", "p", ["p", "q"], "One of two.")
    flags.DEFINE_string("needed", None, "What must be given.")
    flags.mark_flags_as_required(["needed"])
    with pytest.raises(flags.Error, match=problem):
        flags.FLAGS(["prog", *line])
    for action in (lambda: flags.FLAGS.none, lambda: setattr(flags.FLAGS, "none", 1)):
        with pytest.raises(AttributeError, match="none"):
            action()


@without_absl
def test_unknown_flags_stay_where_that_is_wanted(flags: Any) -> None:
    flags.DEFINE_bool("yes", True, "Whether.")
    left = flags.FLAGS(["prog", "--other=1", "--noyes"], known_only=True)
    assert left == ["prog", "--other=1"]
    assert flags.FLAGS.yes is False


@without_absl
def test_an_app_runs_and_its_mistakes_are_told(
    flags: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    flags.DEFINE_integer("number", 1, "A number.")
    with pytest.raises(SystemExit) as end:
        flags.run(lambda argv: len(argv) + flags.FLAGS.number, ["prog", "--number=4", "rest"])
    assert end.value.code == 6
    with pytest.raises(SystemExit) as end:
        flags.run(print, ["prog", "--nothing"])
    assert end.value.code == 1
    assert "FATAL Flags parsing error: Unknown command line flag" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        flags.run(print, ["prog", "--help"])
    assert "--number: A number. (default: 1)" in capsys.readouterr().out


def test_flags_are_those_of_absl_where_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "absl").mkdir()
    (tmp_path / "absl" / "__init__.py").write_text("")
    (tmp_path / "absl" / "flags.py").write_text(
        """
class FlagValues(dict):
    parsed = False
    def is_parsed(self):
        return self.parsed
    def __call__(self, argv):
        self.parsed = True
        self.update(text.split("=") for text in argv[1:])
        return argv[:1]
    def __getattr__(self, name):
        return self[name]
    def __setattr__(self, name, value):
        if name != "parsed":
            self[name] = value
        else:
            dict.__setattr__(self, name, value)

FLAGS = FlagValues()

def DEFINE_string(name, default, help):
    FLAGS[name] = default
DEFINE_enum = lambda name, default, values, help, required=False: DEFINE_string(name, default, help)
mark_flag_as_required = lambda name: print("required:", name)
"""
    )
    (tmp_path / "absl" / "app.py").write_text("def run(main, argv):\n    main(argv)\n")
    program = script(
        tmp_path,
        """
import tensorflow as tf
flags = tf.compat.v1.flags
flags.DEFINE_string(flag_name="a", default_value="1", docstring="A flag.")
flags.DEFINE_enum("kind", "p", ["p", "q"], "One of two.")
flags.mark_flag_as_required("a")
print(flags.FLAGS.a, flags.FLAGS["kind"], "a" in flags.FLAGS, len(flags.FLAGS))
flags.FLAGS.kind = "q"
print(list(flags.FLAGS), flags.FLAGS.kind, flags.FLAGS(["prog"]))
tf.compat.v1.app.run(lambda argv: print("main", len(argv)))
print("not reached")
""",
    )
    paths = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    done = run(program, "a=2", PYTHONPATH=os.pathsep.join(paths))
    assert done.stdout.splitlines() == [
        "required: a",
        "2 p True 2",
        "['a', 'kind'] q ['prog']",
        "main 2",
    ], done.stderr


# --- more than the programs say


def test_summaries_are_written_nowhere(tf: Any, tmp_path: Path) -> None:
    with tf.compat.v1.summary.FileWriter(str(tmp_path / "logs")) as writer:
        writer.add_summary(None, 1)
        writer.flush()
        assert writer.get_logdir() == str(tmp_path / "logs")
    assert not list(tmp_path.iterdir())


def test_the_backend_of_keras_has_the_values_of_variables(tf: Any) -> None:
    backend = tf.keras.backend
    variable = tf.Variable([1.0, 2.0])
    backend.set_value(variable, [3.0, 4.0])
    assert backend.get_value(variable).tolist() == [3, 4]
    with tf.Graph().as_default():
        weight = tf.get_variable("w", [1])
        with tf.Session() as session:
            backend.set_value(weight, [5.0])
            assert session.run(weight).tolist() == [5]
    graph = tf.compat.v1.get_default_graph()
    backend.clear_session()
    assert tf.compat.v1.get_default_graph() is not graph


def test_there_are_no_devices(tf: Any) -> None:
    assert tf.config.list_logical_devices() == tf.config.get_visible_devices() == []
    assert not tf.test.is_gpu_available() and not tf.test.is_built_with_cuda()


def test_records_are_left_to_tensorboard(tf: Any) -> None:
    wrap = importlib.import_module("tensorflow.python.pywrap_tensorflow")
    with pytest.raises(compat.NeedsTensorFlow):
        wrap.PyRecordReader_New("events", 0)


def test_a_file_behind_a_url_is_not_opened(tf: Any) -> None:
    with pytest.raises(compat.NeedsTensorFlow, match="files of this machine"):
        tf.io.gfile.exists("gs://bucket/file")


def test_what_of_tensors_is_known_only_in_a_session(tf: Any) -> None:
    with tf.Graph().as_default():
        fed = tf.compat.v1.placeholder("float32", name="fed")
        cut = fed[0]
        with pytest.raises(compat.NeedsTensorFlow, match="known only once it is run"):
            cut.dtype
        with pytest.raises(TypeError, match="has a value only in a session"):
            bool(fed)
        with pytest.raises(compat.NeedsTensorFlow, match="not made strings"):
            tf.cast(fed, "string")
        assert repr(fed) == "<tf.Tensor 'fed:0' shape=<unknown> dtype=float32>"
        assert repr(fed.op) == "<tf.Operation 'fed' type=Placeholder>"
        assert repr(tf.constant(3)).startswith("<tf.Tensor: shape=(), dtype=int32, numpy=")
        assert fed.op.graph is tf.compat.v1.get_default_graph()


def test_a_scalar_string_and_quantized_types(tf: Any, golden: Path) -> None:
    reader = tf.train.load_checkpoint(f"{golden}/dtypes/all")
    assert reader.get_tensor("qint8/matrix").dtype == np.int8
    assert isinstance(reader.get_tensor("string/scalar"), bytes)


def test_the_graph_beside_a_checkpoint_has_the_variables(tf: Any, tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("layer/w", initializer=np.float32([1, 2]))
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, f"{tmp_path}/m")
    graph = tfckpt.read_meta_graph(f"{path}.meta")
    assert [one.name for one in tfckpt.list_graph_variables(graph)] == ["layer/w"]
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(f"{path}.meta")
        saver.restore(session, path)
        assert session.run("layer/w/Read/ReadVariableOp:0").tolist() == [1, 2]


def test_a_restore_of_the_wrong_shape_changes_nothing(tf: Any, tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": np.zeros(3, "f4")})
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.Variable([1.0, 2.0], name="w")
        session.run(variable.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.train.Saver().restore(session, path)
        assert session.run(variable).tolist() == [1, 2]


def test_flags_without_absl(monkeypatch: pytest.MonkeyPatch) -> None:
    from tfckpt.compat import flags

    values = flags.FlagValues()
    for flag in (
        flags._Flag("name", "x", "", str),
        flags._Flag("count", 1, "", int),
        flags._Flag("on", True, "", flags.BooleanParser().parse),
    ):
        values._define(flag)
    assert values(["program", "--name", "y", "rest", "-count=3", "--noon", "--", "--z"]) == [
        "program",
        "rest",
        "--z",
    ]
    assert (values.name, values.count, values.on) == ("y", 3, False)
    for bad in (["--nothing=1"], ["--count=x"], ["--count"]):
        with pytest.raises(flags.Error):
            values(["program", *bad])
    with pytest.raises(AttributeError):
        values.other
