"""A fit in words: model, search, targets."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.interfaces import Target
from cgbridge.models.model import Bead
from cgbridge.observables.traits import Traits, target_traits
from cgbridge.report.digits import plain, quantity_text
from cgbridge.report.run_record import RunRecord

#: Keeps a number and its unit on one line.
_SPACE = "\u00a0"


def count(number: int, noun: str) -> str:
    """``1 target``, ``3 targets``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listing(words: list[str]) -> str:
    """``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def observable_words(target: Target) -> str:
    """``density of the liquid at 300 K``; ``first peak position of g(r) of the liquid at 300 K``."""
    traits = target_traits(target)
    name = _feature_words(target, traits)
    if "structure" in traits.state and not target.is_liquid:
        name += f" of {target.structure}"
    elif (
        "structure" in traits.state and traits.phase not in traits.words
    ):  # not: crystal density of the crystal
        name += f" of the {traits.phase}"
    if "temperature" in traits.state:
        name += f" at {plain(target.temperature)}{_SPACE}K"
    return name


def _feature_words(target: Target, traits: Traits) -> str:
    """The name, with what of a curve is compared where the options choose it."""
    if traits.options is None or "feature" not in traits.options.model_fields:
        return traits.words
    feature = target.options.get("feature", traits.options.model_fields["feature"].default)
    return f"{'deviation' if feature == 'curve' else str(feature).replace('_', ' ')} of {traits.words}"


def target_words(target: Target) -> str:
    """``density of the liquid at 300 K: 0.99656 ± 0.015 g/cm³``."""
    wanted = f"{plain(target.value)} ± {quantity_text(target.tolerance, target.unit, 3)}"
    return f"{observable_words(target)}: {wanted}"


def fit_words(run: RunRecord) -> tuple[str, ...]:
    """Sentences that say what was fitted and how."""
    model, optimizer = run.config.model, run.config.optimizer
    bead = "one bead" if run.base is None else _bead_words(run.base.beads)
    form = "coarse-grained" if run.base is None else run.base.form.title()
    fixed = (
        f" Values fixed by hand: {', '.join(f'{k} = {v}' for k, v in model.set.items())}."
        if model.set
        else ""
    )
    first = (
        f"A {form} model of {bead}. "
        f"{count(len(model.search), 'parameter').capitalize()} "
        f"{'was' if len(model.search) == 1 else 'were'} searched; the values of the others come from "
        f"the base model {model.base}, which itself was never a candidate.{fixed}"
    )
    mode = "generations" if optimizer.mode == "generational" else "steady-state generations"
    method = {"nelder-mead": "Nelder–Mead", "response-surface": "response surfaces"}[optimizer.polish.method]
    polish = (
        f", then {count(optimizer.polish.evaluations, 'evaluation')} of a local polish ({method})"
        if optimizer.polish.evaluations
        else ""
    )
    begun = f"the best {optimizer.start.candidates} of an earlier fit and " if optimizer.start else ""
    second = (
        f"The search is a hierarchical-objective genetic algorithm: a first sample of {begun}"
        f"{optimizer.initial or optimizer.population} quasi-random candidates, "
        f"{optimizer.generations} {mode} of {optimizer.population}{polish}. "
        f"A candidate stops at the first level it does not pass. "
        f"At the end {_best(optimizer.confirm.candidates)} re-run with "
        f"new seeds and {plain(optimizer.confirm.factor)} times longer production, on every level. "
        f"The winner is then measured as long once more, with a seed that selected nothing."
    )
    return first, second, _engine_words(run)


def _bead_words(beads: Sequence[Bead]) -> str:
    named = ", ".join(f"{bead.name} ({plain(bead.mass)} amu)" for bead in beads)
    return f"{count(len(beads), 'bead')}, {named}"


def _best(number: int) -> str:
    return "the best candidate is" if number == 1 else f"the best {number} candidates are"


def _engine_words(run: RunRecord) -> str:
    engine = run.config.engine
    if engine.method == "closed-form":
        return "Values are closed forms; nothing was simulated."
    return (
        f"Molecular dynamics by OpenMM ({engine.platform} platform): boxes of {engine.beads} beads, "
        f"{plain(1000 * engine.timestep)} fs steps, {plain(engine.equilibration)} ps of equilibration and "
        f"{plain(engine.production)} ps of production, unless a target says otherwise."
    )
