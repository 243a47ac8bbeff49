"""Where things stand in a YAML file: the line of every key, and the text of what is no text to YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Path_ = tuple[str | int, ...]


class Lines(dict[Path_, int]):
    """Line number of every key and list item, by dotted path.

    ``written`` is the text of plain values that YAML takes for a number or a truth value, so that a key
    that wants text (a bead called ``7``, a fit called ``1e5``) gets it as it was written.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[Path_, str] = {}


@dataclass(frozen=True)
class Place:
    """A part of a YAML file: ``source`` names the file, ``path`` leads to the part."""

    source: str
    path: Path_ = ()
    lines: Mapping[Path_, int] = field(default_factory=dict)

    def below(self, *parts: str | int) -> Place:
        """A part of the part."""
        return Place(self.source, (*self.path, *parts), self.lines)

    def __str__(self) -> str:
        """``water.yaml:12: levels.0.targets.1`` with the nearest line that is known."""
        dotted = ".".join(str(part) for part in self.path)
        for length in range(len(self.path), 0, -1):
            if self.path[:length] in self.lines:
                return f"{self.source}:{self.lines[self.path[:length]]}: {dotted}"
        return ": ".join(part for part in (self.source, dotted) if part)

    def written(self, *parts: str | int) -> str | None:
        """The text of a plain value below this part that YAML takes for something else than text."""
        return self.lines.written.get((*self.path, *parts)) if isinstance(self.lines, Lines) else None
