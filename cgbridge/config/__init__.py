"""The user's YAML: `schema` is its manual, `loader` reads it."""
