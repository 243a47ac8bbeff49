"""Reference values that a model is fitted to and judged by."""
