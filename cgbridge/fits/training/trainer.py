"""What every way of training gives: a model that was measured on frames it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cgbridge.config.section import Section
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.fits.training.data_set import DataSet
from cgbridge.fits.training.split import Split
from cgbridge.frames import FloatArray, Frame
from cgbridge.interfaces import Model
from cgbridge.topology import Topology

#: Name and value of what a user watches.
Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Task:
    """What a trainer is given: labelled frames, their use, and all of the YAML.

    ``input_folder`` is that of the YAML, beside which files are looked for.
    """

    config: TrainingConfig
    data: DataSet
    split: Split
    input_folder: Path = Path()


@dataclass(frozen=True)
class Trained:
    """A finished model, ready to be simulated.

    ``spread`` tells how far the members of a committee are apart on a frame at a temperature in K, for every
    particle in kJ/mol/nm; None for a model that is alone. ``summary`` goes into ``result.json``, ``curves``
    into the report: name -> (x, y, error of y).
    """

    model: Model
    spread: Callable[[Frame, Topology, float], FloatArray] | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Trainer(Protocol):
    """One way to a model: a class with the ``settings`` that its section ``model`` holds.

    ``takes`` names what it does of ``training`` that others do not: committee, start, tensorboard,
    loss.pressure, loss.virials. ``notes`` are told before it runs, and stand in ``result.json``.
    """

    settings: type[Section]
    takes: frozenset[str]

    @property
    def notes(self) -> tuple[str, ...]: ...

    def __init__(self, task: Task, settings: Any) -> None:
        """Raises :class:`~cgbridge.errors.ConfigError` for settings that do not fit the data."""
        ...

    def describe(self) -> Rows:
        """What will be trained, for `cgbridge check`."""
        ...

    def run(self, folder: Path, display: Callable[[Rows], None]) -> Trained:
        """Train, or go on where ``folder`` shows that a run was stopped."""
        ...

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the model as files of the folder ``best``."""
        ...
