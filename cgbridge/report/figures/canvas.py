"""A small matplotlib canvas whose SVG takes colours and font from the page, light or dark.

Plots are drawn in marker colours (``#010101`` and so on), which the SVG replaces by CSS variables.
Identifiers are made unique per figure, addresses of standards are removed: the page stands alone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from cgbridge.report.digits import superscript

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Marker colour -> CSS variable of the page.
INK, MUTED, RULE, MODEL, REFERENCE, THIRD, BAD, PAPER = (f"#0{n}0{n}0{n}" for n in range(1, 9))
_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    MODEL: "--model",
    REFERENCE: "--reference",
    THIRD: "--third",
    BAD: "--bad",
    PAPER: "--paper",
}
#: Size in points; the page scales the picture to its column.
WIDTH, HEIGHT = 396.0, 252.0
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.size": 11.0,
    "axes.labelsize": 11.0,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "legend.fontsize": 10.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "axes.formatter.useoffset": False,
    "axes.formatter.use_mathtext": False,
}


@dataclass(frozen=True)
class Figure:
    """A finished plot: ``svg`` is inline markup, ``caption`` states axes with units and what is shown."""

    key: str
    title: str
    svg: str
    caption: str


def draw(key: str, title: str, caption: str, paint: Callable[[Axes], None]) -> Figure:
    """Let ``paint`` draw on one pair of axes and return the picture; the same input gives the same text."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    settings: Any = {**_STYLE, "svg.hashsalt": f"cgbridge-{key}"}
    with matplotlib.rc_context(settings):
        canvas = Canvas(figsize=(WIDTH / 72.0, HEIGHT / 72.0), layout="constrained")
        FigureCanvasSVG(canvas)
        canvas.patch.set_alpha(0.0)
        axes = canvas.add_subplot()
        axes.patch.set_alpha(0.0)
        paint(axes)
        buffer = io.StringIO()
        canvas.savefig(
            buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return Figure(key, title, inline_svg(buffer.getvalue(), key, title, caption), caption)


def inline_svg(text: str, key: str, title: str, description: str) -> str:
    """Turn matplotlib's SVG document into an element for an HTML page."""
    body = text[text.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = body.replace("xlink:href", "href")
    body = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{key}-\1"', body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    # The family is the page's; sizes stay.
    body = re.sub(r"font-family: [^;\"]+;? ?", "", body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font-size: \1px", body)
    inside = body[body.index(">") + 1 :]
    return (
        f'<svg class="plot" role="img" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'aria-labelledby="{key}-title {key}-desc">'
        f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-desc">{escape(description)}</desc>'
        f"{_compact(inside)}"
    )


def _compact(svg: str) -> str:
    return re.sub(r">\s+<", "><", svg.replace("\n", " "))


def power_label(value: float, _position: int | None = None) -> str:
    """Tick label of a log axis: ``0.1``, ``1``, ``10``, ``10⁻⁴``."""
    from math import floor, log10

    if value <= 0:
        return ""
    exponent = floor(log10(value) + 1e-9)
    if abs(value / 10.0**exponent - 1) > 1e-6:
        return ""
    return f"{value:g}" if -2 <= exponent <= 3 else f"10{superscript(exponent)}"


def legend_above(axes: Axes) -> None:
    """The legend in a row over the axes, where it covers nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, columnspacing=1.4, handletextpad=0.5,
            borderaxespad=0.2,
        )  # fmt: skip


def round_ticks(axes: Axes) -> None:
    """Few ticks at round numbers along x."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))


def log_axis(axes: Axes) -> None:
    """A logarithmic y axis with plain labels, also where it spans less than a decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high / low < 100:
        steps = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0) if high / low < 6 else (1.0, 2.0, 5.0)
        axes.yaxis.set_major_locator(LogLocator(subs=steps, numticks=20))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(power_label))
    axes.yaxis.set_minor_formatter(NullFormatter())
