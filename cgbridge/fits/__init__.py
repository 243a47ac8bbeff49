"""Fits: what every kind of fit shares is here, each kind has a folder of its own."""
