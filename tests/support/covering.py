"""Products of parameters of which every run of the tests sees a covering set, and `make test-all` all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest


def covering(
    names: str,
    *axes: Sequence[Any],
    label: Callable[[Any], object] = lambda value: None,
    cheap: Callable[..., bool] = lambda *values: False,
) -> pytest.MarkDecorator:
    """Parametrise with the product of ``axes``; all but a covering set of it is marked slow.

    The set has every value of every axis, in as few combinations as the longest axis is long, and what is
    ``cheap``. ``names`` and ``label`` are pytest's: the arguments, and the id of a value or None for pytest's
    own.
    """
    chosen = _diagonal([len(axis) for axis in axes])
    values = []
    for places in product(*(range(len(axis)) for axis in axes)):
        combination = [axis[n] for axis, n in zip(axes, places, strict=True)]
        marks = () if places in chosen or cheap(*combination) else (pytest.mark.slow,)
        values.append(pytest.param(*combination, marks=marks))
    return pytest.mark.parametrize(names, values, ids=label)


def _diagonal(lengths: list[int]) -> set[tuple[int, ...]]:
    """One place on every axis for each step along the longest.

    Where a shorter axis begins anew it is shifted, each by another number of places, so that axes of which
    one is a multiple of the other do not always meet in the same pairs.
    """
    short = [axis for axis, length in enumerate(lengths) if length < max(lengths)]
    shifts = {axis: number for number, axis in enumerate(short, 1)}
    return {
        tuple((step + shifts.get(axis, 0) * (step // length)) % length for axis, length in enumerate(lengths))
        for step in range(max(lengths))
    }
