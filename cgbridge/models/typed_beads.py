"""What a model of named beads can be asked, whatever its energy is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.beads import Bead, Molecule, assembled
from cgbridge.models.systems import create_system
from cgbridge.models.terms.form import NO_TYPE
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm


class TypedBeads(ABC):
    """A model of ``beads``.

    ``molecules`` are the kinds of molecules that they make; without any every bead is one. ``notes`` say what
    was taken where a file leaves it open.
    """

    name: str
    beads: tuple[Bead, ...]
    molecules: tuple[Molecule, ...]
    description: str
    source: str
    notes: tuple[str, ...]

    @property
    @abstractmethod
    def form(self) -> str:
        """What the energy is made of, for readers."""

    @property
    @abstractmethod
    def cutoff(self) -> float:
        """Largest distance in nm at which beads interact that are not bonded."""

    @property
    @abstractmethod
    def parameters(self) -> dict[str, float]:
        """Values by name, in the units of the parameters."""

    @property
    def trained_at(self) -> tuple[float, ...]:
        """Temperatures in K of the frames behind an energy that is one of a state only; none if it is not."""
        return ()

    @abstractmethod
    def fingerprint(self) -> str:
        """Equal physics, equal fingerprint."""

    @abstractmethod
    def add_forces(self, system: openmm.System, topology: Topology, *, periodic: bool = True) -> None:
        """Add the forces between the beads of ``topology`` to ``system``."""

    @abstractmethod
    def restricted(self, names: Collection[str]) -> Self:
        """A model of the beads called ``names`` only; raises :class:`ConfigError` for an unknown name."""

    @abstractmethod
    def with_masses(self, masses: Mapping[str, float]) -> Self:
        """A new model with the masses in amu of some beads replaced; :class:`ConfigError` for other names."""

    @abstractmethod
    def require_entries(self, topology: Topology | None = None) -> None:
        """Raise :class:`ConfigError` when beads of ``topology`` (or one of each type) lack parameters."""

    def at(self, temperature: float) -> TypedBeads:
        """The model as it is at a temperature in K; most depend on none."""
        return self

    def facts(self) -> dict[str, str]:
        """What else there is to tell readers, by name."""
        return {}

    def documents(self) -> dict[str, str]:
        """Texts that go with the model, by the names of their files."""
        return {}

    @property
    def bead_names(self) -> tuple[str, ...]:
        """Names of the bead types, in the order of the type indices."""
        return tuple(bead.name for bead in self.beads)

    @cached_property
    def bead_index(self) -> dict[str, int]:
        """Type indices by name."""
        return {name: number for number, name in enumerate(self.bead_names)}

    @property
    def bead_mass(self) -> float:
        """Mass in amu of the only bead type; :class:`ConfigError` for several types or an unknown mass."""
        if len(self.beads) != 1:
            raise ConfigError(
                f"model '{self.name}' has {len(self.beads)} bead types ({', '.join(self.bead_names)}), "
                "not one mass",
                remedy="choose one of them with --bead NAME",
            )
        return self.mass_of(0)

    def mass_of(self, index: int) -> float:
        """Mass in amu of a bead type; :class:`ConfigError` where it is not known."""
        bead = self.beads[index]
        if bead.mass is None:
            raise ConfigError(
                f"no mass is known for the bead '{bead.name}'",
                where=f"model '{self.name}'",
                remedy=f"give --mass {bead.name}=..., or masses={{'{bead.name}': ...}} to load_model",
            )
        return bead.mass

    def reweighed(self, masses: Mapping[str, float]) -> tuple[Bead, ...]:
        """The beads with some masses in amu replaced; :class:`ConfigError` for names of no bead."""
        for name in masses:
            if name not in self.bead_index:
                raise ConfigError(
                    f"model '{self.name}' has no bead '{name}'{did_you_mean(name, self.bead_names)}",
                    remedy="its beads: " + ", ".join(self.bead_names),
                )
        return tuple(Bead(bead.name, masses.get(bead.name, bead.mass)) for bead in self.beads)

    def type_indices(self, types: int | Sequence[int | str]) -> list[int]:
        """Type indices from a number of beads (one type) or a sequence of indices or bead names.

        The index -1 leaves a bead out of all terms, as NULL does in LAMMPS.
        """
        if isinstance(types, int):
            if len(self.beads) != 1:
                raise ConfigError(
                    f"model '{self.name}' has several bead types ({', '.join(self.bead_names)}): "
                    "give the type of every bead"
                )
            return [0] * types
        names, indices = self.bead_index, []
        for item in types:
            number = names.get(item, len(names)) if isinstance(item, str) else int(item)
            if not NO_TYPE <= number < len(self.beads):
                raise ConfigError(
                    f"model '{self.name}' has no bead type {item!r}{did_you_mean(str(item), names)}",
                    remedy="its bead types: "
                    + ", ".join(f"{name} ({number})" for name, number in names.items()),
                )
            indices.append(number)
        return indices

    def topology(self, types: int | Sequence[int | str]) -> Topology:
        """Beads of these types (see :meth:`type_indices`); the type of one left out is ``""``.

        Those of a model with molecules stand molecule by molecule.
        """
        indices = self.type_indices(types)
        names = tuple(self.bead_names[index] if index != NO_TYPE else "" for index in indices)
        return assembled(names, self.molecules) if self.molecules else Topology(names)

    def masses(self, topology: Topology) -> list[float]:
        """Masses in amu of the beads; :class:`ConfigError` for one that is not known."""
        if "" in topology.types:
            raise ConfigError(
                f"bead {topology.types.index('')} is of type -1 and has no mass of its own",
                where=f"model '{self.name}'",
                remedy="give create_system(..., masses=[...]), one number in amu for every bead",
            )
        known = {name: self.mass_of(self.bead_index[name]) for name in dict.fromkeys(topology.types)}
        return [known[name] for name in topology.types]

    def create_system(
        self,
        types: int | Sequence[int | str] | Topology,
        box: Any = None,
        *,
        masses: Iterable[float] | None = None,
    ) -> openmm.System:
        """An OpenMM System with masses, box and forces.

        ``types`` are single beads, as in :meth:`type_indices`, or a whole topology; ``box`` is the edge of a
        cube, three edges, or three box vectors as rows, in nm; None for an isolated system without periodic
        boundaries. ``masses`` in amu are those of the particles, by default those of their beads; particles
        of type -1 have none of their own. Raises :class:`ConfigError` for an unknown mass and
        :class:`~cgbridge.errors.SimulationError` for a box that is narrower than twice the cutoff.
        """
        topology = types if isinstance(types, Topology) else self.topology(types)
        present = self.restricted(set(topology.types) - {""}) if any(topology.types) else self
        return create_system(present, topology, box, masses=masses)
