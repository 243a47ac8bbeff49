"""Rules about the search: ranges, budget, levels nobody passes, candidates that break down."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from cgbridge.observables.traits import is_static
from cgbridge.records.evaluation import Outcome
from cgbridge.report.digits import percent, plain
from cgbridge.report.failures import failure_groups, split_reason
from cgbridge.report.finding import Finding, target_key
from cgbridge.report.funnel import funnel
from cgbridge.report.progress import progress
from cgbridge.report.ranges import EDGE, RangePosition, range_positions
from cgbridge.report.run_record import RunRecord
from cgbridge.report.search_stages import budget_key, first_sample_key
from cgbridge.report.words import count, listing

#: Share of unstable candidates from which it is a fault of the input.
MOSTLY = 0.5
#: Shares of timeouts and of evaluations lost to machine faults that are worth telling.
TIMEOUTS, LOST = 0.05, 0.01
#: Candidates per searched parameter below which a search is short.
PER_PARAMETER = 25
#: A search that gains this much in its last quarter has not converged.
GAIN = 0.15
#: Rules about shares need at least so many candidates.
_ENOUGH = 10


def parameter_on_bound(run: RunRecord) -> Finding | None:
    """The best candidate has parameters at the ends of their ranges."""
    caught = [place for place in range_positions(run) if place.bound]
    if not caught:
        return None
    evidence = listing([_bound_words(place) for place in caught])
    keys = tuple(f"model.search.{place.parameter.name}.{place.bound}" for place in caught)
    return Finding(
        "The best model lies on the edge of the search",
        f"{evidence} (an end is within {percent(EDGE)} of the range).",
        f"Widen {listing(list(keys))}, if the physics allows it: better values may lie outside.",
        keys,
    )


def _bound_words(place: RangePosition) -> str:
    parameter = place.parameter
    end = parameter.minimum if place.bound == "min" else parameter.maximum
    unit = "" if parameter.unit == "1" else f" {parameter.unit}"
    return f"{parameter.name} = {plain(place.value)}{unit}, where the {place.bound} is {plain(end)}{unit}"


def level_never_passed(run: RunRecord) -> Finding | None:
    """No candidate ever passed a level; names the target that most candidates miss there."""
    evaluations = [entry.evaluation for entry in run.candidates]
    furthest = max((entry.evaluation.levels_passed for entry in run.entries), default=0)
    if not evaluations or furthest >= len(run.levels):
        return None
    level = run.levels[furthest]
    reached = [e for e in evaluations if e.levels_passed == furthest]
    rows = []
    for target in level.targets:
        found = [r for e in reached for r in e.results if (r.level, r.name) == (level.name, target.name)]
        errors = [r.normalised_error for r in found]
        missed = sum(not r.passed for r in found)
        if missed:
            rows.append((missed, target.name, min(errors), median(errors)))
    arrived = f"{count(len(reached), 'candidate')} of {len(evaluations)} reached it, none passed"
    if not rows:
        return Finding(
            f"Nobody passes the level {level.name}",
            f"{arrived}; they all broke down before it could be measured.",
            "See the reasons under Failures; narrow the ranges under model.search.",
            ("model.search",),
        )
    missed_by, name, smallest, middle = max(rows)
    key = target_key(run, level.name, name)
    longer = _longer_keys(run)
    return Finding(
        f"Nobody passes the level {level.name}",
        f"{arrived}. {missed_by} of them miss {name}: the smallest error is {plain(smallest, 2)} tolerances, "
        f"the median {plain(middle, 2)}.",
        f"Give the search more candidates ({', '.join(longer)}), widen the ranges under "
        f"model.search, or relax {key}.tolerance if the model cannot do better.",
        (*longer, "model.search", f"{key}.tolerance"),
    )


def _longer_keys(run: RunRecord) -> tuple[str, ...]:
    """Keys that make the search longer, that of the first sample first."""
    stages = run.config.optimizer.stages
    keys = (first_sample_key(stages), *(budget_key(stages, number) for number in range(len(stages))))
    return tuple(key for key in keys if key)


def mostly_unstable(run: RunRecord) -> Finding | None:
    """More than half of the candidates broke down."""
    broken = [entry for entry in run.candidates if entry.evaluation.outcome is Outcome.UNSTABLE]
    if len(run.candidates) < _ENOUGH or len(broken) <= MOSTLY * len(run.candidates):
        return None
    largest = failure_groups(broken)[0]
    target = run.targets.get((largest.level, largest.target))
    static = target is None or is_static(target)
    share = len(broken) / len(run.candidates)
    remedy = (
        "Narrow the ranges under model.search towards those of the model database (`default`)."
        if static
        else "Shorten engine.timestep, or narrow the ranges under model.search."
    )
    return Finding(
        "Most candidates break down",
        f"{len(broken)} of {len(run.candidates)} ({percent(share)}) are unstable; "
        f"most often ({largest.count} times){f' at {largest.target}' if largest.target else ''}: "
        f"{largest.example}.",
        remedy,
        ("model.search",) if static else ("engine.timestep", "model.search"),
    )


def one_reason_at_a_level(run: RunRecord) -> Finding | None:
    """Most candidates that reach a level beyond the first break down there, for one reason."""
    for index, level in enumerate(run.levels[1:], start=1):
        broken = [e for e in run.candidates if split_reason(e.evaluation.reason)[0] == level.name]
        unstable = [group for group in failure_groups(broken) if group.outcome is Outcome.UNSTABLE]
        reached = [e for e in run.candidates if e.evaluation.levels_passed >= index or e in broken]
        if not unstable or len(reached) < _ENOUGH or unstable[0].count <= MOSTLY * len(reached):
            continue
        largest, key = unstable[0], target_key(run, level.name, unstable[0].target)
        return Finding(
            f"The level {level.name} breaks most candidates for one reason",
            f"{largest.count} of {len(reached)} that reach it ({percent(largest.count / len(reached))}) "
            f"stop at {largest.target}: {largest.example}.",
            f"So many that fail alike point to the input rather than to the models: look at {key} and its "
            f"options, the box (levels.{index}.sampling.beads), engine.density and engine.timestep.",
            (key, f"levels.{index}.sampling.beads", "engine.density", "engine.timestep"),
        )
    return None


def too_few_evaluations(run: RunRecord) -> Finding | None:
    """The search is short for the number of parameters, and does not go on from another one."""
    tried, dimension, optimizer = len(run.candidates), len(run.parameters), run.config.optimizer
    sample = first_sample_key(optimizer.stages)
    # A search that begins at what is known, or that is local, looks at no whole range.
    if optimizer.start or not sample or not tried or tried >= PER_PARAMETER * dimension:
        return None
    place = sample.rpartition(".")[0]
    keys = (sample, f"{place}.population", f"{place}.generations")
    return Finding(
        "The search is short",
        f"{count(tried, 'candidate')} for {count(dimension, 'parameter')}; "
        f"{PER_PARAMETER * dimension} ({PER_PARAMETER} per parameter) is a modest number.",
        f"Raise {keys[0]} (cheap: most candidates stop at the first level), {keys[1]} or {keys[2]}; or "
        "search "
        "fewer parameters under model.search.",
        (*keys, "model.search"),
    )


def still_improving(run: RunRecord) -> Finding | None:
    """The error at the deepest level finished was still falling in the last quarter of the generations."""
    records = progress(run)
    if not records or len(records[-1].generations) < 4:
        return None
    record = records[-1]
    before = record.best[-1 - max(1, len(record.best) // 4)]
    now = record.best[-1]
    if not before > 0 or 1.0 - now / before < GAIN:
        return None
    limit = (run.ended or {}).get("why")
    limited = limit in ("evaluations", "md_ns", "hours")
    key = f"stop.{limit}" if limited else budget_key(run.config.optimizer.stages, run.stage)
    first = record.generations[-1 - max(1, len(record.best) // 4)]
    return Finding(
        "The search was still improving",
        f"The best error at the level {record.level} fell from {plain(before, 2)} to {plain(now, 2)} "
        f"tolerances between generations {first} and {record.generations[-1]}, the last.",
        f"Raise {key} and run the same command: the run goes on.",
        (key,),
        grave=False,
    )


def timeouts(run: RunRecord) -> Finding | None:
    """Many evaluations were ended by a watchdog."""
    ended = sum(entry.evaluation.outcome is Outcome.TIMEOUT for entry in run.entries)
    if not ended or ended <= TIMEOUTS * len(run.entries):
        return None
    return Finding(
        "Many evaluations ran out of time",
        f"{ended} of {len(run.entries)} were ended by a watchdog before they were done.",
        f"Raise run.wall_limit (now {plain(run.config.run.wall_limit)} s) or engine.step_limit "
        f"(now {run.config.engine.step_limit} steps), or shorten engine.production.",
        ("run.wall_limit", "engine.step_limit", "engine.production"),
    )


def machine_faults(run: RunRecord) -> Finding | None:
    """Evaluations were lost to the machine, not to the model."""
    lost = [entry for entry in run.entries if entry.evaluation.outcome is Outcome.INFRA]
    if not lost or len(lost) <= LOST * len(run.entries):
        return None
    return Finding(
        "Evaluations were lost to machine faults",
        f"{len(lost)} of {len(run.entries)}; the first: {lost[0].evaluation.reason}.",
        "Run the same command again: they are repeated. If it goes on, lower run.workers (memory) and see "
        "`cgbridge doctor`.",
        ("run.workers", "run.retries"),
    )


def screening_without_effect(run: RunRecord) -> Finding | None:
    """A cheap level lets nearly everybody through and a dear one nearly nobody: screening does not screen."""
    stages = funnel(run)
    for cheap, dear in pairwise(stages):
        if cheap.reached < 5 * _ENOUGH or dear.reached < _ENOUGH:
            continue
        if cheap.passed > 0.95 * cheap.reached and dear.passed < 0.05 * dear.reached:
            index = [level.name for level in run.levels].index(cheap.level)
            return Finding(
                f"The level {cheap.level} does not screen",
                f"It lets {percent(cheap.passed / cheap.reached)} through, while only "
                f"{percent(dear.passed / dear.reached)} pass the dearer level {dear.level}.",
                f"Tighten the tolerances of levels.{index}.targets, or add a target there that says more.",
                (f"levels.{index}.targets",),
                grave=False,
            )
    return None
