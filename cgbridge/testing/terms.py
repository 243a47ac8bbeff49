"""What every term of a model must do: checks for tests, of the built-in forms and of anybody's own.

:func:`check_term` compares the OpenMM forces of a model with identities that hold for any energy of beads:
forces are its gradient, and it does not depend on origin, direction, or the order of equal beads. All in
double precision on the Reference platform, in a second or so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.engine.virial import Virial
from cgbridge.frames import FloatArray
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import pair_energy
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm

#: Step of the differences in nm; their error is of the order of its square, relative to lengths of 0.1 nm.
_STEP = 1e-5
#: What is left of identities in double precision, beside that error.
_EXACT = 1e-9
_DIFFERENCES = 1e-5


class ConformanceError(AssertionError):
    """A term does not do what every term must."""


@dataclass(frozen=True)
class Sample:
    """A model with beads in places where its terms act.

    ``positions`` (N, 3) in nm belong to ``topology``; in a cube of ``edge`` nm, or isolated (None).
    ``mesh`` is the relative error that a mesh, which is no exact energy, is allowed to have.
    """

    model: CoarseGrainedModel
    topology: Topology
    positions: FloatArray
    edge: float | None = None
    mesh: float = 0.0

    def energy_and_forces(
        self, positions: FloatArray | None = None, topology: Topology | None = None
    ) -> tuple[float, FloatArray]:
        """kJ/mol and kJ/(mol nm)."""
        context = self.context(self.positions if positions is None else positions, topology)
        state = context.getState(energy=True, forces=True)
        forces = np.asarray(state.getForces(asNumpy=True)._value, dtype=float)
        return float(state.getPotentialEnergy()._value), forces

    def context(self, positions: FloatArray, topology: Topology | None = None) -> openmm.Context:
        """An OpenMM Context of the beads there."""
        import openmm

        beads = self.topology if topology is None else topology
        system = self.model.create_system(beads, self.edge, masses=np.ones(len(beads)))
        platform = openmm.Platform.getPlatformByName("Reference")
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        context.setPositions(positions)
        return context

    @property
    def exact(self) -> float:
        """Relative error of identities."""
        return max(_EXACT, self.mesh)


def check_term(sample: Sample) -> None:
    """Run all checks; raises :class:`ConformanceError` that says what is wrong."""
    for check in CHECKS:
        check(sample)


def acts(sample: Sample) -> None:
    """The beads feel each other: otherwise the other checks would say nothing."""
    _, forces = sample.energy_and_forces()
    _require(bool(np.abs(forces).max() > 0.0), "no bead feels a force in the sample")


def forces_are_the_gradient(sample: Sample) -> None:
    """F = -dE/dr, by central differences."""
    _, forces = sample.energy_and_forces()
    context, scale = sample.context(sample.positions), np.abs(forces).max()
    for bead in range(min(len(sample.topology), 6)):
        for axis in range(3):
            energies = []
            for sign in (1.0, -1.0):
                moved = sample.positions.copy()
                moved[bead, axis] += sign * _STEP
                context.setPositions(moved)
                energies.append(context.getState(energy=True).getPotentialEnergy()._value)
            expected = -(energies[0] - energies[1]) / (2.0 * _STEP)
            _require(
                abs(forces[bead, axis] - expected) <= max(_DIFFERENCES, 10.0 * sample.mesh) * scale,
                f"the force {forces[bead, axis]:g} on bead {bead} is not the gradient {expected:g}",
            )


def no_force_on_the_whole(sample: Sample) -> None:
    """The forces add to zero, and so do their torques about the origin in an isolated system."""
    _, forces = sample.energy_and_forces()
    scale = np.abs(forces).max()
    _require(
        bool(np.abs(forces.sum(axis=0)).max() <= len(forces) * sample.exact * scale),
        "the forces do not add to zero",
    )
    if sample.edge is None:
        torque = np.cross(sample.positions, forces).sum(axis=0)
        reach = np.abs(sample.positions).max()
        _require(
            bool(np.abs(torque).max() <= len(forces) * sample.exact * scale * reach),
            "the torques do not add to zero",
        )


def does_not_depend_on_the_frame(sample: Sample) -> None:
    """Shifts change nothing, nor do rotations of an isolated system or other images of beads in a box."""
    energy, forces = sample.energy_and_forces()
    random = np.random.default_rng(3)
    if sample.edge is None:
        q = np.linalg.qr(random.normal(size=(3, 3)))[0]
        rotation = q * np.sign(np.linalg.det(q))
        changed, found = sample.energy_and_forces(sample.positions @ rotation + 0.37)
        expected = forces @ rotation
    else:
        images = random.integers(-2, 3, size=sample.positions.shape)
        changed, found = sample.energy_and_forces(sample.positions + images * sample.edge + 0.37)
        expected = forces
    scale = np.abs(forces).max()
    _require(abs(changed - energy) <= max(1.0, abs(energy)) * sample.exact, "the energy depends on the frame")
    _require(
        bool(np.abs(found - expected).max() <= 10.0 * sample.exact * scale), "the forces depend on the frame"
    )


def equal_beads_are_equal(sample: Sample) -> None:
    """Single beads in another order have the same energy; bonded ones may not be exchanged."""
    beads = sample.topology
    if beads.bonds or beads.angles or beads.torsions or beads.exclusions:
        return
    energy, forces = sample.energy_and_forces()
    order = np.random.default_rng(5).permutation(len(beads))
    mixed = Topology(tuple(beads.types[index] for index in order))
    changed, found = sample.energy_and_forces(sample.positions[order], mixed)
    scale = np.abs(forces).max()
    difference = abs(changed - energy) / max(1.0, abs(energy))
    _require(difference <= sample.exact, "the energy depends on the order of beads")
    _require(
        bool(np.abs(found - forces[order]).max() <= 10.0 * sample.exact * scale),
        "the forces depend on the order of beads",
    )


def virial_is_the_strain_derivative(sample: Sample) -> None:
    """tr W = sum r f of an isolated system: forces at distances, by Euler's theorem."""
    if sample.edge is not None:
        return
    _, forces = sample.energy_and_forces()
    context = sample.context(sample.positions)
    expected = float(np.sum(sample.positions * forces))
    found = float(np.trace(Virial(context).tensor()))
    scale = max(1.0, float(np.abs(sample.positions * forces).sum()))
    _require(abs(found - expected) <= _DIFFERENCES * scale, f"the virial {found:g} is not {expected:g}")


