"""Relative entropy: weights are changed until the model's own averages are those of the frames.

S = sum over states of the mean of ln(p/p_model) over the frames of the atoms, whose gradient is

    dS/dw = beta [<dU/dw>_frames - <dU/dw>_model],

the second average over the dynamics of the model in the same ensemble (Shell, doi:10.1063/1.2992060). At
constant pressure the volume belongs to both averages, so that the density comes out right as well. Forces
(Noid et al., doi:10.1063/1.2938860) and relative entropy have the same minimum for a perfect model; a model
of few weights has the best structure at the second, and is near to it from the first on. What averages leave
open, the error of the forces holds: it stays part of what is minimised, per particle

    L = S/N + w L_forces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cgbridge.config.relative_entropy_section import RelativeEntropySection
from cgbridge.engine.molecular_dynamics import Dynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import CgbridgeError, UnstableError
from cgbridge.fits.training.checkpoint import load_checkpoint, save_checkpoint
from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.loop import Training
from cgbridge.fits.training.loss_curves import LossCurves
from cgbridge.fits.training.training_state import restore_state, state_tensors
from cgbridge.fits.training.weight_average import WeightAverage, put
from cgbridge.frames import FloatArray
from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.model import NeuralModel
from cgbridge.models.neural.neighbour_sums import only_gradients_of_weights
from cgbridge.models.neural.potential import NeuralPotential
from cgbridge.rng import derive_seed
from cgbridge.structures.lattices import Box
from cgbridge.units import GAS_CONSTANT

#: Fraction of the learning rate at the end.
_END = 0.01
#: Frames whose energies are computed together.
_AT_ONCE = 8


@dataclass
class _State:
    """One series whose state is simulated: where the model's run stands."""

    number: int
    series: Series
    types: Tensor
    bonded: Bonded | None
    box: Box

    @property
    def kelvin(self) -> float:
        assert self.series.state.temperature is not None
        return self.series.state.temperature


