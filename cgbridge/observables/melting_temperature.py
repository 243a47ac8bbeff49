"""Melting temperature by direct coexistence of ice and liquid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from cgbridge.errors import SimulationError
from cgbridge.observables.bulk import crystal_structure
from cgbridge.observables.crossing import Crossing, bracket, find_crossing
from cgbridge.observables.growth import Growth, growth_rates, outcomes
from cgbridge.observables.options import SamplingOptions, Temperature, parse_options
from cgbridge.observables.reporting import estimate, unit_factor
from cgbridge.observables.temperatures import checked_temperatures, ladder
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target
from cgbridge.simulation_kind import SimulationKind

#: Follow-up temperatures stay inside this range, K.
LOWEST, HIGHEST = 50.0, 1000.0


@dataclass(frozen=True)
class Protocol:
    """Sizes of a protocol: beads, number and spread (K) of temperatures, production in ps, crystal faces.

    ``by_outcome``: no rates, what is left at the end decides.
    """

    beads: int
    count: int
    width: float
    production: float
    faces: tuple[str, ...] = ("",)
    by_outcome: bool = False


PROTOCOLS = {
    "cheap": Protocol(beads=720, count=5, width=40.0, production=500.0),
    "confirming": Protocol(
        beads=8640, count=5, width=18.0, production=1000.0, faces=("prism", "secondary-prism")
    ),
    "check": Protocol(beads=2880, count=6, width=15.0, production=5000.0, by_outcome=True),
}
Face = Literal["prism", "secondary-prism", "basal"]


class MeltingOptions(SamplingOptions):
    """Options of ``melting_temperature``; ``beads`` and ``production`` override the protocol."""

    protocol: Literal["cheap", "confirming", "check"] = Field(
        "cheap",
        description="cheap: 720 beads, 5 temperatures over 40 K, 0.5 ns each; "
        "confirming: 8640 beads, 5 temperatures over 18 K, 1 ns each, on two crystal faces; "
        "check: 2880 beads, 6 temperatures over 15 K, 5 ns each, what is left at the end decides",
    )
    faces: tuple[Face, ...] | None = Field(
        None, min_length=1, description="crystal faces that meet the liquid, each on its own"
    )
    temperatures: tuple[Temperature, ...] | None = Field(None, description="temperatures, K")
    centre: Annotated[Temperature, Field(gt=0)] | None = Field(
        None, description="middle of the temperatures, K; default: the target value"
    )
    width: Annotated[Temperature, Field(gt=0)] | None = Field(
        None, description="highest minus lowest temperature, K"
    )
    count: Annotated[int, Field(ge=3)] | None = Field(None, description="number of temperatures")
    structure: str | None = Field(None, description="crystal; default: the target's structure, or ice-ih")
    replicas: Annotated[int, Field(ge=1)] = Field(1, description="independent runs per temperature")

    @property
    def needs(self) -> Mapping[str, str]:
        """OVITO tells how much of a box is crystal at the end, whatever is asked."""
        return {"ovito": ""}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.temperatures is not None and any(
            value is not None for value in (self.centre, self.width, self.count)
        ):
            raise ValueError("give either temperatures, or centre, width and count")
        return self


class MeltingTemperature:
    """T where d(U/N)/dt = 0 in boxes of half crystal, half liquid at constant T and p, in K.

    Below the melting point the crystal grows and the potential energy per bead falls, above it melts
    and the energy rises; near it the rate is proportional to T - Tm. See ``growth`` for the rate of a
    run and its error, ``crossing`` for Tm and its error, and for the case that every run froze or
    melted. The liquid half must not be undercooled below its nucleation temperature, and a box of
    720 beads (two interfaces) carries a finite-size error of its own, about 3 K. With several faces or
    replicas each gives a melting point, and their scatter enters the error. The time step, on which melting
    points of the literature depend, is told in a note.

    ``curves["rates"]`` holds d(U/N)/dt in kJ/mol/ps against T in K. :meth:`follow_up` asks for more
    temperatures while the crossing lies outside. Raises :class:`~cgbridge.errors.UnstableError` when
    nothing moves at any temperature or a box has exploded.
    """

    name = "melting_temperature"
    unit = "K"
    options = MeltingOptions
    state = ("structure", "pressure")
    phase = "crystal"
    own_length = True

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One coexistence box per temperature, face and replica."""
        options = parse_options(self.options, target)
        factor = unit_factor(target, self.unit)
        protocol = PROTOCOLS[options.protocol]
        centre = options.centre or target.value / factor
        wanted = options.temperatures or ladder(
            centre, options.width or protocol.width, options.count or protocol.count
        )
        return [
            Simulation(
                kind=SimulationKind.COEXISTENCE,
                structure=options.structure or crystal_structure(target),
                temperature=kelvin,
                pressure=float(target.pressure),
                beads=options.beads or protocol.beads,
                equilibration=(
                    sampling.equilibration if options.equilibration is None else options.equilibration
                ),
                production=options.production or protocol.production,
                interval=options.interval or sampling.interval,
                replica=replica,
                composition=target.composition,
                face=face,
            )
            for kelvin in checked_temperatures(target, wanted, 3)
            for face in options.faces or protocol.faces
            for replica in range(options.replicas)
        ]

    def follow_up(self, target: Target, runs: Sequence[Run]) -> Sequence[Simulation]:
        """More simulations, beyond the end where the crossing must lie; empty once it is inside.

        The new temperatures continue with the spacing of the old ones; give all runs, old and new, to
        the next call and to :meth:`measure`. Empty as well when no run shows a direction, and at 50
        and 1000 K.
        """
        options = parse_options(self.options, target)
        low, high = bracket(_rates(runs, options))
        if (low is None) == (high is None):
            return []
        kelvin = sorted({run.simulation.temperature for run in runs})
        step = (kelvin[-1] - kelvin[0]) / max(1, len(kelvin) - 1) or 10.0
        edge, sign = (kelvin[0], -1) if low is None else (kelvin[-1], 1)
        count = len(options.temperatures or ()) or options.count or PROTOCOLS[options.protocol].count
        shifted = [round(edge + sign * step * k, 6) for k in range(1, count + 1)]
        return [
            replace(runs[0].simulation, temperature=value, face=face, replica=replica)
            for value in sorted(shifted)
            if LOWEST <= value <= HIGHEST
            for face, replica in sorted(_series(runs))
        ]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Zero crossing of the rates of all runs, also those of :meth:`follow_up`, in any order."""
        options = parse_options(self.options, target)
        if len(runs) < 2:
            raise SimulationError(f"a melting temperature needs several runs, found {len(runs)}")
        rates = _rates(runs, options)
        series = _series(runs).values()
        crossing = (
            find_crossing(rates)
            if len(series) == 1
            else _combined([find_crossing(_rates(some, options)) for some in series])
        )
        measured = [rate for rate in rates if rate.rate is not None]
        curve = Curve(
            np.array([rate.temperature for rate in measured]),
            np.array([rate.rate for rate in measured], dtype=np.float64),
            np.array([rate.stderr for rate in measured]),
            "K",
            "kJ/mol/ps",
        )
        early = len(rates) - len(measured)
        notes = [*crossing.notes, *_step_note(runs)]
        if early and not PROTOCOLS[options.protocol].by_outcome:
            notes.append(f"{early} of {len(rates)} boxes had transformed before the measurement")
        return estimate(
            target,
            self.unit,
            crossing.temperature,
            stderr=crossing.stderr,
            n_eff=float(max(1, crossing.points)),
            curves={"rates": curve},
            notes=notes,
        )


def _rates(runs: Sequence[Run], options: MeltingOptions) -> list[Growth]:
    """Rates of the runs, or for the checking protocol their outcomes alone."""
    return outcomes(runs) if PROTOCOLS[options.protocol].by_outcome else growth_rates(runs)


def _series(runs: Sequence[Run]) -> dict[tuple[str, int], list[Run]]:
    """Runs by face and replica: each has its own crossing."""
    found: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        found.setdefault((run.simulation.face, run.simulation.replica), []).append(run)
    return found


def _combined(crossings: Sequence[Crossing]) -> Crossing:
    """The mean of several crossings, weighted by their errors; its error is not below their scatter.

    With chi^2 of the crossings about their mean, the error is 1/sqrt(sum 1/s^2) times
    max(1, sqrt(chi^2/(n - 1))) (Birge, doi:10.1103/PhysRev.40.207).
    """
    value = np.array([crossing.temperature for crossing in crossings])
    weight = np.array([max(crossing.stderr, 1e-3) ** -2 for crossing in crossings])
    mean = float(weight @ value / weight.sum())
    chi2 = float(weight @ (value - mean) ** 2) / (len(value) - 1)
    each = ", ".join(f"{c.temperature:.1f}({c.stderr:.1f})" for c in crossings)
    notes = dict.fromkeys(note for crossing in crossings for note in crossing.notes)
    stderr = float(weight.sum() ** -0.5) * max(1.0, chi2**0.5)
    points = sum(crossing.points for crossing in crossings)
    return Crossing(mean, stderr, points, (*notes, f"faces and seeds on their own: {each} K"))


def _step_note(runs: Sequence[Run]) -> list[str]:
    steps = sorted({run.timestep for run in runs if run.timestep})
    return [f"time step {', '.join(f'{1000 * step:g}' for step in steps)} fs"] if steps else []
