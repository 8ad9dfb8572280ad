"""SavedModels that other people's TensorFlow left."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from tfckpt import saved_model
from tfckpt.errors import FileMissingError

FOLDER = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
MODELS = sorted(
    str(path.parent.relative_to(FOLDER))
    for pattern in ("saved_model.pb", "saved_model.pbtxt")
    for path in FOLDER.rglob(pattern)
) or ["none here"]
WITHOUT_THEIR_VARIABLES = {"petar19992__TensorflowDatasetLearni__pbtxt"}


def digests(variables: dict[str, Any]) -> dict[str, str]:
    """Values in the form in which expected.json gives them."""
    return {name: hashlib.sha256(_bytes(value)).hexdigest() for name, value in variables.items()}


def _bytes(value: Any) -> bytes:
    if value.dtype != object:
        return bytes(value.tobytes())
    return b"".join(struct.pack("<Q", len(one)) + one for one in value.ravel().tolist())


@pytest.mark.parametrize("name", MODELS)
def test_models_load_and_can_be_built_again(name: str, realckpts: Path, tmp_path: Path) -> None:
    root = realckpts / Path(name).parts[0]
    expected = json.loads((root / "expected.json").read_text())
    prefix = (realckpts / name / "variables" / "variables").relative_to(root)
    tensors = expected.get(str(prefix), {})
    graphs = saved_model.parse_saved_model(realckpts / name).meta_graphs
    assert graphs
    for number, graph in enumerate(graphs):
        tags = list(graph.meta_info_def.tags)
        weights = saved_model.Variables()
        if name in WITHOUT_THEIR_VARIABLES:
            with pytest.raises(FileMissingError, match="variables"):
                saved_model.load(weights, tags, realckpts / name)
            continue
        assert graph == saved_model.load(weights, tags, realckpts / name)
        assert {key: one["sha256"] for key, one in tensors.items()} == digests(weights)

        builder = saved_model.Builder(tmp_path / str(number), fsync=False)
        builder.add_meta_graph_and_variables(weights, tags)
        builder.save()
        again: dict[str, Any] = {}
        assert graph == saved_model.load(again, tags, tmp_path / str(number))
        assert digests(weights) == digests(again)
