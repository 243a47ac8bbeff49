"""What a fit costs, and what the hierarchy of levels saves.

python benchmarks/fit.py --seeds 1 2 3 --json fit.json

Each seed runs examples/water-quick.yaml twice: as it is (HOGA), and as a flat genetic algorithm, where all
targets stand in one level and every candidate is simulated in full. The flat one gets at least as many
nanoseconds of molecular dynamics, and is cut at the evaluation where it has used as many as HOGA did. Only
the searches are compared, without later stages and the longer re-runs. The best candidate of each is then
measured anew, by the same protocol: another seed and ten times longer. Its figure is the root mean square of
the normalised errors, |value - reference| / tolerance, over all targets of the flat level; below one is
within the tolerances. The table gives it for every seed, and the number of targets missed.

The cost table gives, for the HOGA search, evaluations and MD per core hour. The share of the time outside MD
is measured on the best candidate: one evaluation of all levels, with the time in the integrator taken apart.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openmm

from cgbridge.apps.evaluate import evaluate_model
from cgbridge.config.loader import load_fit
from cgbridge.config.optimizer_section import StageSection
from cgbridge.config.schema import EvaluateConfig, FitConfig
from cgbridge.fits.search.loop import run_fit
from cgbridge.fits.search.problem import FitProblem, build_problem
from cgbridge.fits.search.task import EvaluationTask, run_task
from cgbridge.optimizers.catalogue import stage_settings
from cgbridge.optimizers.hierarchical_ga import GASettings
from cgbridge.store.journal_entries import Entry, read_entries
from cgbridge.store.layout import RunLayout

EXAMPLE = Path(__file__).parents[1] / "examples" / "water-quick.yaml"
#: The level of the example that the flat fit leaves out: it only asks early what "liquid" asks well.
EARLY = "brief"


@dataclass(frozen=True)
class Search:
    """The search of one fit: what it computed, in order, and its best."""

    problem: FitProblem
    entries: tuple[Entry, ...]
    wall_s: float

    @property
    def md_ns(self) -> float:
        return sum(entry.evaluation.md_ns for entry in self.entries)

    @property
    def core_hours(self) -> float:
        return sum(entry.evaluation.cpu_s for entry in self.entries) / 3600.0

    @property
    def best(self) -> Entry:
        return min(self.entries, key=lambda entry: entry.evaluation.score)

    def cut(self, md_ns: float) -> Search:
        """The search as it stood when it had used ``md_ns`` of molecular dynamics."""
        used, count = 0.0, 0
        while count < len(self.entries) and (count == 0 or used < md_ns):
            used += self.entries[count].evaluation.md_ns
            count += 1
        return replace(self, entries=self.entries[:count])


def hierarchical(config: FitConfig, seed: int) -> FitConfig:
    """The first stage of the search alone, without confirmations."""
    optimizer = config.optimizer
    confirm = optimizer.confirm.model_copy(update={"every": 0, "candidates": 1, "factor": 1.0})
    changes = {"seed": seed, "stages": optimizer.stages[:1], "confirm": confirm}
    return config.model_copy(update={"optimizer": optimizer.model_copy(update=changes)})


def flat(config: FitConfig, evaluations: int) -> FitConfig:
    """All targets in one level, and a quarter of the evaluations for the first sample."""
    last = config.levels[-1]
    targets = tuple(t for level in config.levels if level.name != EARLY for t in level.targets)
    optimizer = config.optimizer
    settings = stage_settings(optimizer.stages[0])
    assert isinstance(settings, GASettings)
    initial = max(settings.population, evaluations // 4)
    generations = max(1, -(-(evaluations - initial) // settings.children))
    changed = settings.model_copy(update={"initial": initial, "generations": generations})
    stage = StageSection(method=optimizer.stages[0].method, **changed.model_dump())
    return config.model_copy(
        update={
            "levels": (last.model_copy(update={"name": "all", "targets": targets}),),
            "optimizer": optimizer.model_copy(update={"stages": (stage,)}),
        }
    )


def flat_search(config: FitConfig, md_ns: float, folder: Path, seed: int) -> Search:
    """The flat fit with ``md_ns`` of MD; how many evaluations that makes, only the fit itself shows."""
    engine = config.engine
    evaluations = round(1.1 * md_ns / ((engine.equilibration + engine.production) / 1000.0))
    while True:
        found = search(flat(config, evaluations), folder / f"flat-{seed}-{evaluations}")
        if found.md_ns >= md_ns:
            return found.cut(md_ns)
        evaluations = 1 + round(1.1 * evaluations * md_ns / found.md_ns)


def search(config: FitConfig, folder: Path) -> Search:
    config = config.model_copy(update={"run": config.run.model_copy(update={"folder": folder})})
    problem = build_problem(config, EXAMPLE.parent)
    started = time.monotonic()
    run_fit(problem)
    wall = time.monotonic() - started
    entries, _ = read_entries(RunLayout(folder).journal)
    return Search(problem, tuple(entry for entry in entries if entry.phase == "search"), wall)


def measure(found: Search, targets: tuple[Any, ...], seed: int) -> dict[str, Any]:
    """The best candidate measured anew: root mean square of its normalised errors, and what it missed."""
    engine = found.problem.config.engine
    config = EvaluateConfig(
        targets=targets,
        engine=engine.model_copy(update={"production": 10 * engine.production}),
        seed=1000 + seed,
        schema=1,
    )
    model = found.problem.fitted(found.best.evaluation.parameters)
    results = evaluate_model(model, config, EXAMPLE.parent)["targets"]
    errors = [abs(r["value"] - r["target"]) / r["tolerance"] for r in results]
    lost = len(targets) - len(results)
    return {
        "error": (sum(e * e for e in errors) / len(errors)) ** 0.5 if not lost else None,
        "missed": sum(not r["passed"] for r in results) + lost,
        "evaluations": len(found.entries),
        "md_ns": round(found.md_ns, 2),
        "core_hours": round(found.core_hours, 4),
        "parameters": found.best.evaluation.parameters,
    }


@contextmanager
def integrator_clock() -> Iterator[list[float]]:
    """Seconds spent in integrator steps while the context is open."""
    spent = [0.0]
    step = openmm.LangevinMiddleIntegrator.step

    def timed(self: Any, count: int) -> None:
        started = time.perf_counter()
        step(self, count)
        spent[0] += time.perf_counter() - started

    openmm.LangevinMiddleIntegrator.step = timed
    try:
        yield spent
    finally:
        openmm.LangevinMiddleIntegrator.step = step


def time_outside_md(found: Search) -> float:
    """Share of one evaluation of all levels that is not spent in integrator steps."""
    problem = found.problem
    with tempfile.TemporaryDirectory() as scratch, integrator_clock() as spent:
        task = EvaluationTask(
            model=problem.candidate(found.best.evaluation.parameters),
            levels=problem.levels,
            engine=problem.config.engine,
            seed=1,
            scratch=Path(scratch),
            searched=(),
            stop_early=False,
        )
        run_task(task)  # loads what is loaded once
        spent[0] = 0.0
        started = time.perf_counter()
        run_task(task)
        return 1.0 - spent[0] / (time.perf_counter() - started)


def compare(seed: int, folder: Path) -> dict[str, Any]:
    config = hierarchical(load_fit(EXAMPLE), seed)
    hoga = search(config, folder / f"hoga-{seed}")
    plain = flat_search(config, hoga.md_ns, folder, seed)
    targets = plain.problem.config.levels[0].targets
    return {
        "seed": seed,
        "hoga": measure(hoga, targets, seed)
        | {
            "wall_s": round(hoga.wall_s, 1),
            "evaluations_per_core_hour": round(len(hoga.entries) / hoga.core_hours),
            "md_ns_per_core_hour": round(hoga.md_ns / hoga.core_hours, 1),
            "share_outside_md": round(time_outside_md(hoga), 3),
        },
        "flat": measure(plain, targets, seed),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--folder", type=Path, help="keep the runs here; a second call resumes")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for seed in arguments.seeds:
            row = compare(seed, arguments.folder or Path(temporary))
            rows.append(row)
            for name in ("hoga", "flat"):
                r = row[name]
                error = "lost" if r["error"] is None else f"{r['error']:.2f}"
                print(
                    f"seed {seed} {name}: error {error}, {r['missed']} targets missed, "
                    f"{r['evaluations']} evaluations, {r['md_ns']} ns, {r['core_hours']:.3f} core hours",
                    flush=True,
                )
            r = row["hoga"]
            print(
                f"seed {seed} cost: {r['evaluations_per_core_hour']} evaluations and "
                f"{r['md_ns_per_core_hour']} ns per core hour, {100 * r['share_outside_md']:.0f} % "
                "of an evaluation outside MD",
                flush=True,
            )
            if arguments.json:
                arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    ratios = [r["flat"]["error"] / r["hoga"]["error"] for r in rows if r["flat"]["error"]]
    if ratios:
        spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
        print(f"error of flat over HOGA: median {statistics.median(ratios):.1f} ({spread})")


if __name__ == "__main__":
    main()
