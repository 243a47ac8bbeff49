"""When a search is over before its stages have used up their budgets: the section ``stop``."""

from __future__ import annotations

from dataclasses import dataclass

from cgbridge.config.stop_section import StopSection
from cgbridge.fits.search.candidates import Candidates
from cgbridge.fits.search.clock import RunClock
from cgbridge.records.evaluation import Evaluation, Score

#: A score that is better by less than this share of the error is no improvement.
_GAIN = 0.01


@dataclass(frozen=True)
class Ended:
    """Why a search, or a stage of it, came to its end: a word and a sentence."""

    why: str
    words: str


COMPLETE = Ended("complete", "every stage came to its end")


class Ending:
    """Keeps the accounts of a whole search; :attr:`ended` is None as long as it goes on."""

    def __init__(self, stop: StopSection, candidates: Candidates, clock: RunClock) -> None:
        self.stop, self._candidates, self._clock = stop, candidates, clock
        self.ended: Ended | None = None
        self._begun, self._md_ns = 0, 0.0

    def begins(self, *, known: bool) -> bool:
        """Whether one more candidate may be evaluated, and if so counts it.

        What the journal knows already (``known``) takes no time, so that a resumed run comes as far as it
        was.
        """
        stop = self.stop
        if stop.evaluations is not None and self._begun >= stop.evaluations:
            self.ended = Ended(
                "evaluations", f"{stop.evaluations} candidates were evaluated (stop.evaluations)"
            )
        elif self._out_of_time() and not known and self._begun > 0:
            self.ended = Ended("hours", f"the run took {stop.hours:g} h of wall time (stop.hours)")
        else:
            self._begun += 1
        return self.ended is None

    def _out_of_time(self) -> bool:
        return self.stop.hours is not None and self._clock.seconds >= 3600.0 * self.stop.hours

    def takes_back(self, count: int) -> None:
        """So many candidates were begun that no stage was told of."""
        self._begun -= count

    def counts(self, evaluation: Evaluation) -> None:
        """Take in what an evaluation has simulated."""
        self._md_ns += evaluation.md_ns
        if self.stop.md_ns is not None and self._md_ns >= self.stop.md_ns and self.ended is None:
            self.ended = Ended("md_ns", f"{self.stop.md_ns:g} ns were simulated (stop.md_ns)")

    def wanted(self) -> int:
        """How many more candidates must be confirmed to pass every level; 0 where nobody asks, or no more."""
        if self.stop.when is None or self.ended is not None:
            return 0
        passed = len(self._candidates.passed(confirmed=True))
        if passed >= self.stop.confirmed:
            who = "1 confirmed candidate passes" if passed == 1 else f"{passed} confirmed candidates pass"
            self.ended = Ended("all-passed", f"{who} every level (stop.when)")
            return 0
        return self.stop.confirmed - passed


class Stagnation:
    """Counts the generations of a stage in which the best score did not get better."""

    def __init__(self, limit: int | None) -> None:
        self._limit, self._since = limit, 0
        self._best: Score | None = None

    def ended(self, best: Score | None) -> Ended | None:
        """Take in the best score at the end of a generation; None as long as the stage goes on."""
        if self._limit is None or best is None:
            return None
        if self._best is None or _improves(best, self._best):
            self._best, self._since = best, 0
        else:
            self._since += 1
        if self._since < self._limit:
            return None
        plural = "s" * (self._limit != 1)
        return Ended(
            "no-improvement", f"no improvement in {self._limit} generation{plural} (stop.no_improvement)"
        )


def _improves(new: Score, old: Score) -> bool:
    before, now = (old.levels_failed, old.unfinished), (new.levels_failed, new.unfinished)
    return now < before or (now == before and new.level_error < (1.0 - _GAIN) * old.level_error)
