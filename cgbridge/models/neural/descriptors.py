"""Radial basis functions, and invariants of the directions of neighbours, for many particles at once.

Written with few operations on large arrays: for some hundred particles torch's price is that of its calls.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations_with_replacement
from typing import Any

import torch
from torch import Tensor

#: P_l(c) as coefficients of c^0, c^1, ... for l = 1 to 4.
_LEGENDRE = (
    (0.0, 1.0),
    (-0.5, 0.0, 1.5),
    (0.0, -1.5, 0.0, 2.5),
    (0.375, 0.0, -3.75, 0.0, 4.375),
)


def chebyshev_basis(scaled: Tensor, count: int) -> Tensor:
    """f_k(s) = (T_k(x) + 1)/2 cos^2(pi s/2), x = 2 (s - 1)^2 - 1, k = 0 ... count-1; zero from s = 1 on.

    ``scaled`` (...) is the distance over the cutoff; returns (..., count). Form of Fan et al.,
    doi:10.1103/PhysRevB.104.104309, eqs. 3 and 4. With y = 1 - s, T_k(2 y^2 - 1) = cos(2 k arccos y), whose
    slopes are finite but for s = 0.
    """
    s = scaled.clamp(max=1.0)
    degrees = 2.0 * torch.arange(count, dtype=s.dtype, device=s.device)
    polynomials = torch.cos(torch.acos(1.0 - s).unsqueeze(-1) * degrees)
    half_smooth = 0.25 * (1.0 + torch.cos(math.pi * s))
    return (polynomials + 1.0) * half_smooth.unsqueeze(-1)


def monomials(directions: Tensor, order: int) -> Tensor:
    """1, x, y, z, xx, xy, xz, yy, ... to degree ``order`` of vectors (3, ...), one behind the other in front.

    Of each degree: x times all of the degree before, y times those without x, z times that of z alone.
    """
    x, y, z = directions.unbind(0)
    parts, last = [torch.ones_like(directions[:1]), directions], directions
    if not order:
        return parts[0]
    for degree in range(2, order + 1):
        last = torch.cat([x * last, y * last[-degree:], z * last[-1:]])
        parts.append(last)
    return torch.cat(parts)


@cache
def _contraction(order: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(monomials, order): how squares of moments of monomials add up to sums of P_l, l = 1 ... order.

    sum_jk w_j w_k (a_j . a_k)^d = sum over monomials of degree d of multiplicity (sum_j w_j monomial)^2.
    """
    rows = []
    for degree in range(order + 1):
        for chain in combinations_with_replacement(range(3), degree):
            repeats = math.prod(math.factorial(chain.count(axis)) for axis in range(3))
            many = math.factorial(degree) / repeats
            rows.append([many * _coefficient(polynomial, degree) for polynomial in _LEGENDRE[:order]])
    return torch.tensor(rows, dtype=dtype, device=device)


def _coefficient(polynomial: tuple[float, ...], degree: int) -> float:
    return polynomial[degree] if degree < len(polynomial) else 0.0


def legendre_sums(moments: Tensor, order: int) -> Tensor:
    """sum_jk w_j w_k P_l(cos jk), l = 1 ... order, from ``moments`` sum_j w_j monomial_j: (..., order)."""
    found: Tensor = _Squares.apply(moments, _contraction(order, moments.dtype, moments.device))
    return found


class _Squares(torch.autograd.Function):
    """m^2 C, with half of the passes over memory that its parts would take when they are trained."""

    @staticmethod
    def forward(ctx: Any, moments: Tensor, contraction: Tensor) -> Tensor:
        ctx.save_for_backward(moments, contraction)
        return moments.square() @ contraction

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> Any:
        return _SlopesOfSquares.apply(*ctx.saved_tensors, slopes), None


class _SlopesOfSquares(torch.autograd.Function):
    """2 m (s C^T)."""

    @staticmethod
    def forward(ctx: Any, moments: Tensor, contraction: Tensor, slopes: Tensor) -> Tensor:
        ctx.save_for_backward(moments, contraction, slopes)
        return (slopes @ (2.0 * contraction.T)).mul_(moments)

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> Any:
        moments, contraction, slopes = ctx.saved_tensors
        doubled = 2.0 * contraction
        return given * (slopes @ doubled.T), None, (given * moments) @ doubled
