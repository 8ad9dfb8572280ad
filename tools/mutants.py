"""Change the code in small ways, one at a time, and see whether a test notices.

    python tools/mutants.py                               # the central modules
    python tools/mutants.py wire table/ --share 0.2 --seconds 600

Each mutant is written into a copy of the project, never into the project itself, and meets the
tests that run its line: `tests/test_*.py` and doctests run once at the start, to learn which. One
that none of them notices is printed, unless `tools/equivalent_mutants.txt` says why nothing can.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import os
import pathlib
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import coverage
import hypothesis
import ml_dtypes  # noqa: F401  # slow to import, so loaded before the forks, as are all these
import numpy  # noqa: F401
import pytest
from google.protobuf import descriptor_pool, message, text_format  # noqa: F401

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = "src/tfckpt"
EQUIVALENT = ROOT / "tools/equivalent_mutants.txt"
CENTRAL = [
    *("checksum", "coding", "table/", "bundle/entry", "bundle/bulk_entries", "bundle/reader"),
    *("bundle/part", "tensors/", "v1/records", "v1/reader", "wire", "state", "bundle/", "v1/"),
    "saver/",
]
NOT_TRIED = ["test_docs.py", "test_two_savers.py"]  # slow, and about no single line
ENOUGH = 20.0  # seconds of processor time of tests that meet one mutant
MEMORY, FILE_SIZE = 8 << 30, 4 << 30  # what a mutant may take

# What becomes of an operator, a name, a statement.
COMPARISONS = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
OPERATORS = {
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
COMMUTATIVE = {"min", "max", "minimum", "maximum"}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
REMOVED = (ast.Raise, ast.Expr, ast.AugAssign, ast.Delete, ast.Break, ast.Continue)
# Messages, annotations and caches: no rule of a format hangs on them.
SKIPPED = (ast.JoinedStr, ast.Raise)
SKIPPED_FIELDS = {"annotation", "returns", "decorator_list", "type_params", "bases"}


class Mutant(NamedTuple):
    module: str
    line: int
    source: str
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}  {self.source}\n    {self.before}  ->  {self.after}"


def changed(node: ast.AST, **fields: Any) -> Any:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node."""
    match node:
        case ast.Compare(ops=[op]):
            yield from (changed(node, ops=[other()]) for other in COMPARISONS[type(op)])
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign() if type(node.op) in OPERATORS:
            yield changed(node, op=OPERATORS[type(node.op)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Name(id=name) if name in NAMES:
            yield changed(node, id=NAMES[name])
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield changed(node, value=ast.Constant(None))
        case ast.If(test=ast.Name() | ast.Call() | ast.Attribute() as test):
            yield changed(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.IfExp(test=test):
            yield changed(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Slice(lower=ast.expr(), upper=ast.expr()):
            yield from (changed(node, lower=None), changed(node, upper=None))
        case ast.Call(func=function, args=[first, second, *rest]) if ast.unparse(
            function
        ).rpartition(".")[2] not in COMMUTATIVE and not isinstance(second, ast.Starred):
            yield changed(node, args=[second, first, *rest])
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            others = [other for other in node.keywords if other is not keyword]
            yield from [changed(node, keywords=others)] if keyword.arg != "strict" else []
    stores = isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple)
    if stores or (isinstance(node, REMOVED) and not is_docstring(node)):
        yield ast.Pass()


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_message(node: ast.AST) -> bool:
    """Whether a node is for people: what is logged, and checks of our own by `strict`."""
    if isinstance(node, ast.keyword):
        return node.arg == "strict"
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger.")


def places(parent: ast.AST) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None]]]:
    """Yield each node below one, and what puts another into its place."""
    for name, value in ast.iter_fields(parent):
        if name in SKIPPED_FIELDS:
            continue
        for at, node in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(node, ast.AST) or is_docstring(node) or is_message(node):
                continue
            if isinstance(value, list):
                yield node, partial(value.__setitem__, at)
            else:
                yield node, partial(setattr, parent, name)
            if not isinstance(node, SKIPPED):
                yield from places(node)


def mutants_of(module: str, folder: str) -> list[Mutant]:
    source = pathlib.Path(folder, PACKAGE, module).read_text()
    lines, tree, found = source.splitlines(), ast.parse(source), []
    for node, put in list(places(tree)):
        for new in variants(node):
            put(new)
            text = ast.unparse(tree)
            put(node)
            before, after = (ast.unparse(one).split("\n")[0] for one in (node, new))
            at = node.lineno
            if before != after:
                found.append(Mutant(module, at, lines[at - 1].strip(), before, after, text))
    return found


