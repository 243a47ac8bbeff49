"""A coarse-grained model: beads, molecules, and the terms of its energy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.beads import Bead, Molecule, assembled
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.models.parameter_names import Address, find_parameter, parameter_names
from cgbridge.models.systems import create_system
from cgbridge.models.term import Key, Term
from cgbridge.models.terms.form import NO_TYPE, TypedTopology
from cgbridge.models.terms.many_body import ManyBodyForm
from cgbridge.records.parameter import Parameter
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm

    from cgbridge.openmm import TripletForce

__all__ = ["Bead", "CoarseGrainedModel", "Molecule", "Term"]


@dataclass(frozen=True)
class CoarseGrainedModel:
    """A model that can be simulated; immutable, so that a fit makes new ones.

    Its energy is the sum of its ``terms``. ``molecules`` are the kinds of molecules that its beads make;
    without any, every bead is a molecule. Beads that never meet may lack entries (:meth:`require_entries`).
    ``notes`` say what was taken where a file leaves it open. Raises :class:`ConfigError` when a value that is
    in use is impossible.
    """

    name: str
    beads: tuple[Bead, ...]
    terms: tuple[Term, ...]
    molecules: tuple[Molecule, ...] = ()
    description: str = ""
    source: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        where = f"model '{self.name}'"
        names = self.bead_names
        if not names or len(set(names)) != len(names):
            raise ConfigError("bead names must be given and differ", where=where)
        called = [term.name for term in self.terms]
        if not called or len(set(called)) != len(called):
            raise ConfigError(
                "a model has one term or more, with different names",
                where=where,
                remedy="give terms of one form names of their own (name: ...)",
            )
        for term in self.terms:
            term.require_sound(self.bead_index, where if len(called) == 1 else f"{where}, term '{term.name}'")
        for bead in names:
            if not any(bead in term.beads for term in self.terms):
                raise ConfigError(f"no term has an entry for the bead '{bead}'", where=where)
        if not (self.cutoff > 0 or self.molecules):
            raise ConfigError("no two beads interact: every cutoff is zero", where=where)
        for molecule in self.molecules:
            self.type_indices(molecule.beads)

    @property
    def bead_names(self) -> tuple[str, ...]:
        """Names of the bead types, in the order of the type indices."""
        return tuple(bead.name for bead in self.beads)

    @cached_property
    def bead_index(self) -> dict[str, int]:
        """Type indices by name."""
        return {name: number for number, name in enumerate(self.bead_names)}

    def label(self, indices: Sequence[int]) -> str:
        """The names of bead types, for messages: ``W W C``."""
        return " ".join(self.beads[index].name for index in indices)

    @property
    def form(self) -> str:
        """The forms of the terms, for readers: ``tersoff + lennard-jones``."""
        return " + ".join(term.form for term in self.terms)

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

    @cached_property
    def addresses(self) -> dict[str, Address]:
        """Where the value of every parameter stands, by its name."""
        return parameter_names(self.terms)

    @property
    def parameters(self) -> dict[str, float]:
        """Values by name, in the units of the parameters: see :mod:`cgbridge.models.parameter_names`."""
        return {name: self.terms[a.term].entries[a.key][a.name] for name, a in self.addresses.items()}

    def parameter(self, name: str) -> Parameter:
        """A parameter under its own name, with its value; raises :class:`ConfigError` for an unknown name."""
        address = find_parameter(name, self.addresses, self.terms, self.name)
        term = self.terms[address.term]
        full = next(known for known, found in self.addresses.items() if found == address)
        return replace(term.parameter(address.name), name=full, value=term.entries[address.key][address.name])

    def with_parameters(self, values: Mapping[str, float]) -> CoarseGrainedModel:
        """A new model with some values replaced, each in the parameter's own unit.

        Raises :class:`ConfigError` for an unknown name (with a suggestion) or an impossible value.
        """
        changed: list[dict[tuple[Key, str], float]] = [{} for _ in self.terms]
        for name, value in values.items():
            address = find_parameter(name, self.addresses, self.terms, self.name)
            changed[address.term][address.key, address.name] = float(value)
        terms = tuple(
            term.with_values(new) if new else term for term, new in zip(self.terms, changed, strict=True)
        )
        return replace(self, terms=terms)

    def rescaled(self, energy: float = 1.0, length: float = 1.0) -> CoarseGrainedModel:
        """The similar model: its energies times ``energy`` at distances times ``length``.

        Every parameter is multiplied by ``energy^a length^b``, with a and b from its unit. At temperatures
        times ``energy`` and pressures times ``energy/length^3`` its densities are those of this one times
        ``length^-3``.
        """
        return replace(self, terms=tuple(term.rescaled(energy, length) for term in self.terms))

    def with_bead_mass(self, mass: float) -> CoarseGrainedModel:
        """A new model whose beads all have ``mass`` in amu."""
        return replace(self, beads=tuple(Bead(bead.name, mass) for bead in self.beads))

    def with_masses(self, masses: Mapping[str, float]) -> CoarseGrainedModel:
        """A new model with the masses in amu of some beads replaced; :class:`ConfigError` for other names."""
        for name in masses:
            if name not in self.bead_index:
                raise ConfigError(
                    f"model '{self.name}' has no bead '{name}'{did_you_mean(name, self.bead_names)}",
                    remedy="its beads: " + ", ".join(self.bead_names),
                )
        return replace(self, beads=tuple(replace(b, mass=masses.get(b.name, b.mass)) for b in self.beads))

    def with_bead_names(self, names: Mapping[str, str]) -> CoarseGrainedModel:
        """A new model whose beads have the names that ``names`` gives for the old ones."""

        def new(name: str) -> str:
            return names.get(name, name)

        return replace(
            self,
            beads=tuple(replace(bead, name=new(bead.name)) for bead in self.beads),
            terms=tuple(term.renamed(new) for term in self.terms),
            molecules=tuple(replace(m, beads=tuple(map(new, m.beads))) for m in self.molecules),
        )

    def restricted(self, names: Collection[str]) -> CoarseGrainedModel:
        """A new model of the beads called ``names`` only; a model of one bead stays as it is.

        Raises :class:`ConfigError` for a name that the model does not have.
        """
        if len(self.beads) == 1 or set(names) == set(self.bead_names):
            return self
        self.type_indices(list(names))
        terms = (term.restricted(names) for term in self.terms)
        return replace(
            self,
            beads=tuple(bead for bead in self.beads if bead.name in names),
            terms=tuple(term for term in terms if term is not None),
            molecules=tuple(m for m in self.molecules if set(m.beads) <= set(names)),
        )

    @cached_property
    def cutoff(self) -> float:
        """Largest distance in nm at which beads interact that are not bonded."""
        index = self.bead_index
        return max(term.bound_form(index).range(term.indexed(index)) for term in self.terms)

    @property
    def many_body(self) -> ManyBodyForm | None:
        """The many-body form of a model that has no other term; None for other models."""
        form = self.terms[0].functional_form
        return form if len(self.terms) == 1 and isinstance(form, ManyBodyForm) else None

    def require_many_body(self, what: str) -> ManyBodyForm:
        """The many-body form of a model that has no other term; ``what`` needs it.

        Raises :class:`ConfigError` for other models.
        """
        if self.many_body is None:
            raise ConfigError(
                f"{what} is for models of one many-body term, and '{self.name}' is {self.form}",
                where=f"model '{self.name}'",
            )
        return self.many_body

    def internal_entries(self) -> dict[tuple[int, ...], dict[str, float]]:
        """Values of the only term in the internal system (nm, kJ/mol) by type indices."""
        if len(self.terms) != 1:
            raise ConfigError(f"model '{self.name}' has {len(self.terms)} terms: ask one of them")
        return self.terms[0].indexed(self.bead_index)

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

    def require_entries(self, topology: Topology | None = None) -> None:
        """Raise :class:`ConfigError` when beads of ``topology`` (or one of each type) lack an entry."""
        beads = Topology(self.bead_names) if topology is None else topology
        for term in self.terms:
            for key in term.functional_form.missing(term.entries.keys(), beads):
                kind = {2: "pair", 3: "triplet"}.get(len(key), "beads")
                names = [name for name in self.bead_names if name in beads.types]
                raise ConfigError(
                    f"no parameters for the {kind} {' '.join(key)}",
                    where=f"model '{self.name}'",
                    remedy=f"give an entry for all {len(names) ** 3} ordered triplets of {', '.join(names)}"
                    if isinstance(term.functional_form, ManyBodyForm)
                    else f"give an entry for it in the term '{term.name}'",
                )

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

    def add_forces(self, system: openmm.System, topology: Topology, *, periodic: bool = True) -> None:
        """Add the forces of all terms for the beads of ``topology`` to ``system``.

        Raises :class:`ConfigError` where entries lack.
        """
        self.require_entries(topology)
        with openmm_faults(f"model '{self.name}'", self.bead_names):
            for term in self.terms:
                known = {name: self.bead_index[name] for name in term.beads}
                types = [known.get(name, NO_TYPE) for name in topology.types]
                form = term.bound_form(self.bead_index)
                beads = TypedTopology(types, topology, periodic)
                for force in form.create_force(term.indexed(self.bead_index), beads):
                    force.setName(term.name)
                    system.addForce(force)

    def create_force(
        self,
        types: int | Sequence[int | str],
        *,
        periodic: bool = True,
        weights: Sequence[float] | None = None,
    ) -> TripletForce:
        """The OpenMM force of a model of one many-body term, for a user's own System.

        ``types`` as in :meth:`type_indices`; ``weights`` scale the share of each bead, for hybrid systems.
        """
        form = self.require_many_body("create_force")
        indices = self.type_indices(types)
        self.require_entries(self.topology(types))
        with openmm_faults(f"model '{self.name}'", self.bead_names):
            return form.weighted_force(self.internal_entries(), indices, periodic=periodic, weights=weights)

    def update_force(self, force: TripletForce) -> None:
        """Put this model's values into a force made by a model of the same form and beads."""
        with openmm_faults(f"model '{self.name}'", self.bead_names):
            self.require_many_body("update_force").update_force(force, self.internal_entries())

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

    def fingerprint(self) -> str:
        """SHA-256 over forms, beads, molecules, units and values: equal physics, equal fingerprint.

        Name, description, bounds, ranges and sources do not enter.
        """
        content = {
            "beads": [[bead.name, bead.mass] for bead in self.beads],
            "molecules": [[m.name, m.beads, m.bonds, m.excluded] for m in self.molecules],
            "terms": [
                {
                    "form": term.form,
                    "entries": [
                        [key, sorted(values.items())] for key, values in sorted(term.entries.items())
                    ],
                    "units": sorted((parameter.name, parameter.unit) for parameter in term.parameters),
                    "tables": [[key, t.distance, t.energy] for key, t in sorted(term.tables.items())],
                }
                for term in self.terms
            ],
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The content of the model's YAML file."""
        from cgbridge.models.files.model_file import model_to_dict

        return model_to_dict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str = "model") -> CoarseGrainedModel:
        """The model of a YAML file's content; raises :class:`ConfigError` with a dotted path."""
        from cgbridge.models.files.model_file import model_from_dict

        return model_from_dict(content, where)

    def save(self, path: str | Path) -> None:
        """Write the model as YAML in the form of the database, with full precision."""
        from cgbridge.models.files.model_file import write_model

        write_model(self, Path(path))
