"""``python -m cgbridge`` is the same program as ``cgbridge``."""

from cgbridge.cli import main

main()
