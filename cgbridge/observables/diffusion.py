"""Self-diffusion coefficient from mean squared displacements."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from cgbridge.errors import ConfigError, SimulationError, UnitError
from cgbridge.frames import FloatArray, Frames
from cgbridge.observables.blocks import value_and_error
from cgbridge.observables.bulk import bulk_simulation, require_phase
from cgbridge.observables.neighbours import frames_of
from cgbridge.observables.options import BulkOptions, Time, parse_options
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import block_spread, finite
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target
from cgbridge.units import BAR_NM3, GAS_CONSTANT, quantity

#: xi of a cubic box, Yeh and Hummer, doi:10.1021/jp0477147, eq. (9).
YEH_HUMMER = 2.837297


def _viscosity(value: object) -> object:
    try:
        return None if value is None else quantity(value, "Pa*s")
    except UnitError as error:
        raise ValueError(error.what) from None


class DiffusionOptions(BulkOptions):
    """Options of ``diffusion``."""

    fit_start: Annotated[Time, Field(gt=0)] = Field(2.0, description="first lag of the fit, ps")
    fit_end: Annotated[Time, Field(gt=0)] = Field(
        10.0, description="last lag of the fit, ps; at most a quarter of the run"
    )
    viscosity: Annotated[Annotated[float, BeforeValidator(_viscosity)], Field(gt=0)] | None = Field(
        None, description="shear viscosity of the model, Pa*s, for the finite-size correction"
    )
    blocks: Annotated[int, Field(ge=2)] = Field(8, description="most blocks of time origins for the error")


class Diffusion:
    """D = slope of <|r(t0 + t) - r(t0)|^2> / 6 between two lags, in cm^2/s (Einstein).

    Displacements from frame to frame are taken in fractions of the box, to the nearest image, and
    multiplied by the current box, so that the scaling of coordinates by the barostat does not count as
    motion (cf. von Buelow et al., doi:10.1063/5.0008316) and wrapped and unwrapped frames give the
    same; a bead must move less than half a box between frames. The drift of the centre of mass is
    taken out. Error: jackknife over independent blocks of time origins.

    In a periodic box of length L, D is too small by xi k T / (6 pi eta L), xi = 2.837297
    (doi:10.1021/jp0477147); this is added if ``viscosity`` is given, else a note says it is missing.
    A thermostat with friction slows diffusion further and is not corrected for.
    Raises :class:`~cgbridge.errors.UnstableError` for a frozen liquid.
    """

    name = "diffusion"
    unit = "cm^2/s"
    options = DiffusionOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid. Raises ConfigError when the run holds too few lags for the fit."""
        unit_factor(target, self.unit)
        options = parse_options(self.options, target)
        simulation = bulk_simulation(target, sampling, options)
        last = min(options.fit_end, simulation.production / 4)
        if last - options.fit_start < 2 * simulation.interval:
            raise ConfigError(
                f"less than three lags between {options.fit_start:g} and {last:g} ps"
                f" at {simulation.interval:g} ps between frames",
                where=f"targets.{target.name}.options",
                remedy="lengthen production, lower interval, or widen fit_start .. fit_end",
            )
        return [simulation]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Slope of the MSD; ``curves["msd"]`` holds nm^2 against ps."""
        run, options = one_run(runs), parse_options(self.options, target)
        require_phase(run, "liquid", options)
        trajectory = frames_of(run)
        times = finite(np.array([frame.time for frame in trajectory]), "times")
        if len(times) < 8:
            raise SimulationError(f"{len(times)} frames are too few for a diffusion coefficient")
        step = float(times[-1] - times[0]) / (len(times) - 1)
        last = min(options.fit_end, step * (len(times) - 1) / 4)
        lags = step * np.arange(1, max(3, round(last / step)) + 1, dtype=np.float64)
        fitted = lags >= min(options.fit_start, lags[-3]) - 1e-6 * step
        squared = np.array(list(squared_displacements(trajectory, len(lags))))

        def slope(msd: FloatArray) -> float:
            return float(np.polyfit(lags[fitted], msd[fitted], 1)[0]) / 6.0

        value, stderr, blocks = value_and_error(squared, slope, options.blocks)
        shift, note = _finite_size(run, options.viscosity)
        spread = block_spread(blocks)
        return estimate(
            target,
            "nm^2/ps",
            value + shift,
            stderr=stderr,
            n_eff=len(blocks),
            curves={"msd": Curve(lags, squared.mean(axis=0), spread, "ps", "nm^2")},
            notes=[note],
        )


def squared_displacements(trajectory: Frames, lags: int) -> Iterator[FloatArray]:
    """For every time origin followed by ``lags`` frames, the mean over beads of |dr|^2, shape (lags,).

    Memory: lags + 1 frames.
    """
    window: deque[FloatArray] = deque(maxlen=lags + 1)
    previous: FloatArray | None = None
    for frame in trajectory:
        fraction = finite(frame.positions, "positions") @ np.linalg.inv(frame.box)
        if previous is None:
            window.append(np.zeros_like(fraction))
        else:
            step = fraction - previous
            step -= np.round(step)
            moved = step @ frame.box
            window.append(window[-1] + moved - moved.mean(axis=0))
        previous = fraction
        if len(window) == lags + 1:
            origin = window[0]
            yield np.array([np.mean(np.sum((later - origin) ** 2, axis=1)) for later in list(window)[1:]])


def _finite_size(run: Run, viscosity: float | None) -> tuple[float, str]:
    if viscosity is None:
        return 0.0, "no finite-size correction (option viscosity)"
    length = float(np.cbrt(np.mean(run.series["volume"]))) if "volume" in run.series else _edge(run)
    thermal = GAS_CONSTANT * run.simulation.temperature / BAR_NM3  # k T in bar nm^3
    shift = YEH_HUMMER * thermal / (6 * math.pi * viscosity * 1e7 * length)  # 1 Pa s = 1e7 bar ps
    return shift, f"finite-size correction {shift * 1e-2:.3g} cm^2/s"


def _edge(run: Run) -> float:
    return float(np.cbrt(abs(np.linalg.det(next(iter(frames_of(run))).box))))
