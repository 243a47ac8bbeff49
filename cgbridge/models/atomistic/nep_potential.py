"""The potential ``nep`` of openmm-ml: a network of descriptors in a file of GPUMD's, native in OpenMM.

    MLPotential("nep", modelPath="nep.txt").createSystem(topology)

openmm-ml finds it by an entry point, and loads this module when the name is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openmmml.mlpotential import MLPotentialImpl, MLPotentialImplFactory

from cgbridge.errors import ConfigError
from cgbridge.models.files.nep import NepFile, read_nep
from cgbridge.models.terms.form import NO_TYPE


class NepPotentialFactory(MLPotentialImplFactory):
    """Makes the potential of the file ``modelPath``.

    Raises :class:`ValueError` without one, and what :func:`~cgbridge.models.files.nep.read_nep` does.
    """

    def createImpl(self, name: str, modelPath: str | Path | None = None, **args: Any) -> NepPotential:
        """The potential of a file."""
        if modelPath is None:
            raise ValueError("the potential 'nep' needs a file: MLPotential('nep', modelPath='nep.txt')")
        return NepPotential(read_nep(Path(modelPath)), str(modelPath))


class NepPotential(MLPotentialImpl):
    """A network on the atoms whose elements it knows."""

    def __init__(self, file: NepFile, where: str) -> None:
        self._file, self._where = file, where

    def addForces(
        self,
        topology: Any,
        system: Any,
        atoms: Iterable[int] | None,
        forceGroup: int,
        **args: Any,
    ) -> None:
        """Add a ``DescriptorNetworkForce`` on ``atoms`` (None: on all) in a group of forces, and the
        repulsion of nuclei where the file has one; they follow the periodic box if topology or system have
        one.

        Raises :class:`~cgbridge.errors.ConfigError` for atoms of elements that the file does not have.
        """
        chosen = None if atoms is None else set(atoms)
        elements = {element: kind for kind, element in enumerate(self._file.elements)}
        types, unknown = [NO_TYPE] * system.getNumParticles(), set()
        for atom in topology.atoms():
            if chosen is None or atom.index in chosen:
                symbol = "" if atom.element is None else atom.element.symbol
                types[atom.index] = elements.get(symbol, NO_TYPE)
                if symbol not in elements:
                    unknown.add(symbol or f"none ({atom.name})")
        if unknown:
            raise ConfigError(
                f"the potential knows {', '.join(elements)}, not {', '.join(sorted(unknown))}",
                where=self._where,
                remedy="give another structure, or a potential for these atoms",
            )
        periodic = topology.getPeriodicBoxVectors() is not None or system.usesPeriodicBoundaryConditions()
        forces = [self._file.network.force(types, periodic=periodic)]
        if self._file.repulsion is not None:
            forces.append(self._file.repulsion.force(types, periodic=periodic))
        for force in forces:
            force.setForceGroup(forceGroup)
            force.setName("nep")
            system.addForce(force)
