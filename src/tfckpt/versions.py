"""VersionDef: which version of the code wrote a message, and which versions may read it.

The rules are those of TensorFlow's ``framework/versions.cc``; each kind of message counts its own
versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfckpt.errors import InvalidArgumentError

if TYPE_CHECKING:
    from tfckpt.protos import VersionDef

TFCKPT_VERSION = "0.1.0"

# TensorFlow 2.21's version of graphs, and of the operations in them (``TF_GRAPH_DEF_VERSION``).
GRAPH_DEF_VERSION = 2474

_MIN_PRODUCER = 0  # of every kind of message that TensorFlow 2.21 has


def check_versions(versions: VersionDef, consumer: int, what: str) -> None:
    """Refuse a message that `consumer`, the version of this code, is not to read.

    Raises InvalidArgumentError.
    """
    if versions.producer < _MIN_PRODUCER:
        raise InvalidArgumentError(
            f"{what} is of version {versions.producer}, below {_MIN_PRODUCER}, the oldest that is "
            f"read: write it again"
        )
    if versions.min_consumer > consumer:
        raise InvalidArgumentError(
            f"{what} asks for a reader of version {versions.min_consumer}, this one is {consumer}"
        )
    if consumer in versions.bad_consumers:
        raise InvalidArgumentError(f"{what} says that readers of version {consumer} are wrong")
