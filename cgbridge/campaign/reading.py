"""The YAML files of a user read and resolved at once, so that all of their faults are told together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cgbridge.campaign.problem import FitProblem, build_problem, resolve_target
from cgbridge.config.loader import parse_evaluation, parse_fit, read_yaml
from cgbridge.config.places import Place
from cgbridge.config.schema import EvaluateConfig
from cgbridge.errors import Faults
from cgbridge.interfaces import Target


def read_fit(path: Path) -> FitProblem:
    """Read a fit YAML and resolve base model, ranges and targets.

    Raises :class:`ConfigError` with file, line and dotted path, :class:`ConfigErrors` for several faults.
    """
    data, lines = read_yaml(path)
    root, faults = Place(str(path), (), lines), Faults()
    config = None
    with faults.collecting():
        config = parse_fit(data, lines, str(path))
    if config is not None:
        return build_problem(config, path.parent, root)
    for item, place in _targets(data, root):
        with faults.collecting():
            resolve_target(item, path.parent, place)
    faults.raise_all()
    raise AssertionError("a configuration that is not valid has a fault")


def read_evaluation(path: Path) -> tuple[EvaluateConfig, tuple[Target, ...]]:
    """Read a target list for `cgbridge evaluate` and resolve its targets; raises as :func:`read_fit`."""
    data, lines = read_yaml(path)
    root, faults = Place(str(path), (), lines), Faults()
    config, found = None, []
    with faults.collecting():
        config = parse_evaluation(data, lines, str(path))
    for item, place in _items(data, root):
        with faults.collecting():
            found.append(resolve_target(item, path.parent, place))
    faults.raise_all()
    assert config is not None
    return config, tuple(found)


def _targets(data: dict[str, Any], root: Place) -> Iterator[tuple[Any, Place]]:
    """Targets of a fit whose other parts may be anything."""
    levels = data.get("levels")
    for index, level in enumerate(levels if isinstance(levels, list) else []):
        if isinstance(level, dict):
            yield from _items(level, root.below("levels", index))


def _items(section: dict[str, Any], place: Place) -> Iterator[tuple[Any, Place]]:
    """Targets of one list that can be one: names and mappings."""
    items = section.get("targets")
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, str | dict):
            yield item, place.below("targets", number)
