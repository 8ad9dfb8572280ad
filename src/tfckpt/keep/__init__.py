"""Which checkpoints are worth keeping: policies, metrics, pins and leases.

policies.py  what keeps a checkpoint: last, best, every, pinned, and their combinations
parsing.py   policies as text
record.py    what is known of one checkpoint
history.py   the file beside the state file in which that is
folder.py    a save, a pin, a lease, metrics: whatever changes what is known of a folder

>>> from tfckpt import keep
>>> keep.last(3) | keep.best("loss", 2) | keep.every(steps=10_000) | keep.pinned("release-*")
last(3) | best('loss', 2) | every(steps=10000) | pinned('release-*')
"""

from tfckpt.keep.folder import lease, pin, record_metrics, unpin
from tfckpt.keep.parsing import parse
from tfckpt.keep.policies import Policy, best, every, last, pinned

__all__ = [
    "Policy",
    "best",
    "every",
    "last",
    "lease",
    "parse",
    "pin",
    "pinned",
    "record_metrics",
    "unpin",
]
