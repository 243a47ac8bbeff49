"""Where the task that runs here may put files; each kind of workers says it, for the driver cannot know."""

from __future__ import annotations

import tempfile
from contextvars import ContextVar
from pathlib import Path

_folder: ContextVar[Path | None] = ContextVar("scratch", default=None)


def use_scratch(folder: Path) -> None:
    """From now on tasks of this context, a process or a call in a thread, put their files into ``folder``."""
    _folder.set(folder)


def scratch_folder() -> Path:
    """The folder for files of a task: what :func:`use_scratch` said, or the system's temporary one."""
    return _folder.get() or Path(tempfile.gettempdir())
