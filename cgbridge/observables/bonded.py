"""Distributions of the lengths and angles of bonds between beads of one molecule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from cgbridge.errors import ConfigError, UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.observables.blocks import value_and_error
from cgbridge.observables.bulk import bulk_simulation
from cgbridge.observables.neighbours import frames_of, freud_box, unit_vectors
from cgbridge.observables.options import BulkOptions, Length, parse_options
from cgbridge.observables.reference import mean_absolute_deviation, reference_curve
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import block_spread
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target
from cgbridge.topology import Chains, Topology

IntArray = npt.NDArray[np.int64]
#: Longest bond that is looked at, nm.
LONGEST = 1.0


class BondOptions(BulkOptions):
    """Options of ``bond_distribution``."""

    bond: tuple[str, str] = Field(description="types of the two bonded beads")
    feature: Literal["curve", "mean"] = Field("curve", description="what of P(r) is the value")
    bin_width: Annotated[Length, Field(gt=0)] = Field(0.002, description="width of a bin, nm")
    blocks: Annotated[int, Field(ge=2)] = Field(10, description="most blocks of frames for the errors")


class AngleOptions(BulkOptions):
    """Options of ``angle_distribution``."""

    angle: tuple[str, str, str] = Field(description="types of the three beads, the corner in the middle")
    feature: Literal["curve", "mean"] = Field("curve", description="what of P(theta) is the value")
    bin_width: Annotated[float, Field(gt=0, le=20)] = Field(2.0, description="width of a bin, degrees")
    blocks: Annotated[int, Field(ge=2)] = Field(10, description="most blocks of frames for the errors")


class BondDistribution:
    """P(r) of the lengths of bonds between beads of two types, with integral one, in 1/nm.

    Features: ``curve`` mean absolute deviation from the target's reference, ``mean`` <r> in nm. Errors by the
    jackknife over independent blocks of frames. ``curves["bond"]`` holds P(r). Raises
    :class:`~cgbridge.errors.ConfigError` where no such beads are bonded, and
    :class:`~cgbridge.errors.UnstableError` where no bond is shorter than 1 nm.
    """

    name = "bond_distribution"
    unit = "1/nm"
    options = BondOptions
    words = "bond lengths"
    summary = "Distribution of the lengths of bonds between beads"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        options = parse_options(self.options, target)
        unit_factor(target, "nm" if options.feature == "mean" else self.unit)
        if options.feature == "curve":
            reference_curve(target, "nm", 0.0, LONGEST)
        return [bulk_simulation(target, sampling, options)]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The feature of the averaged distribution."""
        options = parse_options(self.options, target)
        edges = np.linspace(0.0, LONGEST, max(10, round(LONGEST / options.bin_width)) + 1)
        return _measure(self, target, one_run(runs), edges, (options.feature, options.bond, options.blocks))


class AngleDistribution:
    """P(theta) of the angles between two bonds of beads of three types, with integral one, in 1/deg.

    It is not divided by sin(theta). Features: ``curve`` mean absolute deviation from the target's reference,
    ``mean`` <theta> in deg. Errors by the jackknife over independent blocks of frames. ``curves["angle"]``
    holds P(theta). Raises :class:`~cgbridge.errors.ConfigError` where no such beads are bonded.
    """

    name = "angle_distribution"
    unit = "1/deg"
    options = AngleOptions
    words = "bond angles"
    summary = "Distribution of the angles between bonds of beads"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        options = parse_options(self.options, target)
        unit_factor(target, "deg" if options.feature == "mean" else self.unit)
        if options.feature == "curve":
            reference_curve(target, "deg", 0.0, 180.0)
        return [bulk_simulation(target, sampling, options)]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The feature of the averaged distribution."""
        options = parse_options(self.options, target)
        edges = np.linspace(0.0, 180.0, max(9, round(180.0 / options.bin_width)) + 1)
        return _measure(self, target, one_run(runs), edges, (options.feature, options.angle, options.blocks))


def chains_of(topology: Topology, beads: Sequence[str]) -> Chains:
    """The bonds or angles of ``topology`` between beads of these types, in either direction."""
    chains = topology.bonds if len(beads) == 2 else topology.angles
    wanted = {tuple(beads), tuple(beads[::-1])}
    return tuple(chain for chain in chains if tuple(topology.types[bead] for bead in chain) in wanted)


def lengths(frame: Frame, chains: IntArray) -> FloatArray:
    """The length in nm of every bond (n, 2)."""
    found: FloatArray = np.linalg.norm(_bond_vectors(frame, chains[:, 0], chains[:, 1]), axis=1)
    return found


def bond_angles(frame: Frame, chains: IntArray) -> FloatArray:
    """The angle in degrees at the middle of every chain (n, 3)."""
    first = unit_vectors(_bond_vectors(frame, chains[:, 1], chains[:, 0]))
    second = unit_vectors(_bond_vectors(frame, chains[:, 1], chains[:, 2]))
    cosine = np.einsum("na,na->n", first, second)
    found: FloatArray = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return found


def _bond_vectors(frame: Frame, start: IntArray, end: IntArray) -> FloatArray:
    """From ``start`` to the nearest image of ``end``: beads of one molecule may lie on two sides of a box."""
    wrapped: FloatArray = np.asarray(
        freud_box(frame).wrap(frame.positions[end] - frame.positions[start]), dtype=np.float64
    )
    return wrapped


def _measure(
    observable: BondDistribution | AngleDistribution,
    target: Target,
    run: Run,
    edges: FloatArray,
    asked: tuple[str, Sequence[str], int],
) -> Estimate:
    feature, beads, blocks = asked
    of_bonds = len(beads) == 2
    unit, kind, of_frame = ("nm", "bond", lengths) if of_bonds else ("deg", "angle", bond_angles)
    frames = frames_of(run)
    chains = np.array(chains_of(run.topology, beads) if run.topology else (), dtype=int)
    if len(chains) == 0:
        raise ConfigError(
            f"no beads {' '.join(beads)} are bonded in '{run.simulation.label}'",
            where=f"targets.{target.name}.options.{kind}",
            remedy="name bonded beads in the order of their bonds",
        )
    counts = np.array([np.histogram(of_frame(frame, chains), edges)[0] for frame in frames], dtype=float)
    if counts.sum() == 0:
        raise UnstableError(f"no bond of {' '.join(beads)} is shorter than {edges[-1]:g} {unit}")
    width, centres = float(edges[1]), 0.5 * (edges[1:] + edges[:-1])
    function = _feature(feature, target, unit, centres)

    def of_histogram(histogram: FloatArray) -> float:
        return function(histogram / (histogram.sum() * width))

    value, stderr, parts = value_and_error(counts, of_histogram, blocks)
    spread = block_spread(parts / (parts.sum(axis=1, keepdims=True) * width))
    curve = Curve(centres, counts.sum(axis=0) / (counts.sum() * width), spread, unit, f"1/{unit}")
    value_unit = unit if feature == "mean" else observable.unit
    return estimate(target, value_unit, value, stderr=stderr, n_eff=len(parts), curves={kind: curve})


def _feature(feature: str, target: Target, unit: str, centres: FloatArray) -> Callable[[FloatArray], float]:
    if feature == "mean":
        return lambda p: float(p @ centres / p.sum())
    reference = reference_curve(target, unit, 0.0, float(centres[-1]))
    return lambda p: mean_absolute_deviation(centres, p, reference)
