"""Coarse-grained models: functional forms, parameter database, LAMMPS files."""
