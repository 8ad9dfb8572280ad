"""``tfckpt average``: the average of several checkpoints."""

from __future__ import annotations

from typing import Any

import click

from tfckpt.cli.completion import complete_path
from tfckpt.cli.writing import write_result, writing_options
from tfckpt.state import get_checkpoint_state
from tfckpt.transform import average
from tfckpt.transform.averaging import Missing, Others
from tfckpt.transform.tensors import as_lazy


@click.command("average")
@click.argument(
    "paths", nargs=-1, required=True, metavar="SRC... DST", shell_complete=complete_path
)
@click.option("--last", type=click.IntRange(min=1), help="The last so many of the folder SRC.")
@click.option("--weights", metavar="W,W...", help="A number for each checkpoint.")
@click.option("--decay", type=float, help="Exponential: each older one counts so many times less.")
@click.option("--keep-slots", is_flag=True, help="Average the slots of optimizers, too.")
@click.option(
    "--others",
    type=click.Choice(["newest", "equal"]),
    default="newest",
    show_default=True,
    help="Integers and strings: those of the last checkpoint, or all have to agree.",
)
@click.option(
    "--missing",
    type=click.Choice(["error", "drop"]),
    default="error",
    show_default=True,
    help="Tensors that a checkpoint lacks.",
)
@writing_options
def average_command(
    paths: tuple[str, ...],
    last: int | None,
    weights: str | None,
    decay: float | None,
    keep_slots: bool,
    others: Others,
    missing: Missing,
    **writing: Any,
) -> None:
    """Write the average of checkpoints SRC, the newest of them last, at prefix DST."""
    *sources, target = paths
    if not sources:
        raise click.UsageError("SRC... DST are expected, two paths at least")
    if last is not None:
        if len(sources) > 1:
            raise click.UsageError("--last goes with one folder SRC")
        sources = _last(sources[0], last)
    given = [as_lazy(source) for source in sources]
    try:
        averaged = average(
            given,
            _numbers(weights),
            not keep_slots,
            decay=decay,
            others=others,
            missing=missing,
        )
        write_result(given[-1], averaged, target, **writing)
    finally:
        for checkpoint in given:
            checkpoint.close()


def _last(folder: str, count: int) -> list[str]:
    state = get_checkpoint_state(folder)
    paths = [] if state is None else list(state.all_model_checkpoint_paths)
    if len(paths) < count:
        raise click.ClickException(
            f"{folder}: the state file there names {len(paths)} checkpoints, not {count}"
        )
    return paths[-count:]


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(weight) for weight in text.split(",")]
    except ValueError:
        raise click.UsageError(f"--weights {text}: numbers with commas are expected") from None
