"""The run folder of a training: resolved input, data, checkpoints, ``best/``, result.json."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cgbridge.config.training_schema import TrainingConfig
from cgbridge.config.training_section import OLD_KEYS
from cgbridge.errors import RunFolderError
from cgbridge.fits.best_folder import remove_best
from cgbridge.fits.differences import differences
from cgbridge.store.atomic import storage_errors, write_atomic
from cgbridge.store.layout import RunLayout
from cgbridge.store.versions import DECISIVE, version_of, versions

#: Sections that decide on the weights.
_SECTIONS = ("schema", "method", "data", "model", "training", "relative_entropy")
#: Keys of ``training`` that do not, or never did.
_FREE = ("checkpoint", "tensorboard", "threads", *OLD_KEYS)
#: Packages that a training depends on, beside those of every result.
_LIBRARIES = ("torch", "torchmd-net", "mlipops", "safetensors")
_REMEDY = "choose another run.folder, or start over with --fresh"


class TrainingFolder(RunLayout):
    """What a training writes, on top of the layout."""

    @property
    def members(self) -> Path:
        """Checkpoints and curves of every network."""
        return self.path / "members"

    @property
    def data(self) -> Path:
        """What the data are: files, frames, checks, split."""
        return self.path / "data.json"

    @property
    def dynamics(self) -> Path:
        """Runs of the finished model, state by state."""
        return self.path / "dynamics.json"

    @property
    def curves(self) -> Path:
        """Curves of the report."""
        return self.path / "curves.json"

    @property
    def rounds(self) -> Path:
        """Folders of the rounds of active learning, by number, each a run of its own."""
        return self.path / "rounds"

    def prepare(self, config: TrainingConfig, data: Mapping[str, Any], *, fresh: bool) -> bool:
        """Create or reopen; returns whether the run resumes. Call with the lock held.

        Raises :class:`RunFolderError` when the folder holds another run.
        """
        if fresh:
            self._clear()
        content = config.model_dump(mode="json", by_alias=True)
        resumes = self.used_yaml.exists()
        if resumes:
            self._check_same(content, data)
        write_atomic(self.data, json.dumps(data, indent=1))
        if not resumes:
            write_atomic(self.versions, json.dumps(training_versions(), indent=1))
        # Last, for it makes a run of the folder: what it is compared with must be there then.
        write_atomic(self.used_yaml, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        return resumes

    def _check_same(self, content: dict[str, Any], data: Mapping[str, Any]) -> None:
        old = yaml.safe_load(self.used_yaml.read_text(encoding="utf-8"))
        if not isinstance(old, dict) or old.get("method") != content["method"]:
            raise RunFolderError(
                "this folder holds a fit of another method", where=str(self.path), remedy=_REMEDY
            )
        before, now = _deciding(old), _deciding(content)
        changed = differences(before, now, "")
        changed += differences(_read(self.data).get("digests"), data["digests"], "data")
        if changed:
            raise RunFolderError(
                f"this folder holds a run of another input (changed: {'; '.join(changed)})",
                where=str(self.path),
                remedy=f"{_REMEDY}; what can change is validation, and training.epochs, which may be raised "
                "where the rate does not depend on it",
            )
        found, current = _read(self.versions), training_versions()
        names = [*DECISIVE, *_LIBRARIES]
        changed = differences({n: found.get(n) for n in names}, {n: current.get(n) for n in names}, "")
        if changed and not self.result.exists():
            raise RunFolderError(
                f"this run was begun with other versions ({'; '.join(changed)})",
                where=str(self.path),
                remedy=f"go on with those, or {_REMEDY}",
            )

    def _clear(self) -> None:
        """Remove what earlier trainings left here, and nothing that none wrote."""
        with storage_errors(self.path):
            files = [self.used_yaml, self.result, self.report, self.versions, self.data, self.dynamics]
            for file in (*files, self.curves):
                file.unlink(missing_ok=True)
            shutil.rmtree(self.members, ignore_errors=True)
            remove_best(self)


def training_versions() -> dict[str, str]:
    """Versions of everything that can change a training, and under ``created`` the time of now."""
    return versions() | {name: version_of(name) for name in _LIBRARIES}


def _deciding(content: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a resolved input that decides on the weights, but for budgets that may be raised."""
    found = {key: content.get(key) for key in _SECTIONS}
    training = {key: value for key, value in (found["training"] or {}).items() if key not in _FREE}
    if (training.get("rate") or {}).get("schedule") != "cosine":
        training.pop("epochs", None)
    return found | {"training": training}


def _read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found if isinstance(found, dict) else {}
