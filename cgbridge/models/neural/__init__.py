"""Potentials that are neural networks: energies by torch, forces by autograd, OpenMM through Python.

Inside a module lengths and energies may be what suits it; at its borders they are nm and kJ/mol.
"""

#: How the names of files of neural models end.
SUFFIX = ".cgnn"
#: Parameter of a Context under which the temperature in K of potentials stands that depend on it.
TEMPERATURE = "cgbridge_temperature"
