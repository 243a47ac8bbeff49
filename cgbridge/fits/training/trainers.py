"""Ways to a model by the word ``architecture``: those that solve a problem at once, and all networks."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cgbridge.config.loader import validate
from cgbridge.config.places import Place
from cgbridge.config.section import Section
from cgbridge.errors import ConfigError
from cgbridge.fits.training.trainer import Task, Trainer
from cgbridge.models.neural.architecture import ARCHITECTURES, get_architecture
from cgbridge.registry import Registry

_HERE = "cgbridge.fits.training"
_NETWORK = f"{_HERE}.network_fit:NetworkTrainer"
#: Trainers with settings of their own; every other architecture is a network.
_OWN = {
    "pair-spline": f"{_HERE}.pair_spline:PairSplineTrainer",
    "parameters": f"{_HERE}.parameter_fit:ParameterTrainer",
}
#: All that may stand under ``model.architecture``; packages bring networks.
TRAINERS = Registry("architecture", "cgbridge.architectures", _OWN | dict.fromkeys(ARCHITECTURES, _NETWORK))


def trainer_and_settings(architecture: str) -> tuple[type[Trainer], type[Section]]:
    """The trainer of an architecture, and the class of its keys; raises :class:`ConfigError`."""
    TRAINERS.find(architecture)
    module, _, name = _OWN.get(architecture, _NETWORK).partition(":")
    trainer: type[Trainer] = getattr(import_module(module), name)
    return trainer, trainer.settings if architecture in _OWN else get_architecture(architecture).settings


def trainer_of(task: Task, root: Place) -> Trainer:
    """The trainer that the section ``model`` asks for; faults stand at their place in the YAML."""
    section = task.config.model
    try:
        kind, keys = trainer_and_settings(section.architecture)
    except ConfigError as error:
        where = str(root.below("model", "architecture"))
        raise ConfigError(error.what, where=where, remedy=error.remedy) from None
    options: dict[str, Any] = section.options
    return kind(task, validate(keys, options, root.below("model")))
