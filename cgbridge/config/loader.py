"""Read YAML strictly: every fault names file, line and dotted path, and suggests the right word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cgbridge.config.schema import SCHEMA_VERSION, EvaluateConfig, FitConfig
from cgbridge.errors import ConfigError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys silently; here a doubled key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[Path_, int]]:
    """Return the mapping in a YAML file and the line number of every key and list item.

    Raises :class:`ConfigError` for a missing, empty or malformed file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            "no such file", where=str(path), remedy="`cgbridge init` writes a template"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(
            "this is no text file", where=str(path), remedy="save it as plain text (UTF-8)"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="give the path of a YAML file"
        ) from None
    try:
        node = yaml.compose(text, Loader=_UniqueKeyLoader)
        data = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigError(
            f"not valid YAML: {error.problem}",
            where=f"{path}:{line}",
            remedy="look at brackets, quotes, colons and indentation there",
        ) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"not valid YAML: {error}", where=str(path)) from None
    if not isinstance(data, dict):
        raise ConfigError(
            "the file is empty" if data is None else "expected keys and values",
            where=str(path),
            remedy="`cgbridge init` writes a template",
        )
    lines: dict[Path_, int] = {}
    _collect_lines(node, (), lines)
    return data, lines


def _collect_lines(node: yaml.Node | None, path: Path_, lines: dict[Path_, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*path, key.value)] = key.start_mark.line + 1
            _collect_lines(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*path, index)] = item.start_mark.line + 1
            _collect_lines(item, (*path, index), lines)


def locate(source: str, path: Path_, lines: Mapping[Path_, int]) -> str:
    """``water.yaml:12: levels.0.targets`` (the nearest known line)."""
    dotted = ".".join(str(part) for part in path)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return f"{source}:{lines[path[:length]]}: {dotted}"
    return f"{source}: {dotted}" if dotted else source


def validate(
    model: type[Model], data: object, source: str, lines: Mapping[Path_, int] | None = None
) -> Model:
    """Validate ``data``; all faults are reported in one :class:`ConfigError`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [_describe(model, fault, data, source, lines or {}) for fault in error.errors()]
        # A union (text or section) reports one fault per alternative; say each place once.
        unique = list(dict.fromkeys(faults))
        raise ConfigError("\n".join(unique), remedy="`cgbridge keys` explains every key") from None


def _describe(
    model: type[BaseModel], fault: Any, data: object, source: str, lines: Mapping[Path_, int]
) -> str:
    path = _real_path(fault["loc"], data)
    where = locate(source, path, lines)
    if fault["type"] == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return f"{where}: unknown key '{path[-1]}'{did_you_mean(str(path[-1]), known)}"
    if fault["type"] == "missing":
        return f"{where}: this key is required"
    message = fault["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(fault["input"], dict | list) else f" (found {fault['input']!r})"
    return f"{where}: {message[0].lower()}{message[1:]}{shown}"


def _real_path(location: Path_, data: object) -> Path_:
    """Drop the names of union branches that pydantic puts into a location."""
    path: list[str | int] = []
    here = data
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if isinstance(here, dict) and (part in here or last):
            path.append(part)
            here = here.get(part)
        elif isinstance(here, list | tuple) and isinstance(part, int) and part < len(here):
            path.append(part)
            here = here[part]
    return tuple(path)


def _known_keys(model: type[BaseModel], path: Path_) -> list[str]:
    """Keys allowed at a path of nested sections."""
    for part in path:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        nested = _section_of(model.model_fields[part].annotation)
        if nested is not None:
            model = nested
    return [field.alias or name for name, field in model.model_fields.items()]


def _section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _section_of(argument)
        if found is not None:
            return found
    return None


def load_fit(path: Path) -> FitConfig:
    """Read and validate a fit YAML."""
    return _load(FitConfig, path)


def load_evaluation(path: Path) -> EvaluateConfig:
    """Read and validate a target list for `cgbridge evaluate`."""
    return _load(EvaluateConfig, path)


def _load(model: type[Model], path: Path) -> Model:
    data, lines = read_yaml(path)
    version = data.get("schema")
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"schema {version!r} is not known to this version of cgbridge",
            where=locate(str(path), ("schema",), lines),
            remedy=f"write 'schema: {SCHEMA_VERSION}' as the first key",
        )
    return validate(model, data, str(path), lines)
