"""What a functional form is: named parameters with units, constraints, closed forms and an OpenMM force."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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


class FunctionalForm(ABC):
    """Base class of the many-body forms.

    ``parameters`` stand in LAMMPS's column order. All values passed to the methods are in the internal
    system (nm, kJ/mol). A form keeps no state.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]  # of its LAMMPS file
    pair_style: ClassVar[str]  # of LAMMPS
    parameters: ClassVar[tuple[FormParameter, ...]]

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

    def check(self, values: Values, *, where: str, pair: bool = True) -> None:
        """Refuse values that are incomplete, not finite, or physically impossible.

        ``pair`` tells whether the entry also defines a two-body interaction (triplets A B B); entries
        that only hold three-body values may be zero. Raises :class:`ConfigError`.
        """
        for parameter in self.parameters:
            if parameter.name not in values:
                raise ConfigError(f"parameter '{parameter.name}' has no value", where=where)
            if not math.isfinite(values[parameter.name]):
                raise ConfigError(f"{parameter.name} = {values[parameter.name]} is not finite", where=where)
        for text, holds in self.constraints(values, pair):
            if not holds:
                shown = ", ".join(f"{name} = {values[name]:g}" for name in values if name in text.split())
                raise ConfigError(f"physical constraint violated: {text} ({shown})", where=where)

    @abstractmethod
    def constraints(self, values: Values, pair: bool) -> Sequence[tuple[str, bool]]:
        """Constraints as (text, holds); the text names the parameters as separate words."""

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
