"""What a set of configurations covers: energies against densities, and nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.report.figures.canvas import (
    BAD,
    INK,
    MODEL,
    MUTED,
    REFERENCE,
    THIRD,
    Figure,
    draw,
    legend_above,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Of the sets, in their order: those that share a colour differ in shape.
_LOOKS = [(colour, shape) for shape in ("o", "^") for colour in (MODEL, REFERENCE, THIRD, BAD, INK, MUTED)]
#: By set: density in g/cm^3, energy per bead in kJ/mol, distance of the nearest two beads in nm.
Sets = Mapping[str, Mapping[str, FloatArray]]


def coverage_figures(sets: Sets) -> list[Figure]:
    """Two pictures of all sets."""
    return [
        draw(
            "coverage-energy",
            "Energies and densities",
            "Energy per bead in kJ/mol against density in g/cm³, one point for every configuration.",
            lambda axes: _energies(axes, sets),
        ),
        draw(
            "coverage-nearest",
            "Nearest neighbours",
            "Number of configurations by the distance in nm of their nearest two beads.",
            lambda axes: _nearest(axes, sets),
        ),
    ]


def coverage_page(sets: Sets, title: str) -> str:
    """The pictures on one page that stands alone."""
    style = (files("cgbridge.report") / "style.css").read_text(encoding="utf-8")
    figures = "".join(
        f"<figure>{figure.svg}<figcaption>{figure.caption}</figcaption></figure>"
        for figure in coverage_figures(sets)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head><body><main><h1>{title}</h1>{figures}</main></body></html>\n"
    )


def _energies(axes: Axes, sets: Sets) -> None:
    for (name, one), (colour, shape) in zip(sets.items(), _LOOKS, strict=False):
        axes.plot(one["density"], one["energy"], shape, color=colour, markersize=2.5, alpha=0.7, label=name)
    axes.set_xlabel("density (g/cm³)")
    axes.set_ylabel("energy per bead (kJ/mol)")
    legend_above(axes)


def _nearest(axes: Axes, sets: Sets) -> None:
    everything = np.concatenate([one["nearest"] for one in sets.values()])
    edges = np.linspace(everything.min(), everything.max(), 25)
    for (name, one), (colour, shape) in zip(sets.items(), _LOOKS, strict=False):
        counts = np.histogram(one["nearest"], edges)[0]
        style = "-" if shape == "o" else "--"
        axes.step(edges[:-1], counts, style, where="post", color=colour, linewidth=1.2, label=name)
    axes.set_xlabel("distance of the nearest two beads (nm)")
    axes.set_ylabel("configurations")
    legend_above(axes)
