"""Simulations: a model and a state in, frames and time series out."""