class Recorder:
    """Notes which tests run which line, and what each test takes."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured, self.seconds = measured, {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.measured.switch_context(item.nodeid)
        start = time.process_time()
        yield
        self.seconds[item.nodeid] = time.process_time() - start


class Chosen:
    """Leaves out the other tests of a file."""

    def __init__(self, tests: list[str]) -> None:
        self.tests = set(tests)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.tests]


def run_tests(files: list[str], folder: str, plugin: object) -> int:
    options = ["-x", "-q", "-p", "no:cacheprovider"]
    return int(pytest.main([*options, "--basetemp", f"{folder}/tests-of-run", *files], [plugin]))


def in_child(folder: str, seconds: int, work: Callable[[], int]) -> int:
    """Return the exit code of `work` in a process of its own, below 0 where that took too long."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        signal.alarm(5 * seconds)  # where it waits
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))  # where it works
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
        out = os.open(f"{folder}/output", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(folder)
        sys.path.insert(0, f"{folder}/src")
        os.environ["PYTHONPATH"] = f"{folder}/src"
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none is needed
        code = 99
        try:
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what a mutant's tests have left running
    return code


class Tests:
    """Which tests run a line of the copy in `folder`."""

    def __init__(self, folder: str) -> None:
        self.folder, data_file = folder, f"{folder}/.coverage-lines"
        names = sorted(path.name for path in (ROOT / "tests").glob("test_*.py"))
        files = [PACKAGE, *(f"tests/{name}" for name in names if name not in NOT_TRIED)]
        seconds_file = pathlib.Path(folder, "seconds")

        def measure() -> int:
            measured = coverage.Coverage(data_file, source=["tfckpt"], config_file=False)
            recorder = Recorder(measured)
            measured.start()
            code = run_tests(files, folder, recorder)
            measured.stop()
            measured.save()
            seconds_file.write_text(repr(recorder.seconds))
            return code

        if in_child(folder, 1200, measure) != 0:
            output = pathlib.Path(folder, "output").read_text()
            sys.exit(f"{output[-2000:]}\nthe tests fail before anything is changed")
        self.seconds = ast.literal_eval(seconds_file.read_text())
        self._data = coverage.CoverageData(data_file)
        self._data.read()
        self._breadth = Counter(
            test
            for path in self._data.measured_files()
            for ran in self._data.contexts_by_lineno(path).values()
            for test in ran
        )

    def of(self, module: str, line: int) -> dict[str, list[str]]:
        """Return tests by file: those that run little else come first, and no more than enough."""
        path = f"{self.folder}/{PACKAGE}/{module}"
        lines = self._data.contexts_by_lineno(path)
        tests = {test for test in lines.get(line, []) if test in self.seconds}
        if not tests:  # run at import, or never: whoever runs any of the module
            tests = {test for ran in lines.values() for test in ran if test in self.seconds}
        files, seconds = defaultdict(list), 0.0
        for test in sorted(tests, key=self._breadth.__getitem__):
            if seconds < ENOUGH:
                files[test.split("::")[0]].append(test)
                seconds += self.seconds[test]
        return files


def survives(mutant: Mutant, tests: dict[str, list[str]], folder: str, seconds: int) -> bool:
    path = pathlib.Path(folder, PACKAGE, mutant.module)
    original = path.read_text()
    path.write_text(mutant.text)

    def run() -> int:
        sys.dont_write_bytecode = True  # a mutant's is not to be the next one's
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        return next(
            (code for file in tests if (code := run_tests([file], folder, Chosen(tests[file])))), 0
        )

    try:
        return in_child(folder, seconds, run) == 0
    finally:
        path.write_text(original)


def read_equivalent() -> dict[tuple[str, str, str], str]:
    """Return the reasons: by module, source line, and change (``*``: any)."""
    rows = [line.split(" || ") for line in EQUIVALENT.read_text().splitlines()[1:]]
    return {(module, source, change): reason for module, source, change, reason in rows}


def is_gone(module: str, source: str) -> bool:
    """Whether the code has no such line any more, so that its reason says nothing."""
    path = ROOT / PACKAGE / module
    return not path.is_file() or source not in map(str.strip, path.read_text().splitlines())


def modules_of(names: list[str]) -> list[str]:
    every = sorted(str(p.relative_to(ROOT / PACKAGE)) for p in (ROOT / PACKAGE).rglob("*.py"))
    chosen = [m for name in names for m in every if m.startswith(name) or m == f"{name}.py"]
    return [module for module in dict.fromkeys(chosen) if not module.endswith("__init__.py")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", default=CENTRAL, help="coding, table/, saver/path")
    parser.add_argument("--share", type=float, default=1.0, help="of the mutants of each module")
    parser.add_argument("--seconds", type=int, default=24 * 3600, help="stop trying after these")
    parser.add_argument("--timeout", type=int, default=60, help="of processor time, for one")
    parser.add_argument("--seed", type=int, default=0, help="of the choice")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # none that simplifies
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None, phases=phases
    )
    hypothesis.settings.load_profile("mutants")
    equivalent, end = read_equivalent(), time.monotonic() + given.seconds
    for module, source, _ in equivalent:
        if is_gone(module, source):
            print(f"{EQUIVALENT.name}: {module} has no line `{source}` any more")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for name in ("src", "tests", "tools", "docs", "examples"):
            shutil.copytree(ROOT / name, f"{folder}/{name}")
        for path in filter(pathlib.Path.is_file, ROOT.glob("*.*")):
            shutil.copy2(path, folder)
        tests = Tests(folder)
        for module in modules_of(given.modules):
            found = mutants_of(module, folder)
            random.Random(given.seed).shuffle(found)
            for mutant in found[: round(len(found) * given.share)]:
                change = f"{mutant.before} -> {mutant.after}"
                keys = [(module, mutant.source, one) for one in (change, "*")]
                if any(key in equivalent for key in keys):
                    counts[module]["equivalent"] += 1
                elif time.monotonic() > end:
                    counts[module]["left out"] += 1
                elif survives(mutant, tests.of(module, mutant.line), folder, given.timeout):
                    counts[module]["survived"] += 1
                    print(mutant, flush=True)
                else:
                    counts[module]["killed"] += 1
            print(f"{module}: {dict(counts[module])}", flush=True)
    total = sum(counts.values(), Counter())
    print(f"all: {dict(total)}")
    sys.exit(bool(total["survived"]))


if __name__ == "__main__":
    main()
