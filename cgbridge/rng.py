"""Seeds: one master seed per run, every other seed derived from it by name.

A derived seed depends only on the master seed and on the words given, never on the order of calls,
so a resumed or parallel run draws the same numbers as an uninterrupted serial one.
"""

from __future__ import annotations

import hashlib
import random


def derive_seed(master: int, *words: object) -> int:
    """Return a seed in [1, 2**31 - 1) from the master seed and any words (31 bits: OpenMM takes an int).

    Zero is left out because OpenMM reads it as "choose one yourself".
    """
    text = "\x1f".join([str(master), *(str(word) for word in words)])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (2**31 - 2) + 1


def generator(master: int, *words: object) -> random.Random:
    """A private generator (never the global one) for the named purpose."""
    return random.Random(derive_seed(master, *words))
