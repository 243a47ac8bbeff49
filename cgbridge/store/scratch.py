"""Room for the frames of running simulations: outside the run folder, gone when the run ends."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cgbridge.store.atomic import storage_errors


@contextmanager
def run_scratch(run: Path) -> Iterator[Path]:
    """A folder in the system's temporary folder (``TMPDIR``) that belongs to the run in ``run``.

    Its name follows from the run folder, so that what a killed run has left is removed by the next one.
    Call with the run's lock held. Raises :class:`~cgbridge.errors.StorageError` when it cannot be made.
    """
    digest = hashlib.blake2b(str(run.resolve()).encode(), digest_size=8).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"cgbridge-{digest}"
    shutil.rmtree(folder, ignore_errors=True)
    with storage_errors(folder):
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
