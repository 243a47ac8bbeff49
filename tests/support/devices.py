"""The platforms of OpenMM's common compute layer that have a device here."""

from __future__ import annotations

from functools import cache

import openmm
import pytest

PRECISIONS = ("single", "mixed", "double")


@cache
def why_absent(platform: str) -> str | None:
    """Why a platform cannot be used, in OpenMM's words."""
    system = openmm.System()
    system.addParticle(1.0)
    integrator = openmm.VerletIntegrator(0.001)
    try:
        openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform))
    except openmm.OpenMMException as error:
        return f"{platform}: {error}"
    return None


def found() -> list[object]:
    """The platforms to test; OpenCL comes always, if only to say why it is not there."""
    names = ["OpenCL"] + [name for name in ("CUDA", "HIP") if why_absent(name) is None]
    return [
        pytest.param(
            name, marks=pytest.mark.skipif(why_absent(name) is not None, reason=why_absent(name) or "")
        )
        for name in names
    ]


def require(platform: str) -> None:
    """Skip a test whose platform has no device here; the precision may follow the name."""
    name = platform.partition(":")[0]
    if name in ("OpenCL", "CUDA", "HIP") and why_absent(name) is not None:
        pytest.skip(str(why_absent(name)))
