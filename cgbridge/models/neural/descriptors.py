"""Radial basis functions and real spherical harmonics, for many vectors at once."""

from __future__ import annotations

import math

import torch
from torch import Tensor

#: Where the harmonics of l = 1, 2, ... stand among the columns of :func:`harmonics`.
ORDERS = {1: slice(0, 3), 2: slice(3, 8), 3: slice(8, 15), 4: slice(15, 24)}


def chebyshev_basis(scaled: Tensor, count: int) -> Tensor:
    """f_k(s) = (T_k(x) + 1)/2 cos^2(pi s/2), x = 2 (s - 1)^2 - 1, k = 0 ... count-1; zero from s = 1 on.

    ``scaled`` (...) is the distance over the cutoff; returns (..., count). Form of Fan et al.,
    doi:10.1103/PhysRevB.104.104309, eqs. 3 and 4.
    """
    s = scaled.clamp(max=1.0)
    x = 2.0 * (s - 1.0) ** 2 - 1.0
    polynomials = [torch.ones_like(x), x]
    for _ in range(count - 2):
        polynomials.append(2.0 * x * polynomials[-1] - polynomials[-2])
    half_smooth = 0.25 * (1.0 + torch.cos(math.pi * s))
    return (torch.stack(polynomials[:count], dim=-1) + 1.0) * half_smooth.unsqueeze(-1)


def harmonics(directions: Tensor, order: int) -> Tensor:
    """Real functions Y_lm of unit vectors (..., 3), l = 1 ... order at most 4, (..., order (order + 2)).

    Normalised so that sum_m Y_lm(a) Y_lm(b) = P_l(a . b), the addition theorem without its 4 pi/(2 l + 1).
    """
    x, y, z = directions.unbind(-1)
    columns = [x, y, z]
    if order >= 2:
        xx, yy, zz = x * x, y * y, z * z
        root3 = math.sqrt(3.0)
        columns += [
            root3 * x * y,
            root3 * y * z,
            0.5 * (3.0 * zz - 1.0),
            root3 * x * z,
            0.5 * root3 * (xx - yy),
        ]
    if order >= 3:
        columns += [
            math.sqrt(5 / 8) * y * (3.0 * xx - yy),
            math.sqrt(15.0) * x * y * z,
            math.sqrt(3 / 8) * y * (5.0 * zz - 1.0),
            0.5 * z * (5.0 * zz - 3.0),
            math.sqrt(3 / 8) * x * (5.0 * zz - 1.0),
            0.5 * math.sqrt(15.0) * z * (xx - yy),
            math.sqrt(5 / 8) * x * (xx - 3.0 * yy),
        ]
    if order >= 4:
        columns += [
            0.5 * math.sqrt(35.0) * x * y * (xx - yy),
            math.sqrt(35 / 8) * y * z * (3.0 * xx - yy),
            0.5 * math.sqrt(5.0) * x * y * (7.0 * zz - 1.0),
            math.sqrt(5 / 8) * y * z * (7.0 * zz - 3.0),
            0.125 * (35.0 * zz * zz - 30.0 * zz + 3.0),
            math.sqrt(5 / 8) * x * z * (7.0 * zz - 3.0),
            0.25 * math.sqrt(5.0) * (xx - yy) * (7.0 * zz - 1.0),
            math.sqrt(35 / 8) * x * z * (xx - 3.0 * yy),
            0.125 * math.sqrt(35.0) * (xx * xx - 6.0 * xx * yy + yy * yy),
        ]
    return torch.stack(columns, dim=-1)
