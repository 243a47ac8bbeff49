"""Radial distribution function g(r): deviation from a reference, peaks and coordination number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray, Frame
from cgbridge.observables.blocks import value_and_error
from cgbridge.observables.bulk import bulk_simulation, require_phase
from cgbridge.observables.neighbours import (
    frames_of,
    freud_box,
    half_width,
    one_thread,
    require_width,
)
from cgbridge.observables.options import BulkOptions, Length, parse_options
from cgbridge.observables.peaks import first_peak, second_peak
from cgbridge.observables.reference import mean_absolute_deviation, reference_curve
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import block_spread
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target

Feature = Literal[
    "curve", "first_peak_position", "first_peak_height", "second_peak_position", "coordination_number"
]
#: The curve is drawn at least this far where the box allows, nm.
CURVE_RANGE = 0.8


class RDFOptions(BulkOptions):
    """Options of ``rdf``."""

    feature: Feature = Field("curve", description="what of g(r) is the value")
    r_min: Annotated[Length, Field(ge=0)] | None = Field(
        None, description="start of the compared range (0.2 nm) or of the search for peaks (0)"
    )
    r_max: Annotated[Length, Field(gt=0)] | None = Field(
        None,
        description="end of the compared range (0.8 nm), of the search for peaks (0.8 nm, where the box is "
        "wide enough) or, for coordination_number, of the shell (0.34)",
    )
    bin_width: Annotated[Length, Field(gt=0)] = Field(0.005, description="width of a bin, nm")
    blocks: Annotated[int, Field(ge=2)] = Field(10, description="most blocks of frames for the errors")
    pair: tuple[str, str] | None = Field(
        None,
        description="types of the two beads, those of one molecule left out; by default all beads are alike",
    )

    @property
    def start(self) -> float:
        """``r_min``, or the default of the feature."""
        if self.r_min is not None:
            return self.r_min
        return 0.2 if self.feature == "curve" else 0.0

    @property
    def end(self) -> float:
        """``r_max``, or the default of the feature."""
        if self.r_max is not None:
            return self.r_max
        return 0.34 if self.feature == "coordination_number" else CURVE_RANGE

    def reach(self, target: Target) -> float:
        """How far the value depends on g(r), in nm; 0 for peaks looked for as far as the box allows.

        A reference that ends before ``r_max`` is compared to its end.
        """
        if self.feature == "curve":
            return float(reference_curve(target, "nm", self.start, self.end).x[-1])
        return 0.0 if self.feature != "coordination_number" and self.r_max is None else self.end


@dataclass(frozen=True)
class Histogram:
    """Per-frame g(r) and number of neighbours in each bin, both (frames, bins); bin edges in nm."""

    edges: FloatArray
    g: FloatArray
    counts: FloatArray

    @property
    def centres(self) -> FloatArray:
        centres: FloatArray = 0.5 * (self.edges[1:] + self.edges[:-1])
        return centres


class RDF:
    """g(r) = <pairs in the shell> / (N/2 * n * shell volume), averaged over frames, n = N / V(t).

    Between beads of two types (``pair``) g(r) = <neighbours of type B of a bead of type A> / (n_B * shell
    volume), n_B the number density of the beads B, and two beads of one molecule are no neighbours.

    Features: ``curve`` mean absolute deviation from the target's reference on the reference's own grid
    (statistical noise adds to it, so a perfect model does not reach zero); ``first_peak_position``,
    ``second_peak_position`` (nm) and ``first_peak_height`` from a parabola through the five bins
    around the maximum; ``coordination_number`` neighbours within ``r_max``. Errors by the jackknife
    over independent blocks of frames. ``curves["rdf"]`` holds g(r), r in nm.

    Raises :class:`~cgbridge.errors.ConfigError` for ``curve`` without a reference and beads that are not
    there, :class:`~cgbridge.errors.UnstableError` for a frozen liquid or a box narrower than twice
    the distance that the value needs.
    """

    name = "rdf"
    unit = "1"
    options = RDFOptions
    words = "g(r)"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        options = parse_options(self.options, target)
        unit_factor(target, _unit(options.feature))
        if options.feature not in ("curve", "coordination_number") and not options.start < options.end:
            raise ConfigError("r_min is not below r_max", where=f"targets.{target.name}.options")
        return [bulk_simulation(target, sampling, options, reach=options.reach(target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The feature of the averaged g(r)."""
        run, options = one_run(runs), parse_options(self.options, target)
        require_phase(run, "liquid", options)
        histogram = collect(run, options, options.reach(target))
        samples = np.stack([histogram.g, histogram.counts], axis=1)
        feature = _feature(target, options, histogram)
        value, stderr, blocks = value_and_error(samples, feature, options.blocks)
        error = block_spread(blocks[:, 0])
        curve = Curve(histogram.centres, histogram.g.mean(axis=0), error, "nm", "1")
        return estimate(
            target, _unit(options.feature), value, stderr=stderr, n_eff=len(blocks), curves={"rdf": curve}
        )


