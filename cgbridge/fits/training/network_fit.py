"""Neural networks by force matching: data and priors in, a committee of trained potentials out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cgbridge.config.section import Section
from cgbridge.errors import ConfigError
from cgbridge.extras import require
from cgbridge.fits.durations import duration_words
from cgbridge.fits.training.data_priors import priors_of
from cgbridge.fits.training.mappings import mapping_of
from cgbridge.fits.training.molecules import molecules_in
from cgbridge.fits.training.shortest_distances import shortest_distances
from cgbridge.fits.training.trainer import Rows, Task, Trained
from cgbridge.frames import FloatArray, Frame
from cgbridge.models.beads import Bead
from cgbridge.models.neural.architecture import build
from cgbridge.models.neural.settings import NetworkSettings
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors
from cgbridge.topology import Topology

if TYPE_CHECKING:
    from cgbridge.fits.training.loop import Told, Training
    from cgbridge.fits.training.losses import Scales
    from cgbridge.models.neural.model import NeuralModel
    from cgbridge.models.neural.potential import NeuralPotential

#: Frames that the scales of descriptors are taken from.
_CALIBRATION = 10
_PRIORS = ("repulsion", "bonds", "angles")


class NetworkTrainer:
    """Trains one network for every member of the committee, with seeds of their own."""

    settings: type[Section] = NetworkSettings
    takes = frozenset(
        {"committee", "start", "tensorboard", "loss.pressure", "loss.virials", "relative_entropy"}
    )

    def __init__(self, task: Task, settings: Any) -> None:
        self._task, self._settings = task, settings
        self._name = task.config.model.architecture
        self._section = task.config.training
        given = task.config.model.priors
        self._priors = given if given is not None else () if task.config.with_energies else _PRIORS
        if self._section.loss.pressure > 0.0:
            task.data.require_pressures()
        if self._section.tensorboard:
            where, instead = "training.tensorboard", "leave it out: curves.csv holds the same"
            require(("tensorboard",), "writing curves for it", where=where, instead=instead)
        if settings.temperatures is not None:
            task.data.require_temperatures()
        self._start = self._known_weights()

    def _known_weights(self) -> NeuralModel | None:
        """The network of ``training.start``; raises :class:`ConfigError` for one of another kind."""
        if self._section.start is None:
            return None
        from cgbridge.models.neural.model import NeuralModel

        path = self._task.input_folder / self._section.start
        found = NeuralModel.load(path)
        if len(found.members) not in (1, self._section.committee):
            raise ConfigError(
                f"{path} holds {len(found.members)} networks, and {self._section.committee} are trained",
                where="training.start",
                remedy=f"train as many: committee: {len(found.members)}",
            )
        wanted = {
            "architecture": (found.architecture, self._name),
            "settings": (found.settings, self._settings),
            "types": (found.bead_names, tuple(self._task.data.types)),
        }
        for what, (there, here) in wanted.items():
            if there != here:
                raise ConfigError(
                    f"the network of {path} has other {what}: {there}, not {here}",
                    where="training.start",
                    remedy="begin with a network of the same kind, or without one",
                )
        return found

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Which cores nothing is known of; weights that are given have cores of their own."""
        if "repulsion" not in self._priors or self._start is not None:
            return ()
        return shortest_distances(self._task.data, self._task.split.train, self._settings.cutoff).notes

    def describe(self) -> Rows:
        section = self._section
        steps = -(-len(self._task.split.train) // section.batch)
        potential = self._potential(0)
        return [
            ("network", f"{self._name}, cutoff {self._settings.cutoff:g} nm"),
            ("parameters", str(potential.parameter_count)),
            ("priors", ", ".join(prior.name for prior in potential.known) or "none"),
            ("training", f"{section.committee} x {section.epochs} epochs of {steps} steps"),
            *self._refinement_rows(),
        ]

    def _refinement_rows(self) -> Rows:
        section = self._task.config.relative_entropy
        if section is None:
            return []
        states = sum(one.is_state for one in self._task.data.series)
        time = section.iterations * section.time * states * self._section.committee
        words = (
            f"{section.iterations} iterations of {section.time:g} ps at {states} states: {time:g} ps in all"
        )
        return [("relative entropy", words)]

    def run(self, folder: Path, display: Callable[[Rows], None]) -> Trained:
        import torch

        from cgbridge.fits.training.loop import Training
        from cgbridge.fits.training.losses import Loss

        torch.set_num_threads(self._section.threads)
        task, count = self._task, self._section.committee
        potentials: list[NeuralPotential] = []
        members = []
        for number in range(count):
            place = folder / str(number + 1)
            with storage_errors(place):
                place.mkdir(parents=True, exist_ok=True)
            torch.manual_seed(derive_seed(self._section.seed, "torch", number))
            potential = self._potential(number)
            if number and getattr(self._settings, "shared_descriptors", False):
                potential.share_descriptors(potentials[0])
            loss = Loss(self._section.loss, task.config.energy_weight, self._scales)
            seed = derive_seed(self._section.seed, "training", number)
            training = Training(
                potential, task.data, task.split, self._section, loss=loss, seed=seed, folder=place
            )
            ended = training.run(lambda told, number=number: display(self._rows(told, number)))  # type: ignore[misc]
            self._refine(training, number, place, display)
            potentials.append(potential)
            members.append(
                {
                    "best": ended.best if ended.best_epoch else None,
                    "best_epoch": ended.best_epoch,
                    "epochs": ended.epoch - 1,
                    "ended": ended.ended,
                }
            )
        summary = {
            "parameters": potentials[0].parameter_count,
            "members": members,
            "scales": asdict(self._scales),
        }
        return self._trained(potentials, summary)

    def _refine(self, training: Training, number: int, folder: Path, display: Callable[[Rows], None]) -> None:
        """Lower the relative entropy of a trained member, where the fit asks for it."""
        section = self._task.config.relative_entropy
        if section is None:
            return
        from cgbridge.fits.training.refinement import Refinement

        seed = derive_seed(self._section.seed, "refinement", number)
        refinement = Refinement(
            training, section, lambda potential: self._model([potential]), seed=seed, folder=folder
        )
        member = [("network", f"{number + 1} of {self._section.committee}")]

        def tell(done: int, row: dict[str, float]) -> None:
            volumes = [f"{value:.4f}" for name, value in row.items() if name.startswith("volume")]
            rows = [("relative entropy, iteration", f"{done} of {section.iterations}")]
            rows.append(("volume by that of the frames", " ".join(volumes)))
            display([*(member if self._section.committee > 1 else []), *rows])

        refinement.run(tell)

    def write(self, trained: Trained, folder: Path) -> None:
        from cgbridge.models.neural.model import NeuralModel

        assert isinstance(trained.model, NeuralModel)
        trained.model.save(folder / "model.cgnn")

    def _trained(self, potentials: list[NeuralPotential], summary: dict[str, Any]) -> Trained:
        """The model of all members, with a frame to test itself by."""
        task, model = self._task, self._model(potentials)
        number, index = task.split.validation[0]
        series = task.data.series[number]
        place = series.positions[index].astype(np.float64)
        return Trained(
            model.with_example(place, series.box[index], series.topology),
            spread=committee_spread(model) if len(potentials) > 1 else None,
            summary=summary,
        )

    def _model(self, potentials: list[NeuralPotential]) -> NeuralModel:
        """What can be simulated."""
        from cgbridge.models.neural.model import NeuralModel

        task, name = self._task, self._task.config.name
        return NeuralModel.of_potentials(
            re.sub(r"[^\w.-]+", "-", name),
            self._name,
            self._settings,
            [Bead(bead, task.data.masses.get(bead)) for bead in task.data.types],
            potentials,
            molecules=molecules_in(task.data),
            mapping=mapping_of(task.data.series),
            description=f"Fitted to forces by cgbridge (fit '{name}').",
            source=f"cgbridge {version('cgbridge')}",
            provenance={
                "files": [one.name for one in task.data.series],
                "states": [asdict(one.state) for one in task.data.series],
                "frames": len(task.split.train),
                "reference_energies": dict(zip(task.data.types, self._scales.type_energies, strict=False)),
            },
        )

    @cached_property
    def _scales(self) -> Scales:
        from cgbridge.fits.training.losses import label_scales

        config = self._task.config
        return label_scales(
            self._task.data, self._task.split.train, energies=config.with_energies,
            virials=config.training.loss.virials > 0.0,
        )  # fmt: skip

    def _potential(self, number: int) -> NeuralPotential:
        """A new potential of member ``number``: random weights, priors and scales from the data."""
        import copy

        import torch

        task = self._task
        if self._start is not None:
            return copy.deepcopy(self._start.members[number % len(self._start.members)]).train()
        priors = priors_of(self._priors, task.data, task.split.train, self._settings.cutoff)
        seed = derive_seed(self._section.seed, "weights", number)
        potential = build(self._name, self._settings, task.data.types, priors=priors, seed=seed)
        if self._scales.type_energies:
            potential.type_energies.copy_(torch.tensor(self._scales.type_energies, dtype=torch.float64))
        self._calibrate(potential)
        return potential

    def _calibrate(self, potential: NeuralPotential) -> None:
        """To frames of the largest series: scales are one for all, and frames of one size go together."""
        import torch

        task = self._task
        number = max(range(len(task.data.series)), key=lambda n: sum(s == n for s, _ in task.split.train))
        series = task.data.series[number]
        own = [index for s, index in task.split.train if s == number]
        chosen = [
            own[int(i)]
            for i in np.unique(np.linspace(0, len(own) - 1, min(_CALIBRATION, len(own))).astype(int))
        ]
        potential.calibrate(
            torch.from_numpy(series.positions[chosen].astype(np.float64)),
            torch.from_numpy(task.data.type_indices(series)),
            torch.from_numpy(series.box[chosen]),
        )

    def _rows(self, told: Told, number: int) -> Rows:
        noise = self._task.data.noise
        members = self._section.committee
        rows = [
            ("epoch", f"{told.epoch} of {told.epochs}"),
            ("force error", f"{told.train:.4g} train, {told.validation:.4g} validation kJ/mol/nm"),
            ("rate", f"{told.rate:.2g}"),
            ("time left", duration_words(self._left(told, number))),
        ]
        if noise is not None:
            rows.insert(2, ("noise", f"{noise:.4g} kJ/mol/nm"))
        return [("network", f"{number + 1} of {members}"), *rows] if members > 1 else rows

    def _left(self, told: Told, number: int) -> float | None:
        """Of all members, at the pace of this one."""
        if told.seconds_left is None or told.epoch == 0:
            return None
        rest = told.epochs - told.epoch
        per_epoch = told.seconds_left / rest if rest else 0.0
        return told.seconds_left + per_epoch * told.epochs * (self._section.committee - 1 - number)


def committee_spread(model: NeuralModel) -> Callable[[Frame, Topology, float], FloatArray]:
    """The disagreement of a committee at a temperature in K: sqrt(sum_m |F_m - F|^2/(k - 1)) by particle."""
    import torch

    from cgbridge.models.neural.bonded import Bonded
    from cgbridge.models.neural.committee import Committee
    from cgbridge.models.neural.potential import types_of

    committee = model.potential
    assert isinstance(committee, Committee)

    def spread(frame: Frame, topology: Topology, temperature: float) -> FloatArray:
        types = types_of(topology.types, model.bead_names)
        positions, box = (
            torch.from_numpy(np.asarray(x, dtype=np.float64)) for x in (frame.positions, frame.box)
        )
        found = committee.disagreement(
            positions, types, box, bonded=Bonded.of(topology),
            temperature=model.at(temperature).state_temperature,
        )  # fmt: skip
        return np.asarray(found.detach().numpy(), dtype=np.float64)

    return spread
