"""Where two resolved inputs differ, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: Differences told before the rest is counted.
_TOLD = 6
_LONGEST = 40


def differences(old: Any, new: Any, name: str) -> list[str]:
    """``name.key old -> new`` for every value of two JSON contents that differs; the first few."""
    found = list(_walk(old, new, name))
    rest = len(found) - _TOLD
    return found if rest <= 1 else [*found[:_TOLD], f"{rest} more"]


def _walk(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _walk(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and _entries(old, new):
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else None for items in (old, new))
            yield from _walk(before, after, f"{path}.{_label(old, new, index)}")
    elif isinstance(old, list) and isinstance(new, list) and old != new:
        yield f"{path} (other values)"
    elif old != new:
        yield f"{path} {_short(old)} -> {_short(new)}"


def _entries(old: list[Any], new: list[Any]) -> bool:
    """Whether the lists hold entries; a list of numbers, such as a curve, is one value."""
    return any(isinstance(item, dict | list) for item in (*old, *new))


def _label(old: list[Any], new: list[Any], index: int) -> str:
    """Named entries by their name: ``liquid.density``."""
    items = new if index < len(new) else old
    item = items[index]
    return str(item["name"]) if isinstance(item, dict) and "name" in item else str(index)


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict) and "method" in value:
        return str(value["method"])  # a stage of a search
    if isinstance(value, list | dict):
        return "something"
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
