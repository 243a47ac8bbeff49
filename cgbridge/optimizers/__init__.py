"""Optimizers see points of the unit cube and scores, nothing else (ask/tell)."""
