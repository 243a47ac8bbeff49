"""What OpenMM and the plugin refuse, as errors for the user."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cgbridge.errors import SimulationError

_TRIPLET = re.compile(r"(?:types )?\((\d+), (\d+), (\d+)\)")


@contextmanager
def openmm_faults(where: str, names: Sequence[str] = ()) -> Iterator[None]:
    """Turn an ``OpenMMException`` into a :class:`SimulationError`; ``names`` replace the types it counts."""
    import openmm

    def named(match: re.Match[str]) -> str:
        types = [int(text) for text in match.groups()]
        return " ".join(names[t] for t in types) if max(types) < len(names) else match.group()

    try:
        yield
    except openmm.OpenMMException as error:
        raise SimulationError(_TRIPLET.sub(named, str(error)), where=where) from None
