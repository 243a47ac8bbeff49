"""The fit: propose, simulate, measure, score, tell, and keep everything on disk."""
