"""What it saves to ask for a precision instead of a length: simulated time to the same error.

Candidates as a search breeds them at its last levels, normal about a good model in the ranges of
examples/water-quick.yaml, are measured on its level `liquid` with the precision that is asked for, beginning
with the production of the YAML. A fixed production that lets no candidate be known less would be that of the
neediest, for all; its simulated time follows by arithmetic.

    python benchmarks/precision.py                     two minutes on 2 cores
    python benchmarks/precision.py --candidates 8 --seeds 1

Writes benchmarks/results/precision.json: nanoseconds per candidate, by seed and precision (in tolerances).
"""

# ruff: noqa: T201

import argparse
import json
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from cgbridge.engine.closed_form import ClosedFormEngine
from cgbridge.engine.factory import create_engine
from cgbridge.fits.search.reading import read_fit
from cgbridge.objectives.candidate import evaluate_candidate
from cgbridge.objectives.precision import is_clearly_missed
from cgbridge.store.versions import versions

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "precision.json"
#: A candidate of water-quick that passes all of its levels.
GOOD = {
    "A": 1836.5,
    "B": 367.92,
    "lambda1": 2.8524,
    "lambda2": 2.1482,
    "n": 0.90112,
    "c": 68328.0,
    "d": 11.664,
    "costheta0": -0.56063,
    "beta": 6.2962e-7,
}
#: Spread of the candidates about it, in ranges: of those that a search still breeds at its last levels.
SPREAD = 0.01
#: Precisions in tolerances: the default, and that of a value to be published.
PRECISIONS = (0.5, 0.2)
#: How long a run may become, ps.
MAXIMUM = 320.0


def candidates(problem, count, seed):
    """Parameters of candidates that pass the levels at rest."""
    rng = np.random.default_rng(seed)
    centre = np.array(problem.space.encode(problem.base.parameters | GOOD))
    found = []
    while len(found) < count:
        point = tuple(np.clip(centre + SPREAD * rng.standard_normal(len(centre)), 0.0, 1.0))
        values = problem.space.decode(point)
        model = problem.candidate(values)
        static = [level for level in problem.levels if level.name in ("dimer", "ice")]
        with tempfile.TemporaryDirectory() as scratch:
            rested = evaluate_candidate(model, static, ClosedFormEngine(), seed=1, scratch=Path(scratch))
        if rested.levels_passed == len(static):
            found.append(values)
    return found


def measured(problem, level, task):
    """Simulated ns, the longest production, and whether all is known or clearly missed; None if it broke."""
    values, seed = task
    with tempfile.TemporaryDirectory() as scratch:
        found = evaluate_candidate(
            problem.candidate(values),
            [level],
            create_engine(problem.config.engine),
            seed=seed,
            scratch=Path(scratch),
        )
    if len(found.results) < len(level.targets):
        return None
    missed = any(
        is_clearly_missed(result, level.limit(target))
        for target, result in zip(level.targets, found.results, strict=True)
    )
    known = missed or all(result.known for result in found.results)
    return found.md_ns, max(result.production for result in found.results), known


def with_precision(level, precision, **sampling):
    targets = tuple(replace(target, precision=precision * target.tolerance) for target in level.targets)
    return replace(level, targets=targets, sampling=replace(level.sampling, **sampling))


def compared(problem, precision, tasks, pool):
    """Time per candidate with the precision, and with the length of the neediest for all."""
    (level,) = (level for level in problem.levels if level.name == "liquid")
    asked = with_precision(level, precision, maximum=MAXIMUM)
    found = [one for one in pool.map(partial(measured, problem, asked), tasks) if one is not None]
    longest = max(production for _, production, _ in found)
    by_precision = float(np.mean([ns for ns, _, _ in found]))
    by_length = float(np.mean([ns + (longest - production) / 1000.0 for ns, production, _ in found]))
    return {
        "precision_tolerances": precision,
        "candidates": len(found),
        "known_or_clear": float(np.mean([known for _, _, known in found])),
        "ns_per_candidate": by_precision,
        "fixed_ps": longest,
        "fixed_ns_per_candidate": by_length,
        "saving": by_length / by_precision,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--candidates", type=int, default=12)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    problem = read_fit(ROOT / "examples" / "water-quick.yaml")
    rows = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        for seed in arguments.seeds:
            found = candidates(problem, arguments.candidates, seed)
            tasks = [(values, 1000 * seed + number) for number, values in enumerate(found)]
            for precision in PRECISIONS:
                rows.append({"seed": seed} | compared(problem, precision, tasks, pool))
                print(json.dumps(rows[-1]), flush=True)
    content = {"example": "water-quick", "spread": SPREAD, "rows": rows, "versions": versions()}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
