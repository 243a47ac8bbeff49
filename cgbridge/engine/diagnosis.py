"""What works on this machine, for ``cgbridge doctor``."""

from __future__ import annotations

import importlib
from collections.abc import Iterator


def diagnose() -> Iterator[str]:
    """Yield lines; those that begin with ``FAULT`` keep fits from running, ``note`` lines do not."""
    import openmm

    try:
        from cgbridge.openmm import plugin_load_failures
    except ImportError as error:
        yield f"FAULT  the cgbridge plugin cannot be loaded: {error}"
        yield "       remedy: pip install --force-reinstall cgbridge, with openmm>=8.6.1,<8.7"
        return
    for failure in plugin_load_failures():
        yield f"note   a plugin library was not loaded: {failure}"
    for index in range(openmm.Platform.getNumPlatforms()):
        yield f"ok     OpenMM platform {openmm.Platform.getPlatform(index).getName()}: {_try_platform(index)}"
    for failure in openmm.Platform.getPluginLoadFailures():
        yield f"note   OpenMM could not load: {failure}"
    yield from _ovito()
    names = {openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())}
    if not names & {"CUDA", "HIP", "OpenCL"}:
        yield "note   no GPU platform: pip install 'openmm[cuda13]' on a machine with an NVIDIA GPU"


def _try_platform(index: int) -> str:
    """Energy of a dimer against the closed form."""
    import openmm

    from cgbridge.models.closed_form import dimer_minimum
    from cgbridge.models.database import load_model

    model = load_model("ml-bop")
    minimum = dimer_minimum(model)
    system = model.create_system(2)
    try:
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform(index))
        context.setPositions([[0.0, 0.0, 0.0], [minimum.distance, 0.0, 0.0]])
        energy = context.getState(energy=True).getPotentialEnergy()._value
    except openmm.OpenMMException as error:
        return f"not usable: {error}"
    return f"dimer energy {energy:.4f} kJ/mol (closed form {minimum.energy:.4f})"


def _ovito() -> Iterator[str]:
    try:
        importlib.import_module("ovito")
    except ImportError as error:
        yield f"FAULT  ice recognition (OVITO) cannot be loaded: {error}"
        yield "       remedy (Debian): apt install libgl1 libegl1 libxkbcommon0 libfontconfig1 libdbus-1-3"
        return
    yield "ok     ice recognition (OVITO)"
