"""Where the task that runs here may put files; each kind of workers says it, for the driver cannot know."""

from __future__ import annotations

import tempfile
from pathlib import Path

_folders: list[Path] = []


def use_scratch(folder: Path) -> None:
    """From now on tasks of this process put their files into ``folder``."""
    _folders[:] = [folder]


def scratch_folder() -> Path:
    """The folder for files of a task: what :func:`use_scratch` said, or the system's temporary one."""
    return _folders[0] if _folders else Path(tempfile.gettempdir())
