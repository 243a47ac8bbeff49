"""Mappings by name, or from a file of any known format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from cgbridge.config.loader import read_yaml
from cgbridge.errors import CgbridgeError, ConfigError, FileFormatError
from cgbridge.mapping.mapping import Mapping
from cgbridge.mapping.mapping_file import load_named_mapping, read_mapping_yaml
from cgbridge.registry import Registry

_FORMATS = "cgbridge.mapping.formats"
#: Bytes of a file whose text is kept with the mapping.
_LONGEST = 50_000
#: Readers of mapping files by suffix: functions of a path that return a mapping.
MAPPING_FORMATS = Registry(
    "mapping format",
    "cgbridge.mapping_formats",
    {
        ".yaml": "cgbridge.mapping.readers:read_yaml_mapping",
        ".yml": "cgbridge.mapping.readers:read_yaml_mapping",
        ".xml": f"{_FORMATS}.votca:read_votca",
        ".map": f"{_FORMATS}.map_files:read_map_file",
        ".ndx": f"{_FORMATS}.index_files:read_index_file",
    },
)


def read_mapping(name: str, folder: str | Path | None = None) -> Mapping:
    """The mapping in the file ``name``, or the one that is called so in ``mappings/`` of ``folder`` or of the
    package.

    Raises :class:`~cgbridge.errors.ConfigError` and :class:`~cgbridge.errors.FileFormatError`.
    """
    path = Path(name)
    if not path.suffix and not path.exists():
        return _with_text(load_named_mapping(name, folder))
    if not path.is_file():
        raise ConfigError(
            "no such mapping file", where=name, remedy="`cgbridge map --list` has the known names"
        )
    module, _, function = MAPPING_FORMATS.find(path.suffix.lower()).place.partition(":")
    reader: Callable[[Path], Mapping] = getattr(import_module(module), function)
    try:
        return _with_text(reader(path))
    except CgbridgeError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"cannot be read: {error}", where=name, remedy="check the file") from None


def _with_text(mapping: Mapping) -> Mapping:
    """With the text of its file, but for lists of all atoms of a large system."""
    path = Path(mapping.where)
    if path.stat().st_size > _LONGEST:
        return mapping
    return replace(mapping, files=((path.name, path.read_text(encoding="utf-8")),))


def read_mappings(names: Sequence[str], folder: str | Path | None = None) -> Mapping:
    """Several mappings as one: the molecules of all of them."""
    found = [read_mapping(name, folder) for name in names]
    if len(found) == 1:
        return found[0]
    return Mapping(
        " + ".join(mapping.name for mapping in found),
        tuple(rule for mapping in found for rule in mapping.molecules),
        ", ".join(mapping.where for mapping in found),
        excluded=max(mapping.excluded for mapping in found),
        files=tuple(file for mapping in found for file in mapping.files),
    )


def read_yaml_mapping(path: Path) -> Mapping:
    """Ours, or OpenMSCG's where it has the keys ``site-types`` and ``system``."""
    from cgbridge.mapping.formats.openmscg import read_openmscg

    content, _ = read_yaml(path)
    return read_openmscg(path) if {"site-types", "system"} <= set(content) else read_mapping_yaml(path)
