"""Readers of other programs' mapping files: each gives a :class:`~cgbridge.mapping.mapping.Mapping`."""
