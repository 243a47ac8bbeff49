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
from cgbridge.errors import SimulationError
from cgbridge.fits.catalogue import Rows
from cgbridge.fits.training.exploration import Exploration, Look, chosen, explore
from cgbridge.fits.training.new_labels import Labeller
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors, write_atomic
from cgbridge.store.lock import RunLock
from cgbridge.trajectories.hdf5 import Trajectory

if TYPE_CHECKING:
    from cgbridge.fits.training.kind import TrainingFit

#: What is kept of a chosen look.
_KEPT = ("positions", "box", "disagreement", "series")


@dataclass(frozen=True)
class Round:
    """What one round found.

    ``looks``, and of these those ``above`` the ``threshold``, or without a number; the ``median`` and the
    ``largest`` of the disagreements that are numbers (None: there is none); runs that ``broke`` down;
    ``labels`` made, and looks that could not be labelled (``failed``); the ``force_error`` on frames held
    back of the networks that began the round. Forces are in kJ/mol/nm.
    """

    looks: int
    above: int
    threshold: float
    median: float | None
    largest: float | None
    broke: int
    labels: int
    failed: int
    force_error: float

    @property
    def record(self) -> dict[str, float | None]:
        return dict(vars(self))

    @property
    def is_last(self) -> bool:
        """Whether there is nothing left to learn: it was looked, and nobody disagreed."""
        return self.looks > 0 and self.above == 0 and self.broke == 0


def learn_actively(fit: TrainingFit, *, fresh: bool, display: Callable[[Rows], None]) -> Rows:
    """All rounds, then the fit of the last one in the run folder."""
    place = fit.layout.rounds
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
            if found.is_last:
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

        path = folder / "looks.npz"
        if not path.exists():
            model = NeuralModel.load(fit.layout.best / "model.cgnn")
            # The states are those of the first data: labels of other rounds belong to the same.
            seen = explore(model, self._fit.task.data, self._section, derive_seed(self._seed, number), say)
            picked = chosen(seen.looks, self._section, derive_seed(self._seed, "choice", number))
            _save(path, seen, picked)
        disagreement, broke, picked = _load(path)
        files, failed = self._label(folder, picked, say)
        errors = json.loads(fit.layout.result.read_text(encoding="utf-8"))["errors"]
        numbers = disagreement[np.isfinite(disagreement)]
        found = Round(
            looks=len(disagreement),
            above=int((~(disagreement <= self._section.threshold)).sum()),
            threshold=self._section.threshold,
            median=float(np.median(numbers)) if len(numbers) else None,
            largest=float(numbers.max()) if len(numbers) else None,
            broke=len(broke),
            labels=len(picked) - len(failed),
            failed=len(failed),
            force_error=float(errors["validation"]["force"]),
        )
        if not found.labels and not found.is_last:
            _forget(folder)
            raise _no_labels(number, broke, failed)
        write_atomic(folder / "round.json", json.dumps(found.record, indent=1))
        return found, files

    def _label(
        self, folder: Path, picked: list[Look], say: Callable[[str], None]
    ) -> tuple[list[DataFileSection], list[str]]:
        """Files of labels for what was picked, one for each state, and why others could not be labelled."""
        files, failed = [], []
        for index, series in enumerate(self._fit.task.data.series):
            own = [look for look in picked if look.series == index]
            if not own:
                continue
            kelvin = series.state.temperature
            assert kelvin is not None  # no dynamics without
            out = folder / f"labels-{index + 1}.h5"
            failed += self._labeller.label(own, out, kelvin, say)
            if len(Trajectory(out)):
                files.append(DataFileSection(file=out, temperature=kelvin, independent=True))
        return files, failed

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


def _no_labels(number: int, broke: list[str], failed: list[str]) -> SimulationError:
    """What to say where networks cannot be gone on with, and are not done either."""
    where = f"round {number} of active_learning"
    if failed:
        return SimulationError(
            f"none of {len(failed)} frames could be labelled ({failed[0]})",
            where=where,
            remedy="frames nearer to the liquid can be: a smaller explore.stop, more epochs for the networks",
        )
    return SimulationError(
        "the dynamics of the networks broke down before they saw a frame that can be labelled"
        + (f" ({broke[0]})" if broke else ""),
        where=where,
        remedy="a smaller explore.timestep, more epochs, or model.priors with a repulsion",
    )


def _forget(folder: Path) -> None:
    """Of a round that failed, so that it is done with other settings when it is asked for again."""
    for path in (folder / "looks.npz", *folder.glob("labels-*")):
        path.unlink(missing_ok=True)


def _save(path: Path, seen: Exploration, picked: list[Look]) -> None:
    """All disagreements, runs that broke down, and the looks that were chosen."""
    from io import BytesIO

    arrays: dict[str, Any] = {
        "disagreement": np.array([look.disagreement for look in seen.looks]),
        "broke": np.array(seen.broke, dtype=str),
    }
    for name in _KEPT:
        arrays[f"chosen_{name}"] = np.array([getattr(look, name) for look in picked])
    stream = BytesIO()
    np.savez_compressed(stream, **arrays)
    write_atomic(path, stream.getvalue())


def _load(path: Path) -> tuple[np.ndarray, list[str], list[Look]]:
    with np.load(path, allow_pickle=False) as file:
        parts = zip(*(file[f"chosen_{name}"] for name in _KEPT), strict=True)
        picked = [Look(p, b, float(d), int(s)) for p, b, d, s in parts]
        return file["disagreement"], file["broke"].tolist(), picked
