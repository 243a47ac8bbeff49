"""Settings of the engine in the internal system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineSettings:
    """``timestep`` ps, ``friction`` 1/ps, ``integrator`` a name of :mod:`cgbridge.engine.integrators`,
    ``barostat_interval`` and ``step_limit`` in steps.

    ``platform`` is an OpenMM platform name or ``auto``: the fastest one that runs the model's force.
    """

    platform: str = "auto"
    threads: int = 1
    timestep: float = 0.010
    friction: float = 1.0
    integrator: str = "langevin-middle"
    # Volume moves every 0.1 ps give a density of a given error a quarter cheaper than OpenMM's 25 steps.
    barostat_interval: int = 10
    step_limit: int = 20_000_000
