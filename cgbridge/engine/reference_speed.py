"""How fast atomistic water is on the same cores: what a model of it has to be compared with."""

from __future__ import annotations

import itertools
import time

import numpy as np

from cgbridge.engine.settings import EngineSettings

#: Steps that are timed, after some that warm up, and their length in ps.
_STEPS, _WARM_UP, _TIMESTEP = 200, 20, 0.002
#: O-H distance in nm and half the angle in radians of SPC/E (doi:10.1021/j100308a038).
_BOND, _HALF_ANGLE = 0.1, np.radians(109.47) / 2.0


def rigid_water_speed(molecules: int, edge: float, settings: EngineSettings) -> float | None:
    """ns/day of ``molecules`` of rigid SPC/E in a cube of ``edge`` nm with PME and steps of 2 fs.

    On the CPU platform with the threads of ``settings``; None for a box too small for a cutoff of 0.6 nm.
    """
    import openmm
    from openmm import app, unit

    cutoff = min(0.9, 0.49 * edge)
    if cutoff < 0.6:
        return None
    topology, positions = _grid(molecules, edge)
    system = app.ForceField("amber14/spce.xml").createSystem(
        topology, nonbondedMethod=app.PME, nonbondedCutoff=cutoff * unit.nanometer, rigidWater=True
    )
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, _TIMESTEP)
    platform = openmm.Platform.getPlatformByName("CPU")
    context = openmm.Context(system, integrator, platform, {"Threads": str(settings.threads)})
    context.setPositions(positions)
    openmm.LocalEnergyMinimizer.minimize(context, 100.0, 50)
    context.setVelocitiesToTemperature(100.0, 1)
    integrator.step(_WARM_UP)
    began = time.monotonic()
    integrator.step(_STEPS)
    context.getState(energy=True)
    return 86.4 * _STEPS * _TIMESTEP / max(time.monotonic() - began, 1e-9)


def _grid(molecules: int, edge: float) -> tuple[object, np.ndarray]:
    """Molecules on a cubic grid: their places do not matter to a clock."""
    from openmm import Vec3, app

    topology = app.Topology()
    topology.setPeriodicBoxVectors((Vec3(edge, 0, 0), Vec3(0, edge, 0), Vec3(0, 0, edge)))
    chain = topology.addChain()
    oxygen, hydrogen = app.Element.getBySymbol("O"), app.Element.getBySymbol("H")
    side = int(np.ceil(molecules ** (1.0 / 3.0) - 1e-9))
    x, y = _BOND * np.sin(_HALF_ANGLE), _BOND * np.cos(_HALF_ANGLE)
    shape = np.array([[0.0, 0.0, 0.0], [x, y, 0.0], [-x, y, 0.0]])
    positions = []
    for place in itertools.islice(itertools.product(range(side), repeat=3), molecules):
        residue = topology.addResidue("HOH", chain)
        atoms = [
            topology.addAtom(name, element, residue)
            for name, element in (("O", oxygen), ("H1", hydrogen), ("H2", hydrogen))
        ]
        topology.addBond(atoms[0], atoms[1])
        topology.addBond(atoms[0], atoms[2])
        positions.append((np.array(place) + 0.5) * edge / side + shape)
    return topology, np.concatenate(positions)
