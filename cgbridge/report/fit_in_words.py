"""A fit in words: what was fitted, how it was searched and simulated."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.config.optimizer_section import StartSection
from cgbridge.models.model import Bead
from cgbridge.report.digits import plain
from cgbridge.report.run_record import RunRecord
from cgbridge.report.search_stages import ended_words, stage_words
from cgbridge.report.words import count, listing


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
        f"the base model {model.base}.{fixed}"
    )
    stages = [stage_words(stage) for stage in optimizer.stages]
    begun = _listed_start(optimizer.start)
    second = (
        f"The search {'is' if len(stages) == 1 else 'begins with'} {'; then '.join(stages)}."
        f"{begun} A candidate stops at the first level it does not pass. "
        f"At the end {_best(optimizer.confirm.candidates)} re-run with "
        f"new seeds and {plain(optimizer.confirm.factor)} times longer production, on every level. "
        f"The winner is then measured as long once more, with a seed that selected nothing."
    )
    ended = ended_words(run.ended)
    return (first, f"{second} {ended}" if ended else second, _engine_words(run))


def _listed_start(start: tuple[str | StartSection, ...]) -> str:
    """What the search began with, in a sentence; empty without it."""
    names = [
        item
        if isinstance(item, str)
        else str(item.model)
        if item.run is None
        else f"the best {item.candidates} of {item.run}"
        for item in start
    ]
    return f" Known candidates came first: {listing(names)}." if names else ""


def _bead_words(beads: Sequence[Bead]) -> str:
    named = ", ".join(f"{bead.name} ({plain(bead.mass)} amu)" for bead in beads)
    return f"{count(len(beads), 'bead')}, {named}"


def _best(number: int) -> str:
    return "the best candidate is" if number == 1 else f"the best {number} candidates are"


def _engine_words(run: RunRecord) -> str:
    engine = run.config.engine
    if not engine.simulates:
        return "Values are closed forms; nothing was simulated."
    return (
        f"Molecular dynamics by OpenMM ({engine.platform} platform): boxes of {engine.beads} beads, "
        f"{plain(1000 * engine.timestep)} fs steps, {plain(engine.equilibration)} ps of equilibration and "
        f"{plain(engine.production)} ps of production, unless a level or target says otherwise; "
        "longer where a value was not known to its precision."
    )
