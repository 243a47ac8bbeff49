"""Which OpenMM platform a simulation runs on."""

from __future__ import annotations

from typing import Any

from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import SimulationError, did_you_mean

#: The kernels of the plugin's forces, by class.
_KERNELS = {
    "TersoffForce": "CGBridgeCalcTersoffForce",
    "StillingerWeberForce": "CGBridgeCalcStillingerWeberForce",
    "DescriptorNetworkForce": "CGBridgeCalcDescriptorNetworkForce",
}

#: OpenMM's forces that compute nothing between particles. CPUSerial has the Reference platform's kernels for
#: all forces but the plugin's: a nonbonded force takes five to nine times as long there as on CPU, and other
#: plugins do not know it at all.
_NO_FORCES = frozenset(
    {
        "AndersenThermostat",
        "CMMotionRemover",
        "MonteCarloAnisotropicBarostat",
        "MonteCarloBarostat",
        "MonteCarloFlexibleBarostat",
        "MonteCarloMembraneBarostat",
    }
)

#: Devices that are a GPU for certain: OpenCL may run on the processor.
GPUS = ("CUDA", "HIP")

#: Below this number of beads a GPU waits for its own launches, and a thread of the processor is as fast.
_GPU_BEADS = 2000


def known_platforms() -> list[str]:
    """The names of OpenMM's platforms here, the plugin's own among them."""
    import openmm

    import cgbridge.openmm  # noqa: F401  (its platforms, and those of OpenMM's plugins)

    return [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]


def require_platform(name: str) -> None:
    """Raise :class:`SimulationError` for a platform that OpenMM does not have here; ``auto`` is none."""
    if name != "auto" and name not in (known := known_platforms()):
        raise SimulationError(
            f"OpenMM has no platform '{name}'{did_you_mean(name, known)}",
            where="engine.platform",
            remedy="available here: " + ", ".join(known),
        )


def choose_platform(system: Any, settings: EngineSettings) -> tuple[str, dict[str, str]]:
    """The platform for a system, and its properties.

    ``auto`` takes a GPU for a large box whose forces have kernels there, else the processor. One thread
    runs on CPUSerial, which has no thread pool, if the system has no forces but those of the plugin.
    """
    known = known_platforms()
    name = settings.platform
    if name == "auto":
        candidates = [*GPUS] if system.getNumParticles() >= _GPU_BEADS else []
        if settings.threads == 1 and _has_own_forces_only(system):
            candidates.append("CPUSerial")
        own = _has_own_forces(system)
        name = next((c for c in candidates if own and c in known and has_kernels(c, system)), "CPU")
    require_platform(name)
    return name, _properties(name, settings)


def _properties(name: str, settings: EngineSettings) -> dict[str, str]:
    if name == "CPU":
        # Runs must repeat exactly. Without it several threads add forces up in the order in which they
        # finish, which is hardly faster.
        return {"Threads": str(settings.threads), "DeterministicForces": "true"}
    from cgbridge.openmm import DEVICE_PLATFORMS

    # Forces in single and integration in double precision: a GPU needs hardly longer for it, and the
    # energy of a long run does not drift with rounding.
    return {"Precision": "mixed"} if name in DEVICE_PLATFORMS else {}


def has_kernels(name: str, system: Any) -> bool:
    """Whether every force of the plugin runs on the platform itself, and not through the host."""
    import openmm

    kernels = [_KERNELS[kind] for f in system.getForces() if (kind := type(f).__name__) in _KERNELS]
    return bool(openmm.Platform.getPlatformByName(name).supportsKernels(kernels))


def _has_own_forces(system: Any) -> bool:
    """Whether any force is the plugin's."""
    return any(type(force).__name__ in _KERNELS for force in system.getForces())


def _has_own_forces_only(system: Any) -> bool:
    """Whether all forces are the plugin's, beside barostats, thermostats and the like."""
    return all(type(force).__name__ in {*_KERNELS, *_NO_FORCES} for force in system.getForces())
