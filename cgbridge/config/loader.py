"""Read YAML strictly: every fault names file, line and dotted path, and suggests the right word."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cgbridge.config.atomistic_config import MARK, AtomisticConfig
from cgbridge.config.document import DocumentError, parse_document
from cgbridge.config.faults import fault_words, is_other_kind
from cgbridge.config.file_kinds import require_kind
from cgbridge.config.migration import migration_words
from cgbridge.config.places import Lines, Path_, Place
from cgbridge.config.schema import SCHEMA_VERSION, EvaluateConfig, FitConfig
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.config.training_section import OLD_KEYS
from cgbridge.errors import CgbridgeWarning, ConfigError, ConfigErrors, did_you_mean

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path) -> tuple[dict[str, Any], Lines]:
    """Return the mapping in a YAML file and the line number of every key and list item.

    Raises :class:`ConfigError` for a missing, empty or malformed file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
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
        data, lines = parse_document(text)
    except DocumentError as fault:
        raise ConfigError(
            fault.what,
            where=_place_of(fault, path),
            remedy=fault.remedy or "look at brackets, quotes, colons and indentation there",
        ) from None
    if not isinstance(data, dict):
        raise ConfigError(
            "the file is empty" if data is None else "expected keys and values",
            where=str(path),
            remedy="`cgbridge init` writes a template",
        )
    return data, lines


def _place_of(fault: DocumentError, path: Path) -> str:
    line = str(path) if fault.line is None else f"{path}:{fault.line}"
    return ": ".join([line, ".".join(map(str, fault.place))] if fault.place else [line])


def validate(
    model: type[Model],
    data: object,
    source: str | Place,
    lines: Mapping[Path_, int] | None = None,
) -> Model:
    """Validate ``data``, which stands in the file ``source`` with ``lines``, or at a place of one.

    All faults are raised in one :class:`ConfigErrors`, or one :class:`ConfigError` for a file of another
    kind. Where text is wanted and the file has a plain ``7`` or ``true``, the text is taken as written.
    """
    place = source if isinstance(source, Place) else Place(source, (), lines or {})
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error
    try:
        return model.model_validate(_with_words(first, data, place))
    except ValidationError as error:
        if not isinstance(source, Place):
            require_kind(model, data, source)
        described = (_describe(model, f, data, place) for f in _without_alternatives(error, data))
        faults = {str(fault): fault for fault in described}
        raise ConfigErrors(faults.values(), remedy="`cgbridge keys` explains every key") from None


def _without_alternatives(error: ValidationError, data: object) -> list[Any]:
    """The faults without those of a union's other alternative: a section that has a fault is no text, too."""
    placed = [(fault, _real_path(fault["loc"], data, fault["type"])) for fault in error.errors()]
    real = [path for fault, path in placed if not is_other_kind(fault)]
    return [
        fault
        for fault, path in placed
        if not is_other_kind(fault) or not any(other[: len(path)] == path for other in real)
    ]


def _with_words(error: ValidationError, data: object, place: Place) -> object:
    """``data`` with the written text wherever text was wanted and YAML saw something else."""
    for fault in error.errors():
        path = _real_path(fault["loc"], data, fault["type"])
        text = place.written(*path) if fault["type"] == "string_type" else None
        if text is not None:
            data = _replaced(data, path, text)
    return data


def _replaced(data: Any, path: Path_, value: str) -> Any:
    """A copy of ``data`` with another value at ``path``."""
    if not path:
        return value
    copy = data.copy()
    copy[path[0]] = _replaced(data[path[0]], path[1:], value)
    return copy


def _describe(model: type[BaseModel], fault: Any, data: object, place: Place) -> ConfigError:
    path = _real_path(fault["loc"], data, fault["type"])
    where = str(place.below(*path))
    if fault["type"] == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return ConfigError(f"unknown key '{path[-1]}'{did_you_mean(str(path[-1]), known)}", where=where)
    if fault["type"] == "missing":
        return ConfigError("this key is required", where=where)
    if fault["input"] is None:
        return ConfigError("no value is given here", where=where)
    if fault["type"] == "string_type" and not isinstance(fault["input"], dict | list):
        return ConfigError(f"text is wanted: write '{fault['input']}' in quotes", where=where)
    return ConfigError(fault_words(fault), where=where)


def _real_path(location: Path_, data: object, kind: str) -> Path_:
    """Drop the names of union branches that pydantic puts into a location; a missing key is kept."""
    path: list[str | int] = []
    here = data
    for position, part in enumerate(location):
        missing = kind == "missing" and position == len(location) - 1
        if isinstance(here, dict) and (part in here or missing):
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
    return parse_fit(*read_yaml(path), str(path))


def load_evaluation(path: Path) -> EvaluateConfig:
    """Read and validate a target list for `cgbridge evaluate`."""
    return parse_evaluation(*read_yaml(path), str(path))


def is_atomistic(path: Path) -> bool:
    """Whether a file is a YAML of molecular dynamics of atoms, and not that of a model.

    A YAML that cannot be read is none.
    """
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        return False
    try:
        return MARK in read_yaml(path)[0]
    except ConfigError:
        return False


def load_atomistic(path: Path, changes: Mapping[str, Any] | None = None) -> AtomisticConfig:
    """Read and validate a YAML of molecular dynamics of atoms.

    ``changes`` are values by section and key that stand in for those of the file.
    """
    data, lines = read_yaml(path)
    for section, values in (changes or {}).items():
        here = data.get(section)
        if isinstance(here, dict) and isinstance(values, dict):
            values = here | values
        data[section] = values
    return _parse(AtomisticConfig, data, lines, str(path))


def parse_fit(data: Mapping[str, Any], lines: Lines, source: str) -> FitConfig:
    """Validate the content of a fit YAML; a warning tells what to write instead of keys of before."""
    if words := migration_words(data.get("optimizer")):
        place = Place(source, ("optimizer",), lines)
        warnings.warn(f"{place}: {words}", CgbridgeWarning, stacklevel=2)
    return _parse(FitConfig, data, lines, source)


def parse_training(data: Mapping[str, Any], lines: Lines, source: str) -> TrainingConfig:
    """Validate the content of the YAML of a fit to forces; a warning tells of keys that do nothing."""
    section = data.get("training")
    for key in section if isinstance(section, Mapping) else ():
        if key in OLD_KEYS:
            place = Place(source, ("training", key), lines)
            warnings.warn(f"{place}: this key does nothing: {OLD_KEYS[key]}", CgbridgeWarning, stacklevel=2)
    return _parse(TrainingConfig, data, lines, source)


def parse_evaluation(data: Mapping[str, Any], lines: Lines, source: str) -> EvaluateConfig:
    """Validate the content of a target list."""
    return _parse(EvaluateConfig, data, lines, source)


def _parse(model: type[Model], data: Mapping[str, Any], lines: Lines, source: str) -> Model:
    version = data.get("schema")
    if version != SCHEMA_VERSION:
        require_kind(model, data, source)
        raise ConfigError(
            f"schema {version!r} is not known to this version of cgbridge",
            where=str(Place(source, ("schema",), lines)),
            remedy=f"write 'schema: {SCHEMA_VERSION}' as the first key",
        )
    return validate(model, data, source, lines)
