"""Records as plain JSON and back: what stands in the journal and in result.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any

import numpy as np

from cgbridge.records.evaluation import Evaluation, Outcome, Score
from cgbridge.records.target import Curve, Target, TargetResult


def _number(value: float) -> float | None:
    """JSON has no infinity or NaN; they become null."""
    return float(value) if math.isfinite(value) else None


def curve_record(curve: Curve) -> dict[str, Any]:
    """A curve with the digits that a plot can show."""
    return {
        "x": [float(f"{v:.6g}") for v in curve.x],
        "y": [float(f"{v:.6g}") for v in curve.y],
        "y_err": [float(f"{v:.3g}") for v in curve.y_err],
        "x_unit": curve.x_unit,
        "y_unit": curve.y_unit,
    }


def curve_from_record(record: Mapping[str, Any]) -> Curve:
    return Curve(
        np.asarray(record["x"], dtype=float),
        np.asarray(record["y"], dtype=float),
        np.asarray(record["y_err"], dtype=float),
        record["x_unit"],
        record["y_unit"],
    )


def target_record(target: Target) -> dict[str, Any]:
    """A target as it enters the protocol hash and the resolved input."""
    record = {
        key: getattr(target, key)
        for key in (
            "name", "observable", "value", "tolerance", "unit", "error", "temperature", "pressure",
            "structure", "weight", "source", "entry", "gate", "precision",
        )
    }  # fmt: skip
    record["composition"] = list(target.composition)
    record["options"] = dict(target.options)
    record["reference"] = curve_record(target.reference) if target.reference else None
    if target.files:  # a key that targets of before did not have
        record["files"] = [asdict(file) for file in target.files]
    return record


def result_record(result: TargetResult, *, curves: bool) -> dict[str, Any]:
    record: dict[str, Any] = {
        "name": result.name,
        "observable": result.observable,
        "value": _number(result.value),
        "stderr": _number(result.stderr),
        "n_eff": _number(result.n_eff),
        "target": result.target,
        "tolerance": result.tolerance,
        "unit": result.unit,
        "passed": result.passed,
        "level": result.level,
        "normalised_error": _number(result.normalised_error),
        "gate": result.gate,
        "known": result.known,
        "precision": _number(result.precision),
        "production": _number(result.production),
        "notes": list(result.notes),
    }
    if curves:
        record["curves"] = {name: curve_record(curve) for name, curve in result.curves.items()}
    return record


def result_from_record(record: Mapping[str, Any]) -> TargetResult:
    numbers = {
        key: float("nan") if record[key] is None else float(record[key])
        for key in ("value", "stderr", "n_eff", "normalised_error", "target", "tolerance")
    }
    return TargetResult(
        name=record["name"],
        observable=record["observable"],
        unit=record["unit"],
        passed=record["passed"],
        level=record["level"],
        notes=tuple(record["notes"]),
        curves={name: curve_from_record(curve) for name, curve in record.get("curves", {}).items()},
        # Runs of version 0.2 and before had none of these.
        gate=record.get("gate", False),
        precision=math.inf if record.get("precision") is None else float(record["precision"]),
        production=float(record.get("production") or 0.0),
        **numbers,
    )


def evaluation_record(evaluation: Evaluation, *, curves: bool) -> dict[str, Any]:
    """The journal's form of an evaluation; curves only where a report will draw them."""
    record = asdict(evaluation) | {
        "outcome": str(evaluation.outcome),
        "score": list(astuple(evaluation.score)),
        "results": [result_record(result, curves=curves) for result in evaluation.results],
    }
    record["parameters"] = dict(evaluation.parameters)
    return record


def evaluation_from_record(record: Mapping[str, Any]) -> Evaluation:
    return Evaluation(
        parameters=record["parameters"],
        seed=record["seed"],
        outcome=Outcome(record["outcome"]),
        levels_passed=record["levels_passed"],
        score=_score(record["score"]),
        results=tuple(result_from_record(result) for result in record["results"]),
        reason=record["reason"],
        md_ns=record["md_ns"],
        wall_s=record["wall_s"],
        cpu_s=record["cpu_s"],
    )


def _score(numbers: Sequence[float]) -> Score:
    """A score from its fields in their order; runs of version 0.2 and before had no gates."""
    failed, unfinished, *gate, level, total = numbers
    return Score(int(failed), unfinished, level, total, gate_error=gate[0] if gate else 0.0)
