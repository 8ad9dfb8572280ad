"""Vocabularies: a file with a word a line, whose number is the word's row in an embedding."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import AnyPath, as_path
from tfckpt.storage import read_file
from tfckpt.tensors.slices import Shape

NEW = -1  # stands in a remapping for a row that the old vocabulary has not

Ids = npt.NDArray[np.int64]
Initializer = Callable[[Shape], object]


class _VocabInfo(NamedTuple):
    new_vocab: AnyPath
    new_vocab_size: int
    num_oov_buckets: int
    old_vocab: AnyPath
    old_vocab_size: int = -1
    backup_initializer: Initializer | None = None
    axis: int = 0


class VocabInfo(_VocabInfo):
    """What `warm_start` is told of a variable whose rows, or columns, belong to words.

    `new_vocab` and `old_vocab` are files with a word a line. The first `new_vocab_size` words
    have a row each, then come `num_oov_buckets` rows for words out of the vocabulary. Of the old
    file `old_vocab_size` words count; -1 for all. Rows of new words and of buckets have the values
    of ``backup_initializer(shape)``, zeros if that is None. `axis` is 0 for rows, 1 for columns.

    Raises ValueError for another axis.
    """

    __slots__ = ()

    def __new__(
        cls,
        new_vocab: AnyPath,
        new_vocab_size: int,
        num_oov_buckets: int,
        old_vocab: AnyPath,
        old_vocab_size: int = -1,
        backup_initializer: Initializer | None = None,
        axis: int = 0,
    ) -> VocabInfo:
        if axis not in (0, 1):
            raise ValueError(f"a vocabulary belongs to axis 0 or 1, not {axis!r}")
        return super().__new__(
            cls,
            new_vocab,
            new_vocab_size,
            num_oov_buckets,
            old_vocab,
            old_vocab_size,
            backup_initializer,
            axis,
        )


def generate_vocab_remapping(
    new_vocab_file: AnyPath,
    old_vocab_file: AnyPath,
    new_vocab_offset: int,
    num_new_vocab: int,
    old_vocab_size: int = -1,
) -> tuple[Ids, int]:
    """Return where words of a new vocabulary are in an old one, and how many are there.

    The words are lines `new_vocab_offset` to `new_vocab_offset` + `num_new_vocab` of the new file.
    The result is an int64 array of `num_new_vocab` line numbers in the old file, from 0; -1 stands
    for a word that is not among its first `old_vocab_size` lines (-1: all). Lines are compared as
    bytes, without their ``\\n`` or ``\\r\\n``. The rules are those of TensorFlow's operation
    (``generate_vocab_remapping_op.cc``, ``lookup_util.cc``).

    Raises InvalidArgumentError (a ValueError) for a file of too few lines, an empty line, or a
    word that the old file has twice; FileMissingError where there is no file.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "old").write_text("apple\\nguava\\n")
    >>> _ = (folder / "new").write_text("guava\\nkiwi\\napple\\n")
    >>> generate_vocab_remapping(folder / "new", folder / "old", 0, 3)
    (array([ 1, -1,  0]), 2)
    """
    if new_vocab_offset < 0 or num_new_vocab < 0:
        raise InvalidArgumentError(
            f"lines {new_vocab_offset} to {new_vocab_offset} + {num_new_vocab} of a vocabulary"
        )
    new = _read_words(new_vocab_file)
    end = new_vocab_offset + num_new_vocab
    if num_new_vocab and end > len(new):
        raise InvalidArgumentError(
            f"lines up to {end} are asked for, it has {len(new)}", path=as_path(new_vocab_file)
        )
    lines = _lines_of_words(old_vocab_file, old_vocab_size)
    found = map(lines.get, new[new_vocab_offset:end], repeat(NEW))
    remapping = np.fromiter(found, np.int64, num_new_vocab)
    return remapping, int(np.count_nonzero(remapping != NEW))


def _read_words(file: AnyPath, size: int = -1) -> list[bytes]:
    """Return the first `size` lines of a vocabulary, or all of them."""
    path = as_path(file)
    if not path:
        raise InvalidArgumentError("the path of a vocabulary cannot be empty")
    text = read_file(path).replace(b"\r\n", b"\n").removesuffix(b"\r")
    words = text.split(b"\n")
    if not words[-1]:
        words.pop()
    if not words:
        raise InvalidArgumentError("a vocabulary without a word", path=path)
    if size != -1:
        if not 0 < size <= len(words):
            raise InvalidArgumentError(f"{size} lines are to count, it has {len(words)}", path=path)
        words = words[:size]
    if b"" in words:
        raise InvalidArgumentError(f"line {words.index(b'') + 1} is empty", path=path)
    return words


def _lines_of_words(file: AnyPath, size: int) -> dict[bytes, int]:
    words = _read_words(file, size)
    # Backwards, so that of equal words the first one counts in what is said of them.
    lines = dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))
    if len(lines) < len(words):
        again = next(at for at, word in enumerate(words) if lines[word] != at)
        word = words[again].decode("utf-8", "backslashreplace")
        raise InvalidArgumentError(
            f"{word!r} is in it twice, in lines {lines[words[again]] + 1} and {again + 1}",
            path=as_path(file),
        )
    return lines
