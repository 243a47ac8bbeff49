"""Versions of everything that can change a result."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

#: Raised with every change that gives other values, verdicts or scores for the same input. What was computed
#: under another number is neither taken up nor mixed in.
RESULTS_VERSION = 4

#: Of these a change makes other results; with the others they differ by chance at most.
DECISIVE = ("results", "cgbridge", "openmm")
_PACKAGES = (
    "cgbridge",
    "openmm",
    "numpy",
    "scipy",
    "cmaes",
    "scikit-learn",
    "freud-analysis",
    "mdtraj",
    "ovito",
    "torch",
    "torchmd-net",
)


def versions() -> dict[str, str]:
    """Versions by name, and under ``created`` the time of now."""
    found = {
        "results": str(RESULTS_VERSION),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    found.update((name, version_of(name)) for name in _PACKAGES)
    found["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    return found


def decisive_versions() -> dict[str, str]:
    """The versions that belong to every result."""
    return {"results": str(RESULTS_VERSION)} | {name: version_of(name) for name in DECISIVE[1:]}


def version_of(name: str) -> str:
    """The version of an installed package, or that it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
