"""A network of descriptors from a file of GPUMD's: a model of atoms or beads that needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cgbridge.models.beads import Bead, Molecule
from cgbridge.models.descriptor_network import DescriptorNetwork
from cgbridge.models.files.bead_masses import is_water, weighed_beads
from cgbridge.models.files.nep import read_nep
from cgbridge.models.screened_repulsion import ScreenedRepulsion
from cgbridge.models.terms.form import NO_TYPE
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm

#: How the names of such files end.
SUFFIX = ".txt"


@dataclass(frozen=True, eq=False)
class NetworkModel(TypedBeads):
    """A ``network`` whose types are ``beads``, with a ``repulsion`` of nuclei or without; immutable."""

    name: str
    beads: tuple[Bead, ...]
    network: DescriptorNetwork
    repulsion: ScreenedRepulsion | None = None
    molecules: tuple[Molecule, ...] = ()
    description: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """``descriptor-network``, and the repulsion of nuclei."""
        return "descriptor-network" + " + ZBL" * (self.repulsion is not None)

    @property
    def cutoff(self) -> float:
        """Distance in nm up to which particles see each other."""
        return self.network.radial_cutoff

    @property
    def parameters(self) -> dict[str, float]:
        """None: weights have no names."""
        return {}

    def facts(self) -> dict[str, str]:
        """What the descriptors and the networks are made of."""
        network = self.network
        _, _, radial, radial_basis = network.radial.shape
        _, _, angular, angular_basis = network.angular.shape
        many = ["q_222"] * network.four_body + ["q_1111"] * network.five_body
        angles = f"{angular} functions of {angular_basis} polynomials within {network.angular_cutoff:.5g} nm"
        orders = " and ".join([f"l up to {network.order}", *many])
        layers = " and ".join(str(len(layer.biases)) for layer in network.networks[0].layers)
        return {
            "radial descriptors": f"{radial} functions of {radial_basis} polynomials",
            "angular descriptors": f"{angles}, {orders}" if angular else "none",
            "neurons": layers,
            "numbers": f"{sum(len(one.flat()) for one in network.networks) + network.coefficients:,}",
        }

    def fingerprint(self) -> str:
        """SHA-256 over beads, shape and all numbers."""
        repulsion = "" if self.repulsion is None else self.repulsion.digest()
        content = repr((self.beads, self.molecules, self.network.digest(), repulsion))
        return hashlib.sha256(content.encode()).hexdigest()

    def require_entries(self, topology: Topology | None = None) -> None:
        """Raise :class:`~cgbridge.errors.ConfigError` for unknown types; the network knows all pairs."""
        if topology is not None:
            self._types(topology)

    def restricted(self, names: Collection[str]) -> NetworkModel:
        """The model itself, which serves some of its beads as well as all."""
        self.type_indices([name for name in names if name])
        return self

    def with_masses(self, masses: Mapping[str, float]) -> NetworkModel:
        """A new model with the masses in amu of some beads replaced; ``ConfigError`` for other names."""
        return replace(self, beads=self.reweighed(masses))

    def add_forces(self, system: openmm.System, topology: Topology, *, periodic: bool = True) -> None:
        """Add the plugin's force on the particles of ``topology``, and that of the repulsion of nuclei."""
        types = self._types(topology)
        force = self.network.force(types, periodic=periodic)
        force.setName(self.name)
        system.addForce(force)
        if self.repulsion is not None:
            repulsion = self.repulsion.force(types, periodic=periodic)
            repulsion.setName(f"{self.name}, repulsion of nuclei")
            system.addForce(repulsion)

    def _types(self, topology: Topology) -> list[int]:
        return self.type_indices([name if name else NO_TYPE for name in topology.types])


def read_network(path: Path, masses: Mapping[str, float] | None = None) -> NetworkModel:
    """The model of a ``nep.txt``, whose types are chemical symbols. The file holds no masses: ``masses`` in
    amu by type go before those of the elements.

    Raises what :func:`~cgbridge.models.files.nep.read_nep` does, and
    :class:`~cgbridge.errors.ConfigError` for ``masses`` of types that the file does not have.
    """
    file = read_nep(path)
    given = dict(masses or {})
    beads, notes = weighed_beads(file.elements, file.elements, given)
    taken = [b for b in beads if b.name not in given and not is_water(b.name, file.elements)]
    if taken:
        weighed = ", ".join(f"{b.name} {b.mass:.5g}" if b.mass else f"{b.name} unknown" for b in taken)
        notes += (
            f"{path.name} holds no masses: those of the elements are taken ({weighed} amu); beads that stand "
            "for more need --mass",
        )
    return NetworkModel(path.stem, beads, file.network, file.repulsion, source=str(path), notes=notes)
