"""Which frames train, which choose weights, which are kept for the last comparison.

Successive frames of a trajectory are alike: frames dealt at random to training and validation would have
their neighbours on the other side, and the validation error would be that of the training. Blocks of
successive frames are held back, and what stands within a gap of them is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgbridge.config.training_data_section import DataSection
from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_set import DataSet, FrameAddress, Series

_TRAIN, _VALIDATION, _TEST, _GAP = range(4)


@dataclass(frozen=True)
class Split:
    """Frames by their use; ``left_out`` counts those in gaps."""

    train: tuple[FrameAddress, ...]
    validation: tuple[FrameAddress, ...]
    test: tuple[FrameAddress, ...]
    left_out: int


def split_frames(data: DataSet, section: DataSection) -> Split:
    """Deal the blocks of every series; raises :class:`ConfigError` where nothing is left for one use."""
    marks = [_marks(one, section) for one in data.series]

    def of(use: int) -> tuple[FrameAddress, ...]:
        return tuple((s, int(i)) for s, mark in enumerate(marks) for i in np.flatnonzero(mark == use))

    train = of(_TRAIN)
    if section.frames is not None and section.frames < len(train):
        chosen = (np.arange(section.frames) * len(train)) // section.frames
        train = tuple(train[int(i)] for i in chosen)
    found = Split(train, of(_VALIDATION), of(_TEST), sum(int((mark == _GAP).sum()) for mark in marks))
    for use, frames in (("training", found.train), ("validation", found.validation)):
        if not frames:
            raise ConfigError(
                f"no frames are left for {use}, of {sum(map(len, data.series))}",
                where="data",
                remedy="give more frames, a shorter data.gap, or other blocks",
            )
    return found


def _marks(series: Series, section: DataSection) -> npt.NDArray[np.int64]:
    """The use of every frame of one series."""
    count = len(series)
    blocks = min(section.blocks, count)
    block_of = np.arange(count) * blocks // count
    uses = _uses(blocks, section)
    marks: npt.NDArray[np.int64] = uses[block_of]
    held = np.flatnonzero(marks != _TRAIN)
    if len(held):
        near = _near(series, held, section.gap)
        marks[near & (marks == _TRAIN)] = _GAP
    return marks


def _uses(blocks: int, section: DataSection) -> npt.NDArray[np.int64]:
    """The use of every block: held-back ones stand evenly, those of validation and test in turn."""
    validation = max(1, round(section.validation * blocks)) if blocks > 1 else 0
    test = max(1, round(section.test * blocks)) if section.test > 0 and blocks > 2 else 0
    held = validation + test
    places = ((2 * np.arange(held) + 1) * blocks) // (2 * max(held, 1))
    uses = np.full(blocks, _TRAIN)
    kinds = [_TEST if (i + 1) * test // held > i * test // held else _VALIDATION for i in range(held)]
    uses[places] = kinds
    return uses


def _near(series: Series, held: npt.NDArray[np.int64], gap: float) -> npt.NDArray[np.bool_]:
    """Frames within the gap of a held-back one, in time, or where times are not known the next ones."""
    time = series.time
    if gap == 0.0 or series.independent:
        return np.zeros(len(series), dtype=bool)
    if not np.isfinite(time).all() or not (np.diff(time) > 0).all():
        time, gap = np.arange(len(series), dtype=float), 1.0
    place = np.searchsorted(held, np.arange(len(series)))
    before = time - time[held[np.maximum(place - 1, 0)]]
    after = time[held[np.minimum(place, len(held) - 1)]] - time
    # Rounding of times in files is far below a thousandth of any gap.
    return (np.abs(before) <= gap * 1.001) | (np.abs(after) <= gap * 1.001)
