"""Variable: an array that has a full name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.tensors.stored import as_storable


class Variable(np.ndarray):
    """A numpy array with the full name that it has in a graph, such as ``dense/kernel``.

    Name-based checkpoints know variables by these names: `Checkpoint.restore` finds the values of
    one by them, and writes them beside the keys, as it does of a ``tf.Variable(value, name=...)``.

    >>> import numpy as np, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> old = tfckpt.save(folder + "/model.ckpt", {"dense/kernel": np.float32([1, 2])})
    >>> kernel = tfckpt.Variable(np.zeros(2, "f4"), name="dense/kernel")
    >>> checkpoint = tfckpt.Checkpoint(net={"kernel": kernel})
    >>> _ = checkpoint.restore(old).assert_consumed()
    >>> print(kernel.name, kernel)
    dense/kernel [1. 2.]
    >>> tfckpt.to_name_based(checkpoint.write(folder + "/new"))["dense/kernel"]
    array([1., 2.], dtype=float32)

    `value` is copied. `dtype` is numpy's; without it numpy's rules decide. What is computed from a
    variable, parts of it too, has no name (`name` is None); copies have it.

    Raises TypeError for what no checkpoint can hold, ValueError for an empty name.
    """

    name: str | None

    def __new__(
        cls, value: Any, name: str | None = None, dtype: npt.DTypeLike | None = None
    ) -> Variable:
        if name is not None and (not isinstance(name, str) or not name):
            raise ValueError(f"a variable's name is a str that is not empty, not {name!r}")
        array, _ = as_storable(value if dtype is None else np.asarray(value, dtype))
        variable = np.array(array, copy=True).view(cls)
        variable.name = name
        return variable

    def __array_finalize__(self, origin: Any) -> None:
        self.name = None

    def __copy__(self) -> Variable:
        return type(self)(self, self.name)

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Variable:
        return type(self)(self, self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (np.asarray(self), self.name)
