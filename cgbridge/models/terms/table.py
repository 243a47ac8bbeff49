"""Tabulated pair energies: a natural cubic spline through points (r, u).

Below the first point the energy goes on along the tangent there, from the last point on it is zero.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import Form, IndexedEntries, TypedTopology, Values
from cgbridge.models.terms.pair import limit
from cgbridge.records.parameter import Parameter

if TYPE_CHECKING:
    import openmm

#: The last energy of a table may be this fraction of its largest: what rounding in a file leaves.
_END = 1e-5


@dataclass(frozen=True)
class PairTable:
    """``distance`` in nm, evenly spaced and ascending; ``energy`` in kJ/mol, zero at the end.

    Raises :class:`ConfigError` for other tables.
    """

    distance: tuple[float, ...]
    energy: tuple[float, ...]

    def __post_init__(self) -> None:
        r, u = np.array(self.distance), np.array(self.energy)
        if len(r) != len(u):
            raise ConfigError(
                f"the table has {len(r)} distances and {len(u)} energies", remedy="give one energy to each"
            )
        if len(r) < 4:
            raise ConfigError(f"a table needs four or more points (r, u), and this has {len(r)}")
        if not (np.isfinite(r).all() and np.isfinite(u).all() and (np.diff(r) > 0).all() and r[0] >= 0):
            raise ConfigError("a table needs finite energies at ascending distances")
        if np.ptp(np.diff(r)) > 1e-3 * np.mean(np.diff(r)):
            raise ConfigError("the distances of a table must be evenly spaced", remedy="interpolate it")
        if abs(u[-1]) > _END * np.max(np.abs(u)):
            raise ConfigError(
                f"the table ends at {u[-1]:g} kJ/mol",
                remedy="let it go to zero: beyond its end the pair does not interact",
            )

    def at(self, distance: FloatArray) -> FloatArray:
        """Energy in kJ/mol at ``distance`` in nm."""
        from scipy.interpolate import CubicSpline

        spline = CubicSpline(self.distance, self.energy, bc_type="natural")
        first, last = self.distance[0], self.distance[-1]
        inside = spline(np.clip(distance, first, last))
        tangent = self.energy[0] + self.slope * (distance - first)
        return np.where(distance < first, tangent, np.where(distance < last, inside, 0.0))

    @property
    def slope(self) -> float:
        """du/dr at the first point, in kJ/mol/nm."""
        from scipy.interpolate import CubicSpline

        return float(CubicSpline(self.distance, self.energy, bc_type="natural")(self.distance[0], 1))


class Table(Form):
    """u(r) = scale times the table of the pair; a pair without a table does not interact."""

    name: ClassVar[str] = "table"
    label: ClassVar[str] = "table"
    bodies: ClassVar[int] = 2
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("scale", "1", value=1.0, symbol="s", meaning="factor of the energies"),
    )

    def __init__(self, tables: Mapping[tuple[int, ...], PairTable] | None = None) -> None:
        self._tables = dict(tables or {})

    def with_tables(self, tables: Mapping[tuple[int, ...], PairTable]) -> Table:
        found = copy.copy(self)
        found._tables = dict(tables)
        return found

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        return []

    def range(self, entries: IndexedEntries) -> float:
        """The last distance of any table."""
        return max((table.distance[-1] for table in self._tables.values()), default=0.0)

    def pair_energy(
        self, entries: IndexedEntries, first: int, second: int, distance: FloatArray
    ) -> FloatArray | None:
        key = (first, second) if (first, second) in self._tables else (second, first)
        return None if key not in self._tables else entries[key]["scale"] * self._tables[key].at(distance)

    def create_force(self, entries: IndexedEntries, beads: TypedTopology) -> list[openmm.Force]:
        members: dict[int, list[int]] = {}
        for bead, index in enumerate(beads.types):
            members.setdefault(index, []).append(bead)
        return [
            self._force(entries[key]["scale"], table, (members[key[0]], members[key[1]]), beads)
            for key, table in self._tables.items()
            if key[0] in members and key[1] in members
        ]

    def _force(
        self, scale: float, table: PairTable, groups: tuple[list[int], list[int]], beads: TypedTopology
    ) -> openmm.CustomNonbondedForce:
        import openmm

        first, last = table.distance[0], table.distance[-1]
        tangent = f"{table.energy[0]!r} + {table.slope!r}*(r - {first!r})"
        force = openmm.CustomNonbondedForce(f"{scale!r}*select(step(r - {first!r}), table(r), {tangent})")
        force.addTabulatedFunction(
            "table", openmm.Continuous1DFunction(list(table.energy), first, last, False)
        )
        for _ in beads.types:
            force.addParticle([])
        limit(force, last, beads)
        # Only these types: OpenMM looks at all other pairs in vain otherwise.
        if len(groups[0]) < len(beads.types) or groups[0] != groups[1]:
            force.addInteractionGroup(*groups)
        return force
