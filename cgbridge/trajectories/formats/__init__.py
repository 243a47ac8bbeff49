"""Readers of structure files: one module per format, each giving a :class:`~.frame.FileFrame`."""
