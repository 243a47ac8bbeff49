"""Made-up run folders with known contents, for tests of reports. Nothing here is simulated."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import yaml

from cgbridge.config.schema import FitConfig
from cgbridge.models.database import load_model
from cgbridge.objectives.scoring import is_passed
from cgbridge.records.evaluation import Evaluation, Outcome, Score
from cgbridge.records.target import Curve, Target, TargetResult
from cgbridge.report.run_record import LevelRecord, RunRecord, State
from cgbridge.store.journal_entries import Entry
from cgbridge.store.layout import RunLayout
from cgbridge.store.records import evaluation_record, result_record, target_record

PARAMETERS = (
    replace(load_model("mw").parameter("epsilon"), range=(3.0, 12.0), scale="log"),
    replace(load_model("mw").parameter("sigma"), range=(2.0, 3.0), scale="linear"),
)
#: Where the made-up water has its best parameters in the unit cube.
OPTIMUM = (0.55, 0.4)
_STAGES = [
    {"method": "hoga", "population": 10, "elites": 2, "generations": 6, "initial": 20},
    {"method": "nelder-mead", "evaluations": 40},
]


def measured(
    target: Target,
    level: str,
    value: float,
    *,
    stderr: float = 0.0,
    notes: Sequence[str] = (),
    curves: Mapping[str, Curve] | None = None,
) -> TargetResult:
    """A result with the verdict a fit would give."""
    deviation = abs(value - target.value)
    return TargetResult(
        name=target.name,
        observable=target.observable,
        value=value,
        stderr=stderr,
        n_eff=1.0 if stderr == 0 else 12.0,
        target=target.value,
        tolerance=target.tolerance,
        unit=target.unit,
        passed=is_passed(deviation, target.tolerance, stderr, target.known_to),
        level=level,
        normalised_error=deviation / target.tolerance,
        curves=curves or {},
        notes=tuple(notes),
        gate=target.gate,
        precision=target.known_to,
    )


def entry(
    results: Sequence[TargetResult] = (),
    *,
    passed: int = 0,
    levels: int = 1,
    point: tuple[float, ...] = (0.5, 0.5),
    phase: str = "search",
    stage: int = 0,
    generation: int = 0,
    outcome: Outcome = Outcome.OK,
    reason: str = "",
    seed: int = 1,
) -> Entry:
    """One evaluation; its score follows from the number of passed levels and the errors."""
    errors = [result.normalised_error for result in results]
    total = float(np.sqrt(np.mean(np.square(errors)))) if errors else 0.0
    ranges = zip(PARAMETERS, point, strict=True)
    evaluation = Evaluation(
        parameters={p.name: p.minimum * (p.maximum / p.minimum) ** u if p.scale == "log"
                    else p.minimum + u * (p.maximum - p.minimum) for p, u in ranges},
        seed=seed,
        outcome=outcome,
        levels_passed=passed,
        score=Score(levels - passed, 0.0 if outcome is Outcome.OK else 1.0, total, total),
        results=tuple(results),
        reason=reason,
        md_ns=0.06 * len(results),
        wall_s=1.5 * len(results),
        cpu_s=1.4 * len(results),
    )  # fmt: skip
    factor = 3.0 if phase == "confirm" else 1.0
    return Entry(evaluation, phase, generation, point, factor, stage)


def record(
    levels: Sequence[LevelRecord],
    entries: Sequence[Entry],
    *,
    state: State = State.FINISHED,
    path: Path = Path("run"),
    optimizer: Mapping[str, object] | None = None,
) -> RunRecord:
    """A run of mW's form over :data:`PARAMETERS` with the given levels and evaluations."""
    config = FitConfig.model_validate(
        {
            "schema": 1,
            "name": "made-up water",
            "model": {
                "form": "stillinger-weber",
                "base": "mw",
                "search": {
                    p.name: {"min": p.minimum, "max": p.maximum, "scale": p.scale} for p in PARAMETERS
                },
            },
            "levels": [{"name": level.name, "targets": [t.name for t in level.targets]} for level in levels],
            "optimizer": {"stages": _STAGES, **(optimizer or {})},
        }
    )  # fmt: skip
    confirmed = [e.evaluation for e in entries if e.phase == "confirm"]
    return RunRecord(
        path=path,
        state=state,
        config=config,
        used_yaml=yaml.safe_dump(config.model_dump(mode="json", by_alias=True), sort_keys=False),
        base=load_model("mw"),
        parameters=PARAMETERS,
        levels=tuple(levels),
        entries=tuple(entries),
        versions={"cgbridge": "0.1.0", "created": "2026-01-02T03:04:05+00:00"},
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        last_result=datetime(2026, 1, 2, 3, 34, 5, tzinfo=UTC) if entries else None,
        torn=False,
        confirmed_seed=min(confirmed, key=lambda e: e.score).seed if confirmed else None,
    )


