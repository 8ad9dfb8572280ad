"""tf.logging: the logger named ``tensorflow``, as TensorFlow sets it up."""

from __future__ import annotations

import logging
import sys
from typing import Any

DEBUG = logging.DEBUG
INFO = logging.INFO
WARN = logging.WARN
ERROR = logging.ERROR
FATAL = logging.FATAL

_counts: dict[Any, int] = {}


def get_logger() -> logging.Logger:
    """Return the logger ``tensorflow``; what it logs goes to stderr."""
    logger = logging.getLogger("tensorflow")
    if not logger.handlers and not logging.getLogger().handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT, None))
        logger.addHandler(handler)
        if logger.level == logging.NOTSET:
            logger.setLevel(WARN)
    return logger


def _log(level: int, msg: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    get_logger().log(level, msg, *args, **{"stacklevel": 3, **kwargs})


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log at a level."""
    _log(level, msg, args, kwargs)


def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log what helps to find an error."""
    _log(DEBUG, msg, args, kwargs)


def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log what goes on."""
    _log(INFO, msg, args, kwargs)


def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log a warning."""
    _log(WARN, msg, args, kwargs)


def warn(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log a warning."""
    _log(WARN, msg, args, kwargs)


def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log an error."""
    _log(ERROR, msg, args, kwargs)


def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log an error that ends everything; nothing is ended."""
    _log(FATAL, msg, args, kwargs)


def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log at a level."""
    _log(level, msg, args, kwargs)


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Log if a condition is true."""
    if condition:
        _log(level, msg, args, {})


def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Log the first times that this line is reached."""
    log_if(level, msg, _count() < n, *args)


def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Log once every so many times that this line is reached."""
    log_if(level, msg, _count() % n == 0, *args)


def _count() -> int:
    frame = sys._getframe(2)
    place = (frame.f_code, frame.f_lineno)
    before = _counts.get(place, 0)
    _counts[place] = before + 1
    return before


def set_verbosity(v: int) -> None:
    """Log what is of this level, or more important."""
    get_logger().setLevel(v)


def get_verbosity() -> int:
    """Return the level from which on is logged."""
    return get_logger().getEffectiveLevel()


def flush() -> None:
    """Do nothing: what is logged is written at once."""


def TaskLevelStatusMessage(msg: Any) -> None:  # noqa: N802
    """Log an error."""
    error(msg)
