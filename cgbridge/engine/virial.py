"""The virial of a Context, whatever its forces are.

W_ab = sum r_a f_b = -dE/d(eps_ab) for a homogeneous strain r -> (1 + eps) r of positions and box. The
plugin's forces and neural potentials tell theirs; that of other forces is a central difference of their
energy in double precision.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from cgbridge.engine.skewed_boxes import keep_all_pairs
from cgbridge.frames import FloatArray
from cgbridge.models.neural import TEMPERATURE
from cgbridge.structures.cells import reduced_box

if TYPE_CHECKING:
    import openmm

#: Strain of the differences: their error is of the order of its square, and of 1e-16 over it.
_STRAIN = 1e-5


class Virial:
    """Virial tensors in kJ/mol of one Context, at its present positions."""

    def __init__(self, context: openmm.Context) -> None:
        import openmm

        from cgbridge.openmm import CenterForce

        self._context = context
        system = context.getSystem()
        forces = list(system.getForces())
        self._own = [force for force in forces if isinstance(force, CenterForce)]
        found = [_neural(force) for force in forces]
        self._neural = [force for force in found if force is not None]
        others = [
            force
            for force, neural in zip(forces, found, strict=True)
            if neural is None and not isinstance(force, CenterForce)
        ]
        self._others: Any = None
        if others:
            rest = openmm.System()
            for index in range(system.getNumParticles()):
                rest.addParticle(system.getParticleMass(index))
            rest.setDefaultPeriodicBoxVectors(*context.getState().getPeriodicBoxVectors())
            for force in others:
                if not _is_bookkeeping(force):
                    rest.addForce(copy.deepcopy(force))
            if rest.getNumForces():
                keep_all_pairs(rest)
                platform = openmm.Platform.getPlatformByName("Reference")
                self._others = openmm.Context(rest, openmm.VerletIntegrator(0.001), platform)

    def tensor(self) -> FloatArray:
        """W, shape (3, 3)."""
        total = np.zeros((3, 3))
        for force in self._own:
            total += np.reshape(force.getVirial(self._context), (3, 3))
        if self._neural:
            total += self._by_networks()
        if self._others is not None:
            total += self._by_strain()
        return total

    def trace(self) -> float:
        """tr W, by an isotropic strain: a sixth of the energies that the tensor takes."""
        own = sum(np.trace(np.reshape(f.getVirial(self._context), (3, 3))) for f in self._own)
        if self._neural:
            own += np.trace(self._by_networks())
        if self._others is None:
            return float(own)
        positions, box = self._places()
        up, down = (self._energy(positions * s, box * s) for s in (1.0 + _STRAIN, 1.0 - _STRAIN))
        return float(own) - (up - down) / (2.0 * _STRAIN)

    def _by_networks(self) -> FloatArray:
        """Those of neural potentials: energies in single precision are too coarse for differences."""
        positions, box = self._places()
        virial = np.zeros((3, 3))
        for force in self._neural:
            temperature = None
            if force.temperature is not None:
                temperature = self._context.getParameter(TEMPERATURE)
            found = force.derivatives(
                positions, box if force.periodic else None, virial=True, temperature=temperature
            )
            virial += found.virial.cpu().numpy()
        return virial

    def _by_strain(self) -> FloatArray:
        positions, box = self._places()
        virial = np.zeros((3, 3))
        for a in range(3):
            # With rows as vectors, OpenMM's form of the box allows strains of the lower triangle only.
            for b in range(a + 1):
                energies = []
                for sign in (1.0, -1.0):
                    strain = np.eye(3)
                    strain[a, b] += sign * _STRAIN
                    energies.append(self._energy(positions @ strain, reduced_box(box @ strain)))
                virial[a, b] = -(energies[0] - energies[1]) / (2.0 * _STRAIN)
                # No torque acts on a homogeneous system: the virial is symmetric.
                virial[b, a] = virial[a, b]
        return virial

    def _places(self) -> tuple[FloatArray, FloatArray]:
        """Positions and box vectors of now, in nm."""
        state = self._context.getState(positions=True)
        box = np.asarray(state.getPeriodicBoxVectors(asNumpy=True)._value, dtype=float)
        return np.asarray(state.getPositions(asNumpy=True)._value, dtype=float), box

    def _energy(self, positions: FloatArray, box: FloatArray) -> float:
        self._others.setPeriodicBoxVectors(*box)
        self._others.setPositions(positions)
        return float(self._others.getState(energy=True).getPotentialEnergy()._value)


def _neural(force: openmm.Force) -> Any:
    """The neural potential behind a force, if there is one."""
    if type(force).__name__ != "PythonForce":
        return None
    from cgbridge.models.neural.python_force import computation_of

    return computation_of(force)


def _is_bookkeeping(force: openmm.Force) -> bool:
    """Barostats, thermostats and the like, which act through no energy."""
    name = type(force).__name__
    return "Barostat" in name or name in ("AndersenThermostat", "CMMotionRemover")
