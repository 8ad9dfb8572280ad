"""A bar for long work, if a terminal is there to see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


@contextmanager
def progress_bar(doing: str, again: str = "") -> Iterator[Any]:
    """Give what moves the bar on; a tensor that comes a second time is in the step `again`."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    names: set[str] = set()
    with bar:
        task = bar.add_task(doing, total=None)

        def show(done: int, total: int, name: str) -> None:
            step = again if name in names else doing
            names.add(name)
            bar.update(task, completed=done, total=total, description=step or doing)

        yield show
