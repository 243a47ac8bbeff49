"""Properties measured on simulations: one class per file, found by name through ``catalogue``.

An observable says which simulations it needs and measures a value with a standard error on them; it
never runs anything itself. Importing a module of this package is light: freud, OVITO and pymbar are
loaded by the functions that use them.
"""
