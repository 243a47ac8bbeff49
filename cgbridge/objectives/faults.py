"""Which errors are a candidate's own: its parameters caused them, and so they are its score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cgbridge.errors import CgbridgeError, ConfigError, SimulationError, StepLimitError, UnstableError

#: What parameters can cause anywhere between a model and its values: a constraint violated, a box below twice
#: the cutoff, an overflow, a matrix that cannot be inverted.
_CAUSED = (ConfigError, SimulationError, ArithmeticError, ValueError)
#: Sections of the YAML: an error that names one of their keys is that of the input, for every candidate.
_SECTIONS = ("model.", "levels.", "targets.", "validation.", "optimizer.", "engine.", "run.")


@contextmanager
def candidate_faults(what: str = "") -> Iterator[None]:
    """Turn what a candidate's parameters cause into an :class:`UnstableError`, with ``what`` in front.

    Errors that name a key of the YAML, machine faults and missing packages pass as they are.
    """
    try:
        yield
    except (UnstableError, StepLimitError):
        raise
    except _CAUSED as error:
        if isinstance(error, CgbridgeError):
            if error.where is not None and error.where.startswith(_SECTIONS):
                raise
            reason = error.what
        else:
            reason = f"{type(error).__name__}: {error}"
        raise UnstableError(f"{what}: {reason}" if what else reason) from error
