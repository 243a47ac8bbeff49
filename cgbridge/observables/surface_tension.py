"""Surface tension of a liquid film from its pressure tensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.frames import FloatArray
from cgbridge.observables.bulk import drift_notes, liquid_density
from cgbridge.observables.options import SamplingOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, series, unit_factor
from cgbridge.observables.statistics import mean_error
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.simulation_kind import SimulationKind
from cgbridge.units import BAR_NM3


class SurfaceTension:
    """gamma = Lz/2 <Pzz - (Pxx + Pyy)/2>, in mN/m, for a film with two surfaces normal to z.

    Kirkwood and Buff, doi:10.1063/1.1747248. P pressure tensor (n, 3, 3) in bar, Lz height of the box
    with its vacuum in nm (series ``box_z``, or the first frame's box). The potentials are cut off
    smoothly and end there, so that no tail correction is due. The film is not checked for freezing.
    """

    name = "surface_tension"
    unit = "mN/m"
    options = SamplingOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One film at constant volume."""
        options = parse_options(self.options, target)
        unit_factor(target, self.unit)
        if not target.temperature > 0:
            raise ConfigError("temperature is not positive", where=f"targets.{target.name}")
        return [
            Simulation(
                kind=SimulationKind.SLAB,
                temperature=float(target.temperature),
                pressure=0.0,
                beads=options.beads or sampling.beads,
                equilibration=(
                    sampling.equilibration if options.equilibration is None else options.equilibration
                ),
                production=options.production or sampling.production,
                interval=options.interval or sampling.interval,
                density=liquid_density(target, sampling, options, target.temperature),
                composition=target.composition,
            )
        ]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Mean and correlated error of the instantaneous surface tension."""
        run = one_run(runs)
        tension = tension_series(run)
        mean = mean_error(tension, "surface tension")
        return estimate(
            target,
            "kJ/mol/nm^2",
            mean.mean,
            stderr=mean.stderr,
            n_eff=mean.n_eff,
            notes=drift_notes(tension),
        )


def tension_series(run: Run) -> FloatArray:
    """Instantaneous surface tension, shape (n,), in kJ/mol/nm^2.

    Raises :class:`~cgbridge.errors.SimulationError` without a pressure tensor or a box height.
    """
    tensor = series(run, "pressure_tensor")
    if "box_z" in run.series:
        height: FloatArray | float = series(run, "box_z")
    elif run.trajectory is not None and len(run.trajectory):
        height = float(next(iter(run.trajectory)).box[2, 2])
    else:
        raise SimulationError(f"the run '{run.simulation.label}' has no series 'box_z' and no frames")
    normal = tensor[:, 2, 2] - 0.5 * (tensor[:, 0, 0] + tensor[:, 1, 1])
    return np.asarray(0.5 * height * normal * BAR_NM3, dtype=np.float64)
