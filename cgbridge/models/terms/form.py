"""What a functional form is: named parameters with units, constraints, closed forms and an OpenMM force."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.frames import FloatArray

#: Parameter values in the internal system (nm, kJ/mol).
Values = Mapping[str, float]
#: Values for every ordered triplet of bead-type indices; the first index is the central bead.
IndexedEntries = Mapping[tuple[int, int, int], Values]


@dataclass(frozen=True)
class FormParameter:
    """One parameter of a form; ``unit`` fixes the dimension (LAMMPS "metal" unit), ``default`` is in it."""

    name: str
    symbol: str
    unit: str
    meaning: str
    default: float | None = None


#: Relative difference of values that ought to be equal which the rounding of a file explains: five digits
#: are the fewest that potential files give, and the strength of an angle is a product of two numbers. The
#: plugin (StillingerWeberForce.cpp) draws the same line.
ROUNDING = 1e-4
#: Relative difference below which values are equal: what is left of products in double precision.
EQUAL = 1e-12


@dataclass(frozen=True)
class Disagreement:
    """Two entries that differ in ``what`` by ``relative``.

    Where ``ordered``, the two are one value given twice, such as the angle B A C and C A B; the energy is
    not defined unless they agree. Otherwise each bead of a pair contributes half of its own value.
    """

    first: tuple[int, int, int]
    second: tuple[int, int, int]
    what: str
    relative: float
    ordered: bool


def relative_difference(x: float, y: float) -> float:
    """|x - y| relative to the larger of the two; 0 for two zeros."""
    return abs(x - y) / max(abs(x), abs(y)) if x != y else 0.0


class FunctionalForm(ABC):
    """Base class of the many-body forms.

    ``parameters`` stand in LAMMPS's column order. All values passed to the methods are in the internal
    system (nm, kJ/mol). A form keeps no state.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]  # of its LAMMPS file
    pair_style: ClassVar[str]  # of LAMMPS
    parameters: ClassVar[tuple[FormParameter, ...]]
    reach: ClassVar[frozenset[str]]  # the parameters that make the cutoff

    def parameter(self, name: str) -> FormParameter:
        """The parameter called ``name``; :class:`ConfigError` with a suggestion when there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = [parameter.name for parameter in self.parameters]
        raise ConfigError(
            f"the {self.name} form has no parameter '{name}'{did_you_mean(name, known)}",
            remedy="its parameters: " + ", ".join(known),
        )

    def require_numbers(self, values: Values, *, where: str) -> None:
        """Refuse values that are incomplete or not finite; raises :class:`ConfigError`."""
        for parameter in self.parameters:
            if parameter.name not in values:
                raise ConfigError(f"parameter '{parameter.name}' has no value", where=where)
            if not math.isfinite(values[parameter.name]):
                raise ConfigError(f"{parameter.name} = {values[parameter.name]} is not finite", where=where)

    def check(self, values: Values, *, where: str, in_use: Collection[str]) -> None:
        """Refuse values that are in use and physically impossible; raises :class:`ConfigError`.

        ``in_use`` comes from :meth:`in_use`.
        """
        for text, holds in self.constraints(values):
            named = [name for name in values if name in re.findall(r"\w+", text)]
            if not holds and all(name in in_use for name in named):
                shown = ", ".join(f"{name} = {values[name]:g}" for name in named)
                raise ConfigError(f"physical constraint violated: {text} ({shown})", where=where)

    @abstractmethod
    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        """Constraints as (text, holds); the text names the parameters as separate words."""

    @abstractmethod
    def in_use(self, entries: IndexedEntries, triplet: tuple[int, int, int]) -> frozenset[str]:
        """The parameters of the entry ``triplet`` that the energy depends on.

        Which they are follows from the form and from zeros: an entry A B C has no two-body values, and
        nothing of it counts where A and B do not interact. LAMMPS reads the others and ignores them.
        """

    @abstractmethod
    def disagreements(self, entries: IndexedEntries) -> Sequence[Disagreement]:
        """Entries that ought to hold equal values, for one energy of a configuration, and do not."""

    def range(self, entries: IndexedEntries) -> float:
        """Largest distance in nm at which any two beads interact."""
        reaching = [
            self.cutoff(values)
            for triplet, values in entries.items()
            if self.reach <= self.in_use(entries, triplet)
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

    @abstractmethod
    def new_force(self, types: int, replicas: int = 1) -> Any:
        """An empty OpenMM force of the plugin for ``types`` bead types in ``replicas`` independent boxes."""

    def create_force(
        self,
        entries: IndexedEntries,
        types: Sequence[int],
        *,
        periodic: bool = True,
        weights: Sequence[float] | None = None,
    ) -> Any:
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

    def update_force(self, force: Any, entries: IndexedEntries, replica: int = 0) -> None:
        """Set new parameter values; call ``force.updateParametersInContext(context)`` afterwards."""
        for triplet, values in entries.items():
            columns = (float(values[parameter.name]) for parameter in self.parameters)
            force.setTripletParameters(*triplet, *columns, replica)
