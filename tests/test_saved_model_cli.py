"""``tfckpt saved-model``, by its whole output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfckpt import saved_model

click_testing = pytest.importorskip("click.testing")

from tfckpt.cli.saved_model import saved_model_command


def run(*argv: object, fails: int = 0) -> str:
    arguments = [str(one) for one in argv]
    result = click_testing.CliRunner().invoke(saved_model_command, arguments)
    assert result.exit_code == fails, result.output
    return "\n".join(line.rstrip() for line in result.output.splitlines()).strip("\n")


def test_everything_is_shown(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(golden)
    assert run("saved_model") == (
        "saved_model/saved_model.pb\n"
        "\n"
        "tags: serve  (TensorFlow 2.21.0; 9 nodes, 4 functions, 6 objects)\n"
        "\n"
        "  signature serving_default  tensorflow/serving/predict\n"
        "                      type     shape  tensor\n"
        "    input   x         float32  [?]    serving_default_x:0\n"
        "    output  output_0  float32  [?]    StatefulPartitionedCall:0\n"
        "\n"
        "  init op: NoOp\n"
        "\n"
        "2 variables\n"
        "name                                 type     shape\n"
        "  _CHECKPOINTABLE_OBJECT_GRAPH       string   []\n"
        "  factor/.ATTRIBUTES/VARIABLE_VALUE  float32  []"
    )


def test_tags_and_signatures_choose(golden: Path, tmp_path: Path) -> None:
    folder = golden / "saved_model"
    assert run(folder, "--tag-set", "serve", "--signature", "serving_default") in run(folder)
    assert "there is serve" in run(folder, "--tag-set", "serve,gpu", fails=2)
    assert "no graph has a signature" in run(folder, "--signature", "none", fails=2)


def test_json_holds_the_same(golden: Path) -> None:
    found = json.loads(run(golden / "saved_model", "--json"))
    (graph,) = found["graphs"]
    assert graph["tags"] == ["serve"]
    assert graph["init_op"] == "NoOp"
    assert graph["signatures"]["serving_default"] == {
        "method": "tensorflow/serving/predict",
        "inputs": {"x": {"tensor": "serving_default_x:0", "dtype": "float32", "shape": [None]}},
        "outputs": {
            "output_0": {
                "tensor": "StatefulPartitionedCall:0",
                "dtype": "float32",
                "shape": [None],
            }
        },
    }
    assert found["variables"]["factor/.ATTRIBUTES/VARIABLE_VALUE"] == {
        "dtype": "float32",
        "shape": [],
    }


def test_missing_variables_do_not_hinder(golden: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(golden / "saved_model", tmp_path / "m")
    shutil.rmtree(folder / "variables")
    assert run(folder).endswith("0 variables")


def test_names_are_not_taken_for_markup(tmp_path: Path) -> None:
    builder = saved_model.Builder(tmp_path / "m")
    builder.add_meta_graph_and_variables({"a[red]": np.zeros(1)}, ["[bold]"])
    builder.save()
    text = run(tmp_path / "m")
    assert "tags: [bold]" in text
    assert "a[red]" in text
