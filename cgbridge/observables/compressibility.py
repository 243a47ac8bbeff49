"""Isothermal compressibility from the fluctuations of the volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from cgbridge.frames import FloatArray
from cgbridge.observables.blocks import jackknife
from cgbridge.observables.bulk import bulk_simulation, drift_notes, require_phase
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, series, unit_factor
from cgbridge.observables.statistics import block_means, short_run_factor, statistical_inefficiency
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.units import BAR_NM3, GAS_CONSTANT

#: Most blocks of the jackknife.
BLOCKS = 16


class CompressibilityOptions(BulkOptions):
    """Options of ``compressibility``."""

    blocks: Annotated[int, Field(ge=4)] = Field(BLOCKS, description="most blocks of the jackknife")


class Compressibility:
    """kappa_T = (<V^2> - <V>^2) / (<V> k T), NPT (Allen and Tildesley, 2nd ed., eq. 2.87), in 1/GPa.

    The sample variance is multiplied by n / (n - g), g the statistical inefficiency of V, which
    removes the bias of a short correlated series. The error is a jackknife over at most ``blocks``
    blocks of at least 4 g samples. Raises :class:`~cgbridge.errors.UnstableError` for a frozen liquid.
    """

    name = "compressibility"
    unit = "1/GPa"
    options = CompressibilityOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        unit_factor(target, self.unit)
        return [bulk_simulation(target, sampling, parse_options(self.options, target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """From the volume series."""
        run, options = one_run(runs), parse_options(self.options, target)
        volume = series(run, "volume")
        require_phase(run, "liquid", options)
        value, stderr, independent = of_volumes(volume, run.simulation.temperature, options.blocks)
        notes = list(drift_notes(volume))
        if independent < 50:
            notes.append(f"short: {independent:.0f} independent volumes")
        return estimate(target, "1/bar", value, stderr=stderr, n_eff=independent, notes=notes)


def of_volumes(volume: FloatArray, kelvin: float, blocks: int = BLOCKS) -> tuple[float, float, float]:
    """kappa_T in 1/bar of a series of volumes in nm^3, its standard error, and how many are independent."""
    mean, count = float(volume.mean()), len(volume)
    g = min(statistical_inefficiency(volume), count / 2)
    thermal = GAS_CONSTANT * kelvin / BAR_NM3  # k T in bar nm^3
    unbias = count / (count - g)
    shifted = volume - mean  # moments of the deviation keep their digits

    def kappa(moments: np.ndarray) -> float:
        first, second = moments
        return float(unbias * (second - first**2) / ((mean + first) * thermal))

    number = int(np.clip(count / (4 * g), 2, blocks))
    value, stderr = jackknife(block_means(np.stack([shifted, shifted**2], axis=1), number), kappa)
    return value, stderr * short_run_factor(count / g), count / g
