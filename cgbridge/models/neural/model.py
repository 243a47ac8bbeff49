"""A model whose energy is a neural potential: what is simulated, saved and shared."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.models.beads import Bead, Molecule
from cgbridge.models.neural.committee import Committee
from cgbridge.models.neural.potential import NeuralPotential, types_of
from cgbridge.models.neural.settings import NetworkSettings
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm


@dataclass(frozen=True)
class Example:
    """A configuration with what the trained potential said of it, which OpenMM must say as well.

    ``positions`` (N, 3) and ``box`` (3, 3; None: isolated) in nm, ``energy`` in kJ/mol, ``forces`` in
    kJ/mol/nm, ``temperature`` in K where the potential depends on it.
    """

    topology: Topology
    positions: FloatArray
    box: FloatArray | None
    energy: float
    forces: FloatArray
    temperature: float | None = None


@dataclass(frozen=True, eq=False)
class NeuralModel(TypedBeads):
    """One potential, or a committee of several, for beads or atoms.

    ``architecture`` and ``settings`` are those of :mod:`cgbridge.models.neural.architecture`, ``beads`` the
    types in the order of the potential's numbers. ``mapping`` is what makes such
    beads of atoms: its name, its rules, and under ``files`` the files that these stood in. ``provenance`` is
    what the model was made of and with. ``temperature`` in K is that of
    a potential that depends on it; by default the middle of those that it was trained at. ``device`` is
    torch's name of what the network runs on in OpenMM.
    """

    name: str
    architecture: str
    settings: NetworkSettings
    beads: tuple[Bead, ...]
    members: tuple[NeuralPotential, ...]
    molecules: tuple[Molecule, ...] = ()
    description: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    mapping: Mapping[str, Any] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    example: Example | None = None
    temperature: float | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not self.members or any(member.kinds != len(self.beads) for member in self.members):
            raise ConfigError(
                "a neural model has one potential or more, each for all of its beads",
                where=f"model '{self.name}'",
            )

    @cached_property
    def potential(self) -> NeuralPotential | Committee:
        """What gives the energy: the only member, or the mean of all."""
        return self.members[0] if len(self.members) == 1 else Committee(self.members)

    @property
    def form(self) -> str:
        """``tensornet``, ``committee of 4 tensornet``, with the priors."""
        network = self.architecture
        if len(self.members) > 1:
            network = f"committee of {len(self.members)} {network}"
        return " + ".join([network, *(str(prior.name) for prior in self.members[0].known)])

    @property
    def cutoff(self) -> float:
        """Distance in nm up to which particles see each other."""
        return max(member.cutoff for member in self.members)

    @property
    def parameters(self) -> dict[str, float]:
        """None: weights have no names."""
        return {}

    @property
    def trained_at(self) -> tuple[float, ...]:
        """Those of the states that the model was trained at, unless its energy knows the temperature."""
        if self.members[0].thermal is not None:
            return ()
        found = (state.get("temperature") for state in self.provenance.get("states", ()))
        return tuple(sorted({float(kelvin) for kelvin in found if kelvin is not None}))

    def facts(self) -> dict[str, str]:
        """Settings, number of weights, priors, mapping, and what it was made of."""
        facts = {"architecture": self.architecture}
        facts |= {key: str(value) for key, value in self.settings.model_dump(mode="json").items()}
        facts["weights"] = f"{self.members[0].parameter_count:,} in each of {len(self.members)}"
        facts |= {f"prior {prior.name}": str(dict(prior.content())) for prior in self.members[0].known}
        if self.mapping is not None:
            facts["mapping"] = str(self.mapping.get("name", "its own"))
        return facts | {key: str(value) for key, value in self.provenance.items()}

    def documents(self) -> dict[str, str]:
        """The files of the mapping."""
        found = [] if self.mapping is None else self.mapping.get("files", [])
        return {str(name): str(text) for name, text in found}

    @cached_property
    def _bytes(self) -> bytes:
        from cgbridge.models.neural.bundle import bytes_of_model

        return bytes_of_model(self)

    def fingerprint(self) -> str:
        """SHA-256 over architecture, settings, beads, molecules, priors and weights."""
        from cgbridge.models.neural.bundle import physics, weights_of

        content = physics(self).encode() + weights_of(self)
        return hashlib.sha256(content).hexdigest()

    def require_entries(self, topology: Topology | None = None) -> None:
        """Raise :class:`ConfigError` for beads that the network does not know; it knows all pairs."""
        if topology is not None:
            types_of(topology.types, self.bead_names)

    def restricted(self, names: Collection[str]) -> NeuralModel:
        """The model itself, which serves some of its beads as well as all."""
        types_of(list(names), self.bead_names)
        return self

    @property
    def state_temperature(self) -> float | None:
        """The temperature in K of which the free energy is; None for a potential that depends on none."""
        thermal = self.members[0].thermal
        if thermal is None:
            return None
        return thermal.middle if self.temperature is None else self.temperature

    def at(self, temperature: float) -> NeuralModel:
        """The model at a temperature in K; itself where its potential does not depend on it."""
        if self.members[0].thermal is None:
            return self
        return replace(self, temperature=temperature)

    def with_masses(self, masses: Mapping[str, float]) -> NeuralModel:
        """A new model with the masses in amu of some beads replaced; :class:`ConfigError` for other names."""
        return replace(self, beads=self.reweighed(masses))

    def in_double_precision(self) -> NeuralModel:
        """The same weights, with double precision in all that is made of them."""
        return replace(self, members=tuple(copy.deepcopy(member).double() for member in self.members))

    def add_forces(self, system: openmm.System, topology: Topology, *, periodic: bool = True) -> None:
        """Add the forces on the particles of ``topology`` to ``system``, which has its box already.

        A descriptor network is a force of the plugin, and its priors are OpenMM's own, where these say the
        same (:func:`~cgbridge.models.neural.native.is_native`); all else is a PythonForce.
        """
        from cgbridge.models.neural.native import is_native, native_forces
        from cgbridge.models.neural.python_force import NeuralForce, python_force

        self.require_entries(topology)
        if is_native(self, _width(system) if periodic else None):
            for native in native_forces(self, topology, periodic=periodic):
                system.addForce(native)
            return
        force = NeuralForce(
            self._bytes,
            topology,
            periodic=periodic,
            device=self.device,
            temperature=self.state_temperature,
        )
        system.addForce(python_force(force, self.name))

    def with_example(self, positions: FloatArray, box: FloatArray | None, topology: Topology) -> NeuralModel:
        """A new model with this configuration to test itself by; N of some ten to hundred are enough."""
        from cgbridge.models.neural.self_test import example_of

        return replace(self, example=example_of(self, positions, box, topology))

    def self_test(self) -> None:
        """Compare energy and forces in OpenMM, and of the potential, with those that were stored.

        Raises :class:`~cgbridge.errors.SimulationError` where they differ, :class:`ConfigError` where none
        are stored.
        """
        from cgbridge.models.neural.self_test import run_self_test

        run_self_test(self)

    def save(self, path: str | Path) -> None:
        """Write the bundle ``path`` (``.cgnn``), after the self-test.

        Raises what :meth:`self_test` does, and :class:`~cgbridge.errors.StorageError`; nothing is written
        then.
        """
        from cgbridge.models.neural.bundle import write_bundle

        self.self_test()
        write_bundle(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> NeuralModel:
        """The model of a bundle; no pickles are read.

        Raises :class:`~cgbridge.errors.FileFormatError` for a file that is no bundle, or of another schema,
        or whose potential does not say what it said when it was saved.
        """
        from cgbridge.models.neural.bundle import read_bundle

        return read_bundle(Path(path))

    @classmethod
    def of_potentials(
        cls,
        name: str,
        architecture: str,
        settings: NetworkSettings,
        beads: Sequence[Bead],
        members: Sequence[NeuralPotential],
        **more: Any,
    ) -> NeuralModel:
        """A model of trained potentials, copied to the processor and out of training; ``more`` are fields."""
        own = []
        for member in members:
            one = copy.deepcopy(member).to(torch.device("cpu")).eval()
            own.append(one)
        return cls(name, architecture, settings, tuple(beads), tuple(own), **more)

    def __reduce__(self) -> tuple[Any, ...]:
        from cgbridge.models.neural.bundle import model_of_bytes

        return model_of_bytes, (self._bytes, f"model '{self.name}'")


def _width(system: openmm.System) -> float:
    """The smallest diagonal element of the box, in nm."""
    return min(float(row[i]._value) for i, row in enumerate(system.getDefaultPeriodicBoxVectors()))
