"""Find and load the compiled parts of the plugin."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import openmm

OPENMM_MINOR = "8.6"
"""The minor version of OpenMM that the plugin is compiled for.  OpenMM keeps its binary interface
within a minor version only."""

_failures: list[str] = []


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


def load_platforms() -> None:
    """Register the kernels of every platform whose library can be loaded.

    A library that cannot be loaded, such as one for hardware that is absent, is not an error: the
    force then runs on that platform through the host.  ``plugin_load_failures`` tells what happened.
    """
    before = set(openmm.Platform.getPluginLoadFailures())
    openmm.Platform.loadPluginsFromDirectory(str(_library_folder() / "plugins"))
    _failures.extend(f for f in openmm.Platform.getPluginLoadFailures() if f not in before)


def plugin_load_failures() -> tuple[str, ...]:
    """Why platform libraries of this plugin could not be loaded; empty if all is well."""
    return tuple(_failures)


_check_openmm_version()
_library_folder()
