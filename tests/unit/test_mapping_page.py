"""The page on mapping: its files are read, and it names every key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cgbridge.mapping.mapping_file import (
    BeadEntry,
    CopiesEntry,
    MappingFile,
    MoleculeEntry,
    read_mapping_yaml,
)

PAGE = (Path(__file__).parents[2] / "docs/mapping.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
def test_the_files_of_the_page_are_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert read_mapping_yaml(path).molecules


@pytest.mark.parametrize("section", [MappingFile, MoleculeEntry, BeadEntry])
def test_every_key_is_on_the_page(section: type[MappingFile]) -> None:
    told = " ".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    for key, field in section.model_fields.items():
        assert f"`{key}`" in told and field.description, key
    assert all(f"{key}:" in PAGE for key in CopiesEntry.model_fields)
