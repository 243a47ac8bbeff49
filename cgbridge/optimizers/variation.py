"""Operators of a genetic algorithm on the unit cube; every random number comes from the generator given.

Simulated binary crossover of Deb and Agrawal, Complex Systems 9, 115 (1995), and polynomial mutation of Deb
and Goyal, Computer Science and Informatics 26, 30 (1996), both in the form with bounds of Deb, Pratap,
Agarwal and Meyarivan, doi:10.1109/4235.996017.
"""

from __future__ import annotations

from random import Random

from cgbridge.records.evaluation import Point

#: Genes of two parents that are nearer to each other are equal: nothing lies between them.
_EQUAL = 1e-14


def crossed(mother: Point, father: Point, eta: float, random: Random) -> tuple[Point, Point]:
    """Two children; each gene is crossed with a chance of one half.

    Crossed genes lie at (x + y)/2 -+ beta (y - x)/2, where beta has the density (eta + 1) beta^eta / 2 below
    one and (eta + 1) beta^-(eta + 2) / 2 above, cut where the child would leave [0, 1].
    """
    first, second = list(mother), list(father)
    for gene, (x, y) in enumerate(zip(mother, father, strict=True)):
        if random.random() > 0.5 or abs(x - y) <= _EQUAL:
            continue
        low, high = min(x, y), max(x, y)
        middle, half, draw = 0.5 * (low + high), 0.5 * (high - low), random.random()
        # How far the spread may go before the child meets its bound, in units of the parents' distance.
        below = middle - half * _spread(draw, 1.0 + low / half, eta)
        above = middle + half * _spread(draw, 1.0 + (1.0 - high) / half, eta)
        pair = _inside(below), _inside(above)
        swapped = random.random() <= 0.5
        first[gene], second[gene] = reversed(pair) if swapped else pair
    return tuple(first), tuple(second)


def _spread(draw: float, most: float, eta: float) -> float:
    """The value of beta below which a share ``draw`` of its distribution lies, cut at ``most``."""
    weight = draw * (2.0 - most ** -(eta + 1.0))
    return float((weight if weight <= 1.0 else 1.0 / (2.0 - weight)) ** (1.0 / (eta + 1.0)))


def mutated(point: Point, eta: float, chance: float, random: Random) -> Point:
    """The point with each gene moved by a chance, down or up with equal probability.

    A step d has a density that falls as (1 - |d|)^eta and ends at the bound.
    """
    genes = []
    for x in point:
        if random.random() <= chance:
            draw, power = random.random(), eta + 1.0
            if draw < 0.5:
                rest = 2.0 * draw + (1.0 - 2.0 * draw) * (1.0 - x) ** power
                x = x + rest ** (1.0 / power) - 1.0
            else:
                rest = 2.0 * (1.0 - draw) + 2.0 * (draw - 0.5) * x**power
                x = x + 1.0 - rest ** (1.0 / power)
        genes.append(_inside(x))
    return tuple(genes)


def stepped(point: Point, a: Point, b: Point, factor: float) -> Point:
    """x + factor (a - b); a gene that leaves the range is reflected."""
    return tuple(_reflected(x + factor * (p - q)) for x, p, q in zip(point, a, b, strict=True))


def scattered(dimension: int, random: Random) -> Point:
    """A point drawn evenly."""
    return tuple(random.random() for _ in range(dimension))


def sobol_points(dimension: int, count: int, seed: int) -> list[Point]:
    """Scrambled Sobol points, which cover every range evenly (Sobol, doi:10.1016/0041-5553(67)90144-9)."""
    from scipy.stats import qmc

    if count == 0:
        return []
    # The sequences are balanced in powers of two; drawing one and cutting it keeps the first ones even.
    sample = qmc.Sobol(dimension, scramble=True, seed=seed).random_base2(max(count - 1, 1).bit_length())
    return [tuple(float(u) for u in row) for row in sample[:count]]


def _inside(gene: float) -> float:
    return min(max(gene, 0.0), 1.0)


def _reflected(gene: float) -> float:
    """Back into [0, 1] by reflection at the bounds; a gene of the cube is off by less than one."""
    gene = -gene if gene < 0.0 else gene
    return 2.0 - gene if gene > 1.0 else gene
