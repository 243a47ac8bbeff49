"""The keys of a YAML form as a list, made from the sections themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cgbridge.config.schema import FitConfig


@dataclass(frozen=True)
class ManualEntry:
    """One key: dotted path, default as it would be written or ``required``, meaning, limits of a number."""

    key: str
    default: str
    meaning: str
    limits: str = ""


#: The key of an inline target that is no field of it.
FROM = ManualEntry(
    "from",
    "",
    "Name of a reference target, for example `water/density-300K`: what is not given here is taken from it.",
)


def manual(section: type[BaseModel] = FitConfig, prefix: str = "") -> list[ManualEntry]:
    """All keys below ``section``, in their order; ``[]`` marks a list, ``<name>`` a free key."""
    entries = []
    for name, field in section.model_fields.items():
        key = prefix + (field.alias or name)
        nested, mark = _nested(field.annotation)
        entries.append(ManualEntry(key + mark, _default(field), _meaning(field, nested), _limits(field)))
        if nested is not None:
            entries += manual(nested, f"{key}{mark}.")
    return entries


def _nested(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The section inside an annotation, and how its path is marked."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    mark = {tuple: "[]", dict: ".<name>"}.get(get_origin(annotation), "")
    for argument in get_args(annotation):
        found, inner = _nested(argument)
        if found is not None:
            return found, mark + inner
    return None, ""


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return ""
    value = field.default
    if value is PydanticUndefined:
        return "required"
    if value is None or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _meaning(field: FieldInfo, nested: type[BaseModel] | None) -> str:
    summary = (nested.__doc__ or "").partition("\n")[0] if nested is not None else ""
    words = (field.description or summary).replace("``", "`")
    choices = _choices(field.annotation)
    if not words:
        return f"only {choices[0]}" if len(choices) == 1 else " or ".join(choices)
    missing = len(choices) > 1 and not all(choice in words for choice in choices)
    return f"{' or '.join(choices)}. {words}" if missing else words


def _choices(annotation: Any) -> list[str]:
    """The words that a key may have as its value."""
    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    return []


def _limits(field: FieldInfo) -> str:
    """What a number may be, such as ``> 0, <= 1``."""
    found = [*field.metadata, *_inner_metadata(field.annotation)]
    words = []
    for sign, name in ((">", "gt"), (">=", "ge"), ("<", "lt"), ("<=", "le")):
        words += [f"{sign} {getattr(item, name):.12g}" for item in found if hasattr(item, name)]
    return ", ".join(words)


def _inner_metadata(annotation: Any) -> list[Any]:
    """Metadata of the alternatives of a union; the elements of a list or mapping are not looked at."""
    if get_origin(annotation) in (tuple, dict, list, Literal):
        return []
    found: list[Any] = []
    for part in get_args(annotation):
        for mark in getattr(part, "__metadata__", ()):
            found += mark.metadata if isinstance(mark, FieldInfo) else [mark]
        found += _inner_metadata(part)
    return found
