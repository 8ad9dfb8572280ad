"""Which tensors an optimizer keeps for itself, told by their names, and which optimizer that is.

by name       dense/kernel/Adam_1                    a variable's name, then the slot's
by object     w/.OPTIMIZER_SLOT/optimizer/v/...      TensorFlow 2's own and Keras 2's optimizers
              optimizer/_momentums/3/...             Keras from 2.11 on, a list of variables a slot
              optimizer/_variables/3/...             Keras 3, all its variables in one list
"""

from __future__ import annotations

import re
from collections.abc import Collection

# TensorFlow 1's slots (``training/*.py``), and those of well-known optimizers written for it.
_BY_NAME = {
    "Adam": "Adam",
    "Adam_1": "Adam",
    "Momentum": "Momentum",
    "RMSProp": "RMSProp",
    "RMSProp_1": "RMSProp",
    "RMSProp_2": "RMSProp",
    "Adagrad": "Adagrad",
    "Adadelta": "Adadelta",
    "Adadelta_1": "Adadelta",
    "Ftrl": "Ftrl",
    "Ftrl_1": "Ftrl",
    "AdaMax": "AdaMax",
    "AdaMax_1": "AdaMax",
    "adam_m": "Adam with weight decay",
    "adam_v": "Adam with weight decay",
    "adafactor_v": "Adafactor",
    "adafactor_vr": "Adafactor",
    "adafactor_vc": "Adafactor",
}
# Slots of objects; the first set that is contained names the optimizer.
_BY_SLOTS = (
    (frozenset({"m", "v", "vhat"}), "Adam (amsgrad)"),
    (frozenset({"m", "v"}), "Adam"),
    (frozenset({"_momentums", "_velocities"}), "Adam"),
    (frozenset({"accum_grad", "accum_var"}), "Adadelta"),
    (frozenset({"accumulator", "linear"}), "Ftrl"),
    (frozenset({"accumulator"}), "Adagrad"),
    (frozenset({"rms"}), "RMSProp"),
    (frozenset({"momentum"}), "SGD with momentum"),
    (frozenset({"_momentums"}), "SGD with momentum"),
    (frozenset({"_variables"}), "one of Keras 3"),
)
_OBJECT_SLOT = re.compile(r"/\.OPTIMIZER_SLOT/(?:.*/)?([^/]+)/\.ATTRIBUTES/")
_LIST_SLOT = re.compile(r"(?:^|/)(_momentums|_velocities|_velocity_hats|_accumulators)/\d+/")
_KERAS_3 = re.compile(r"optimizer[^/]*/_variables/\d+/")
_KERAS_TF1 = re.compile(r"training(?:_\d+)?/([A-Z][A-Za-z]+)/.+/.+")


def slot_of(name: str, names: Collection[str]) -> str | None:
    """Return the slot that a tensor is one of, None for what is no optimizer's.

    >>> slot_of("dense/kernel/Adam_1", {"dense/kernel"}), slot_of("dense/kernel", {"dense/kernel"})
    ('Adam_1', None)
    """
    base, _, end = name.rpartition("/")
    if end in _BY_NAME and _is_variable(base, names):
        return end
    found = _OBJECT_SLOT.search(name) or _LIST_SLOT.search(name)
    if found is not None:
        return found[1]
    if _KERAS_3.search(name):
        return "_variables"
    keras = _KERAS_TF1.fullmatch(name)
    if keras is not None and _is_variable(base, names):
        return keras[1]
    return None


def _is_variable(name: str, names: Collection[str]) -> bool:
    """Whether `name`, or what is left of it without the scopes of an optimizer, is a variable."""
    while name:
        if name in names:
            return True
        name = name.partition("/")[2]
    return False


def optimizer_of(names: Collection[str]) -> str | None:
    """Return which optimizer left its slots among tensors of these names; None if there are none.

    >>> optimizer_of({"w", "w/Momentum"})
    'Momentum'
    """
    slots = {slot for name in names if (slot := slot_of(name, names)) is not None}
    if not slots:
        return None
    for slot in sorted(slots):
        if slot in _BY_NAME:
            return _BY_NAME[slot]
    for needed, optimizer in _BY_SLOTS:
        if needed <= slots:
            return optimizer
    keras = sorted(slot for slot in slots if slot[:1].isupper())
    return keras[0] if keras else f"one with {', '.join(sorted(slots))}"
