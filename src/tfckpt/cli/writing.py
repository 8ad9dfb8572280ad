"""What commands that write a transformed checkpoint share: options, checks, the table, the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import click

from tfckpt.bundle.commit import has_index
from tfckpt.bundle.linking import MAX_DEAD, Link
from tfckpt.cli import text
from tfckpt.cli.output import json_line
from tfckpt.convert import check_no_folder
from tfckpt.progress import rich_bar
from tfckpt.saving import save
from tfckpt.storage import is_file
from tfckpt.transform import Change, LazyTensors, Plan, plan
from tfckpt.wording import bytes_text, harmless, plural

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_UNITS |= {f"{unit}i": 1 << 10 * power for power, unit in enumerate("kMGT", 1)}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]i?)?B?$")


def parse_size(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Return how many bytes an option means: 500MB, 2GiB, 1000000."""
    if text is None:
        return None
    found = _SIZE.match(text.replace("K", "k"))
    size = int(float(found[1]) * _UNITS[found[2] or ""]) if found else 0
    if size < 1:
        raise click.BadParameter(f"{text!r} is no size such as 500MB or 2GiB")
    return size


_LINKS: dict[str, Link] = {"auto": "auto", "always": True, "never": False}


def writing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of `write_result` to a command, as the one argument `writing`."""
    for option in (
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            help="Say what was done as one JSON object.",
        ),
        click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing."),
        click.option("--force", is_flag=True, help="Replace a checkpoint that is at DST."),
        click.option(
            "--shard-size",
            callback=parse_size,
            metavar="SIZE",
            help="As many data files as keep each within this size, such as 2GB; a tensor stays "
            "whole. Not with --shards.",
        ),
        click.option(
            "--shards",
            type=click.IntRange(min=1),
            help="Data files for what is not linked: nothing is, unless --link always.  "
            "[default: 1]",
        ),
        click.option(
            "--max-dead",
            type=click.FloatRange(0, 1),
            default=MAX_DEAD,
            show_default=True,
            help="Share of a linked data file that may be dead with --link auto.",
        ),
        click.option(
            "--link",
            type=click.Choice(list(_LINKS)),
            default="auto",
            show_default=True,
            help="Make the data files SRC has DST's by hard links, and write only what is new.",
        ),
    ):
        command = option(command)
    return command


def write_result(
    source: LazyTensors,
    edited: LazyTensors,
    target: str,
    *,
    link: str,
    max_dead: float,
    shards: int | None,
    shard_size: int | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write what a command has made of `source`, or say what it would write."""
    if shards is not None and shard_size is not None:
        raise click.UsageError("--shards and --shard-size exclude each other")
    if link == "auto" and (shards or shard_size):
        link = "never"  # what is linked stays in as many files as it is
    check_no_folder(target, source)
    if not force and (has_index(target) or is_file(target)):
        raise click.ClickException(
            f"{harmless(target)}: there is a checkpoint already; it was left as it is (--force "
            f"replaces it)"
        )
    if source and not edited:
        raise click.ClickException(
            f"{harmless(source.path)}: no tensor would be left, so nothing was written"
        )
    found = plan(source, edited, link=_LINKS[link], max_dead=max_dead)
    if not dry_run:
        with rich_bar("writing") as progress:
            target = save(
                target,
                edited,
                num_shards=shards or 1,
                max_shard_size=shard_size,
                link=_LINKS[link],
                max_dead=max_dead,
                progress=progress,
            )
    if as_json:
        text.write([json_line("plan/1", _as_json(target, found, dry_run=dry_run))])
    elif dry_run:
        text.write(_table(found))
    else:
        text.write([f"{harmless(target)}: {_summary(found)}"])


def pair(option: str, text: str) -> tuple[str, str]:
    """Take OLD=NEW apart. Raises UsageError for what is no such pair."""
    old, equals, new = text.partition("=")
    if not equals or not old:
        raise click.UsageError(
            f"{option} {text}: OLD=NEW is expected (or --rules, for a '=' in OLD)"
        )
    return old, new


def _as_json(target: str, found: Plan, *, dry_run: bool) -> dict[str, Any]:
    return {
        "path": target,
        "dry_run": dry_run,
        "changes": [change._asdict() for change in found.changes],
        "written": found.written,
        "linked": found.linked,
        "dead": found.dead,
    }


def _table(found: Plan) -> Iterator[str]:
    rows = [(*change[:3], _written(change)) for change in found.changes]
    titles = ("before", "after", "what happens", "written")
    yield from text.table(titles, rows, right=("written",), folds=titles[:2], width=text.columns())
    yield ""
    yield harmless(_summary(found))


def _written(change: Change) -> str:
    return bytes_text(change.written) if change.after else ""


def _summary(found: Plan) -> str:
    kept = sum(bool(change.after) for change in found.changes)
    left_out = len(found.changes) - kept
    parts = [plural(kept, "tensor"), *([f"{left_out} left out"] if left_out else [])]
    parts.append(f"{bytes_text(found.written)} written")
    if found.linked:
        dead = f" ({bytes_text(found.dead)} of it dead)" if found.dead else ""
        parts.append(f"{bytes_text(found.linked)} linked{dead}")
    return ", ".join(parts)
