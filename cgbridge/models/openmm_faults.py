"""What OpenMM and the plugin refuse, as errors for the user."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cgbridge.errors import MachineFault, SimulationError

#: What drivers and OpenMM write when a device is lost, absent or full; forces and boxes never say so.
_DEVICE = re.compile(r"CUDA_ERROR_|hipError|\bcl[A-Z]\w+ ?\(-?\d+\)|No compatible \w+ device|bad_alloc")
_TRIPLET = re.compile(r"(?:types )?\((\d+), (\d+), (\d+)\)")


def require_device(message: str) -> None:
    """Raise :class:`MachineFault` when ``message``, of an exception of OpenMM's, tells of a device."""
    if _DEVICE.search(message):
        raise MachineFault(f"the device failed: {message}", remedy="`cgbridge doctor` checks it")


@contextmanager
def openmm_faults(
    where: str, names: Sequence[str] = (), *, kind: type[SimulationError] = SimulationError
) -> Iterator[None]:
    """Turn an ``OpenMMException`` into an error of ``kind``, that of a device into :class:`MachineFault`.

    ``names`` replace the numbers of types in its message.
    """
    import openmm

    def named(match: re.Match[str]) -> str:
        types = [int(text) for text in match.groups()]
        return " ".join(names[t] for t in types) if max(types) < len(names) else match.group()

    try:
        yield
    except openmm.OpenMMException as error:
        require_device(str(error))
        raise kind(_TRIPLET.sub(named, str(error)), where=where) from None
