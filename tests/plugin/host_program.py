"""Run the forces on a platform without any kernel of the plugin, and pickle what came out.

python host_program.py PLATFORM FILE

It is a program of its own because kernels, once registered, stay for the life of the process.
"""
# ruff: noqa: E402  (the plugin is imported after OpenMM was told to load nothing)

import pickle
import sys
from pathlib import Path

import numpy as np
import openmm

# Before the plugin is imported, so that it registers no kernel.
openmm.Platform.loadPluginLibrary = lambda library: None
sys.path.insert(0, str(Path(__file__).parents[1] / "oracles"))

import openmm_engine
from boxes import SHAPES, Configuration, configuration
from potentials import STILLINGER_WEBER, TERSOFF, Potential

POTENTIALS = (TERSOFF[0], TERSOFF[4], STILLINGER_WEBER[0], STILLINGER_WEBER[4])


def change_weights(potential: Potential, platform: str) -> tuple[float, float, bool]:
    """The energy after updateParametersInContext, that of a new Context, and whether dynamics ran."""
    box = configuration(potential, "triclinic")
    context = openmm_engine.make_context(potential, box, platform)
    force = context.getSystem().getForce(0)
    random = np.random.default_rng(1)
    for i, t in enumerate(box.types):
        force.setParticleParameters(i, int(t), random.uniform(0, 2))
    force.updateParametersInContext(context)
    updated = context.getState(getEnergy=True).getPotentialEnergy()._value
    context.reinitialize(True)
    anew = context.getState(getEnergy=True).getPotentialEnergy()._value
    context.getIntegrator().setStepSize(1e-5)
    context.getIntegrator().step(10)
    positions = context.getState(getPositions=True).getPositions(asNumpy=True)._value
    moved = bool(np.all(np.isfinite(positions)) and np.any(positions != box.positions * 0.1))
    return updated, anew, moved


def refuse_small_box(potential: Potential, platform: str) -> str:
    box = configuration(potential, "tight orthogonal")
    small = Configuration("small", box.vectors * 0.8, box.positions, box.types)
    try:
        openmm_engine.make_context(potential, small, platform)
    except openmm.OpenMMException as error:
        return str(error)
    return ""


def main() -> None:
    platform, path = sys.argv[1:]
    result = {}
    for p in POTENTIALS:
        key = (p.form, p.name)
        for shape in SHAPES:
            result[(*key, shape)] = openmm_engine.evaluate(p, configuration(p, shape), platform)
        result[(*key, "weights")] = change_weights(p, platform)
        result[(*key, "small")] = refuse_small_box(p, platform)
    with Path(path).open("wb") as stream:
        pickle.dump(result, stream)


if __name__ == "__main__":
    main()
