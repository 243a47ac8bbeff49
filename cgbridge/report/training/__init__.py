"""The page of a fit to forces: curves of the training, errors beside their noise, dynamics beside data."""
