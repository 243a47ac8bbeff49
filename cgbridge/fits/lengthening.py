"""What may change in the input of a run that has begun: its budgets, which are raised to lengthen it.

Optimizers propose the same candidates first whatever their budget is, so a longer run goes the way of the
shorter one, takes all that this measured from the journal, and goes on.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from cgbridge.config.schema import FitConfig
from cgbridge.fits.differences import differences
from cgbridge.fits.search.stages import stages_of

#: Sections that decide on results; ``stop`` decides only on where a search ends.
_SECTIONS = ("model", "levels", "optimizer", "engine")
#: Budgets of the confirmation.
_CONFIRM = ("candidates", "factor")


def compared(old: Mapping[str, Any], new: FitConfig) -> tuple[list[str], list[str]]:
    """What differs between the input of a run and that of now: what makes another run, and what a longer one.

    ``old`` is a resolved input as the run folder keeps it, ``new`` is resolved as well.
    """
    now = new.model_dump(mode="json", by_alias=True)
    before = copy.deepcopy(dict(old))
    raised = _raise_budgets(before, now, new)
    other = [line for key in _SECTIONS for line in differences(before.get(key), now[key], key)]
    raised += differences(before.get("stop"), now["stop"], "stop")
    return other, raised


def _raise_budgets(before: dict[str, Any], now: dict[str, Any], new: FitConfig) -> list[str]:
    """Put raised budgets and further stages into ``before``; returns them in words."""
    raised: list[str] = []
    old_optimizer, optimizer = before.get("optimizer") or {}, now["optimizer"]
    old_stages, stages = old_optimizer.get("stages") or [], optimizer["stages"]
    for stage, was, is_now in zip(stages_of(new.optimizer), old_stages, stages, strict=False):
        if was.get("method") == stage.method:
            place = f"optimizer.stages.{stage.number}"
            raised += _raise(was, is_now, stage.settings.budgets, place)
    for number in range(len(old_stages), len(stages)):
        raised.append(f"optimizer.stages.{number} ({stages[number]['method']}) is new")
        old_stages.append(stages[number])
    confirm = old_optimizer.get("confirm") or {}
    return raised + _raise(confirm, optimizer["confirm"], _CONFIRM, "optimizer.confirm")


def _raise(was: dict[str, Any], now: Mapping[str, Any], keys: tuple[str, ...], place: str) -> list[str]:
    raised = []
    for key in keys:
        before, after = was.get(key), now.get(key)
        if before is not None and after is not None and after > before:
            raised.append(f"{place}.{key} {before:g} -> {after:g}")
            was[key] = after
    return raised