def collect(run: Run, options: RDFOptions, asked: float) -> Histogram:
    """Histogram every frame with freud, one frame in memory at a time.

    To ``asked`` nm in any case, and for the picture to ``CURVE_RANGE`` as far as the box is wide enough in
    every frame. Raises :class:`~cgbridge.errors.UnstableError` for a box narrower than twice ``asked``.
    """
    trajectory = frames_of(run)
    halves = [half_width(frame) for frame in trajectory]
    room = min(0.95 * halves[0], *halves)
    inner = max(3, round(options.end / options.bin_width))
    width = options.end / inner  # so that r_max is an edge
    needed = math.ceil(asked / width - 1e-9)
    bins = max(needed, int(min(CURVE_RANGE, room) / width + 1e-9))
    reach = width * bins
    edges = np.linspace(0.0, reach, bins + 1)
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    count = _all_alike(edges) if options.pair is None else _of_pair(run, options.pair, edges)
    g, counts = [], []
    with one_thread():
        for frame in trajectory:
            require_width(frame, reach)
            neighbours, others = count(frame)
            counts.append(neighbours)
            g.append(neighbours / (others / abs(np.linalg.det(frame.box)) * shells))
    return Histogram(edges, np.array(g), np.array(counts))


#: Of a frame: how many neighbours a bead has in every bin, and how many beads could be one.
_Counter = Callable[[Frame], tuple[FloatArray, int]]


def _all_alike(edges: FloatArray) -> _Counter:
    import freud

    counter = freud.density.RDF(bins=len(edges) - 1, r_max=float(edges[-1]))

    def count(frame: Frame) -> tuple[FloatArray, int]:
        box, beads = freud_box(frame), len(frame.positions)
        counter.compute((box, box.wrap(frame.positions)), reset=True)
        return counter.bin_counts / beads, beads

    return count


def _of_pair(run: Run, pair: tuple[str, str], edges: FloatArray) -> _Counter:
    """Neighbours of the second type around the first, in other molecules; raises :class:`ConfigError`."""
    import freud

    types = np.array(run.topology.types if run.topology else ())
    first, second = (np.flatnonzero(types == name) for name in pair)
    for name, found in zip(pair, (first, second), strict=True):
        if len(found) == 0:
            raise ConfigError(
                f"there is no bead '{name}' in '{run.simulation.label}'",
                remedy="its beads: " + ", ".join(dict.fromkeys(types.tolist())),
            )
    assert run.topology is not None
    molecule = np.array(run.topology.molecule_of)

    def count(frame: Frame) -> tuple[FloatArray, int]:
        box = freud_box(frame)
        points = box.wrap(frame.positions)
        query = freud.locality.AABBQuery(box, points[second])
        found = query.query(points[first], {"r_max": float(edges[-1])}).toNeighborList()
        between = molecule[first[found.query_point_indices]] != molecule[second[found.point_indices]]
        counts = np.histogram(np.asarray(found.distances)[between], edges)[0]
        return counts / len(first), len(second)

    return count


def _unit(feature: str) -> str:
    return "nm" if feature.endswith("position") else "1"


def _feature(target: Target, options: RDFOptions, histogram: Histogram) -> Callable[[FloatArray], float]:
    r = histogram.centres
    if options.feature == "coordination_number":
        return lambda pair: float(
            np.interp(options.end, histogram.edges, np.concatenate([[0.0], np.cumsum(pair[1])]))
        )
    if options.feature == "curve":
        reference = reference_curve(target, "nm", options.start, options.end)
        return lambda pair: mean_absolute_deviation(r, pair[0], reference)
    inside = (r >= options.start) & (r <= options.end)
    index = 1 if options.feature == "first_peak_height" else 0
    if options.feature == "second_peak_position":
        return lambda pair: second_peak(r[inside], pair[0][inside])[0]
    return lambda pair: first_peak(r[inside], pair[0][inside])[index]
