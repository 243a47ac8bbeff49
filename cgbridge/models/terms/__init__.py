"""Terms of the energy of a model: one functional form per file, found by name through ``forms``."""
