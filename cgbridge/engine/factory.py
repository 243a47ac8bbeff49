"""The engine that the ``engine`` section of the YAML describes."""

from __future__ import annotations

from collections.abc import Callable

from cgbridge.config.engine_section import EngineSection
from cgbridge.engine.closed_form import ClosedFormEngine
from cgbridge.engine.engine import Engine
from cgbridge.engine.settings import EngineSettings


def _openmm(section: EngineSection) -> Engine:
    return Engine(
        EngineSettings(
            platform=section.platform,
            threads=section.threads,
            timestep=section.timestep,
            friction=section.friction,
            integrator=section.integrator,
            step_limit=section.step_limit,
        )
    )


def _closed_form(section: EngineSection) -> ClosedFormEngine:
    return ClosedFormEngine()


_ENGINES: dict[str, Callable[[EngineSection], Engine | ClosedFormEngine]] = {
    "openmm": _openmm,
    "closed-form": _closed_form,
}


def create_engine(section: EngineSection) -> Engine | ClosedFormEngine:
    """Build the engine named by ``section.method``."""
    return _ENGINES[section.method](section)
