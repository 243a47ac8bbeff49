"""Many-body forms: parameters for ordered triplets of beads, kernels in the plugin, files of LAMMPS."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import NO_TYPE, Form, IndexedEntries, TypedTopology, Values
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm

    from cgbridge.openmm import TripletForce


class ManyBodyForm(Form):
    """Base class of the many-body forms.

    ``parameters`` stand in LAMMPS's column order. The first bead of an entry is the central one.
    """

    bodies: ClassVar[int] = 3
    mirrored: ClassVar[bool] = False
    suffix: ClassVar[str]  # of its LAMMPS file
    pair_style: ClassVar[str]  # of LAMMPS
    reach: ClassVar[frozenset[str]]  # the parameters that make the cutoff

    @abstractmethod
    def in_use(self, entries: IndexedEntries, key: tuple[int, ...]) -> frozenset[str]:
        """The parameters of the entry ``key`` that the energy depends on.

        Which they are follows from the form and from zeros: an entry A B C has no two-body values, and
        nothing of it counts where A and B do not interact. LAMMPS reads the others and ignores them.
        """

    def missing(self, entries: Collection[tuple[str, ...]], topology: Topology) -> Iterator[tuple[str, ...]]:
        """Ordered triplets of the beads that have any entry."""
        known = {name for key in entries for name in key}
        names = [name for name in dict.fromkeys(topology.types) if name in known]
        return (triplet for triplet in product(names, repeat=3) if triplet not in entries)

    def range(self, entries: IndexedEntries) -> float:
        """Largest distance in nm at which any two beads interact."""
        reaching = [
            self.cutoff(values) for key, values in entries.items() if self.reach <= self.in_use(entries, key)
        ]
        return max(reaching, default=0.0)

    @abstractmethod
    def cutoff(self, values: Values) -> float:
        """Distance in nm beyond which the interaction vanishes."""

    @abstractmethod
    def dimer_energy(self, values: Values, distance: FloatArray) -> FloatArray:
        """Energy in kJ/mol of an isolated pair of equal beads at ``distance`` in nm."""

    @abstractmethod
    def diamond_energy(self, values: Values, bond: FloatArray) -> FloatArray:
        """Energy per bead in kJ/mol of the diamond lattice with bond length ``bond`` in nm.

        Only the four nearest neighbours count, which is exact while the second ones (at
        sqrt(8/3) bond lengths) lie beyond the cutoff.
        """

    def pair_energy(
        self, entries: IndexedEntries, first: int, second: int, distance: FloatArray
    ) -> FloatArray | None:
        """Half of what either bead says of the pair."""
        halves = [
            0.5 * self.dimer_energy(entries[key], distance)
            for key in ((first, second, second), (second, first, first))
            if key in entries
        ]
        return np.sum(halves, axis=0) if len(halves) == 2 else None

    @abstractmethod
    def new_force(self, types: int, replicas: int = 1) -> TripletForce:
        """An empty OpenMM force of the plugin for ``types`` bead types in ``replicas`` independent boxes."""

    def create_force(self, entries: IndexedEntries, beads: TypedTopology) -> list[openmm.Force]:
        if all(index == NO_TYPE for index in beads.types):
            return []
        return [self.weighted_force(entries, beads.types, periodic=beads.periodic)]

    def weighted_force(
        self,
        entries: IndexedEntries,
        types: Sequence[int],
        *,
        periodic: bool = True,
        weights: Sequence[float] | None = None,
    ) -> TripletForce:
        """The OpenMM force for beads of the given type indices.

        ``weights`` scale the share of each bead (1 by default), for hybrid systems.
        """
        if weights is not None and len(weights) != len(types):
            raise ConfigError(f"{len(weights)} weights were given for {len(types)} beads")
        force = self.new_force(1 + max((index for triplet in entries for index in triplet), default=0))
        for position, bead_type in enumerate(types):
            if weights is None:
                force.addParticle(int(bead_type))
            else:
                force.addParticle(int(bead_type), float(weights[position]))
        self.update_force(force, entries)
        force.setUsesPeriodicBoundaryConditions(periodic)
        return force

    def update_force(self, force: TripletForce, entries: IndexedEntries, replica: int = 0) -> None:
        """Set new parameter values; call ``force.updateParametersInContext(context)`` afterwards."""
        for key, values in entries.items():
            columns = (float(values[parameter.name]) for parameter in self.parameters)
            force.setTripletParameters(*key, *columns, replica)
