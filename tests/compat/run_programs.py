"""Runs the programs beside this file under TensorFlow or tfckpt.compat; says what they did.

    python tests/compat/run_programs.py tensorflow|tfckpt [name ...]

The answer is JSON: for each program what it printed and what is in the files that it wrote.
`python tests/compat/run_programs.py tensorflow --write` makes expected.json anew.

A program whose description begins with "TensorFlow 1:" gets ``tf.compat.v1`` as ``tensorflow``,
and what tf.contrib had of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
PROGRAMS = sorted((HERE / "programs").glob("*.py"))
EXPECTED = HERE / "expected.json"
GOLDEN = str(HERE.parent / "golden")


def is_old(program: Path) -> bool:
    return program.read_text().startswith('"""TensorFlow 1:')


def written(folder: Path) -> dict[str, Any]:
    """What is in the files of a folder: a checkpoint's tensors, a state file's text."""
    import tfckpt

    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.endswith(".index"):
            prefix = str(path).removesuffix(".index")
            found[name] = {
                key: [str(value.dtype), list(value.shape), digest(value)]
                for key, value in tfckpt.load(prefix).items()
                if not key.startswith("_CHECKPOINTABLE")
            }
        elif name.rpartition("/")[2] == "checkpoint":
            lines = path.read_text().splitlines()
            found[name] = [line for line in lines if "timestamp" not in line]
        elif path.is_file() and ".data-" not in name:
            found[name] = "a file"
    return found


def digest(value: Any) -> str:
    data = repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
    return hashlib.sha256(data).hexdigest()[:16]


def run(program: Path) -> dict[str, Any]:
    """Run one in a folder of its own, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.argv = [str(program), GOLDEN]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                runpy.run_path(str(program), run_name="__main__")
            except SystemExit as end:
                if end.code:
                    print(f"exit: {end.code}")
            except BaseException:
                print(traceback.format_exc())
        os.chdir(HERE)
        text = printed.getvalue().replace(GOLDEN, "GOLDEN")
        return {"printed": text.splitlines(), "written": written(Path(folder))}


def run_all(library: str, programs: list[Path], *, old: bool) -> dict[str, Any]:
    if library == "tfckpt":
        from tfckpt import compat

        compat.install(force=True)
        return {program.stem: fresh(program) for program in programs}
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf
    from tensorflow.python import pywrap_tensorflow
    from tensorflow.python.framework import graph_util
    from tensorflow.python.training import py_checkpoint_reader

    # Where earlier releases had them, too.
    pywrap_tensorflow.NewCheckpointReader = py_checkpoint_reader.NewCheckpointReader
    graph_util.convert_variables_to_constants = (
        tf.compat.v1.graph_util.convert_variables_to_constants
    )
    if old:
        tf.compat.v1.disable_v2_behavior()
        old_package: Any = tf.compat.v1
        framework = ModuleType("tensorflow.contrib.framework")
        for name in ("list_variables", "load_variable", "load_checkpoint"):
            setattr(framework, name, getattr(tf.train, name))
        old_package.contrib = ModuleType("tensorflow.contrib")
        old_package.contrib.framework = framework
        sys.modules["tensorflow"] = old_package
    found = {}
    for program in programs:
        tf.compat.v1.reset_default_graph()
        found[program.stem] = run(program)
    return found


def fresh(program: Path) -> dict[str, Any]:
    """Run one as if it were the first of its process."""
    import tensorflow as tf

    tf.compat.v1.reset_default_graph()
    if is_old(program):
        tf.compat.v1.disable_v2_behavior()
    else:
        tf.compat.v1.enable_v2_behavior()
    return run(program)


def outcomes(library: str, python: str = sys.executable) -> dict[str, Any]:
    """Run all programs, those for TensorFlow 1 in one process and the others in another."""
    found: dict[str, Any] = {}
    for old in (True, False):
        names = [program.stem for program in PROGRAMS if is_old(program) == old]
        out = subprocess.run(
            [python, __file__, library, *names], check=True, capture_output=True, text=True
        )
        found.update(json.loads(out.stdout.rpartition("\n=====\n")[2]))
    return found


def main() -> None:
    library, *names = sys.argv[1:]
    if names in ([], ["--write"]):
        found = outcomes(library)
        text = json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False) + "\n"
        EXPECTED.write_text(text) if names else print(text)
        return
    programs = [program for program in PROGRAMS if program.stem in names]
    found = run_all(library, programs, old=is_old(programs[0]))
    sys.__stdout__.write("\n=====\n" + json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
