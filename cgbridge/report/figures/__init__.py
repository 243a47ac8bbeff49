"""Plots of a report, each an inline SVG that takes its colours from the page."""
