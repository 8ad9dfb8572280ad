"""What is no regular file is never opened and waited for, and links lead out of no folder."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from attacks.saves import KINDS, model, plain, step_of, weights
from attacks.test_costs import in_a_child
from tfckpt import saved_model
from tfckpt.errors import CheckpointError, FailedPreconditionError, InvalidArgumentError

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")

INDEX, SHARD = "m.index", "m.data-00000-of-00001"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


SPECIAL = {"a pipe": pipe, "a device": device, "a folder": folder}


@pytest.fixture(params=SPECIAL)
def put(request: pytest.FixtureRequest) -> Iterator[Callable[[Path], None]]:
    """Put something special in the place of a file."""

    def put(path: Path) -> None:
        path.unlink(missing_ok=True)
        SPECIAL[request.param](path)

    yield put


def refused(work: Callable[[], object]) -> None:
    """Check, in a process that an alarm can end, that it is one of our errors."""

    def check() -> None:
        with pytest.raises((CheckpointError, OSError)):
            work()

    in_a_child(check, 200)


def test_beside_the_only_checkpoint(tmp_path: Path, put: Callable[[Path], None]) -> None:
    plain(1)(tmp_path, 1)
    put(tmp_path / "something")
    put(tmp_path / "m.index.commit")
    put(tmp_path / "m.data-00000-of-00001.commit")

    def check() -> None:
        assert step_of(tmp_path) == 1
        assert step_of(tmp_path / "m") == 1
        assert tfckpt.checkpoint_exists(tmp_path / "m")

    in_a_child(check, 200)


@pytest.mark.parametrize("name", [INDEX, SHARD])
def test_as_a_file_of_a_checkpoint(name: str, tmp_path: Path, put: Callable[[Path], None]) -> None:
    plain(1)(tmp_path, 1)
    put(tmp_path / name)
    refused(lambda: tfckpt.load(tmp_path / "m"))
    if name == SHARD:
        assert len(tfckpt.list_variables(tmp_path / "m")) == 5


def test_as_a_v1_file(tmp_path: Path, put: Callable[[Path], None]) -> None:
    put(tmp_path / "m")
    refused(lambda: tfckpt.load(tmp_path / "m"))
    refused(lambda: tfckpt.V1Reader(tmp_path / "m"))


def test_as_a_state_file(tmp_path: Path, put: Callable[[Path], None]) -> None:
    plain(1)(tmp_path, 1)
    put(tmp_path / "checkpoint")

    def check() -> None:
        assert tfckpt.get_checkpoint_state(tmp_path) is None
        assert tfckpt.latest_checkpoint(tmp_path) is None

    in_a_child(check, 200)


def test_as_a_graph(tmp_path: Path, put: Callable[[Path], None]) -> None:
    put(tmp_path / "g.meta")
    refused(lambda: tfckpt.read_meta_graph(tmp_path / "g.meta"))
    put(tmp_path / "saved_model.pb")
    refused(lambda: saved_model.load({}, ["serve"], tmp_path))


def test_a_save_over_it(tmp_path: Path, put: Callable[[Path], None]) -> None:
    """A rename replaces a pipe and a link; a folder is in the way, and says so."""
    for name in (INDEX, SHARD):
        put(tmp_path / name)

    def check() -> None:
        try:
            plain(1)(tmp_path, 1)
        except FailedPreconditionError as error:
            assert error.errno == errno.EISDIR
            assert sorted(os.listdir(tmp_path)) == [SHARD, INDEX]
        else:
            assert step_of(tmp_path / "m") == 1

    in_a_child(check, 200)


def test_a_lock_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".tfckpt.lock").mkdir()
    with pytest.raises(FailedPreconditionError, match="lock"):
        plain(1)(tmp_path, 1)


# Links in a model


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("nobody else's")
    return path


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    model(tmp_path, 1)
    return tmp_path / "models" / "1"


def rebuild(hostile: Path, target: Path) -> None:
    variables = saved_model.Variables()
    saved_model.load(variables, ["serve"], hostile)
    builder = saved_model.Builder(target)
    builder.add_meta_graph_and_variables(variables, ["serve"])
    builder.save()


def as_asset(hostile: Path, secret: Path) -> None:
    (hostile / "assets" / "words").unlink()
    (hostile / "assets" / "words").symlink_to(secret)


def as_folder_of_assets(hostile: Path, secret: Path) -> None:
    shutil.rmtree(hostile / "assets")
    shutil.copy(secret, secret.parent / "words")
    (hostile / "assets").symlink_to(secret.parent)


def as_extra_asset(hostile: Path, secret: Path) -> None:
    (hostile / "assets.extra").mkdir()
    (hostile / "assets.extra" / "x").symlink_to(secret)


@pytest.mark.parametrize("way", [as_asset, as_folder_of_assets, as_extra_asset])
def test_links_are_not_followed_out_of_a_model(
    way: Callable[[Path, Path], None], hostile: Path, secret: Path, tmp_path: Path
) -> None:
    way(hostile, secret)
    with pytest.raises(InvalidArgumentError, match="outside of the model"):
        rebuild(hostile, tmp_path / "next")
    assert not (tmp_path / "next").exists()


def test_links_within_a_model_are_followed(hostile: Path, tmp_path: Path) -> None:
    (hostile / "elsewhere").write_text("one")
    (hostile / "assets" / "words").unlink()
    (hostile / "assets" / "words").symlink_to(hostile / "elsewhere")
    rebuild(hostile, tmp_path / "next")
    assert (tmp_path / "next" / "assets" / "words").read_text() == "one"


# Descriptors


def with_descriptors(count: int, work: Callable[[Path], object], path: Path) -> None:
    """Run a function of this module in a process that may have so many descriptors."""
    pytest.importorskip("resource")
    script = (
        "import sys, resource; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
        "import attacks.test_special_files as module; count = int(sys.argv[2]);"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (count, count));"
        "getattr(module, sys.argv[3])(Path(sys.argv[4]))"
    )
    arguments = [str(Path(__file__).parents[1]), str(count), work.__name__, str(path)]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def forty_shards(folder: Path) -> Path:
    tensors = {f"w{n:02d}": np.full(30_000, n, np.float32) for n in range(40)}
    return Path(tfckpt.save(folder / "m", tensors, num_shards=40))


def forty_v1_shards(folder: Path) -> Path:
    with tfckpt.V1Writer(folder / "m", num_shards=40) as writer:
        for number in range(40):
            writer.add(f"w{number:02d}", np.full(30_000, number, np.float32), shard=number)
    return Path(writer.path)


def read_all_of_forty(path: Path) -> None:
    with tfckpt.load_checkpoint(path) as reader:
        assert len(reader) == 40
        assert len(tfckpt.list_variables(path)) == 40
        for number in (39, 0, 20):
            assert set(reader[f"w{number:02d}"]) == {number}
        with open(path.parent / "free", "wb"):  # others need some, too
            pass
    loaded = tfckpt.load(path)
    assert [int(loaded[f"w{n:02d}"][0]) for n in range(40)] == list(range(40))
    assert tfckpt.load_variable(path, "w07")[3] == 7


@pytest.mark.parametrize("make", [forty_shards, forty_v1_shards])
def test_forty_shards_with_32_descriptors(make: Callable[[Path], Path], tmp_path: Path) -> None:
    with_descriptors(32, read_all_of_forty, make(tmp_path))


def read_while_replaced(path: Path) -> None:
    reader = tfckpt.load_checkpoint(path)
    tensors = {f"w{n:02d}": np.full(30_000, 7.0, np.float32) for n in range(40)}
    tfckpt.save(path, tensors, num_shards=1)
    assert set(reader["w00"]) == {0}  # was open
    with pytest.raises(CheckpointError, match=r"replaced|missing"):
        reader["w39"]


def test_a_shard_opened_again_must_be_the_same_save(tmp_path: Path) -> None:
    with_descriptors(44, read_while_replaced, forty_shards(tmp_path))


def open_without_any(path: Path) -> None:
    taken = []
    try:
        while True:
            taken.append(os.open(path.parent, os.O_RDONLY))
    except OSError:
        pass
    with pytest.raises(FailedPreconditionError, match="ulimit") as caught:
        tfckpt.load_checkpoint(path)
    assert caught.value.errno == errno.EMFILE


def test_no_descriptor_at_all_is_said(tmp_path: Path) -> None:
    plain(1)(tmp_path, 1)
    tfckpt.load(tmp_path / "m")
    with_descriptors(32, open_without_any, tmp_path / "m")


@pytest.mark.parametrize("name", ["bundle", "V1", "V1 in two shards", "three shards"])
def test_opening_and_closing_leaves_nothing(name: str, tmp_path: Path) -> None:
    KINDS[name].save(tmp_path, 1)
    path = tmp_path / ("m-?????-of-00002" if "two" in name else "m")
    count = 20_000 if os.environ.get("TFCKPT_FAULTS") else 500

    def work() -> None:
        before = os.listdir("/proc/self/fd")
        for turn in range(count):
            with tfckpt.load_checkpoint(path) as reader:
                reader["a"]
            if turn % 2:
                tfckpt.load_checkpoint(path)["b"]  # never closed, only dropped
        assert len(os.listdir("/proc/self/fd")) <= len(before)

    if os.path.isdir("/proc/self/fd"):
        in_a_child(work, 30)


def test_readers_are_copied_by_opening_the_files_again(tmp_path: Path) -> None:
    import copy
    import pickle

    for name, file in (("bundle", "m"), ("V1 in two shards", "n-?????-of-00002"), ("V1", "o")):
        KINDS[name].save(tmp_path, 4)
        for one in list(tmp_path.glob("m*")):
            shutil.move(one, tmp_path / ("x" + one.name))
        for one in list(tmp_path.glob("xm*")):
            shutil.move(one, tmp_path / (file[0] + one.name[2:]))
        reader = tfckpt.load_checkpoint(tmp_path / file)
        for other in (copy.copy(reader), copy.deepcopy(reader), pickle.loads(pickle.dumps(reader))):
            assert other["a"].tolist() == weights(4)["a"].tolist()
            other.close()
            del other
        assert reader["b"].tolist() == weights(4)["b"].tolist()


def test_an_open_file_has_one_owner(tmp_path: Path) -> None:
    import copy

    from tfckpt.storage import open_source

    source = open_source(plain(1)(tmp_path, 1) + ".index")  # type: ignore[operator]
    for way in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="open it again"):
            way(source)
