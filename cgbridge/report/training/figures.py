"""Pictures of a training: loss curves, parity of forces, pair energies, structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cgbridge.report.figures.canvas import (
    MODEL,
    MUTED,
    REFERENCE,
    THIRD,
    Figure,
    draw,
    legend_above,
    log_axis,
)
from cgbridge.report.training.record import TrainingRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_figures(run: TrainingRecord) -> list[Figure]:
    """Force errors by epoch, training and validation, with the noise of the labels."""
    if not any(run.members):
        return []

    def paint(axes: Axes) -> None:
        for number, rows in enumerate(run.members):
            epoch = [row["epoch"] for row in rows]
            first = number == 0
            axes.plot(
                epoch, [row["train_force"] for row in rows], color=REFERENCE, alpha=0.7,
                label="training" if first else None,
            )  # fmt: skip
            axes.plot(
                epoch, [row["validation_force"] for row in rows], color=MODEL,
                label="validation" if first else None,
            )  # fmt: skip
        if run.noise:
            axes.axhline(run.noise, color=MUTED, linestyle="--", label="noise of the labels")
        log_axis(axes)
        axes.set_xlabel("epoch")
        axes.set_ylabel("force error (kJ/mol/nm)")
        legend_above(axes)

    several = f", {len(run.members)} networks" if len(run.members) > 1 else ""
    caption = (
        f"Root mean square error of a component of the forces by epoch{several}: of the weights as they were "
        "while they were trained, and of their running mean on frames held back."
    )
    return [draw("loss", "Loss curves", caption, paint)]


#: Colours of states.
_STATES = (MODEL, REFERENCE, THIRD, MUTED)


def refinement_figures(run: TrainingRecord) -> list[Figure]:
    """What dynamics at every state gave by iteration, beside the frames; of the first network."""
    if not run.refinements or not run.refinements[0]:
        return []
    rows, names = run.refinements[0], [one["name"] for one in run.data.get("series", [])]
    iteration = np.array([row["epoch"] for row in rows])
    states = [key.removeprefix("volume_") for key in rows[0] if key.startswith("volume_")]

    def paint(axes: Axes, quantity: str, middle: float, label: str) -> None:
        axes.axhline(middle, color=MUTED, linewidth=1.0)
        for place, number in enumerate(states):
            values = np.array([row[f"{quantity}_{number}"] for row in rows])
            color = _STATES[place % len(_STATES)]
            # The runs of an iteration are short: means over a tenth of all tell more.
            width = max(1, len(values) // 10)
            mean = np.convolve(values, np.ones(width) / width, "valid")
            axes.plot(iteration, values, color=color, alpha=0.25, linewidth=0.8)
            axes.plot(iteration[width - 1 :], mean, color=color, label=names[int(number)])
        axes.set_xlabel("iteration")
        axes.set_ylabel(label)
        legend_above(axes)

    caption = "of the model by iteration, and the running mean over a tenth of all."
    return [
        draw(
            "refinement-volume", "Volume beside the frames",
            f"Mean volume {caption} At constant pressure it goes to that of the frames.",
            lambda axes: paint(axes, "volume", 1.0, "volume / that of the frames"),
        ),
        draw(
            "refinement-energy", "Energy beside the frames",
            f"Mean energy {caption} Where the model's own frames have the same energy as those of the atoms, "
            "it gains nothing by going elsewhere.",
            lambda axes: paint(axes, "energy", 0.0, "difference (kJ/mol per bead)"),
        ),
    ]  # fmt: skip


def parity_figures(run: TrainingRecord) -> list[Figure]:
    """Forces of the model against their labels."""
    parity = run.curves.get("parity")
    if not parity:
        return []
    label, model = np.array(parity["label"]), np.array(parity["model"])

    def paint(axes: Axes) -> None:
        reach = float(np.abs(label).max())
        axes.plot([-reach, reach], [-reach, reach], color=MUTED, linewidth=1.0)
        axes.plot(label, model, ".", color=MODEL, markersize=2.0, alpha=0.5)
        axes.set_xlabel("label (kJ/mol/nm)")
        axes.set_ylabel("model (kJ/mol/nm)")

    caption = (
        "Components of forces on validation frames. Labels of mapped forces carry the noise of the atoms "
        "that a bead hides: the cloud is wide even for the exact model."
    )
    return [draw("parity", "Forces beside their labels", caption, paint)]


def energy_figures(run: TrainingRecord) -> list[Figure]:
    """Pair energies of a linear fit."""
    return [
        _energy(number, name, curve)
        for number, (name, curve) in enumerate(run.curves.get("curves", {}).items())
    ]


def _energy(number: int, name: str, curve: Any) -> Figure:
    r, u, error = (np.array(part, dtype=float) for part in curve)

    def paint(axes: Axes) -> None:
        axes.fill_between(10.0 * r, u - error, u + error, color=MODEL, alpha=0.25, linewidth=0)
        axes.plot(10.0 * r, u, color=MODEL)
        low = float(u[np.argmin(u) :].min())
        axes.set_ylim(low - 0.5 * abs(low) - 0.2, max(2.0 * abs(low), 3.0))
        axes.set_xlabel("distance (Å)")
        axes.set_ylabel("energy (kJ/mol)")

    title = f"Pair {name}"
    return draw(
        f"pair-{number}", title, f"{title} (kJ/mol) against distance (Å), with standard errors.", paint
    )


def learning_figures(run: TrainingRecord) -> list[Figure]:
    """Disagreement and force error by round of active learning."""
    if not run.rounds:
        return []
    numbers = list(range(1, len(run.rounds) + 1))

    def values(key: str) -> list[float]:
        return [np.nan if one[key] is None else float(one[key]) for one in run.rounds]

    def paint(axes: Axes) -> None:
        axes.plot(numbers, values("largest"), "o-", color=MODEL, label="largest")
        axes.plot(numbers, values("median"), "o-", color=REFERENCE, label="median")
        axes.plot(numbers, values("force_error"), "s-", color=THIRD, label="force error")
        axes.step(
            [0.5, *[number + 0.5 for number in numbers]], [values("threshold")[0], *values("threshold")],
            color=MUTED, linestyle="--", label="threshold",
        )  # fmt: skip
        axes.set_xlim(0.5, len(numbers) + 0.5)
        axes.set_xticks(numbers)
        log_axis(axes)
        axes.set_xlabel("round")
        axes.set_ylabel("kJ/mol/nm")
        legend_above(axes)

    caption = (
        "How far the networks of each round are apart about the force on a bead, over all looks at their "
        "dynamics, and their force error on frames held back. Frames above the threshold are labelled."
    )
    return [draw("rounds", "Disagreement by round", caption, paint)]


def structure_figures(run: TrainingRecord) -> list[Figure]:
    """g(r) and angles of the model beside those of the data, state by state."""
    found = []
    for number, state in enumerate(run.dynamics):
        place = f"{state['series']}, {state['temperature']:g} K"
        for pair, curve in state.get("rdf", {}).items():
            found.append(_rdf(f"rdf-{number}-{pair}", f"g(r) {pair}, {place}", curve))
        if state.get("angles"):
            found.append(_angles(f"angles-{number}", f"Angles, {place}", state["angles"]))
        for name, curve in state.get("bonded", {}).items():
            if curve["x"]:
                found.append(
                    _bonded(f"bonded-{number}-{name}", f"{name[0].upper() + name[1:]}, {place}", curve)
                )
    return found


def _rdf(key: str, title: str, curve: Mapping[str, Any]) -> Figure:
    r, reference, model, error = (
        np.array(curve[name], dtype=float) for name in ("r", "reference", "model", "stderr")
    )

    def paint(axes: Axes) -> None:
        axes.plot(10.0 * r, reference, color=REFERENCE, label="data")
        axes.fill_between(10.0 * r, model - error, model + error, color=MODEL, alpha=0.25, linewidth=0)
        axes.plot(10.0 * r, model, color=MODEL, label="model")
        axes.plot(10.0 * r, model - reference, color=THIRD, linewidth=1.0, label="difference")
        axes.set_xlabel("distance (Å)")
        axes.set_ylabel("g(r)")
        legend_above(axes)

    halves = "" if curve["halves"] is None else f"; two halves of the data differ by {curve['halves']:.2g} nm"
    caption = (
        f"g(r) against distance (Å). The integral of the difference is {curve['difference']:.3g} ± "
        f"{curve['error']:.1g} nm{halves}."
    )
    return draw(_plain(key), title, caption, paint)


def _angles(key: str, title: str, curve: Mapping[str, Any]) -> Figure:
    def paint(axes: Axes) -> None:
        axes.plot(curve["theta"], curve["reference"], color=REFERENCE, label="data")
        axes.plot(curve["theta"], curve["model"], color=MODEL, label="model")
        axes.set_xlabel("angle (°)")
        axes.set_ylabel("P(angle) (1/°)")
        legend_above(axes)

    caption = (
        f"Angles between neighbours of the first shell; the two curves overlap by {curve['overlap']:.3f}."
    )
    return draw(key, title, caption, paint)


def _bonded(key: str, title: str, curve: Mapping[str, Any]) -> Figure:
    scale, unit = (10.0, "Å") if curve["unit"] == "nm" else (1.0, curve["unit"])
    x = scale * np.array(curve["x"])

    def paint(axes: Axes) -> None:
        axes.plot(x, np.array(curve["reference"]) / scale, color=REFERENCE, label="data")
        axes.plot(x, np.array(curve["model"]) / scale, color=MODEL, label="model")
        axes.set_xlabel(f"{'length' if unit == 'Å' else 'angle'} ({unit})")
        axes.set_ylabel(f"P (1/{unit})")
        legend_above(axes)

    halves = "" if curve["halves"] is None else f"; two halves of the data by {curve['halves']:.3f}"
    caption = f"Within molecules. The two curves overlap by {curve['overlap']:.3f}{halves}."
    return draw(_plain(key), title, caption, paint)


def _plain(key: str) -> str:
    """Letters, digits and dashes, as an identifier of the page."""
    return "".join(character if character.isalnum() or character == "-" else "-" for character in key)
