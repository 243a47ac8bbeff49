"""Atoms that move while their beads are held: mean forces on beads, nearly without noise.

A spring k holds the centre R_I = sum_i M_Ii r_i of every bead, and acts along the coordinates of the beads
alone: given the positions of the beads, the atoms are distributed as without it. So the mean of the mapped
force of the potential itself, in which the spring has no part, is the mean force on the beads, to within two
things that are small and told. The beads would lie F/k beside the places where they are wanted, so that the
springs are moved by as much the other way; what is left does no harm, for the mean force is that at their
mean positions, which are the positions that are returned. They move about these by (kT/k)^(1/2): the mean
force is that smeared over as much, and differs from it by (kT/2k) d2F/dR2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cgbridge.errors import SimulationError, UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.rng import derive_seed

if TYPE_CHECKING:
    import openmm
    from scipy.sparse import csr_array

#: kJ/(mol nm^2): a bead then moves about by 0.0008 nm at 300 K. Softer ones for atoms at rest: their labels
#: are exact for any, and minima are found sooner.
STIFFEST, _SOFTER = 4e6, 1e6
#: Ends of the names of what moves all atoms or the box, and belongs to no potential.
_MOVERS = ("Barostat", "CMMotionRemover", "Thermostat")
#: A spring and a mass may swing by this angle in a step at most: a third of what integrators bear. The middle
#: scheme finds the right distribution in a harmonic well at any such step.
_ANGLE = 0.7
#: Samples of the forces during equilibration, from which the springs learn what they have to carry.
_LOOKS = 8
#: Where a minimisation ends: root mean square force in kJ/(mol nm), a thousandth of what acts on a molecule
#: of water; it is begun anew until it gains less than so many kJ/mol per bead, at most so often.
_TOLERANCE, _GAIN, _ROUNDS = 0.5, 1e-3, 20
#: Beads farther than this from where they were wanted, root mean square in nm, were not held: springs give
#: way by a tenth of it under the forces of a liquid, by a third of it under those of compressed ices.
FARTHEST = 0.01

#: What a trajectory of labels has for every frame.
LABEL_FIELDS = ("forces", "force_error", "force_noise")


@dataclass(frozen=True)
class Sampling:
    """``samples`` of the atoms, ``interval`` ps apart, after ``equilibration`` ps."""

    samples: int = 50
    interval: float = 0.1
    equilibration: float = 1.0


@dataclass(frozen=True)
class Label:
    """What is known at one configuration of beads.

    ``positions`` (n, 3) nm of the beads, ``forces`` the mean force on them in kJ/(mol nm), ``energy`` the
    mean potential energy in kJ/mol. ``variance`` is that of a single sample of a force component with the
    bead in its place, ``stderr`` the standard error of one of ``forces``, both NaN where the samples are too
    few to tell; ``displacement`` nm the root mean square distance of a bead from where it was wanted. All
    zero but the last for atoms at rest.
    """

    positions: FloatArray = field(repr=False)
    forces: FloatArray = field(repr=False)
    energy: float
    variance: float
    stderr: float
    displacement: float

    def frame(self, box: FloatArray, time: float) -> Frame:
        """As it stands in a trajectory, with what is known of its noise (:data:`LABEL_FIELDS`)."""
        return Frame(
            self.positions,
            box,
            time,
            forces=self.forces,
            force_error=self.stderr,
            force_noise=math.sqrt(self.variance),
        )


class HeldBeads:
    """The atoms of ``system`` (an OpenMM System; its barostat is left out) with their beads on springs.

    ``positions`` and ``forces`` are the maps (beads x atoms). Raises
    :class:`~cgbridge.errors.SimulationError` for a system of another number of atoms.
    """

    def __init__(
        self,
        system: openmm.System,
        positions: csr_array,
        forces: csr_array,
        *,
        temperature: float = 300.0,
        timestep: float = 0.0005,
        friction: float = 10.0,
        seed: int = 1,
        platform: str = "CPU",
        threads: int = 1,
    ) -> None:
        import openmm

        if system.getNumParticles() != positions.shape[1]:
            raise SimulationError(
                f"the system has {system.getNumParticles()} atoms, and the mapping is for "
                f"{positions.shape[1]}"
            )
        held = openmm.XmlSerializer.clone(system)
        for index in reversed(range(held.getNumForces())):
            if type(held.getForce(index)).__name__.endswith(_MOVERS):
                held.removeForce(index)
        self._positions, self._forces = positions, forces
        self._temperature, self._timestep, self._seed = temperature, timestep, seed
        masses = np.array([held.getParticleMass(i)._value for i in range(held.getNumParticles())])
        self.stiffness = _stiffness(positions, masses, timestep)
        self._group = _unused_group(held)
        self._spring = _springs(positions, self.stiffness, self._group)
        self._spring.setUsesPeriodicBoundaryConditions(held.usesPeriodicBoundaryConditions())
        held.addForce(self._spring)
        integrator = openmm.LangevinMiddleIntegrator(temperature, friction, timestep)
        integrator.setRandomNumberSeed(seed)
        # What moves the atoms has the springs, what is measured has not.
        self._without = {group for group in range(32) if group != self._group}
        properties = {"Threads": str(threads), "DeterministicForces": "true"} if platform == "CPU" else {}
        chosen = openmm.Platform.getPlatformByName(platform)
        self._context = openmm.Context(held, integrator, chosen, properties)
        self._integrator = integrator

    def sample(self, atoms: FloatArray, box: FloatArray | None, plan: Sampling, *, number: int = 0) -> Label:
        """Mean forces with the beads held where those of ``atoms`` (N, 3) are, molecules in one piece.

        ``number`` makes the velocities of this configuration. Raises
        :class:`~cgbridge.errors.UnstableError` where the atoms break apart, or leave their places.
        """
        with openmm_faults("atoms with held beads", kind=UnstableError):
            return self._sample(atoms, box, plan, number)

    def _sample(self, atoms: FloatArray, box: FloatArray | None, plan: Sampling, number: int) -> Label:
        wanted = self._hold(atoms, box, self.stiffness)
        self._context.applyConstraints(1e-7)
        self._context.computeVirtualSites()
        self._context.setVelocitiesToTemperature(self._temperature, derive_seed(self._seed, "held", number))
        self._settle(wanted, plan)
        between = max(1, round(plan.interval / self._timestep))
        places, forces, energies = [], [], []
        for _ in range(plan.samples):
            self._integrator.step(between)
            place, force, energy = self._now()
            places.append(place)
            forces.append(force)
            energies.append(energy)
        series = np.array(forces)
        if not np.isfinite(series).all():
            raise UnstableError("the atoms broke apart while their beads were held")
        mean = series.mean(axis=0)
        rest = _noise(series, np.array(places))
        # Their mean and what goes with the motion of the bead use two samples up.
        free = plan.samples - 2
        variance = float(np.sum(rest**2) / (free * mean.size)) if free > 0 else math.nan
        inefficiency = _inefficiency(rest)
        return Label(
            positions=np.mean(places, axis=0),
            forces=mean,
            energy=float(np.mean(energies)),
            variance=variance,
            stderr=float(np.sqrt(variance * inefficiency / plan.samples)),
            displacement=_displacement(np.mean(places, axis=0), wanted),
        )

    def relax(self, atoms: FloatArray, box: FloatArray | None) -> Label:
        """The atoms at rest at the lowest energy near ``atoms`` that their beads allow.

        The energy is then a function of the positions of the beads, of which the mapped forces are the
        negative gradient, exactly: the limit of mean forces at 0 K. Raises
        :class:`~cgbridge.errors.UnstableError` for an energy that is no number, and for atoms that leave
        their places.
        """
        with openmm_faults("atoms with held beads", kind=UnstableError):
            return self._relax(atoms, box)

    def _relax(self, atoms: FloatArray, box: FloatArray | None) -> Label:
        import openmm

        wanted = self._hold(atoms, box, np.minimum(self.stiffness, _SOFTER))
        self._context.applyConstraints(1e-7)
        self._context.computeVirtualSites()
        energy = np.inf
        for _ in range(_ROUNDS):
            openmm.LocalEnergyMinimizer.minimize(self._context, _TOLERANCE, 0)
            self._context.computeVirtualSites()
            before = energy
            energy = self._context.getState(energy=True).getPotentialEnergy()._value
            # Also where the energy is no number.
            if not before - energy > _GAIN * len(wanted):
                break
        place, force, energy = self._now()
        if not (np.isfinite(energy) and np.isfinite(force).all()):
            raise UnstableError("the energy of the atoms at rest is not a number")
        return Label(place, force, energy, 0.0, 0.0, _displacement(place, wanted))

    def _settle(self, wanted: FloatArray, plan: Sampling) -> None:
        """Equilibrate, and move the springs by what the beads give way to their mean forces."""
        part = max(1, round(plan.equilibration / self._timestep / (_LOOKS + 2)))
        self._integrator.step(part)
        forces = np.zeros_like(wanted)
        for _ in range(_LOOKS):
            self._integrator.step(part)
            forces += self._now()[1] / _LOOKS
        self._place_springs(wanted - forces / self.stiffness[:, None], self.stiffness)
        self._integrator.step(part)

    @property
    def atoms(self) -> FloatArray:
        """Where the atoms are now, (N, 3) nm."""
        state = self._context.getState(positions=True)
        found: FloatArray = np.asarray(state.getPositions(asNumpy=True)._value)
        return found

    def _hold(self, atoms: FloatArray, box: FloatArray | None, stiffness: FloatArray) -> FloatArray:
        """Put the atoms in, and the springs where their beads are."""
        wanted: FloatArray = self._positions @ atoms
        self._place_springs(wanted, stiffness)
        if box is not None:
            self._context.setPeriodicBoxVectors(*box)
        self._context.setPositions(atoms)
        self._context.computeVirtualSites()
        # Moved by forces that are no numbers, atoms would end in a crash of OpenMM's.
        if not np.isfinite(self._now()[1]).all():
            raise UnstableError("a force is not a number where the atoms begin: do some lie on each other?")
        return wanted

    def _place_springs(self, places: FloatArray, stiffness: FloatArray) -> None:
        for bead, (place, stiff) in enumerate(zip(places, stiffness, strict=True)):
            values = [float(stiff), *map(float, place)]
            self._spring.setBondParameters(bead, [bead], values)
        self._spring.updateParametersInContext(self._context)

    def _now(self) -> tuple[FloatArray, FloatArray, float]:
        """Positions of the beads, mapped forces and energy of the potential without the springs."""
        state = self._context.getState(positions=True, forces=True, energy=True, groups=self._without)
        atoms = np.asarray(state.getPositions(asNumpy=True)._value)
        forces = np.asarray(state.getForces(asNumpy=True)._value)
        return self._positions @ atoms, self._forces @ forces, float(state.getPotentialEnergy()._value)


def _stiffness(positions: csr_array, masses: FloatArray, timestep: float) -> FloatArray:
    """The spring of every bead: the stiffest, unless its swing would be too fast for the step."""
    inverse = np.divide(1.0, masses, out=np.zeros_like(masses), where=masses > 0)
    inertia = 1.0 / (positions.power(2) @ inverse)
    stiffness: FloatArray = np.minimum(STIFFEST, inertia * (_ANGLE / timestep) ** 2)
    return stiffness


def _springs(positions: csr_array, stiffness: FloatArray, group: int) -> Any:
    import openmm

    force = openmm.CustomCentroidBondForce(1, "0.5*stiffness*pointdistance(x1,y1,z1,x0,y0,z0)^2")
    for name in ("stiffness", "x0", "y0", "z0"):
        force.addPerBondParameter(name)
    for bead, stiff in enumerate(stiffness):
        own = slice(positions.indptr[bead], positions.indptr[bead + 1])
        force.addGroup([*map(int, positions.indices[own])], [*map(float, positions.data[own])])
        force.addBond([bead], [float(stiff), 0.0, 0.0, 0.0])
    force.setForceGroup(group)
    return force


def _unused_group(system: openmm.System) -> int:
    used = {force.getForceGroup() for force in system.getForces()}
    free = [group for group in range(31, -1, -1) if group not in used]
    if not free:
        raise SimulationError("the system uses all 32 groups of forces", remedy="leave one of them free")
    return free[0]


def _noise(forces: FloatArray, places: FloatArray) -> FloatArray:
    """What of the samples (k, n, 3) is noise: without their mean, and what goes with the motion of the bead.

    The mean force is that at the mean position, which is known: a force that follows the bead tells no lie.
    """
    noise, motion = forces - forces.mean(axis=0), places - places.mean(axis=0)
    square = np.sum(motion**2, axis=0)
    slope = np.divide(np.sum(noise * motion, axis=0), square, out=np.zeros_like(square), where=square > 0)
    rest: FloatArray = noise - slope * motion
    return rest


def _inefficiency(series: FloatArray) -> float:
    """Samples per independent one, from the autocorrelation of all components together; at least 1."""
    count = len(series)
    if count < 4:
        return 1.0
    flat = series.reshape(count, -1)
    norm = float(np.mean(flat**2))
    total = 1.0
    for lag in range(1, count - 1):
        correlation = float(np.mean(flat[lag:] * flat[:-lag])) / norm if norm > 0 else 0.0
        if correlation <= 0.0:
            break
        total += 2.0 * (1.0 - lag / count) * correlation
    return max(1.0, total)


def _displacement(found: FloatArray, wanted: FloatArray) -> float:
    """Root mean square distance; raises :class:`UnstableError` where nothing was held."""
    distance = float(np.sqrt(np.mean(np.sum((found - wanted) ** 2, axis=1))))
    if not distance <= FARTHEST:
        raise UnstableError(f"the beads moved {distance:.2g} nm from the places where they were held")
    return distance