def survives_its_file(sample: Sample) -> None:
    """The model that its own YAML gives has the same energy to the last digit."""
    again = CoarseGrainedModel.from_dict(sample.model.to_dict())
    _require(again.fingerprint() == sample.model.fingerprint(), "the model's file gives another model")


def parameters_have_names(sample: Sample) -> None:
    """Every parameter is found by its name, and a change of it reaches the model."""
    model = sample.model
    for name, value in model.parameters.items():
        _require(model.parameter(name).value == value, f"'{name}' is not found under its name")
    same = model.with_parameters(model.parameters)
    _require(same.fingerprint() == model.fingerprint(), "setting what is there changes the model")


def scales_with_energy_and_length(sample: Sample) -> None:
    """A model with energies times 1.1 at distances times 0.9 has 1.1 times the energy there."""
    energy, _ = sample.energy_and_forces()
    edge = None if sample.edge is None else 0.9 * sample.edge
    scaled = Sample(sample.model.rescaled(1.1, 0.9), sample.topology, 0.9 * sample.positions, edge)
    found, _ = scaled.energy_and_forces()
    # Charges are numbers: the energy of two in the same units is not scaled.
    if any(term.form == "coulomb" for term in sample.model.terms):
        return
    _require(
        abs(found - 1.1 * energy) <= max(1.0, abs(energy)) * sample.exact,
        f"the energy of the scaled model is {found:g} and not {1.1 * energy:g}",
    )


def pairs_agree_with_openmm(sample: Sample) -> None:
    """The closed form of an isolated pair is what OpenMM computes, up to the cutoff and smoothly beyond."""
    model = sample.model
    cutoff = model.cutoff
    for first, name in enumerate(model.bead_names):
        for second in range(first, len(model.beads)):
            beads = Topology((name, model.bead_names[second]))
            distances = np.linspace(0.35, 1.02, 41) * cutoff
            expected = pair_energy(model, first, second, distances)
            if expected is None or model.molecules:
                continue
            pair = Sample(model, beads, np.zeros((2, 3)))
            context = pair.context(pair.positions)
            found = []
            for distance in distances:
                context.setPositions([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
                found.append(context.getState(energy=True).getPotentialEnergy()._value)
            worst = float(np.abs(np.array(found) - expected).max())
            _require(
                worst <= 1e-7 * max(1.0, float(np.abs(expected).max())),
                f"the closed form of the pair {' '.join(beads.types)} is {worst:g} kJ/mol off",
            )


CHECKS: tuple[Callable[[Sample], None], ...] = (
    acts,
    forces_are_the_gradient,
    no_force_on_the_whole,
    does_not_depend_on_the_frame,
    equal_beads_are_equal,
    virial_is_the_strain_derivative,
    survives_its_file,
    parameters_have_names,
    scales_with_energy_and_length,
    pairs_agree_with_openmm,
)


def _require(condition: bool, words: str) -> None:
    if not condition:
        raise ConformanceError(words)


def cluster(beads: int, spacing: float, *, seed: int = 1) -> FloatArray:
    """Beads near a cubic grid with ``spacing`` nm between them."""
    sites = math.ceil(beads ** (1 / 3))
    grid = np.array(
        [(i, j, k) for i in range(sites) for j in range(sites) for k in range(sites)], dtype=float
    )
    jitter = np.random.default_rng(seed).uniform(-0.12, 0.12, size=(beads, 3))
    return np.asarray((grid[:beads] + jitter) * spacing)
