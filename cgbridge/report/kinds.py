"""What is told of a run, by the kind of its fit: the page, some lines for the terminal, one of a list."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cgbridge.fits.catalogue import SEARCH, method_of_run
from cgbridge.store.layout import RunLayout

if TYPE_CHECKING:
    from cgbridge.report.status import RunLine

_TRAINING = "cgbridge.report.training.page"


def page_of(layout: RunLayout) -> Callable[[RunLayout], str]:
    """What makes the page of this run."""
    return _found(layout, "cgbridge.report.document:search_html", f"{_TRAINING}:training_html")


def lines_of(layout: RunLayout) -> Callable[[RunLayout], str]:
    """What tells the state of this run."""
    return _found(layout, "cgbridge.report.status:search_status", f"{_TRAINING}:training_status")


def line_of(layout: RunLayout) -> Callable[[RunLayout, str], RunLine]:
    """What tells of this run in a list."""
    return _found(layout, "cgbridge.report.status:search_line", f"{_TRAINING}:training_line")


def _found(layout: RunLayout, search: str, training: str) -> Callable[..., Any]:
    place = search if method_of_run(layout) == SEARCH else training
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
