"""What commands that write a transformed checkpoint share: options, checks, the table, the end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import click

from tfckpt.bundle.commit import has_index
from tfckpt.bundle.linking import MAX_DEAD, Link
from tfckpt.cli.output import bytes_text, console, harmless, markup, table
from tfckpt.cli.progress import progress_bar
from tfckpt.convert import check_no_folder
from tfckpt.saving import save
from tfckpt.transform import Change, LazyTensors, Plan, plan

_LINKS: dict[str, Link] = {"auto": "auto", "always": True, "never": False}


def writing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of `write` to a command, as the one argument `writing`."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON."),
        click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing."),
        click.option("--force", is_flag=True, help="Replace a checkpoint that is at DST."),
        click.option(
            "--shards",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            help="Data files for what is not linked.",
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


def write(
    source: LazyTensors,
    edited: LazyTensors,
    target: str,
    *,
    link: str,
    max_dead: float,
    shards: int,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write what a command has made of `source`, or say what it would write."""
    check_no_folder(target, source)
    if not force and (has_index(target) or os.path.isfile(target)):
        raise click.ClickException(
            f"{harmless(target)}: there is a checkpoint already; it was left as it is (--force "
            f"replaces it)"
        )
    found = plan(source, edited, link=_LINKS[link], max_dead=max_dead)
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2))
    elif dry_run:
        _show(found)
    if dry_run:
        return
    with progress_bar("writing") as progress:
        made = save(
            target,
            edited,
            num_shards=shards,
            link=_LINKS[link],
            max_dead=max_dead,
            progress=progress,
        )
    if not as_json:
        click.echo(f"{harmless(made)}: {_summary(found)}")


def pair(option: str, text: str) -> tuple[str, str]:
    """Take OLD=NEW apart. Raises UsageError for what is no such pair."""
    old, equals, new = text.partition("=")
    if not equals or not old:
        raise click.UsageError(
            f"{option} {text}: OLD=NEW is expected (or --rules, for a '=' in OLD)"
        )
    return old, new


def _as_json(found: Plan) -> dict[str, Any]:
    changes = [change._asdict() for change in found.changes]
    return {
        "changes": changes,
        "written": found.written,
        "linked": found.linked,
        "dead": found.dead,
    }


def _show(found: Plan) -> None:
    out = console()
    listing = table("before", "after", "what happens", "written", right=("written",))
    for change in found.changes:
        listing.add_row(*(markup(text) for text in change[:3]), _written(change))
    out.print(listing)
    out.print()
    out.print(markup(_summary(found)))


def _written(change: Change) -> str:
    return bytes_text(change.written) if change.after else ""


def _summary(found: Plan) -> str:
    kept = sum(bool(change.after) for change in found.changes)
    left_out = len(found.changes) - kept
    parts = [f"{kept} tensors", f"{left_out} left out"] if left_out else [f"{kept} tensors"]
    parts.append(f"{bytes_text(found.written)} written")
    if found.linked:
        dead = f" ({bytes_text(found.dead)} of it dead)" if found.dead else ""
        parts.append(f"{bytes_text(found.linked)} linked{dead}")
    return ", ".join(parts)
