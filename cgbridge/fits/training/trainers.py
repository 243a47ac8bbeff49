"""Ways to a model by the word ``architecture``: those that solve a problem at once, and all networks."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cgbridge.config.loader import validate
from cgbridge.config.places import Place
from cgbridge.config.section import Section
from cgbridge.config.training_schema import TrainingConfig
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
    _require_taken(task.config, kind, root)
    options: dict[str, Any] = section.options
    return kind(task, validate(keys, options, root.below("model")))


def _require_taken(config: TrainingConfig, kind: type[Trainer], root: Place) -> None:
    """Raise :class:`ConfigError` for what was asked of a trainer that does nothing of the kind."""
    training, name = config.training, config.model.architecture
    if config.relative_entropy is not None and "relative_entropy" not in kind.takes:
        raise ConfigError(
            f"relative_entropy changes the weights of networks, and {name} is none",
            where=str(root.below("relative_entropy")),
            remedy="train a network: " + ", ".join(ARCHITECTURES),
        )
    if config.active_learning is not None and "committee" not in kind.takes:
        raise ConfigError(
            f"active_learning asks a committee of networks, and {name} is none",
            where=str(root.below("active_learning")),
            remedy="train a network: " + ", ".join(ARCHITECTURES),
        )
    asked = {
        "committee": training.committee > 1,
        "start": training.start is not None,
        "tensorboard": training.tensorboard,
        "loss.pressure": training.loss.pressure > 0.0,
        "loss.virials": training.loss.virials > 0.0,
    }
    for key, wanted in asked.items():
        if wanted and key not in kind.takes:
            raise ConfigError(
                f"{name} does nothing of the kind",
                where=str(root.below("training", *key.split("."))),
                remedy="leave it out, or train a network",
            )
