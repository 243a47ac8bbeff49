"""Find and load the compiled parts of the plugin."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

import openmm

OPENMM_MINOR = "8.6"
"""The minor version of OpenMM that the plugin is compiled for.  OpenMM keeps its binary interface
within a minor version only."""

DEVICE_PLATFORMS = frozenset({"CUDA", "HIP", "OpenCL"})
"""Platforms that OpenMM has only on machines with the right driver."""

_failures: list[str] = []
# Loaded libraries whose kernels for steps are not registered.
_without_steps: list[Path] = []


def _check_openmm_version() -> None:
    found = openmm.Platform.getOpenMMVersion()
    if found.split(".")[:2] != OPENMM_MINOR.split("."):
        raise ImportError(
            f"cgbridge.openmm is compiled for OpenMM {OPENMM_MINOR}, but OpenMM {found} is installed. "
            f'Run: pip install "openmm=={OPENMM_MINOR}.*"'
        )


def _library_folder() -> Path:
    # In an editable installation the compiled files lie apart from this file, so ask for the
    # extension module.
    spec = importlib.util.find_spec("cgbridge.openmm._cgbridge_plugin")
    if spec is None or spec.origin is None:
        raise ImportError(
            "the compiled part of cgbridge.openmm is not installed. Run `pip install .` in the source folder "
            "(it needs a C++17 compiler), or install a wheel for this platform"
        )
    return Path(spec.origin).parent / "lib"


def cpu_library() -> ctypes.CDLL:
    """The library of the CPU platform, which holds the vectorized loops."""
    (path,) = (_library_folder() / "plugins").glob("*OpenMMCGBridgeCPU.*")
    return ctypes.CDLL(str(path))


def load_platforms() -> None:
    """Register the kernels of every platform that OpenMM has here.

    OpenMM has a platform when its own library for it could be loaded, with the driver of the GPU.  A
    library of ours that cannot be loaded is not an error: the force then runs on that platform
    through the host.  ``plugin_load_failures`` tells what happened.
    """
    found = {openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())}
    absent = tuple(DEVICE_PLATFORMS - found)
    for library in sorted((_library_folder() / "plugins").iterdir()):
        if not library.stem.endswith(absent):
            _load(library)


def _load(library: Path) -> None:
    try:
        openmm.Platform.loadPluginLibrary(str(library))
        _without_steps.append(library)
    except openmm.OpenMMException as error:
        _failures.append(str(error))


def accelerate_steps() -> None:
    """Let the plugin take the steps of systems that hold its forces, on all platforms of this process.

    Importing :mod:`cgbridge.openmm` adds kernels for its own forces and leaves those of OpenMM as they are.
    Contexts made after this call use kernels of the plugin also for the step of ``LangevinMiddleIntegrator``,
    if the system has a force of the plugin and neither constraints nor virtual sites; and on the CPU platform
    for gathering the forces, if it has no others. On one thread OpenMM's own steps of mW take 1.6
    (4096 beads) to 2 times (512) as long. Random numbers are others, averages the same. Systems without a
    force of the plugin get what they get without the call.

    The engine calls it for its own Contexts. ``CPUSerial``, the plugin's own platform, needs no call, and a
    second call does nothing.
    """
    while _without_steps:
        register = getattr(ctypes.CDLL(str(_without_steps.pop())), "registerStepKernels", None)
        if register is not None:
            register()


def plugin_load_failures() -> tuple[str, ...]:
    """Why platform libraries of this plugin could not be loaded; empty if all is well."""
    return tuple(_failures)


_check_openmm_version()
_library_folder()
