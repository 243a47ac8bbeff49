"""Conformance tests for anybody's parts, and made-up runs with known answers."""