class Refinement:
    """The relative entropy of one trained network is lowered; :meth:`run` goes on with what is in ``folder``.

    ``model_of`` makes what can be simulated of the potential.
    """

    def __init__(
        self,
        training: Training,
        section: RelativeEntropySection,
        model_of: Callable[[NeuralPotential], NeuralModel],
        *,
        seed: int,
        folder: Path,
    ) -> None:
        self._training, self._section, self._model_of = training, section, model_of
        self._potential, self._seed, self._folder = training.potential, seed, folder
        self._device = training.section.device
        self._weights = [value for value in self._potential.parameters() if value.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=section.rate, weight_decay=0.0)
        self._average = WeightAverage(self._potential, 0.95)
        trained = {number for number, _ in training.split.train}
        self._states = [
            self._first(number, series)
            for number, series in enumerate(training.data.series)
            if series.is_state and number in trained
        ]
        self._done = 0

    @property
    def last(self) -> Path:
        """The checkpoint that a stopped refinement goes on with."""
        return self._folder / "refined.safetensors"

    def run(self, display: Callable[[int, dict[str, float]], None]) -> None:
        """All iterations; afterwards the potential has the running mean of its weights.

        Raises :class:`UnstableError` when dynamics break down at once.
        """
        if self.last.exists():
            self._restore()
        curves = LossCurves(self._folder / "refinement.csv", last=self._done)
        while self._done < self._section.iterations:
            row = self._iterate()
            self._done += 1
            curves.append({"epoch": self._done} | row)
            self._save()
            display(self._done, row)
        curves.close()
        put(self._potential, self._average.weights)

    def _iterate(self) -> dict[str, float]:
        number, section = self._done, self._section
        half = 0.5 * (1.0 + math.cos(math.pi * number / section.iterations))
        for group in self._optimizer.param_groups:
            group["lr"] = section.rate * (_END + (1.0 - _END) * half)
        model, row = self._model_of(self._potential), {"rate": self._optimizer.param_groups[0]["lr"]}
        self._optimizer.zero_grad(set_to_none=True)
        random = np.random.default_rng(derive_seed(self._seed, "refinement", number))
        if section.forces:
            train = self._training.split.train
            batch = [train[int(i)] for i in random.choice(len(train), self._training.section.batch)]
            row["forces"] = self._training.backward(batch, section.forces)
        for state in self._states:
            boxes = self._simulate(model, state, number)
            own = [place for series, place in self._training.split.train if series == state.number]
            chosen = random.choice(own, min(len(boxes), len(own)), replace=False)
            frames = [_frame(state.series, int(place)) for place in sorted(chosen)]
            there = self._push(state, frames, 1.0)
            here = self._push(state, [(box.positions, box.vectors) for box in boxes], -1.0)
            row[f"energy_{state.number}"] = (here - there) / state.series.particles
            volume = np.mean([abs(np.linalg.det(box.vectors)) for box in boxes])
            row[f"volume_{state.number}"] = float(volume / state.series.volume.mean())
        limit = self._training.section.clip or math.inf
        row["gradient"] = float(torch.nn.utils.clip_grad_norm_(self._weights, limit))
        if not math.isfinite(row["gradient"]):
            raise CgbridgeError(
                f"the refinement broke down in iteration {number + 1}: the gradient is no number",
                where=str(self._folder),
                remedy="lower relative_entropy.rate, and start over with --fresh",
            )
        self._optimizer.step()
        self._average.update(number)
        return row

    def _push(self, state: _State, frames: Sequence[tuple[FloatArray, FloatArray]], sign: float) -> float:
        """Add the gradient of ``sign`` beta <U> per particle of a state; returns <U> in kJ/mol."""
        beta = 1.0 / (GAS_CONSTANT * state.kelvin)
        factor = sign * beta / (state.series.particles * len(self._states) * len(frames))
        total = 0.0
        for first in range(0, len(frames), _AT_ONCE):
            some = frames[first : first + _AT_ONCE]
            positions, box = (
                torch.from_numpy(np.stack(parts)).to(self._device) for parts in zip(*some, strict=True)
            )
            energies = self._potential(
                positions, state.types, box, bonded=state.bonded, temperature=state.kelvin
            )
            with only_gradients_of_weights():
                (factor * energies.sum()).backward(inputs=self._weights)
            total += float(energies.detach().sum())
        return total / len(frames)

    def _simulate(self, model: NeuralModel, state: _State, number: int) -> list[Box]:
        """Go on with the run of a state; a run that breaks down begins anew at a frame of the atoms."""
        section, known = self._section, state.series.state
        settings = EngineSettings("auto", 1, section.timestep, friction=section.friction)
        pressed = known.npt and known.pressure is not None
        seed = derive_seed(self._seed, state.series.name, number)
        for attempt in range(2):
            dynamics = Dynamics(
                model,
                state.box,
                settings,
                temperature=state.kelvin,
                pressure=known.pressure if pressed and known.pressure is not None else 1.0,
                barostat="isotropic" if pressed else "none",
                topology=state.series.topology,
                seed=seed,
            )
            dynamics.heat()
            try:
                boxes = []
                for _ in range(max(1, round(section.time / section.interval))):
                    dynamics.equilibrate(section.interval)
                    boxes.append(dynamics.box())
                state.box = boxes[-1]
                return boxes
            except UnstableError as error:
                if attempt:
                    raise UnstableError(
                        f"the dynamics of {state.series.name} broke down in iteration {number + 1} of the "
                        f"refinement, twice: {error.what}",
                        where="relative_entropy",
                        remedy="more epochs of force matching before it, a lower relative_entropy.rate, or a "
                        "shorter relative_entropy.timestep",
                    ) from None
                state.box = self._first(state.number, state.series, number + 1).box
        raise AssertionError("unreachable")

    def _first(self, number: int, series: Series, draw: int = 0) -> _State:
        """At a frame of the series."""
        data, topology = self._training.data, series.topology
        place = int(np.random.default_rng(derive_seed(self._seed, series.name, draw)).integers(len(series)))
        positions, box = _frame(series, place)
        return _State(
            number,
            series,
            torch.from_numpy(data.type_indices(series)).to(self._device),
            Bonded.of(topology, self._device) if topology.bonds or topology.exclusions else None,
            Box.of(positions, box, topology.types),
        )

    def _save(self) -> None:
        tensors = state_tensors(self._potential, self._average, self._optimizer)
        for number, state in enumerate(self._states):
            tensors[f"positions.{number}"] = torch.from_numpy(state.box.positions)
            tensors[f"box.{number}"] = torch.from_numpy(np.ascontiguousarray(state.box.vectors))
        content: dict[str, Any] = {"done": self._done, "running": self._training.running, "seed": self._seed}
        save_checkpoint(self.last, tensors, content)

    def _restore(self) -> None:
        tensors, content = load_checkpoint(self.last)
        restore_state(tensors, self._potential, self._average, self._optimizer)
        for number, state in enumerate(self._states):
            places, vectors = tensors[f"positions.{number}"].numpy(), tensors[f"box.{number}"].numpy()
            state.box = Box.of(places, vectors, state.series.topology.types)
        self._training.running.update(content["running"])
        self._done = int(content["done"])


def _frame(series: Series, place: int) -> tuple[FloatArray, FloatArray]:
    return series.positions[place].astype(np.float64), np.asarray(series.box[place], dtype=np.float64)
