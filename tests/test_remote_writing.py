"""Writing to object stores: what is written in which order, and what a failure leaves."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt import saved_model
from tfckpt.errors import DataLossError, FailedPreconditionError, UnimplementedError

pytest.importorskip("fsspec")
from stores import Killed, Store

URL = "store://bucket/run"
MIB = 1 << 20


@pytest.fixture(autouse=True)
def store() -> Iterator[type[Store]]:
    Store.renew()
    with tfckpt.RemoteOptions(pause=0, attempts=3):
        yield Store
    Store.renew()


def weights(step: int) -> dict[str, Any]:
    return {"w": np.full(1000, step, np.float32), "step": np.int64(step)}


def names() -> list[str]:
    return [name.removeprefix("bucket/run/") for name in Store.names()]


def written() -> list[str]:
    verbs = ("PUT", "COMPLETE", "DELETE")
    found = [(verb, path.rpartition("/")[2]) for verb, path in Store.requests if verb in verbs]
    return [f"{verb} {name}" for verb, name in found]


def test_data_come_first_and_the_index_last() -> None:
    assert tfckpt.save(f"{URL}/m", weights(1)) == f"{URL}/m"
    assert written() == ["PUT m.data-00000-of-00001", "PUT m.index"]
    assert tfckpt.load(f"{URL}/m")["step"] == 1


def test_the_bytes_are_those_of_a_local_save(tmp_path: Any) -> None:
    tfckpt.save(tmp_path / "m", weights(1))
    tfckpt.save(f"{URL}/m", weights(1))
    for name in names():
        assert Store.objects[f"bucket/run/{name}"].data == (tmp_path / name).read_bytes()


def test_what_is_replaced_goes_once_the_new_index_is_there() -> None:
    tfckpt.save(f"{URL}/m", weights(1))
    Store.requests.clear()
    tfckpt.save(f"{URL}/m", weights(2))
    assert written() == [
        "PUT m.data-00000-of-00002",
        "PUT m.data-00001-of-00002",
        "PUT m.index",
        "DELETE m.data-00000-of-00001",
    ] or written()[2:] == ["PUT m.index", "DELETE m.data-00000-of-00001"]
    assert tfckpt.load(f"{URL}/m")["step"] == 2


def test_a_reader_of_what_was_replaced_is_told_so() -> None:
    tfckpt.save(f"{URL}/m", weights(1))
    with tfckpt.load_checkpoint(f"{URL}/m") as reader:
        reader.info("w")
        tfckpt.save(f"{URL}/m", weights(2))
        with pytest.raises(DataLossError, match="since it was opened"):
            reader["w"]


def test_a_saver_writes_the_state_after_the_checkpoint_and_deletes_last() -> None:
    saver = tfckpt.Saver(max_to_keep=1)
    saver.save(weights(1), f"{URL}/m", global_step=1)
    Store.requests.clear()
    saver.save(weights(2), f"{URL}/m", global_step=2)
    assert written() == [
        "PUT m-2.data-00000-of-00001",
        "PUT m-2.index",
        "PUT m-2.meta",
        "PUT checkpoint",
        "DELETE m-1.index",
        "DELETE m-1.data-00000-of-00001",
        "DELETE m-1.meta",
    ]
    restored: dict[str, Any] = {}
    saver.restore(restored, str(tfckpt.latest_checkpoint(URL)))
    assert restored["step"] == 2


def test_the_folder_of_a_bucket_may_be_copied_with_its_state_file() -> None:
    tfckpt.Saver(save_relative_paths=True).save(weights(1), f"{URL}/m", global_step=1)
    for name in names():
        Store._set(f"bucket/copy/{name}", Store.objects.pop(f"bucket/run/{name}").data)
    assert tfckpt.latest_checkpoint("store://bucket/copy") == "store://bucket/copy/m-1"


def test_a_manager_goes_on_where_the_last_one_ended() -> None:
    for step in range(1, 5):
        model = tfckpt.Checkpoint(w=np.full(3, step), save_counter=0)
        manager = tfckpt.CheckpointManager(model, URL, max_to_keep=2)
        manager.restore_or_initialize()
        manager.save()
    assert [path.rpartition("/")[2] for path in manager.checkpoints] == ["ckpt-3", "ckpt-4"]
    assert sorted(name for name in names() if name.endswith(".index")) == [
        "ckpt-3.index",
        "ckpt-4.index",
    ]


def test_times_are_those_of_the_store() -> None:
    tfckpt.save(f"{URL}/m", weights(1))
    when = int(Store.objects["bucket/run/m.index"].when)
    assert tfckpt.get_checkpoint_mtimes([f"{URL}/m", f"{URL}/none"]) == [when]


def test_waiting_for_checkpoints_in_a_bucket() -> None:
    saver = tfckpt.Saver()
    saver.save(weights(1), f"{URL}/m", global_step=1)
    found = []
    for path in tfckpt.checkpoints_iterator(URL, timeout=0):
        found.append(path.rpartition("/")[2])
        if len(found) < 3:
            saver.save(weights(2), f"{URL}/m", global_step=len(found) + 1)
    assert found == ["m-1", "m-2", "m-3"]


FORMATS = ["m.safetensors", "m.npz", "m.h5", "m.pt", "m"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_to_a_bucket(name: str) -> None:
    if name == "m.h5":
        pytest.importorskip("h5py")
    assert tfckpt.write_tensors(f"{URL}/{name}", weights(3)) == f"{URL}/{name}"
    with tfckpt.open_tensors(f"{URL}/{name}") as tensors:
        assert tensors["w"].tolist() == [3.0] * 1000


def test_converting_and_merging_stay_in_the_bucket() -> None:
    tfckpt.save(f"{URL}/a", {"a": np.ones(3)})
    tfckpt.save(f"{URL}/b", {"b": np.ones(3)})
    assert tfckpt.convert_checkpoint(f"{URL}/a", f"{URL}/old", to="v1") == f"{URL}/old"
    assert sorted(tfckpt.load(f"{URL}/old")) == ["a"]
    tfckpt.merge_bundles([f"{URL}/a", f"{URL}/b"], f"{URL}/both")
    assert sorted(tfckpt.load(f"{URL}/both")) == ["a", "b"]
    assert not tfckpt.checkpoint_exists(f"{URL}/a")


def test_the_command_line_takes_urls() -> None:
    testing = pytest.importorskip("click.testing")
    from tfckpt.cli import cli

    tfckpt.save(f"{URL}/a", weights(1))
    for line in (
        ["ls", f"{URL}/a"],
        ["edit", f"{URL}/a", f"{URL}/b", "--rename", "w=v"],
        ["convert", f"{URL}/b", f"{URL}/c", "--to", "v1"],
        ["verify", f"{URL}/b"],
    ):
        result = testing.CliRunner().invoke(cli, line)
        assert result.exit_code == 0, (line, result.output)
    assert sorted(tfckpt.load(f"{URL}/c")) == ["step", "v"]


def test_a_saved_model_is_built_in_a_bucket_with_its_graph_last() -> None:
    builder = saved_model.SavedModelBuilder(f"{URL}/model")
    builder.add_meta_graph_and_variables(weights(1), ["serve"])
    assert not saved_model.maybe_saved_model_directory(f"{URL}/model")
    builder.save()
    assert written()[-1] == "PUT saved_model.pb"
    restored: dict[str, Any] = {}
    saved_model.load(restored, ["serve"], f"{URL}/model")
    assert restored["step"] == 1
    with pytest.raises(AssertionError, match="isn't empty"):
        saved_model.SavedModelBuilder(f"{URL}/model")


# Long files


def test_a_long_file_goes_in_parts_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    big = {"big": np.arange(10 * MIB, dtype=np.float64)}
    tfckpt.save(f"{URL}/m", big)
    counts = Store.count()
    assert (counts["POST"], counts["PART"], counts["COMPLETE"]) == (1, 5, 1)
    assert np.array_equal(tfckpt.load(f"{URL}/m")["big"], big["big"])


def test_a_long_upload_that_fails_is_aborted() -> None:
    def fault(number: int, verb: str, path: str) -> None:
        if verb == "PART" and Store.count()["PART"] >= 3:
            raise OSError(errno.EIO, "Internal error")

    Store.fault = staticmethod(fault)
    with pytest.raises(FailedPreconditionError):
        tfckpt.save(f"{URL}/m", {"big": np.zeros(10 * MIB)})
    assert Store.uploads == {}
    assert names() == []


def test_shards_are_sent_side_by_side() -> None:
    Store.pause = 0.1
    tfckpt.save(f"{URL}/m", {f"w{n}": np.zeros(3 * MIB) for n in range(2)}, num_shards=2)
    assert Store.most >= 2


# Two writers


def test_the_second_of_two_writers_is_refused() -> None:
    first = tfckpt.BundleWriter(f"{URL}/m")
    second = tfckpt.BundleWriter(f"{URL}/m")
    for number, bundle in enumerate((first, second)):
        bundle.add("w", np.full(3, number))
    first.finish()
    with pytest.raises(FailedPreconditionError, match="another writer has saved here"):
        second.finish()
    assert tfckpt.load(f"{URL}/m")["w"].tolist() == [0, 0, 0]


def test_a_writer_of_the_very_same_values_takes_nothing_back() -> None:
    first, second = tfckpt.BundleWriter(f"{URL}/m"), tfckpt.BundleWriter(f"{URL}/m")
    for bundle in (first, second):
        bundle.add("w", np.zeros(3))
    first.finish()
    with pytest.raises(FailedPreconditionError):
        second.finish()
    assert tfckpt.load(f"{URL}/m")["w"].tolist() == [0, 0, 0]


def test_several_files_are_not_replaced_without_a_head_that_says_so() -> None:
    for _ in range(1):
        with tfckpt.V1Writer(f"{URL}/m", num_shards=2) as writer:
            writer.add("w", np.ones(3))
    again = tfckpt.V1Writer(f"{URL}/m", num_shards=2)
    again.add("w", np.zeros(3))
    with pytest.raises(UnimplementedError, match="cannot replace several files"):
        again.finish()
    assert tfckpt.load(f"{URL}/m-?????-of-00002")["w"].tolist() == [1, 1, 1]


# Each request failed, cut off or the last one, in turn


class Down(Exception):
    """What a library says of a store that does not answer."""


def fails_at(wanted: int) -> Callable[[int, str, str], Any]:
    """Fail one attempt: the next one works."""

    def fault(number: int, verb: str, path: str) -> None:
        if number == wanted:
            raise Down

    return fault


def lost_at(wanted: int) -> Callable[[int, str, str], Any]:
    """Do what one request wants and lose the answer."""

    def fault(number: int, verb: str, path: str) -> Any:
        def lost() -> None:
            raise Down

        return lost if number == wanted else None

    return fault


def down_from(wanted: int) -> Callable[[int, str, str], Any]:
    def fault(number: int, verb: str, path: str) -> None:
        if number >= wanted:
            raise Down

    return fault


def killed_before(wanted: int) -> Callable[[int, str, str], Any]:
    def fault(number: int, verb: str, path: str) -> None:
        if number >= wanted:
            raise Killed

    return fault


def killed_after(wanted: int) -> Callable[[int, str, str], Any]:
    def killed() -> None:
        raise Killed

    def fault(number: int, verb: str, path: str) -> Any:
        if number > wanted:
            raise Killed
        return killed if number == wanted else None

    return fault


FAULTS = {one.__name__: one for one in (fails_at, lost_at, down_from, killed_before, killed_after)}


def train(acknowledged: list[int]) -> None:
    saver = tfckpt.Saver(max_to_keep=2)
    for step in range(1, 4):
        saver.save(weights(step), f"{URL}/m", global_step=step)
        acknowledged.append(step)


def replace(acknowledged: list[int]) -> None:
    """Save to one name again and again."""
    saver = tfckpt.Saver()
    for step in range(1, 4):
        saver.save(weights(step), f"{URL}/m")
        acknowledged.append(step)


def train_long(acknowledged: list[int]) -> None:
    """The same with files that go in parts."""
    for step in (1, 2):
        big = {"w": np.full(17 * MIB // 4, step, np.float32), "step": np.int64(step)}
        tfckpt.save(f"{URL}/m-{step}", big)
        tfckpt.update_checkpoint_state(URL, f"{URL}/m-{step}")
        acknowledged.append(step)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("job", [train, replace, train_long], ids=lambda job: job.__name__)
def test_whichever_request_fails_the_latest_checkpoint_loads(
    job: Callable[[list[int]], None], kind: str
) -> None:
    job([])
    total = len(Store.requests)
    for number in range(1, total + 1, 1 if job is not train_long else 4):
        Store.renew()
        Store.fault = staticmethod(FAULTS[kind](number))
        acknowledged: list[int] = []
        with contextlib.suppress(FailedPreconditionError, Killed):
            job(acknowledged)
        Store.fault = None
        check(acknowledged, number)
        if kind in ("fails_at", "lost_at"):
            assert Store.uploads == {}


def check(acknowledged: list[int], number: int) -> None:
    latest = tfckpt.latest_checkpoint(URL)
    if latest is None:
        assert acknowledged == [], number
    else:
        found = tfckpt.load(latest)
        step = int(found["step"])
        assert step >= max(acknowledged, default=0), number
        assert (found["w"] == step).all()
    for name in names():  # what has an index is a checkpoint, whole
        if name.endswith(".index"):
            assert len(tfckpt.load(f"{URL}/{name.removesuffix('.index')}")) == 2, (number, name)
    # Whoever goes on has a folder in which everything counts, but for what lies under its names.
    again = tfckpt.Saver(max_to_keep=1)
    again.save(weights(9), f"{URL}/m", global_step=9)
    assert tfckpt.latest_checkpoint(URL) == f"{URL}/m-9"


def test_what_a_killed_save_left_goes_with_the_next_of_its_name() -> None:
    Store.fault = staticmethod(killed_before(3))
    with pytest.raises(Killed):
        tfckpt.save(f"{URL}/m", weights(1))
    Store.fault = None
    assert names() == ["m.data-00000-of-00001"]
    assert not tfckpt.checkpoint_exists(f"{URL}/m")
    tfckpt.save(f"{URL}/m", weights(2))
    assert "m.data-00000-of-00001" not in names()
    assert tfckpt.load(f"{URL}/m")["step"] == 2