def write_run(run: RunRecord) -> RunLayout:
    """Write ``run`` as a fit would have; reading it back gives an equal record."""
    layout = RunLayout(run.path)
    run.path.mkdir(parents=True, exist_ok=True)
    layout.used_yaml.write_text(run.used_yaml, encoding="utf-8")
    targets = {level.name: [target_record(target) for target in level.targets] for level in run.levels}
    layout.targets.write_text(json.dumps(targets))
    layout.versions.write_text(json.dumps(dict(run.versions)))
    if run.base is not None:
        layout.base_model.write_text(json.dumps(run.base.to_dict()))
    with open(layout.journal, "w", encoding="utf-8") as file:
        for number, one in enumerate(run.entries):
            place = {"key": str(number), "phase": one.phase, "stage": one.stage, "generation": one.generation}
            body = evaluation_record(one.evaluation, curves=one.phase == "confirm")
            line = place | {"point": list(one.point), "factor": one.factor} | body
            file.write(json.dumps(line) + "\n")
    if run.best is not None and (run.confirmed or run.state is State.FINISHED):
        best = run.best.evaluation
        content = {"seed": best.seed, "targets": [result_record(r, curves=False) for r in best.results]}
        finished = run.state is State.FINISHED
        layout.result.write_text(json.dumps({"schema": 1, "finished": finished, "best": content}))
    if run.last_result is not None:
        os.utime(layout.journal, (run.last_result.timestamp(),) * 2)
    return layout


def numbered(*targets: Target) -> tuple[Target, ...]:
    """The targets of a list in which each entry stands for one."""
    return tuple(replace(target, entry=number) for number, target in enumerate(targets))


def water_levels() -> tuple[LevelRecord, ...]:
    """Three levels with every kind of picture: dimer; liquid; phases and dynamics."""
    dimer = Target("dimer_energy", "dimer_energy", -26.0, 2.0, "kJ/mol")
    density = Target("water/density-300K", "density", 0.99656, 0.01, "g/cm^3", error=1e-5, source="IAPWS")
    rdf = Target("first-peak", "rdf", 2.79, 0.05, "A", options={"feature": "first_peak_position"})
    ice = Target("ice-density", "ice_density", 0.917, 0.02, "g/cm^3", temperature=273.15, structure="ice-ih")
    tmd = Target("tmd", "tmd", 277.13, 5.0, "K", temperature=277.13)
    melting = Target("melting", "melting_temperature", 273.15, 5.0, "K", structure="ice-ih")
    angle = Target("angle", "adf", 108.0, 4.0, "deg", options={"feature": "peak_angle"})
    diffusion = Target("diffusion", "diffusion", 2.3e-5, 8e-6, "cm^2/s", temperature=298.15)
    return (
        LevelRecord("dimer", (dimer,)),
        LevelRecord("liquid", numbered(density, rdf, ice)),
        LevelRecord("phases", numbered(tmd, melting, angle, diffusion)),
    )


