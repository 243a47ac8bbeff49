"""Angle distribution between first-shell neighbours (O-O-O in water)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from cgbridge.errors import UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.observables.blocks import value_and_error
from cgbridge.observables.bulk import bulk_simulation, require_phase
from cgbridge.observables.neighbours import (
    frames_of,
    neighbour_list,
    one_thread,
    require_width,
    unit_vectors,
)
from cgbridge.observables.options import BulkOptions, Length, parse_options
from cgbridge.observables.peaks import peak
from cgbridge.observables.reference import mean_absolute_deviation, reference_curve
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import block_spread
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target


class ADFOptions(BulkOptions):
    """Options of ``adf``."""

    feature: Literal["curve", "peak_angle", "mean_angle"] = Field(
        "curve", description="what of P(theta) is the value"
    )
    cutoff: Annotated[Length, Field(gt=0)] = Field(0.34, description="radius of the first shell, nm")
    bin_width: Annotated[float, Field(gt=0, le=20)] = Field(2.0, description="width of a bin, degrees")
    min_angle: Annotated[float, Field(ge=0, lt=180)] = Field(
        70.0, description="peak_angle looks above this angle: the maximum near 55 degrees is interstitial"
    )
    blocks: Annotated[int, Field(ge=2)] = Field(10, description="most blocks of frames for the errors")


class ADF:
    """P(theta), the distribution of angles j-i-k over all pairs of neighbours j, k within ``cutoff`` of i.

    Probability density per degree with integral one, not divided by sin(theta): a random
    arrangement gives P = sin(theta)/2 per radian. Features: ``curve`` mean absolute deviation from
    the target's reference (x in deg or rad, y per degree) in 1/deg; ``peak_angle`` and ``mean_angle``
    in deg. Errors by the jackknife over independent blocks of frames. ``curves["adf"]`` holds P in 1/deg.
    Raises :class:`~cgbridge.errors.ConfigError` for ``curve`` without a reference,
    :class:`~cgbridge.errors.UnstableError` for a frozen liquid or when no bead has two neighbours.
    """

    name = "adf"
    unit = "1/deg"
    options = ADFOptions
    words = "angle distribution"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        options = parse_options(self.options, target)
        unit_factor(target, _unit(options))
        if options.feature == "curve":
            reference_curve(target, "deg", 0.0, 180.0)
        return [bulk_simulation(target, sampling, options, reach=options.cutoff)]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The feature of the averaged distribution."""
        run, options = one_run(runs), parse_options(self.options, target)
        require_phase(run, "liquid", options)
        edges = np.linspace(0.0, 180.0, max(9, round(180.0 / options.bin_width)) + 1)
        with one_thread():
            counts = np.array(
                [
                    np.histogram(np.degrees(angles(frame, options.cutoff)), edges)[0]
                    for frame in frames_of(run)
                ],
                dtype=np.float64,
            )
        if counts.sum() == 0:
            raise UnstableError(f"no bead has two neighbours within {options.cutoff:g} nm")
        width, centres = float(edges[1]), 0.5 * (edges[1:] + edges[:-1])
        feature = _feature(target, options, centres)

        def of_histogram(histogram: FloatArray) -> float:
            return feature(histogram / (histogram.sum() * width))

        value, stderr, blocks = value_and_error(counts, of_histogram, options.blocks)
        densities = blocks / (blocks.sum(axis=1, keepdims=True) * width)
        error = block_spread(densities)
        curve = Curve(centres, counts.sum(axis=0) / (counts.sum() * width), error, "deg", "1/deg")
        return estimate(
            target, _unit(options), value, stderr=stderr, n_eff=len(blocks), curves={"adf": curve}
        )


def angles(frame: Frame, cutoff: float) -> FloatArray:
    """All angles j-i-k in radians, each unordered pair {j, k} once.

    Beads are grouped by their number of neighbours, so that each group is one array operation.
    """
    require_width(frame, cutoff)
    pairs = neighbour_list(frame, {"r_max": cutoff})
    directions = unit_vectors(np.asarray(pairs.vectors, dtype=np.float64))
    counts = np.asarray(pairs.neighbor_counts)
    starts = np.asarray(pairs.segments)
    found = [np.empty(0)]
    for size in np.unique(counts[counts >= 2]):
        rows = starts[counts == size][:, None] + np.arange(size)[None, :]
        group = directions[rows]
        first, second = np.triu_indices(int(size), 1)
        cosine = np.einsum("npd,npd->np", group[:, first], group[:, second])
        found.append(np.arccos(np.clip(cosine, -1.0, 1.0)).ravel())
    return np.concatenate(found)


def _unit(options: ADFOptions) -> str:
    return "1/deg" if options.feature == "curve" else "deg"


def _feature(target: Target, options: ADFOptions, centres: FloatArray) -> Callable[[FloatArray], float]:
    if options.feature == "mean_angle":
        return lambda p: float(p @ centres / p.sum())
    if options.feature == "peak_angle":
        inside = centres >= options.min_angle
        return lambda p: peak(centres[inside], p[inside])[0]
    reference = reference_curve(target, "deg", 0.0, 180.0)
    return lambda p: mean_absolute_deviation(centres, p, reference)
