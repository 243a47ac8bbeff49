"""Room for the frames of running simulations: outside the run folder, gone when the run ends."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cgbridge.store.atomic import storage_errors, write_atomic

_PREFIX = "cgbridge-"


@contextmanager
def run_scratch(run: Path) -> Iterator[Path]:
    """A folder in the system's temporary folder (``TMPDIR``) that only this user can read or write.

    Its name cannot be guessed. It is written down in the run folder, so that what a killed run has left is
    removed by the next one. Call with the run's lock held. Raises
    :class:`~cgbridge.errors.StorageError` when it cannot be made.
    """
    note = run / ".scratch"
    _remove_remains(note)
    with storage_errors(Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        write_atomic(note, f"{folder}\n")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)


def _remove_remains(note: Path) -> None:
    """Remove the folder that a killed run wrote down: our own, and one that such a run made, or nothing."""
    try:
        folder = Path(note.read_text(encoding="utf-8").strip())
        found = folder.lstat()
    except (OSError, ValueError):
        return
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
