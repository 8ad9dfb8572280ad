"""salvage: what is whole of a damaged checkpoint."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tfckpt.bundle.commit import has_index
from tfckpt.bundle.naming import prefix_of, shards_on_disk
from tfckpt.checking.finding import Finding
from tfckpt.errors import FileMissingError, InvalidArgumentError
from tfckpt.locate import Location, locate
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path, check_prefix, shown
from tfckpt.notebook import Printed
from tfckpt.reader import TensorReader, listed
from tfckpt.rescue.bundles import survey_bundle
from tfckpt.rescue.objects import without_lost
from tfckpt.rescue.salvaged import SalvagedReader
from tfckpt.rescue.survey import Lost, Survey, Survivor
from tfckpt.rescue.v1_files import survey_v1
from tfckpt.saved_model.files import variables_prefix
from tfckpt.saving import save
from tfckpt.v1.naming import is_pattern, pattern_at
from tfckpt.wording import bytes_text, plural

logger = logging.getLogger("tfckpt")

SCHEMA = "tfckpt.salvage/1"
_MANY = 3


@dataclass(frozen=True)
class SalvageReport(Printed):
    """What `salvage` found whole, and what is lost."""

    path: str
    intact: tuple[str, ...]
    """Tensors of which all is whole and confirmed by checksums."""
    lost: tuple[Lost, ...]
    tensors: TensorReader = field(compare=False, repr=False)
    """The tensors themselves, a lazy mapping: intact, filled and unconfirmed ones."""
    filled: tuple[str, ...] = ()
    """Partitioned tensors of which some slices are lost, with `fill` in their place."""
    unconfirmed: Mapping[str, str] = field(default_factory=dict)
    """Tensors that no checksum confirms, by name, and why; asked for with `unconfirmed`."""
    notes: tuple[Finding, ...] = ()
    written: str | None = None
    """The prefix of the checkpoint that was written."""
    size: int = 0
    """Bytes of the tensors."""

    @property
    def ok(self) -> bool:
        """Whether nothing is lost."""
        return not self.lost

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types; the schema is on the page of the command line."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "ok": self.ok,
            "intact": list(self.intact),
            "filled": list(self.filled),
            "unconfirmed": dict(self.unconfirmed),
            "lost": [loss.to_json() for loss in self.lost],
            "notes": [note.to_json() for note in self.notes],
            "written": self.written,
            "size": self.size,
        }

    def summary(self) -> str:
        """Return one line."""
        named = {loss.tensor for loss in self.lost if loss.tensor is not None} - {*self.filled}
        stretches = sum(loss.tensor is None for loss in self.lost)
        parts = [f"{plural(len(self.intact), 'tensor')} whole"]
        parts += [f"{len(self.filled)} filled"] if self.filled else []
        parts += [f"{len(self.unconfirmed)} unconfirmed"] if self.unconfirmed else []
        parts += [f"{len(named)} lost"] if named else []
        stretch = "a stretch" if stretches == 1 else f"{stretches} stretches"
        parts += [f"{stretch} of the table lost"] if stretches else []
        fate = f"written to {self.written}" if self.written else "can be had"
        return f"{self.path}: {', '.join(parts)}; {bytes_text(self.size)} {fate}"

    def __str__(self) -> str:
        return "\n".join([self.summary(), *self.lines()])

    def lines(self, *, together: bool = False) -> list[str]:
        """Return a line for each thing that is lost, filled or odd.

        With `together` many tensors that share a reason share a line.
        """
        lost = [(one.tensor, _reason(one), f"  lost: {one}") for one in self.lost]
        unconfirmed = [
            (name, why, f"  unconfirmed: {name}: {why}") for name, why in self.unconfirmed.items()
        ]
        return [
            *_joined("lost", lost, _MANY if together else len(lost)),
            *_joined("unconfirmed", unconfirmed, _MANY if together else len(unconfirmed)),
            *(f"  {one.kind}: {one}" for one in self.notes),
        ]


def _reason(one: Lost) -> str:
    return f"{one.reason} ({one.path})" if one.path else one.reason


def _joined(kind: str, said: Sequence[tuple[str | None, str, str]], most: int) -> Iterator[str]:
    """Yield the line of each, or one for all of more than `most` that have the same reason."""
    groups: dict[str, list[tuple[str | None, str]]] = {}
    for name, reason, line in said:
        groups.setdefault(reason, []).append((name, line))
    for reason, group in groups.items():
        names = [name for name, _ in group if name is not None]
        if len(group) > most and len(names) == len(group):
            yield f"  {kind}: {plural(len(names), 'tensor')} ({shown(names, 3)}): {reason}"
        else:
            yield from (line for _, line in group)


def salvage(
    src: AnyPath,
    dst: AnyPath | None = None,
    *,
    names: Iterable[str] | None = None,
    fill: object = None,
    unconfirmed: bool = False,
    like: AnyPath | None = None,
    fsync: bool = True,
) -> SalvageReport:
    """Take out of a damaged checkpoint what is whole; write it to prefix `dst`, if one is given.

    A tensor is whole if its entry in the index is in a block whose checksum fits, and its bytes
    have the checksum of that entry. So data that is cut short or overwritten, shards that are
    missing, and an index of which blocks, the footer or the index block are damaged cost what lies
    there and nothing else. All that is lost is in the report, with reason, file and bytes. V1
    checkpoints are taken apart the same way, a block at a time.

    An index that is gone altogether is made anew where the layout of the data files is known: from
    `like`, a checkpoint of the same run or a graph (``.meta``, SavedModel), or else from those that
    lie beside it. The layout has to end where each file ends. What another checkpoint has with the
    same checksum under the same name is confirmed then, and all the rest is not.

    `src` is a prefix, a V1 file or pattern, or whatever else `load_checkpoint` takes, as far as it
    can still be told what that means. `names` leaves out all other tensors. `fill` is the value to
    put in place of lost slices of partitioned tensors, which are lost without it. What no checksum
    confirms (an entry in a damaged block of the index, though its bytes have the checksum that
    stands there; numbers whose order of bytes is lost; what an index made anew says) comes only
    with `unconfirmed`, and is then said to be so. The graph of an object-based checkpoint is kept,
    without the values that are lost.

    `tensors` of the report is a lazy mapping of what was salvaged.

    Raises FileMissingError where there is no V1 file and nothing that could stand for an index,
    DataLossError where nothing in it is of a checkpoint, or no layout fits; FileExistsError if
    there is a checkpoint at `dst`; TensorNotFoundError for `names` of which there is no trace.
    Nothing of `src` changes.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> prefix = tfckpt.save(folder + "/m", {"a": np.zeros(4), "b": np.ones(4)})
    >>> with open(prefix + ".data-00000-of-00001", "r+b") as file:
    ...     _ = file.write(b"oops")
    >>> report = tfckpt.salvage(prefix, folder + "/rescued")
    >>> report.intact, [loss.tensor for loss in report.lost]
    (('b',), ['a'])
    >>> list(tfckpt.load(folder + "/rescued"))
    ['b']
    """
    target = None if dst is None else _checked_target(dst)
    survey = survey_of(as_path(src), None if like is None else as_path(like))
    try:
        report = _report(survey, names, fill=fill, unconfirmed=unconfirmed)
        if target is not None and len(report.tensors):
            save(target, report.tensors, fsync=fsync)
            report = replace(report, written=target)
    except BaseException:
        survey.files.close()
        raise
    logger.info("%s", report.summary())
    return report


def _checked_target(dst: AnyPath) -> str:
    target = check_prefix(dst)
    if os.path.isdir(target):
        raise InvalidArgumentError(
            "this is a folder: give the prefix that the checkpoint is to have in it", path=target
        )
    if has_index(target) or os.path.isfile(target) or pattern_at(target) is not None:
        raise FileExistsError(f"{target}: there is a checkpoint already; it was left as it is")
    return target


def survey_of(path: str, like: str | None = None) -> Survey:
    """Look for what is whole of a checkpoint, whatever its format."""
    location = _located(path)
    return survey_v1(location.path) if location.is_v1 else survey_bundle(location.path, like)


def _located(path: str) -> Location:
    """Say which checkpoint is meant, also where so much is damaged that `locate` does not know."""
    prefix = prefix_of(path) or path
    if has_index(prefix) or any(shards_on_disk(prefix)):
        return Location(prefix)
    if is_pattern(path):
        return Location(path, is_v1=True)
    if any(shards_on_disk(variables_prefix(path))):
        return Location(variables_prefix(path))
    try:
        return locate(path, prefix_first=True)
    except FileMissingError:
        raise
    except InvalidArgumentError:
        if os.path.isfile(path):  # a V1 file without its footer looks like nothing
            return Location(path, is_v1=True)
        raise


def _report(
    survey: Survey, names: Iterable[str] | None, *, fill: object, unconfirmed: bool
) -> SalvageReport:
    lost = list(survey.lost)
    chosen: dict[str, Survivor] = {}
    wanted = None if names is None else set(listed(names))
    for name, survivor in survey.tensors.items():
        if wanted is not None and name not in wanted:
            continue
        if survivor.doubt is not None and not unconfirmed:
            if survivor.lost is None:
                way = "unconfirmed=True, or --unconfirmed, takes it"
                lost.append(Lost(name, f"{survivor.doubt} ({way})"))
        elif survivor.lost is None or fill is not None:
            chosen[name] = survivor
    if wanted is not None:
        _check_known(survey, wanted)
        lost = [loss for loss in lost if loss.tensor is None or loss.tensor in wanted]
    notes = list(survey.notes)
    if OBJECT_GRAPH_KEY in chosen:
        _keep_graph(survey.path, chosen, lost, notes)
    return SalvageReport(
        survey.path,
        intact=tuple(
            sorted(
                name
                for name, survivor in chosen.items()
                if not survivor.lost and not survivor.doubt
            )
        ),
        lost=tuple(lost),
        filled=tuple(sorted(name for name, survivor in chosen.items() if survivor.lost)),
        unconfirmed={
            name: survivor.doubt for name, survivor in sorted(chosen.items()) if survivor.doubt
        },
        notes=tuple(notes),
        size=sum(piece.size for survivor in chosen.values() for piece in survivor.pieces),
        tensors=SalvagedReader(survey.path, chosen, survey.files, fill),
    )


def _check_known(survey: Survey, wanted: set[str]) -> None:
    from tfckpt.reader import tensor_not_found

    known = {*survey.tensors, *(loss.tensor for loss in survey.lost if loss.tensor is not None)}
    for name in sorted(wanted - known):
        raise tensor_not_found(name, known, survey.path, "; its entry may be among what is lost")


def _keep_graph(
    path: str, chosen: dict[str, Survivor], lost: list[Lost], notes: list[Finding]
) -> None:
    """Take what is lost off the graph of objects."""
    found = without_lost(chosen[OBJECT_GRAPH_KEY], chosen)
    if found is None:
        del chosen[OBJECT_GRAPH_KEY]
        lost.append(Lost(OBJECT_GRAPH_KEY, "it is no graph of objects"))
        return
    chosen[OBJECT_GRAPH_KEY], gone = found
    if gone:
        message = f"the object graph is without {plural(len(gone), 'value')} that it had"
        notes.append(Finding("note", message, path, OBJECT_GRAPH_KEY))
