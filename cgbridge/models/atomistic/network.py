"""Neural potentials of cgbridge's own, for atoms: types of particles are chemical symbols."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cgbridge.config.atomistic_config import PotentialSection
from cgbridge.errors import SimulationError
from cgbridge.models.atomistic.system import Start, add_molecules
from cgbridge.structures.box_sizes import require_width
from cgbridge.topology import Topology, chains_along


class Network:
    """A bundle (.cgnn) whose types are chemical symbols, on all atoms; it is tested against itself first.

    Raises what :func:`~cgbridge.models.neural.bundle.read_bundle` does.
    """

    def __init__(self, section: PotentialSection, folder: Path) -> None:
        # Here, because it loads torch.
        from cgbridge.models.neural.bundle import read_bundle

        assert section.bundle is not None
        self._path = folder / section.bundle
        self._model = read_bundle(self._path)

    @property
    def identity(self) -> dict[str, Any]:
        """Name and fingerprint of the model."""
        return {"bundle": self._model.name, "fingerprint": self._model.fingerprint()}

    def complete(self, start: Start) -> Start:
        """Nothing is added to the atoms."""
        return start

    def system(self, start: Start) -> tuple[Any, Sequence[str]]:
        """Masses are those of the elements; bonds serve priors, and the barostat."""
        import openmm

        atoms = list(start.topology.atoms())
        symbols = tuple("" if atom.element is None else atom.element.symbol for atom in atoms)
        unknown = sorted(set(symbols) - set(self._model.bead_names))
        if unknown:
            raise SimulationError(
                f"the potential knows {', '.join(self._model.bead_names)}, not {', '.join(unknown)}",
                where=str(self._path),
                remedy="give another structure, or a potential for these atoms",
            )
        require_width(start.width, self._model.cutoff, where="system", remedy="use more molecules")
        system = openmm.System()
        for atom in atoms:
            system.addParticle(atom.element.mass)
        system.setDefaultPeriodicBoxVectors(*start.topology.getPeriodicBoxVectors())
        bonds = add_molecules(system, start.topology)
        topology = Topology(
            symbols,
            tuple(atom.residue.index for atom in atoms),
            bonds=bonds,
            angles=chains_along(bonds, 3),
            torsions=chains_along(bonds, 4),
        )
        self._model.add_forces(system, topology)
        return system, self._model.notes
