"""Names of the methods that stages are made of, ours and those of others; loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from cgbridge.config.loader import validate
from cgbridge.config.optimizer_section import StageSection
from cgbridge.config.places import Place
from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.optimizers.method import Method, StageSettings

#: name in YAML -> "module:Class"
OPTIMIZERS: Mapping[str, str] = MappingProxyType(
    {
        "hoga": "cgbridge.optimizers.hierarchical_ga:HierarchicalGA",
        "cma-es": "cgbridge.optimizers.covariance_adaptation:CovarianceAdaptation",
        "nelder-mead": "cgbridge.optimizers.nelder_mead:NelderMead",
        "response-surface": "cgbridge.optimizers.response_surface:ResponseSurface",
    }
)
#: Group of entry points under which other packages offer a class.
GROUP = "cgbridge.optimizers"


def list_methods() -> list[str]:
    """All names, ours first."""
    return [*OPTIMIZERS, *(name for name in _foreign() if name not in OPTIMIZERS)]


def get_method(name: str) -> Method:
    """The class called ``name``.

    Raises :class:`ConfigError` for an unknown name, and for a class of another package that cannot be loaded
    or is no optimizer.
    """
    if name in OPTIMIZERS:
        module, class_name = OPTIMIZERS[name].split(":")
        found: Method = vars(import_module(module))[class_name]
        return found
    foreign = _foreign()
    if name not in foreign:
        known = [*OPTIMIZERS, *foreign]
        raise ConfigError(
            f"unknown method '{name}'{did_you_mean(name, known)}",
            remedy="known methods: " + ", ".join(known),
        )
    return _loaded(foreign[name])


def stage_settings(stage: StageSection, where: str | Place = "") -> StageSettings:
    """The keys of a stage, checked; raises :class:`ConfigErrors` with the place of each fault."""
    place = where if isinstance(where, Place) else Place(where)
    try:
        method = get_method(stage.method)
    except ConfigError as error:
        raise ConfigError(error.what, where=str(place.below("method")), remedy=error.remedy) from None
    settings: StageSettings = validate(method.settings, stage.options, place)
    return settings


def _foreign() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _loaded(entry: EntryPoint) -> Method:
    try:
        found: Any = entry.load()
    except Exception as error:  # whatever the code of others does
        raise ConfigError(
            f"the method '{entry.name}' cannot be loaded: {type(error).__name__}: {error}",
            where=entry.value,
            remedy=f"repair or remove the package that offers it (entry points {GROUP})",
        ) from error
    settings = getattr(found, "settings", None)
    missing = [
        part for part in ("budget", "generation", "finished", "ask", "tell") if not hasattr(found, part)
    ]
    if not (isinstance(settings, type) and issubclass(settings, StageSettings)):
        missing.insert(0, "settings (a class derived from StageSettings)")
    if missing:
        raise ConfigError(
            f"'{entry.value}' is no optimizer: it has no {' and no '.join(missing)}",
            where=f"entry point {entry.name}",
            remedy="see Add an optimizer in CONTRIBUTING.md",
        )
    method: Method = found
    return method
