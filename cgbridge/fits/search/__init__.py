"""The search: propose, simulate, measure, score, tell."""
