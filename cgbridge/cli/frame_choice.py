"""Which frames of a trajectory are meant: ``FIRST:STOP:STEP`` as Python counts."""

from __future__ import annotations


def chosen_frames(text: str) -> slice:
    """The slice that ``text`` means; raises :class:`~cgbridge.errors.ConfigError` for one that is none."""
    from cgbridge.errors import ConfigError

    parts = text.split(":")
    try:
        numbers = [int(part) if part.strip() else None for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or (len(numbers) == 3 and numbers[2] is not None and numbers[2] < 1):
        raise ConfigError(
            f"'{text}' chooses no frames",
            where="--frames",
            remedy="write FIRST:STOP:STEP, such as 100: or ::10",
        )
    return slice(*numbers)
