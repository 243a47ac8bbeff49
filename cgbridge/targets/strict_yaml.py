"""Strict reading of YAML data files: no duplicate keys, ``1e-6`` is a number, errors that teach."""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cgbridge.errors import ConfigError, did_you_mean

Schema = TypeVar("Schema", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """SafeLoader of YAML 1.2 floats that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)  # type: ignore[no-untyped-call]
            if isinstance(key, str) and key in seen:
                mark = key_node.start_mark
                raise ConfigError(
                    f"key '{key}' is given twice",
                    where=f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}",
                    remedy="remove one of the two",
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


# YAML 1.1 takes 1e-6 for text because it has no dot; a number was meant.
_Loader.add_implicit_resolver(  # type: ignore[no-untyped-call]
    "tag:yaml.org,2002:float", re.compile(r"^[+-]?\d+(\.\d*)?[eE][+-]?\d+$"), list("+-0123456789")
)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds one mapping.

    Raises :class:`~cgbridge.errors.ConfigError` when the file is missing, empty or not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the file: {error}", where=str(path)) from error
    try:
        loader = _Loader(text)
        loader.name = str(path)
        try:
            content = loader.get_single_data()  # type: ignore[no-untyped-call]
        finally:
            loader.dispose()  # type: ignore[no-untyped-call]
    except yaml.YAMLError as error:
        raise ConfigError(f"not valid YAML: {error}", where=str(path)) from error
    if not isinstance(content, dict):
        found = "nothing" if content is None else type(content).__name__
        raise ConfigError(f"expected a mapping 'key: value', found {found}", where=str(path))
    return content


def validate(schema: type[Schema], content: Any, where: str) -> Schema:
    """Validate against a pydantic model; the first error becomes a ConfigError with a dotted path.

    ``where`` is the file (or dotted path) that stands before the path inside ``content``.
    """
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        details = error.errors(include_url=False)
        # An unknown key often explains a missing one, so it is reported first.
        details.sort(key=lambda item: item["type"] != "extra_forbidden")
        first = details[0]
        location = first["loc"]
        path = ".".join(str(part) for part in location)
        place = f"{where}: {path}" if path else where
        if first["type"] == "extra_forbidden":
            known = _field_names(schema, location[:-1])
            key = str(location[-1])
            raise ConfigError(
                f"unknown key '{key}'{did_you_mean(key, known)}",
                where=place,
                remedy="known keys: " + ", ".join(known) if known else None,
            ) from None
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":
            message = "this key is required"
        raise ConfigError(message, where=place) from None


def _field_names(schema: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields of the model that stands at ``location`` inside ``schema``."""
    current: Any = schema
    for part in location:
        model = _model_in(current)
        if model is not None and isinstance(part, str) and part in model.model_fields:
            current = model.model_fields[part].annotation
    model = _model_in(current)
    return list(model.model_fields) if model is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    for argument in typing.get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
