"""What pydantic finds wrong with a value, in the words of this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What is wanted where pydantic names a type of Python, by its kind of fault.
_WANTED = {
    "tuple_type": "a list is wanted here: [...]",
    "list_type": "a list is wanted here: [...]",
    "dict_type": "keys and values are wanted here: {key: value}",
    "model_type": "keys and values are wanted here: {key: value}",
    "model_attributes_type": "keys and values are wanted here: {key: value}",
    "mapping_type": "keys and values are wanted here: {key: value}",
    "string_type": "text is wanted here",
    "int_type": "a whole number is wanted here",
    "int_parsing": "a whole number is wanted here",
    "int_from_float": "a whole number is wanted here",
    "float_type": "a number is wanted here",
    "float_parsing": "a number is wanted here",
    "finite_number": "a finite number is wanted here",
    "bool_type": "true or false is wanted here",
    "bool_parsing": "true or false is wanted here",
}
#: Faults that say: this is of another kind.
_OTHER_KIND = {
    "string_type": (dict, list),
    "dict_type": (str, int, float, list),
    "model_type": (str, int, float, list),
    "model_attributes_type": (str, int, float, list),
}


def fault_words(fault: Mapping[str, Any]) -> str:
    """One sentence, with what was found where that is a plain value."""
    found = fault["input"]
    shown = "" if isinstance(found, dict | list | tuple) else f" (found {found!r})"
    words = _WANTED.get(fault["type"])
    if words is None:
        message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "this must be")
        words = message[:1].lower() + message[1:]
    return f"{words}{shown}"


def is_other_kind(fault: Mapping[str, Any]) -> bool:
    """Whether it only says that the value is no text, or no section, where either may stand."""
    return isinstance(fault["input"], _OTHER_KIND.get(fault["type"], ()))
