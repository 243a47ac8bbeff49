"""The potentials, boxes and engines that the tests against LAMMPS use."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "oracles"))
