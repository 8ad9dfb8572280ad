"""The package as its users see it: names, layers, what importing it costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tfckpt

PACKAGE = Path(tfckpt.__file__).parent
ROOT = Path(__file__).parents[1]

# Each line may import from those above it, and from itself only within a folder.
# docs/architecture.md draws them.
LAYERS = [
    {"errors", "protos", "lazy", "parallel", "pause", "settings"},
    {
        "limits",
        "parsing",
        "versions",
        "coding",
        "dtypes",
        "names",
        "notebook",
        "wording",
        "lazy_arrays",
    },
    {"checksum", "wire", "bookkeeping", "nested", "progress"},
    {"storage"},
    {"tensors"},
    {"table"},
    {"reader", "writer"},
    {"background", "objectgraph"},
    {"bundle", "v1"},
    {"detect", "state"},
    {"locate"},
    {"checkpoint", "graphdef", "keep"},
    {"formats"},
    {"objects"},
    {"checking"},
    {"latest"},
    {"saver", "saving", "watch"},
    {"manager", "graph", "initial", "transform"},
    {"saved_model"},
    {"renaming", "keras"},
    {"convert", "looking", "rescue"},
    {"pruning"},
    {"cli"},
    {"compat"},
    {"__main__", "__init__"},
]
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = {
    path: ".".join(("tfckpt", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in MODULES
}


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rank(name: str) -> int:
    (found,) = [number for number, layer in enumerate(LAYERS) if name in layer]
    return found


def imported(path: Path) -> set[str]:
    """Modules of ours that a module imports, inside functions too; not those for typing alone."""
    tree = ast.parse(path.read_text())
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    typing = [node for node in guards if ast.unparse(node.test) == "TYPE_CHECKING"]
    left_out = {id(below) for node in typing for below in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        if module and module.split(".")[0] == "tfckpt" and id(node) not in left_out:
            names = {f"{module}.{alias.name}" for alias in node.names}
            found |= (names & set(NAMES.values())) or {module}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_uses_what_stands_below_it(path: Path) -> None:
    mine = home(path)
    for module in imported(path):
        other = module.split(".")[1]
        assert mine == other or rank(other) < rank(mine), f"{mine} must not import {other}"


def test_the_map_has_every_home_in_the_order_of_the_layers() -> None:
    map_of_the_house = (ROOT / "docs/architecture.md").read_text().split("```")[1]
    named = re.findall(r"^  (\w+)(?:/|\.py) ", map_of_the_house, re.MULTILINE)
    homes = {home(path) for path in MODULES} - {"__init__", "__main__"}
    assert len(named) == len(set(named))
    assert homes == set(named)
    assert sorted(named, key=rank) == named


# What a module without storage would open, rename or remove a file with.
FILES = re.compile(
    r"(io\.)?open|os\.(open|remove|unlink|rename|replace|rmdir)|shutil\.(copy\w*|move|rmtree)"
)
# tf.io.gfile does to files what the program asks, as Python does.
OTHERS_WITH_FILES = {"compat/files.py"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_storage_alone_opens_files(path: Path) -> None:
    if home(path) == "storage" or path.relative_to(PACKAGE).as_posix() in OTHERS_WITH_FILES:
        return
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    called = [ast.unparse(call.func) for call in calls]
    assert [name for name in called if FILES.fullmatch(name)] == []


def test_no_two_modules_of_a_home_need_each_other() -> None:
    needs = {NAMES[path]: imported(path) for path in MODULES}
    done: set[str] = set()
    while len(done) < len(needs):
        ready = {
            name
            for name, wanted in needs.items()
            if name not in done and (wanted & needs.keys()) - {name} <= done
        }
        assert ready, f"a circle among {sorted(needs.keys() - done)}"
        done |= ready


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert sorted(tfckpt.__all__) == tfckpt.__all__
    for name in tfckpt.__all__:
        assert getattr(tfckpt, name) is not None
    assert {*tfckpt.__all__, "__version__"} == set(dir(tfckpt))


def test_the_stub_names_what_there_is() -> None:
    """Each name once, from where the table says that it lives."""
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    found = {node.names[0].asname: node.module for node in imports}
    assert len(found) == len(imports)
    homes = {name: f"tfckpt.{home}" for name, home in tfckpt._HOME_OF.items()}
    assert found == homes | dict.fromkeys(tfckpt._MODULES, "tfckpt")


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        tfckpt.nonsense


def loaded_by(code: str) -> set[str]:
    script = f"import sys; {code}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(out.stdout.split())


def test_importing_the_package_loads_next_to_nothing() -> None:
    assert not loaded_by("import tfckpt") & {
        "numpy",
        "google.protobuf",
        "crc32c",
        "snappy",
        "ml_dtypes",
        "fsspec",
        "click",
        "rich",
    }


def test_reading_loads_no_part_for_graphs_or_terminals(golden: Path) -> None:
    modules = loaded_by(f"import tfckpt; tfckpt.load({str(golden / 'trained')!r})")
    assert not modules & {"fsspec", "click", "rich", "snappy", "tfckpt.graph", "tfckpt.saver"}


def test_the_command_says_what_it_lacks() -> None:
    script = (
        "import sys; sys.modules['click'] = None; sys.argv = ['tfckpt'];"
        "from tfckpt.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'tfckpt[cli]'" in done.stderr
