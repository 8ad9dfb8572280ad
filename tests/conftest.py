"""Fixtures that several test files share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

# No test measures time: a busy machine is no failure.
# What a random search finds should not stop a change that did not bring it: a gate tries the same
# examples each time, and people's machines, where the search goes on, other ones.
settings.register_profile("tfckpt", settings(deadline=None, derandomize="CI" in os.environ))
settings.load_profile("tfckpt")

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def golden() -> Path:
    """The checkpoints that real TensorFlow wrote."""
    return GOLDEN


@pytest.fixture(scope="session")
def expected() -> dict[str, dict[str, Any]]:
    """What is in them, by prefix and tensor."""
    return json.loads((GOLDEN / "expected.json").read_text())


@pytest.fixture(scope="session")
def realckpts() -> Path:
    """Checkpoints of other people: the folder that TFCKPT_REALCKPTS names."""
    folder = Path(os.environ.get("TFCKPT_REALCKPTS", ""))
    if not os.environ.get("TFCKPT_REALCKPTS") or not folder.is_dir():
        pytest.skip("TFCKPT_REALCKPTS names no folder of real checkpoints")
    return folder


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return tmp_path / "model.ckpt"


@pytest.fixture
def weights() -> dict[str, np.ndarray]:
    """A small model."""
    return {
        "dense/kernel": np.arange(6, dtype=np.float32).reshape(3, 2),
        "dense/bias": np.array([1.5, -2.5], np.float32),
        "global_step": np.int64(1234),
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where one can be had."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=60", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)
