"""``import tensorflow`` for programs that only want a checkpoint, a graph file or variables.

Other people's programs run as they are, where TensorFlow does not install:

    python -m tfckpt.compat convert.py model.ckpt      a script
    python -m tfckpt.compat -m package.convert         a module
    tfckpt.compat.install()                            at the head of a program
    with tfckpt.compat.tensorflow(): ...               in a test
    PYTHONPATH=$(python -m tfckpt.compat --path)       for processes that start others

Whatever needs TensorFlow itself is an error that says which symbol, and where it was asked for.

>>> import tempfile, tfckpt, tfckpt.compat
>>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"w": [1.0, 2.0]})
>>> with tfckpt.compat.tensorflow(force=True):
...     import tensorflow as tf
...     tf.train.list_variables(prefix)
[('w', [2])]

    table.py      which symbols there are, and what stands for each
    finder.py     the modules, as the import system sees them
    absent.py     the errors for everything else
    reading.py, saving.py, session.py, variables.py, tensors.py, graphs.py, ...  what does the work
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tfckpt.compat import finder
from tfckpt.compat.absent import (
    NeedsTensorFlow,
    NeedsTensorFlowAttribute,
    NeedsTensorFlowModule,
)

__all__ = [
    "NeedsTensorFlow",
    "NeedsTensorFlowAttribute",
    "NeedsTensorFlowModule",
    "install",
    "path",
    "tensorflow",
    "uninstall",
]


def install(*, force: bool = False) -> bool:
    """Let ``import tensorflow`` find this library's parts; return whether it does.

    Where TensorFlow itself is installed it stays untouched, and nothing is done, unless `force`.

    Raises RuntimeError if `force` comes too late: TensorFlow was imported already.
    """
    if finder.FINDER in sys.meta_path:
        return True
    if finder.real_tensorflow() is not None:
        if not force:
            return False
        if any(finder.loaded()) and not _is_starting():
            raise RuntimeError("TensorFlow was imported already: call tfckpt.compat.install before")
    sys.meta_path.insert(0, finder.FINDER)
    return True


def _is_starting() -> bool:
    """Whether what was imported is only the stand-in of `path`."""
    spec = getattr(sys.modules.get(finder.PACKAGE), "__spec__", None)
    return spec is not None and finder._is_ours(spec)


def uninstall() -> None:
    """Take back `install`; modules that were imported stay with who has them."""
    if finder.FINDER in sys.meta_path:
        sys.meta_path.remove(finder.FINDER)
        for name in finder.loaded():
            del sys.modules[name]


@contextmanager
def tensorflow(*, force: bool = False) -> Iterator[bool]:
    """Do `install` for a ``with`` block, and take it back; gives what that returns.

    With `force` also where TensorFlow was imported: the block does not see it.
    """
    if finder.FINDER in sys.meta_path:
        yield True
        return
    before = {name: sys.modules.pop(name) for name in finder.loaded()} if force else {}
    done = False
    try:
        done = install(force=force)
        yield done
    finally:
        if done:
            uninstall()
        sys.modules.update(before)


def path() -> str:
    """Return a folder for PYTHONPATH: processes that have it find this ``tensorflow`` first.

    >>> import os
    >>> os.listdir(path())
    ['tensorflow']
    """
    return str(finder.stand_in_folder())
