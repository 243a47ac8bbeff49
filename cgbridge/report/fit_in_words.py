"""A fit in words: what was fitted, how it was searched and simulated."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.config.optimizer_section import StartSection
from cgbridge.config.schema import FitConfig
from cgbridge.models.model import Bead
from cgbridge.observables.traits import is_static
from cgbridge.report.digits import plain
from cgbridge.report.run_record import RunRecord
from cgbridge.report.search_stages import ended_words, stage_words
from cgbridge.report.words import count, listing

#: Options with which a target has another box, or other times, than its level.
_OWN = {"beads", "equilibration", "production"}


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
    moving = [level for level in run.levels if not all(map(is_static, level.targets))]
    if run.levels and not moving:
        return "Energies and structures at rest by OpenMM; no level has molecular dynamics."
    known = any(target.options.keys() & _OWN for level in moving for target in level.targets)
    own = " (single targets have lengths or sizes of their own)" if known else ""
    return (
        f"Molecular dynamics by OpenMM ({engine.platform} platform), {plain(1000 * engine.timestep)} fs "
        f"steps: {_lengths(run.config, [level.name for level in moving])}{own}; "
        "longer where a value was not known to its precision."
    )


def _lengths(config: FitConfig, names: Sequence[str]) -> str:
    """Boxes and times of the levels ``names``, or of all; those with equal ones are told together."""
    levels: dict[str, list[str]] = {}
    for level in config.levels:
        if names and level.name not in names:
            continue
        beads, equilibration, production = (
            getattr(config.engine, key) if (own := getattr(level.sampling, key)) is None else own
            for key in ("beads", "equilibration", "production")
        )
        words = (
            f"boxes of {beads} beads, {plain(equilibration)} ps of equilibration and {plain(production)} ps "
            "of production"
        )
        levels.setdefault(words, []).append(level.name)
    if len(levels) == 1:
        return next(iter(levels))
    return "; ".join(f"at level {listing(found)} {words}" for words, found in levels.items())
