"""LAMMPS's pair styles beside the supported ones, to name what a file was written for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

#: Ends of file names -> the style of LAMMPS that reads them, the longest first.
_FILE_ENDINGS = {
    ".tersoff.modc": "tersoff/mod/c",
    ".tersoff.mod": "tersoff/mod",
    ".tersoff.zbl": "tersoff/zbl",
    ".tersoff.table": "tersoff/table",
    ".sw.mod": "sw/mod",
    ".sw.quip": "quip",
    ".gw.zbl": "gw/zbl",
    ".gw": "gw",
    ".vashishta": "vashishta",
    ".extep": "extep",
    ".edip": "edip",
    ".meam": "meam",
    ".poly": "polymorphic",
    ".eam": "eam",
    ".eam.alloy": "eam/alloy",
    ".eam.fs": "eam/fs",
    ".adp": "adp",
    ".bop.table": "bop",
    ".rebo": "rebo",
    ".airebo": "airebo",
    ".nb3b.harmonic": "nb3b/harmonic",
}
#: Numbers in an entry of three names -> the styles whose files look so.
_BY_NUMBERS = {17: ("tersoff/mod",), 18: ("tersoff/zbl", "tersoff/mod/c", "gw/zbl")}
#: The same styles on other hardware: their files are those of the plain style.
ACCELERATORS = ("gpu", "omp", "kk", "opt", "intel")


def style_of_file(path: Path) -> str | None:
    """The unsupported style that the name of a file belongs to, or None."""
    endings = sorted(_FILE_ENDINGS, key=len, reverse=True)
    return next((_FILE_ENDINGS[ending] for ending in endings if path.name.endswith(ending)), None)


def style_of_entry(numbers: int, follow: Sequence[str]) -> str:
    """The unsupported styles whose entries have so many numbers and then the words ``follow``, or ``''``."""
    # File, keyword and kind of a table of angles.
    if len(follow) > 2 and follow[2] in ("linear", "spline"):
        return "sw/angle/table"
    return " or ".join(_BY_NUMBERS.get(numbers, ()))


def explain_style(style: str, plain: dict[str, str]) -> str:
    """What to say of a style given where a form is expected, or ``''``; ``plain`` is style -> form."""
    name, _, last = style.rpartition("/")
    if last in ACCELERATORS and name in plain:
        return f"'{style}' is LAMMPS's style {name} on other hardware: write {plain[name]}"
    if style in plain:
        return f"'{style}' is the name in LAMMPS: write {plain[style]}"
    if style in _FILE_ENDINGS.values() or style in ("sw/angle/table", "threebody/table"):
        return f"LAMMPS's style {style} is not supported"
    return ""
