"""Pair forms: an energy of the distance, brought to zero at a cutoff.

E = sum_{i<j} S(r_ij) u(r_ij), S(r) = 1 - 10 x^3 + 15 x^4 - 6 x^5, x = (r/rc - s)/(1 - s), limited to 0..1

with the cutoff rc of the pair and the term's ``smoothing`` s: S falls from 1 at s rc to 0 at rc with
continuous first and second derivatives. With s = 1 the energy is cut off as it is.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import NO_TYPE, Form, IndexedEntries, TypedTopology, Values
from cgbridge.records.parameter import Parameter

if TYPE_CHECKING:
    import openmm

CUTOFF = Parameter("cutoff", "A", symbol="r_c", meaning="distance from which on the pair does not interact")
SMOOTHING = Parameter(
    "smoothing",
    "1",
    value=0.9,
    symbol="s",
    meaning="fraction of the cutoff from which on the energy is brought to zero; 1: plain truncation",
)
#: The switching function of a fraction x, in OpenMM's language.
_SWITCH = "1 + x^3*(x*(15 - 6*x) - 10)"


class PairForm(Form):
    """Base class of forms u(r) for pairs of beads; a pair without an entry does not interact.

    Pairs that the topology excludes do not interact either.
    """

    bodies: ClassVar[int] = 2
    shared: ClassVar[tuple[Parameter, ...]] = (SMOOTHING,)
    #: u(r) in OpenMM's language, with the names of the parameters.
    expression: ClassVar[str]

    @abstractmethod
    def energy(self, values: Values, distance: FloatArray) -> FloatArray:
        """u(r) in kJ/mol, without cutoff, at ``distance`` in nm."""

    def range(self, entries: IndexedEntries) -> float:
        """The longest cutoff in nm."""
        return max((values["cutoff"] for key, values in entries.items() if key), default=0.0)

    def pair_energy(
        self, entries: IndexedEntries, first: int, second: int, distance: FloatArray
    ) -> FloatArray | None:
        values = entries.get((first, second), entries.get((second, first)))
        if values is None:
            return None
        switched: FloatArray = switch(distance, values["cutoff"], entries[()]["smoothing"])
        return np.where(switched > 0.0, switched * self.energy(values, distance), 0.0)

    def create_force(self, entries: IndexedEntries, beads: TypedTopology) -> list[openmm.Force]:
        import openmm

        pairs = {key: values for key, values in entries.items() if key}
        if all(index == NO_TYPE for index in beads.types):
            return []
        smoothing = entries[()]["smoothing"]
        force = openmm.CustomNonbondedForce(
            f"select(acts*step(cutoff - r), {switched_text(self.expression, smoothing)}; "
            + "; ".join(f"{name} = table_{name}(type1, type2)" for name in ("acts", *self._columns()))
        )
        # The last type is that of beads that the term does not know.
        types = 2 + max(index for key in pairs for index in key)
        for name in ("acts", *self._columns()):
            table = np.zeros((types, types))
            for (i, j), values in pairs.items():
                table[i, j] = table[j, i] = 1.0 if name == "acts" else values[name]
            force.addTabulatedFunction(
                f"table_{name}", openmm.Discrete2DFunction(types, types, table.ravel().tolist())
            )
        force.addPerParticleParameter("type")
        for index in beads.types:
            force.addParticle([float(types - 1 if index == NO_TYPE else index)])
        limit(force, self.range(entries), beads)
        return [force]

    def _columns(self) -> list[str]:
        return [parameter.name for parameter in self.parameters]


def switched_text(expression: str, smoothing: float) -> str:
    """The end of a ``select``: the switched expression, or 0; and the definition of x."""
    if smoothing == 1.0:
        return f"{expression}, 0)"
    x = f"min(1, max(0, (r/cutoff - {smoothing!r})/{1.0 - smoothing!r}))"
    return f"({expression})*({_SWITCH}), 0); x = {x}"


def limit(force: openmm.CustomNonbondedForce, cutoff: float, beads: TypedTopology) -> None:
    """Set what all nonbonded forces have: cutoff in nm, periodicity, exclusions."""
    kind = force.CutoffPeriodic if beads.periodic else force.CutoffNonPeriodic
    force.setNonbondedMethod(kind)
    force.setCutoffDistance(cutoff)
    for i, j in beads.topology.exclusions:
        force.addExclusion(i, j)


def switch(distance: FloatArray, cutoff: float, smoothing: float) -> FloatArray:
    """S(r) of the module's formula."""
    inside = distance < cutoff
    if smoothing == 1.0:
        return inside.astype(float)
    x = np.clip((distance / cutoff - smoothing) / (1.0 - smoothing), 0.0, 1.0)
    return np.where(inside, 1.0 + x**3 * (x * (15.0 - 6.0 * x) - 10.0), 0.0)


def pair_constraints(values: Values, *rules: tuple[str, bool]) -> Sequence[tuple[str, bool]]:
    """The rules of a form for an entry; those of every pair form for the shared values."""
    if "smoothing" in values:
        return [("0 < smoothing <= 1", 0.0 < values["smoothing"] <= 1.0)]
    return [*rules, ("cutoff > 0", values["cutoff"] > 0 and math.isfinite(values["cutoff"]))]
