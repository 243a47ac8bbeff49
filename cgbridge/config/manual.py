"""The keys of the fit YAML as a list, made from the sections themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cgbridge.config.schema import FitConfig


@dataclass(frozen=True)
class ManualEntry:
    """One key: dotted path, default as it would be written (``required`` if there is none), meaning."""

    key: str
    default: str
    meaning: str


def manual(section: type[BaseModel] = FitConfig, prefix: str = "") -> list[ManualEntry]:
    """All keys below ``section``, in their order; ``[]`` marks a list, ``<name>`` a free key."""
    entries = []
    for name, field in section.model_fields.items():
        key = prefix + (field.alias or name)
        nested, mark = _nested(field.annotation)
        entries.append(ManualEntry(key + mark, _default(field), _meaning(field, nested)))
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
    return f"{value:g}" if isinstance(value, float) else str(value)


def _meaning(field: FieldInfo, nested: type[BaseModel] | None) -> str:
    text = field.description or (nested.__doc__ or "" if nested is not None else "").splitlines()[0:1]
    words = text if isinstance(text, str) else " ".join(text)
    choices = [str(choice) for choice in get_args(field.annotation)] if _is_choice(field.annotation) else []
    if choices and not all(choice in words for choice in choices):
        words = f"{' or '.join(choices)}. {words}"
    return words.strip()


def _is_choice(annotation: Any) -> bool:
    return get_origin(annotation) is Literal
