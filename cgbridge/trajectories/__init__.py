"""Readers and writers of frames, one frame in memory at a time."""
