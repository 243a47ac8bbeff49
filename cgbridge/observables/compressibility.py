"""Isothermal compressibility from the fluctuations of the volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from cgbridge.observables.blocks import jackknife
from cgbridge.observables.bulk import bulk_simulation, drift_notes, require_phase
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, series, unit_factor
from cgbridge.observables.statistics import block_means, short_run_factor, statistical_inefficiency
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.units import BAR_NM3, GAS_CONSTANT


class CompressibilityOptions(BulkOptions):
    """Options of ``compressibility``."""

    blocks: Annotated[int, Field(ge=4)] = Field(16, description="most blocks of the jackknife")


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
        mean, count = float(volume.mean()), len(volume)
        g = min(statistical_inefficiency(volume), count / 2)
        thermal = GAS_CONSTANT * run.simulation.temperature / BAR_NM3  # k T in bar nm^3
        unbias = count / (count - g)
        shifted = volume - mean  # moments of the deviation keep their digits

        def kappa(moments: np.ndarray) -> float:
            first, second = moments
            return float(unbias * (second - first**2) / ((mean + first) * thermal))

        number = int(np.clip(count / (4 * g), 2, options.blocks))
        blocks = block_means(np.stack([shifted, shifted**2], axis=1), number)
        value, stderr = jackknife(blocks, kappa)
        stderr *= short_run_factor(count / g)
        notes = list(drift_notes(volume))
        if count / g < 50:
            notes.append(f"short: {count / g:.0f} independent volumes")
        return estimate(target, "1/bar", value, stderr=stderr, n_eff=count / g, notes=notes)
