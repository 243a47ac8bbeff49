"""One parameter of a model, from the YAML to the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Parameter:
    """One parameter, from the YAML to the kernel.

    ``value`` is in ``unit``, as are ``bounds`` (where it makes sense at all) and ``range`` (where a fit
    searches it; None: it is left alone), which is sampled on a linear or log ``scale``. ``tie`` names other
    parameters that take the same value. ``symbol``, ``meaning`` and ``source`` are for readers, and so is
    ``written``, the unit in which a file gave the value, where that is another one.
    """

    name: str
    unit: str
    value: float | None = None
    symbol: str = ""
    meaning: str = ""
    bounds: tuple[float, float] | None = None
    range: tuple[float, float] | None = None
    scale: Literal["linear", "log"] = "linear"
    tie: tuple[str, ...] = ()
    source: str = ""
    written: str = field(default="", compare=False)

    @property
    def searched(self) -> tuple[float, float]:
        """The range of a searched parameter."""
        if self.range is None:
            raise ValueError(f"'{self.name}' is not searched")
        return self.range

    @property
    def minimum(self) -> float:
        """Lower end of the range."""
        return self.searched[0]

    @property
    def maximum(self) -> float:
        """Upper end of the range."""
        return self.searched[1]
