"""The package as its users see it: names, layers, what importing it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tfckpt

PACKAGE = Path(tfckpt.__file__).parent

# Each line may import from those above it, and from itself only within a folder.
LAYERS = [
    {"errors", "protos"},
    {"limits", "parsing", "versions"},
    {"bookkeeping", "coding", "checksum", "dtypes", "names", "lazy", "pause", "wire"},
    {"storage"},
    {"tensors"},
    {"table"},
    {"reader", "writer"},
    {"bundle", "v1"},
    {"detect", "state", "locate"},
    {"checkpoint"},
]
TOP = len(LAYERS)


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rank(name: str) -> int:
    return next((number for number, layer in enumerate(LAYERS) if name in layer), TOP)


def imported_homes(path: Path) -> set[str]:
    """Homes that a module imports when it is loaded; not those inside functions or for typing."""
    homes = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tfckpt."):
            homes.add(node.module.split(".")[1])
    return homes


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if rank(home(path)) < TOP],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_formats_import_only_from_layers_below(path: Path) -> None:
    mine = home(path)
    for other in imported_homes(path) - {mine}:
        assert rank(other) < rank(mine) or {mine, other} <= LAYERS[rank(mine)] - {"v1", "bundle"}, (
            f"{mine} must not import {other}"
        )


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
