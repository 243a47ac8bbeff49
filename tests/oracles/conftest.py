"""The oracles are modules beside the tests, so that table.py can use them as a script."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
