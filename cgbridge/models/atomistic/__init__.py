"""Potentials of atoms: force fields, machine-learning potentials, and the systems that they make."""
