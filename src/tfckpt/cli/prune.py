"""``tfckpt prune``: delete the checkpoints of a folder that no policy keeps."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.keep import parse
from tfckpt.pruning import Pruned, PruneReport, prune, why_text
from tfckpt.wording import bytes_text, harmless


@click.command("prune")
@click.argument("folder", metavar="DIR", shell_complete=complete_path)
@click.option(
    "--keep",
    "policy",
    required=True,
    metavar="POLICY",
    help="What to keep: last(N), best('METRIC', N, mode='min'), every(hours=H), "
    "every(steps=N), pinned('PATTERN', [STEP]), joined by |.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; delete nothing.")
@click.option("--state", metavar="NAME", help="The state file's name, if it is not checkpoint.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def prune_command(
    folder: str, policy: str, dry_run: bool, state: str | None, as_json: bool
) -> None:
    """Delete the checkpoints of DIR that POLICY does not keep.

    Never deleted are the newest, the newest that is sound, what is pinned or in use, and what no
    state file of DIR ever named.

    Exits with 0, or with 1 where something that should go could not be deleted.
    """
    try:
        keep = parse(policy)
    except ValueError as error:
        raise click.UsageError(f"--keep {error}") from None
    report = prune(folder, keep, latest_filename=state, dry_run=dry_run)
    if as_json:
        text.write([json.dumps(report.to_json())])
    else:
        text.write(_table(report))
    left = [checkpoint for checkpoint in report.go if not checkpoint.deleted]
    if left and not dry_run:
        raise click.exceptions.Exit(1)


def _table(report: PruneReport) -> Iterator[str]:
    titles = ("checkpoint", "step", "saved", "size", "metrics", "fate", "why")
    rows = [_row(checkpoint) for checkpoint in report.checkpoints]
    if rows:
        yield from text.table(
            titles,
            rows,
            right=("step", "size"),
            folds=("checkpoint", "metrics", "why"),
            beside=("why",),
            width=text.columns(),
        )
        yield ""
    yield harmless(report.summary())


def _row(checkpoint: Pruned) -> tuple[str, ...]:
    metrics = " ".join(f"{name}={value:g}" for name, value in (checkpoint.metrics or {}).items())
    return (
        os.path.basename(checkpoint.path),
        "" if checkpoint.step is None else str(checkpoint.step),
        _date(checkpoint.time),
        bytes_text(checkpoint.size),
        metrics,
        "stays" if checkpoint.stays else "goes",
        why_text(checkpoint),
    )


def _date(seconds: float) -> str:
    """Return a date; nothing for 0, and for what is none: a state file may have any number."""
    try:
        date = datetime.datetime.fromtimestamp(seconds)
    except (ValueError, OverflowError, OSError):
        return ""
    return date.strftime("%Y-%m-%d %H:%M") if seconds else ""
