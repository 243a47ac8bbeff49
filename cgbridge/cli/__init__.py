"""The command line. Heavy packages are loaded inside the commands, so that ``--help`` is instant."""

from __future__ import annotations

import sys

from cgbridge.errors import CgbridgeError


def main() -> None:
    """Entry point: run a command; a user's mistake is one message and an exit code, never a traceback."""
    from cgbridge.cli.app import app

    try:
        app()
    except CgbridgeError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  (the one place that prints errors)
        sys.exit(error.exit_code)
