"""The folder ``best`` of a run: replaced as a whole, so that it is never half of one model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from cgbridge.store.atomic import storage_errors, sync_folder
from cgbridge.store.layout import RunLayout


def replace_best(layout: RunLayout, fingerprint: str, fill: Callable[[Path], None]) -> None:
    """``fill`` a new folder, named by the fingerprint of its model, then swap a symbolic link."""
    name = f".best-{fingerprint[:16]}"
    folder = layout.path / name
    with storage_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        fill(folder)
        sync_folder(folder)
        link = layout.path / f".best.{os.getpid()}.tmp"
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        os.replace(link, layout.best)
        sync_folder(layout.path)
        for old in layout.path.glob(".best-*"):
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)


def remove_best(layout: RunLayout) -> None:
    """Remove ``best`` and what it leads to."""
    if layout.best.is_symlink():
        layout.best.unlink()
    for folder in layout.path.glob(".best-*"):
        shutil.rmtree(folder, ignore_errors=True)
