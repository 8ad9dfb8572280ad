"""python -m tfckpt.compat script.py ...: a program that imports TensorFlow, without it."""

from __future__ import annotations

import argparse
import importlib.util
import os
import runpy
import sys

from tfckpt import compat

USAGE = """python -m tfckpt.compat [--force] script.py [argument ...]
       python -m tfckpt.compat [--force] -m module [argument ...]
       python -m tfckpt.compat --path"""


def main() -> int:
    """Run the program; return its exit status where it does not exit by itself."""
    parser = argparse.ArgumentParser(
        prog="python -m tfckpt.compat",
        usage=USAGE,
        description="Run a program that wants TensorFlow for its checkpoints, without TensorFlow.",
        epilog="See https://tfckpt.github.io/tfckpt/running-converters/",
    )
    parser.add_argument("--path", action="store_true", help="print the folder for PYTHONPATH")
    parser.add_argument(
        "--force", action="store_true", help="do so even where TensorFlow is installed"
    )
    parser.add_argument("-m", dest="is_module", action="store_true", help="run a module")
    parser.add_argument("program", nargs="?", help="the script, or the module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the program is given")
    given = parser.parse_args()
    if given.path:
        print(compat.path())
        return 0
    if given.program is None:
        parser.error("which program?")
    if not given.is_module and not os.path.exists(given.program):
        parser.error(f"there is no file {given.program!r} (a module is run by -m)")
    if compat.install(force=given.force):
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (compat.path(), before)))
        sys.path.insert(1, compat.path())  # multiprocessing hands this on to its children
    else:
        print("tfckpt.compat: TensorFlow is installed, and used (--force: not)", file=sys.stderr)
    sys.argv = [given.program, *given.arguments]
    try:
        if given.is_module:
            sys.path[0] = os.getcwd()
            if not _is_module(given.program):
                parser.error(f"there is no module {given.program!r}")
            runpy.run_module(given.program, run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = os.path.dirname(os.path.abspath(given.program))
            runpy.run_path(given.program, run_name="__main__")
    except compat.NeedsTensorFlow as error:
        print(f"\ntfckpt.compat: {error}", file=sys.stderr)
        return 1
    return 0


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # what its package imports
        return False


if __name__ == "__main__":
    sys.exit(main())
