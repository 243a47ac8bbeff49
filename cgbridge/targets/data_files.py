"""Files that targets read, found by names and patterns."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cgbridge.errors import ConfigError
from cgbridge.records.data_file import DataFile


def data_files(names: Sequence[str], folder: Path, where: str) -> tuple[DataFile, ...]:
    """The files that ``names`` mean, relative to ``folder``, those of a pattern in the order of their names.

    Raises :class:`ConfigError` for a name or pattern that no file has.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        # A pattern with a root is looked for from there.
        root = Path(path.anchor) if path.is_absolute() else folder
        pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else name
        paths = sorted(one for one in root.glob(pattern) if one.is_file())
        if not paths:
            raise ConfigError(
                f"no file is called '{name}'", where=where, remedy="paths are relative to the YAML file"
            )
        found.update(dict.fromkeys(one.resolve() for one in paths))
    return tuple(DataFile(str(path), _digest(path, path.stat().st_mtime_ns)) for path in found)


@lru_cache(maxsize=64)
def _digest(path: Path, _modified: int) -> str:
    """Of the content; the time of modification keeps the cache honest."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
