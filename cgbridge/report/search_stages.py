"""The stages of a search, as the report calls and counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cgbridge.config.optimizer_section import StageSection
from cgbridge.report.words import count
from cgbridge.store.journal_entries import Entry

#: How the methods are called in a sentence; others by their name in the YAML.
_NAMES = {
    "hoga": "a hierarchical-objective genetic algorithm",
    "cma-es": "CMA-ES",
    "nelder-mead": "a Nelder–Mead simplex",
    "response-surface": "a search on response surfaces",
}


def stage_words(stage: StageSection) -> str:
    """``a Nelder–Mead simplex, 40 evaluations``; settings as far as the run folder names them."""
    options, words = stage.options, [_NAMES.get(stage.method, stage.method)]
    drawn = options.get("initial", options.get("population") if "generations" in options else None)
    if drawn:
        words.append(f"a first sample of {drawn} quasi-random candidates")
    if "generations" in options:
        steady = "steady-state " if options.get("mode") == "steady-state" else ""
        words.append(f"{count(options['generations'], f'{steady}generation')} of {options.get('population')}")
    elif "evaluations" in options:
        words.append(f"{count(options['evaluations'], 'evaluation')}")
    return ", ".join(words)


def budget_key(stages: Sequence[StageSection], number: int) -> str:
    """The key whose value makes a stage longer: ``optimizer.stages.0.generations``."""
    name = "generations" if "generations" in stages[number].options else "evaluations"
    return f"optimizer.stages.{number}.{name}"


def first_sample_key(stages: Sequence[StageSection]) -> str:
    """The key of the first quasi-random sample of a search over whole ranges; empty where there is none."""
    found = [number for number, stage in enumerate(stages) if "initial" in stage.options]
    return f"optimizer.stages.{found[0]}.initial" if found else ""


def running_generations(entries: Sequence[Entry]) -> dict[tuple[int, int], int]:
    """A number for every generation of every stage, counted through from 0; by stage and generation."""
    last: dict[int, int] = {}
    for entry in entries:
        if entry.of_search:
            last[entry.stage] = max(last.get(entry.stage, 0), entry.generation)
    numbers: dict[tuple[int, int], int] = {}
    offset = 0
    for stage in sorted(last):
        numbers |= {(stage, generation): offset + generation for generation in range(last[stage] + 1)}
        offset += last[stage] + 1
    return numbers


def ended_words(ended: dict[str, Any] | None) -> str:
    """Why the search ended, in sentences; empty while it goes on, and for a run that did not note it."""
    if not ended:
        return ""
    words = f"The search ended because {ended['words']}."
    early = [
        f"stage {number} ({stage['method']}): {stage['ended']['words']}"
        for number, stage in enumerate(ended["stages"], start=1)
        if stage["ended"]["why"] in ("no-improvement", "nothing-new")
    ]
    return f"{words} Ended before its budget: {'; '.join(early)}." if early else words
