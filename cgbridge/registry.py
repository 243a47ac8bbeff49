"""Things found by name: those of cgbridge, and those that other packages bring through entry points.

A package announces what it has in its ``pyproject.toml``::

    [project.entry-points."cgbridge.observables"]
    volume_per_bead = "my_package.volume:VolumePerBead"

Nothing is imported before it is asked for by its name, so that one broken package breaks nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from cgbridge.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class Entry:
    """Where a thing is found: ``place`` is ``module:attribute``; ``package`` is empty for cgbridge's own."""

    name: str
    place: str
    package: str = ""


@dataclass(frozen=True)
class Registry:
    """Names of one kind of thing.

    ``noun`` is the kind in messages, ``group`` that of the entry points, ``own`` has the place of each of
    cgbridge's own, ``also`` tells in messages what else may be given. A name of cgbridge's cannot be taken by
    another package.
    """

    noun: str
    group: str
    own: Mapping[str, str]
    also: str = ""

    def find(self, name: str) -> Entry:
        """Raises :class:`~cgbridge.errors.ConfigError` for a name that nobody has, or two packages have."""
        if name in self.own:
            return Entry(name, self.own[name])
        found = [entry for entry in self.foreign() if entry.name == name]
        if len({entry.place for entry in found}) > 1:
            raise ConfigError(
                f"{self.noun} '{name}' is in two packages: " + ", ".join(entry.package for entry in found),
                remedy="uninstall one of them, or name the class as module:Class",
            )
        if not found:
            known = [*self.own, *(entry.name for entry in self.foreign())]
            raise ConfigError(
                f"unknown {self.noun} '{name}'{did_you_mean(name, known)}",
                remedy=f"known {self.noun}s: " + ", ".join(known) + self.also,
            )
        return found[0]

    def foreign(self) -> list[Entry]:
        """Those of other packages in the order of their names, without the names that cgbridge has."""
        entries = {
            Entry(point.name, point.value.replace(" ", ""), point.dist.name if point.dist else "?")
            for point in entry_points(group=self.group)
            if point.name not in self.own
        }
        return sorted(entries, key=lambda entry: (entry.name, entry.package))

    def __iter__(self) -> Iterator[Entry]:
        """All, cgbridge's own first."""
        yield from (Entry(name, place) for name, place in self.own.items())
        yield from self.foreign()
