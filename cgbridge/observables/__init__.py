"""Properties measured on simulations: one idea per file, found by name through ``catalogue``.

An observable says which simulations it needs and measures a value with a standard error on them; it
never runs anything itself. Importing a module of this package is light: freud and OVITO are loaded by
the functions that use them.
"""
