"""From a candidate model to a score: levels, tolerances, ranking. An objective never sees an optimizer."""
