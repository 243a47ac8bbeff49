"""Point charges: E = sum_{i<j} q_i q_j/(4 pi epsilon_0 permittivity r_ij).

Periodic boxes are summed by particle mesh Ewald (OpenMM's NonbondedForce), isolated systems pair by pair. A
box with a net charge gets a uniform background.

Source: U. Essmann et al., J. Chem. Phys. 103, 8577 (1995), doi:10.1063/1.470117
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cgbridge.errors import CgbridgeWarning
from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import NO_TYPE, Form, IndexedEntries, TypedTopology, Values
from cgbridge.records.parameter import Parameter
from cgbridge.topology import Topology
from cgbridge.units import COULOMB

if TYPE_CHECKING:
    import openmm


#: Sums of charges in e that are rounding.
_NEUTRAL = 1e-6


class Coulomb(Form):
    """E = sum_{i<j} q_i q_j/(4 pi epsilon_0 permittivity r_ij); excluded pairs do not count."""

    name: ClassVar[str] = "coulomb"
    label: ClassVar[str] = "coulomb"
    bodies: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("q", "1", symbol="q", meaning="charge in elementary charges"),
    )
    shared: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "cutoff",
            "A",
            value=9.0,
            symbol="r_c",
            meaning="where the sum over pairs ends and the mesh begins",
        ),
        Parameter("permittivity", "1", value=1.0, symbol="ε_r", meaning="relative permittivity"),
        Parameter(
            "accuracy", "1", value=5e-4, symbol="δ", meaning="relative error of forces that the mesh allows"
        ),
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        if "cutoff" not in values:
            return []
        return [
            ("cutoff > 0", values["cutoff"] > 0),
            ("permittivity > 0", values["permittivity"] > 0),
            ("0 < accuracy < 0.5", 0 < values["accuracy"] < 0.5),
        ]

    def missing(self, entries: Collection[tuple[str, ...]], topology: Topology) -> Iterator[tuple[str, ...]]:
        return ((name,) for name in dict.fromkeys(topology.types) if (name,) not in entries)

    def range(self, entries: IndexedEntries) -> float:
        """The cutoff of the sum over pairs; a box must be twice as wide."""
        return entries[()]["cutoff"]

    def pair_energy(
        self, entries: IndexedEntries, first: int, second: int, distance: FloatArray
    ) -> FloatArray | None:
        """Of two beads alone in space."""
        product = entries[(first,)]["q"] * entries[(second,)]["q"]
        found: FloatArray = COULOMB * product / entries[()]["permittivity"] / distance
        return found

    def create_force(self, entries: IndexedEntries, beads: TypedTopology) -> list[openmm.Force]:
        import openmm

        if all(index == NO_TYPE for index in beads.types):
            return []
        shared = entries[()]
        force = openmm.NonbondedForce()
        force.setNonbondedMethod(force.PME if beads.periodic else force.NoCutoff)
        force.setCutoffDistance(shared["cutoff"])
        force.setEwaldErrorTolerance(shared["accuracy"])
        force.setUseDispersionCorrection(False)
        # OpenMM knows no permittivity for PME; scaled charges have the same energy.
        scale = 1.0 / math.sqrt(shared["permittivity"])
        charges = [0.0 if index == NO_TYPE else entries[(index,)]["q"] for index in beads.types]
        if beads.periodic and abs(sum(charges)) > _NEUTRAL:
            warnings.warn(
                f"the box has a net charge of {sum(charges):g} e, which a uniform background makes up for",
                CgbridgeWarning,
                stacklevel=2,
            )
        for charge in charges:
            force.addParticle(charge * scale, 1.0, 0.0)
        for i, j in beads.topology.exclusions:
            force.addException(i, j, 0.0, 1.0, 0.0)
        return [force]
