"""What is minimised: errors of forces, energies, virials and pressures, each relative to its own spread.

L = w_F <|F - F*|^2>/<|F*|^2> + w_E <(E - E*)^2/N^2>/s_E^2 + w_W <|W - W*|^2/N^2>/s_W^2 + w_p sum_s p_s^2

with energies per particle less those of their types, and s their spread over the training frames. p_s is the
mean over the frames of a series of N k T/V + tr W/(3 V) - p*, in units of N k T/V: it is the mean that must
be zero, not the pressure of every frame, which fluctuates as it should. Of the square of a mean that one
batch does not know, the gradient is 2 <p_s> dp_s: a running mean of p_s stands before that of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from cgbridge.config.training_section import LossSection
from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_set import DataSet, FrameAddress
from cgbridge.frames import FloatArray
from cgbridge.models.neural.derivatives import Derivatives
from cgbridge.units import BAR_NM3, GAS_CONSTANT

#: Weight of the old value in the running mean of a pressure, per batch.
_MEMORY = 0.9
#: From so many spreads on an error counts linearly, with kind: huber.
_HUBER = 1.0


@dataclass(frozen=True)
class Scales:
    """Spreads of the labels over the training frames, and the energies of the types in kJ/mol."""

    force: float
    energy: float = 1.0
    virial: float = 1.0
    type_energies: tuple[float, ...] = ()


def label_scales(data: DataSet, frames: Sequence[FrameAddress], *, energies: bool, virials: bool) -> Scales:
    """Spreads and reference energies; raises :class:`ConfigError` for labels that are missing."""
    force, energy, virial = data.force_spread(frames), 1.0, 1.0
    reference: tuple[float, ...] = ()
    if energies:
        found, rest = reference_energies(data, frames)
        reference, energy = tuple(map(float, found)), max(float(np.std(rest)), 1e-6)
    if virials:
        parts = []
        for number, index in frames:
            series = data.series[number]
            if series.virial is None:
                raise ConfigError(
                    f"{series.name} has no virials", where="training.loss.virials", remedy="set it to 0"
                )
            parts.append(series.virial[index] / series.particles)
        virial = max(float(np.std(parts)), 1e-6)
    return Scales(force, energy, virial, reference)


def reference_energies(data: DataSet, frames: Sequence[FrameAddress]) -> tuple[FloatArray, FloatArray]:
    """Energies of the types that explain most of the labels, in kJ/mol, and what is left per particle.

    Least squares; of all that are equally good, as with one composition only, the shortest.
    """
    counts, energies = [], []
    for number, index in frames:
        series = data.series[number]
        assert series.energy is not None  # looked at when the file was read
        counts.append(np.bincount(data.type_indices(series), minlength=len(data.types)))
        energies.append(series.energy[index])
    numbers, values = np.array(counts, dtype=float), np.array(energies)
    found, *_ = np.linalg.lstsq(numbers, values, rcond=None)
    return found, (values - numbers @ found) / numbers.sum(axis=1)


@dataclass(frozen=True)
class Labels:
    """Labels of B frames of one series; pressures in units of N k T/V, NaN where there are none."""

    forces: Tensor
    volume: Tensor
    ideal: float
    particles: int
    energy: Tensor | None = None
    virial: Tensor | None = None
    pressure: Tensor | None = None


@dataclass
class ErrorSums:
    """Sums of squared errors over frames, for means at the end of an epoch."""

    force: float = 0.0
    components: int = 0
    energy: float = 0.0
    virial: float = 0.0
    frames: int = 0
    pressure: dict[str, list[float]] = field(default_factory=dict)

    def add(self, found: Derivatives, labels: Labels, series: int) -> None:
        """Take in the errors of some frames."""
        with torch.no_grad():
            self.force += float((found.forces - labels.forces).square().sum())
            self.components += labels.forces.numel()
            self.frames += len(labels.forces)
            if labels.energy is not None:
                self.energy += float(((found.energy - labels.energy) / labels.particles).square().sum())
            if labels.virial is not None and found.virial is not None:
                error = (found.virial - labels.virial) / labels.particles
                self.virial += float(error.square().sum())
            if labels.pressure is not None:
                sums = self.pressure.setdefault(str(series), [0.0, 0.0])
                sums[0] += float(pressure_error(found, labels).sum())
                sums[1] += len(labels.forces)

    @property
    def pressures(self) -> dict[int, float]:
        """Mean error of the pressure of every series, in units of the ideal pressure."""
        return {int(number): total / count for number, (total, count) in self.pressure.items()}


def pressure_error(found: Derivatives, labels: Labels) -> Tensor:
    """Of every frame, in units of N k T/V."""
    assert found.virial is not None and labels.pressure is not None
    trace = torch.diagonal(found.virial, dim1=-2, dim2=-1).sum(-1)
    ideal = labels.ideal * labels.particles / labels.volume
    return 1.0 + trace / (3.0 * labels.volume) / ideal - labels.pressure


class Loss:
    """The loss of a batch that comes in parts, one for every series in it.

    ``running`` holds the running means of the pressures, which belong to a checkpoint.
    """

    def __init__(self, section: LossSection, energy_weight: float, scales: Scales) -> None:
        self._section, self._energies, self.scales = section, energy_weight, scales
        self.running: dict[str, float] = {}

    @property
    def needs_virial(self) -> bool:
        """Whether virials of the model are looked at."""
        return self._section.virials > 0.0 or self._section.pressure > 0.0

    def part(self, found: Derivatives, labels: Labels, series: int, total: ErrorSums) -> Tensor:
        """What some frames add to the loss of a batch that has the components and frames of ``total``."""
        section, scales, count = self._section, self.scales, labels.particles
        errors = (found.forces - labels.forces) / scales.force
        loss = section.forces * self._size(errors).sum() / total.components
        if self._energies and labels.energy is not None:
            errors = (found.energy - labels.energy) / count / scales.energy
            loss = loss + self._energies * self._size(errors).sum() / total.frames
        if section.virials and labels.virial is not None and found.virial is not None:
            errors = (found.virial - labels.virial) / count / scales.virial
            loss = loss + section.virials * errors.square().sum() / (9 * total.frames)
        if section.pressure and labels.pressure is not None:
            mean = pressure_error(found, labels).mean()
            now = float(mean.detach())
            known = self.running.get(str(series))
            kept = now if known is None else _MEMORY * known + (1.0 - _MEMORY) * now
            self.running[str(series)] = kept
            share = len(labels.forces) / total.frames
            # The value is that of the square, the gradient that of 2 <p> p.
            loss = loss + section.pressure * share * (2.0 * kept * (mean - now) + kept**2)
        return loss

    def value(self, sums: ErrorSums) -> float:
        """The loss of whole sums, with squares of all errors."""
        section, scales = self._section, self.scales
        loss = section.forces * sums.force / max(sums.components, 1) / scales.force**2
        loss += self._energies * sums.energy / max(sums.frames, 1) / scales.energy**2
        loss += section.virials * sums.virial / max(9 * sums.frames, 1) / scales.virial**2
        pressures = sums.pressures.values()
        return loss + section.pressure * sum(p**2 for p in pressures) / max(len(pressures), 1)

    def _size(self, errors: Tensor) -> Tensor:
        if self._section.kind == "squares":
            return errors.square()
        small = errors.abs() <= _HUBER
        return torch.where(small, errors.square(), _HUBER * (2.0 * errors.abs() - _HUBER))


def labels_of(data: DataSet, series: int, frames: Sequence[int], *, energies: bool, device: str) -> Labels:
    """Labels of some frames of one series, in double precision."""
    one = data.series[series]
    chosen = np.asarray(frames)

    def tensor(values: FloatArray) -> Tensor:
        return torch.from_numpy(np.asarray(values[chosen], dtype=np.float64)).to(device)

    kelvin, pressure = one.state.temperature, None
    kt = GAS_CONSTANT * (kelvin or 0.0)
    if kelvin is not None and one.pressure is not None:
        pressure = tensor(one.pressure * BAR_NM3 * one.volume / (one.particles * kt))
    return Labels(
        forces=tensor(np.asarray(one.forces)),
        volume=tensor(one.volume),
        ideal=kt,
        particles=one.particles,
        energy=tensor(one.energy) if energies and one.energy is not None else None,
        virial=tensor(one.virial) if one.virial is not None else None,
        pressure=pressure,
    )
