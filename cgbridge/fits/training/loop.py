"""The training of one network: batches, steps, epochs, checkpoints.

Everything that decides on a step is a function of the seed, the data and what a checkpoint holds, so that a
training that was stopped, however, goes on as if it had not been: the curves are equal to the last digit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cgbridge.config.training_section import TrainingSection
from cgbridge.errors import CgbridgeError
from cgbridge.fits.training.checkpoint import load_checkpoint, save_checkpoint
from cgbridge.fits.training.data_set import DataSet, FrameAddress
from cgbridge.fits.training.learning_rate import LearningRate
from cgbridge.fits.training.loss_curves import LossCurves
from cgbridge.fits.training.losses import ErrorSums, Labels, Loss, labels_of
from cgbridge.fits.training.pair_store import PairStore
from cgbridge.fits.training.split import Split
from cgbridge.fits.training.training_state import restore_state, state_tensors
from cgbridge.fits.training.weight_average import WeightAverage, put
from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.derivatives import Derivatives, derivatives
from cgbridge.models.neural.neighbour_sums import only_gradients_of_weights
from cgbridge.models.neural.potential import NeuralPotential
from cgbridge.rng import derive_seed
from cgbridge.units import BAR_NM3

#: Frames that are evaluated together where nothing is learnt.
_AT_ONCE = 8


@dataclass
class Progress:
    """Where a training stands; all of it is in a checkpoint.

    ``epoch`` is the one that goes on, counted from 1, ``done`` the batches of it that are behind. ``sums``
    are those of its training errors, ``loss`` and ``gradient`` sums over its batches.
    """

    epoch: int = 1
    done: int = 0
    step: int = 0
    loss: float = 0.0
    gradient: float = 0.0
    sums: ErrorSums = field(default_factory=ErrorSums)
    best: float = math.inf
    best_epoch: int = 0
    ended: str = ""


@dataclass(frozen=True)
class Told:
    """What is told of a training while it runs: errors in kJ/mol/nm, seconds left."""

    epoch: int
    epochs: int
    train: float
    validation: float
    best: float
    rate: float
    seconds_left: float | None


class Training:
    """One network with its data; :meth:`run` trains it to the end, or goes on with what is in ``folder``."""

    def __init__(
        self,
        potential: NeuralPotential,
        data: DataSet,
        split: Split,
        section: TrainingSection,
        *,
        loss: Loss,
        seed: int,
        folder: Path,
    ) -> None:
        self.potential, self.data, self.split, self.section = potential, data, split, section
        self._loss, self._seed, self._folder = loss, seed, folder
        self._device = section.device
        if potential.thermal is not None:
            data.require_temperatures()
        potential.to(self._device)
        self._types = [torch.from_numpy(data.type_indices(one)).to(self._device) for one in data.series]
        self._bonded = [
            Bonded.of(one.topology, self._device) if one.topology.bonds or one.topology.exclusions else None
            for one in data.series
        ]
        self._weights = [value for value in potential.parameters() if value.requires_grad]
        self._optimizer = torch.optim.AdamW(
            self._weights, lr=section.rate.begin, weight_decay=section.weight_decay
        )
        self._batches = math.ceil(len(split.train) / section.batch)
        self._rate = LearningRate(section.rate, self._batches * section.epochs)
        self._pairs = PairStore(potential)
        self._average = WeightAverage(potential, section.average)
        self._progress = Progress()

    @property
    def last(self) -> Path:
        """The checkpoint that a stopped training goes on with."""
        return self._folder / "last.safetensors"

    @property
    def best(self) -> Path:
        """The weights with the lowest validation error."""
        return self._folder / "best.safetensors"

    def run(self, display: Callable[[Told], None]) -> Progress:
        """Train to the end; afterwards the potential has its best weights."""
        if self.last.exists():
            self._restore()
        kept = self._progress
        curves = LossCurves(
            self._folder / "curves.csv", last=kept.epoch - 1, tensorboard=self.section.tensorboard
        )
        pace = _Pace()
        # A budget that was raised goes on, a training that stopped early does not.
        while kept.epoch <= self.section.epochs and kept.ended != "early stop":
            kept.ended = ""
            self._train_epoch(pace)
            row = self._end_epoch()
            curves.append(row)
            if self.section.early_stop and kept.epoch - kept.best_epoch >= self.section.early_stop:
                kept.ended = "early stop"
            elif kept.epoch == self.section.epochs:
                kept.ended = "all epochs"
            kept.epoch, kept.done = kept.epoch + 1, 0
            kept.loss, kept.gradient, kept.sums = 0.0, 0.0, ErrorSums()
            self._save()
            left = pace.left(self.section.epochs * self._batches - kept.step)
            display(
                Told(
                    kept.epoch - 1, self.section.epochs, row["train_force"], row["validation_force"],
                    kept.best, row["rate"], left,
                )
            )  # fmt: skip
        curves.close()
        if self.best.exists():
            put(self.potential, load_checkpoint(self.best)[0])
        return kept

    def _train_epoch(self, pace: _Pace) -> None:
        kept, section = self._progress, self.section
        order = np.random.default_rng(derive_seed(self._seed, "order", kept.epoch)).permutation(
            len(self.split.train)
        )
        saved = time.monotonic()
        for number in range(kept.done, self._batches):
            batch = [
                self.split.train[int(i)] for i in order[number * section.batch : (number + 1) * section.batch]
            ]
            rate = self._rate.at(kept.step)
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.zero_grad(set_to_none=True)
            kept.loss += self.backward(batch)
            norm = float(torch.nn.utils.clip_grad_norm_(self._weights, section.clip or math.inf))
            if not math.isfinite(norm):
                raise CgbridgeError(
                    f"the training broke down in epoch {kept.epoch}: the gradient is no number",
                    where=str(self._folder),
                    remedy="lower training.rate.begin or training.clip, and start over with --fresh",
                )
            kept.gradient += norm
            self._optimizer.step()
            self._average.update(kept.step)
            kept.step, kept.done = kept.step + 1, number + 1
            pace.step()
            if time.monotonic() - saved > section.checkpoint and kept.done < self._batches:
                self._save()
                saved = time.monotonic()

    @property
    def running(self) -> dict[str, float]:
        """The running means of the loss."""
        return self._loss.running

    def backward(self, batch: Sequence[FrameAddress], weight: float = 1.0) -> float:
        """Add the gradients of the loss of a batch, times ``weight``, series by series; returns the loss."""
        total = ErrorSums(frames=len(batch))
        total.components = sum(3 * self.data.series[number].particles for number, _ in batch)
        loss = 0.0
        for series, frames in _by_series(batch):
            found, labels = self._derive(series, frames, create_graph=True)
            part = self._loss.part(found, labels, series, total)
            # Of all leaves of the graph, such as the positions, these alone are asked for.
            with only_gradients_of_weights():
                (weight * part).backward(inputs=self._weights)
            loss += float(part.detach())
            self._progress.sums.add(found, labels, series)
        return loss

    def _end_epoch(self) -> dict[str, float]:
        """Validate, keep the best, and return the row of the curves."""
        kept = self._progress
        with self._average.in_place():
            sums = self.errors(self.split.validation)
            value = self._loss.value(sums)
            if value < kept.best:
                kept.best, kept.best_epoch = value, kept.epoch
                save_checkpoint(self.best, dict(self.potential.named_parameters()), {"epoch": kept.epoch})
        row = {
            "epoch": kept.epoch,
            "step": kept.step,
            "rate": self._rate.at(kept.step - 1),
            "train_loss": kept.loss / self._batches,
            "validation_loss": value,
            "gradient": kept.gradient / self._batches,
        }
        row |= self._columns("train", kept.sums) | self._columns("validation", sums)
        self._rate.epoch_ended(value)
        return row

    def _columns(self, use: str, sums: ErrorSums) -> dict[str, float]:
        """Root mean square errors in kJ/mol/nm and kJ/mol per particle; mean pressures in bar."""
        found = {f"{use}_force": math.sqrt(sums.force / max(sums.components, 1))}
        if self._loss.scales.type_energies:
            found[f"{use}_energy"] = math.sqrt(sums.energy / max(sums.frames, 1))
        for number, error in sums.pressures.items():
            found[f"{use}_pressure_{number}"] = error * self._ideal(number)
        return found

    def _ideal(self, number: int) -> float:
        """N k T/V of a series in bar."""
        series = self.data.series[number]
        ideal = labels_of(self.data, number, [0], energies=False, device="cpu").ideal
        return ideal * series.particles / float(series.volume.mean()) / BAR_NM3

    def errors(self, frames: Sequence[FrameAddress]) -> ErrorSums:
        """Errors of the present weights on some frames."""
        sums = ErrorSums()
        for series, indices in _by_series(frames):
            for start in range(0, len(indices), _AT_ONCE):
                found, labels = self._derive(series, indices[start : start + _AT_ONCE], create_graph=False)
                sums.add(found, labels, series)
        return sums

    def _derive(
        self, series: int, frames: Sequence[int], *, create_graph: bool
    ) -> tuple[Derivatives, Labels]:
        one = self.data.series[series]
        positions = torch.from_numpy(one.positions[frames].astype(np.float64)).to(self._device)
        box = torch.from_numpy(one.box[frames]).to(self._device)
        energies = bool(self._loss.scales.type_energies)
        labels = labels_of(self.data, series, frames, energies=energies, device=self._device)
        virial = self._loss.needs_virial or labels.pressure is not None
        bonded = self._bonded[series]
        found = derivatives(
            self.potential, positions, self._types[series], box, virial=virial,
            create_graph=create_graph, bonded=bonded,
            pairs=self._pairs.pairs(series, frames, positions, box, bonded),
            temperature=one.state.temperature,
        )  # fmt: skip
        return found, labels

    def _save(self) -> None:
        tensors = state_tensors(self.potential, self._average, self._optimizer)
        # Architectures may draw random numbers of their own, such as those of a dropout.
        tensors["random"] = torch.get_rng_state()
        content = {
            "progress": asdict(self._progress),
            "rate": self._rate.state(),
            "running": self._loss.running,
            "seed": self._seed,
        }
        save_checkpoint(self.last, tensors, content)

    def _restore(self) -> None:
        tensors, content = load_checkpoint(self.last)
        restore_state(tensors, self.potential, self._average, self._optimizer)
        torch.set_rng_state(tensors["random"])
        progress: dict[str, Any] = content["progress"]
        self._progress = Progress(**(progress | {"sums": ErrorSums(**progress["sums"])}))
        self._rate.restore(content["rate"])
        self._loss.running = dict(content["running"])


def _by_series(frames: Sequence[FrameAddress]) -> Iterator[tuple[int, list[int]]]:
    """Indices of the frames of every series that is among them."""
    for series in sorted({number for number, _ in frames}):
        yield series, [index for number, index in frames if number == series]


class _Pace:
    """Seconds per step, of this run of the program."""

    def __init__(self) -> None:
        self._start, self._steps = time.monotonic(), 0

    def step(self) -> None:
        self._steps += 1

    def left(self, steps: int) -> float | None:
        """Seconds that ``steps`` take."""
        return steps * (time.monotonic() - self._start) / self._steps if self._steps else None
