"""What the targets of a fit are called: no two of a level alike, and different ones not alike anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cgbridge.records.target import Target


@dataclass(frozen=True)
class NamedTarget:
    """A target with the number of its level, and whether the user gave it its name."""

    target: Target
    level: int
    given: bool


#: What tells targets of one observable apart, in the order in which it is tried.
_MARKS: tuple[Callable[[Target], str], ...] = (
    lambda target: "" if target.is_liquid else target.structure,
    lambda target: "-".join(target.composition),
    lambda target: f"{target.temperature:g}K",
    lambda target: f"{target.pressure:g}bar",
    lambda target: str(target.options.get("feature", "")),
)


def named_apart(targets: Sequence[NamedTarget], beside: Sequence[NamedTarget] = ()) -> list[Target]:
    """The targets, those without a name of their own under one that tells them from the others.

    ``density`` at two temperatures becomes ``density-280K`` and ``density-300K``; what measures the same in
    two levels keeps its name, for the levels tell it apart. The targets ``beside`` have the names that they
    have without these: what is added to a finished run must not rename what it holds.
    """
    every = [*beside, *targets]
    names = [item.target.name for item in every]
    for shared in dict.fromkeys(names):
        group = [index for index, item in enumerate(every) if item.target.name == shared]
        for index, name in zip(group, _marked([every[i] for i in group]), strict=True):
            names[index] = name
    alone = named_apart(beside) if beside else []
    kept = [replace(item, target=t, given=True) for item, t in zip(beside, alone, strict=True)]
    names[: len(kept)] = [item.target.name for item in kept]
    found = _numbered([*kept, *targets], names)[len(kept) :]
    return [replace(item.target, name=name) for item, name in zip(targets, found, strict=True)]


def _marked(group: Sequence[NamedTarget]) -> list[str]:
    """Names of targets that would be called alike, with marks of what differs among them."""
    marks = [mark for mark in _MARKS if len({mark(item.target) for item in group}) > 1]
    return [
        item.target.name
        if item.given
        else "-".join([item.target.name, *filter(None, (mark(item.target) for mark in marks))])
        for item in group
    ]


def _numbered(targets: Sequence[NamedTarget], names: Sequence[str]) -> list[str]:
    """Numbers behind names that are still shared within a level, or by what measures something else."""
    found: list[str] = []
    taken: dict[str, list[tuple[int, str]]] = {}
    for item, name in zip(targets, names, strict=True):
        if item.given:
            taken.setdefault(name, []).append((item.level, _measured(item.target)))
    for item, name in zip(targets, names, strict=True):
        unique, number = name, 1
        while not item.given and not _fits(taken.get(unique, ()), item):
            number += 1
            unique = f"{name}-{number}"
        if not item.given:
            taken.setdefault(unique, []).append((item.level, _measured(item.target)))
        found.append(unique)
    return found


def _fits(others: Sequence[tuple[int, str]], item: NamedTarget) -> bool:
    return all(level != item.level and what == _measured(item.target) for level, what in others)


def _measured(target: Target) -> str:
    """What is simulated and measured; equal texts are one quantity."""
    state = (target.structure, list(target.composition), target.temperature, target.pressure)
    keys = (target.observable, *state)
    return json.dumps([*keys, dict(target.options)], sort_keys=True, default=str)
