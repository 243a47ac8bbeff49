"""How much of forces on beads is noise: what labels of held beads say of single frames, and of themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.frames import Frames


@dataclass(frozen=True)
class NoiseFloor:
    """Root mean squares of a force component over ``labels``, in kJ/(mol nm).

    ``mean_force`` is the signal, ``instantaneous`` the noise that a single frame has beside it, ``label``
    that of a mean over the samples. No model, however good, has a smaller root mean square error on
    instantaneous forces than ``instantaneous``, nor on these labels than ``label``.
    """

    labels: int
    mean_force: float
    instantaneous: float
    label: float

    @property
    def explained(self) -> float:
        """The largest share of the variance of instantaneous forces that a model can explain."""
        total = self.mean_force**2 + self.instantaneous**2
        return self.mean_force**2 / total if total > 0 else 1.0


def noise_floor(labels: Frames) -> NoiseFloor:
    """What a file of labels says of its noise; raises :class:`ConfigError` for forces that are no means."""
    squares = np.zeros(3)
    for number, frame in enumerate(labels):
        if frame.forces is None or frame.force_error is None or frame.force_noise is None:
            raise ConfigError("these forces are no means over samples", where=f"frame {number}")
        signal = float(np.mean(frame.forces**2)) - frame.force_error**2
        squares += [signal, frame.force_noise**2, frame.force_error**2]
    mean, instantaneous, label = (math.sqrt(max(value / max(len(labels), 1), 0.0)) for value in squares)
    return NoiseFloor(len(labels), mean, instantaneous, label)
