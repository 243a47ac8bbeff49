"""What a functional form is: named parameters with units, constraints, and an OpenMM force."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.frames import FloatArray
from cgbridge.records.parameter import Parameter
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm

#: Parameter values in the internal system (nm, kJ/mol).
Values = Mapping[str, float]
#: Values by the bead types that they are for, as indices; ``()`` holds those of the whole term.
IndexedEntries = Mapping[tuple[int, ...], Values]

#: Relative difference of values that ought to be equal which the rounding of a file explains: five digits
#: are the fewest that potential files give, and the strength of an angle is a product of two numbers. The
#: plugin (StillingerWeberForce.cpp) draws the same line.
ROUNDING = 1e-4
#: Relative difference below which values are equal: what is left of products in double precision.
EQUAL = 1e-12
#: The type of a bead that a term knows nothing of.
NO_TYPE = -1


@dataclass(frozen=True)
class Disagreement:
    """Two entries that differ in ``what`` by ``relative``.

    Where ``ordered``, the two are one value given twice, such as the angle B A C and C A B; the energy is
    not defined unless they agree. Otherwise each bead of a pair contributes half of its own value.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    what: str
    relative: float
    ordered: bool


@dataclass(frozen=True)
class TypedTopology:
    """A topology as a term sees it: ``types`` are indices into its beads, -1 for those it does not know."""

    types: Sequence[int]
    topology: Topology
    periodic: bool = True


def relative_difference(x: float, y: float) -> float:
    """|x - y| relative to the larger of the two; 0 for two zeros."""
    return abs(x - y) / max(abs(x), abs(y)) if x != y else 0.0


class Form(ABC):
    """Base class of all functional forms.

    ``bodies`` is the number of bead types that an entry is for. ``parameters`` belong to an entry, ``shared``
    ones to the whole term. Where ``mirrored``, an entry and its reverse are the same: the bond A B is the
    bond B A. ``label`` is the short name that parameters are called by: ``lj.epsilon``. Where ``mixes``,
    pairs of unlike beads can be made of the like ones (:mod:`cgbridge.models.terms.mixing`). All values
    passed to the methods are in the internal system (nm, kJ/mol, rad). A form keeps no state.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    bodies: ClassVar[int]
    parameters: ClassVar[tuple[Parameter, ...]]
    shared: ClassVar[tuple[Parameter, ...]] = ()
    mirrored: ClassVar[bool] = True
    mixes: ClassVar[bool] = False

    def parameter(self, name: str) -> Parameter:
        """The parameter called ``name``; :class:`ConfigError` with a suggestion when there is none."""
        declared = (*self.parameters, *self.shared)
        for parameter in declared:
            if parameter.name == name:
                return parameter
        known = [parameter.name for parameter in declared]
        raise ConfigError(
            f"the {self.name} form has no parameter '{name}'{did_you_mean(name, known)}",
            remedy="its parameters: " + ", ".join(known),
        )

    def canonical(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """The one of two equal keys that stands for both."""
        return min(key, key[::-1]) if self.mirrored else key

    def require_numbers(self, key: tuple[int, ...], values: Values, *, where: str) -> None:
        """Refuse values that are incomplete or not finite; raises :class:`ConfigError`."""
        for parameter in self.parameters if key else self.shared:
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
        """Constraints as (text, holds) of an entry, or of the shared values.

        The text names the parameters as separate words.
        """

    def in_use(self, entries: IndexedEntries, key: tuple[int, ...]) -> frozenset[str]:
        """The parameters of the entry ``key`` that the energy depends on."""
        return frozenset(entries[key])

    def disagreements(self, entries: IndexedEntries) -> Sequence[Disagreement]:
        """Entries that ought to hold equal values, for one energy of a configuration, and do not."""
        return ()

    def missing(self, entries: Collection[tuple[str, ...]], topology: Topology) -> Iterator[tuple[str, ...]]:
        """Keys that beads of ``topology`` need and ``entries`` lack; by default there are none."""
        return iter(())

    @abstractmethod
    def range(self, entries: IndexedEntries) -> float:
        """Largest distance in nm at which beads interact that no bond ties together."""

    def pair_energy(
        self, entries: IndexedEntries, first: int, second: int, distance: FloatArray
    ) -> FloatArray | None:
        """Energy in kJ/mol of an isolated pair at ``distance`` in nm; None for a term that has no part in it.

        The pair is not bonded.
        """
        return None

    @abstractmethod
    def create_force(self, entries: IndexedEntries, beads: TypedTopology) -> list[openmm.Force]:
        """The OpenMM forces of the term for these beads; none where it does not act among them."""
