"""A coarse-grained model: beads, molecules, and the terms of its energy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgbridge.errors import ConfigError
from cgbridge.models.beads import Bead, Molecule
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.models.parameter_names import Address, find_parameter, parameter_names
from cgbridge.models.term import Key, Term
from cgbridge.models.terms.form import NO_TYPE, TypedTopology
from cgbridge.models.terms.many_body import ManyBodyForm
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.records.parameter import Parameter
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm

    from cgbridge.openmm import TripletForce

__all__ = ["Bead", "CoarseGrainedModel", "Molecule", "Term"]


@dataclass(frozen=True)
class CoarseGrainedModel(TypedBeads):
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

    def label(self, indices: Sequence[int]) -> str:
        """The names of bead types, for messages: ``W W C``."""
        return " ".join(self.beads[index].name for index in indices)

    @property
    def form(self) -> str:
        """The forms of the terms, for readers: ``tersoff + lennard-jones``."""
        return " + ".join(term.form for term in self.terms)

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
        return replace(self, beads=self.reweighed(masses))

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

    def require_entries(self, topology: Topology | None = None) -> None:
        """Raise :class:`ConfigError` when beads of ``topology`` (or one of each type) lack an entry."""
        beads = Topology(self.bead_names) if topology is None else topology
        for term in self.terms:
            for key in term.functional_form.missing(term.all_entries.keys(), beads):
                kind = {2: "pair", 3: "triplet"}.get(len(key), "beads")
                names = [name for name in self.bead_names if name in beads.types]
                raise ConfigError(
                    f"no parameters for the {kind} {' '.join(key)}",
                    where=f"model '{self.name}'",
                    remedy=f"give an entry for all {len(names) ** 3} ordered triplets of {', '.join(names)}"
                    if isinstance(term.functional_form, ManyBodyForm)
                    else f"give an entry for it in the term '{term.name}'",
                )

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
                        [key, sorted(values.items())] for key, values in sorted(term.all_entries.items())
                    ],
                    "units": sorted((parameter.name, parameter.unit) for parameter in term.parameters),
                    "tables": [[key, t.distance, t.energy] for key, t in sorted(term.tables.items())],
                }
                | ({} if term.network is None else {"network": term.network.digest})
                for term in self.terms
            ],
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The content of the model's YAML file."""
        from cgbridge.models.files.model_writer import model_to_dict

        return model_to_dict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str = "model") -> CoarseGrainedModel:
        """The model of a YAML file's content; raises :class:`ConfigError` with a dotted path."""
        from cgbridge.models.files.model_file import model_from_dict

        return model_from_dict(content, where)

    def save(self, path: str | Path) -> None:
        """Write the model as YAML in the form of the database, with full precision."""
        from cgbridge.models.files.model_writer import write_model

        write_model(self, Path(path))
