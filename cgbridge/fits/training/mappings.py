"""How the beads of a data set were made of atoms: what the model tells those who use it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from cgbridge.errors import CgbridgeWarning
from cgbridge.fits.training.data_set import Series

#: What of a mapping goes with the model: the rules, what it says of itself, and its files.
_KEPT = ("name", "about", "source", "excluded", "molecules", "files")
#: What decides where beads are.
_RULES = ("molecules", "excluded")


def mapping_record(source: Mapping[str, Any]) -> dict[str, Any] | None:
    """The mapping that a file of beads tells: all of it, or its name alone; None for one of atoms."""
    found = source.get("mapping")
    if isinstance(found, str):
        return {"name": found}
    return {key: found[key] for key in _KEPT if key in found} if isinstance(found, Mapping) else None


def mapping_of(series: Sequence[Series]) -> dict[str, Any] | None:
    """That of all series; where there are several, their names together and all of their files."""
    found = [record for record, _ in _different(series)]
    if len(found) < 2:
        return found[0] if found else None
    files = [file for one in found for file in one.get("files", [])]
    return {"name": " + ".join(one["name"] for one in found), "files": files, "several": found}


def require_one_mapping(series: Sequence[Series]) -> None:
    """Warn of data that several mappings made: beads of one name may be other parts of a molecule."""
    found = _different(series)
    if len(found) > 1:
        told = ", ".join(f"{file} by '{one['name']}'" for one, file in found)
        warnings.warn(
            f"the data were mapped in several ways: {told}; are beads of one name the same in all of them?",
            CgbridgeWarning,
            stacklevel=3,
        )


def _different(series: Sequence[Series]) -> list[tuple[dict[str, Any], str]]:
    """Those that are not one, each with the first file that has it; a name alone is that of a whole one."""
    whole: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
    named: dict[str, tuple[dict[str, Any], str]] = {}
    for one in series:
        if one.mapping is None:
            continue
        record = {"name": "its own", **one.mapping}
        if "molecules" in record:
            rules = json.dumps({key: record.get(key) for key in _RULES}, sort_keys=True)
            whole.setdefault((record["name"], rules), (record, one.name))
        else:
            named.setdefault(record["name"], (record, one.name))
    known = {name for name, _ in whole}
    return [*whole.values(), *(value for name, value in named.items() if name not in known)]
