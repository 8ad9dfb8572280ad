"""How far long work has come: what ``progress=`` is, and bars that are.

What saves, restores, loads, converts or verifies calls ``progress(done, total, name)`` as it goes:
bytes that are done, bytes in all, and the tensor or file that they were of. Calls come one at a
time, from whatever thread does the work; what one raises ends the work.

>>> import numpy as np, tempfile, tfckpt
>>> seen = []
>>> prefix = tfckpt.save(
...     tempfile.mkdtemp() + "/m",
...     {"a": np.zeros(3), "b": np.zeros(5)},
...     progress=lambda done, total, name: seen.append((done, total, name)),
... )
>>> seen
[(24, 64, 'a'), (64, 64, 'b')]
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from tfckpt.wording import harmless

Progress: TypeAlias = Callable[[int, int, str], object]
"""Called with the bytes that are done, those that there are in all, and what they were of."""


def counting(
    sizes: Mapping[str, int], progress: Progress | None, *, times: int = 1
) -> Callable[[str], None]:
    """Return what counts a tensor as done, of so many that are each done `times` times.

    Any thread may call it.
    """
    if progress is None:
        return lambda name: None
    total, done, lock = times * sum(sizes.values()), 0, threading.Lock()

    def report(name: str) -> None:
        nonlocal done
        with lock:
            done += sizes[name]
            progress(done, total, name)

    return report


@contextmanager
def rich_bar(
    description: str | None = None, *, console: Any = None, least: int = 0
) -> Iterator[Progress]:
    """Give a `Progress` that is a bar of rich's, which is gone in the end.

    It says `description`, or the tensor or file that it is at. Nothing is shown for less than
    `least` bytes, or where `console`, rich's of standard error if left out, is no terminal. Raises
    ImportError where a bar is to be shown and rich is not there.

    >>> import numpy as np, tempfile, tfckpt
    >>> with tfckpt.progress.rich_bar("saving") as bar:
    ...     prefix = tfckpt.save(tempfile.mkdtemp() + "/m", {"w": np.ones(2)}, progress=bar)
    """
    if console is None and not sys.stderr.isatty():  # for whom rich need not be loaded
        yield lambda done, total, name: None
        return
    try:
        from rich import progress as shown
        from rich.console import Console
    except ImportError:
        raise ImportError("rich_bar needs rich: pip install 'tfckpt[cli]'") from None
    console = console or Console(stderr=True)
    columns = (
        shown.TextColumn("{task.description}", markup=False),
        shown.BarColumn(),
        shown.DownloadColumn(),
        shown.TransferSpeedColumn(),
        shown.TimeRemainingColumn(),
    )
    bar = shown.Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar:
        task = bar.add_task(description or "", total=None, visible=False)

        def show(done: int, total: int, name: str) -> None:
            text = harmless(name if description is None else description)
            bar.update(task, completed=done, total=total, description=text, visible=total >= least)

        yield show


@contextmanager
def tqdm_bar(description: str | None = None, **options: Any) -> Iterator[Progress]:
    """Give a `Progress` that is a bar of tqdm's; `options` are those of ``tqdm.auto.tqdm``.

    It says `description`, or the tensor or file that it is at. Raises ImportError without tqdm.

    >>> import io, numpy as np, tempfile, tfckpt
    >>> with tfckpt.progress.tqdm_bar("saving", file=io.StringIO()) as bar:
    ...     prefix = tfckpt.save(tempfile.mkdtemp() + "/m", {"w": np.ones(2)}, progress=bar)
    """
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("tqdm_bar needs tqdm: pip install tqdm") from None
    given = {"unit": "B", "unit_scale": True, "desc": description} | options
    with tqdm(**given) as bar:

        def show(done: int, total: int, name: str) -> None:
            if done < bar.n:  # other work has begun
                bar.reset(total)
            bar.total = total
            if description is None:
                bar.set_description_str(harmless(name), refresh=False)
            bar.update(done - bar.n)

        yield show
