"""Boxes of beads: crystals, liquids, what a file holds, and cells as OpenMM takes them."""
