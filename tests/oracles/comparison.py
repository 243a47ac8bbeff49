"""Relative errors of the plugin against LAMMPS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import lammps_engine
import numpy as np
import openmm_engine
from boxes import configuration
from potentials import STILLINGER_WEBER, TERSOFF, Potential

POTENTIALS = {(p.form, p.name): p for p in TERSOFF + STILLINGER_WEBER}


@dataclass(frozen=True)
class Errors:
    energy: float
    """Of the energy, relative to the sum of the magnitudes of the particle energies.  In a disordered
    box the particle energies have both signs, and their sum can be as small as one likes."""
    force: float
    """Largest error of any force component, relative to the root mean square component."""
    virial: float
    """Largest error of any virial component, relative to the largest."""

    @property
    def largest(self) -> float:
        return max(self.energy, self.force, self.virial)


@cache
def _reference(form: str, name: str, shape: str) -> tuple[float, np.ndarray, np.ndarray]:
    potential = POTENTIALS[form, name]
    return lammps_engine.evaluate(potential, configuration(potential, shape))


def compare(potential: Potential, shape: str, platform: str) -> Errors:
    energy, forces, virial = _reference(potential.form, potential.name, shape)
    own = openmm_engine.evaluate(potential, configuration(potential, shape), platform)
    return Errors(
        energy=abs(own.energy - energy) / float(np.sum(np.abs(own.particle_energies))),
        force=float(np.max(np.abs(own.forces - forces)) / np.sqrt(np.mean(forces**2))),
        virial=float(np.max(np.abs(own.virial - virial)) / np.max(np.abs(virial))),
    )
