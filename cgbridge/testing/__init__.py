"""Conformance tests for anybody's parts, and made-up runs with known answers.

The public face: :func:`check_observable`, and :func:`synthetic_run` for tests of values. docs/testing.md
shows their use.
"""

from cgbridge.testing.made_up_runs import synthetic_run
from cgbridge.testing.observables import ConformanceError, check_observable

__all__ = ["ConformanceError", "check_observable", "synthetic_run"]
