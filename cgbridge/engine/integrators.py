"""Integrators with a thermostat, by the names of the YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import ConfigError, did_you_mean


class Thermostat(Protocol):
    """What is used of OpenMM's integrators that hold a temperature in K."""

    def step(self, steps: int) -> None: ...

    def setTemperature(self, temperature: float) -> None: ...


def _langevin_middle(settings: EngineSettings, temperature: float, seed: int) -> Thermostat:
    """Z. Zhang et al., J. Phys. Chem. A 123, 6056 (2019), doi:10.1021/acs.jpca.9b02771."""
    import openmm

    integrator = openmm.LangevinMiddleIntegrator(temperature, settings.friction, settings.timestep)
    integrator.setRandomNumberSeed(seed)
    found: Thermostat = integrator
    return found


def _nose_hoover(settings: EngineSettings, temperature: float, seed: int) -> Thermostat:
    """A chain on the whole box, with the friction as its frequency; it draws no random numbers.

    G. J. Martyna et al., Mol. Phys. 87, 1117 (1996), doi:10.1080/00268979600100761.
    """
    import openmm

    found: Thermostat = openmm.NoseHooverIntegrator(temperature, settings.friction, settings.timestep)
    return found


LANGEVIN_MIDDLE = "langevin-middle"
INTEGRATORS: Mapping[str, Callable[[EngineSettings, float, int], Thermostat]] = {
    LANGEVIN_MIDDLE: _langevin_middle,
    "nose-hoover": _nose_hoover,
}


def create_integrator(settings: EngineSettings, temperature: float, seed: int) -> Thermostat:
    """The integrator of ``settings.integrator`` at ``temperature`` in K.

    ``seed`` is that of its random numbers, where it has any. Raises :class:`ConfigError` for an unknown name.
    """
    if settings.integrator not in INTEGRATORS:
        raise ConfigError(
            f"there is no integrator '{settings.integrator}'{did_you_mean(settings.integrator, INTEGRATORS)}",
            where="engine.integrator",
            remedy="one of: " + ", ".join(INTEGRATORS),
        )
    return INTEGRATORS[settings.integrator](settings, temperature, seed)
