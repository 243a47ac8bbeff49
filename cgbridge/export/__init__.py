"""Other engines' formats, and the proof that they mean the same there."""
