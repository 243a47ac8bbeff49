"""Bulk NPT simulations, asked for in one way so that targets at the same state share one run."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.observables.options import BulkOptions, SamplingOptions, parse_options
from cgbridge.observables.phase import Phase, check_phase
from cgbridge.observables.reporting import estimate, one_run, series
from cgbridge.observables.statistics import drift, mean_error
from cgbridge.records.simulation import LIQUID, Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.simulation_kind import SimulationKind
from cgbridge.units import AMU_PER_NM3, BAR_NM3

#: Crystal used where a target asks for one and names none.
DEFAULT_CRYSTAL = "ice-ih"
#: Halves of a series that differ by more than this many standard errors are reported as drifting.
DRIFT_LIMIT = 4.0


def bulk_simulation(
    target: Target,
    sampling: Sampling,
    options: SamplingOptions,
    *,
    structure: str = LIQUID,
    temperature: float | None = None,
    reach: float = 0.0,
) -> Simulation:
    """The NPT simulation of ``structure`` at the target's pressure and (unless given) temperature.

    ``reach`` nm is how far from a bead the frames will be looked at.

    Raises :class:`~cgbridge.errors.ConfigError` for a temperature that is not positive.
    """
    kelvin = target.temperature if temperature is None else temperature
    if not kelvin > 0:
        raise ConfigError(f"temperature {kelvin:g} K is not positive", where=f"targets.{target.name}")
    return Simulation(
        kind=SimulationKind.BULK,
        structure=structure,
        temperature=float(kelvin),
        pressure=float(target.pressure),
        beads=options.beads or sampling.beads,
        equilibration=sampling.equilibration if options.equilibration is None else options.equilibration,
        production=options.production or sampling.production,
        interval=options.interval or sampling.interval,
        density=liquid_density(target, sampling, options, kelvin) if structure == LIQUID else 0.0,
        reach=reach,
        composition=target.composition,
    )


def liquid_density(target: Target, sampling: Sampling, options: SamplingOptions, temperature: float) -> float:
    """About the density in g/cm^3 of the target's liquid at ``temperature`` K; zero where it is not known."""
    if options.density is not None:
        return options.density
    return sampling.liquid_density(temperature, target.pressure, composition=target.composition)


def crystal_structure(target: Target) -> str:
    """The target's crystal, or hexagonal ice where it names none."""
    return DEFAULT_CRYSTAL if target.is_liquid else target.structure


def require_phase(run: Run, phase: Phase, options: BulkOptions) -> None:
    """Raise :class:`~cgbridge.errors.UnstableError` if a liquid froze or holds voids, or a crystal melted."""
    if options.check_phase:
        from cgbridge.observables.voids import check_filled

        if phase == "liquid":
            check_filled(run)
        check_phase(run, phase, threshold=options.crystal_threshold)


def density_series(run: Run) -> FloatArray:
    """Density N m / V(t), shape (n,), in g/cm^3."""
    density: FloatArray = run.beads * run.bead_mass * AMU_PER_NM3 / series(run, "volume")
    return density


def molecule_count(run: Run) -> int:
    """Molecules in the box; a bead that is bonded to none is one."""
    return run.beads if run.topology is None else run.topology.molecule_count


def enthalpy_series(run: Run) -> FloatArray:
    """Configurational enthalpy (U + p V) / N, shape (n,), in kJ/mol of molecules, without kinetic energy."""
    work = run.simulation.pressure * BAR_NM3 * series(run, "volume")
    enthalpy: FloatArray = (series(run, "potential_energy") + work) / molecule_count(run)
    return enthalpy


def drift_notes(values: FloatArray) -> tuple[str, ...]:
    """A caveat when the two halves of a series disagree."""
    significance = drift(values)
    if significance > DRIFT_LIMIT:
        return (f"drifting: the halves of the run differ by {significance:.1f} standard errors",)
    return ()


def measure_density(target: Target, runs: Sequence[Run], phase: Phase) -> Estimate:
    """Mean density of the only run, which must be in ``phase``, with the error of a correlated series."""
    run = one_run(runs)
    density = density_series(run)
    require_phase(run, phase, parse_options(BulkOptions, target))
    mean = mean_error(density)
    return estimate(
        target, "g/cm^3", mean.mean, stderr=mean.stderr, n_eff=mean.n_eff, notes=drift_notes(density)
    )
