"""Fits to forces, or to energies and forces: data, losses, loop, committee."""
