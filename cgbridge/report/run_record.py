"""A run folder read into one frozen record, whatever state the run is in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from cgbridge.config.loader import read_yaml, validate
from cgbridge.config.schema import SCHEMA_VERSION, FitConfig
from cgbridge.errors import CgbridgeError, FileFormatError, RunFolderError
from cgbridge.fits.search.parameters import searched_parameters
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.data_file import DataFile
from cgbridge.records.evaluation import Outcome
from cgbridge.records.parameter import Parameter
from cgbridge.records.target import Target
from cgbridge.store.journal_entries import Entry, run_entries, validation_entries
from cgbridge.store.layout import RunLayout
from cgbridge.store.lock import is_locked
from cgbridge.store.records import curve_from_record


class State(StrEnum):
    """How far a run is."""

    FINISHED = "finished"
    RUNNING = "running"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class LevelRecord:
    """A level with its resolved targets."""

    name: str
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class RunRecord:
    """All that a run folder holds.

    ``base`` is None and ``levels``, ``parameters`` are empty when the run was ended while it was being
    set up. ``last_result`` is when the journal was last written. ``torn`` says that the last line of the
    journal is cut short. ``confirmed_seed`` is the seed of the best candidate in result.json. ``ended`` says
    why the search ended, once it has. ``validation`` are the targets that no search saw, ``validated`` the
    measurements of them.
    """

    path: Path
    state: State
    config: FitConfig
    used_yaml: str
    base: CoarseGrainedModel | None
    parameters: tuple[Parameter, ...]
    levels: tuple[LevelRecord, ...]
    entries: tuple[Entry, ...]
    versions: Mapping[str, str]
    started: datetime | None
    last_result: datetime | None
    torn: bool
    confirmed_seed: int | None
    ended: dict[str, Any] | None = None
    validation: tuple[Target, ...] = ()
    validated: tuple[Entry, ...] = ()

    @cached_property
    def candidates(self) -> tuple[Entry, ...]:
        """Evaluations of known candidates and of all stages of the search, in order."""
        return tuple(entry for entry in self.entries if entry.of_search)

    @cached_property
    def confirmations(self) -> tuple[Entry, ...]:
        """Re-runs with new seeds and longer production."""
        return tuple(entry for entry in self.entries if entry.phase == "confirm")

    @cached_property
    def best(self) -> Entry | None:
        """The winner; before any confirmation the best of the search; None without results.

        At the end it is the measurement of the winner that selected nothing (phase ``final``).
        """
        for entry in self.entries:
            if entry.phase in ("confirm", "final") and entry.evaluation.seed == self.confirmed_seed:
                return entry
        sound = [e for e in self.entries if e.evaluation.outcome is not Outcome.INFRA]
        pool = [e for e in sound if e.phase == "confirm"] or sound
        return min(pool, key=lambda entry: entry.evaluation.score, default=None)

    @property
    def confirmed(self) -> bool:
        """Whether :attr:`best` was re-run with a new seed."""
        return self.best is not None and self.best.phase in ("confirm", "final")

    @property
    def stage(self) -> int:
        """The last stage of the search that has results, counted from 0."""
        return max((e.stage for e in self.candidates), default=0)

    @property
    def generation(self) -> int:
        """The last generation of that stage that has results."""
        return max((e.generation for e in self.candidates if e.stage == self.stage), default=0)

    @property
    def generation_words(self) -> str:
        """``4 of 8``, where the stage says how many there will be."""
        planned = self.config.optimizer.stages[self.stage].options.get("generations")
        return str(self.generation) if planned is None else f"{self.generation} of {planned}"

    @property
    def stage_words(self) -> str:
        """``2 of 2 (nelder-mead)``; empty for a search of one stage."""
        stages = self.config.optimizer.stages
        if len(stages) == 1:
            return ""
        return f"{self.stage + 1} of {len(stages)} ({stages[self.stage].method})"

    @cached_property
    def targets(self) -> dict[tuple[str, str], Target]:
        """Targets by level and name: two levels may have targets of one name."""
        return {(level.name, target.name): target for level in self.levels for target in level.targets}

    def label(self, level: str, name: str) -> str:
        """The name of a target, with its level where another level has the name as well."""
        shared = sum(other == name for _, other in self.targets) > 1
        return f"{name} ({level})" if shared else name


def read_run(layout: RunLayout) -> RunRecord:
    """Read the folder of a run that is alive, finished, interrupted or has not produced anything yet.

    Nothing in the folder is changed. Raises :class:`RunFolderError` when it is no run folder or one of
    another schema, :class:`FileFormatError` when a file in it is damaged.
    """
    config = _config(layout)
    base = _base(layout)
    entries, torn = run_entries(layout)
    result = _json(layout.result) or {}
    versions = _json(layout.versions) or {}
    versions.pop("protocol", None)
    alive = is_locked(layout.path)
    finished = bool(result.get("finished"))
    return RunRecord(
        path=layout.path,
        state=State.RUNNING if alive else State.FINISHED if finished else State.INTERRUPTED,
        config=config,
        used_yaml=layout.used_yaml.read_text(encoding="utf-8"),
        base=base,
        parameters=_parameters(config, base, layout),
        levels=_levels(layout),
        entries=entries,
        versions=versions,
        started=_time(versions.get("created")),
        last_result=datetime.fromtimestamp(layout.journal.stat().st_mtime, UTC) if entries else None,
        torn=torn,
        confirmed_seed=(result.get("best") or {}).get("seed"),
        ended=result.get("ended"),
        validation=_validation(layout),
        validated=validation_entries(layout),
    )


def find_runs(folder: Path) -> list[Path]:
    """Run folders in a folder, and in the folders in it."""
    patterns = ("*/used.yaml", "*/*/used.yaml")
    return sorted(file.parent for pattern in patterns for file in folder.glob(pattern))


def _config(layout: RunLayout) -> FitConfig:
    if not layout.used_yaml.is_file():
        raise RunFolderError(
            "this is not a run folder: it has no used.yaml" if layout.path.is_dir() else "no such folder",
            where=str(layout.path),
            remedy=_nearby(layout.path),
        )
    content, lines = read_yaml(layout.used_yaml)
    if content.get("schema") != SCHEMA_VERSION:
        raise RunFolderError(
            f"this folder holds a run of schema {content.get('schema')!r}, "
            f"this version reads schema {SCHEMA_VERSION}",
            where=str(layout.path),
            remedy="use the version of cgbridge named in its versions.json",
        )
    return validate(FitConfig, content, str(layout.used_yaml), lines)


def _nearby(path: Path) -> str:
    """Run folders below ``path``, or below the nearest folder above it that exists."""
    root = next((folder for folder in (path, *path.parents) if folder.is_dir()), Path())
    found = find_runs(root)
    if found:
        return "give one of: " + ", ".join(str(folder) for folder in found[:5])
    return "give the folder that `cgbridge fit` wrote (run.folder of its YAML)"


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise FileFormatError(
            f"this is not valid JSON: {error}", where=str(path), remedy="run the same fit again; it resumes"
        ) from None


def _base(layout: RunLayout) -> CoarseGrainedModel | None:
    content = _json(layout.base_model)
    return None if content is None else CoarseGrainedModel.from_dict(content, str(layout.base_model))


def _levels(layout: RunLayout) -> tuple[LevelRecord, ...]:
    content = _json(layout.targets) or {}
    try:
        return tuple(
            LevelRecord(name, tuple(_target(record, n) for n, record in enumerate(records)))
            for name, records in content.items()
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise FileFormatError(
            f"this does not hold the targets of a run: {error}",
            where=str(layout.targets),
            remedy="run the same fit again; it resumes and writes the file anew",
        ) from None


def _validation(layout: RunLayout) -> tuple[Target, ...]:
    records = (_json(layout.validation) or {}).get("targets", ())
    return tuple(_target(record, number) for number, record in enumerate(records))


def _target(record: Mapping[str, Any], number: int) -> Target:
    """A target of the folder; one that does not say which entry of its list it is stands for its own."""
    reference = record["reference"]
    fields = {"entry": number, **record, "composition": tuple(record.get("composition", ()))}
    fields["files"] = tuple(DataFile(**file) for file in record.get("files", ()))
    return Target(**fields | {"reference": curve_from_record(reference) if reference else None})


def _parameters(
    config: FitConfig, base: CoarseGrainedModel | None, layout: RunLayout
) -> tuple[Parameter, ...]:
    if base is None:
        return ()
    try:
        return searched_parameters(base, config.model.search)
    except CgbridgeError as error:
        raise FileFormatError(
            f"the searched parameters do not fit the base model: {error.what}", where=str(layout.used_yaml)
        ) from None


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