def water_run(path: Path, *, state: State = State.FINISHED, seed: int = 1) -> RunRecord:
    """A search of 68 candidates that closes in on :data:`OPTIMUM`, and three confirmations."""
    rng = np.random.default_rng(seed)
    levels = water_levels()
    entries = []
    for number in range(68):
        generation = max(0, (number - 12) // 8)  # twenty of the first sample, then eight children each
        spread = 0.5 * 0.6**generation
        point = tuple(
            float(u) for u in np.clip(np.array(OPTIMUM) + spread * rng.standard_normal(2), 0.0, 1.0)
        )
        entries.append(_evaluate(levels, (point[0], point[1]), rng, generation=generation))
    leaders = sorted(entries, key=lambda e: e.evaluation.score)[:3]
    for leader in leaders:
        point = (leader.point[0], leader.point[1])
        entries.append(_evaluate(levels, point, rng, generation=6, phase="confirm"))
    return record(levels, entries, state=state, path=path)


def _evaluate(
    levels: Sequence[LevelRecord],
    point: tuple[float, float],
    rng: np.random.Generator,
    *,
    generation: int,
    phase: str = "search",
) -> Entry:
    """Deviations grow with the distance from the optimum, in a direction of each target's own."""
    if point[1] > 0.9:
        reason = (
            "level liquid, target water/density-300K: the temperature ran away to 5123 K (after 70 steps)"
        )
        first = measured(levels[0].targets[0], levels[0].name, levels[0].targets[0].value + 0.5)
        return entry(
            [first],
            passed=1,
            levels=3,
            point=point,
            generation=generation,
            outcome=Outcome.UNSTABLE,
            reason=reason,
        )
    results: list[TargetResult] = []
    passed = 0
    x, y = point[0] - OPTIMUM[0], point[1] - OPTIMUM[1]
    for level in levels:
        for number, target in enumerate(level.targets):
            static = target.observable == "dimer_energy"
            angle = 1.1 * (number + len(results))
            pull = 9.0 * (np.cos(angle) * x + np.sin(angle) * y)
            noise = 0.0 if static else 0.15 if phase == "search" else 0.09
            value = target.value + target.tolerance * float(pull + noise * rng.standard_normal())
            curves = _curves(target, rng) if phase == "confirm" else {}
            notes = ("bracket 270 to 280 K",) if target.observable == "melting_temperature" else ()
            results.append(
                measured(
                    target, level.name, value, stderr=noise * target.tolerance, notes=notes, curves=curves
                )
            )
        if all(result.passed for result in results[-len(level.targets) :]):
            passed += passed == len({r.level for r in results}) - 1
        elif phase == "search":
            break
    seed = int(rng.integers(2**31))
    return entry(results, passed=passed, levels=3, point=point, generation=generation, phase=phase, seed=seed)


def _curves(target: Target, rng: np.random.Generator) -> dict[str, Curve]:
    if target.observable == "rdf":
        r = np.arange(0.0025, 0.8, 0.005)
        rise = 1.0 / (1.0 + np.exp(-(r - 0.262) / 0.006))
        g = rise * (
            1.0
            + 1.9 * np.exp(-(((r - 0.279) / 0.02) ** 2))
            + 0.25 * np.cos(14.2 * (r - 0.45)) * np.exp(-3 * r)
        )
        return {"rdf": Curve(r, g, np.full(len(r), 0.03), "nm", "1")}
    if target.observable == "tmd":
        kelvin = np.arange(250.0, 311.0, 10.0)
        rho = 0.9985 - 6.5e-6 * (kelvin - 278.0) ** 2 + 4e-4 * rng.standard_normal(len(kelvin))
        return {"density": Curve(kelvin, rho, np.full(len(kelvin), 4e-4), "K", "g/cm^3")}
    if target.observable == "melting_temperature":
        kelvin = np.linspace(255.0, 295.0, 5)
        rate = 6e-5 * (kelvin - 274.5) + 1.5e-4 * rng.standard_normal(5)
        return {"rates": Curve(kelvin, rate, np.full(5, 1.6e-4), "K", "kJ/mol/ps")}
    if target.observable == "adf":
        angle = np.arange(1.0, 180.0, 2.0)
        p = np.exp(-(((angle - 106.0) / 20.0) ** 2)) + 0.25 * np.exp(-(((angle - 55.0) / 7.0) ** 2))
        return {"adf": Curve(angle, p / (2.0 * p.sum()), np.full(len(angle), 2e-4), "deg", "1/deg")}
    if target.observable == "diffusion":
        lag = np.linspace(0.5, 20.0, 40)
        return {"msd": Curve(lag, 6 * 2.3e-3 * lag, 4e-4 * lag, "ps", "nm^2")}
    return {}
