"""A list of targets in the YAML: names of reference data and inline targets, no two of one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


def given_name(item: str | Mapping[str, Any]) -> str | None:
    """The name that the user gave a target: the reference's own, or ``name``; None where none was given."""
    if isinstance(item, str):
        return item
    return str(item["name"]) if item.get("name") else None


def require_distinct(targets: Sequence[str | Mapping[str, Any]], key: str = "targets") -> None:
    """Refuse a name that is given twice; for validators of sections with a list of targets at ``key``.

    Raises :class:`pydantic.ValidationError` at the place of the second.
    """
    seen: set[str] = set()
    faults = []
    for index, item in enumerate(targets):
        name = given_name(item)
        if name in seen:
            text = f"the target name '{name}' is given twice in this list; give one of them another name"
            error = PydanticCustomError("doubled_name", text)
            faults.append(InitErrorDetails(type=error, loc=(key, index), input={}))
        elif name is not None:
            seen.add(name)
    if faults:
        raise ValidationError.from_exception_data("targets", faults)
