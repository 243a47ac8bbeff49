"""One frame of a simulation, and what a series of them can do; files of frames are in ``trajectories``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """One configuration of N particles at a time in ps.

    ``positions`` (N, 3) in nm, ``box`` vectors as rows (3, 3) in nm; where they are known ``forces`` (N, 3)
    in kJ/(mol nm), ``velocities`` (N, 3) in nm/ps, the names of the ``types`` of the particles, the
    potential ``energy`` in kJ/mol, the ``temperature`` in K, that of the velocities, and the instantaneous
    ``pressure`` in bar. Of forces that are means, ``force_error`` is the standard error of a component and
    ``force_noise`` the standard deviation of a component of what they are means of, both in kJ/(mol nm) and
    over all particles.
    """

    positions: FloatArray
    box: FloatArray
    time: float
    forces: FloatArray | None = None
    velocities: FloatArray | None = None
    types: tuple[str, ...] | None = None
    energy: float | None = None
    temperature: float | None = None
    pressure: float | None = None
    force_error: float | None = None
    force_noise: float | None = None


class Frames(Protocol):
    """A series of frames, read one at a time and as often as one likes."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Frame]: ...
