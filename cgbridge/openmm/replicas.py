"""Constant pressure for Contexts that hold several boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import openmm

from cgbridge.openmm._plugin import CenterForce
from cgbridge.units import BAR_NM3, GAS_CONSTANT

#: Moves of a replica after which the size of its next ones is looked at.
_TRIALS = 10

FloatArray = npt.NDArray[np.float64]


class ReplicaBarostat:
    """A Monte Carlo barostat for every replica of a force, each with its own box, pressure and temperature.

    A replica's box is that of the Context, stretched along the axes by factors s
    (``CenterForce.setReplicaScales``), and its particles are at s y, where y are the positions of the
    Context. A move changes the volume V of a replica at fixed y and is accepted with the probability
    min{1, exp[-(U' - U + P(V' - V))/kT + N ln(V'/V)]}, for all replicas at once; so (s, y) have the
    distribution of the isothermal-isobaric ensemble. It is that of OpenMM's MonteCarloBarostat
    (doi:10.1016/j.cplett.2003.12.039), with a step size for each replica that is adapted to accept between a
    quarter and three quarters of the moves. Kinetic energies and velocities are those of y: the dynamics of
    a replica is that of beads of mass m/s^2, which no average over positions depends on, but diffusion does:
    give its particles the mass m s^2 where that matters.

    Args:
        force: the force in the Context, with two replicas or more and periodic boundary conditions. No other
            force may depend on the positions.
        context: the Context, on a device, Reference, or any platform where the host computes the force.
        pressures: one for each replica / bar.
        temperatures: one for each replica / K.
        axes: the axes that are stretched together by a move: ``isotropic`` all of them, ``anisotropic``
            one at random, the same in all replicas.
        interval: steps between moves.
        seed: of the random numbers.

    Raises:
        ValueError: if the numbers of pressures or temperatures are not that of the replicas.
        openmm.OpenMMException: if the platform cannot give replicas boxes of their own.
    """

    def __init__(
        self,
        force: CenterForce,
        context: openmm.Context,
        pressures: Sequence[float] | FloatArray,
        temperatures: Sequence[float] | FloatArray,
        *,
        axes: Literal["isotropic", "anisotropic"] = "isotropic",
        interval: int = 25,
        seed: int,
    ) -> None:
        number = force.getNumReplicas()
        if len(pressures) != number or len(temperatures) != number:
            raise ValueError(
                f"{len(pressures)} pressures and {len(temperatures)} temperatures for {number} replicas"
            )
        self._force, self._context, self._interval = force, context, interval
        self._pressures = np.asarray(pressures, dtype=float) * BAR_NM3
        self._kt = GAS_CONSTANT * np.asarray(temperatures, dtype=float)
        self._axes = axes
        self._random = np.random.default_rng(seed)
        particles = [
            force.getParticleReplica(index)
            for index in range(force.getNumParticles())
            if force.getParticleParameters(index)[0] >= 0
        ]
        self._particles = np.bincount(particles, minlength=number)
        # Fails here, and not in the middle of a run, where the platform cannot do it.
        self._stretch(self.scales)
        groups = 1 if axes == "isotropic" else 3
        self._sizes = np.tile(0.01 * self.volumes[:, None], (1, groups))
        self._tried = np.zeros((number, groups), dtype=int)
        self._accepted = np.zeros((number, groups), dtype=int)
        self._since = 0
        #: Moves of each replica that would have made its box narrower than twice the cutoff, and were not
        #: tried. A replica with any is at the end of what its number of particles allows.
        self.blocked = np.zeros(number, dtype=int)

    @property
    def volumes(self) -> FloatArray:
        """Volume of each replica's box / nm^3."""
        volumes: FloatArray = np.prod(self._edges() * self.scales, axis=1)
        return volumes

    @property
    def scales(self) -> FloatArray:
        """Factors of each replica along x, y and z, (replicas, 3)."""
        return np.asarray(self._force.getReplicaScales(self._context)).reshape(-1, 3)

    def step(self, steps: int) -> None:
        """Take steps with the Context's integrator, and a move of the volumes after every interval."""
        integrator: Any = self._context.getIntegrator()
        while steps > 0:
            count = min(steps, self._interval - self._since)
            integrator.step(count)
            self._since += count
            steps -= count
            if self._since == self._interval:
                self._since = 0
                self.move()

    def move(self) -> None:
        """Try to change the volume of every replica once."""
        group = 0 if self._axes == "isotropic" else int(self._random.integers(3))
        before = np.asarray(self._force.getReplicaEnergies(self._context))
        scales, edges = self.scales, self._edges()
        volumes = np.prod(edges * scales, axis=1)
        changed = volumes + self._sizes[:, group] * self._random.uniform(-1, 1, len(volumes))
        chances = self._random.uniform(size=len(volumes))
        ratio = np.where(changed > 0, changed / volumes, 1.0)
        trial = scales.copy()
        if self._axes == "isotropic":
            trial *= np.cbrt(ratio)[:, None]
        else:
            trial[:, group] *= ratio
        wide = np.min(edges * trial, axis=1) >= 2 * self._force.getCutoffDistance()
        self.blocked += ~wide
        possible = (changed > 0) & wide
        trial[~possible] = scales[~possible]
        self._stretch(trial)
        after = np.asarray(self._force.getReplicaEnergies(self._context))
        cost = (after - before + self._pressures * (changed - volumes)) / self._kt
        accepted = possible & (np.log(chances) < self._particles * np.log(ratio) - cost)
        self._stretch(np.where(accepted[:, None], trial, scales))
        self._adapt(group, accepted)

    def _stretch(self, scales: FloatArray) -> None:
        self._force.setReplicaScales(self._context, scales.ravel())

    def _edges(self) -> FloatArray:
        """Diagonal elements of the Context's box vectors, whose product is its volume."""
        box = self._context.getState().getPeriodicBoxVectors(asNumpy=True)._value
        return np.diag(np.asarray(box, dtype=float)).copy()

    def _adapt(self, group: int, accepted: npt.NDArray[np.bool_]) -> None:
        self._tried[:, group] += 1
        self._accepted[:, group] += accepted
        due = self._tried[:, group] >= _TRIALS
        share = self._accepted[:, group] / np.maximum(self._tried[:, group], 1)
        self._sizes[due & (share < 0.25), group] /= 1.1
        wider = due & (share > 0.75)
        self._sizes[wider, group] = np.minimum(self._sizes[wider, group] * 1.1, 0.3 * self.volumes[wider])
        self._tried[due, group] = self._accepted[due, group] = 0
