"""One core for every test process: pytest-xdist starts as many as there are cores.

This file is read before numpy and OpenMM, whose libraries look at the environment once.
"""

from __future__ import annotations

import os

# Threads beyond the cores would only wait for each other. Tests of threads ask for theirs by name.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# PoCL compiles a program for every size of system, which is most of the time of the device tests. Without its
# optimiser it takes a third of it; `make test-all` compiles as users do.
if os.environ.get("CGBRIDGE_TEST_ALL") != "1":
    os.environ.setdefault("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable")
