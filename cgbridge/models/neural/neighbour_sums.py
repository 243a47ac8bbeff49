"""Sums over the neighbours of every particle, from which its fingerprint is made.

S[(t, k), i, a] = sum over the neighbours j of type t of f_k(r_ij) m_a(direction of ij), with the radial
functions f and the monomials m of :mod:`cgbridge.models.neural.descriptors`. On processors they and their
derivatives are loops of the plugin, several times as fast as torch's operations on large arrays; elsewhere
they are these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cgbridge.models.neural.descriptors import chebyshev_basis, monomials
from cgbridge.models.neural.neighbours import Pairs

_weights_only: ContextVar[bool] = ContextVar("weights_only", default=False)


@contextmanager
def only_gradients_of_weights() -> Iterator[None]:
    """Within it gradients of forces are asked for the weights, not for the positions: those cost no time."""
    token = _weights_only.set(True)
    try:
        yield
    finally:
        _weights_only.reset(token)


@dataclass(frozen=True)
class NeighbourSums:
    """The sums of ``functions`` radial functions up to a ``cutoff`` in nm and of all monomials to a
    ``degree``; ``kinds`` is how many types there are."""

    functions: int
    degree: int
    cutoff: float
    kinds: int

    def __call__(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> Tensor:
        """S as (kinds functions, N, monomials), with gradients; ``vectors`` (E, 3) in nm, ``types`` (N,)."""
        if vectors.device.type != "cpu":
            return self.by_arrays(pairs, vectors, types)
        kinds = types.index_select(0, pairs.neighbour).contiguous() if self.kinds > 1 else None
        found: Tensor = _Sums.apply(vectors, self, _Where(pairs, types, kinds))
        return found

    def by_arrays(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> Tensor:
        """The same by torch's operations."""
        slots, filled = pairs.table(self.cutoff)
        # What only fills a row up is put where nothing is seen, with no gradient.
        found = vectors.index_select(0, slots.flatten()).reshape(*slots.shape, 3)
        there = torch.where(filled.unsqueeze(-1), found, 2.0 * self.cutoff)
        distance = torch.linalg.vector_norm(there, dim=-1)
        basis = chebyshev_basis(distance / self.cutoff, self.functions)
        if self.kinds > 1:
            which = nn.functional.one_hot(types[pairs.neighbour[slots]], self.kinds).to(basis.dtype)
            basis = (which.unsqueeze(-1) * basis.unsqueeze(-2)).flatten(-2)
        directions = (there / distance.unsqueeze(-1)).permute(2, 0, 1).contiguous()
        return torch.einsum("nmk,anm->kna", basis, monomials(directions, self.degree))

    @property
    def monomials(self) -> int:
        """How many there are: those of degree d are (d + 1) (d + 2)/2."""
        d = self.degree
        return (d + 1) * (d + 2) * (d + 3) // 6


@dataclass(frozen=True)
class _Where:
    """The pairs, the types of all particles, and those of the neighbours where there are several."""

    pairs: Pairs
    types: Tensor
    kinds: Tensor | None


def _run(
    what: int, sums: NeighbourSums, where: _Where, vectors: Tensor, given: Tensor | None, result: Tensor
) -> Tensor:
    """Have the plugin fill ``result``."""
    from cgbridge.openmm.neighbor_sums import neighbor_sums

    vectors = vectors.contiguous()
    given = None if given is None else given.to(vectors.dtype).contiguous()
    neighbor_sums(
        what,
        double=vectors.dtype == torch.float64,
        functions=sums.functions,
        degree=sums.degree,
        types=sums.kinds,
        cutoff=sums.cutoff,
        centers=(where.pairs.particles, 0, where.pairs.particles),
        addresses=(
            where.pairs.first.data_ptr(),
            0 if where.kinds is None else where.kinds.data_ptr(),
            vectors.data_ptr(),
            0 if given is None else given.data_ptr(),
            result.data_ptr(),
        ),
    )
    return result


def _empty(sums: NeighbourSums, where: _Where, like: Tensor) -> Tensor:
    shape = (sums.kinds * sums.functions, where.pairs.particles, sums.monomials)
    return torch.empty(shape, dtype=like.dtype)


class _Sums(torch.autograd.Function):
    """Vectors -> sums."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, sums: NeighbourSums, where: _Where) -> Tensor:
        from cgbridge.openmm.neighbor_sums import SUMS

        ctx.sums, ctx.where = sums, where
        ctx.save_for_backward(vectors)
        return _run(SUMS, sums, where, vectors, None, _empty(sums, where, vectors))

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> Any:
        (vectors,) = ctx.saved_tensors
        return _PullBack.apply(vectors, slopes, ctx.sums, ctx.where), None, None


class _PullBack(torch.autograd.Function):
    """Vectors and slopes with respect to the sums -> slopes with respect to the vectors."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, slopes: Tensor, sums: NeighbourSums, where: _Where) -> Tensor:
        from cgbridge.openmm.neighbor_sums import PULL_BACK

        ctx.sums, ctx.where = sums, where
        ctx.save_for_backward(vectors, slopes)
        return _run(PULL_BACK, sums, where, vectors, slopes, torch.empty_like(vectors))

    @staticmethod
    def backward(ctx: Any, velocities: Tensor) -> Any:
        from cgbridge.openmm.neighbor_sums import PUSH_FORWARD

        vectors, slopes = ctx.saved_tensors
        rates = _run(
            PUSH_FORWARD, ctx.sums, ctx.where, vectors, velocities, _empty(ctx.sums, ctx.where, vectors)
        )
        # Torch asks for this gradient whether it is used or not.
        curvature = None if _weights_only.get() else _curvature(ctx, vectors, slopes, velocities)
        return curvature, rates, None, None


def _curvature(ctx: Any, vectors: Tensor, slopes: Tensor, velocities: Tensor) -> Tensor:
    """The slope of slopes . S along ``velocities``, with respect to the vectors."""
    with torch.enable_grad():
        places = vectors.detach().requires_grad_(True)
        found = ctx.sums.by_arrays(ctx.where.pairs, places, ctx.where.types)
        (first,) = torch.autograd.grad(found, places, slopes.detach(), create_graph=True)
        (second,) = torch.autograd.grad(first, places, velocities.detach())
    return second
