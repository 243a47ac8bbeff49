"""The page of a training, and its state in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgbridge.report import digits
from cgbridge.report.status import RunLine
from cgbridge.report.templates import environment
from cgbridge.report.training.figures import (
    energy_figures,
    learning_figures,
    loss_figures,
    parity_figures,
    refinement_figures,
    structure_figures,
)
from cgbridge.report.training.record import TrainingRecord, read_training
from cgbridge.report.training.speed import speed_words
from cgbridge.store.layout import RunLayout


def training_html(layout: RunLayout) -> str:
    """The page as text; raises what :func:`read_training` does."""
    run = read_training(layout)
    return (
        environment()
        .get_template("training/template.html")
        .render(
            run=run,
            lead=summary(run),
            curves=[*loss_figures(run), *refinement_figures(run), *energy_figures(run)],
            parity=parity_figures(run),
            rounds=[_round_row(number, one) for number, one in enumerate(run.rounds, start=1)],
            learning=learning_figures(run),
            structure=structure_figures(run),
            pressures=[_pressure(one["state"]) for one in run.data.get("series", [])],
            dynamics=[_dynamics_row(state) for state in run.dynamics],
            bonded=any(state.get("bonded") for state in run.dynamics),
            atoms=[
                f"{state['series']}: {speed_words(state['atomistic_speed'])}"
                for state in run.dynamics
                if state.get("atomistic_speed")
            ],
        )
    )


def summary(run: TrainingRecord) -> str:
    """What is known of the model, in a sentence or two."""
    found = run.errors.get("test") or run.errors.get("validation")
    if not found:
        return (
            f"{run.epochs} epochs are done; nothing is measured yet."
            if run.epochs
            else "Nothing is done yet."
        )
    explained = digits.percent(max(found["explained"], 0.0))
    words = (
        f"The force error on frames that were held back is {digits.plain(found['force'], 4)} kJ/mol/nm, of a "
        f"spread of {digits.plain(found['spread'], 4)}: {explained} of the variance is explained"
    )
    if run.noise is not None:
        return f"{words}, where the noise of the labels alone is {digits.plain(run.noise, 4)} kJ/mol/nm."
    if run.config.with_energies:
        return f"{words}."
    return f"{words}. Mapped forces carry noise that no model explains: see the dynamics, not this number."


def training_status(layout: RunLayout) -> str:
    """State, epochs, errors of a training, for the terminal."""
    run = read_training(layout)
    lines = [f"{run.config.name}: {run.state} ({run.path})", f"  model       {run.config.model.architecture}"]
    for number, rows in enumerate(run.members):
        if rows:
            best = min(rows, key=lambda row: row["validation_loss"])
            lines.append(
                f"  network {number + 1:<3} epoch {int(rows[-1]['epoch'])} of {run.config.training.epochs}, "
                f"validation error {best['validation_force']:.4g} kJ/mol/nm (epoch {int(best['epoch'])})"
            )
    for number, rows in enumerate(run.refinements):
        if rows and run.config.relative_entropy is not None:
            lines.append(
                f"  network {number + 1:<3} relative entropy, iteration {int(rows[-1]['epoch'])} of "
                f"{run.config.relative_entropy.iterations}"
            )
    for number, one in enumerate(run.rounds, start=1):
        lines.append(
            f"  round {number:<5} {one['above']} of {one['looks']} looks above {one['threshold']:g} "
            f"kJ/mol/nm, {one['labels']} labels"
        )
    for state in run.dynamics:
        lines.append("  dynamics    " + ", ".join(_dynamics_words(state)))
    text = "\n".join([*lines, "", summary(run)])
    return text.replace("\u00a0", " ").replace("−", "-")


def training_line(layout: RunLayout, name: str) -> RunLine:
    """One training among several runs."""
    run = read_training(layout)
    found = run.errors.get("validation")
    return RunLine(
        folder=name,
        state=str(run.state),
        generation=f"epoch {run.epochs}" if run.epochs else "-",
        evaluations="-",
        levels="-",
        deviation="-" if found is None else f"{found['force']:.4g} kJ/mol/nm",
    )


def _dynamics_words(state: Mapping[str, Any]) -> list[str]:
    words = [f"{state['temperature']:g} K: {state['stable_ps']:g} ps stable"]
    words += [f"dg {pair} {curve['difference']:.3g} nm" for pair, curve in state.get("rdf", {}).items()]
    if state.get("density"):
        words.append(f"density {state['density']['value']:.4g} of {state['reference_density']:.4g} g/cm^3")
    return words


def _round_row(number: int, found: Mapping[str, Any]) -> dict[str, Any]:
    """Cells of the table of rounds."""
    caveats = []
    if found["broke"]:
        caveats.append(f"runs that broke down: {found['broke']}")
    if found["failed"]:
        caveats.append(f"frames without a label: {found['failed']}")
    return {
        "round": number,
        "caveat": "; ".join(caveats),
        "looks": found["looks"],
        "above": f"{found['above']} ({digits.percent(found['above'] / found['looks'])})"
        if found["looks"]
        else "–",
        "median": digits.plain(found["median"], 3),
        "largest": digits.plain(found["largest"], 3),
        "threshold": digits.plain(found["threshold"], 3),
        "labels": found["labels"],
        "force_error": digits.plain(found["force_error"], 4),
    }


def _pressure(state: Mapping[str, Any]) -> str:
    """Of a file of frames; that of a barostat, and runs of before, have no error."""
    error = state.get("pressure_error")
    if error is None:
        return digits.plain(state["pressure"], 5)
    return " ± ".join(digits.with_error(state["pressure"], error))


def _dynamics_row(state: Mapping[str, Any]) -> dict[str, Any]:
    """Cells of the table of runs."""

    def mean(record: Mapping[str, float] | float | None) -> str:
        if not isinstance(record, Mapping):  # runs of before have values without errors
            return digits.plain(record, 2)
        value, error = digits.with_error(record["value"], record["stderr"])
        return f"{value} ± {error}" if error else value

    return {
        "state": f"{state['series']}, {state['temperature']:g} K",
        "stable": f"{digits.plain(state['stable_ps'], 4)} of {digits.plain(state['asked_ps'], 4)}",
        "reason": state.get("reason") or state.get("npt_reason") or "",
        "rdf": [
            (pair, digits.with_error(c["difference"], c["error"]), digits.plain(c["halves"], 2))
            for pair, c in state.get("rdf", {}).items()
        ],
        "bonded": [
            (name, digits.with_error(c["overlap"], c["error"]), digits.plain(c["halves"], 3))
            for name, c in state.get("bonded", {}).items()
        ],
        "overlap": digits.plain((state.get("angles") or {}).get("overlap"), 3),
        "pressure": mean(state.get("pressure")),
        "reference_pressure": mean(state.get("reference_pressure")),
        "density": mean(state.get("density")),
        "reference_density": digits.plain(state.get("reference_density"), 4),
        "compressibility": mean(state.get("compressibility")),
        "reference_compressibility": mean(state.get("reference_compressibility")),
        "pace": digits.plain(state.get("ns_per_day"), 2),
        "atoms_pace": digits.plain((state.get("atomistic_speed") or {}).get("ns_per_day"), 2),
        "water_pace": digits.plain(state.get("rigid_water_ns_per_day"), 2),
        "spread": digits.plain(state.get("committee_spread"), 3),
    }
