"""Keys of before: the search was one genetic algorithm and one polish, directly under ``optimizer``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_SEARCH = (
    "mode", "population", "generations", "initial", "elites", "tournament", "crossover", "crossover_eta",
    "mutation", "mutation_eta", "differential", "rescale",
)  # fmt: skip
_OLD = ("method", *_SEARCH, "polish")
#: What each polish took of the keys that stood under ``polish``, and what it took where none stood there.
_POLISH = {
    "nelder-mead": ("evaluations", "size"),
    "response-surface": ("evaluations", "batch", "norm", "penalty"),
}
_DEFAULT = {"method": "nelder-mead", "evaluations": 40}


def migrated_optimizer(section: Mapping[str, Any]) -> dict[str, Any]:
    """The section ``optimizer`` with stages; one that has them is left as it is.

    Raises ValueError for one that has both.
    """
    old = {key: section[key] for key in _OLD if key in section}
    rest = {key: value for key, value in section.items() if key not in _OLD}
    if not old:
        return rest
    if "stages" in rest:
        raise ValueError(f"{_listed(old)} belong to a stage: write them into one of stages")
    search = {key: old[key] for key in _SEARCH if old.get(key) is not None}
    stages = [{"method": old.get("method", "hoga"), **search}, *_polish(old.get("polish", {}))]
    elites = old.get("elites", 2)
    if isinstance(elites, int) and elites != 2:
        # The elites were those that were confirmed beside the search.
        confirm = rest.get("confirm") or {}
        rest["confirm"] = {"leaders": max(1, elites), **confirm} if isinstance(confirm, Mapping) else confirm
    return {"stages": stages, **rest}


def _polish(section: Any) -> list[dict[str, Any]]:
    if not isinstance(section, Mapping):
        raise ValueError("polish is a stage of its own now: write it into stages")
    given = {**_DEFAULT, **section}
    if given["evaluations"] == 0:
        return []
    known = _POLISH.get(given["method"])
    others = {key for keys in _POLISH.values() for key in keys}
    # A key of the other method stood there for nothing; an unknown one is left to be found.
    return [{k: v for k, v in given.items() if known is None or k in known or k not in others}]


def migration_words(section: Any) -> str:
    """What a user should write instead; empty where nothing is old."""
    old = [key for key in _OLD if isinstance(section, Mapping) and key in section]
    if not old or "stages" in section:
        return ""
    try:
        new = migrated_optimizer(section)
    except ValueError:
        return ""  # it is told as a fault
    shown = {key: new[key] for key in ("stages", "confirm") if key in new and new[key] != section.get(key)}
    lines = [f"{key}: {_flow(value)}" for key, value in shown.items()]
    return (
        f"{_listed(old)} stand in stages now; the old form is still read. Write instead: {'; '.join(lines)}"
    )


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6)
    return text.strip()


def _listed(names: Any) -> str:
    names = [*names]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
