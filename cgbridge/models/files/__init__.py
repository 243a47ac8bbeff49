"""Models in files: the YAML of cgbridge, and the potential files of LAMMPS."""
