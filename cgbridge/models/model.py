"""A coarse-grained model: beads, a functional form and its parameter values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.models.terms.form import ROUNDING, FunctionalForm
from cgbridge.models.terms.forms import get_form
from cgbridge.units import internal, similarity_factor

Triplet = tuple[str, str, str]


#: Type of a bead that takes no part in the force; LAMMPS calls such types NULL.
NULL = -1
#: Masses in amu that a bead can have: from a tenth of a hydrogen atom to a large virus.
MASS_LIMITS = (0.1, 1e8)


@dataclass(frozen=True)
class Bead:
    """A bead type and its mass in amu; None where the mass is not known, which energies do not need."""

    name: str
    mass: float | None = None


@dataclass(frozen=True)
class ParameterSpec:
    """Unit of a parameter and where it may be searched; ``search`` None means fixed by default."""

    name: str
    unit: str
    symbol: str = ""
    bounds: tuple[float, float] | None = None
    search: tuple[float, float] | None = None
    scale: Literal["linear", "log"] = "linear"
    source: str = ""


@dataclass(frozen=True)
class CoarseGrainedModel:
    """A model that can be simulated; immutable, so that a fit makes new ones.

    ``entries`` maps ordered triplets of bead names (the first is the central bead) to values in the
    units of ``specs``; beads that never meet may lack theirs (:meth:`require_entries`). ``notes`` say what
    was taken where a file leaves it open. Raises :class:`ConfigError` when a value that is in use is
    impossible.
    """

    name: str
    form: str
    beads: tuple[Bead, ...]
    entries: Mapping[Triplet, Mapping[str, float]]
    specs: tuple[ParameterSpec, ...]
    description: str = ""
    source: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        names = self.bead_names
        if not names or len(set(names)) != len(names):
            raise ConfigError("bead names must be given and differ", where=f"model '{self.name}'")
        for bead in self.beads:
            if bead.mass is not None and not MASS_LIMITS[0] <= bead.mass <= MASS_LIMITS[1]:
                raise ConfigError(
                    f"bead '{bead.name}' has a mass of {bead.mass:g} amu",
                    where=f"model '{self.name}'",
                    remedy="give the mass of one bead, such as '18.015 amu' or '18.015 g/mol'",
                )
        form, entries = self.functional_form, self.internal_entries()
        places = {indices: f"model '{self.name}', entry {self.label(indices)}" for indices in entries}
        for indices, values in entries.items():
            form.require_numbers(values, where=places[indices])
        for indices, values in entries.items():
            form.check(values, where=places[indices], in_use=form.in_use(entries, indices))
        if not form.range(entries) > 0:
            raise ConfigError("no two beads interact: every cutoff is zero", where=f"model '{self.name}'")
        for found in form.disagreements(entries):
            if found.ordered and found.relative > ROUNDING:
                raise ConfigError(
                    f"the entries {self.label(found.first)} and {self.label(found.second)} differ in "
                    f"{found.what}, so that the energy would depend on the order of the beads",
                    where=f"model '{self.name}'",
                    remedy="they are one angle: give both the same values",
                )

    @property
    def functional_form(self) -> FunctionalForm:
        """The form behind the name ``form``."""
        return get_form(self.form)

    @property
    def bead_names(self) -> tuple[str, ...]:
        """Names of the bead types, in the order of the type indices."""
        return tuple(bead.name for bead in self.beads)

    def label(self, indices: Sequence[int]) -> str:
        """The names of bead types, for messages: ``W W C``."""
        return " ".join(self.beads[index].name for index in indices)

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

    @property
    def parameters(self) -> dict[str, float]:
        """Values by name, ``epsilon`` for one bead type, ``epsilon[A,B,B]`` for several."""
        if len(self.beads) == 1:
            return dict(next(iter(self.entries.values())))
        return {
            f"{name}[{','.join(triplet)}]": value
            for triplet, values in self.entries.items()
            for name, value in values.items()
        }

    def spec(self, name: str) -> ParameterSpec:
        """Unit and bounds of a parameter (``epsilon`` or ``epsilon[A,B,B]``)."""
        bare = name.partition("[")[0]
        for spec in self.specs:
            if spec.name == bare:
                return spec
        known = [spec.name for spec in self.specs]
        raise ConfigError(
            f"model '{self.name}' has no parameter '{name}'{did_you_mean(bare, known)}",
            remedy="its parameters: " + ", ".join(known),
        )

    def with_parameters(self, values: Mapping[str, float]) -> CoarseGrainedModel:
        """A new model with some values replaced, each in the parameter's own unit.

        Raises :class:`ConfigError` for an unknown name (with a suggestion) or an impossible value.
        """
        known = self.parameters
        entries = {triplet: dict(old) for triplet, old in self.entries.items()}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(
                    f"model '{self.name}' has no parameter '{name}'{did_you_mean(name, known)}",
                    remedy="its parameters: " + ", ".join(known),
                )
            bare, _, triplet = name.partition("[")
            key = tuple(triplet.rstrip("]").split(",")) if triplet else next(iter(entries))
            entries[key][bare] = float(value)  # type: ignore[index]
        return replace(self, entries=entries)

    def rescaled(self, energy: float = 1.0, length: float = 1.0) -> CoarseGrainedModel:
        """The similar model: its energies times ``energy`` at distances times ``length``.

        Every parameter is multiplied by ``energy^a length^b``, with a and b from its unit. At temperatures
        times ``energy`` and pressures times ``energy/length^3`` its densities are those of this one times
        ``length^-3``.
        """
        factors = {spec.name: similarity_factor(spec.unit, energy, length) for spec in self.specs}
        entries = {
            triplet: {name: value * factors[name] for name, value in values.items()}
            for triplet, values in self.entries.items()
        }
        return replace(self, entries=entries)

    def with_bead_mass(self, mass: float) -> CoarseGrainedModel:
        """A new model whose beads all have ``mass`` in amu."""
        return replace(self, beads=tuple(Bead(bead.name, mass) for bead in self.beads))

    def with_masses(self, masses: Mapping[str, float]) -> CoarseGrainedModel:
        """A new model with the masses in amu of some beads replaced; :class:`ConfigError` for other names."""
        for name in masses:
            if name not in self.bead_names:
                raise ConfigError(
                    f"model '{self.name}' has no bead '{name}'{did_you_mean(name, self.bead_names)}",
                    remedy="its beads: " + ", ".join(self.bead_names),
                )
        return replace(self, beads=tuple(replace(b, mass=masses.get(b.name, b.mass)) for b in self.beads))

    def require_entries(self, beads: Collection[str] | None = None) -> None:
        """Raise :class:`ConfigError` when ``beads`` (by default all) lack an ordered triplet among them."""
        names = [name for name in self.bead_names if beads is None or name in beads]
        for triplet in product(names, repeat=3):
            if triplet not in self.entries:
                raise ConfigError(
                    f"no parameters for the triplet {' '.join(triplet)}",
                    where=f"model '{self.name}'",
                    remedy=f"give an entry for all {len(names) ** 3} ordered triplets of {', '.join(names)}",
                )

    def restricted(self, names: Collection[str]) -> CoarseGrainedModel:
        """A new model of the beads called ``names`` only; a model of one bead stays as it is.

        Raises :class:`ConfigError` for a name that the model does not have.
        """
        if len(self.beads) == 1 or set(names) == set(self.bead_names):
            return self
        self.type_indices(list(names))
        beads = tuple(bead for bead in self.beads if bead.name in names)
        entries = {triplet: values for triplet, values in self.entries.items() if set(triplet) <= set(names)}
        return replace(self, beads=beads, entries=entries)

    def internal_entries(self) -> dict[tuple[int, int, int], dict[str, float]]:
        """Values in the internal system (nm, kJ/mol) by triplets of type indices."""
        index = {name: number for number, name in enumerate(self.bead_names)}
        units = {spec.name: spec.unit for spec in self.specs}
        for triplet, values in self.entries.items():
            unknown = [name for name in (*triplet,) if name not in index]
            if unknown:
                raise ConfigError(
                    f"entry {' '.join(triplet)}: no bead '{unknown[0]}'{did_you_mean(unknown[0], index)}",
                    where=f"model '{self.name}'",
                )
            missing = [name for name in values if name not in units]
            if missing:
                raise ConfigError(f"parameter '{missing[0]}' has no unit", where=f"model '{self.name}'")
        return {
            (index[i], index[j], index[k]): {
                name: internal(value, units[name]) for name, value in values.items()
            }
            for (i, j, k), values in self.entries.items()
        }

    @property
    def cutoff(self) -> float:
        """Largest interaction distance in nm."""
        return self.functional_form.range(self.internal_entries())

    def type_indices(self, types: int | Sequence[int | str]) -> list[int]:
        """Type indices from a number of beads (one type) or a sequence of indices or bead names.

        The index -1 leaves a bead out of the force, as NULL does in LAMMPS.
        """
        if isinstance(types, int):
            if len(self.beads) != 1:
                raise ConfigError(
                    f"model '{self.name}' has several bead types ({', '.join(self.bead_names)}): "
                    "give the type of every bead"
                )
            return [0] * types
        names = {name: number for number, name in enumerate(self.bead_names)}
        indices = []
        for item in types:
            number = names.get(item, len(names)) if isinstance(item, str) else int(item)
            if not NULL <= number < len(self.beads):
                raise ConfigError(
                    f"model '{self.name}' has no bead type {item!r}{did_you_mean(str(item), names)}",
                    remedy="its bead types: "
                    + ", ".join(f"{name} ({number})" for name, number in names.items()),
                )
            indices.append(number)
        return indices

    def create_force(
        self,
        types: int | Sequence[int | str],
        *,
        periodic: bool = True,
        weights: Sequence[float] | None = None,
    ) -> Any:
        """The OpenMM force for a number of beads or a sequence of types (see :meth:`type_indices`)."""
        indices = self.type_indices(types)
        self.require_entries(self._names_of(indices))
        with openmm_faults(f"model '{self.name}'", self.bead_names):
            return self.functional_form.create_force(
                self.internal_entries(), indices, periodic=periodic, weights=weights
            )

    def update_force(self, force: Any) -> None:
        """Put this model's values into a force made by a model of the same form and beads."""
        with openmm_faults(f"model '{self.name}'", self.bead_names):
            self.functional_form.update_force(force, self.internal_entries())

    def create_system(
        self, types: int | Sequence[int | str], box: Any = None, *, masses: Iterable[float] | None = None
    ) -> Any:
        """An OpenMM System with masses, box and force.

        ``box`` is the edge of a cube, three edges, or three box vectors as rows, in nm; None for an
        isolated system without periodic boundaries. ``masses`` in amu are those of the particles, by
        default those of their beads; particles of type -1 have none of their own. Raises
        :class:`ConfigError` for an unknown mass and for a box that is narrower than twice the cutoff.
        """
        import numpy as np
        from openmm import System, Vec3

        indices = self.type_indices(types)
        system = System()
        for mass in self._masses(indices) if masses is None else masses:
            system.addParticle(float(mass))
        if system.getNumParticles() != len(indices):
            raise ConfigError(f"{system.getNumParticles()} masses were given for {len(indices)} beads")
        if box is not None:
            matrix = np.asarray(box, dtype=float)
            if matrix.ndim < 2:
                matrix = np.diag(np.broadcast_to(matrix, 3))
            cutoff = self.restricted(self._names_of(indices)).cutoff
            if min(np.diag(matrix)) < 2.0 * cutoff:
                raise ConfigError(
                    f"the box ({min(np.diag(matrix)):.3f} nm) is narrower than twice the cutoff "
                    f"of '{self.name}' ({2.0 * cutoff:.3f} nm)",
                    remedy="use more beads",
                )
            with openmm_faults("the box"):
                system.setDefaultPeriodicBoxVectors(*(Vec3(*map(float, row)) for row in matrix))
        system.addForce(self.create_force(indices, periodic=box is not None))
        return system

    def _names_of(self, indices: Collection[int]) -> set[str]:
        return {self.beads[index].name for index in set(indices) if index != NULL}

    def _masses(self, indices: Sequence[int]) -> list[float]:
        if NULL in indices:
            raise ConfigError(
                f"bead {indices.index(NULL)} is of type -1 and has no mass of its own",
                where=f"model '{self.name}'",
                remedy="give create_system(..., masses=[...]), one number in amu for every bead",
            )
        known = {index: self.mass_of(index) for index in set(indices)}
        return [known[index] for index in indices]

    def fingerprint(self) -> str:
        """SHA-256 over form, beads, units and values: equal physics, equal fingerprint.

        Name, description, bounds and sources do not enter.
        """
        content = {
            "form": self.form,
            "beads": [[bead.name, bead.mass] for bead in self.beads],
            "entries": [
                [list(triplet), sorted(values.items())] for triplet, values in sorted(self.entries.items())
            ],
            "units": sorted((spec.name, spec.unit) for spec in self.specs),
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
