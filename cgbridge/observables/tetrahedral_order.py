"""Tetrahedral order parameter of the liquid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgbridge.errors import UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.observables.bulk import bulk_simulation, require_phase
from cgbridge.observables.neighbours import frames_of, neighbour_list, one_thread, unit_vectors
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import mean_error
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target


class TetrahedralOrder:
    """<q>, q = 1 - 3/8 sum over the six pairs of the four nearest neighbours of (cos psi + 1/3)^2.

    Errington and Debenedetti, doi:10.1038/35053024, eq. (1); psi angle at the bead between two
    neighbours. q is 1 for a perfect tetrahedron and 0 on average for random directions. The error is
    that of the correlated series of frame averages. Raises
    :class:`~cgbridge.errors.UnstableError` for a frozen liquid.
    """

    name = "tetrahedral_order"
    unit = "1"
    options = BulkOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        unit_factor(target, self.unit)
        return [bulk_simulation(target, sampling, parse_options(self.options, target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Mean over beads and frames."""
        run = one_run(runs)
        require_phase(run, "liquid", parse_options(self.options, target))
        with one_thread():
            q = np.array([float(np.mean(tetrahedrality(frame))) for frame in frames_of(run)])
        mean = mean_error(q, "tetrahedral order")
        return estimate(target, self.unit, mean.mean, stderr=mean.stderr, n_eff=mean.n_eff)


def tetrahedrality(frame: Frame) -> FloatArray:
    """q of every bead, shape (N,). Raises :class:`UnstableError` if a bead has fewer than four neighbours."""
    pairs = neighbour_list(frame, {"num_neighbors": 4})
    count = len(frame.positions)
    if len(pairs) != 4 * count:
        raise UnstableError("a bead has fewer than four neighbours")
    directions = unit_vectors(np.asarray(pairs.vectors, dtype=np.float64)).reshape(count, 4, 3)
    cosine = np.einsum("nid,njd->nij", directions, directions)
    first, second = np.triu_indices(4, 1)
    q: FloatArray = 1.0 - 0.375 * np.sum((cosine[:, first, second] + 1.0 / 3.0) ** 2, axis=1)
    return q
