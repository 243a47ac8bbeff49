"""From atoms to beads: maps of positions and forces, and the files that describe them."""
