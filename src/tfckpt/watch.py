"""Waiting for checkpoints that another process writes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from tfckpt.latest import Known, search
from tfckpt.names import AnyPath, as_path
from tfckpt.state import latest_in_state

logger = logging.getLogger("tfckpt")


def wait_for_new_checkpoint(
    checkpoint_dir: AnyPath,
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
    *,
    valid: bool = False,
) -> str | None:
    """Wait until a folder's latest checkpoint is another than `last_checkpoint`; return it.

    Looks every `seconds_to_sleep`. None once another look would come later than `timeout`
    seconds after the call; without a timeout it waits forever. With `valid` a checkpoint is
    waited for that is whole, as `latest_checkpoint` has it.

    >>> import tempfile, tfckpt
    >>> tfckpt.wait_for_new_checkpoint(tempfile.mkdtemp(), timeout=0) is None
    True
    """
    known = Known() if valid else None
    return _wait(
        checkpoint_dir,
        last_checkpoint,
        seconds_to_sleep=seconds_to_sleep,
        timeout=timeout,
        known=known,
    )


def _wait(
    checkpoint_dir: AnyPath,
    last_checkpoint: str | None,
    seconds_to_sleep: float,
    timeout: float | None,
    known: Known | None,
) -> str | None:
    folder = as_path(checkpoint_dir)
    stop_time = None if timeout is None else time.time() + timeout
    while True:
        if known is None:
            path = latest_in_state(folder)
        else:
            path = search(folder, until=last_checkpoint, known=known).path
        if path is not None and path != last_checkpoint:
            return path
        if stop_time is not None and time.time() + seconds_to_sleep > stop_time:
            return None
        time.sleep(seconds_to_sleep)


def checkpoints_iterator(
    checkpoint_dir: AnyPath,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
    *,
    valid: bool = False,
) -> Iterator[str]:
    """Yield a folder's latest checkpoint each time that there is a new one.

    Some may be skipped where they come faster than they are taken; successive ones come at
    least `min_interval_secs` apart. When none comes for `timeout` seconds the iteration ends.
    With a `timeout_fn` it is that which ends it, by returning true: it is asked at each timeout
    and after each checkpoint. Without a timeout one waits forever. With `valid` those that are not
    whole are passed over, as in `latest_checkpoint`; each is read once, and again when its files
    change.

    >>> import tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> _ = tfckpt.Saver().save({"w": [1.0]}, folder + "/m", global_step=1)
    >>> [path.rpartition("/")[2] for path in tfckpt.checkpoints_iterator(folder, timeout=0)]
    ['m-1']
    """
    path: str | None = None
    known = Known() if valid else None
    while True:
        new = _wait(checkpoint_dir, path, seconds_to_sleep=1, timeout=timeout, known=known)
        if new is not None:
            started = time.time()
            path = new
            yield path
            remaining = started + min_interval_secs - time.time()
            if remaining > 0:
                time.sleep(remaining)
        elif timeout_fn is None:
            logger.info("Timed-out waiting for a checkpoint.")
            return
        if timeout_fn is not None and timeout_fn():
            logger.info("No more checkpoints are to come.")
            return
