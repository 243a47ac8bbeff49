"""Training, dynamics, labels where the networks disagree, training again: one command, which resumes.

Every round has a folder of its own below ``rounds``: the fit of that round, what was looked at, the labels
that came of it. What is there is not done again. The last round's fit is that of the run folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cgbridge.config.active_learning_section import ActiveLearningSection
from cgbridge.config.places import Place
from cgbridge.config.training_data_section import DataFileSection
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.fits.catalogue import Rows
from cgbridge.fits.training.exploration import Look, chosen, explore
from cgbridge.fits.training.new_labels import Labeller
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors, write_atomic
from cgbridge.store.lock import RunLock
from cgbridge.trajectories.hdf5 import Trajectory

if TYPE_CHECKING:
    from cgbridge.fits.training.kind import TrainingFit


@dataclass(frozen=True)
class Round:
    """What one round found: looks, those above the threshold, disagreements in kJ/mol/nm, labels made."""

    looks: int
    above: int
    median: float
    largest: float
    labels: int
    force_error: float

    @property
    def record(self) -> dict[str, float]:
        return dict(vars(self))


def learn_actively(fit: TrainingFit, *, fresh: bool, display: Callable[[Rows], None]) -> Rows:
    """All rounds, then the fit of the last one in the run folder."""
    place = fit.layout.path / "rounds"
    with storage_errors(place):
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, exist_ok=True)
    with RunLock(place):
        learning = _Learning(fit, place, display)
        last, rounds = learning.run()
        # The training is that of the last round: its checkpoints say that there is nothing left to train.
        shutil.copytree(last.layout.members, fit.layout.members, dirs_exist_ok=True)
        given = fit.task.config
        own = last.task.config.model_copy(update={"run": given.run, "validation": given.validation})
        final = _fit_of(own, fit)
        return final.train(
            fresh=False, display=display, record={"active_learning": [one.record for one in rounds]}
        )


class _Learning:
    """The rounds of one fit in the folder ``place``."""

    def __init__(self, fit: TrainingFit, place: Path, display: Callable[[Rows], None]) -> None:
        self._fit, self._place, self._display = fit, place.absolute(), display
        section = fit.task.config.active_learning
        assert section is not None
        self._section: ActiveLearningSection = section
        self._seed = derive_seed(fit.task.config.training.seed, "active learning")
        self._labeller = Labeller(section, fit.task.data, fit.task.input_folder, self._seed)

    def run(self) -> tuple[TrainingFit, list[Round]]:
        """The fit of the last round, and what every round found."""
        config, rounds = self._fit.task.config, []
        for number in range(1, self._section.rounds + 2):
            fit = self._train(config, number)
            if number > self._section.rounds:
                break
            found, files = self._look(fit, number)
            rounds.append(found)
            if not found.labels:
                break
            config = self._extended(fit.task.config, files, number)
        return fit, rounds

    def _train(self, config: TrainingConfig, number: int) -> TrainingFit:
        folder = self._place / str(number)
        run = config.run.model_copy(update={"folder": folder})
        own = config.model_copy(update={"run": run, "active_learning": None, "validation": None})
        fit = _fit_of(own, self._fit)
        if not fit.layout.result.exists():
            fit.train(fresh=False, display=self._telling(number))
        return fit

    def _look(self, fit: TrainingFit, number: int) -> tuple[Round, list[DataFileSection]]:
        """Dynamics with the model of a round, and labels for what its members disagree about."""
        from cgbridge.models.neural.model import NeuralModel

        folder, telling = self._place / str(number), self._telling(number)

        def say(text: str) -> None:
            telling([("doing", text)])

        seen = folder / "looks.npz"
        if not seen.exists():
            model = NeuralModel.load(fit.layout.best / "model.cgnn")
            # The states are those of the first data: labels of other rounds belong to the same.
            looks = explore(model, self._fit.task.data, self._section, derive_seed(self._seed, number), say)
            picked = chosen(looks, self._section, derive_seed(self._seed, "choice", number))
            _save(seen, looks, picked)
        disagreement, picked = _load(seen)
        files, labels = [], 0
        for index, series in enumerate(self._fit.task.data.series):
            own = [look for look in picked if look.series == index]
            if not own:
                continue
            kelvin = series.state.temperature
            assert kelvin is not None  # no dynamics without
            out = folder / f"labels-{index + 1}.h5"
            self._labeller.label(own, out, kelvin, say)
            if len(Trajectory(out)):
                labels += len(Trajectory(out))
                files.append(DataFileSection(file=out, temperature=kelvin, independent=True))
        errors = json.loads(fit.layout.result.read_text(encoding="utf-8"))["errors"]
        found = Round(
            looks=len(disagreement),
            above=int((disagreement > self._section.threshold).sum()),
            median=float(np.median(disagreement)) if len(disagreement) else 0.0,
            largest=float(disagreement.max()) if len(disagreement) else 0.0,
            labels=labels,
            force_error=float(errors["validation"]["force"]),
        )
        write_atomic(folder / "round.json", json.dumps(found.record, indent=1))
        return found, files

    def _extended(self, config: TrainingConfig, files: list[DataFileSection], number: int) -> TrainingConfig:
        """The next round's: more data, and the weights of this round to begin with."""
        data = config.data.model_copy(update={"files": (*config.data.files, *files)})
        start = self._place / str(number) / "best" / "model.cgnn"
        training = config.training.model_copy(update={"start": start})
        return config.model_copy(update={"data": data, "training": training})

    def _telling(self, number: int) -> Callable[[Rows], None]:
        head = ("round", f"{number} of {self._section.rounds + 1} at most")
        return lambda rows: self._display([head, *rows])


def _fit_of(config: TrainingConfig, like: TrainingFit) -> TrainingFit:
    return type(like).of(config, like.task.input_folder, Place("active_learning", ()))


def _save(path: Path, looks: list[Look], picked: list[Look]) -> None:
    """All disagreements, and the looks that were chosen."""
    from io import BytesIO

    arrays: dict[str, Any] = {"disagreement": np.array([look.disagreement for look in looks])}
    for name in ("positions", "box", "disagreement", "series"):
        arrays[f"chosen_{name}"] = np.array([getattr(look, name) for look in picked])
    stream = BytesIO()
    np.savez_compressed(stream, **arrays)
    write_atomic(path, stream.getvalue())


def _load(path: Path) -> tuple[np.ndarray, list[Look]]:
    with np.load(path, allow_pickle=False) as file:
        disagreement = file["disagreement"]
        parts = zip(
            *(file[f"chosen_{n}"] for n in ("positions", "box", "disagreement", "series")), strict=True
        )
        return disagreement, [Look(p, b, float(d), int(s)) for p, b, d, s in parts]
