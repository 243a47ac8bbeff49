"""Energies and forces of stored configurations, without any motion."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cgbridge.engine.composition import mean_mass, molecules_of
from cgbridge.engine.platforms import choose_platform
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.skewed_boxes import keep_all_pairs
from cgbridge.errors import ConfigError, UnstableError, did_you_mean
from cgbridge.frames import FloatArray
from cgbridge.interfaces import Model
from cgbridge.models.beads import assembled
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.models.systems import create_system
from cgbridge.records.simulation import Run, Simulation
from cgbridge.structures.cells import Placement, place
from cgbridge.structures.structure_files import Structure
from cgbridge.topology import Topology
from cgbridge.trajectories.configurations import Configuration, read_configurations


def run_configurations(
    model: Model, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Run:
    """Energy and forces of every configuration in the simulation's files, as the model has them.

    Cells narrower than twice the cutoff are repeated, and the results are those of one. Raises
    :class:`ConfigError` for beads that the model does not have, and :class:`UnstableError` where an energy is
    not a number.
    """
    contexts: dict[tuple[Topology, int, bool], _Context] = {}
    energies: list[float] = []
    forces: list[FloatArray] = []
    types: list[str] = []
    for configuration in read_configurations(simulation.files):
        _require_known(model, configuration)
        placed = _placed(model, configuration)
        topology = _topology(model, configuration)
        key = (topology, placed.copies, placed.box is not None)
        if key not in contexts:
            contexts[key] = _Context(model, topology.repeated(placed.copies), placed, settings)
        energy, force = contexts[key].evaluate(placed)
        beads = len(configuration.topology)
        if not (np.isfinite(energy) and np.isfinite(force).all()):
            raise UnstableError(f"{configuration.where}: the energy or a force is not a number")
        energies.append(energy / placed.copies)
        forces.append(placed.vectors_of_file(force[:beads]))
        types += configuration.topology.types
    return Run(
        simulation,
        beads=len(types),
        bead_mass=mean_mass(model, types),
        series={"potential_energy": np.array(energies), "forces": np.concatenate(forces)},
    )


def _topology(model: Model, configuration: Configuration) -> Topology:
    """Which beads are bonded: as the model has it where it has molecules, else as the file has it.

    Raises :class:`ConfigError` for beads that do not stand molecule by molecule.
    """
    if not molecules_of(model):
        return configuration.topology
    try:
        return assembled(configuration.topology.types, molecules_of(model))
    except ConfigError as error:
        raise ConfigError(error.what, where=configuration.where, remedy=error.remedy) from None


def _placed(model: Model, configuration: Configuration) -> Placement:
    frame = configuration.frame
    periodic = bool(np.any(frame.box))
    structure = Structure(
        configuration.topology.types,
        frame.positions,
        frame.box if periodic else None,
        source=configuration.where,
    )
    return place(structure, model.cutoff or 0.0, repeat=True)


def _require_known(model: Model, configuration: Configuration) -> None:
    for name in dict.fromkeys(configuration.topology.types):
        if name not in model.bead_names:
            raise ConfigError(
                f"model '{model.name}' has no bead '{name}'{did_you_mean(name, model.bead_names)}",
                where=configuration.where,
                remedy="its beads: " + ", ".join(model.bead_names),
            )


class _Context:
    """One OpenMM Context for all configurations of equal beads."""

    def __init__(self, model: Model, topology: Topology, placed: Placement, settings: EngineSettings) -> None:
        import openmm

        system = create_system(model, topology, placed.box, masses=np.ones(len(topology)))
        name, properties = choose_platform(system, settings)
        if name == "Reference":
            keep_all_pairs(system)
        self._periodic = placed.box is not None
        platform = openmm.Platform.getPlatformByName(name)
        with openmm_faults("configurations", model.bead_names):
            self._context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform, properties)

    def evaluate(self, placed: Placement) -> tuple[float, FloatArray]:
        """Potential energy in kJ/mol and forces in kJ/(mol nm) of all copies."""
        with openmm_faults("configurations"):
            if placed.box is not None:
                self._context.setPeriodicBoxVectors(*placed.box)
            self._context.setPositions(placed.positions)
            state = self._context.getState(energy=True, forces=True)
        forces: FloatArray = np.asarray(state.getForces(asNumpy=True)._value, dtype=float)
        return float(state.getPotentialEnergy()._value), forces
