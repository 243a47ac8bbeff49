"""Is it crystal or liquid? CHILL+ on the last frames of a run.

CHILL+ (Nguyen and Molinero, doi:10.1021/jp510289t) names every bead by the eclipsed and staggered
bonds to its first shell. Its cutoff of 3.5 A is made for water at the density of ice; here it is
scaled with the nearest-neighbour distance of a diamond lattice of the same number density,
``r0 = sqrt(3)/2 n^(-1/3)``, so that candidates of other densities are judged alike.

It knows diamond and hexagonal diamond of any substance, and of any two as zincblende and wurtzite, as cubic
and hexagonal ice. A crystal of a dense lattice is told by the bond order of its beads
(:mod:`cgbridge.observables.lattice_order`); a liquid that freezes into one is not noticed. The box must be
filled (bulk or coexistence), because a vacuum would spoil the number density.

Cost: OVITO loads once in 0.2 to 0.4 s, a frame takes 8 microseconds per bead.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal, get_args

import numpy as np

from cgbridge.errors import ConfigError, MissingDependencyError, UnstableError
from cgbridge.extras import ICE, require
from cgbridge.frames import Frame, Frames
from cgbridge.observables.lattice_order import ORDERS, lattice_fraction
from cgbridge.observables.options import UNCHECKED
from cgbridge.records.simulation import Run

Phase = Literal["liquid", "crystal"]
#: CHILL+ cutoff over nearest-neighbour distance: 0.35 nm / 0.2766 nm (ice Ih at 250 K).
CUTOFF_RATIO = 1.265
#: Frames at the end of a run that are looked at.
LAST_FRAMES = 5


def chill_cutoff(frame: Frame) -> float:
    """First-shell cutoff in nm for the number density of the frame."""
    number_density = len(frame.positions) / abs(float(np.linalg.det(frame.box)))
    return CUTOFF_RATIO * math.sqrt(3.0) / 2.0 / math.cbrt(number_density)


def ice_fraction(frame: Frame) -> float:
    """Fraction of beads in [0, 1] that CHILL+ calls hexagonal, cubic or interfacial ice.

    Raises :class:`~cgbridge.errors.MissingDependencyError` when OVITO cannot be loaded, and
    :class:`~cgbridge.errors.UnstableError` when positions are not finite.
    """
    require(["ovito"], "telling a crystal from a liquid", instead=UNCHECKED)
    try:
        from ovito.data import DataCollection
        from ovito.modifiers import ChillPlusModifier
    except ImportError as error:
        raise MissingDependencyError(
            f"OVITO cannot be loaded: {error}",
            remedy=f"apt-get install {ICE.libraries}, or {UNCHECKED}",
        ) from error
    if not (np.all(np.isfinite(frame.positions)) and np.all(np.isfinite(frame.box))):
        raise UnstableError("positions are not finite: the simulation has exploded")
    count = len(frame.positions)
    data = DataCollection()
    data.create_particles(count=count).create_property("Position", data=frame.positions)
    cell = np.zeros((3, 4))
    cell[:, :3] = frame.box.T
    data.create_cell(cell, pbc=(True, True, True))
    data.apply(ChillPlusModifier(cutoff=chill_cutoff(frame)))
    kinds = ("HEXAGONAL_ICE", "CUBIC_ICE", "INTERFACIAL_ICE")
    return float(sum(data.attributes[f"ChillPlus.counts.{kind}"] for kind in kinds)) / count


def crystal_fraction(frame: Frame, structure: str) -> float:
    """Fraction of beads in [0, 1] that stand as in the crystal ``structure``, or, of a liquid, as in ice."""
    if structure in ORDERS:
        return lattice_fraction(frame, structure)
    return ice_fraction(frame)


def final_crystal_fraction(trajectory: Frames, structure: str, frames: int = LAST_FRAMES) -> float:
    """Mean crystal fraction of the last ``frames`` frames; raises :class:`UnstableError` if there is none."""
    last = deque(trajectory, maxlen=frames)
    if not last:
        raise UnstableError("the trajectory has no frames")
    return float(np.mean([crystal_fraction(frame, structure) for frame in last]))


def check_phase(run: Run, phase: str, *, threshold: float = 0.5) -> float | None:
    """Crystal fraction at the end of the run, which must agree with ``phase`` (``liquid`` or ``crystal``).

    A liquid above ``threshold`` has frozen, a crystal below it has melted: both raise
    :class:`~cgbridge.errors.UnstableError`, so that neither passes for a density of the other. Thermal
    ice is above 0.9 and liquid water below 0.2, so that the threshold is not delicate.
    Returns ``None`` for a run without frames.
    """
    if phase not in get_args(Phase):
        raise ConfigError(f"unknown phase '{phase}'", remedy="liquid or crystal")
    if run.trajectory is None:
        return None
    fraction = final_crystal_fraction(run.trajectory, run.simulation.structure)
    if phase == "liquid" and fraction > threshold:
        raise UnstableError(f"frozen: '{run.simulation.label}' is {fraction:.0%} crystal at its end")
    if phase == "crystal" and fraction < threshold:
        raise UnstableError(f"molten: '{run.simulation.label}' is only {fraction:.0%} crystal at its end")
    return fraction
