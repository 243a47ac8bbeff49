"""A coarse-grained model: beads, a functional form and its parameter values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.form import FunctionalForm
from cgbridge.models.forms import get_form
from cgbridge.units import internal, similarity_factor

Triplet = tuple[str, str, str]


@dataclass(frozen=True)
class Bead:
    """A bead type and its mass in amu."""

    name: str
    mass: float


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
    units of ``specs``. Raises :class:`ConfigError` when a triplet or a value is missing or impossible.
    """

    name: str
    form: str
    beads: tuple[Bead, ...]
    entries: Mapping[Triplet, Mapping[str, float]]
    specs: tuple[ParameterSpec, ...]
    description: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        names = self.bead_names
        if not names or len(set(names)) != len(names):
            raise ConfigError("bead names must be given and differ", where=f"model '{self.name}'")
        for bead in self.beads:
            if not bead.mass > 0:
                raise ConfigError(
                    f"bead '{bead.name}' has mass {bead.mass} amu", where=f"model '{self.name}'"
                )
        for triplet in ((i, j, k) for i in names for j in names for k in names):
            if triplet not in self.entries:
                raise ConfigError(
                    f"no parameters for the triplet {' '.join(triplet)}",
                    where=f"model '{self.name}'",
                    remedy="give an entry for every ordered triplet of bead types",
                )
        form = self.functional_form
        for indices, values in self.internal_entries().items():
            label = " ".join(names[index] for index in indices)
            form.check(values, where=f"model '{self.name}', entry {label}", pair=indices[1] == indices[2])

    @property
    def functional_form(self) -> FunctionalForm:
        """The form behind the name ``form``."""
        return get_form(self.form)

    @property
    def bead_names(self) -> tuple[str, ...]:
        """Names of the bead types, in the order of the type indices."""
        return tuple(bead.name for bead in self.beads)

    @property
    def bead_mass(self) -> float:
        """Mass in amu of the only bead type; :class:`ConfigError` for several types."""
        if len(self.beads) != 1:
            raise ConfigError(f"model '{self.name}' has {len(self.beads)} bead types, not one mass")
        return self.beads[0].mass

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
        form = self.functional_form
        return max(form.cutoff(values) for values in self.internal_entries().values())

    def type_indices(self, types: int | Sequence[int | str]) -> list[int]:
        """Type indices from a number of beads (one type) or a sequence of indices or bead names."""
        if isinstance(types, int):
            if len(self.beads) != 1:
                raise ConfigError(f"model '{self.name}' has several bead types: give the type of every bead")
            return [0] * types
        names = {name: number for number, name in enumerate(self.bead_names)}
        indices = []
        for item in types:
            number = names.get(item, -1) if isinstance(item, str) else int(item)
            if not 0 <= number < len(self.beads):
                raise ConfigError(
                    f"model '{self.name}' has no bead type {item!r}{did_you_mean(str(item), names)}"
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
        return self.functional_form.create_force(
            self.internal_entries(), self.type_indices(types), periodic=periodic, weights=weights
        )

    def update_force(self, force: Any) -> None:
        """Put this model's values into a force made by a model of the same form and beads."""
        self.functional_form.update_force(force, self.internal_entries())

    def create_system(self, types: int | Sequence[int | str], box: Any = None) -> Any:
        """An OpenMM System with masses, box and force.

        ``box`` is the edge of a cube, three edges, or three box vectors as rows, in nm; None for an
        isolated system without periodic boundaries. Raises :class:`ConfigError` when the box is
        narrower than twice the cutoff.
        """
        import numpy as np
        from openmm import System, Vec3

        indices = self.type_indices(types)
        system = System()
        for index in indices:
            system.addParticle(self.beads[index].mass)
        if box is not None:
            matrix = np.asarray(box, dtype=float)
            if matrix.ndim < 2:
                matrix = np.diag(np.broadcast_to(matrix, 3))
            if min(np.diag(matrix)) < 2.0 * self.cutoff:
                raise ConfigError(
                    f"the box ({min(np.diag(matrix)):.3f} nm) is narrower than twice the cutoff "
                    f"of '{self.name}' ({2.0 * self.cutoff:.3f} nm)",
                    remedy="use more beads",
                )
            system.setDefaultPeriodicBoxVectors(*(Vec3(*map(float, row)) for row in matrix))
        system.addForce(self.create_force(indices, periodic=box is not None))
        return system

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
        from cgbridge.models.model_file import model_to_dict

        return model_to_dict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str = "model") -> CoarseGrainedModel:
        """The model of a YAML file's content; raises :class:`ConfigError` with a dotted path."""
        from cgbridge.models.model_file import model_from_dict

        return model_from_dict(content, where)

    def save(self, path: str | Path) -> None:
        """Write the model as YAML in the form of the database, with full precision."""
        from cgbridge.models.model_file import write_model

        write_model(self, Path(path))
