"""The templates of the pages: HTML beside this file, escaped, and strict about names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cgbridge.report import digits

if TYPE_CHECKING:
    import jinja2


def environment() -> jinja2.Environment:
    """An environment of jinja2 with the filters that every page has."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"plain": digits.plain, "unit": digits.unit_text}
    return made
