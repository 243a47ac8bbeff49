"""The run folder of a training read into one frozen record, whatever state the run is in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cgbridge.config.loader import read_yaml, validate
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.errors import CgbridgeError, FileFormatError, RunFolderError
from cgbridge.fits.training.folder import TrainingFolder
from cgbridge.fits.training.loss_curves import read_curves
from cgbridge.report.run_record import State
from cgbridge.store.layout import RunLayout
from cgbridge.store.lock import is_locked

Row = Mapping[str, float]


@dataclass(frozen=True)
class TrainingRecord:
    """All that the folder of a training holds; ``members`` are the loss curves of the networks."""

    path: Path
    state: State
    config: TrainingConfig
    used_yaml: str
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    result: Mapping[str, Any]
    curves: Mapping[str, Any]
    dynamics: Sequence[Mapping[str, Any]]
    members: tuple[tuple[Row, ...], ...]
    #: What the rounds of active learning found, in their order.
    rounds: Sequence[Mapping[str, Any]] = ()
    #: What the iterations of a refinement found, of every network.
    refinements: tuple[tuple[Row, ...], ...] = ()

    @cached_property
    def noise(self) -> float | None:
        """Noise of the force labels in kJ/mol/nm, where it is known."""
        found = self.data.get("noise")
        return None if found is None else float(found)

    @property
    def errors(self) -> Mapping[str, Mapping[str, Any]]:
        """Errors by the use of the frames."""
        found: Mapping[str, Mapping[str, Any]] = self.result.get("errors", {})
        return found

    @property
    def epochs(self) -> int:
        """Epochs that are done, over all networks."""
        return sum(int(rows[-1]["epoch"]) for rows in self.members if rows)


def read_training(layout: RunLayout) -> TrainingRecord:
    """Read the folder; nothing in it is changed.

    Raises :class:`RunFolderError` when it is of another schema, :class:`FileFormatError` when it is damaged.
    """
    folder = TrainingFolder(layout.path)
    data, lines = read_yaml(folder.used_yaml)
    try:
        config = validate(TrainingConfig, data, str(folder.used_yaml), lines)
    except CgbridgeError as error:
        raise RunFolderError(
            f"the input of this run is not one of this version: {error.what}",
            where=str(layout.path),
            remedy="use the version that began the run",
        ) from None
    result = _json(folder.result)
    curves = sorted(folder.members.glob("*/curves.csv"), key=lambda path: path.parent.name.zfill(4))
    refined = sorted(folder.members.glob("*/refinement.csv"), key=lambda path: path.parent.name.zfill(4))
    states = _json(folder.dynamics).get("states", {})
    alive = is_locked(layout.path)
    state = State.RUNNING if alive else State.FINISHED if result else State.INTERRUPTED
    return TrainingRecord(
        path=layout.path,
        state=state,
        config=config,
        used_yaml=folder.used_yaml.read_text(encoding="utf-8"),
        data=_json(folder.data),
        versions=_json(folder.versions),
        result=result,
        curves=_json(folder.curves),
        dynamics=[states[number] for number in sorted(states, key=int)],
        members=tuple(tuple(read_curves(path)) for path in curves),
        refinements=tuple(tuple(read_curves(path)) for path in refined),
        # While the last networks are being measured, there is no result.
        rounds=result.get("active_learning") or _rounds(folder),
    )


def _rounds(folder: TrainingFolder) -> list[Mapping[str, Any]]:
    found = sorted(folder.rounds.glob("*/round.json"), key=lambda path: path.parent.name.zfill(4))
    return [_json(path) for path in found]


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FileFormatError(f"this file is damaged ({error})", where=str(path)) from None
    return found if isinstance(found, dict) else {}
