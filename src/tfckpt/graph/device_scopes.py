"""The scopes of a graph that give its operations their devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tfckpt.graph.operation import Operation, node_of
from tfckpt.graphdef.devices import merged_device

# What a scope gives: the name of a device, what names one for an operation, or None for "none".
Device = str | Callable[[Operation], str | None] | None


class DeviceScopes:
    """The part of a graph that gives its operations their devices."""

    def __init__(self) -> None:
        super().__init__()
        self._devices: list[Device] = []

    @contextmanager
    def device(self, device_name_or_function: Device) -> Iterator[None]:
        """Give the operations made, or imported, in a ``with`` block a device.

        A name is merged with the one that an operation has, and with those of the blocks around:
        the inner one counts. A function gets the operation and returns the name. None ends the
        effect of the blocks around.

        Raises ValueError for a name that is none.
        """
        if isinstance(device_name_or_function, str):
            merged_device(device_name_or_function, "")
        self._devices.append(device_name_or_function)
        try:
            yield
        finally:
            self._devices.pop()

    def apply_devices(self, op: Operation) -> None:
        for device in reversed(self._devices):
            if device is None:
                return
            node_of(op).device = (
                merged_device(device, op.device) if isinstance(device, str) else device(op) or ""
            )
