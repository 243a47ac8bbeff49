"""Errors that teach: what went wrong, where, and what to do about it.

Every error that a user can cause derives from :class:`CgbridgeError`; the command line prints it as
one message without a traceback and exits with the class's ``exit_code``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches


class CgbridgeError(Exception):
    """Base of all errors with a message for the user.

    Parameters
    ----------
    what : the fault in one sentence.
    where : file, line or dotted path of the fault.
    remedy : what the user can do.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"\n  remedy: {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling, and workers send errors home.
        return (_rebuild, (type(self), self.what, self.where, self.remedy))


def _rebuild(cls: type[CgbridgeError], what: str, where: str | None, remedy: str | None) -> CgbridgeError:
    return cls(what, where=where, remedy=remedy)


class CgbridgeWarning(UserWarning):
    """Something that may not be what the user means; the command line prints it as one line."""


class ConfigError(CgbridgeError):
    """The user's YAML (or a command-line value) is not valid."""

    exit_code = 2


class ConfigErrors(ConfigError):
    """Several faults of one input, told together; each of ``faults`` has its own place and remedy."""

    def __init__(self, faults: Iterable[CgbridgeError], *, remedy: str | None = None) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(_with_remedies_once(self.faults)), remedy=remedy)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_several, (self.faults, self.remedy))


def _with_remedies_once(faults: Sequence[CgbridgeError]) -> Iterator[str]:
    """The texts of the faults; a remedy that several of them share stands below the last of these."""
    for number, fault in enumerate(faults):
        remedy = None if fault.remedy in [later.remedy for later in faults[number + 1 :]] else fault.remedy
        yield str(CgbridgeError(fault.what, where=fault.where, remedy=remedy))


def _rebuild_several(faults: tuple[CgbridgeError, ...], remedy: str | None) -> ConfigErrors:
    return ConfigErrors(faults, remedy=remedy)


class Faults:
    """Collects the faults of an input: ``with faults.collecting(): ...``, then :meth:`raise_all`."""

    def __init__(self) -> None:
        self._found: list[CgbridgeError] = []

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep a user's error for later and go on after the block."""
        try:
            yield
        except CgbridgeError as error:
            self._found.append(error)

    def raise_all(self) -> None:
        """Raise what was found: one fault as it is, several as :class:`ConfigErrors`; nothing if none."""
        unique = {str(error): error for error in self._found}
        if len(unique) == 1:
            raise self._found[0]
        if unique:
            raise ConfigErrors(unique.values())


class UnitError(ConfigError):
    """A quantity has no unit where one is needed, or one of another dimension."""


class FileFormatError(CgbridgeError):
    """A data file is empty, truncated or malformed."""

    exit_code = 3


class MissingDependencyError(CgbridgeError):
    """An optional package or program is not installed."""

    exit_code = 4


class RunFolderError(CgbridgeError):
    """A run folder is in use, of another schema, or belongs to another input."""

    exit_code = 5


class StorageError(CgbridgeError):
    """The disk is full or not writable; what was committed before stays valid."""

    exit_code = 6


class SimulationError(CgbridgeError):
    """A simulation cannot be set up as asked (not: it became unstable, which is an outcome)."""

    exit_code = 7


class UnstableError(SimulationError):
    """Molecular dynamics broke down: NaN, runaway energy or box.

    ``progress`` is the fraction of the requested steps that had been done, in [0, 1).
    """

    def __init__(
        self, what: str, *, where: str | None = None, remedy: str | None = None, progress: float = 0.0
    ):
        super().__init__(what, where=where, remedy=remedy)
        self.progress = progress


class StepLimitError(SimulationError):
    """The watchdog stopped a simulation that used up its budget of MD steps."""


class MachineFault(CgbridgeError):
    """The machine failed, not the model: a killed process, a lost device, no memory. It is tried again."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known word, or an empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


class WorkerDied(MachineFault):
    """The process of an evaluation ended without a whole answer."""


class WorkerTimeout(CgbridgeError):
    """An evaluation was ended after its wall-time limit."""
