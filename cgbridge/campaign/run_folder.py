"""The run folder: resolved input, versions, journal, ``best/``, result.json."""

from __future__ import annotations

import json
import os
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import yaml
from pydantic import ValidationError

from cgbridge.campaign.problem import FitProblem
from cgbridge.config.schema import SCHEMA_VERSION, FitConfig
from cgbridge.errors import RunFolderError
from cgbridge.interfaces import Evaluation
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.store.atomic import storage_errors, sync_folder, write_atomic
from cgbridge.store.layout import RunLayout
from cgbridge.store.records import result_record, target_record

_VERSIONED = (
    "cgbridge",
    "openmm",
    "numpy",
    "scipy",
    "deap",
    "scikit-learn",
    "freud-analysis",
    "mdtraj",
    "ovito",
    "genice2",
    "pymbar",
)


class RunFolder(RunLayout):
    """What a fit writes, on top of the layout."""

    def prepare(self, config: FitConfig, problem: FitProblem, *, fresh: bool) -> bool:
        """Create or reopen; returns whether the run resumes.

        Call with the lock held. Raises :class:`RunFolderError` when the folder holds another run.
        """
        if fresh:
            self._clear()
        resumes = self.used_yaml.exists()
        if resumes:
            self._check_same(config)
        resolved = config.model_dump(mode="json", by_alias=True)
        write_atomic(self.used_yaml, yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True))
        targets = {level.name: [target_record(t) for t in level.targets] for level in problem.levels}
        write_atomic(self.targets, json.dumps(targets, indent=1))
        write_atomic(self.base_model, json.dumps(problem.base.to_dict(), indent=1))
        if not resumes:
            write_atomic(self.versions, json.dumps(versions(), indent=1))
        return resumes

    def _clear(self) -> None:
        """Remove what earlier runs left here, and nothing that a run did not write."""
        with storage_errors(self.path):
            files = (self.used_yaml, self.journal, self.result, self.report, self.versions, self.targets)
            for file in (*files, self.base_model, self.start, self.earlier, self.proposals):
                file.unlink(missing_ok=True)
            if self.best.is_symlink():
                self.best.unlink()
            for folder in self.path.glob(".best-*"):
                shutil.rmtree(folder, ignore_errors=True)

    def _check_same(self, config: FitConfig) -> None:
        old = yaml.safe_load(self.used_yaml.read_text(encoding="utf-8"))
        if not isinstance(old, dict) or old.get("schema") != SCHEMA_VERSION:
            found = old.get("schema") if isinstance(old, dict) else None
            raise RunFolderError(
                f"this folder holds a run of schema {found!r}, this version writes schema {SCHEMA_VERSION}",
                where=str(self.path),
                remedy="choose another run.folder, or start over with --fresh",
            )
        old, new = _with_defaults(old), config.model_dump(mode="json", by_alias=True)
        changed = [key for key in ("model", "levels", "optimizer", "engine") if old.get(key) != new[key]]
        if changed:
            raise RunFolderError(
                f"this folder holds a run of another input (changed: {', '.join(changed)})",
                where=str(self.path),
                remedy="choose another run.folder, or start over with --fresh",
            )

    def write_best(self, model: CoarseGrainedModel, beads: int) -> None:
        """Replace ``best/`` as a whole: a new folder is filled, then a symbolic link is swapped."""
        from cgbridge.models.lammps_format import write_lammps
        from cgbridge.models.system_file import write_system

        name = f".best-{model.fingerprint()[:16]}"
        folder = self.path / name
        with storage_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            model.save(folder / "model.yaml")
            write_lammps(model, folder / f"model{model.functional_form.suffix}")
            write_system(model, folder / "system.xml", beads)
            sync_folder(folder)
            link = self.path / f".best.{os.getpid()}.tmp"
            link.unlink(missing_ok=True)
            link.symlink_to(name)
            os.replace(link, self.best)
            sync_folder(self.path)
            for old in self.path.glob(".best-*"):
                if old.name != name:
                    shutil.rmtree(old, ignore_errors=True)

    def write_result(
        self, problem: FitProblem, best: Evaluation, totals: dict[str, Any], *, finished: bool
    ) -> None:
        """``result.json``: the best confirmed candidate and the cost so far."""
        content = {
            "schema": SCHEMA_VERSION,
            "name": problem.config.name,
            "finished": finished,
            "seed": problem.config.optimizer.seed,
            "best": {
                "parameters": dict(best.parameters),
                "units": {p.name: p.unit for p in problem.space.parameters},
                "levels_passed": best.levels_passed,
                "levels": len(problem.levels),
                "outcome": str(best.outcome),
                "seed": best.seed,
                "total_error": best.score.total_error,
                "targets": [result_record(result, curves=False) for result in best.results],
            },
            "cost": totals,
        }
        write_atomic(self.result, json.dumps(content, indent=1))


def _with_defaults(used: dict[str, Any]) -> dict[str, Any]:
    """A resolved input with the keys that were added since it was written; their defaults change nothing."""
    try:
        return FitConfig.model_validate(used).model_dump(mode="json", by_alias=True)
    except ValidationError:
        return used


def versions() -> dict[str, str]:
    """Versions of everything that can change a result."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    found["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    return found
