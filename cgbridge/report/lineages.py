"""How many kinds of candidates passed: relatives say little about what the targets determine.

Nobody records the ancestors of a candidate, and crossover would blur them. What can be measured is where the
candidates lie: those nearer to each other than neighbours of the first, quasi-random sample may all descend
from one find. Groups that are further apart were found independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.report.digits import plain
from cgbridge.report.run_record import RunRecord
from cgbridge.report.search_stages import first_sample_key
from cgbridge.store.journal_entries import Entry

#: Fewest candidates of the first sample that have a typical distance.
_ENOUGH = 4


@dataclass(frozen=True)
class Lineages:
    """``candidates`` that passed ``levels`` levels, ``first`` of them in the first sample, form ``groups``.

    Members of a group are linked by distances below ``spacing``, the median distance of nearest neighbours
    in the first sample (unit cube).
    """

    levels: int
    candidates: int
    first: int
    groups: int
    spacing: float


def lineages(run: RunRecord, levels: int) -> Lineages | None:
    """Groups of the candidates that passed ``levels`` levels; None without them or without a first sample.

    A search that begins with a local stage has none: what lies near its start is no sample of the ranges.
    """
    passed = [entry for entry in run.candidates if entry.evaluation.levels_passed >= levels]
    if not first_sample_key(run.config.optimizer.stages[:1]):
        return None
    sample = np.array([entry.point for entry in run.candidates if _of_first_sample(entry)])
    if not passed or len(sample) < _ENOUGH:
        return None
    spacing = _spacing(sample)
    points = np.array([entry.point for entry in passed])
    first = sum(_of_first_sample(entry) for entry in passed)
    return Lineages(levels, len(passed), first, _groups(points, spacing), spacing)


def _of_first_sample(entry: Entry) -> bool:
    return entry.phase == "search" and entry.stage == entry.generation == 0


def lineage_words(found: Lineages) -> str:
    """What the number of groups allows to say about the spread of the candidates."""
    who = "This candidate is" if found.candidates == 1 else f"These {found.candidates} candidates are"
    how = f"{found.first} of the first sample, {found.candidates - found.first} bred"
    apart = f"neighbours of the first sample are from each other, {plain(found.spacing, 2)} of the ranges"
    if found.groups == 1:
        return (
            f"{who} one group ({how}): none is further from the next than {apart}, so that all may be "
            "relatives. A narrow bar says where the search looked; it does not say that the targets "
            "determine the parameter."
        )
    return (
        f"{who} {found.groups} groups ({how}), further from each other than {apart}. A bar that is narrow "
        "over all groups says that the targets have a say in the parameter; how far it can move before a "
        "target is missed was not measured."
    )


def _spacing(points: FloatArray) -> float:
    """Median distance to the nearest other point."""
    from scipy.spatial import KDTree

    distances, _ = KDTree(points).query(points, k=2)
    return float(np.median(distances[:, 1]))


def _groups(points: FloatArray, spacing: float) -> int:
    """Connected components of the points linked by distances up to ``spacing`` (single linkage)."""
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    tree = KDTree(points)
    near = tree.sparse_distance_matrix(tree, spacing, output_type="coo_matrix")
    # A distance of zero (a doubled point) would be no link in a sparse matrix.
    near.data = np.ones_like(near.data)
    groups, _ = connected_components(near, directed=False)
    return int(groups)
