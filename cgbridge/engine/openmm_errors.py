"""OpenMM's exceptions: which are the model's, and which the device's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cgbridge.errors import MachineFault, UnstableError

#: What drivers and OpenMM write when a device is lost, absent or full; forces and boxes never say so.
_DEVICE = re.compile(r"CUDA_ERROR_|hipError|\bcl[A-Z]\w+ ?\(-?\d+\)|No compatible \w+ device|bad_alloc")


def require_device(message: str) -> None:
    """Raise :class:`MachineFault` when ``message``, of an exception of OpenMM's, tells of a device."""
    if _DEVICE.search(message):
        raise MachineFault(f"the device failed: {message}", remedy="`cgbridge doctor` checks it")


@contextmanager
def openmm_errors() -> Iterator[None]:
    """Turn OpenMM's exceptions into :class:`UnstableError`, those of a device into :class:`MachineFault`."""
    import openmm

    try:
        yield
    except openmm.OpenMMException as error:
        require_device(str(error))
        raise UnstableError(str(error)) from error
