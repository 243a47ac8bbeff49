"""The run folder: resolved input, versions, journal, ``best/``, result.json."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cgbridge.config.schema import SCHEMA_VERSION, FitConfig
from cgbridge.errors import CgbridgeWarning, ConfigError, RunFolderError
from cgbridge.fits.best_folder import remove_best, replace_best
from cgbridge.fits.cross_validation import cross_validate_run, cross_validation_record
from cgbridge.fits.differences import differences
from cgbridge.fits.lengthening import compared
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.stages import resolved
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.evaluation import Evaluation
from cgbridge.store.atomic import storage_errors, write_atomic
from cgbridge.store.journal_entries import run_entries
from cgbridge.store.layout import RunLayout
from cgbridge.store.records import result_record, target_record
from cgbridge.store.versions import DECISIVE, versions

#: Versions that say nothing about results.
_UNCOMPARED = ("created", "protocol", *DECISIVE)
_OTHER_FOLDER = (
    "choose another run.folder, and begin with the best of this one (optimizer.start); "
    "or start over with --fresh"
)


class RunFolder(RunLayout):
    """What a fit writes, on top of the layout."""

    @property
    def begun(self) -> bool:
        """Whether it holds a run, and not only a search without an evaluation: nothing is lost with that."""
        if not self.used_yaml.exists():
            return False
        if self.journal.exists() and self.journal.stat().st_size > 0:
            return True
        used = yaml.safe_load(self.used_yaml.read_text(encoding="utf-8"))
        ours = isinstance(used, dict) and used.get("schema") == SCHEMA_VERSION and "levels" in used
        return not ours  # of another version, or another kind of fit, which keeps no such journal

    def prepare(self, config: FitConfig, problem: FitProblem, *, fresh: bool) -> bool:
        """Create or reopen; returns whether the run resumes.

        Call with the lock held. Raises :class:`RunFolderError` when the folder holds another run.
        """
        resumes = self.begun and not fresh
        if fresh or (self.used_yaml.exists() and not resumes):
            self._clear()
        config, raised = resolved(config), []
        if resumes:
            raised = self._check_same(config, problem)
        content = config.model_dump(mode="json", by_alias=True)
        write_atomic(self.targets, json.dumps(_targets(problem), indent=1))
        self._write_validation(problem)
        write_atomic(self.base_model, json.dumps(problem.base.to_dict(), indent=1))
        if not resumes:
            found = versions() | {"protocol": problem.protocol}
            write_atomic(self.versions, json.dumps(found, indent=1))
        if raised:
            history = [*(_read(self.lengthened) or []), {"time": versions()["created"], "raised": raised}]
            write_atomic(self.lengthened, json.dumps(history, indent=1))
        # Last, for it makes a run of the folder: what it is compared with must be there then.
        write_atomic(self.used_yaml, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        return resumes

    def _write_validation(self, problem: FitProblem) -> None:
        """What is validated now: it has no part in the search, and may change in a finished run."""
        if problem.validation is None:
            self.validation.unlink(missing_ok=True)
            return
        records = [target_record(target) for target in problem.validation.targets]
        content = {"protocol": problem.validation_protocol, "targets": records}
        write_atomic(self.validation, json.dumps(content, indent=1))

    def _clear(self) -> None:
        """Remove what earlier runs left here, and nothing that a run did not write."""
        with storage_errors(self.path):
            files = [self.used_yaml, self.journal, self.result, self.report, self.versions, self.targets]
            files += [self.base_model, self.start, self.earlier, self.proposals, self.clock, self.lengthened]
            for file in [*files, self.validation]:
                file.unlink(missing_ok=True)
            remove_best(self)

    def _check_same(self, config: FitConfig, problem: FitProblem) -> list[str]:
        """Refuse a folder whose results would not be those of this input and these versions.

        Returns the budgets that were raised since.
        """
        raised = self._check_input(config)
        old, new = _read(self.versions) or {}, versions()
        changed = differences({k: old.get(k) for k in DECISIVE}, {k: new[k] for k in DECISIVE}, "")
        if changed:
            raise RunFolderError(
                "this folder holds a run of another version, not to be mixed with new results: "
                + "; ".join(changed),
                where=str(self.path),
                remedy=f"go on with that version, or {_OTHER_FOLDER}",
            )
        changed = differences(_physics(_read(self.base_model), config), _base(problem), "base model")
        changed += differences(_without_sources(_read(self.targets)), _without_sources(_targets(problem)), "")
        if changed:
            raise RunFolderError(
                "files that the input names were changed since this run began: " + "; ".join(changed),
                where=str(self.path),
                remedy="restore them, choose another run.folder, or start over with --fresh",
            )
        if old.get("protocol") != problem.protocol:
            raise RunFolderError(
                "this run was begun with an input that differs in the last digits", where=str(self.path),
                remedy=_OTHER_FOLDER,
            )  # fmt: skip
        others = [{k: v for k, v in found.items() if k not in _UNCOMPARED} for found in (old, new)]
        if changed := differences(others[0], others[1], ""):
            warnings.warn(
                "the run goes on with other versions; from here on results may differ by chance: "
                + "; ".join(changed),
                CgbridgeWarning,
                stacklevel=2,
            )
        return raised

    def _check_input(self, config: FitConfig) -> list[str]:
        old = yaml.safe_load(self.used_yaml.read_text(encoding="utf-8"))
        if not isinstance(old, dict) or old.get("schema") != SCHEMA_VERSION:
            found = old.get("schema") if isinstance(old, dict) else None
            raise RunFolderError(
                f"this folder holds a run of schema {found!r}, this version writes schema {SCHEMA_VERSION}",
                where=str(self.path),
                remedy="choose another run.folder, or start over with --fresh",
            )
        changed, raised = compared(_with_defaults(old), config)
        if changed:
            raise RunFolderError(
                f"this folder holds a run of another input (changed: {'; '.join(changed)})",
                where=str(self.path),
                remedy="choose another run.folder, or start over with --fresh; what can change is stop, and "
                "budgets that are raised: generations, evaluations, optimizer.confirm, further stages",
            )
        return raised

    def write_best(self, model: CoarseGrainedModel, beads: int) -> None:
        """Replace ``best/`` as a whole: a new folder is filled, then a symbolic link is swapped."""
        from cgbridge.models.files.lammps_format import write_lammps
        from cgbridge.models.files.system_file import write_system

        def fill(folder: Path) -> None:
            model.save(folder / "model.yaml")
            if model.many_body is not None:
                write_lammps(model, folder / f"model{model.many_body.suffix}")
            write_system(model, folder / "system.xml", beads)

        replace_best(self, model.fingerprint(), fill)

    def write_result(
        self,
        problem: FitProblem,
        best: Evaluation,
        totals: dict[str, Any],
        *,
        selected: Evaluation,
        ended: Mapping[str, Any] | None,
        validations: Sequence[Evaluation] = (),
    ) -> None:
        """``result.json``: the best candidate as measured last, and the cost so far.

        ``selected`` is the measurement that it was chosen by. ``best`` is the same until the end of the run;
        then it is one that selected nothing, so that its values are not those of a lucky draw. ``ended`` says
        why the search ended, None as long as it goes on. ``validations`` are those of the confirmed
        candidates, the best first.
        """
        first = _validation(validations[0]) if validations else None
        content = {
            "schema": SCHEMA_VERSION,
            "name": problem.config.name,
            "finished": ended is not None,
            "ended": ended,
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
                "independent": best is not selected,
                "validation": first,
            },
            "selected": {
                "levels_passed": selected.levels_passed,
                "outcome": str(selected.outcome),
                "seed": selected.seed,
                "total_error": selected.score.total_error,
                "targets": [result_record(result, curves=False) for result in selected.results],
            },
            "validated": [
                {"parameters": dict(found.parameters)} | _validation(found) for found in validations
            ],
            "cross_validation": self._cross_validation(problem) if ended is not None else None,
            "cost": totals,
        }
        write_atomic(self.result, json.dumps(content, indent=1))

    def _cross_validation(self, problem: FitProblem) -> dict[str, Any] | None:
        """None where it is not asked for, or where too few candidates were measured on every target."""
        section = problem.config.cross_validation
        if section is None:
            return None
        targets = {(level.name, t.name): t for level in problem.levels for t in level.targets}
        evaluations = [entry.evaluation for entry in run_entries(self)[0]]
        found = cross_validate_run(targets, evaluations, section.folds)
        return None if found is None else cross_validation_record(found)


def _validation(found: Evaluation) -> dict[str, Any]:
    """The measurement of targets that no search saw; the error as of a score, gates left out."""
    return {
        "outcome": str(found.outcome),
        "reason": found.reason,
        "seed": found.seed,
        "error": found.score.total_error,
        "passed": sum(result.passed for result in found.results),
        "targets": [result_record(result, curves=False) for result in found.results],
    }


def _with_defaults(used: dict[str, Any]) -> dict[str, Any]:
    """A resolved input with the keys that were added since it was written; their defaults change nothing."""
    try:
        return resolved(FitConfig.model_validate(used)).model_dump(mode="json", by_alias=True)
    except (ValidationError, ConfigError):
        return used


def _targets(problem: FitProblem) -> dict[str, Any]:
    return {level.name: [target_record(target) for target in level.targets] for level in problem.levels}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _base(problem: FitProblem) -> dict[str, Any]:
    return _physics(problem.base.to_dict(), problem.config)


def _physics(model: dict[str, Any], config: FitConfig) -> dict[str, Any]:
    """What a base model gives to a fit: no texts, no values of what is searched."""
    content: dict[str, Any] = {key: model.get(key) for key in ("form", "beads", "entries")}
    for entry in model["parameters"]:
        kept = ("unit", "search", "scale") if entry["name"] in config.model.search else ("unit", "value")
        content[entry["name"]] = {key: entry.get(key) for key in kept}
    return content


def _without_sources(levels: dict[str, Any] | None) -> Any:
    """Targets by level without what says where they come from, and where their files lie."""
    return {
        name: [
            {key: value for key, value in target.items() if key not in ("source", "files")}
            | {"files": [file["digest"] for file in target.get("files", ())]}
            for target in targets
        ]
        for name, targets in (levels or {}).items()
    }
