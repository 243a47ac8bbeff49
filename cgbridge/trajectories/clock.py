"""Times of a series of frames: whether they rise, and whether they are known at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cgbridge.errors import FileFormatError

#: Share of an interval by which times may miss their place: files hold some in single precision.
_UNEVEN = 1e-3


@dataclass
class Clock:
    """Looks at the times of frames, in ps, as they come.

    ``late`` is the first frame whose time does not rise, with the time before and its own; ``uneven`` whether
    frames are not equally far apart in time.
    """

    late: tuple[int, float, float] | None = None
    uneven: bool = False
    _seen: list[float] = field(default_factory=list, repr=False)  # first two and last
    _count: int = 0

    def __call__(self, number: int, time: float) -> None:
        """Look at the time of frame ``number``."""
        seen = self._seen
        if seen and self.late is None and not time > seen[-1]:
            self.late = number, seen[-1], time
        if len(seen) > 1:
            interval = seen[1] - seen[0]
            place = seen[0] + self._count * interval
            # Single precision keeps seven digits of long times.
            allowed = _UNEVEN * abs(interval) + 1e-6 * abs(place)
            self.uneven |= abs(time - place) > allowed
        self._seen = [*seen[:2], time]
        self._count += 1


def require_rising(times: Iterable[float], source: str, *, first: int = 0) -> None:
    """Raise :class:`~cgbridge.errors.FileFormatError` where a time in ps is not later than the one before.

    ``first`` is the number of the first frame in the file ``source``.
    """
    clock = Clock()
    for number, time in enumerate(times, start=first):
        clock(number, time)
        if clock.late is not None:
            raise FileFormatError(
                late_words(clock.late),
                where=f"{source}, frame {number}",
                remedy="give runs that were joined one by one, each in a file of its own: "
                "`cgbridge map --frames FIRST:STOP` cuts them apart",
            )


def late_words(late: tuple[int, float, float]) -> str:
    """What is wrong with the time of a frame, as :class:`Clock` found it."""
    _, before, own = late
    return f"its time is {own:g} ps, after {before:g} ps in the frame before: times must rise"
