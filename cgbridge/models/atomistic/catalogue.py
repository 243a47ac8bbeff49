"""From the YAML to atoms with a potential."""

from __future__ import annotations

from pathlib import Path

from cgbridge.config.atomistic_config import AtomisticConfig, PotentialSection
from cgbridge.models.atomistic.force_field import ForceField
from cgbridge.models.atomistic.network import Network
from cgbridge.models.atomistic.openmm_ml import OpenMMPotential
from cgbridge.models.atomistic.starts import from_pdb, water
from cgbridge.models.atomistic.system import AtomisticSystem, Potential, assemble
from cgbridge.rng import derive_seed


def atomistic_system(config: AtomisticConfig, folder: Path) -> AtomisticSystem:
    """What a simulation of atoms starts from; ``folder`` is where relative paths of files begin.

    Raises :class:`~cgbridge.errors.CgbridgeError` for what is unknown, missing or does not fit together.
    """
    potential, section = find_potential(config.model, folder), config.system
    if section.structure is not None:
        return assemble(potential, from_pdb(folder / section.structure))
    assert section.molecules is not None
    seed = derive_seed(config.seed, "structure")
    return assemble(potential, water(section.molecules, section.density, seed))


def find_potential(section: PotentialSection, folder: Path) -> Potential:
    """The potential that a section names."""
    if section.forcefield is not None:
        return ForceField(section, folder)
    if section.potential is not None:
        return OpenMMPotential(section, folder)
    return Network(section, folder)
