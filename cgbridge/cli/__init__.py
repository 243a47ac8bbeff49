"""The command line. Heavy packages are loaded inside the commands, so that ``--help`` is instant."""

from __future__ import annotations

import sys
import warnings
from typing import TextIO

from cgbridge.errors import CgbridgeError, CgbridgeWarning


def main() -> None:
    """Entry point: run a command; a user's mistake is one message and an exit code, never a traceback."""
    from cgbridge.cli.app import app

    _told.clear()
    warnings.showwarning = _show_warning
    warnings.simplefilter("always", CgbridgeWarning)
    try:
        app()
    except CgbridgeError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  (the one place that prints errors)
        sys.exit(error.exit_code)


#: Warnings that were shown: every worker, and every check before it, comes upon the same ones.
_told: set[str] = set()
_show_foreign_warning = warnings.showwarning


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Our own warnings are for the user: one line, without the place in the source, and each once."""
    if issubclass(category, CgbridgeWarning):
        if str(message) not in _told:
            _told.add(str(message))
            print(f"warning: {message}", file=file or sys.stderr)
    else:
        _show_foreign_warning(message, category, filename, lineno, file, line)
